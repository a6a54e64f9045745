package scimhttp

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

const (
	defaultCount = 100
	maxCount     = 1000 // advertised as filter.maxResults and pagination.maxPageSize

	// cursorTimeout is how many seconds a provider's cursors are good for at
	// least, as advertised (RFC 9865 section 4).
	cursorTimeout = 3600
)

// list is RFC 7644 section 3.4.2.
func (x *exchange) list() (answer, error) {
	q, err := x.query(x.typ)
	if err != nil {
		return answer{}, err
	}
	page, err := x.sp.Query(x.r.Context(), x.typ.Name, q)
	if err != nil {
		return answer{}, err
	}
	found := make([]typed, len(page.Resources))
	for i, r := range page.Resources {
		found[i] = typed{x.typ, r}
	}
	return x.showList(q, page, found)
}

// typed is a resource and its type, which pages across types tell apart.
type typed struct {
	typ *scim.ResourceType
	*scim.Resource
}

// showList is the ListResponse of what was found, which replaces the page's own
// resources.
func (x *exchange) showList(q scim.Query, page *scim.Page, found []typed) (answer, error) {
	length := 0
	if q.Projection.Empty() {
		for _, r := range found {
			length += len(r.JSON()) + 1
		}
	}
	if page.StartIndex == 0 {
		page.StartIndex = q.StartIndex
	}
	b := make([]byte, 0, length+256)
	if q.Cursor == nil {
		b = openList(b, page.Total, page.StartIndex, len(found))
	} else {
		b = openCursorList(b, page, len(found))
	}
	for i, r := range found {
		if i > 0 {
			b = append(b, ',')
		}
		b = x.appendAs(r.typ, b, r.Resource)
	}
	return answer{status: http.StatusOK, body: append(b, "]}"...)}, nil
}

// query is what the parameters ask for of one type.
func (x *exchange) query(t *scim.ResourceType) (scim.Query, error) {
	q, err := x.params.page()
	if err != nil {
		return q, err
	}
	if x.params.sortBy != "" {
		if q.SortBy, err = scim.SortName(t, x.params.sortBy); err != nil {
			return q, err
		}
	}
	if x.params.filter != "" {
		q.Filter, err = scim.ParseFilter(t, x.params.filter)
	}
	return q, err
}

// page is what the parameters say of paging, order and form (RFC 7644 sections
// 3.4.2.3 to 3.4.2.5).
func (p params) page() (q scim.Query, err error) {
	q.Projection, q.Cursor = p.projection, p.cursor
	if q.Descending, err = descending(p.sortOrder); err != nil {
		return q, err
	}
	if q.Count, err = p.size(); err != nil || q.Cursor != nil {
		return q, err
	}
	q.StartIndex, err = wholeNumber("startIndex", p.startIndex, 1)
	q.StartIndex = max(q.StartIndex, 1)
	return q, err
}

// size is how many resources a page may hold. By index more than there can be
// are cut; by cursor that is an error of its own (RFC 9865 section 2.1).
func (p params) size() (int, error) {
	n, err := wholeNumber("count", p.count, defaultCount)
	switch {
	case p.cursor != nil && (err != nil || n > maxCount):
		return 0, scim.BadRequest(scim.InvalidCount, "400.44",
			"Count not possible (400.44): a page by cursor holds 0 to %d resources. Ask for so many, and for as many on every page.", maxCount)
	case err != nil:
		return 0, err
	}
	return min(max(n, 0), maxCount), nil
}

func descending(order string) (bool, error) {
	switch {
	case order == "" || strings.EqualFold(order, "ascending"):
		return false, nil
	case strings.EqualFold(order, "descending"):
		return true, nil
	}
	return false, scim.BadRequest(scim.InvalidValue, "400.13",
		"Value has the wrong type (400.13): sortOrder is ascending or descending.")
}

// wholeNumber reads a number; one out of any range counts as the largest or
// smallest.
func wholeNumber(name, value string, missing int) (int, error) {
	if value == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, scim.BadRequest(scim.InvalidValue, "400.40",
			"No whole number (400.40): %s takes a whole number, such as %d.", name, missing)
	}
	return int(max(n, math.MinInt32)), nil
}

// openList begins a ListResponse up to its first resource. All four members are
// always there: clients count on integers (okta-list-001) and on an empty array
// (entra-test-003).
func openList(b []byte, total, start, count int) []byte {
	b = append(b, `{"schemas":["`+scim.ListResponseURN+`"],"totalResults":`...)
	b = strconv.AppendInt(b, int64(total), 10)
	b = append(b, `,"startIndex":`...)
	b = strconv.AppendInt(b, int64(start), 10)
	b = append(b, `,"itemsPerPage":`...)
	b = strconv.AppendInt(b, int64(count), 10)
	return append(b, `,"Resources":[`...)
}

// openCursorList is openList for a page by cursor, which has no place in a
// numbered row; without nextCursor it is the last (RFC 9865 section 2).
func openCursorList(b []byte, page *scim.Page, count int) []byte {
	b = append(b, `{"schemas":["`+scim.ListResponseURN+`"],"totalResults":`...)
	b = strconv.AppendInt(b, int64(page.Total), 10)
	b = append(b, `,"itemsPerPage":`...)
	b = strconv.AppendInt(b, int64(count), 10)
	if page.NextCursor != "" {
		b = append(b, `,"nextCursor":`...)
		b = quote(b, page.NextCursor)
	}
	return append(b, `,"Resources":[`...)
}
