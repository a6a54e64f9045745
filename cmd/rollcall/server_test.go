package main

import (
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// served is a server in this process, with a log to look into.
type served struct {
	t    *testing.T
	path string
	dir  *directory.Directory
	url  string
	log  *synced
}

func newServed(t *testing.T) *served {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rollcall.db")
	store, err := sqlstore.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, path: path, dir: directory.New(store), log: &synced{}}
	logger := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.dir.Logger = logger
	handler, _ := newServer(config{baseDomain: "localhost"}, s.dir, nil, logger)
	server := httptest.NewServer(handler)
	s.url = server.URL
	t.Cleanup(func() { server.Close(); s.dir.Close(t.Context()); store.Close() })
	return s
}

// tenant makes a tenant and a token for it.
func (s *served) tenant(name, admin string) (*directory.Tenant, string) {
	s.t.Helper()
	tenant, err := s.dir.CreateTenant(s.t.Context(), directory.NewTenant{Name: name, AdminEmail: admin}, directory.Via{})
	if err != nil {
		s.t.Fatal(err)
	}
	token, err := tenant.CreateToken(s.t.Context(), admin, "test", time.Time{})
	if err != nil {
		s.t.Fatal(err)
	}
	return tenant, token
}

func (s *served) send(method, host, path, token, body string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Content-Type", "application/scim+json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// spoil takes a table away, so that the database fails as it may in life.
func (s *served) spoil(table string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("alter table " + table + " rename to elsewhere"); err != nil {
		s.t.Fatal(err)
	}
}

const users = "/api/scim/v2/Users"

// behaviour.md 2.1: the token decides the tenant; a host that names another
// tenant, or none that exists, gives the same 404.
func TestHosts(t *testing.T) {
	s := newServed(t)
	_, acme := s.tenant("acme", "admin@acme.test")
	s.tenant("beta", "admin@beta.test")
	for _, host := range []string{"acme.localhost", "ACME.LocalHost:8080", "localhost", "127.0.0.1:8080", "[::1]:8080", "rollcall.example", "acme.localhost."} {
		if status, body := s.send("GET", host, users, acme, ""); status != 200 || !strings.Contains(body, "admin@acme.test") {
			t.Errorf("%s: %d %s", host, status, body)
		}
	}
	_, another := s.send("GET", "beta.localhost", users, acme, "")
	for _, host := range []string{"beta.localhost", "nobody.localhost", "x.acme.localhost"} {
		for _, path := range []string{users, users + "/x", "/api/scim/v2/Schemas", "/api/scim/v2/nothing"} {
			status, body := s.send("GET", host, path, acme, "")
			if status != 404 || body != another || !strings.Contains(body, "404.2") {
				t.Errorf("%s%s: %d %s, want the answer of another tenant's host: %s", host, path, status, body, another)
			}
		}
		if status, _ := s.send("GET", host, users, "", ""); status != 401 {
			t.Errorf("%s without a token: %d", host, status)
		}
	}
}

// A Tenant URL that leads past SCIM is told where SCIM is, whether the tenant
// exists or not.
func TestElsewhere(t *testing.T) {
	s := newServed(t)
	s.tenant("acme", "admin@acme.test")
	for _, c := range []struct{ method, path string }{{"GET", "/scim/v2/Users"}, {"GET", "/Users"}, {"POST", "/"}, {"POST", "/Users"}} {
		for _, host := range []string{"acme", "nobody"} {
			status, body := s.send(c.method, host+".localhost:8080", c.path, "", "{}")
			if status != 404 || !strings.Contains(body, `"status":"404"`) || !strings.Contains(body, "404.3") || !strings.Contains(body, "://"+host+".localhost:8080/api/scim/v2.") {
				t.Errorf("%s %s of %s: %d %s", c.method, c.path, host, status, body)
			}
		}
	}
}

// Whoever opens a host sees how to sign in there, or what is wrong with the
// address; no page lists tenants.
func TestFront(t *testing.T) {
	s := newServed(t)
	s.tenant("acme", "admin@acme.test")
	for _, c := range []struct {
		host   string
		status int
		says   string
	}{
		{"acme.localhost", 200, "E-mail address"},
		{"nobody.localhost", 404, "No company has this address"},
		{"localhost:8080", 200, "Which company"},
	} {
		status, body := s.send("GET", c.host, "/", "", "")
		if status != c.status || !strings.Contains(body, c.says) || c.host != "acme.localhost" && strings.Contains(body, "acme") {
			t.Errorf("%s: %d %s", c.host, status, body)
		}
	}
	if status, _ := s.send("GET", "localhost", "/nothing", "", ""); status != 404 {
		t.Errorf("/nothing: %d", status)
	}
}

func TestReadyAsksTheDatabase(t *testing.T) {
	s := newServed(t)
	if status, _ := s.send("GET", "localhost", "/readyz", "", ""); status != 200 {
		t.Errorf("ready: %d", status)
	}
	s.spoil("tenants")
	if status, _ := s.send("GET", "localhost", "/readyz", "", ""); status != 503 {
		t.Errorf("without a database: %d", status)
	}
	if status, _ := s.send("GET", "localhost", "/livez", "", ""); status != 200 {
		t.Errorf("live: %d", status)
	}
}

// A conversation full of canaries, down to a database that fails: none of them
// may be in a log line.
func TestLogsHoldNoTokenNameOrAddress(t *testing.T) {
	s := newServed(t)
	tenant, token := s.tenant("acme", "canary.admin@acme.test")
	if err := tenant.Set(t.Context(), "groups", "true"); err != nil {
		t.Fatal(err)
	}
	const form = `{"userName":"canary.one@acme.test","externalId":"canary-ext","name":{"givenName":"Canary","familyName":"Canaryson"},` +
		`"emails":[{"type":"work","value":"canary@home.test"}],"addresses":[{"type":"work","locality":"Canaryville"}],"canaryAttribute":1}`
	status, body := s.send("POST", "acme.localhost", users, token, form)
	if status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	_, rest, _ := strings.Cut(body, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	talk := func() {
		for _, c := range []struct{ method, host, path, token, body string }{
			{"GET", "acme.localhost", users + `?filter=userName+eq+"canary.one@acme.test"`, token, ""},
			{"GET", "acme.localhost", users + `?filter=emails+co+"canary"`, token, ""},
			{"GET", "acme.localhost", users + `?filter=canary+((`, token, ""},
			{"GET", "acme.localhost", users + "/canary-id", token, ""},
			{"POST", "acme.localhost", users, token, form},
			{"POST", "acme.localhost", users, token, `{"userName":"canary.two@acme.test","country":"Canaria"}`},
			{"POST", "acme.localhost", users, token, `{"canary": canary}`},
			{"PUT", "acme.localhost", users + "/" + id, token, form},
			{"PATCH", "acme.localhost", users + "/" + id, token, `{"Operations":[{"op":"replace","path":"title","value":"Canary"}]}`},
			{"PATCH", "acme.localhost", users + "/" + id, token, `{"Operations":[{"op":"replace","path":"canary..[","value":"Canary"}]}`},
			{"GET", "canary.localhost", users, token, ""},
			{"GET", "acme.localhost", users, "rc_canary", ""},
			{"GET", "acme.localhost", users, token[:len(token)-1] + "!", ""},
			{"GET", "acme.localhost", users + "?access_token=" + token, "", ""},
			{"GET", "acme.localhost", "/canary", token, ""},
			{"GET", "acme.localhost", "/", token, ""},
		} {
			s.send(c.method, c.host, c.path, c.token, c.body)
		}
	}
	talk()
	s.dir.Flush()
	s.spoil("users")
	talk()
	logged := s.log.String()
	if !strings.Contains(logged, "level=") {
		t.Fatal("a failed database left no line: the test looks at nothing")
	}
	for _, canary := range []string{"canar", "acme.test", "home.test", token, token[:12], tokenTail(token)} {
		if i := strings.Index(strings.ToLower(logged), strings.ToLower(canary)); i >= 0 {
			t.Errorf("the log holds %q: %s", canary, logged[max(0, i-200):min(len(logged), i+100)])
		}
	}
}

func tokenTail(token string) string { return token[len(token)-12:] }
