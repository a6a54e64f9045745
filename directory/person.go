package directory

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// User is a person for people to read.
type User struct {
	ID          string   `json:"id"`
	UserName    string   `json:"userName"`
	GivenName   string   `json:"givenName"`
	FamilyName  string   `json:"familyName"`
	DisplayName string   `json:"displayName"`
	Group       string   `json:"group"`
	Teams       []string `json:"teams"`
	Matched     bool     `json:"matched"`
	Active      bool     `json:"active"`
	State       string   `json:"state"` // active, inactive, removed
	Role        string   `json:"role"`  // user, group admin, company admin

	Memberships []Membership `json:"-"`
	Values      Values       `json:"-"`
	Resource    scim.Object  `json:"-"`
	GroupID     string       `json:"-"`
	Owner       string       `json:"-"` // the connection that owns the attributes, by name; "" for none
	Created     time.Time    `json:"-"`
	Modified    time.Time    `json:"-"`
	Removed     time.Time    `json:"-"` // zero for those in sight
	LeftAlone   bool         `json:"-"` // unmatched, and known to be; only Find tells
}

// Roles by the names that people use.
var Roles = []string{RoleUser: "user", RoleGroupAdmin: "group admin", RoleCompanyAdmin: "company admin"}

var states = map[State]string{Active: "active", Inactive: "inactive", Removed: "removed", Purged: "purged"}

// UserQuery asks for people.
type UserQuery struct {
	Group   string
	Team    TeamRef
	Matched *bool
	Removed bool // those under Removed instead of those in sight
	After   string
	Limit   int
}

// Users lists people in the order of their ids.
func (t *Tenant) Users(ctx context.Context, q UserQuery) ([]User, error) {
	if err := t.may(ownGroup); err != nil {
		return nil, err
	}
	if err := t.fresh(ctx); err != nil {
		return nil, err
	}
	l := List{After: q.After, Limit: q.Limit, Matched: q.Matched}
	w := &write{t: t}
	if q.Group != "" {
		g, err := w.group(q.Group)
		if err != nil {
			return nil, err
		}
		l.Group = g.ID
	}
	if q.Team.Name != "" {
		team, err := w.team(q.Team)
		if err != nil {
			return nil, err
		}
		l.Team = team.ID
	}
	if q.Removed {
		l.States = []State{Removed}
	}
	rows, _, err := t.r.ListUsers(ctx, l)
	if err != nil {
		return nil, err
	}
	out := make([]User, 0, len(rows))
	for _, u := range rows {
		out = append(out, t.person(u))
	}
	return out, nil
}

// User finds one person by userName, or by id; removed ones too.
func (t *Tenant) User(ctx context.Context, ref string) (User, error) {
	if err := t.may(ownGroup | oneself); err != nil {
		return User{}, err
	}
	if err := t.fresh(ctx); err != nil {
		return User{}, err
	}
	u, err := t.lookUpPerson(ctx, t.r, ref)
	if err != nil {
		return User{}, err
	}
	return t.person(u), nil
}

func (t *Tenant) person(u *UserRow) User {
	o := scim.ResourceFromJSON([]byte(u.Doc)).Object()
	name, _ := o["name"].(scim.Object)
	p := User{
		ID: u.ID, DisplayName: displayName(o), Group: t.s.groupName(u.Group), Teams: []string{},
		Matched: u.Matched(), Active: u.State == Active, State: states[u.State], Role: Roles[u.Role],
		Memberships: u.Memberships(), Values: ValuesOf(o), Resource: o,
		GroupID: u.Group, Owner: t.s.connectionName(u.Owner), Created: moment(u.Created), Modified: moment(u.Modified), Removed: moment(u.RemovedAt),
	}
	p.UserName, _ = o["userName"].(string)
	p.GivenName, _ = name["givenName"].(string)
	p.FamilyName, _ = name["familyName"].(string)
	t.s.mu.RLock()
	defer t.s.mu.RUnlock()
	for _, m := range p.Memberships {
		if team := t.s.teams[m.Team]; team != nil && !slices.Contains(p.Teams, team.Name) {
			p.Teams = append(p.Teams, team.Name)
		}
	}
	slices.Sort(p.Teams)
	return p
}

// lookUpPerson prefers the living; of several removed ones it takes the last.
func (t *Tenant) lookUpPerson(ctx context.Context, r Reader, ref string) (*UserRow, error) {
	for _, key := range []Key{ByUserName, ByGoneName} {
		users, _, err := r.FindUsers(ctx, key, scim.Fold(ref))
		if err != nil {
			return nil, err
		}
		if len(users) > 0 {
			return slices.MaxFunc(users, func(a, b *UserRow) int { return int(a.RemovedAt - b.RemovedAt) }), nil
		}
	}
	u, _, err := r.User(ctx, ref)
	if err != nil {
		return nil, err
	}
	if u == nil || u.State == Purged {
		return nil, fmt.Errorf("nobody here has the userName or id %q; see who there is with: rollcall user list", ref)
	}
	return u, nil
}

// CreateUser makes a person by hand, from attribute names and values as SetUser
// takes them.
func (t *Tenant) CreateUser(ctx context.Context, userName string, attributes map[string]string) (User, error) {
	return t.within(ownGroup).byHand(ctx, func(w *write) (*UserRow, error) {
		next, err := w.assign(scim.Object{"userName": userName}, attributes)
		if err != nil {
			return nil, err
		}
		if next["emails"] == nil && scim.LooksLikeEmail(userName) {
			next["emails"] = []any{scim.Object{"value": userName, "type": "work", "primary": true}}
		}
		return w.create(scim.UserType.NewResource(next))
	})
}

// SetUser changes attributes by hand, named as in SCIM (title, name.givenName,
// country, department, emails[type eq "work"].value, ...); an empty value takes
// the attribute away. A change of the six is profiled as if the IdP had sent it
// (behaviour.md 5.5).
func (t *Tenant) SetUser(ctx context.Context, ref string, attributes map[string]string) (User, error) {
	return t.within(ownGroup).byHand(ctx, func(w *write) (*UserRow, error) {
		was, err := w.living(ref)
		if err != nil {
			return nil, err
		}
		before := t.object(was)
		next, err := w.assign(before, attributes)
		if err != nil {
			return nil, err
		}
		if was.Role == RoleCompanyAdmin && next["active"] == false {
			if err := w.notLastAdmin(was); err != nil {
				return nil, err
			}
		}
		return w.apply(was, before, next, nil)
	})
}

// assign applies attributes by the same PATCH as SCIM; what an IdP would be
// forgiven is an error by hand.
func (w *write) assign(o scim.Object, attributes map[string]string) (scim.Object, error) {
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value,omitzero"`
	}
	var ops []operation
	for path, value := range attributes {
		op := operation{Op: "replace", Path: path, Value: value}
		if value == "" {
			op = operation{Op: "remove", Path: path}
		}
		ops = append(ops, op)
	}
	slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(a.Path, b.Path) })
	body, err := json.Marshal(map[string]any{"schemas": []string{scim.PatchOpURN}, "Operations": ops})
	if err != nil {
		return nil, err
	}
	p, err := scim.ParsePatch(body)
	if err != nil {
		return nil, err
	}
	next, notes, faults := scim.UserType.Apply(o, p)
	if len(faults) > 0 {
		return nil, faults[0].Err
	}
	if len(notes) > 0 {
		return nil, fmt.Errorf("nothing was changed: %s", strings.Join(notes, "; "))
	}
	if next["externalId"] != nil {
		return nil, fmt.Errorf("externalId belongs to the identity provider that gave it; change it there and let SCIM sync again")
	}
	return next, nil
}

// MoveUser puts a person into another group. It changes the group, not the
// attribute, and stays until the IdP sends another country (6.4).
func (t *Tenant) MoveUser(ctx context.Context, ref, group string) (User, error) {
	return t.byHand(ctx, func(w *write) (*UserRow, error) { return w.moveUser(ref, group) })
}

func (w *write) moveUser(ref, group string) (*UserRow, error) {
	t := w.t
	was, err := w.living(ref)
	if err != nil {
		return nil, err
	}
	g, err := w.group(group)
	if err != nil {
		return nil, err
	}
	if settings, _ := t.s.config(); !settings.Groups() {
		return nil, fmt.Errorf("the group feature is off in this tenant, so everybody is in the default group; turn it on with: rollcall tenant set groups true --tenant %s", t.Name())
	}
	o := t.object(was)
	u := *was
	if err := w.place(&u, Placement{was.Group, was.Memberships()}, o, nil, g.ID); err != nil {
		return nil, err
	}
	return w.save(was, o, &u, o, "move")
}

// AddToTeam adds a person to a team of his group by hand.
func (t *Tenant) AddToTeam(ctx context.Context, ref string, team TeamRef) (User, error) {
	return t.within(ownGroup).byHand(ctx, func(w *write) (*UserRow, error) { return w.addToTeam(ref, team) })
}

func (w *write) addToTeam(ref string, team TeamRef) (*UserRow, error) {
	return w.changeTeams(ref, team, func(u *UserRow, row *TeamRow, ms []Membership) ([]Membership, error) {
		if s := w.t.s; row.Group != u.Group {
			return nil, fmt.Errorf("the team %q is in the group %q, he is in %q; people can only be in teams of their own group", row.Name, s.groupName(row.Group), s.groupName(u.Group))
		}
		return append(ms, Membership{row.ID, Manual}), nil
	})
}

// RemoveFromTeam takes a person out of a team, for whatever reason he is in it.
// He stays out until the value that named the team changes (6.6).
func (t *Tenant) RemoveFromTeam(ctx context.Context, ref string, team TeamRef) (User, error) {
	return t.within(ownGroup).byHand(ctx, func(w *write) (*UserRow, error) { return w.removeFromTeam(ref, team) })
}

func (w *write) removeFromTeam(ref string, team TeamRef) (*UserRow, error) {
	return w.changeTeams(ref, team, func(_ *UserRow, row *TeamRow, ms []Membership) ([]Membership, error) {
		return slices.DeleteFunc(ms, func(m Membership) bool { return m.Team == row.ID }), nil
	})
}

func (w *write) changeTeams(ref string, team TeamRef, fn func(*UserRow, *TeamRow, []Membership) ([]Membership, error)) (*UserRow, error) {
	was, err := w.living(ref)
	if err != nil {
		return nil, err
	}
	if team.Group == "" {
		// His own group's team is meant where several have the name.
		if id, ok := w.t.s.Team(was.Group, scim.Fold(team.Name)); ok {
			team.Name = id
		}
	}
	row, err := w.team(team)
	if err != nil {
		return nil, err
	}
	u := *was
	ms, err := fn(&u, row, was.Memberships())
	if err != nil {
		return nil, err
	}
	u.SetMemberships(ms)
	o := w.t.object(was)
	return w.save(was, o, &u, o, "teams")
}

// SetRole makes a person a user, group admin or company admin.
func (t *Tenant) SetRole(ctx context.Context, ref, role string) (User, error) {
	return t.byHand(ctx, func(w *write) (*UserRow, error) {
		i := slices.Index(Roles, strings.ReplaceAll(strings.ToLower(strings.TrimSpace(role)), "-", " "))
		if i < 0 {
			return nil, fmt.Errorf("%q is no role. Choose among: %s", role, strings.ReplaceAll(strings.Join(Roles, ", "), " admin", "-admin"))
		}
		was, err := w.living(ref)
		if err != nil {
			return nil, err
		}
		if was.State != Active {
			return nil, fmt.Errorf("%s is inactive; only an active person can have a role", ref)
		}
		if was.Role == RoleCompanyAdmin && Role(i) != RoleCompanyAdmin {
			if err := w.notLastAdmin(was); err != nil {
				return nil, err
			}
		}
		u := *was
		u.Role = Role(i)
		o := t.object(was)
		return w.save(was, o, &u, o, "role")
	})
}

// RemoveUser removes a person by hand; he waits under Removed for the
// retention time.
func (t *Tenant) RemoveUser(ctx context.Context, ref string) (User, error) {
	return t.within(ownGroup).byHand(ctx, func(w *write) (*UserRow, error) { return w.removeUser(ref) })
}

func (w *write) removeUser(ref string) (*UserRow, error) {
	was, err := w.living(ref)
	if err != nil {
		return nil, err
	}
	if err := w.notLastAdmin(was); err != nil {
		return nil, err
	}
	before := w.t.object(was)
	u := *was
	u.Left = departed(was, before)
	w.remove(&u, "")
	return w.save(was, before, &u, cloneWith(before, "active", false), "remove")
}

// RestoreUser brings a removed person back as he was: id, group, teams and
// role. Refused while another person has the userName.
func (t *Tenant) RestoreUser(ctx context.Context, ref string) (User, error) {
	return t.byHand(ctx, func(w *write) (*UserRow, error) { return w.restoreUser(ref) })
}

func (w *write) restoreUser(ref string) (*UserRow, error) {
	t := w.t
	was, err := t.removed(w.ctx, w.tx, ref)
	if err != nil {
		return nil, err
	}
	before := t.object(was)
	holders, _, err := w.tx.FindUsers(w.ctx, ByUserName, userNameKey(before))
	if err != nil {
		return nil, err
	}
	if len(holders) > 0 {
		return nil, fmt.Errorf("cannot restore: the userName now belongs to %s (id %s). Rename or remove that person first", t.person(holders[0]).DisplayName, holders[0].ID)
	}
	left := was.departure()
	u := *was
	u.State, u.RemovedAt, u.RemovedBy, u.Left, u.Role = Active, 0, "", "", left.Role
	u.Group = t.s.returnTo(left.Group)
	if err := w.showInGroups(was, &u); err != nil {
		return nil, err
	}
	ms, err := w.stillGrouped(u.ID, t.s.standing(left.Memberships, u.Group))
	if err != nil {
		return nil, err
	}
	u.SetMemberships(ms)
	return w.save(was, before, &u, cloneWith(before, "active", true), "restore")
}

// removed finds who can be restored.
func (t *Tenant) removed(ctx context.Context, r Reader, ref string) (*UserRow, error) {
	users, _, err := r.FindUsers(ctx, ByGoneName, scim.Fold(ref))
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		u, _, err := r.User(ctx, ref)
		if err != nil {
			return nil, err
		}
		if u == nil || u.State != Removed {
			return nil, fmt.Errorf("nobody named %q waits under Removed; see who does with: rollcall user list --removed", ref)
		}
		return u, nil
	}
	return slices.MaxFunc(users, func(a, b *UserRow) int { return int(a.RemovedAt - b.RemovedAt) }), nil
}

// byHand runs one change of a person by an admin.
func (t *Tenant) byHand(ctx context.Context, fn func(*write) (*UserRow, error)) (User, error) {
	var u *UserRow
	err := t.update(ctx, func(w *write) (err error) {
		u, err = fn(w)
		return err
	})
	if err != nil {
		return User{}, err
	}
	if err := t.fresh(ctx); err != nil {
		return User{}, err
	}
	return t.person(u), nil
}

func (w *write) living(ref string) (*UserRow, error) {
	u, err := w.t.lookUpPerson(w.ctx, w.tx, ref)
	if err != nil {
		return nil, err
	}
	if u.State == Removed {
		return nil, fmt.Errorf("%s is removed already; to have him back: rollcall user restore %s", ref, ref)
	}
	return u, nil
}

// notLastAdmin keeps a tenant from losing its last company admin by hand
// (behaviour.md 2.3). The IdP's word stands even for him.
func (w *write) notLastAdmin(u *UserRow) error {
	if u.Role != RoleCompanyAdmin {
		return nil
	}
	n, err := w.tx.CountUsers(w.ctx, List{Role: RoleCompanyAdmin, States: []State{Active}})
	if err != nil {
		return err
	}
	if n <= 1 {
		return fmt.Errorf("he is the last company admin of the tenant; make somebody else company admin first (rollcall user set-role)")
	}
	return nil
}
