package scimhttp

import (
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// search is a query in a body (RFC 7644 section 3.4.3), of one type or of all.
func (x *exchange) search() (answer, error) {
	if x.params.asks() {
		return answer{}, scim.BadRequest(scim.InvalidValue, "400.45",
			"Search parameters in two places (400.45): a search has them in its body. Take them out of the address.")
	}
	data, err := x.body()
	if err != nil {
		return answer{}, err
	}
	if x.params, err = parseSearch(data); err != nil {
		return answer{}, err
	}
	x.ID = ""
	if err := x.params.check(); err != nil {
		return answer{}, err
	}
	if x.typ == nil {
		return x.listAll()
	}
	return x.list()
}

// parseSearch reads a SearchRequest: the query parameters as JSON, lists as
// arrays (RFC 7644 section 3.4.3). What a query string may be, a body may be,
// too: lists with commas, numbers as text, names in any case.
func parseSearch(data []byte) (p params, err error) {
	v, err := scim.Decode(data)
	if err != nil {
		return p, err
	}
	body, ok := v.(scim.Object)
	if !ok {
		return p, wrongSearch("the body", "an object")
	}
	for name, v := range body {
		if v == nil {
			continue
		}
		switch strings.ToLower(name) {
		case "filter":
			p.filter, err = searchText(name, v)
		case "startindex":
			p.startIndex, err = searchText(name, v)
		case "count":
			p.count, err = searchText(name, v)
		case "sortby":
			p.sortBy, err = searchText(name, v)
		case "sortorder":
			p.sortOrder, err = searchText(name, v)
		case "cursor":
			cursor, wrong := searchText(name, v)
			p.cursor, err = &cursor, wrong
		case "attributes":
			p.projection.Attributes, err = searchNames(name, v)
		case "excludedattributes":
			p.projection.Excluded, err = searchNames(name, v)
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

func searchText(name string, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v), nil
	case scim.Number:
		return string(v), nil
	}
	return "", wrongSearch(name, "one value")
}

func searchNames(name string, v any) (names []string, err error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, one := range list {
		s, ok := one.(string)
		if !ok {
			return nil, wrongSearch(name, "a list of names")
		}
		names = append(names, splitNames(s)...)
	}
	return names, nil
}

func wrongSearch(name, want string) error {
	return scim.BadRequest(scim.InvalidSyntax, "400.13",
		"Value has the wrong type (400.13): %s of a search must be %s.", name, want)
}
