package scimhttp

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/rollcall-scim/rollcall/scim"
)

const (
	defaultCount = 100
	maxCount     = 1000 // advertised as filter.maxResults
)

// list is RFC 7644 section 3.4.2. sortBy is not offered, so it is ignored as
// section 3.4.2.3 allows.
func (x *exchange) list() (answer, error) {
	q, err := x.query()
	if err != nil {
		return answer{}, err
	}
	page, err := x.sp.Query(x.r.Context(), x.typ.Name, q)
	if err != nil {
		return answer{}, err
	}
	if page.StartIndex == 0 {
		page.StartIndex = q.StartIndex
	}
	length := 0
	if q.Projection.Empty() {
		for _, r := range page.Resources {
			length += len(r.JSON()) + 1
		}
	}
	b := openList(make([]byte, 0, length+256), page.Total, page.StartIndex, len(page.Resources))
	for i, r := range page.Resources {
		if i > 0 {
			b = append(b, ',')
		}
		b = x.append(b, r)
	}
	return answer{status: http.StatusOK, body: append(b, "]}"...)}, nil
}

// query is what the parameters ask for (RFC 7644 section 3.4.2.4).
func (x *exchange) query() (q scim.Query, err error) {
	q.Projection = x.params.projection
	if q.StartIndex, err = wholeNumber("startIndex", x.params.startIndex, 1); err != nil {
		return q, err
	}
	if q.Count, err = wholeNumber("count", x.params.count, defaultCount); err != nil {
		return q, err
	}
	q.StartIndex, q.Count = max(q.StartIndex, 1), min(max(q.Count, 0), maxCount)
	if x.params.filter != "" {
		q.Filter, err = scim.ParseFilter(x.typ, x.params.filter)
	}
	return q, err
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
