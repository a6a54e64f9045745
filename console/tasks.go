package console

import (
	"net/http"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// taskPage is a task with those of its people of whom there is something to say.
type taskPage struct {
	directory.Task
	Trouble []directory.TaskPerson
	Moves   []foundMove // of a look
	Movers  int
	// Undo says that what it did can be put back as one.
	Undo bool
}

// foundMove is somebody who would move.
type foundMove struct {
	directory.TaskPerson
	directory.Move
}

// mostShown is how many people of a task are named.
const mostShown = 100

func (c *Console) showTasks(v *visit) error {
	tasks, err := v.t.Tasks(v.r.Context())
	if err != nil {
		return err
	}
	return v.show("tasks.html", "Tasks", tasks)
}

// taskCounts are how many tasks there were of late, and how many of them run or
// wait for somebody.
func (v *visit) taskCounts() (all, open int, err error) {
	tasks, err := v.t.Tasks(v.r.Context())
	for _, t := range tasks {
		if t.State != directory.TaskDone {
			open++
		}
	}
	return len(tasks), open, err
}

func (c *Console) showTask(v *visit) error {
	p, err := v.task()
	if err != nil {
		return err
	}
	return v.show("task.html", p.Title, p)
}

func (c *Console) liveTask(v *visit) error {
	return v.live(500*time.Millisecond, func() (string, any, error) {
		p, err := v.task()
		return "_task.html", p, err
	})
}

func (v *visit) task() (p taskPage, err error) {
	ctx := v.r.Context()
	if p.Task, err = v.t.Task(ctx, v.r.PathValue("id")); err != nil {
		return p, err
	}
	if p.Trouble, err = v.t.TaskPeople(ctx, p.ID, directory.TaskProblem, "", mostShown); err != nil {
		return p, err
	}
	for i := range p.Trouble {
		p.Trouble[i].Detail = inConsole(p.Trouble[i].Detail)
	}
	p.Undo = p.Kind == directory.TaskProfile && !p.Running() && p.Done > p.Problems
	if p.Kind != directory.TaskLookAgain || p.Running() {
		return p, nil
	}
	moves, err := v.t.TaskPeople(ctx, p.ID, directory.TaskDid, "", mostShown)
	if err != nil {
		return p, err
	}
	for _, m := range moves {
		p.Moves = append(p.Moves, foundMove{m, directory.ReadMove(m.Detail)})
	}
	p.Movers, err = v.t.TaskFound(ctx, p.ID)
	return p, err
}

// changeTask stops, continues or follows up a task.
func (c *Console) changeTask(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	here := "/tasks/" + id
	switch v.r.PostForm.Get("do") {
	case "stop":
		if err := v.t.StopTask(v.r.Context(), id); err != nil {
			return err
		}
		return v.done(here, "Stopped. What was done stays; it can be continued.")
	case "continue":
		if err := v.t.ContinueTask(v.r.Context(), id); err != nil {
			return err
		}
		return v.done(here, "Continued. Nobody is done twice.")
	case "profile":
		return c.profileFound(v, id)
	case "undo":
		return c.undoProfiled(v, id)
	}
	v.c.refuse(v.w, v.r, http.StatusUnprocessableEntity, "That cannot be done", "Choose one of the buttons of the task.")
	return nil
}

// profileFound moves those whom a look has found, after the number was typed.
func (c *Console) profileFound(v *visit, look string) error {
	n, err := v.t.TaskFound(v.r.Context(), look)
	if err != nil {
		return err
	}
	ok, err := v.confirm("Profile again "+count(n, "person", "people")+": they come into the groups and teams that were shown. It can be undone as one.", n)
	if err != nil || !ok {
		return err
	}
	task, err := v.t.ProfileFound(v.r.Context(), look)
	if err != nil {
		return err
	}
	return v.done("/tasks/"+task, "Begun. You can leave this page; the work goes on.")
}

func (c *Console) undoProfiled(v *visit, profiled string) error {
	n, err := v.t.TaskFound(v.r.Context(), profiled)
	if err != nil {
		return err
	}
	ok, err := v.confirm("Put "+count(n, "person", "people")+" back into the groups and teams in which they were. Whoever was changed since is left as he is.", n)
	if err != nil || !ok {
		return err
	}
	task, err := v.t.UndoProfiled(v.r.Context(), profiled)
	if err != nil {
		return err
	}
	return v.done("/tasks/"+task, "Begun. You can leave this page; the work goes on.")
}
