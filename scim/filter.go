package scim

import (
	"slices"
	"strings"
	"time"
)

// Filter is a parsed filter (RFC 7644 section 3.4.2.2) on resources of one
// type.
type Filter struct{ root *node }

// kind is what a node of a filter does.
type kind uint8

const (
	isTerm kind = iota
	isAnd
	isOr
	isNot
	isValuePath // attribute[filter]: one element satisfies all of the filter
)

// node is a part of a filter. Below a value path the attributes are the
// sub-attributes of its attribute.
type node struct {
	kind  kind
	nodes []*node

	ref
	op      string // of a term, in lower case
	literal string // as the client meant it
	null    bool   // the literal is null; op is eq or ne

	folded string    // the literal as it compares
	truth  bool      // of a boolean
	time   time.Time // of a dateTime
	number float64
}

// target is the attribute whose values a term compares.
func (n *node) target() *Attribute {
	if n.sub != nil {
		return n.sub
	}
	return n.attr
}

// Equality is a term "path eq value" on a string.
type Equality struct {
	Path  string // canonical, such as "userName", "emails.value" or "<URN>:manager.value"
	Value string // as it was sent; compare it as the attribute's caseExact says
}

// Equalities are the eq terms on strings that every match satisfies: those of
// the outermost and. Of a value path (emails[type eq "work" and value eq "x"])
// they leave the type out, which is no condition of its own.
func (f *Filter) Equalities() []Equality { return f.root.equalities(nil, nil) }

func (n *node) equalities(eqs []Equality, parent *node) []Equality {
	switch n.kind {
	case isAnd:
		for _, sub := range n.nodes {
			eqs = sub.equalities(eqs, parent)
		}
	case isValuePath:
		eqs = n.nodes[0].equalities(eqs, n)
	case isTerm:
		if n.op != "eq" || n.null || !n.target().isText() || parent != nil && n.attr.Name == "type" {
			break
		}
		r := n.ref
		if parent != nil {
			r = ref{ext: parent.ext, attr: parent.attr, sub: n.attr}
		}
		eqs = append(eqs, Equality{r.String(), n.literal})
	}
	return eqs
}

// OnlyEqualities reports whether the filter is nothing but eq terms joined by
// and: a look-up of one resource, as clients do before they write.
func (f *Filter) OnlyEqualities() bool { return f.root.onlyEqualities() }

func (n *node) onlyEqualities() bool {
	switch n.kind {
	case isTerm:
		return n.op == "eq" && !n.null
	case isAnd, isValuePath:
		for _, sub := range n.nodes {
			if !sub.onlyEqualities() {
				return false
			}
		}
		return true
	}
	return false
}

// Never reports that no resource can match, because an attribute that its type
// does not have would have to have a value.
func (f *Filter) Never() bool { return f.root.never() }

func (n *node) never() bool {
	switch n.kind {
	case isAnd:
		return slices.ContainsFunc(n.nodes, (*node).never)
	case isOr:
		return !slices.ContainsFunc(n.nodes, func(sub *node) bool { return !sub.never() })
	case isValuePath:
		return n.foreign
	case isTerm:
		return n.foreign && n.op != "ne" && !(n.null && n.op == "eq")
	}
	return false
}

// String is the filter in the RFC's own grammar.
func (f *Filter) String() string {
	var b strings.Builder
	f.root.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	switch n.kind {
	case isAnd, isOr:
		n.writeJoined(b)
	case isNot:
		b.WriteString("not (")
		n.nodes[0].write(b)
		b.WriteString(")")
	case isValuePath:
		b.WriteString(n.ref.String())
		b.WriteString("[")
		n.nodes[0].write(b)
		b.WriteString("]")
	case isTerm:
		n.writeTerm(b)
	}
}

func (n *node) writeJoined(b *strings.Builder) {
	word := " and "
	if n.kind == isOr {
		word = " or "
	}
	for i, sub := range n.nodes {
		if i > 0 {
			b.WriteString(word)
		}
		if sub.kind == isOr || sub.kind == isAnd && n.kind == isAnd {
			b.WriteString("(")
			sub.write(b)
			b.WriteString(")")
		} else {
			sub.write(b)
		}
	}
}

func (n *node) writeTerm(b *strings.Builder) {
	b.WriteString(n.ref.String())
	b.WriteString(" ")
	b.WriteString(n.op)
	switch {
	case n.op == "pr":
	case n.null:
		b.WriteString(" null")
	case n.target().Type == typeBoolean && n.truth:
		b.WriteString(" true")
	case n.target().Type == typeBoolean:
		b.WriteString(" false")
	default:
		b.WriteString(" ")
		b.Write(appendString(nil, n.literal))
	}
}
