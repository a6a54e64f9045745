package main

import (
	"encoding/json/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/interop"
)

func (s *served) check(args ...string) (code int, out, errs string) {
	var o, e strings.Builder
	code = run(s.t.Context(), append([]string{"check"}, args...), strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// people is how many the tenant of the token has.
func (s *served) people(token string) string {
	_, list := s.send("GET", "acme.localhost", users+"?count=0", token, "")
	return list
}

// A tenant that holds people is as it was when the check is over, and Rollcall
// fails nothing that identity providers send.
func TestCheckOfOurselves(t *testing.T) {
	s := newServed(t)
	acme, token := s.tenant("acme", "ada.admin@acme.test")
	s.send("POST", "acme.localhost", users, token, `{"userName":"anna@acme.test","externalId":"same","displayName":"Anna"}`)
	s.send("POST", "acme.localhost", "/api/scim/v2/Groups", token, `{"displayName":"Devs"}`)
	before := s.people(token)

	code, out, errs := s.check(s.url+"/api/scim/v2", "--host", "acme.localhost", "--token", token)
	if code != exitOK {
		t.Errorf("code %d: %s\n%s", code, errs, out)
	}
	if strings.Contains(out, token) || strings.Contains(errs, token) {
		t.Error("the token was printed")
	}
	if after := s.people(token); after != before {
		t.Errorf("people before: %s\nafter: %s", before, after)
	}
	// behaviour.md 5.2: a check matches nobody.
	if admin, err := acme.User(t.Context(), "ada.admin@acme.test"); err != nil || admin.Matched {
		t.Errorf("the admin was matched: %v", err)
	}
	// Whom it made and removed again is no mass removal.
	if held, err := acme.Removals(t.Context()); err != nil || len(held) != 0 {
		t.Errorf("the guard holds %v, %v", held, err)
	}
}

func TestCheckTellsFailures(t *testing.T) {
	s := newServed(t)
	_, token := s.tenant("acme", "ada.admin@acme.test")
	code, out, errs := s.check(s.url+"/api/scim/v2", "--token", token, "--profile", "strict")
	if code != exitFailure || !strings.Contains(errs, "cases failed") {
		t.Errorf("code %d: %s", code, errs)
	}
	for _, want := range []string{"FAILED 1", "what ", "why ", "hurts ", "clause ", "request ", "answer ", "(hidden)", "strict-patch-path"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report has no %q:\n%s", want, out)
		}
	}
}

func TestCheckInJSON(t *testing.T) {
	s := newServed(t)
	_, token := s.tenant("acme", "ada.admin@acme.test")
	code, out, errs := s.check(s.url+"/api/scim/v2", "--token", token, "--client", "ping", "--json")
	var report interop.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitOK {
		t.Fatalf("code %d, %v: %s\n%s", code, err, errs, out)
	}
	if len(report.Verdicts) == 0 || report.Client != "ping" || strings.Contains(out, token) {
		t.Errorf("the report: %s", out)
	}
	for _, v := range report.Verdicts {
		if v.Client != "ping" {
			t.Errorf("%s is of %s", v.ID, v.Client)
		}
	}
}

func TestCheckKeeps(t *testing.T) {
	s := newServed(t)
	_, token := s.tenant("acme", "ada.admin@acme.test")
	before := s.people(token)
	if code, _, errs := s.check(s.url+"/api/scim/v2", "--token", token, "--client", "ping", "--keep"); code != exitOK {
		t.Fatalf("code %d: %s", code, errs)
	}
	if s.people(token) == before {
		t.Error("nothing was kept")
	}
}

// A check that cannot run is told from one that fails.
func TestCheckCannotRun(t *testing.T) {
	s := newServed(t)
	_, token := s.tenant("acme", "ada.admin@acme.test")
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }))
	defer page.Close()
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no address":      {[]string{"acme"}, "https://"},
		"nobody answers":  {[]string{"http://127.0.0.1:1", "--token", token}, "no answer"},
		"a wrong token":   {[]string{s.url + "/api/scim/v2", "--token", "wrong"}, "does not take this token"},
		"another path":    {[]string{s.url + "/scim", "--token", token}, "no SCIM endpoint"},
		"no SCIM":         {[]string{page.URL, "--token", token}, "expected JSON"},
		"unknown profile": {[]string{s.url, "--profile", "best"}, "compat, rfc and strict"},
		"unknown client":  {[]string{s.url + "/api/scim/v2", "--token", token, "--client", "acme"}, "there is no client"},
	} {
		code, _, errs := s.check(c.args...)
		if code != exitUsage || !strings.Contains(errs, c.says) {
			t.Errorf("%s: code %d: %s", name, code, errs)
		}
	}
}
