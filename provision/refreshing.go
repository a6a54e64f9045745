package provision

import (
	"context"
	"slices"

	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/scim"
)

// refresh reads those at the target who are linked and will be changed, unless
// they were all listed in this cycle: so nobody's later edit is overwritten
// unseen, and a plan shows what is there.
func (p *planner) refresh(ctx context.Context, subjects []*subject) error {
	var stale []*subject
	for _, s := range subjects {
		if s.trouble == nil && s.Target != "" && s.how == "" && p.stale(s) {
			stale = append(stale, s)
		}
	}
	return p.each(ctx, stale, func(ctx context.Context, s *subject) error {
		r, err := p.sp.Get(ctx, s.Type, s.Target)
		switch {
		case isNotFound(err):
			return p.vanish(ctx, s)
		case err != nil:
			return p.excuse(ctx, s, err)
		}
		p.breaker.went()
		s.read(p.rules(s.Type), r, p.App.Drift == DriftRepair)
		return nil
	})
}

// vanish begins anew with somebody whom the target has no more: what counts only
// for a creation counts now.
func (p *planner) vanish(ctx context.Context, s *subject) error {
	p.locked(func() { p.stats.Vanished++; p.lost = append(p.lost, s.Ref) })
	s.unlink()
	again, err := p.look(ctx, s.Object)
	if err != nil {
		return err
	}
	*s = *again
	if s.out || s.trouble != nil {
		return nil
	}
	if err := p.references(ctx, []*subject{s}); err != nil {
		return err
	}
	return p.matchOne(ctx, s)
}

// stale says that the subject is about to be changed, by a knowledge of the
// target that may be old. A PUT needs the whole resource, or it would take away
// what is not mapped.
func (p *planner) stale(s *subject) bool {
	switch {
	case s.out:
		// Taking access away is the same whatever else is there, and those who
		// wait for an admin are planned in every cycle: asking for each would be
		// thousands of requests for nothing.
		return p.replaces(s.Type) && s.Left == 0 && (s.decision.In || p.App.Leavers.disables())
	case len(s.known.values) == 0:
		return true // linked, and nothing was written yet
	case s.Left > 0:
		return true // targets hide whom they have disabled from lists
	case p.indexed && s.Type != groupType && !p.replaces(s.Type):
		return false
	}
	if len(p.differences(s, s.desired)) > 0 {
		return true
	}
	for _, v := range s.later.Values {
		if v.Key == membersPath && !sameMembers(texts(v.Value), texts(s.known.values[membersPath])) ||
			v.Key != membersPath && len(p.differences(s, Desired{[]DesiredValue{v}})) > 0 {
			return true
		}
	}
	return false
}

func (l Leavers) disables() bool {
	return l.action() == LeaveDisable || l.action() == LeaveDisableDelete
}

func sameMembers(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// differences are those that are worth a request: what the target made something
// else of, and what an admin changed there, is not sent again.
func (p *planner) differences(s *subject, d Desired) []Difference {
	rules := p.rules(s.Type)
	diffs := rules.Differences(d, s.current)
	if p.demand || len(s.known.sent)+len(s.known.drifted) == 0 {
		return diffs // who asks for one object wants to see what happens
	}
	return slices.DeleteFunc(diffs, func(d Difference) bool {
		return s.known.settled(d.Path, rules.Current(applied([]Difference{d}, s.current))[d.Path])
	})
}

// replaces says that the target wants PUT in the place of PATCH. Groups are
// changed by PATCH wherever there is one: a PUT would carry all their members.
func (c *run) replaces(typ string) bool {
	return c.profile.UsePUT && typ != groupType || !c.features.Patch
}

// read takes the resource for the truth about the target. Members that others
// added are not ours to remove, and are not noted.
func (s *subject) read(rules *Rules, r *scim.Resource, repair bool) {
	s.current = decode(string(r.JSON()))
	now := rules.Current(s.current)
	delete(now, membersPath)
	s.known.meet(now, repair)
	s.stored, s.Version, s.Written = s.known.values, string(r.Version()), s.known.encode()
}

// excuse turns an error about one object into its own trouble (I7). One that
// all others would meet too ends the cycle, and so do too many.
func (p *planner) excuse(ctx context.Context, s *subject, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if target.Classify(err).Class == target.Auth {
		return &targetError{err}
	}
	t := troubleOf(err)
	s.trouble = &t
	return p.breaker.failed(err)
}
