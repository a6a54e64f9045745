package provision_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/target/hostile"
)

// cutOff is a database that cannot be reached any more for leases.
type cutOff struct {
	provision.Store
	taken bool
}

func (c *cutOff) Lease(ctx context.Context, owner string, now, until int64) error {
	if c.taken {
		<-ctx.Done()
		return ctx.Err()
	}
	c.taken = true
	return c.Store.Lease(ctx, owner, now, until)
}

// TestLeaseLost: whoever cannot prolong his lease stops when it ends, for
// another one may have begun, and leaves it to him to say how the cycle ended.
func TestLeaseLost(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(200).save()
		r.target.Switch(func(w *hostile.Switches) { w.Slow = 50 * time.Millisecond })
		e := r.open()
		e.Store, e.Parallel = &cutOff{Store: r.state()}, 1
		provision.LeaseFor(e, 500*time.Millisecond)
		if _, err := e.Run(t.Context(), provision.Request{}); !errors.Is(err, provision.ErrLeased) {
			t.Errorf("ended with %v", err)
		}
		// How many were made depends on the machine; all would be as without a lease.
		if n := len(r.target.Users()); n > 100 {
			t.Errorf("%d people were made in half a second, one in 50 ms", n)
		}
		r.target.Switch(func(w *hostile.Switches) { w.Slow = 0 })
		r.good(provision.Request{})
		r.want("people", len(r.target.Users()), 200)
	})
}
