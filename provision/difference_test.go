package provision

import (
	"encoding/json/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/scim"
)

// operationsOf is the part of a PATCH message that differs.
func operationsOf(t testing.TB, body []byte) string {
	t.Helper()
	text, found := strings.CutPrefix(string(body), `{"schemas":["`+scim.PatchOpURN+`"],"Operations":[`)
	if !found {
		t.Fatalf("no PATCH message: %s", body)
	}
	return strings.TrimSuffix(text, "]}")
}

// change is one mapping with a value, what the target has, and what is to be
// sent; "" is nothing.
type change struct {
	name     string
	mappings Mappings
	current  string
	patch    string
}

func (c change) run(t *testing.T) {
	t.Helper()
	r := userRules(t, c.mappings...)
	d, faults := r.Evaluate(ada, Input{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	current := mustDecode(t, c.current)
	current["userName"] = "ada@a.test"
	before := scim.CloneObject(current)
	diffs := r.Differences(d, current)
	got := ""
	if len(diffs) > 0 {
		got = operationsOf(t, r.PatchBody(diffs, current, Style{}))
	}
	if got != c.patch {
		t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.patch)
	}
	if !reflect.DeepEqual(current, before) {
		t.Errorf("%s: the argument was changed", c.name)
	}
}

func TestPatchBody(t *testing.T) {
	to := func(target, value string) Mapping { return Mapping{Target: target, Constant: textPtr(value)} }
	clearing := func(target string) Mapping { return Mapping{Target: target, From: "nothing", Null: NullClear} }
	apply := func(how string, m Mapping) Mapping { m.Apply = how; return m }
	for _, c := range []change{
		{"the same", Mappings{to("title", "x")}, `{"title":"x"}`, ``},
		{"absent", Mappings{to("title", "x")}, `{}`, `{"op":"add","path":"title","value":"x"}`},
		{"another", Mappings{to("title", "x")}, `{"title":"y"}`, `{"op":"replace","path":"title","value":"x"}`},
		{"in another case", Mappings{to("title", "x")}, `{"title":"X"}`, `{"op":"replace","path":"title","value":"x"}`},
		{"nothing leaves it", Mappings{{Target: "title", From: "nothing"}}, `{"title":"y"}`, ``},
		{"clear", Mappings{clearing("title")}, `{"title":"y"}`, `{"op":"remove","path":"title"}`},
		{"clear nothing", Mappings{clearing("title")}, `{"title":""}`, ``},
		{"default only on creation", Mappings{{Target: "title", From: "nothing", Default: textPtr("d")}}, `{}`, ``},
		{"default on updates", Mappings{{Target: "title", From: "nothing", Default: textPtr("d"), Null: NullDefault}}, `{"title":"y"}`, `{"op":"replace","path":"title","value":"d"}`},
		{"only on creation", Mappings{apply(ApplyCreate, to("title", "x"))}, `{"title":"y"}`, ``},
		{"if empty: it is", Mappings{apply(ApplyIfEmpty, to("title", "x"))}, `{}`, `{"op":"add","path":"title","value":"x"}`},
		{"if empty: it is not", Mappings{apply(ApplyIfEmpty, to("title", "x"))}, `{"title":"y"}`, ``},
		{"none with a default", Mappings{{Target: "title", None: true, Default: textPtr("d")}}, `{}`, `{"op":"add","path":"title","value":"d"}`},

		{"boolean as text", Mappings{to("active", "True")}, `{"active":"True"}`, ``},
		{"boolean", Mappings{to("active", "False")}, `{"active":true}`, `{"op":"replace","path":"active","value":false}`},
		{"number as text", Mappings{{Target: "urn:x:y:n", Constant: textPtr("7"), Type: "integer"}}, `{"urn:x:y":{"n":"7.0"}}`, ``},
		{"number", Mappings{{Target: "urn:x:y:n", Constant: textPtr("8"), Type: "integer"}}, `{"urn:x:y":{"n":7}}`, `{"op":"replace","path":"urn:x:y:n","value":8}`},
		{"the same moment", Mappings{{Target: "urn:x:y:d", Constant: textPtr("2026-02-28T10:00:00+01:00"), Type: "dateTime"}}, `{"urn:x:y":{"d":"2026-02-28T09:00:00.000Z"}}`, ``},

		{"sub-attribute", Mappings{to("name.givenName", "A")}, `{"name":{"familyName":"F"}}`, `{"op":"add","path":"name.givenName","value":"A"}`},
		{"extension", Mappings{to(ent+":department", "D")}, `{}`, `{"op":"add","path":"` + ent + `:department","value":"D"}`},

		{"element absent", Mappings{to(`emails[type eq "work"].value`, "e")}, `{"emails":[{"type":"home","value":"h"}]}`,
			`{"op":"add","path":"emails","value":[{"type":"work","value":"e"}]}`},
		{"element absent, several parts", Mappings{to(`addresses[type eq "work"].country`, "FI"), to("title", "x"), to(`addresses[type eq "work"].locality`, "Oulu")}, `{}`,
			`{"op":"add","path":"addresses","value":[{"country":"FI","locality":"Oulu","type":"work"}]},{"op":"add","path":"title","value":"x"}`},
		{"element there, part absent", Mappings{to(`addresses[type eq "work"].country`, "FI")}, `{"addresses":[{"type":"WORK","region":"r"}]}`,
			`{"op":"add","path":"addresses[type eq \"work\"].country","value":"FI"}`},
		{"element there, part other", Mappings{to(`addresses[type eq "work"].country`, "FI")}, `{"addresses":[{"type":"work","country":"SE"}]}`,
			`{"op":"replace","path":"addresses[type eq \"work\"].country","value":"FI"}`},
		{"part cleared, others stay", Mappings{clearing(`addresses[type eq "work"].country`)}, `{"addresses":[{"type":"work","country":"SE","region":"r"}]}`,
			`{"op":"remove","path":"addresses[type eq \"work\"].country"}`},
		{"last part cleared", Mappings{clearing(`addresses[type eq "work"].country`), clearing(`addresses[type eq "work"].region`)}, `{"addresses":[{"type":"work","country":"SE","region":"r","primary":true}]}`,
			`{"op":"remove","path":"addresses[type eq \"work\"]"}`},
		{"primary, as Entra writes it", Mappings{to(`roles[primary eq "True"].value`, "r")}, `{"roles":[{"value":"s","primary":true}]}`,
			`{"op":"replace","path":"roles[primary eq true].value","value":"r"}`},

		{"list absent", Mappings{to("roles", "r")}, `{}`, `{"op":"add","path":"roles","value":[{"value":"r"}]}`},
		{"list in another order, and more said of it", Mappings{{Target: "roles", From: "proxyAddresses"}}, `{"roles":[{"value":"smtp:b","display":"B"},{"value":"smtp:a","primary":true}]}`, ``},
		{"list grows", Mappings{{Target: "roles", From: "proxyAddresses"}}, `{"roles":[{"value":"smtp:b"}]}`, `{"op":"add","path":"roles","value":[{"value":"smtp:a"}]}`},
		{"list loses", Mappings{to("roles", "r")}, `{"roles":[{"value":"r"},{"value":"s"}]}`, `{"op":"replace","path":"roles","value":[{"value":"r"}]}`},
		{"list cleared", Mappings{clearing("roles")}, `{"roles":[{"value":"r"}]}`, `{"op":"remove","path":"roles"}`},
		{"add-only adds", Mappings{apply(ApplyAdd, to("roles", "r"))}, `{"roles":[{"value":"s"}]}`, `{"op":"add","path":"roles","value":[{"value":"r"}]}`},
		{"add-only takes nothing", Mappings{apply(ApplyAdd, to("roles", "r"))}, `{"roles":[{"value":"R","type":"t"},{"value":"s"}]}`, ``},
		{"add-only clears nothing", Mappings{apply(ApplyAdd, clearing("roles"))}, `{"roles":[{"value":"s"}]}`, ``},
	} {
		c.run(t)
	}
}

// TestReferences: what has no id yet is left out, and an id is the manager's
// whatever else the target says of him.
func TestReferences(t *testing.T) {
	r := userRules(t, Mapping{Target: ent + ":manager", From: "manager", Null: NullClear})
	evaluate := func(rec *source.Record, id string) Desired {
		d, _ := r.Evaluate(rec, Input{})
		if id != "" {
			d.Values[1].Value = id
		}
		return d
	}
	nobody := userOf(map[string]expression.Value{"userPrincipalName": expression.Text("ada@a.test")})
	for _, c := range []struct {
		name           string
		desired        Desired
		current, patch string
	}{
		{"not there yet", evaluate(ada, ""), `{}`, ``},
		{"not there yet, and another stands", evaluate(ada, ""), `{"` + ent + `":{"manager":{"value":"7"}}}`, ``},
		{"first", evaluate(ada, "7"), `{}`, `{"op":"add","path":"` + ent + `:manager","value":{"value":"7"}}`},
		{"same", evaluate(ada, "7"), `{"` + ent + `":{"manager":{"value":"7","displayName":"B"}}}`, ``},
		{"same, as text", evaluate(ada, "7"), `{"` + ent + `":{"manager":"7"}}`, ``},
		{"other", evaluate(ada, "8"), `{"` + ent + `":{"manager":{"value":"7","displayName":"B"}}}`, `{"op":"replace","path":"` + ent + `:manager","value":{"value":"8"}}`},
		{"none any more", evaluate(nobody, ""), `{"` + ent + `":{"manager":{"value":"7"}}}`, `{"op":"remove","path":"` + ent + `:manager"}`},
	} {
		current := mustDecode(t, c.current)
		current["userName"] = "ada@a.test"
		got := ""
		if diffs := r.Differences(c.desired, current); len(diffs) > 0 {
			got = operationsOf(t, r.PatchBody(diffs, current, Style{}))
		}
		if got != c.patch {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.patch)
		}
	}
	if got := string(r.PutBody(mustDecode(t, `{"userName":"ada@a.test","`+ent+`":{"manager":{"value":"7","displayName":"B"}}}`), []Difference{{Path: ent + ":manager", New: map[string]any{"value": "8"}}})); strings.Contains(got, `"B"`) {
		t.Errorf("the old manager's name is the new one's: %s", got)
	}
}

func TestMembers(t *testing.T) {
	r, _ := Compile(source.Group, ObjectMapping{Mappings: Mappings{{Target: "displayName", From: "displayName", Match: 1}, {Target: "members", From: "members"}}})
	with := func(ids ...any) Desired {
		d, _ := r.Evaluate(&source.Record{Type: source.Group}, Input{})
		d.Values[1].Value = ids
		return d
	}
	for _, c := range []struct {
		desired        Desired
		current, patch string
	}{
		{with("1", "2"), `{"members":[{"value":"2","display":"B"},{"value":"1"}]}`, ``},
		{with("1", "2"), `{"members":["2","1"]}`, ``}, // as Written has them
		{with("1", "2"), `{"members":[{"value":"1"}]}`, `{"op":"add","path":"members","value":[{"value":"2"}]}`},
		{with("1"), `{"members":[{"value":"1"},{"value":"2"}]}`, `{"op":"replace","path":"members","value":[{"value":"1"}]}`},
		{with(), `{"members":[{"value":"1"}]}`, `{"op":"remove","path":"members"}`},
		{with(), `{}`, ``},
	} {
		current, got := mustDecode(t, c.current), ""
		if diffs := r.Differences(c.desired, current); len(diffs) > 0 {
			got = operationsOf(t, r.PatchBody(diffs, current, Style{}))
		}
		if got != c.patch {
			t.Errorf("%s:\n got %s\nwant %s", c.current, got, c.patch)
		}
	}
	got := operationsOf(t, MembersPatch([]string{"1", "2"}, []string{`a"b`}, Style{CapitalOps: true}))
	if want := `{"op":"Add","path":"members","value":[{"value":"1"},{"value":"2"}]},{"op":"Remove","path":"members[value eq \"a\\\"b\"]"}`; got != want {
		t.Errorf("MembersPatch:\n got %s\nwant %s", got, want)
	}
}

func TestPatchStyle(t *testing.T) {
	r := userRules(t, Mapping{Target: "active", Constant: textPtr("False")}, Mapping{Target: `roles[primary eq "True"].value`, Constant: textPtr("r")})
	d, _ := r.Evaluate(ada, Input{})
	current := mustDecode(t, `{"userName":"ada@a.test","active":true,"roles":[{"primary":true,"value":"s"}]}`)
	got := operationsOf(t, r.PatchBody(r.Differences(d, current), current, Style{CapitalOps: true, StringBooleans: true}))
	if want := `{"op":"Replace","path":"active","value":"False"},{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"r"}`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestBodies(t *testing.T) {
	r := userRules(t,
		Mapping{Target: "name.givenName", Constant: textPtr("Ada")},
		Mapping{Target: `addresses[type eq "work"].country`, Constant: textPtr("FI")},
		Mapping{Target: `addresses[type eq "work"].locality`, Constant: textPtr("Oulu")},
		Mapping{Target: ent + ":department", From: "department"},
		Mapping{Target: "urn:acme:x:badge", From: "nothing"},
		Mapping{Target: "title", From: "nothing", Default: textPtr("d")})
	d, _ := r.Evaluate(ada, Input{})
	want := `{"schemas":["` + scim.UserSchema + `","` + ent + `"],"addresses":[{"country":"FI","locality":"Oulu","type":"work"}],"name":{"givenName":"Ada"},"title":"d",` +
		`"` + ent + `":{"department":"R&D"},"userName":"ada@a.test"}`
	for range 5 {
		if got := string(r.CreateBody(d)); got != want {
			t.Fatalf("CreateBody:\n got %s\nwant %s", got, want)
		}
	}
	current := mustDecode(t, `{"schemas":["`+scim.UserSchema+`","`+scim.RollcallSchema+`"],"id":"1","meta":{"version":"v"},"groups":[{"value":"g"}],"userName":"ada@a.test","nickName":"N","`+scim.RollcallSchema+`":{"group":{"value":"x"}}}`)
	want = `{"schemas":["` + scim.UserSchema + `","` + ent + `"],"addresses":[{"country":"FI","locality":"Oulu","type":"work"}],"name":{"givenName":"Ada"},"nickName":"N",` +
		`"` + ent + `":{"department":"R&D"},"userName":"ada@a.test"}`
	if got := string(r.PutBody(current, r.Differences(d, current))); got != want {
		t.Errorf("PutBody:\n got %s\nwant %s", got, want)
	}
}

// TestRedacted: a redacted value is sent, and stands nowhere else; another one is
// noticed all the same.
func TestRedacted(t *testing.T) {
	const secret = "hunter2"
	with := func(value string) (*Rules, Desired) {
		r := userRules(t, Mapping{Target: "title", Expression: `Redact([secret])`})
		d, _ := r.Evaluate(userOf(map[string]expression.Value{"userPrincipalName": expression.Text("ada"), "secret": expression.Text(value)}), Input{})
		return r, d
	}
	r, d := with(secret)
	if body := string(r.CreateBody(d)); !strings.Contains(body, secret) {
		t.Errorf("the value is not sent: %s", body)
	}
	diffs := r.Differences(d, nil)
	written := r.Written(d, nil)
	for _, shown := range []string{encode(diffs), encode(written), encode(r.Current(mustDecode(t, `{"title":"hunter2"}`)))} {
		if strings.Contains(shown, secret) || !strings.Contains(shown, redaction) {
			t.Errorf("shown: %s", shown)
		}
	}
	if diffs := r.Differences(d, r.Resource(written)); len(diffs) > 0 {
		t.Errorf("it is written again: %v", diffs)
	}
	if diffs := r.Differences(d, mustDecode(t, `{"userName":"ada","title":"hunter2"}`)); len(diffs) > 0 {
		t.Errorf("it is written again: %v", diffs)
	}
	if !sameValue(written["title"], nil) {
		t.Error("what a target never answers is no drift")
	}
	_, other := with("hunter3")
	diffs = r.Differences(other, r.Resource(written))
	if len(diffs) != 1 || strings.Contains(encode(diffs), "hunter") {
		t.Errorf("another value: %s", encode(diffs))
	}
	if body := string(r.PatchBody(diffs, r.Resource(written), Style{})); !strings.Contains(body, "hunter3") {
		t.Errorf("another value is not sent: %s", body)
	}
}

// TestWritten: what is kept of the target is enough to find nothing to do, and
// to change an element of which nothing mapped was there.
func TestWritten(t *testing.T) {
	r := userRules(t, Mapping{Target: `addresses[type eq "work"].country`, From: "country"}, Mapping{Target: ent + ":manager", From: "manager"})
	current := mustDecode(t, `{"id":"1","userName":"ada@a.test","nickName":"N","addresses":[{"type":"work","region":"r"}],"`+ent+`":{"manager":{"value":"7","displayName":"B"}}}`)
	kept := r.Current(current)
	if got, want := encode(kept), `{"addresses[type eq \"work\"]":{},"`+ent+`:manager":"7","userName":"ada@a.test"}`; got != want {
		t.Errorf("Current:\n got %s\nwant %s", got, want)
	}
	var again map[string]any
	if err := json.Unmarshal([]byte(encode(kept)), &again); err != nil {
		t.Fatal(err)
	}
	finn := userOf(map[string]expression.Value{"userPrincipalName": expression.Text("ada@a.test"), "country": expression.Text("FI"), "manager": expression.Text("boss")})
	d, _ := r.Evaluate(finn, Input{})
	d.Values[2].Value = "7"
	known := r.Resource(again)
	diffs := r.Differences(d, known)
	if got, want := operationsOf(t, r.PatchBody(diffs, known, Style{})), `{"op":"add","path":"addresses[type eq \"work\"].country","value":"FI"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	after := r.Written(d, known)
	if diffs := r.Differences(d, r.Resource(after)); len(diffs) > 0 {
		t.Errorf("after it was written there is still to do: %v", diffs)
	}
}

func TestResolve(t *testing.T) {
	ids := map[Key]string{{"User", "cn=a,\"b\" %"}: `id"1`, {"Group", "g"}: "2"}
	lookup := func(k Key) (string, bool) { id, ok := ids[k]; return id, ok }
	a, g, x := Reference("User", "cn=a,\"b\" %"), Reference("Group", "g"), Reference("User", "x")
	for _, c := range []struct{ name, body, want, missing string }{
		{"nothing to do", `{ "a" : 1 }`, `{ "a" : 1 }`, ""},
		{"all are there", `{"members":[{"value":"` + a + `"},{"value":"` + g + `"}]}`, `{"members":[{"value":"id\"1"},{"value":"2"}]}`, ""},
		{"in a filter", `{"Operations":[{"op":"remove","path":"members[value eq \"` + a + `\"]"}]}`, `{"Operations":[{"op":"remove","path":"members[value eq \"id\\\"1\"]"}]}`, ""},
		{"a member is not", `{"Operations":[{"op":"add","path":"members","value":[{"value":"` + x + `"},{"value":"` + g + `"}]}]}`, `{"Operations":[{"op":"add","path":"members","value":[{"value":"2"}]}]}`, "x"},
		{"no member is", `{"Operations":[{"op":"add","path":"members","value":[{"value":"` + x + `"}]}]}`, ``, "x"},
		{"a removal is not", `{"Operations":[{"op":"remove","path":"members[value eq \"` + x + `\"]"},{"op":"remove","path":"title"}]}`, `{"Operations":[{"op":"remove","path":"title"}]}`, "x"},
		{"the manager is not", `{"Operations":[{"op":"replace","path":"m","value":{"value":"` + x + `"}},{"op":"add","path":"t","value":"u"}]}`, `{"Operations":[{"op":"add","path":"t","value":"u"}]}`, "x"},
		{"the manager is not, in a creation", `{"userName":"u","` + ent + `":{"department":"d","manager":{"value":"` + x + `"}}}`, `{"` + ent + `":{"department":"d"},"userName":"u"}`, "x"},
		{"nothing else in the extension", `{"userName":"u","` + ent + `":{"manager":{"value":"` + x + `"}}}`, `{"userName":"u"}`, "x"},
		{"nothing", ``, ``, ""},
	} {
		out, missing := Resolve([]byte(c.body), lookup)
		var names []string
		for _, k := range missing {
			names = append(names, k.Anchor)
		}
		if string(out) != c.want || strings.Join(names, " ") != c.missing {
			t.Errorf("%s:\n got %s, %v\nwant %s, %s", c.name, out, missing, c.want, c.missing)
		}
	}
	if got := referred([]byte(a + `" ` + g + `" ` + a + `"`)); !reflect.DeepEqual(got, []Key{{"User", "cn=a,\"b\" %"}, {"Group", "g"}}) {
		t.Errorf("referred: %v", got)
	}
}

func BenchmarkCreate(b *testing.B) {
	r, _ := Compile(source.User, ObjectMapping{Enabled: true, Mappings: DefaultUserMappings()})
	d, _ := r.Evaluate(ada, Input{})
	for b.Loop() {
		r.Differences(d, nil)
		r.CreateBody(d)
		r.Written(d, nil)
	}
}
