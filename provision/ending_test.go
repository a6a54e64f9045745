package provision_test

import (
	"context"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/target/hostile"
)

// next is when the application runs again by itself.
func (r *rig) next() time.Time {
	r.Helper()
	s, err := r.state().State(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	return time.UnixMicro(s.NextRun).UTC()
}

// TestNextAfterStop: what was stopped has more to do and does not wait for the
// schedule, and nor does a set-up that was changed while the last requests of
// the old one were on their way.
func TestNextAfterStop(t *testing.T) {
	for name, people := range map[string]int{"in the middle": 100, "at the end": 1} {
		t.Run(name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.have(people).save()
				r.target.Switch(func(w *hostile.Switches) { w.Slow = 10 * time.Millisecond })
				e := r.open()
				e.Parallel = 1
				e.Changed = func(context.Context) (bool, error) { return true, nil }
				c, err := e.Run(t.Context(), provision.Request{Actor: provision.BySchedule})
				if err != nil || c.Outcome == provision.Failure {
					t.Fatal(c, err)
				}
				r.want("outcome", c.Outcome == provision.Stopped, people > 1)
				r.want("next", r.next(), r.now)
			})
		})
	}
}

// TestNextWhileAdminIsWaitedFor: an object that waits for an admin is not
// waited for as one that is to be tried again, which would be at once, and
// again.
func TestNextWhileAdminIsWaitedFor(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(3)
		r.good(provision.Request{Actor: provision.BySchedule})
		r.people[1].department = "Space"
		r.target.Misbehave(hostile.Fault{Kind: hostile.Refuse, Method: "PATCH"})
		r.ends(provision.Warning, provision.Request{Actor: provision.BySchedule})
		if n := r.next().Sub(r.now); n > 5*time.Minute {
			t.Errorf("who failed is tried after %s", n)
		}
		r.target.Behave()
		r.with("approval: auto", "approval: always")
		for range 4 {
			r.now = r.now.Add(time.Hour)
			r.ends(provision.Warning, provision.Request{Actor: provision.BySchedule})
			r.want("staged", len(r.staged()), 1)
			if n := r.next().Sub(r.now); n < 30*time.Minute {
				t.Errorf("the next cycle comes after %s, and has nothing to do", n)
			}
		}
	})
}

// TestNobodyIsDueForEver: those who were disabled long ago and are not to be
// deleted, because they are in scope, protected, or an admin said no, are not
// looked at in every cycle.
func TestNobodyIsDueForEver(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("approval: auto", "approval: auto-except-removal").have(5)
		r.good(provision.Request{})
		r.people[1].disabled = true
		r.remove("k2", "k3")
		r.ends(provision.Warning, provision.Request{})
		if _, err := r.engine().Approve(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		r.good(provision.Request{})
		r.want("disabled", r.inactive(), 3)
		r.now = r.now.Add(40 * 24 * time.Hour)
		r.ends(provision.Warning, provision.Request{})
		r.want("to be deleted", len(r.staged()), 2)
		if _, err := r.engine().Reject(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		r.good(provision.Request{}) // notes what he said
		for range 3 {
			c := r.good(provision.Request{Actor: provision.BySchedule})
			if c.Kind != provision.Incremental {
				continue
			}
			r.want("looked at", r.log(c), "")
			r.want("requests", len(r.target.Requests()), 0)
		}
	})
}

// TestOtherTypesStayWhereTheyAre: objects that are not provisioned are not read
// in every cycle.
func TestOtherTypesStayWhereTheyAre(t *testing.T) {
	onRig(t, func(r *rig) {
		r.with("groups: {enabled: true}", "groups: {enabled: false}").have(3)
		r.groups["Staff"] = []string{"k0", "k1"}
		r.good(provision.Request{})
		r.save()
		s := &reading{Store: r.state()}
		e := r.open()
		e.Store = s
		if _, err := e.Run(t.Context(), provision.Request{Actor: provision.BySchedule}); err != nil {
			t.Fatal(err)
		}
		r.want("read", s.dirty, 0)
	})
}

// reading counts what a cycle reads because it is to be looked at.
type reading struct {
	provision.Store
	dirty int
}

func (s *reading) Objects(ctx context.Context, q provision.ObjectQuery) ([]*provision.Object, error) {
	list, err := s.Store.Objects(ctx, q)
	if q.Dirty {
		s.dirty += len(list)
	}
	return list, err
}
