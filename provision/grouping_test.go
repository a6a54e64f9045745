package provision_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/scim"
)

// nest assigns the group All: All > Sales > All, a circle, and Sales > Deep >
// k3. k4 is in none.
func (r *rig) nest(nested string) {
	r.with("{sync: all}", "{sync: assigned, groups: [All], users: [p4@contoso.test], nested: "+nested+"}")
	r.have(6)
	r.groups["All"] = []string{"k0", "g-Sales"}
	r.groups["Sales"] = []string{"k1", "g-All", "g-Deep"}
	r.groups["Deep"] = []string{"k3"}
}

// TestNested: members of members are assigned, as deep as the set-up says, and the
// log says by which way; a circle ends.
func TestNested(t *testing.T) {
	for nested, want := range map[string][]string{"on": {"p0", "p1", "p3", "p4"}, "off": {"p0", "p4"}, "1": {"p0", "p1", "p4"}} {
		t.Run(nested, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.nest(nested)
				r.good(provision.Request{})
				var got []string
				for _, u := range r.target.Users() {
					got = append(got, strings.TrimSuffix(u["userName"].(string), "@contoso.test"))
				}
				slices.Sort(got)
				r.want("in scope", got, want)
				if nested != "on" {
					return
				}
				r.want("via", r.object("k3").Via, "All > Sales > Deep")
				r.want("direct", r.object("k4").Via, "direct")
				r.want("nested members", slices.Contains(r.members("Sales"), idOf(r.target.Group("Deep"))), true)
				r.groups["Deep"] = []string{"k5"}
				r.good(provision.Request{})
				r.want("left with the group", r.user("p3")["active"], false)
				r.want("came with the group", r.user("p5")["active"], true)
			})
		})
	}
}

// TestReferences: a manager and members who come later are written then, without
// another change of those who refer to them; who lost his account gets the new one
// written everywhere.
func TestReferences(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("{sync: all}", `{sync: all, filters: [[{attribute: department, operator: EQUALS, value: Sales}]]}`)
		r.have(4)
		r.people[0].manager, r.people[1].manager = "k2", "later"
		r.people[2].department = "Space"
		r.groups["Staff"] = []string{"k0", "k2", "later"}
		r.good(provision.Request{})
		r.want("manager out of scope", managerOf(r.user("p0")), "")
		r.want("members", r.members("Staff"), r.ids("p0"))
		r.quiet("waiting")

		r.people[2].department = "Sales"
		r.good(provision.Request{})
		r.want("manager", managerOf(r.user("p0")), idOf(r.user("p2")))
		r.want("members", r.members("Staff"), r.ids("p0", "p2"))
		r.want("one more waits", managerOf(r.user("p1")), "")

		r.people = append(r.people, person{key: "later", name: "later", department: "Sales"})
		r.good(provision.Request{})
		r.want("manager who came", managerOf(r.user("p1")), idOf(r.user("later")))
		r.want("members", r.members("Staff"), r.ids("p0", "p2", "later"))
		r.quiet("all there")

		old := idOf(r.user("p2"))
		r.target.Forget(old)
		r.edit("Group", idOf(r.target.Group("Staff")), "members", []any{scim.Object{"value": idOf(r.user("p0"))}, scim.Object{"value": idOf(r.user("later"))}})
		r.good(provision.Request{Full: true})
		if idOf(r.user("p2")) == old {
			r.Error("the same id again")
		}
		r.want("users", len(r.target.Users()), 5)
		r.want("manager anew", managerOf(r.user("p0")), idOf(r.user("p2")))
		r.want("members anew", r.members("Staff"), r.ids("p0", "p2", "later"))
		r.quiet("made anew")
	})
}

// TestLargeGroup is written in pieces of a hundred, and shrinks in such.
func TestLargeGroup(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("approval: auto", "approval: auto\nguards: {members: {off: true}}")
		r.have(250)
		r.groups["Staff"] = keys(r.people)
		r.good(provision.Request{})
		pieces := func() (n int) {
			for _, q := range r.target.Writes() {
				if q.Method == "PATCH" && strings.HasPrefix(q.Path, "/Groups") {
					if n++; strings.Count(q.Body, `"value":"t-`)+strings.Count(q.Body, `value eq`) > 100 {
						r.Errorf("a piece of more than a hundred: %.200s", q.Body)
					}
				}
			}
			return n
		}
		r.want("pieces", pieces(), 3)
		r.want("members", len(r.members("Staff")), 250)
		r.groups["Staff"] = keys(r.people[150:])
		r.good(provision.Request{})
		r.want("pieces that go", pieces(), 2)
		r.want("members who stay", r.members("Staff"), r.ids(names(r.people[150:])...))
		r.quiet("large")
	})
}

// TestVanished: who was deleted at the target by hand is made anew, he alone,
// whether a full cycle misses him or a change does not find him.
func TestVanished(t *testing.T) {
	for name, full := range map[string]bool{"missed": true, "not found": false} {
		t.Run(name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.have(5).good(provision.Request{})
				r.target.Forget(idOf(r.user("p1")))
				if !full {
					r.people[1].department = "Space"
				}
				c := r.good(provision.Request{Full: full})
				r.want("vanished", c.Counted().Vanished, 1)
				r.want("writes", r.writes(), []string{"POST /Users"})
				r.agrees()
			})
		})
	}
}

// TestDemand provisions one at once, or shows what it would do and leaves no
// trace.
func TestDemand(t *testing.T) {
	onRig(t, func(r *rig) {
		r.nest("on")
		r.people[0].manager = "k1"
		r.people[1].disabled = true
		r.save()
		e := r.engine()
		for name, want := range map[string]string{"p0@contoso.test": "create", "p5@contoso.test": "", "p1@contoso.test": "", "Sales": "create"} {
			before := dumpOf(r)
			a, err := e.Demand(r.Context(), name, true, "test")
			if err != nil {
				r.Fatal(err)
			}
			got := ""
			if len(a.Ops) > 0 {
				got = a.Ops[0].Action
			}
			r.want("preview of "+name, got, want)
			r.want("writes of a preview", r.writes(), []string(nil))
			if after := dumpOf(r); before != after {
				r.Errorf("the preview of %s left a trace:\n%s\nbefore:\n%s", name, after, before)
			}
		}
		if _, err := e.Demand(r.Context(), "nobody", false, "test"); err == nil {
			r.Error("nobody was provisioned")
		}
		for _, name := range []string{"p0@contoso.test", "p5@contoso.test", "p1@contoso.test", "Deep"} {
			if _, err := e.Demand(r.Context(), name, false, "test"); err != nil {
				r.Fatal(err)
			}
		}
		r.want("users", len(r.target.Users()), 1)
		r.good(provision.Request{})
		r.want("users of the cycle", len(r.target.Users()), 3)
		r.people[0].name = "renamed"
		r.save()
		a, err := e.Demand(r.Context(), "p0@contoso.test", false, "test") // by the name that he had
		if err != nil || a.Object.Gone {
			r.Fatalf("%+v %v", a, err)
		}
		r.want("renamed", r.user("renamed")["active"], true)
		r.remove("k0")
		r.save()
		if _, err := e.Demand(r.Context(), "renamed@contoso.test", false, "test"); err != nil {
			r.Fatal(err)
		}
		r.want("gone", r.user("renamed")["active"], false)
	})
}

// dumpOf is all that is kept of objects and operations.
func dumpOf(r *rig) string {
	r.Helper()
	objects, err := r.state().Objects(r.Context(), provision.ObjectQuery{})
	if err != nil {
		r.Fatal(err)
	}
	ops, err := r.state().Ops(r.Context(), provision.OpQuery{})
	if err != nil {
		r.Fatal(err)
	}
	var text string
	for _, o := range objects {
		text += fmt.Sprintf("%+v\n", *o)
	}
	for _, o := range ops {
		text += fmt.Sprintf("%+v\n", *o)
	}
	return text
}

// TestLinks by hand, and what a restart keeps.
func TestLinks(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(3).good(provision.Request{})
		id, other := idOf(r.user("p1")), r.make(r.client(), "User", scim.Object{"userName": "spare@contoso.test"})
		if _, err := r.engine().Link(r.Context(), "k0", id); err == nil || !strings.Contains(err.Error(), "p1@contoso.test") {
			r.Errorf("linked twice: %v", err)
		}
		if _, err := r.engine().Unlink(r.Context(), "k1"); err != nil {
			r.Fatal(err)
		}
		r.good(provision.Request{})
		r.want("found again", r.object("k1").Target, id)
		r.people = append(r.people, person{key: "k9", name: "p9"})
		r.good(provision.Request{})
		if _, err := r.engine().Unlink(r.Context(), "k9"); err != nil {
			r.Fatal(err)
		}
		r.target.Forget(idOf(r.user("p9")))
		if _, err := r.engine().Link(r.Context(), "k9", other); err != nil {
			r.Fatal(err)
		}
		r.good(provision.Request{})
		r.want("linked by hand", idOf(r.user("p9")), other)
		if err := r.engine().Restart(r.Context()); err != nil {
			r.Fatal(err)
		}
		c := r.good(provision.Request{})
		r.want("kind", c.Kind, provision.Initial)
		r.want("writes", r.writes(), []string(nil))
		r.want("link", r.object("k9").Target, other)
		x, err := r.engine().Why(r.Context(), "p9@contoso.test")
		if err != nil || !x.Decision.In || len(x.Log) == 0 || x.Object.Target != other {
			r.Errorf("why: %+v %v", x, err)
		}
	})
}

// TestDrift at the target is told and left alone, or put back; a set-up that is
// looked at again does not put it back either.
func TestDrift(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(3).good(provision.Request{})
		r.edit("User", idOf(r.user("p1")), "displayName", "By hand")
		c := r.good(provision.Request{Full: true})
		r.want("drifted", c.Counted().Drifted, 1)
		r.with("{sync: all}", "{sync: all, filters: [[{attribute: key, operator: IS NOT NULL}]]}")
		r.good(provision.Request{})
		r.people[1].department = "Space"
		r.good(provision.Request{})
		r.want("left alone", r.user("p1")["displayName"], "By hand")
		r.want("written beside it", departmentOf(r.user("p1")), "Space")
		r.with("approval: auto", "approval: auto\ndrift: repair")
		r.now = r.now.Add(25 * time.Hour)
		r.good(provision.Request{})
		r.want("put back", r.user("p1")["displayName"], "P1")
		r.quiet("repaired")
	})
}
