package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// Team is a team for people to read.
type Team struct {
	ID    string
	Name  string
	Also  []string
	Group string // the group's name
	Users int

	More    bool // than Users; only where counting has an end
	GroupID string
	Created time.Time
}

// Teams lists teams by group and name; group "" means those of all.
func (t *Tenant) Teams(ctx context.Context, group string) ([]Team, error) {
	if err := t.may(ownGroup); err != nil {
		return nil, err
	}
	if err := t.fresh(ctx); err != nil {
		return nil, err
	}
	if _, err := (&write{t: t}).group(group); group != "" && err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(t.s.listTeams(group), func(one Team) bool { return !t.reachesTeam(one.ID) })
	for i := range out {
		n, err := t.r.CountUsers(ctx, List{Team: out[i].ID})
		if err != nil {
			return nil, err
		}
		out[i].Users = n
	}
	return out, nil
}

func (s *setup) listTeams(group string) []Team {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Team
	for _, t := range s.teams {
		g := s.groups[t.Group]
		if g == nil || group != "" && s.groupNames[groupKey(group)] != g.ID {
			continue
		}
		out = append(out, Team{ID: t.ID, Name: t.Name, Also: t.Also, Group: g.Name})
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Group != out[j].Group {
			return out[i].Group < out[j].Group
		}
		return scim.Fold(out[i].Name) < scim.Fold(out[j].Name)
	})
	return out
}

func (s *setup) teamsOf(group string) []*TeamRow {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*TeamRow
	for _, t := range s.teams {
		if t.Group == group {
			row := t.TeamRow
			out = append(out, &row)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// TeamRef names a team: by id, or by name and, where several groups have one of
// that name, the group.
type TeamRef struct {
	Name  string
	Group string
}

// team finds a team by reference.
func (w *write) team(ref TeamRef) (*TeamRow, error) {
	s := w.t.s
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.teams[ref.Name]; t != nil && w.t.reachesGroup(t.Group) {
		row := t.TeamRow
		return &row, nil
	}
	var found []*team
	for id := range s.groups {
		if ref.Group != "" && s.groupNames[groupKey(ref.Group)] != id || !w.t.reachesGroup(id) {
			continue
		}
		if t := s.teams[s.teamNames[teamName{id, scim.Fold(ref.Name)}]]; t != nil {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("there is no team %q; see which there are with: rollcall team list", ref.Name)
	case 1:
		row := found[0].TeamRow
		return &row, nil
	}
	return nil, fmt.Errorf("%d groups have a team %q; say which with --group", len(found), ref.Name)
}

// CreateTeam makes a team in a group.
func (t *Tenant) CreateTeam(ctx context.Context, group, name string) (id string, err error) {
	err = t.within(ownGroup).update(ctx, func(w *write) error {
		g, err := w.group(group)
		if err != nil {
			return err
		}
		if name, err = chosen(name, "team"); err != nil {
			return err
		}
		id, err = w.createTeam(g.ID, name)
		return err
	})
	return id, err
}

func (w *write) createTeam(group, name string) (string, error) {
	name, err := trimmed(name, "team")
	if err != nil {
		return "", scim.BadRequest(scim.InvalidValue, "400.13", "A team cannot have that name (400.13): %v. Shorten the value of the attribute that names it.", err)
	}
	row := &TeamRow{ID: newID(), Group: group, Name: name, Created: w.now}
	if w.quoted == nil {
		w.quoted = map[string]string{}
	}
	w.quoted[row.ID] = quote(name)
	return row.ID, w.putTeam(row, "create", nil, map[string]any{"name": name, "group": group})
}

// RenameTeam gives a team a new name; the old one keeps matching.
func (t *Tenant) RenameTeam(ctx context.Context, ref TeamRef, to string) error {
	return t.changeTeam(ctx, ref, "rename", func(row *TeamRow) error {
		to, err := chosen(to, "team")
		if err != nil {
			return err
		}
		row.Also = rename(row.Also, row.Name, to)
		// Names that fold to the same are one name.
		row.Also = slices.DeleteFunc(row.Also, func(n string) bool { return scim.Fold(n) == scim.Fold(to) })
		row.Name = to
		return nil
	})
}

// AddTeamName adds another name that profiling matches.
func (t *Tenant) AddTeamName(ctx context.Context, ref TeamRef, also string) error {
	return t.changeTeam(ctx, ref, "also-known-as", func(row *TeamRow) error {
		also, err := chosen(also, "team")
		if err != nil {
			return err
		}
		if !row.named(scim.Fold(also)) {
			row.Also = append(slices.Clone(row.Also), also)
		}
		return nil
	})
}

func (t *TeamRow) named(key string) bool {
	return slices.ContainsFunc(append([]string{t.Name}, t.Also...), func(n string) bool { return scim.Fold(n) == key })
}

// DeleteTeam deletes a team; the memberships in it end.
func (t *Tenant) DeleteTeam(ctx context.Context, ref TeamRef) error {
	return t.within(ownGroup).update(ctx, func(w *write) error {
		row, err := w.team(ref)
		if err != nil {
			return err
		}
		return w.deleteTeam(row)
	})
}

func (w *write) deleteTeam(row *TeamRow) error {
	if err := w.eachMember(row.ID, func(ms []Membership) []Membership {
		return slices.DeleteFunc(ms, func(m Membership) bool { return m.Team == row.ID })
	}); err != nil {
		return err
	}
	row.Gone = true
	return w.putTeam(row, "delete", namesChange(row.Name, row.Also), nil)
}

// MergeTeams moves the people and the names of one team into another of the
// same group.
func (t *Tenant) MergeTeams(ctx context.Context, from, into TeamRef) error {
	return t.within(ownGroup).update(ctx, func(w *write) error {
		a, err := w.team(from)
		if err != nil {
			return err
		}
		b, err := w.team(into)
		if err != nil {
			return err
		}
		if a.ID == b.ID {
			return fmt.Errorf("%q and %q are the same team", from.Name, into.Name)
		}
		if a.Group != b.Group {
			return fmt.Errorf("%q and %q are teams of different groups; only teams of one group can be merged", from.Name, into.Name)
		}
		if err := w.eachMember(a.ID, func(ms []Membership) []Membership {
			for i := range ms {
				if ms[i].Team == a.ID {
					ms[i].Team = b.ID
				}
			}
			return ms
		}); err != nil {
			return err
		}
		names := append([]string{a.Name}, a.Also...)
		a.Gone = true
		if err := w.putTeam(a, "merge", namesChange(a.Name, a.Also), map[string]any{"into": b.ID}); err != nil {
			return err
		}
		was := namesChange(b.Name, b.Also)
		b.Also = append(slices.Clone(b.Also), names...)
		return w.putTeam(b, "merge", was, namesChange(b.Name, b.Also))
	})
}

// eachMember changes the memberships of everybody in the team.
func (w *write) eachMember(team string, fn func([]Membership) []Membership) error {
	for after := ""; ; {
		users, _, err := w.tx.ListUsers(w.ctx, List{Team: team, After: after, Limit: 500})
		if err != nil {
			return err
		}
		for _, was := range users {
			after = was.ID
			o := w.t.object(was)
			u := *was
			u.SetMemberships(fn(was.Memberships()))
			if _, err := w.save(was, o, &u, o, "update"); err != nil {
				return err
			}
		}
		if len(users) < 500 {
			return nil
		}
	}
}

func (t *Tenant) changeTeam(ctx context.Context, ref TeamRef, kind string, fn func(*TeamRow) error) error {
	return t.within(ownGroup).update(ctx, func(w *write) error {
		was, err := w.team(ref)
		if err != nil {
			return err
		}
		row := *was
		if err := fn(&row); err != nil {
			return err
		}
		if row.Name == was.Name && slices.Equal(row.Also, was.Also) {
			return nil
		}
		return w.putTeam(&row, kind, namesChange(was.Name, was.Also), namesChange(row.Name, row.Also))
	})
}

func (w *write) putTeam(row *TeamRow, kind string, before, after map[string]any) error {
	w.sealed()
	if err := w.change("Team", row.ID, kind, before, after); err != nil {
		return err
	}
	row.Seq = w.last
	if row.Gone {
		if err := w.unmade(row.ID); err != nil {
			return err
		}
	}
	err := w.tx.PutTeam(w.ctx, row)
	if errors.Is(err, ErrTaken) {
		return fmt.Errorf("a team of that group has the name %q already, perhaps as an other name; merge the two, or choose another name", row.Name)
	}
	return err
}
