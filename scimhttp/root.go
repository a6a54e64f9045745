package scimhttp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// listAll is a query across all types that are offered (RFC 7644 section
// 3.4.2.1): people first, then IdP groups, or all in the order that is asked
// for.
func (x *exchange) listAll() (answer, error) {
	q, err := x.params.page()
	if err != nil {
		return answer{}, err
	}
	parts, err := x.parts(q)
	if err != nil {
		return answer{}, err
	}
	r := rootQuery{x: x, Query: q, parts: parts}
	switch {
	case q.Cursor != nil:
		err = r.byCursor()
	case x.params.sortBy != "":
		err = r.sorted()
	default:
		err = r.byIndex()
	}
	if err != nil {
		return answer{}, err
	}
	return x.showList(q, &r.page, r.found)
}

// rootQuery is a query across types on its way.
type rootQuery struct {
	scim.Query
	x     *exchange
	parts []rootPart
	page  scim.Page
	found []typed
}

// rootPart is what a query across types asks of one of them.
type rootPart struct {
	typ *scim.ResourceType
	q   scim.Query
	key func(scim.Object) (string, bool) // nil: no value to sort by
}

// parts leaves out the types of which nothing can match.
func (x *exchange) parts(q scim.Query) (parts []rootPart, err error) {
	offered, unsortable := x.offered(), 0
	for _, t := range offered {
		p := rootPart{typ: t, q: q}
		if x.params.filter != "" {
			if p.q.Filter, err = scim.ParseRootFilter(t, offered, x.params.filter); err != nil {
				return nil, err
			}
		}
		if x.params.sortBy != "" {
			if p.q.SortBy, err = scim.SortName(t, x.params.sortBy); err != nil {
				p.q.SortBy = ""
				unsortable++
			} else {
				p.key, _ = scim.SortKey(t, x.params.sortBy)
			}
		}
		if unsortable == len(offered) {
			return nil, err
		}
		if p.q.Filter == nil || !p.q.Filter.Never() {
			parts = append(parts, p)
		}
	}
	return parts, nil
}

func (r *rootQuery) ask(p rootPart, change func(*scim.Query)) (*scim.Page, error) {
	change(&p.q)
	return r.x.sp.Query(r.x.r.Context(), p.typ.Name, p.q)
}

func (r *rootQuery) take(t *scim.ResourceType, resources []*scim.Resource) {
	for _, one := range resources {
		r.found = append(r.found, typed{t, one})
	}
}

func (r *rootQuery) byIndex() error {
	for _, p := range r.parts {
		page, err := r.ask(p, func(q *scim.Query) {
			q.StartIndex = max(r.StartIndex-r.page.Total, 1)
			q.Count = r.Count - len(r.found)
		})
		if err != nil {
			return err
		}
		r.take(p.typ, page.Resources)
		r.page.Total += page.Total
	}
	return nil
}

// byCursor puts the part's number before the provider's own cursor. A page does
// not reach from one type into the next.
func (r *rootQuery) byCursor() error {
	at, rest := 0, ""
	if *r.Cursor != "" {
		number, after, dotted := strings.Cut(*r.Cursor, ".")
		n, err := strconv.Atoi(number)
		if err != nil || !dotted || n < 0 || n >= len(r.parts) {
			return scim.BadRequest(scim.InvalidCursor, "400.42",
				"Cursor not valid (400.42): it is none of this query's. Begin again with an empty cursor, and change nothing else from page to page.")
		}
		at, rest = n, after
	}
	next := ""
	for i, p := range r.parts {
		page, err := r.ask(p, func(q *scim.Query) {
			if q.Cursor = &rest; i != at {
				q.Cursor, q.StartIndex, q.Count = nil, 1, 0
			}
		})
		if err != nil {
			return err
		}
		r.page.Total += page.Total
		switch {
		case i == at:
			r.take(p.typ, page.Resources)
			if page.NextCursor != "" {
				next = strconv.Itoa(i) + "." + page.NextCursor
			}
		case i > at && next == "" && page.Total > 0 && r.Count > 0:
			next = strconv.Itoa(i) + "."
		}
	}
	r.page.NextCursor = next
	return nil
}

// maxMerged bounds what sorting across types holds in memory.
const maxMerged = 10_000

// sorted merges what every type has up to the end of the page.
func (r *rootQuery) sorted() error {
	end := r.StartIndex - 1 + r.Count
	if end > maxMerged {
		return scim.BadRequest(scim.TooMany, "400.23",
			"Too many resources to sort (400.23): across types the first %d can be asked for in order. Ask one type, such as /Users, or leave sortBy out.", maxMerged)
	}
	for _, p := range r.parts {
		page, err := r.ask(p, func(q *scim.Query) { q.StartIndex, q.Count = 1, end })
		if err != nil {
			return err
		}
		r.take(p.typ, page.Resources)
		r.page.Total += page.Total
	}
	r.sort()
	from := min(r.StartIndex-1, len(r.found))
	r.found = r.found[from:min(end, len(r.found))]
	return nil
}

// sort keeps the order within a type, which is the provider's.
func (r *rootQuery) sort() {
	type keyed struct {
		typed
		key string
		has bool
	}
	all := make([]keyed, len(r.found))
	for i, f := range r.found {
		all[i].typed = f
		for _, p := range r.parts {
			if p.typ == f.typ && p.key != nil {
				all[i].key, all[i].has = p.key(f.Object())
			}
		}
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		order := cmp.Compare(a.key, b.key)
		if a.has != b.has {
			order = 1
			if a.has {
				order = -1
			}
		}
		if r.Descending {
			return -order
		}
		return order
	})
	for i, k := range all {
		r.found[i] = k.typed
	}
}
