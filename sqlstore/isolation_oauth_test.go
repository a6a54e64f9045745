package sqlstore_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// root sends a request to a path beside the SCIM base.
func (c *client) root(t *testing.T, method, path string, form url.Values) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+c.address+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = c.host
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	data, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{w.StatusCode, w.Header, string(data)}
}

// access asks for an access token at the client's host.
func (c *client) access(t *testing.T, id, secret string) (token string, r reply) {
	t.Helper()
	r = c.root(t, "POST", "/api/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}})
	token, _ = scim.ResourceFromJSON([]byte(r.body)).Object()["access_token"].(string)
	return token, r
}

// accessTokens gives acme an OAuth client, whose token goes the same ways as
// its other one.
func (n *neighbours) accessTokens() {
	n.t.Helper()
	id, secret := n.acmeClient()
	token, r := n.acme.at("acme.localhost").access(n.t, id, secret)
	if token == "" {
		n.t.Fatal(r)
	}
	n.access = token
}

func (n *neighbours) acmeClient() (id, secret string) {
	n.t.Helper()
	d, end := inProcess(n.t, n.url)
	defer end()
	acme, err := d.OpenAdmin(n.t.Context(), "acme", testVia)
	if err == nil {
		id, secret, err = acme.CreateClient(n.t.Context(), directory.NewClient{Name: "Okta"})
	}
	if err != nil {
		n.t.Fatal(err)
	}
	return id, secret
}

// otherClients: a client is nobody at another tenant's host, whatever it knows,
// and its token opens nothing there.
func (n *neighbours) otherClients() {
	n.t.Helper()
	id, secret := n.acmeClient()
	globexAccess, r := n.globex().access(n.t, n.clientID, n.secret)
	if globexAccess == "" {
		n.t.Fatal(r)
	}
	n.canaries = append(n.canaries, globexAccess, n.secret)
	_, want := n.acme.access(n.t, nobody, secret)
	if want.status != 401 {
		n.t.Errorf("nobody's client: %s", want)
	}
	for _, try := range []struct{ what, host, id, secret string }{
		{"globex's client at acme's host", "acme.localhost", n.clientID, n.secret},
		{"acme's client at globex's host", "globex.localhost", id, secret},
		{"globex's client at nobody's host", "nowhere.localhost", n.clientID, n.secret},
		{"globex's client with acme's secret", "globex.localhost", n.clientID, secret},
		{"globex's client with acme's secret at a bare host", "localhost", n.clientID, secret},
		{"globex's client with its access token", "globex.localhost", n.clientID, globexAccess},
	} {
		token, r := n.acme.at(try.host).access(n.t, try.id, try.secret)
		if token != "" {
			n.t.Errorf("%s gets an access token", try.what)
		}
		n.alike(try.what, r, try.id, want, nobody)
		n.untold(try.what, try.id, r)
	}
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/api/scim/v2"} {
		r, want := n.globex().root(n.t, "GET", path, nil), n.acme.at("nowhere.localhost").root(n.t, "GET", path, nil)
		n.alike(path, r, "globex", want, "nowhere")
	}
	for path, methods := range endpoints {
		for _, method := range methods {
			at := strings.ReplaceAll(path, "{id}", n.person)
			c := n.acme.with(globexAccess)
			r, want := c.send(n.t, method, at, bodyFor(method, path)), c.at("nowhere.localhost").send(n.t, method, at, bodyFor(method, path))
			what := fmt.Sprintf("%s %s at acme's host with globex's access token", method, path)
			n.alike(what, r, "acme", want, "nowhere")
			n.untold(what, n.person, r)
			if r.status != 404 {
				n.t.Errorf("%s: %s", what, r)
			}
		}
	}
}

// otherCursors: a cursor is good for whoever got it, and for the same question.
func (n *neighbours) otherCursors() {
	n.t.Helper()
	second := n.acme.with(n.access)
	lists := []string{"/Users?", "/Users?sortBy=userName&", "/Users?filter=userName+pr&", "/Users?filter=title+pr+or+userName+pr&sortBy=title&", "/Groups?", "/Groups?sortBy=displayName&", "?", "?filter=id+pr&"}
	own := map[string]string{}
	for _, list := range lists {
		first := func(c *client) (cursor string) {
			r := c.send(n.t, "GET", list+"count=1&cursor=", "")
			cursor, _ = scim.ResourceFromJSON([]byte(r.body)).Object()["nextCursor"].(string)
			if cursor == "" {
				n.t.Fatalf("%s: no cursor: %s", list, r)
			}
			return cursor
		}
		own[list] = first(n.acme)
		if r := n.acme.send(n.t, "GET", list+"count=1&cursor="+own[list], ""); r.status != 200 {
			n.t.Errorf("%s with its own cursor: %s", list, r)
		}
		theirs := first(n.globex())
		want := n.acme.send(n.t, "GET", list+"count=1&cursor="+madeUp(theirs), "")
		for what, try := range map[string]struct {
			c      *client
			cursor string
		}{
			"globex's cursor":              {n.acme, theirs},
			"globex's cursor by a client":  {second, theirs},
			"acme's cursor, another token": {second, own[list]},
			"a client's cursor":            {n.acme, first(second)},
			"acme's cursor at globex":      {n.globex(), own[list]},
			"a cursor cut short":           {n.acme, theirs[:len(theirs)-4]},
		} {
			get := try.c.send(n.t, "GET", list+"count=1&cursor="+try.cursor, "")
			n.alike(list+" with "+what, get, try.cursor, want, madeUp(theirs))
			n.noCursor(list+" with "+what, get)
			query, _ := url.ParseQuery(list[strings.IndexByte(list, '?')+1:])
			body := map[string]string{"count": "1", "cursor": try.cursor}
			for name := range query {
				body[name] = query.Get(name)
			}
			path, _, _ := strings.Cut(list, "?")
			n.noCursor("search "+list+" with "+what, try.c.send(n.t, "POST", path+"/.search", searchFor(body)))
		}
	}
	for of, cursor := range own {
		for _, list := range lists {
			if of != list {
				n.noCursor("the cursor of "+of+" at "+list, n.acme.send(n.t, "GET", list+"count=1&cursor="+cursor, ""))
			}
		}
	}
}

// madeUp is a cursor of the same form that nobody was given.
func madeUp(cursor string) string {
	part, _, dotted := strings.Cut(cursor, ".")
	if dotted {
		return part + "." + strings.Repeat("A", len(cursor)-len(part)-1)
	}
	return strings.Repeat("A", len(cursor))
}

func (n *neighbours) noCursor(what string, r reply) {
	n.t.Helper()
	if r.status != 400 || !strings.Contains(r.body, `"scimType":"invalidCursor"`) || !strings.Contains(r.body, "(400.42)") {
		n.t.Errorf("%s: %s", what, r)
	}
	n.untold(what, "", r)
}
