package main

import (
	"encoding/json/v2"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
)

// The second help page sets up an enterprise application. These tests do what it
// says, with commands and a server, from tenant contoso into tenant acme.

// company is two tenants of one server: people of contoso, and acme, which has
// nobody but its admin.
type company struct {
	shell
	url string // acme's Tenant URL
}

func newCompany(t *testing.T) company {
	t.Helper()
	s := newShell(t)
	for _, name := range []string{"acme", "contoso"} {
		s.must("tenant", "create", name, "--name", name, "--admin-email", "admin@"+name+".test")
	}
	t.Setenv("ACME_TOKEN", strings.TrimSpace(s.must("token", "create", "--user", "admin@acme.test", "--tenant", "acme")))
	for _, name := range []string{"anna", "bert", "carla"} {
		s.must("user", "create", name+"@contoso.test", "--given-name", name, "--family-name", "Test", "title=Engineer", "department=Sales", "--tenant", "contoso")
	}
	s.must("idp-group", "create", "Sales", "--tenant", "contoso")
	s.must("idp-group", "add", "Sales", "bert@contoso.test", "--tenant", "contoso")
	s.must("idp-group", "create", "Staff", "--tenant", "contoso")
	s.must("idp-group", "add", "Staff", "Sales", "--tenant", "contoso")
	address, _ := startServe(t)
	_, port, _ := strings.Cut(address, ":")
	return company{s, "http://acme.localhost:" + port + "/api/scim/v2"}
}

// apply keeps the application, of which the rest is given.
func (c company) apply(rest string) string {
	c.t.Helper()
	return c.must("app", "apply", "--tenant", "contoso", "-f", written(c.t, "acme.yaml", fmt.Sprintf(`name: acme
source: {kind: directory}
target: {url: "%s", token: "${ACME_TOKEN}"}
%s
`, c.url, rest)))
}

// acme are the people that were provisioned, by name.
func (c company) acme() []string {
	c.t.Helper()
	people := c.users("--tenant", "acme")
	delete(people, "admin@acme.test")
	return slices.Sorted(maps.Keys(people))
}

// becomes waits until acme has these people.
func (c company) becomes(want ...string) {
	c.t.Helper()
	c.eventually(10*time.Second, func() (bool, any) { got := c.acme(); return slices.Equal(got, want), got })
}

func (c company) eventually(limit time.Duration, is func() (ok bool, got any)) {
	c.t.Helper()
	end := time.Now().Add(limit)
	for {
		ok, got := is()
		if ok {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("after %s it is %v still; the log: %s", limit, got, c.must("app", "logs", "acme", "--tenant", "contoso", "--cycles"))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (c company) cycles() (list []cycleLine) {
	c.t.Helper()
	text := c.must("app", "logs", "acme", "--tenant", "contoso", "--cycles", "--json")
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		c.t.Fatalf("%v: %s", err, text)
	}
	return list
}

const (
	anna  = "anna@contoso.test"
	bert  = "bert@contoso.test"
	carla = "carla@contoso.test"
)

func TestS27_WhoIsAssignedIsProvisioned(t *testing.T) {
	c := newCompany(t)
	c.apply("scope: {users: [" + anna + "]}\nstatus: on")
	c.becomes(anna)
}

func TestS28_TheInitialCycleStartsByItself(t *testing.T) {
	c := newCompany(t)
	c.apply("scope: {users: [" + anna + "]}\nstatus: on")
	c.eventually(5*time.Second, func() (bool, any) {
		list := c.cycles()
		return len(list) > 0 && list[len(list)-1].Kind == "initial" && list[len(list)-1].Actor == "schedule", list
	})
}

func TestS29_CyclesAreInTheProvisioningLogs(t *testing.T) {
	c := newCompany(t)
	c.apply("scope: {users: [" + anna + "]}\nstatus: off")
	c.must("app", "run", "acme", "--tenant", "contoso")
	var log []provision.Entry
	text := c.must("app", "logs", "acme", "--tenant", "contoso", "--json")
	if err := json.Unmarshal([]byte(text), &log); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if len(log) != 1 || log[0].Action != "create" || log[0].Name != anna || log[0].Status != "success" || !strings.Contains(log[0].Why, "assigned directly") {
		t.Errorf("the log is %s", text)
	}
	if list := c.cycles(); len(list) != 1 || list[0].Outcome != "success" || list[0].Stats.Created != 1 {
		t.Errorf("the cycles are %+v", list)
	}
	c.contains(c.must("app", "logs", "acme", "--tenant", "contoso", "--entra"), `"provisioningAction":"create"`, `"EntryExportAdd"`)
}

func TestS51_AnApplicationIsMade(t *testing.T) {
	c := newCompany(t)
	c.contains(c.apply("scope: {users: ["+anna+"]}"), `Application "acme" created.`)
	c.contains(c.must("app", "list", "--tenant", "contoso"), "acme", "off", "directory", c.url)
	c.contains(c.must("app", "list", "--tenant", "acme"), "There is no application yet")
}

// Automatic means that nobody has to ask for a cycle: what changes comes.
func TestS52_ProvisioningIsAutomatic(t *testing.T) {
	c := newCompany(t)
	c.apply("scope: {sync: all, filters: [[{attribute: userPrincipalName, operator: NOT EQUALS, value: admin@contoso.test}]]}\nstatus: on\ngroups: {enabled: false}")
	c.becomes(anna, bert, carla)
	c.must("user", "set", anna, "name.givenName=Annika", "--tenant", "contoso")
	c.eventually(10*time.Second, func() (bool, any) {
		got := c.users("--tenant", "acme")[anna]
		return got.GivenName == "Annika", got
	})
}

// The mapping of groups is off: their members come, as users, and no group does.
// Bert is a member of a member of Staff.
func TestS56_MembersOfAssignedGroupsAreProvisioned(t *testing.T) {
	c := newCompany(t)
	c.apply("scope: {groups: [Staff]}\nstatus: on\ngroups: {enabled: false}")
	c.becomes(bert)
	c.must("idp-group", "add", "Staff", carla, "--tenant", "contoso")
	c.becomes(bert, carla)
	if out := c.must("idp-group", "list", "--json", "--tenant", "acme"); strings.TrimSpace(out) != "[]" {
		t.Errorf("acme was given groups: %s", out)
	}
}

func TestS58_TheScopeIsAllOrAssigned(t *testing.T) {
	c := newCompany(t)
	c.apply("scope: {sync: assigned, users: [" + anna + "], groups: [Sales]}\ngroups: {enabled: false}")
	c.must("app", "run", "acme", "--tenant", "contoso")
	c.becomes(anna, bert)
	c.apply("scope: {sync: all}\ngroups: {enabled: false}")
	c.must("app", "run", "acme", "--tenant", "contoso")
	c.becomes("admin@contoso.test", anna, bert, carla)
}

// While it is off nothing comes of a change. That enough time has passed shows
// another application, which is on.
func TestS59_ProvisioningRunsWhileItsStatusIsOn(t *testing.T) {
	c := newCompany(t)
	c.must("tenant", "create", "other", "--admin-email", "admin@other.test")
	t.Setenv("OTHER_TOKEN", strings.TrimSpace(c.must("token", "create", "--user", "admin@other.test", "--tenant", "other")))
	c.must("app", "apply", "--tenant", "contoso", "-f", written(t, "other.yaml", fmt.Sprintf(`name: other
source: {kind: directory}
target: {url: "%s", token: "${OTHER_TOKEN}"}
scope: {sync: all}
status: on
`, strings.Replace(c.url, "acme.", "other.", 1))))
	reachesOther := func(name string) {
		t.Helper()
		c.eventually(10*time.Second, func() (bool, any) { got := c.users("--tenant", "other"); return got[name].UserName != "", got })
	}
	c.apply("scope: {users: [" + anna + ", " + carla + "], groups: [Staff]}\nstatus: off\ngroups: {enabled: false}")
	reachesOther(anna)
	if got := c.acme(); len(got) > 0 {
		t.Fatalf("it is off, and acme has %v", got)
	}
	c.must("app", "start", "acme", "--tenant", "contoso")
	c.becomes(anna, bert, carla)
	c.must("app", "stop", "acme", "--tenant", "contoso")
	c.must("user", "create", "dora@contoso.test", "--tenant", "contoso")
	c.must("idp-group", "add", "Staff", "dora@contoso.test", "--tenant", "contoso")
	reachesOther("dora@contoso.test")
	if got := c.acme(); !slices.Equal(got, []string{anna, bert, carla}) {
		t.Errorf("it was switched off, and acme has %v", got)
	}
	c.must("app", "start", "acme", "--tenant", "contoso")
	c.becomes(anna, bert, carla, "dora@contoso.test")
}

func TestS60_WhoIsAssignedComesWithTheNextCycle(t *testing.T) {
	c := newCompany(t)
	c.apply("scope: {users: [" + anna + "]}\nstatus: on\ngroups: {enabled: false}")
	c.becomes(anna)
	c.apply("scope: {users: [" + anna + "], groups: [Sales]}\nstatus: on\ngroups: {enabled: false}")
	c.becomes(anna, bert)
}
