package scim

import "slices"

// Replace is what PUT makes of was: what next leaves out is cleared (item 133),
// but for active and externalId, and for addresses and the enterprise extension
// when next does not speak of them at all. What is read-only stays, and so does
// a required attribute that next could not say. Neither argument is changed.
func (t *ResourceType) Replace(was, next Object) Object {
	o := make(Object, len(next)+4)
	for _, a := range common {
		t.carry(o, was, next, a)
	}
	for _, a := range t.Schema.Attributes {
		t.carry(o, was, next, a)
	}
	for _, e := range t.Extensions {
		t.carry(o, was, next, e.Schema.asAttribute())
	}
	return o
}

// ReplaceWith is Replace for a body as it was sent: null or [] for addresses,
// externalId or an extension clears them, which the object alone cannot tell
// from saying nothing.
func (t *ResourceType) ReplaceWith(was Object, body *Resource) Object {
	o := t.Replace(was, body.Object())
	for _, name := range body.cleared {
		if !Present(body.Object()[name]) {
			delete(o, name)
		}
	}
	return o
}

// carry copies one attribute into o from where its value comes.
func (t *ResourceType) carry(o, was, next Object, a *Attribute) {
	from := next
	if a.Mutability == readOnly || !Present(next[a.Name]) && t.survives(a) {
		from = was
	}
	v := Clone(from[a.Name])
	if e, ok := v.(Object); ok && a.Mutability != readOnly {
		before, _ := was[a.Name].(Object)
		keepReadOnly(a, before, e)
	}
	if Present(v) {
		o[a.Name] = v
	}
}

// survives reports whether PUT leaves a alone when it does not name it: not to
// lock out or forget people, nor to lose what profiling rests on, because a
// client sends half of a resource (okta-put-004).
func (t *ResourceType) survives(a *Attribute) bool {
	return a.mustStay() || slices.Contains([]string{"externalId", "addresses", EnterpriseSchema}, a.Name)
}

// keepReadOnly puts the read-only sub-attributes back as they were, as long as
// they describe the same value: a manager's name.
func keepReadOnly(a *Attribute, was, o Object) {
	for _, sub := range a.SubAttributes {
		before, had := was[sub.Name]
		switch {
		case sub.Mutability == readOnly && had && equal(was["value"], o["value"]):
			o[sub.Name] = Clone(before)
		case sub.Mutability == readOnly:
			delete(o, sub.Name)
		case sub.Type == typeComplex && !sub.MultiValued:
			inner, ok := o[sub.Name].(Object)
			innerWas, _ := before.(Object)
			if ok {
				keepReadOnly(sub, innerWas, inner)
			}
		}
	}
}

// Changed lists the attributes, and the URNs of extensions, whose values differ,
// sorted. Unassigned and absent are the same.
func Changed(was, next Object) []string {
	var names []string
	for name, v := range was {
		if !equal(v, next[name]) {
			names = append(names, name)
		}
	}
	for name, v := range next {
		if _, seen := was[name]; !seen && Present(v) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// equal compares two values; what is empty equals what is absent.
func equal(a, b any) bool {
	switch a := a.(type) {
	case Object:
		b, ok := b.(Object)
		return ok && equalObjects(a, b) || !ok && len(a) == 0 && !Present(b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal) || !ok && len(a) == 0
	case nil, string:
		if !Present(a) {
			return !Present(b)
		}
	}
	switch b.(type) {
	case Object, []any:
		return false
	}
	return a == b
}

func equalObjects(a, b Object) bool {
	for name, v := range a {
		if !equal(v, b[name]) {
			return false
		}
	}
	for name, v := range b {
		if _, seen := a[name]; !seen && Present(v) {
			return false
		}
	}
	return true
}
