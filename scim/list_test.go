package scim

import (
	"reflect"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// TestManyFoldAsFew: a long list is searched by keys, a short one element by
// element; both find the same.
func TestManyFoldAsFew(t *testing.T) {
	word := rapid.SampledFrom([]string{"", "a", "A", "b", "ä"})
	attributes := []*Attribute{emails, roles, find(userAttributes, "addresses"), find(groupAttributes, "members"), find(userAttributes, "x509Certificates")}
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(attributes).Draw(t, "attribute")
		var many []any
		for range rapid.IntRange(9, 20).Draw(t, "n") {
			e := Object{}
			for _, name := range []string{"value", "type", "display", "country"} {
				if s := word.Draw(t, name); s != "" && a.sub(name) != nil {
					e[name] = s
				}
			}
			if len(e) > 0 {
				many = append(many, e)
			}
		}
		var few []any
		for _, e := range many {
			few = appendFolded(a, few, []any{Clone(e)})
		}
		if got := appendFolded(a, nil, Clone(many).([]any)); !reflect.DeepEqual(got, few) {
			t.Fatalf("%s: %v\nat once %v\none by one %v", a.Name, many, got, few)
		}
	})
}

func TestManyMembers(t *testing.T) {
	var values, some []any
	for i := range 3000 {
		values = append(values, Object{"value": "u" + strconv.Itoa(i)})
		if i%3 == 0 {
			some = append(some, Object{"value": "u" + strconv.Itoa(i), "$ref": nil})
		}
	}
	next, _, faults := GroupType.Apply(Object{"displayName": "d"}, &Patch{[]Operation{
		{"add", "members", append(values, values...)}, {"remove", "members", some}, {"add", "members", []any{Object{"value": "u1"}}},
	}})
	if list := next["members"].([]any); len(list) != 2000 || len(faults) > 0 || list[0].(Object)["value"] != "u1" {
		t.Errorf("%d members, %v", len(list), faults)
	}
}
