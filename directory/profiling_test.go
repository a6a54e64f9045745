package directory

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/scim"
)

// names are groups and teams for tests: group names to ids, and "group/key" to
// ids of teams.
type names struct {
	groups map[string]string
	teams  map[string]string
}

func (n names) Group(name string) (string, bool) { id, ok := n.groups[name]; return id, ok }
func (n names) Team(group, key string) (string, bool) {
	id, ok := n.teams[group+"/"+key]
	return id, ok
}

var acme = names{
	groups: map[string]string{"Default": "D", "Finland": "F", "FI": "F", "Suomi \u00e4": "S"},
	teams:  map[string]string{"D/sales": "D-sales", "F/sales": "F-sales", "F/helsinki": "F-helsinki", "F/strasse": "F-strasse"},
}

func all() map[string]bool { return allValues() }

func only(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}

func memberships(text string) []Membership {
	var out []Membership
	for _, f := range strings.Fields(text) {
		team, origin, _ := strings.Cut(f, ":")
		out = append(out, Membership{team, origin})
	}
	return out
}

// One row for every sentence of behaviour.md section 6.
func TestProfile(t *testing.T) {
	five := TeamAttributes
	cases := []struct {
		name     string
		p        Profiling
		group    string
		add      string
		withdraw string
		made     string
		fails    bool
	}{
		{name: "6.1 creation counts as a change of every value",
			p:     Profiling{Groups: true, Attributes: five, Before: Placement{Group: "D"}, Now: Values{Country: "Finland", Department: "Sales"}, Changed: all()},
			group: "F", add: "F-sales:department"},
		{name: "6.1 a value that stands unchanged moves nobody",
			p:     Profiling{Groups: true, Attributes: five, Before: Placement{Group: "D"}, Now: Values{Country: "Finland", Department: "Sales"}, Changed: only()},
			group: "D"},
		{name: "6.1 the five are profiled when the group changes, though their values stand",
			p:     Profiling{Groups: true, Attributes: five, Before: Placement{"D", memberships("D-sales:department")}, Now: Values{Country: "Finland", Department: "Sales"}, Changed: only(Country)},
			group: "F", add: "F-sales:department", withdraw: "D-sales:department"},
		{name: "6.2 groups false: country is ignored, even one that names no group",
			p:     Profiling{Attributes: five, Before: Placement{Group: "D"}, Now: Values{Country: "Atlantis"}, Changed: all()},
			group: "D"},
		{name: "6.2 a group's other name matches",
			p:     Profiling{Groups: true, Attributes: five, Before: Placement{Group: "D"}, Now: Values{Country: "FI"}, Changed: all()},
			group: "F"},
		{name: "6.2 case and all",
			p:     Profiling{Groups: true, Attributes: five, Before: Placement{Group: "D"}, Now: Values{Country: "finland"}, Changed: all()},
			fails: true},
		{name: "6.2 compared in NFC",
			p:     Profiling{Groups: true, Attributes: five, Before: Placement{Group: "D"}, Now: Values{Country: "Suomi a\u0308"}, Changed: all()},
			group: "S"},
		{name: "6.2 SCIM never creates groups",
			p:     Profiling{Groups: true, Attributes: five, Before: Placement{Group: "D"}, Now: Values{Country: "Atlantis"}, Changed: all()},
			fails: true},
		{name: "6.3 no value on update: the group stays",
			p:     Profiling{Groups: true, Attributes: five, Before: Placement{Group: "F"}, Now: Values{}, Changed: only(Country)},
			group: "F"},
		{name: "6.4 a move removes all teams, manual ones too",
			p:     Profiling{Groups: true, Attributes: five, Before: Placement{"D", memberships("D-sales:department D-sales:manual")}, Now: Values{Country: "Finland"}, Changed: only(Country)},
			group: "F", withdraw: "D-sales:department D-sales:manual"},
		{name: "6.4 the same when an admin moves",
			p:     Profiling{Groups: true, Attributes: five, Before: Placement{"D", memberships("D-sales:department")}, Now: Values{Country: "Default", Department: "Sales"}, MoveTo: "F"},
			group: "F", add: "F-sales:department", withdraw: "D-sales:department"},
		{name: "6.5 trimmed and compared by Fold",
			p:     Profiling{Attributes: five, Before: Placement{Group: "F"}, Now: Values{Locality: "  HELSINKI ", Region: "STRASSE"}, Changed: all()},
			group: "F", add: "F-helsinki:locality F-strasse:region"},
		{name: "6.5 not found: created with the case as it came",
			p:     Profiling{Attributes: five, Before: Placement{Group: "F"}, Now: Values{Division: "AbC"}, Changed: all()},
			group: "F", add: "new:abc:division", made: "AbC"},
		{name: "6.5 two attributes of one value name one team, twice its reasons",
			p:     Profiling{Attributes: five, Before: Placement{Group: "F"}, Now: Values{Division: "AbC", Department: "aBC"}, Changed: all()},
			group: "F", add: "new:abc:division new:abc:department", made: "AbC"},
		{name: "6.5 only those in team-attributes",
			p:     Profiling{Attributes: []string{Department}, Before: Placement{Group: "F"}, Now: Values{Locality: "Helsinki", Department: "Sales"}, Changed: all()},
			group: "F", add: "F-sales:department"},
		{name: "6.6 the row of the old value goes, rows of other origins stay",
			p:     Profiling{Attributes: five, Before: Placement{"F", memberships("F-sales:department F-sales:manual F-helsinki:locality")}, Now: Values{Locality: "Helsinki", Department: "helsinki"}, Changed: only(Department)},
			group: "F", add: "F-helsinki:department", withdraw: "F-sales:department"},
		{name: "6.6 a value that becomes empty withdraws its row",
			p:     Profiling{Attributes: five, Before: Placement{"F", memberships("F-sales:department")}, Now: Values{}, Changed: only(Department)},
			group: "F", withdraw: "F-sales:department"},
		{name: "6.6 a membership that an admin took away stays away until the value changes",
			p:     Profiling{Attributes: five, Before: Placement{Group: "F"}, Now: Values{Department: "Sales", Locality: "Helsinki"}, Changed: only(Locality)},
			group: "F", add: "F-helsinki:locality"},
		{name: "a value that changes only its case changes no team",
			p:     Profiling{Attributes: five, Before: Placement{"F", memberships("F-sales:department")}, Now: Values{Department: "SALES"}, Changed: only(Department)},
			group: "F"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Profile(acme, c.p)
			if c.fails {
				var e *scim.Error
				if !errors.As(err, &e) || e.Code != "400.76" || e.Type != scim.InvalidValue || !strings.Contains(e.Detail, `"`+c.p.Now[Country]+`"`) {
					t.Fatalf("got %v, want 400.76 that names the value", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var made []string
			for _, n := range got.NewTeams {
				made = append(made, n.Name)
			}
			// A new team's key holds a colon; compare as sets of text.
			if got.Group != c.group || !sameMemberships(got.Add, c.add) || !sameMemberships(got.Withdraw, c.withdraw) || strings.Join(made, " ") != c.made {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func sameMemberships(ms []Membership, text string) bool {
	var got []string
	for _, m := range ms {
		got = append(got, m.Team+":"+m.Origin)
	}
	want := strings.Fields(text)
	slices.Sort(got)
	slices.Sort(want)
	return slices.Equal(got, want)
}

// Any sequence of changes leaves one group, teams only of that group, and
// manual memberships but for a change of group; the same again changes nothing.
func TestProfileProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := names{groups: map[string]string{"Default": "D", "Finland": "F", "Sweden": "S"}, teams: map[string]string{}}
		teamGroup := map[string]string{}
		place, was := Placement{Group: "D"}, Values{}
		value := rapid.SampledFrom([]string{"", "Sales", "SALES", " sales ", "Helsinki", "IT", "Straße", "STRASSE"})
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			now := Values{Country: rapid.SampledFrom([]string{"", "Default", "Finland", "Sweden", "Atlantis"}).Draw(t, "country")}
			for _, a := range TeamAttributes {
				now[a] = value.Draw(t, a)
			}
			if rapid.Bool().Draw(t, "by hand") && len(teamGroup) > 0 {
				for _, id := range slices.Sorted(maps.Keys(teamGroup)) {
					if teamGroup[id] == place.Group {
						place.Memberships = append(place.Memberships, Membership{id, Manual})
						break
					}
				}
			}
			p := Profiling{Groups: true, Attributes: TeamAttributes, Before: place, Now: now, Changed: changedValues(was, now)}
			out, err := Profile(n, p)
			again, err2 := Profile(n, p)
			if !reflect.DeepEqual(out, again) || (err == nil) != (err2 == nil) {
				t.Fatal("not pure")
			}
			if err != nil {
				if now[Country] != "Atlantis" || was[Country] == "Atlantis" {
					t.Fatalf("refused %q: %v", now[Country], err)
				}
				continue // a refused request stores nothing
			}
			for _, nt := range out.NewTeams {
				id := out.Group + "-" + scim.Fold(strings.TrimSpace(nt.Name))
				n.teams[out.Group+"/"+scim.Fold(strings.TrimSpace(nt.Name))] = id
				teamGroup[id] = out.Group
				for i := range out.Add {
					if out.Add[i].Team == nt.Key {
						out.Add[i].Team = id
					}
				}
			}
			after := out.after(place.Memberships)
			u := &UserRow{}
			u.SetMemberships(after)
			for _, m := range u.Memberships() {
				if teamGroup[m.Team] != out.Group {
					t.Fatalf("in %s of another group than %s", m.Team, out.Group)
				}
			}
			if out.Group == place.Group {
				for _, m := range withOrigin(place.Memberships, Manual) {
					if !slices.Contains(after, m) {
						t.Fatalf("manual membership %v lost", m)
					}
				}
			}
			place, was = Placement{out.Group, u.Memberships()}, now
			same, err := Profile(n, Profiling{Groups: true, Attributes: TeamAttributes, Before: place, Now: now, Changed: changedValues(was, now)})
			if err != nil || !same.Unchanged {
				t.Fatalf("the same request again does %+v", same)
			}
		}
	})
}

func TestMembershipsColumn(t *testing.T) {
	u := &UserRow{}
	u.SetMemberships([]Membership{{"b", "region"}, {"a", Manual}, {"b", "locality"}, {"b", "region"}})
	if u.Teams != "a manual\nb locality,region" {
		t.Errorf("got %q", u.Teams)
	}
	if got := u.Memberships(); !reflect.DeepEqual(got, []Membership{{"a", Manual}, {"b", "locality"}, {"b", "region"}}) {
		t.Errorf("got %v", got)
	}
	if u.SetMemberships(nil); u.Teams != "" || u.Memberships() != nil {
		t.Errorf("got %q", u.Teams)
	}
}

// behaviour.md 4.3: one address is read, never a home address.
func TestValuesOf(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`{"userName":"a","addresses":[{"type":"home","country":"H"},{"type":"work","country":"W"}]}`, "W"},
		{`{"userName":"a","addresses":[{"country":"U"},{"type":"work","country":"W"}]}`, "W"},
		{`{"userName":"a","addresses":[{"type":"home","country":"H"},{"country":"U"},{"country":"V"}]}`, "U"},
		{`{"userName":"a","addresses":[{"type":"home","country":"H"}]}`, ""},
		{`{"userName":"a","country":"Bare"}`, "Bare"},
		{`{"userName":"a","country":"Bare","addresses":[{"type":"work","country":"W"}]}`, "W"},
	} {
		r, err := scim.UserType.Parse([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if got := ValuesOf(r.Object())[Country]; got != c.want {
			t.Errorf("%s: got %q, want %q", c.body, got, c.want)
		}
	}
}

func TestRecycleName(t *testing.T) {
	hex := "0123456789abcdef0123456789ABCDEF"
	for name, want := range map[string]bool{
		hex + "anna@acme.test": true, hex + "ANNA@acme.test": true, hex + "other@acme.test": false,
		"anna@acme.test": false, hex[1:] + "anna@acme.test": false, hex: false,
	} {
		if got := recycleName("anna@acme.test", name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTokenForm(t *testing.T) {
	token := mintSecret(tokenPrefix)
	if !isSecret(token, tokenPrefix) || len(token) != 3+43+6 || !strings.HasPrefix(token, "rc_") {
		t.Fatalf("bad token %q", token)
	}
	for i := 3; i < len(token); i++ {
		other := "0"
		if token[i] == '0' {
			other = "1"
		}
		if isSecret(token[:i]+other+token[i+1:], tokenPrefix) {
			t.Errorf("a wrong character at %d is not noticed", i)
		}
	}
	if isSecret("", tokenPrefix) || isSecret("rc_", tokenPrefix) || isSecret(token+"x", tokenPrefix) {
		t.Error("a wrong length is not noticed")
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct{ name, value, want, err string }{
		{"groups", "TRUE", "true", ""},
		{"groups", "perhaps", "", "neither true nor false"},
		{"team-attributes", "department, locality", "locality,department", ""},
		{"team-attributes", "none", "", ""},
		{"team-attributes", "country", "", "cannot name teams"},
		{"deprovision", "delete", "", "remove or deactivate"},
		{"retention-days", "0", "", "1 to 3650"},
		{"nonsense", "1", "", "there is no setting"},
	} {
		s, err := Settings{}.With(c.name, c.value)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s %s: %v", c.name, c.value, err)
			}
			continue
		}
		back, _ := decodeSettings(s.encode())
		if err != nil || s.get(c.name) != c.want || back.get(c.name) != c.want {
			t.Errorf("%s %s: got %q, %v", c.name, c.value, s.get(c.name), err)
		}
	}
}
