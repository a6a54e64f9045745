package scimhttp

import (
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

// FuzzQuery holds the reading of query strings to two promises: it takes
// anything, and what is kept of a filter for logs is made of words we know.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "?&&=", "filter=userName+eq+%22anna%40acme.test%22&", `FILTER=emails[type eq "work"].value eq x`,
		"filter=%22%5C", "attributes=a,b[c eq \"d,e\"]&excludedAttributes=,", "count=%31&startindex=0", "filter=…",
	} {
		f.Add(seed)
	}
	names := filterNames([]*scim.ResourceType{scim.UserType, scim.GroupType})
	f.Fuzz(func(t *testing.T, raw string) {
		p := parseQuery(raw)
		for _, name := range append(p.projection.Attributes, p.projection.Excluded...) {
			if strings.TrimSpace(name) == "" {
				t.Errorf("%q: an empty name", raw)
			}
		}
		kept := strings.ReplaceAll(strike(p.filter, names), struck, " ")
		for _, word := range strings.FieldsFunc(kept, func(r rune) bool { return strings.ContainsRune(` ()[]"`, r) }) {
			if !knownWord(word, names) {
				t.Errorf("%q: the log would hold %q", p.filter, word)
			}
		}
	})
}

// FuzzReferences holds bulkIds to two promises: a text without one stays as it
// is, and nothing that resolved still refers to an operation that is done.
func FuzzReferences(f *testing.F) {
	for _, seed := range []string{
		"", "bulkId:", "bulkId:a", "bulkId:late", "bulkId:bad", "/Users/bulkId:a/x", `members[value eq "bulkId:a" or value eq "bulkId:late"]`,
		"bulkId:a b", "xbulkId:bulkId:a", "see bulkId:7", `bulkId:a"bulkId:bad"`,
	} {
		f.Add(seed)
	}
	refs := references{"a": {id: "id-1", done: true}, "late": {}, "bad": {failed: true}}
	f.Fuzz(func(t *testing.T, text string) {
		resolved, waits, err := refs.resolve(text)
		if !strings.Contains(text, bulkIDPrefix) && (resolved != text || waits || err != nil) {
			t.Errorf("%q became %q, %v, %v", text, resolved, waits, err)
		}
		if err == nil && !waits && strings.Contains(resolved, `"bulkId:a"`) {
			t.Errorf("%q: left %q", text, resolved)
		}
	})
}
