package provision

import (
	"encoding/json/jsontext"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// Path is an attribute of the target, in the notation of RFC 7644 figure 7:
// userName, name.givenName, emails[type eq "work"].value,
// urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department.
type Path struct {
	URN       string // of the extension; empty for the core schema
	Attribute string
	Filter    []Term // all of them name the one element that is meant
	Sub       string
}

// Term is one comparison by eq in the brackets of a Path.
type Term struct {
	Sub   string
	Value any // string or bool
}

// PathError says where a path cannot be read.
type PathError struct {
	Path string
	Pos  int // byte offset from 0
	Want string
}

func (e *PathError) Error() string {
	return fmt.Sprintf("the target attribute %q cannot be read at character %d: %s", e.Path, e.Pos+1, e.Want)
}

// ParsePath reads a path. A schema of RFC 7643 is known in any case, and that of
// the core is left out; of any other URN the last colon ends the schema. Errors
// are *PathError.
func ParsePath(s string) (Path, error) {
	p := pathParser{text: s, end: len(strings.TrimRight(s, " "))}
	p.space()
	path, err := p.path()
	if err != nil {
		return Path{}, err
	}
	if p.pos < p.end {
		return Path{}, p.want("the path should end, or go on with a dot and a sub-attribute")
	}
	return path, nil
}

// String is the path in canonical notation, which ParsePath reads as the same.
func (p Path) String() string { return p.write(false) }

func (p Path) write(textBooleans bool) string {
	var b strings.Builder
	if p.URN != "" {
		b.WriteString(p.URN)
		b.WriteByte(':')
	}
	b.WriteString(p.Attribute)
	for i, t := range p.Filter {
		if i == 0 {
			b.WriteByte('[')
		} else {
			b.WriteString(" and ")
		}
		b.WriteString(t.write(textBooleans))
	}
	if len(p.Filter) > 0 {
		b.WriteByte(']')
	}
	if p.Sub != "" {
		b.WriteByte('.')
		b.WriteString(p.Sub)
	}
	return b.String()
}

func (t Term) write(textBooleans bool) string {
	truth, is := t.Value.(bool)
	switch {
	case is && textBooleans:
		return fmt.Sprintf("%s eq %q", t.Sub, booleanText(truth))
	case is:
		return fmt.Sprintf("%s eq %t", t.Sub, truth)
	}
	text, _ := t.Value.(string)
	return t.Sub + " eq " + quoted(text)
}

// quoted is a text as filters have it: a JSON string (RFC 7644 section 3.4.2.2).
func quoted(s string) string {
	b, _ := jsontext.AppendQuote(nil, s) // of an error, invalid UTF-8, it has made U+FFFD
	return string(b)
}

func booleanText(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// Whole is the path of the attribute that the path is a part of.
func (p Path) Whole() Path { return Path{URN: p.URN, Attribute: p.Attribute} }

// element is the path of the list element that the path is a part of.
func (p Path) element() Path { return Path{URN: p.URN, Attribute: p.Attribute, Filter: p.Filter} }

func (p Path) equal(q Path) bool {
	return p.URN == q.URN && p.Attribute == q.Attribute && p.Sub == q.Sub && slices.Equal(p.Filter, q.Filter)
}

type pathParser struct {
	text string
	pos  int
	end  int
}

func (p *pathParser) want(what string) error { return &PathError{p.text, p.pos, what} }

func (p *pathParser) space() {
	for p.pos < p.end && p.text[p.pos] == ' ' {
		p.pos++
	}
}

func (p *pathParser) take(c byte) bool {
	if p.pos < p.end && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *pathParser) path() (path Path, err error) {
	if path.URN, err = p.urn(); err != nil {
		return path, err
	}
	if path.Attribute, err = p.name("the name of an attribute should come, such as userName"); err != nil {
		return path, err
	}
	if p.take('[') {
		if path.Filter, err = p.filter(); err != nil {
			return path, err
		}
	}
	if p.take('.') {
		path.Sub, err = p.name("the name of a sub-attribute should come behind the dot")
	}
	return path, err
}

// schemas are the URNs that are known, and how they stand in a Path.
var schemas = []struct{ urn, as string }{
	{scim.EnterpriseSchema, scim.EnterpriseSchema}, {scim.RollcallSchema, scim.RollcallSchema},
	{scim.UserSchema, ""}, {scim.GroupSchema, ""},
}

// urn reads a schema's URN and the colon behind it.
func (p *pathParser) urn() (string, error) {
	head, _, _ := strings.Cut(p.text[p.pos:p.end], "[")
	if len(head) < 4 || !strings.EqualFold(head[:4], "urn:") {
		return "", nil
	}
	for _, s := range schemas {
		n := len(s.urn)
		if len(head) < n || !strings.EqualFold(head[:n], s.urn) {
			continue
		}
		// A dot instead of the colon is how older Entra jobs write it.
		if len(head) > n && (head[n] == ':' || head[n] == '.') {
			p.pos += n + 1
			return s.as, nil
		}
		if len(head) == n {
			p.pos += n
			return "", p.want("a colon and an attribute should follow the schema, such as " + s.urn + ":" + "department")
		}
	}
	end := strings.LastIndexByte(head, ':')
	if end < len("urn:") || strings.ContainsAny(head[:end], " \"\\]") {
		return "", p.want("a schema should look like urn:example:params:scim:schemas:extension:acme:2.0:User, with a colon and the attribute behind it")
	}
	p.pos += end + 1
	return head[:end], nil
}

func (p *pathParser) name(want string) (string, error) {
	from := p.pos
	for p.pos < p.end && isNameByte(p.text[p.pos], p.pos == from) {
		p.pos++
	}
	if p.pos == from {
		return "", p.want(want)
	}
	return p.text[from:p.pos], nil
}

// isNameByte is ATTRNAME of RFC 7643 section 2.1, and the underscore that custom
// attributes begin with.
func isNameByte(c byte, first bool) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '$':
		return true
	}
	return !first && (c == '-' || '0' <= c && c <= '9')
}

// filter reads terms up to the closing bracket.
func (p *pathParser) filter() (terms []Term, err error) {
	for {
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
		p.space()
		switch {
		case p.take(']'):
			return terms, nil
		case p.word("and"):
		default:
			return nil, p.want("a closing bracket should come, or and with another comparison")
		}
	}
}

func (p *pathParser) term() (t Term, err error) {
	p.space()
	if t.Sub, err = p.name(`a comparison should come, such as type eq "work"`); err != nil {
		return t, err
	}
	p.space()
	if !p.word("eq") {
		return t, p.want(`only eq can choose an element: write ` + t.Sub + ` eq "..."`)
	}
	p.space()
	if t.Value, err = p.value(); err != nil {
		return t, err
	}
	// Entra writes the boolean primary as the text "True".
	if text, is := t.Value.(string); is && strings.EqualFold(t.Sub, "primary") {
		if truth, ok := truthOf(text); ok {
			t.Value = truth
		}
	}
	return t, nil
}

// word takes a word in any case that ends there.
func (p *pathParser) word(w string) bool {
	end := p.pos + len(w)
	if end > p.end || !strings.EqualFold(p.text[p.pos:end], w) || end < p.end && isNameByte(p.text[end], false) {
		return false
	}
	p.pos = end
	return true
}

func (p *pathParser) value() (any, error) {
	switch {
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	case p.pos == p.end || p.text[p.pos] != '"':
		return nil, p.want(`a text in quotation marks, true or false should come, as in type eq "work"`)
	}
	end := p.pos + 1
	for end < p.end && p.text[end] != '"' {
		if p.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= p.end {
		return nil, p.want("the text in quotation marks does not end")
	}
	text, err := jsontext.AppendUnquote(nil, p.text[p.pos:end+1])
	if err != nil {
		return nil, p.want("the text in quotation marks is no JSON string: write \\\" and \\\\ for what has a meaning there")
	}
	p.pos = end + 1
	return string(text), nil
}

// truthOf reads a boolean in the ways in which sources and targets write it.
func truthOf(text string) (truth, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}
