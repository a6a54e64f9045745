package scim

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep JSON, and a filter, may nest.
const maxDepth = 64

// member is one name and value of a JSON object; members keep the order in
// which they came, so that a request is judged the same way every time.
type member struct {
	name  string
	value any
}

type members []member

// Decode reads strict JSON (RFC 8259) into an Object, []any, string, bool,
// Number or nil. It refuses, with an *Error, what two readers could understand
// in two ways: bytes that are not UTF-8 and names that come twice in an object,
// also when they differ only in case, for in SCIM that is no difference (RFC
// 7643 section 2.1).
func Decode(data []byte) (any, error) { return decode(data, false) }

// decode keeps members in order if ordered, else makes Objects.
func decode(data []byte, ordered bool) (any, error) {
	if !utf8.Valid(data) {
		return nil, BadRequest(InvalidSyntax, "400.10", "Body is not UTF-8 (400.10): it holds bytes that are no characters. Send JSON in UTF-8.")
	}
	d := decoder{s: string(data), ordered: ordered, open: make(members, 0, 24)}
	d.s = strings.TrimPrefix(d.s, "\ufeff")
	v, err := d.document()
	if err != nil {
		return nil, err
	}
	return v, nil
}

// duplicate finds a name that comes twice. Objects are small, but a hostile one
// may hold a hundred thousand names.
func duplicate(ms members) (string, bool) {
	if len(ms) > 16 {
		return duplicateOfMany(ms)
	}
	for i, m := range ms {
		for _, n := range ms[:i] {
			if len(m.name) == len(n.name) && strings.EqualFold(m.name, n.name) {
				return m.name, true
			}
		}
	}
	return "", false
}

func duplicateOfMany(ms members) (string, bool) {
	seen := make(map[string]bool, len(ms))
	for _, m := range ms {
		name := strings.ToLower(m.name)
		if seen[name] {
			return m.name, true
		}
		seen[name] = true
	}
	return "", false
}

// membersOf are the members of an object in a fixed order: as they came, or by
// name, which puts "name" before "name.familyName".
func membersOf(v any) (members, bool) {
	switch v := v.(type) {
	case members:
		return v, true
	case Object:
		ms := make(members, 0, len(v))
		for name, value := range v {
			ms = append(ms, member{name, value})
		}
		slices.SortFunc(ms, func(a, b member) int {
			return cmp.Or(strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)), strings.Compare(a.name, b.name))
		})
		return ms, true
	}
	return nil, false
}
