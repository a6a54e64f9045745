package expression

import (
	"strings"
	"unicode"
)

func word(_ *run, c *call, a []Value) (Value, error) {
	n, err := compiled[int64](c, 1, a[1])
	if err != nil {
		return Null, err
	}
	delimiters := a[2].String()
	words := strings.FieldsFunc(a[0].String(), func(r rune) bool { return strings.ContainsRune(delimiters, r) })
	if n < 1 || n > int64(len(words)) {
		return Text(""), nil
	}
	return Text(words[n-1]), nil
}

// properCase has two notions of a word. With separators given, one begins behind
// each of them. Else it is as .NET's ToTitleCase has it: what is neither letter,
// mark nor digit separates, but for an apostrophe (O'brien), and the capital is
// the first letter (1ST becomes 1St).
func properCase(_ *run, c *call, a []Value) (Value, error) {
	if !c.given(1) || a[1].IsNull() {
		return each(a[0], func(s string) (string, error) { return capitalize(s, separates, unicode.IsLetter), nil })
	}
	separators := a[1].String()
	separates := func(r rune) bool { return strings.ContainsRune(separators, r) }
	return each(a[0], func(s string) (string, error) { return capitalize(s, separates, nil), nil })
}

func separates(r rune) bool {
	return r != '\'' && !unicode.In(r, unicode.L, unicode.M, unicode.N)
}

// capitalize gives every word its capital: the first character, or, with begins,
// the first one of which that holds.
func capitalize(s string, separates, begins func(rune) bool) string {
	within := false
	return strings.Map(func(r rune) rune {
		switch {
		case separates(r):
			within = false
			return r
		case within:
			return unicode.ToLower(r)
		}
		within = begins == nil || begins(r)
		return unicode.ToTitle(r)
	}, s)
}
