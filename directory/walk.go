package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// walk is one page of one list, of users or of IdP groups.
type walk struct {
	t   *Tenant
	q   scim.Query
	typ *scim.ResourceType
}

// entry is one resource of a list before it is answered.
type entry struct {
	user  *UserRow
	group *IdPGroupRow
}

func (e entry) id() string {
	if e.user != nil {
		return e.user.ID
	}
	return e.group.ID
}

// place is where a resource stands in a sorted list: without a value of the
// attribute after all others, and equal ones by id.
type place struct {
	ID    string `json:"i"`
	Key   string `json:"k,omitzero"`
	Valid bool   `json:"v,omitzero"`
}

func (k *walk) compare(a, b place) int {
	c := 0
	switch {
	case a.Valid != b.Valid:
		c = 1
		if a.Valid {
			c = -1
		}
	case a.Key != b.Key:
		c = strings.Compare(a.Key, b.Key)
	}
	if k.q.Descending {
		c = -c
	}
	if c == 0 {
		c = strings.Compare(a.ID, b.ID)
	}
	return c
}

func (k *walk) page(ctx context.Context) (*scim.Page, error) {
	after, err := k.opened(ctx)
	if err != nil {
		return nil, err
	}
	if k.q.Filter == nil && k.ordered() {
		return k.list(ctx, after)
	}
	key := func(scim.Object) (string, bool) { return "", false }
	if k.q.SortBy != "" {
		if key, err = scim.SortKey(k.typ, k.q.SortBy); err != nil {
			return nil, err
		}
	}
	places, held, err := k.places(ctx, key)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(places, k.compare)
	page := &scim.Page{Total: len(places), StartIndex: k.q.StartIndex}
	from := min(k.q.StartIndex-1, len(places))
	if k.q.Cursor != nil {
		if from, page.StartIndex = 0, 0; after != nil {
			from, _ = slices.BinarySearchFunc(places, *after, k.compare)
			if from < len(places) && places[from] == *after {
				from++
			}
		}
	}
	window := places[from:min(from+k.q.Count, len(places))]
	entries, err := k.fetch(ctx, window, held)
	if err != nil {
		return nil, err
	}
	if page.Resources, err = k.answers(ctx, entries); err != nil {
		return nil, err
	}
	// A page of large IdP groups may be shorter than what was asked for.
	if n := len(page.Resources); n < len(entries) {
		last := entries[n-1].id()
		window = window[:1+slices.IndexFunc(window, func(p place) bool { return p.ID == last })]
	}
	if n := len(window); n > 0 && from+n < len(places) {
		page.NextCursor, err = k.sealed(ctx, window[n-1])
	}
	return page, err
}

// ordered says whether the order that is asked for is that of an index.
func (k *walk) ordered() bool {
	return k.q.SortBy == "" || k.q.SortBy == "id" && !k.q.Descending || k.q.SortBy == "userName" && k.typ == scim.UserType
}

func (k *walk) byName() bool { return k.q.SortBy == "userName" }

// list is a plain listing in the order of an index, which costs the same at any
// depth where pages are walked in order.
func (k *walk) list(ctx context.Context, after *place) (*scim.Page, error) {
	t, q := k.t, k.q
	page := &scim.Page{StartIndex: q.StartIndex}
	if q.Count == 0 {
		row, err := t.r.Tenant(ctx)
		if err != nil {
			return nil, unavailable(err)
		}
		page.Total = k.total(Stamp{Users: row.Users, IdPGroups: row.IdPGroups})
		return page, t.saw(ctx, Stamp{Setup: row.Setup})
	}
	end := pageEnd{t.s.tenant, k.typ.Name, q.StartIndex - 1}
	if k.byName() {
		end.list += " by name"
	}
	if q.Descending {
		end.list += " down"
	}
	last, offset := "", end.offset
	if hint, ok := t.d.pages.after(end, t.d.Now()); ok {
		last, offset = hint, 0
	}
	if q.Cursor != nil {
		if page.StartIndex, last, offset = 0, "", 0; after != nil {
			last = after.ID
			if k.byName() {
				last = after.Key
			}
		}
	}
	limit := q.Count
	if q.Cursor != nil {
		limit++ // is there another page?
	}
	entries, st, err := k.entries(ctx, last, offset, limit)
	if err != nil {
		return nil, err
	}
	more := len(entries) > q.Count
	entries = entries[:min(q.Count, len(entries))]
	page.Total = k.total(st)
	if page.Resources, err = k.answers(ctx, entries); err != nil {
		return nil, err
	}
	n := len(page.Resources)
	if n == 0 {
		return page, nil
	}
	at := k.placed(entries[n-1])
	if q.Cursor == nil {
		end.offset += n
		t.d.pages.remember(end, k.indexKey(at), t.d.Now())
	} else if more || n < len(entries) {
		page.NextCursor, err = k.sealed(ctx, at)
	}
	return page, err
}

func (k *walk) total(st Stamp) int {
	if k.typ == scim.GroupType {
		return int(st.IdPGroups)
	}
	return int(st.Users)
}

// placed is where the entry stands in a list by an index.
func (k *walk) placed(e entry) place {
	if !k.byName() {
		return place{ID: e.id()}
	}
	return place{ID: e.id(), Key: scim.Fold(scim.ResourceFromJSON([]byte(e.user.Doc)).String("userName")), Valid: true}
}

func (k *walk) indexKey(p place) string {
	if k.byName() {
		return p.Key
	}
	return p.ID
}
