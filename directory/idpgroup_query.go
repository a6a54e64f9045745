package directory

import (
	"context"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// groupIndexes are the attributes of IdP groups whose equality is answered by
// an index.
var groupIndexes = map[string]IdPGroupKey{
	"displayName": ByGroupName, "externalId": ByGroupExternalID, "members.value": ByMember,
}

var errScanGroups = scim.BadRequest(scim.TooMany, "400.23",
	"Too many IdP groups to look at (400.23): this filter has no term that an index answers. Add an eq term on one of displayName, externalId, id and members, joined by and.")

// lookUpIdPGroups answers a filter that has an eq term with an index; ok is
// false when there is none.
func (t *Tenant) lookUpIdPGroups(ctx context.Context, f *scim.Filter) (found []*IdPGroupRow, ok bool, err error) {
	eqs := f.Equalities()
	for _, eq := range eqs {
		key, isIndexed := groupIndexes[eq.Path]
		if !isIndexed && eq.Path != "id" {
			continue
		}
		found, err := t.groupCandidates(ctx, eq, key)
		if err != nil || simple(f) && len(eqs) == 1 && eq.Path != "externalId" {
			return found, true, err
		}
		found, err = t.matchingGroups(ctx, f, found)
		return found, true, err
	}
	return nil, false, nil
}

func (t *Tenant) groupCandidates(ctx context.Context, eq scim.Equality, key IdPGroupKey) (found []*IdPGroupRow, err error) {
	var st Stamp
	if eq.Path == "id" {
		var g *IdPGroupRow
		if g, st, err = t.r.IdPGroup(noCancel, eq.Value); g != nil {
			found = []*IdPGroupRow{g}
		}
	} else {
		value := eq.Value
		if key == ByGroupName {
			value = scim.Fold(value)
		}
		found, st, err = t.r.FindIdPGroups(noCancel, key, value)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return found, t.saw(ctx, st)
}

// simple says whether a filter is nothing but eq terms that its Equalities tell
// whole: of a value path they leave the type out.
func simple(f *scim.Filter) bool {
	return f.OnlyEqualities() && !strings.Contains(f.String(), "type")
}

// matchingGroups keeps those that the whole filter takes. Of members only those
// are read that the filter names, where it does no more than name them.
func (t *Tenant) matchingGroups(ctx context.Context, f *scim.Filter, groups []*IdPGroupRow) (out []*IdPGroupRow, err error) {
	whole := asks(scim.Query{Filter: f}, "members") && !simple(f)
	for _, g := range groups {
		r, err := t.seeing(scim.Projection{}).answerIdPGroup(ctx, g, whole)
		if err != nil {
			return nil, err
		}
		o := r.Object()
		if !whole {
			if o, err = t.withNamedMembers(ctx, o, g, f); err != nil {
				return nil, unavailable(err)
			}
		}
		if f.Match(o) {
			out = append(out, g)
		}
	}
	return out, nil
}

func (t *Tenant) withNamedMembers(ctx context.Context, o scim.Object, g *IdPGroupRow, f *scim.Filter) (scim.Object, error) {
	var members []any
	for _, eq := range f.Equalities() {
		if eq.Path != "members.value" {
			continue
		}
		is, err := t.r.IsMember(ctx, g.ID, eq.Value)
		if err != nil {
			return nil, err
		}
		if is {
			members = append(members, scim.Object{"value": eq.Value})
		}
	}
	if members == nil {
		return o, nil
	}
	return cloneWith(o, "members", members), nil
}

// groupsFor reads the IdP groups of the users where the filter is about them.
func (t *Tenant) groupsFor(f *scim.Filter, users []*UserRow) error {
	if !asks(scim.Query{Filter: f}, "groups") {
		return nil
	}
	return t.seeing(scim.Projection{}).withGroups(noCancel, users)
}
