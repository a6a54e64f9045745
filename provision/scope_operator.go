package provision

import (
	"strconv"
	"strings"
)

// operator is one of Entra's operators of scoping filters.
type operator struct {
	name    string
	asks    string // what it asks for, with %s for the value
	unary   bool
	negated bool
	null    bool // asks whether there is a value
	integer bool
	regex   bool
	test    func(c *condition, text string) bool // of one value; before negation
}

// operators are all fourteen, under the names of Entra's pages.
var operators = []*operator{
	{name: "EQUALS", asks: "must be %s", test: equalsValue},
	{name: "NOT EQUALS", asks: "must not be %s", negated: true, test: equalsValue},
	{name: "IS TRUE", asks: "must be true", unary: true, test: is("true")},
	{name: "IS FALSE", asks: "must be false", unary: true, test: is("false")},
	{name: "IS NULL", asks: "must have no value", unary: true, null: true},
	{name: "IS NOT NULL", asks: "must have a value", unary: true, null: true, negated: true},
	{name: "REGEX MATCH", asks: "must match %s", regex: true, test: matches},
	{name: "NOT REGEX MATCH", asks: "must have a value that does not match %s", regex: true, negated: true, test: matches},
	{name: "GREATER_THAN", asks: "must be a whole number greater than %s", integer: true, test: compares(func(a, b int64) bool { return a > b })},
	{name: "GREATER_THAN_OR_EQUALS", asks: "must be a whole number of at least %s", integer: true, test: compares(func(a, b int64) bool { return a >= b })},
	{name: "INCLUDES", asks: "must contain %s", test: func(c *condition, text string) bool { return strings.Contains(text, c.value) }},
	{name: "ENDS_WITH", asks: "must end with %s", test: func(c *condition, text string) bool { return strings.HasSuffix(text, c.value) }},
	{name: "&", asks: "must be found within %s", test: within},
	{name: "!&", asks: "must have a value that is not found within %s", negated: true, test: within},
}

// Operators are the names of the operators that a clause can have.
func Operators() []string {
	names := make([]string, len(operators))
	for i, o := range operators {
		names[i] = o.name
	}
	return names
}

// operatorOf finds an operator by its name as Entra's pages, its console or Graph
// spell it: Greater_Than_OR_EQUALS, Includes, IsNotNull. It is nil when there is
// none.
func operatorOf(name string) *operator {
	for _, o := range operators {
		if bareName(o.name) == bareName(name) {
			return o
		}
	}
	return nil
}

func bareName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '_' || r == '-' {
			return -1
		}
		return r
	}, strings.ToUpper(s))
}

// must is what the operator asks for, in words.
func (o *operator) must(value string) string {
	return strings.Replace(o.asks, "%s", show(value), 1)
}

func equalsValue(c *condition, text string) bool { return text == c.value }

func is(truth string) func(*condition, string) bool {
	return func(_ *condition, text string) bool { return strings.EqualFold(text, truth) }
}

// matches looks for the pattern anywhere in the text, as .NET does: who means all
// of it writes ^ and $.
func matches(c *condition, text string) bool { return c.pattern.MatchString(text) }

func compares(holds func(a, b int64) bool) func(*condition, string) bool {
	return func(c *condition, text string) bool {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		return err == nil && holds(n, c.number)
	}
}

// within is &: the attribute's value exists in the clause's, which may so be a
// list of all values that will do.
func within(c *condition, text string) bool { return strings.Contains(c.value, text) }
