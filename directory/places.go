package directory

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// GroupNames lists the groups that the caller reaches, without counting people.
func (t *Tenant) GroupNames(ctx context.Context) ([]Group, error) {
	if err := t.may(ownGroup); err != nil {
		return nil, err
	}
	if err := t.Verify(ctx); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(t.s.listGroups(), func(g Group) bool { return !t.reachesGroup(g.ID) }), nil
}

// SizedGroups counts people too, no further than 10,000 in each group: More says
// that there are more.
func (t *Tenant) SizedGroups(ctx context.Context) ([]Group, error) {
	groups, err := t.GroupNames(ctx)
	for i := range groups {
		if err == nil {
			groups[i].Users, groups[i].More, err = t.size(ctx, Set{Kind: SetGroup, Value: groups[i].ID})
		}
	}
	return groups, err
}

func (t *Tenant) size(ctx context.Context, s Set) (n int, more bool, err error) {
	n, err = t.r.CountSet(ctx, s, countedSet+1)
	return min(n, countedSet), n > countedSet, err
}

// Group finds a group by its id or name; ErrNotFound when there is none.
func (t *Tenant) Group(ctx context.Context, ref string) (Group, error) {
	groups, err := t.GroupNames(ctx)
	if err != nil {
		return Group{}, err
	}
	for _, g := range groups {
		if g.ID == ref || g.Name == ref {
			g.Users, g.More, err = t.size(ctx, Set{Kind: SetGroup, Value: g.ID})
			return g, err
		}
	}
	return Group{}, ErrNotFound
}

// TeamQuery asks for teams by group and name.
type TeamQuery struct {
	Text  string // the beginnings of words
	Group string // id; "" for all
	From  int    // how many are passed over; they are in memory
	Limit int
}

// TeamPage is a page of teams.
type TeamPage struct {
	Teams []Team
	Total int
}

// FindTeams looks for teams. Only those of the page are counted, no further than
// 10,000 people each.
func (t *Tenant) FindTeams(ctx context.Context, q TeamQuery) (TeamPage, error) {
	if err := t.may(ownGroup); err != nil {
		return TeamPage{}, err
	}
	if err := t.Verify(ctx); err != nil {
		return TeamPage{}, err
	}
	found := t.s.findTeams(q, t.reachesGroup)
	page := TeamPage{Total: len(found)}
	from := min(max(0, q.From), len(found))
	page.Teams = found[from:min(len(found), from+q.Limit)]
	for i := range page.Teams {
		m := &page.Teams[i]
		var err error
		if m.Users, m.More, err = t.size(ctx, Set{Kind: SetTeam, Value: m.ID}); err != nil {
			return page, err
		}
	}
	return page, nil
}

func (s *setup) findTeams(q TeamQuery, reaches func(string) bool) []Team {
	words := splitWords(q.Text)
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Team
	for _, m := range s.teams {
		if q.Group != "" && m.Group != q.Group || !reaches(m.Group) {
			continue
		}
		if slices.ContainsFunc(words, func(w string) bool { return !m.hasWord(w) }) {
			continue
		}
		out = append(out, s.readableTeam(m))
	}
	key := func(m Team) string { return scim.Fold(m.Name) + "\x00" + m.Group + "\x00" + m.ID }
	sort.Slice(out, func(i, j int) bool { return key(out[i]) < key(out[j]) })
	return out
}

// readableTeam is called with the setup locked.
func (s *setup) readableTeam(m *team) Team {
	out := Team{ID: m.ID, Name: m.Name, Also: m.Also, GroupID: m.Group, Created: moment(m.Created)}
	if g := s.groups[m.Group]; g != nil {
		out.Group = g.Name
	}
	return out
}

// Team finds a team by its id; ErrNotFound when there is none.
func (t *Tenant) Team(ctx context.Context, id string) (Team, error) {
	if err := t.may(ownGroup); err != nil {
		return Team{}, err
	}
	if err := t.Verify(ctx); err != nil {
		return Team{}, err
	}
	t.s.mu.RLock()
	m := t.s.teams[id]
	var out Team
	if m != nil {
		out = t.s.readableTeam(m)
	}
	t.s.mu.RUnlock()
	if m == nil || !t.reachesGroup(m.Group) {
		return Team{}, ErrNotFound
	}
	var err error
	out.Users, out.More, err = t.size(ctx, Set{Kind: SetTeam, Value: id})
	return out, err
}

// RemoveTeamName takes another name away.
func (t *Tenant) RemoveTeamName(ctx context.Context, ref TeamRef, also string) error {
	return t.changeTeam(ctx, ref, "also-known-as", func(row *TeamRow) error {
		next := slices.DeleteFunc(slices.Clone(row.Also), func(n string) bool { return scim.Fold(n) == scim.Fold(also) })
		if len(next) == len(row.Also) {
			return fmt.Errorf("the team %q has no other name %q", row.Name, also)
		}
		row.Also = next
		return nil
	})
}

// IdPMembers is a page of the members of an IdP group in the order of their ids,
// from after the given one on.
func (t *Tenant) IdPMembers(ctx context.Context, id, after string, limit int) ([]IdPMember, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	if err := t.Verify(ctx); err != nil {
		return nil, err
	}
	rows, err := t.r.Members(ctx, MemberQuery{Group: plain(id), After: plain(after), Limit: limit, Docs: true})
	out := make([]IdPMember, 0, len(rows))
	for _, m := range rows {
		r := scim.ResourceFromJSON([]byte(m.Doc))
		if m.Kind == MemberGroup {
			out = append(out, IdPMember{m.ID, r.String("displayName"), "IdP group"})
		} else {
			out = append(out, IdPMember{m.ID, r.String("userName"), "user"})
		}
	}
	return out, err
}

// OneIdPGroup finds an IdP group by its id, without its members; ErrNotFound
// when there is none.
func (t *Tenant) OneIdPGroup(ctx context.Context, id string) (IdPGroup, error) {
	if err := t.may(everything); err != nil {
		return IdPGroup{}, err
	}
	if err := t.Verify(ctx); err != nil {
		return IdPGroup{}, err
	}
	g, _, err := t.r.IdPGroup(ctx, id)
	if err != nil {
		return IdPGroup{}, err
	}
	if g == nil {
		return IdPGroup{}, ErrNotFound
	}
	return t.readableGroup(g), nil
}

// RenameIdPGroup renames one of the tenant's own. Teams are named by it: where
// IdP groups make teams, its people change theirs.
func (t *Tenant) RenameIdPGroup(ctx context.Context, ref, to string) error {
	return t.groupsByHand(ctx, func(w *write) error {
		was, err := w.ownIdPGroup(ref)
		if err != nil {
			return err
		}
		name, err := trimmed(to, "IdP group")
		if err != nil {
			return err
		}
		o := t.groupObject(was)
		_, err = w.applyToIdPGroup(was, o, cloneWith(o, "displayName", name), nil)
		return err
	})
}

// TeamsMadeBy are the teams that people have because of an IdP group's name, one
// in each group where it has people.
func (t *Tenant) TeamsMadeBy(ctx context.Context, name string) ([]Team, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	settings, err := t.Settings(ctx)
	if err != nil || !settings.on("teams-from-idp-groups") {
		return nil, err
	}
	key := scim.Fold(strings.TrimSpace(name))
	t.s.mu.RLock()
	defer t.s.mu.RUnlock()
	var out []Team
	for id := range t.s.groups {
		if m := t.s.teams[t.s.teamNames[teamName{id, key}]]; m != nil {
			out = append(out, t.s.readableTeam(m))
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Group < out[j].Group })
	return out, nil
}

// Held are the ids of the removed people whose clock the removal guard has
// stopped (behaviour.md 7.7): they are not forgotten before an admin confirms.
func (t *Tenant) Held(ctx context.Context) (map[string]bool, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	if err := t.Verify(ctx); err != nil {
		return nil, err
	}
	rows, err := t.r.Removals(ctx)
	held := map[string]bool{}
	for _, r := range rows {
		held[r.User] = held[r.User] || r.State == RemovalHeld
	}
	return held, err
}

// Forgotten is when a person who was removed will be forgotten.
func (t *Tenant) Forgotten(u User) time.Time {
	settings, _ := t.s.config()
	return u.Removed.AddDate(0, 0, settings.RetentionDays())
}

// ConnectionNames lists the connections without counting anything.
func (t *Tenant) ConnectionNames(ctx context.Context) ([]Connection, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	if err := t.Verify(ctx); err != nil {
		return nil, err
	}
	return t.s.listConnections(), nil
}
