package expression

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// layout is a date format of .NET (Custom date and time format strings).
type layout []specifier

// specifier is one part of a layout: n times the letter kind, or a literal text.
type specifier struct {
	kind byte
	n    int
	text string
}

const literal = 0

// standardFormats are .NET's formats of one letter, of the invariant culture.
var standardFormats = map[string]string{
	"d": "MM/dd/yyyy", "D": "dddd, dd MMMM yyyy",
	"f": "dddd, dd MMMM yyyy HH:mm", "F": "dddd, dd MMMM yyyy HH:mm:ss",
	"g": "MM/dd/yyyy HH:mm", "G": "MM/dd/yyyy HH:mm:ss",
	"m": "MMMM dd", "M": "MMMM dd", "y": "yyyy MMMM", "Y": "yyyy MMMM",
	"o": "yyyy-MM-ddTHH:mm:ss.fffffffK", "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
	"r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
	"s": "yyyy-MM-ddTHH:mm:ss", "u": "yyyy-MM-dd HH:mm:ssZ", "U": "dddd, dd MMMM yyyy HH:mm:ss",
	"t": "HH:mm", "T": "HH:mm:ss",
}

// newLayout reads a format; the result is a layout.
func newLayout(format string) (any, error) {
	if format == "" {
		return nil, errors.New(`an empty format says nothing; write one such as "yyyy-MM-dd"`)
	}
	if standard, ok := standardFormats[format]; ok {
		format = standard
	}
	var l layout
	for rest := format; rest != ""; {
		s, n, err := readSpecifier(rest)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", shown(format), err)
		}
		if s.kind != literal || s.text != "" {
			l = append(l, s)
		}
		rest = rest[n:]
	}
	return l, nil
}

// readSpecifier reads the first one of a format, and says how many bytes it took.
func readSpecifier(format string) (specifier, int, error) {
	c := format[0]
	switch {
	case c == '\'', c == '"':
		return readQuotedLiteral(format)
	case c == '%':
		if len(format) == 1 || format[1] == '%' {
			return specifier{}, 0, errors.New("% belongs before a letter")
		}
		return specifier{}, 1, nil
	case c == '\\':
		if len(format) == 1 {
			return specifier{}, 0, errors.New(`a character is missing after the last \`)
		}
		_, n, _ := firstRune(format[1:])
		return specifier{text: format[1 : 1+n]}, 1 + n, nil
	case c == 'K':
		return specifier{kind: c, n: 1}, 1, nil
	case strings.IndexByte("dfFgHhMmstyz", c) >= 0:
		n := len(format) - len(strings.TrimLeft(format, string(c)))
		if (c == 'f' || c == 'F') && n > 7 {
			return specifier{}, 0, fmt.Errorf("%s is finer than .NET's seven digits of a second", format[:n])
		}
		return specifier{kind: c, n: n}, n, nil
	}
	return readBareLiteral(format)
}

func readQuotedLiteral(format string) (specifier, int, error) {
	end := strings.IndexByte(format[1:], format[0])
	if end < 0 {
		return specifier{}, 0, fmt.Errorf("the literal %s lacks its closing %c", format, format[0])
	}
	return specifier{text: format[1 : 1+end]}, end + 2, nil
}

// readBareLiteral passes what stands for itself. Of letters those are T and Z
// only: .NET would write all that it does not know, and YYYY came out as YYYY.
func readBareLiteral(format string) (specifier, int, error) {
	r, n, letter := firstRune(format)
	if letter && r != 'T' && r != 'Z' {
		hint := ""
		if known := swapCase(r); strings.ContainsRune("dfgHhMmsty", known) {
			hint = fmt.Sprintf(" (did you mean %c?)", known)
		}
		return specifier{}, 0, fmt.Errorf("%c is not one of .NET's letters for dates%s; put in 'single quotes' what is to stand for itself", r, hint)
	}
	return specifier{text: format[:n]}, n, nil
}

func firstRune(s string) (r rune, n int, letter bool) {
	for i, c := range s {
		if i > 0 {
			return r, i, letter
		}
		r, letter = c, unicode.IsLetter(c)
	}
	return r, len(s), letter
}

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}
