package provision

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
)

// text draws what people, and mistakes, put into a value.
var text = rapid.OneOf(
	rapid.SampledFrom([]string{"on", "off", "NO", "true", "007", "1e3", "~", "null", "2026-01-01", "a: b", "a #b", "- x", "{x}", "[y]", "&a", "*a", "!t", "%", "@", "'q'", `"q"`, " lead", "trail ", "${NAME}", "ä€", "0x1f", "12:30"}),
	rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r >= ' ' && r != 0x7f })),
	rapid.StringMatching("[a-z]{1,9}(\n[a-z ]{0,9}){0,3}"),
)

func drawApplication(t *rapid.T) *Application {
	word := rapid.StringMatching(`[A-Za-z][A-Za-z0-9]{0,11}`)
	names := rapid.SliceOfN(text.Filter(func(s string) bool { return strings.TrimSpace(s) != "" }), 0, 4)
	a := &Application{
		Name:   rapid.StringMatching(`[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?`).Draw(t, "name"),
		Source: drawSource(t),
		Target: target.Config{URL: "https://" + rapid.StringMatching(`[a-z]{1,9}`).Draw(t, "host") + ".example.com/scim", Token: "${TOKEN}",
			Header: rapid.MapOfN(rapid.StringMatching(`X-[A-Z]{1,5}`), rapid.StringMatching(`[a-z0-9]{0,9}`), 0, 2).Draw(t, "header")},
		Scope: Scope{Sync: SyncAssigned, Users: names.Draw(t, "users"), Groups: names.Draw(t, "groups"), Nested: Nested(rapid.IntRange(-1, 9).Draw(t, "nested")),
			Filters: rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(drawClause), 1, 3), 0, 3).Draw(t, "filters")},
		Status: rapid.SampledFrom([]string{On, Off}).Draw(t, "status"), Approval: rapid.SampledFrom([]string{"", Auto, Always}).Draw(t, "approval"),
		Schedule:  Schedule{Every: Duration(rapid.Int64Range(int64(10*time.Second), int64(10*time.Hour)).Draw(t, "every"))},
		Guards:    Guards{Clear: Guard{rapid.Bool().Draw(t, "off"), rapid.IntRange(0, 99).Draw(t, "count"), rapid.IntRange(0, 99).Draw(t, "percent")}},
		Protected: names.Draw(t, "protected"),
		Groups:    ObjectMapping{Enabled: rapid.Bool().Draw(t, "groups enabled")},
		Users:     ObjectMapping{Enabled: true, Mappings: Mappings{{Target: "userName", From: "mail", Match: 1}}},
	}
	if rapid.Bool().Draw(t, "actions") {
		a.Users.Actions = []string{"update"}
	}
	for i, from := range rapid.SliceOfN(word, 0, 5).Draw(t, "mappings") {
		m := Mapping{Target: fmt.Sprintf("urn:example:x:2.0:User:a%d", i), From: from, Apply: rapid.SampledFrom([]string{"", ApplyCreate, ApplyIfEmpty}).Draw(t, "apply")}
		if rapid.Bool().Draw(t, "has default") {
			value := text.Draw(t, "default")
			m.Default, m.Null = &value, NullDefault
		}
		if rapid.Bool().Draw(t, "is constant") {
			value := text.Draw(t, "constant")
			m.From, m.Constant = "", &value
		}
		a.Users.Mappings = append(a.Users.Mappings, m)
	}
	a.Complete()
	return a
}

func drawSource(t *rapid.T) source.Config {
	return rapid.SampledFrom([]source.Config{
		{Kind: "directory"},
		{Kind: "csv", Path: "people.csv", Delimiter: ";", MinRows: 5},
		{Kind: "sql", Database: "${DB}", Users: "select *\nfrom people\n  where active", Anchor: "id"},
		{Kind: "ldap", URL: "ldaps://dc.example.com", Base: []string{"dc=example,dc=com"}, UserFilter: "(&(objectClass=person)(!(x=1)))", BindDN: "cn=x", Password: "${PW}"},
	}).Draw(t, "source")
}

func drawClause(t *rapid.T) Clause {
	return Clause{Attribute: "department", Operator: "EQUALS", Value: text.Filter(func(s string) bool { return s != "" }).Draw(t, "value"), IgnoreCase: rapid.Bool().Draw(t, "ignore case")}
}

// What is written is read as the same, and written the same again.
func TestYAMLIsReadAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawApplication(t)
		written := a.YAML()
		b, err := Parse(written)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		for _, empty := range []*[]string{&a.Scope.Users, &a.Scope.Groups, &a.Protected} {
			if len(*empty) == 0 {
				*empty = nil
			}
		}
		if len(a.Scope.Filters) == 0 {
			a.Scope.Filters = nil
		}
		if len(a.Target.Header) == 0 {
			a.Target.Header = nil
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("written\n%s\nread as\n%s", written, b.YAML())
		}
		if again := b.YAML(); string(again) != string(written) {
			t.Fatal(Diff(written, again))
		}
	})
}

func TestYAMLIsReadable(t *testing.T) {
	a := parsed(t, `
name: acme
source: {kind: csv, path: people.csv}
target: {url: "https://acme.example.com/api/scim/v2", token: "${ACME_TOKEN}"}
scope: {groups: [Staff, Sales], nested: off, filters: [[{attribute: department, operator: EQUALS, value: "NO"}]]}
status: on
schedule: {every: 10m}
users:
  mappings:
    userName: {from: userPrincipalName, match: 1}
    active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}
    'addresses[type eq "work"].country': {from: country, apply: always}
groups: {enabled: false}
`)
	want := `name: acme
source:
  kind: csv
  path: people.csv
target:
  url: https://acme.example.com/api/scim/v2
  token: ${ACME_TOKEN}
scope:
  sync: assigned
  groups: [Staff, Sales]
  nested: off
  filters:
    - [{attribute: department, operator: EQUALS, value: "NO"}]
schedule:
  every: 10m
status: on
users:
  mappings:
    userName: {from: userPrincipalName, match: 1}
    active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}
    addresses[type eq "work"].country: {from: country}
groups:
  enabled: false
`
	if got := string(a.YAML()); got != want {
		t.Errorf("written\n%s\nwhere it differs:\n%s", got, Diff([]byte(want), []byte(got)))
	}
}

func TestDiff(t *testing.T) {
	lines := func(s string) []byte { return []byte(strings.ReplaceAll(s, " ", "\n") + "\n") }
	for _, c := range []struct{ a, b, want string }{
		{"a b c", "a b c", ""},
		{"a b c", "a x c", "  a|- b|+ x|  c|"},
		{"1 2 3 4 5 6 7 8 9", "1 2 3 4 5 6 7 8 9 10", "  ...|  7|  8|  9|+ 10|"},
		{"a 2 3 4 5 6 7 8 9 z", "b 2 3 4 5 6 7 8 9 y", "- a|+ b|  2|  3|  4|  ...|  7|  8|  9|- z|+ y|"},
		{"a b b c", "a b c", "  a|- b|  b|  c|"},
	} {
		if got := strings.ReplaceAll(Diff(lines(c.a), lines(c.b)), "\n", "|"); got != c.want && !(c.a == "a b b c" && got == "  a|  b|- b|  c|") {
			t.Errorf("%s to %s is %s, want %s", c.a, c.b, got, c.want)
		}
	}
	if got := Diff(nil, []byte("a\n")); got != "+ a\n" {
		t.Errorf("from nothing: %q", got)
	}
}

// The lines that stand and came are the new document, those that stand and went
// the old one.
func TestDiffTellsBothDocuments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) []string {
			return rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 12).Draw(t, label)
		}
		a, b := draw("a"), draw("b")
		var before, after []string
		for _, l := range compareLines(a, b) {
			if l[0] != '+' {
				before = append(before, l[2:])
			}
			if l[0] != '-' {
				after = append(after, l[2:])
			}
		}
		if strings.Join(before, "") != strings.Join(a, "") || strings.Join(after, "") != strings.Join(b, "") {
			t.Fatalf("%v to %v tells %v and %v", a, b, before, after)
		}
	})
}
