package provision

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/provision/source"
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
			if c.leaverDue(o) {
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

// leaverDue says that looking at him may end with a deletion; who cannot be
// deleted would be looked at in every cycle.
func (c *run) leaverDue(o *Object) bool {
	return !o.Dirty && c.may(o.Type, ActionDelete) && !c.compiled.protects(o) && !o.Rejected()
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

// maxMatched bounds planner.matched. What refers to others is written although
// it may be there already.
const maxMatched = 200_000

func isFalse(text string) bool { return strings.EqualFold(text, "False") || text == "0" }
