package expression

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// each maps a text, or every text of a list. Null stays null.
func each(v Value, f func(string) (string, error)) (Value, error) {
	if v.IsNull() {
		return Null, nil
	}
	mapped := make([]string, len(v.texts))
	for i, s := range v.texts {
		var err error
		if mapped[i], err = f(s); err != nil {
			return Null, err
		}
	}
	return Value{texts: mapped, many: v.many}, nil
}

// mapping is a function of one text.
func mapping(f func(string) string) func(*run, *call, []Value) (Value, error) {
	plain := func(s string) (string, error) { return f(s), nil }
	return func(_ *run, _ *call, a []Value) (Value, error) { return each(a[0], plain) }
}

func appendText(_ *run, _ *call, a []Value) (Value, error) {
	return each(a[0], func(s string) (string, error) { return s + a[1].String(), nil })
}

func cStr(_ *run, _ *call, a []Value) (Value, error) { return a[0], nil }

func defaultDomain(r *run, _ *call, _ []Value) (Value, error) {
	if r.DefaultDomain == "" {
		return Null, nil
	}
	return Text(r.DefaultDomain), nil
}

func stripSpaces(s string) string { return strings.ReplaceAll(s, " ", "") }

func hexUTF8(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }

func base64UTF16(s string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return base64.StdEncoding.EncodeToString(b)
}

func length(_ *run, _ *call, a []Value) (Value, error) {
	return numberValue(int64(utf8.RuneCountInString(a[0].String()))), nil
}

// left is the reference's: all of the text for a negative number, and an empty
// one for null.
func left(_ *run, c *call, a []Value) (Value, error) {
	n, err := compiled[int64](c, 1, a[1])
	if err != nil {
		return Null, err
	}
	if a[0].IsNull() {
		return Text(""), nil
	}
	return each(a[0], func(s string) (string, error) {
		if n < 0 {
			return s, nil
		}
		return slice(s, 0, n), nil
	})
}

func mid(_ *run, c *call, a []Value) (Value, error) {
	start, err := compiled[int64](c, 1, a[1])
	if err != nil {
		return Null, err
	}
	n, err := compiled[int64](c, 2, a[2])
	if err != nil {
		return Null, err
	}
	return each(a[0], func(s string) (string, error) { return slice(s, start-1, n), nil })
}

// midArgument: from 1 on, and not backwards.
func midArgument(i int, text string) (any, error) {
	if i == 0 {
		return nil, nil
	}
	return atLeast(int64(2-i), text)
}

// slice is n characters from start, as far as there are any.
func slice(s string, start, n int64) string {
	if n <= 0 {
		return ""
	}
	from, to := len(s), len(s)
	i := int64(0)
	for at := range s {
		if i == start {
			from = at
		}
		if i-start == n {
			to = at
			break
		}
		i++
	}
	return s[from:to]
}

// What InStr compares by.
const (
	textCompare   = "vbTextCompare"
	binaryCompare = "vbBinaryCompare"
)

func inStrArgument(i int, text string) (any, error) {
	switch {
	case i == 2:
		return atLeast(1, text)
	case i == 3 && text != textCompare && text != binaryCompare:
		return nil, notA(text, textCompare+" or "+binaryCompare)
	case i == 3:
		return text, nil
	}
	return nil, nil
}

func inStr(_ *run, c *call, a []Value) (Value, error) {
	start, compare, err := int64(1), binaryCompare, error(nil)
	if !a[2].IsEmpty() {
		start, err = compiled[int64](c, 2, a[2])
	}
	if err == nil && !a[3].IsEmpty() {
		compare, err = compiled[string](c, 3, a[3])
	}
	if err != nil {
		return Null, err
	}
	in, find := []rune(a[0].String()), []rune(a[1].String())
	if compare == textCompare {
		lower(in)
		lower(find)
	}
	return numberValue(int64(index(in, find, start-1) + 1)), nil
}

func lower(text []rune) {
	for i, r := range text {
		text[i] = unicode.ToLower(r)
	}
}

// index is where find begins at start or after; -1 if nowhere.
func index(in, find []rune, start int64) int {
	if start > int64(len(in)) {
		return -1
	}
	before := string(in[:start])
	at := strings.Index(string(in[start:]), string(find))
	if at < 0 {
		return -1
	}
	return utf8.RuneCountInString(before) + utf8.RuneCountInString(string(in[start:])[:at])
}

// cultureArgument reads a culture's name. .NET maps letter by letter, so only
// Turkish and Azerbaijani, with their two letters i, differ from all others.
func cultureArgument(i int, text string) (any, error) {
	if i != 1 {
		return nil, nil
	}
	if text == "" {
		return unicode.SpecialCase(nil), nil
	}
	tag, err := language.Parse(text)
	if err != nil {
		return nil, notA(text, "a culture such as en-US or tr-TR")
	}
	base, _ := tag.Base()
	if slices.Contains([]string{"tr", "az"}, base.String()) {
		return unicode.TurkishCase, nil
	}
	return unicode.SpecialCase(nil), nil
}

func toLower(_ *run, c *call, a []Value) (Value, error) {
	return changeCase(c, a, strings.ToLower, strings.ToLowerSpecial)
}

func toUpper(_ *run, c *call, a []Value) (Value, error) {
	return changeCase(c, a, strings.ToUpper, strings.ToUpperSpecial)
}

func changeCase(c *call, a []Value, plain func(string) string, special func(unicode.SpecialCase, string) string) (Value, error) {
	var culture unicode.SpecialCase
	if !a[1].IsEmpty() {
		var err error
		if culture, err = compiled[unicode.SpecialCase](c, 1, a[1]); err != nil {
			return Null, err
		}
	}
	return each(a[0], func(s string) (string, error) {
		if culture == nil {
			return plain(s), nil
		}
		return special(culture, s), nil
	})
}
