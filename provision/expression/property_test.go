package expression_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/rollcall-scim/rollcall/provision/expression"
	"pgregory.net/rapid"
)

// values are what attributes and arguments hold: among them what functions look
// for, and what they have to refuse.
var values = []string{
	"", "a", "Zoë Müller", "0", "1", "-3", "7.5", "300", "9223372036854775807", "-9223372036854775808", "True", "2021-06-30+08:00", "6/3/2021 1:02:03 PM",
	"yyyy", "m", "ww", "s", "yyyy-MM-dd", "vbTextCompare", "tr-TR", "(?<g>.)", "(?=x)", "g", "$1${g}", "[", `\`, `"`, "list:", "list:a|b|a", "list:1|2",
	`{"value":"r"}`, "{", "\xff", "İß", "RoundtripKind",
}

func drawExpression(t *rapid.T, depth int) string {
	switch kind := rapid.IntRange(0, 6).Draw(t, "kind"); {
	case kind == 0:
		return fmt.Sprintf("[v%d]", rapid.IntRange(0, len(values)).Draw(t, "attribute"))
	case kind == 1:
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(rapid.SampledFrom(values).Draw(t, "text"))
		return `"` + quoted + `"`
	case kind == 2 || depth == 0:
		return rapid.SampledFrom([]string{"0", "1", "2", "5", "-1", "&HF7"}).Draw(t, "number")
	}
	f := rapid.SampledFrom(Functions()).Draw(t, "function")
	args := make([]string, len(f.Parameters)+rapid.IntRange(0, 2).Draw(t, "more")*btoi(repeats(f)))
	for i := range args {
		p := f.Parameters[min(i, len(f.Parameters)-1)]
		switch {
		case (p.Optional || p.Repeats) && rapid.IntRange(0, 3).Draw(t, "left out") == 0:
		case p.Kind == "condition":
			operator := rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "operator")
			args[i] = drawExpression(t, depth-1) + operator + drawExpression(t, depth-1)
		default:
			args[i] = drawExpression(t, depth-1)
		}
	}
	return f.Name + "(" + strings.Join(args, ", ") + ")"
}

func repeats(f Function) bool {
	return len(f.Parameters) > 0 && f.Parameters[len(f.Parameters)-1].Repeats
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func anyAttributes() attrs {
	a := attrs{}
	for i, v := range values {
		a[fmt.Sprintf("v%d", i)] = v
	}
	return a
}

// evaluates fails when parsing or evaluating panics, or when an error does not
// say where.
func evaluates(t interface {
	Helper()
	Fatalf(string, ...any)
}, text string) {
	t.Helper()
	e, err := Parse(text)
	if err != nil {
		se, ok := err.(*SyntaxError)
		if !ok || se.Pos < 0 || se.Pos > len([]rune(text)) || se.Message == "" {
			t.Fatalf("%s: %v", text, err)
		}
		return
	}
	again, err := Parse(e.String())
	if err != nil || again.String() != e.String() {
		t.Fatalf("%s was read, and %s is not: %v", text, e, err)
	}
	first, err := e.Eval(anyAttributes().input())
	if err != nil {
		if ee, ok := err.(*EvalError); !ok || ee.Function == "" || ee.Message == "" {
			t.Fatalf("%s: %v", text, err)
		}
		return
	}
	if e.Volatile() {
		return
	}
	if second, err := again.Eval(anyAttributes().input()); err != nil || !second.Equal(first) {
		t.Fatalf("%s is %v first, then %v, %v", text, first, second, err)
	}
}

func TestEveryExpressionHasAnOutcome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { evaluates(t, drawExpression(t, 4)) })
}

// TestEveryFunctionEvaluates draws the arguments of one function at a time, so
// that none is left to chance.
func TestEveryFunctionEvaluates(t *testing.T) {
	a := anyAttributes()
	for _, f := range Functions() {
		for shift := range values {
			args := make([]string, max(len(f.Parameters), 2*btoi(repeats(f))))
			for i := range args {
				args[i] = fmt.Sprintf("[v%d]", (shift+i*7)%len(a))
			}
			evaluates(t, f.Name+"("+strings.Join(args, ",")+")")
		}
	}
}

func TestRandomStringKeepsItsMinimums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var n [4]int
		sum := 0
		for i := range n {
			n[i] = rapid.IntRange(0, 60).Draw(t, "minimum")
			sum += n[i]
		}
		length := max(sum, 1) + rapid.IntRange(0, 15).Draw(t, "more")
		e, err := Parse(fmt.Sprintf(`RandomString(%d,%d,%d,%d,%d,"aB3?")`, length, n[0], n[1], n[2], n[3]))
		if err != nil {
			t.Fatal(err)
		}
		v, err := e.Eval(Input{})
		if err != nil {
			t.Fatal(err)
		}
		s := v.String()
		if len(s) != length || strings.ContainsAny(s, "aB3?") {
			t.Fatalf("%s is not of %d characters, or has one to avoid", s, length)
		}
		for i, in := range []func(r rune) bool{
			func(r rune) bool { return r >= '0' && r <= '9' },
			func(r rune) bool { return strings.ContainsRune("~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,./", r) },
			func(r rune) bool { return r >= 'A' && r <= 'Z' },
			func(r rune) bool { return r >= 'a' && r <= 'z' },
		} {
			found := 0
			for _, r := range s {
				found += btoi(in(r))
			}
			if found < n[i] {
				t.Fatalf("%s has %d of class %d, not %d", s, found, i, n[i])
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`Replace([v2], , "(?<g>\\w+)", "g", "x", , )`, `IIF([v1]<>"", Switch([v2], , "a", "b"), Now())`, `FormatDateTime([v11], , "yyyy-MM-ddzzz", "d")`,
		`Append("\"", &HF)`, `[a[b]]`, `Join("", -1.5, "ö"`, "SelectUniqueValue([v1],\n[v2])",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { evaluates(t, text) })
}
