package directory

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// IdPGroup is an IdP group for people to read.
type IdPGroup struct {
	ID         string
	Name       string
	Connection string // whose it is; "" when it was made here
	Members    int
	Modified   time.Time
}

// IdPMember is a member of an IdP group for people to read.
type IdPMember struct {
	ID   string
	Name string // userName, or the IdP group's name
	Kind string // user, IdP group
}

// IdPGroups lists the tenant's IdP groups by name.
func (t *Tenant) IdPGroups(ctx context.Context) ([]IdPGroup, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	if err := t.fresh(ctx); err != nil {
		return nil, err
	}
	rows, _, err := t.r.ListIdPGroups(ctx, "", 0, 0)
	if err != nil {
		return nil, err
	}
	out := make([]IdPGroup, 0, len(rows))
	for _, g := range rows {
		out = append(out, t.readableGroup(g))
	}
	sort.Slice(out, func(i, j int) bool { return scim.Fold(out[i].Name) < scim.Fold(out[j].Name) })
	return out, nil
}

func (t *Tenant) readableGroup(g *IdPGroupRow) IdPGroup {
	return IdPGroup{ID: g.ID, Name: Above{Doc: g.Doc}.name(), Connection: t.s.connectionName(g.Owner),
		Members: int(g.Members), Modified: time.UnixMicro(g.Modified)}
}

// IdPGroup finds an IdP group by name or id and lists its members.
func (t *Tenant) IdPGroup(ctx context.Context, ref string) (IdPGroup, []IdPMember, error) {
	if err := t.may(everything); err != nil {
		return IdPGroup{}, nil, err
	}
	if err := t.fresh(ctx); err != nil {
		return IdPGroup{}, nil, err
	}
	g, err := t.lookUpIdPGroup(ctx, t.r, ref)
	if err != nil {
		return IdPGroup{}, nil, err
	}
	rows, err := t.r.Members(ctx, MemberQuery{Group: g.ID, Docs: true})
	if err != nil {
		return IdPGroup{}, nil, err
	}
	members := make([]IdPMember, 0, len(rows))
	for _, m := range rows {
		r := scim.ResourceFromJSON([]byte(m.Doc))
		if m.Kind == MemberGroup {
			members = append(members, IdPMember{m.ID, r.String("displayName"), "IdP group"})
		} else {
			members = append(members, IdPMember{m.ID, r.String("userName"), "user"})
		}
	}
	return t.readableGroup(g), members, nil
}

func (t *Tenant) lookUpIdPGroup(ctx context.Context, r Reader, ref string) (*IdPGroupRow, error) {
	found, _, err := r.FindIdPGroups(ctx, ByGroupName, scim.Fold(ref))
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return found[0], nil
	}
	g, _, err := r.IdPGroup(ctx, ref)
	if err == nil && g == nil {
		err = fmt.Errorf("there is no IdP group %q; see which there are with: rollcall idp-group list", ref)
	}
	return g, err
}

// CreateIdPGroup makes an IdP group of the tenant's own, by hand.
func (t *Tenant) CreateIdPGroup(ctx context.Context, name string) error {
	return t.groupsByHand(ctx, func(w *write) error {
		name, err := trimmed(name, "IdP group")
		if err != nil {
			return err
		}
		_, err = w.createIdPGroup(scim.GroupType.NewResource(scim.Object{"displayName": name}))
		return err
	})
}

// AddToIdPGroup adds people, by userName or id, and IdP groups, by name or id, to
// one of the tenant's own.
func (t *Tenant) AddToIdPGroup(ctx context.Context, ref string, members []string) error {
	return t.changeOwnIdPGroup(ctx, ref, members, scim.AddMembers)
}

// RemoveFromIdPGroup takes members out of one of the tenant's own.
func (t *Tenant) RemoveFromIdPGroup(ctx context.Context, ref string, members []string) error {
	return t.changeOwnIdPGroup(ctx, ref, members, scim.RemoveMembers)
}

// DeleteIdPGroup deletes one of the tenant's own.
func (t *Tenant) DeleteIdPGroup(ctx context.Context, ref string) error {
	return t.groupsByHand(ctx, func(w *write) error {
		g, err := w.ownIdPGroup(ref)
		if err != nil {
			return err
		}
		_, err = w.deleteIdPGroup(g)
		return err
	})
}

func (t *Tenant) changeOwnIdPGroup(ctx context.Context, ref string, members []string, kind scim.MemberKind) error {
	return t.groupsByHand(ctx, func(w *write) error {
		was, err := w.ownIdPGroup(ref)
		if err != nil {
			return err
		}
		op := scim.MemberOp{Kind: kind}
		for _, m := range members {
			id, err := w.memberNamed(m)
			if err != nil {
				return err
			}
			op.Members = append(op.Members, scim.Member{Value: id})
		}
		o := t.groupObject(was)
		_, err = w.applyToIdPGroup(was, o, o, []scim.MemberOp{op})
		return err
	})
}

func (w *write) memberNamed(ref string) (string, error) {
	if u, err := w.t.lookUpPerson(w.ctx, w.tx, ref); err == nil {
		return u.ID, nil
	}
	g, err := w.t.lookUpIdPGroup(w.ctx, w.tx, ref)
	if err != nil {
		return "", fmt.Errorf("%q is neither a person's userName nor the name of an IdP group", ref)
	}
	return g.ID, nil
}

// ownIdPGroup refuses those of an identity provider, whose next word would undo
// what was done by hand.
func (w *write) ownIdPGroup(ref string) (*IdPGroupRow, error) {
	g, err := w.t.lookUpIdPGroup(w.ctx, w.tx, ref)
	if err != nil {
		return nil, err
	}
	if g.Owner != "" {
		return nil, fmt.Errorf("the IdP group %q comes from the connection %q; change it at that identity provider", ref, w.t.s.connectionName(g.Owner))
	}
	return g, nil
}

// groupsByHand runs one change of IdP groups by an admin, and sees to the teams
// that follow from it.
func (t *Tenant) groupsByHand(ctx context.Context, fn func(*write) error) error {
	var done *write
	err := t.update(ctx, func(w *write) error {
		done = w
		return fn(w)
	})
	if err != nil || !done.owes {
		return err
	}
	return t.settle(ctx)
}
