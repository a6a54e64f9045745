package directory

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/scim"
)

// errNoIdPGroup answers for an id that is no IdP group's.
func (t *Tenant) errNoIdPGroup(id string) error {
	return scim.Errorf(404, "", "404.1", "No such IdP group (404.1): nothing here has the id %q. Find it with a filter on displayName.", id)
}

// scimGroup runs one SCIM write of an IdP group with its row of activity.
func (t *Tenant) scimGroup(ctx context.Context, status int, fn func(*write) (*IdPGroupRow, error)) (*IdPGroupRow, error) {
	var g *IdPGroupRow
	var done *write
	err := t.update(ctx, func(w *write) (err error) {
		if !t.Offers(scim.GroupType.Name) {
			return errIdPGroupsOff
		}
		if g, err = fn(w); err != nil {
			return err
		}
		done = w
		return w.told(status, t.shownIdPGroup(status, g))
	})
	if err != nil {
		return nil, err
	}
	t.settled(done)
	return g, nil
}

var errIdPGroupsOff = scim.Errorf(403, "", "403.2", "IdP groups are off (403.2): this tenant takes users, not groups of the identity provider. Switch the group mapping off there (in Entra ID: Provisioning > Mappings > Provision Groups > Enabled: No), or let an admin turn the setting idp-groups on.")

// createIdPGroup obeys RFC 7644 section 3.3.
func (w *write) createIdPGroup(r *scim.Resource) (*IdPGroupRow, error) {
	w.note(r.Notes...)
	if len(r.Faults) > 0 {
		return nil, r.Faults[0].Err
	}
	next := maps.Clone(r.Object())
	delete(next, "members")
	g := &IdPGroupRow{ID: newID(), Owner: w.t.connection, Created: w.now}
	delta := newMemberDelta()
	if err := w.saveIdPGroup(nil, nil, g, next, delta, "create"); err != nil {
		return nil, err
	}
	members := r.Members()
	if len(members) == 0 {
		return g, nil
	}
	// The row stands now, so that its members can.
	was := *g
	if err := w.changeMembers(g, []scim.MemberOp{{Kind: scim.AddMembers, Members: members}}, delta); err != nil {
		return nil, err
	}
	return g, w.saveIdPGroup(&was, next, g, next, delta, "update")
}

// replaceIdPGroup obeys RFC 7644 section 3.5.1: the members become those of the
// body, and a body without members empties the group (keycloak-gput-001).
func (w *write) replaceIdPGroup(was *IdPGroupRow, r *scim.Resource) (*IdPGroupRow, error) {
	w.note(r.Notes...)
	if len(r.Faults) > 0 {
		return nil, r.Faults[0].Err
	}
	before := w.t.groupObject(was)
	next := scim.GroupType.ReplaceWith(before, r)
	op := scim.MemberOp{Kind: scim.ReplaceMembers, Members: r.Members()}
	return w.applyToIdPGroup(was, before, next, []scim.MemberOp{op})
}

// patchIdPGroup obeys RFC 7644 section 3.5.2. What a PATCH does to members is
// done to their rows alone.
func (w *write) patchIdPGroup(was *IdPGroupRow, p *scim.Patch) (*IdPGroupRow, error) {
	rest, ops, notes, faults := scim.SplitMembers(p)
	before := w.t.groupObject(was)
	next, more, moreFaults := scim.GroupType.Apply(before, rest)
	w.note(append(notes, more...)...)
	if faults = append(faults, moreFaults...); len(faults) > 0 {
		return nil, faults[0].Err
	}
	return w.applyToIdPGroup(was, before, next, ops)
}

// applyToIdPGroup makes next the IdP group's attributes and runs the operations
// on its members. What another connection owns it leaves alone, but for the
// asking one's externalId (behaviour.md 5.3).
func (w *write) applyToIdPGroup(was *IdPGroupRow, before, next scim.Object, ops []scim.MemberOp) (*IdPGroupRow, error) {
	g := *was
	delete(next, "members")
	if w.t.connection != "" && g.Owner == "" {
		g.Owner = w.t.connection
	}
	if w.t.connection != "" && g.Owner != w.t.connection {
		w.note("only the externalId was kept: the IdP group belongs to another connection")
		next, ops = withExternalID(before, next["externalId"]), nil
	}
	delta := newMemberDelta()
	if err := w.changeMembers(&g, ops, delta); err != nil {
		return nil, err
	}
	return &g, w.saveIdPGroup(was, before, &g, next, delta, "update")
}

func withExternalID(o scim.Object, externalID any) scim.Object {
	next := cloneWith(o, "externalId", externalID)
	if s, _ := externalID.(string); s == "" {
		delete(next, "externalId")
	}
	return next
}

// deleteIdPGroup deletes it for good; its members, its places in other groups
// and its externalIds go with it. Another connection ends only its own link.
func (w *write) deleteIdPGroup(was *IdPGroupRow) (*IdPGroupRow, error) {
	before := w.t.groupObject(was)
	g := *was
	if w.t.connection != "" && g.Owner != "" && g.Owner != w.t.connection {
		w.note("only the link ended: the IdP group belongs to another connection")
		return &g, w.saveIdPGroup(was, before, &g, withExternalID(before, nil), newMemberDelta(), "update")
	}
	w.subject, w.person = g.ID, textOf(before, "displayName")
	if err := w.leaveParents(&g); err != nil {
		return nil, err
	}
	delta := newMemberDelta()
	if err := w.changeMembers(&g, []scim.MemberOp{{Kind: scim.RemoveAllMembers}}, delta); err != nil {
		return nil, err
	}
	if err := w.memberChanges(&g, delta); err != nil {
		return nil, err
	}
	if err := w.tx.DeleteIdPGroup(w.ctx, &g); err != nil {
		return nil, err
	}
	if err := w.profileAfter(&g, delta); err != nil {
		return nil, err
	}
	w.tx.Row().IdPGroups--
	return &g, w.change("IdPGroup", g.ID, "delete", map[string]any{"displayName": w.person}, nil)
}

// leaveParents takes the group out of the groups that it is a member of.
func (w *write) leaveParents(g *IdPGroupRow) error {
	parents, _, err := w.tx.FindIdPGroups(w.ctx, ByMember, g.ID)
	if err != nil {
		return err
	}
	for _, was := range parents {
		if was.ID == g.ID {
			continue // in itself; that row goes with the others
		}
		p := *was
		delta := newMemberDelta()
		if err := w.changeMembers(&p, []scim.MemberOp{{Kind: scim.RemoveMembers, Members: []scim.Member{{Value: g.ID}}}}, delta); err != nil {
			return err
		}
		o := w.t.groupObject(was)
		if err := w.storeIdPGroup(was, &p, o, o, delta, "update"); err != nil {
			return err
		}
	}
	return nil
}

// saveIdPGroup writes the IdP group, the link of the connection that writes and
// the changes; or nothing, when nothing is different. was is nil for a new one.
func (w *write) saveIdPGroup(was *IdPGroupRow, before scim.Object, g *IdPGroupRow, next scim.Object, delta *memberDelta, kind string) error {
	w.subject, w.person = g.ID, textOf(next, "displayName")
	if w.person == "" {
		return scim.BadRequest(scim.InvalidValue, "400.14", "displayName is missing (400.14): every IdP group needs one, unique in the tenant.")
	}
	if c := w.t.connection; c != "" {
		if _, linked := linkLine(g.Links, c); !linked || externalID(g.Links, c) != textOf(next, "externalId") {
			g.Links = withLink(g.Links, c, textOf(next, "externalId"))
		}
	}
	return w.storeIdPGroup(was, g, before, next, delta, kind)
}

func (w *write) storeIdPGroup(was, g *IdPGroupRow, before, next scim.Object, delta *memberDelta, kind string) error {
	names := scim.Changed(before, next)
	if was != nil && len(names) == 0 && delta.empty() {
		if was.Links == g.Links && was.Owner == g.Owner {
			return nil
		}
		// A link is no part of the resource: its version stays.
		if err := w.change("IdPGroup", g.ID, "link", nil, map[string]any{"connection": w.t.connection}); err != nil {
			return err
		}
		return w.tx.UpdateIdPGroup(w.ctx, was, g)
	}
	doc := maps.Clone(next)
	delete(doc, "externalId")
	g.Doc, g.Key = string(scim.GroupType.Append(nil, doc)), scim.Fold(textOf(next, "displayName"))
	if was == nil || len(names) > 0 {
		if err := w.change("IdPGroup", g.ID, kind, groupChange(names, before), groupChange(names, next)); err != nil {
			return err
		}
	}
	if err := w.memberChanges(g, delta); err != nil {
		return err
	}
	g.Modified, g.Version = w.now, w.last
	var err error
	if was == nil {
		w.tx.Row().IdPGroups++
		err = w.tx.InsertIdPGroup(w.ctx, g)
	} else {
		err = w.tx.UpdateIdPGroup(w.ctx, was, g)
	}
	if errors.Is(err, ErrTaken) {
		return errIdPGroupName
	}
	if err != nil {
		return err
	}
	if was != nil && was.Doc != g.Doc && slices.Contains(names, "displayName") && w.teamsFromIdPGroups() {
		if err := w.later(true, g.ID); err != nil {
			return err
		}
	}
	return w.profileAfter(g, delta)
}

var errIdPGroupName = scim.Errorf(409, scim.Uniqueness, "409.2",
	"displayName is taken (409.2): another IdP group of this tenant has it, compared without regard to case. Find it with a filter on displayName and update it instead.")

func groupChange(names []string, o scim.Object) map[string]any {
	m := map[string]any{}
	for _, name := range names {
		if v, ok := o[name]; ok {
			m[name] = v
		}
	}
	return m
}

func textOf(o scim.Object, name string) string {
	s, _ := o[name].(string)
	return s
}

// groupObject is what the asking connection sees of an IdP group's own
// attributes.
func (t *Tenant) groupObject(g *IdPGroupRow) scim.Object {
	o := maps.Clone(scim.ResourceFromJSON([]byte(g.Doc)).Object())
	if ext := externalID(g.Links, t.connection); ext != "" && t.connection != "" {
		o["externalId"] = ext
	}
	return o
}

// findIdPGroup reads the IdP group for a change and compares the version.
func (w *write) findIdPGroup(id string, v scim.Version) (*IdPGroupRow, error) {
	g, _, err := w.tx.IdPGroup(w.ctx, id)
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, w.t.errNoIdPGroup(id)
	}
	if v != "" && v != "*" && !sameVersion(v, g.Version) {
		return nil, scim.Errorf(412, "", "412.1", "The version does not match (412.1): the IdP group was changed since you read it; its version is %s. Read it again and repeat your change on what you find.", etag(g.Version))
	}
	return g, nil
}
