package console

import (
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
)

func (c *Console) showIdPGroups(v *visit) error {
	groups, err := v.t.IdPGroups(v.r.Context())
	if err != nil {
		return err
	}
	return v.show("idp_groups.html", "IdP groups", groups)
}

func (c *Console) addIdPGroup(v *visit) error {
	name := strings.TrimSpace(v.r.PostFormValue("name"))
	err := v.t.CreateIdPGroup(v.r.Context(), name)
	groups, listErr := v.t.IdPGroups(v.r.Context())
	if listErr != nil {
		return listErr
	}
	if err != nil {
		return v.showAgain("idp_groups.html", "IdP groups", groups, err)
	}
	for _, g := range groups {
		if g.Name == name {
			return v.done("/idp-groups/"+g.ID, "The IdP group is here. Fill it with people, or with other IdP groups.")
		}
	}
	return v.done("/idp-groups", "The IdP group is here.")
}

// idpGroupPage is an IdP group with some of its members.
type idpGroupPage struct {
	directory.IdPGroup
	People []directory.IdPMember
	Next   string
	Teams  []directory.Team // that it makes
	Others []directory.IdPGroup
	Typed  string // who could not be added
}

// membersOnPage is how many members a page has.
const membersOnPage = 100

func (c *Console) showIdPGroup(v *visit) error {
	p, err := v.idpGroup()
	if err != nil {
		return err
	}
	return v.show("idp_group.html", p.Name, p)
}

func (v *visit) idpGroup() (p idpGroupPage, err error) {
	ctx, id := v.r.Context(), v.r.PathValue("id")
	if p.IdPGroup, err = v.t.OneIdPGroup(ctx, id); err != nil {
		return p, err
	}
	if p.People, err = v.t.IdPMembers(ctx, id, v.r.URL.Query().Get("after"), membersOnPage+1); err != nil {
		return p, err
	}
	if len(p.People) > membersOnPage {
		p.People = p.People[:membersOnPage]
		p.Next = "/idp-groups/" + id + "?after=" + p.People[membersOnPage-1].ID
	}
	if p.Teams, err = v.t.TeamsMadeBy(ctx, p.Name); err != nil || p.Connection != "" {
		return p, err
	}
	others, err := v.t.IdPGroups(ctx)
	for _, g := range others {
		if g.ID != id {
			p.Others = append(p.Others, g)
		}
	}
	return p, err
}

// changeIdPGroup fills, empties, renames or deletes one that was made here.
func (c *Console) changeIdPGroup(v *visit) error {
	p, err := v.idpGroup()
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	ctx, form, said := v.r.Context(), v.r.PostForm, "Saved."
	switch form.Get("do") {
	case "rename":
		err = v.t.RenameIdPGroup(ctx, p.ID, form.Get("name"))
		said = "Renamed."
	case "add":
		p.Typed = form.Get("people")
		err = v.addMembers(p.ID, p.Typed)
	case "nest":
		err = v.t.AddToIdPGroup(ctx, p.ID, []string{form.Get("to")})
	case "take":
		err = v.t.RemoveFromIdPGroup(ctx, p.ID, form["id"])
	case "delete":
		ok, err := v.confirm("Delete the IdP group "+p.Name+" with its "+count(p.Members, "member", "members")+". The people stay; teams that they have because of it they leave.", p.Members)
		if err != nil || !ok {
			return err
		}
		if err := v.t.DeleteIdPGroup(ctx, p.ID); err != nil {
			return err
		}
		return v.done("/idp-groups", "The IdP group "+p.Name+" is deleted.")
	default:
		v.c.refuse(v.w, v.r, http.StatusUnprocessableEntity, "That cannot be done", "Choose one of the buttons of the page.")
		return nil
	}
	if err != nil {
		return v.showAgain("idp_group.html", p.Name, p, err)
	}
	return v.done("/idp-groups/"+p.ID, said)
}

// addMembers reads user names, one a line or between commas.
func (v *visit) addMembers(id, text string) error {
	names := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ',' || r == ';' || r == '\r' })
	var refs []string
	for _, name := range names {
		if name = strings.TrimSpace(name); name != "" {
			refs = append(refs, name)
		}
	}
	if len(refs) == 0 {
		return said("Nobody is named. Write the user names of the people to add, one on each line.")
	}
	return v.t.AddToIdPGroup(v.r.Context(), id, refs)
}
