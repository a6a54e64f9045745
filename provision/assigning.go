package provision

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/source"
)

// assign finds out of everybody who is assigned, directly or as a member of an
// assigned group, members of members included, and by which way. Memory grows with
// the number of groups and the largest of them, and by eight bytes for each whose
// assignment stays as it was: their rows are not written.
func (c *run) assign(ctx context.Context) error {
	c.enter(PhaseScoping)
	a := &assigning{run: c, met: map[Key]bool{}, same: map[uint64]struct{}{}}
	if err := a.roots(ctx, source.User, c.App.Scope.Users); err != nil {
		return err
	}
	if err := a.roots(ctx, source.Group, c.App.Scope.Groups); err != nil {
		return err
	}
	if err := a.spread(ctx); err != nil {
		return err
	}
	_, err := c.walk(ctx, ObjectQuery{Unassigned: c.cycle.Number}, func(objects []*Object) error {
		return a.end(ctx, slices.DeleteFunc(objects, a.found))
	})
	return err
}

type assigning struct {
	*run
	met  map[Key]bool // groups that were opened: A > B > A ends
	open []opened
	same map[uint64]struct{} // those found whose rows stay as they are, by hash
	// only are the references that matter; nil: all do. With it nothing is written
	// before the end, for a group that was not assigned before, or by another way,
	// is errElsewhere.
	only    map[string]bool
	changed []*Object
}

// found says that this search has met the object.
func (a *assigning) found(o *Object) bool {
	_, same := a.same[hashed(o.Type+"/"+o.Anchor)]
	return same || o.Assigned == a.cycle.Number
}

// end ends assignments.
func (a *assigning) end(ctx context.Context, objects []*Object) error {
	for _, o := range objects {
		o.Assigned, o.Via, o.Dirty, o.Retry = 0, "", true, 0
	}
	if len(objects) == 0 {
		return nil
	}
	return a.Store.PutScope(ctx, objects)
}

// spread opens the groups that were met, breadth first.
func (a *assigning) spread(ctx context.Context) error {
	for len(a.open) > 0 {
		next := a.open[0]
		a.open = a.open[1:]
		if err := a.members(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

// opened is a group whose members are assigned.
type opened struct {
	group *Object
	via   string
	depth int
}

func (a *assigning) roots(ctx context.Context, typ string, names []string) error {
	for _, name := range names {
		if err := a.root(ctx, typ, name); err != nil {
			return err
		}
	}
	return nil
}

// root assigns somebody, or a group, by the name that the set-up has.
func (a *assigning) root(ctx context.Context, typ, name string) error {
	found, err := a.named(ctx, typ, name)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		a.warn(fmt.Sprintf("The scope names the %s %q, and the source has none by that name.", strings.ToLower(typ), name))
	}
	return a.mark(ctx, found, "direct", 0)
}

// named finds objects by what an admin would call them.
func (c *run) named(ctx context.Context, typ, name string) ([]*Object, error) {
	found, err := c.Store.Objects(ctx, ObjectQuery{Type: typ, Search: fold(name), Limit: 10})
	if err != nil || len(found) > 0 {
		return found, err
	}
	records, err := c.Source.Find(ctx, typ, name)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	var keys []Key
	for _, r := range records {
		keys = append(keys, Key{r.Type, r.Anchor})
	}
	return c.Store.ObjectsByKey(ctx, keys)
}

// byRef sorts objects by their references, so that of two ways to somebody it is
// the same that is found first, however many are looked at, and in whatever order
// the source names the members of a group.
func byRef(found []*Object) {
	slices.SortStableFunc(found, func(a, b *Object) int { return cmp.Compare(a.Ref, b.Ref) })
}

// mark notes the assignment, and opens groups.
func (a *assigning) mark(ctx context.Context, found []*Object, via string, depth int) error {
	var changed []*Object
	for _, o := range found {
		if o.Gone {
			continue
		}
		if o.Type == source.Group && !a.met[o.Key] {
			a.met[o.Key] = true
			a.open = append(a.open, opened{o, via, depth})
		}
		if a.found(o) {
			continue // by a way that was found before, and is no longer
		}
		if o.Assigned > 0 && o.Via == via {
			a.same[hashed(o.Type+"/"+o.Anchor)] = struct{}{}
			continue
		}
		if a.only != nil && o.Type == source.Group { // its members come or go with it
			return errElsewhere
		}
		o.Assigned, o.Via, o.Dirty, o.Retry = a.cycle.Number, via, true, 0
		changed = append(changed, o)
	}
	if a.only != nil {
		for _, o := range changed {
			a.same[hashed(o.Type+"/"+o.Anchor)] = struct{}{}
		}
		a.changed = append(a.changed, changed...)
		return nil
	}
	if len(changed) == 0 {
		return nil
	}
	return a.Store.PutScope(ctx, changed)
}

// members assigns a group's members.
func (a *assigning) members(ctx context.Context, g opened) error {
	nested := a.App.Scope.Nested
	if g.depth > 0 && nested >= 0 && g.depth > int(nested) {
		return nil
	}
	r, err := g.group.record()
	if err != nil {
		return err
	}
	via := g.group.Name
	if g.via != "direct" {
		via = g.via + " > " + g.group.Name
	}
	members := slices.Compact(slices.Sorted(slices.Values(r.Get("members").Texts())))
	if a.only != nil {
		members = slices.DeleteFunc(members, func(ref string) bool { return !a.only[ref] })
	}
	for refs := range slices.Chunk(members, chunk) {
		found, err := a.Store.ObjectsByRef(ctx, refs)
		if err != nil {
			return err
		}
		byRef(found)
		if err := a.mark(ctx, found, via, g.depth+1); err != nil {
			return err
		}
	}
	return nil
}
