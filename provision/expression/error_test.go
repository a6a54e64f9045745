package expression_test

import (
	"errors"
	"strings"
	"testing"

	. "github.com/rollcall-scim/rollcall/provision/expression"
)

func TestSyntaxErrors(t *testing.T) {
	for _, r := range []struct {
		text string
		pos  int
		want string
	}{
		{``, 0, "cut off"},
		{`Append(Uper([a]), "x")`, 7, "unknown function Uper (did you mean ToUpper?) at 7"},
		{`append([a], "x")`, 0, "did you mean Append?"},
		{`Quetzalcoatl([a])`, 0, "unknown function Quetzalcoatl at 0"},
		{`Append([a])`, 0, "Append takes 2 arguments, not 1: Append(source, suffix)"},
		{`Append([a], )`, 12, "Append needs its suffix"},
		{`Now(1)`, 0, "no argument"},
		{`Redact()`, 0, "1 argument, not 0"},
		{`InStr("a")`, 0, "2 to 4 arguments"},
		{`SelectUniqueValue([a])`, 0, "2 arguments or more"},
		{`Append(SelectUniqueValue([a], [b]), "x")`, 7, "cannot be an argument"},
		{`Switch([a], "", "k")`, 0, "4 arguments or more"},
		{`Switch([a], "", "k", "v", "l")`, 26, "key without a value"},
		{`IIF([a] = "x", "y")`, 0, "3 arguments"},
		{`IIF([a] = "x" AND [b] = "y", "1", "2")`, 14, "no AND"},
		{`IIF([a] = "x" or [b] = "y", "1", "2")`, 14, "no OR"},
		{`Append([a] = "x", "y")`, 11, "only the condition of IIF"},
		{`[a] = "x"`, 4, "only the condition of IIF"},
		{`Append([a] & "x", "y")`, 11, "use Append or Join"},
		{`Append([a], "x"`, 15, "closing )"},
		{`Append([a], "x") "y"`, 17, "the expression ends here"},
		{`Append([a, "x")`, 7, "closing ]"},
		{`Append([ ], "x")`, 7, "no attribute's name"},
		{`Append([a], "x)`, 12, `closing "`},
		{`Append([a], “x”)`, 12, `use the plain "`},
		{`Append([a], 'x')`, 12, `use the plain "`},
		{`Append([a], x)`, 12, `write "x" for a text, [x] for an attribute or x(...)`},
		{`Append([a], 1x)`, 12, "is not a number"},
		{`BitAnd(&HG, 1)`, 7, "hexadecimal"},
		{`Append([ä], "ö", "ü")`, 0, "not 3"},
		{`Join("ä",` + "\n\n  Foo())", 13, "unknown function Foo at 13 (line 3, column 3)"},
		{`Left([a], "x")`, 10, `NumChars: "x" is not a whole number`},
		{`Left([a], Now())`, 10, "takes a number as its NumChars, and Now yields a date"},
		{`CDate(Split("a", ","))`, 6, "CDate takes a date as its expression, and Split yields a list"},
		{`CDate("31.12.2020")`, 6, "is not a date"},
		{`DateAdd("month", 1, Now())`, 8, "is not an interval"},
		{`Mid([a], 0, 2)`, 9, "at least 1"},
		{`Mid([a], 1, -2)`, 12, "at least 0"},
		{`Item([a], 0)`, 10, "at least 1"},
		{`InStr("a", "b", 1, vbOther)`, 19, "stands bare"},
		{`InStr("a", "b", 1, "other")`, 19, "vbTextCompare or vbBinaryCompare"},
		{`ToLower([a], "klingon-xx-yy-")`, 13, "is not a culture"},
		{`Split([a], "")`, 11, "needs a delimiter"},
		{`RandomString(4,3,0,0,3)`, 0, "add up to 6"},
		{`RandomString(300,3,0,0,3)`, 0, "from 1 to 256"},
		{`RandomString(4,1,0,0,0,"0123456789")`, 0, "all to be avoided"},
		{`Replace([a], , "(", , "", , )`, 15, "is not a regular expression: missing closing )"},
		{`Replace([a], , "a(?=b)", , "", , )`, 15, "look-ahead, which is not supported here"},
		{`Replace([a], , "(?<!b)a", , "", , )`, 15, "${keep}"},
		{`Replace([a], , "(a)\\1", , "", , )`, 15, "reference back"},
		{`Replace([a], , "(?<x>a)", "y", "", , )`, 26, `"y" is not a group of the pattern, which has x`},
		{`Replace([a], , "a", "y", "", , )`, 20, "no named group"},
		{`Replace([a], "", , , "b", , )`, 13, "not empty"},
		{`Replace([a], "b", , , , , )`, 0, "give oldValue and replacementValue"},
		{`Replace([a], "b", "c", , "d", , )`, 0, "cannot work with these"},
		{`FormatDateTime([a], , "YYYY", "yyyy")`, 22, "Y is not one of .NET's letters for dates (did you mean y?)"},
		{`FormatDateTime([a], , "yyyy", "d 'of")`, 30, "closing '"},
		{`FormatDateTime([a], , "ss.ffffffff", "s")`, 22, "seven digits"},
		{`FormatDateTime([a], "Whatever", "yyyy", "d")`, 20, "DateTimeStyles"},
		{`FormatDateTime([a], , , "d")`, 22, "needs its inputFormat"},
	} {
		_, err := Parse(r.text)
		var se *SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("%s: %v", r.text, err)
			continue
		}
		if se.Pos != r.pos || !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s\n got %v\nwant %s at %d", r.text, err, r.want, r.pos)
		}
	}
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat("Not(", 101) + `"True"` + strings.Repeat(")", 101)
	if _, err := Parse(deep); err == nil || !strings.Contains(err.Error(), "100 deep at 400") {
		t.Errorf("101 calls in each other: %v", err)
	}
	if _, err := Parse(deep[4 : len(deep)-1]); err != nil {
		t.Errorf("100 calls in each other: %v", err)
	}
	long := `Append("` + strings.Repeat("ä", MaxLength-14) + `", "")`
	if _, err := Parse(long); err != nil {
		t.Errorf("an expression of 10,000 characters: %v", err)
	}
	if _, err := Parse(long + " "); err == nil || !strings.Contains(err.Error(), "at most 10000 characters") {
		t.Errorf("an expression of 10,001 characters: %v", err)
	}
	for _, grow := range []string{`Replace(%, "a", , , "aaaaaaaa", , )`, `Replace(%, , "a", , "$0$0$0$0$0$0$0$0", , )`, `ConvertToUTF8Hex(%)`} {
		text := `"a"`
		for range 40 {
			text = strings.Replace(grow, "%", text, 1)
		}
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = e.Eval(Input{}); err == nil || !strings.Contains(err.Error(), "longer than 1 MiB") {
			t.Errorf("%s: %.100v", grow, err)
		}
	}
}

func TestEvalErrors(t *testing.T) {
	for _, r := range []struct {
		text string
		a    attrs
		want string
	}{
		{`Append(CDate([a]), "x")`, attrs{"a": "x"}, `CDate: "x" is not a date; FormatDateTime reads others than those of ISO 8601 and M/d/yyyy, at 7`},
		{`Left([a], [b])`, attrs{"a": "x"}, "Left: an empty value is not a whole number, at 0"},
		{`Mid([a], [b], 1)`, attrs{"a": "x", "b": "0"}, `Mid: "0" is not a whole number of at least 1, at 0`},
		{`IIF([a], "1", "2")`, attrs{"a": "maybe"}, `IIF: "maybe" is not True, False or a number, at 0`},
		{`DateAdd([a], 1, Now())`, attrs{"a": "w"}, "is not an interval"},
		{`DateAdd("yyyy", [n], Now())`, attrs{"n": "9000"}, "outside the years"},
		{`DateAdd("s", [n], Now())`, attrs{"n": "9223372036854775807"}, "outside the years"},
		{`DateAdd("yyyy", [n], Now())`, attrs{"n": "-9223372036854775808"}, "outside the years"},
		{`FormatDateTime([a], , "yyyy-MM-dd", "d")`, attrs{"a": "2021-02-29"}, "is not a date of the input format"},
		{`Replace([a], , [p], , "", , )`, attrs{"a": "x", "p": "("}, "is not a regular expression"},
		{`RandomString([n], 1, 1, 1, 1)`, attrs{"n": "3"}, "add up to 4"},
		{`SingleAppRoleAssignment([a])`, attrs{"a": "{"}, "is not an app role"},
		{`NumFromDate("1500-01-01")`, nil, "before 1601"},
	} {
		e, err := Parse(r.text)
		if err != nil {
			t.Errorf("%s: %v", r.text, err)
			continue
		}
		_, err = e.Eval(r.a.input())
		var ee *EvalError
		if !errors.As(err, &ee) || !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s\n got %v\nwant %s", r.text, err, r.want)
		}
	}
}
