package scim

import (
	"strconv"
	"strings"
	"time"
)

const (
	maxFilter = 8 << 10
	maxTerms  = 200
)

// ParseFilter reads a filter on resources of type t, and what clients make of
// the grammar (rule 3 of the wire catalogue): operators in any case, values
// without quotes, any number of blanks, emails[type eq "work"].value eq "x",
// manager eq "x". An attribute that t does not have is an error, never a filter
// that lets everybody through (rule 5).
func ParseFilter(t *ResourceType, s string) (*Filter, error) { return parseFilter(t, nil, s) }

// ParseRootFilter reads a filter on resources of several types (RFC 7644 section
// 3.4.2.1) as one on those of type t: an attribute that another of the types
// has, and t has not, is one without a value.
func ParseRootFilter(t *ResourceType, types []*ResourceType, s string) (*Filter, error) {
	return parseFilter(t, types, s)
}

func parseFilter(t *ResourceType, others []*ResourceType, s string) (*Filter, error) {
	if len(s) > maxFilter {
		return nil, BadRequest(InvalidFilter, "400.21", "Filter is too long (400.21): %d bytes, at most %d are read. Ask in several requests.", len(s), maxFilter)
	}
	p := filterParser{t: t, others: others, s: s}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.space(); p.pos < len(s) {
		return nil, p.bad("and, or, or the end should come")
	}
	return &Filter{root}, nil
}

// filterParser is a parser by recursive descent; its depth and the number of
// terms are bounded, and it never looks back, so its time is linear.
type filterParser struct {
	t      *ResourceType
	others []*ResourceType // whose attributes may be named as well
	s      string
	pos    int
	depth  int
	terms  int
	in     *Attribute // inside the brackets of this attribute

	unknown bool // it failed for an attribute that nobody here knows
}

// bracket reads what follows an opening bracket, up to the closing one.
func (p *filterParser) bracket() (*node, error) {
	if len(p.s) > maxFilter {
		return nil, BadRequest(InvalidFilter, "400.21", "Filter is too long (400.21): %d bytes, at most %d are read.", len(p.s), maxFilter)
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.skip(']') {
		return nil, p.bad("a closing bracket should come")
	}
	return n, nil
}

// FILTER = term *( "or" term ): or binds weakest (RFC 7644 section 3.4.2.2).
func (p *filterParser) or() (*node, error) { return p.joined("or", isOr, (*filterParser).and) }

func (p *filterParser) and() (*node, error) { return p.joined("and", isAnd, (*filterParser).factor) }

func (p *filterParser) joined(word string, k kind, operand func(*filterParser) (*node, error)) (*node, error) {
	first, err := operand(p)
	if err != nil || !p.keyword(word) {
		return first, err
	}
	n := &node{kind: k, nodes: []*node{first}}
	for more := true; more; more = p.keyword(word) {
		next, err := operand(p)
		if err != nil {
			return nil, err
		}
		n.nodes = append(n.nodes, next)
	}
	return n, nil
}

// factor = [ "not" ] "(" FILTER ")" / term. The blank after not is optional
// (erratum 7319).
func (p *filterParser) factor() (*node, error) {
	at := p.pos
	not := p.keyword("not")
	if !p.skip('(') {
		p.pos = at
		return p.term()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, BadRequest(InvalidFilter, "400.21", "Filter is too deep (400.21): more than %d brackets inside one another.", maxDepth)
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.skip(')') {
		return nil, p.bad("a closing parenthesis should come")
	}
	p.depth--
	if not {
		n = &node{kind: isNot, nodes: []*node{n}}
	}
	return n, nil
}

// term = attrPath SP "pr" / attrPath SP compareOp SP value / valuePath, and
// Entra's valuePath with a comparison behind it (entra-lookup-005).
func (p *filterParser) term() (*node, error) {
	if p.terms++; p.terms > maxTerms {
		return nil, BadRequest(InvalidFilter, "400.21", "Filter is too long (400.21): more than %d terms. Ask in several requests.", maxTerms)
	}
	name := p.name()
	if name == "" {
		return nil, p.bad("an attribute should come")
	}
	r, err := p.resolve(name)
	if err != nil {
		return nil, err
	}
	if p.skip('[') {
		return p.valuePath(r, name)
	}
	n, err := p.comparison(r, name)
	if err != nil {
		return nil, err
	}
	if r.work {
		return workAddress(n), nil
	}
	return n, nil
}

// resolve finds the attribute. One that is thrown away must not be probed by
// filters either (item 120).
func (p *filterParser) resolve(name string) (r ref, err error) {
	ok := false
	if p.in != nil {
		r.attr = p.in.sub(name)
		ok = r.attr != nil
	} else {
		r, ok = p.t.lookup(name)
		for i := 0; !ok && i < len(p.others); i++ {
			r, ok = p.others[i].lookup(name)
			r.foreign = ok
		}
	}
	if !ok || r.attr == nil || p.t.discards(r.attr) {
		p.unknown = true
		return r, BadRequest(InvalidFilter, "400.22", "Filter asks for an unknown attribute (400.22): %s is no attribute of %s to filter by. /Schemas lists them.", quote(name), p.t.Name)
	}
	return r, nil
}

func (p *filterParser) valuePath(r ref, name string) (*node, error) {
	if p.in != nil || r.sub != nil || r.attr.Type != typeComplex {
		return nil, p.bad("a bracket cannot stand there: it belongs behind an attribute that has sub-attributes")
	}
	p.in = r.attr
	n, err := p.bracket()
	if err != nil {
		return nil, err
	}
	value := ref{attr: r.attr.sub("value")}
	sub, dotted := strings.CutPrefix(p.peekName(), ".")
	if dotted {
		p.name()
		value.attr = r.attr.sub(sub)
		name += "[...]." + sub
	}
	if dotted || p.peekOperator() {
		if value.attr == nil {
			return nil, noComparison(name, "give a sub-attribute")
		}
		last, err := p.comparison(value, name)
		if err != nil {
			return nil, err
		}
		n = &node{kind: isAnd, nodes: []*node{n, last}}
	}
	p.in = nil
	return &node{kind: isValuePath, nodes: []*node{n}, ref: r}, nil
}

// workAddress says of which address a bare country, locality or region speaks:
// a work address or one without a type.
func workAddress(n *node) *node {
	addresses, typ := n.attr, n.attr.sub("type")
	work := &node{ref: ref{attr: typ}, op: "eq", literal: "work", folded: "work"}
	none := &node{kind: isNot, nodes: []*node{{ref: ref{attr: typ}, op: "pr"}}}
	n.ref = ref{attr: n.sub}
	which := &node{kind: isOr, nodes: []*node{work, none}}
	return &node{kind: isValuePath, ref: ref{attr: addresses}, nodes: []*node{{kind: isAnd, nodes: []*node{which, n}}}}
}

func (p *filterParser) comparison(r ref, name string) (*node, error) {
	n := &node{ref: r}
	if n.op = p.operator(); n.op == "" {
		return nil, p.bad("an operator should come: eq, ne, co, sw, ew, gt, ge, lt, le or pr")
	}
	if n.op == "pr" {
		return n, nil
	}
	// A bare complex attribute means its value: emails co "x", manager eq "x".
	if a := n.target(); a.Type == typeComplex {
		value := a.sub("value")
		if n.sub != nil || value == nil {
			return nil, noComparison(name, "give a sub-attribute, such as name.familyName")
		}
		n.sub = value
	}
	literal, quoted, err := p.value()
	if err != nil {
		return nil, err
	}
	n.literal = literal
	return n, n.prepare(name, quoted)
}

// prepare brings the literal into the form in which it compares.
func (n *node) prepare(name string, quoted bool) error {
	if n.literal == "null" && !quoted && (n.op == "eq" || n.op == "ne") {
		n.null = true
		return nil
	}
	a, literal := n.target(), n.literal
	var err error
	switch a.Type {
	case typeBoolean:
		if n.op != "eq" && n.op != "ne" {
			return noComparison(name, "true and false know eq, ne and pr only")
		}
		// roles[primary eq "True"], entra-patch-mv-011.
		n.truth, err = parseBool(literal)
	case typeInteger, typeDecimal:
		n.number, err = strconv.ParseFloat(literal, 64)
	case typeDateTime:
		if !textual(n.op) {
			n.time, err = parseTime(literal)
		}
	case typeBinary:
		if n.op[0] == 'g' || n.op[0] == 'l' {
			return noComparison(name, "binary values have no order")
		}
	}
	if err != nil {
		return BadRequest(InvalidFilter, "400.22", "Filter compares with a value that cannot be (400.22): %s is of type %s.", name, a.Type)
	}
	n.folded = literal
	if !a.CaseExact {
		n.folded = Fold(literal)
	}
	return nil
}

// textual operators look at a part of the text, whatever the type.
func textual(op string) bool { return op == "co" || op == "sw" || op == "ew" }

func noComparison(name, cure string) *Error {
	return BadRequest(InvalidFilter, "400.22", "Filter uses an operator that does not fit (400.22): %s cannot be compared so; %s.", quote(name), cure)
}

func parseBool(s string) (bool, error) {
	switch s = strings.TrimSpace(s); {
	case strings.EqualFold(s, "true"):
		return true, nil
	case strings.EqualFold(s, "false"):
		return false, nil
	}
	return false, strconv.ErrSyntax
}

// parseTime reads xsd:dateTime, with any number of decimals, with an offset, Z
// or nothing, which is taken as UTC. A blank for the plus of the offset is what
// an unescaped query leaves of it.
func parseTime(s string) (time.Time, error) {
	s = strings.Replace(strings.TrimSpace(s), " ", "+", 1)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, strconv.ErrSyntax
}
