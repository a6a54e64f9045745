package directory_test

import (
	"encoding/json/v2"
	"errors"
	"strings"
	"testing"
	"time"
	"uuid"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// client makes an OAuth client with a secret.
func (w *world) client(name string) (id, secret string) {
	w.t.Helper()
	id, secret, err := w.admin.CreateClient(w.t.Context(), directory.NewClient{Name: name})
	w.must(err)
	return id, secret
}

func (w *world) tryGrant(id, secret, label string) (string, error) {
	token, _, err := w.d.GrantAccess(w.t.Context(), directory.AccessRequest{ClientID: id, Secret: secret}, label, directory.Via{Client: "test", Operation: "TOKEN"})
	return token, err
}

func (w *world) grant(id, secret string) string {
	w.t.Helper()
	token, err := w.tryGrant(id, secret, "acme")
	w.must(err)
	return token
}

// refused says whether the error is an Error of the code.
func refused(err error, code string) bool {
	var e *scim.Error
	return errors.As(err, &e) && e.Code == code
}

func reads(d *directory.Directory, w *world, token string) error {
	tenant, err := d.OpenToken(w.t.Context(), token, "acme", directory.Via{})
	if err == nil {
		_, err = tenant.Get(w.t.Context(), "User", uuid.NewV7().String())
	}
	if refused(err, "404.1") {
		return nil // it was let in
	}
	if err == nil {
		w.t.Fatal("a user who is not there was found")
	}
	return err
}

func TestClientGetsTokens(t *testing.T) {
	each(t, func(w *world) {
		id, secret := w.client("Entra ID")
		token := w.grant(id, secret)
		if !strings.HasPrefix(token, "rca_") || !strings.HasPrefix(secret, "rcs_") {
			t.Errorf("token %q, secret %q", token, secret)
		}
		w.idp = w.open(token)
		anna := w.post(`{"userName":"anna@acme.test"}`)
		changes, err := w.admin.Changes(t.Context(), directory.ChangeQuery{Object: anna, Limit: 10})
		w.must(err)
		byToken := w.post2(w.token, `{"userName":"bo@acme.test"}`)
		others, err := w.admin.Changes(t.Context(), directory.ChangeQuery{Object: byToken, Limit: 10})
		w.must(err)
		if changes[0].Actor != "client "+id || changes[0].Connection != others[0].Connection {
			t.Errorf("the change is by %q, connection %q; a token's is of %q", changes[0].Actor, changes[0].Connection, others[0].Connection)
		}
		clients, err := w.admin.Clients(t.Context())
		w.must(err)
		if c := clients[0]; len(clients) != 1 || c.ID != id || c.Connection != "default" || c.Method != "client_secret" || c.State != "valid" || !c.LastUsed.Equal(w.now) {
			t.Errorf("clients: %+v", clients)
		}
	})
}

// post2 posts with another token.
func (w *world) post2(token, body string) string {
	w.t.Helper()
	idp := w.idp
	defer func() { w.idp = idp }()
	w.idp = w.open(token)
	return w.post(body)
}

func TestClientIsRefused(t *testing.T) {
	each(t, func(w *world) {
		id, secret := w.client("Entra ID")
		_, err := w.d.CreateTenant(t.Context(), directory.NewTenant{Name: "beta", AdminEmail: "b@beta.test"}, directory.Via{})
		w.must(err)
		for name, c := range map[string]struct{ id, secret, label string }{
			"wrong secret":          {id, secret + "x", "acme"},
			"no secret":             {id, "", "acme"},
			"its id as the secret":  {id, id, ""},
			"another tenant's host": {id, secret, "beta"},
			"nobody's host":         {id, secret, "nobody"},
			"unknown id":            {uuid.NewV7().String(), secret, ""},
			"no id":                 {"", secret, ""},
			"bytes for an id":       {"\x00\xff", secret, ""},
		} {
			if token, err := w.tryGrant(c.id, c.secret, c.label); token != "" || !refused(err, "401.3") {
				t.Errorf("%s: %q %v", name, token, err)
			}
		}
		if token, err := w.tryGrant(id, secret, ""); err != nil {
			t.Errorf("a bare host, where the client's id decides: %q %v", token, err)
		}
		for _, name := range []string{"scim", "access-tokens"} {
			w.set(name, "false")
			if _, err := w.tryGrant(id, secret, "acme"); !refused(err, "400.63") {
				t.Errorf("%s false: %v", name, err)
			}
			w.set(name, "true")
		}
		w.d.Flush()
		failed, err := w.admin.Activity(t.Context(), directory.ActivityFilter{Failed: true, Limit: 20})
		w.must(err)
		if len(failed) != 5 || failed[0].Operation != "TOKEN" {
			t.Errorf("activity: %+v", failed)
		}
	})
}

func TestAccessTokensEnd(t *testing.T) {
	each(t, func(w *world) {
		// Another process, which learns of nothing but through the database.
		other := directory.New(w.store)
		other.Now = w.d.Now
		t.Cleanup(func() { other.Close(t.Context()) })
		id, secret := w.client("Entra ID")
		first := w.grant(id, secret)
		w.now = w.now.Add(14 * time.Minute)
		second := w.grant(id, secret)
		both := func(step, token string, open bool) {
			t.Helper()
			for name, d := range map[string]*directory.Directory{"here": w.d, "in the other process": other} {
				if err := reads(d, w, token); open && err != nil || !open && !refused(err, "401.2") {
					t.Errorf("%s, %s: %v, want open: %t", step, name, err, open)
				}
			}
		}
		both("after 14 minutes", first, true)
		w.now = w.now.Add(time.Minute)
		both("after 15 minutes", first, false)
		both("the second", second, true)
		w.must(w.admin.RevokeClient(t.Context(), "Entra ID"))
		both("revoked", second, false)
		if _, err := w.tryGrant(id, secret, "acme"); !refused(err, "401.3") {
			t.Errorf("a revoked client gets a token: %v", err)
		}
		if err := w.admin.RevokeClient(t.Context(), id); err == nil {
			t.Error("a client was revoked twice")
		}
		if err := reads(w.d, w, second[:len(second)-1]+"!"); !refused(err, "401.2") {
			t.Errorf("a mistyped token: %v", err)
		}
	})
}

func TestClientExpires(t *testing.T) {
	each(t, func(w *world) {
		id, secret, err := w.admin.CreateClient(t.Context(), directory.NewClient{Name: "short", Expires: w.now.Add(10 * time.Minute)})
		w.must(err)
		token := w.grant(id, secret)
		w.now = w.now.Add(9 * time.Minute)
		w.must(reads(w.d, w, token))
		w.now = w.now.Add(time.Minute)
		if err := reads(w.d, w, token); !refused(err, "401.2") {
			t.Errorf("its token still works: %v", err)
		}
		if _, err := w.tryGrant(id, secret, "acme"); !refused(err, "401.3") {
			t.Errorf("it still gets one: %v", err)
		}
		clients, err := w.admin.Clients(t.Context())
		w.must(err)
		if clients[0].State != "expired" {
			t.Errorf("state %q", clients[0].State)
		}
		for name, n := range map[string]directory.NewClient{
			"no name": {}, "no connection": {Name: "x", Connection: "nobody"}, "over": {Name: "x", Expires: w.now}, "no keys": {Name: "x", Keys: []byte("{}")},
		} {
			if _, _, err := w.admin.CreateClient(t.Context(), n); err == nil {
				t.Errorf("%s: made", name)
			}
		}
	})
}

// What is in the database opens nothing: neither secret nor token is kept.
func TestSecretsAreNotKept(t *testing.T) {
	each(t, func(w *world) {
		id, secret := w.client("Entra ID")
		token := w.grant(id, secret)
		changes, err := w.admin.Changes(t.Context(), directory.ChangeQuery{Limit: 100})
		w.must(err)
		var rows directory.SetupRows
		w.must(w.store.View(t.Context(), 1, func(r directory.Reader) (err error) {
			rows, err = r.SetupSince(t.Context(), -1)
			return err
		}))
		text, err := json.Marshal([]any{changes, rows})
		w.must(err)
		if !strings.Contains(string(text), id) {
			t.Fatal("the client is in none of it: the test looks at nothing")
		}
		for _, s := range []string{secret, token} {
			if strings.Contains(string(text), s[4:40]) {
				t.Errorf("%q is kept", s)
			}
		}
	})
}
