package scim

import (
	"cmp"
	"strconv"
	"strings"
)

// Match reports whether o, as it would be answered, satisfies the filter.
//
// A multi-valued attribute satisfies a term if any of its values does, also
// with ne: emails.value ne "x" asks for an address other than x, and not
// (emails.value eq "x") for no address that is x. An attribute without a value
// satisfies ne and nothing else, a multi-valued one not even that.
func (f *Filter) Match(o Object) bool { return f.root.match(o) }

func (n *node) match(o Object) bool {
	switch n.kind {
	case isAnd:
		for _, sub := range n.nodes {
			if !sub.match(o) {
				return false
			}
		}
		return true
	case isOr:
		for _, sub := range n.nodes {
			if sub.match(o) {
				return true
			}
		}
		return false
	case isNot:
		return !n.nodes[0].match(o)
	case isValuePath:
		return anyOf(n.in(o), n.nodes[0].matchElement)
	}
	return n.matchTerm(o)
}

func (n *node) matchElement(v any) bool {
	o, ok := v.(Object)
	return ok && n.match(o)
}

// in is the value of the node's attribute in o.
func (n *node) in(o Object) any {
	if n.ext != "" {
		o, _ = o[n.ext].(Object)
	}
	return o[n.attr.Name]
}

// anyOf tries each element of a list, or the one value.
func anyOf(v any, try func(any) bool) bool {
	list, ok := v.([]any)
	if !ok {
		return v != nil && try(v)
	}
	for _, e := range list {
		if try(e) {
			return true
		}
	}
	return false
}

func (n *node) matchTerm(o Object) bool {
	v := n.in(o)
	if n.sub == nil {
		return n.matchValues(n.attr, v)
	}
	if n.attr.MultiValued {
		return n.matchElements(v)
	}
	parent, _ := v.(Object)
	return n.matchValues(n.sub, parent[n.sub.Name])
}

// matchElements compares a sub-attribute of each element. Asking whether there
// is none is asking about all elements.
func (n *node) matchElements(v any) bool {
	absent := n.null && n.op == "eq"
	found := anyOf(v, func(e any) bool {
		o, ok := e.(Object)
		if n.null || n.op == "pr" {
			return ok && Present(o[n.sub.Name])
		}
		return ok && n.matchValues(n.sub, o[n.sub.Name])
	})
	return found != absent
}

func (n *node) matchValues(a *Attribute, v any) bool {
	switch {
	case n.op == "pr", n.null && n.op == "ne":
		return Present(v)
	case n.null:
		return !Present(v)
	case a.MultiValued:
		return anyOf(v, func(e any) bool { return n.compare(a, e) })
	}
	return n.compare(a, v)
}

// Present is pr: false for what RFC 7643 section 2.5 calls unassigned.
func Present(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case Object:
		return len(v) > 0
	}
	return true
}

func (n *node) compare(a *Attribute, v any) bool {
	// An element that says nothing of primary is not primary (RFC 7643 section 2.4).
	if v == nil && a.Name == "primary" {
		v = false
	}
	switch v := v.(type) {
	case bool:
		return (v == n.truth) == (n.op == "eq")
	case Number:
		f, err := strconv.ParseFloat(string(v), 64)
		return err == nil && holds(n.op, cmp.Compare(f, n.number))
	case string:
		if a.Type == typeDateTime && !textual(n.op) {
			t, err := parseTime(v)
			return err == nil && holds(n.op, t.Compare(n.time))
		}
		return n.compareText(a, v)
	}
	return n.op == "ne"
}

func (n *node) compareText(a *Attribute, s string) bool {
	if !a.CaseExact {
		s = Fold(s)
	}
	switch n.op {
	case "co":
		return strings.Contains(s, n.folded)
	case "sw":
		return strings.HasPrefix(s, n.folded)
	case "ew":
		return strings.HasSuffix(s, n.folded)
	}
	return holds(n.op, strings.Compare(s, n.folded))
}

// holds reports whether a comparison that came out as c satisfies op.
func holds(op string, c int) bool {
	switch op {
	case "eq":
		return c == 0
	case "ne":
		return c != 0
	case "gt":
		return c > 0
	case "ge":
		return c >= 0
	case "lt":
		return c < 0
	case "le":
		return c <= 0
	}
	return false
}
