package expression

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

func patternArgument(i int, text string) (any, error) {
	if i != argPattern {
		return nil, nil
	}
	return compilePattern(text)
}

// compilePattern reads a regular expression as .NET means it, as far as matching
// in linear time can go.
func compilePattern(text string) (*regexp.Regexp, error) {
	translated, err := translatePattern(text)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(translated)
	if err != nil {
		reason := err
		if e, ok := err.(*syntax.Error); ok {
			reason = fmt.Errorf("%s", e.Code)
		}
		return nil, notA(text, "a regular expression: "+reason.Error())
	}
	return re, nil
}

// lookAround are the constructs that would let one text take hours.
var lookAround = []struct{ open, name string }{
	{"(?=", "look-ahead"}, {"(?!", "negative look-ahead"},
	{"(?<=", "look-behind"}, {"(?<!", "negative look-behind"},
	{"(?>", "atomic group"}, {"(?(", "alternation on a condition"},
}

func refuseLookAround(rest string) error {
	for _, l := range lookAround {
		if strings.HasPrefix(rest, l.open) {
			return fmt.Errorf("%s...) is a %s, which is not supported here: let the pattern match the text around it too, with what is to stay in a group (?<keep>...), and write ${keep} in the replacementValue", l.open, l.name)
		}
	}
	return nil
}

// In .NET, \w and \W are about Unicode's letters; to Go's regexp they are about
// ASCII's, and [^\w] would take the ë out of Zoë.
const (
	wordClass    = `\p{L}\p{Mn}\p{Nd}\p{Pc}`
	nonWordClass = `\p{Mc}\p{Me}\p{Nl}\p{No}\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}\p{S}\p{Z}\p{C}`
)

func translatePattern(text string) (string, error) {
	var b strings.Builder
	class := 0 // where the class began whose characters these are, from 1
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
			escape, err := translateEscape(text[i], class > 0)
			if err != nil {
				return "", err
			}
			b.WriteString(escape)
			continue
		case class == 0 && c == '(':
			if err := refuseLookAround(text[i:]); err != nil {
				return "", err
			}
		case class == 0 && c == '[':
			class = i + 1
		case class > 0 && c == ']' && i > class && text[class:i] != "^":
			class = 0
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

func translateEscape(c byte, inClass bool) (string, error) {
	set := map[byte]string{'w': wordClass, 'W': nonWordClass}[c]
	switch {
	case set != "" && inClass:
		return set, nil
	case set != "":
		return "[" + set + "]", nil
	case !inClass && (c >= '1' && c <= '9' || c == 'k'):
		return "", fmt.Errorf(`\%c is a reference back to a group, which is not supported here: write out what is to come again`, c)
	}
	return string([]byte{'\\', c}), nil
}
