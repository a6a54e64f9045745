package sqlstore_test

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// The tests of the files seeds_*_test.go carry the numbers of the statements in
// docs/behaviour.md. Each speaks SCIM over HTTP, as an identity provider does,
// and reads the outcome as an admin or the provider would.

const tenantURL = "http://acme.rollcall.example" + scimhttp.Base

// company is the tenant acme of a served directory, seen by its admin and by
// its identity provider.
type company struct {
	*testing.T
	directory *directory.Directory
	admin     *directory.Tenant
	token     string
	client    *http.Client
}

// eachCompany runs the test with a new company on each database.
func eachCompany(t *testing.T, test func(c *company)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) { test(newCompany(t, store)) })
}

func newCompany(t *testing.T, store *sqlstore.Store) *company {
	t.Helper()
	c := &company{T: t, directory: directory.New(store)}
	t.Cleanup(func() { c.directory.Close(context.Background()) })
	var err error
	c.admin, err = c.directory.CreateTenant(t.Context(), directory.NewTenant{Name: "acme", Display: "Acme Oy", AdminEmail: "admin@acme.test"}, directory.Via{})
	c.must(err)
	c.token, err = c.admin.CreateToken(t.Context(), "admin@acme.test", "SCIM", time.Time{})
	c.must(err)

	mux := http.NewServeMux()
	hosts := scimhttp.Hosts{BaseDomain: "rollcall.example"}
	(&scimhttp.Handler{Types: []*scim.ResourceType{scim.UserType, scim.GroupType}, Open: open(c.directory, hosts), Hosts: hosts}).Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	// Every host leads to this server, as a wildcard in the DNS would.
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	c.client = &http.Client{Transport: &http.Transport{DialContext: dial}}
	t.Cleanup(c.client.CloseIdleConnections)
	return c
}

func open(d *directory.Directory, hosts scimhttp.Hosts) func(context.Context, scimhttp.Call) (scim.ServiceProvider, error) {
	return func(ctx context.Context, call scimhttp.Call) (scim.ServiceProvider, error) {
		label, _ := hosts.Tenant(call.Host)
		tenant, err := d.OpenToken(ctx, call.Token, label, directory.Via{
			Request: call.RequestID, Client: call.Client, Operation: call.Method, BaseURL: call.BaseURL, Started: call.Started,
		})
		if err != nil {
			return nil, err
		}
		return tenant, nil
	}
}

func (c *company) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// groups turns the group feature on and makes groups.
func (c *company) groups(names ...string) {
	c.Helper()
	c.must(c.admin.Set(c.Context(), "groups", "true"))
	for _, name := range names {
		_, err := c.admin.CreateGroup(c.Context(), name)
		c.must(err)
	}
}

// answered is what the server answered.
type answered struct {
	status int
	body   scim.Object
}

// sendAs sends a request with this Authorization header.
func (c *company) sendAs(authorization, method, target string, body any) answered {
	c.Helper()
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		c.must(err)
		payload = strings.NewReader(string(b))
	}
	r, err := http.NewRequestWithContext(c.Context(), method, target, payload)
	c.must(err)
	r.Header.Set("Content-Type", "application/scim+json")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	res, err := c.client.Do(r)
	c.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	c.must(err)
	answer := answered{status: res.StatusCode}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer.body); err != nil {
			c.Fatalf("%s %s: %v in %s", method, target, err, text)
		}
	}
	return answer
}

// send is a request of the identity provider that was given the token.
func (c *company) send(method, path string, body any) answered {
	c.Helper()
	return c.sendAs("Bearer "+c.token, method, tenantURL+path, body)
}

// want fails the test if the answer has another status; a code must stand in
// the detail.
func (c *company) want(r answered, status int, code string) answered {
	c.Helper()
	detail, _ := r.body["detail"].(string)
	if r.status != status || code != "" && !strings.Contains(detail, "("+code+")") {
		c.Fatalf("answered %d %v, want %d %s", r.status, r.body, status, code)
	}
	return r
}

// values are a person's attributes by the names of the seed's table.
type values map[string]string

// person is a user in the form in which Entra ID sends one.
func person(userName string, v values) scim.Object {
	o := scim.Object{
		"schemas": []any{scim.UserSchema, scim.EnterpriseSchema}, "userName": userName, "active": true,
		"externalId": "ext-" + userName, "meta": scim.Object{"resourceType": "User"},
		"emails": []any{scim.Object{"primary": true, "type": "work", "value": userName}},
		"name":   scim.Object{"givenName": "Anna", "familyName": "Aalto"},
	}
	work, enterprise := scim.Object{"type": "work"}, scim.Object{}
	for name, value := range v {
		if place := workPaths[name]; strings.HasPrefix(place, "addresses") {
			work[name] = value
		} else {
			enterprise[name] = value
		}
	}
	if len(work) > 1 {
		o["addresses"] = []any{work}
	}
	if len(enterprise) > 0 {
		o[scim.EnterpriseSchema] = enterprise
	}
	return o
}

// workPaths are the paths under which Entra ID patches the six.
var workPaths = map[string]string{
	"country":      `addresses[type eq "work"].country`,
	"locality":     `addresses[type eq "work"].locality`,
	"region":       `addresses[type eq "work"].region`,
	"organization": scim.EnterpriseSchema + ":organization",
	"division":     scim.EnterpriseSchema + ":division",
	"department":   scim.EnterpriseSchema + ":department",
}

// create has the identity provider create a person.
func (c *company) create(userName string, v values) (id string) {
	c.Helper()
	return c.want(c.send("POST", "/Users", person(userName, v)), 201, "").body["id"].(string)
}

// replace has the identity provider replace attributes, as Entra ID words it:
// pairs of a path, or a name of the table, and a value.
func (c *company) replace(id string, pairs ...any) answered {
	c.Helper()
	var operations []any
	for i := 0; i < len(pairs); i += 2 {
		path := pairs[i].(string)
		if long := workPaths[path]; long != "" {
			path = long
		}
		operations = append(operations, scim.Object{"op": "Replace", "path": path, "value": pairs[i+1]})
	}
	return c.send("PATCH", "/Users/"+id, scim.Object{"schemas": []any{scim.PatchOpURN}, "Operations": operations})
}

// find has the identity provider look for users.
func (c *company) find(filter string) []any {
	c.Helper()
	r := c.want(c.send("GET", "/Users?filter="+url.QueryEscape(filter), nil), 200, "")
	found, _ := r.body["Resources"].([]any)
	return found
}

// placed checks a person's group and teams ("Finland: Sales, Tampere"), by the
// answer to a GET and by what the admin sees.
func (c *company) placed(id, want string) {
	c.Helper()
	ext, _ := c.want(c.send("GET", "/Users/"+id, nil), 200, "").body[scim.RollcallSchema].(scim.Object)
	group, _ := ext["group"].(scim.Object)
	var teams []string
	list, _ := ext["teams"].([]any)
	for _, team := range list {
		teams = append(teams, team.(scim.Object)["display"].(string))
	}
	slices.Sort(teams)
	if got := fmt.Sprintf("%v: %s", group["display"], strings.Join(teams, ", ")); got != want {
		c.Errorf("over SCIM: %q, want %q", got, want)
	}
	u, err := c.admin.User(c.Context(), id)
	c.must(err)
	if got := u.Group + ": " + strings.Join(u.Teams, ", "); got != want {
		c.Errorf("for the admin: %q, want %q", got, want)
	}
}

// counts checks how many people the tenant has and how many are matched.
func (c *company) counts(people, matched int) {
	c.Helper()
	row, err := c.admin.Row(c.Context())
	c.must(err)
	if int(row.Users) != people || int(row.Matched) != matched {
		c.Errorf("%d people, %d matched; want %d and %d", row.Users, row.Matched, people, matched)
	}
	if total := c.want(c.send("GET", "/Users?count=0", nil), 200, "").body["totalResults"]; total != float64(people) {
		c.Errorf("SCIM counts %v people, want %d", total, people)
	}
}

// byHand has the admin make a person of whom the identity provider knows
// nothing.
func (c *company) byHand(userName string, attributes map[string]string) (id string) {
	c.Helper()
	u, err := c.admin.CreateUser(c.Context(), userName, attributes)
	c.must(err)
	return u.ID
}
