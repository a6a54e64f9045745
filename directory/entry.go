package directory

import (
	"context"
	"slices"

	"github.com/rollcall-scim/rollcall/scim"
)

// Entry is a person or an IdP group for whoever carries them to other places:
// the attributes as they are stored, and what else there is to know.
type Entry struct {
	ID string
	// Gone says that it is not there: deleted, forgotten, or never was. Nothing
	// else is set then. Whoever only lost his access, to come back perhaps, is
	// not gone.
	Gone       bool
	Active     bool        // of a person
	Resource   scim.Object // must not be changed
	ExternalID string      // the one that the owning connection gave

	Group string   // of a person, by name
	Teams []string // likewise
	Role  string

	Members []string // of an IdP group: ids of people and IdP groups
}

// EntryQuery asks for entries in the order of their ids, or for some of them.
type EntryQuery struct {
	Type  string // User or Group, as in SCIM
	After string
	Limit int
	// IDs, if there are any, are asked for instead; those that are not there are
	// answered too, as gone.
	IDs []string
	// Name, if set, asks for those who are called so: by id, userName, e-mail or
	// displayName, in any case.
	Name string
}

// Entries reads people or IdP groups whole. A walk from id to id meets everybody
// who is there from its beginning to its end exactly once, also when people lose
// their access and get it back meanwhile.
func (t *Tenant) Entries(ctx context.Context, q EntryQuery) ([]Entry, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	if q.Name != "" {
		return t.namedEntries(ctx, q)
	}
	if q.Type == scim.GroupType.Name {
		return t.groupEntries(ctx, q)
	}
	if len(q.IDs) > 0 {
		return someEntries(q.IDs, func(id string) (e Entry, err error) {
			u, st, err := t.r.User(ctx, id)
			if err == nil {
				err = t.saw(ctx, st)
			}
			if err != nil || u == nil {
				return Entry{ID: id, Gone: true}, err
			}
			return t.personEntry(u), nil
		})
	}
	rows, st, err := t.r.ListUsers(ctx, List{After: q.After, Limit: q.Limit, States: []State{Active, Inactive, Removed}})
	if err == nil {
		err = t.saw(ctx, st) // before names of groups and teams are looked up
	}
	if err != nil {
		return nil, err
	}
	out := make([]Entry, len(rows))
	for i, u := range rows {
		out[i] = t.personEntry(u)
	}
	return out, nil
}

func someEntries(ids []string, one func(id string) (Entry, error)) ([]Entry, error) {
	out := make([]Entry, 0, len(ids))
	for _, id := range ids {
		e, err := one(id)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// personEntry takes those for gone who were deleted or removed by hand. Whom his
// connection took out by its policy, that connection still finds.
func (t *Tenant) personEntry(u *UserRow) Entry {
	if u.State == Purged || u.State == Removed && u.RemovedBy == "" {
		return Entry{ID: u.ID, Gone: true}
	}
	p := t.person(u)
	return Entry{ID: u.ID, Active: p.Active, Resource: p.Resource, ExternalID: u.ExternalID(u.Owner),
		Group: p.Group, Teams: p.Teams, Role: p.Role}
}

func (t *Tenant) groupEntries(ctx context.Context, q EntryQuery) ([]Entry, error) {
	if len(q.IDs) > 0 {
		return someEntries(q.IDs, func(id string) (Entry, error) {
			g, _, err := t.r.IdPGroup(ctx, id)
			if err != nil || g == nil {
				return Entry{ID: id, Gone: true}, err
			}
			return t.groupEntry(ctx, g)
		})
	}
	rows, _, err := t.r.ListIdPGroups(ctx, q.After, 0, q.Limit)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, len(rows))
	for i, g := range rows {
		if out[i], err = t.groupEntry(ctx, g); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *Tenant) groupEntry(ctx context.Context, g *IdPGroupRow) (Entry, error) {
	e := Entry{ID: g.ID, Active: true, Resource: scim.ResourceFromJSON([]byte(g.Doc)).Object(), ExternalID: externalID(g.Links, g.Owner)}
	if g.Members == 0 {
		return e, nil
	}
	rows, err := t.r.Members(ctx, MemberQuery{Group: g.ID})
	for _, m := range rows {
		e.Members = append(e.Members, m.ID)
	}
	return e, err
}

func (t *Tenant) namedEntries(ctx context.Context, q EntryQuery) ([]Entry, error) {
	ids, err := t.idsNamed(ctx, q)
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	found, err := t.Entries(ctx, EntryQuery{Type: q.Type, IDs: slices.Compact(ids)})
	return slices.DeleteFunc(found, func(e Entry) bool { return e.Gone }), err
}

// idsNamed starts with the name itself, which may be an id.
func (t *Tenant) idsNamed(ctx context.Context, q EntryQuery) ([]string, error) {
	ids, folded := []string{q.Name}, scim.Fold(q.Name)
	if q.Type == scim.GroupType.Name {
		found, _, err := t.r.FindIdPGroups(ctx, ByGroupName, folded)
		for _, g := range found {
			ids = append(ids, g.ID)
		}
		return ids, err
	}
	for _, key := range []Key{ByUserName, ByGoneName, ByEmail, ByDisplayName} {
		found, _, err := t.r.FindUsers(ctx, key, folded)
		if err != nil {
			return nil, err
		}
		for _, u := range found {
			ids = append(ids, u.ID)
		}
	}
	return ids, nil
}
