package directory

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// tasks are the tasks that this process works on.
type tasks struct {
	ctx  context.Context
	stop context.CancelFunc
	wait sync.WaitGroup
}

// close stops after the people who are being done, and marks what is left as
// interrupted.
func (k *tasks) close() {
	k.stop()
	k.wait.Wait()
}

// startTask keeps the task and begins. Its people are kept behind the answer as
// well: of many that takes seconds.
func (t *Tenant) startTask(ctx context.Context, row *TaskRow, people []string) error {
	err := t.within(ownGroup).update(ctx, func(w *write) error {
		row.State, row.Worker, row.Actor, row.Started, row.Beat = taskBeginning, newID(), t.actor, w.now, w.now
		return w.tx.PutTask(w.ctx, row)
	})
	if err == nil {
		t.begin(row, people)
	}
	return err
}

// keepPeople keeps those whom the task is about. Until it has them all the task
// only begins: half of it is never done. A server that is about to stop still
// takes the time, so that the task can be continued.
func (t *Tenant) keepPeople(row *TaskRow, people []string) error {
	for rest := people; len(rest) > 0; {
		some := rest[:min(len(rest), 1000)]
		rest = rest[len(some):]
		rows := make([]TaskPersonRow, len(some))
		for i, id := range some {
			rows[i] = TaskPersonRow{User: id}
		}
		if err := t.update(noCancel, func(w *write) error {
			task, err := w.mine(row)
			if err != nil {
				return err
			}
			if task.Beat = w.now; len(rest) == 0 {
				task.State = TaskRunning
			}
			return errors.Join(w.tx.PutTaskPeople(w.ctx, row.ID, rows), w.tx.PutTask(w.ctx, task))
		}); err != nil {
			return err
		}
	}
	return nil
}

// begin works behind the answer. All changes carry the task's id as their
// request, so that they can be found together.
func (t *Tenant) begin(row *TaskRow, people []string) {
	h := *t.within(ownGroup)
	h.via.Request = row.ID
	h.session = SessionRow{} // who began it may sign out
	t.d.tasks.wait.Go(func() { h.work(t.d.tasks.ctx, row, people) })
}

// mayStill ends the work of somebody who has lost his role.
func (t *Tenant) mayStill(ctx context.Context) error {
	if t.user == nil {
		return nil
	}
	u, _, err := t.d.Store.Reader(t.s.tenant).User(ctx, t.user.ID)
	if err == nil && (u == nil || u.State != Active || u.Role != t.user.Role || u.Group != t.user.Group) {
		err = errors.New("who began this has no longer the role that it needs; another admin can continue it")
	}
	return err
}

// errNoLonger ends a worker whose task was stopped or taken over.
var errNoLonger = errors.New("somebody else works on the task, or nobody shall")

// work does people until none waits. Those of a step are done side by side: the
// group commit makes one transaction of them.
func (t *Tenant) work(ctx context.Context, row *TaskRow, people []string) {
	err := t.keepPeople(row, people)
	if err == nil {
		err = t.workOn(ctx, row)
	}
	if errors.Is(err, errNoLonger) {
		return
	}
	end := t.changeTask(noCancel, row.ID, func(w *write, now *TaskRow) error {
		if now.Worker != row.Worker {
			return nil
		}
		began := now.State != taskBeginning
		now.State, now.Worker, now.Ended = TaskDone, "", w.now
		switch {
		case !began:
			now.State, now.Error, now.Beat = TaskFailed, errNotBegun, 0
		case ctx.Err() != nil:
			now.State = TaskInterrupted
		case err != nil:
			now.State, now.Error = TaskFailed, err.Error()
		}
		return nil
	})
	if err = errors.Join(err, end); err != nil && ctx.Err() == nil {
		t.d.Logger.Error("a task failed", "task", row.ID, "kind", row.Kind, "tenant", t.s.name, "error", err)
	}
}

func (t *Tenant) workOn(ctx context.Context, row *TaskRow) error {
	for ctx.Err() == nil {
		if err := t.mayStill(ctx); err != nil {
			return err
		}
		waiting, err := t.r.TaskPeople(ctx, TaskPeopleQuery{Task: row.ID, Outcome: TaskWaits, Limit: 64})
		if err != nil || len(waiting) == 0 {
			return err
		}
		failed := make([]error, len(waiting))
		var wait sync.WaitGroup
		for i, p := range waiting {
			wait.Go(func() { failed[i] = t.workOne(ctx, row, p.User) })
		}
		wait.Wait()
		for _, err := range failed {
			if err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// workOne does one person, and with the change writes that he is done. Who is
// refused is a problem of his own, and of nobody else.
func (t *Tenant) workOne(ctx context.Context, row *TaskRow, user string) error {
	err := t.update(ctx, func(w *write) error {
		return w.outcome(row, user, func() (TaskPersonRow, error) {
			return TaskKind(row.Kind).do(w, row.Argument, user)
		})
	})
	if err == nil || ctx.Err() != nil || errors.Is(err, errNoLonger) || errors.Is(err, ErrUnavailable) {
		return err
	}
	refused := err
	return t.update(ctx, func(w *write) error {
		return w.outcome(row, user, func() (TaskPersonRow, error) {
			return TaskPersonRow{Outcome: TaskProblem, Detail: refused.Error()}, nil
		})
	})
}

// mine is the task as it stands now, while this worker is still the one.
func (w *write) mine(row *TaskRow) (*TaskRow, error) {
	task, err := w.tx.Task(w.ctx, row.ID)
	if err == nil && (task == nil || task.Worker != row.Worker) {
		err = errNoLonger
	}
	return task, err
}

// outcome runs fn for somebody who still waits, and writes what came of it.
func (w *write) outcome(row *TaskRow, user string, fn func() (TaskPersonRow, error)) error {
	task, err := w.mine(row)
	if err != nil {
		return err
	}
	was, err := w.tx.TaskPerson(w.ctx, row.ID, user)
	if err != nil || was == nil || was.Outcome != TaskWaits {
		return err
	}
	p, err := fn()
	if err != nil {
		return err
	}
	p.User = user
	if p.Outcome == TaskProblem {
		task.Problems++
	}
	task.Done++
	task.Beat = w.now
	return errors.Join(w.tx.PutTaskPeople(w.ctx, row.ID, []TaskPersonRow{p}), w.tx.PutTask(w.ctx, task))
}

// people says "1 person", "2,000 people".
func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text + " people"
}
