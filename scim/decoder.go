package scim

import (
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decoder reads one JSON text. The values of the objects and lists that are
// still open wait on two stacks, so that each is copied once, at its size.
type decoder struct {
	s       string
	pos     int
	depth   int
	ordered bool
	open    members
	items   []any
}

func (d *decoder) document() (any, *Error) {
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	if d.space(); d.pos < len(d.s) {
		return nil, d.syntax("something follows the end")
	}
	return v, nil
}

func (d *decoder) syntax(what string) *Error {
	return BadRequest(InvalidSyntax, "400.10", "Body is not JSON (400.10): %s at byte %d. Send one well-formed JSON object.", what, d.pos)
}

func (d *decoder) space() {
	for d.pos < len(d.s) {
		switch d.s[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// next is the next character after white space, 0 at the end.
func (d *decoder) next() byte {
	d.space()
	if d.pos == len(d.s) {
		return 0
	}
	return d.s[d.pos]
}

func (d *decoder) value() (any, *Error) {
	switch c := d.next(); c {
	case '{':
		return d.nested((*decoder).object)
	case '[':
		return d.nested((*decoder).list)
	case '"':
		return d.text()
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	case 'n':
		return nil, d.word("null")
	case 0:
		return nil, d.syntax("it ends too early")
	default:
		return d.number()
	}
}

func (d *decoder) nested(read func(*decoder) (any, *Error)) (any, *Error) {
	if d.depth++; d.depth > maxDepth {
		return nil, BadRequest(InvalidSyntax, "400.12", "Body is nested too deep (400.12): more than %d levels at byte %d.", maxDepth, d.pos)
	}
	d.pos++
	v, err := read(d)
	d.depth--
	return v, err
}

func (d *decoder) object() (any, *Error) {
	base := len(d.open)
	for c := d.next(); c != '}'; c = d.next() {
		if len(d.open) > base {
			if c != ',' {
				return nil, d.syntax("a comma or } is missing")
			}
			d.pos++
			c = d.next()
		}
		if c != '"' {
			return nil, d.syntax("a name in double quotes is missing")
		}
		name, err := d.text()
		if err != nil {
			return nil, err
		}
		if d.next() != ':' {
			return nil, d.syntax("a colon is missing")
		}
		d.pos++
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		d.open = append(d.open, member{name, v})
	}
	d.pos++
	ms := d.open[base:]
	d.open = d.open[:base]
	if name, twice := duplicate(ms); twice {
		return nil, BadRequest(InvalidSyntax, "400.11", "Name comes twice (400.11): %s stands more than once in one object (names differ not by case). Send it once.", quote(name))
	}
	if d.ordered {
		return slices.Clone(ms), nil
	}
	o := make(Object, len(ms))
	for _, m := range ms {
		o[m.name] = m.value
	}
	return o, nil
}

func (d *decoder) list() (any, *Error) {
	base := len(d.items)
	for c := d.next(); c != ']'; c = d.next() {
		if len(d.items) > base {
			if c != ',' {
				return nil, d.syntax("a comma or ] is missing")
			}
			d.pos++
		}
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		d.items = append(d.items, v)
	}
	d.pos++
	list := make([]any, len(d.items)-base)
	copy(list, d.items[base:])
	d.items = d.items[:base]
	return list, nil
}

func (d *decoder) word(w string) *Error {
	if !strings.HasPrefix(d.s[d.pos:], w) {
		return d.syntax("there is no such word")
	}
	d.pos += len(w)
	return nil
}

// number is RFC 8259 section 6: [ "-" ] int [ "." digits ] [ e digits ].
func (d *decoder) number() (any, *Error) {
	from := d.pos
	d.skip("-")
	if !d.skip("0") && !d.digits() {
		return nil, d.syntax("a value is missing")
	}
	if d.skip(".") && !d.digits() {
		return nil, d.syntax("a digit is missing")
	}
	if d.skip("eE") {
		d.skip("+-")
		if !d.digits() {
			return nil, d.syntax("a digit is missing")
		}
	}
	return Number(d.s[from:d.pos]), nil
}

func (d *decoder) skip(any string) bool {
	if d.pos < len(d.s) && strings.IndexByte(any, d.s[d.pos]) >= 0 {
		d.pos++
		return true
	}
	return false
}

func (d *decoder) digits() bool {
	from := d.pos
	for d.pos < len(d.s) && '0' <= d.s[d.pos] && d.s[d.pos] <= '9' {
		d.pos++
	}
	return d.pos > from
}

// text reads a string. One without escapes is a piece of the input.
func (d *decoder) text() (string, *Error) {
	d.pos++
	from := d.pos
	for ; d.pos < len(d.s); d.pos++ {
		switch c := d.s[d.pos]; {
		case c == '"':
			d.pos++
			return d.s[from : d.pos-1], nil
		case c == '\\':
			return d.escaped([]byte(d.s[from:d.pos]))
		case c < ' ':
			return "", d.syntax("a string holds a control character")
		}
	}
	return "", d.syntax("a string does not end")
}

func (d *decoder) escaped(b []byte) (string, *Error) {
	for d.pos < len(d.s) {
		c := d.s[d.pos]
		d.pos++
		switch {
		case c == '"':
			return string(b), nil
		case c < ' ':
			d.pos--
			return "", d.syntax("a string holds a control character")
		case c == '\\':
			r, ok := d.escape()
			if !ok {
				return "", d.syntax("a string holds an escape that means nothing")
			}
			b = utf8.AppendRune(b, r)
		default:
			b = append(b, c)
		}
	}
	return "", d.syntax("a string does not end")
}

// escape reads what follows a backslash. Half of a surrogate pair is no
// character and cannot be stored, so it is refused.
func (d *decoder) escape() (rune, bool) {
	if d.pos == len(d.s) {
		return 0, false
	}
	c := d.s[d.pos]
	d.pos++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), true
	}
	if c != 'u' {
		return 0, false
	}
	r, ok := d.hex()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if !d.skip(`\`) || !d.skip("u") {
		return 0, false
	}
	low, ok := d.hex()
	r = utf16.DecodeRune(r, low)
	return r, ok && r != utf8.RuneError
}

func (d *decoder) hex() (r rune, ok bool) {
	for range 4 {
		if d.pos == len(d.s) {
			return 0, false
		}
		i := strings.IndexByte("0123456789abcdef", d.s[d.pos]|0x20)
		if i < 0 || d.s[d.pos] < '0' {
			return 0, false
		}
		r = r<<4 | rune(i)
		d.pos++
	}
	return r, true
}
