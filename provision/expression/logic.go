package expression

import (
	"fmt"
	"slices"
	"strings"
)

// truth is what a condition comes to.
func truth(v Value) (bool, error) {
	s := v.String()
	switch {
	case s == "", strings.EqualFold(s, "False"):
		return false, nil
	case strings.EqualFold(s, "True"):
		return true, nil
	case isNumber(s):
		return compareNumbers(s, "0") != 0, nil
	}
	return false, notA(s, "True, False or a number")
}

func cBool(_ *run, _ *call, a []Value) (Value, error) {
	holds, err := truth(a[0])
	if err != nil {
		return Null, err
	}
	return Bool(holds), nil
}

func not(_ *run, _ *call, a []Value) (Value, error) {
	return Bool(!strings.EqualFold(a[0].String(), "True")), nil
}

func predicate(is func(Value) bool) func(*run, *call, []Value) (Value, error) {
	return func(_ *run, _ *call, a []Value) (Value, error) { return Bool(is(a[0])), nil }
}

func isPresent(v Value) bool { return !v.IsEmpty() }

func isString(v Value) bool { return !v.IsNull() && !v.Many() }

// iif evaluates only the branch that it takes.
func iif(r *run, c *call) (Value, error) {
	v, err := c.args[0].eval(r)
	if err != nil {
		return Null, err
	}
	holds, err := truth(v)
	if err != nil {
		return Null, err
	}
	if holds {
		return c.args[1].eval(r)
	}
	return c.args[2].eval(r)
}

// needsThree is about IIF, whose values may be empty places, but places they
// need: who forgot one meant something.
func needsThree(c *call) *SyntaxError {
	if len(c.at) != 3 {
		return syntaxErrorf(c.pos, "%s takes 3 arguments, not %d: %s", c.fn.Name, len(c.at), c.fn)
	}
	return nil
}

func coalesce(r *run, c *call) (Value, error) {
	for _, arg := range c.args {
		if v, err := arg.eval(r); err != nil || !v.IsNull() {
			return v, err
		}
	}
	return Null, nil
}

// switchValue compares texts: what is null has the key "".
func switchValue(r *run, c *call) (Value, error) {
	source, err := c.args[0].eval(r)
	if err != nil {
		return Null, err
	}
	for i := 2; i < len(c.args); i += 2 {
		key, err := c.args[i].eval(r)
		if err != nil {
			return Null, err
		}
		if key.String() == source.String() {
			return c.args[i+1].eval(r)
		}
	}
	return c.args[1].eval(r)
}

func checkSwitch(c *call) *SyntaxError {
	if n := len(c.args); n%2 != 0 {
		return c.fault(n-1, "has a key without a value: after source and defaultValue, keys and values come in pairs")
	}
	return nil
}

func ignoreFlow(_ *run, _ *call, a []Value) (Value, error) {
	if a[0].IsEmpty() {
		return Value{Ignored: true}, nil
	}
	return a[0], nil
}

// redact has been seen to by Eval, before there was anything to show.
func redact(_ *run, _ *call, a []Value) (Value, error) { return a[0], nil }

// selectUnique evaluates a rule only when the candidates before are taken, and
// asks once about each.
func selectUnique(r *run, c *call) (Value, error) {
	var asked []string
	for _, rule := range c.args {
		v, err := rule.eval(r)
		if err != nil {
			return Null, err
		}
		candidate := v.String()
		if candidate == "" || slices.Contains(asked, candidate) {
			continue
		}
		taken, err := r.taken(candidate)
		if err != nil {
			return Null, fmt.Errorf("the target was not asked: %w", err)
		}
		if !taken {
			return Text(candidate), nil
		}
		asked = append(asked, candidate)
	}
	if asked == nil {
		return Null, nil
	}
	return Null, ErrTaken
}

func (r *run) taken(candidate string) (bool, error) {
	if r.Taken == nil {
		return false, nil
	}
	return r.Taken(candidate)
}
