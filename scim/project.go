package scim

import (
	"slices"
	"strings"
)

// Projection says which attributes an answer holds (RFC 7644 section 3.9): those
// of Attributes, or all but Excluded. Names come in any notation.
type Projection struct{ Attributes, Excluded []string }

// Empty reports whether the answer holds what it holds by default.
func (p Projection) Empty() bool { return len(p.Attributes) == 0 && len(p.Excluded) == 0 }

// Project is o as a client asked to see it. What is returned always, id and
// schemas, stays whatever he says; a name that nobody knows changes nothing. The
// answer shares values with o.
func (t *ResourceType) Project(o Object, p Projection) Object {
	if len(p.Attributes) > 0 {
		o = t.choose(o, p.Attributes)
	}
	if len(p.Excluded) > 0 {
		o = t.exclude(o, p.Excluded)
	}
	return o
}

// named resolves a list of names. Attributes may be named by a value path too;
// its filter is left aside (rule 7).
func (t *ResourceType) named(names []string) []ref {
	var refs []ref
	for _, name := range names {
		head, tail, ok := strings.Cut(name, "[")
		if ok {
			head += tail[strings.LastIndexByte(tail, ']')+1:]
		}
		if r, ok := t.lookup(strings.TrimSpace(head)); ok && !t.never(r) {
			refs = append(refs, r)
		}
	}
	return refs
}

// never reports whether an attribute stays hidden even when it is named.
func (t *ResourceType) never(r ref) bool { return r.attr != nil && r.attr.Returned == "never" }

func (t *ResourceType) choose(o Object, names []string) Object {
	chosen := Object{}
	for _, a := range common {
		if a.Returned == "always" {
			copyMember(chosen, o, a.Name)
		}
	}
	for _, r := range t.named(names) {
		switch {
		case r.attr == nil && r.ext != "":
			copyMember(chosen, o, r.ext)
		case r.attr == nil:
			for _, a := range t.Schema.Attributes {
				copyMember(chosen, o, a.Name)
			}
		case r.ext == "":
			chooseIn(chosen, o, r)
		default:
			from, _ := o[r.ext].(Object)
			into, _ := chosen[r.ext].(Object)
			if into = copyObject(into); from != nil {
				chooseIn(into, from, r)
			}
			if len(into) > 0 {
				chosen[r.ext] = into
			}
		}
	}
	dropHollow(chosen)
	for _, e := range t.Extensions {
		if o, ok := chosen[e.Schema.ID].(Object); ok {
			dropHollow(o)
		}
	}
	return chosen
}

func copyMember(dst, src Object, name string) {
	if v, ok := src[name]; ok {
		dst[name] = v
	}
}

func copyObject(o Object) Object {
	c := make(Object, len(o)+1)
	for name, v := range o {
		c[name] = v
	}
	return c
}

func chooseIn(into, from Object, r ref) {
	v, ok := from[r.attr.Name]
	if !ok {
		return
	}
	if r.sub == nil {
		into[r.attr.Name] = v
		return
	}
	if chosen := chooseSub(into[r.attr.Name], v, r.sub.Name); Present(chosen) {
		into[r.attr.Name] = chosen
	}
}

// dropHollow takes out what has none of the sub-attributes that were chosen.
func dropHollow(o Object) {
	for name, v := range o {
		list, ok := v.([]any)
		if !ok || !slices.ContainsFunc(list, empty) {
			continue
		}
		full := slices.DeleteFunc(slices.Clone(list), empty)
		if o[name] = full; len(full) == 0 {
			delete(o, name)
		}
	}
}

// chooseSub adds one sub-attribute of v to what has been chosen of it so far.
// The elements of a list keep their places until all names are through.
func chooseSub(chosen, v any, name string) any {
	switch v := v.(type) {
	case Object:
		so, _ := chosen.(Object)
		so = copyObject(so)
		copyMember(so, v, name)
		return so
	case []any:
		list, _ := chosen.([]any)
		out := make([]any, len(v))
		for i, e := range v {
			var before any
			if i < len(list) {
				before = list[i]
			}
			out[i] = chooseSub(before, e, name)
		}
		return out
	}
	return nil
}

func (t *ResourceType) exclude(o Object, names []string) Object {
	left := copyObject(o)
	for _, r := range t.named(names) {
		switch {
		case r.attr == nil && r.ext != "":
			delete(left, r.ext)
		case r.attr == nil:
			for _, a := range t.Schema.Attributes {
				delete(left, a.Name)
			}
		case r.ext == "":
			excludeFrom(left, r)
		default:
			from, _ := left[r.ext].(Object)
			if from = copyObject(from); len(from) == 0 {
				continue
			}
			if excludeFrom(from, r); len(from) == 0 {
				delete(left, r.ext)
			} else {
				left[r.ext] = from
			}
		}
	}
	return left
}

func excludeFrom(o Object, r ref) {
	v, ok := o[r.attr.Name]
	switch {
	case !ok || r.attr.Returned == "always":
	case r.sub == nil:
		delete(o, r.attr.Name)
	default:
		if v = excludeSub(v, r.sub.Name); Present(v) {
			o[r.attr.Name] = v
		} else {
			delete(o, r.attr.Name)
		}
	}
}

func excludeSub(v any, name string) any {
	switch v := v.(type) {
	case Object:
		o := copyObject(v)
		delete(o, name)
		return o
	case []any:
		var out []any
		for _, e := range v {
			if e = excludeSub(e, name); Present(e) {
				out = append(out, e)
			}
		}
		return out
	}
	return v
}
