package provision

import (
	"context"
	"errors"
	"slices"

	"github.com/rollcall-scim/rollcall/provision/source"
)

// regrouping is whose assignment may be another one after what a cycle read:
// those who are new or have another name, and the members that assigned groups won
// and lost. Whatever would change the ways to others asks for everybody.
type regrouping struct {
	all  bool
	refs map[string]bool
}

// mostRegrouped is from where on it costs less to look at everybody.
const mostRegrouped = 10_000

func (g *regrouping) add(refs ...string) {
	if g.refs == nil {
		g.refs = map[string]bool{}
	}
	for _, ref := range refs {
		g.refs[ref] = true
	}
	g.all = g.all || len(g.refs) > mostRegrouped
}

// note compares an object with what was known of it; was is nil for one that is
// new.
func (g *regrouping) note(s *Scope, was, o *Object) error {
	if g.all {
		return nil
	}
	fresh := was == nil || was.Gone || was.Faulty != "" || was.NameKey != o.NameKey
	if fresh {
		named, err := s.names(was, o)
		if err != nil {
			return err
		}
		g.all = g.all || named
		g.add(o.Ref)
	}
	if o.Gone {
		g.gone(o)
		return nil
	}
	if o.Type != source.Group || was == nil || was.Assigned == 0 {
		return nil
	}
	if fresh || was.Name != o.Name || was.Ref != o.Ref {
		g.all = true // the way has its name in it
		return nil
	}
	return g.members(was, o)
}

// gone is about an object that the source has no more. Assignments of people end
// with the groups that had them.
func (g *regrouping) gone(o *Object) {
	g.all = g.all || o.Type == source.Group && o.Assigned > 0
}

// members notes who came and who went.
func (g *regrouping) members(was, o *Object) error {
	before, err := was.members()
	if err != nil {
		return err
	}
	now, err := o.members()
	if err != nil {
		return err
	}
	for ref := range before {
		if !now[ref] {
			g.add(ref)
		}
	}
	for ref := range now {
		if !before[ref] {
			g.add(ref)
		}
	}
	return nil
}

func (o *Object) members() (map[string]bool, error) {
	r, err := o.record()
	if err != nil {
		return nil, err
	}
	refs := map[string]bool{}
	for _, ref := range r.Get("members").Texts() {
		refs[ref] = true
	}
	return refs, nil
}

// names says whether the scope names the object, or named it before.
func (s *Scope) names(was, o *Object) (bool, error) {
	names := s.Users
	if o.Type == source.Group {
		names = s.Groups
	}
	if len(names) == 0 {
		return false, nil
	}
	r, err := o.record()
	if err != nil {
		return false, err
	}
	called := []string{o.NameKey, fold(o.Anchor), fold(r.Get("mail").String())}
	if was != nil {
		called = append(called, was.NameKey)
	}
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(called, fold(name)) }), nil
}

// scope is the phase scoping: it finds who is assigned, of everybody or of those
// alone of whom it may have changed.
func (c *run) scope(ctx context.Context, everybody bool, g *regrouping) error {
	if c.App.Scope.Sync == SyncAll {
		return nil
	}
	if !everybody && !g.all {
		if len(g.refs) == 0 {
			return nil
		}
		if err := c.reassign(ctx, g); !errors.Is(err, errElsewhere) {
			return err
		}
	}
	return c.assign(ctx)
}

// errElsewhere says that the assigned groups are others than before, so that it
// concerns more than those who are looked at.
var errElsewhere = errors.New("the assigned groups are others")

// reassign goes the ways of assign, and looks on them only at groups and at those
// of whom the assignment may have changed.
func (c *run) reassign(ctx context.Context, g *regrouping) error {
	c.enter(PhaseScoping)
	a := &assigning{run: c, met: map[Key]bool{}, same: map[uint64]struct{}{}, only: map[string]bool{}}
	before := map[Key]bool{}
	if _, err := c.walk(ctx, ObjectQuery{Type: source.Group, Unassigned: -1}, func(groups []*Object) error {
		for _, o := range groups {
			before[o.Key], a.only[o.Ref] = true, true
		}
		return nil
	}); err != nil {
		return err
	}
	var refs []string
	for ref := range g.refs {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	for part := range slices.Chunk(refs, chunk) {
		people, err := a.concerned(ctx, part)
		if err != nil {
			return err
		}
		for _, ref := range people {
			a.only[ref] = true
		}
	}
	if err := a.roots(ctx, source.Group, c.App.Scope.Groups); err != nil {
		return err
	}
	if err := a.spread(ctx); err != nil {
		return err
	}
	for key := range before {
		if !a.met[key] {
			return errElsewhere
		}
	}
	for part := range slices.Chunk(a.changed, chunk) {
		if err := c.Store.PutScope(ctx, part); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(refs, chunk) {
		found, err := c.Store.ObjectsByRef(ctx, part)
		if err != nil {
			return err
		}
		if err := a.end(ctx, slices.DeleteFunc(found, func(o *Object) bool { return o.Assigned == 0 || o.direct() || a.found(o) })); err != nil {
			return err
		}
	}
	return nil
}

// concerned are the references of which the way is to be found again: whoever is
// assigned directly stays so.
func (a *assigning) concerned(ctx context.Context, refs []string) (out []string, err error) {
	found, err := a.Store.ObjectsByRef(ctx, refs)
	for _, o := range found {
		if !o.direct() {
			out = append(out, o.Ref)
		}
	}
	return out, err
}

func (o *Object) direct() bool {
	return o.Type == source.User && o.Assigned > 0 && o.Via == "direct" && !o.Gone
}
