package directory

import (
	"context"

	"github.com/rollcall-scim/rollcall/scim"
)

// membersAtOnce is how many members one SELECT reads when an IdP group is
// answered.
const membersAtOnce = 5000

func onIdPGroup(id string, v scim.Version, fn func(*write, *IdPGroupRow) (*IdPGroupRow, error)) func(*write) (*IdPGroupRow, error) {
	return func(w *write) (*IdPGroupRow, error) {
		was, err := w.findIdPGroup(id, v)
		if err != nil {
			return nil, err
		}
		return fn(w, was)
	}
}

// changeIdPGroup runs one SCIM write and answers with the IdP group, its members
// if they are wanted.
func (t *Tenant) changeIdPGroup(ctx context.Context, status int, members bool, fn func(*write) (*IdPGroupRow, error)) (*scim.Resource, error) {
	g, err := t.scimGroup(ctx, status, fn)
	if err != nil {
		return nil, err
	}
	return t.answerIdPGroup(noCancel, g, members)
}

func (t *Tenant) getIdPGroup(ctx context.Context, id string) (*scim.Resource, error) {
	g, st, err := t.r.IdPGroup(noCancel, id)
	if err != nil {
		return nil, unavailable(err)
	}
	if err := t.saw(ctx, st); err != nil {
		return nil, err
	}
	if g == nil || !t.Offers(scim.GroupType.Name) {
		return nil, t.errNoIdPGroup(id)
	}
	return t.answerIdPGroup(ctx, g, true)
}

// answerIdPGroup is the IdP group as this caller sees it. Members are read from
// their rows, and only if somebody will see them.
func (t *Tenant) answerIdPGroup(ctx context.Context, g *IdPGroupRow, members bool) (*scim.Resource, error) {
	b := append(make([]byte, 0, len(g.Doc)+512), schemasGroup...)
	b = append(b, g.ID...)
	b = append(b, '"')
	if quoted, ok := linkLine(g.Links, t.connection); ok && quoted != `""` {
		b = append(b, `,"externalId":`...)
		b = append(b, quoted...)
	}
	if inner := g.Doc[1 : len(g.Doc)-1]; inner != "" {
		b = append(b, ',')
		b = append(b, inner...)
	}
	if members && g.Members > 0 && scim.GroupType.Shows(t.projection, "members") {
		var err error
		if b, err = t.renderMembers(ctx, b, g.ID); err != nil {
			return nil, unavailable(err)
		}
	}
	return scim.ResourceFromJSON(t.renderMeta(b, scim.GroupType, g.ID, g.Created, g.Modified, g.Version)), nil
}

func (t *Tenant) renderMembers(ctx context.Context, b []byte, group string) ([]byte, error) {
	q := MemberQuery{Group: group, Limit: membersAtOnce, Docs: scim.GroupType.Shows(t.projection, "members.display")}
	open := false
	for {
		page, err := t.r.Members(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			if q.After = m.ID; open {
				b = append(b, ',')
			} else {
				b, open = append(b, `,"members":[`...), true
			}
			b = t.renderMember(b, m)
		}
		if len(page) < membersAtOnce {
			break
		}
	}
	if open {
		b = append(b, ']')
	}
	return b, nil
}

func (t *Tenant) renderMember(b []byte, m MemberRow) []byte {
	typ := scim.UserType
	if m.Kind == MemberGroup {
		typ = scim.GroupType
	}
	b = t.renderReference(b, typ, m.ID)
	if name := m.display(); name != "" {
		b = append(b, `,"display":`...)
		b = append(b, quote(name)...)
	}
	b = append(b, `,"type":"`...)
	b = append(b, typ.Name...)
	return append(b, `"}`...)
}

// renderReference opens an object with the value and $ref of a resource.
func (t *Tenant) renderReference(b []byte, typ *scim.ResourceType, id string) []byte {
	b = append(b, `{"value":"`...)
	b = append(b, id...)
	b = append(b, `","$ref":"`...)
	b = append(b, t.via.BaseURL...)
	b = append(b, typ.Endpoint...)
	b = append(b, '/')
	b = append(b, id...)
	return append(b, '"')
}

// display is the member's name, read no further into his document than needed.
func (m MemberRow) display() string {
	if m.Doc == "" {
		return ""
	}
	r := scim.ResourceFromJSON([]byte(m.Doc))
	if m.Kind == MemberGroup {
		return r.String("displayName")
	}
	name := scim.Object{"givenName": r.String("name.givenName"), "familyName": r.String("name.familyName"), "formatted": r.String("name.formatted")}
	return displayName(scim.Object{"name": name, "displayName": r.String("displayName"), "userName": r.String("userName")})
}

// answerOne is a user with the IdP groups he is in.
func (t *Tenant) answerOne(u *UserRow) (*scim.Resource, error) {
	if err := t.withGroups(noCancel, []*UserRow{u}); err != nil {
		return nil, err
	}
	return t.answer(u), nil
}

// withGroups reads the IdP groups of the users, if somebody will see them and
// the tenant has any.
func (t *Tenant) withGroups(ctx context.Context, users []*UserRow) error {
	if len(users) == 0 || !users[0].MayBeGrouped || !t.Offers(scim.GroupType.Name) || !scim.UserType.Shows(t.projection, "groups") {
		return nil
	}
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	above, err := t.r.GroupsAbove(ctx, ids)
	if err != nil {
		return unavailable(err)
	}
	for _, u := range users {
		u.groups = above[u.ID]
	}
	return nil
}

// renderGroupsOf writes User.groups (RFC 7643 section 4.1.2).
func (t *Tenant) renderGroupsOf(b []byte, u *UserRow) []byte {
	for i, g := range u.groups {
		if i == 0 {
			b = append(b, `,"groups":[`...)
		} else {
			b = append(b, ',')
		}
		b = t.renderReference(b, scim.GroupType, g.ID)
		b = append(b, `,"display":`...)
		b = append(b, quote(g.name())...)
		if g.Direct {
			b = append(b, `,"type":"direct"}`...)
		} else {
			b = append(b, `,"type":"indirect"}`...)
		}
	}
	if len(u.groups) > 0 {
		b = append(b, ']')
	}
	return b
}

// seeing is the tenant for an answer that holds no more than p.
func (t *Tenant) seeing(p scim.Projection) *Tenant {
	c := *t
	c.projection = p
	return &c
}

// shownIdPGroup is the answer about an IdP group for people to read, without its
// members.
func (t *Tenant) shownIdPGroup(status int, g *IdPGroupRow) string {
	if t.sent.path == "" || status == 204 || t.via.Operation == "PATCH" && t.projection.Empty() {
		return ""
	}
	r, err := t.answerIdPGroup(noCancel, g, false)
	if err != nil {
		return "" // only members are read
	}
	return string(r.JSON())
}
