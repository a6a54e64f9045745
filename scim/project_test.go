package scim

import (
	"reflect"
	"strings"
	"testing"
)

const seen = `{"schemas":["s"],"id":"1","userName":"a","title":"t","name":{"givenName":"G","familyName":"F"},"emails":[{"value":"x","type":"work"},{"value":"y"}],"` +
	ent + `":{"department":"D","manager":{"value":"m","displayName":"M"}},"` + our + `":{"teams":[{"value":"1","display":"T"}]},"meta":{"version":"v","created":"c"}}`

// TestItem94Projection is the matrix of attribute, sub-attribute, URN,
// URN:attribute and URN:attribute.sub, named and excluded.
func TestItem94Projection(t *testing.T) {
	const min = `"schemas":["s"],"id":"1"`
	for _, c := range []struct{ names, chosen, gone string }{
		{"userName", `"userName":"a"`, `"userName":"a",`},
		{"USERNAME", `"userName":"a"`, `"userName":"a",`},
		{UserSchema + ":userName", `"userName":"a"`, `"userName":"a",`},
		{"name", `"name":{"givenName":"G","familyName":"F"}`, `"name":{"givenName":"G","familyName":"F"},`},
		{"name.givenName", `"name":{"givenName":"G"}`, `"givenName":"G",`},
		{"name.givenName name.familyName", `"name":{"givenName":"G","familyName":"F"}`, `"name":{"givenName":"G","familyName":"F"},`},
		{"name.givenName name", `"name":{"givenName":"G","familyName":"F"}`, `"name":{"givenName":"G","familyName":"F"},`},
		{"name name.givenName", `"name":{"givenName":"G","familyName":"F"}`, `"name":{"givenName":"G","familyName":"F"},`},
		{"emails.type", `"emails":[{"type":"work"}]`, `,"type":"work"`},
		{"emails.value", `"emails":[{"value":"x"},{"value":"y"}]`, `[{"value":"x","type":"work"},{"value":"y"}]|[{"type":"work"}]`},
		{"emails.value emails.type", `"emails":[{"value":"x","type":"work"},{"value":"y"}]`, `"emails":[{"value":"x","type":"work"},{"value":"y"}],`},
		{`emails[type eq "work"].value`, `"emails":[{"value":"x"},{"value":"y"}]`, `[{"value":"x","type":"work"},{"value":"y"}]|[{"type":"work"}]`},
		{`emails[type eq "work"]`, `"emails":[{"value":"x","type":"work"},{"value":"y"}]`, `"emails":[{"value":"x","type":"work"},{"value":"y"}],`},
		{ent, `"` + ent + `":{"department":"D","manager":{"value":"m","displayName":"M"}}`, `"` + ent + `":{"department":"D","manager":{"value":"m","displayName":"M"}},`},
		{ent + ":department", `"` + ent + `":{"department":"D"}`, `"department":"D",`},
		{"department", `"` + ent + `":{"department":"D"}`, `"department":"D",`},
		{ent + ":manager.value", `"` + ent + `":{"manager":{"value":"m"}}`, `"value":"m",`},
		{ent + ":manager.value department", `"` + ent + `":{"manager":{"value":"m"},"department":"D"}`, `"department":"D",|;"value":"m",|`},
		{our + ":teams.value " + our + ":teams.display", `"` + our + `":{"teams":[{"value":"1","display":"T"}]}`, `"` + our + `":{"teams":[{"value":"1","display":"T"}]},`},
		{"meta.version", `"meta":{"version":"v"}`, `"version":"v",`},
		{"id", ``, ``},
		{"schemas", ``, ``},
		{"shoe", ``, ``},
		{"name.shoe", ``, ``},
		{"password", ``, ``},
		{"nickName", ``, ``},
	} {
		names := strings.Fields(c.names)
		if strings.Contains(c.names, "[") {
			names = []string{c.names}
		}
		o := mustObject(seen)
		want := "{" + min + "}"
		if c.chosen != "" {
			want = "{" + min + "," + c.chosen + "}"
		}
		if got := UserType.Project(o, Projection{Attributes: names}); !reflect.DeepEqual(got, mustObject(want)) {
			t.Errorf("attributes=%s:\n got %s\nwant %s", c.names, UserType.Append(nil, got), want)
		}
		want = seen
		for cut := range strings.SplitSeq(c.gone, ";") {
			from, to, _ := strings.Cut(cut, "|")
			want = strings.Replace(want, from, to, 1)
		}
		if c.names == ent+":manager.value" {
			want = strings.Replace(seen, `"value":"m",`, "", 1)
		}
		if got := UserType.Project(o, Projection{Excluded: names}); !reflect.DeepEqual(got, mustObject(want)) {
			t.Errorf("excludedAttributes=%s:\n got %s\nwant %s", c.names, UserType.Append(nil, got), want)
		}
		if !reflect.DeepEqual(o, mustObject(seen)) {
			t.Errorf("%s changed its argument", c.names)
		}
	}
}

func TestProjectionOfSchema(t *testing.T) {
	o := mustObject(seen)
	got := UserType.Project(o, Projection{Attributes: []string{UserSchema}})
	if want := `{"schemas":["s"],"id":"1","userName":"a","name":{"familyName":"F","givenName":"G"},"title":"t","emails":[{"value":"x","type":"work"},{"value":"y"}]}`; string(UserType.Append(nil, got)) != want {
		t.Errorf("%s", UserType.Append(nil, got))
	}
	got = UserType.Project(o, Projection{Excluded: []string{UserSchema}})
	if got["userName"] != nil || got["id"] == nil || got[ent] == nil {
		t.Errorf("%v", got)
	}
	if !(Projection{}).Empty() || (Projection{Excluded: []string{"x"}}).Empty() || !reflect.DeepEqual(UserType.Project(o, Projection{}), o) {
		t.Error("an empty projection is not empty")
	}
	group := mustObject(`{"id":"1","schemas":["s"],"displayName":"d","members":[{"value":"u"}]}`)
	if got := GroupType.Project(group, Projection{Excluded: []string{"members"}}); got["members"] != nil || got["displayName"] != "d" { // entra-glookup-001
		t.Errorf("%v", got)
	}
}
