package directory

import (
	"context"
	"fmt"
	"time"
)

const (
	// taskAtOnce is how many people are done before the answer; more are a task.
	taskAtOnce = 20
	// taskSilence is how long a task that works is silent at most: somebody whose
	// process died is not waited for.
	taskSilence = 20 * time.Second
	// taskDays is how long what came of a task is kept.
	taskDays = 7
)

// States of a task.
const (
	TaskRunning     = "running"
	TaskDone        = "done"
	TaskFailed      = "failed"
	TaskInterrupted = "interrupted" // stopped, or its process died

	taskBeginning = "beginning" // its people are not all kept yet; to a reader it runs
	errNotBegun   = "its process ended before it had begun; nothing was done. Begin it again"
)

// Task is long work on people, for people to read. It is a row of the database:
// whoever started it can leave and find it again, in every process.
type Task struct {
	ID       string
	Kind     TaskKind
	Argument string
	Title    string
	Who      string
	Started  time.Time
	Ended    time.Time // zero while it runs
	Total    int
	Done     int // with Problems
	Problems int
	State    string
	Error    string // why it failed
}

// Running says whether somebody works on it now.
func (t Task) Running() bool { return t.State == TaskRunning }

// Percent is how far it has come.
func (t Task) Percent() int {
	if t.Total == 0 {
		return 100
	}
	return 100 * t.Done / t.Total
}

func (t *Tenant) readableTask(row *TaskRow) Task {
	task := Task{ID: row.ID, Kind: TaskKind(row.Kind), Argument: row.Argument, Title: row.Title, Who: row.Actor, Started: moment(row.Started), Ended: moment(row.Ended),
		Total: int(row.Total), Done: int(row.Done), Problems: int(row.Problems), State: row.State, Error: row.Error}
	silent := t.d.Now().Sub(moment(row.Beat)) > taskSilence
	switch {
	case row.State == TaskRunning && silent:
		task.State = TaskInterrupted
	case row.State == taskBeginning && silent:
		task.State, task.Error = TaskFailed, errNotBegun
	case row.State == taskBeginning:
		task.State = TaskRunning
	}
	return task
}

// mayRead lets group admins in, who find what they began themselves.
func (t *Tenant) mayRead(ctx context.Context) error {
	if err := t.may(ownGroup); err != nil {
		return err
	}
	return t.Verify(ctx)
}

// Tasks lists the tasks of the last days, the newest first.
func (t *Tenant) Tasks(ctx context.Context) ([]Task, error) {
	if err := t.mayRead(ctx); err != nil {
		return nil, err
	}
	rows, err := t.r.Tasks(ctx, t.d.Now().AddDate(0, 0, -taskDays).UnixMicro())
	out := make([]Task, 0, len(rows))
	for _, row := range rows {
		out = append(out, t.readableTask(&row))
	}
	return out, err
}

// Task finds a task; ErrNotFound when there is none.
func (t *Tenant) Task(ctx context.Context, id string) (Task, error) {
	if err := t.mayRead(ctx); err != nil {
		return Task{}, err
	}
	row, err := t.r.Task(ctx, id)
	if err != nil {
		return Task{}, err
	}
	if row == nil {
		return Task{}, ErrNotFound
	}
	return t.readableTask(row), nil
}

// TaskPerson is what came of one person.
type TaskPerson struct {
	ID     string
	Name   string
	Detail string // of a problem: the reason; of a look: the move, as JSON
}

// TaskPeople lists people of a task by what came of them.
func (t *Tenant) TaskPeople(ctx context.Context, id string, outcome TaskOutcome, after string, limit int) ([]TaskPerson, error) {
	if err := t.mayRead(ctx); err != nil {
		return nil, err
	}
	rows, err := t.r.TaskPeople(ctx, TaskPeopleQuery{Task: id, Outcome: outcome, After: after, Limit: limit})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.User
	}
	people, err := t.r.UsersByID(ctx, ids)
	names := map[string]string{}
	for _, u := range people {
		names[u.ID] = t.person(u).DisplayName
	}
	out := make([]TaskPerson, len(rows))
	for i, row := range rows {
		out[i] = TaskPerson{row.User, names[row.User], row.Detail}
	}
	return out, err
}

// StopTask ends work after the person who is being done. It can be continued.
func (t *Tenant) StopTask(ctx context.Context, id string) error {
	return t.changeTask(ctx, id, func(w *write, row *TaskRow) error {
		switch row.State {
		case TaskRunning:
			row.State, row.Worker, row.Ended = TaskInterrupted, "", w.now
		case taskBeginning:
			row.State, row.Worker, row.Ended, row.Error, row.Beat = TaskFailed, "", w.now, errNotBegun, 0
		}
		return nil
	})
}

// ContinueTask takes up a task that was interrupted or failed. Nobody is done
// twice: what came of a person is written with the change of him.
func (t *Tenant) ContinueTask(ctx context.Context, id string) error {
	worker := newID()
	var begun *TaskRow
	err := t.changeTask(ctx, id, func(w *write, row *TaskRow) error {
		switch task := t.readableTask(row); task.State {
		case TaskRunning:
			return fmt.Errorf("the task is being worked on already")
		case TaskDone:
			return fmt.Errorf("the task is done; there is nothing to continue")
		}
		if row.Beat == 0 || row.State == taskBeginning {
			return fmt.Errorf("the task had not begun when its process ended; begin it again instead")
		}
		row.State, row.Worker, row.Ended, row.Error, row.Beat = TaskRunning, worker, 0, "", w.now
		begun = row
		return nil
	})
	if err == nil {
		t.begin(begun, nil)
	}
	return err
}

func (t *Tenant) changeTask(ctx context.Context, id string, fn func(*write, *TaskRow) error) error {
	return t.within(ownGroup).update(ctx, func(w *write) error {
		row, err := w.tx.Task(w.ctx, id)
		if err != nil {
			return err
		}
		if row == nil {
			return ErrNotFound
		}
		if err := fn(w, row); err != nil {
			return err
		}
		return w.tx.PutTask(w.ctx, row)
	})
}

// forgetTasks deletes the tasks of long ago.
func (w *write) forgetTasks() error {
	return w.tx.DeleteTasks(w.ctx, time.UnixMicro(w.now).AddDate(0, 0, -taskDays).UnixMicro())
}

// TaskFound is how many people a task has done something with, or found.
func (t *Tenant) TaskFound(ctx context.Context, id string) (int, error) {
	if err := t.mayRead(ctx); err != nil {
		return 0, err
	}
	return t.r.CountTaskPeople(ctx, id, TaskDid)
}
