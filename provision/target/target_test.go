package target

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision/target/hostile"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// open is a Target of a hostile server that waits for nothing, and how long it
// would have waited.
func open(t testing.TB, s *hostile.Server, change ...func(*Config)) (*Target, *time.Duration) {
	t.Helper()
	c := Config{URL: s.URL, Token: s.Token}
	for _, f := range change {
		f(&c)
	}
	now, waited := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), new(time.Duration)
	target, err := Open(c, Environment{
		Now: func() time.Time { return now },
		Wait: func(ctx context.Context, d time.Duration) error {
			now, *waited = now.Add(d), *waited+d
			return ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	return target, waited
}

func user(name string) *scim.Resource {
	return scim.UserType.NewResource(scim.Object{"userName": name, "active": true})
}

func create(t testing.TB, target *Target, name string) *scim.Resource {
	t.Helper()
	r, err := target.Provider().Create(t.Context(), "User", user(name))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestConfigCheckNamesEveryFault(t *testing.T) {
	for name, x := range map[string]struct {
		c    Config
		want []string // nil: no fault
	}{
		"plain":          {Config{URL: "https://acme.example.com/scim/v2", Token: "x"}, nil},
		"loopback":       {Config{URL: "http://127.0.0.1:8080/scim"}, nil},
		"localhost":      {Config{URL: "http://acme.localhost:8080"}, nil},
		"nothing":        {Config{}, []string{"url is missing"}},
		"no encryption":  {Config{URL: "http://acme.example.com"}, []string{"https://", "plain-text: true"}},
		"trusted":        {Config{URL: "http://acme.example.com", PlainText: true}, nil},
		"pasted flag":    {Config{URL: "https://acme.example.com/scim?aadOptscim062020"}, []string{"question mark"}},
		"endpoint":       {Config{URL: "https://acme.example.com/scim/Users/"}, []string{"leave /Users away"}},
		"password in it": {Config{URL: "https://anna:geheim@acme.example.com"}, []string{"keys username and password"}},
		"two ways":       {Config{URL: "https://a.example", Token: "x", Username: "y"}, []string{"several ways", "token, username"}},
		"Bearer":         {Config{URL: "https://a.example", Token: "Bearer x"}, []string{"without the word Bearer"}},
		"half OAuth":     {Config{URL: "https://a.example", OAuth: OAuth{TokenURL: "http://a.example/token"}}, []string{"client-id", "client-secret", "not encrypted"}},
		"everything": {Config{URL: "nothing", Profile: "acme", Parallel: 999, Timeout: "soon", Limits: map[string]string{"POST Users": "fast", "Users": "1/s"},
			Header: map[string]string{"X y": "1", "X-Z": "a\nb"}},
			[]string{"https://", "slack", "parallel", "30s", "180/min", "POST Users", "letters, digits", "line break"}},
	} {
		err := x.c.Check()
		if (err == nil) != (x.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range x.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not say %q", name, err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: the error holds a password", name)
		}
	}
	for _, name := range Profiles() {
		p := profile(name)
		if err := (Config{URL: "https://a.example", Profile: name, Limits: p.Limits}).Check(); err != nil || p.MaxMembers < 1 {
			t.Errorf("profile %s: %v %+v", name, err, p)
		}
	}
}

func TestProviderWritesAndReads(t *testing.T) {
	s := hostile.Start(t)
	target, _ := open(t, s)
	made := create(t, target, "anna@acme.test")
	if got, err := target.Provider().Get(t.Context(), "User", made.ID()); err != nil || got.String("userName") != "anna@acme.test" {
		t.Errorf("%v %v", got, err)
	}
	if n := len(s.Users()); n != 1 || target.Stats().Requests != 2 {
		t.Errorf("%d users, %+v", n, target.Stats())
	}
}

// Invariant I9: whatever a server sends back, and whatever is written to it.
func TestNoSecretIsShown(t *testing.T) {
	const token, custom = `s3cr/et"token`, "own-header-value"
	var logged bytes.Buffer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", token)
		w.WriteHeader(500)
		body, _ := io.ReadAll(r.Body)
		quoted, _ := json.Marshal(token)
		io.WriteString(w, `{"detail":"you sent `+r.Header.Get("Authorization")+" "+r.Header.Get("X-Own")+" "+url.QueryEscape(token)+strings.Trim(string(quoted), `"`)+string(body)+`"}`)
	}))
	defer server.Close()
	target, err := Open(Config{URL: server.URL, Token: token, Header: map[string]string{"X-Own": custom}},
		Environment{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, record := Recording(t.Context())
	anna := scim.ResourceFromJSON([]byte(`{"userName":"anna","password":"hunter2","urn:x":{"password":"hunter2"}}`))
	_, err = target.Provider().Create(ctx, "User", anna)
	patch := &scim.Patch{Operations: []scim.Operation{
		{Op: "replace", Path: "urn:ietf:params:scim:schemas:core:2.0:User:password", Value: "hunter2"},
		{Op: "replace", Value: scim.Object{"password": "hunter2"}},
		{Op: "replace", Path: "title", Value: token},
	}}
	_, err2 := target.Provider().Patch(ctx, "User", "x", patch, `W/"1"`)
	shown, marshalled := json.Marshal(record.Exchanges())
	var read []Exchange
	if unmarshalled := json.Unmarshal(shown, &read); marshalled != nil || unmarshalled != nil || len(read) != 2 || !read[1].Started.Equal(record.Exchanges()[1].Started) {
		t.Fatalf("%v %v %s", marshalled, unmarshalled, shown)
	}
	for place, text := range map[string]string{"record": string(shown), "errors": err.Error() + err2.Error() + Classify(err).Text, "log": logged.String()} {
		for _, secret := range []string{"s3cr", "hunter2", custom} {
			if place == "errors" && secret == "hunter2" {
				continue // the server's own words about what it was sent
			}
			if strings.Contains(text, secret) {
				t.Errorf("the %s shows %s: %s", place, secret, text)
			}
		}
	}
	exchanges := record.Exchanges()
	if len(exchanges) != 2 || !strings.Contains(exchanges[0].Request, `"anna"`) || exchanges[1].IfMatch != `W/"1"` || exchanges[1].Status != 500 {
		t.Errorf("%+v", exchanges)
	}
}

func TestRecordIsBounded(t *testing.T) {
	s := hostile.Start(t)
	target, _ := open(t, s)
	ctx, record := Recording(t.Context())
	long := scim.UserType.NewResource(scim.Object{"userName": "anna", "title": strings.Repeat("ä", maxRecorded)})
	if _, err := target.Provider().Create(ctx, "User", long); err != nil {
		t.Fatal(err)
	}
	x := record.Exchanges()[0]
	if len(x.Request) > maxRecorded+20 || len(x.Response) > maxRecorded+20 || !strings.HasSuffix(x.Request, "[cut]") {
		t.Errorf("%d %d", len(x.Request), len(x.Response))
	}
	if x.Method != "POST" || x.Path != scimhttp.Base+"/Users" || x.Status != 201 || x.Attempt != 1 || x.Header["Content-Type"] == "" {
		t.Errorf("%+v", x)
	}
}

func TestReadsAreRepeatedAndWritesAreNot(t *testing.T) {
	for _, kind := range []hostile.Kind{hostile.Refuse, hostile.LoseAnswer, hostile.Fail} {
		s := hostile.Start(t)
		target, waited := open(t, s)
		made := create(t, target, "anna@acme.test")
		// net/http repeats a read on a connection that was in use before by itself.
		s.Misbehave(hostile.Fault{Kind: kind, Method: "GET", Times: 3})
		if _, err := target.Provider().Get(t.Context(), "User", made.ID()); err != nil || *waited < 700*time.Millisecond || target.Stats().Repeated < 2 {
			t.Errorf("%v: read: %v after %v, %+v", kind, err, *waited, target.Stats())
		}
		s.Misbehave(hostile.Fault{Kind: kind, Method: "POST", Times: 1})
		s.ForgetRequests()
		_, err := target.Provider().Create(t.Context(), "User", user("bo@acme.test"))
		if f := Classify(err); !f.Ambiguous || f.Class != Transient || len(s.Requests()) != 1 {
			t.Errorf("%v: write: %+v, %d requests", kind, f, len(s.Requests()))
		}
		if done := s.User("bo@acme.test") != nil; done != (kind != hostile.Refuse) {
			t.Errorf("%v: done: %v", kind, done)
		}
	}
}

func TestWriteThatIsNeverAnsweredIsAmbiguous(t *testing.T) {
	s := hostile.Start(t)
	target, _ := open(t, s, func(c *Config) { c.Timeout = "50ms" })
	s.Misbehave(hostile.Fault{Kind: hostile.Hang, Method: "POST", Times: 1})
	_, err := target.Provider().Create(t.Context(), "User", user("anna@acme.test"))
	if f := Classify(err); f.Code != "Timeout" || !f.Ambiguous || f.Class != Transient {
		t.Errorf("%+v (%v)", f, err)
	}
	if s.User("anna@acme.test") == nil {
		t.Error("it was not done")
	}
}

func TestStoppedWhileWaitingIsNotAmbiguous(t *testing.T) {
	s := hostile.Start(t)
	ctx, stop := context.WithCancel(t.Context())
	target, err := Open(Config{URL: s.URL, Token: s.Token, Limits: map[string]string{"*": "1/h"}}, Environment{
		Wait: func(ctx context.Context, _ time.Duration) error { stop(); return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	create(t, target, "anna@acme.test")
	_, err = target.Provider().Create(ctx, "User", user("bo@acme.test"))
	if !errors.Is(err, context.Canceled) || Ambiguous(err) {
		t.Errorf("%v, ambiguous: %v", err, Ambiguous(err))
	}
}

func TestOAuth(t *testing.T) {
	s := hostile.Start(t)
	given, status := []string{"stale", s.Token}, 200
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "c%3A1" || secret != "s%26%C3%A4" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "scim" || status != 200 {
			w.WriteHeader(max(status, 400))
			io.WriteString(w, `{"error":"invalid_client","error_description":"s&ä is wrong"}`)
			return
		}
		io.WriteString(w, `{"access_token":"`+given[0]+`","token_type":"Bearer","expires_in":600}`)
		given = given[1:]
	}))
	defer endpoint.Close()
	client := OAuth{TokenURL: endpoint.URL, ClientID: "c:1", ClientSecret: "s&ä", Scope: "scim"}
	target, _ := open(t, s, func(c *Config) { c.Token, c.OAuth = "", client })
	create(t, target, "anna@acme.test") // the first token is refused, and another one got
	create(t, target, "bo@acme.test")
	if len(given) != 0 {
		t.Errorf("tokens left: %v", given)
	}
	for code, class := range map[int]Class{401: Auth, 503: Transient} {
		status = code
		target, _ = open(t, s, func(c *Config) { c.Token, c.OAuth = "", client })
		_, err := target.Provider().Create(t.Context(), "User", user("carl@acme.test"))
		if f := Classify(err); f.Class != class || f.Ambiguous || !strings.Contains(f.Text, "invalid_client") || strings.Contains(f.Text, "s&") {
			t.Errorf("%d: %+v", code, f)
		}
	}
}

func TestBasicAndHeaders(t *testing.T) {
	var got http.Header
	var host string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, host = r.Header, r.Host
		io.WriteString(w, `{"id":"1"}`)
	}))
	defer server.Close()
	target, err := Open(Config{URL: server.URL + "/scim/", Username: "rollcall", Password: "geheim",
		Header: map[string]string{"host": "acme.test", "X-Tenant": "7", "user-agent": "Mine/1"}}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := target.Provider().Get(t.Context(), "User", "1"); err != nil {
		t.Fatal(err)
	}
	r := http.Request{Header: got}
	name, password, _ := r.BasicAuth()
	if name != "rollcall" || password != "geheim" || host != "acme.test" || got.Get("X-Tenant") != "7" || got.Get("User-Agent") != "Mine/1" {
		t.Errorf("%s %v", host, got)
	}
}

func TestCAFile(t *testing.T) {
	s := hostile.New()
	server := httptest.NewTLSServer(s)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Config{URL: server.URL + scimhttp.Base, Token: s.Token, CAFile: file}
	target, err := Open(c, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	create(t, target, "anna@acme.test")
	target.Close()
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(c, Environment{}); err == nil || !strings.Contains(err.Error(), "PEM form") {
		t.Errorf("%v", err)
	}
}

func TestDialects(t *testing.T) {
	s := hostile.Start(t)
	target, _ := open(t, s, func(c *Config) { c.Profile = "entra-legacy" })
	made := create(t, target, "anna@acme.test")
	patch := &scim.Patch{Operations: []scim.Operation{{Op: "replace", Path: "active", Value: false}, {Op: "add", Value: scim.Object{"roles": []any{scim.Object{"primary": true}}}}}}
	if _, err := target.Provider().Patch(t.Context(), "User", made.ID(), patch, ""); err != nil {
		t.Fatal(err)
	}
	sent := s.Writes()[1].Body
	for _, want := range []string{`"op":"Replace"`, `"value":"False"`, `"op":"Add"`, `"primary":"True"`} {
		if !strings.Contains(sent, want) {
			t.Errorf("no %s in %s", want, sent)
		}
	}
	if patch.Operations[0].Op != "replace" || patch.Operations[0].Value != false {
		t.Error("the caller's patch was changed")
	}
	google, _ := open(t, s, func(c *Config) { c.Profile = "google" })
	if err := google.Provider().Delete(t.Context(), "User", made.ID(), `W/"99"`); err != nil {
		t.Errorf("an ETag was sent: %v", err)
	}
}

func TestFeatures(t *testing.T) {
	s := hostile.Start(t)
	target, _ := open(t, s)
	f, err := target.Features(t.Context())
	if err != nil || !f.Told || !f.Patch || !f.Bulk || f.BulkMax != scim.MaxOperations || f.BulkBytes != 16<<20 || !f.Filter || f.MaxResults == 0 || !f.ETag || !f.Sort || !f.Cursor || !f.Has("User") || !f.Has("Group") {
		t.Errorf("%+v %v", f, err)
	}
	found := slices.ContainsFunc(f.Schemas[scim.UserSchema], func(a *scim.Attribute) bool {
		return a.Name == "emails" && a.MultiValued && a.Type == "complex" && len(a.SubAttributes) > 2
	})
	if !found || f.Schemas[scim.EnterpriseSchema] == nil {
		t.Errorf("schemas: %v", f.Schemas)
	}
	asked := len(s.Requests())
	if target.Features(t.Context()); len(s.Requests()) != asked {
		t.Error("asked again")
	}

	for name, spoil := range map[string]func(*hostile.Server){
		"none":     func(s *hostile.Server) { s.Switch(func(w *hostile.Switches) { w.NoDiscovery = true }) },
		"websites": func(s *hostile.Server) { s.Misbehave(hostile.Fault{Kind: hostile.WebPage}) },
		"halves":   func(s *hostile.Server) { s.Misbehave(hostile.Fault{Kind: hostile.Truncate}) },
	} {
		s := hostile.Start(t)
		spoil(s)
		target, _ := open(t, s)
		f, err := target.Features(t.Context())
		if err != nil || f.Told || !f.Patch || f.Bulk || !f.Filter || f.ETag || f.Schemas != nil || !f.Has("User") || !f.Has("Group") {
			t.Errorf("%s: %+v %v", name, f, err)
		}
	}

	aws, _ := open(t, s, func(c *Config) { c.Profile = "aws" })
	if f, err := aws.Features(t.Context()); err != nil || f.Bulk || aws.Profile().MaxMembers != 100 || !aws.Profile().KeepMembers {
		t.Errorf("aws: %+v %v", f, err)
	}
	stranger, _ := open(t, s, func(c *Config) { c.Token = "wrong-token" })
	s.Misbehave(hostile.Fault{Kind: hostile.Refuse, Status: 401})
	if _, err := stranger.Features(t.Context()); Classify(err).Class != Auth {
		t.Errorf("stranger: %v", err)
	}
}
