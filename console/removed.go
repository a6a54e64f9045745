package console

import (
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// removedPage is who can be restored.
type removedPage struct {
	listed
	Days      int
	Forgotten map[string]time.Time // by id
	Held      map[string]bool      // by id: the removal guard has stopped the clock
}

func (c *Console) showRemoved(v *visit) error {
	q := peopleQuery(v.r.URL.Query())
	q.State = "removed"
	l, err := v.people("/users/removed", q)
	if err != nil {
		return err
	}
	settings, err := v.t.Settings(v.r.Context())
	if err != nil {
		return err
	}
	l.Query.Set("state", "removed")
	p := removedPage{listed: l, Days: settings.RetentionDays(), Forgotten: map[string]time.Time{}}
	for _, u := range l.People {
		p.Forgotten[u.ID] = v.t.Forgotten(u)
	}
	if p.Held, err = v.t.Held(v.r.Context()); err != nil {
		return err
	}
	return v.show("removed.html", "Removed", p)
}

// unmatchedPage is the seed's people "that SCIM has no idea about".
type unmatchedPage struct {
	listed
	Users     int64
	Matched   int64
	Left      bool // those who were left alone are listed
	Connected bool // an identity provider knows anybody at all
}

func (c *Console) showUnmatched(v *visit) error {
	no := false
	q := peopleQuery(v.r.URL.Query())
	q.Matched = &no
	left := q.LeftAlone != nil && *q.LeftAlone
	q.LeftAlone = &left
	l, err := v.people("/users/unmatched", q)
	if err != nil {
		return err
	}
	row, err := v.t.Row(v.r.Context())
	if err != nil {
		return err
	}
	l.Query.Set("matched", "no")
	l.Query.Set("left", map[bool]string{true: "yes", false: "no"}[left])
	return v.show("unmatched.html", "Unmatched", unmatchedPage{l, row.Users, row.Matched, left, row.Matched > 0})
}

// watchAgain takes back that somebody is left alone.
func (c *Console) watchAgain(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	ids := v.r.PostForm["id"]
	for _, id := range ids {
		if err := v.t.LeaveAlone(v.r.Context(), id, false); err != nil {
			return err
		}
	}
	return v.done("/users/unmatched?left=yes", "Back among the unmatched: "+count(len(ids), "person", "people")+".")
}

// profileAgainPage asks whom it is about.
type profileAgainPage struct {
	Groups []choice
	Team   directory.Team
	Group  string
	People int64
	Tasks  []directory.Task // that looked, moved or put back
}

func (c *Console) showProfileAgain(v *visit) error {
	p, err := v.profileAgain()
	if err != nil {
		return err
	}
	return v.show("profile_again.html", "Profile again", p)
}

func (v *visit) profileAgain() (p profileAgainPage, err error) {
	values := v.r.URL.Query()
	p.Group = values.Get("group")
	if p.Groups, err = v.groupChoices("Everybody", p.Group); err != nil {
		return p, err
	}
	if team := values.Get("team"); team != "" {
		if p.Team, err = v.t.Team(v.r.Context(), team); err != nil {
			return p, err
		}
	}
	row, err := v.t.Row(v.r.Context())
	if err != nil {
		return p, err
	}
	p.People = row.Users
	tasks, err := v.t.Tasks(v.r.Context())
	for _, t := range tasks {
		if t.Kind == directory.TaskLookAgain || t.Kind == directory.TaskProfile || t.Kind == directory.TaskUndoProfile {
			p.Tasks = append(p.Tasks, t)
		}
	}
	return p, err
}

// lookAgain finds out who would move; nobody is changed.
func (c *Console) lookAgain(v *visit) error {
	q := directory.PeopleQuery{Group: v.r.PostFormValue("group"), Team: v.r.PostFormValue("team")}
	ids, err := v.t.Chosen(v.r.Context(), q, 2_000_000)
	if err != nil {
		return err
	}
	task, err := v.t.LookAgain(v.r.Context(), ids)
	if err != nil {
		return err
	}
	return v.done("/tasks/"+task, "Nobody is changed yet: this finds out who would move.")
}
