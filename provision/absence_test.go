package provision_test

import (
	"testing"

	"github.com/rollcall-scim/rollcall/provision"
)

// TestNoGroupsAtAll: a source without any group is more likely to be wrong than
// to have lost them all, however few they were among the people (invariant I1).
func TestNoGroupsAtAll(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(4)
		r.groups["Staff"] = nil
		r.good(provision.Request{})
		clear(r.groups) // and groups.csv with them
		for range 2 {
			r.ends(provision.Warning, provision.Request{Full: true})
			r.want("writes", r.writes(), []string(nil))
		}
		r.good(provision.Request{AcceptShrink: true})
		r.want("accepted", len(r.target.Groups()), 0)
	})
}
