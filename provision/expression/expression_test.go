package expression_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/rollcall-scim/rollcall/provision/expression"
)

// attrs are a person's attributes, one text each.
type attrs map[string]string

// noon is when the tests take place.
var noon = time.Date(2021, 8, 25, 17, 41, 18, 0, time.UTC)

func (a attrs) input() Input {
	return Input{
		Now:           noon,
		DefaultDomain: "contoso.com",
		Attribute: func(name string) Value {
			switch text, ok := a[name]; {
			case !ok:
				return Null
			case strings.HasPrefix(text, "list:"):
				return List(strings.Split(strings.TrimPrefix(text, "list:"), "|")...)
			default:
				return Text(text)
			}
		},
	}
}

func eval(t testing.TB, text string, a attrs) Value {
	t.Helper()
	e, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	v, err := e.Eval(a.input())
	if err != nil {
		t.Fatalf("Eval(%s): %v", text, err)
	}
	return v
}

// null is what shows reports of Null.
const null = "(null)"

// show makes a value comparable with a text of a table.
func show(v Value) string {
	switch {
	case v.Ignored:
		return "(ignored)"
	case v.IsNull():
		return null
	case v.Many():
		return "list:" + strings.Join(v.Texts(), "|")
	}
	return v.String()
}

type row struct {
	text string
	a    attrs
	want string
}

func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		if got := show(eval(t, r.text, r.a)); got != r.want {
			t.Errorf("%s of %v\n got %s\nwant %s", r.text, r.a, got, r.want)
		}
	}
}

func TestNull(t *testing.T) {
	check(t, []row{
		{`Append([x], ".test")`, nil, null},
		{`ToLower([x])`, nil, null},
		{`Left([x], 3)`, nil, ""},
		{`Word([x], 1, " ")`, nil, ""},
		{`Mid([x], 1, 2)`, nil, null},
		{`Join(", ", [x], [y])`, nil, null},
		{`Join(", ", [x], "", "b")`, nil, "b"},
		{`Count([x])`, nil, "0"},
		{`Len([x])`, nil, "0"},
		{`Item([x], 1)`, nil, null},
		{`Not([x])`, nil, "True"},
		{`CBool([x])`, nil, "False"},
		{`CDate([x])`, nil, null},
		{`CDate([x])`, attrs{"x": ""}, null},
		{`DateAdd("d", 1, [x])`, nil, null},
		{`FormatDateTime([x], , "yyyy", "yy")`, nil, null},
		{`Replace([x], "a", , , "b", , )`, nil, null},
		{`Replace([x], "<x>", , , , , "<x>@contoso.com")`, nil, null},
		{`Replace([x], , "(?<a>.)", "a", , [y], )`, nil, null},
		{`Split([x], ",")`, nil, null},
		{`RemoveDuplicates([x])`, nil, null},
		{`BitAnd([x], 2)`, nil, null},
		{`IgnoreFlowIfNullOrEmpty([x])`, nil, "(ignored)"},
		{`IgnoreFlowIfNullOrEmpty([x])`, attrs{"x": ""}, "(ignored)"},
		{`IgnoreFlowIfNullOrEmpty([x])`, attrs{"x": "a"}, "a"},
		{`Append(IgnoreFlowIfNullOrEmpty([x]), "a")`, nil, null},
		{`Switch([x], "other", "", "none")`, nil, "none"},
		{`Switch([x], "other", , "none")`, nil, "none"},
		{`Switch([x], , "a", "b")`, attrs{"x": "c"}, null},
		{`IIF([x] = "", "empty", [x])`, nil, "empty"},
		{`IIF([x] <> "a", "other", [x])`, nil, "other"},
		{`IIF([x] < 5, "less", "not")`, nil, "not"},
		{`IIF([x] >= "", "more", "not")`, nil, "not"},
		{`Coalesce([x], , "")`, nil, ""},
		{`SingleAppRoleAssignment([x])`, nil, null},
		{`AppRoleAssignmentsComplex([x])`, nil, null},
	})
}

func TestConditions(t *testing.T) {
	check(t, []row{
		{`CBool([a] = [b])`, attrs{"a": "x", "b": "x"}, "True"},
		{`CBool([a] = [b])`, attrs{"a": "x", "b": "X"}, "False"},
		{`CBool([a] = [b])`, attrs{"a": "7", "b": "7.0"}, "True"},
		{`CBool([a] < [b])`, attrs{"a": "9", "b": "10"}, "True"},
		{`CBool([a] < [b])`, attrs{"a": "a9", "b": "a10"}, "False"},
		{`CBool([a] <= [b])`, attrs{"a": "-2", "b": "-2"}, "True"},
		{`CBool([a] > [b])`, attrs{"a": "9223372036854775808", "b": "9223372036854775807"}, "True"},
		{`CBool([a] >= [b])`, attrs{"a": "0.30", "b": "0.3"}, "True"},
		{`CBool("1e5" = 100000)`, nil, "False"},
		{`CBool(CDate("2021-10-02") > CDate("2021-09-30"))`, nil, "True"},
		{`CBool(Now() > "9/1/2020 1:00:00 AM")`, nil, "True"},
		{`CBool(2)`, nil, "True"},
		{`CBool("0.0")`, nil, "False"},
		{`CBool("true")`, nil, "True"},
		{`IIF([a]="USA",IIF([b]="CA","True","False"),"False")`, attrs{"a": "USA", "b": "CA"}, "True"},
		{`IIF([a]="USA","True",IIF([b]="CA","True","False"))`, attrs{"a": "DE", "b": "CA"}, "True"},
		{`IIF(IsPresent([a]), , "none")`, attrs{"a": "x"}, null},
	})
	if v := eval(t, `IIF([a], "yes", CDate([b]))`, attrs{"a": "1", "b": "no date"}); v.String() != "yes" {
		t.Errorf("the branch not taken was evaluated: %v", v)
	}
}

func TestSelectUniqueValue(t *testing.T) {
	e, err := Parse(`SelectUniqueValue([a], [b], [a], [c])`)
	if err != nil {
		t.Fatal(err)
	}
	if !e.Unique() || e.Volatile() {
		t.Error("an expression of SelectUniqueValue is unique, and not volatile")
	}
	in := attrs{"a": "anna", "c": "anna2"}.input()
	var asked, taken []string
	in.Taken = func(candidate string) (bool, error) {
		asked = append(asked, candidate)
		return slices.Contains(taken, candidate), nil
	}
	want := func(value string, asks ...string) {
		t.Helper()
		asked = nil
		v, err := e.Eval(in)
		if err != nil || v.String() != value || !slices.Equal(asked, asks) {
			t.Errorf("with %v taken: %v, %v after asking %v", taken, v, err, asked)
		}
	}
	want("anna", "anna")
	taken = []string{"anna"}
	want("anna2", "anna", "anna2")

	taken = []string{"anna", "anna2"}
	if _, err := e.Eval(in); !errors.Is(err, ErrTaken) {
		t.Errorf("all taken: %v", err)
	}
	down := errors.New("no route to the target")
	in.Taken = func(string) (bool, error) { return false, down }
	if _, err := e.Eval(in); !errors.Is(err, down) {
		t.Errorf("the target's error is lost: %v", err)
	}
	if v := eval(t, `SelectUniqueValue([x], [y])`, nil); !v.IsNull() {
		t.Errorf("of no candidates %v", v)
	}
}

func TestRedact(t *testing.T) {
	for _, text := range []string{`Redact([p])`, `Append(Redact([p]), "x")`, `Coalesce([q], Redact([p]))`} {
		if v := eval(t, text, attrs{"p": "secret"}); !v.Redacted || v.IsNull() {
			t.Errorf("%s: %v is shown", text, v)
		}
	}
	kept := Text("secret")
	kept.Redacted = true
	e, _ := Parse(`ToUpper(CDate([p]))`)
	_, err := e.Eval(Input{Attribute: func(string) Value { return kept }})
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "[Redact] is not a date") {
		t.Errorf("the error of a redacted attribute: %v", err)
	}
	if v := eval(t, `Append([p], "x")`, attrs{"p": "a"}); v.Redacted {
		t.Error("nothing asked for redaction")
	}
}

func TestLists(t *testing.T) {
	mails := attrs{"mails": "list:SMTP:A@x|smtp:b@x|smtp:b@x"}
	check(t, []row{
		{`Count([mails])`, mails, "3"},
		{`Item([mails], 1)`, mails, "SMTP:A@x"},
		{`Item([mails], 4)`, mails, null},
		{`RemoveDuplicates([mails])`, mails, "list:SMTP:A@x|smtp:b@x"},
		{`ToLower([mails])`, mails, "list:smtp:a@x|smtp:b@x|smtp:b@x"},
		{`Join(";", [mails], "c")`, mails, "SMTP:A@x;smtp:b@x;smtp:b@x;c"},
		{`IsString([mails])`, mails, "False"},
		{`IsString("a")`, nil, "True"},
		{`Split(" a ,, b", ",")`, nil, "list:a|b"},
		{`Count(Split("a,b", ","))`, nil, "2"},
	})
}

func TestRoles(t *testing.T) {
	roles := attrs{"r": `list:{"id":"1","displayName":"Admins","value":"admin"}|{"id":"2","displayName":"User","value":null}|Guest`}
	check(t, []row{
		{`SingleAppRoleAssignment([r])`, roles, "admin"},
		{`AssertiveAppRoleAssignmentsComplex([r])`, roles,
			`list:{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Admins","value":"admin"}` +
				`|{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"User","value":"User"}` +
				`|{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Guest","value":"Guest"}`},
		{`AppRoleAssignmentsComplex([r])`, attrs{"r": "Guest"},
			`list:{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Guest","value":"Guest"}`},
	})
}

func TestWhatAnExpressionTellsOfItself(t *testing.T) {
	const text = "Join(\"\", [b], [a],\n [b], RandomString(6,3,0,0,3))"
	e, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if e.String() != text || !slices.Equal(e.Attributes(), []string{"b", "a"}) || !e.Volatile() || e.Unique() || !e.Uses("Join") {
		t.Errorf("%q reads %v, volatile %v, unique %v", e, e.Attributes(), e.Volatile(), e.Unique())
	}
	if e, err = Parse(`[emails[type eq "work"].value]`); err != nil || e.Attributes()[0] != `emails[type eq "work"].value` {
		t.Errorf("a bare attribute with brackets in its name: %v, %v", e, err)
	}
}

func TestFunctionsAreDescribed(t *testing.T) {
	all := Functions()
	if len(all) != 46 {
		t.Errorf("%d functions", len(all))
	}
	for i, f := range all {
		if f.Summary == "" || !strings.HasSuffix(f.Summary, ".") || f.Result == "" {
			t.Errorf("%s lacks a summary or a result: %q, %q", f.Name, f.Summary, f.Result)
		}
		if i > 0 && strings.EqualFold(all[i-1].Name, f.Name) {
			t.Errorf("%s is there twice", f.Name)
		}
		for _, p := range f.Parameters {
			if p.Name == "" || p.Kind == "" {
				t.Errorf("%s has a parameter %+v", f.Name, p)
			}
		}
	}
	if got := all[slices.IndexFunc(all, func(f Function) bool { return f.Name == "Join" })].String(); got != "Join(separator, source, ...)" {
		t.Error(got)
	}
}

func BenchmarkEval(b *testing.B) {
	e, err := Parse(`ToLower(Join("@", NormalizeDiacritics(StripSpaces(Join(".", [givenName], [surname]))), DefaultDomain()))`)
	if err != nil {
		b.Fatal(err)
	}
	person := map[string]Value{"givenName": Text("Zoë Maria"), "surname": Text("Müller")}
	in := Input{Now: noon, DefaultDomain: "contoso.com", Attribute: func(name string) Value { return person[name] }}
	b.ReportAllocs()
	for b.Loop() {
		if v, err := e.Eval(in); err != nil || v.String() != "zoemaria.muller@contoso.com" {
			b.Fatal(v, err)
		}
	}
}
