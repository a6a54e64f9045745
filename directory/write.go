package directory

import (
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// write is one change of a tenant while it is being made: the one path for
// SCIM and for admins.
type write struct {
	t   *Tenant
	tx  Tx
	ctx context.Context
	now int64

	role        Role // of a user who is being created
	seal        bool
	first, last int64    // numbers of the changes made
	notes       []string // for the activity log
	person      string   // userName and
	subject     string   // id of the user concerned
}

func (w *write) note(notes ...string) { w.notes = append(w.notes, notes...) }

// sealed says that this change touches what setups hold.
func (w *write) sealed() {
	w.seal = true
	w.tx.Seal()
}

// change appends to the change log.
func (w *write) change(typ, id, kind string, before, after map[string]any) error {
	c := &ChangeRow{
		Time: w.now, Request: w.t.via.Request, Actor: w.t.actor, Connection: w.t.connection,
		Type: typ, Object: id, Kind: kind, Before: changeJSON(before), After: changeJSON(after),
	}
	if err := w.tx.AppendChange(w.ctx, c); err != nil {
		return err
	}
	if w.first == 0 {
		w.first = c.Seq
	}
	w.last = c.Seq
	if w.seal {
		w.tx.Row().Setup = c.Seq
	}
	return nil
}

func changeJSON(m map[string]any) string {
	if len(m) == 0 {
		return ""
	}
	b, err := json.Marshal(m, json.Deterministic(true))
	if err != nil {
		panic(err) // only our own values come here
	}
	return string(b)
}

// departure is what a user had when access was taken from him: what an admin's
// restore gives back, and what profiling compares with when he returns.
type departure struct {
	Group       string       `json:"group,omitzero"`
	Memberships []Membership `json:"memberships,omitzero"`
	Role        Role         `json:"role,omitzero"`
	Values      Values       `json:"values,omitzero"`
}

func (u *UserRow) departure() departure {
	var d departure
	if u.Left != "" {
		_ = json.Unmarshal([]byte(u.Left), &d) // our own text
	}
	return d
}

// object is what the asking connection sees of a user's own attributes.
func (t *Tenant) object(u *UserRow) scim.Object {
	o := maps.Clone(scim.ResourceFromJSON([]byte(u.Doc)).Object())
	if t.connection != "" {
		if ext := u.ExternalID(t.connection); ext != "" {
			o["externalId"] = ext
		}
	}
	return o
}

// create makes a user of a POST, or brings back the one whom this connection
// removed under the same externalId (behaviour.md 7.2, 7.4).
func (w *write) create(r *scim.Resource) (*UserRow, error) {
	w.note(r.Notes...)
	next := maps.Clone(r.Object())
	if _, ok := next["active"]; !ok {
		next["active"] = true // a POST without active is active (4.8)
	}
	was, err := w.returning(next)
	if err != nil {
		return nil, err
	}
	if was != nil {
		before, active := w.t.object(was), next["active"]
		next = scim.UserType.ReplaceWith(before, r)
		next["active"] = active
		return w.apply(was, before, next, r.Faults)
	}
	if len(r.Faults) > 0 {
		return nil, r.Faults[0].Err
	}
	u := &UserRow{ID: newID(), State: Active, Role: w.role, Created: w.now, Owner: w.t.connection}
	if next["active"] == false {
		if w.t.s.policy(w.t.connection) == "remove" {
			return nil, scim.BadRequest(scim.InvalidValue, "400.50",
				"A new user must be active (400.50): this tenant removes inactive people, so there is nothing to create. Send active true, or leave it out.")
		}
		u.State = Inactive
	}
	if err := w.valid(nil, next); err != nil {
		return nil, err
	}
	_, home := w.t.s.config()
	if err := w.place(u, Placement{Group: home}, next, allValues(), ""); err != nil {
		return nil, err
	}
	if u.State == Inactive {
		u.Left = departed(u, ValuesOf(next))
	}
	return w.save(nil, nil, u, next, "create")
}

// returning finds the user whom a POST brings back: removed by this connection,
// or inactive, with the same externalId; the last removed if several.
func (w *write) returning(next scim.Object) (*UserRow, error) {
	ext, _ := next["externalId"].(string)
	if ext == "" || w.t.connection == "" {
		return nil, nil
	}
	users, _, err := w.tx.FindUsers(w.ctx, ByExternalID, ext)
	if err != nil {
		return nil, err
	}
	var last *UserRow
	for _, u := range users {
		if u.State == Active || !w.t.sees(u) || u.ExternalID(w.t.connection) != ext {
			continue
		}
		if last == nil || u.RemovedAt >= last.RemovedAt {
			last = u
		}
	}
	return last, nil
}

// apply makes next the user's attributes: the one place where it is decided
// what a request means for a person. before is what he had.
func (w *write) apply(was *UserRow, before, next scim.Object, faults []scim.Fault) (*UserRow, error) {
	if next["active"] == false {
		return w.leave(was, before, next, faults)
	}
	if len(faults) > 0 {
		return nil, faults[0].Err
	}
	if err := w.valid(before, next); err != nil {
		return nil, err
	}
	if err := w.free(was, next); err != nil {
		return nil, err
	}
	u := *was
	if was.State != Active {
		return w.comeBack(was, &u, before, next)
	}
	changed := changedValues(ValuesOf(before), ValuesOf(next))
	if err := w.place(&u, Placement{was.Group, was.Memberships()}, next, changed, ""); err != nil {
		return nil, err
	}
	return w.save(was, before, &u, next, "update")
}

// valid holds the rules for userName (behaviour.md 4.4).
func (w *write) valid(before, next scim.Object) error {
	name, _ := next["userName"].(string)
	if name == "" {
		return scim.BadRequest(scim.InvalidValue, "400.14", "userName is missing (400.14): every user needs one, unique in the tenant, best in the form of an e-mail address.")
	}
	if scim.LooksLikeEmail(name) || before["userName"] == name {
		return nil
	}
	settings, _ := w.t.s.config()
	if settings.on("email-user-names") {
		return scim.BadRequest(scim.InvalidValue, "400.15", "userName is not an e-mail address (400.15): this tenant demands one. Map an attribute that holds the person's e-mail address to userName.")
	}
	w.note("userName is not in the form of an e-mail address; the primary e-mail signs in")
	return nil
}

// free refuses a userName that another living user has.
func (w *write) free(was *UserRow, next scim.Object) error {
	key := userNameKey(next)
	if was.State != Removed && key == userNameKey(w.t.object(was)) {
		return nil
	}
	holders, _, err := w.tx.FindUsers(w.ctx, ByUserName, key)
	if err == nil && len(holders) > 0 && holders[0].ID != was.ID {
		return errUserName
	}
	return err
}

var errUserName = scim.Errorf(409, scim.Uniqueness, "409.1",
	"userName is taken (409.1): another user of this tenant has it, compared without regard to case. Find him with a filter on userName and update him instead.")

func userNameKey(o scim.Object) string {
	name, _ := o["userName"].(string)
	return scim.Fold(name)
}

// recycled is how Entra ID renames a user in its recycle bin: 32 hex digits
// before the old userName (behaviour.md 4.12).
var recycled = regexp.MustCompile(`^[0-9a-fA-F]{32}`)

func recycleName(old, name string) bool {
	return recycled.MatchString(name) && old != "" && scim.Fold(name[32:]) == scim.Fold(old)
}

// leave takes access away, and never refuses (behaviour.md 7.1): whatever else
// in the request is invalid is left as it was and noted, and nothing is
// profiled.
func (w *write) leave(was *UserRow, before, next scim.Object, faults []scim.Fault) (*UserRow, error) {
	for _, f := range faults {
		w.note("skipped, because access is taken away: " + f.Err.Detail)
	}
	u := *was
	kind := "update"
	if was.State == Active {
		kind = w.depart(was, &u, before)
	}
	old, _ := before["userName"].(string)
	name, _ := next["userName"].(string)
	if recycleName(old, name) {
		u.alias = name
		next["userName"] = old
	} else if err := w.validLeaver(was, &u, before, next); err != nil {
		return nil, err
	}
	return w.save(was, before, &u, next, kind)
}

// validLeaver puts back a userName that a leaver cannot have. Among the removed
// a name may stand twice.
func (w *write) validLeaver(was, u *UserRow, before, next scim.Object) error {
	err := w.valid(before, next)
	if err == nil && u.State != Removed {
		err = w.free(was, next)
	}
	var refused *scim.Error
	if !errors.As(err, &refused) {
		return err
	}
	w.note("skipped, because access is taken away: " + refused.Detail)
	next["userName"] = before["userName"]
	return nil
}

// depart ends access under the connection's policy and says which it was.
func (w *write) depart(was, u *UserRow, before scim.Object) string {
	u.Left = departed(was, ValuesOf(before))
	u.Role = RoleUser
	if w.t.s.policy(w.t.connection) == "deactivate" {
		u.State = Inactive
		return "deactivate"
	}
	w.remove(u, w.t.connection)
	return "remove"
}

func (w *write) remove(u *UserRow, by string) {
	u.State, u.RemovedAt, u.RemovedBy = Removed, w.now, by
	u.Role, u.Group, u.Teams = RoleUser, "", ""
}

func departed(u *UserRow, v Values) string {
	b, _ := json.Marshal(departure{u.Group, u.Memberships(), u.Role, v}, json.Deterministic(true))
	return string(b)
}

// comeBack gives access again (behaviour.md 7.2, 7.4, 7.5).
func (w *write) comeBack(was, u *UserRow, before, next scim.Object) (*UserRow, error) {
	left := was.departure()
	u.State, u.RemovedAt, u.RemovedBy, u.Left = Active, 0, "", ""
	if was.State == Inactive {
		changed := changedValues(left.Values, ValuesOf(next))
		if err := w.place(u, Placement{was.Group, was.Memberships()}, next, changed, ""); err != nil {
			return nil, err
		}
		return w.save(was, before, u, next, "reactivate")
	}
	if err := w.place(u, Placement{Group: w.t.s.home(left.Group)}, next, allValues(), ""); err != nil {
		return nil, err
	}
	was0, _ := before["externalId"].(string)
	if now, _ := next["externalId"].(string); was0 != "" && now != was0 {
		w.note("came back under another externalId than he left with: manual teams are not given back; check that it is the same person")
	} else {
		u.SetMemberships(append(u.Memberships(), w.t.s.standing(withOrigin(left.Memberships, Manual), u.Group)...))
	}
	return w.save(was, before, u, next, "restore")
}

// home is the group if it still stands, else the default group.
func (s *setup) home(id string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.groups[id] != nil {
		return id
	}
	return s.defaultGroup
}

// standing keeps those memberships whose team still stands in the group.
func (s *setup) standing(ms []Membership, group string) []Membership {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Membership
	for _, m := range ms {
		if t := s.teams[m.Team]; t != nil && t.Group == group {
			out = append(out, m)
		}
	}
	return out
}

// place profiles the user and makes the teams that are missing.
func (w *write) place(u *UserRow, before Placement, next scim.Object, changed map[string]bool, moveTo string) error {
	settings, _ := w.t.s.config()
	p, err := Profile(w.t.s, Profiling{
		Groups: settings.Groups(), Attributes: settings.teamAttributes(),
		Before: before, Now: ValuesOf(next), Changed: changed, MoveTo: moveTo,
	})
	if err != nil {
		return err
	}
	for _, nt := range p.NewTeams {
		id, err := w.createTeam(p.Group, nt.Name)
		if err != nil {
			return err
		}
		for i := range p.Add {
			if p.Add[i].Team == nt.Key {
				p.Add[i].Team = id
			}
		}
	}
	u.Group = p.Group
	u.SetMemberships(p.after(before.Memberships))
	return nil
}

// save writes the user, his link, the end of his tokens and the change; or
// nothing, when nothing is different. was is nil for a new user.
func (w *write) save(was *UserRow, before scim.Object, u *UserRow, next scim.Object, kind string) (*UserRow, error) {
	w.subject = u.ID
	w.person, _ = next["userName"].(string)
	link, err := w.link(was, u, next)
	if err != nil {
		return nil, err
	}
	names := scim.Changed(before, next)
	if was != nil && len(names) == 0 && was.samePlace(u) {
		if link {
			return u, w.saveLinkOnly(was, u)
		}
		return was, nil
	}
	doc := maps.Clone(next)
	delete(doc, "externalId")
	u.Doc = string(scim.UserType.Append(nil, doc))
	u.Keys = keysOf(doc)
	if was != nil {
		was.Keys = keysOf(before)
	}
	if err := w.change("User", u.ID, kind, userChange(names, before, was, u), userChange(names, next, u, was)); err != nil {
		return nil, err
	}
	u.Modified, u.Version = w.now, w.last
	w.count(was, -1)
	w.count(u, +1)
	if was == nil {
		err = w.tx.InsertUser(w.ctx, u)
	} else {
		err = w.tx.UpdateUser(w.ctx, was, u)
	}
	if errors.Is(err, ErrTaken) {
		return nil, errUserName
	}
	if err != nil {
		return nil, err
	}
	if u.linkRow != nil {
		if err := w.tx.PutLink(w.ctx, *u.linkRow); err != nil {
			return nil, err
		}
	}
	if was != nil && (u.State != Active || u.Role < RoleCompanyAdmin) && was.State == Active && was.Role == RoleCompanyAdmin {
		return u, w.endTokensOf(u.ID, kind)
	}
	return u, nil
}

// saveLinkOnly keeps a link that a request made without changing the user.
func (w *write) saveLinkOnly(was, u *UserRow) error {
	w.count(was, -1)
	w.count(u, +1)
	if err := w.change("User", u.ID, "link", nil, map[string]any{"connection": w.t.connection}); err != nil {
		return err
	}
	was.Keys, u.Keys = Keys{}, Keys{} // the keys stand
	if err := w.tx.UpdateUser(w.ctx, was, u); err != nil {
		return err
	}
	return w.tx.PutLink(w.ctx, *u.linkRow)
}

// count keeps the tenant's totals.
func (w *write) count(u *UserRow, by int64) {
	if u == nil || u.State == Removed || u.State == Purged {
		return
	}
	row := w.tx.Row()
	row.Users += by
	if u.Links != "" {
		row.Matched += by
	}
}

func (u *UserRow) samePlace(v *UserRow) bool {
	return u.State == v.State && u.Role == v.Role && u.Group == v.Group && u.Teams == v.Teams && u.RemovedBy == v.RemovedBy
}

func keysOf(o scim.Object) Keys {
	k := Keys{UserName: userNameKey(o)}
	if s, _ := o["displayName"].(string); s != "" {
		k.Display = scim.Fold(s)
	}
	list, _ := o["emails"].([]any)
	seen := map[string]bool{}
	for _, e := range list {
		e, _ := e.(scim.Object)
		if s, _ := e["value"].(string); s != "" && !seen[scim.Fold(s)] {
			seen[scim.Fold(s)] = true
			k.Emails = append(k.Emails, scim.Fold(s))
		}
	}
	return k
}

// userChange is one side of a change of u: the attributes that differ, and of
// group, teams and state what the other side has not.
func userChange(names []string, o scim.Object, u, other *UserRow) map[string]any {
	if u == nil {
		return nil
	}
	if other == nil {
		other = &UserRow{}
	}
	m := map[string]any{}
	some := scim.Object{}
	for _, name := range names {
		if v, ok := o[name]; ok {
			some[name] = v
		}
	}
	if len(some) > 0 {
		m["attributes"] = jsontext.Value(scim.UserType.Append(nil, some))
	}
	if u.Group != other.Group {
		m["group"] = u.Group
	}
	if u.State != other.State {
		m["state"] = int(u.State)
	}
	if u.Role != other.Role {
		m["role"] = int(u.Role)
	}
	if u.Teams != other.Teams {
		var only []string
		others := other.Memberships()
		for _, ms := range u.Memberships() {
			if !containsMembership(others, ms) {
				only = append(only, ms.Team+" "+ms.Origin)
			}
		}
		if only != nil {
			m["memberships"] = only
		}
	}
	return m
}

func containsMembership(ms []Membership, m Membership) bool {
	for _, x := range ms {
		if x == m {
			return true
		}
	}
	return false
}

// trimmed refuses a name that is empty or longer than people can read.
func trimmed(name, what string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > 500 {
		return "", fmt.Errorf("the name of a %s must have 1 to 500 characters", what)
	}
	return name, nil
}
