package sqlstore_test

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// endpoints is every route with every method that it could take; {id} is
// filled in. TestIsolation fails when the server knows one more.
var endpoints = map[string][]string{
	"/Users":                 {"GET", "POST"},
	"/Users/{id}":            {"GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"},
	"/Users/.search":         {"POST"},
	"/Groups":                {"GET", "POST"},
	"/Groups/{id}":           {"GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"},
	"/Groups/.search":        {"POST"},
	"/ServiceProviderConfig": {"GET", "POST"},
	"/ResourceTypes":         {"GET"},
	"/ResourceTypes/{id}":    {"GET"},
	"/Schemas":               {"GET"},
	"/Schemas/{id}":          {"GET"},
	"/Me":                    {"GET", "HEAD", "PUT", "PATCH", "DELETE"},
	"/Bulk":                  {"POST"},
	"/.search":               {"POST"},
	"/Teams/{id}":            {"GET"},
	"/Users/{id}/teams":      {"GET"},
	"/{id}":                  {"GET"},
	"":                       {"GET"},
}

// bodyFor is what is sent to each, whatever it is for.
func bodyFor(method, path string) string {
	switch {
	case method == "GET" || method == "HEAD" || method == "DELETE":
		return ""
	case method == "PATCH":
		return `{"schemas":["` + scim.PatchOpURN + `"],"Operations":[{"op":"replace","path":"title","value":"taken"},{"op":"replace","path":"displayName","value":"taken"}]}`
	case strings.HasPrefix(path, "/Groups"):
		return `{"schemas":["` + scim.GroupSchema + `"],"displayName":"taken"}`
	case strings.HasSuffix(path, ".search"):
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName pr"}`
	case path == "/Bulk":
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[]}`
	}
	return `{"schemas":["` + scim.UserSchema + `"],"userName":"taken@acme.test"}`
}

// neighbours are two tenants: acme asks, globex has what must not be told.
type neighbours struct {
	t      *testing.T
	url    string
	acme   *client
	access string // of an OAuth client of acme
	// of globex
	token    string
	person   string // the id of one
	idpGroup string // and of one that he is in
	clientID string // an OAuth client's
	secret   string
	ids      []string // of everything that has one
	canaries []string
}

func newNeighbours(t *testing.T, url string) *neighbours {
	t.Helper()
	d, end := inProcess(t, url)
	defer end()
	_, acme := newTenant(t, d, "acme", "Finland")
	globex, token := newTenant(t, d, "globex", "Canaria")
	n := &neighbours{t: t, url: url, token: token}
	var err error
	if n.clientID, n.secret, err = globex.CreateClient(t.Context(), directory.NewClient{Name: "canary client"}); err != nil {
		t.Fatal(err)
	}
	n.acme = serve(t, url).client("acme.localhost", acme)
	n.canaries = []string{"canary", "Canaria", "globex", token, "Canarian", "Kanari"}
	for i, more := range []string{``, `,"active":true`} {
		r := n.globex().send(t, "POST", "/Users", fmt.Sprintf(`{"schemas":["%s"],"userName":"canary%d@globex.test","externalId":"canary-ext-%d","displayName":"The canary %d","title":"canary title",
			"emails":[{"value":"canary.mail%d@globex.test","type":"work"}],"addresses":[{"type":"work","country":"Canaria"}],"%s":{"department":"Canarian canaries"}%s}`,
			scim.UserSchema, i, i, i, i, scim.EnterpriseSchema, more))
		if r.status != 201 {
			t.Fatal(r)
		}
		n.ids = append(n.ids, scim.ResourceFromJSON([]byte(r.body)).ID())
	}
	n.makeIdPGroups()
	gone := n.ids[1]
	if r := n.globex().send(t, "PATCH", "/Users/"+gone, `{"schemas":["`+scim.PatchOpURN+`"],"Operations":[{"op":"replace","path":"active","value":false}]}`); r.status != 200 {
		t.Fatal(r)
	}
	dump := openDump(t, url)
	defer dump.db.Close()
	id := globexID(dump)
	for _, table := range []string{"groups", "teams", "tokens", "connections", "users", "idp_groups", "oauth_clients"} {
		for _, row := range dump.rows("select id from " + table + " where tenant=" + id) {
			n.ids = append(n.ids, row[0])
		}
	}
	n.ids = append(n.ids, "canary0@globex.test", "globex")
	n.canaries = append(n.canaries, n.ids...)
	return n
}

func globexID(d *dump) string { return d.rows(`select id from tenants where name='globex'`)[0][0] }

func (n *neighbours) globex() *client { return n.acme.at("globex.localhost").with(n.token) }

// at is the same client at another host.
func (c *client) at(host string) *client {
	other := *c
	other.host = host
	return &other
}

// untold checks that an answer says nothing of globex that the request had not
// said itself.
func (n *neighbours) untold(what, said string, r reply) {
	n.t.Helper()
	for _, canary := range n.canaries {
		for _, told := range append(slices.Concat(slices.Collect(maps.Values(r.header))...), r.body) {
			if strings.Contains(told, canary) && !strings.Contains(said, canary) {
				n.t.Errorf("%s tells %q: %s", what, canary, r)
			}
		}
	}
}

// alike checks that two answers differ in nothing but the name that was asked
// for and what is new with every answer.
func (n *neighbours) alike(what string, got reply, gotName string, want reply, wantName string) {
	n.t.Helper()
	plain := func(r reply, name string) string {
		head := r.header.Clone()
		for _, name := range []string{"Date", "X-Request-Id", "Content-Length"} {
			head.Del(name)
		}
		return strings.ReplaceAll(fmt.Sprintf("%d %v %s", r.status, head, r.body), name, "{name}")
	}
	if g, w := plain(got, gotName), plain(want, wantName); g != w {
		n.t.Errorf("%s: answered\n%s\nand where nothing is\n%s", what, g, w)
	}
}

// TestIsolation walks every route with the token of one tenant and the ids and
// the host of another: the answer is the one that those get who ask for what
// does not exist at all.
func TestIsolation(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		n := newNeighbours(t, url)
		d := openDump(t, url)
		defer d.db.Close()
		before := d.everything("globex")
		n.knowsAllEndpoints()
		n.accessTokens()
		for path, methods := range endpoints {
			for _, method := range methods {
				n.otherIDs(method, path)
				n.otherHosts(method, path)
			}
		}
		n.otherFilters()
		n.otherMembers()
		n.otherBodies()
		n.otherOperations()
		n.otherCursors()
		n.otherClients()
		d.same("globex after acme's requests", before, d.everything("globex"))
	})
}

// knowsAllEndpoints reads the server's own list of endpoints, which it gives to
// whoever took a wrong one.
func (n *neighbours) knowsAllEndpoints() {
	n.t.Helper()
	r := n.acme.send(n.t, "GET", "/Nothing", "")
	listed := regexp.MustCompile(`/[A-Z][A-Za-z]+`).FindAllString(r.body, -1)
	if len(listed) < 4 {
		n.t.Errorf("no list of endpoints: %s", r)
	}
	for _, name := range listed {
		if endpoints[name] == nil {
			n.t.Errorf("the server has the endpoint %s, and this test does not walk it", name)
		}
	}
}

const nobody = "01900000-0000-7000-8000-00000000dead"

// otherIDs asks at acme's own host for what is globex's.
func (n *neighbours) otherIDs(method, path string) {
	n.t.Helper()
	if !strings.Contains(path, "{id}") {
		return
	}
	body := bodyFor(method, path)
	want := n.acme.send(n.t, method, strings.ReplaceAll(path, "{id}", nobody), body)
	if want.status < 400 {
		n.t.Errorf("%s %s of nobody: %s", method, path, want)
	}
	for _, id := range n.ids {
		what := method + " " + path + " of " + id
		r := n.acme.send(n.t, method, strings.ReplaceAll(path, "{id}", id), body)
		n.alike(what, r, id, want, nobody)
		n.untold(what, id, r)
	}
}

// otherHosts asks with acme's token, with none and with a wrong one at globex's
// host, and at one that nobody has.
func (n *neighbours) otherHosts(method, path string) {
	n.t.Helper()
	body := bodyFor(method, path)
	for _, id := range []string{n.ids[0], nobody} {
		path := strings.ReplaceAll(path, "{id}", id)
		for _, token := range []string{n.acme.token, n.access, "", "rc_wrong", "rca_wrong"} {
			c := n.acme.with(token)
			r, want := c.at("globex.localhost").send(n.t, method, path, body), c.at("nowhere.localhost").send(n.t, method, path, body)
			what := fmt.Sprintf("%s %s at globex's host, token %.6s", method, path, token)
			n.alike(what, r, "globex", want, "nowhere")
			n.untold(what, id+" globex", r)
			if r.status != 401 && r.status != 404 && (token != "" || !public(path)) {
				n.t.Errorf("%s: %s", what, r)
			}
		}
	}
}

// public says whether the path is documentation that anybody may read (RFC 7643
// section 5): it tells nothing of any tenant.
func public(path string) bool {
	for _, name := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas"} {
		if strings.HasPrefix(path, name) {
			return true
		}
	}
	return false
}

// otherFilters looks at acme for values that are globex's.
func (n *neighbours) otherFilters() {
	n.t.Helper()
	filters := []string{`userName eq "%s"`, `userName sw "%s"`, `externalId eq "%s"`, `id eq "%s"`, `emails.value eq "%s"`, `emails[type eq "work"].value eq "%s"`,
		`displayName eq "%s"`, `title eq "%s"`, `title co "%s"`, `not (title ne "%s")`, `userName eq "%[1]s" or id eq "%[1]s"`,
		scim.EnterpriseSchema + `:manager.value eq "%s"`}
	for _, filter := range filters {
		for _, value := range append(n.ids, "canary0@globex.test", "canary1@globex.test", "canary-ext-0", "canary-ext-1", "canary.mail0@globex.test", "The canary 0", "canary title", "canary") {
			asked := fmt.Sprintf(filter, value)
			for _, more := range []string{"", "&attributes=userName,groups", "&excludedAttributes=id&count=1000"} {
				r := n.acme.send(n.t, "GET", "/Users?filter="+url.QueryEscape(asked)+more, "")
				if r.status != 200 || !strings.Contains(r.body, `"totalResults":0`) {
					n.t.Errorf("%s: %s", asked, r)
				}
				n.untold(asked, asked, r)
			}
		}
	}
	for _, list := range []string{"", "?count=1000", "?startIndex=2", "?sortBy=userName", "?attributes=userName", "?filter=" + url.QueryEscape("userName pr"), "?filter=" + url.QueryEscape(`not (userName eq "x")`)} {
		r := n.acme.send(n.t, "GET", "/Users"+list, "")
		if r.status != 200 {
			n.t.Errorf("GET /Users%s: %s", list, r)
		}
		n.untold("GET /Users"+list, "", r)
	}
}

// otherBodies names globex's people in what acme writes: they are mere text.
func (n *neighbours) otherBodies() {
	n.t.Helper()
	resource := fmt.Sprintf(`{"schemas":["%s"],"id":"%s","userName":"canary0@globex.test","externalId":"canary-ext-1","emails":[{"value":"canary.mail0@globex.test"}],
		"%s":{"department":"Canarian canaries","manager":{"value":"%s"}}}`, scim.UserSchema, n.ids[0], scim.EnterpriseSchema, n.ids[0])
	r := n.acme.send(n.t, "POST", "/Users", resource)
	id := scim.ResourceFromJSON([]byte(r.body)).ID()
	if r.status != 201 || slices.Contains(n.ids, id) {
		n.t.Errorf("POST of a userName and an externalId that globex has: %s", r)
	}
	n.untold("POST", resource, r)
	for _, operation := range []string{
		fmt.Sprintf(`{"op":"replace","path":"%s:manager","value":"%s"}`, scim.EnterpriseSchema, n.ids[0]),
		fmt.Sprintf(`{"op":"replace","path":"%s:manager","value":{"value":"%s","$ref":"../Users/%[2]s"}}`, scim.EnterpriseSchema, n.ids[0]),
		`{"op":"replace","path":"userName","value":"canary1@globex.test"}`,
		fmt.Sprintf(`{"op":"replace","path":"id","value":"%s"}`, n.ids[0]),
		fmt.Sprintf(`{"op":"add","path":"groups","value":[{"value":"%s"}]}`, n.ids[2]),
		fmt.Sprintf(`{"op":"add","path":"%s:teams","value":[{"value":"%s"}]}`, scim.RollcallSchema, n.ids[3]),
		`{"op":"replace","path":"addresses[type eq \"work\"].country","value":"Canaria"}`,
	} {
		r := n.acme.send(n.t, "PATCH", "/Users/"+id, `{"schemas":["`+scim.PatchOpURN+`"],"Operations":[`+operation+`]}`)
		if r.status >= 500 || strings.Contains(operation, "Canaria") && r.status != 400 {
			n.t.Errorf("%s: %s", operation, r)
		}
		n.untold(operation, resource+operation+"canary1@globex.test", r)
		n.untold("GET after "+operation, resource+operation+"canary1@globex.test", n.acme.send(n.t, "GET", "/Users/"+id, ""))
	}
}
