package console

import (
	"fmt"
	"net/url"

	"github.com/rollcall-scim/rollcall/directory"
)

// mostChosen is how many people one task may be about.
const mostChosen = 200_000

// actPage asks for what an action still needs: a group or a team.
type actPage struct {
	Do     string
	Title  string
	Text   string
	People int
	Groups []choice
	Teams  []directory.Team
	Fields []formField
	Back   string
}

type formField struct{ Name, Value string }

// actOnPeople does one thing with the people whom a list's form has chosen: those
// that are marked, or with all=1 everybody whom the list's query finds.
func (c *Console) actOnPeople(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	ids, err := v.chosenPeople()
	if err != nil {
		return err
	}
	form := v.r.PostForm
	switch do := form.Get("do"); do {
	case "move":
		return v.move(ids)
	case "join", "leave":
		return v.changeTeam(do, ids)
	case "remove":
		return v.destroy(directory.TaskRemove, ids, fmt.Sprintf("Remove %s. They are out at once: no sign-in, no group, no teams. For the retention time they wait under Removed and can be restored.", count(len(ids), "person", "people")), "Removed")
	case "restore":
		return v.act(directory.Bulk{Kind: directory.TaskRestore, People: ids}, "Restored")
	case "leave-alone":
		return v.act(directory.Bulk{Kind: directory.TaskLeaveAlone, People: ids}, "Left as they are")
	case "profile":
		task, err := v.t.LookAgain(v.r.Context(), ids)
		if err != nil {
			return err
		}
		return v.done("/tasks/"+task, "Nobody is changed yet: this finds out who would move.")
	}
	return said("Choose what to do with the people whom you have marked.")
}

// chosenPeople are the ids that the form means.
func (v *visit) chosenPeople() ([]string, error) {
	form := v.r.PostForm
	if form.Get("all") != "1" {
		if len(form["id"]) == 0 {
			return nil, said("Nobody is chosen. Go back, mark the people whom it is about, and choose what to do.")
		}
		return form["id"], nil
	}
	values, err := url.ParseQuery(form.Get("query"))
	if err != nil {
		return nil, said("The list is no longer known. Go back, load it again, and choose anew.")
	}
	return v.t.Chosen(v.r.Context(), peopleQuery(values), mostChosen)
}

func (v *visit) back() string {
	if back := v.r.PostForm.Get("back"); isLocal(back) {
		return back
	}
	return "/users"
}

// move needs a group, and an answer: all teams go.
func (v *visit) move(ids []string) error {
	group := v.r.PostForm.Get("to")
	if group == "" {
		groups, err := v.groupChoices("", "")
		if err != nil {
			return err
		}
		return v.ask(actPage{Do: "move", Title: "Move to another group", People: len(ids), Groups: groups,
			Text: "They leave all their teams, also those that were given by hand, and come into the teams of the new group that their attributes name. They stay there until the identity provider sends another country."})
	}
	g, err := v.t.Group(v.r.Context(), group)
	if err != nil {
		return err
	}
	return v.destroy(directory.TaskMove, ids, fmt.Sprintf("Move %s to %s. They leave all their teams, also those that were given by hand.", count(len(ids), "person", "people"), g.Name), "Moved to "+g.Name, g.ID)
}

func (v *visit) changeTeam(do string, ids []string) error {
	kind, title, past := directory.TaskJoinTeam, "Add to a team", "Added to the team"
	text := "People can only be in teams of their own group; whoever is in another group is named as a problem, and stays as he is."
	if do == "leave" {
		kind, title, past = directory.TaskLeaveTeam, "Remove from a team", "Taken out of the team"
		text = "They leave it for whatever reason they are in it, and stay out until the attribute that named it changes."
	}
	team := v.r.PostForm.Get("to")
	if team == "" || v.r.PostForm.Has("find") {
		page, err := v.t.FindTeams(v.r.Context(), directory.TeamQuery{Text: v.r.PostForm.Get("team-q"), Group: v.groupOfAll(ids), Limit: 200})
		if err != nil {
			return err
		}
		return v.ask(actPage{Do: do, Title: title, Text: text, People: len(ids), Teams: page.Teams})
	}
	m, err := v.t.Team(v.r.Context(), team)
	if err != nil {
		return err
	}
	if do == "leave" {
		return v.destroy(kind, ids, fmt.Sprintf("Take %s out of the team %s. %s", count(len(ids), "person", "people"), m.Name, text), past+" "+m.Name, m.ID)
	}
	return v.act(directory.Bulk{Kind: kind, Argument: m.ID, People: ids}, past+" "+m.Name)
}

// groupOfAll is the group of the people, if they are few and have one together:
// then no other group's teams are offered.
func (v *visit) groupOfAll(ids []string) (group string) {
	if len(ids) > 2*manyPeople {
		return ""
	}
	for _, id := range ids {
		u, err := v.t.User(v.r.Context(), id)
		if err != nil || group != "" && u.GroupID != group {
			return "" // who is not there is named when it is done
		}
		group = u.GroupID
	}
	return group
}

// ask shows the page that asks for more, with all that the form has said.
func (v *visit) ask(p actPage) error {
	for name, values := range v.r.PostForm {
		if name == "to" || name == "team-q" || name == "find" {
			continue
		}
		for _, value := range values {
			p.Fields = append(p.Fields, formField{name, value})
		}
	}
	p.Back = v.back()
	return v.show("act.html", p.Title, p)
}

// destroy asks first.
func (v *visit) destroy(kind directory.TaskKind, ids []string, what, past string, argument ...string) error {
	ok, err := v.confirm(what, len(ids))
	if err != nil || !ok {
		return err
	}
	b := directory.Bulk{Kind: kind, People: ids}
	if len(argument) > 0 {
		b.Argument = argument[0]
	}
	return v.act(b, past)
}

// act does it, and says what came of it.
func (v *visit) act(b directory.Bulk, past string) error {
	done, err := v.t.Do(v.r.Context(), b)
	if err != nil {
		return err
	}
	if done.Task != "" {
		return v.done("/tasks/"+done.Task, "Begun. You can leave this page; the work goes on.")
	}
	if len(done.Problems) == 0 {
		return v.done(v.back(), past+": "+count(done.People, "person", "people")+".")
	}
	return v.show("act_done.html", past, struct {
		directory.Done
		Past string
		Back string
	}{withoutCommands(done), past, v.back()})
}

// withoutCommands takes the commands out of the reasons.
func withoutCommands(d directory.Done) directory.Done {
	for i := range d.Problems {
		d.Problems[i].Detail = inConsole(d.Problems[i].Detail)
	}
	return d
}
