// Package expression is Entra's language for attribute mappings: nested calls of
// functions over a source's attributes, such as
//
//	ToLower(Join("@", NormalizeDiacritics([givenName]), DefaultDomain()))
//
// An attribute stands in brackets, a text in quotation marks, where \" is a
// quotation mark and \\ a backslash; whole and decimal numbers and &H hexadecimal
// ones stand bare. An argument left out between commas is null. The conditions of
// IIF and CBool compare with = <> > >= < <=.
//
// Parse finds what can be found without a person at hand: names, the number and
// kinds of arguments, patterns, formats and intervals. Eval is pure but for what
// Input brings: the clock, the randomness and what the target holds already.
//
// Where the reference leaves a choice, this package takes these. A null stays
// null through functions of one text, and = and <> take it for an empty text,
// while it is neither greater nor less than anything. A function of one text maps
// over a list. Characters are Unicode code points. Dates without an offset are in
// UTC, and all dates are printed in it.
package expression

import (
	"io"
	"slices"
	"time"
)

// MaxLength is the most characters of an expression, as in Entra.
const MaxLength = 10_000

// Expression is a parsed expression. It is safe for concurrent use.
type Expression struct {
	text       string
	root       node
	attributes []string
	functions  []string
}

// Input is what an expression is evaluated over.
type Input struct {
	// Attribute is the source's attribute of that name, Null when it has none.
	// Nil is an object without attributes.
	Attribute func(name string) Value
	// Now is what Now() says.
	Now time.Time
	// Random feeds Guid and RandomString; crypto/rand.Reader when nil.
	Random io.Reader
	// DefaultDomain is what DefaultDomain() says; Null when empty.
	DefaultDomain string
	// Taken says whether the target has a candidate of SelectUniqueValue
	// already. Nil takes nothing to be taken.
	Taken func(candidate string) (bool, error)
}

// Parse reads an expression. Its errors are *SyntaxError.
func Parse(text string) (*Expression, error) {
	p := parser{text: []rune(text)}
	root, err := p.parse()
	if err != nil {
		return nil, err.located(p.text)
	}
	return &Expression{text: text, root: root, attributes: p.attributes, functions: p.functions}, nil
}

// Eval computes the value. Its errors are *EvalError; one that comes of all
// candidates of SelectUniqueValue being taken wraps ErrTaken.
func (e *Expression) Eval(in Input) (Value, error) {
	r := run{Input: in, redacted: e.Uses("Redact")}
	r.stack = r.room[:0]
	v, err := e.root.eval(&r)
	if err != nil {
		return Null, err
	}
	v.Redacted = r.redacted
	return v, nil
}

// String is the text as it was written.
func (e *Expression) String() string { return e.text }

// Attributes are the names of the source's attributes that it reads, in the
// order in which it names them.
func (e *Expression) Attributes() []string { return slices.Clone(e.attributes) }

// Uses says that it calls the function of that name. Those of app roles need
// assignments; AppRoleAssignmentsComplex only ever adds at the target.
func (e *Expression) Uses(function string) bool { return slices.Contains(e.functions, function) }

// Unique says that it asks the target which of its candidates are taken, which
// only the creation of an object can mean.
func (e *Expression) Unique() bool { return e.Uses("SelectUniqueValue") }

// Volatile says that two evaluations over the same object may differ.
func (e *Expression) Volatile() bool {
	return e.Uses("Now") || e.Uses("Guid") || e.Uses("RandomString")
}
