package scim

// Parse reads the body of a POST or PUT, forgiving what real clients get wrong
// (rules 9 to 12 of the wire catalogue): it fails only for what Decode refuses
// and for what is no object. Names and values come out as the schema has them;
// what could not be used is among the resource's Notes and Faults.
func (t *ResourceType) Parse(data []byte) (*Resource, error) {
	v, err := decode(data, true)
	if err != nil {
		return nil, err
	}
	ms, ok := v.(members)
	if !ok {
		return nil, BadRequest(InvalidSyntax, "400.10", "Body is not a JSON object (400.10): send one %s in braces.", t.Name)
	}
	n := normaliser{t: t}
	o := make(Object, len(ms))
	n.body(o, ms, false)
	n.demand(o)
	return &Resource{typ: t, object: o, cleared: t.clearedBy(ms), Notes: n.notes, Faults: n.faults}, nil
}

// demand finds required attributes that are missing, unless it has been said
// already what is wrong with them.
func (n *normaliser) demand(o Object) {
next:
	for _, a := range n.t.Schema.Attributes {
		if !a.Required || Present(o[a.Name]) {
			continue
		}
		for _, f := range n.faults {
			if f.Path == a.Name {
				continue next
			}
		}
		n.fault(a.Name, BadRequest(InvalidValue, "400.14", "Required attribute is missing (400.14): %s needs %s. Map it in the identity provider.", n.t.Name, a.Name))
	}
}

// clearedBy lists what a body empties in so many words.
func (t *ResourceType) clearedBy(ms members) (names []string) {
	for _, m := range ms {
		if !empty(m.value) {
			continue
		}
		r, ok := t.lookup(m.name)
		switch {
		case !ok || r.standIn || r.sub != nil || t.readOnly(r):
		case r.attr == nil && r.ext != "":
			names = append(names, r.ext)
		case r.attr != nil && r.ext == "" && !r.attr.mustStay():
			names = append(names, r.attr.Name)
		}
	}
	return names
}

// body merges an object into o: a whole resource, or the value of a PATCH
// operation without a path, whose names are paths (rule 16). A name that stands
// in for its proper place loses to a value there (entra-create-002).
func (n *normaliser) body(o Object, ms members, add bool) {
	var standIns members
	for _, m := range ms {
		p, err := n.t.parsePath(m.name)
		switch {
		case err == nil && p.standIn:
			standIns = append(standIns, m)
		case err == nil:
			n.put(o, p, m.value, add)
		default:
			n.skipName(m.name, err)
		}
	}
	if len(standIns) == 0 {
		return
	}
	given := n.given(o, ms)
	for _, m := range standIns {
		p, _ := n.t.parsePath(m.name)
		if !p.filled(given) {
			n.put(o, p, m.value, add)
		}
	}
}

// skipName leaves out a member whose name leads nowhere. A filter that cannot
// be read is an error: the client meant one of our attributes.
func (n *normaliser) skipName(name string, err error) {
	e, ok := err.(*Error)
	if ok && e.Type == InvalidFilter {
		n.fault(name, e)
		return
	}
	n.unknown(name)
}

// given is what the members alone say in their proper places. When o began
// empty, as a whole resource does, that is o.
func (n *normaliser) given(o Object, ms members) Object {
	if !n.patching {
		return o
	}
	proper := normaliser{t: n.t, patching: true}
	given := Object{}
	for _, m := range ms {
		if p, err := n.t.parsePath(m.name); err == nil && !p.standIn {
			proper.put(given, p, m.value, true)
		}
	}
	return given
}

// filled reports whether o has a value where a stand-in would put its own.
func (p path) filled(o Object) bool {
	if p.ext != "" {
		o, _ = o[p.ext].(Object)
	}
	v := o[p.attr.Name]
	if p.work {
		list, _ := v.([]any)
		at := workElement(list)
		if at < 0 {
			return false
		}
		v = list[at]
	}
	if p.sub != nil {
		e, _ := v.(Object)
		v = e[p.sub.Name]
	}
	return Present(v)
}

// workElement is the place of the address that speaks for where the user works:
// the first of type work, else the first without a type, else -1. A home
// address never is.
func workElement(addresses []any) int {
	untyped := -1
	for i, e := range addresses {
		o, _ := e.(Object)
		typ, _ := o["type"].(string)
		if Fold(typ) == "work" {
			return i
		}
		if typ == "" && untyped < 0 {
			untyped = i
		}
	}
	return untyped
}
