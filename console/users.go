package console

import (
	"github.com/rollcall-scim/rollcall/directory"
)

// usersPage is the list of people, with its filters and what can be done with
// those who are chosen.
type usersPage struct {
	listed
	Groups  []choice
	Matches []choice
	Origins []choice
	States  []choice
	Roles   []choice
	Sorts   []choice
	Team    directory.Team // that the list is confined to
	Admin   bool           // the reader is a company admin
}

func (c *Console) showUsers(v *visit) error {
	values := v.r.URL.Query()
	q := peopleQuery(values)
	l, err := v.people("/users", q)
	if err != nil {
		return err
	}
	p := usersPage{listed: l, Admin: v.me.Role == directory.RoleCompanyAdmin,
		Matches: chosen(matchChoices, values.Get("matched")), States: chosen(stateChoices, q.State), Roles: chosen(roleChoices, q.Role), Sorts: chosen(sortChoices, values.Get("sort"))}
	if !p.Admin {
		p.States = p.States[:len(p.States)-1] // only company admins see the removed
	}
	if p.Groups, err = v.groupChoices("All groups", q.Group); err != nil {
		return err
	}
	if p.Origins, err = v.originChoices(q.Origin); err != nil {
		return err
	}
	if q.Team != "" {
		if p.Team, err = v.t.Team(v.r.Context(), q.Team); err != nil {
			return err
		}
	}
	return v.show("users.html", "Users", p)
}

// originChoices are where people come from: a connection, or by hand. Group
// admins know nothing of connections.
func (v *visit) originChoices(value string) ([]choice, error) {
	if v.me.Role != directory.RoleCompanyAdmin {
		return nil, nil
	}
	connections, err := v.t.ConnectionNames(v.r.Context())
	if err != nil {
		return nil, err
	}
	out := []choice{{Label: "Any origin", On: value == ""}, {directory.ByHand, "By hand", value == directory.ByHand}}
	for _, c := range connections {
		out = append(out, choice{c.ID, "By " + c.Name, c.ID == value})
	}
	return out, nil
}
