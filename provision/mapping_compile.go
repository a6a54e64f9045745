package provision

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source"
)

// Compile makes the mappings of a type, User or Group, ready, or says all that is
// wrong with them; then the Rules are of no use. The default mapping has been
// filled in by the caller.
func Compile(typ string, m ObjectMapping) (*Rules, []Fault) {
	c := compiler{rules: &Rules{typ: typ}, where: "users", keys: map[string]bool{}}
	if typ == source.Group {
		c.where = "groups"
	}
	c.actions(m.Actions)
	for i := range m.Mappings {
		c.mapping(&m.Mappings[i])
	}
	c.whole(m)
	c.rules.order()
	return c.rules, c.faults
}

type compiler struct {
	rules  *Rules
	where  string
	keys   map[string]bool
	faults []Fault
}

func (c *compiler) fault(where, format string, args ...any) {
	c.faults = append(c.faults, Fault{c.where + "." + where, fmt.Sprintf(format, args...)})
}

// The actions of ObjectMapping.Actions, which are all when none is given.
var objectActions = []string{ActionCreate, ActionUpdate, ActionDelete}

func (c *compiler) actions(actions []string) {
	for _, a := range actions {
		if !slices.Contains(objectActions, a) {
			c.fault("actions", "there is no action %q: write create, update or delete", a)
		}
	}
}

// Does says whether an action, create, update or delete, is to be done.
func (m ObjectMapping) Does(action string) bool {
	return len(m.Actions) == 0 || slices.Contains(m.Actions, action)
}

// mapping makes one mapping ready.
func (c *compiler) mapping(m *Mapping) {
	at := "mappings." + m.Target
	path, err := ParsePath(m.Target)
	if err != nil {
		c.fault("mappings", "%s", err)
		return
	}
	before := len(c.faults)
	u := rule{mapping: m}
	u.path, u.kind = KindOf(c.rules.typ, path, m.Type)
	u.key = u.path.String()
	c.target(at, &u)
	c.words(at, m)
	c.origin(at, &u)
	c.matching(at, &u)
	if len(c.faults) > before {
		return
	}
	password := u.path.URN == "" && u.path.Attribute == "password" // never read back, so it could not be compared
	u.redacted = password || u.expression != nil && u.expression.Uses("Redact")
	u.createOnly = password || m.Apply == ApplyCreate || u.expression != nil && (u.expression.Unique() || u.expression.Volatile())
	u.addOnly = m.Apply == ApplyAdd || u.expression != nil && u.expression.Uses("AppRoleAssignmentsComplex")
	c.rules.rules = append(c.rules.rules, u)
}

// target judges the path.
func (c *compiler) target(at string, u *rule) {
	p, a := u.path, u.path.attribute(c.rules.typ)
	if c.keys[u.key] {
		c.fault(at, "the attribute is mapped twice: keep one of them")
	}
	c.keys[u.key] = true
	switch {
	case a == nil:
		c.unknown(at, u)
	case !u.kind.Known:
		c.fault(at, "%s has no sub-attribute %s", a.Name, missingSub(u))
	case u.kind.ReadOnly:
		c.fault(at, "%s is decided by the target: take the mapping out", u.key)
	case len(p.Filter) > 0 && !a.MultiValued:
		c.fault(at, "%s holds one value, so there is nothing to choose in brackets", a.Name)
	case a.MultiValued && p.Sub != "" && len(p.Filter) == 0:
		c.fault(at, `%s holds several values: say which one, as in %s[type eq "work"].%s`, a.Name, a.Name, p.Sub)
	}
}

func missingSub(u *rule) string {
	names := []string{u.path.Sub}
	for _, t := range u.path.Filter {
		names = append(names, t.Sub)
	}
	return strings.Join(slices.DeleteFunc(names, func(n string) bool { return n == "" }), " or ")
}

// unknown is an attribute that no schema of the RFC has: a target's own one has
// its own URN, or its type is told.
func (c *compiler) unknown(at string, u *rule) {
	p := u.path
	known := slices.ContainsFunc(schemas, func(s struct{ urn, as string }) bool { return strings.EqualFold(s.as, p.URN) })
	if !known || u.mapping.Type != "" {
		return
	}
	hint := ""
	if place := proper(c.rules.typ, cmp.Or(p.Sub, p.Attribute)); place != "" {
		hint = "; you may mean " + place
	}
	c.fault(at, "SCIM's %s has no attribute %s%s. If it is the target's own, say so with type: string", c.rules.typ, p.Attribute, hint)
}

// words judges what has a fixed list of values.
func (c *compiler) words(at string, m *Mapping) {
	oneOf := func(key, value string, of ...string) {
		if value != "" && !slices.Contains(of, value) {
			c.fault(at, "%s cannot be %q: write %s", key, value, strings.Join(of, ", "))
		}
	}
	oneOf("apply", m.Apply, ApplyAlways, ApplyCreate, ApplyAdd, ApplyIfEmpty)
	oneOf("null", m.Null, NullKeep, NullClear, NullDefault)
	oneOf("type", m.Type, TypeString, TypeBoolean, TypeInteger, TypeDecimal, TypeDateTime, TypeReference, TypeBinary, TypeComplex)
	if m.Null == NullDefault && m.Default == nil {
		c.fault(at, "null: default needs a default")
	}
	if m.Null == NullClear && m.Default != nil {
		c.fault(at, "the default would be written on creation and taken away by the next cycle: write null: default, or take the default out")
	}
}

// origin judges where the value comes from.
func (c *compiler) origin(at string, u *rule) {
	m := u.mapping
	given := 0
	for _, is := range []bool{m.From != "", m.Constant != nil, m.Expression != "", m.None} {
		if is {
			given++
		}
	}
	if given != 1 {
		c.fault(at, "exactly one of from, constant, expression and none belongs there, and there are %d", given)
		return
	}
	if m.Expression == "" {
		return
	}
	e, err := expression.Parse(m.Expression)
	if err != nil {
		c.fault(at, "the expression cannot be read: %s", err)
		return
	}
	u.expression = e
}

// matching judges Match and what goes with the kind of attribute.
func (c *compiler) matching(at string, u *rule) {
	m, k := u.mapping, u.kind
	switch {
	case m.Match < 0:
		c.fault(at, "match is a precedence from 1")
	case m.Match > 0 && m.None:
		c.fault(at, "nothing can be matched by an attribute that has no source")
	case m.Match > 0 && (k.MultiValued || k.Type == TypeComplex || k.Type == TypeReference || k.Type == TypeBoolean):
		c.fault(at, `people cannot be found by %s: match by an attribute with one text, such as userName or emails[type eq "work"].value`, u.key)
	case m.Match > 0 && u.expression != nil && (u.expression.Unique() || u.expression.Volatile()):
		c.fault(at, "an expression that gives another value each time cannot match anybody")
	case m.Apply == ApplyAdd && k.Known && !k.MultiValued:
		c.fault(at, "add-only is for attributes with several values; if-empty keeps what the target has")
	case m.Null == NullClear && k.Required:
		c.fault(at, "the target cannot be without %s: take null: clear out", u.key)
	}
}

// whole judges what the mappings are together.
func (c *compiler) whole(m ObjectMapping) {
	parts := map[string][]Path{}
	for _, u := range c.rules.rules {
		parts[u.path.Whole().String()] = append(parts[u.path.Whole().String()], u.path)
	}
	for _, u := range c.rules.rules {
		if u.path.Sub == "" && len(parts[u.path.Whole().String()]) > 1 && covers(u.path, parts[u.path.Whole().String()]) {
			c.fault("mappings."+u.key, "a part of %s has a mapping of its own beside this one: keep either", u.path.Whole())
		}
	}
	if len(c.faults) > 0 || !m.Enabled {
		return
	}
	if !slices.ContainsFunc(m.Mappings, func(m Mapping) bool { return m.Match > 0 }) {
		c.fault("mappings", "no attribute has match, so nobody could be found at the target: give userName, or what tells people apart there, match: 1")
	}
	needed := "userName"
	if c.rules.typ == source.Group {
		needed = "displayName"
	}
	if m.Does(ActionCreate) && !c.keys[needed] {
		c.fault("mappings", "nobody can be created without %s: map it, or leave create out of actions", needed)
	}
}

// covers says that p holds all of another of those paths.
func covers(p Path, others []Path) bool {
	return slices.ContainsFunc(others, func(q Path) bool {
		return !q.equal(p) && (len(p.Filter) == 0 || slices.Equal(p.Filter, q.Filter))
	})
}

// order sorts the matching attributes by precedence.
func (r *Rules) order() {
	places := map[int][]int{}
	for i, u := range r.rules {
		if n := u.mapping.Match; n > 0 {
			places[n] = append(places[n], i)
		}
	}
	var precedences []int
	for n := range places {
		precedences = append(precedences, n)
	}
	slices.Sort(precedences)
	for _, n := range precedences {
		r.match = append(r.match, places[n])
	}
}
