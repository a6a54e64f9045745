package console

import (
	"net/url"

	"github.com/rollcall-scim/rollcall/directory"
)

// pageOfPeople is how many people a page of a list has.
const pageOfPeople = 50

// choices of the filters of people.
var (
	stateChoices = []choice{{Value: "", Label: "In sight"}, {Value: "active", Label: "Active"}, {Value: "inactive", Label: "Inactive"}, {Value: "removed", Label: "Removed"}}
	matchChoices = []choice{{Value: "", Label: "Matched or not"}, {Value: "yes", Label: "Matched"}, {Value: "no", Label: "Unmatched"}}
	roleChoices  = []choice{{Value: "", Label: "Any role"}, {Value: "company admin", Label: "Company admins"}, {Value: "group admin", Label: "Group admins"}, {Value: "user", Label: "Users"}}
	sortChoices  = []choice{{Value: "", Label: "By name"}, {Value: "userName", Label: "By user name"}}
)

// peopleQuery reads what a list of people is asked for out of an address.
func peopleQuery(values url.Values) directory.PeopleQuery {
	q := directory.PeopleQuery{
		Text: values.Get("q"), Group: values.Get("group"), Team: values.Get("team"), Origin: values.Get("origin"), State: values.Get("state"), Role: values.Get("role"),
		ByUserName: values.Get("sort") == "userName", After: values.Get("after"), Before: values.Get("before"), Limit: pageOfPeople,
	}
	if m := values.Get("matched"); m != "" {
		yes := m == "yes"
		q.Matched = &yes
	}
	if l := values.Get("left"); l != "" {
		yes := l == "yes"
		q.LeftAlone = &yes
	}
	return q
}

// queryKeys are the parts of an address that say which people are meant, without
// the page.
var queryKeys = []string{"q", "group", "team", "matched", "left", "origin", "state", "role", "sort"}

// listed is a list of people for a template.
type listed struct {
	directory.PeoplePage
	Query    url.Values // without the page
	Text     string
	Next     string // addresses; "" for none
	Previous string
	First    string
	Filtered bool
	Back     string // the address of this very page, for forms
}

// people looks for those whom the address at path asks for.
func (v *visit) people(path string, q directory.PeopleQuery) (l listed, err error) {
	if l.PeoplePage, err = v.t.Find(v.r.Context(), q); err != nil {
		return l, err
	}
	l.Query = url.Values{}
	for _, key := range queryKeys {
		if value := v.r.URL.Query().Get(key); value != "" {
			l.Query.Set(key, value)
			l.Filtered = l.Filtered || key != "sort"
		}
	}
	l.Text = q.Text
	at := func(key, mark string) string {
		to := url.Values{}
		for k := range l.Query {
			to.Set(k, l.Query.Get(k))
		}
		if key != "" {
			to.Set(key, mark)
		}
		if len(to) == 0 {
			return path
		}
		return path + "?" + to.Encode()
	}
	if l.PeoplePage.Next != "" {
		l.Next = at("after", l.PeoplePage.Next)
	}
	if l.PeoplePage.Previous != "" {
		l.Previous = at("before", l.PeoplePage.Previous)
	}
	if q.After != "" || q.Before != "" {
		l.First = at("", "")
	}
	l.Back = v.r.URL.RequestURI()
	return l, nil
}

// chosen marks the choice that an address has made.
func chosen(choices []choice, value string) []choice {
	out := make([]choice, len(choices))
	for i, c := range choices {
		c.On = c.Value == value
		out[i] = c
	}
	return out
}

// groupChoices are the groups, with one for all of them first.
func (v *visit) groupChoices(all, value string) (out []choice, err error) {
	groups, err := v.t.GroupNames(v.r.Context())
	if err != nil {
		return nil, err
	}
	if all != "" {
		out = append(out, choice{Label: all, On: value == ""})
	}
	for _, g := range groups {
		out = append(out, choice{g.ID, g.Name, g.ID == value})
	}
	return out, nil
}
