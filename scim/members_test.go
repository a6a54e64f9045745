package scim

import (
	"fmt"
	"strings"
	"testing"
)

// told is a MemberOp in few characters: +a,b -a =a,b !.
func told(ops []MemberOp) string {
	var all []string
	for _, op := range ops {
		s := string("+-=!"[op.Kind])
		for i, m := range op.Members {
			if i > 0 {
				s += ","
			}
			if s += m.Value; m.Type != "" {
				s += ":" + m.Type
			}
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// All spellings of the wire catalogue, by its ids where it has one; items 137
// to 157 as far as they are about members.
func TestSplitMembers(t *testing.T) {
	const urn = GroupSchema
	for _, c := range []struct{ id, operations, want string }{
		{"entra-pgrp-001", `{"op":"Add","path":"members","value":[{"$ref":null,"value":"a"}]}`, "+a"},
		{"entra-pgrp-003", `{"op":"Remove","path":"members","value":[{"value":"a"}]}`, "-a"},
		{"entra-pgrp-004", `{"op":"remove","path":"members[value eq \"a\"]"}`, "-a"},
		{"entra-pgrp-007", `{"op":"Add","path":"members","value":[{"value":"a"},{"value":"b"},{"value":"a"}]}`, "+a,b"},
		{"entra-pgrp-010", `{"op":"Replace","path":"members","value":[{"value":"a"}]}`, "=a"},
		{"entra-pgrp-012", `{"op":"remove","path":"members"}`, "!"},
		{"entra-pgrp-014", `{"op":"add","path":"members","value":[{"displayName":"x","value":"a"}],"name":"addMember"}`, "+a"},
		{"entra-val-005", `{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"remove","path":"members[value eq \"a\"]"}`, "+a -a"},
		{"okta-pgrp-002", `{"op":"remove","path":"members[value eq \"a\"]"},{"op":"add","path":"members","value":[{"value":"b","display":"B"}]}`, "-a +b"},
		{"okta-pgrp-005", `{"op":"replace","path":"members","value":[]}`, "!"},
		{"okta-pgrp-007", `{"op":"replace","value":{"members":[{"value":"a"}]}}`, "=a"},
		{"onelogin-pgrp-002", `{"op":"add","path":"members[value eq \"a\"]"}`, "+a"},
		{"authentik-pgrp-004", `{"op":"add","path":"members","value":[{"value":"a","type":"User"}]}`, "+a:User"},
		{"salesforce-pgrp-001", `{"op":"remove","path":"members","value":{"members":[{"$ref":null,"value":"a"}]}}`, "-a"},
		{"databricks-pgrp-001", `{"op":"remove","path":"members[value eq \"a\"]","value":""}`, "-a"},
		{"databricks-pgrp-002", `{"op":"add","path":"members","value":[]}`, ""},
		{"generic-patch-012", `{"OP":" ReMoVe ","PATH":"  ` + urn + `:members [ value EQ \"a\" ] "}`, "-a"},
		{"bare text", `{"op":"add","path":"members","value":["a","b"]}`, "+a,b"},
		{"one object", `{"op":"add","path":"members","value":{"value":"a"}}`, "+a"},
		{"one text", `{"op":"add","path":"members","value":"a"}`, "+a"},
		{"a number", `{"op":"add","path":"members","value":[{"value":7}]}`, "+7"},
		{"$ref alone", `{"op":"add","path":"members","value":[{"$ref":"https://x/scim/v2/Users/a"}]}`, "+a"},
		{"nested under add", `{"op":"add","path":"members","value":{"members":["a"]}}`, "+a"},
		{"nested, empty", `{"op":"replace","path":"members","value":{"members":[]}}`, "!"},
		{"replace with null", `{"op":"replace","path":"members","value":null}`, "!"},
		{"replace without value", `{"op":"replace","path":"members"}`, "!"},
		{"remove none", `{"op":"remove","path":"members","value":[]}`, ""},
		{"remove with null", `{"op":"remove","path":"members","value":null}`, "!"},
		{"replace with no id", `{"op":"replace","path":"members","value":[{"display":"x"}]}`, ""},
		{"path without path", `{"op":"add","value":{"MEMBERS":"a","` + urn + `:members":["b"]}}`, "+a +b"},
		{"filter as name", `{"op":"add","value":{"members[value eq \"a\"]":{"display":"A"}}}`, "+a"},
		{"schema object", `{"op":"replace","value":{"` + urn + `":{"members":["a"]}}}`, "=a"},
		{"schema path", `{"op":"replace","path":"` + urn + `","value":{"members":["a"]}}`, "=a"},
		{"URN dot", `{"op":"add","path":"` + urn + `.members","value":"a"}`, "+a"},
		{"two of them", `{"op":"remove","path":"members[value eq \"a\" or value eq \"b\"]"}`, "-a,b"},
		{"with type", `{"op":"remove","path":"members[type eq \"User\" and value eq \"a\"]"}`, "-a:User"},
		{"in the place of", `{"op":"replace","path":"members[value eq \"a\"]","value":{"value":"b"}}`, "-a +b"},
		{"the same again", `{"op":"replace","path":"members[value eq \"a\"]","value":[{"value":"a","display":"A"}]}`, "+a"},
		{"cleared", `{"op":"replace","path":"members[value eq \"a\"]","value":null}`, "-a"},
		{"display", `{"op":"replace","path":"members[value eq \"a\"].display","value":"A"}`, "+a"},
		{"no display", `{"op":"remove","path":"members[value eq \"a\"].display"}`, ""},
		{"members.value", `{"op":"add","path":"members.value","value":"a"}`, "+a"},
	} {
		p, err := ParsePatch([]byte(`{"Operations":[` + c.operations + `]}`))
		if err != nil {
			t.Fatalf("%s: %v", c.id, err)
		}
		rest, ops, _, faults := SplitMembers(p)
		if got := told(ops); got != c.want || len(faults) > 0 || len(rest.Operations) > 0 {
			t.Errorf("%s: %q, want %q; faults %v, rest %v", c.id, got, c.want, faults, rest.Operations)
		}
	}
}

func TestSplitMembersLeavesTheRest(t *testing.T) {
	p, err := ParsePatch([]byte(`{"Operations":[{"op":"replace","value":{"displayName":"Crew","members":["a"],"shoeSize":4}},
		{"op":"replace","path":"externalId","value":"7"},{"op":"remove"},{"op":"add","path":"members","value":[true,{"display":"x"},"b"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	rest, ops, notes, faults := SplitMembers(p)
	if got := told(ops); got != "=a +b" {
		t.Errorf("members: %s", got)
	}
	if got := fmt.Sprint(rest.Operations); got != "[{replace  map[displayName:Crew shoeSize:4]} {replace externalId 7} {remove  <nil>}]" {
		t.Errorf("rest: %s", got)
	}
	if len(notes) != 1 || len(faults) != 1 || faults[0].Err.Code != "400.13" {
		t.Errorf("notes %q, faults %v", notes, faults)
	}
}

func TestSplitMembersFaults(t *testing.T) {
	for operation, code := range map[string]string{
		`{"op":"remove","path":"members[type eq \"User\"]"}`:                             "400.22",
		`{"op":"remove","path":"members[not (value eq \"a\")]"}`:                         "400.22",
		`{"op":"remove","path":"members[value sw \"a\"]"}`:                               "400.22",
		`{"op":"remove","path":"members[value eq \"a\""}`:                                "400.20",
		`{"op":"replace","path":"members.value","value":"b"}`:                            "400.32",
		`{"op":"replace","path":"members[value eq \"a\"].value","value":"b"}`:            "400.32",
		`{"op":"remove","path":"members[value eq \"a\"].value"}`:                         "400.32",
		`{"op":"add","path":"members[value eq \"a\" or type eq \"x\"]","value":{"a":1}}`: "400.22",
	} {
		p, err := ParsePatch([]byte(`{"Operations":[` + operation + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		rest, ops, _, faults := SplitMembers(p)
		if len(faults) != 1 || faults[0].Err.Code != code || len(ops) > 0 || len(rest.Operations) > 0 {
			t.Errorf("%s: ops %v, rest %v, faults %v", operation, ops, rest.Operations, faults)
		}
	}
}

// generic-create-010, sailpoint-gcreate-001, wso2-gcreate-001.
func TestMembersOfABody(t *testing.T) {
	for body, want := range map[string]string{
		`{"displayName":"x","members":[{"value":"a"},{"value":"a"},"b",{"display":"nobody"}]}`: "+a,b",
		`{"displayName":"x","Members":{"value":"g","type":"Group"}}`:                           "+g:Group",
		`{"displayName":"x","members":null}`:                                                   "+",
		`{"displayName":"x"}`:                                                                  "+",
	} {
		r, err := GroupType.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := told([]MemberOp{{AddMembers, r.Members()}}); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
