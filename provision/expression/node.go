package expression

import (
	"errors"
	"strings"
	"time"
)

// node is a part of an expression.
type node interface {
	eval(*run) (Value, error)
}

type (
	constant  Value
	attribute string
	missing   struct{} // an argument left out
)

func (c constant) eval(*run) (Value, error) { return Value(c), nil }

func (missing) eval(*run) (Value, error) { return Null, nil }

func (a attribute) eval(r *run) (Value, error) {
	if r.Attribute == nil {
		return Null, nil
	}
	v := r.Attribute(string(a))
	r.redacted = r.redacted || v.Redacted
	return v, nil
}

// run is one evaluation.
type run struct {
	Input
	// redacted is of the whole evaluation, so that no detour lays bare what
	// was to be kept.
	redacted bool

	stack []Value // the arguments of the calls under way
	room  [12]Value
}

// call is a function with its arguments, as many as it has parameters or more.
type call struct {
	fn    *function
	pos   int
	args  []node
	at    []int // where each stands
	ready []any // what constant arguments were compiled to, see function.compile
}

// given says that an argument was not left out.
func (c *call) given(i int) bool {
	_, none := c.args[i].(missing)
	return !none
}

func (c *call) eval(r *run) (Value, error) {
	v, err := c.apply(r)
	if err == nil {
		err = tooLong(v)
	}
	if err != nil {
		return Null, c.failed(r, err)
	}
	return v, nil
}

func (c *call) apply(r *run) (Value, error) {
	if c.fn.lazy != nil {
		return c.fn.lazy(r, c)
	}
	bottom := len(r.stack)
	for _, arg := range c.args {
		v, err := arg.eval(r)
		if err != nil {
			return Null, err
		}
		r.stack = append(r.stack, v)
	}
	v, err := c.fn.eval(r, c, r.stack[bottom:])
	r.stack = r.stack[:bottom]
	return v, err
}

// compile reads argument i, which a function or a kind of parameter asks to be
// more than a text; nil when neither does.
func (c *call) compile(i int, text string) (any, error) {
	if c.fn.compile != nil {
		if x, err := c.fn.compile(i, text); x != nil || err != nil {
			return x, err
		}
	}
	switch c.fn.parameter(i).Kind {
	case kindNumber:
		return wholeNumber(text)
	case kindDate:
		return parseDate(text)
	}
	return nil, nil
}

// compiled is argument i as compile reads it: done by Parse when it is constant.
func compiled[T any](c *call, i int, v Value) (T, error) {
	x, err := c.ready[i], error(nil)
	if x == nil {
		x, err = c.compile(i, v.String())
	}
	if err != nil {
		var none T
		return none, err
	}
	return x.(T), nil
}

// maxText bounds what nested calls can blow a text up to, in bytes.
const maxText = 1 << 20

var errTooLong = errors.New("the result is longer than 1 MiB")

func tooLong(v Value) error {
	n := 0
	for _, s := range v.texts {
		n += len(s)
	}
	if n > maxText {
		return errTooLong
	}
	return nil
}

// comparison is a condition of IIF or CBool.
type comparison struct {
	left, right node
	operator    string
	dates       bool // a side is a date, which its text would not order
}

func (c *comparison) eval(r *run) (Value, error) {
	left, err := c.left.eval(r)
	if err != nil {
		return Null, err
	}
	right, err := c.right.eval(r)
	if err != nil {
		return Null, err
	}
	return Bool(c.holds(left, right)), nil
}

func (c *comparison) holds(left, right Value) bool {
	order := c.order(left.String(), right.String())
	switch c.operator {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	}
	if left.IsNull() || right.IsNull() {
		return false
	}
	switch c.operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// order is negative, zero or positive, by dates or numbers where both are, else
// by texts.
func (c *comparison) order(left, right string) int {
	if c.dates {
		l, errLeft := parseDate(left)
		r, errRight := parseDate(right)
		if errLeft == nil && errRight == nil {
			return l.Truncate(time.Second).Compare(r.Truncate(time.Second))
		}
	}
	if isNumber(left) && isNumber(right) {
		return compareNumbers(left, right)
	}
	return strings.Compare(left, right)
}
