package expression

import (
	"fmt"
	"slices"
)

// bind checks the arguments against the parameters and compiles those that are
// constant. The error is nil or a *SyntaxError.
func (c *call) bind() *SyntaxError {
	if err := c.countArguments(); err != nil {
		return err
	}
	for i := range c.args {
		if err := c.checkKind(i); err != nil {
			return err
		}
	}
	for len(c.args) < len(c.fn.Parameters) {
		c.args = append(c.args, missing{})
	}
	c.ready = make([]any, len(c.args))
	for i, arg := range c.args {
		if err := c.prepare(i, arg); err != nil {
			return err
		}
	}
	if c.fn.check != nil {
		return c.fn.check(c)
	}
	return nil
}

func (c *call) countArguments() *SyntaxError {
	least, most := c.fn.arity()
	if n := len(c.args); n < least || most >= 0 && n > most {
		return syntaxErrorf(c.pos, "%s takes %s, not %d: %s", c.fn.Name, countText(least, most), n, c.fn)
	}
	for i := range c.args {
		p := c.fn.parameter(i)
		if !c.given(i) && !p.Optional && !p.Repeats {
			return c.fault(i, "needs its %s: %s", p.Name, c.fn)
		}
	}
	return nil
}

func countText(least, most int) string {
	switch {
	case most == 0:
		return "no argument"
	case most < 0:
		return fmt.Sprintf("%d arguments or more", least)
	case least == most && most == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", most)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

// fault is an error that stands at argument i.
func (c *call) fault(i int, format string, args ...any) *SyntaxError {
	return syntaxErrorf(c.at[i], "%s %s", c.fn.Name, fmt.Sprintf(format, args...))
}

// unfit are the kinds of results that a parameter of a kind can make nothing of.
// A text fits everywhere: it may hold anything.
var unfit = map[Kind][]Kind{
	kindNumber:  {kindDate, kindBoolean, kindList},
	kindDate:    {kindNumber, kindBoolean, kindList},
	kindBoolean: {kindNumber, kindDate, kindList},
}

func (c *call) checkKind(i int) *SyntaxError {
	want, have := c.fn.parameter(i), kindOf(c.args[i])
	if slices.Contains(unfit[want.Kind], have) {
		return c.fault(i, "takes a %s as its %s, and %s yields a %s", want.Kind, want.Name, c.args[i].(*call).fn.Name, have)
	}
	return nil
}

func kindOf(n node) Kind {
	if c, ok := n.(*call); ok {
		return c.fn.Result
	}
	return kindAny
}

func (c *call) prepare(i int, arg node) (fault *SyntaxError) {
	k, ok := arg.(constant)
	if !ok {
		return nil
	}
	x, err := c.compile(i, Value(k).String())
	if err != nil {
		return c.fault(i, "cannot take its %s: %v", c.fn.parameter(i).Name, err)
	}
	c.ready[i] = x
	return nil
}
