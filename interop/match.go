package interop

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// match compares an answer with what a case expects of it and says where they
// differ, or "" if they agree.
//
// An object is compared by the keys that the case lists. A list must hold an
// element for each that the case lists, in any order; {only: [...]} allows no
// others, {without: [...]} forbids some. Words in angle brackets stand for a
// kind of value; README.md lists them.
func match(path string, want, got any, names map[string]string) string {
	switch want := want.(type) {
	case map[string]any:
		if lists := listWords(want); lists {
			return matchListWords(path, want, got, names)
		}
		return matchObject(path, want, got, names)
	case []any:
		return matchList(path, want, got, names, false)
	case string:
		return matchText(path, fill(want, names), got)
	case int:
		return matchNumber(path, float64(want), got)
	case float64:
		return matchNumber(path, want, got)
	}
	if want != got {
		return differ(path, fmt.Sprint(want), got)
	}
	return ""
}

// missing is what an object has for a key that it has not.
type missing struct{}

func matchObject(path string, want map[string]any, got any, names map[string]string) string {
	object, ok := got.(map[string]any)
	if !ok {
		return differ(path, "an object", got)
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		var found any = missing{}
		if v, ok := object[longName(key)]; ok {
			found = v
		}
		if diff := match(join(path, key), want[key], found, names); diff != "" {
			return diff
		}
	}
	return ""
}

func matchList(path string, want []any, got any, names map[string]string, only bool) string {
	list, ok := got.([]any)
	if !ok {
		return differ(path, "a list", got)
	}
	used := make([]bool, len(list))
	for _, w := range want {
		i := indexOf(w, list, used, names)
		if i < 0 {
			return differ(path, "an element "+show(w), got)
		}
		used[i] = true
	}
	if only && len(list) != len(want) {
		return differ(path, fmt.Sprintf("%d elements and no others", len(want)), got)
	}
	return ""
}

func indexOf(want any, list []any, used []bool, names map[string]string) int {
	for i, e := range list {
		if !used[i] && match("", want, e, names) == "" {
			return i
		}
	}
	return -1
}

func listWords(want map[string]any) bool {
	for key, v := range want {
		if _, list := v.([]any); !list || key != "only" && key != "without" {
			return false
		}
	}
	return len(want) > 0
}

func matchListWords(path string, want map[string]any, got any, names map[string]string) string {
	if only, ok := want["only"].([]any); ok {
		if diff := matchList(path, only, got, names, true); diff != "" {
			return diff
		}
	}
	without, _ := want["without"].([]any)
	if _, gone := got.(missing); gone {
		return ""
	}
	list, ok := got.([]any)
	if !ok {
		return differ(path, "a list", got)
	}
	for _, w := range without {
		if i := indexOf(w, list, make([]bool, len(list)), names); i >= 0 {
			return differ(path, "no element "+show(w), got)
		}
	}
	return ""
}

func matchNumber(path string, want float64, got any) string {
	if n, ok := got.(float64); ok && n == want {
		return ""
	}
	return differ(path, "the number "+strconv.FormatFloat(want, 'f', -1, 64), got)
}

func matchText(path, want string, got any) string {
	if word, ok := strings.CutPrefix(want, "<"); ok && strings.HasSuffix(word, ">") {
		if !matchWord(strings.TrimSuffix(word, ">"), got) {
			return differ(path, want, got)
		}
		return ""
	}
	if got != any(want) {
		return differ(path, strconv.Quote(want), got)
	}
	return ""
}

func matchWord(word string, got any) bool {
	text, isText := got.(string)
	number, isNumber := got.(float64)
	_, gone := got.(missing)
	gone = gone || noValue(got)
	verb, rest, _ := strings.Cut(word, " ")
	switch verb {
	case "whatever":
		return true
	case "absent":
		return gone
	case "any":
		return !gone
	case "text":
		return isText
	case "number":
		return isNumber
	case "empty", "none", "count":
		list, ok := got.([]any)
		return ok && fmt.Sprint(len(list)) == cmp.Or(rest, "0") || verb == "none" && gone
	case "filled":
		return filled(got)
	case "has":
		return isText && strings.Contains(text, rest)
	case "not":
		return !gone && (!isText || text != rest)
	case "least":
		least, err := strconv.ParseFloat(rest, 64)
		return err == nil && isNumber && number >= least
	}
	return false
}

// noValue: null is no value, nor is an object of nothing but nulls (RFC 7643
// section 2.5).
func noValue(v any) bool {
	object, ok := v.(map[string]any)
	for _, e := range object {
		if !noValue(e) {
			return false
		}
	}
	return v == nil || ok && len(object) > 0
}

func filled(v any) bool {
	switch v := v.(type) {
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	case nil, missing:
		return false
	}
	return true
}

// checkExpectation refuses what could never match, such as a misspelt word or
// a date that YAML took for one of its own.
func checkExpectation(want any) error {
	switch want := want.(type) {
	case nil, bool, int, float64:
	case string:
		return checkWord(want)
	case []any:
		for _, e := range want {
			if err := checkExpectation(e); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, e := range want {
			if err := checkExpectation(e); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%v is neither text, number nor boolean here: put it in quotes", want)
	}
	return nil
}

func checkWord(want string) error {
	word, ok := strings.CutPrefix(want, "<")
	if !ok || !strings.HasSuffix(word, ">") {
		return nil
	}
	verb, rest, _ := strings.Cut(strings.TrimSuffix(word, ">"), " ")
	plain := slices.Contains([]string{"absent", "any", "text", "number", "empty", "none", "filled"}, verb)
	taking := slices.Contains([]string{"has", "not", "least", "count"}, verb)
	if plain && rest == "" || taking && rest != "" {
		return nil
	}
	return fmt.Errorf("no such word: %s (README.md lists them)", want)
}

func differ(path, want string, got any) string {
	if path == "" {
		path = "the answer"
	}
	return fmt.Sprintf("%s: expected %s, found %s", path, want, show(got))
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
