package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
)

// Group is a workspace group for people to read.
type Group struct {
	ID      string
	Name    string
	Also    []string // other names that profiling matches
	Default bool
	Users   int  // in sight
	More    bool // than Users; only where counting has an end
	Teams   int
}

// Groups lists the tenant's groups, the default group first, then by name.
func (t *Tenant) Groups(ctx context.Context) ([]Group, error) {
	if err := t.may(ownGroup); err != nil {
		return nil, err
	}
	if err := t.fresh(ctx); err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(t.s.listGroups(), func(g Group) bool { return !t.reachesGroup(g.ID) })
	for i := range out {
		n, err := t.r.CountUsers(ctx, List{Group: out[i].ID})
		if err != nil {
			return nil, err
		}
		out[i].Users = n
	}
	return out, nil
}

func (s *setup) listGroups() []Group {
	s.mu.RLock()
	defer s.mu.RUnlock()
	teams := map[string]int{}
	for _, t := range s.teams {
		teams[t.Group]++
	}
	var out []Group
	for _, g := range s.groups {
		out = append(out, Group{ID: g.ID, Name: g.Name, Also: g.Also, Default: g.First, Teams: teams[g.ID]})
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Default != out[j].Default {
			return out[i].Default
		}
		return out[i].Name < out[j].Name
	})
	return out
}

// CreateGroup makes a group; its name is what country must hold, case and all.
func (t *Tenant) CreateGroup(ctx context.Context, name string) (id string, err error) {
	err = t.update(ctx, func(w *write) error {
		id, err = w.createGroup(name, false)
		return err
	})
	return id, err
}

func (w *write) createGroup(name string, first bool) (string, error) {
	name, err := chosen(groupKey(name), "group")
	if err != nil {
		return "", err
	}
	g := &GroupRow{ID: newID(), Name: name, First: first, Created: w.now}
	return g.ID, w.putGroup(g, "create", nil, map[string]any{"name": name})
}

// RenameGroup gives a group a new name; the old one stays as an other name
// that profiling keeps matching, so an IdP that still sends it is not refused.
func (t *Tenant) RenameGroup(ctx context.Context, name, to string) error {
	return t.changeGroup(ctx, name, "rename", func(g *GroupRow) error {
		to, err := chosen(groupKey(to), "group")
		if err != nil {
			return err
		}
		g.Also = rename(g.Also, g.Name, to)
		g.Name = to
		return nil
	})
}

// rename moves the old name among the other names, and the new one out.
func rename(also []string, old, to string) []string {
	out := slices.DeleteFunc(slices.Clone(also), func(n string) bool { return n == to })
	if old != to && !slices.Contains(out, old) {
		out = append(out, old)
	}
	return out
}

// AddGroupName adds another name that profiling matches, such as FI beside
// Finland.
func (t *Tenant) AddGroupName(ctx context.Context, name, also string) error {
	return t.changeGroup(ctx, name, "also-known-as", func(g *GroupRow) error {
		also, err := chosen(groupKey(also), "group")
		if err != nil {
			return err
		}
		if also != g.Name && !slices.Contains(g.Also, also) {
			g.Also = append(slices.Clone(g.Also), also)
		}
		return nil
	})
}

// RemoveGroupName takes another name away.
func (t *Tenant) RemoveGroupName(ctx context.Context, name, also string) error {
	return t.changeGroup(ctx, name, "also-known-as", func(g *GroupRow) error {
		next := slices.DeleteFunc(slices.Clone(g.Also), func(n string) bool { return n == groupKey(also) })
		if len(next) == len(g.Also) {
			return fmt.Errorf("the group %q has no other name %q", g.Name, also)
		}
		g.Also = next
		return nil
	})
}

// DeleteGroup deletes an empty group, with its teams. The default group stays.
func (t *Tenant) DeleteGroup(ctx context.Context, name string) error {
	return t.update(ctx, func(w *write) error {
		g, err := w.group(name)
		if err != nil {
			return err
		}
		if g.First {
			return fmt.Errorf("the group %q is the default group and cannot be deleted; people without a country are in it", g.Name)
		}
		n, err := w.tx.CountUsers(w.ctx, List{Group: g.ID})
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("the group %q is not empty; people in it: %d. Move them first (rollcall user move), then delete it", g.Name, n)
		}
		for _, team := range w.t.s.teamsOf(g.ID) {
			if err := w.deleteTeam(team); err != nil {
				return err
			}
		}
		g.Gone = true
		return w.putGroup(g, "delete", map[string]any{"name": g.Name}, nil)
	})
}

// changeGroup is the path of every change of a group's names.
func (t *Tenant) changeGroup(ctx context.Context, name, kind string, fn func(*GroupRow) error) error {
	return t.update(ctx, func(w *write) error {
		was, err := w.group(name)
		if err != nil {
			return err
		}
		g := *was
		if err := fn(&g); err != nil {
			return err
		}
		if g.Name == was.Name && slices.Equal(g.Also, was.Also) {
			return nil
		}
		return w.putGroup(&g, kind, namesChange(was.Name, was.Also), namesChange(g.Name, g.Also))
	})
}

func namesChange(name string, also []string) map[string]any {
	return map[string]any{"name": name, "also": also}
}

func (w *write) putGroup(g *GroupRow, kind string, before, after map[string]any) error {
	w.sealed()
	if err := w.change("Group", g.ID, kind, before, after); err != nil {
		return err
	}
	g.Seq = w.last
	err := w.tx.PutGroup(w.ctx, g)
	if errors.Is(err, ErrTaken) {
		return w.t.s.groupTaken(g)
	}
	return err
}

// groupTaken says which of the group's names is whose.
func (s *setup) groupTaken(g *GroupRow) error {
	for _, n := range append([]string{g.Name}, g.Also...) {
		if id, ok := s.Group(n); ok && id != g.ID {
			return fmt.Errorf("the name %q belongs to the group %q already; choose another, or take it away there", n, s.groupName(id))
		}
	}
	return fmt.Errorf("a group of this tenant has the name %q already; see: rollcall group list", g.Name)
}

// group finds a group by name, other names included, or id.
func (w *write) group(name string) (*GroupRow, error) {
	s := w.t.s
	id, ok := s.Group(groupKey(name))
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !ok {
		id = name
	}
	if g := s.groups[id]; g != nil && w.t.reachesGroup(id) {
		row := g.GroupRow
		return &row, nil
	}
	return nil, fmt.Errorf("there is no group %q; names are case-sensitive. See which there are with: rollcall group list", name)
}

// groupName is what people call the group.
func (s *setup) groupName(id string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if g := s.groups[id]; g != nil {
		return g.Name
	}
	return ""
}
