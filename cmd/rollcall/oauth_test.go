package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json/v2"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// oauthServed is a server on either database, and what a client says to it.
type oauthServed struct {
	*testing.T
	url   string
	acme  *directory.Tenant
	other string // the address of a second server on the same database
}

func eachOAuth(t *testing.T, test func(s oauthServed)) {
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) {
		start := func() (*directory.Directory, string) {
			d := directory.New(store)
			handler, _ := newServer(config{baseDomain: "localhost"}, d, nil, slog.New(slog.DiscardHandler))
			server := httptest.NewServer(handler)
			t.Cleanup(func() { server.Close(); d.Close(t.Context()) })
			return d, server.URL
		}
		d, address := start()
		_, other := start()
		acme, err := d.CreateTenant(t.Context(), directory.NewTenant{Name: "acme", AdminEmail: "admin@acme.test"}, directory.Via{})
		if err != nil {
			t.Fatal(err)
		}
		test(oauthServed{t, address, acme, other})
	})
}

func (s oauthServed) do(address, method, host, path, body string, headers ...string) (*http.Response, string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, address+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Host = host
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	return resp, string(text)
}

// ask asks for a token and returns the status and the token or the error code.
func (s oauthServed) ask(host string, form url.Values, headers ...string) (int, string) {
	s.Helper()
	form.Set("grant_type", "client_credentials")
	headers = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)
	resp, text := s.do(s.url, "POST", host, "/api/oauth/token", form.Encode(), headers...)
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		s.Fatalf("%v: %s", err, text)
	}
	if token, ok := got["access_token"].(string); ok {
		return resp.StatusCode, token
	}
	return resp.StatusCode, got["error"].(string)
}

func (s oauthServed) users(address, token string) int {
	s.Helper()
	resp, _ := s.do(address, "GET", "acme.localhost", users, "", "Authorization", "Bearer "+token)
	return resp.StatusCode
}

// entra-auth-003, ping-auth-001: a client with a secret, from the metadata to
// the end of its tokens in every process.
func TestOAuthWithASecret(t *testing.T) {
	eachOAuth(t, func(s oauthServed) {
		id, secret, err := s.acme.CreateClient(s.Context(), directory.NewClient{Name: "Entra ID"})
		if err != nil {
			s.Fatal(err)
		}
		resp, _ := s.do(s.url, "GET", "acme.localhost", users, "")
		if got := resp.Header.Get("WWW-Authenticate"); !strings.Contains(got, `resource_metadata="http://acme.localhost/.well-known/oauth-protected-resource/api/scim/v2"`) {
			s.Errorf("WWW-Authenticate: %q", got)
		}
		resp, text := s.do(s.url, "GET", "acme.localhost", "/.well-known/oauth-protected-resource/api/scim/v2", "")
		if resp.StatusCode != 200 || !strings.Contains(text, `"authorization_servers":["http://acme.localhost"]`) {
			s.Errorf("resource: %d %s", resp.StatusCode, text)
		}
		resp, text = s.do(s.url, "GET", "acme.localhost", "/.well-known/oauth-authorization-server", "")
		if resp.StatusCode != 200 || !strings.Contains(text, `"token_endpoint":"http://acme.localhost/api/oauth/token"`) || !strings.Contains(text, `["ES256","PS256","EdDSA"]`) {
			s.Errorf("server: %d %s", resp.StatusCode, text)
		}

		inForm := url.Values{"client_id": {id}, "client_secret": {secret}}
		status, token := s.ask("acme.localhost", inForm)
		if status != 200 || s.users(s.url, token) != 200 || s.users(s.other, token) != 200 {
			s.Fatalf("in the form: %d %s", status, token)
		}
		r := &http.Request{Header: http.Header{}}
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		if status, token := s.ask("localhost", url.Values{"scope": {"scim"}}, "Authorization", r.Header.Get("Authorization")); status != 200 || s.users(s.url, token) != 200 {
			s.Errorf("basic, at a bare host: %d %s", status, token)
		}
		for _, host := range []string{"beta.localhost", "x.acme.localhost"} {
			if status, code := s.ask(host, inForm); status != 401 || code != "invalid_client" {
				s.Errorf("%s: %d %s", host, status, code)
			}
		}
		if resp, _ := s.do(s.url, "GET", "beta.localhost", users, "", "Authorization", "Bearer "+token); resp.StatusCode != 404 {
			s.Errorf("the token at another tenant's host: %d", resp.StatusCode)
		}

		if err := s.acme.RevokeClient(s.Context(), id); err != nil {
			s.Fatal(err)
		}
		if a, b := s.users(s.url, token), s.users(s.other, token); a != 401 || b != 401 {
			s.Errorf("after the client was revoked: %d, in the other process %d", a, b)
		}
		if status, code := s.ask("acme.localhost", inForm); status != 401 || code != "invalid_client" {
			s.Errorf("a revoked client: %d %s", status, code)
		}
	})
}

// RFC 7523: a client with a key of its own. An assertion works once, and only
// for us.
func TestOAuthWithAKey(t *testing.T) {
	eachOAuth(t, func(s oauthServed) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			s.Fatal(err)
		}
		set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1"}}})
		if err != nil {
			s.Fatal(err)
		}
		id, secret, err := s.acme.CreateClient(s.Context(), directory.NewClient{Name: "Okta", Keys: set})
		if err != nil || secret != "" {
			s.Fatalf("secret %q, %v", secret, err)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}}, nil)
		if err != nil {
			s.Fatal(err)
		}
		assertion := func(jti, audience string) url.Values {
			text, err := jwt.Signed(signer).Claims(map[string]any{
				"iss": id, "sub": id, "aud": audience, "jti": jti, "exp": time.Now().Add(time.Minute).Unix(),
			}).Serialize()
			if err != nil {
				s.Fatal(err)
			}
			return url.Values{"client_assertion": {text}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
		}
		first := assertion("j1", "http://acme.localhost")
		status, token := s.ask("acme.localhost", first)
		if status != 200 || s.users(s.other, token) != 200 {
			s.Fatalf("%d %s", status, token)
		}
		again, withID, otherID := first, assertion("j2", "http://acme.localhost/api/oauth/token"), assertion("j3", "http://acme.localhost")
		withID.Set("client_id", id)
		otherID.Set("client_id", "somebody")
		for name, c := range map[string]struct {
			host   string
			form   url.Values
			status int
		}{
			"again":                           {"acme.localhost", again, 401},
			"the token endpoint, with its id": {"acme.localhost", withID, 200},
			"another client_id":               {"acme.localhost", otherID, 401},
			"for somebody else":               {"acme.localhost", assertion("j4", "https://evil.example"), 401},
			"for somebody else, at his name":  {"evil.example", assertion("j5", "http://evil.example"), 401},
			"a bare host":                     {"evil.example", assertion("j6", "http://acme.localhost"), 200},
			"a secret instead":                {"acme.localhost", url.Values{"client_id": {id}, "client_secret": {""}}, 401},
		} {
			if status, got := s.ask(c.host, c.form); status != c.status || status == 401 && got != "invalid_client" {
				s.Errorf("%s: %d %s, want %d", name, status, got, c.status)
			}
		}
	})
}

func TestClientCommands(t *testing.T) {
	s := newShell(t).acme()
	out := s.must("client", "create", "--name", "Entra ID", "--json")
	var made clientMade
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.ID == "" || !strings.HasPrefix(made.Secret, "rcs_") || !strings.HasSuffix(made.TokenEndpoint, "/api/oauth/token") {
		t.Fatalf("%v: %s", err, out)
	}
	file := filepath.Join(t.TempDir(), "jwks.json")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key  any
		code int
	}{"public": {key.Public(), exitOK}, "private": {key, exitFailure}} {
		set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: c.key}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, set, 0o600); err != nil {
			t.Fatal(err)
		}
		if code, out, errs := s.run("client", "create", "--name", "Okta", "--key", file); code != c.code || strings.Contains(out, "client_secret") {
			t.Errorf("%s key: %d %s %s", name, code, out, errs)
		}
	}
	if out := s.must("client", "list"); !strings.Contains(out, "private_key_jwt") || strings.Count(out, "valid") != 2 || strings.Contains(out, made.Secret) {
		t.Errorf("client list:\n%s", out)
	}
	s.must("client", "revoke", "Entra ID")
	if out := s.must("client", "list", "--json"); strings.Count(out, `"state": "revoked"`) != 1 || strings.Contains(out, "0001-") {
		t.Errorf("client list:\n%s", out)
	}
	for _, args := range [][]string{
		{"client", "revoke", "Entra ID"}, {"client", "create", "--name", "x", "--connection", "nobody"}, {"client", "create", "--name", "x", "--key", "/nowhere/x"},
	} {
		s.fails(exitFailure, args...)
	}
	s.fails(exitUsage, "client", "create")
}
