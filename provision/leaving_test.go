package provision_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
)

// TestLeavers: what becomes of those who leave, and that who comes back is the
// same.
func TestLeavers(t *testing.T) {
	for _, x := range []struct {
		action               string
		there, active, later bool // after leaving; still there after 31 days
	}{
		{"ignore", true, true, true}, {"disable", true, false, true}, {"disable-then-delete", true, false, false}, {"delete", false, false, false},
	} {
		t.Run(x.action, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.with("approval: auto", "approval: auto\nleavers: {action: "+x.action+"}").have(4)
				r.groups["Staff"] = []string{"k1", "k2"}
				r.good(provision.Request{})
				id := idOf(r.user("p1"))
				back := r.people[1]
				r.remove("k1")
				r.good(provision.Request{})
				u := r.target.User("p1@contoso.test")
				r.want("there", u != nil, x.there)
				if u != nil {
					r.want("active", u["active"], x.active)
				}
				r.quiet(x.action)
				r.people = append(r.people, back)
				r.good(provision.Request{})
				r.want("active again", r.user("p1")["active"], true)
				r.want("the same id", idOf(r.user("p1")) == id, x.there)
				r.want("members", r.members("Staff"), r.ids("p1", "p2"))

				r.remove("k1")
				r.good(provision.Request{})
				r.now = r.now.Add(29 * 24 * time.Hour)
				r.good(provision.Request{})
				r.want("there after 29 days", r.target.User("p1@contoso.test") != nil, x.there)
				r.now = r.now.Add(2 * 24 * time.Hour)
				r.good(provision.Request{})
				r.want("there after 31 days", r.target.User("p1@contoso.test") != nil, x.later)
			})
		})
	}
}

// TestScopeEdit: a filter that is added takes people out.
func TestScopeEdit(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(5)
		r.people[2].department = "Space"
		r.good(provision.Request{})
		r.with("{sync: all}", `{sync: all, filters: [[{attribute: department, operator: EQUALS, value: Sales}]]}`)
		c := r.good(provision.Request{})
		r.want("kind", c.Kind, provision.Full)
		r.want("out", r.user("p2")["active"], false)
		r.want("in", r.user("p1")["active"], true)
		r.people[2].department = "Sales"
		r.good(provision.Request{})
		r.want("in again", r.user("p2")["active"], true)
	})
}

// TestApproval: what takes access away waits for an admin; his word is about that
// and nothing else.
func TestApproval(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("approval: auto", "approval: auto-except-removal").have(6)
		r.good(provision.Request{})
		two := []person{r.people[1], r.people[2]}
		r.remove("k1", "k2")
		r.people[0].department = "Space"
		r.ends(provision.Warning, provision.Request{})
		r.want("others go on", departmentOf(r.user("p0")), "Space")
		r.want("staged", len(r.staged()), 2)
		r.cycle(provision.Request{})
		r.want("staged still", len(r.staged()), 2)

		r.judge(true, "p1@contoso.test")
		r.cycle(provision.Request{})
		r.want("approved", fmt.Sprint(r.user("p1")["active"], r.user("p2")["active"]), "false true")

		r.judge(false, "p2@contoso.test")
		r.good(provision.Request{})
		r.good(provision.Request{Full: true})
		r.want("rejected", r.user("p2")["active"], true)
		r.want("staged", len(r.staged()), 0)

		r.people = append(r.people, two...)
		r.good(provision.Request{})
		r.want("back", r.user("p1")["active"], true)
		r.remove("k1", "k2")
		r.ends(provision.Warning, provision.Request{})
		r.want("asked again", len(r.staged()), 2)

		r.judge(true, "p1@contoso.test") // and he comes back before the next cycle, and leaves once more
		r.people = append(r.people, two[0])
		r.cycle(provision.Request{})
		r.remove("k1")
		r.cycle(provision.Request{})
		r.want("an old word does not count", r.user("p1")["active"], true)
	})
}

// judge approves or rejects what waits for the person.
func (r *rig) judge(approve bool, name string) {
	r.Helper()
	for _, op := range r.staged() {
		if op.Name != name {
			continue
		}
		do := r.engine().Reject
		if approve {
			do = r.engine().Approve
		}
		if n, err := do(r.Context(), []int64{op.Number}); n != 1 || err != nil {
			r.Fatalf("%d judged: %v", n, err)
		}
		return
	}
	r.Fatalf("nothing waits for %s: %v", name, r.staged())
}

// TestApproveAlways: with always nothing is sent without an admin, and then
// exactly what he saw.
func TestApproveAlways(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("approval: auto", "approval: always").have(3)
		r.people[0].manager = "k2"
		r.groups["Staff"] = []string{"k0", "k1"}
		r.ends(provision.Warning, provision.Request{})
		r.want("writes", r.writes(), []string(nil))
		if n, err := r.engine().Approve(r.Context(), nil); n != 6 || err != nil { // 3 users, the group, its members, the manager
			r.Errorf("approved %d: %v", n, err)
		}
		r.good(provision.Request{})
		r.agrees()
		r.quiet("always")
		r.people[1].department = "Space"
		r.ends(provision.Warning, provision.Request{})
		r.engine().Approve(r.Context(), nil)
		r.people[1].department = "Sea"
		r.ends(provision.Warning, provision.Request{})
		r.want("another change waits", departmentOf(r.user("p1")), "Sales")
	})
}

// TestGuards count over 24 hours and not per cycle, and each kind for itself.
func TestGuards(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("{from: department}", "{from: department, null: clear}").have(60)
		r.groups["Staff"] = keys(r.people)
		r.good(provision.Request{})
		leave := func(from, to int) {
			for i := from; i < to; i++ {
				r.remove(fmt.Sprintf("k%d", i))
			}
		}
		leave(0, 6)
		r.groups["Staff"] = keys(r.people)
		r.good(provision.Request{})
		r.want("six left", r.inactive(), 6)
		leave(6, 12)
		r.ends(provision.Warning, provision.Request{})
		r.want("six more on the same day", r.inactive(), 6)
		r.want("staged", len(r.staged()), 6)
		r.now = r.now.Add(25 * time.Hour)
		r.good(provision.Request{})
		r.want("on the next day", r.inactive(), 12)

		for i := 20; i < 35; i++ {
			r.person(fmt.Sprintf("k%d", i)).department = ""
		}
		r.person("k40").department = "Space"
		r.ends(provision.Warning, provision.Request{})
		r.want("fifteen cleared", departmentOf(r.user("p20")), "Sales")
		r.want("changed beside them", departmentOf(r.user("p40")), "Space")
		r.groups["Staff"] = keys(r.people[:20])
		r.ends(provision.Warning, provision.Request{})
		r.want("members stay", len(r.members("Staff")), 54)
		if _, err := r.engine().Approve(r.Context(), nil); err != nil {
			r.Fatal(err)
		}
		r.good(provision.Request{})
		r.want("cleared", departmentOf(r.user("p20")), "")
		r.want("members", r.members("Staff"), r.ids(names(r.people[:20])...))
	})
}

func keys(people []person) (list []string) {
	for _, p := range people {
		list = append(list, p.key)
	}
	return list
}

func names(people []person) (list []string) {
	for _, p := range people {
		list = append(list, p.name)
	}
	return list
}

func (r *rig) inactive() (n int) {
	for _, u := range r.target.Users() {
		if u["active"] == false {
			n++
		}
	}
	return n
}
