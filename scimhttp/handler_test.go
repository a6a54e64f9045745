package scimhttp

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

const goodToken = "rc_good"

// fixture is a mounted handler over a memory, and what it told.
type fixture struct {
	http.Handler
	provider  scim.ServiceProvider
	memory    *memory
	calls     []Call
	exchanges []Exchange
	logged    bytes.Buffer
}

func newFixture(t testing.TB) *fixture {
	f := &fixture{memory: newMemory("http://acme.test" + Base)}
	f.provider = f.memory
	h := &Handler{
		Types:  []*scim.ResourceType{scim.UserType, scim.GroupType},
		Open:   f.open,
		Done:   func(_ scim.ServiceProvider, x Exchange) { f.exchanges = append(f.exchanges, x) },
		Hosts:  Hosts{BaseDomain: "test"},
		Logger: slog.New(slog.NewTextHandler(&f.logged, nil)),
	}
	mux := http.NewServeMux()
	h.Mount(mux)
	f.Handler = WithoutDoubleSlashes(mux)
	t.Cleanup(func() {
		if strings.Contains(f.logged.String(), goodToken) {
			t.Errorf("the log holds the token: %s", &f.logged)
		}
	})
	return f
}

func (f *fixture) open(_ context.Context, c Call) (scim.ServiceProvider, error) {
	f.calls = append(f.calls, c)
	switch {
	case strings.HasPrefix(c.Host, "nobody."):
		return nil, scim.Errorf(404, "", "404.2", "No such tenant (404.2): check the host.")
	case c.Token == "":
		return nil, scim.Errorf(401, "", "401.1", "No access token (401.1): send one.")
	case c.Token != goodToken:
		return nil, scim.Errorf(401, "", "401.2", "Access token not valid (401.2): make a new one.")
	}
	return f.provider, nil
}

// send sends one request; headers are pairs, and without an Authorization among
// them the good token is sent. A target's blanks and quotes go out raw.
func (f *fixture) send(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	path, query, _ := strings.Cut(target, "?")
	r := httptest.NewRequest(method, "http://acme.test"+path, strings.NewReader(body))
	r.URL.RawQuery = query
	r.Header.Set("Authorization", "Bearer "+goodToken)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// user makes a user and returns her id.
func (f *fixture) user(t testing.TB, userName string) string {
	t.Helper()
	w := f.send("POST", Base+"/Users", fmt.Sprintf(`{"userName":%q,"name":{"givenName":"Anna","familyName":"Aalto"},"active":true,
		"emails":[{"value":%[1]q,"type":"work","primary":true}]}`, userName))
	if w.Code != http.StatusCreated {
		t.Fatalf("create %s: %d %s", userName, w.Code, w.Body)
	}
	return object(t, w)["id"].(string)
}

// object is the answer's body, which has to be proper JSON.
func object(t testing.TB, w *httptest.ResponseRecorder) scim.Object {
	t.Helper()
	v, err := scim.Decode(w.Body.Bytes())
	o, ok := v.(scim.Object)
	if err != nil || !ok {
		t.Fatalf("no JSON object in the answer (%v): %s", err, w.Body)
	}
	return o
}

// wantError checks that the answer is a SCIM error (RFC 7644 section 3.12) of
// the status that its code begins with.
func wantError(t testing.TB, w *httptest.ResponseRecorder, code, scimType string) {
	t.Helper()
	o := object(t, w)
	detail, _ := o["detail"].(string)
	status, _, _ := strings.Cut(code, ".")
	if fmt.Sprint(w.Code) != status || o["status"] != status || !strings.Contains(detail, "("+code+")") {
		t.Errorf("want error %s, got %d %s", code, w.Code, w.Body)
	}
	if got, _ := o["scimType"].(string); got != scimType {
		t.Errorf("%s: want scimType %q, got %q", code, scimType, got)
	}
	if schemas := fmt.Sprint(o["schemas"]); schemas != "["+scim.ErrorURN+"]" {
		t.Errorf("%s: schemas are %s", code, schemas)
	}
}

func TestUnknownEndpointsAreRefused(t *testing.T) {
	f := newFixture(t)
	f.user(t, "anna@acme.test")
	for _, c := range []struct{ method, path, code, scimType string }{
		{"GET", Base + "/Devices", "404.3", ""},
		{"POST", Base + "/users", "404.3", ""},
		{"GET", Base + "/ServiceProviderConfigs", "404.3", ""}, // okta-opp-001, authentik-disc-002
		{"GET", Base + "/ServiceProviderConfig/x", "404.3", ""},
		{"GET", Base + "/Users/id-1/name", "404.3", ""},
		{"GET", Base + "/Me/x", "404.3", ""},
		{"POST", Base + "/Bulk/Users", "404.3", ""},
		{"POST", Base + "/Users/.search/x", "404.3", ""},
		{"POST", Base + "/Schemas/.search", "405.1", ""},
		{"GET", "/api/scim/v1/Users", "400.18", scim.InvalidVers},
		{"GET", "/api/scim/v2.1/Users", "400.18", scim.InvalidVers},
		{"GET", Base + "/Users/nobody", "404.1", ""},
		{"GET", Base + "/Schemas/urn:nobody", "404.1", ""},
		{"GET", Base + "/ResourceTypes/Device", "404.1", ""},
	} {
		t.Run(c.method+c.path, func(t *testing.T) {
			wantError(t, f.send(c.method, c.path, ""), c.code, c.scimType)
		})
	}
}

func TestItem29WrongMethod(t *testing.T) {
	f := newFixture(t)
	id := f.user(t, "anna@acme.test")
	for _, c := range []struct{ method, path, allow string }{
		{"PUT", "/Users", "GET, HEAD, POST"},
		{"POST", "/Users/" + id, "DELETE, GET, HEAD, PATCH, PUT"},
		{"OPTIONS", "/Groups", "GET, HEAD, POST"},
		{"POST", "/Schemas", "GET, HEAD"}, // item 41
		{"DELETE", "/ResourceTypes/User", "GET, HEAD"},
		{"PUT", "/ServiceProviderConfig", "GET, HEAD"},
		{"GET", "/Bulk", "POST"},
		{"GET", "/.search", "POST"},
		{"GET", "/Users/.search", "POST"},
		{"POST", "/", "GET, HEAD"},
		{"POST", "/Me", "DELETE, GET, HEAD, PATCH, PUT"},
	} {
		w := f.send(c.method, Base+c.path, "")
		wantError(t, w, "405.1", "")
		if got := w.Header().Get("Allow"); got != c.allow {
			t.Errorf("%s %s: Allow is %q, want %q", c.method, c.path, got, c.allow)
		}
	}
}

// The paths of entra-lookup-014, onelogin-put-001 and wire rule 25.
func TestPathsAreForgiving(t *testing.T) {
	f := newFixture(t)
	id := f.user(t, "anna@acme.test")
	for _, path := range []string{
		Base + "/Users/" + id, Base + "/Users/" + id + "/", Base + "//Users/" + id, Base + "/Users//" + id,
		"/" + Base + "/Users/" + id, "/api/scim/Users/" + id, Base + "/Users/id%2D1", Base + "/Users/" + id + "?", Base + "/Users/" + id + "?&",
	} {
		if w := f.send("GET", path, ""); w.Code != 200 || object(t, w)["id"] != id {
			t.Errorf("GET %s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := f.send("GET", Base+"/Users/", ""); object(t, w)["totalResults"] != scim.Number("1") {
		t.Errorf("GET /Users/: %s", w.Body)
	}
	if w := f.send("GET", Base+"/Users/id%252D1", ""); w.Code != 404 {
		t.Errorf("item 3: an id was decoded twice: %s", w.Body)
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	f := newFixture(t)
	id := f.user(t, "anna@acme.test")
	got, head := f.send("GET", Base+"/Users/"+id, ""), f.send("HEAD", Base+"/Users/"+id, "")
	if head.Code != 200 || head.Body.Len() != 0 {
		t.Errorf("HEAD: %d %q", head.Code, head.Body)
	}
	for _, name := range []string{"Content-Length", "Content-Type", "Etag"} {
		if head.Header().Get(name) != got.Header().Get(name) {
			t.Errorf("%s: HEAD says %q, GET %q", name, head.Header().Get(name), got.Header().Get(name))
		}
	}
}

func TestUnauthorized(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct{ authorization, code, challenge string }{
		{"", "401.1", `Bearer realm="Rollcall"`},
		{"Basic YTpi", "401.1", `Bearer realm="Rollcall"`},
		{"Bearer", "401.1", `Bearer realm="Rollcall"`},
		{"Bearer wrong", "401.2", `Bearer realm="Rollcall", error="invalid_token"`},
		{"non-token", "401.2", `Bearer realm="Rollcall", error="invalid_token"`}, // okta-spec-11
	} {
		for _, path := range []string{"/Users", "/Users/x", "/Nothing", "/Bulk"} {
			w := f.send("GET", Base+path, "", "Authorization", c.authorization)
			if c.code == "401.1" {
				w = f.send("GET", Base+path+"?access_token="+goodToken, "", "Authorization", c.authorization)
			}
			wantError(t, w, c.code, "")
			if got := w.Header().Get("WWW-Authenticate"); got != c.challenge {
				t.Errorf("%q: WWW-Authenticate is %q, want %q", c.authorization, got, c.challenge)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%q: the answer may be stored", c.authorization)
			}
		}
	}
	for _, authorization := range []string{"Bearer " + goodToken, "bearer  " + goodToken, goodToken} { // okta-auth-001
		if w := f.send("GET", Base+"/Users", "", "Authorization", authorization); w.Code != 200 {
			t.Errorf("%q: %d %s", authorization, w.Code, w.Body)
		}
	}
}

// RFC 6750 section 3.1: a token that comes twice is a malformed request.
func TestTokenSentTwice(t *testing.T) {
	f := newFixture(t)
	twice := httptest.NewRequest("GET", "http://acme.test"+Base+"/Users", nil)
	twice.Header["Authorization"] = []string{"Bearer " + goodToken, "Bearer other"}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, twice)
	for _, w := range []*httptest.ResponseRecorder{w, f.send("GET", Base+"/Users?access_token="+goodToken, "")} {
		wantError(t, w, "400.19", scim.InvalidSyntax)
		if got := w.Header().Get("WWW-Authenticate"); got != `Bearer realm="Rollcall", error="invalid_request"` {
			t.Errorf("WWW-Authenticate is %q", got)
		}
	}
}

func TestUnknownTenant(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/Users", "/ServiceProviderConfig"} {
		wantError(t, f.send("GET", Base+path, "", "Host", "nobody.test", "Authorization", ""), "404.2", "")
	}
}

// broken is a provider with a fault of its own.
type broken struct {
	*memory
	err error
}

func (b broken) Get(context.Context, string, string) (*scim.Resource, error) {
	if b.err == nil {
		panic("index out of range")
	}
	return nil, b.err
}

func TestOwnFaultsAreNotShown(t *testing.T) {
	for name, err := range map[string]error{"error": fmt.Errorf("disk full at sector 7"), "panic": nil} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.provider = broken{f.memory, err}
			w := f.send("GET", Base+"/Users/x", "", "X-Request-Id", "their-id.1")
			wantError(t, w, "500.1", "")
			if !strings.Contains(w.Body.String(), "their-id.1") || strings.Contains(w.Body.String(), "sector") || strings.Contains(w.Body.String(), "range") {
				t.Errorf("the answer is %s", w.Body)
			}
			if log := f.logged.String(); !strings.Contains(log, "their-id.1") || strings.Count(log, "\n") != 1 {
				t.Errorf("the log is %q", log)
			}
		})
	}
}

func TestBusyAndGone(t *testing.T) {
	f := newFixture(t)
	f.provider = broken{f.memory, &scim.Error{Status: 503, Code: "503.1", Detail: "Busy (503.1): come back.", RetryAfter: 7}}
	w := f.send("GET", Base+"/Users/x", "")
	wantError(t, w, "503.1", "")
	if w.Header().Get("Retry-After") != "7" || !strings.Contains(f.logged.String(), "level=INFO") {
		t.Errorf("Retry-After %q, log %q", w.Header().Get("Retry-After"), &f.logged)
	}
	f.logged.Reset()
	f.provider = broken{f.memory, fmt.Errorf("query: %w", context.Canceled)}
	wantError(t, f.send("GET", Base+"/Users/x", ""), "503.1", "")
	if f.logged.Len() > 0 {
		t.Errorf("a client that left is logged: %s", &f.logged)
	}
}

func TestExchangeTellsWhatHappened(t *testing.T) {
	f := newFixture(t)
	id := f.user(t, "anna@acme.test")
	f.send("GET", Base+`/Users?filter=userName eq "anna@acme.test" and active eq true`, "", "User-Agent", "Okta SCIM Client 1.0.0")
	f.send("PATCH", Base+"/Users/"+id, `{"Operations":{}}`)
	f.send("GET", Base+"/Users", "", "Authorization", "wrong")
	if len(f.exchanges) != 4 {
		t.Fatalf("%d exchanges", len(f.exchanges))
	}
	created, listed, failed, refused := f.exchanges[0], f.exchanges[1], f.exchanges[2], f.exchanges[3]
	if created.Type != "User" || created.ID != id || created.Status != 201 || created.Method != "POST" {
		t.Errorf("created: %+v", created)
	}
	if listed.Query != `userName eq "…" and active eq true` || listed.Client != "Okta" || listed.Code != "" {
		t.Errorf("listed: %+v", listed)
	}
	if failed.Status != 400 || failed.Code != "400.17" || failed.ScimType != scim.InvalidSyntax || failed.Detail == "" || failed.ID != id {
		t.Errorf("failed: %+v", failed)
	}
	if refused.Status != 401 || refused.Code != "401.2" || refused.RequestID == "" || refused.Started.IsZero() {
		t.Errorf("refused: %+v", refused)
	}
}
