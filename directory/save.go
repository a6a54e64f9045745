package directory

import (
	"encoding/json/jsontext"
	"errors"
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/scim"
)

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

// place profiles the user and makes the teams that are missing.
func (w *write) place(u *UserRow, before Placement, next scim.Object, changed map[string]bool, moveTo string) error {
	question, err := w.t.profiling(w.ctx, w.tx, u, next, changed)
	if err != nil {
		return err
	}
	question.Before, question.MoveTo = before, moveTo
	p, err := Profile(w, question)
	if err != nil {
		return err
	}
	for _, nt := range p.NewTeams {
		id, err := w.createTeam(p.Group, nt.Name)
		if err != nil {
			return err
		}
		w.made[teamName{p.Group, scim.Fold(nt.Name)}] = id
		if err := w.madeBy(id, nt.Key, p.Add); err != nil {
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
	_, u.Enterprise = doc[scim.EnterpriseSchema]
	u.Keys = keysOf(doc)
	if was != nil {
		was.Keys = keysOf(before)
	}
	if err := w.change("User", u.ID, kind, userChange(names, before, was, u), userChange(names, next, u, was)); err != nil {
		return nil, err
	}
	u.Modified, u.Version = w.now, w.last
	if !w.bystander {
		w.kind = kind
	}
	if u.Owner != "" && u.Owner == w.t.connection && (was == nil || was.Owner != u.Owner) {
		w.tally(tallyPeople, 0)
	}
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
	if err := w.marks(was, before, u, next); err != nil {
		return nil, err
	}
	if was != nil {
		if err := w.showInGroups(was, u); err != nil {
			return nil, err
		}
		if err := w.guard(was, before, u, next); err != nil {
			return nil, err
		}
	}
	if was != nil && was.State == Active && u.State != Active {
		if err := w.endSignIn(u.ID); err != nil {
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
	k.Shown, k.Words = shownKey(o), searchWords(o, k.Emails)
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
			if !slices.Contains(others, ms) {
				only = append(only, ms.Team+" "+ms.Origin)
			}
		}
		if only != nil {
			m["memberships"] = only
		}
	}
	return m
}
