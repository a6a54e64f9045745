package expression

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// letters are those whose diacritic is no mark that Unicode could take off. The
// reference has the first nine; the strokes of đ, ħ and ŧ are of the same kind
// as that of ł.
var letters = map[rune]string{
	'æ': "ae", 'Æ': "AE", 'ø': "oe", 'Ø': "OE", 'œ': "oe", 'Œ': "OE",
	'ß': "ss", 'ı': "i", 'ł': "l", 'Ł': "L", 'ẞ': "SS",
	'đ': "d", 'Đ': "D", 'ħ': "h", 'Ħ': "H", 'ŧ': "t", 'Ŧ': "T",
}

// normalizeDiacritics takes the marks off Latin and Greek letters. Those of other
// scripts tell letters apart, as in и and й, or are their vowels.
func normalizeDiacritics(s string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	marked := false // marks here are diacritics
	for _, r := range norm.NFD.String(s) {
		if unicode.Is(unicode.Mn, r) {
			if !marked {
				b.WriteRune(r)
			}
			continue
		}
		marked = unicode.In(r, unicode.Latin, unicode.Greek)
		if plain, ok := letters[r]; ok {
			b.WriteString(plain)
		} else {
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
