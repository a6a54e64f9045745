package console

import (
	"net/http"
	"strconv"

	"github.com/rollcall-scim/rollcall/directory"
)

// teamPage is a team with its members and why they are in it.
type teamPage struct {
	directory.Team
	listed
	Origins map[string][]string // by person
	Names   []directory.OtherName
	Others  []directory.Team // with which it can be merged
}

func (c *Console) showTeam(v *visit) error {
	p, err := v.team()
	if err != nil {
		return err
	}
	return v.show("team.html", p.Team.Name, p)
}

func (v *visit) team() (p teamPage, err error) {
	ctx := v.r.Context()
	if p.Team, err = v.t.Team(ctx, v.r.PathValue("id")); err != nil {
		return p, err
	}
	q := peopleQuery(v.r.URL.Query())
	q.Team = p.ID
	if p.listed, err = v.people("/teams/"+p.ID, q); err != nil {
		return p, err
	}
	p.Query.Set("team", p.ID)
	p.Origins = map[string][]string{}
	for _, u := range p.People {
		for _, in := range v.t.TeamsOf(ctx, u) {
			if in.ID == p.ID {
				p.Origins[u.ID] = in.Origins
			}
		}
	}
	if p.Names, err = v.t.OtherNames(ctx, p.ID); err != nil {
		return p, err
	}
	others, err := v.t.FindTeams(ctx, directory.TeamQuery{Group: p.GroupID, Limit: 500})
	for _, m := range others.Teams {
		if m.ID != p.ID {
			p.Others = append(p.Others, m)
		}
	}
	return p, err
}

// changeTeamPage renames a team, gives and takes names, merges or deletes it.
func (c *Console) changeTeamPage(v *visit) error {
	m, err := v.t.Team(v.r.Context(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	ctx, form, ref, said := v.r.Context(), v.r.PostForm, directory.TeamRef{Name: m.ID}, "Saved."
	switch form.Get("do") {
	case "rename":
		err = v.t.RenameTeam(ctx, ref, form.Get("name"))
		said = "Renamed. The old name keeps matching: nobody gets a second team."
	case "add-name":
		err = v.t.AddTeamName(ctx, ref, form.Get("name"))
	case "remove-name":
		err = v.t.RemoveTeamName(ctx, ref, form.Get("name"))
	case "merge":
		return v.mergeTeam(m, form.Get("into"))
	case "delete":
		return v.deleteTeam(m)
	default:
		v.c.refuse(v.w, v.r, http.StatusUnprocessableEntity, "That cannot be done", "Choose one of the buttons of the page.")
		return nil
	}
	if err == nil {
		return v.done("/teams/"+m.ID, said)
	}
	p, pageErr := v.team()
	if pageErr != nil {
		return pageErr
	}
	return v.showAgain("team.html", p.Team.Name, p, err)
}

func (v *visit) mergeTeam(m directory.Team, into string) error {
	other, err := v.t.Team(v.r.Context(), into)
	if err != nil {
		return err
	}
	ok, err := v.confirm("Merge "+m.Name+" into "+other.Name+": "+count(m.Users, "person", "people")+" come into "+other.Name+", which answers to both names from then on. "+m.Name+" ends.", m.Users)
	if err != nil || !ok {
		return err
	}
	if err := v.t.MergeTeams(v.r.Context(), directory.TeamRef{Name: m.ID}, directory.TeamRef{Name: other.ID}); err != nil {
		return err
	}
	return v.done("/teams/"+other.ID, m.Name+" is part of "+other.Name+" now.")
}

func (v *visit) deleteTeam(m directory.Team) error {
	ok, err := v.confirm("Delete the team "+m.Name+". "+count(m.Users, "person leaves", "people leave")+" it. An attribute that names it makes it again with its next change.", m.Users)
	if err != nil || !ok {
		return err
	}
	if err := v.t.DeleteTeam(v.r.Context(), directory.TeamRef{Name: m.ID}); err != nil {
		return err
	}
	return v.done("/teams", "The team "+m.Name+" is deleted.")
}

// atoi reads a number of an address; what is none is 0.
func atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
