package provision_test

import (
	"encoding/json/v2"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// npmRig is an application between CSV files and a server from npm, with the
// mappings that Entra has by default.
type npmRig struct {
	*rig
	server npmServer
	wire   *wire
	staff  []*employee
}

// employee is a row of users.csv, with enough to fill the default mappings.
type employee struct {
	key, name, given, surname, title, phone, mobile, street, postal, department, manager string
	disabled                                                                             bool
}

func (e *employee) upn() string { return e.name + "@contoso.test" }

// newNPMRig is a rig with 60 people and two groups; more than Polis lists.
func newNPMRig(t *testing.T, script, profile string) *npmRig {
	n := &npmRig{rig: newRig(t, storetest.Open(t, storetest.SQLite(t))), server: startNPM(t, script), wire: &wire{next: http.DefaultTransport}}
	n.yaml = fmt.Sprintf(`
name: acme
source: {kind: csv, path: %q, anchor: key, reference: key}
target: {url: %q, token: %q, profile: %s}
scope: {sync: all}
status: on
approval: auto
users: {enabled: true}
groups: {enabled: true}
`, n.dir, n.server.URL, n.server.Token, profile)
	for i := range 60 {
		e := &employee{key: fmt.Sprintf("k%d", i), name: fmt.Sprintf("Person.%02d", i), given: fmt.Sprintf("Zoë%d", i), surname: "O'Neill \"Müller\"",
			title: "Clerk", phone: fmt.Sprintf("+49 30 555-%04d", i), street: fmt.Sprintf("%d High Street", i), postal: "01234", department: "Sales"}
		if i > 0 {
			e.manager = "k0"
		}
		if i%2 == 0 {
			e.mobile = fmt.Sprintf("+49 171 555-%04d", i)
		}
		n.staff = append(n.staff, e)
	}
	n.groups["Everybody"], n.groups["Sales & Co"] = keysOf(n.staff[:40]), keysOf(n.staff[30:45])
	return n
}

func keysOf(people []*employee) (keys []string) {
	for _, e := range people {
		keys = append(keys, e.key)
	}
	return keys
}

func (n *npmRig) save() {
	var users, groups strings.Builder
	users.WriteString("key,userPrincipalName,mail,mailNickname,displayName,givenName,surname,jobTitle,telephoneNumber,mobile,streetAddress,postalCode,employeeId,department,manager,accountEnabled\n")
	for _, e := range n.staff {
		cells := []string{e.key, e.upn(), e.upn(), e.name, e.given + " " + e.surname, e.given, e.surname, e.title, e.phone, e.mobile, e.street, e.postal, "0" + e.key[1:], e.department, e.manager, fmt.Sprint(!e.disabled)}
		for i, c := range cells {
			cells[i] = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		users.WriteString(strings.Join(cells, ",") + "\n")
	}
	groups.WriteString("key,objectId,displayName,members\n")
	for _, name := range slices.Sorted(mapsKeys(n.groups)) {
		key := "g-" + name[:2] // whatever the group is called later
		fmt.Fprintf(&groups, "%s,%s,%s,%s\n", key, key, name, strings.Join(n.groups[name], "|"))
	}
	n.write("users.csv", users.String())
	n.write("groups.csv", groups.String())
}

// engine is the rig's, towards this server.
func (n *npmRig) engine() *provision.Engine {
	n.Helper()
	n.save()
	e := n.rig.engine()
	to, err := target.Open(n.app.Target, target.Environment{HTTP: n.wire})
	if err != nil {
		n.Fatal(err)
	}
	e.Target = to
	return e
}

// good runs a cycle that has to end well.
func (n *npmRig) good(q provision.Request) *provision.Cycle {
	n.Helper()
	n.now = n.now.Add(5 * time.Minute)
	e := n.engine()
	n.wire.forget()
	c, err := e.Run(n.Context(), q)
	if err != nil {
		n.Fatal(err)
	}
	if c.Outcome != provision.Success {
		n.Fatalf("the cycle ended with %s: %s\n%s", c.Outcome, c.Message, n.log(c))
	}
	return c
}

// quiet runs a full cycle that must not write anything.
func (n *npmRig) quiet(after string) {
	n.Helper()
	c := n.good(provision.Request{Full: true})
	if w := n.wire.writes(); len(w) > 0 {
		n.Errorf("a full cycle after %s wrote:\n%s\n%s", after, strings.Join(w, "\n"), n.log(c))
	}
}

// user is somebody as the server shows him, asked for as Entra does.
func (n *npmRig) user(upn string) map[string]any {
	n.Helper()
	return n.lookup("User", "userName", upn)
}

func (n *npmRig) lookup(typ, attribute, value string) map[string]any {
	n.Helper()
	of := scim.UserType
	if typ == "Group" {
		of = scim.GroupType
	}
	filter, err := scim.ParseFilter(of, fmt.Sprintf("%s eq %q", attribute, value))
	if err != nil {
		n.Fatal(err)
	}
	page, err := n.engine().Target.Provider().Query(n.Context(), typ, scim.Query{Filter: filter, StartIndex: 1, Count: 10})
	if err != nil {
		n.Fatal(err)
	}
	if len(page.Resources) != 1 {
		n.Fatalf("the server has %d with %s %s, want 1", len(page.Resources), attribute, value)
	}
	return n.decode(page.Resources[0])
}

func (n *npmRig) get(typ, id string) map[string]any {
	n.Helper()
	r, err := n.engine().Target.Provider().Get(n.Context(), typ, id)
	if err != nil {
		n.Fatal(err)
	}
	return n.decode(r)
}

func (n *npmRig) decode(r *scim.Resource) map[string]any {
	n.Helper()
	doc := map[string]any{}
	if err := json.Unmarshal(r.JSON(), &doc); err != nil {
		n.Fatal(err)
	}
	return doc
}

// members are the names of a group's members as the server has them.
func (n *npmRig) members(group string) (names []string) {
	n.Helper()
	doc, of := n.lookup("Group", "displayName", group), map[string]string{}
	for _, e := range n.staff {
		of[n.user(e.upn())["id"].(string)] = e.name
	}
	var ids []string
	if n.server.Members != "" {
		ids = n.ask(n.server.Members + doc["id"].(string))
	} else if list, ok := doc["members"].([]any); ok {
		for _, m := range list {
			ids = append(ids, m.(map[string]any)["value"].(string))
		}
	}
	for _, id := range ids {
		names = append(names, of[id])
	}
	slices.Sort(names)
	return names
}

func (n *npmRig) ask(url string) (ids []string) {
	n.Helper()
	answer, err := http.Get(url)
	if err != nil {
		n.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.UnmarshalRead(answer.Body, &ids); err != nil {
		n.Fatal(err)
	}
	return ids
}

// wire counts what is sent.
type wire struct {
	next http.RoundTripper
	mu   sync.Mutex
	sent []string
}

func (w *wire) RoundTrip(q *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.sent = append(w.sent, q.Method+" "+q.URL.RequestURI())
	w.mu.Unlock()
	return w.next.RoundTrip(q)
}

func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = nil
}

// all is every request, writes those that change something.
func (w *wire) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}

func (w *wire) writes() []string {
	return slices.DeleteFunc(w.all(), func(s string) bool { return strings.HasPrefix(s, "GET ") })
}
