package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// eventsShown is how much of a history a page has.
const eventsShown = 20

// personPage is one person: what is known of him, and from whom.
type personPage struct {
	directory.User
	Attributes []directory.Attribute
	Places     []directory.InTeam
	Joinable   []directory.Team
	Groups     []choice
	Links      []directory.Link
	SignIn     directory.SignInState
	Tokens     []directory.Token
	Roles      []choice
	History    directory.Page
	Older      string // address of what happened before
	Forgotten  time.Time
	Admin      bool // the reader is a company admin
	Himself    bool
}

func (c *Console) showPerson(v *visit) error {
	u, err := v.person()
	if err != nil {
		return err
	}
	p := personPage{User: u, Admin: v.me.Role == directory.RoleCompanyAdmin, Himself: u.ID == v.me.ID, Forgotten: v.t.Forgotten(u)}
	if err := v.fillPerson(&p); err != nil {
		return err
	}
	return v.show("person.html", u.DisplayName, p)
}

// person is the one whom the address names, by id.
func (v *visit) person() (directory.User, error) {
	u, err := v.t.User(v.r.Context(), v.r.PathValue("id"))
	if err != nil {
		if _, expected := v.c.problemOf(err); expected {
			return u, directory.ErrNotFound
		}
	}
	return u, err
}

func (v *visit) fillPerson(p *personPage) (err error) {
	ctx := v.r.Context()
	if p.Attributes, err = v.t.Origins(ctx, p.ID); err != nil {
		return err
	}
	for i := range p.Attributes {
		p.Attributes[i].From = strings.TrimPrefix(strings.TrimPrefix(p.Attributes[i].From, "the "), "connection ")
	}
	p.Places = v.t.TeamsOf(ctx, p.User)
	if p.Links, err = v.t.Links(ctx, p.ID); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(v.r.URL.Query().Get("before"), 10, 64)
	if p.History, err = v.t.History(ctx, p.ID, before, eventsShown); err != nil {
		return err
	}
	if p.History.Older > 0 {
		p.Older = "/users/" + p.ID + "?before=" + strconv.FormatInt(p.History.Older, 10) + "#history"
	}
	if p.State == "removed" {
		return nil
	}
	if p.SignIn, err = v.t.SignInState(ctx, p.ID); err != nil {
		return err
	}
	for _, name := range directory.Roles {
		p.Roles = append(p.Roles, choice{name, name, name == p.Role})
	}
	if p.Groups, err = v.groupChoices("", p.GroupID); err != nil {
		return err
	}
	if p.Joinable, err = v.joinable(p.User); err != nil || !p.Admin {
		return err
	}
	tokens, err := v.t.Tokens(ctx)
	for _, k := range tokens {
		if k.Owner == p.UserName {
			p.Tokens = append(p.Tokens, k)
		}
	}
	return err
}

// joinable are teams of his group in which he is not.
func (v *visit) joinable(u directory.User) (out []directory.Team, err error) {
	page, err := v.t.FindTeams(v.r.Context(), directory.TeamQuery{Group: u.GroupID, Limit: 500})
	for _, m := range page.Teams {
		in := false
		for _, of := range u.Memberships {
			in = in || of.Team == m.ID
		}
		if !in {
			out = append(out, m)
		}
	}
	return out, err
}

// personForm is what can be typed of a person.
type personForm struct {
	ID      string // "" for a new one
	Name    string
	Owner   string
	Matched bool
	Fields  []personField
}

type personField struct {
	Path, Label, Value, Hint string
	Required                 bool
}

// hints of fields that do more than being shown.
var hints = map[string]string{
	"userName":             "Best the e-mail address: he signs in with it.",
	directory.Country:      "The name of a group, case and all. Changing it moves him.",
	directory.Locality:     "Names a team, as do the four that follow.",
	"displayName":          "Shown where first name and surname are missing.",
	directory.Organization: "",
}

func formOf(u directory.User, values func(path string) string) personForm {
	f := personForm{ID: u.ID, Name: u.DisplayName, Owner: u.Owner, Matched: u.Matched}
	for _, path := range directory.ShownAttributes {
		f.Fields = append(f.Fields, personField{path, directory.AttributeLabel(path), values(path), hints[path], path == "userName"})
	}
	return f
}

func (c *Console) newPerson(v *visit) error {
	return v.show("person_form.html", "Add a person", formOf(directory.User{}, func(string) string { return "" }))
}

func (c *Console) addPerson(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	given := map[string]string{}
	for _, path := range directory.ShownAttributes {
		if value := strings.TrimSpace(v.r.PostForm.Get(path)); value != "" && path != "userName" {
			given[path] = value
		}
	}
	u, err := v.t.CreateUser(v.r.Context(), strings.TrimSpace(v.r.PostForm.Get("userName")), given)
	if err != nil {
		return v.showAgain("person_form.html", "Add a person", formOf(directory.User{}, v.r.PostForm.Get), err)
	}
	return v.done("/users/"+u.ID, u.DisplayName+" is here. A one-time sign-in link lets him set his first password.")
}

func (c *Console) editPerson(v *visit) error {
	u, err := v.person()
	if err != nil {
		return err
	}
	return v.show("person_form.html", "Edit "+u.DisplayName, formOf(u, func(path string) string { return directory.ShownValue(u, path) }))
}

// savePerson changes what is different; an empty field takes the attribute away.
func (c *Console) savePerson(v *visit) error {
	u, err := v.person()
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	changed := map[string]string{}
	for _, path := range directory.ShownAttributes {
		if to := strings.TrimSpace(v.r.PostForm.Get(path)); v.r.PostForm.Has(path) && to != directory.ShownValue(u, path) {
			changed[path] = to
		}
	}
	here := "/users/" + u.ID
	if len(changed) == 0 {
		return v.done(here, "Nothing was changed.")
	}
	if _, err = v.t.SetUser(v.r.Context(), u.ID, changed); err != nil {
		return v.showAgain("person_form.html", "Edit "+u.DisplayName, formOf(u, v.r.PostForm.Get), err)
	}
	return v.done(here, "Saved.")
}

// changePerson does what the buttons of his page say.
func (c *Console) changePerson(v *visit) error {
	u, err := v.person()
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	ctx, form, here := v.r.Context(), v.r.PostForm, "/users/"+u.ID
	switch form.Get("do") {
	case "move":
		return v.movePerson(u, form.Get("to"))
	case "join":
		_, err = v.t.AddToTeam(ctx, u.ID, directory.TeamRef{Name: form.Get("to")})
	case "leave":
		_, err = v.t.RemoveFromTeam(ctx, u.ID, directory.TeamRef{Name: form.Get("to")})
	case "role":
		return v.changeRole(u, form.Get("to"))
	case "remove":
		ok, err := v.confirm("Remove "+u.DisplayName+". He is out at once: no sign-in, no group, no teams. For the retention time he waits under Removed and can be restored.", 1)
		if err != nil || !ok {
			return err
		}
		if _, err := v.t.RemoveUser(ctx, u.ID); err != nil {
			return err
		}
		return v.done("/users", u.DisplayName+" is removed.")
	case "restore":
		if _, err := v.t.RestoreUser(ctx, u.ID); err != nil {
			return err
		}
		return v.done(here, u.DisplayName+" is back, with his group and teams.")
	default:
		v.c.refuse(v.w, v.r, http.StatusUnprocessableEntity, "That cannot be done", "Choose one of the buttons of the page.")
		return nil
	}
	if err != nil {
		return err
	}
	return v.done(here, "Saved.")
}

func (v *visit) movePerson(u directory.User, group string) error {
	g, err := v.t.Group(v.r.Context(), group)
	if err != nil {
		return err
	}
	if g.ID == u.GroupID {
		return v.done("/users/"+u.ID, "He is in "+g.Name+" already.")
	}
	ok, err := v.confirm("Move "+u.DisplayName+" to "+g.Name+". He leaves all his teams, also those that were given by hand, and stays there until the identity provider sends another country.", 1)
	if err != nil || !ok {
		return err
	}
	if _, err := v.t.MoveUser(v.r.Context(), u.ID, g.ID); err != nil {
		return err
	}
	return v.done("/users/"+u.ID, "Moved to "+g.Name+".")
}

// changeRole asks first when somebody gets everything, or loses his own role.
func (v *visit) changeRole(u directory.User, role string) error {
	what := "Make " + u.DisplayName + " a " + role + "."
	switch {
	case role == directory.Roles[directory.RoleCompanyAdmin]:
		what += " He can then see and change everything in this company's space."
	case u.ID == v.me.ID:
		what = "Give up your own role. You will see less from the next page on, and only another company admin can give it back."
	case u.Role == directory.Roles[directory.RoleCompanyAdmin]:
		what += " His personal access tokens end at once, with all that runs on them."
	}
	ok, err := v.confirm(what, 1)
	if err != nil || !ok {
		return err
	}
	if _, err := v.t.SetRole(v.r.Context(), u.ID, role); err != nil {
		return err
	}
	return v.done("/users/"+u.ID, u.DisplayName+" is "+role+" now.")
}
