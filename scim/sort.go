package scim

import (
	"fmt"
	"math"
	"strconv"
)

// SortKey makes keys whose order as bytes is the order in which resources are
// sorted by an attribute (RFC 7644 section 3.4.2.3): of text the folded one
// unless the attribute is caseExact, of times the moment, of a multi-valued
// attribute the primary value, else the first. A key that is not there comes
// last, and first when the order is descending; equal ones are ordered by id. An
// attribute that the type does not have is an Error.
func SortKey(t *ResourceType, path string) (key func(Object) (string, bool), err error) {
	r, err := t.sortable(path)
	if err != nil {
		return nil, err
	}
	return func(o Object) (string, bool) {
		v := r.preferredValue(o)
		if !Present(v) {
			return "", false
		}
		return orderedText(r.leaf(), v), true
	}, nil
}

// SortName is path as a provider finds it in Query.SortBy: canonical.
func SortName(t *ResourceType, path string) (string, error) {
	r, err := t.sortable(path)
	if err != nil {
		return "", err
	}
	return r.String(), nil
}

// sortable resolves a name to one that has values of its own: emails is read as
// emails.value.
func (t *ResourceType) sortable(path string) (ref, error) {
	r, ok := t.lookup(path)
	if !ok || r.attr == nil || t.never(r) || t.discards(r.attr) {
		return r, BadRequest(InvalidPath, "400.30", "Cannot sort by that (400.30): %s has no attribute %s. Leave sortBy out, or name one such as displayName.", t.Name, quote(path))
	}
	if r.sub == nil && r.attr.Type == typeComplex {
		r.sub = r.attr.sub("value")
	}
	if a := r.leaf(); a == nil || a.Type == typeComplex {
		return r, BadRequest(InvalidPath, "400.30", "Cannot sort by that (400.30): %s has parts. Name one of them, such as name.familyName.", r.attr.Name)
	}
	return r, nil
}

// leaf is the attribute whose values are compared.
func (r ref) leaf() *Attribute {
	if r.attr.Type == typeComplex {
		return r.sub
	}
	return r.attr
}

func (r ref) preferredValue(o Object) any {
	if r.ext != "" {
		o, _ = o[r.ext].(Object)
	}
	v := oneOf(o[r.attr.Name])
	if r.sub != nil {
		e, _ := v.(Object)
		v = oneOf(e[r.sub.Name])
	}
	return v
}

// oneOf is the value that speaks for a list.
func oneOf(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	if at := preferred(list); at >= 0 {
		return list[at]
	}
	return nil
}

func orderedText(a *Attribute, v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "1"
		}
		return "0"
	case Number:
		f, _ := strconv.ParseFloat(string(v), 64)
		return orderedNumber(f)
	case string:
		if t, err := parseTime(v); a.Type == typeDateTime && err == nil {
			return t.UTC().Format(fixedWidth)
		}
		if a.CaseExact {
			return v
		}
		return Fold(v)
	}
	return ""
}

const fixedWidth = "2006-01-02T15:04:05.000000000Z"

// orderedNumber turns the bits of a float so that text orders like numbers.
func orderedNumber(f float64) string {
	bits := math.Float64bits(f)
	if f < 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return fmt.Sprintf("%016x", bits)
}
