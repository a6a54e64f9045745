package expression

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Replace's arguments.
const (
	argSource = iota
	argOld
	argPattern
	argGroup
	argReplacement
	argAttribute
	argTemplate
)

// replaceModes are Replace's five ways, by the arguments that are given.
var replaceModes = []struct {
	given [7]bool
	do    func(c *call, a []Value) (Value, error)
}{
	{[7]bool{argSource: true, argOld: true, argReplacement: true}, replaceOld},
	{[7]bool{argSource: true, argOld: true, argTemplate: true}, fillTemplate},
	{[7]bool{argSource: true, argPattern: true, argReplacement: true}, replacePattern},
	{[7]bool{argSource: true, argPattern: true, argGroup: true, argReplacement: true}, replaceGroup},
	{[7]bool{argSource: true, argPattern: true, argGroup: true, argAttribute: true}, takeFromOther},
}

func (c *call) replaceMode() func(c *call, a []Value) (Value, error) {
	var given [7]bool
	for i := range given {
		given[i] = c.given(i)
	}
	for _, m := range replaceModes {
		if m.given == given {
			return m.do
		}
	}
	return nil
}

func checkReplace(c *call) *SyntaxError {
	if c.replaceMode() == nil {
		return syntaxErrorf(c.pos, "Replace cannot work with these arguments: give oldValue and replacementValue; oldValue and template; regexPattern and replacementValue, with regexGroupName or without; or regexPattern, regexGroupName and replacementAttributeName")
	}
	if old, ok := c.args[argOld].(constant); ok && Value(old).IsEmpty() {
		return c.fault(argOld, "needs an oldValue that is not empty")
	}
	pattern, ok := c.ready[argPattern].(*regexp.Regexp)
	group, constantGroup := c.args[argGroup].(constant)
	if ok && constantGroup && pattern.SubexpIndex(Value(group).String()) < 0 {
		return c.fault(argGroup, "cannot take its regexGroupName: %v", unknownGroup(pattern, Value(group).String()))
	}
	return nil
}

func unknownGroup(pattern *regexp.Regexp, name string) error {
	names := slices.DeleteFunc(pattern.SubexpNames(), func(n string) bool { return n == "" })
	if len(names) == 0 {
		return errors.New("the pattern has no named group: write (?<" + name + ">...)")
	}
	return notA(name, "a group of the pattern, which has "+strings.Join(names, ", "))
}

func replace(_ *run, c *call, a []Value) (Value, error) { return c.replaceMode()(c, a) }

func replaceOld(_ *call, a []Value) (Value, error) {
	return each(a[argSource], func(s string) (string, error) {
		return replaceAll(s, a[argOld].String(), a[argReplacement].String())
	})
}

func fillTemplate(_ *call, a []Value) (Value, error) {
	return each(a[argSource], func(s string) (string, error) {
		return replaceAll(a[argTemplate].String(), a[argOld].String(), s)
	})
}

// replaceAll keeps to maxText: nested calls could double a text at each level.
func replaceAll(s, old, with string) (string, error) {
	if old == "" {
		return s, nil
	}
	if strings.Count(s, old)*len(with) > maxText {
		return "", errTooLong
	}
	return strings.ReplaceAll(s, old, with), nil
}

func replacePattern(c *call, a []Value) (Value, error) {
	pattern, err := compiled[*regexp.Regexp](c, argPattern, a[argPattern])
	if err != nil {
		return Null, err
	}
	with := a[argReplacement].String()
	return each(a[argSource], func(s string) (string, error) {
		return splice(s, pattern.FindAllStringSubmatchIndex(s, -1), 0, func(b []byte, match []int) []byte {
			return expand(b, pattern, with, s, match)
		})
	})
}

func replaceGroup(c *call, a []Value) (Value, error) {
	pattern, group, err := patternAndGroup(c, a)
	if err != nil {
		return Null, err
	}
	with := a[argReplacement].String()
	return each(a[argSource], func(s string) (string, error) {
		return splice(s, pattern.FindAllStringSubmatchIndex(s, -1), group, func(b []byte, _ []int) []byte {
			return append(b, with...)
		})
	})
}

// splice puts something else in the place of a group, 0 being the whole, in every
// match.
func splice(s string, matches [][]int, group int, put func(b []byte, match []int) []byte) (string, error) {
	var b []byte
	done := 0
	for _, match := range matches {
		from, to := match[2*group], match[2*group+1]
		if from < 0 {
			continue
		}
		b = append(b, s[done:from]...)
		if b = put(b, match); len(b) > maxText {
			return "", errTooLong
		}
		done = to
	}
	return string(append(b, s[done:]...)), nil
}

// takeFromOther is about a source without a value, in whose place part of another
// attribute comes.
func takeFromOther(c *call, a []Value) (Value, error) {
	if !a[argSource].IsEmpty() {
		return a[argSource], nil
	}
	pattern, group, err := patternAndGroup(c, a)
	if err != nil {
		return Null, err
	}
	match := pattern.FindStringSubmatch(a[argAttribute].String())
	if match == nil || a[argAttribute].IsNull() {
		return Null, nil
	}
	return Text(match[group]), nil
}

func patternAndGroup(c *call, a []Value) (*regexp.Regexp, int, error) {
	pattern, err := compiled[*regexp.Regexp](c, argPattern, a[argPattern])
	if err != nil {
		return nil, 0, err
	}
	name := a[argGroup].String()
	if group := pattern.SubexpIndex(name); group >= 0 {
		return pattern, group, nil
	}
	return nil, 0, unknownGroup(pattern, name)
}

// substitution is one of .NET's in a replacement: ${name}, $1, $& and $$.
var substitution = regexp.MustCompile(`\$(?:\{(\w+)\}|(\d+)|[&$])`)

// expand writes a replacement with its substitutions; what names no group of the
// pattern stands for itself.
func expand(b []byte, pattern *regexp.Regexp, with, s string, match []int) []byte {
	done := 0
	for _, m := range substitution.FindAllStringSubmatchIndex(with, -1) {
		whole := with[m[0]:m[1]]
		b = append(b, with[done:m[0]]...)
		done = m[1]
		if whole == "$$" {
			b = append(b, '$')
		} else if group := groupOf(pattern, strings.Trim(whole, "${}")); group < 0 {
			b = append(b, whole...)
		} else if match[2*group] >= 0 {
			b = append(b, s[match[2*group]:match[2*group+1]]...)
		}
	}
	return append(b, with[done:]...)
}

// groupOf is a group by its name or number, -1 if there is none.
func groupOf(pattern *regexp.Regexp, name string) int {
	if name == "&" {
		return 0
	}
	if n, err := strconv.Atoi(name); err == nil {
		if n > pattern.NumSubexp() {
			return -1
		}
		return n
	}
	return pattern.SubexpIndex(name)
}
