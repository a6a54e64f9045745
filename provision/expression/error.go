package expression

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrTaken is wrapped by the error of SelectUniqueValue when the target has every
// candidate already.
var ErrTaken = errors.New("the target has every candidate already; add a rule that yields another")

// SyntaxError is what is wrong with the text of an expression, and where.
type SyntaxError struct {
	Pos          int // characters before the place
	Line, Column int // from 1
	Message      string
}

func (e *SyntaxError) Error() string {
	if e.Line > 1 {
		return fmt.Sprintf("%s at %d (line %d, column %d)", e.Message, e.Pos, e.Line, e.Column)
	}
	return fmt.Sprintf("%s at %d", e.Message, e.Pos)
}

// located fills in line and column.
func (e *SyntaxError) located(text []rune) *SyntaxError {
	e.Line, e.Column = 1, 1
	for _, r := range text[:e.Pos] {
		e.Column++
		if r == '\n' {
			e.Line, e.Column = e.Line+1, 1
		}
	}
	return e
}

func syntaxErrorf(pos int, format string, args ...any) *SyntaxError {
	return &SyntaxError{Pos: pos, Message: fmt.Sprintf(format, args...)}
}

// EvalError is what an object's values make impossible, and in which call.
type EvalError struct {
	Pos      int // characters before the call
	Function string
	Message  string
	err      error
}

func (e *EvalError) Error() string {
	return fmt.Sprintf("%s: %s, at %d", e.Function, e.Message, e.Pos)
}

// Unwrap is the cause: ErrTaken, what Taken or Random answered, or nil.
func (e *EvalError) Unwrap() error { return e.err }

// badValue is a value that a function cannot take. It is apart from other errors
// because a redacted value must not be shown.
type badValue struct{ text, problem string }

func notA(text, what string) error { return &badValue{text, "is not " + what} }

func (b *badValue) Error() string { return shown(b.text) + " " + b.problem }

// shown is a text in quotation marks, cut when long.
func shown(text string) string {
	const most = 60
	if text == "" {
		return "an empty value"
	}
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "..."
	}
	return strconv.Quote(text)
}

// failed makes an EvalError of what a call's function answered.
func (c *call) failed(r *run, err error) error {
	var inner *EvalError
	if errors.As(err, &inner) {
		return err
	}
	e := &EvalError{Pos: c.pos, Function: c.fn.Name, Message: err.Error(), err: err}
	var bad *badValue
	if errors.As(err, &bad) && r.redacted {
		e.Message, e.err = "[Redact] "+bad.problem, nil
	}
	return e
}
