package scim

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestItem133Replace(t *testing.T) {
	full := `{"id":"1","externalId":"e","userName":"a","active":false,"title":"t","name":{"givenName":"G","familyName":"F"},"emails":[{"value":"x"}],"addresses":[{"country":"FI","type":"work"}],"groups":[{"value":"g"}],"` +
		ent + `":{"department":"D","manager":{"value":"m","displayName":"M"}},"` + our + `":{"group":{"value":"x"}},"meta":{"version":"v"}}`
	kept := `"id":"1","externalId":"e","active":false,"addresses":[{"country":"FI","type":"work"}],"groups":[{"value":"g"}],"` + our + `":{"group":{"value":"x"}},"meta":{"version":"v"}`
	allEnt := `"` + ent + `":{"department":"D","manager":{"value":"m","displayName":"M"}}`
	for _, c := range []struct{ name, body, want string }{
		{"clears what is left out", `{"userName":"b"}`, `{"userName":"b",` + kept + `,` + allEnt + `}`},
		{"okta-put-004: partial name", `{"userName":"a","name":{"givenName":"N"}}`, `{"userName":"a","name":{"givenName":"N"},` + kept + `,` + allEnt + `}`},
		{"a department alone", `{"userName":"a","department":"E"}`, `{"userName":"a",` + kept + `,"` + ent + `":{"department":"E"}}`},
		{"the same manager", `{"userName":"a","manager":"m"}`, `{"userName":"a",` + kept + `,"` + ent + `":{"manager":{"value":"m","displayName":"M"}}}`},
		{"another manager", `{"userName":"a","manager":"n"}`, `{"userName":"a",` + kept + `,"` + ent + `":{"manager":{"value":"n"}}}`},
		{"item 131: read-only is ignored", `{"userName":"a","id":"2","meta":{"version":"w"},"groups":[],"` + our + `":{"group":{"value":"y"}}}`, `{"userName":"a",` + kept + `,` + allEnt + `}`},
		{"a required attribute stays", `{"userName":null,"title":"u"}`, `{"userName":"a","title":"u",` + kept + `,` + allEnt + `}`},
	} {
		was := mustObject(full)
		r, err := UserType.Parse([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		next := CloneObject(r.Object())
		if got := UserType.Replace(was, next); !reflect.DeepEqual(got, mustObject(c.want)) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, UserType.Append(nil, got), c.want)
		}
		if !reflect.DeepEqual(was, mustObject(full)) || !reflect.DeepEqual(next, r.Object()) {
			t.Errorf("%s: an argument was changed", c.name)
		}
	}
}

func TestReplaceWithNulls(t *testing.T) {
	was := mustObject(`{"externalId":"e","userName":"a","active":true,"addresses":[{"country":"FI"}],"` + ent + `":{"department":"D"}}`)
	for body, want := range map[string]string{
		`{"userName":"a"}`: `{"externalId":"e","userName":"a","active":true,"addresses":[{"country":"FI"}],"` + ent + `":{"department":"D"}}`,
		`{"userName":"a","addresses":[],"externalId":null,"` + ent + `":{}}`: `{"userName":"a","active":true}`,
		`{"userName":"a","active":null,"id":null,"department":null}`:         `{"externalId":"e","userName":"a","active":true,"addresses":[{"country":"FI"}],"` + ent + `":{"department":"D"}}`,
		`{"userName":"a","addresses":null,"country":"SE"}`:                   `{"externalId":"e","userName":"a","active":true,"addresses":[{"country":"SE","type":"work"}],"` + ent + `":{"department":"D"}}`,
	} {
		r, err := UserType.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(UserType.Append(nil, UserType.ReplaceWith(was, r))); got != want {
			t.Errorf("%s:\n got %s\nwant %s", body, got, want)
		}
	}
}

// TestReplaceHolds: read-only attributes stay, what next says comes, and saying
// it again changes nothing.
func TestReplaceHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was, next := drawUser(t), drawUser(t)
		was["id"], was["groups"] = "1", []any{Object{"value": "g"}}
		next["id"] = "2"
		got := UserType.Replace(was, next)
		if got["id"] != "1" || !equal(got["groups"], was["groups"]) {
			t.Fatalf("read-only attributes changed: %v", got)
		}
		for name, v := range next {
			if name != "id" && !equal(got[name], v) {
				t.Fatalf("%s is %v, not %v", name, got[name], v)
			}
		}
		if changed := Changed(got, UserType.Replace(got, next)); changed != nil {
			t.Fatalf("again: %v", changed)
		}
	})
}

func TestChanged(t *testing.T) {
	was := mustObject(`{"a":"1","b":[{"value":"x"}],"c":{"d":"e"},"f":true,"g":[],"h":"","k":1}`)
	next := mustObject(`{"b":[{"value":"y"}],"c":{"d":"e","z":null},"f":false,"i":"n","j":{},"k":"1","` + ent + `":{"department":"x"}}`)
	if got, want := Changed(was, next), []string{"a", "b", "f", "i", "k", ent}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := Changed(was, was); got != nil {
		t.Errorf("nothing changed, but %v", got)
	}
}
