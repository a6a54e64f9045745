package year

import (
	"maps"
	"slices"
	"strings"
)

// index finds accounts by what the server shows of them.
type index struct {
	byExternal map[string][]*account
	byName     map[string][]*account // of userNames in small letters, and of those in the recycle bin
}

func (c *company) index() index {
	x := index{map[string][]*account{}, map[string][]*account{}}
	for _, a := range c.accounts {
		x.byExternal[a.external] = append(x.byExternal[a.external], a)
		for _, name := range []string{a.UserName, a.tombstone()} {
			name = strings.ToLower(name)
			x.byName[name] = append(x.byName[name], a)
		}
	}
	return x
}

// whose is the person of an account as the server shows it: among those who have
// or had its externalId, or else its userName, who is in under that name, else
// who has the employee number, else who is in, else the last.
func (j *judge) whose(u map[string]any) string {
	external, number, name := text(u, "externalId"), text(u, enterpriseURN, "employeeNumber"), strings.ToLower(text(u, "userName"))
	bearers := j.index.byExternal[external]
	if len(bearers) == 0 {
		bearers = j.index.byName[name]
	}
	named := func(a *account) bool { return strings.EqualFold(a.UserName, name) }
	for _, is := range []func(*account) bool{
		func(a *account) bool { return a.live() && named(a) }, // he signs in with it
		func(a *account) bool { return number != "" && a.Employee == number && named(a) },
		func(a *account) bool { return number != "" && a.Employee == number },
		(*account).live,
		func(*account) bool { return true },
	} {
		for _, a := range slices.Backward(bearers) {
			if is(a) {
				return a.person
			}
		}
	}
	if h := j.company.held[text(u, "id")]; h != nil {
		return h.person
	}
	return ""
}

// learn notes which attributes the server shows at all.
func (j *judge) learn(u map[string]any) {
	for path, at := range judged {
		if text(u, at...) != "" {
			j.shows[path] = true
		}
	}
	if list, _ := dig(u, rollcallURN, "teams").([]any); len(list) > 0 {
		j.shows["teams"] = true
	}
}

// judged are the attributes that are compared, and where they are.
var judged = func() map[string][]string {
	m := map[string][]string{"userName": {"userName"}, "externalId": {"externalId"}}
	for _, f := range fieldsOf(&account{}) {
		m[f.path] = f.at
	}
	return m
}()

// paths are the names of judged, in order.
var paths = slices.Sorted(maps.Keys(judged))
