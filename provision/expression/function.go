package expression

import (
	"slices"
	"strings"
)

// Kind is what a parameter takes or a function yields. All values are texts; a
// kind says how one is read.
type Kind string

const (
	kindAny       Kind = "value"
	kindText      Kind = "text"
	kindNumber    Kind = "number"
	kindBoolean   Kind = "boolean"
	kindDate      Kind = "date"
	kindList      Kind = "list"
	kindCondition Kind = "condition"
)

// Function describes one function of the language.
type Function struct {
	Name       string      `json:"name"`
	Parameters []Parameter `json:"parameters"`
	Result     Kind        `json:"result"`
	// Summary is one line of what it does.
	Summary string `json:"summary"`
}

// Parameter is one place for an argument.
type Parameter struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Optional places may be left empty, or off at the end.
	Optional bool `json:"optional,omitzero"`
	// Repeats marks the last one or two places, which may come again and again.
	Repeats bool `json:"repeats,omitzero"`
}

// Functions are all functions of the language, by name.
func Functions() []Function {
	all := make([]Function, len(functions))
	for i, f := range functions {
		all[i] = f.Function
		all[i].Parameters = slices.Clone(f.Parameters)
	}
	slices.SortFunc(all, func(a, b Function) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return all
}

// String is the form of a call, such as Join(separator, source, ...).
func (f Function) String() string {
	var b strings.Builder
	b.WriteString(f.Name + "(")
	for i, p := range f.Parameters {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name)
		if p.Repeats && i == len(f.Parameters)-1 {
			b.WriteString(", ...")
		}
	}
	return b.String() + ")"
}

// function is a Function that can be called: lazily with its arguments' nodes, or
// with their values.
type function struct {
	Function
	top  bool // only around the whole expression
	eval func(r *run, c *call, args []Value) (Value, error)
	lazy func(r *run, c *call) (Value, error)
	// compile reads argument i: once, by Parse, when it is constant. It answers
	// nil for the arguments that need no reading.
	compile func(i int, text string) (any, error)
	// check is what Parse finds out beyond numbers and kinds of arguments.
	check func(c *call) *SyntaxError
}

// parameter is the one of argument i; beyond the last, the repeating ones come
// again.
func (f *function) parameter(i int) Parameter {
	n := len(f.Parameters)
	if i < n {
		return f.Parameters[i]
	}
	if n > 1 && f.Parameters[n-2].Repeats {
		return f.Parameters[n-2+(i-n)%2]
	}
	if n > 0 {
		return f.Parameters[n-1]
	}
	return Parameter{}
}

// arity is the least and the most arguments, -1 for no bound.
func (f *function) arity() (least, most int) {
	most = len(f.Parameters)
	for i, p := range f.Parameters {
		if !p.Optional {
			least = i + 1
		}
		if p.Repeats {
			most = -1
		}
	}
	return least, most
}

// define reads the short form in which the table writes parameters: names with
// their kinds, ? behind an optional one, ... behind a repeating one.
func define(name, parameters string, result Kind, summary string, f function) *function {
	f.Function = Function{Name: name, Result: result, Summary: summary}
	for part := range strings.SplitSeq(parameters, ", ") {
		id, kind, ok := strings.Cut(part, " ")
		if !ok {
			continue
		}
		p := Parameter{Name: id}
		kind, p.Optional = strings.CutSuffix(kind, "?")
		kind, p.Repeats = strings.CutSuffix(kind, "...")
		p.Kind = Kind(kind)
		f.Parameters = append(f.Parameters, p)
	}
	return &f
}

// suggestion names the function that was probably meant.
func suggestion(name string) string {
	var names []string
	for _, f := range functions {
		names = append(names, f.Name)
	}
	best := Nearest(name, names, func(length int) int { return max(len(name), length) / 2 })
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}
