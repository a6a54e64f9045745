package scim

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Append appends o as canonical JSON: compact, the attributes in the schema's
// order, then the extensions, meta last. Two objects that are the same have the
// same bytes. What is empty, and what no schema names, is left out.
func (t *ResourceType) Append(dst []byte, o Object) []byte {
	const schemas, meta = 0, 3
	dst = append(dst, '{')
	from := len(dst)
	for _, a := range common[schemas:meta] {
		dst = appendAttribute(dst, from, a, o)
	}
	dst = appendAttributes(dst, from, t.Schema.Attributes, o)
	for _, e := range t.Extensions {
		v, _ := o[e.Schema.ID].(Object)
		if len(v) == 0 {
			continue
		}
		before := len(dst)
		dst = appendName(dst, from, e.Schema.ID)
		inner := len(dst)
		dst = append(dst, '{')
		dst = appendAttributes(dst, inner+1, e.Schema.Attributes, v)
		if dst = append(dst, '}'); len(dst) == inner+2 {
			dst = dst[:before]
		}
	}
	dst = appendAttribute(dst, from, common[meta], o)
	return append(dst, '}')
}

// appendAttributes appends those that o has; from is where o's members begin.
func appendAttributes(dst []byte, from int, attributes []*Attribute, o Object) []byte {
	for _, a := range attributes {
		dst = appendAttribute(dst, from, a, o)
	}
	return dst
}

func appendAttribute(dst []byte, from int, a *Attribute, o Object) []byte {
	v, ok := o[a.Name]
	if !ok || !Present(v) {
		return dst
	}
	return appendTyped(appendName(dst, from, a.Name), a, v)
}

func appendName(dst []byte, from int, name string) []byte {
	if len(dst) > from {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, `":`...)
}

func appendTyped(dst []byte, a *Attribute, v any) []byte {
	switch v := v.(type) {
	case Object:
		dst = append(dst, '{')
		dst = appendAttributes(dst, len(dst), a.SubAttributes, v)
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendTyped(dst, a, e)
		}
		return append(dst, ']')
	}
	return appendScalar(dst, v)
}

// appendValue appends any JSON value, names sorted.
func appendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case Object, members:
		ms, _ := membersOf(v)
		dst = append(dst, '{')
		for i, m := range ms {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, m.name), ':')
			dst = appendValue(dst, m.value)
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, e)
		}
		return append(dst, ']')
	}
	return appendScalar(dst, v)
}

func appendScalar(dst []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(dst, v)
	case bool:
		if v {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case Number:
		return append(dst, v...)
	case nil:
		return append(dst, "null"...)
	}
	panic(fmt.Sprintf("scim: %T in an Object", v)) // a mistake of ours
}

// appendString appends a JSON string (RFC 8259 section 7). Bytes that are not
// UTF-8 become the replacement character.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	plain := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
			size = n
		}
		dst = appendEscape(append(dst, s[plain:i]...), c)
		i += size
		plain = i
	}
	return append(append(dst, s[plain:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	if i := strings.IndexByte("\"\\\b\f\n\r\t", c); i >= 0 {
		return append(dst, '\\', `"\bfnrt`[i])
	}
	if c >= utf8.RuneSelf {
		return append(dst, "\ufffd"...)
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// Clone is a deep copy of a value of an Object.
func Clone(v any) any {
	switch v := v.(type) {
	case Object:
		return CloneObject(v)
	case []any:
		list := slices.Clone(v)
		for i, e := range list {
			list[i] = Clone(e)
		}
		return list
	}
	return v
}

// CloneObject is a deep copy of o.
func CloneObject(o Object) Object {
	c := make(Object, len(o))
	for name, v := range o {
		c[name] = Clone(v)
	}
	return c
}
