package scim

import "pgregory.net/rapid"

// drawUser draws an object as it stands after Parse.
func drawUser(t *rapid.T) Object {
	o := Object{"userName": rapid.SampledFrom([]string{"a", "b", "Ä\"\\\n"}).Draw(t, "userName")}
	word := rapid.SampledFrom([]string{"a", "b", "c", "A b", "\u2028é"})
	maybe := func(o Object, names ...string) {
		for _, name := range names {
			if rapid.Bool().Draw(t, name) {
				o[name] = word.Draw(t, name)
			}
		}
	}
	maybe(o, "externalId", "displayName", "title")
	if rapid.Bool().Draw(t, "has active") {
		o["active"] = rapid.Bool().Draw(t, "active")
	}
	name := Object{}
	maybe(name, "givenName", "familyName")
	keepFull(o, "name", name)
	for _, list := range []string{"emails", "roles"} {
		keepList(o, list, drawElements(t, list, word, "value"))
	}
	keepList(o, "addresses", drawElements(t, "addresses", word, "country"))
	enterprise, manager := Object{}, Object{}
	maybe(enterprise, "department", "division")
	maybe(manager, "value")
	keepFull(enterprise, "manager", manager)
	keepFull(o, EnterpriseSchema, enterprise)
	return o
}

func keepFull(o Object, name string, v Object) {
	if len(v) > 0 {
		o[name] = v
	}
}

func keepList(o Object, name string, list []any) {
	if len(list) > 0 {
		o[name] = list
	}
}

// drawElements draws at most one element of each type, and one primary.
func drawElements(t *rapid.T, list string, word *rapid.Generator[string], content string) (elements []any) {
	primary := rapid.SampledFrom([]string{"", "work", "home"}).Draw(t, list+" primary")
	for _, typ := range []string{"", "work", "home"} {
		if !rapid.Bool().Draw(t, list+typ) {
			continue
		}
		e := Object{content: word.Draw(t, list+content)}
		if typ != "" {
			e["type"] = typ
			if typ == primary {
				e["primary"] = true
			}
		}
		elements = append(elements, e)
	}
	return elements
}

// drawOperation draws one PATCH operation, sensible or not.
func drawOperation(t *rapid.T) Operation {
	return Operation{
		Op: rapid.SampledFrom([]string{"add", "replace", "remove"}).Draw(t, "op"),
		Path: rapid.SampledFrom([]string{
			"", "title", "userName", "active", "id", "externalId", "name", "name.givenName", "emails", "emails.value",
			`emails[type eq "work"]`, `emails[type eq "work"].value`, `roles[primary eq "True"].value`, `emails[value co "a"].display`,
			"addresses", `addresses[type eq "work"].country`, "country", "department", "manager", EnterpriseSchema, EnterpriseSchema + ":manager.value",
			`manager[value eq "a"]`, "nothing", "password", "[", RollcallSchema, "schemas",
		}).Draw(t, "path"),
		Value: rapid.SampledFrom([]any{
			nil, "", "a", "b", true, "False", Number("7"), []any{}, Object{}, []any{"a"}, Object{"value": "a"},
			Object{"value": "c", "type": "work", "primary": true}, Object{"country": "c"}, []any{Object{"value": "a"}, Object{"value": "b", "type": "home", "primary": "true"}},
			Object{"givenName": "a", "familyName": nil}, Object{"department": "b", "manager": "x"},
			Object{"active": "true", "emails": []any{Object{"value": "z"}}, `emails[type eq "work"].value`: "q", "country": "a"},
		}).Draw(t, "value"),
	}
}
