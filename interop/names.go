package interop

import (
	"regexp"
	"strings"
)

// A name in braces, such as {anna}. JSON never looks like this: after its
// brace comes a quote, a blank or the closing brace.
var name = regexp.MustCompile(`\{[a-z][A-Za-z0-9]*\}`)

func fill(text string, names map[string]string) string {
	return name.ReplaceAllStringFunc(text, func(n string) string {
		if value, ok := names[n[1:len(n)-1]]; ok {
			return value
		}
		return n
	})
}

// names lists every name that the step uses.
func (s *Step) names() []string {
	texts := []string{s.Send, s.Read, s.Body}
	for _, v := range s.Headers {
		if v != nil {
			texts = append(texts, *v)
		}
	}
	for _, v := range s.AnswerHeaders {
		texts = append(texts, v)
	}
	texts = appendStrings(texts, s.Answer)
	var used []string
	for _, n := range name.FindAllString(strings.Join(texts, "\n"), -1) {
		used = append(used, n[1:len(n)-1])
	}
	return used
}

func appendStrings(to []string, v any) []string {
	switch v := v.(type) {
	case string:
		return append(to, v)
	case []any:
		for _, e := range v {
			to = appendStrings(to, e)
		}
	case map[string]any:
		for _, e := range v {
			to = appendStrings(to, e)
		}
	}
	return to
}

// The URNs of the two extensions are long; a case may write the short names.
var shortNames = map[string]string{
	"enterprise": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
	"rollcall":   "urn:ietf:params:scim:schemas:extension:rollcall:2.0:User",
}

func longName(key string) string {
	if urn, ok := shortNames[key]; ok {
		return urn
	}
	return key
}
