package provision_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/target/hostile"
	"github.com/rollcall-scim/rollcall/scim"
)

// TestI1CompleteRead: nobody is taken for gone by a source that was not read to
// its end, or that lost so many that it is more likely to be wrong.
func TestI1CompleteRead(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(60).good(provision.Request{})
		all := r.people
		for name, spoil := range map[string]func(){
			"cut in a quoted field": func() {
				r.write("users.csv", "key,userPrincipalName,displayName,department,manager,accountEnabled\nk0,\"p0@conto")
			},
			"no key column":      func() { r.write("users.csv", "userPrincipalName\np0@contoso.test\n") },
			"empty file":         func() { r.write("users.csv", "") },
			"only a header":      func() { r.people = nil; r.save() },
			"a third is missing": func() { r.people = all[20:]; r.save() },
		} {
			r.people = all
			r.save()
			spoil()
			r.now = r.now.Add(time.Minute)
			r.target.ForgetRequests()
			c, err := r.engine().Run(r.Context(), provision.Request{Full: true})
			if err != nil {
				r.Fatal(err)
			}
			if c.Outcome == provision.Success || c.Complete {
				r.Errorf("%s: the cycle ended with %s, complete: %t", name, c.Outcome, c.Complete)
			}
			r.want(name+": writes", r.writes(), []string(nil))
		}
		r.people = all[20:]
		c := r.ends(provision.Warning, provision.Request{AcceptShrink: true})
		r.want("who is gone waits for the guard", c.Counted().Staged, 20)
		r.people = all
		r.good(provision.Request{Full: true})
		r.agrees()
	})
}

// TestI2Ownership: what others have at the target is not touched, in a group
// neither.
func TestI2Ownership(t *testing.T) {
	randomly(t, 3, func(r *rig, random *rand.Rand) {
		r.with("approval: auto", "approval: auto\nguards: {deprovision: {off: true}, members: {off: true}, clear: {off: true}}")
		r.have(8)
		client := r.client()
		ghost := r.make(client, "User", scim.Object{"userName": "ghost@contoso.test", "active": true})
		foreign := r.make(client, "Group", scim.Object{"displayName": "Foreign", "members": []any{scim.Object{"value": ghost}}})
		staff := r.make(client, "Group", scim.Object{"displayName": "Staff", "members": []any{scim.Object{"value": ghost}}})
		r.groups["Staff"] = []string{"k0", "k1"}
		next := 100
		for range 6 {
			r.cycle(provision.Request{Full: random.IntN(2) == 0})
			for _, q := range r.target.Writes() {
				if strings.HasSuffix(q.Path, "/"+ghost) || strings.HasSuffix(q.Path, "/"+foreign) {
					r.Errorf("%s %s of somebody else's", q.Method, q.Path)
				}
			}
			if g := r.target.Group("Staff"); g == nil || idOf(g) != staff || !slices.Contains(r.members("Staff"), ghost) {
				r.Errorf("Staff is %v", g)
			}
			r.live(random, &next)
			r.groups["Staff"] = r.some(random)
		}
	})
}

// TestI3FullEvaluation: a mapping sees all of an object whose every change came
// alone; it reads attributes that did not change with it.
func TestI3FullEvaluation(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("displayName: {from: displayName}", `displayName: {expression: 'Join(" ", [displayName], [department], [manager])'}`)
		r.have(3).good(provision.Request{})
		r.people[1].department = "Space"
		r.good(provision.Request{})
		r.want("after the department", r.user("p1")["displayName"], "P1 Space")
		r.people[1].manager = "k0"
		r.good(provision.Request{})
		r.want("after the manager", r.user("p1")["displayName"], "P1 Space k0")
	})
}

// TestI4Idempotence: where nothing changed nothing is written; an incremental
// cycle asks nothing at all, a full one once for a hundred people.
func TestI4Idempotence(t *testing.T) {
	for name, target := range map[string]struct {
		between  meddler
		switches hostile.Switches
		profile  string
	}{
		"good":             {},
		"without PATCH":    {between: meddler{noPatch: true}},
		"like Okta's":      {profile: "okta-like"},
		"silent":           {between: meddler{silent: true}},
		"normalising":      {between: meddler{shout: true, deaf: true}},
		"silent, deaf":     {between: meddler{silent: true, deaf: true}},
		"without versions": {switches: hostile.Switches{NoETags: true}},
		"strict":           {switches: hostile.Switches{Strict: true}},
		"undescribed":      {switches: hostile.Switches{NoDiscovery: true}},
	} {
		t.Run(name, func(t *testing.T) {
			randomly(t, 2, func(r *rig, random *rand.Rand) {
				r.between = &target.between
				r.target.Switch(func(w *hostile.Switches) { *w = target.switches })
				r.with("approval: auto", "approval: auto\nguards: {deprovision: {off: true}, members: {off: true}, clear: {off: true}}")
				if target.profile != "" {
					r.with("token:", "profile: "+target.profile+", token:")
				}
				if random.IntN(2) == 0 {
					r.with("{from: department}", "{from: department, null: clear}")
				}
				r.have(5)
				next := 100
				for range 4 {
					for range random.IntN(6) {
						r.live(random, &next)
					}
					r.good(provision.Request{})
					if !target.between.deaf {
						r.agrees()
					}
					r.quiet(name)
				}
				// Everything is looked at again, and there is nothing to write.
				r.with("displayName: {from: displayName}", `displayName: {expression: 'Join("", [displayName], "")'}`)
				c := r.good(provision.Request{})
				r.want(name+": kind after another set-up", c.Kind, provision.Full)
				r.want(name+": writes after another set-up", r.writes(), []string(nil))
			})
		})
	}
}

// quiet runs cycles that must find nothing to do.
func (r *rig) quiet(name string) {
	r.Helper()
	r.good(provision.Request{})
	r.want(name+": requests of an incremental cycle", r.requests(), []string(nil))
	r.good(provision.Request{Full: true})
	r.want(name+": writes of a full cycle", r.writes(), []string(nil))
	if most := 2 + (len(r.target.Users())+len(r.target.Groups()))/100; len(r.requests()) > most {
		r.Errorf("%s: %d requests of a full cycle: %v", name, len(r.requests()), r.requests())
	}
}

// TestI6PlanFidelity: what a plan says is what is sent, to the byte.
func TestI6PlanFidelity(t *testing.T) {
	randomly(t, 6, func(r *rig, random *rand.Rand) {
		r.have(6)
		next := 100
		for i := range 4 {
			for range 4 {
				r.live(random, &next)
			}
			q := provision.Request{Full: i == 2}
			q.PlanOnly = true
			r.cycle(q)
			r.want("writes of a plan", r.writes(), []string(nil))
			planned := r.ops(r.lastCycle())
			r.now = r.now.Add(-time.Minute) // the clock stands still
			q.PlanOnly = false
			r.cycle(q)
			r.faithful(planned)
		}
	})
}

// faithful compares what was planned with what the target was sent. The ids of
// those who were created on the way stand where the plan had none.
func (r *rig) faithful(planned []*provision.Op) {
	r.Helper()
	var want, got []string
	for _, op := range planned {
		if op.State != provision.Planned || op.Method == "" {
			continue
		}
		body, missing := provision.Resolve([]byte(op.Body), func(k provision.Key) (string, bool) {
			id := r.object(k.Anchor).Target
			return id, id != ""
		})
		if len(missing) > 0 {
			r.Errorf("nobody got an id for %v", missing)
		}
		want = append(want, op.Method+" "+string(body))
	}
	for _, q := range r.target.Writes() {
		got = append(got, q.Method+" "+q.Body)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		r.Errorf("planned:\n%s\nsent:\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
}

// TestI7Isolation: whoever the target refuses, and whoever the source has twice,
// stops nobody else.
func TestI7Isolation(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(30)
		r.people[3].manager = "k7"
		r.people[4].name = "p5"
		r.target.Switch(func(w *hostile.Switches) { w.Reject = map[string]int{"p7@contoso.test": 400, "p8@contoso.test": 409} })
		r.target.Misbehave(hostile.Fault{Kind: hostile.WebPage, Method: "POST", Body: "p9@contoso.test", Times: 1})
		r.target.Misbehave(hostile.Fault{Kind: hostile.Refuse, Status: 403, Method: "POST", Body: "p10@contoso.test", Times: 1})
		r.people = append(r.people, person{key: "k11", name: "double"})
		r.groups["Staff"] = []string{"k1", "k7", "k3"}
		c := r.ends(provision.Warning, provision.Request{})
		r.want("users", len(r.target.Users()), 25)
		r.want("failed", c.Counted().Failed, 5) // 7, 8, 10, the double 11, and one of the two p5; 9 was sent again
		r.want("members", r.members("Staff"), r.ids("p1", "p3"))
		r.target.Behave()
		r.now = r.now.Add(time.Hour)
		r.cycle(provision.Request{})
		r.want("members later", r.members("Staff"), r.ids("p1", "p3", "p7"))
		r.want("manager later", managerOf(r.user("p3")), idOf(r.user("p7")))
	})
}

// TestI8Order: users, groups, memberships and references, and only then what is
// taken away, memberships before objects.
func TestI8Order(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("approval: auto", "approval: auto\nleavers: {action: delete}")
		r.have(12)
		r.people[0].manager = "k9"
		r.groups["Old"], r.groups["Staff"] = []string{"k1", "k2"}, []string{"k1", "k2", "k3"}
		r.good(provision.Request{})
		r.ordered()

		delete(r.groups, "Old")
		r.groups["Staff"], r.groups["New"] = []string{"k1", "n0"}, []string{"n1"}
		r.remove("k2", "k3")
		r.people[4].department = "Space"
		r.people = append(r.people, person{key: "n0", name: "n0", manager: "n1"}, person{key: "n1", name: "n1"})
		r.good(provision.Request{})
		r.ordered()
		r.want("deleted", r.target.User("p2@contoso.test") == nil && r.target.Group("Old") == nil, true)
	})
}

// ordered looks at the target's log.
func (r *rig) ordered() {
	r.Helper()
	rank := func(q hostile.Request) int {
		group, members := strings.HasPrefix(q.Path, "/Groups"), strings.Contains(q.Body, `"members`)
		switch {
		case q.Method == "DELETE" && group:
			return 6
		case q.Method == "DELETE":
			return 7
		case q.Method == "PATCH" && strings.Contains(q.Body, `User:manager"`):
			return 4
		case group && members:
			return 3
		case group:
			return 2
		}
		return 1
	}
	last := 0
	for _, q := range r.target.Writes() {
		if n := rank(q); n < last {
			r.Errorf("%s %s %s came after rank %d", q.Method, q.Path, q.Body, last)
		} else {
			last = n
		}
	}
	if last == 0 {
		r.Error("nothing was written")
	}
}

// requests are those about people and groups.
func (r *rig) requests() (list []string) {
	for _, q := range r.target.Requests() {
		if !strings.HasPrefix(q.Path, "/Users") && !strings.HasPrefix(q.Path, "/Groups") {
			continue // what the server is, asked once an hour
		}
		list = append(list, fmt.Sprint(q.Method, " ", q.Path, "?", q.Query))
	}
	return list
}

func (r *rig) lastCycle() *provision.Cycle {
	r.Helper()
	list, err := r.state().Cycles(r.Context(), 0, 1)
	if err != nil || len(list) == 0 {
		r.Fatal(list, err)
	}
	return list[0]
}
