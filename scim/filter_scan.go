package scim

import (
	"strings"
)

// The words of a filter.

var operators = [...]string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"}

func (p *filterParser) bad(what string) *Error {
	return BadRequest(InvalidFilter, "400.20", "Filter does not parse (400.20): at character %d %s. Write it like userName eq \"anna@example.com\".", p.pos+1, what)
}

func (p *filterParser) space() {
	for p.pos < len(p.s) && isBlank(p.s[p.pos]) {
		p.pos++
	}
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func (p *filterParser) skip(c byte) bool {
	p.space()
	if p.pos < len(p.s) && p.s[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// peekName is the next run of characters that can stand in a name.
func (p *filterParser) peekName() string {
	p.space()
	end := p.pos
	for end < len(p.s) && !isBlank(p.s[end]) && strings.IndexByte("()[]\"", p.s[end]) < 0 {
		end++
	}
	return p.s[p.pos:end]
}

func (p *filterParser) name() string {
	name := p.peekName()
	p.pos += len(name)
	return name
}

func (p *filterParser) keyword(word string) bool {
	if !strings.EqualFold(p.peekName(), word) {
		return false
	}
	p.pos += len(word)
	return true
}

func (p *filterParser) peekOperator() bool { return operator(p.peekName()) != "" }

func (p *filterParser) operator() string {
	op := operator(p.peekName())
	p.pos += len(op)
	return op
}

// operator is the operator in lower case, "" if word is none.
func operator(word string) string {
	if len(word) != 2 {
		return ""
	}
	for _, op := range operators {
		if word == op || strings.EqualFold(word, op) {
			return op
		}
	}
	return ""
}

// value reads a JSON string, or a bare word up to a blank or bracket
// (entra-lookup-004, wso2-glookup-001).
func (p *filterParser) value() (literal string, quoted bool, err error) {
	p.space()
	if p.pos < len(p.s) && p.s[p.pos] == '"' {
		literal, err = p.quoted()
		return literal, true, err
	}
	from := p.pos
	for p.pos < len(p.s) && !isBlank(p.s[p.pos]) && p.s[p.pos] != ')' && p.s[p.pos] != ']' {
		p.pos++
	}
	if p.pos == from {
		return "", false, p.bad("a value should come")
	}
	return storable(p, p.s[from:p.pos])
}

func (p *filterParser) quoted() (string, error) {
	d := decoder{s: p.s, pos: p.pos}
	s, err := d.text()
	if err != nil {
		return "", p.bad("a string begins that does not end, or holds an escape that means nothing")
	}
	p.pos = d.pos
	s, _, e := storable(p, s)
	return s, e
}

// storable refuses what no value can hold, so that no database is asked for it.
func storable(p *filterParser, s string) (string, bool, error) {
	if strings.IndexByte(s, 0) >= 0 || strings.ToValidUTF8(s, "") != s {
		return "", false, p.bad("a value holds what is no character")
	}
	return s, false, nil
}
