package directory

import (
	"context"
	"errors"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// entries reads one stretch in the order of an index.
func (k *walk) entries(ctx context.Context, after string, offset, limit int) ([]entry, Stamp, error) {
	var out []entry
	var st Stamp
	var err error
	if k.typ == scim.GroupType {
		var groups []*IdPGroupRow
		groups, st, err = k.t.r.ListIdPGroups(ctx, after, offset, limit)
		for _, g := range groups {
			out = append(out, entry{group: g})
		}
	} else {
		var users []*UserRow
		users, st, err = k.t.r.ListUsers(ctx, List{After: after, Offset: offset, Limit: limit, ByName: k.byName(), Descending: k.byName() && k.q.Descending})
		for _, u := range users {
			out = append(out, entry{user: u})
		}
	}
	if err != nil {
		return nil, st, unavailable(err)
	}
	return out, st, k.t.saw(ctx, st)
}

// places finds what matches: by an index, and then the entries come along, or
// by looking at all.
func (k *walk) places(ctx context.Context, key func(scim.Object) (string, bool)) (out []place, held map[string]entry, err error) {
	add := func(e entry, o scim.Object) {
		p := place{ID: e.id()}
		p.Key, p.Valid = key(o)
		out = append(out, p)
	}
	found, ok, err := k.lookUp(ctx)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return out, nil, k.scan(ctx, func(e entry, o scim.Object) {
			if k.q.Filter == nil || k.q.Filter.Match(o) {
				add(e, o)
			}
		})
	}
	held = map[string]entry{}
	for _, e := range found {
		held[e.id()] = e
		if k.q.SortBy == "" {
			out = append(out, place{ID: e.id()})
			continue
		}
		o, err := k.object(ctx, e)
		if err != nil {
			return nil, nil, err
		}
		add(e, o)
	}
	return out, held, nil
}

func (k *walk) lookUp(ctx context.Context) (found []entry, ok bool, err error) {
	if k.q.Filter == nil {
		return nil, false, nil
	}
	if k.typ == scim.GroupType {
		groups, ok, err := k.t.lookUpIdPGroups(ctx, k.q.Filter)
		for _, g := range groups {
			found = append(found, entry{group: g})
		}
		return found, ok, err
	}
	users, ok, err := k.t.lookUp(ctx, k.q.Filter)
	for _, u := range users {
		found = append(found, entry{user: u})
	}
	return found, ok, err
}

// scan looks at everything in sight, for so long as a scan may last.
func (k *walk) scan(ctx context.Context, fn func(entry, scim.Object)) error {
	ctx, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	plain := &walk{t: k.t, typ: k.typ}
	for after := ""; ; {
		entries, _, err := plain.entries(ctx, after, 0, 500)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return k.errScan()
		}
		if err != nil {
			return err
		}
		if err := k.prepare(entries); err != nil {
			return err
		}
		for _, e := range entries {
			o, err := k.object(ctx, e)
			if err != nil {
				return err
			}
			fn(e, o)
		}
		if len(entries) < 500 {
			return nil
		}
		after = entries[len(entries)-1].id()
	}
}

// prepare reads the IdP groups of users where the question is about them.
func (k *walk) prepare(entries []entry) error {
	if !asks(k.q, "groups") || k.typ != scim.UserType {
		return nil
	}
	var users []*UserRow
	for _, e := range entries {
		users = append(users, e.user)
	}
	return k.t.seeing(scim.Projection{}).withGroups(noCancel, users)
}

// asks says whether a filter or an order is about the attribute.
func asks(q scim.Query, name string) bool {
	return strings.HasPrefix(q.SortBy, name) || q.Filter != nil && strings.Contains(q.Filter.String(), name)
}

func (k *walk) object(ctx context.Context, e entry) (scim.Object, error) {
	if e.user != nil {
		return k.t.answer(e.user).Object(), nil
	}
	r, err := k.t.seeing(scim.Projection{}).answerIdPGroup(ctx, e.group, asks(k.q, "members"))
	if err != nil {
		return nil, err
	}
	return r.Object(), nil
}

// fetch gets the entries of a page, but for those deleted meanwhile.
func (k *walk) fetch(ctx context.Context, window []place, held map[string]entry) (out []entry, err error) {
	for _, p := range window {
		e, ok := held[p.ID]
		if !ok {
			if e, err = k.one(ctx, p.ID); err != nil {
				return nil, unavailable(err)
			}
		}
		if e.user != nil && k.t.sees(e.user) || e.group != nil {
			out = append(out, e)
		}
	}
	return out, nil
}

func (k *walk) one(ctx context.Context, id string) (e entry, err error) {
	if k.typ == scim.GroupType {
		e.group, _, err = k.t.r.IdPGroup(ctx, id)
	} else {
		e.user, _, err = k.t.r.User(ctx, id)
	}
	return e, err
}

// membersOnPage is how many members the IdP groups of one page may have
// together; a page that would have more ends earlier, which RFC 7644 section
// 3.4.2.4 allows. One IdP group is always answered whole.
const membersOnPage = 100_000

func (k *walk) answers(ctx context.Context, entries []entry) ([]*scim.Resource, error) {
	out := make([]*scim.Resource, 0, len(entries))
	if k.typ == scim.UserType {
		users := make([]*UserRow, len(entries))
		for i, e := range entries {
			users[i] = e.user
		}
		if err := k.t.withGroups(ctx, users); err != nil {
			return nil, err
		}
		for _, u := range users {
			out = append(out, k.t.answer(u))
		}
		return out, nil
	}
	shown := scim.GroupType.Shows(k.t.projection, "members")
	members := int64(0)
	for _, e := range entries {
		if members += e.group.Members; shown && members > membersOnPage && len(out) > 0 {
			break
		}
		r, err := k.t.answerIdPGroup(ctx, e.group, true)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (k *walk) errScan() error {
	if k.typ == scim.GroupType {
		return errScanGroups
	}
	return errScan
}
