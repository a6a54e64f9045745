package provision

import (
	"cmp"
	"context"
)

// locked is for what is learned by several at once.
func (p *planner) locked(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
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
