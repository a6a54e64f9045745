package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/source"
)

// assign is the phase scoping: it finds who is assigned, directly or as a member
// of an assigned group, members of members included, and by which way. Memory
// grows with the number of groups and the largest of them, not with people.
func (c *run) assign(ctx context.Context) error {
	if c.App.Scope.Sync == SyncAll {
		return nil
	}
	c.enter(PhaseScoping)
	a := &assigning{run: c, met: map[Key]bool{}}
	for _, typ := range []string{source.User, source.Group} {
		names := c.App.Scope.Users
		if typ == source.Group {
			names = c.App.Scope.Groups
		}
		for _, name := range names {
			if err := a.root(ctx, typ, name); err != nil {
				return err
			}
		}
	}
	for len(a.open) > 0 {
		next := a.open[0]
		a.open = a.open[1:]
		if err := a.members(ctx, next); err != nil {
			return err
		}
	}
	_, err := c.walk(ctx, ObjectQuery{Unassigned: c.cycle.Number}, func(objects []*Object) error {
		for _, o := range objects {
			o.Assigned, o.Via, o.Dirty, o.Retry = 0, "", true, 0
		}
		return c.Store.PutScope(ctx, objects)
	})
	return err
}

type assigning struct {
	*run
	met  map[Key]bool // groups that were opened: A > B > A ends
	open []opened
}

// opened is a group whose members are assigned.
type opened struct {
	group *Object
	via   string
	depth int
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
		if o.Assigned == a.cycle.Number {
			continue // by a way that was found before, and is no longer
		}
		if o.Assigned == 0 || o.Via != via {
			o.Dirty, o.Retry = true, 0
		}
		o.Assigned, o.Via = a.cycle.Number, via
		changed = append(changed, o)
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
	for refs := range slices.Chunk(r.Get("members").Texts(), chunk) {
		found, err := a.Store.ObjectsByRef(ctx, refs)
		if err != nil {
			return err
		}
		if err := a.mark(ctx, found, via, g.depth+1); err != nil {
			return err
		}
	}
	return nil
}
