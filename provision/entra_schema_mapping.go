package provision

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// attribute translates one mapping. One that cannot be used here is left out
// and noted, so that the rest can.
func (t *translation) attribute(typ string, part *ObjectMapping, a entraAttribute) {
	m := Mapping{Match: max(0, a.Matching), Default: a.Default}
	path, err := ParsePath(a.Target)
	if err != nil {
		t.note("the mapping of %q: %v", a.Target, err)
		return
	}
	path, kind := KindOf(typ, path, "")
	if m.Target = path.String(); kind.ReadOnly {
		t.note("the mapping of %q: the target decides it", a.Target)
		return
	}
	t.origin(&m, a)
	t.flow(&m, a)
	if slices.ContainsFunc(part.Mappings, func(o Mapping) bool { return strings.EqualFold(o.Target, m.Target) }) {
		t.note("another mapping of %q; the first is kept", m.Target)
		return
	}
	probe := ObjectMapping{Mappings: append(slices.Clone(part.Mappings), m)}
	if _, faults := Compile(typ, probe); len(faults) > 0 && unknownAttribute(typ, m) {
		m.Type = TypeString // the target's own attribute
		probe.Mappings[len(probe.Mappings)-1] = m
	}
	if _, faults := Compile(typ, probe); len(faults) > 0 {
		t.note("the mapping of %q: %s", m.Target, faults[0].Why)
		return
	}
	part.Mappings = probe.Mappings
}

func unknownAttribute(typ string, m Mapping) bool {
	path, err := ParsePath(m.Target)
	if err != nil {
		return false
	}
	_, kind := KindOf(typ, path, "")
	return !kind.Known && m.Type == ""
}

// origin translates where the value comes from. No source means that only the
// default is written.
func (t *translation) origin(m *Mapping, a entraAttribute) {
	o := a.Source
	if o == nil || o.Type == "" && o.Expression == "" && o.Name == "" {
		m.None = true
		return
	}
	switch strings.ToLower(o.Type) {
	case "attribute":
		m.From = o.Name
		if name, whole := strings.CutPrefix(o.Expression, "["); whole {
			m.From = strings.TrimSuffix(name, "]")
		}
	case "constant":
		m.Constant = new(o.Name)
	default:
		if m.Expression = o.Expression; m.Expression == "" {
			m.Expression = o.text()
		}
	}
}

// text writes the expression that a schema has only in parts.
func (o *entraOrigin) text() string {
	switch strings.ToLower(o.Type) {
	case "attribute":
		return "[" + o.Name + "]"
	case "constant":
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(o.Name) + `"`
	}
	arguments := make([]string, len(o.Parameters))
	for i, p := range o.Parameters {
		if p.Value != nil {
			arguments[i] = p.Value.text()
		}
	}
	return o.Name + "(" + strings.Join(arguments, ", ") + ")"
}

// flow translates when and how the value is written.
func (t *translation) flow(m *Mapping, a entraAttribute) {
	switch strings.ToLower(a.Type) {
	case "", "always":
	case "objectaddonly":
		m.Apply = ApplyCreate
	case "multivalueaddonly", "valueaddonly":
		m.Apply = ApplyAdd
	case "attributeaddonly":
		m.Apply = ApplyIfEmpty
	default:
		t.note("the flow type %q of %q; it is written always", a.Type, m.Target)
	}
	if strings.EqualFold(a.Behavior, "FlowAlways") {
		t.note("FlowAlways of %q; it is written when it differs", m.Target)
	}
	if a.Missing {
		t.note("exportMissingReferences of %q; references are written when their object is linked", m.Target)
	}
}

// filters translates the scoping filters that decide about access.
func (t *translation) filters(o entraObject) (filters [][]Clause) {
	for _, group := range o.Scope.Groups {
		var filter []Clause
		for _, c := range group.Clauses {
			clause := Clause{Attribute: c.Source, Operator: c.Operator, Value: strings.Join(c.Target.Values, ", ")}
			if known := operatorOf(c.Operator); known != nil {
				clause.Operator = known.name
			}
			if len(c.Target.Values) > 1 {
				t.note("the clause on %q of the filter %q has several values; look at it", c.Source, group.Name)
			}
			if _, why := clause.compile(); why != "" {
				// Without it others would be in scope: it stays, and nothing can be
				// applied before somebody has decided.
				t.note("the filter %q is not usable yet: %s", group.Name, why)
			}
			filter = append(filter, clause)
		}
		if len(filter) > 0 {
			filters = append(filters, filter)
		}
	}
	if len(o.Scope.Input) > 0 {
		t.note("inputFilterGroups of %q: whoever leaves such a filter stays at the target; here that is leavers: {action: ignore}", o.Name)
	}
	if len(o.Scope.Category) > 0 {
		t.note("categoryFilterGroups of %q", o.Name)
	}
	return filters
}

// text is the YAML with what was left out above it.
func (t *translation) text() []byte {
	var b bytes.Buffer
	b.WriteString("# From a schema of Entra ID. Fill in source and target, then: rollcall app apply -f FILE\n")
	for _, n := range t.notes {
		fmt.Fprintf(&b, "# Left out: %s\n", strings.Join(strings.Fields(n), " "))
	}
	a := *t.app
	for _, part := range []*ObjectMapping{&a.Users, &a.Groups} {
		if len(part.Mappings) == 0 {
			part.Enabled = false
		}
	}
	b.Write(marshal(&a))
	return b.Bytes()
}
