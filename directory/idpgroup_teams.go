package directory

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

const (
	originPrefix = "idp-group:"
	// everyIdPGroup among changed values stands for all of a user's.
	everyIdPGroup = originPrefix + "*"
	// peopleAtOnce is how many people one transaction profiles: no other change
	// of the tenant waits for longer than that.
	peopleAtOnce = 200
)

// IdPGroupOrigin is the origin of the memberships that an IdP group gives. To
// profiling it is one more attribute, whose value is the IdP group's name
// (behaviour.md 6.7).
func IdPGroupOrigin(group string) string { return originPrefix + group }

// profiling asks where a user belongs, with all that the question needs but
// where he is now.
func (t *Tenant) profiling(ctx context.Context, r Reader, u *UserRow, next scim.Object, changed map[string]bool) (Profiling, error) {
	settings, _ := t.s.config()
	p := Profiling{Groups: settings.Groups(), Attributes: settings.teamAttributes(), Now: ValuesOf(next), Changed: changed}
	if !settings.on("teams-from-idp-groups") {
		return p, nil
	}
	above, err := r.GroupsAbove(ctx, []string{u.ID})
	if err != nil {
		return p, err
	}
	origins := map[string]bool{}
	for _, g := range above[u.ID] {
		origin := IdPGroupOrigin(g.ID)
		origins[origin] = true
		p.Now[origin] = g.name()
	}
	for origin := range changed {
		if strings.HasPrefix(origin, originPrefix) && origin != everyIdPGroup {
			origins[origin] = true
		}
	}
	if changed[everyIdPGroup] {
		for _, m := range u.Memberships() {
			if strings.HasPrefix(m.Origin, originPrefix) {
				origins[m.Origin] = true
			}
		}
		p.Changed = maps.Clone(changed)
		for origin := range origins {
			p.Changed[origin] = true
		}
	}
	p.Attributes = append(slices.Clone(p.Attributes), slices.Sorted(maps.Keys(origins))...)
	return p, nil
}

// Group and Team make a write the Names of profiling: it knows the teams that
// it has just made itself.
func (w *write) Group(name string) (string, bool) {
	id, ok := w.t.s.Group(name)
	if ok {
		w.t.d.matchedGroup(w.t.s, id, name)
	}
	return id, ok
}

func (w *write) Team(group, key string) (string, bool) {
	if id, ok := w.made[teamName{group, key}]; ok {
		return id, true
	}
	id, ok := w.t.s.Team(group, key)
	if ok {
		w.t.d.matchedTeam(w.t.s, id, key)
	}
	return id, ok
}

func (a Above) name() string { return scim.ResourceFromJSON([]byte(a.Doc)).String("displayName") }

func (w *write) teamsFromIdPGroups() bool {
	settings, _ := w.t.s.config()
	return settings.on("teams-from-idp-groups")
}

// originsOf are the origins of the IdP groups that each person is in now.
func (w *write) originsOf(people []string) (map[string]map[string]bool, error) {
	above, err := w.tx.GroupsAbove(w.ctx, people)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]bool{}
	for _, id := range people {
		out[id] = map[string]bool{}
		for _, g := range above[id] {
			out[id][IdPGroupOrigin(g.ID)] = true
		}
	}
	return out, nil
}

// stillGrouped drops the memberships whose IdP group the person has left.
func (w *write) stillGrouped(id string, ms []Membership) ([]Membership, error) {
	now, err := w.originsOf([]string{id})
	return slices.DeleteFunc(ms, func(m Membership) bool {
		return strings.HasPrefix(m.Origin, originPrefix) && !now[id][m.Origin]
	}), err
}

// profilePeople profiles those whose IdP groups are others than before.
func (w *write) profilePeople(before map[string]map[string]bool) error {
	people := slices.Sorted(maps.Keys(before))
	after, err := w.originsOf(people)
	if err != nil {
		return err
	}
	for _, id := range people {
		changed := map[string]bool{}
		for origin := range before[id] {
			if !after[id][origin] {
				changed[origin] = true
			}
		}
		for origin := range after[id] {
			if !before[id][origin] {
				changed[origin] = true
			}
		}
		if len(changed) == 0 {
			continue
		}
		if err := w.profileAgainFor(id, changed); err != nil {
			return err
		}
	}
	return nil
}

func (w *write) profileAgainFor(id string, changed map[string]bool) error {
	was, _, err := w.tx.User(w.ctx, id)
	if err != nil || was == nil || was.State != Active && was.State != Inactive {
		return err
	}
	o := w.t.object(was)
	u := *was
	if err := w.place(&u, Placement{was.Group, was.Memberships()}, o, changed, ""); err != nil {
		var refused *scim.Error
		if errors.As(err, &refused) {
			// An IdP group whose name cannot be a team's stays without one.
			w.note("no team from an IdP group: " + refused.Detail)
			return nil
		}
		return err
	}
	_, err = w.saveAs(was, o, &u, o, "teams")
	return err
}

// saveAs saves a person whom this request does not speak of: neither is the
// activity about him nor is he linked by it.
func (w *write) saveAs(was *UserRow, before scim.Object, u *UserRow, next scim.Object, kind string) (*UserRow, error) {
	subject, person := w.subject, w.person
	w.bystander = true
	saved, err := w.save(was, before, u, next, kind)
	w.subject, w.person, w.bystander = subject, person, false
	return saved, err
}

// later leaves the teams of an IdP group's people to settle. Of a group that is
// about to go nobody is below any more, but for those with a team from it.
func (w *write) later(renamed bool, groups ...string) error {
	for _, g := range groups {
		if err := w.tx.PutProfiling(w.ctx, ProfilingRow{Group: g, Renamed: renamed}); err != nil {
			return err
		}
		w.owes = true
	}
	return nil
}

// settle gives people the teams of the IdP groups that changed, in steps that
// each commit, and remembers how far it came.
func (t *Tenant) settle(ctx context.Context) error {
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.update(noCancel, func(w *write) (err error) {
			done, err = w.settleStep()
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// settleStep does the next people of the first IdP group that waits.
func (w *write) settleStep() (done bool, err error) {
	waiting, err := w.tx.Profilings(w.ctx)
	if err != nil || len(waiting) == 0 {
		return true, err
	}
	p := waiting[0]
	people, err := w.tx.PeopleBelow(w.ctx, p.Group, p.Walked, peopleAtOnce)
	if err != nil {
		return false, err
	}
	now, err := w.originsOf(people)
	if err != nil {
		return false, err
	}
	origin := IdPGroupOrigin(p.Group)
	for _, id := range people {
		u, _, err := w.tx.User(w.ctx, id)
		if err != nil {
			return false, err
		}
		if u == nil || !p.Renamed && now[id][origin] == (len(withOrigin(u.Memberships(), origin)) > 0) {
			continue
		}
		if err := w.profileAgainFor(id, map[string]bool{origin: true}); err != nil {
			return false, err
		}
	}
	if len(people) < peopleAtOnce {
		return false, w.tx.DeleteProfiling(w.ctx, p.Group)
	}
	p.Walked = people[len(people)-1]
	return false, w.tx.PutProfiling(w.ctx, p)
}

// settleFor is how long a request sees to the teams itself before it leaves the
// rest to Settle.
const settleFor = 5 * time.Second

// settled settles what this write owes. What is left is not lost.
func (t *Tenant) settled(w *write) {
	if w == nil || !w.owes {
		return
	}
	ctx, cancel := context.WithTimeout(noCancel, settleFor)
	defer cancel()
	if err := t.settle(ctx); err != nil && ctx.Err() == nil {
		t.d.Logger.Error("teams from IdP groups are not settled yet", "tenant", t.s.name, "error", err)
	}
}

// Settle gives people the teams that changes of IdP groups left to do, in all
// tenants. Serve calls it every minute.
func (d *Directory) Settle(ctx context.Context) error {
	tenants, err := d.Store.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, row := range tenants {
		t, err := d.OpenAdmin(ctx, row.Name, Via{Operation: "settle"})
		if err != nil {
			return err
		}
		t.actor = "IdP groups"
		if err := t.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}
