package provision

import (
	"context"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/source"
)

// references puts ids in the place of the source's own references, where there
// are any; a virtual one where the object gets its id in this plan.
func (p *planner) references(ctx context.Context, subjects []*subject) error {
	var refs []string
	for _, s := range subjects {
		for _, v := range s.desired.Values {
			refs = append(refs, v.Refs...)
		}
	}
	found := map[string]*Object{}
	slices.Sort(refs)
	for part := range slices.Chunk(slices.Compact(refs), chunk) {
		objects, err := p.Store.ObjectsByRef(ctx, part)
		if err != nil {
			return err
		}
		for _, o := range objects {
			if was := found[o.Ref]; was == nil || was.Gone || was.Type == source.Group {
				found[o.Ref] = o
			}
		}
	}
	for _, s := range subjects {
		p.resolve(s, found)
	}
	return nil
}

// resolve fills the reference values of one object. One to somebody without an
// id moves to s.later, for he must be written first (I8).
func (p *planner) resolve(s *subject, found map[string]*Object) {
	values := s.desired.Values[:0:0]
	for _, v := range s.desired.Values {
		if len(v.Refs) == 0 && v.Key != membersPath || v.Skip {
			values = append(values, v)
			continue
		}
		ids, virtual := p.ids(s, v.Refs, found)
		switch {
		case v.Key == membersPath || v.Kind.MultiValued:
			v.Value = ids
		case len(ids) == 0:
			v.Skip = true // nobody to refer to yet
		default:
			v.Value = ids[0]
		}
		if virtual || v.Key == membersPath {
			s.later.Values = append(s.later.Values, v)
			continue
		}
		values = append(values, v)
	}
	s.desired.Values = values
}

func (p *planner) ids(s *subject, refs []string, found map[string]*Object) (ids []any, virtual bool) {
	ids = make([]any, 0, len(refs))
	for _, ref := range refs {
		switch o := found[ref]; {
		case o != nil && p.targetOf(o) != "":
			ids = append(ids, p.targetOf(o))
		case o != nil && p.comes(o):
			ids, virtual = append(ids, Reference(o.Type, o.Anchor)), true
		default:
			s.waits = append(s.waits, ref)
		}
	}
	return ids, virtual
}

const membersPath = "members"

// comes says that the object gets an id in this plan, as far as can be told: it
// is in scope, to be looked at, and not waiting for its next try.
func (p *planner) comes(o *Object) bool {
	if o.Gone || !o.Dirty || o.Retry > p.patience() || o.Faulty != "" || !p.handles(o.Type) || p.compiled.protects(o) {
		return false
	}
	r, err := o.record()
	if err != nil {
		return false
	}
	return p.compiled.scope.Decide(r, o.Assigned > 0, o.Via).In && !isFalse(r.Get("accountEnabled").String())
}

// wake has those looked at who wait for an object that is about to get an id,
// so that one plan creates it and refers to it.
func (c *run) wake(ctx context.Context) error {
	for _, typ := range c.types() { // the others are never planned, and stay to be looked at
		_, err := c.walk(ctx, ObjectQuery{Type: typ, Dirty: true, Now: c.patience()}, func(objects []*Object) error {
			var refs []string
			for _, o := range objects {
				if o.Target == "" && !o.Gone {
					refs = append(refs, o.Ref)
				}
			}
			return c.Engine.wakeFor(ctx, refs)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) wakeFor(ctx context.Context, refs []string) error {
	if len(refs) == 0 {
		return nil
	}
	holders, err := e.Store.Waiting(ctx, refs)
	if err != nil || len(holders) == 0 {
		return err
	}
	if err := e.Store.MarkDirty(ctx, holders); err != nil {
		return err
	}
	awake := make(map[Key][]string, len(holders))
	for _, h := range holders {
		awake[h] = nil // the plan notes again whom they still wait for
	}
	return e.Store.Await(ctx, awake)
}

// parted has those looked at who refer to objects that lost their id: the new
// one is written where there is one, and waited for where there is none. Nobody
// keeps who refers to whom, so all are read; that somebody is deleted is rare.
func (e *Engine) parted(ctx context.Context, refs []string) error {
	if len(refs) == 0 {
		return nil
	}
	if len(refs) > chunk {
		return e.Store.MarkDirty(ctx, nil)
	}
	texts := make([]string, len(refs))
	for i, ref := range refs {
		texts[i] = encode(ref)
	}
	c := &run{Engine: e}
	_, err := c.walk(ctx, ObjectQuery{Linked: true}, func(objects []*Object) error {
		var holders []Key
		for _, o := range objects {
			if slices.ContainsFunc(texts, func(t string) bool { return refersTo(o, t) }) {
				holders = append(holders, o.Key)
			}
		}
		if len(holders) == 0 {
			return nil
		}
		return e.Store.MarkDirty(ctx, holders)
	})
	return err
}

// refersTo looks for the reference, as JSON, in what the source gave. That it
// may stand there for something else costs a look and nothing more.
func refersTo(o *Object, text string) bool {
	return !o.Gone && o.Retry == 0 && strings.Contains(o.Attributes, text)
}
