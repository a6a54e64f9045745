package provision_test

import (
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/scim"
)

// TestMatching: none, one, several; by precedence, by rules of two attributes,
// with nobody given another's account.
func TestMatching(t *testing.T) {
	for name, full := range map[string]bool{"listed": true, "looked up": false} {
		t.Run(name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.with("displayName: {from: displayName}", "displayName: {from: displayName, match: 2}\n    externalId: {from: key, match: 3}")
				if !full { // the initial cycle is over before anybody is there
					r.have(0).people = []person{{key: "z", name: "z"}}
					r.good(provision.Request{})
				}
				c := r.client()
				byName := r.make(c, "User", scim.Object{"userName": "P0@Contoso.test", "displayName": "P3", "title": "Kept"})
				bySecond := r.make(c, "User", scim.Object{"userName": "other", "displayName": "P1"})
				r.make(c, "User", scim.Object{"userName": "one", "displayName": "P2"})
				r.make(c, "User", scim.Object{"userName": "two", "displayName": "P2"})
				r.make(c, "User", scim.Object{"userName": "case", "externalId": "K4"}) // k4 is somebody else
				r.people = append(r.people, person{key: "k0", name: "p0"}, person{key: "k1", name: "p1"}, person{key: "k2", name: "p2"}, person{key: "k3", name: "p3"}, person{key: "k4", name: "p4"})
				before := len(r.target.Users())
				cycle := r.cycle(provision.Request{})
				r.want("by the first rule", r.object("k0").Target, byName)
				r.want("what is not mapped", r.user("p0")["title"], "Kept")
				r.want("by the second rule", r.object("k1").Target, bySecond)
				r.want("renamed", idOf(r.user("p1")), bySecond)
				if e := r.object("k2"); e.Target != "" || !strings.Contains(e.Error, "DuplicateTargetEntries") || !strings.Contains(e.Error, "one (") {
					r.Errorf("two candidates: %+v", e)
				}
				r.want("made", len(r.target.Users())-before, 2-r.already("k3")) // p3 would take p0's by displayName, were it free
				r.want("in another case", r.object("k4").Matched, "created")
				r.want("outcome", cycle.Outcome, provision.Warning)
				r.now = r.now.AddDate(0, 0, 1)
				if _, err := r.engine().Link(r.Context(), "k2", idOf(r.target.User("one"))); err != nil {
					r.Fatal(err)
				}
				r.cycle(provision.Request{})
				r.want("linked by hand", r.user("p2")["displayName"], "P2")
			})
		})
	}
}

// already is 1 where somebody could not be created, for his account is
// another's.
func (r *rig) already(key string) int {
	if r.object(key).Target == "" {
		return 1
	}
	return 0
}

// TestCompound: attributes of one precedence have to agree.
func TestCompound(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("userName: {from: userPrincipalName, match: 1}", "userName: {from: userPrincipalName}",
			"displayName: {from: displayName}", "displayName: {from: displayName, match: 1}\n    title: {from: department, match: 1}")
		r.have(2)
		c := r.client()
		r.make(c, "User", scim.Object{"userName": "half", "displayName": "P0", "title": "Space"})
		both := r.make(c, "User", scim.Object{"userName": "both", "displayName": "p1", "title": "sales"})
		r.good(provision.Request{})
		r.want("one of two", r.object("k0").Matched, "created")
		r.want("both", r.object("k1").Target, both)
		r.want("how", r.object("k1").Matched, "matched by displayName and title")
	})
}

// TestOneAccountEach: two of the source who match one at the target, or have the
// same name and are both new, do not share an account.
func TestOneAccountEach(t *testing.T) {
	onRig(t, func(r *rig) {
		r.people = []person{{key: "a", name: "same"}, {key: "b", name: "same"}, {key: "c", name: "new"}, {key: "d", name: "NEW"}}
		id := r.make(r.client(), "User", scim.Object{"userName": "same@contoso.test"})
		r.ends(provision.Warning, provision.Request{})
		r.want("users", len(r.target.Users()), 2)
		r.want("the first has it", r.object("a").Target, id)
		for _, key := range []string{"b", "d"} {
			if o := r.object(key); o.Target != "" || !strings.Contains(o.Error, "DuplicateSourceEntries") {
				r.Errorf("%s: %+v", key, o)
			}
		}
		r.person("d").name = "other"
		r.cycle(provision.Request{})
		r.want("users when one was corrected", len(r.target.Users()), 3)
		r.people = append(r.people, person{key: "e", name: "other"})
		r.cycle(provision.Request{})
		if o := r.object("e"); !strings.Contains(o.Error, "DuplicateSourceEntries") {
			r.Errorf("e: %+v", o)
		}
	})
}

// TestProtected: whoever is protected is not touched, and not linked.
func TestProtected(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("approval: auto", "approval: auto\nprotected: [P1@contoso.test, k2]")
		r.have(4)
		r.people[3].manager = "k2"
		root := r.make(r.client(), "User", scim.Object{"userName": "p1@contoso.test", "displayName": "Root"})
		r.good(provision.Request{})
		r.want("protected", r.target.User("p1@contoso.test")["displayName"], "Root")
		r.want("users", len(r.target.Users()), 3)
		r.remove("k1")
		r.good(provision.Request{})
		r.want("gone and protected", r.target.User("p1@contoso.test") != nil, true)
		r.want("link", r.target.User("p1@contoso.test")["id"], root)
		r.quiet("protected")
	})
}
