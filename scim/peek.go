package scim

import "strings"

// peek reads one text out of well-formed JSON without making an Object of it:
// answering a GET needs the version and nothing else. It gives up, with ok
// false, where it would have to think.
func peek(data []byte, path string) (s string, ok bool) {
	d := decoder{s: string(data)}
	for {
		name, rest, more := strings.Cut(path, ".")
		found, ok := d.enter(name)
		switch {
		case !ok:
			return "", false
		case !found:
			return "", true
		case !more:
			if d.next() != '"' {
				return "", false
			}
			s, err := d.text()
			return s, err == nil
		}
		path = rest
	}
}

// enter goes to the value of that name in the object that begins here.
func (d *decoder) enter(name string) (found, ok bool) {
	if d.next() != '{' {
		return false, false
	}
	d.pos++
	for d.next() == '"' {
		n, err := d.text()
		if err != nil || d.next() != ':' {
			return false, false
		}
		d.pos++
		if n == name {
			return true, true
		}
		if !d.pass() {
			return false, false
		}
		if d.next() != ',' {
			break
		}
		d.pos++
	}
	return false, d.next() == '}'
}

// pass skips one value.
func (d *decoder) pass() bool {
	depth := 0
	for d.pos < len(d.s) {
		switch c := d.next(); c {
		case '{', '[':
			depth++
			d.pos++
		case '}', ']':
			depth--
			d.pos++
		case '"':
			if _, err := d.text(); err != nil {
				return false
			}
		case ',', ':':
			if depth == 0 {
				return false
			}
			d.pos++
			continue
		default:
			d.pos++
			for d.pos < len(d.s) && strings.IndexByte(",]} \t\r\n", d.s[d.pos]) < 0 {
				d.pos++
			}
		}
		if depth == 0 {
			return true
		}
	}
	return false
}
