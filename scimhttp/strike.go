package scimhttp

import (
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// struck stands for a value that no log may hold.
const struck = "…"

// strike is a filter with its values struck out. It keeps the words that it
// knows instead of removing those that look like values, because a filter that
// does not parse has to be safe as well.
func strike(filter string, names map[string]bool) string {
	if len(filter) > 1024 {
		return struck
	}
	var b strings.Builder
	for filter != "" {
		n := 1
		switch c := filter[0]; {
		case c == '"':
			n = quotedLength(filter)
			b.WriteString(`"` + struck + `"`)
		case strings.IndexByte(" ()[]", c) >= 0:
			b.WriteByte(c)
		default:
			if n = strings.IndexAny(filter, "\" ()[]"); n < 0 {
				n = len(filter)
			}
			if knownWord(filter[:n], names) {
				b.WriteString(filter[:n])
			} else {
				b.WriteString(struck)
			}
		}
		filter = filter[n:]
	}
	return b.String()
}

// quotedLength is the length of the string literal that s begins with; without
// a closing quote, all of s.
func quotedLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// knownWord reports whether a word is an operator or names an attribute.
func knownWord(word string, names map[string]bool) bool {
	word = strings.ToLower(word)
	if i := strings.LastIndexByte(word, ':'); i >= 0 {
		if !names[word[:i]] {
			return names[word]
		}
		word = word[i+1:]
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(word, "."), ".") {
		if !names[part] {
			return false
		}
	}
	return true
}

// filterNames are all words that a filter may hold beside values.
func filterNames(types []*scim.ResourceType) map[string]bool {
	names := map[string]bool{}
	for word := range strings.FieldsSeq("eq ne co sw ew pr gt ge lt le and or not true false null " +
		"id externalid schemas meta resourcetype created lastmodified location version") {
		names[word] = true
	}
	var add func([]*scim.Attribute)
	add = func(attributes []*scim.Attribute) {
		for _, a := range attributes {
			names[strings.ToLower(a.Name)] = true
			add(a.SubAttributes)
		}
	}
	for _, s := range resourceSchemas(types) {
		names[strings.ToLower(s.ID)] = true
		add(s.Attributes)
	}
	return names
}

// resourceSchemas are the schemas of the types and of their extensions, each
// once.
func resourceSchemas(types []*scim.ResourceType) []*scim.Schema {
	var schemas []*scim.Schema
	seen := map[string]bool{}
	add := func(s *scim.Schema) {
		if !seen[s.ID] {
			seen[s.ID] = true
			schemas = append(schemas, s)
		}
	}
	for _, t := range types {
		add(t.Schema)
		for _, e := range t.Extensions {
			add(e.Schema)
		}
	}
	return schemas
}
