package directory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// scanTime is how long a filter without an index may look for its matches.
const scanTime = 10 * time.Second

// Query obeys RFC 7644 section 3.4.2: by an index where the filter has a term
// for one, by a scan otherwise.
func (t *Tenant) Query(ctx context.Context, typ string, q scim.Query) (*scim.Page, error) {
	q.StartIndex = max(q.StartIndex, 1)
	if typ != scim.UserType.Name {
		// Entra's Test Connection asks before the admin can switch its group
		// mapping off (behaviour.md 2.5).
		return &scim.Page{StartIndex: q.StartIndex}, t.Verify(ctx)
	}
	if q.Filter == nil {
		return t.list(ctx, q)
	}
	found, ok, err := t.lookUp(ctx, q.Filter)
	if err != nil {
		return nil, err
	}
	if !ok {
		return t.scan(ctx, q)
	}
	page := &scim.Page{Total: len(found), StartIndex: q.StartIndex}
	from := min(q.StartIndex-1, len(found))
	for _, u := range found[from:min(from+q.Count, len(found))] {
		page.Resources = append(page.Resources, t.answer(u))
	}
	return page, nil
}

// list is the plain listing: people in sight, in the order of their ids.
func (t *Tenant) list(ctx context.Context, q scim.Query) (*scim.Page, error) {
	if q.Count == 0 {
		row, err := t.verified(ctx)
		return &scim.Page{Total: int(row.Users), StartIndex: q.StartIndex}, err
	}
	l := List{Limit: q.Count, Offset: q.StartIndex - 1}
	if after, ok := t.d.pages.after(t.s.tenant, l.Offset, t.d.Now()); ok {
		l.After, l.Offset = after, 0
	}
	users, st, err := t.r.ListUsers(ctx, l)
	if err != nil {
		return nil, unavailable(err)
	}
	if err := t.saw(ctx, st); err != nil {
		return nil, err
	}
	page := &scim.Page{Total: int(st.Users), StartIndex: q.StartIndex, Resources: make([]*scim.Resource, 0, len(users))}
	for _, u := range users {
		page.Resources = append(page.Resources, t.answer(u))
	}
	if n := len(users); n > 0 {
		t.d.pages.remember(t.s.tenant, q.StartIndex-1+n, users[n-1].ID, t.d.Now())
	}
	return page, nil
}

// indexed are the attributes whose equality is answered by an index.
var indexed = map[string]Key{
	"userName": ByUserName, "externalId": ByExternalID, "emails.value": ByEmail, "displayName": ByDisplayName,
}

const indexedNames = "userName, externalId, id, emails and displayName"

// lookUp answers a filter that has an eq term with an index; ok is false when
// there is none.
func (t *Tenant) lookUp(ctx context.Context, f *scim.Filter) (found []*UserRow, ok bool, err error) {
	eq, ok := narrowest(f.Equalities())
	if !ok {
		return nil, false, nil
	}
	found, err = t.candidates(ctx, eq, indexed[eq.Path])
	if err != nil {
		return nil, true, err
	}
	exact := f.OnlyEqualities() && eq.Path != "displayName"
	found = inSight(t.matching(f, found, eq), exact)
	if exact && len(found) == 1 {
		u, err := t.meet(found[0])
		return []*UserRow{u}, true, err
	}
	return found, true, nil
}

// narrowest is the term that leaves the fewest; displayName comes last, because
// many share one and it makes no look-up exact (behaviour.md 5.2).
func narrowest(eqs []scim.Equality) (scim.Equality, bool) {
	for _, path := range []string{"id", "userName", "externalId", "emails.value", "displayName"} {
		if i := slices.IndexFunc(eqs, func(eq scim.Equality) bool { return eq.Path == path }); i >= 0 {
			return eqs[i], true
		}
	}
	return scim.Equality{}, false
}

// inSight leaves out the removed: only an exact look-up finds one of them, the
// last, and only where nobody living is meant (behaviour.md 7.2).
func inSight(users []*UserRow, exact bool) []*UserRow {
	living := slices.DeleteFunc(slices.Clone(users), func(u *UserRow) bool { return u.State == Removed })
	if !exact || len(living) > 0 || len(users) == 0 {
		return living
	}
	return []*UserRow{slices.MaxFunc(users, func(a, b *UserRow) int { return cmp.Compare(a.RemovedAt, b.RemovedAt) })}
}

// candidates are the users with that value whom the caller sees.
func (t *Tenant) candidates(ctx context.Context, eq scim.Equality, key Key) ([]*UserRow, error) {
	if eq.Path == "id" {
		u, st, err := t.r.User(noCancel, eq.Value)
		if err != nil {
			return nil, unavailable(err)
		}
		return t.seen([]*UserRow{u}), t.saw(ctx, st)
	}
	value := eq.Value
	if key != ByExternalID {
		value = scim.Fold(value)
	}
	users, st, err := t.r.FindUsers(noCancel, key, value)
	if err != nil {
		return nil, unavailable(err)
	}
	if err := t.saw(ctx, st); err != nil {
		return nil, err
	}
	if key != ByUserName || len(users) > 0 {
		return t.seen(users), nil
	}
	return t.gone(value)
}

// gone finds a removed person by his userName, or anybody by the name that his
// IdP gave him in its recycle bin. A living holder of the userName wins.
func (t *Tenant) gone(value string) ([]*UserRow, error) {
	for _, key := range []Key{ByAlias, ByGoneName} {
		users, _, err := t.r.FindUsers(noCancel, key, value)
		if err != nil {
			return nil, unavailable(err)
		}
		if users = t.seen(users); len(users) > 0 {
			return users, nil
		}
	}
	return nil, nil
}

func (t *Tenant) seen(users []*UserRow) []*UserRow {
	var out []*UserRow
	for _, u := range users {
		if u != nil && t.sees(u) {
			out = append(out, u)
		}
	}
	return out
}

// matching keeps those whom the whole filter takes. One eq term alone was
// answered by its index; of e-mails and recycle bin names the index knows less
// than the filter asks.
func (t *Tenant) matching(f *scim.Filter, users []*UserRow, eq scim.Equality) []*UserRow {
	alone := f.OnlyEqualities() && len(f.Equalities()) == 1
	if alone && eq.Path != "emails.value" && eq.Path != "externalId" {
		return users
	}
	var out []*UserRow
	for _, u := range users {
		o := t.answer(u).Object()
		if eq.Path == "userName" {
			// Found under a name that is not his: the term itself holds.
			o = cloneWith(o, "userName", eq.Value)
		}
		if f.Match(o) {
			out = append(out, u)
		}
	}
	return out
}

// scan looks at everybody in sight.
func (t *Tenant) scan(ctx context.Context, q scim.Query) (*scim.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	page := &scim.Page{StartIndex: q.StartIndex}
	for after := ""; ; {
		users, st, err := t.r.ListUsers(ctx, List{After: after, Limit: 500})
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, errScan
		}
		if err != nil {
			return nil, unavailable(err)
		}
		if err := t.saw(ctx, st); err != nil {
			return nil, err
		}
		for _, u := range users {
			r := t.answer(u)
			if !q.Filter.Match(r.Object()) {
				continue
			}
			page.Total++
			if page.Total >= q.StartIndex && len(page.Resources) < q.Count {
				page.Resources = append(page.Resources, r)
			}
		}
		if len(users) < 500 {
			return page, nil
		}
		after = users[len(users)-1].ID
	}
}

var errScan = scim.BadRequest(scim.TooMany, "400.23",
	"Too many users to look at (400.23): this filter has no term that an index answers. Add an eq term on one of "+indexedNames+", joined by and.")

// pageHints remember for ten minutes where pages ended, so that pages walked in
// order cost the same at any depth. People who come or go during a walk shift
// nobody into or out of the next page.
type pageHints struct {
	mu   sync.Mutex
	ends map[pageEnd]pageHint
}

type pageEnd struct {
	tenant int64
	offset int
}

type pageHint struct {
	id string
	at time.Time
}

func (p *pageHints) after(tenant int64, offset int, now time.Time) (string, bool) {
	if offset <= 0 {
		return "", false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h, ok := p.ends[pageEnd{tenant, offset}]
	return h.id, ok && now.Sub(h.at) < 10*time.Minute
}

func (p *pageHints) remember(tenant int64, offset int, id string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ends == nil || len(p.ends) >= 10_000 {
		p.ends = map[pageEnd]pageHint{} // a lost hint costs one walk
	}
	p.ends[pageEnd{tenant, offset}] = pageHint{id, now}
}
