package directory_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// crowd makes people and returns their ids.
func (w *world) crowd(n int) (ids []string) {
	w.t.Helper()
	for i := range n {
		u, err := w.admin.CreateUser(w.t.Context(), fmt.Sprintf("user%03d@acme.test", i), map[string]string{"name.givenName": fmt.Sprintf("Anna %d", i)})
		w.must(err)
		ids = append(ids, u.ID)
	}
	return ids
}

// ended waits for a task: it works behind the answer.
func (w *world) ended(id string) directory.Task {
	w.t.Helper()
	for {
		task, err := w.admin.Task(w.t.Context(), id)
		w.must(err)
		if !task.Running() {
			return task
		}
		w.d.WaitForTasks()
	}
}

func TestFewAreDoneAtOnce(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland")
		ids := w.crowd(5)
		done, err := w.admin.Do(t.Context(), directory.Bulk{Kind: directory.TaskMove, Argument: "Finland", People: append(ids, ids[0], "nobody")})
		w.must(err)
		if done.Task != "" || done.People != 5 || len(done.Problems) != 1 || !strings.Contains(done.Problems[0].Detail, "nobody") {
			t.Errorf("%+v", done)
		}
		if got := w.found(directory.PeopleQuery{Group: "Finland"}); len(strings.Fields(got)) != 5 {
			t.Errorf("in Finland are %s", got)
		}
		if _, err := w.admin.Do(t.Context(), directory.Bulk{Kind: directory.TaskMove, Argument: "Narnia", People: ids}); err == nil {
			t.Error("moved to a group that there is not")
		}
	})
}

func TestManyAreATask(t *testing.T) {
	each(t, func(w *world) {
		ids := w.crowd(70)
		for _, kind := range []directory.TaskKind{directory.TaskRemove, directory.TaskRestore} {
			done, err := w.admin.Do(t.Context(), directory.Bulk{Kind: kind, People: ids})
			w.must(err)
			task := w.ended(done.Task)
			if task.State != directory.TaskDone || task.Total != 70 || task.Done != 70 || task.Problems != 0 || task.Percent() != 100 {
				t.Errorf("%+v", task)
			}
			changes, err := w.admin.Changes(t.Context(), directory.ChangeQuery{Object: ids[9], Newest: true, Limit: 1})
			w.must(err)
			if changes[0].Request != task.ID || changes[0].Kind != string(kind) {
				t.Errorf("the last change is %+v", changes[0])
			}
		}
		// The company admin is the last one: his problem, and nobody else's.
		admin := w.user("admin@acme.test")
		done, err := w.admin.Do(t.Context(), directory.Bulk{Kind: directory.TaskRemove, People: append(ids[:30:30], admin.ID)})
		w.must(err)
		task := w.ended(done.Task)
		problems, err := w.admin.TaskPeople(t.Context(), task.ID, directory.TaskProblem, "", 10)
		w.must(err)
		if task.State != directory.TaskDone || task.Done != 31 || task.Problems != 1 || len(problems) != 1 || problems[0].Name != admin.DisplayName || !strings.Contains(problems[0].Detail, "last company admin") {
			t.Errorf("%+v, problems %+v", task, problems)
		}
		// After a week nothing is left of it.
		w.now = w.now.Add(8 * 24 * time.Hour)
		if _, err := w.d.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.admin.Task(t.Context(), task.ID); err != directory.ErrNotFound {
			t.Errorf("the task of last week: %v", err)
		}
	})
}

// A task whose process ends is found interrupted by another one, which goes on
// where it stood and does nobody twice.
func TestTaskIsContinued(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland")
		ids := w.crowd(40)
		w.d.HaltTasks() // like a process that dies at once
		done, err := w.admin.Do(t.Context(), directory.Bulk{Kind: directory.TaskMove, Argument: "Finland", People: ids})
		w.must(err)
		w.d.WaitForTasks()

		other := directory.New(w.store)
		other.Now = func() time.Time { return w.now }
		defer other.Close(t.Context())
		admin, err := other.OpenAdmin(t.Context(), "acme", directory.Via{})
		w.must(err)
		task, err := admin.Task(t.Context(), done.Task)
		w.must(err)
		if task.State != directory.TaskInterrupted || task.Done != 0 {
			t.Errorf("%+v", task)
		}
		w.must(admin.ContinueTask(t.Context(), task.ID))
		other.WaitForTasks()
		task, err = admin.Task(t.Context(), task.ID)
		w.must(err)
		if task.State != directory.TaskDone || task.Done != 40 {
			t.Errorf("continued: %+v", task)
		}
		for _, id := range ids {
			changes, err := admin.Changes(t.Context(), directory.ChangeQuery{Object: id})
			w.must(err)
			if len(changes) != 2 {
				t.Errorf("%s has %d changes, not creation and one move", id, len(changes))
			}
		}
		if err := admin.ContinueTask(t.Context(), task.ID); err == nil {
			t.Error("a task that is done was continued")
		}
	})
}

// A process that dies says nothing: silence is enough to know.
func TestSilentTaskIsInterrupted(t *testing.T) {
	each(t, func(w *world) {
		w.d.HaltTasks()
		done, err := w.admin.LookAgain(t.Context(), w.crowd(3))
		w.must(err)
		w.d.WaitForTasks()
		w.d.Revive(t.Context(), w.admin, done) // as if it still ran
		if task, err := w.admin.Task(t.Context(), done); err != nil || !task.Running() {
			t.Errorf("%+v %v", task, err)
		}
		if err := w.admin.ContinueTask(t.Context(), done); err == nil {
			t.Error("a task at work was taken away")
		}
		w.now = w.now.Add(time.Minute)
		if task, err := w.admin.Task(t.Context(), done); err != nil || task.State != directory.TaskInterrupted {
			t.Errorf("%+v %v", task, err)
		}
	})
}

// Profile again as three tasks: look, do, undo as one (behaviour.md 6.8).
func TestProfileAgainAsTasks(t *testing.T) {
	each(t, func(w *world) {
		w.set("team-attributes", "none")
		var ids []string
		for i := range 6 {
			name := fmt.Sprintf("user%d@acme.test", i)
			w.person(name, "Anna", fmt.Sprint(i), map[string]string{"department": "Sales"})
			ids = append(ids, w.user(name).ID)
		}
		w.person("bo@acme.test", "Bo", "Berg", nil)
		ids = append(ids, w.user("bo@acme.test").ID)
		w.set("team-attributes", "department")
		look, err := w.admin.LookAgain(t.Context(), ids)
		w.must(err)
		task := w.ended(look)
		moves, err := w.admin.TaskPeople(t.Context(), look, directory.TaskDid, "", 100)
		w.must(err)
		if task.Done != 7 || len(moves) != 6 {
			t.Fatalf("looked: %+v, %d would move", task, len(moves))
		}
		if m := directory.ReadMove(moves[0].Detail); len(m.Joins) != 1 || m.Joins[0] != "Sales" {
			t.Errorf("the move is %+v", m)
		}
		w.placed("user0@acme.test", "Default: ")
		do, err := w.admin.ProfileFound(t.Context(), look)
		w.must(err)
		w.ended(do)
		w.placed("user0@acme.test", "Default: Sales")
		_, err = w.admin.SetUser(t.Context(), "user5@acme.test", map[string]string{"title": "Chief"})
		w.must(err)
		undo, err := w.admin.UndoProfiled(t.Context(), do)
		w.must(err)
		if task := w.ended(undo); task.Done != 6 || task.Problems != 1 {
			t.Errorf("undone: %+v", task)
		}
		w.placed("user0@acme.test", "Default: ")
		w.placed("user5@acme.test", "Default: Sales")
	})
}
