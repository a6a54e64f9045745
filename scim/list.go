package scim

import "strconv"

// setList replaces a multi-valued attribute, or appends to it. Nothing to add
// is no change (databricks-pgrp-002).
func (n *normaliser) setList(dst Object, at place, a *Attribute, v any, add bool) {
	if !add && a.mustStay() && empty(v) {
		n.fault(at.name(a), mustStay(at.name(a), InvalidValue))
		return
	}
	before := len(n.faults)
	list := n.list(at, a, v, add)
	if len(list) == 0 && len(n.faults) > before {
		return // nothing of it could be used: what stands is better than nothing
	}
	if add {
		was, _ := dst[a.Name].([]any)
		list = appendFolded(a, was, list)
	} else {
		list = appendFolded(a, nil, list)
	}
	store(dst, a, list)
}

// store keeps a list, or its absence.
func store(dst Object, a *Attribute, list []any) {
	if len(list) == 0 {
		delete(dst, a.Name)
		return
	}
	dst[a.Name] = list
}

// list converts the values of a multi-valued attribute. One value where a list
// belongs is a list of one (onelogin-create-001).
func (n *normaliser) list(at place, a *Attribute, v any, add bool) []any {
	if empty(v) {
		return nil
	}
	values, ok := v.([]any)
	if !ok {
		if s, ok := v.(string); ok && a == emails && !add {
			// entra-patch-mv-015: an address alone is the work address.
			return []any{Object{"value": s, "type": "work", "primary": true}}
		}
		values = []any{v}
	}
	list := make([]any, 0, len(values))
	for _, value := range values {
		if e := n.element(at, a, value); e != nil {
			list = append(list, e)
		}
	}
	return list
}

var emails = find(userAttributes, "emails")

// element converts one value; nil if nothing is left of it.
func (n *normaliser) element(at place, a *Attribute, v any) any {
	if a.Type != typeComplex {
		value, _ := n.simple(at, a, v)
		return value
	}
	if empty(v) {
		return nil
	}
	o := make(Object, 4)
	n.merge(o, at, a, v, false)
	if len(o) == 0 {
		return nil
	}
	return o
}

// appendFolded appends values to a list: the same (type, value) only once (item
// 51), and primary with one element at most, the first of the new ones to claim
// it (item 145).
func appendFolded(a *Attribute, list, values []any) []any {
	if len(values) == 0 {
		return list
	}
	seen := indexOf(a, list, len(values))
	primary := -1
	for _, v := range values {
		at, same := seen.find(a, list, v)
		if !same {
			at = len(list)
			list = append(list, v)
			seen.add(a, v, at)
		} else if e, ok := list[at].(Object); ok {
			for name, value := range v.(Object) {
				if e[name] == nil || name == "primary" && value == true {
					e[name] = value
				}
			}
		}
		if isPrimary(v) && primary < 0 {
			primary = at
		}
	}
	onlyPrimary(list, primary)
	return list
}

func isPrimary(v any) bool {
	o, _ := v.(Object)
	return o["primary"] == true
}

// onlyPrimary leaves primary true at one element alone (RFC 7644 section 3.5.2).
func onlyPrimary(list []any, keep int) {
	if keep < 0 {
		return
	}
	for i, e := range list {
		if i != keep && isPrimary(e) {
			e.(Object)["primary"] = false
		}
	}
}

// index finds values in a list: few new ones one by one, many by a key.
type index struct{ keys map[string]int }

func indexOf(a *Attribute, list []any, more int) index {
	if more <= 8 {
		return index{}
	}
	x := index{make(map[string]int, len(list)+more)}
	for i, v := range list {
		x.add(a, v, i)
	}
	return x
}

func (x index) add(a *Attribute, v any, at int) {
	if x.keys != nil {
		if key := keyOf(a, v); key != "" {
			x.keys[key] = at
		}
	}
}

func (x index) find(a *Attribute, list []any, v any) (int, bool) {
	if x.keys != nil {
		at, ok := x.keys[keyOf(a, v)]
		return at, ok
	}
	for i, e := range list {
		if same(a, e, v) {
			return i, true
		}
	}
	return 0, false
}

// keyOf tells apart what same tells apart.
func keyOf(a *Attribute, v any) string {
	o, ok := v.(Object)
	if !ok {
		return string(appendValue([]byte{'v'}, v))
	}
	value, _ := o["value"].(string)
	if value == "" {
		return string(appendTyped([]byte{'o'}, a, o))
	}
	if sub := a.sub("value"); !sub.CaseExact {
		value = Fold(value)
	}
	typ, _ := o["type"].(string)
	if typ = Fold(typ); a.sub("$ref") != nil {
		typ = ""
	}
	return "e" + strconv.Itoa(len(typ)) + ":" + typ + value
}

// same reports whether two elements are the same value: by (type, value), a
// reference by value alone, and what has no value as a whole.
func same(a *Attribute, x, y any) bool {
	xo, ok := x.(Object)
	yo, ok2 := y.(Object)
	if !ok || !ok2 {
		return x == y
	}
	xv, _ := xo["value"].(string)
	yv, _ := yo["value"].(string)
	if xv == "" || yv == "" {
		return xv == yv && equal(xo, yo)
	}
	if !sameText(a.sub("value"), xv, yv) {
		return false
	}
	xt, _ := xo["type"].(string)
	yt, _ := yo["type"].(string)
	return a.sub("$ref") != nil || xt == yt || Fold(xt) == Fold(yt)
}

func sameText(a *Attribute, x, y string) bool {
	return x == y || !a.CaseExact && Fold(x) == Fold(y)
}

// refold folds a list whose elements have changed.
func refold(a *Attribute, list []any) []any {
	if len(list) < 2 {
		return list
	}
	return appendFolded(a, nil, list)
}

// without is list without the elements at those places, which are in order.
func without(list []any, places []int) []any {
	kept := make([]any, 0, len(list))
	for i, e := range list {
		if len(places) > 0 && places[0] == i {
			places = places[1:]
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

// withoutHollow drops those of the elements that say nothing any more.
func withoutHollow(list []any, places []int) []any {
	var hollow []int
	for _, i := range places {
		if e, ok := list[i].(Object); ok && isHollow(e) {
			hollow = append(hollow, i)
		}
	}
	if hollow == nil {
		return list
	}
	return without(list, hollow)
}

func isHollow(e Object) bool {
	for name := range e {
		if name != "type" && name != "primary" {
			return false
		}
	}
	return true
}
