package provision_test

import (
	"testing"

	"github.com/rollcall-scim/rollcall/provision"
)

// waiting is an application in which k1 has left and waits for an admin.
func (r *rig) waiting() {
	r.Helper()
	r.with("approval: auto", "approval: auto-except-removal").have(6)
	r.good(provision.Request{})
	r.remove("k1")
	r.ends(provision.Warning, provision.Request{})
}

// TestWaitingLeavesOneRow: what waits is planned anew by every cycle, and a busy
// source must not leave a row behind for each.
func TestWaitingLeavesOneRow(t *testing.T) {
	onRig(t, func(r *rig) {
		r.waiting()
		for _, department := range []string{"a", "b", "c", "d"} {
			r.people[0].department = department
			r.ends(provision.Warning, provision.Request{})
		}
		ops, err := r.state().Ops(r.Context(), provision.OpQuery{Person: "k1"})
		if err != nil {
			t.Fatal(err)
		}
		r.want("rows", len(ops), 2) // he was created, and waits
	})
}

// TestApproveSeen: an approval is of what was seen, and not of what came since.
func TestApproveSeen(t *testing.T) {
	onRig(t, func(r *rig) {
		r.waiting()
		e := r.engine()
		seen, err := e.Seen(r.Context()) // no plan was looked at: what waits now
		if err != nil {
			t.Fatal(err)
		}
		r.remove("k2")
		r.ends(provision.Warning, provision.Request{})
		approve := func(seen *provision.Seen, want, left int) {
			t.Helper()
			n, unseen, err := e.ApproveSeen(r.Context(), seen)
			if n != want || unseen != left || err != nil {
				t.Errorf("%d approved, %d left: %v", n, unseen, err)
			}
		}
		approve(seen, 1, 1)
		r.ends(provision.Warning, provision.Request{})
		r.want("left", r.inactive(), 1)

		r.cycle(provision.Request{PlanOnly: true}) // shows k2
		r.remove("k3")
		for range 3 {
			r.ends(provision.Warning, provision.Request{})
		}
		if seen, err = e.Seen(r.Context()); err != nil {
			t.Fatal(err)
		}
		r.want("seen", seen.Plan.OnlyPlanned(), true)
		approve(seen, 1, 1)
		r.ends(provision.Warning, provision.Request{})
		r.want("staged", len(r.staged()), 1)
		r.want("left", r.inactive(), 2)
		r.want("who was not seen", r.user("p3")["active"], true)
	})
}

// TestTakeBack: who was rejected is counted, and asked about again when the
// refusal is taken back.
func TestTakeBack(t *testing.T) {
	onRig(t, func(r *rig) {
		r.waiting()
		r.remove("k2")
		r.ends(provision.Warning, provision.Request{})
		e := r.engine()
		if n, err := e.Reject(r.Context(), nil); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		rejected := func(want int) {
			t.Helper()
			c, err := r.state().CountObjects(r.Context())
			if err != nil || c.Rejected != want {
				t.Errorf("%d rejected, want %d: %v", c.Rejected, want, err)
			}
		}
		r.good(provision.Request{})
		rejected(2)
		if n, err := e.TakeBack(r.Context(), []string{"p2@contoso.test"}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		rejected(1)
		r.ends(provision.Warning, provision.Request{})
		r.want("asked again", r.staged()[0].Name, "p2@contoso.test")
		if n, err := e.TakeBack(r.Context(), nil); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		rejected(0)
		r.ends(provision.Warning, provision.Request{})
		r.want("both", len(r.staged()), 2)
	})
}
