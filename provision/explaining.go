package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Explanation answers "why?" for one person or group: in scope or not and by
// which clause, linked how, what was done last, and what comes next.
type Explanation struct {
	Object   *Object
	Decision Decision
	Values   []DesiredValue
	Faults   []AttributeFault
	Waits    *Op   // planned or staged in the last plan; nil: nothing
	Log      []*Op // what was done, newest first
}

// Why explains one object. It reads, and changes nothing.
func (e *Engine) Why(ctx context.Context, name string) (*Explanation, error) {
	if err := e.prepare(); err != nil {
		return nil, err
	}
	c := &run{Engine: e}
	o, err := c.object(ctx, name)
	if err != nil {
		return nil, err
	}
	r, err := o.record()
	if err != nil {
		return nil, err
	}
	x := &Explanation{Object: o, Decision: e.compiled.scope.Decide(r, o.Assigned > 0, o.Via)}
	if o.Gone {
		x.Decision = Decision{Why: "the source does not have it any more"}
	}
	if rules := c.rules(o.Type); rules != nil {
		d, faults := rules.Evaluate(r, Input{Now: e.Now(), DefaultDomain: e.App.DefaultDomain, SoftDeleted: !x.Decision.In || isFalse(r.Get("accountEnabled").String()), Linked: o.Target != ""})
		x.Values, x.Faults = d.Values, faults
	}
	if x.Log, err = e.Store.Ops(ctx, OpQuery{Log: true, Person: o.Anchor, Limit: 10}); err != nil {
		return nil, err
	}
	x.Waits, err = e.waits(ctx, o)
	return x, err
}

// object finds one by name, with the source's help for other names than the one
// that is kept.
func (c *run) object(ctx context.Context, name string) (*Object, error) {
	found, err := c.named(ctx, "", name)
	if err == nil && len(found) == 0 {
		for _, typ := range []string{"User", groupType} {
			if found, err = c.named(ctx, typ, name); err != nil || len(found) > 0 {
				break
			}
		}
	}
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, fmt.Errorf("no cycle has met %q in the source. Try the userPrincipalName or the key, or read it now with: rollcall app provision %s %s --preview", name, c.App.Name, name)
	case len(found) > 1:
		var names []string
		for _, o := range found {
			names = append(names, o.Type+" "+o.Anchor)
		}
		return nil, fmt.Errorf("%q names %d objects: %s. Name one by its key", name, len(found), strings.Join(names, ", "))
	}
	return found[0], nil
}

// waits is what the last plan has for the object.
func (e *Engine) waits(ctx context.Context, o *Object) (*Op, error) {
	cycles, err := e.Store.Cycles(ctx, 0, 5)
	if err != nil {
		return nil, err
	}
	for _, c := range cycles {
		ops, err := e.Store.Ops(ctx, OpQuery{Cycle: c.Number, States: []string{Planned, Staged, Rejected}, Person: o.Anchor, Limit: 1})
		if err != nil || len(ops) > 0 {
			return slices.Concat(ops, []*Op{nil})[0], err
		}
	}
	return nil, nil
}

// Link ties an object of the source to one of the target by hand.
func (e *Engine) Link(ctx context.Context, name, id string) (*Object, error) {
	return e.relink(ctx, name, func(ctx context.Context, c *run, o *Object) error {
		r, err := e.Target.Provider().Get(ctx, o.Type, id)
		if err != nil {
			return fmt.Errorf("the target has no %s %s: %w", o.Type, id, err)
		}
		held, err := e.Store.ObjectsByTarget(ctx, o.Type, []string{r.ID()})
		if err != nil {
			return err
		}
		for _, h := range held {
			if h.Key != o.Key {
				return fmt.Errorf("%s is linked to %s; end that link first: rollcall app links %s --unlink %s", id, h.Name, e.App.Name, h.Name)
			}
		}
		o.unlink()
		o.Target, o.Matched, o.Linked = r.ID(), "by hand", e.Now().UnixMicro()
		if rules := c.rules(o.Type); rules != nil {
			now := rules.Current(decode(string(r.JSON())))
			delete(now, membersPath)
			o.Written = encode(now)
		}
		return nil
	})
}

// Unlink ends a link by hand: the target keeps its object, and the next cycle
// matches anew.
func (e *Engine) Unlink(ctx context.Context, name string) (*Object, error) {
	return e.relink(ctx, name, func(_ context.Context, _ *run, o *Object) error {
		if o.Target == "" {
			return fmt.Errorf("%s has no link", o.Name)
		}
		o.unlink()
		return nil
	})
}

func (e *Engine) relink(ctx context.Context, name string, fn func(context.Context, *run, *Object) error) (*Object, error) {
	ctx, release, err := e.lease(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	c := &run{Engine: e}
	o, err := c.object(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := fn(ctx, c, o); err != nil {
		return nil, err
	}
	o.recovered()
	if err := e.Store.PutLinks(ctx, []*Object{o}); err != nil {
		return nil, err
	}
	if err := e.wakeFor(ctx, []string{o.Ref}); err != nil { // who refers to it has another id to write
		return nil, err
	}
	return o, e.parted(ctx, []string{o.Ref})
}

// Restart forgets what a new initial cycle finds out again; links stay.
func (e *Engine) Restart(ctx context.Context) error {
	ctx, release, err := e.lease(ctx)
	if err != nil {
		return err
	}
	defer release()
	return e.Store.Restart(ctx)
}
