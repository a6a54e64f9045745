package provision_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// more is how often random tests run: a few times, or as often as
// ROLLCALL_MORE=1 has time for.
func more(n int) int {
	if os.Getenv("ROLLCALL_MORE") == "1" {
		return n * 20
	}
	return n
}

// randomly runs the test n times on one SQLite database, each time with another
// application, target and source.
func randomly(t *testing.T, n int, test func(*rig, *rand.Rand)) {
	t.Parallel()
	store := storetest.Open(t, storetest.SQLite(t))
	first := rand.Uint64()
	for i := range more(n) {
		seed := first + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRig(t, store)
			r.id = fmt.Sprintf("app%d", i)
			test(r, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

// live makes some of what happens in a company happen.
func (r *rig) live(random *rand.Rand, next *int) {
	for range 1 + random.IntN(4) {
		switch n := len(r.people); random.IntN(8) {
		case 0, 1:
			r.people = append(r.people, person{key: fmt.Sprintf("k%03d", *next), name: fmt.Sprintf("p%03d", *next), department: "Sales"})
			*next++
		case 2:
			if n > 4 {
				i := random.IntN(n)
				r.people = slices.Delete(r.people, i, i+1)
			}
		case 3:
			p := &r.people[random.IntN(n)]
			p.department = pick(random, "Sales", "Space", "", "R&D \"x\"")
		case 4:
			r.people[random.IntN(n)].manager = r.people[random.IntN(n)].key
		case 5:
			p := &r.people[random.IntN(n)]
			p.disabled = !p.disabled
		case 6:
			r.groups[pick(random, "Staff", "Sales", "Board")] = r.some(random)
		case 7:
			if p := &r.people[random.IntN(n)]; random.IntN(2) == 0 {
				p.name += "x"
			}
		}
	}
}

func (r *rig) some(random *rand.Rand) (keys []string) {
	for _, p := range r.people {
		if random.IntN(2) == 0 {
			keys = append(keys, p.key)
		}
	}
	return keys
}

func pick(random *rand.Rand, of ...string) string { return of[random.IntN(len(of))] }

// person finds somebody of the source by his key.
func (r *rig) person(key string) *person {
	i := slices.IndexFunc(r.people, func(p person) bool { return p.key == key })
	if i < 0 {
		return nil
	}
	return &r.people[i]
}

// remove takes people out of the source.
func (r *rig) remove(keys ...string) {
	r.people = slices.DeleteFunc(r.people, func(p person) bool { return slices.Contains(keys, p.key) })
}

// user is somebody at the target, who must be there.
func (r *rig) user(name string) scim.Object {
	r.Helper()
	u := r.target.User(name + "@contoso.test")
	if u == nil {
		r.Fatalf("the target has no %s", name)
	}
	return u
}

func idOf(o scim.Object) string {
	id, _ := o["id"].(string)
	return id
}

func enterpriseOf(u scim.Object) scim.Object {
	e, _ := u[scim.EnterpriseSchema].(scim.Object)
	return e
}

func departmentOf(u scim.Object) string {
	d, _ := enterpriseOf(u)["department"].(string)
	return d
}

func managerOf(u scim.Object) string {
	m, _ := enterpriseOf(u)["manager"].(scim.Object)
	id, _ := m["value"].(string)
	return id
}

// members are the ids of a group at the target, sorted.
func (r *rig) members(group string) (ids []string) {
	r.Helper()
	g := r.target.Group(group)
	if g == nil {
		r.Fatalf("the target has no group %s", group)
	}
	list, _ := g["members"].([]any)
	for _, m := range list {
		ids = append(ids, m.(scim.Object)["value"].(string))
	}
	slices.Sort(ids)
	return ids
}

// ids are those of people at the target, sorted.
func (r *rig) ids(names ...string) (ids []string) {
	r.Helper()
	for _, n := range names {
		ids = append(ids, idOf(r.user(n)))
	}
	slices.Sort(ids)
	return ids
}

// agrees compares the target with the source, for a set-up that provisions
// everybody.
func (r *rig) agrees() {
	r.Helper()
	r.want("duplicates", r.target.Duplicates(), 0)
	for _, p := range r.people {
		u := r.target.User(p.name + "@contoso.test")
		switch {
		case u == nil && p.disabled:
			continue
		case u == nil:
			r.Errorf("%s is not at the target", p.name)
			continue
		}
		r.want(p.name+" active", u["active"], !p.disabled)
		if p.department != "" && !p.disabled {
			r.want(p.name+"'s department", departmentOf(u), p.department)
		}
		if m := r.person(p.manager); m != nil && !p.disabled {
			if boss := r.target.User(m.name + "@contoso.test"); boss != nil {
				r.want(p.name+"'s manager", managerOf(u), idOf(boss))
			}
		}
	}
	for name, keys := range r.groups {
		var want []string
		for _, k := range keys {
			p := r.person(k)
			if p == nil {
				continue
			}
			if u := r.target.User(p.name + "@contoso.test"); u != nil {
				want = append(want, idOf(u))
			}
		}
		has := r.members(name)
		for _, id := range want {
			if !slices.Contains(has, id) {
				r.Errorf("%s lacks %s: it has %v", name, id, has)
			}
		}
	}
}

// object is what is kept of one of the source.
func (r *rig) object(key string) *provision.Object {
	r.Helper()
	found, err := r.state().ObjectsByKey(r.Context(), []provision.Key{{Type: "User", Anchor: key}, {Type: "Group", Anchor: key}})
	if err != nil || len(found) != 1 {
		r.Fatalf("object %s: %v %v", key, found, err)
	}
	return found[0]
}

// settled runs a cycle and says how it must end.
func (r *rig) ends(outcome string, q provision.Request) *provision.Cycle {
	r.Helper()
	c := r.cycle(q)
	if c.Outcome != outcome {
		r.Fatalf("the cycle ended with %s and not %s: %s\n%s", c.Outcome, outcome, c.Message, r.log(c))
	}
	return c
}

func (r *rig) staged() (ops []*provision.Op) {
	r.Helper()
	ops, err := r.state().Ops(r.Context(), provision.OpQuery{States: []string{provision.Staged}})
	if err != nil {
		r.Fatal(err)
	}
	return ops
}
