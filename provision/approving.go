package provision

import (
	"encoding/json/v2"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// approve asks whether the operation may be done without an admin's word, and
// whether he has given it.
func (p *planner) approve(s *subject, op *Op) {
	if op.State != Planned || p.demand {
		return
	}
	var print string
	held := strings.Fields(s.Held)
	if len(held) > 0 {
		print = p.rules(s.Type).fingerprint(op)
	}
	if slices.Contains(held, rejected+print) {
		op.State, op.Guard = Rejected, "an admin rejected it"
		p.stats.Planned--
		return
	}
	if slices.Contains(held, "approved:"+print) {
		op.Guard = approved
		return
	}
	switch {
	case p.App.Approval == Always:
		op.Guard = "every change waits for an admin"
	case p.App.Approval != Auto && (op.Losing == LosesAccess || op.Losing == LosesMembers):
		op.Guard = "what takes access away waits for an admin"
	default:
		return
	}
	op.State = Staged
	p.stats.Planned--
	p.stats.Staged++
}

const approved = "approved"

// Rejected says that an admin refused what a plan had for the object, and that
// nothing has come since that would be another change.
func (o *Object) Rejected() bool { return strings.Contains(o.Held, rejected) }

// fingerprint is what an admin's word is about: the same operation planned again
// has the same, and one with other values another.
func (r *Rules) fingerprint(op *Op) string {
	h := fnv.New64a()
	fmt.Fprintln(h, op.Action, op.Method)
	var diffs []Difference
	_ = json.Unmarshal([]byte(op.Diff), &diffs) // written by us
	for _, d := range diffs {
		if r.volatile(d.Path) {
			d.New = nil
		}
		fmt.Fprintln(h, d.Path, encode(d.New), encode(d.Old))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}
