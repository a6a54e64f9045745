package provision

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
)

const small = `
name: acme
source: {kind: directory}
target: {url: "https://acme.example.com/api/scim/v2", token: "${ACME_TOKEN}"}
`

func parsed(t *testing.T, text string) *Application {
	t.Helper()
	a, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestParseReadsTheWholeShape(t *testing.T) {
	a := parsed(t, `
name: acme
source: {kind: csv, path: people.csv}
target: {url: "https://acme.example.com/api/scim/v2", token: "${ACME_TOKEN}"}
scope: {sync: assigned, users: [anna@contoso.test], groups: [Staff], nested: 2, filters: [[{attribute: department, operator: EQUALS, value: Sales}]]}
schedule: {every: 10m}
status: on
approval: always
leavers: {after: 1d12h}
guards: {clear: {off: true}}
users:
  mappings:
    userName: {from: userPrincipalName, match: 1}
    active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}
    'addresses[type eq "work"].country': {from: country, default: ""}
    title: {constant: "007"}
groups: {enabled: false}
`)
	empty, bond := "", "007"
	want := &Application{
		Name:   "acme",
		Source: source.Config{Kind: "csv", Path: "people.csv"},
		Target: target.Config{URL: "https://acme.example.com/api/scim/v2", Token: "${ACME_TOKEN}"},
		Scope: Scope{Sync: SyncAssigned, Users: []string{"anna@contoso.test"}, Groups: []string{"Staff"}, Nested: 2,
			Filters: [][]Clause{{{Attribute: "department", Operator: "EQUALS", Value: "Sales"}}}},
		Schedule: Schedule{Every: Duration(10 * time.Minute), Full: day},
		Status:   On, Approval: Always, Drift: DriftReport, Retention: 90 * day,
		Leavers: Leavers{LeaveDisableDelete, Duration(36 * time.Hour)},
		Guards:  Guards{Deprovision: Guard{false, 10, 5}, Clear: Guard{true, 10, 5}, Members: Guard{false, 10, 5}, Shrink: Guard{false, 10, 20}},
		Users: ObjectMapping{Enabled: true, Mappings: Mappings{
			{Target: "userName", From: "userPrincipalName", Match: 1, Apply: ApplyAlways, Null: NullKeep},
			{Target: "active", Expression: `Switch([IsSoftDeleted], , "False", "True", "True", "False")`, Apply: ApplyAlways, Null: NullKeep},
			{Target: `addresses[type eq "work"].country`, From: "country", Default: &empty, Apply: ApplyAlways, Null: NullKeep},
			{Target: "title", Constant: &bond, Apply: ApplyAlways, Null: NullKeep},
		}},
		Groups: ObjectMapping{Enabled: false},
	}
	want.Groups.complete(DefaultGroupMappings())
	if !reflect.DeepEqual(a, want) {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
}

func TestDefaults(t *testing.T) {
	a := parsed(t, small)
	want := &Application{Name: a.Name, Source: a.Source, Target: a.Target, Scope: Scope{Nested: Deep}, Users: ObjectMapping{Enabled: true}, Groups: ObjectMapping{Enabled: true}}
	want.Complete()
	if !reflect.DeepEqual(a, want) || len(a.Users.Mappings) != len(DefaultUserMappings()) || a.Status != Off || a.Approval != AutoExceptRemoval {
		t.Errorf("got %+v\nwant %+v", a, want)
	}
	same := parsed(t, small+"users: {mappings: default, actions: [delete, create, update]}\nschedule:\ngroups: {enabled: true}\n")
	if !reflect.DeepEqual(a, same) {
		t.Errorf("what is said as it is anyway makes a difference:\n%s", Diff(a.YAML(), same.YAML()))
	}
	if got := string(a.YAML()); !strings.HasPrefix(got, "name: acme\n") || strings.Contains(got, "mappings") || strings.Contains(got, "guards") || strings.Count(got, "\n") > 9 {
		t.Errorf("written as\n%s", got)
	}
}

// Each row is a document and what is said of it, with its line.
func TestFaultsHaveTheirLines(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":              {"", []string{"the document is empty"}},
		"no mapping":         {"- a\n", []string{"line 1: an application is a list of keys"}},
		"two":                {small + "---\nname: b\n", []string{"write one application in a file"}},
		"no YAML":            {"name: acme\nsource: {kind\n", []string{"is not YAML"}},
		"unknown key":        {small + "shedule: {every: 10m}\n", []string{"line 5: shedule: there is no such key; did you mean schedule?"}},
		"unknown inner key":  {small + "users:\n  mappings:\n    userName: {form: userPrincipalName, match: 1}\n", []string{"line 7: users.mappings.userName.form: there is no such key; did you mean from?"}},
		"far from any":       {small + "leavers: {zzz: 1}\n", []string{"line 5: leavers.zzz: there is no such key; there are: action, after"}},
		"key twice":          {small + "name: b\n", []string{"line 5: name: stands twice, in line 2 as well"}},
		"target twice":       {small + "groups:\n  mappings:\n    displayName: {from: displayName, match: 1}\n    displayname: {from: mail}\n", []string{"line 8: groups.mappings.displayname: the attribute is mapped twice"}},
		"wrong kinds":        {small + "protected: anna\nusers: x\nguards: {clear: {off: perhaps, count: many}}\n", []string{"line 5: protected: takes a list", "line 6: users: takes keys", "line 7: guards.clear.off: takes true or false", "line 7: guards.clear.count: takes a whole number"}},
		"durations":          {small + "schedule: {every: 10, full: 2h}\nleavers: {after: -1d}\n", []string{"line 5: schedule.every: takes a time such as 10m", "line 6: leavers.after: takes a time"}},
		"too short":          {small + "schedule: {every: 1s}\n", []string{"line 5: schedule.every: 1s is out of reach; give a time from 10s to 31d"}},
		"nested":             {small + "scope: {nested: deep}\n", []string{"line 5: scope.nested: takes on, off or"}},
		"words":              {small + "status: maybe\napproval: never\n", []string{`line 5: status: "maybe" is not known here; use on or off`, "line 6: approval:"}},
		"all and assigned":   {small + "scope: {sync: all, users: [anna]}\n", []string{"line 5: scope.sync: all takes everybody"}},
		"anchor":             {small + "scope: {users: &u [anna]}\n", []string{"line 5: scope.users: anchors (&)"}},
		"no source":          {"name: acme\ntarget: {url: 'https://a.example'}\n", []string{"source.kind: is missing"}},
		"source kind":        {"name: acme\nsource:\n  kind: cvs\n  path: a\ntarget: {url: 'https://a.example'}\n", []string{`line 2: source: there is no kind "cvs"`}},
		"target url":         {"name: acme\nsource: {kind: directory}\ntarget:\n  url: http://acme.example.com\n", []string{"line 4: target.url: is not encrypted"}},
		"no name":            {strings.Replace(small, "name: acme", "", 1), []string{"name is missing"}},
		"name":               {strings.Replace(small, "acme", "a b", 1), []string{`line 2: name: "a b" cannot be a name`}},
		"expression":         {small + "users:\n  mappings:\n    userName: {expression: 'Uper([mail])', match: 1}\n", []string{"line 7: users.mappings.userName: the expression cannot be read: ", "ToUpper"}},
		"path":               {small + "users:\n  mappings:\n    userName: {from: mail, match: 1}\n    'emails[type': {from: mail}\n", []string{"emails[type", "cannot be read"}},
		"two ways":           {small + "users:\n  mappings:\n    userName: {from: mail, constant: x, match: 1}\n", []string{"line 7: users.mappings.userName: exactly one of"}},
		"nobody is matched":  {small + "users:\n  mappings:\n    userName: {from: mail}\n", []string{"users.mappings: no attribute has match"}},
		"operator":           {small + "scope: {filters: [[{attribute: a, operator: LIKE}]]}\n", []string{"line 5: scope.filters", "LIKE"}},
		"regular expression": {small + "scope: {filters: [[{attribute: a, operator: REGEX MATCH, value: '['}]]}\n", []string{"line 5: scope.filters"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			var faults Faults
			if !errors.As(err, &faults) {
				t.Fatalf("got %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("said %v\nwant %s", err, want)
				}
			}
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, err := Parse([]byte("name: a b\nsource: {kind: csv}\ntarget: {url: x}\nstatsu: on\napproval: no\n"))
	var faults Faults
	if !errors.As(err, &faults) || len(faults) != 5 || !slices.IsSortedFunc(faults, func(a, b SetupFault) int { return a.Line - b.Line }) {
		t.Errorf("said %v", err)
	}
}

// What is not said for certain to be wrong is a warning.
func TestWarnings(t *testing.T) {
	a := parsed(t, `
name: acme
source: {kind: csv, path: people.csv, attributes: {badge: BADGE_NO}}
target: {url: "https://acme.example.com"}
scope: {filters: [[{attribute: departement, operator: EQUALS, value: Sales}]]}
users:
  mappings:
    userName: {from: userPrincipalname, match: 1}
    title: {expression: 'Append([badge], [Titel])'}
`)
	got := strings.Join(a.Warnings(), "\n")
	for _, want := range []string{`scope.filters: "departement"`, "did you mean department?", `users.mappings.title: "Titel"`} {
		if !strings.Contains(got, want) {
			t.Errorf("warned\n%s\nwant %s", got, want)
		}
	}
	if len(a.Warnings()) != 2 {
		t.Errorf("warned\n%s", got)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]string{"10m": "10m", "36h": "1d12h", "30d": "30d", "1d12h": "1d12h", "24h": "1d", "90s": "1m30s", "1h0m": "1h", "1h30m": "1h30m", "48h30m": "2d30m",
		"": "", "5": "", "0m": "", "-3h": "", "1d1d": "", "d": "", "1.5d": "", "1d-2h": "", "99999999d": "", "1d30h": ""} {
		d, err := ParseDuration(text)
		if (err == nil) != (want != "") || err == nil && d.String() != want {
			t.Errorf("%q is read as %s, %v; want %s", text, d, err, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := Duration(rapid.Int64Range(1, int64(3650*day)).Draw(t, "d"))
		if got, err := ParseDuration(d.String()); err != nil || got != d {
			t.Fatalf("%d is written %s and read as %d, %v", d, d, got, err)
		}
	})
}

// Whatever a file holds, Parse answers, and what it takes it can write.
func FuzzParse(f *testing.F) {
	for _, name := range Templates() {
		text, _ := Template(name)
		f.Add(text)
	}
	f.Add(small + "users: {mappings: {userName: &a {from: *a}}}")
	f.Add("? [a, b]\n: c\n? {d: e}\n: f\n<<: x\n")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse([]byte(text))
		if err != nil {
			return
		}
		b, err := Parse(a.YAML())
		if err != nil || string(a.YAML()) != string(b.YAML()) {
			t.Errorf("%v\n%s", err, a.YAML())
		}
	})
}
