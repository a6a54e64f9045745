package scim

// put gives the target p of o the value v, as add does or as replace does. Who
// calls it has seen to read-only targets.
func (n *normaliser) put(o Object, p path, v any, add bool) {
	switch {
	case p.attr != nil && n.t.discards(p.attr), n.t.readOnly(ref{ext: p.ext}):
	case p.attr == nil && p.ext == "":
		n.putCore(o, v, add)
	case p.ext == "":
		n.putAttribute(o, p, v, add)
	default:
		n.inExtension(o, p.ext, func(holder Object) {
			if p.attr == nil {
				n.putExtension(holder, p.ext, v, add)
			} else {
				n.putAttribute(holder, p, v, add)
			}
		})
	}
}

// inExtension makes sure that an extension without values is absent, also from
// schemas (entra-patch-attr-023).
func (n *normaliser) inExtension(o Object, urn string, do func(Object)) {
	holder, _ := o[urn].(Object)
	if holder == nil {
		holder = Object{}
	}
	if do(holder); len(holder) == 0 {
		delete(o, urn)
		return
	}
	o[urn] = holder
}

// putCore takes an object under the core schema's own URN.
func (n *normaliser) putCore(o Object, v any, add bool) {
	if ms, ok := membersOf(v); ok {
		n.body(o, ms, add)
	}
}

func (n *normaliser) putExtension(holder Object, urn string, v any, add bool) {
	if empty(v) {
		clear(holder)
		return
	}
	ms, ok := membersOf(single(v))
	if !ok {
		n.fault(urn, BadRequest(InvalidValue, "400.13", "Value has the wrong type (400.13): %s must be an object.", urn))
		return
	}
	attributes := n.t.extension(urn).Attributes
	for _, m := range ms {
		r, ok := within(urn, attributes, m.name)
		if !ok {
			n.unknown(urn + ":" + m.name)
			continue
		}
		n.putAttribute(holder, path{ref: r}, m.value, add)
	}
}

func (n *normaliser) putAttribute(holder Object, p path, v any, add bool) {
	at := place{ext: p.ext}
	switch {
	case n.t.readOnly(p.ref):
		n.skipReadOnly(at, p.attr, v)
	case p.work:
		n.putWork(holder, p, v, add)
	case p.filter != nil:
		n.putFiltered(holder, p, v, add)
	case p.sub == nil:
		n.set(holder, at, p.attr, v, add)
	case p.attr.MultiValued:
		n.putSubOfList(holder, p, v, add)
	default:
		n.putSub(holder, p, v, add)
	}
}

// putSub sets a sub-attribute of a single complex attribute, which comes and
// goes with its first and last one.
func (n *normaliser) putSub(holder Object, p path, v any, add bool) {
	o, _ := holder[p.attr.Name].(Object)
	if o == nil {
		o = Object{}
	}
	n.merge(o, place{ext: p.ext}, p.attr, members{{p.sub.Name, v}}, add)
	if len(o) == 0 {
		delete(holder, p.attr.Name)
		return
	}
	holder[p.attr.Name] = o
}

// putSubOfList sets emails.value and the like without a filter: of the primary
// element, else of the first, else of a new one; setting it in all would leave
// the same value many times. Null clears it in all.
func (n *normaliser) putSubOfList(holder Object, p path, v any, add bool) {
	list, _ := holder[p.attr.Name].([]any)
	switch at := preferred(list); {
	case empty(v):
		n.change(holder, p, list, p.addressed(list), v, add)
	case at >= 0:
		n.change(holder, p, list, []int{at}, v, add)
	default:
		n.create(holder, p, list, Object{}, v, add)
	}
}

// putWork sets a bare country, locality or region (behaviour of the work
// address: the first of type work, else the first without a type).
func (n *normaliser) putWork(holder Object, p path, v any, add bool) {
	list, _ := holder[p.attr.Name].([]any)
	switch at := workElement(list); {
	case empty(v):
		n.change(holder, p, list, p.addressed(list), v, add)
	case at >= 0:
		n.change(holder, p, list, []int{at}, v, add)
	default:
		n.create(holder, p, list, Object{"type": "work"}, v, add)
	}
}

// putFiltered sets what matches the filter in brackets, or a sub-attribute of
// it. Where nothing matches, a sub-attribute and add create the element that the
// filter describes (rule 18); replace of a whole element has no target (RFC
// 7644 section 3.5.2.3).
func (n *normaliser) putFiltered(holder Object, p path, v any, add bool) {
	list := Elements(holder[p.attr.Name])
	matching := p.matching(list)
	if len(matching) > 0 {
		n.change(holder, p, list, matching, v, add)
		return
	}
	if p.sub != nil && empty(v) {
		return
	}
	e := Object{}
	if p.sub == nil && !add || !p.filter.describe(e) || !p.attr.MultiValued && len(list) > 0 {
		n.fault(p.String(), noTarget(p))
		return
	}
	n.create(holder, p, list, e, v, add)
}

func noTarget(p path) *Error {
	return BadRequest(NoTarget, "400.31", "No target (400.31): no element of %s matches the filter in the path. Use add, or name a sub-attribute behind the brackets.", p.attr.Name)
}

// Elements are the elements of a list, or the one value of a single complex
// attribute (entra-patch-mgr-008).
func Elements(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case nil:
		return nil
	}
	return []any{v}
}

// matching are the places of the elements that satisfy the filter.
func (p path) matching(list []any) (places []int) {
	for i, e := range list {
		if p.filter.matchElement(e) {
			places = append(places, i)
		}
	}
	return places
}

// describe gives e the values that a filter of eq terms joined by and asks for.
func (n *node) describe(e Object) bool {
	switch {
	case n.kind == isAnd:
		for _, sub := range n.nodes {
			if !sub.describe(e) {
				return false
			}
		}
		return true
	case n.kind != isTerm || n.op != "eq" || n.null:
		return false
	case n.attr.Type == typeBoolean:
		e[n.attr.Name] = n.truth
	case n.literal != "":
		e[n.attr.Name] = n.literal
	}
	return true
}

// create adds element e, completed by v. It does not take primary from another
// unless filter or value say so.
func (n *normaliser) create(holder Object, p path, list []any, e Object, v any, add bool) {
	if empty(v) && p.filter == nil {
		return
	}
	n.fill(e, p, v, add)
	if p.sub != nil && e[p.sub.Name] == nil || len(e) == 0 {
		return // the value was of no use
	}
	n.keep(holder, p, appendFolded(p.attr, list, []any{e}))
}

// fill gives an element the value, whole or of the path's sub-attribute.
func (n *normaliser) fill(e Object, p path, v any, add bool) {
	at := place{ext: p.ext}
	switch {
	case p.sub != nil:
		n.merge(e, at, p.attr, members{{p.sub.Name, v}}, add)
	case !empty(v):
		n.merge(e, at, p.attr, single(v), add)
	}
}

// change gives the elements at those places the value; null clears. An element
// that loses what it said and keeps but its type is gone.
func (n *normaliser) change(holder Object, p path, list []any, places []int, v any, add bool) {
	if p.sub == nil && empty(v) {
		if !add {
			n.keep(holder, p, without(list, places))
		}
		return
	}
	primary := -1
	for _, i := range places {
		e, ok := list[i].(Object)
		if !ok {
			continue
		}
		if err := p.immutable(e, v); err != nil {
			n.fault(p.String(), err)
			return
		}
		was := isPrimary(e)
		n.fill(e, p, v, add)
		if !was && isPrimary(e) && primary < 0 {
			primary = i
		}
	}
	onlyPrimary(list, primary)
	if p.sub != nil && empty(v) {
		list = withoutHollow(list, places)
	}
	n.keep(holder, p, refold(p.attr, list))
}

// immutable refuses to change a member's id: that would be another member (RFC
// 7643 section 7).
func (p path) immutable(e Object, v any) *Error {
	if p.sub == nil || p.sub.Mutability != immutable || e[p.sub.Name] == nil || equal(e[p.sub.Name], v) {
		return nil
	}
	return BadRequest(Mutability, "400.32", "Attribute cannot be changed (400.32): %s is fixed once it is set. Remove the element and add another.", p.ref)
}

// keep stores what is left of the elements.
func (n *normaliser) keep(holder Object, p path, list []any) {
	if !p.attr.MultiValued && len(list) == 1 {
		holder[p.attr.Name] = list[0]
		return
	}
	store(holder, p.attr, list)
}
