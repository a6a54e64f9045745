package scimhttp

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// references are the bulkIds of a request: what stands for resources that it
// makes itself (RFC 7644 section 3.7.2).
type references map[string]reference

type reference struct {
	id           string
	done, failed bool // neither: its operation has not come yet
}

const bulkIDPrefix = "bulkId:"

// declare wants every bulkId once.
func (refs references) declare(operations []bulkOperation) error {
	for _, op := range operations {
		if op.BulkID == "" || !strings.EqualFold(strings.TrimSpace(op.Method), http.MethodPost) {
			continue
		}
		if _, twice := refs[op.BulkID]; twice {
			return scim.BadRequest(scim.InvalidSyntax, "400.46",
				"bulkId comes twice (400.46): two operations of the request have the same one. Nothing was done; give every operation its own.")
		}
		refs[op.BulkID] = reference{}
	}
	return nil
}

// resolve puts ids into a text in the place of references: a text that is one,
// or that holds one, as the paths /Users/bulkId:1 and members[value eq
// "bulkId:1"] do. waits says that one of them has no id yet.
func (refs references) resolve(s string) (resolved string, waits bool, err error) {
	if whole, ok := strings.CutPrefix(s, bulkIDPrefix); ok {
		r, known := refs[whole]
		if !known {
			return s, false, scim.BadRequest(scim.InvalidValue, "400.47",
				"bulkId not known (400.47): no operation of the request that makes a resource has the bulkId that is referred to. Correct it, or use the resource's id.")
		}
		return refs.of(s, r)
	}
	return refs.embedded(s)
}

// embedded resolves the references within a text.
func (refs references) embedded(s string) (resolved string, waits bool, err error) {
	before, after, found := strings.Cut(s, bulkIDPrefix)
	if !found {
		return s, false, nil
	}
	end := strings.IndexAny(after, `"/]?#) `)
	if end < 0 {
		end = len(after)
	}
	one := bulkIDPrefix + after[:end]
	if r, known := refs[after[:end]]; known { // else a text that speaks of bulkIds
		one, waits, err = refs.of(one, r)
	}
	rest, more, restErr := refs.embedded(after[end:])
	if err == nil {
		err = restErr
	}
	return before + one + rest, waits || more, err
}

// of is the id that a reference stands for, or the text itself while it waits.
func (refs references) of(text string, r reference) (string, bool, error) {
	switch {
	case r.failed:
		return text, false, errUnresolved
	case r.done:
		return r.id, false, nil
	}
	return text, true, nil
}

// resolveAll is resolve for all texts in a value.
func (refs references) resolveAll(v any) (resolved any, waits bool, err error) {
	keep := func(one any, w bool, e error) any {
		waits = waits || w
		if err == nil {
			err = e
		}
		return one
	}
	switch v := v.(type) {
	case string:
		return refs.resolve(v)
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			list[i] = keep(refs.resolveAll(one))
		}
		return list, waits, err
	case scim.Object:
		o := make(scim.Object, len(v))
		for name, one := range v {
			resolvedName, w, e := refs.resolve(name)
			keep(nil, w, e)
			o[resolvedName] = keep(refs.resolveAll(one))
		}
		return o, waits, err
	}
	return v, false, nil
}

// split resolves the references in an operation's data. What has to wait, as
// where two resources refer to each other, comes back as operations of a later
// PATCH; data is nil if nothing is left to do now.
func (refs references) split(op bulkOperation) (data jsontext.Value, wait []any, err error) {
	if !strings.Contains(string(op.Data), bulkIDPrefix) && op.Data.Kind() != '[' {
		return op.Data, nil, nil
	}
	v, err := scim.Decode(op.Data)
	if err != nil {
		return nil, nil, err
	}
	if op.Method == http.MethodPatch {
		return refs.splitPatch(v)
	}
	v, waits, err := refs.resolveAll(v)
	if err != nil {
		return nil, nil, err
	}
	if o, ok := v.(scim.Object); ok && waits {
		v, wait = refs.splitObject(o, "")
	}
	data, err = json.Marshal(v, json.Deterministic(true))
	return data, wait, err
}

// splitPatch lets the first operation that has to wait, and all behind it, wait:
// their order counts. The operations alone, without the message around them,
// will do (erratum 5050: the RFC's own example has them so).
func (refs references) splitPatch(v any) (data jsontext.Value, wait []any, err error) {
	o, isObject := v.(scim.Object)
	name := "Operations"
	if isObject {
		for n := range o {
			if strings.EqualFold(n, name) {
				name = n
			}
		}
		v = o[name]
	}
	operations, isList := v.([]any)
	if !isList {
		return nil, nil, badBulk("the data of PATCH has no list of Operations")
	}
	now := make([]any, 0, len(operations))
	for i, op := range operations {
		resolved, waits, err := refs.resolveAll(op)
		if err != nil {
			return nil, nil, err
		}
		if waits {
			wait = operations[i:]
			break
		}
		now = append(now, resolved)
	}
	if len(now) == 0 && len(wait) > 0 {
		return nil, wait, nil
	}
	data, err = json.Marshal(map[string]any{"Operations": now}, json.Deterministic(true))
	return data, wait, err
}

// splitObject takes out of a resource what has to wait.
func (refs references) splitObject(o scim.Object, prefix string) (now scim.Object, wait []any) {
	now = scim.Object{}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		v := o[name]
		if _, waits, _ := refs.resolveAll(v); !waits {
			now[name] = v
			continue
		}
		list, isList := v.([]any)
		inner, isObject := v.(scim.Object)
		switch {
		case isObject && strings.HasPrefix(strings.ToLower(name), "urn:"):
			left, later := refs.splitObject(inner, name+":")
			if wait = append(wait, later...); len(left) > 0 {
				now[name] = left
			}
			continue
		case isList:
			waiting := slices.DeleteFunc(slices.Clone(list), func(e any) bool { return !refs.waits(e) })
			now[name] = slices.DeleteFunc(slices.Clone(list), refs.waits)
			v = waiting
		}
		wait = append(wait, scim.Object{"op": "add", "path": prefix + name, "value": v})
	}
	return now, wait
}

func (refs references) waits(v any) bool {
	_, waits, _ := refs.resolveAll(v)
	return waits
}
