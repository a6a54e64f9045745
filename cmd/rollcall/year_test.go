package main

import (
	"encoding/json/v2"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/year"
)

func (s *served) year(args ...string) (code int, out, errs string) {
	var o, e strings.Builder
	code = run(s.t.Context(), append([]string{"year", s.url + "/api/scim/v2"}, args...), strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// A fresh tenant holds nobody but its admin; when the year is over it is as it
// was, and the same command says the same.
func TestYearOfOurselves(t *testing.T) {
	s := newServed(t)
	_, token := s.tenant("acme", "ada.admin@acme.test")
	before := s.people(token)
	page := filepath.Join(t.TempDir(), "year.html")
	code, out, errs := s.year("--token", token, "--people", "12", "--days", "12", "--json", "--html", page)
	if code != exitOK {
		t.Fatalf("code %d: %s\n%s", code, errs, out)
	}
	if after := s.people(token); after != before {
		t.Errorf("people before: %s\nafter: %s", before, after)
	}
	var report year.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Requests < 24 || len(report.Calendar) != 12 {
		t.Errorf("%v: %+v", err, report)
	}
	html, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(html), "<svg") || strings.Contains(string(html)+out+errs, token) {
		t.Errorf("%v: %s", err, html)
	}
	if _, again, _ := s.year("--token", token, "--people", "12", "--days", "12", "--json"); again != out {
		t.Errorf("the same year differs:\n%s\n%s", out, again)
	}
}

func TestYearCannotBePlayed(t *testing.T) {
	s := newServed(t)
	_, token := s.tenant("acme", "ada.admin@acme.test")
	s.send("POST", "acme.localhost", users, token, `{"userName":"anna@acme.test","externalId":"same"}`)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"people":         {[]string{"--token", token}, "2 people are there already"},
		"a wrong token":  {[]string{"--token", "wrong"}, "does not take this token"},
		"another IdP":    {[]string{"--token", token, "--as", "ping"}, "entra, okta, onelogin"},
		"too few people": {[]string{"--token", token, "--people", "1"}, "--people takes 10"},
	} {
		code, _, errs := s.year(c.args...)
		if code != exitFailure || !strings.Contains(errs, c.says) {
			t.Errorf("%s: code %d: %s", name, code, errs)
		}
	}
}

// What was found is cut short, written down, and found again when it is played
// from there.
func TestYearShrinks(t *testing.T) {
	s := newServed(t)
	_, token := s.tenant("acme", "ada.admin@acme.test")
	direct := s.url
	deaf := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied(direct, w, r, func(body string) string {
			return strings.ReplaceAll(body, `"path":"active","value":"False"`, `"path":"nickName","value":"Out"`)
		})
	}))
	defer deaf.Close()
	s.url = deaf.URL
	short := filepath.Join(t.TempDir(), "short.json")
	code, out, errs := s.year("--token", token, "--people", "10", "--days", "12", "--seed", "1", "--shrink", short)
	if code != 2 || !strings.Contains(out, "GHOST") || !strings.Contains(errs, "1 people, 1 events") {
		t.Fatalf("code %d: %s\n%s", code, errs, out)
	}
	code, out, errs = s.year("--token", token, "--story", short)
	if code != 2 || !strings.Contains(out, "1 ghosts") {
		t.Errorf("code %d: %s\n%s", code, errs, out)
	}
}

// proxied passes a request on with another body.
func proxied(to string, w http.ResponseWriter, r *http.Request, change func(string) string) {
	body, _ := io.ReadAll(r.Body)
	q, _ := http.NewRequest(r.Method, to+r.URL.RequestURI(), strings.NewReader(change(string(body))))
	q.Header = r.Header
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer a.Body.Close()
	w.Header().Set("Content-Type", a.Header.Get("Content-Type"))
	w.WriteHeader(a.StatusCode)
	_, _ = io.Copy(w, a.Body)
}
