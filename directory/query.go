package directory

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// scanTime is how long a filter without an index may look for its matches.
const scanTime = 10 * time.Second

// Query obeys RFC 7644 section 3.4.2: by an index where the filter has a term
// for one, by a scan otherwise. Pages go by index or by cursor (RFC 9865).
func (t *Tenant) Query(ctx context.Context, typ string, q scim.Query) (*scim.Page, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	q.StartIndex = max(q.StartIndex, 1)
	if len(q.Projection.Attributes)+len(q.Projection.Excluded) > 0 {
		t = t.seeing(q.Projection)
	}
	k := &walk{t: t, q: q, typ: scim.UserType}
	if typ != scim.GroupType.Name {
		return k.page(ctx)
	}
	k.typ = scim.GroupType
	page, err := k.page(ctx)
	if err == nil && !t.Offers(typ) {
		// Entra's Test Connection asks before the admin can switch its group
		// mapping off (behaviour.md 2.5).
		return &scim.Page{StartIndex: q.StartIndex}, t.Verify(ctx)
	}
	return page, err
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
	if found, err = t.matching(f, found, eq); err != nil {
		return nil, true, err
	}
	exact := f.OnlyEqualities() && eq.Path != "displayName"
	found = inSight(found, exact)
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
		return t.seen(notRecycled(users)), nil
	}
	return t.gone(value)
}

// notRecycled leaves out whom an IdP has in its recycle bin.
func notRecycled(users []*UserRow) []*UserRow {
	return slices.DeleteFunc(users, (*UserRow).recycled)
}

// gone finds a removed person by his userName, or anybody by the name that his
// IdP gave him in its recycle bin, where he has no other. A living holder of the
// userName wins.
func (t *Tenant) gone(value string) ([]*UserRow, error) {
	for _, key := range []Key{ByAlias, ByGoneName} {
		users, _, err := t.r.FindUsers(noCancel, key, value)
		if err != nil {
			return nil, unavailable(err)
		}
		if key == ByGoneName {
			users = notRecycled(users)
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
func (t *Tenant) matching(f *scim.Filter, users []*UserRow, eq scim.Equality) ([]*UserRow, error) {
	alone := f.OnlyEqualities() && len(f.Equalities()) == 1
	if alone && eq.Path != "emails.value" && eq.Path != "externalId" {
		return users, nil
	}
	if err := t.groupsFor(f, users); err != nil {
		return nil, err
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
	return out, nil
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
	list   string // what is listed, and in which order
	offset int
}

type pageHint struct {
	last string // key of the last one before
	at   time.Time
}

func (p *pageHints) after(end pageEnd, now time.Time) (string, bool) {
	if end.offset <= 0 {
		return "", false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h, ok := p.ends[end]
	return h.last, ok && now.Sub(h.at) < 10*time.Minute
}

func (p *pageHints) remember(end pageEnd, last string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ends == nil || len(p.ends) >= 10_000 {
		p.ends = map[pageEnd]pageHint{} // a lost hint costs one walk
	}
	p.ends[end] = pageHint{last, now}
}
