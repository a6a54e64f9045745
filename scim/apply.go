package scim

import "strings"

// Apply carries out the operations one after the other on a copy of o (RFC 7644
// section 3.5.2). An operation, or a part of one, that cannot be applied is a
// Fault and is left out; the caller decides whether the rest counts. Notes say
// what was skipped because nobody here knows it (rule 22).
func (t *ResourceType) Apply(o Object, p *Patch) (next Object, notes []string, faults []Fault) {
	next = CloneObject(o)
	n := normaliser{t: t, patching: true}
	for _, op := range p.Operations {
		n.apply(next, op)
	}
	return next, n.notes, n.faults
}

func (n *normaliser) apply(o Object, op Operation) {
	add := strings.EqualFold(op.Op, "add")
	remove := strings.EqualFold(op.Op, "remove")
	if op.Path == "" {
		n.applyBody(o, op, add, remove)
		return
	}
	p, err := n.t.parsePath(op.Path)
	if e, ok := err.(*Error); ok {
		n.fault(op.Path, e)
		return
	}
	switch {
	case err != nil:
		n.unknown(op.Path)
	case p.attr == nil && p.ext == "":
		n.applyBody(o, op, add, remove)
	case n.t.readOnly(p.ref):
		if remove || !p.stands(o, op.Value) {
			n.fault(p.String(), BadRequest(Mutability, "400.32", "Attribute is read-only (400.32): %s is decided here. Take it out of the mapping.", p.ref))
		}
	case remove:
		n.remove(o, p, op.Value)
	default:
		n.put(o, p, op.Value, add)
	}
}

// applyBody is an operation without a path: its value is merged.
func (n *normaliser) applyBody(o Object, op Operation, add, remove bool) {
	if remove {
		n.fault("", BadRequest(NoTarget, "400.31", "No target (400.31): remove needs a path. Say which attribute to remove."))
		return
	}
	v := single(op.Value)
	if empty(v) {
		return
	}
	ms, ok := membersOf(v)
	if !ok {
		n.fault(op.Path, badMessage("an operation without a path needs an object as its value"))
		return
	}
	n.body(o, ms, add)
}

// stands reports whether a read-only target has the value already: writing it
// is then no change, and no error.
func (p path) stands(o Object, v any) bool {
	if p.ext != "" {
		o, _ = o[p.ext].(Object)
	}
	if p.attr == nil {
		return equal(o, v)
	}
	was := o[p.attr.Name]
	if p.filter != nil {
		return false
	}
	if p.sub != nil {
		e, _ := was.(Object)
		was = e[p.sub.Name]
	}
	return was != nil && (equal(was, v) || equal(was, single(v)))
}

// remove is RFC 7644 section 3.5.2.2. What is not there is no error.
func (n *normaliser) remove(o Object, p path, v any) {
	switch {
	case p.attr != nil && n.t.discards(p.attr):
	case p.ext != "":
		n.inExtension(o, p.ext, func(holder Object) {
			if p.attr == nil {
				clear(holder)
			} else {
				n.removeAttribute(holder, p, v)
			}
		})
	default:
		n.removeAttribute(o, p, v)
	}
}

func (n *normaliser) removeAttribute(holder Object, p path, v any) {
	was, ok := holder[p.attr.Name]
	if !ok {
		return
	}
	list := Elements(was)
	switch {
	case p.sub == nil && p.filter == nil && p.attr.mustStay():
		n.fault(p.String(), mustStay(p.String(), Mutability))
	case p.sub != nil:
		n.removeSub(holder, p, list, p.addressed(list))
	case p.filter != nil:
		n.keep(holder, p, without(list, p.matching(list)))
	case p.attr.MultiValued && listed(v):
		n.keep(holder, p, n.withoutListed(list, p, v))
	default:
		delete(holder, p.attr.Name)
	}
}

// addressed are the places in which a sub-attribute is to be cleared: those that
// match the filter, those that could speak for the place of work, or all.
func (p path) addressed(list []any) (places []int) {
	if p.filter != nil {
		return p.matching(list)
	}
	for i, e := range list {
		if !p.work || workElement([]any{e}) == 0 {
			places = append(places, i)
		}
	}
	return places
}

func (n *normaliser) removeSub(holder Object, p path, list []any, places []int) {
	for _, i := range places {
		if e, ok := list[i].(Object); ok {
			if err := p.immutable(e, nil); err != nil {
				n.fault(p.String(), err)
				return
			}
			delete(e, p.sub.Name)
		}
	}
	n.keep(holder, p, withoutHollow(list, places))
}

// listed reports whether a remove says which values to remove. Null and "" say
// nothing (databricks-pgrp-001); an empty list says none, and must not be read
// as all.
func listed(v any) bool { return v != nil && v != "" }

// withoutListed is the list without the values that a remove names. Read to the
// letter it would remove all, which empties whole groups (item 154).
func (n *normaliser) withoutListed(list []any, p path, v any) []any {
	if o, ok := v.(Object); ok {
		// {"members":[...]} under path members, salesforce-pgrp-001.
		if inner := field(o, p.attr.Name); inner != nil {
			v = inner
		}
	}
	quiet := normaliser{t: n.t}
	gone := appendFolded(p.attr, nil, quiet.list(place{ext: p.ext}, p.attr, v, true))
	x := indexOf(p.attr, gone, len(list))
	kept := make([]any, 0, len(list))
	for _, e := range list {
		if _, found := x.find(p.attr, gone, e); !found && !loosely(p.attr, gone, e) {
			kept = append(kept, e)
		}
	}
	return kept
}

// loosely finds e among values that were sent without a type, or without a
// value.
func loosely(a *Attribute, values []any, e any) bool {
	o, ok := e.(Object)
	if !ok || a.sub("$ref") != nil {
		return false
	}
	for _, v := range values {
		if sent, ok := v.(Object); ok && covers(a, sent, o) {
			return true
		}
	}
	return false
}

// covers reports whether all that was sent of value and type, or of everything
// where there is no value, is so in e.
func covers(a *Attribute, sent, e Object) bool {
	if sent["value"] != nil {
		value, _ := sent["value"].(string)
		has, _ := e["value"].(string)
		return sent["type"] == nil && sameText(a.sub("value"), value, has)
	}
	for name, v := range sent {
		if !equal(e[name], v) {
			return false
		}
	}
	return true
}
