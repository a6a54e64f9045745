package directory

import (
	"fmt"
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/scim"
)

// memberDelta is what one change did to the members of an IdP group, net.
type memberDelta struct {
	added, removed map[string]MemberKind
	// before are the origins of those concerned as they were, where teams depend
	// on them and they are few enough to be profiled at once.
	before map[string]map[string]bool
	many   bool
}

func newMemberDelta() *memberDelta {
	return &memberDelta{added: map[string]MemberKind{}, removed: map[string]MemberKind{}, before: map[string]map[string]bool{}}
}

func (d *memberDelta) empty() bool { return len(d.added) == 0 && len(d.removed) == 0 }

func (d *memberDelta) add(id string, k MemberKind) {
	if _, ok := d.removed[id]; ok {
		delete(d.removed, id)
		return
	}
	d.added[id] = k
}

func (d *memberDelta) remove(id string, k MemberKind) {
	if _, ok := d.added[id]; ok {
		delete(d.added, id)
		return
	}
	d.removed[id] = k
}

// changeMembers runs the operations in order. Each touches only the rows of the
// members it names, however many others there are.
func (w *write) changeMembers(g *IdPGroupRow, ops []scim.MemberOp, delta *memberDelta) error {
	for _, op := range ops {
		ids := make([]string, 0, len(op.Members))
		for _, m := range op.Members {
			ids = append(ids, m.Value)
		}
		var err error
		switch op.Kind {
		case scim.AddMembers:
			err = w.addMembers(g, ids, delta)
		case scim.RemoveMembers:
			err = w.removeMembers(g, ids, delta)
		case scim.ReplaceMembers:
			err = w.replaceMembers(g, ids, delta)
		case scim.RemoveAllMembers:
			err = w.replaceMembers(g, nil, delta)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// skippedShown is how many unknown members one note names.
const skippedShown = 10

func (w *write) addMembers(g *IdPGroupRow, ids []string, delta *memberDelta) error {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	known, err := w.tx.Candidates(w.ctx, ids)
	if err != nil {
		return err
	}
	var rows []MemberRow
	var unknown []string
	for _, id := range ids {
		c, ok := known[id]
		if !ok || !w.t.seesMember(c) {
			unknown = append(unknown, id)
			continue
		}
		rows = append(rows, MemberRow{ID: id, Kind: c.Kind, Shown: c.State != Removed})
	}
	if n := len(unknown); n > 0 {
		w.note(fmt.Sprintf("skipped %d unknown members: %s", n, printIDs(unknown)))
	}
	if err := w.rememberOrigins(ids, delta); err != nil {
		return err
	}
	added, err := w.tx.AddMembers(w.ctx, g.ID, rows)
	if err != nil {
		return err
	}
	for _, id := range added {
		delta.add(id, known[id].Kind)
		if known[id].State != Removed {
			g.Members++
		}
	}
	return nil
}

func printIDs(ids []string) string {
	text := ""
	for i, id := range ids {
		if i == skippedShown {
			return fmt.Sprintf("%s and %d more", text, len(ids)-i)
		}
		if i > 0 {
			text += ", "
		}
		if len(id) > 100 {
			id = id[:100] + "..."
		}
		text += fmt.Sprintf("%q", id)
	}
	return text
}

// seesMember says whether the caller may make this one a member: a person whom
// he finds by id, or an IdP group.
func (t *Tenant) seesMember(c Candidate) bool {
	return c.Kind == MemberGroup || t.sees(&UserRow{State: c.State, RemovedBy: c.RemovedBy, RemovedAt: c.RemovedAt})
}

func (w *write) removeMembers(g *IdPGroupRow, ids []string, delta *memberDelta) error {
	if err := w.rememberOrigins(ids, delta); err != nil {
		return err
	}
	removed, err := w.tx.RemoveMembers(w.ctx, g.ID, ids)
	if err != nil {
		return err
	}
	w.removedMembers(g, removed, delta)
	return nil
}

func (w *write) removedMembers(g *IdPGroupRow, removed []MemberRow, delta *memberDelta) {
	for _, m := range removed {
		delta.remove(m.ID, m.Kind)
		if m.Shown {
			g.Members--
		}
	}
}

// replaceMembers leaves alone who was a member and stays one.
func (w *write) replaceMembers(g *IdPGroupRow, ids []string, delta *memberDelta) error {
	keep := map[string]bool{}
	for _, id := range ids {
		keep[id] = true
	}
	var gone []string
	for after := ""; ; {
		page, err := w.tx.Members(w.ctx, MemberQuery{Group: g.ID, After: after, Limit: 5000, All: true})
		if err != nil {
			return err
		}
		for _, m := range page {
			after = m.ID
			if !keep[m.ID] {
				gone = append(gone, m.ID)
			}
		}
		if len(page) < 5000 {
			break
		}
	}
	if err := w.removeMembers(g, gone, delta); err != nil {
		return err
	}
	return w.addMembers(g, ids, delta)
}

// memberChanges writes who came and went into the change log, a thousand to an
// entry.
func (w *write) memberChanges(g *IdPGroupRow, delta *memberDelta) error {
	write := func(ids []string, side func([]string) (before, after map[string]any)) error {
		for part := range slices.Chunk(ids, 1000) {
			before, after := side(part)
			if err := w.change("IdPGroup", g.ID, "members", before, after); err != nil {
				return err
			}
		}
		return nil
	}
	removed, added := slices.Sorted(maps.Keys(delta.removed)), slices.Sorted(maps.Keys(delta.added))
	if len(removed)+len(added) <= 1000 && len(removed) > 0 && len(added) > 0 {
		return w.change("IdPGroup", g.ID, "members", map[string]any{"members": removed}, map[string]any{"members": added})
	}
	if err := write(removed, func(ids []string) (before, after map[string]any) { return map[string]any{"members": ids}, nil }); err != nil {
		return err
	}
	return write(added, func(ids []string) (before, after map[string]any) { return nil, map[string]any{"members": ids} })
}

// rememberOrigins keeps what profiling will compare with.
func (w *write) rememberOrigins(ids []string, delta *memberDelta) error {
	if !w.teamsFromIdPGroups() || delta.many {
		return nil
	}
	var fresh []string
	for _, id := range ids {
		if delta.before[id] == nil {
			fresh = append(fresh, id)
		}
	}
	if len(delta.before)+len(fresh) > peopleAtOnce {
		delta.many = true
		return nil
	}
	origins, err := w.originsOf(fresh)
	maps.Copy(delta.before, origins)
	return err
}

// profileAfter gives the members concerned the teams of their IdP groups: now,
// if they are few people; else, and where groups came or went, in steps after
// the commit.
func (w *write) profileAfter(g *IdPGroupRow, delta *memberDelta) error {
	if !w.teamsFromIdPGroups() || delta.empty() {
		return nil
	}
	people := map[string]map[string]bool{}
	for _, ids := range []map[string]MemberKind{delta.added, delta.removed} {
		for id, kind := range ids {
			if kind == MemberGroup {
				delta.many = true
			}
			people[id] = delta.before[id]
		}
	}
	if !delta.many {
		return w.profilePeople(people)
	}
	above, err := w.tx.GroupsAbove(w.ctx, []string{g.ID})
	if err != nil {
		return err
	}
	groups := []string{g.ID}
	for _, a := range above[g.ID] {
		if a.ID != g.ID {
			groups = append(groups, a.ID)
		}
	}
	return w.later(false, groups...)
}

// showInGroups takes a removed person's places in IdP groups out of sight, or
// brings them back with him: his IdP never said that he had left them.
func (w *write) showInGroups(was, u *UserRow) error {
	if (was.State == Removed) == (u.State == Removed) || w.tx.Row().IdPGroups == 0 {
		return nil
	}
	shown := u.State != Removed
	groups, err := w.tx.ShowMember(w.ctx, u.ID, shown)
	if err != nil {
		return err
	}
	slices.Sort(groups)
	for _, id := range groups {
		was, _, err := w.tx.IdPGroup(w.ctx, id)
		if err != nil || was == nil {
			return err
		}
		g, delta := *was, newMemberDelta()
		if shown {
			g.Members++
			delta.add(u.ID, MemberUser)
		} else {
			g.Members--
			delta.remove(u.ID, MemberUser)
		}
		if err := w.memberChanges(&g, delta); err != nil {
			return err
		}
		g.Modified, g.Version = w.now, w.last
		if err := w.tx.UpdateIdPGroup(w.ctx, was, &g); err != nil {
			return err
		}
	}
	return nil
}
