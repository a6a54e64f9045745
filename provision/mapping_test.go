package provision

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/scim"
)

func textPtr(s string) *string { return &s }

// userRules compiles mappings, and adds userName where they have none.
func userRules(t testing.TB, mappings ...Mapping) *Rules {
	t.Helper()
	m := ObjectMapping{Enabled: true, Mappings: append(Mappings{{Target: "userName", From: "userPrincipalName", Match: 1}}, mappings...)}
	r, faults := Compile(source.User, m)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return r
}

var ada = userOf(map[string]expression.Value{
	"userPrincipalName": expression.Text("ada@a.test"),
	"department":        expression.Text("R&D"),
	"empty":             expression.Text(""),
	"proxyAddresses":    expression.List("smtp:a", "", "smtp:b", "smtp:a"),
	"manager":           expression.Text("cn=boss"),
	"enabled":           expression.Text("True"),
	"count":             expression.Text(" 007 "),
	"hired":             expression.Text("2/28/2026 9:30:00 AM"),
})

func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		name    string
		mapping Mapping
		in      Input
		want    DesiredValue // Value, Refs and the flags
	}{
		{"from", Mapping{Target: "title", From: "department"}, Input{}, DesiredValue{Value: "R&D"}},
		{"from, in another case", Mapping{Target: "title", From: "DEPARTMENT"}, Input{}, DesiredValue{Value: "R&D"}},
		{"from nothing", Mapping{Target: "title", From: "nothing"}, Input{}, DesiredValue{}},
		{"an empty text is nothing", Mapping{Target: "title", From: "empty"}, Input{}, DesiredValue{}},
		{"constant", Mapping{Target: "title", Constant: textPtr("x")}, Input{}, DesiredValue{Value: "x"}},
		{"expression", Mapping{Target: "title", Expression: `ToUpper([department])`}, Input{}, DesiredValue{Value: "R&D"}},
		{"the first of a list", Mapping{Target: `emails[type eq "other"].value`, From: "proxyAddresses"}, Input{}, DesiredValue{Value: "smtp:a"}},
		{"a list of elements", Mapping{Target: "emails", From: "proxyAddresses"}, Input{},
			DesiredValue{Value: []any{map[string]any{"value": "smtp:a"}, map[string]any{"value": "smtp:b"}}}},
		{"a list where no schema tells", Mapping{Target: "urn:acme:x:list", From: "proxyAddresses"}, Input{}, DesiredValue{Value: []any{"smtp:a", "smtp:b"}}},
		{"boolean", Mapping{Target: "active", From: "enabled"}, Input{}, DesiredValue{Value: true}},
		{"integer", Mapping{Target: "urn:acme:x:n", From: "count", Type: "integer"}, Input{}, DesiredValue{Value: scim.Number("7")}},
		{"decimal", Mapping{Target: "urn:acme:x:n", Constant: textPtr("1.50"), Type: "decimal"}, Input{}, DesiredValue{Value: scim.Number("1.50")}},
		{"date", Mapping{Target: "urn:acme:x:d", From: "hired", Type: "dateTime"}, Input{}, DesiredValue{Value: "2026-02-28T09:30:00Z"}},
		{"object", Mapping{Target: "name", Constant: textPtr(`{"givenName":"A","familyName":null}`)}, Input{}, DesiredValue{Value: map[string]any{"givenName": "A"}}},
		{"roles as Entra writes them", Mapping{Target: "roles", Constant: textPtr(`{"primary":"True","value":"admin"}`)}, Input{},
			DesiredValue{Value: []any{map[string]any{"primary": true, "value": "admin"}}}},
		{"manager", Mapping{Target: ent + ":manager", From: "manager"}, Input{}, DesiredValue{Refs: []string{"cn=boss"}}},
		{"objectId is the anchor", Mapping{Target: "externalId", From: "objectId"}, Input{}, DesiredValue{Value: "a1"}},
		{"in scope", Mapping{Target: "active", Expression: `Switch([IsSoftDeleted], , "False", "True", "True", "False")`}, Input{}, DesiredValue{Value: true}},
		{"out of scope", Mapping{Target: "active", Expression: `Switch([IsSoftDeleted], , "False", "True", "True", "False")`}, Input{SoftDeleted: true}, DesiredValue{Value: false}},

		{"default on creation", Mapping{Target: "title", From: "nothing", Default: textPtr("d")}, Input{}, DesiredValue{Value: "d", CreateOnly: true}},
		{"default on updates too", Mapping{Target: "title", From: "nothing", Default: textPtr("d"), Null: NullDefault}, Input{}, DesiredValue{Value: "d"}},
		{"a value needs no default", Mapping{Target: "title", From: "department", Default: textPtr("d")}, Input{}, DesiredValue{Value: "R&D"}},
		{"clear", Mapping{Target: "title", From: "nothing", Null: NullClear}, Input{}, DesiredValue{Clear: true}},
		{"none", Mapping{Target: "title", None: true}, Input{}, DesiredValue{Skip: true, IfEmpty: true}},
		{"none with a default", Mapping{Target: "title", None: true, Default: textPtr("d")}, Input{}, DesiredValue{Value: "d", IfEmpty: true}},
		{"only on creation", Mapping{Target: "title", From: "department", Apply: ApplyCreate}, Input{}, DesiredValue{Value: "R&D", CreateOnly: true}},
		{"only on creation, and linked", Mapping{Target: "title", From: "department", Apply: ApplyCreate}, Input{Linked: true}, DesiredValue{Skip: true, CreateOnly: true}},
		{"if empty", Mapping{Target: "title", From: "department", Apply: ApplyIfEmpty}, Input{}, DesiredValue{Value: "R&D", IfEmpty: true}},
		{"add only", Mapping{Target: "emails", Constant: textPtr("e"), Apply: ApplyAdd}, Input{}, DesiredValue{Value: []any{map[string]any{"value": "e"}}, AddOnly: true}},
		{"ignored", Mapping{Target: "title", Expression: `IgnoreFlowIfNullOrEmpty([nothing])`, Null: NullClear}, Input{}, DesiredValue{Skip: true}},
		{"redacted", Mapping{Target: "title", Expression: `Redact([department])`}, Input{}, DesiredValue{Value: "R&D", Redacted: true}},
		{"a password is written once", Mapping{Target: "password", Constant: textPtr("p")}, Input{}, DesiredValue{Value: "p", Redacted: true, CreateOnly: true}},
		{"volatile", Mapping{Target: "title", Expression: `Now()`}, Input{Now: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}, DesiredValue{Value: "2/3/2026 4:05:06 AM", CreateOnly: true}},
		{"unique", Mapping{Target: "nickName", Expression: `SelectUniqueValue("a", "b")`},
			Input{Taken: func(path, c string) (bool, error) { return path == "nickName" && c == "a", nil }}, DesiredValue{Value: "b", CreateOnly: true}},
	} {
		d, faults := userRules(t, c.mapping).Evaluate(ada, c.in)
		if len(faults) > 0 {
			t.Errorf("%s: %v", c.name, faults)
			continue
		}
		got := d.Values[1]
		got.Mapping, got.Path, got.Key, got.Kind = nil, Path{}, "", Kind{}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

// TestEvaluateMembers: a group without members has none; that is no unknown.
func TestEvaluateMembers(t *testing.T) {
	r, faults := Compile(source.Group, ObjectMapping{Mappings: Mappings{{Target: "displayName", From: "displayName", Match: 1}, {Target: "members", From: "members"}}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	rec := &source.Record{Type: source.Group, Attributes: map[string]expression.Value{"members": expression.List("b", "a", "b")}}
	d, _ := r.Evaluate(rec, Input{})
	if v := d.Find("members"); !reflect.DeepEqual(v.Refs, []string{"b", "a"}) || v.Value != nil {
		t.Errorf("members: %+v", v)
	}
	d, _ = r.Evaluate(&source.Record{Type: source.Group}, Input{})
	if v := d.Find("members"); !reflect.DeepEqual(v.Value, []any{}) {
		t.Errorf("no members: %+v", v)
	}
}

func TestEvaluateFaults(t *testing.T) {
	bad := func(typ, text string) Mapping {
		return Mapping{Target: "urn:acme:x:a", Constant: textPtr(text), Type: typ}
	}
	for _, c := range []struct {
		mapping Mapping
		says    string
	}{
		{Mapping{Target: "active", Constant: textPtr("maybe")}, `"maybe" is not true or false`},
		{bad("integer", "1.5"), "whole number"},
		{bad("integer", "99999999999999999999"), "whole number"},
		{bad("decimal", "1,5"), "number with a point"},
		{bad("dateTime", "soon"), "a date"},
		{bad("complex", "{"), "no JSON object"},
		{Mapping{Target: "name", Constant: textPtr("Ada")}, "a JSON object"},
		{Mapping{Target: "title", Constant: textPtr("rollcall:ref:User:x")}, "kept for references"},
		{Mapping{Target: "active", Expression: `Redact([department])`}, "not shown"},
		{Mapping{Target: "title", Expression: `CDate([department])`}, "CDate"},
	} {
		d, faults := userRules(t, c.mapping, Mapping{Target: "displayName", From: "department"}).Evaluate(ada, Input{})
		if len(faults) != 1 || faults[0].Fatal || !strings.Contains(faults[0].Why, c.says) || strings.Contains(c.mapping.Expression, "Redact") && strings.Contains(faults[0].Why, "R&D") {
			t.Errorf("%+v: %v", c.mapping, faults)
			continue
		}
		if !d.Values[1].Skip || d.Values[2].Value != "R&D" {
			t.Errorf("%+v: the fault is not its own alone: %+v", c.mapping, d)
		}
	}
}

// TestEvaluateFatal: nobody is created without what he needs, and nobody stays
// because of what he lacks.
func TestEvaluateFatal(t *testing.T) {
	r := userRules(t, Mapping{Target: "externalId", Expression: `CDate([department])`, Match: 2})
	nameless := userOf(map[string]expression.Value{"department": expression.Text("x")})
	for _, c := range []struct {
		in   Input
		want []string
	}{
		{Input{}, []string{"MandatoryFieldsMissing fatal", "InternalError fatal"}},
		{Input{Linked: true}, []string{"InternalError"}},
		{Input{SoftDeleted: true}, []string{"InternalError"}},
	} {
		_, faults := r.Evaluate(nameless, c.in)
		var got []string
		for _, f := range faults {
			word := f.Code
			if f.Fatal {
				word += " fatal"
			}
			got = append(got, word)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: %v", c.in, faults)
		}
	}
}

func TestMatch(t *testing.T) {
	r := userRules(t,
		Mapping{Target: "externalId", From: "employeeId", Match: 3},
		Mapping{Target: `emails[type eq "work"].value`, From: "mail", Match: 2},
		Mapping{Target: ent + ":employeeNumber", From: "employeeId", Match: 2})
	for _, c := range []struct{ mail, id, want string }{
		{"M@a.test", "7", `userName eq "ada"; emails[type eq "work" and value eq "M@a.test"] and ` + ent + `:employeeNumber eq "7"; externalId eq "7"`},
		{"M@a.test", "", `userName eq "ada"`},
		{"", "7", `userName eq "ada"; externalId eq "7"`},
	} {
		rec := userOf(map[string]expression.Value{"userPrincipalName": expression.Text("ada"), "mail": expression.Text(c.mail), "employeeId": expression.Text(c.id)})
		d, _ := r.Evaluate(rec, Input{})
		var ways []string
		for _, terms := range r.Match(d) {
			var texts []string
			for _, term := range terms {
				texts = append(texts, term.Filter())
				if _, err := scim.ParseFilter(scim.UserType, term.Filter()); err != nil {
					t.Error(err)
				}
			}
			ways = append(ways, strings.Join(texts, " and "))
		}
		if got := strings.Join(ways, "; "); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		if in := r.MatchIn(mustDecode(t, string(r.CreateBody(d)))); !reflect.DeepEqual(in, r.Match(d)) {
			t.Errorf("in the body: %v", in)
		}
	}
	if key := (MatchTerm{mustPath("userName"), "Ada"}).Key(); key != (MatchKey{"userName", "ada"}) {
		t.Error(key)
	}
}

func TestSoftOnly(t *testing.T) {
	r := userRules(t, Mapping{Target: "active", Expression: `Not([IsSoftDeleted])`}, Mapping{Target: "title", From: "issoftdeleted"}, Mapping{Target: "nickName", From: "x"})
	d, _ := r.Evaluate(ada, Input{SoftDeleted: true})
	only := r.SoftOnly(d)
	if len(only.Values) != 2 || only.Values[0].Value != false || only.Values[1].Value != "True" {
		t.Errorf("%+v", only)
	}
}

func TestCompileFaults(t *testing.T) {
	for _, c := range []struct {
		mapping Mapping
		says    string
	}{
		{Mapping{Target: "emails[type", From: "x"}, "character 12"},
		{Mapping{Target: "USERNAME", From: "x"}, "mapped twice"},
		{Mapping{Target: "department", From: "x"}, ent + ":department"},
		{Mapping{Target: "givenName", From: "x"}, "name.givenName"},
		{Mapping{Target: "city", From: "x"}, "type: string"},
		{Mapping{Target: "locality", From: "x"}, `addresses[type eq "work"].locality`},
		{Mapping{Target: "name.given", From: "x"}, "no sub-attribute given"},
		{Mapping{Target: `emails[kind eq "x"].value`, From: "x"}, "no sub-attribute"},
		{Mapping{Target: "id", From: "x"}, "decided by the target"},
		{Mapping{Target: "groups", From: "x"}, "decided by the target"},
		{Mapping{Target: ent + ":manager.displayName", From: "x"}, "decided by the target"},
		{Mapping{Target: `name[type eq "x"].givenName`, From: "x"}, "no sub-attribute"},
		{Mapping{Target: "emails.value", From: "x"}, `emails[type eq "work"].value`},
		{Mapping{Target: "title"}, "exactly one"},
		{Mapping{Target: "title", From: "x", None: true}, "exactly one"},
		{Mapping{Target: "title", Expression: "Uper([x])"}, "Uper"},
		{Mapping{Target: "title", From: "x", Apply: "sometimes"}, "apply cannot be"},
		{Mapping{Target: "title", From: "x", Null: "zero"}, "null cannot be"},
		{Mapping{Target: "title", From: "x", Type: "text"}, "type cannot be"},
		{Mapping{Target: "title", From: "x", Null: NullDefault}, "needs a default"},
		{Mapping{Target: "title", From: "x", Null: NullClear, Default: textPtr("d")}, "by the next cycle"},
		{Mapping{Target: "title", From: "x", Match: -1}, "precedence"},
		{Mapping{Target: "title", None: true, Match: 2}, "no source"},
		{Mapping{Target: "active", From: "x", Match: 2}, "people cannot be found"},
		{Mapping{Target: "emails", From: "x", Match: 2}, "people cannot be found"},
		{Mapping{Target: ent + ":manager", From: "x", Match: 2}, "people cannot be found"},
		{Mapping{Target: "title", Expression: `SelectUniqueValue("a", "b")`, Match: 2}, "cannot match anybody"},
		{Mapping{Target: "title", From: "x", Apply: ApplyAdd}, "several values"},
	} {
		_, faults := Compile(source.User, ObjectMapping{Enabled: true, Mappings: Mappings{{Target: "userName", From: "u", Match: 1}, c.mapping}})
		if len(faults) != 1 || !strings.Contains(faults[0].Why, c.says) || !strings.HasPrefix(faults[0].Where, "users.mappings") {
			t.Errorf("%+v: %v", c.mapping, faults)
		}
	}
	for _, c := range []struct {
		m    ObjectMapping
		says string
	}{
		{ObjectMapping{Enabled: true, Mappings: Mappings{{Target: "userName", From: "u"}}}, "match: 1"},
		{ObjectMapping{Enabled: true, Mappings: Mappings{{Target: "externalId", From: "u", Match: 1}}}, "without userName"},
		{ObjectMapping{Actions: []string{"create", "hide"}}, `"hide"`},
		{ObjectMapping{Mappings: Mappings{{Target: "emails", From: "a"}, {Target: `emails[type eq "work"].value`, From: "b"}}}, "mapping of its own"},
		{ObjectMapping{Mappings: Mappings{{Target: "userName", From: "a", Null: NullClear}}}, "cannot be without"},
	} {
		if _, faults := Compile(source.User, c.m); len(faults) != 1 || !strings.Contains(faults[0].Why, c.says) {
			t.Errorf("%+v: %v", c.m, faults)
		}
	}
	if _, faults := Compile(source.User, ObjectMapping{Enabled: true, Actions: []string{"update"}, Mappings: Mappings{{Target: "externalId", From: "u", Match: 1}}}); len(faults) > 0 {
		t.Errorf("without creations userName is not needed: %v", faults)
	}
}

func TestCompileDefaults(t *testing.T) {
	for typ, m := range map[string]Mappings{source.User: DefaultUserMappings(), source.Group: DefaultGroupMappings()} {
		if _, faults := Compile(typ, ObjectMapping{Enabled: true, Mappings: m}); len(faults) > 0 {
			t.Errorf("%s: %v", typ, faults)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	r, _ := Compile(source.User, ObjectMapping{Enabled: true, Mappings: DefaultUserMappings()})
	for b.Loop() {
		r.Evaluate(ada, Input{})
	}
}
