package directory

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rollcall-scim/rollcall/scim"
)

const (
	wordsOfPerson = 24 // more words than these nobody is searched by
	wordsOfSearch = 8
	wordLength    = 64 // bytes of a word that are compared
	shownLength   = 48 // bytes of a shown name that put people in order
)

// splitWords cuts folded text into what people type when they search: runs of
// letters and digits. Whatever stands between them, in names, addresses and
// searches alike, separates.
func splitWords(text string) []string {
	words := strings.FieldsFunc(scim.Fold(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	for i, w := range words {
		words[i] = shortened(w, wordLength)
	}
	return words
}

// shortened cuts text off to n bytes at most, between letters.
func shortened(text string, n int) string {
	if len(text) <= n {
		return text
	}
	end := 0
	for i := range text {
		if i > n {
			break
		}
		end = i
	}
	return text[:end]
}

// searchWords are the words by which a person is found, sorted, each followed
// by a blank. Names of teams are not among them: they are resolved when
// somebody searches, so that renaming a team touches nobody.
func searchWords(o scim.Object, emails []string) string {
	name, _ := o["name"].(scim.Object)
	var words []string
	for _, v := range []any{o["userName"], name["givenName"], name["familyName"], o["displayName"], displayName(o)} {
		if s, _ := v.(string); s != "" {
			words = append(words, splitWords(s)...)
		}
	}
	for _, key := range emails {
		words = append(words, splitWords(key)...)
	}
	slices.Sort(words)
	words = slices.Compact(words)
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words[:min(len(words), wordsOfPerson)], " ") + " "
}

// shownKey puts people in the order of the names that are shown.
func shownKey(o scim.Object) string { return shortened(scim.Fold(displayName(o)), shownLength) }

// KeysOf are the keys of a user's document, for the store that fills in what
// an older one did not keep.
func KeysOf(doc string) Keys { return keysOf(scim.ResourceFromJSON([]byte(doc)).Object()) }
