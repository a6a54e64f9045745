package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/scim"
)

// columns are those of a CSV file or of a query, by the names that their
// attributes get.
type columns struct {
	c         Config
	typ       string   // User, Group, or "" for members
	where     string   // "users.csv", "the query users"
	header    []string // as written, trimmed
	named     []column
	anchor    int
	reference int // -1: the anchor
}

// column is what a column is called: by its own name, and by Entra's where that
// is another word.
type column struct{ own, entra string }

// name gives the columns their attributes' names.
func (cs *columns) name(header []string) error {
	cs.header, cs.named, cs.reference = header, make([]column, len(header)), -1
	taken := map[string]int{}
	for i, head := range header {
		if entra, alias := Spelling(head); entra != "" && !alias {
			head = entra
		}
		if before, ok := taken[strings.ToLower(head)]; ok && head != "" {
			return fmt.Errorf("source: %s: the columns %d and %d are both called %s; rename one", cs.where, before+1, i+1, head)
		}
		taken[strings.ToLower(head)] = i
		cs.named[i].own = head
	}
	for i := range cs.named {
		entra, alias := Spelling(cs.named[i].own)
		if _, ok := taken[strings.ToLower(entra)]; alias && !ok && entra != "" {
			cs.named[i].entra = entra
			taken[strings.ToLower(entra)] = i
		}
	}
	if cs.typ != User {
		return nil
	}
	for entra, own := range cs.c.Attributes {
		if cs.find(own) < 0 {
			return fmt.Errorf("source: attributes: %s: %w", entra, cs.errColumn(own))
		}
	}
	return nil
}

// find is the place of the column of that name, its own or Entra's; -1 for
// none.
func (cs *columns) find(name string) int {
	if i := slices.IndexFunc(cs.named, func(c column) bool { return strings.EqualFold(c.own, name) }); i >= 0 {
		return i
	}
	return slices.IndexFunc(cs.named, func(c column) bool { return strings.EqualFold(c.entra, name) })
}

func (cs *columns) errColumn(name string) error {
	meant := nearest(name, cs.header)
	if meant != "" {
		meant = "; did you mean " + meant + "?"
	}
	return fmt.Errorf("%s has no column %s: it has %s%s", cs.where, name, strings.Join(cs.header, ", "), meant)
}

// findKeys finds the columns of the key, the first of the candidates that is
// there, and of what others are named by. Groups need not have those that the
// configuration names: they are people's.
func (cs *columns) findKeys(candidates []string) error {
	if cs.c.Anchor != "" && (cs.typ == User || cs.find(cs.c.Anchor) >= 0) {
		candidates = []string{cs.c.Anchor}
	}
	cs.anchor = -1
	for _, name := range candidates {
		if cs.anchor = cs.find(name); cs.anchor >= 0 {
			break
		}
	}
	if cs.anchor < 0 && cs.c.Anchor != "" && cs.typ == User {
		return fmt.Errorf("source: anchor: %w", cs.errColumn(cs.c.Anchor))
	}
	if cs.anchor < 0 {
		return fmt.Errorf("source: %s has none of the columns %s: set anchor to the column that never changes", cs.where, strings.Join(candidates, ", "))
	}
	if cs.c.Reference == "" {
		return nil
	}
	switch cs.reference = cs.find(cs.c.Reference); {
	case cs.typ == User && cs.reference < 0:
		return fmt.Errorf("source: reference: %w", cs.errColumn(cs.c.Reference))
	case cs.typ == User && cs.reference == cs.anchor:
		cs.c.Reference, cs.reference = "", -1 // as if it were not said
	}
	return nil
}

// record is a row. The values are the record's from now on.
func (cs *columns) record(key string, values []expression.Value) Record {
	r := Record{Type: cs.typ, Anchor: key, Attributes: make(map[string]expression.Value, len(values)+2)}
	for i, v := range values {
		c := cs.named[i]
		if v.IsEmpty() || c.own == "" {
			continue
		}
		v = cs.meant(c, v)
		r.Attributes[c.own] = v
		if c.entra != "" {
			r.Attributes[c.entra] = v
		}
	}
	if cs.c.Reference != "" {
		r.Ref = scim.Fold(key)
		if cs.reference >= 0 && !values[cs.reference].IsEmpty() {
			r.Ref = cs.ref(values[cs.reference].String())
		}
	}
	if _, ok := r.Attributes["objectId"]; !ok {
		r.Attributes["objectId"] = expression.Text(key)
	}
	cs.c.named(&r)
	return r
}

// entra is the column's attribute in Entra's words, where Entra has one.
func (c column) attribute() string {
	if c.entra != "" {
		return c.entra
	}
	return c.own
}

// meant is the value as the attribute holds it.
func (cs *columns) meant(c column, v expression.Value) expression.Value {
	switch name := c.attribute(); {
	case name == "accountEnabled":
		return truth(v.String())
	case name == "manager":
		return expression.Text(cs.ref(v.String()))
	case name == "members":
		refs := make([]string, 0, len(v.Texts()))
		for _, m := range v.Texts() {
			refs = append(refs, cs.ref(m))
		}
		return expression.List(refs...)
	case isList(name):
		return expression.List(v.Texts()...)
	}
	return v
}

// ref is how somebody is named: by his key, as it is, or by the reference
// column, in any case.
func (cs *columns) ref(name string) string {
	name = strings.TrimSpace(name)
	if cs.c.Reference == "" {
		return name
	}
	return scim.Fold(name)
}
