package provision_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// TestNPM provisions into SCIM servers that others wrote: the life of an
// application, with each server's own way of keeping what it is sent.
func TestNPM(t *testing.T) {
	if os.Getenv("ROLLCALL_MORE") != "1" {
		t.Skip("long: ROLLCALL_MORE=1 runs it")
	}
	for _, s := range []struct {
		name, script, profile string
		blind                 int // writes of what is there, and does not show
	}{
		{"SCIMMY", "scimmy.js", "rfc", 0},
		{"SCIMMY by PUT", "scimmy.js", "okta-like", 0},
		{"Polis", "polis.js", "polis", 4}, // the members and externalId of two groups
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			n := newNPMRig(t, s.script, s.profile)
			n.initial()
			n.connection()
			n.changes()
			n.leavers()
			n.memberships()
			n.demands()
			n.secondTime(s.blind)
		})
	}
}

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// connection asks what a test connection asks.
func (n *npmRig) connection() {
	n.Helper()
	probes := n.engine().Target.Probe(n.Context(), "userName")
	for _, p := range probes {
		n.Logf("%s: ok %t, skipped %t: %s %s", p.Name, p.OK, p.Skipped, p.Found, p.Cure)
	}
	if p := target.Failed(probes); p != nil {
		n.Errorf("%s failed: %s %s", p.Name, p.Found, p.Cure)
	}
}

// initial creates everybody, and finds nothing to do afterwards.
func (n *npmRig) initial() {
	n.Helper()
	c := n.good(provision.Request{})
	n.want("created", c.Counted().Created, 62)
	boss := n.user("Person.00@contoso.test")["id"]
	for _, e := range n.staff {
		u := n.user(e.upn())
		n.want("active", u["active"], true)
		n.want("externalId", u["externalId"], e.name)
		n.want("familyName", at(u, "name", "familyName"), e.surname)
		n.want("phones", len(list(u["phoneNumbers"])), map[bool]int{true: 1, false: 2}[e.mobile == ""])
		n.want("department", at(u, enterprise, "department"), e.department)
		if e.manager != "" {
			n.want("manager", at(u, enterprise, "manager", "value"), boss)
		}
	}
	n.want("members of Everybody", len(n.members("Everybody")), 40)
	n.want("members of Sales & Co", len(n.members("Sales & Co")), 15)

	n.good(provision.Request{})
	n.want("requests when nothing changed", n.wire.writes(), []string(nil))
	n.quiet("the initial one")
	n.with("scope: {sync: all}", "scope: {sync: all, filters: [[{attribute: postalCode, operator: EQUALS, value: '01234'}]]}")
	n.quiet("a scoping filter that everybody passes")
}

// at is what a resource has at a path, and nil where it has nothing.
func at(v any, path ...string) any {
	for _, name := range path {
		o, _ := v.(map[string]any)
		v = o[name]
	}
	return v
}

// list has one element at least.
func list(v any) []any {
	elements, _ := v.([]any)
	if len(elements) == 0 {
		return []any{nil}
	}
	return elements
}

// changes are values that become others, come and go.
func (n *npmRig) changes() {
	n.Helper()
	e := n.staff[7]
	e.department, e.title, e.surname, e.mobile, e.phone = "Space", "Pilot", "Gagarin", "+49 171 999", ""
	e.manager = "k3"
	n.staff[8].street = "1 New Street"
	n.good(provision.Request{})
	n.want("writes", len(n.wire.writes()), 2)
	u := n.user(e.upn())
	n.want("title", u["title"], "Pilot")
	n.want("familyName", at(u, "name", "familyName"), "Gagarin")
	n.want("givenName", at(u, "name", "givenName"), e.given)
	n.want("department", at(u, enterprise, "department"), "Space")
	n.want("employeeNumber", at(u, enterprise, "employeeNumber"), "07")
	n.want("manager", at(u, enterprise, "manager", "value"), n.user(n.staff[3].upn())["id"])
	n.want("postal code", at(list(n.user(n.staff[8].upn())["addresses"])[0], "postalCode"), "01234")
	n.want("street", at(list(n.user(n.staff[8].upn())["addresses"])[0], "streetAddress"), "1 New Street")
	n.quiet("a change")
}

// leavers go and come back as the same accounts.
func (n *npmRig) leavers() {
	n.Helper()
	gone, id := n.staff[59], n.user(n.staff[59].upn())["id"]
	n.staff = n.staff[:59]
	n.staff[5].disabled = true
	n.good(provision.Request{})
	n.want("active of a leaver", n.user(gone.upn())["active"], false)
	n.want("active of the disabled", n.user(n.staff[5].upn())["active"], false)
	n.quiet("people left")

	n.staff = append(n.staff, gone)
	n.staff[5].disabled = false
	n.good(provision.Request{})
	n.want("active of who came back", n.user(gone.upn())["active"], true)
	n.want("id of who came back", n.user(gone.upn())["id"], id)
	n.want("active of the enabled", n.user(n.staff[5].upn())["active"], true)
	n.quiet("people came back")
}

// memberships are members who come and go, and a group that is renamed.
func (n *npmRig) memberships() {
	n.Helper()
	n.groups["Sales & Co"] = append(slices.Clone(n.groups["Sales & Co"][3:]), "k50", "k51")
	n.good(provision.Request{})
	got := n.members("Sales & Co")
	n.want("members", len(got), 14)
	n.want("who joined", slices.Contains(got, "Person.50"), true)
	n.want("who left", slices.Contains(got, "Person.30"), false)
	n.want("members of the other group", len(n.members("Everybody")), 40)
	n.quiet("memberships")

	id := n.lookup("Group", "displayName", "Sales & Co")["id"].(string)
	n.rename("Sales & Co", "Sailing & Co")
	n.want("the new name", n.get("Group", id)["displayName"], "Sailing & Co")
	n.rename("Sailing & Co", "Sales & Co") // Polis goes on to find it by that only
	n.want("members after two new names", len(n.members("Sales & Co")), 14)
}

func (n *npmRig) rename(before, after string) {
	n.Helper()
	n.groups[after] = n.groups[before]
	delete(n.groups, before)
	n.good(provision.Request{})
	n.want("writes of a new name", len(n.wire.writes()), 1)
}

// demands provisions one person at once.
func (n *npmRig) demands() {
	n.Helper()
	n.staff[11].title = "Director"
	n.now = n.now.Add(5 * time.Minute)
	e := n.engine()
	n.wire.forget()
	if _, err := e.Demand(n.Context(), n.staff[11].upn(), true, "test"); err != nil {
		n.Fatal(err)
	}
	n.want("writes of a preview", n.wire.writes(), []string(nil))
	answer, err := e.Demand(n.Context(), n.staff[11].upn(), false, "test")
	if err != nil {
		n.Fatal(err)
	}
	n.want("operations", len(answer.Ops), 1)
	n.want("title", n.user(n.staff[11].upn())["title"], "Director")
	n.quiet("a provisioning on demand")
}

// secondTime is another application that finds the server full: it links
// everybody and writes nothing but what differs.
func (n *npmRig) secondTime(blind int) {
	n.Helper()
	n.store = storetest.Open(n.T, storetest.SQLite(n.T))
	c := n.good(provision.Request{})
	n.want("created", c.Counted().Created, 0)
	n.want("matched", c.Counted().Matched, 62)
	n.want("writes", len(n.wire.writes()), blind)
	n.quiet("everybody was matched")

	n.groups["Sales & Co"] = n.groups["Sales & Co"][1:]
	n.good(provision.Request{})
	n.want("members after one left whom the first application put there", len(n.members("Sales & Co")), 13)
	n.want("writes", len(n.wire.writes()), 1)
}
