package provision

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/scim"
)

// planner makes a cycle's plan: the operations that take the target to where the
// set-up wants it. It reads, and writes nothing but the plan (invariant: a plan
// sends only GET).
type planner struct {
	*run
	ops     []*Op
	changed []*Object // of which something was learned
	over    []Key     // gone from both sides
	counts  map[int]int64
	// claimed are targets that this plan links, by hash: eight bytes each, so
	// that it may be a million.
	claimed map[uint64]struct{}
	// matched are the targets of objects that this plan is to link, so that
	// references to them are known to be there; not of all, where there are many.
	matched map[Key]string
	mu      sync.Mutex     // over claimed, matched and what locked is for: look-ups run beside each other
	lost    []string       // refs of objects that the target turned out not to have
	looked  func(*subject) // is shown every subject; nil: nobody
	writing chan error     // tells how writing down the last operations went; nil: none are being written
}

// subject is one object while it is being planned.
type subject struct {
	*Object
	record   *source.Record
	decision Decision
	out      bool // out of scope, disabled or gone: IsSoftDeleted
	desired  Desired
	waits    []string       // refs of objects that are not there yet
	later    Desired        // references to objects that have no id yet
	current  map[string]any // the target's resource, as far as it is known, with what is planned in it; nil: none
	known    knowledge
	stored   map[string]any // what Object.Written will say by the time of the next operation
	found    *TargetObject  // who it is at the target, before it is linked; nil: nobody
	by       []MatchTerm    // the rule that found him
	how      string         // how the link would be made
	trouble  *trouble       // why it cannot be planned
	warnings []string
}

// trouble is what keeps one object from being provisioned, and no other (I7).
type trouble struct{ code, message string }

// plan is the phase processing.
func (c *run) plan(ctx context.Context) (err error) {
	c.enter(PhasePlanning)
	p := &planner{run: c, counts: map[int]int64{}, claimed: map[uint64]struct{}{}}
	defer func() { err = errors.Join(err, p.written()) }()
	if err := c.leaversDue(ctx); err != nil {
		return err
	}
	if err := c.wake(ctx); err != nil {
		return err
	}
	counts, err := c.Store.CountObjects(ctx)
	if err != nil {
		return err
	}
	done := int64(0)
	for _, typ := range c.types() {
		_, err := c.walk(ctx, ObjectQuery{Type: typ, Dirty: true, Now: c.patience()}, func(objects []*Object) error {
			done += int64(len(objects))
			c.tell(PhasePlanning, done, int64(counts.Dirty))
			return p.chunk(ctx, objects)
		})
		if err != nil {
			return err
		}
	}
	if err := p.written(); err != nil {
		return err
	}
	if err := c.Store.SupersedeBefore(ctx, c.cycle.Number); err != nil {
		return err
	}
	return c.guard(ctx, counts)
}

// patience is the time until which those in escrow are tried again: all of them
// when somebody asked for that.
func (c *run) patience() int64 {
	if c.request.Again {
		return math.MaxInt64
	}
	return c.cycle.Started
}

// leaversDue has those looked at whose access was taken so long ago that they
// are to be deleted now.
func (c *run) leaversDue(ctx context.Context) error {
	if c.App.Leavers.action() != LeaveDisableDelete {
		return nil
	}
	before := c.Now().Add(-c.App.Leavers.after()).UnixMicro()
	_, err := c.walk(ctx, ObjectQuery{LeftBefore: before}, func(objects []*Object) error {
		var keys []Key
		for _, o := range objects {
			if !o.Dirty {
				keys = append(keys, o.Key)
			}
		}
		if len(keys) == 0 {
			return nil
		}
		return c.Store.MarkDirty(ctx, keys)
	})
	return err
}

func (l Leavers) action() string {
	if l.Action == "" {
		return LeaveDisableDelete
	}
	return l.Action
}

func (l Leavers) after() time.Duration {
	if l.After == 0 {
		return 30 * 24 * time.Hour
	}
	return time.Duration(l.After)
}

// chunk plans some objects and keeps their part of the plan.
func (p *planner) chunk(ctx context.Context, objects []*Object) error {
	if err := p.learn(ctx); err != nil {
		return err
	}
	subjects := make([]*subject, 0, len(objects))
	for _, o := range objects {
		s, err := p.look(ctx, o)
		if err != nil {
			return err
		}
		subjects = append(subjects, s)
	}
	if err := p.match(ctx, subjects); err != nil {
		return err
	}
	if err := p.references(ctx, subjects); err != nil {
		return err
	}
	if err := p.refresh(ctx, subjects); err != nil {
		return err
	}
	for _, s := range subjects {
		p.decide(s)
		if p.looked != nil {
			p.looked(s)
		}
	}
	return p.keep(ctx, subjects)
}

// look decides about scope and evaluates the mappings, over the whole object
// (I3).
func (p *planner) look(ctx context.Context, o *Object) (*subject, error) {
	r, err := o.record()
	if err != nil {
		return nil, err
	}
	s := &subject{Object: o, record: r, known: knowledgeOf(o.Written)}
	switch {
	case o.Faulty != "":
		s.trouble = &trouble{"DuplicateSourceEntries", o.Faulty}
		return s, nil
	case o.Gone:
		s.decision = Decision{Why: "the source does not have it any more"}
	default:
		s.decision = p.compiled.scope.Decide(r, o.Assigned > 0, o.Via)
	}
	disabled := isFalse(r.Get("accountEnabled").String())
	s.out = !s.decision.In || disabled
	if s.decision.In && disabled {
		s.decision.Why = "it is in scope, and disabled at the source"
	}
	if s.out && o.Target == "" {
		return s, nil // never created; nothing to map
	}
	rules := p.rules(o.Type)
	desired, faults := rules.Evaluate(r, Input{Now: p.Now(), Random: p.Random, DefaultDomain: p.App.DefaultDomain, SoftDeleted: s.out, Linked: o.Target != "", Taken: p.taken(ctx, o)})
	s.desired = desired
	for _, f := range faults {
		if f.Fatal {
			s.trouble = &trouble{"MissingValues", f.String()}
		} else {
			s.warnings = append(s.warnings, f.String())
		}
	}
	if o.Target != "" {
		s.current, s.stored = rules.Resource(s.known.values), s.known.values
	}
	return s, nil
}

// taken asks for SelectUniqueValue whether the target has the value already.
func (p *planner) taken(ctx context.Context, o *Object) func(path, candidate string) (bool, error) {
	return func(path, candidate string) (bool, error) {
		at, err := ParsePath(path)
		if err != nil {
			return false, err
		}
		found, err := p.search(ctx, o.Type, []MatchTerm{{at, candidate}})
		if err != nil {
			return false, err
		}
		return slices.ContainsFunc(found, func(t TargetObject) bool { return t.ID != o.Target }), nil
	}
}

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

// locked is for what is learned by several at once.
func (p *planner) locked(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
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

// keep writes the plan's part, and what was learned on the way.
func (p *planner) keep(ctx context.Context, subjects []*subject) error {
	if p.demand && p.request.PlanOnly {
		return nil // a preview leaves nothing behind
	}
	waits := map[Key][]string{}
	for _, s := range subjects {
		if len(s.waits) > 0 {
			waits[s.Key] = s.waits
		}
	}
	if err := p.Store.Await(ctx, waits); err != nil {
		return err
	}
	if err := p.write(ctx); err != nil {
		return err
	}
	if p.request.PlanOnly {
		p.changed, p.over = p.changed[:0], p.over[:0]
		return nil
	}
	if err := p.Store.PutLinks(ctx, p.changed); err != nil {
		return err
	}
	err := p.Store.DeleteObjects(ctx, p.over)
	p.changed, p.over = p.changed[:0], p.over[:0]
	if err != nil || len(p.lost) == 0 {
		return err
	}
	lost := p.lost
	p.lost, p.again = nil, true
	return p.parted(ctx, lost)
}

// write has the operations written down while the next ones are planned.
func (p *planner) write(ctx context.Context) error {
	if err := p.written(); err != nil || len(p.ops) == 0 {
		return err
	}
	ops, done := p.ops, make(chan error, 1)
	p.ops, p.writing = nil, done
	go func() { done <- p.Store.InsertOps(ctx, ops) }()
	return nil
}

// written waits until all operations are written down.
func (p *planner) written() error {
	if p.writing == nil {
		return nil
	}
	err := <-p.writing
	p.writing = nil
	return err
}

// claim takes a target for one source object; false when another one of this
// plan has it already.
func (p *planner) claim(typ, id string) bool {
	sum := hashed(typ + "/" + id)
	p.mu.Lock()
	defer p.mu.Unlock()
	_, taken := p.claimed[sum]
	p.claimed[sum] = struct{}{}
	return !taken
}

// maxMatched bounds planner.matched. What refers to others is written although
// it may be there already.
const maxMatched = 200_000

// remember notes a link that this plan is to make.
func (p *planner) remember(k Key, target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.matched == nil {
		p.matched = map[Key]string{}
	}
	if len(p.matched) < maxMatched {
		p.matched[k] = target
	}
}

// targetOf is the id that the object has, or gets when its link is made.
func (p *planner) targetOf(o *Object) string { return cmp.Or(o.Target, p.matched[o.Key]) }

// add appends an operation of a phase.
func (p *planner) add(phase int, s *subject, op Op) *Op {
	p.counts[phase]++
	op.Cycle, op.Phase, op.Number = p.cycle.Number, phase, int64(phase)*phaseStep+p.counts[phase]
	op.Key, op.Name, op.NameKey = s.Key, s.Name, s.NameKey
	if op.Target == "" {
		op.Target = s.Target
	}
	if op.State == "" {
		op.State = Planned
		p.stats.Planned++
	}
	p.ops = append(p.ops, &op)
	return &op
}

func isFalse(text string) bool { return strings.EqualFold(text, "False") || text == "0" }
