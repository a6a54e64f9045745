package interop

import (
	"regexp"
	"strings"
)

// The place in an address where a run's mark goes: it makes the domain another
// one, and the address stays an address in every form in which clients write it.
var domain = regexp.MustCompile(`(@|%40)([A-Za-z0-9])`)

// named gives the people of the case names that only this run uses: the mark
// becomes a part of every address, and takes the place of {run} in names that
// are none. Without a mark the names stay as the clients wrote them.
func (c Case) named(run string) Case {
	rename := func(s string) string { return strings.ReplaceAll(s, "{run}", "") }
	if run != "" {
		rename = func(s string) string {
			return domain.ReplaceAllString(strings.ReplaceAll(s, "{run}", run), "${1}"+run+".${2}")
		}
	}
	given := *c.Given
	given.Users, given.ByHand, given.IdPGroups = renamed(given.Users, rename), renamed(given.ByHand, rename), renamed(given.IdPGroups, rename)
	steps := make([]Step, len(c.Steps))
	for i, s := range c.Steps {
		s.Send, s.Read, s.Body, s.Answer = rename(s.Send), rename(s.Read), rename(s.Body), mapStrings(s.Answer, rename)
		steps[i] = s
	}
	c.Given, c.Steps = &given, steps
	return c
}

func renamed(all map[string]map[string]any, rename func(string) string) map[string]map[string]any {
	result := make(map[string]map[string]any, len(all))
	for name, attributes := range all {
		result[name], _ = mapStrings(attributes, rename).(map[string]any)
	}
	return result
}

// mapStrings is v with every string in it renamed.
func mapStrings(v any, rename func(string) string) any {
	switch v := v.(type) {
	case string:
		return rename(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = mapStrings(e, rename)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, e := range v {
			object[key] = mapStrings(e, rename)
		}
		return object
	}
	return v
}
