package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// found are the userNames' local parts, in order.
func (w *world) found(q directory.PeopleQuery) string {
	w.t.Helper()
	page, err := w.admin.Find(w.t.Context(), q)
	w.must(err)
	return locals(page.People)
}

func locals(people []directory.User) string {
	var out []string
	for _, u := range people {
		local, _, _ := strings.Cut(u.UserName, "@")
		out = append(out, local)
	}
	return strings.Join(out, " ")
}

func (w *world) person(userName, given, family string, more map[string]string) {
	w.t.Helper()
	attributes := map[string]string{"name.givenName": given, "name.familyName": family}
	for k, v := range more {
		attributes[k] = v
	}
	_, err := w.admin.CreateUser(w.t.Context(), userName, attributes)
	w.must(err)
}

func (w *world) removed(ref string) {
	w.t.Helper()
	_, err := w.admin.RemoveUser(w.t.Context(), ref)
	w.must(err)
}

func TestFindBySearch(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland", "Sweden")
		w.person("anna@acme.test", "Anna", "Aalto", map[string]string{"country": "Finland", "department": "Sales"})
		w.person("bo@acme.test", "Bo", "Ångström", map[string]string{"country": "Sweden", "department": "Sales"})
		w.person("carl@beta.test", "Carl-Anna", "O'Brien", map[string]string{"country": "Sweden", "locality": "New York"})
		for _, c := range []struct{ text, want string }{
			{"", "admin anna bo carl"},
			{"ann", "anna carl"},
			{"AALTO anna", "anna"},
			{"anna brien", "carl"},
			{"o'brien", "carl"},
			{"ångs", "bo"},
			{"ÅNGS", "bo"},
			{"anna@acme", "anna"},
			{"@beta.test", "carl"},
			{"sale", "anna bo"},
			{"sale ann", "anna"},
			{"york", "carl"},
			{"yorks", ""},
			{"nna", ""},
			{"...", ""},
			{"admin", "admin"},
		} {
			if got := w.found(directory.PeopleQuery{Text: c.text}); got != c.want {
				t.Errorf("%q finds %q, want %q", c.text, got, c.want)
			}
		}

		// A renamed team is found by its names, without a write to its people.
		w.must(w.admin.RenameTeam(t.Context(), directory.TeamRef{Name: "Sales", Group: "Finland"}, "Revenue"))
		if got := w.found(directory.PeopleQuery{Text: "reven"}); got != "anna" {
			t.Errorf("the renamed team finds %q", got)
		}

		// Another name is found, and the old one is not.
		_, err := w.admin.SetUser(t.Context(), "anna@acme.test", map[string]string{"name.familyName": "Zorro"})
		w.must(err)
		if a, b := w.found(directory.PeopleQuery{Text: "aalto"}), w.found(directory.PeopleQuery{Text: "zor"}); a != "" || b != "anna" {
			t.Errorf("the old name finds %q, the new one %q", a, b)
		}
	})
}

func TestFindByFilter(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland", "Sweden")
		w.person("anna@acme.test", "Anna", "Aalto", map[string]string{"country": "Finland", "department": "Sales"})
		w.person("bo@acme.test", "Bo", "Berg", map[string]string{"country": "Sweden"})
		w.person("gone@acme.test", "Gun", "Gone", nil)
		w.removed("gone@acme.test")
		w.post(`{"userName":"cia@acme.test","externalId":"c","active":true,"name":{"givenName":"Cia"},"addresses":[{"type":"work","country":"Sweden"}]}`)
		w.must(w.admin.LeaveAlone(t.Context(), "bo@acme.test", true))
		yes, no := true, false
		connections, err := w.admin.Connections(t.Context())
		w.must(err)
		team := w.user("anna@acme.test").Memberships[0].Team
		for name, c := range map[string]struct {
			q    directory.PeopleQuery
			want string
		}{
			"a group":           {directory.PeopleQuery{Group: "Sweden"}, "bo cia"},
			"a team":            {directory.PeopleQuery{Team: team}, "anna"},
			"matched":           {directory.PeopleQuery{Matched: &yes}, "cia"},
			"unmatched":         {directory.PeopleQuery{Matched: &no}, "admin anna bo"},
			"unmatched, open":   {directory.PeopleQuery{Matched: &no, LeftAlone: &no}, "admin anna"},
			"left alone":        {directory.PeopleQuery{Matched: &no, LeftAlone: &yes}, "bo"},
			"by hand":           {directory.PeopleQuery{Origin: directory.ByHand}, "admin anna bo"},
			"by the connection": {directory.PeopleQuery{Origin: connections[0].ID}, "cia"},
			"removed":           {directory.PeopleQuery{State: "removed"}, "gone"},
			"removed, searched": {directory.PeopleQuery{State: "removed", Text: "gon"}, "gone"},
			"active":            {directory.PeopleQuery{State: "active", Group: "Sweden"}, "bo cia"},
			"inactive":          {directory.PeopleQuery{State: "inactive"}, ""},
			"admins":            {directory.PeopleQuery{Role: "company admin"}, "admin"},
			"joined by and":     {directory.PeopleQuery{Group: "Sweden", Matched: &no, Text: "b"}, "bo"},
			"by userName":       {directory.PeopleQuery{ByUserName: true}, "admin anna bo cia"},
		} {
			if got := w.found(c.q); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		if _, err := w.admin.Find(t.Context(), directory.PeopleQuery{State: "asleep"}); err == nil || !strings.Contains(err.Error(), "removed") {
			t.Errorf("a state that there is not: %v", err)
		}
	})
}

// Whatever is asked for, walking pages forwards meets everybody once, and
// backwards the same people again.
func TestFindPages(t *testing.T) {
	each(t, func(w *world) {
		for i := range 23 {
			w.person(fmt.Sprintf("user%02d@acme.test", i), fmt.Sprintf("Anna%d", i%7), "Aalto", map[string]string{"department": fmt.Sprintf("Team %d", i%3)})
		}
		defer directory.SetNarrow(directory.SetNarrow(2)) // else nothing is wide
		for _, narrow := range []int{2, 2000} {
			directory.SetNarrow(narrow)
			for name, q := range map[string]directory.PeopleQuery{
				"all":         {Limit: 5},
				"by userName": {Limit: 5, ByUserName: true},
				"unmatched":   {Limit: 7, Matched: new(bool)},
				"a word":      {Limit: 5, Text: "a"},
				"two words":   {Limit: 4, Text: "anna team"},
				"a team":      {Limit: 4, Text: "te"},
			} {
				all := slices.Sorted(strings.FieldsSeq(w.found(directory.PeopleQuery{Text: q.Text, Limit: 100, Matched: q.Matched})))
				var forth []string
				var firsts []string
				page, err := w.admin.Find(t.Context(), q)
				w.must(err)
				for {
					forth = append(forth, strings.Fields(locals(page.People))...)
					firsts = append(firsts, locals(page.People))
					if page.Next == "" {
						break
					}
					q.After, q.Before = page.Next, ""
					page, err = w.admin.Find(t.Context(), q)
					w.must(err)
				}
				if got := slices.Sorted(slices.Values(forth)); !slices.Equal(got, all) {
					t.Errorf("%s, narrow %d: pages have\n%v\nand there are\n%v", name, narrow, got, all)
				}
				if page.ByWord {
					continue
				}
				for i := len(firsts) - 2; i >= 0; i-- {
					q.After, q.Before = "", page.Previous
					page, err = w.admin.Find(t.Context(), q)
					w.must(err)
					if got := locals(page.People); got != firsts[i] {
						t.Errorf("%s, narrow %d: back on page %d are %q, and were %q", name, narrow, i, got, firsts[i])
					}
				}
			}
			ids, err := w.admin.Chosen(t.Context(), directory.PeopleQuery{Text: "anna"}, 100)
			w.must(err)
			if len(ids) != 23 {
				t.Errorf("chosen are %d", len(ids))
			}
			if _, err := w.admin.Chosen(t.Context(), directory.PeopleQuery{Text: "anna"}, 5); err == nil {
				t.Error("more are chosen than may be")
			}
			n := 0
			w.must(w.admin.EachPerson(t.Context(), directory.PeopleQuery{}, func(directory.User) error { n++; return nil }))
			if n != 24 {
				t.Errorf("each person: %d", n)
			}
		}
	})
}

// What was said of the person when he was there is in no index after he is
// forgotten (behaviour.md 7.6).
func TestForgottenPeopleAreNotFound(t *testing.T) {
	each(t, func(w *world) {
		w.person("anna@acme.test", "Anna", "Aalto", nil)
		w.removed("anna@acme.test")
		w.now = w.now.Add(46 * 24 * time.Hour)
		n, err := w.d.Purge(t.Context())
		w.must(err)
		if got := w.found(directory.PeopleQuery{Text: "aalto", State: "removed"}); n != 1 || got != "" {
			t.Errorf("%d forgotten, and %q is found", n, got)
		}
	})
}

func TestOtherNamesTellWhenTheyMatched(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland")
		w.must(w.admin.AddGroupName(t.Context(), "Finland", "FI"))
		w.must(w.admin.AddGroupName(t.Context(), "Finland", "Suomi"))
		w.person("anna@acme.test", "Anna", "Aalto", map[string]string{"country": "FI", "department": "Sales"})
		w.must(w.admin.RenameTeam(t.Context(), directory.TeamRef{Name: "Sales"}, "Revenue"))
		w.person("bo@acme.test", "Bo", "Berg", map[string]string{"country": "Finland", "department": "SALES"})
		u := w.user("bo@acme.test")
		group, err := w.admin.OtherNames(t.Context(), u.GroupID)
		w.must(err)
		team, err := w.admin.OtherNames(t.Context(), u.Memberships[0].Team)
		w.must(err)
		today := w.now.Truncate(24 * time.Hour)
		if len(group) != 2 || !group[0].Matched.Equal(today) || !group[1].Matched.IsZero() || len(team) != 1 || !team[0].Matched.Equal(today) {
			t.Errorf("group %v, team %v", group, team)
		}
	})
}
