package provision

import (
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source"
)

func userOf(attributes map[string]expression.Value) *source.Record {
	return &source.Record{Type: source.User, Anchor: "a1", Attributes: attributes}
}

// TestScopeOperators is the truth table of Entra's reference: every operator on
// a value that fits, on one that does not, and on none.
func TestScopeOperators(t *testing.T) {
	null, empty := expression.Null, expression.Text("")
	text, list := expression.Text, expression.List
	for _, c := range []struct {
		operator, value string
		has             expression.Value
		want            bool
	}{
		{"EQUALS", "Sales", text("Sales"), true},
		{"EQUALS", "Sales", text("sales"), false},
		{"EQUALS", "Sales", null, false},
		{"EQUALS", "Sales", empty, false},
		{"NOT EQUALS", "Sales", text("sales"), true},
		{"NOT EQUALS", "Sales", text("Sales"), false},
		{"NOT EQUALS", "Sales", null, false},
		{"NOT EQUALS", "Sales", empty, false},
		{"IS TRUE", "", text("True"), true},
		{"IS TRUE", "", text("true"), true},
		{"IS TRUE", "", text("False"), false},
		{"IS TRUE", "", null, false},
		{"IS FALSE", "", text("False"), true},
		{"IS FALSE", "", text("True"), false},
		{"IS FALSE", "", null, false},
		{"IS NULL", "", null, true},
		{"IS NULL", "", empty, true},
		{"IS NULL", "", list(), true},
		{"IS NULL", "", text("x"), false},
		{"IS NOT NULL", "", text("x"), true},
		{"IS NOT NULL", "", null, false},
		{"IS NOT NULL", "", empty, false},
		{"REGEX MATCH", `([1-9][0-9])`, text("42"), true},
		{"REGEX MATCH", `([1-9][0-9])`, text("7"), false},
		{"REGEX MATCH", `(1[0-9][0-9][0-9][0-9][0-9][0-9])`, text("1234567"), true},
		{"REGEX MATCH", `.*\@domain.com`, text("ada@domain.com"), true},
		{"REGEX MATCH", `.*\@domain.com`, text("ada@DOMAIN.com"), false},
		{"REGEX MATCH", `^a$`, text("ba"), false},
		{"REGEX MATCH", `a`, text("bab"), true},
		{"REGEX MATCH", `.*`, null, false},
		{"NOT REGEX MATCH", `.*\@domain.com`, text("ada@domain.com"), false},
		{"NOT REGEX MATCH", `.*\@domain.com`, text("ada@other.com"), true},
		{"NOT REGEX MATCH", `.*\@domain.com`, null, false},
		{"GREATER_THAN", "10", text("11"), true},
		{"GREATER_THAN", "10", text("10"), false},
		{"GREATER_THAN", "10", text("9"), false},
		{"GREATER_THAN", "10", text("eleven"), false},
		{"GREATER_THAN", "10", text("11.5"), false},
		{"GREATER_THAN", "10", null, false},
		{"GREATER_THAN_OR_EQUALS", "10", text("10"), true},
		{"GREATER_THAN_OR_EQUALS", "10", text("9"), false},
		{"GREATER_THAN_OR_EQUALS", "-1", text("0"), true},
		{"GREATER_THAN_OR_EQUALS", "10", null, false},
		{"INCLUDES", "ale", text("Sales"), true},
		{"INCLUDES", "sale", text("Sales"), false},
		{"INCLUDES", "ale", null, false},
		{"ENDS_WITH", "@a.test", text("x@a.test"), true},
		{"ENDS_WITH", "@a.test", text("x@A.test"), false},
		{"ENDS_WITH", "@a.test", null, false},
		{"&", "Sales;Marketing", text("Sales"), true},
		{"&", "Sales;Marketing", text("HR"), false},
		{"&", "Sales;Marketing", null, false},
		{"!&", "Sales;Marketing", text("Sales"), false},
		{"!&", "Sales;Marketing", text("HR"), true},
		{"!&", "Sales;Marketing", null, false},
		// lists: one value is enough, and a negation is about all
		{"EQUALS", "b", list("a", "b"), true},
		{"EQUALS", "c", list("a", "b"), false},
		{"NOT EQUALS", "b", list("a", "b"), false},
		{"NOT EQUALS", "c", list("a", "b"), true},
		{"NOT REGEX MATCH", "b", list("a", "b"), false},
		{"!&", "b;c", list("a", "b"), false},
	} {
		filter := [][]Clause{{{Attribute: "x", Operator: c.operator, Value: c.value}}}
		compiled, faults := CompileScope(Scope{Sync: SyncAll, Filters: filter})
		if len(faults) > 0 {
			t.Fatalf("%s %s: %v", c.operator, c.value, faults)
		}
		d := compiled.Decide(userOf(map[string]expression.Value{"x": c.has}), false, "")
		if d.In != c.want || len(d.Clauses) != 1 || d.Clauses[0].Holds != c.want {
			t.Errorf("%s %q of %q: %v, want %v", c.operator, c.value, c.has.Texts(), d.In, c.want)
		}
	}
	if n := len(operators); n != 14 {
		t.Errorf("Entra has fourteen operators, not %d", n)
	}
}

func TestScopeIgnoreCase(t *testing.T) {
	for _, c := range []struct {
		operator, value, has string
		want                 bool
	}{
		{"EQUALS", "SALES", "sales", true},
		{"NOT EQUALS", "SALES", "sales", false},
		{"INCLUDES", "STRASSE", "Hauptstraße", true},
		{"ENDS_WITH", "@A.TEST", "x@a.test", true},
		{"&", "SALES;HR", "sales", true},
		{"REGEX MATCH", "^SALES$", "sales", true},
		{"NOT REGEX MATCH", "^SALES$", "sales", false},
	} {
		s := Scope{Sync: SyncAll, Filters: [][]Clause{{{Attribute: "x", Operator: c.operator, Value: c.value, IgnoreCase: true}}}}
		if d := s.Decide(userOf(map[string]expression.Value{"x": expression.Text(c.has)}), false, ""); d.In != c.want {
			t.Errorf("%s %q of %q: %v", c.operator, c.value, c.has, d.In)
		}
	}
}

func TestScopeSpellings(t *testing.T) {
	for _, name := range []string{"equals", "Greater_Than_OR_EQUALS", "Greater_Than", "Includes", "IsNotNull", "IS NOT NULL", "NOT_REGEX_MATCH", "ends-with"} {
		if operatorOf(name) == nil {
			t.Errorf("%s is not known", name)
		}
	}
	if operatorOf("CONTAINS") != nil {
		t.Error("CONTAINS is no operator of Entra's")
	}
}

func TestScopeDecide(t *testing.T) {
	sales := [][]Clause{{{Attribute: "department", Operator: "EQUALS", Value: "Sales"}}}
	both := append(sales, []Clause{{Attribute: "country", Operator: "EQUALS", Value: "FI"}, {Attribute: "city", Operator: "IS NOT NULL"}})
	hr := map[string]expression.Value{"department": expression.Text("HR"), "country": expression.Text("FI")}
	for _, c := range []struct {
		scope    Scope
		has      map[string]expression.Value
		assigned bool
		via      string
		in       bool
		why      string
	}{
		{Scope{Sync: SyncAll}, nil, false, "", true, "everybody is in scope"},
		{Scope{}, nil, false, "", false, "not assigned, neither directly nor by a group"},
		{Scope{Sync: SyncAssigned}, nil, true, "direct", true, "assigned directly"},
		{Scope{Sync: SyncAssigned}, nil, true, "Staff > Sales", true, "assigned via Staff > Sales"},
		{Scope{Filters: sales}, map[string]expression.Value{"department": expression.Text("Sales")}, true, "direct", true, `assigned directly; department is "Sales": filter 1 holds`},
		{Scope{Filters: sales}, hr, true, "direct", false, `assigned directly; no filter holds: in filter 1, department is "HR", and must be "Sales"`},
		{Scope{Sync: SyncAll, Filters: both}, hr, false, "", false, `everybody is in scope; no filter holds: in filter 1, department is "HR", and must be "Sales"; in filter 2, city has no value, and must have a value`},
		{Scope{Sync: SyncAll, Filters: both}, map[string]expression.Value{"COUNTRY": expression.Text("FI"), "city": expression.Text("Oulu")}, false, "", true, `everybody is in scope; country is "FI" and city is "Oulu": filter 2 holds`},
		{Scope{Filters: sales}, nil, false, "", false, "not assigned, neither directly nor by a group"},
	} {
		d := c.scope.Decide(userOf(c.has), c.assigned, c.via)
		if d.In != c.in || d.Why != c.why {
			t.Errorf("got %v, %s\nwant %v, %s", d.In, d.Why, c.in, c.why)
		}
	}
}

// TestScopeOfGroups: users' filters are not about groups.
func TestScopeOfGroups(t *testing.T) {
	s := Scope{Sync: SyncAll, Filters: [][]Clause{{{Attribute: "department", Operator: "EQUALS", Value: "Sales"}}},
		GroupFilters: [][]Clause{{{Attribute: "objectId", Operator: "EQUALS", Value: "g1"}}}}
	for anchor, want := range map[string]bool{"g1": true, "g2": false} {
		if d := s.Decide(&source.Record{Type: source.Group, Anchor: anchor}, false, ""); d.In != want {
			t.Errorf("%s: %v, %s", anchor, d.In, d.Why)
		}
	}
}

func TestScopeFaults(t *testing.T) {
	for _, c := range []struct {
		clause Clause
		says   string
	}{
		{Clause{Attribute: "x", Operator: "CONTAINS", Value: "a"}, "no operator"},
		{Clause{Operator: "EQUALS", Value: "a"}, "names no attribute"},
		{Clause{Attribute: "x", Operator: "EQUALS"}, "needs a value"},
		{Clause{Attribute: "x", Operator: "IS NULL", Value: "a"}, "takes no value"},
		{Clause{Attribute: "x", Operator: "GREATER_THAN", Value: "1.5"}, "whole numbers"},
		{Clause{Attribute: "x", Operator: "REGEX MATCH", Value: "("}, "cannot be read"},
		{Clause{Attribute: "x", Operator: "REGEX MATCH", Value: "^(?!a)"}, "ahead or behind"},
	} {
		s := Scope{Sync: SyncAll, Filters: [][]Clause{{c.clause}}}
		compiled, faults := CompileScope(s)
		if len(faults) != 1 || faults[0].Where != "scope.filters.1.1" || !strings.Contains(faults[0].Why, c.says) {
			t.Errorf("%+v: %v", c.clause, faults)
		}
		// What cannot be read lets nobody in.
		if d := compiled.Decide(userOf(map[string]expression.Value{"x": expression.Text("1")}), false, ""); d.In {
			t.Errorf("%+v lets somebody in", c.clause)
		}
	}
	if _, faults := CompileScope(Scope{Filters: [][]Clause{{}}}); len(faults) != 1 {
		t.Errorf("a filter without clauses: %v", faults)
	}
}
