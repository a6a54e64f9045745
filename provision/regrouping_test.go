package provision_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rollcall-scim/rollcall/provision"
)

// counted counts what scoping reads and writes.
type counted struct {
	provision.Store
	read, written int
}

func (c *counted) ObjectsByRef(ctx context.Context, refs []string) ([]*provision.Object, error) {
	c.read += len(refs)
	return c.Store.ObjectsByRef(ctx, refs)
}

func (c *counted) PutScope(ctx context.Context, objects []*provision.Object) error {
	c.written += len(objects)
	return c.Store.PutScope(ctx, objects)
}

// TestAssignmentsThatStay: a new person and a changed group write the rows of
// those whose assignment changed, and of nobody else.
func TestAssignmentsThatStay(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("{sync: all}", "{sync: assigned, groups: [All], users: [p1@contoso.test]}", "groups: {enabled: true}", "groups: {enabled: false}")
		r.have(600)
		r.groups["All"] = append(keys(r.people[:500]), "g-Sales")
		r.groups["Sales"] = keys(r.people[400:550])
		r.good(provision.Request{})
		cycle := func(what string, read, written int) {
			t.Helper()
			e := r.engine()
			c := &counted{Store: r.state()}
			e.Store = c
			r.good(provision.Request{})
			e.Store = c.Store
			if c.read > read || c.written != written {
				t.Errorf("%s: %d rows read, %d written", what, c.read, c.written)
			}
		}
		r.people = append(r.people, person{key: "new", name: "new"})
		cycle("somebody new", 5, 0)
		r.groups["All"] = append(r.groups["All"], "new")
		cycle("a member more", 5, 1)
		r.want("via", r.object("new").Via, "All")
		r.groups["Sales"] = append(r.groups["Sales"], "k590")
		cycle("a member more of a group within", 5, 1)
		r.want("via", r.object("k590").Via, "All > Sales")
		r.groups["All"] = slices.DeleteFunc(r.groups["All"], func(key string) bool { return key == "k450" || key == "k7" || key == "k1" })
		cycle("three members less", 20, 2)
		r.want("another way", r.object("k450").Via, "All > Sales")
		r.want("direct", r.object("k1").Via, "direct")
		r.want("left", r.user("p7")["active"], false)
		r.groups["Else"] = []string{"k7", "k8"}
		cycle("a group of no concern", 5, 0)
		cycle("nothing", 0, 0)
		slices.Reverse(r.groups["All"])
		r.groups["All"] = append(r.groups["All"], "g-Sales")
		cycle("the same members in another order, one twice", 5, 0)
	})
}

// TestAssignmentsAsWithEverybody: whatever happens, the assignments are those that
// looking at everybody finds.
func TestAssignmentsAsWithEverybody(t *testing.T) {
	randomly(t, 6, func(r *rig, random *rand.Rand) {
		nested := pick(random, "on", "1", "off")
		r.with("{sync: all}", "{sync: assigned, groups: [Staff, Board], users: [p001@contoso.test, k005], nested: "+nested+"}", "approval: auto", "approval: auto\nguards: {shrink: {off: true}, members: {off: true}, deprovision: {off: true}}")
		r.have(6)
		next := 6
		for range 25 {
			r.live(random, &next)
			for name := range maps.Clone(r.groups) {
				switch random.IntN(6) {
				case 0:
					r.groups[name] = append(r.groups[name], "g-"+pick(random, "Staff", "Sales", "Board", "Deep"))
				case 1:
					if len(r.groups) > 1 && random.IntN(3) == 0 {
						delete(r.groups, name)
					}
				case 2:
					r.groups["Deep"] = r.some(random)
				}
			}
			r.cycle(provision.Request{})
			if got, want := r.assignments(r.id), r.afresh(); got != want {
				t.Fatalf("nested %s, groups %v\nassigned %s\nwant     %s", nested, r.groups, got, want)
			}
		}
	})
}

// afresh is what an application finds that has never run before.
func (r *rig) afresh() string {
	was := r.id
	defer func() { r.id, r.opened = was, nil }()
	r.id, r.opened = r.id+"-afresh", nil
	if err := r.state().Forget(r.Context()); err != nil {
		r.Fatal(err)
	}
	r.cycle(provision.Request{PlanOnly: true})
	return r.assignments(r.id)
}

func (r *rig) assignments(app string) string {
	objects, err := r.store.Provision().Application(1, app).Objects(r.Context(), provision.ObjectQuery{Limit: 10_000})
	if err != nil {
		r.Fatal(err)
	}
	var list []string
	for _, o := range objects {
		if o.Assigned > 0 && !o.Gone {
			list = append(list, fmt.Sprintf("%s %s", o.Anchor, o.Via))
		}
	}
	return fmt.Sprint(list)
}

// failing cannot write assignments.
type failing struct{ provision.Store }

func (failing) PutScope(context.Context, []*provision.Object) error {
	return errors.New("the database is away")
}

// TestAssignmentsAfterATrouble: a cycle that read who came into a group, and ended
// before it was noted who is assigned, leaves that to the next one.
func TestAssignmentsAfterATrouble(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("{sync: all}", "{sync: assigned, groups: [All]}")
		r.have(4)
		r.groups["All"] = keys(r.people[:2])
		r.good(provision.Request{})
		r.groups["All"] = keys(r.people[:3])
		e := r.engine()
		e.Store = failing{r.state()}
		r.ends(provision.Failure, provision.Request{})
		e.Store = r.state()
		r.good(provision.Request{})
		r.want("via", r.object("k2").Via, "All")
		r.want("came", r.user("p2")["active"], true)
	})
}
