package scimhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// tokenFixture is a token endpoint that knows one client, c/s, and one
// assertion.
type tokenFixture struct {
	*http.ServeMux
	now    time.Time
	asked  []TokenRequest
	fail   error
	logged bytes.Buffer
}

func newTokenFixture(hosts Hosts) *tokenFixture {
	f := &tokenFixture{ServeMux: http.NewServeMux(), now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	o := &OAuth{Grant: f.grant, Algorithms: []string{"ES256"}, Hosts: hosts, Now: func() time.Time { return f.now },
		Logger: slog.New(slog.NewTextHandler(&f.logged, nil))}
	o.Mount(f.ServeMux)
	return f
}

func (f *tokenFixture) grant(_ context.Context, r TokenRequest) (string, time.Duration, error) {
	f.asked = append(f.asked, r)
	if f.fail != nil {
		return "", 0, f.fail
	}
	if r.Assertion == "good" || r.ClientID == "c:1" && r.Secret == "s&%ä" {
		return "rca_token", 15 * time.Minute, nil
	}
	return "", 0, scim.Errorf(401, "invalid_client", "401.3", `The client is not known (401.3): "%s".`, "ä")
}

func (f *tokenFixture) send(method, target, form string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://acme.test"+target, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		switch headers[i] {
		case "Host":
			r.Host = headers[i+1]
		case "From":
			r.RemoteAddr = headers[i+1]
		}
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// RFC 6749 sections 2.3.1, 4.4.2, 5.1 and 5.2; entra-auth-003, ping-auth-001.
func TestTokenRequests(t *testing.T) {
	const basic = "Basic YyUzQTE6cyUyNiUyNSVDMyVBNA==" // c%3A1:s%26%25%C3%A4
	const assertionForm = "&client_assertion=good&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
	const good, inForm = "grant_type=client_credentials", "&client_id=c%3A1&client_secret=s%26%25%C3%A4"
	for name, c := range map[string]struct {
		method, target, form string
		headers              []string
		status               int
		code                 string
	}{
		"basic":                      {form: good, headers: []string{"Authorization", basic}, status: 200},
		"basic, another case":        {form: good, headers: []string{"Authorization", strings.Replace(basic, "Basic", "bAsIc", 1)}, status: 200},
		"basic, and the id again":    {form: good + "&client_id=c%3A1", headers: []string{"Authorization", basic}, status: 200},
		"in the form":                {form: good + inForm, status: 200},
		"charset":                    {form: good + inForm, headers: []string{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}, status: 200},
		"no media type":              {form: good + inForm, headers: []string{"Content-Type", ""}, status: 200},
		"assertion":                  {form: good + assertionForm, status: 200},
		"scope":                      {form: good + inForm + "&scope=scim", status: 200},
		"scope empty":                {form: good + inForm + "&scope=", status: 200},
		"several scopes":             {form: good + inForm + "&scope=openid+scim", status: 200},
		"scopes with commas":         {form: good + inForm + "&scope=scim,openid", status: 200},
		"a line end after the form":  {form: good + inForm + "\r\n", status: 200},
		"a parameter beside":         {form: good + inForm + "&resource=x&resource=y", status: 200},
		"another scope":              {form: good + inForm + "&scope=admin", status: 400, code: "invalid_scope"},
		"no grant type":              {form: inForm[1:], status: 400, code: "invalid_request"},
		"an empty grant type":        {form: "grant_type=" + inForm, status: 400, code: "invalid_request"},
		"password":                   {form: "grant_type=password&username=a&password=b", status: 400, code: "unsupported_grant_type"},
		"another grant":              {form: "grant_type=authorization_code&code=x" + inForm, status: 400, code: "unsupported_grant_type"},
		"JSON":                       {form: `{"grant_type":"client_credentials","client_id":"c:1","client_secret":"s"}`, headers: []string{"Content-Type", "application/json"}, status: 400, code: "invalid_request"},
		"no form":                    {form: "grant_type=%zz", status: 400, code: "invalid_request"},
		"twice":                      {form: good + "&" + good + inForm, status: 400, code: "invalid_request"},
		"too long":                   {form: good + inForm + "&x=" + strings.Repeat("x", 64<<10), status: 400, code: "invalid_request"},
		"secret in the URL":          {target: "?client_secret=s", form: good, status: 400, code: "invalid_request"},
		"GET":                        {method: "GET", target: "?" + good + inForm, status: 405, code: "invalid_request"},
		"two proofs":                 {form: good + inForm, headers: []string{"Authorization", basic}, status: 400, code: "invalid_request"},
		"secret and assertion":       {form: good + inForm + assertionForm, status: 400, code: "invalid_request"},
		"basic with another id":      {form: good + "&client_id=d", headers: []string{"Authorization", basic}, status: 400, code: "invalid_request"},
		"no proof":                   {form: good + "&client_id=c%3A1", status: 401, code: "invalid_client"},
		"wrong secret":               {form: good + "&client_id=c%3A1&client_secret=x", status: 401, code: "invalid_client"},
		"bearer":                     {form: good, headers: []string{"Authorization", "Bearer rc_x"}, status: 401, code: "invalid_client"},
		"basic, no base64":           {form: good, headers: []string{"Authorization", "Basic ***"}, status: 401, code: "invalid_client"},
		"basic, no colon":            {form: good, headers: []string{"Authorization", "Basic YWJj"}, status: 401, code: "invalid_client"},
		"basic, not encoded":         {form: good, headers: []string{"Authorization", "Basic YzolenM="}, status: 401, code: "invalid_client"}, // c:%zs
		"assertion of another kind":  {form: good + "&client_assertion=good&client_assertion_type=x", status: 401, code: "invalid_client"},
		"assertion without its kind": {form: good + "&client_assertion=good", status: 401, code: "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newTokenFixture(Hosts{BaseDomain: "test"})
			w := f.send(or(c.method, "POST"), TokenPath+c.target, c.form, c.headers...)
			head := w.Header()
			if w.Code != c.status || head.Get("Cache-Control") != "no-store" || head.Get("Pragma") != "no-cache" || head.Get("Content-Type") != "application/json" {
				t.Fatalf("%d %v %s", w.Code, head, w.Body)
			}
			o := object(t, w)
			if c.status == 200 {
				if len(o) != 4 || o["access_token"] != "rca_token" || o["token_type"] != "Bearer" || o["expires_in"] != scim.Number("900") || o["scope"] != "scim" {
					t.Errorf("answer: %s", w.Body)
				}
				return
			}
			description, _ := o["error_description"].(string)
			if o["error"] != c.code || len(o) != 2 || !strings.Contains(description, "(4") || strings.ContainsAny(description, "\"\\ä") {
				t.Errorf("want %s, got %s", c.code, w.Body)
			}
			if challenge := head.Get("WWW-Authenticate"); (c.status == 401) != strings.HasPrefix(challenge, "Basic realm=") {
				t.Errorf("WWW-Authenticate: %q", challenge)
			}
			if (c.status == 405) != (head.Get("Allow") == "POST") {
				t.Errorf("Allow: %q", head.Get("Allow"))
			}
		})
	}
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func TestTokenEndpointHidesItsOwnFaults(t *testing.T) {
	f := newTokenFixture(Hosts{BaseDomain: "test"})
	f.fail = errors.New("disk full at sector 7")
	w := f.send("POST", TokenPath, "grant_type=client_credentials&client_id=canary&client_secret=canary", "X-Request-Id", "r1")
	if w.Code != 500 || strings.Contains(w.Body.String(), "sector") || !strings.Contains(w.Body.String(), "r1") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if log := f.logged.String(); !strings.Contains(log, "sector") || strings.Contains(log, "canary") {
		t.Errorf("log: %s", log)
	}
	f.fail = &scim.Error{Status: 503, Code: "503.1", Detail: "Busy (503.1).", RetryAfter: 7}
	w = f.send("POST", TokenPath, "grant_type=client_credentials&client_id=c&client_secret=s")
	if w.Code != 503 || w.Header().Get("Retry-After") != "7" || object(t, w)["error"] != "temporarily_unavailable" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Item 18 and RFC 6749 section 2.3.1: nobody may go on guessing, and nobody may
// lock a client out from elsewhere.
func TestTokenGuessing(t *testing.T) {
	f := newTokenFixture(Hosts{BaseDomain: "test", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	try := func(id, secret, from, forwarded string) int {
		w := f.send("POST", TokenPath, "grant_type=client_credentials&client_id="+id+"&client_secret="+secret, "From", from, "X-Forwarded-For", forwarded)
		if w.Code == 429 && (w.Header().Get("Retry-After") != "60" || object(t, w)["error"] != "temporarily_unavailable") {
			t.Errorf("Retry-After %q: %s", w.Header().Get("Retry-After"), w.Body)
		}
		return w.Code
	}
	const right = "s%26%25%C3%A4"
	for i := range failuresOfClient {
		if code := try("c%3A1", "x", "192.0.2.1:5000", ""); code != 401 {
			t.Fatalf("guess %d: %d", i, code)
		}
	}
	for _, c := range []struct {
		what, id, from, forwarded string
		want                      int
	}{
		{"the same address", "c%3A1", "192.0.2.1:5001", "", 429},
		{"the same, which says it is another", "c%3A1", "192.0.2.1:5001", "198.51.100.7", 429},
		{"another address", "c%3A1", "192.0.2.2:5000", "", 200},
		{"through a proxy", "c%3A1", "10.0.0.1:5000", "192.0.2.1", 429},
		{"through two proxies, after a lie", "c%3A1", "10.0.0.1:5000", "203.0.113.9, 192.0.2.1, 10.0.0.2", 429},
		{"another behind the proxy", "c%3A1", "10.0.0.1:5000", "192.0.2.3", 200},
	} {
		if code := try(c.id, right, c.from, c.forwarded); code != c.want {
			t.Errorf("%s: %d, want %d", c.what, code, c.want)
		}
	}
	for i := range failuresOfAddress {
		try(fmt.Sprint("client-", i), "x", "[2001:db8::1]:5000", "")
	}
	if code := try("c%3A1", right, "[2001:db8::2]:5000", ""); code != 429 {
		t.Errorf("the same network: %d", code)
	}
	f.now = f.now.Add(time.Minute)
	if code := try("c%3A1", right, "192.0.2.1:5000", ""); code != 200 {
		t.Errorf("a minute later: %d", code)
	}
}

// RFC 8414 and RFC 9728. A host that anybody could write into the request is no
// issuer of ours.
func TestOAuthMetadata(t *testing.T) {
	for _, c := range []struct{ publicURL, host, issuer string }{
		{"", "acme.test", "http://acme.test"},
		{"", "acme.test:8080", "http://acme.test:8080"},
		{"", "test:8080", "http://test:8080"},
		{"", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"", "[::1]:8080", "http://[::1]:8080"},
		{"", "evil.example", ""},
		{"", "192.0.2.1", ""},
		{"https://{tenant}.rollcall.example", "acme.test", "https://acme.rollcall.example"},
		{"https://{tenant}.rollcall.example", "evil.example", ""},
		{"https://scim.example", "evil.example", "https://scim.example"},
	} {
		f := newTokenFixture(Hosts{BaseDomain: "test", PublicURL: c.publicURL})
		server, resource := f.send("GET", serverMetadata, "", "Host", c.host), f.send("GET", resourceMetadata, "", "Host", c.host)
		if c.issuer == "" {
			if server.Code != 404 || resource.Code != 404 {
				t.Errorf("%s: %d, %d", c.host, server.Code, resource.Code)
			}
			continue
		}
		s, r := object(t, server), object(t, resource)
		if s["issuer"] != c.issuer || s["token_endpoint"] != c.issuer+TokenPath || len(s["token_endpoint_auth_methods_supported"].([]any)) != 3 {
			t.Errorf("%s: %s", c.host, server.Body)
		}
		if r["resource"] != c.issuer+Base || r["authorization_servers"].([]any)[0] != c.issuer {
			t.Errorf("%s: %s", c.host, resource.Body)
		}
	}
}

func TestAudiencesAreOurs(t *testing.T) {
	for _, c := range []struct {
		publicURL, host string
		want            []string
	}{
		{"", "acme.test", []string{"http://acme.test", "http://acme.test" + TokenPath}},
		{"", "evil.example:8080", []string{"http://acme.test:8080", "http://acme.test:8080" + TokenPath}},
		{"", "test", []string{"http://acme.test", "http://acme.test" + TokenPath, "http://test", "http://test" + TokenPath}},
		{"https://{tenant}.rollcall.example", "evil.example", []string{"https://acme.rollcall.example", "https://acme.rollcall.example" + TokenPath}},
	} {
		f := newTokenFixture(Hosts{BaseDomain: "test", PublicURL: c.publicURL})
		f.send("POST", TokenPath, "grant_type=client_credentials&client_id=c&client_secret=s", "Host", c.host)
		if got := f.asked[0].Audiences("acme"); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.host, got, c.want)
		}
	}
}

// RFC 9728 section 5.1: a 401 says where a token can be had.
func TestUnauthorizedPointsToMetadata(t *testing.T) {
	f := newFixture(t)
	h := &Handler{Types: []*scim.ResourceType{scim.UserType}, Open: f.open, Hosts: Hosts{BaseDomain: "test"}, OAuth: true}
	mux := http.NewServeMux()
	h.Mount(mux)
	f.Handler = mux
	for _, c := range []struct{ host, authorization, want string }{
		{"acme.test", "", `Bearer realm="Rollcall", resource_metadata="http://acme.test` + resourceMetadata + `"`},
		{"acme.test", "Bearer x", `Bearer realm="Rollcall", error="invalid_token", resource_metadata="http://acme.test` + resourceMetadata + `"`},
		{"evil.example", "", `Bearer realm="Rollcall"`},
	} {
		if got := f.send("GET", Base+"/Users", "", "Host", c.host, "Authorization", c.authorization).Header().Get("WWW-Authenticate"); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if config := f.send("GET", Base+"/ServiceProviderConfig", ""); !strings.Contains(config.Body.String(), `"type":"oauth2"`) {
		t.Errorf("OAuth is not advertised: %s", config.Body)
	}
}
