package directory

import (
	"encoding/json/v2"
	"errors"
	"maps"
	"regexp"
	"slices"

	"github.com/rollcall-scim/rollcall/scim"
)

// departure is what a user had when access was taken from him: what an admin's
// restore gives back, and what profiling compares with when he returns.
type departure struct {
	Group       string       `json:"group,omitzero"`
	Memberships []Membership `json:"memberships,omitzero"`
	Role        Role         `json:"role,omitzero"`
	Values      Values       `json:"values,omitzero"`
	ExternalID  string       `json:"externalId,omitzero"` // by the connection that took it
	Recycled    bool         `json:"recycled,omitzero"`   // he lies in his IdP's recycle bin, under another name
	Returned    int64        `json:"returned,omitzero"`   // when he came back, and seemed to be the same
}

func (u *UserRow) departure() departure {
	var d departure
	if u.Left != "" {
		_ = json.Unmarshal([]byte(u.Left), &d) // our own text
	}
	return d
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
	home := w.home()
	if err := w.place(u, Placement{Group: home}, next, allValues(), ""); err != nil {
		return nil, err
	}
	if u.State == Inactive {
		u.Left = departed(u, next)
	}
	return w.save(nil, nil, u, next, "create")
}

// home is where a new person is whose country names no group.
func (w *write) home() string {
	if w.t.reach == ownGroup {
		return w.t.user.Group
	}
	_, home := w.t.s.config()
	return home
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
		if u.State == Active || u.recycled() || !w.t.sees(u) || u.ExternalID(w.t.connection) != ext {
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
	if !w.owns(was) {
		return w.applyLink(was, before, next)
	}
	if next["active"] == false {
		return w.leave(was, before, next, faults)
	}
	if len(faults) > 0 {
		return nil, faults[0].Err
	}
	if err := w.valid(before, next); err != nil {
		return nil, err
	}
	if err := w.free(was, before, next); err != nil {
		return nil, err
	}
	u := *was
	if was.State != Active {
		return w.comeBack(was, &u, before, next)
	}
	has, err := w.lateAnother(was, &u, before, next)
	if err != nil {
		return nil, err
	}
	changed := changedValues(ValuesOf(before), ValuesOf(next))
	if err := w.place(&u, Placement{was.Group, has}, next, changed, ""); err != nil {
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
func (w *write) free(was *UserRow, before, next scim.Object) error {
	key := userNameKey(next)
	if was.State != Removed && key == userNameKey(before) {
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

// recycleBin is how Entra ID renames a user in its recycle bin: 32 hex digits
// before the old userName (behaviour.md 4.12).
var recycleBin = regexp.MustCompile(`^[0-9a-fA-F]{32}`)

func recycleName(old, name string) bool {
	return recycleBin.MatchString(name) && old != "" && scim.Fold(name[32:]) == scim.Fold(old)
}

// recycle notes that the IdP keeps him in its recycle bin.
func (u *UserRow) recycle() {
	d := u.departure()
	d.Recycled = true
	u.Left = d.text()
}

// recycled says that the IdP has him in its recycle bin. It finds him by id
// and by the name that he has there, and by nothing else: whoever has his
// address, e-mail or externalId meanwhile is a new account of the IdP, which is
// told apart from his. Otherwise both would be linked to one user, and when
// the recycle bin is emptied after 30 days the DELETE of the old would end the
// new (https://github.com/onyx-dot-app/onyx/pull/14074 tells of the names).
func (u *UserRow) recycled() bool { return u.State == Removed && u.departure().Recycled }

// leave takes access away, and never refuses (behaviour.md 7.1): whatever else
// in the request is invalid is left as it was and noted, and nothing is
// profiled.
func (w *write) leave(was *UserRow, before, next scim.Object, faults []scim.Fault) (*UserRow, error) {
	if w.byHand() && len(faults) > 0 {
		return nil, faults[0].Err
	}
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
		u.recycle()
		next["userName"] = old
	} else if err := w.validLeaver(was, &u, before, next); err != nil {
		return nil, err
	}
	return w.save(was, before, &u, next, kind)
}

// byHand says that a person asks, who reads an error and can ask again. Only an
// IdP's word must never be refused.
func (w *write) byHand() bool { return w.t.connection == "" }

// validLeaver puts back a userName that a leaver cannot have. Among the removed
// a name may stand twice.
func (w *write) validLeaver(was, u *UserRow, before, next scim.Object) error {
	err := w.valid(before, next)
	if err == nil && u.State != Removed {
		err = w.free(was, before, next)
	}
	var refused *scim.Error
	if w.byHand() || !errors.As(err, &refused) {
		return err
	}
	w.note("skipped, because access is taken away: " + refused.Detail)
	next["userName"] = before["userName"]
	return nil
}

// depart ends access under the connection's policy and says which it was.
func (w *write) depart(was, u *UserRow, before scim.Object) string {
	u.Left = departed(was, before)
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

// departed is the departure of u. Who is inactive has left before: his role and
// what was profiled last are those of that day.
func departed(u *UserRow, o scim.Object) string {
	ext, _ := o["externalId"].(string)
	d := departure{Group: u.Group, Memberships: u.Memberships(), Role: u.Role, Values: ValuesOf(o), ExternalID: ext}
	if u.State == Inactive {
		before := u.departure()
		d.Role, d.Values = before.Role, before.Values
	}
	return d.text()
}

func (d departure) text() string {
	b, _ := json.Marshal(d, json.Deterministic(true))
	return string(b)
}

// comeBack gives access again (behaviour.md 7.2, 7.4, 7.5).
func (w *write) comeBack(was, u *UserRow, before, next scim.Object) (*UserRow, error) {
	left := was.departure()
	u.State, u.RemovedAt, u.RemovedBy, u.Left = Active, 0, "", ""
	another := w.isAnother(left, before, next)
	if another {
		if err := w.another(was); err != nil {
			return nil, err
		}
	} else if left.ExternalID != "" && w.t.connection != "" {
		left.Returned = w.now
		u.Left = left.text()
	}
	if was.State == Inactive {
		has := was.Memberships()
		if another {
			has = slices.DeleteFunc(has, func(m Membership) bool { return m.Origin == Manual })
		}
		changed := changedValues(left.Values, ValuesOf(next))
		if err := w.place(u, Placement{was.Group, has}, next, changed, ""); err != nil {
			return nil, err
		}
		return w.save(was, before, u, next, "reactivate")
	}
	if err := w.showInGroups(was, u); err != nil {
		return nil, err
	}
	if err := w.place(u, Placement{Group: w.t.s.returnTo(left.Group)}, next, allValues(), ""); err != nil {
		return nil, err
	}
	if !another {
		u.SetMemberships(append(u.Memberships(), w.t.s.standing(withOrigin(left.Memberships, Manual), u.Group)...))
	}
	return w.save(was, before, u, next, "restore")
}

// another takes from somebody who may not be who left what only he may have,
// and asks an admin.
func (w *write) another(was *UserRow) error {
	if err := w.tx.DeletePassword(w.ctx, was.ID); err != nil {
		return err
	}
	if err := w.endSignIn(was.ID); err != nil {
		return err
	}
	return w.tx.PutMark(w.ctx, MarkRow{Kind: markAnother, User: was.ID, Connection: w.t.connection, At: w.now, Note: was.Left})
}

// afterwards is how long after a return another externalId still tells who it
// was that returned. Okta says active first and who it is in the next request.
const afterwards = 24 * 60 * 60 * 1e6

// lateAnother is isAnother for who came back of late. It returns the memberships
// that are left to him.
func (w *write) lateAnother(was, u *UserRow, before, next scim.Object) ([]Membership, error) {
	has, left := was.Memberships(), was.departure()
	if left.Returned == 0 || w.now-left.Returned > afterwards || before["externalId"] == next["externalId"] || !w.isAnother(left, before, next) {
		return has, nil
	}
	u.Left = ""
	given := withOrigin(left.Memberships, Manual)
	return slices.DeleteFunc(has, func(m Membership) bool { return slices.Contains(given, m) }), w.another(was)
}

// isAnother says whether somebody comes back under another externalId than he
// left with, perhaps another person with a reused address.
func (w *write) isAnother(left departure, before, next scim.Object) bool {
	had := left.ExternalID
	if had == "" {
		had, _ = before["externalId"].(string)
	}
	if now, _ := next["externalId"].(string); w.t.connection == "" || had == "" || now == had {
		return false
	}
	w.note("came back under another externalId than he left with: manual teams are not given back; check that it is the same person")
	return true
}

// returnTo is where a removed person comes back to before country is read. With
// the group feature off everybody is in the default group (behaviour.md 2.6).
func (s *setup) returnTo(id string) string {
	if settings, home := s.config(); !settings.Groups() {
		return home
	}
	return s.home(id)
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
