package provision_test

import (
	"iter"
	"maps"
	"testing"

	"github.com/rollcall-scim/rollcall/provision"
)

func mapsKeys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// TestCycles is the life of an application: an initial cycle, nothing to do, a
// change, a leaver, a return.
func TestCycles(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(5)
		r.people[1].manager = "k0"
		r.people[0].manager = "k4"
		r.groups["Staff"] = []string{"k0", "k1", "k2"}
		c := r.good(provision.Request{})
		r.want("kind", c.Kind, provision.Initial)
		r.want("users", len(r.target.Users()), 5)
		r.want("groups", len(r.target.Groups()), 1)
		r.want("members", len(r.target.Group("Staff")["members"].([]any)), 3)
		r.want("created", c.Counted().Created, 6)

		c = r.good(provision.Request{})
		r.want("kind", c.Kind, provision.Incremental)
		r.want("writes when nothing changed", len(r.writes()), 0)

		c = r.good(provision.Request{Full: true})
		r.want("kind", c.Kind, provision.Full)
		r.want("writes of a full cycle when nothing changed (I4)", r.writes(), []string(nil))

		r.people[2].department = "Space"
		r.good(provision.Request{})
		r.want("writes of one change", len(r.writes()), 1)

		gone := r.people[3]
		r.people = append(r.people[:3:3], r.people[4])
		r.good(provision.Request{})
		r.want("a leaver is active", r.target.User("p3@contoso.test")["active"], false)

		r.people = append(r.people, gone)
		r.good(provision.Request{})
		r.want("who came back is active", r.target.User("p3@contoso.test")["active"], true)
		r.want("duplicates", r.target.Duplicates(), 0)
	})
}

// TestGoneIsForgotten: nothing of a person is kept when neither side has him.
func TestGoneIsForgotten(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("status: on", "status: on\nleavers: {action: delete}").have(20)
		r.good(provision.Request{})
		r.people = r.people[1:]
		r.good(provision.Request{})
		r.want("people at the target", len(r.target.Users()), 19)
		r.good(provision.Request{})
		left, err := r.store.Provision().Application(1, "app").ObjectsByKey(r.Context(), []provision.Key{{Type: "User", Anchor: "k0"}})
		if err != nil || len(left) != 0 {
			t.Errorf("of somebody who is gone on both sides there is still %v, %v", left, err)
		}
	})
}

// TestDriftIsTold: what somebody changed at the target is in the log, and put
// back only where the set-up says so.
func TestDriftIsTold(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(3)
		r.good(provision.Request{})
		r.change("p1@contoso.test", "displayName", "Changed by hand")
		c := r.cycle(provision.Request{Full: true})
		r.want("drifted", c.Counted().Drifted, 1)
		r.want("writes", len(r.writes()), 0)
		r.want("told", r.ops(c)[0].Name, "p1@contoso.test")
		r.with("status: on", "status: on\ndrift: repair")
		r.cycle(provision.Request{Full: true})
		r.want("put back", r.target.User("p1@contoso.test")["displayName"], "P1")
	})
}
