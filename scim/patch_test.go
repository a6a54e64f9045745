package scim

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A step is a PATCH on a user: before and after as JSON, and the codes of the
// faults in order.
type step struct {
	name, before, operations, after string
	faults                          string
}

func (s step) run(t *testing.T, typ *ResourceType) {
	t.Helper()
	p, err := ParsePatch([]byte(`{"schemas":["` + PatchOpURN + `"],"Operations":[` + s.operations + `]}`))
	if err != nil {
		t.Errorf("%s: %v", s.name, err)
		return
	}
	before := mustObject(s.before)
	next, notes, faults := typ.Apply(before, p)
	if !reflect.DeepEqual(before, mustObject(s.before)) {
		t.Errorf("%s: the argument was changed to %v", s.name, before)
	}
	var codes []string
	for _, f := range faults {
		codes = append(codes, f.Err.Type+" "+f.Err.Code)
		if !strings.Contains(f.Err.Detail, "("+f.Err.Code+")") {
			t.Errorf("%s: %q does not tell its code", s.name, f.Err.Detail)
		}
	}
	if got := strings.Join(codes, ", "); got != s.faults {
		t.Errorf("%s: faults %q, want %q", s.name, got, s.faults)
	}
	if want := mustObject(s.after); !reflect.DeepEqual(next, want) {
		t.Errorf("%s:\n got %s\nwant %s\nnotes %q", s.name, appendValue(nil, next), appendValue(nil, want), notes)
	}
}

func runAll(t *testing.T, typ *ResourceType, steps []step) {
	t.Helper()
	for _, s := range steps {
		s.run(t, typ)
	}
}

func TestItem147Add(t *testing.T) {
	runAll(t, UserType, []step{
		{"single value is replaced", `{"nickName":"A"}`, `{"op":"add","path":"nickName","value":"Babs"}`, `{"nickName":"Babs"}`, ""},
		{"list grows", `{"emails":[{"value":"a"}]}`, `{"op":"add","path":"emails","value":[{"value":"b","type":"home"}]}`, `{"emails":[{"value":"a"},{"value":"b","type":"home"}]}`, ""},
		{"item 149: one object", `{}`, `{"op":"add","path":"emails","value":{"value":"b"}}`, `{"emails":[{"value":"b"}]}`, ""},
		{"item 148: present already", `{"emails":[{"value":"a","type":"work"}]}`, `{"op":"add","path":"emails","value":[{"value":"A","type":"Work"}]}`, `{"emails":[{"value":"a","type":"work"}]}`, ""},
		{"complex: set of sub-attributes", `{"name":{"givenName":"A"}}`, `{"op":"add","path":"name","value":{"familyName":"B"}}`, `{"name":{"givenName":"A","familyName":"B"}}`, ""},
		{"no path merges", `{"title":"x","emails":[{"value":"a"}]}`, `{"op":"add","value":{"emails":[{"value":"b"}],"nickName":"Babs"}}`, `{"title":"x","nickName":"Babs","emails":[{"value":"a"},{"value":"b"}]}`, ""},
		{"extension", `{}`, `{"op":"add","path":"` + ent + `:employeeNumber","value":"6546579"}`, `{"` + ent + `":{"employeeNumber":"6546579"}}`, ""},
		{"databricks-pgrp-002: null", `{"entitlements":[{"value":"a"}]}`, `{"op":"add","path":"entitlements","value":null}`, `{"entitlements":[{"value":"a"}]}`, ""},
		{"item 145: primary moves", `{"emails":[{"value":"a","primary":true}]}`, `{"op":"add","path":"emails","value":[{"value":"b","primary":true}]}`, `{"emails":[{"value":"a","primary":false},{"value":"b","primary":true}]}`, ""},
		{"item 145: by a filter", `{"emails":[{"value":"a","primary":true},{"value":"b"}]}`, `{"op":"add","path":"emails[value eq \"b\"].primary","value":true}`, `{"emails":[{"value":"a","primary":false},{"value":"b","primary":true}]}`, ""},
	})
}

func TestItem151Remove(t *testing.T) {
	runAll(t, UserType, []step{
		{"single", `{"nickName":"A","title":"x"}`, `{"op":"remove","path":"nickName"}`, `{"title":"x"}`, ""},
		{"sub-attribute", `{"name":{"formatted":"A","givenName":"B"}}`, `{"op":"remove","path":"name.formatted"}`, `{"name":{"givenName":"B"}}`, ""},
		{"last sub-attribute", `{"name":{"formatted":"A"}}`, `{"op":"remove","path":"name.formatted"}`, `{}`, ""},
		{"all values", `{"emails":[{"value":"a"},{"value":"b"}]}`, `{"op":"remove","path":"emails"}`, `{}`, ""},
		{"by filter", `{"emails":[{"value":"a","type":"work"},{"value":"b"}]}`, `{"op":"Remove","path":"emails[type eq \"work\"]"}`, `{"emails":[{"value":"b"}]}`, ""},
		{"by filter with or", `{"emails":[{"value":"a","type":"work"},{"value":"b"},{"value":"c","type":"home"}]}`, `{"op":"remove","path":"emails[type eq \"work\" or value eq \"b\"]"}`, `{"emails":[{"value":"c","type":"home"}]}`, ""},
		{"sub-attribute by filter", `{"addresses":[{"type":"work","region":"r","country":"c"},{"type":"home","region":"h"}]}`, `{"op":"Remove","path":"addresses[type eq \"work\"].region"}`, `{"addresses":[{"type":"work","country":"c"},{"type":"home","region":"h"}]}`, ""},
		{"only its type is left", `{"addresses":[{"type":"work","region":"r"}]}`, `{"op":"Remove","path":"addresses[type eq \"work\"].region"}`, `{}`, ""},
		{"sub-attribute of all", `{"emails":[{"value":"a","display":"A"},{"value":"b","display":"B"}]}`, `{"op":"remove","path":"emails.display"}`, `{"emails":[{"value":"a"},{"value":"b"}]}`, ""},
		{"item 153: nothing there", `{"title":"x"}`, `{"op":"remove","path":"nickName"},{"op":"remove","path":"emails[value eq \"a\"]"},{"op":"remove","path":"addresses[type eq \"work\"].region"},{"op":"remove","path":"country"}`, `{"title":"x"}`, ""},
		{"extension", `{"` + ent + `":{"department":"x"}}`, `{"op":"remove","path":"` + ent + `"}`, `{}`, ""},
		{"last of an extension", `{"` + ent + `":{"department":"x"}}`, `{"op":"remove","path":"` + ent + `:department"}`, `{}`, ""},
		{"bare country", `{"addresses":[{"type":"work","country":"FI","locality":"x"}]}`, `{"op":"remove","path":"country"}`, `{"addresses":[{"type":"work","locality":"x"}]}`, ""},
		{"generic-patch-002", `{"roles":[{"value":"3675:admin"},{"value":"a.b]c\"d"}]}`, `{"op":"remove","path":"roles[value eq \"3675:admin\"]"},{"op":"remove","path":"roles[value eq \"a.b]c\\\"d\"]"}`, `{}`, ""},
		{"item 138: without path", `{"displayName":"Ada"}`, `{"op":"Remove","value":{"displayName":"Ada"}}`, `{"displayName":"Ada"}`, "noTarget 400.31"},
		{"item 152: required", `{"userName":"a"}`, `{"op":"remove","path":"userName"}`, `{"userName":"a"}`, "mutability 400.16"},
		{"item 152: active", `{"active":true}`, `{"op":"remove","path":"active"}`, `{"active":true}`, "mutability 400.16"},
		{"item 152: read-only", `{"id":"1"}`, `{"op":"remove","path":"id"}`, `{"id":"1"}`, "mutability 400.32"},
	})
}

func TestItem154RemoveOnlyWhatIsListed(t *testing.T) {
	three := `{"members":[{"value":"u1"},{"value":"u2","display":"B"},{"value":"u3"}]}`
	two := `{"members":[{"value":"u1"},{"value":"u3"}]}`
	runAll(t, GroupType, []step{
		{"entra-pgrp-003", three, `{"op":"Remove","path":"members","value":[{"value":"u2"}]}`, two, ""},
		{"null $ref, other display", three, `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"u2","display":"other"}]}`, two, ""},
		{"one object", three, `{"op":"remove","path":"members","value":{"value":"u2"}}`, two, ""},
		{"bare text", three, `{"op":"remove","path":"members","value":["u2"]}`, two, ""},
		{"salesforce-pgrp-001", three, `{"op":"remove","path":"members","value":{"members":[{"$ref":null,"value":"u2"}]}}`, two, ""},
		{"nobody we have", three, `{"op":"remove","path":"members","value":[{"value":"U2"}]}`, three, ""},
		{"an empty list", three, `{"op":"remove","path":"members","value":[]}`, three, ""},
		{"entra-pgrp-004", three, `{"op":"remove","path":"members[value eq \"u2\"]"}`, two, ""},
		{"databricks-pgrp-001", three, `{"op":"remove","path":"members[value eq \"u2\"]","value":""}`, two, ""},
		{"entra-pgrp-012: bare", three, `{"op":"remove","path":"members"}`, `{}`, ""},
		{"generic-patch-012", three, `{"OP":" ReMoVe ","PATH":"  urn:ietf:params:scim:schemas:core:2.0:Group:members [ value EQ \"u2\" ] "}`, two, ""},
		{"okta-pgrp-002", three, `{"op":"remove","path":"members[value eq \"u2\"]"},{"op":"add","path":"members","value":[{"value":"u4"}]}`, `{"members":[{"value":"u1"},{"value":"u3"},{"value":"u4"}]}`, ""},
	})
	runAll(t, UserType, []step{
		{"value without type", `{"emails":[{"value":"a","type":"work"},{"value":"b"}]}`, `{"op":"remove","path":"emails","value":[{"value":"A"}]}`, `{"emails":[{"value":"b"}]}`, ""},
		{"value with another type", `{"emails":[{"value":"a","type":"work"}]}`, `{"op":"remove","path":"emails","value":[{"value":"a","type":"home"}]}`, `{"emails":[{"value":"a","type":"work"}]}`, ""},
		{"no value", `{"addresses":[{"country":"FI","type":"work"},{"country":"SE"}]}`, `{"op":"remove","path":"addresses","value":[{"type":"work"}]}`, `{"addresses":[{"country":"SE"}]}`, ""},
		{"databricks-pgrp-003", `{}`, `{"op":"remove","path":"entitlements","value":[{"value":"a"}]},{"op":"add","path":"entitlements","value":[{"value":"a"}]}`, `{"entitlements":[{"value":"a"}]}`, ""},
	})
}

func TestItem155Replace(t *testing.T) {
	runAll(t, UserType, []step{
		{"single", `{"title":"x"}`, `{"op":"replace","path":"title","value":"y"}`, `{"title":"y"}`, ""},
		{"absent", `{}`, `{"op":"replace","path":"title","value":"y"}`, `{"title":"y"}`, ""},
		{"whole list", `{"emails":[{"value":"a"},{"value":"b"}]}`, `{"op":"replace","path":"emails","value":[{"value":"c"}]}`, `{"emails":[{"value":"c"}]}`, ""},
		{"empty list", `{"emails":[{"value":"a"}]}`, `{"op":"replace","path":"emails","value":[]}`, `{}`, ""},
		{"item 156: complex merges", `{"name":{"familyName":"F","givenName":"G","formatted":"x"}}`, `{"op":"replace","path":"name","value":{"familyName":null,"givenName":"X"}}`, `{"name":{"givenName":"X","formatted":"x"}}`, ""},
		{"item 157: sub-attribute of all that match", `{"emails":[{"value":"a","type":"work"},{"value":"b","type":"work"},{"value":"c"}]}`, `{"op":"replace","path":"emails[type eq \"work\"].display","value":"W"}`, `{"emails":[{"value":"a","type":"work","display":"W"},{"value":"b","type":"work","display":"W"},{"value":"c"}]}`, ""},
		{"item 157: no match", `{"emails":[{"value":"a"}]}`, `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"b"}}`, `{"emails":[{"value":"a"}]}`, "noTarget 400.31"},
		{"no match, no eq", `{}`, `{"op":"replace","path":"emails[value co \"a\"].display","value":"b"}`, `{}`, "noTarget 400.31"},
		{"entra-patch-mv-014: element merges", `{"roles":[{"value":"Member","primary":true,"type":"t"}]}`, `{"op":"Replace","path":"roles[value eq \"Member\"]","value":{"display":"Team Member"}}`, `{"roles":[{"value":"Member","primary":true,"type":"t","display":"Team Member"}]}`, ""},
		{"entra-patch-mv-015: bare address", `{"emails":[{"value":"a","type":"home"}]}`, `{"op":"Replace","path":"emails","value":"new@example.com"}`, `{"emails":[{"value":"new@example.com","type":"work","primary":true}]}`, ""},
		{"emails.value", `{"emails":[{"value":"a"},{"value":"b","primary":true}]}`, `{"op":"replace","path":"emails.value","value":"c"}`, `{"emails":[{"value":"a"},{"value":"c","primary":true}]}`, ""},
		{"okta-patch-005", `{"active":true}`, `{"op":"replace","path":"active","value":[false]}`, `{"active":false}`, ""},
		{"no-op", `{"active":true}`, `{"op":"Replace","path":"active","value":"True"}`, `{"active":true}`, ""},
	})
	runAll(t, GroupType, []step{
		{"members.value is fixed", `{"members":[{"value":"a"}]}`, `{"op":"replace","path":"members[value eq \"a\"].value","value":"b"}`, `{"members":[{"value":"a"}]}`, "mutability 400.32"},
		{"nor can it be taken", `{"members":[{"value":"a"}]}`, `{"op":"remove","path":"members[value eq \"a\"].value"}`, `{"members":[{"value":"a"}]}`, "mutability 400.32"},
		{"authentik-pgrp-001", `{"displayName":"a","members":[{"value":"u"}]}`, `{"op":"replace","value":{"schemas":["x"],"id":"1","externalId":"pk","displayName":"devs"}}`, `{"displayName":"devs","externalId":"pk","members":[{"value":"u"}]}`, ""},
		{"onelogin-pgrp-002", `{"displayName":"a"}`, `{"op":"add","path":"members[value eq \"u\"]"}`, `{"displayName":"a","members":[{"value":"u"}]}`, ""},
		{"generic-create-010: duplicates", `{"displayName":"a"}`, `{"op":"add","path":"members","value":[{"value":"u"},{"value":"u","type":"User"},{"value":"v"}]}`, `{"displayName":"a","members":[{"value":"u","type":"User"},{"value":"v"}]}`, ""},
	})
}

func TestItem150CreateFromFilter(t *testing.T) {
	runAll(t, UserType, []step{
		{"entra-patch-mv-002", `{}`, `{"op":"Add","path":"emails[type eq \"work\"].value","value":"a@b"}`, `{"emails":[{"type":"work","value":"a@b"}]}`, ""},
		{"entra-patch-mv-005: one element of several operations", `{}`, `{"op":"add","path":"addresses[type eq \"work\"].country","value":"Australia"},{"op":"add","path":"addresses[type eq \"work\"].locality","value":"Sydney"},{"op":"add","path":"addresses[type eq \"work\"].formatted","value":"x"}`, `{"addresses":[{"type":"work","country":"Australia","locality":"Sydney","formatted":"x"}]}`, ""},
		{"entra-patch-mv-011: primary", `{}`, `{"op":"add","path":"roles[primary eq \"True\"].display","value":"T"},{"op":"add","path":"roles[primary eq \"True\"].value","value":"U"},{"op":"add","path":"roles[primary eq \"True\"].type","value":"V"}`, `{"roles":[{"primary":true,"display":"T","value":"U","type":"V"}]}`, ""},
		{"entra-patch-mv-022: primary stays", `{"emails":[{"value":"a","type":"work","primary":true}]}`, `{"op":"Replace","path":"emails[type eq \"other\"].value","value":"b"}`, `{"emails":[{"value":"a","type":"work","primary":true},{"value":"b","type":"other"}]}`, ""},
		{"entra-patch-mv-003: the others stay", `{"emails":[{"value":"a","type":"work","primary":true},{"value":"h","type":"home"}]}`, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"b"}`, `{"emails":[{"value":"b","type":"work","primary":true},{"value":"h","type":"home"}]}`, ""},
		{"entra-patch-mv-020", `{}`, `{"op":"Replace","path":"roles[type eq \"work\"].value","value":"e"},{"op":"Replace","path":"entitlements[type eq \"work\"].value","value":"v"}`, `{"roles":[{"type":"work","value":"e"}],"entitlements":[{"type":"work","value":"v"}]}`, ""},
		{"whole element with add", `{}`, `{"op":"add","path":"emails[type eq \"work\"]","value":{"value":"a"}}`, `{"emails":[{"type":"work","value":"a"}]}`, ""},
		{"null creates nothing", `{}`, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":null}`, `{}`, ""},
		{"two eq terms", `{"emails":[{"value":"a","type":"work"}]}`, `{"op":"add","path":"emails[type eq \"work\" and primary eq true].value","value":"b"}`, `{"emails":[{"value":"a","type":"work"},{"value":"b","type":"work","primary":true}]}`, ""},
		{"as a name without path", `{}`, `{"op":"replace","value":{"emails[type eq \"work\"].value":"a","title":"t"}}`, `{"title":"t","emails":[{"type":"work","value":"a"}]}`, ""},
	})
}

func TestItem159NamesAreAllPaths(t *testing.T) {
	runAll(t, UserType, []step{
		{"entra-patch-attr-004", `{"name":{"formatted":"x"}}`, `{"op":"replace","value":{"displayName":"B","name.givenName":"K","name.familyName":"U","` + ent + `:employeeNumber":"A"}}`, `{"displayName":"B","name":{"formatted":"x","givenName":"K","familyName":"U"},"` + ent + `":{"employeeNumber":"A"}}`, ""},
		{"entra-patch-attr-006: merges the extension", `{"` + ent + `":{"division":"d"}}`, `{"op":"replace","value":{"` + ent + `":{"department":"Sales"}}}`, `{"` + ent + `":{"division":"d","department":"Sales"}}`, ""},
		{"entra-patch-attr-016", `{"active":true,"name":{"familyName":"F","givenName":"G"}}`, `{"op":"Replace","value":{"name":{"familyName":null},"active":false}}`, `{"active":false,"name":{"givenName":"G"}}`, ""},
		{"entra-patch-attr-020: dot behind the URN", `{}`, `{"op":"Replace","path":"` + ent + `.department","value":"R&D"}`, `{"` + ent + `":{"department":"R&D"}}`, ""},
		{"entra-patch-attr-023", `{"title":"t","name":{"middleName":"m"},"displayName":"x","` + ent + `":{"department":"d","manager":{"value":"m"}}}`, `{"op":"Replace","value":{"title":null,"name.middleName":null,"displayName":"Ada L","` + ent + `":{"department":null,"manager":null}}}`, `{"displayName":"Ada L"}`, ""},
		{"entra-patch-attr-024", `{"addresses":[{"type":"work","country":"c","locality":"l"},{"type":"home","locality":"x","region":"r"}]}`, `{"op":"Replace","path":"addresses[type eq \"work\"].country","value":null},{"op":"Replace","path":"addresses[type eq \"home\"]","value":{"locality":"Bristol","region":null}}`, `{"addresses":[{"type":"work","locality":"l"},{"type":"home","locality":"Bristol"}]}`, ""},
		{"entra-patch-attr-025", `{"active":true,"title":"t"}`, `{"op":"Replace","path":"active","value":null}`, `{"active":true,"title":"t"}`, "invalidValue 400.16"},
		{"null for userName", `{"userName":"a"}`, `{"op":"Replace","value":{"userName":null,"title":"t"}}`, `{"userName":"a","title":"t"}`, "invalidValue 400.16"},
		{"entra-patch-attr-026", `{"` + ent + `":{"department":"d"}}`, `{"op":"Replace","path":"enterprise","value":{"department":null}}`, `{}`, ""},
		{"wso2-patch-001", `{"userName":"v"}`, `{"op":"add","value":{"userName":"vindula","EnterpriseUser":{"userName":"vindula","clinid":"testMary","costCenter":"1"}}}`, `{"userName":"vindula","` + ent + `":{"costCenter":"1"}}`, ""},
		{"core URN", `{"title":"a"}`, `{"op":"replace","path":"` + UserSchema + `:name.givenName","value":"G"},{"op":"replace","value":{"` + UserSchema + `:title":"b","` + UserSchema + `":{"nickName":"n"}}}`, `{"title":"b","nickName":"n","name":{"givenName":"G"}}`, ""},
		{"okta-pgrp-001: read-only names", `{"id":"1"}`, `{"op":"replace","value":{"id":"2","meta":{"version":"x"},"groups":[{"value":"g"}],"schemas":[],"title":"t","` + our + `":{"group":{"value":"x"}}}}`, `{"id":"1","title":"t"}`, ""},
		{"okta-patch-003: password", `{}`, `{"op":"replace","value":{"password":"secret"}},{"op":"add","path":"password","value":"secret"},{"op":"remove","path":"password"}`, `{}`, ""},
		{"entra-val-001", `{"externalId":"e1"}`, `{"op":"remove","path":"externalId"},{"op":"add","path":"externalId","value":"e2"},{"op":"replace","path":"externalId","value":"e3"}`, `{"externalId":"e3"}`, ""},
		{"bare country and department", `{"addresses":[{"country":"SE"},{"type":"home","country":"DK"}]}`, `{"op":"replace","value":{"country":"FI","department":"d"}}`, `{"addresses":[{"country":"FI"},{"type":"home","country":"DK"}],"` + ent + `":{"department":"d"}}`, ""},
		{"bare country loses", `{}`, `{"op":"replace","value":{"country":"SE","addresses":[{"type":"work","country":"FI"}],"department":"x","` + ent + `:department":"d"}}`, `{"addresses":[{"type":"work","country":"FI"}],"` + ent + `":{"department":"d"}}`, ""},
		{"bare country with path", `{"addresses":[{"type":"home","country":"SE"}]}`, `{"op":"replace","path":"Country","value":"FI"}`, `{"addresses":[{"type":"home","country":"SE"},{"type":"work","country":"FI"}]}`, ""},
		{"not an object", `{}`, `{"op":"replace","value":"x"}`, `{}`, "invalidSyntax 400.17"},
	})
}

func TestManager(t *testing.T) {
	has := `{"` + ent + `":{"manager":{"value":"m","$ref":"r","displayName":"M"}}}`
	runAll(t, UserType, []step{
		{"entra-patch-mgr-001", `{}`, `{"op":"Add","path":"` + ent + `:manager","value":"45"}`, `{"` + ent + `":{"manager":{"value":"45"}}}`, ""},
		{"entra-patch-mgr-002", `{}`, `{"op":"Add","path":"manager","value":[{"$ref":"http://x","value":"45"}]}`, `{"` + ent + `":{"manager":{"value":"45","$ref":"http://x"}}}`, ""},
		{"another manager", has, `{"op":"Replace","path":"manager","value":"45"}`, `{"` + ent + `":{"manager":{"value":"45"}}}`, ""},
		{"the same manager", has, `{"op":"Replace","path":"manager","value":{"value":"m"}}`, has, ""},
		{"manager.value", has, `{"op":"Replace","path":"` + ent + `:manager.value","value":"45"}`, `{"` + ent + `":{"manager":{"value":"45"}}}`, ""},
		{"entra-patch-mgr-005", has, `{"op":"Replace","path":"` + ent + `:manager","value":null}`, `{}`, ""},
		{"empty text", has, `{"op":"Replace","path":"manager","value":""}`, `{}`, ""},
		{"entra-patch-mgr-007", has, `{"op":"remove","path":"` + ent + `:manager"}`, `{}`, ""},
		{"entra-patch-mgr-008", has, `{"op":"remove","path":"manager[value eq \"m\"]"}`, `{}`, ""},
		{"another one's", has, `{"op":"remove","path":"manager[value eq \"x\"]"}`, has, ""},
		{"entra-patch-mgr-010", has, `{"op":"Remove","path":"` + ent + `:manager","value":[{"value":"mgr-7"}]}`, `{}`, ""},
		{"displayName is read-only", has, `{"op":"replace","path":"manager.displayName","value":"N"},{"op":"replace","path":"manager.displayName","value":"M"}`, has, "mutability 400.32"},
	})
}

func TestItem141ReadOnlyPaths(t *testing.T) {
	o := `{"id":"1","meta":{"version":"v"},"groups":[{"value":"g"}],"` + our + `":{"group":{"value":"x"}}}`
	runAll(t, UserType, []step{
		{"what stands", o, `{"op":"replace","path":"id","value":"1"},{"op":"replace","path":"meta.version","value":"v"},{"op":"replace","path":"groups","value":[{"value":"g"}]}`, o, ""},
		{"something else", o, `{"op":"replace","path":"id","value":"2"},{"op":"add","path":"groups","value":[{"value":"h"}]},{"op":"replace","path":"` + our + `:group.value","value":"y"},{"op":"remove","path":"` + our + `"},{"op":"replace","path":"schemas","value":["x"]}`, o,
			"mutability 400.32, mutability 400.32, mutability 400.32, mutability 400.32, mutability 400.32"},
	})
}

func TestItem139Paths(t *testing.T) {
	for path, want := range map[string]string{
		"emails[type eq \"work\"":       "invalidFilter 400.20",
		"emails[type \"work\"]":         "invalidFilter 400.20",
		"emails[type eq \"work\"]value": "invalidPath 400.30",
		"emails[type eq \"work\"].":     "invalidPath 400.30",
		"emails[primary gt true]":       "invalidFilter 400.22",
		"userName[value eq \"x\"]":      "invalidPath 400.30",
		"/active":                       "invalidPath 400.30",
		"user name":                     "invalidPath 400.30",
		".name":                         "invalidPath 400.30",
		"[type eq \"work\"]":            "invalidPath 400.30",
		"name.":                         "invalidPath 400.30",
		"adreses":                       "",
		"name.shoe":                     "",
		"emails[shoe eq \"x\"].value":   "",
		"emails[type eq \"x\"].shoe":    "",
		"urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User:isFederatedUser": "",
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department":         "",
	} {
		next, notes, faults := UserType.Apply(Object{"title": "t"}, &Patch{[]Operation{{"replace", path, "x"}, {"replace", "nickName", "n"}}})
		got := ""
		for _, f := range faults {
			got = f.Err.Type + " " + f.Err.Code
		}
		if got != want || (want == "") != (len(notes) == 1) || len(next) != 2 || next["nickName"] != "n" {
			t.Errorf("%s: faults %v, notes %q, %v", path, got, notes, next)
		}
	}
}

func TestRolesWrappedInJSON(t *testing.T) { // entra-patch-mv-013
	step{"roles", `{"roles":[{"value":"Old"}]}`,
		`{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"827f0d2e\",\"value\":\"DocumentMgmt-Admin\",\"displayName\":\"DocumentMgmt Admin\"}"},{"value":"{not json"}]}`,
		`{"roles":[{"value":"Old"},{"value":"DocumentMgmt-Admin","display":"DocumentMgmt Admin"},{"value":"{not json"}]}`, ""}.run(t, UserType)
}

func TestParsePatch(t *testing.T) {
	p, err := ParsePatch([]byte(`{"SCHEMAS":[],"OPERATIONS":[{"OP":" ReMoVe ","PATH":" title ","name":"x"},{"op":"Add","value":{"a":1}}]}`))
	want := []Operation{{"remove", "title", nil}, {"add", "", Object{"a": Number("1")}}}
	if err != nil || !reflect.DeepEqual(p.Operations, want) {
		t.Errorf("got %v, %v", p, err)
	}
	again, err := ParsePatch(p.JSON())
	if err != nil || !reflect.DeepEqual(again, p) {
		t.Errorf("%s: %v, %v", p.JSON(), again, err)
	}
	if p, err := ParsePatch([]byte(`{"Operations":[]}`)); err != nil || len(p.Operations) != 0 {
		t.Errorf("no operations: %v", err)
	}
	for body, code := range map[string]string{
		`[]`: "400.17", `{}`: "400.17", `{"Operations":null}`: "400.17",
		`{"Operations":{"op":"add","path":"members","value":{}}}`: "400.17",
		`{"Operations":["x"]}`: "400.17", `{"Operations":[{}]}`: "400.17",
		`{"Operations":[{"op":"move","path":"a"}]}`: "400.17", `{"Operations":[{"op":1}]}`: "400.17",
		`{"Operations":[{"op":"add","path":1}]}`: "400.17", `{"Operations":`: "400.10",
		`{"Operations":[],"operations":[]}`:                                          "400.11",
		`{"Operations":[` + strings.Repeat(`{"op":"add"},`, 1000) + `{"op":"add"}]}`: "413.2",
	} {
		_, err := ParsePatch([]byte(body))
		if e, ok := err.(*Error); !ok || e.Code != code {
			t.Errorf("%.50s: %v, want %s", body, err, code)
		}
	}
}

// TestApplyHolds: whatever the operations, Apply is repeatable, leaves its
// argument alone, and its outcome is canonical.
func TestApplyHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawUser(t)
		before := CloneObject(o)
		p := &Patch{}
		for range rapid.IntRange(1, 4).Draw(t, "n") {
			p.Operations = append(p.Operations, drawOperation(t))
		}
		next, _, faults := UserType.Apply(o, p)
		if !reflect.DeepEqual(o, before) {
			t.Fatalf("the argument became %v", o)
		}
		again, _, more := UserType.Apply(o, p)
		if !reflect.DeepEqual(next, again) || len(faults) != len(more) {
			t.Fatalf("%v, then %v", next, again)
		}
		canonical(t, next)
		if next["userName"] == nil || before["active"] != nil && next["active"] == nil {
			t.Fatalf("lost what must stay: %v", next)
		}
	})
}

// canonical holds that parsing what was written gives the same object, and that
// primary is true at most once.
func canonical(t interface{ Fatalf(string, ...any) }, o Object) {
	text := UserType.Append(nil, o)
	r, err := UserType.Parse(text)
	if err != nil || len(r.Notes)+len(r.Faults) > 0 || !reflect.DeepEqual(r.Object(), o) {
		t.Fatalf("%s: parsed %v, %q, %v, %v", text, r.Object(), r.Notes, r.Faults, err)
	}
	for name, v := range o {
		primaries := 0
		for _, e := range Elements(v) {
			if isPrimary(e) {
				primaries++
			}
		}
		if primaries > 1 {
			t.Fatalf("%d primary %s in %s", primaries, name, text)
		}
	}
}

// TestApplyTwice: replace and remove say how things shall be, so saying it twice
// changes nothing more.
func TestApplyTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := drawOperation(t)
		if op.Op == "add" {
			op.Op = "replace"
		}
		p := &Patch{[]Operation{op}}
		once, _, _ := UserType.Apply(drawUser(t), p)
		twice, _, _ := UserType.Apply(once, p)
		if changed := Changed(once, twice); len(changed) > 0 {
			t.Fatalf("%v twice changed %v: %v, then %v", op, changed, once, twice)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"name.familyName", `emails[type eq "work"].value`, ent + ":manager.value", "country", "[", `a[b eq "]"]`, UserSchema, "/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := UserType.parsePath(s)
		if err == nil && p.attr == nil && p.ext == "" && !strings.EqualFold(strings.TrimSpace(s), UserSchema) && !strings.Contains(strings.ToLower(s), "urn:") {
			t.Fatalf("%q leads nowhere", s)
		}
		for _, op := range []string{"add", "remove", "replace"} {
			next, _, _ := UserType.Apply(Object{"userName": "a", "active": true}, &Patch{[]Operation{{op, s, "x"}}})
			canonical(t, next)
		}
	})
}

func FuzzApply(f *testing.F) {
	f.Add([]byte(`{"Operations":[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"a"},{"op":"add","value":{"name.givenName":"x","country":"FI"}}]}`))
	f.Add([]byte(`{"Operations":[{"op":"remove","path":"emails","value":[{"value":"a"}]},{"op":"add","path":"roles","value":["a",{"value":"a"}]}]}`))
	f.Add([]byte(`{"Operations":[{"op":"add","path":"manager","value":[{"value":1}]},{"op":"replace","path":"addresses[type eq \"work\" and country eq null].region","value":true}]}`))
	start := mustObject(`{"userName":"a","active":true,"emails":[{"value":"a","type":"work","primary":true},{"value":"b"}],"addresses":[{"country":"FI"}]}`)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePatch(data)
		if err != nil {
			return
		}
		next, _, _ := UserType.Apply(start, p)
		canonical(t, next)
		if next["active"] == nil || next["userName"] == nil {
			t.Fatalf("%s: %v", data, next)
		}
	})
}
