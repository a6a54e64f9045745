package scim

import (
	"encoding/json/v2"
	"strings"
	"testing"
)

// TestItem73Characteristics is RFC 7643 section 8.7.1 with its errata: what is
// not named here has the defaults.
func TestItem73Characteristics(t *testing.T) {
	special := map[string]string{
		"userName":                   "required uniqueness=server",
		"profileUrl":                 "caseExact reference=external",
		"photos.value":               "caseExact reference=external",
		"x509Certificates.value":     "caseExact",
		"groups":                     "readOnly",
		"groups.value":               "caseExact readOnly",
		"groups.$ref":                "caseExact readOnly reference=Group",
		"groups.display":             "readOnly",
		"groups.type":                "readOnly",
		"displayName":                "",
		ent + ":manager.value":       "caseExact",
		ent + ":manager.$ref":        "caseExact reference=User",
		ent + ":manager.displayName": "readOnly",
		our + ":group":               "readOnly",
		our + ":group.value":         "caseExact readOnly",
		our + ":group.display":       "caseExact readOnly",
		our + ":teams":               "readOnly",
		our + ":teams.value":         "caseExact readOnly",
		our + ":teams.display":       "readOnly",
		our + ":teams.origins":       "caseExact readOnly",
	}
	seen := 0
	each(UserType, func(name string, a *Attribute) {
		seen++
		if got := describe(a); got != special[name] {
			t.Errorf("%s: %q, want %q", name, got, special[name])
		}
	})
	if seen < 70 {
		t.Errorf("only %d attributes", seen)
	}
	members := map[string]string{
		"displayName": "required", "members.value": "caseExact immutable",
		"members.$ref": "caseExact immutable reference=User,Group", "members.type": "immutable",
	}
	each(GroupType, func(name string, a *Attribute) {
		if got := describe(a); got != members[name] {
			t.Errorf("group %s: %q, want %q", name, got, members[name])
		}
	})
	if p := UserType.discarded[0]; p.Name != "password" || p.Mutability != "writeOnly" || p.Returned != "never" {
		t.Errorf("password: %v", p)
	}
}

func each(typ *ResourceType, do func(string, *Attribute)) {
	all := func(ext string, attributes []*Attribute) {
		for _, a := range attributes {
			do(ref{ext: ext, attr: a}.String(), a)
			for _, sub := range a.SubAttributes {
				do(ref{ext: ext, attr: a, sub: sub}.String(), sub)
			}
		}
	}
	all("", typ.Schema.Attributes)
	for _, e := range typ.Extensions {
		all(e.Schema.ID, e.Schema.Attributes)
	}
}

// describe names what differs from the defaults of RFC 7643 section 2.2.
func describe(a *Attribute) string {
	var words []string
	add := func(is bool, word string) {
		if is {
			words = append(words, word)
		}
	}
	add(a.Required, "required")
	add(a.CaseExact, "caseExact")
	add(a.Mutability != "readWrite", a.Mutability)
	add(a.Returned != "default", "returned="+a.Returned)
	add(a.Type != typeComplex && a.Uniqueness != "none", "uniqueness="+a.Uniqueness)
	add(a.Type == typeComplex && a.Uniqueness != "", "complex with uniqueness")
	add(a.Type == typeReference, "reference="+strings.Join(a.ReferenceTypes, ","))
	add(a.Description == "", "no description")
	return strings.Join(words, " ")
}

// TestItem39NoComplexInComplex, and names that RFC 7643 section 2.1 allows.
func TestItem39NoComplexInComplex(t *testing.T) {
	for _, typ := range []*ResourceType{UserType, GroupType} {
		each(typ, func(name string, a *Attribute) {
			for _, sub := range a.SubAttributes {
				if sub.Type == typeComplex {
					t.Errorf("%s.%s is complex", name, sub.Name)
				}
			}
			if strings.Trim(strings.ToLower(a.Name), "abcdefghijklmnopqrstuvwxyz0123456789$-_") != "" {
				t.Errorf("%s is no attribute name", a.Name)
			}
		})
	}
}

func TestItem38SchemaJSON(t *testing.T) {
	data, err := json.Marshal(UserType.Schema)
	if err != nil {
		t.Fatal(err)
	}
	o := mustObject(string(data))
	if o["id"] != UserSchema || o["name"] != "User" || o["schemas"].([]any)[0] != SchemaURN {
		t.Errorf("head: %.200s", data)
	}
	first := o["attributes"].([]any)[0].(Object)
	for name, want := range map[string]any{
		"name": "userName", "type": "string", "multiValued": false, "required": true, "caseExact": false,
		"mutability": "readWrite", "returned": "default", "uniqueness": "server",
	} {
		if first[name] != want {
			t.Errorf("userName %s: %v", name, first[name])
		}
	}
	if strings.Contains(string(data), "null") || strings.Contains(string(data), `"password"`) {
		t.Error("holds null, or a password that we do not keep (wire catalogue, section 3)")
	}
}

func TestNumberStaysANumber(t *testing.T) {
	if data, err := json.Marshal(Object{"a": Number("1e3")}); err != nil || string(data) != `{"a":1e3}` {
		t.Errorf("%s, %v", data, err)
	}
}

func TestItem36ResourceTypeJSON(t *testing.T) {
	data, err := json.Marshal(UserType)
	if err != nil {
		t.Fatal(err)
	}
	o := mustObject(string(data))
	extensions := o["schemaExtensions"].([]any)
	if o["endpoint"] != "/Users" || o["schema"] != UserSchema || len(extensions) != 2 || extensions[0].(Object)["required"] != false {
		t.Errorf("%s", data)
	}
	if data, _ := json.Marshal(GroupType); strings.Contains(string(data), "schemaExtensions") {
		t.Errorf("%s", data)
	}
}
