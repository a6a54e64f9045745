package provision

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// sameValue says that what is wanted is there: booleans and numbers also when
// the target answers them as text, texts to the letter, lists in any order. What
// a target adds to an object of its own accord, such as display, counts for
// nothing.
func sameValue(want, has any) bool {
	if !scim.Present(want) || !scim.Present(has) {
		return !scim.Present(want) && !scim.Present(has) || isRedaction(want)
	}
	switch want := want.(type) {
	case bool:
		truth, ok := boolean(has)
		return ok && truth == want
	case []any:
		return sameList(want, scim.Elements(has))
	case map[string]any:
		return sameObject(want, has)
	case string:
		return sameText(want, has)
	}
	a, isNumber := numberOf(want)
	b, alsoNumber := numberOf(has)
	return isNumber && alsoNumber && a == b
}

// isRedaction is a value that is known only by its fingerprint, and that most
// targets never answer: whether it is there cannot be told.
func isRedaction(v any) bool {
	text, _ := v.(string)
	return strings.HasPrefix(text, redaction)
}

func sameText(want string, has any) bool {
	switch has := has.(type) {
	case string:
		return want == has
	case bool:
		truth, ok := truthOf(want)
		return ok && truth == has
	case map[string]any:
		return idOf(has) == want
	case []any:
		return len(has) == 1 && sameText(want, has[0])
	}
	return want == textOf(has)
}

func sameObject(want map[string]any, has any) bool {
	e, ok := has.(map[string]any)
	if !ok {
		return sameValue(want[keyIn(want, "value")], has)
	}
	for name, v := range want {
		other := e[keyIn(e, name)]
		switch {
		case v == false && other == nil: // not primary, as good as unsaid
		case equalName(name, "type") && scim.Fold(textOf(v)) == scim.Fold(textOf(other)):
		case !sameValue(v, other):
			return false
		}
	}
	return true
}

// sameList pairs the elements off. They are found by their value, so that groups
// of many thousand members compare in no time.
func sameList(want, has []any) bool {
	if len(want) != len(has) {
		return false
	}
	return len(missing(want, has)) == 0
}

// missing are those of want that are not among has, each of which counts once.
func missing(want, has []any) (gone []any) {
	places := make(map[string][]int, len(has))
	for i, v := range has {
		key := textOf(idOf(v))
		places[key] = append(places[key], i)
	}
	for _, v := range want {
		key := textOf(idOf(v))
		at := slices.IndexFunc(places[key], func(i int) bool { return sameValue(v, has[i]) })
		if at < 0 {
			gone = append(gone, v)
			continue
		}
		places[key] = slices.Delete(places[key], at, at+1)
	}
	return gone
}

// union is old with those of want that it lacks, as the target would tell them
// apart.
func (k Kind) union(old, want []any) (all any, more bool) {
	seen := make(map[string]bool, 2*len(old))
	primary := false
	for _, v := range old {
		seen[k.identity(v)] = true
		if e, ok := v.(map[string]any); ok {
			seen[k.identity(map[string]any{"value": e[keyIn(e, "value")]})] = true // whatever its type
			primary = primary || e["primary"] == true
		}
	}
	list := slices.Clone(old)
	for _, v := range want {
		if seen[k.identity(v)] {
			continue
		}
		if e, ok := v.(map[string]any); ok && primary && e["primary"] == true {
			e = scim.CloneObject(e)
			delete(e, "primary") // who is primary there, stays it
			v = e
		}
		list, more = append(list, v), true
	}
	return list, more
}

func sameTime(a, b any) bool {
	x, err1 := time.Parse(time.RFC3339Nano, textOf(a))
	y, err2 := time.Parse(time.RFC3339Nano, textOf(b))
	return err1 == nil && err2 == nil && x.Equal(y)
}

// textOf is a simple value as text; "" of anything else.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return booleanText(v)
	case scim.Number:
		return string(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func numberOf(v any) (float64, bool) {
	f, err := strconv.ParseFloat(textOf(v), 64)
	return f, err == nil
}
