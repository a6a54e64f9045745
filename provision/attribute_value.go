package provision

import (
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// Get is the value at the path in a resource, as decoded JSON; nil when there is
// none, or only null, "", [] or {} (RFC 7643 section 2.5). Names count in any
// case. Of several elements that a filter names, the first one counts.
func (p Path) Get(doc map[string]any) any {
	v := p.holder(doc)[keyIn(p.holder(doc), p.Attribute)]
	if len(p.Filter) > 0 {
		list := scim.Elements(v)
		i := slices.IndexFunc(list, p.chooses)
		if i < 0 {
			return nil
		}
		v = list[i]
	}
	if p.Sub != "" {
		e := preferred(v)
		v = e[keyIn(e, p.Sub)]
	}
	if !scim.Present(v) {
		return nil
	}
	return v
}

// Set gives the path a value in a resource, and makes what is on the way there:
// the extension's object, the list and the element that the filter describes. A
// nil value is Clear.
func (p Path) Set(doc map[string]any, value any) {
	if value == nil {
		p.Clear(doc)
		return
	}
	h := doc
	if p.URN != "" {
		h = object(doc, p.URN)
	}
	switch {
	case len(p.Filter) > 0:
		p.setElement(h, scim.Clone(value))
	case p.Sub != "":
		setSub(object(h, p.Attribute), p.Sub, scim.Clone(value))
	default:
		h[keyIn(h, p.Attribute)] = scim.Clone(value)
	}
}

func (p Path) setElement(h map[string]any, value any) {
	key := keyIn(h, p.Attribute)
	list := slices.Clone(scim.Elements(h[key]))
	i := slices.IndexFunc(list, p.chooses)
	if i < 0 {
		i = len(list)
		list = append(list, p.describe())
	}
	if p.Sub != "" {
		setSub(list[i].(map[string]any), p.Sub, value)
	} else if e, ok := value.(map[string]any); ok {
		list[i] = p.described(e)
	}
	h[key] = list
}

// describe is an element of which the filter holds, and nothing else.
func (p Path) describe() map[string]any {
	e := make(map[string]any, len(p.Filter)+1)
	for _, t := range p.Filter {
		e[t.Sub] = t.Value
	}
	return e
}

// described is e, made to be what the filter names.
func (p Path) described(e map[string]any) map[string]any {
	for _, t := range p.Filter {
		e[keyIn(e, t.Sub)] = t.Value
	}
	return e
}

// Clear takes the value at the path away, and what is left empty by that.
func (p Path) Clear(doc map[string]any) {
	h := p.holder(doc)
	key := keyIn(h, p.Attribute)
	switch v := h[key]; {
	case v == nil:
	case len(p.Filter) > 0:
		h[key] = p.without(scim.Elements(v))
	case p.Sub != "":
		e := preferred(v)
		delete(e, keyIn(e, p.Sub))
	default:
		delete(h, key)
	}
	if !scim.Present(h[key]) {
		delete(h, key)
	}
	if p.URN != "" && len(h) == 0 {
		delete(doc, keyIn(doc, p.URN))
	}
}

// without is the list after clearing the path in it: an element that says
// nothing but what it would be for goes.
func (p Path) without(list []any) []any {
	var kept []any
	for _, v := range list {
		if e, _ := v.(map[string]any); p.chooses(v) {
			if p.Sub == "" {
				continue
			}
			if delete(e, keyIn(e, p.Sub)); p.hollow(e) {
				continue
			}
		}
		kept = append(kept, v)
	}
	return kept
}

// hollow says that an element is only what its filter describes.
func (p Path) hollow(e map[string]any) bool {
	for name, v := range e {
		named := strings.EqualFold(name, "type") || strings.EqualFold(name, "primary") ||
			slices.ContainsFunc(p.Filter, func(t Term) bool { return strings.EqualFold(t.Sub, name) })
		if !named && scim.Present(v) {
			return false
		}
	}
	return true
}

// chooses says that the filter names this element.
func (p Path) chooses(v any) bool {
	e, ok := v.(map[string]any)
	if !ok {
		return false
	}
	for _, t := range p.Filter {
		if !t.holds(e[keyIn(e, t.Sub)]) {
			return false
		}
	}
	return true
}

// holds compares as SCIM does: text in any case, and an element that says
// nothing of primary is not primary (RFC 7643 section 2.4).
func (t Term) holds(v any) bool {
	switch want := t.Value.(type) {
	case bool:
		truth, ok := boolean(v)
		return ok && truth == want || v == nil && !want
	case string:
		text, ok := v.(string)
		return ok && (text == want || scim.Fold(text) == scim.Fold(want))
	}
	return false
}

// boolean reads true, false, and the texts that some servers answer with.
func boolean(v any) (truth, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		return truthOf(v)
	}
	return false, false
}

// holder is the object that the attribute stands in; nil when there is none.
func (p Path) holder(doc map[string]any) map[string]any {
	if p.URN == "" {
		return doc
	}
	h, _ := doc[keyIn(doc, p.URN)].(map[string]any)
	return h
}

// object is the object at that name, made if there is none.
func object(o map[string]any, name string) map[string]any {
	key := keyIn(o, name)
	v, ok := o[key].(map[string]any)
	if !ok {
		v = map[string]any{}
		o[key] = v
	}
	return v
}

// setSub gives an object one value. Another value is another thing: what
// described the old one does not describe it.
func setSub(e map[string]any, sub string, value any) {
	key := keyIn(e, sub)
	if ref := keyIn(e, "$ref"); key == "value" && e[ref] != nil && e[key] != value {
		delete(e, ref)
		delete(e, keyIn(e, "display"))
		delete(e, keyIn(e, "displayName"))
	}
	e[key] = value
}

// keyIn is the object's own spelling of a name (RFC 7643 section 2.1).
func keyIn(o map[string]any, name string) string {
	if _, ok := o[name]; ok {
		return name
	}
	for k := range o {
		if len(k) == len(name) && strings.EqualFold(k, name) {
			return k
		}
	}
	return name
}

// preferred is the object itself, or of a list the primary element, or else the
// first.
func preferred(v any) map[string]any {
	var first map[string]any
	for _, v := range scim.Elements(v) {
		e, ok := v.(map[string]any)
		if primary, _ := boolean(e["primary"]); primary {
			return e
		}
		if ok && first == nil {
			first = e
		}
	}
	return first
}
