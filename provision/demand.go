package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/source"
)

// Answer is what provisioning on demand did with one object, or would do.
type Answer struct {
	Object   *Object
	Decision Decision
	Values   []DesiredValue // what the mappings give
	Ops      []*Op
	Steps    []Step
}

// Demand provisions one person or group at once, whatever the schedule says; with
// preview it only tells what it would do. Whoever asks for one object has
// agreed to what is done to it, so nothing of it waits for approval.
func (e *Engine) Demand(ctx context.Context, name string, preview bool, actor string) (*Answer, error) {
	ctx, release, err := e.lease(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	c := &run{Engine: e, request: Request{Actor: actor, PlanOnly: preview}, sp: e.Target.Provider(), profile: e.Target.Profile(), demand: true}
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	answer, err := c.provision(ctx, name)
	if stored := c.end(ctx, err); err == nil {
		err = stored
	}
	return answer, err
}

func (c *run) provision(ctx context.Context, name string) (answer *Answer, err error) {
	o, err := c.fetch(ctx, name)
	if err != nil {
		return nil, err
	}
	if c.App.Scope.Sync != SyncAll {
		if err := c.assignOne(ctx, o); err != nil {
			return nil, err
		}
	}
	if !c.handles(o.Type) {
		return nil, fmt.Errorf("%s is a %s, and the application does not provision those: set %ss.enabled to true", o.Name, strings.ToLower(o.Type), strings.ToLower(o.Type))
	}
	answer = &Answer{Object: o}
	p := &planner{run: c, counts: map[int]int64{}, claimed: map[uint64]struct{}{}}
	p.looked = func(s *subject) {
		answer.Decision, answer.Values, answer.Steps = s.decision, s.desired.Values, s.steps(Success)
		answer.Ops = slices.Clone(p.ops)
	}
	if err := errors.Join(p.chunk(ctx, []*Object{o}), p.written()); err != nil || c.request.PlanOnly {
		return answer, err
	}
	if o.Target == "" {
		if err := c.Engine.wakeFor(ctx, []string{o.Ref}); err != nil {
			return answer, err
		}
	}
	if err := c.export(ctx); err != nil {
		return answer, err
	}
	answer.Ops, err = c.Store.Ops(ctx, OpQuery{Cycle: c.cycle.Number, Limit: 1000})
	return answer, err
}

// fetch reads one object from the source into the store.
func (c *run) fetch(ctx context.Context, name string) (*Object, error) {
	for _, typ := range []string{source.User, source.Group} {
		if o, err := c.fetchType(ctx, typ, name); o != nil || err != nil {
			return o, err
		}
	}
	found, err := c.Store.Objects(ctx, ObjectQuery{Search: fold(name), Limit: 2})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, fmt.Errorf("the source has nobody by the name %q, and had nobody: try the userPrincipalName, the e-mail address or the key", name)
	case len(found) > 1:
		return nil, fmt.Errorf("%q names several objects that the source had: name one by its key", name)
	}
	gone := found[0]
	if o, err := c.fetchType(ctx, gone.Type, gone.Anchor); o != nil || err != nil { // it has another name now
		return o, err
	}
	gone.Gone, gone.Seen, gone.Dirty = true, c.cycle.Number, true
	if c.request.PlanOnly {
		return gone, nil
	}
	return gone, c.Store.PutSource(ctx, []*Object{gone})
}

func (c *run) fetchType(ctx context.Context, typ, name string) (*Object, error) {
	records, err := c.Source.Find(ctx, typ, name)
	if err != nil {
		return nil, &sourceError{err}
	}
	switch len(records) {
	case 0:
		return nil, nil
	case 1:
		return c.take(ctx, &records[0])
	}
	var anchors []string
	for _, r := range records {
		anchors = append(anchors, r.Name()+" ("+r.Anchor+")")
	}
	return nil, fmt.Errorf("the source has %d by the name %q: %s. Name one by its key", len(records), name, strings.Join(anchors, ", "))
}

// take keeps a record, as a cycle would; a preview only looks at it.
func (c *run) take(ctx context.Context, r *source.Record) (*Object, error) {
	key := Key{r.Type, r.Anchor}
	in := &importing{run: c, buffer: []source.Record{*r}, at: map[Key]int{}}
	if !c.request.PlanOnly {
		if err := in.flush(ctx); err != nil {
			return nil, err
		}
		return c.kept(ctx, key)
	}
	was, err := c.Store.ObjectsByKey(ctx, []Key{key})
	if err != nil || len(was) == 0 {
		return in.object(r, nil), err
	}
	o, now := *was[0], in.object(r, was[0])
	o.Ref, o.Name, o.NameKey, o.Attributes, o.Gone, o.Faulty, o.Dirty = now.Ref, now.Name, now.NameKey, now.Attributes, false, "", true
	return &o, nil
}

func (c *run) kept(ctx context.Context, key Key) (*Object, error) {
	found, err := c.Store.ObjectsByKey(ctx, []Key{key})
	if err == nil && len(found) == 0 {
		err = errors.New("the object was not kept; try again")
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// assignOne finds out whether one object is assigned, from the groups that the
// scope names down.
func (c *run) assignOne(ctx context.Context, o *Object) error {
	was, via := o.Assigned, o.Via
	o.Assigned, o.Via = 0, ""
	r, err := o.record()
	if err != nil {
		return err
	}
	names := c.App.Scope.Users
	if o.Type == source.Group {
		names = c.App.Scope.Groups
	}
	for _, n := range names {
		if f := fold(n); f == o.NameKey || f == fold(o.Anchor) || f == fold(r.Get("mail").String()) {
			o.Assigned, o.Via = c.cycle.Number, "direct"
		}
	}
	if o.Assigned == 0 {
		if err := c.throughGroups(ctx, o); err != nil {
			return err
		}
	}
	if c.request.PlanOnly || was > 0 == (o.Assigned > 0) && via == o.Via {
		return nil
	}
	o.Dirty = true
	return c.Store.PutScope(ctx, []*Object{o})
}

func (c *run) throughGroups(ctx context.Context, o *Object) error {
	type opened struct {
		group source.Record
		via   string
		depth int
	}
	var open []opened
	met := map[string]bool{}
	push := func(name, via string, depth int) error {
		groups, err := c.Source.Find(ctx, source.Group, name)
		for _, g := range groups {
			if !met[g.Anchor] {
				met[g.Anchor] = true
				open = append(open, opened{g, strings.TrimPrefix(via+" > "+g.Name(), " > "), depth})
			}
		}
		return err
	}
	for _, name := range c.App.Scope.Groups {
		if err := push(name, "", 0); err != nil {
			return &sourceError{err}
		}
	}
	for ; len(open) > 0; open = open[1:] {
		g := open[0]
		if n := c.App.Scope.Nested; g.depth > 0 && n >= 0 && g.depth > int(n) {
			continue
		}
		members := g.group.Get("members").Texts()
		if slices.Contains(members, o.Ref) {
			o.Assigned, o.Via = c.cycle.Number, g.via
			return nil
		}
		nested, err := c.groupsAmong(ctx, members)
		if err != nil {
			return err
		}
		for _, name := range nested {
			if err := push(name, g.via, g.depth+1); err != nil {
				return &sourceError{err}
			}
		}
	}
	return nil
}

// groupsAmong are the anchors of those members that are groups, as far as a
// cycle has met them.
func (c *run) groupsAmong(ctx context.Context, refs []string) (anchors []string, err error) {
	for part := range slices.Chunk(refs, chunk) {
		found, err := c.Store.ObjectsByRef(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			if o.Type == source.Group {
				anchors = append(anchors, o.Anchor)
			}
		}
	}
	return anchors, nil
}
