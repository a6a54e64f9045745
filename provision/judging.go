package provision

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// Waiting is the newest cycle of which something waits for an admin, and what;
// nil when nothing does.
func (e *Engine) Waiting(ctx context.Context) (*Cycle, []OpCount, error) {
	cycles, err := e.Store.Cycles(ctx, 0, 20)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range cycles {
		// Whether there is any is told at once; counting looks through a plan of a million.
		any, err := e.Store.Ops(ctx, OpQuery{Cycle: c.Number, States: []string{Staged}, Limit: 1})
		if err != nil {
			return nil, nil, err
		}
		if len(any) == 0 {
			continue
		}
		counts, err := e.Store.CountOps(ctx, c.Number)
		if err != nil {
			return nil, nil, err
		}
		return c, slices.DeleteFunc(counts, func(n OpCount) bool { return n.State != Staged }), nil
	}
	return nil, nil, nil
}

// Approve lets operations that wait be carried out by the next cycle, if they
// are then still the same; Reject keeps them from being planned again until the
// source changes. numbers nil: all that wait.
func (e *Engine) Approve(ctx context.Context, numbers []int64) (int, error) {
	n, _, err := e.judge(ctx, "approved:", numbered(numbers))
	return n, err
}

// Reject is told of at Approve.
func (e *Engine) Reject(ctx context.Context, numbers []int64) (int, error) {
	n, _, err := e.judge(ctx, rejected, numbered(numbers))
	return n, err
}

func numbered(numbers []int64) func(*Op) bool {
	return func(op *Op) bool { return numbers == nil || slices.Contains(numbers, op.Number) }
}

// Seen is what somebody has looked at: operations by what they do to whom, so
// that they are known again in a later plan.
type Seen struct {
	Plan   *Cycle // whose operations they are; nil: none were seen
	prints map[string]bool
}

// Seen is the newest plan that somebody asked for; where none is kept, what
// waits now.
func (e *Engine) Seen(ctx context.Context) (*Seen, error) {
	if err := e.prepare(); err != nil {
		return nil, err
	}
	before := int64(0)
	for {
		cycles, err := e.Store.Cycles(ctx, before, 100)
		if err != nil {
			return nil, err
		}
		if len(cycles) == 0 {
			break
		}
		for _, c := range cycles {
			if c.OnlyPlanned() {
				return e.seen(ctx, c)
			}
			before = c.Number
		}
	}
	c, _, err := e.Waiting(ctx)
	if err != nil || c == nil {
		return &Seen{}, err
	}
	return e.seen(ctx, c)
}

// OnlyPlanned says that the cycle was a plan that somebody asked to see.
func (c *Cycle) OnlyPlanned() bool {
	return c.Ended > 0 && c.Phase != PhaseEnded && (c.Outcome == Success || c.Outcome == Warning)
}

func (e *Engine) seen(ctx context.Context, c *Cycle) (*Seen, error) {
	s := &Seen{Plan: c, prints: map[string]bool{}}
	q := OpQuery{Cycle: c.Number, Limit: chunk}
	for {
		ops, err := e.Store.Ops(ctx, q)
		if err != nil || len(ops) == 0 {
			return s, err
		}
		for _, op := range ops {
			s.prints[e.Print(op)] = true
			q.After = op.Number
		}
	}
}

// Print names what the operation does to whom: the same in every plan that has
// it, and another one when it would write something else.
func (e *Engine) Print(op *Op) string {
	if err := e.prepare(); err != nil {
		return ""
	}
	rules := (&run{Engine: e}).rules(op.Type)
	if rules == nil {
		return ""
	}
	return rules.fingerprint(op) + "-" + op.Type + "-" + op.Anchor
}

// ApproveSeen approves what waits and was seen; unseen is how much waits beside
// it.
func (e *Engine) ApproveSeen(ctx context.Context, s *Seen) (approved, unseen int, err error) {
	return e.judge(ctx, "approved:", func(op *Op) bool { return s.prints[e.Print(op)] })
}

// RejectSeen rejects what waits and was seen.
func (e *Engine) RejectSeen(ctx context.Context, s *Seen) (rejections int, err error) {
	n, _, err := e.judge(ctx, rejected, func(op *Op) bool { return s.prints[e.Print(op)] })
	return n, err
}

// rejected begins an admin's refusal in Object.Held.
const rejected = "rejected:"

// judge gives the admin's word on what waits and is chosen, and says how much
// was not.
func (e *Engine) judge(ctx context.Context, word string, chosen func(*Op) bool) (judged, left int, err error) {
	ctx, release, err := e.lease(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer release()
	cycle, _, err := e.Waiting(ctx)
	if err != nil || cycle == nil {
		return 0, 0, err
	}
	after := int64(0)
	for {
		ops, err := e.Store.Ops(ctx, OpQuery{Cycle: cycle.Number, States: []string{Staged}, After: after, Limit: chunk})
		if err != nil || len(ops) == 0 {
			return judged, left, err
		}
		after = ops[len(ops)-1].Number
		left += len(ops)
		ops = slices.DeleteFunc(ops, func(op *Op) bool { return !chosen(op) })
		left -= len(ops)
		if err := e.hold(ctx, word, ops); err != nil {
			return judged, left, err
		}
		judged += len(ops)
		if word == rejected {
			if err := e.refused(ctx, cycle, ops); err != nil {
				return judged, left, err
			}
		}
	}
}

func (e *Engine) refused(ctx context.Context, cycle *Cycle, ops []*Op) error {
	if len(ops) == 0 {
		return nil
	}
	var numbers []int64
	for _, op := range ops {
		numbers = append(numbers, op.Number)
	}
	_, err := e.Store.SetOpState(ctx, cycle.Number, Staged, Rejected, numbers)
	return err
}

// hold writes an admin's word to the objects that it is about.
func (e *Engine) hold(ctx context.Context, word string, ops []*Op) error {
	var keys []Key
	for _, op := range ops {
		keys = append(keys, op.Key)
	}
	objects, err := e.Store.ObjectsByKey(ctx, keys)
	if err != nil {
		return err
	}
	known := map[Key]*Object{}
	for _, o := range objects {
		known[o.Key] = o
	}
	c := &run{Engine: e}
	for _, op := range ops {
		if o, rules := known[op.Key], c.rules(op.Type); o != nil && rules != nil {
			o.Held = strings.TrimSpace(o.Held + " " + word + rules.fingerprint(op))
			o.Dirty = true
		}
	}
	return e.Store.PutLinks(ctx, objects)
}

// TakeBack ends the refusals of what concerns those named, or of all when no
// name is given: the next plan asks about it again. It says of how many people and
// groups it was.
func (e *Engine) TakeBack(ctx context.Context, names []string) (n int, err error) {
	ctx, release, err := e.lease(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	c := &run{Engine: e}
	only := map[Key]bool{}
	for _, name := range names {
		o, err := c.object(ctx, name)
		if err != nil {
			return 0, err
		}
		only[o.Key] = true
	}
	_, err = c.walk(ctx, ObjectQuery{Rejected: true}, func(objects []*Object) error {
		if len(names) > 0 {
			objects = slices.DeleteFunc(objects, func(o *Object) bool { return !only[o.Key] })
		}
		for _, o := range objects {
			words := strings.Fields(o.Held)
			o.Held = strings.Join(slices.DeleteFunc(words, func(w string) bool { return strings.HasPrefix(w, rejected) }), " ")
			o.Dirty = true
		}
		n += len(objects)
		return e.Store.PutLinks(ctx, objects)
	})
	return n, err
}

// Pending is what waits for an admin at a moment.
type Pending struct {
	Seen
	N       int // operations
	Leavers int // of them those that disable or delete somebody
	// Digest is the same as long as the same waits.
	Digest string
}

// Pending reads what waits.
func (e *Engine) Pending(ctx context.Context) (*Pending, error) {
	c, _, err := e.Waiting(ctx)
	if err != nil || c == nil {
		return &Pending{}, err
	}
	return e.pending(ctx, c, func(string) bool { return true })
}

// PendingOnly reads what waits of those whose Prints are given; unknown is how many
// of these do not wait any more.
func (e *Engine) PendingOnly(ctx context.Context, prints []string) (p *Pending, unknown int, err error) {
	c, _, err := e.Waiting(ctx)
	if err != nil || c == nil {
		return &Pending{}, len(prints), err
	}
	p, err = e.pending(ctx, c, func(print string) bool { return slices.Contains(prints, print) })
	if err != nil {
		return nil, 0, err
	}
	return p, len(prints) - p.N, nil
}

func (e *Engine) pending(ctx context.Context, c *Cycle, chosen func(print string) bool) (*Pending, error) {
	p := &Pending{Seen: Seen{Plan: c, prints: map[string]bool{}}}
	h := fnv.New64a()
	q := OpQuery{Cycle: c.Number, States: []string{Staged}, Limit: chunk}
	for {
		ops, err := e.Store.Ops(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, op := range ops {
			q.After = op.Number
			print := e.Print(op)
			if !chosen(print) {
				continue
			}
			p.prints[print] = true
			p.N++
			if op.Losing == LosesAccess {
				p.Leavers++
			}
			fmt.Fprintln(h, print)
		}
		if len(ops) < q.Limit {
			p.Digest = strconv.FormatUint(h.Sum64(), 36)
			return p, nil
		}
	}
}
