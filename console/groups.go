package console

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/rollcall-scim/rollcall/directory"
)

func (c *Console) showGroups(v *visit) error {
	groups, err := v.t.SizedGroups(v.r.Context())
	if err != nil {
		return err
	}
	return v.show("groups.html", "Groups", groups)
}

func (c *Console) addGroup(v *visit) error {
	name := v.r.PostFormValue("name")
	id, err := v.t.CreateGroup(v.r.Context(), name)
	if err != nil {
		groups, listErr := v.t.SizedGroups(v.r.Context())
		if listErr != nil {
			return listErr
		}
		return v.showAgain("groups.html", "Groups", groups, err)
	}
	return v.done("/groups/"+id, "The group is here. People whose country is exactly its name come into it with their next change.")
}

// groupPage is a group with its people and names.
type groupPage struct {
	directory.Group
	Names  []directory.OtherName
	People []directory.User
	Teams  []directory.Team
	Admin  bool // the reader is a company admin
}

func (c *Console) showGroup(v *visit) error {
	p, err := v.group()
	if err != nil {
		return err
	}
	return v.show("group.html", p.Name, p)
}

func (v *visit) group() (p groupPage, err error) {
	ctx := v.r.Context()
	if p.Group, err = v.t.Group(ctx, v.r.PathValue("id")); err != nil {
		return p, err
	}
	p.Admin = v.me.Role == directory.RoleCompanyAdmin
	if p.Names, err = v.t.OtherNames(ctx, p.ID); err != nil {
		return p, err
	}
	people, err := v.t.Find(ctx, directory.PeopleQuery{Group: p.ID, Limit: 10})
	if err != nil {
		return p, err
	}
	p.People = people.People
	teams, err := v.t.FindTeams(ctx, directory.TeamQuery{Group: p.ID, Limit: 20})
	p.Teams = teams.Teams
	return p, err
}

// changeGroup renames a group, gives and takes names, or deletes it.
func (c *Console) changeGroup(v *visit) error {
	g, err := v.t.Group(v.r.Context(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	ctx, form, here := v.r.Context(), v.r.PostForm, "/groups/"+g.ID
	said := "Saved."
	switch form.Get("do") {
	case "rename":
		err = v.t.RenameGroup(ctx, g.ID, form.Get("name"))
		said = "Renamed. The old name keeps matching until you take it away; let the identity provider send the new one."
	case "add-name":
		err = v.t.AddGroupName(ctx, g.ID, form.Get("name"))
		said = "Added. It matches from the next change on; who came before can be profiled again."
	case "remove-name":
		err = v.t.RemoveGroupName(ctx, g.ID, form.Get("name"))
	case "delete":
		return v.deleteGroup(g)
	default:
		v.c.refuse(v.w, v.r, http.StatusUnprocessableEntity, "That cannot be done", "Choose one of the buttons of the page.")
		return nil
	}
	if err == nil {
		return v.done(here, said)
	}
	p, pageErr := v.group()
	if pageErr != nil {
		return pageErr
	}
	return v.showAgain("group.html", p.Name, p, err)
}

func (v *visit) deleteGroup(g directory.Group) error {
	ok, err := v.confirm("Delete the group "+g.Name+" with its "+count(g.Teams, "team", "teams")+". Nobody is in it.", 0)
	if err != nil || !ok {
		return err
	}
	if err := v.t.DeleteGroup(v.r.Context(), g.ID); err != nil {
		return err
	}
	return v.done("/groups", "The group "+g.Name+" is deleted.")
}

// teamsPage is the list of teams.
type teamsPage struct {
	directory.TeamPage
	Text   string
	Group  string
	Groups []choice
	Next   string
	Prev   string
}

// teamsOnPage is how many teams a page has.
const teamsOnPage = 100

func (c *Console) showTeams(v *visit) error {
	p, err := v.teams()
	if err != nil {
		return err
	}
	return v.show("teams.html", "Teams", p)
}

func (v *visit) teams() (p teamsPage, err error) {
	values := v.r.URL.Query()
	from := atoi(values.Get("from"))
	p.Text, p.Group = values.Get("q"), values.Get("group")
	if p.TeamPage, err = v.t.FindTeams(v.r.Context(), directory.TeamQuery{Text: p.Text, Group: p.Group, From: from, Limit: teamsOnPage}); err != nil {
		return p, err
	}
	if p.Groups, err = v.groupChoices("All groups", p.Group); err != nil {
		return p, err
	}
	at := func(from int) string {
		to := url.Values{}
		to.Set("q", p.Text)
		to.Set("group", p.Group)
		to.Set("from", strconv.Itoa(from))
		return "/teams?" + to.Encode()
	}
	if from+teamsOnPage < p.Total {
		p.Next = at(from + teamsOnPage)
	}
	if from > 0 {
		p.Prev = at(max(0, from-teamsOnPage))
	}
	return p, nil
}

func (c *Console) addTeam(v *visit) error {
	id, err := v.t.CreateTeam(v.r.Context(), v.r.PostFormValue("group"), v.r.PostFormValue("name"))
	if err != nil {
		p, listErr := v.teams()
		if listErr != nil {
			return listErr
		}
		return v.showAgain("teams.html", "Teams", p, err)
	}
	return v.done("/teams/"+id, "The team is here.")
}
