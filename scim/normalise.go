package scim

import "strings"

// normaliser brings what clients send into the schema's names and types. What it
// cannot use it leaves out and remembers.
type normaliser struct {
	t        *ResourceType
	patching bool // the object had values before this request
	notes    []string
	faults   []Fault
}

// maxRemarks bounds the notes, and the faults, of one request: a hostile body
// holds a hundred thousand unknown names.
const maxRemarks = 100

// place is where a value stands, for messages.
type place struct {
	ext    string
	parent *Attribute
}

func (p place) name(a *Attribute) string {
	if p.parent != nil {
		return ref{ext: p.ext, attr: p.parent, sub: a}.String()
	}
	return ref{ext: p.ext, attr: a}.String()
}

func (n *normaliser) note(text string) {
	if len(n.notes) < maxRemarks {
		n.notes = append(n.notes, text)
	}
}

func (n *normaliser) unknown(name string) {
	n.note("skipped " + quote(name) + ": " + n.t.Name + " has no such attribute")
}

func (n *normaliser) fault(path string, err *Error) {
	if len(n.faults) < maxRemarks {
		n.faults = append(n.faults, Fault{path, err})
	}
}

func (n *normaliser) wrongType(at place, a *Attribute, want string) {
	path := at.name(a)
	n.fault(path, BadRequest(InvalidValue, "400.13", "Value has the wrong type (400.13): %s must be %s.", path, want))
}

// empty is what RFC 7643 section 2.5 calls unassigned, and "" besides (rule 10).
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case Object:
		return len(v) == 0
	case members:
		return len(v) == 0
	}
	return false
}

// set gives attribute a of dst the value v: as add does (a list grows), or as
// replace does. A complex value is merged into the one that stands (item 156),
// an empty one clears.
func (n *normaliser) set(dst Object, at place, a *Attribute, v any, add bool) {
	switch {
	case a.Mutability == readOnly:
		n.skipReadOnly(at, a, v)
	case a.MultiValued:
		n.setList(dst, at, a, v, add)
	case a.Type == typeComplex:
		n.setComplex(dst, at, a, single(v))
	default:
		n.setSimple(dst, at, a, single(v))
	}
}

// skipReadOnly ignores a value as RFC 7644 section 3.3 says. Every PUT repeats
// id, meta and schemas; only the rest is worth a word.
func (n *normaliser) skipReadOnly(at place, a *Attribute, v any) {
	if !empty(v) && at.parent == nil && at.ext == "" && a.MultiValued && a.Type == typeComplex {
		n.note("skipped " + a.Name + ": it is read-only")
	}
}

// single takes the one element out of a list of one, okta-patch-005.
func single(v any) any {
	if list, ok := v.([]any); ok && len(list) == 1 {
		return list[0]
	}
	return v
}

func (n *normaliser) setSimple(dst Object, at place, a *Attribute, v any) {
	value, ok := n.simple(at, a, v)
	switch {
	case !ok:
	case value == nil && a.mustStay():
		n.fault(at.name(a), mustStay(at.name(a), InvalidValue))
	case value == nil:
		delete(dst, a.Name)
	default:
		dst[a.Name] = value
	}
}

// mustStay is the answer to taking away what a resource cannot be without:
// invalidValue for null, mutability for remove (RFC 7644 section 3.5.2.2).
func mustStay(path, scimType string) *Error {
	return BadRequest(scimType, "400.16", "Value is missing (400.16): %s cannot be without a value. Send one, or leave it out to keep the one it has.", path)
}

// simple converts a value that is not complex; nil is unassigned.
func (n *normaliser) simple(at place, a *Attribute, v any) (value any, ok bool) {
	if empty(v) {
		return nil, true
	}
	switch a.Type {
	case typeBoolean:
		return n.boolean(at, a, v)
	case typeInteger, typeDecimal:
		if number, ok := v.(Number); ok {
			return number, true
		}
		n.wrongType(at, a, "a number")
		return nil, false
	}
	return n.text(at, a, v)
}

// boolean also reads "True" and "false" (rule 11).
func (n *normaliser) boolean(at place, a *Attribute, v any) (any, bool) {
	switch s := v.(type) {
	case bool:
		return v, true
	case string:
		if b, err := parseBool(s); err == nil {
			return b, true
		}
	}
	n.wrongType(at, a, "true or false")
	return nil, false
}

// text also reads a number, as its digits (rule 11).
func (n *normaliser) text(at place, a *Attribute, v any) (any, bool) {
	switch s := v.(type) {
	case string:
		switch {
		case strings.IndexByte(s, 0) >= 0:
			n.wrongType(at, a, "text without the character U+0000")
			return nil, false
		case a.Required && strings.TrimSpace(s) == "":
			return nil, true
		}
		return v, true
	case Number:
		return string(s), true
	}
	n.wrongType(at, a, "text")
	return nil, false
}

func (n *normaliser) setComplex(dst Object, at place, a *Attribute, v any) {
	if empty(v) {
		delete(dst, a.Name)
		return
	}
	o, _ := dst[a.Name].(Object)
	if o == nil {
		o = Object{}
	}
	n.merge(o, at, a, v, false)
	if len(o) == 0 {
		delete(dst, a.Name)
		return
	}
	dst[a.Name] = o
}

// merge gives dst the sub-attributes that v names; null clears one. Text alone
// is the value (rule 12: manager, members).
func (n *normaliser) merge(dst Object, at place, a *Attribute, v any, add bool) {
	ms, ok := membersOf(v)
	if !ok {
		value := a.sub("value")
		switch v.(type) {
		case string, Number:
			if value != nil {
				ms = members{{"value", v}}
				break
			}
			n.wrongType(at, a, "an object")
			return
		default:
			n.wrongType(at, a, "an object")
			return
		}
	}
	was := dst["value"]
	below := place{at.ext, a}
	for _, m := range ms {
		sub := a.sub(m.name)
		switch {
		case sub == nil:
			n.unknown(at.name(a) + "." + m.name)
		case m.value == nil && dst[sub.Name] == nil && !sub.mustStay():
		case a == roles && sub.Name == "value":
			n.setRole(dst, below, sub, m.value)
		default:
			n.set(dst, below, sub, m.value, add)
		}
	}
	if was != nil && was != dst["value"] {
		forgetOld(dst, a, ms)
	}
}

// forgetOld drops what described the old value and was not sent anew: a new
// manager does not have the old one's address and name.
func forgetOld(dst Object, a *Attribute, ms members) {
	if a.sub("$ref") == nil {
		return
	}
next:
	for _, name := range [...]string{"$ref", "display", "displayName"} {
		for _, m := range ms {
			if strings.EqualFold(m.name, name) {
				continue next
			}
		}
		delete(dst, name)
	}
}

var roles = find(userAttributes, "roles")

// setRole unwraps a role whose value is a JSON text of {id, value, displayName},
// entra-patch-mv-013.
func (n *normaliser) setRole(dst Object, at place, value *Attribute, v any) {
	s, _ := v.(string)
	if strings.HasPrefix(s, "{") {
		inner, err := Decode([]byte(s))
		role, _ := inner.(Object)
		if text, _ := role["value"].(string); err == nil && text != "" {
			dst["value"] = text
			if display, _ := role["displayName"].(string); display != "" && dst["display"] == nil {
				dst["display"] = display
			}
			return
		}
	}
	n.set(dst, at, value, v, false)
}
