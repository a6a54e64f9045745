package directory

import (
	"context"
	"encoding/json/v2"
	"fmt"
)

// LookAgain begins a task that finds out who would move if he were profiled
// again; nothing is changed (behaviour.md 6.8).
func (t *Tenant) LookAgain(ctx context.Context, ids []string) (task string, err error) {
	if err := t.may(everything); err != nil {
		return "", err
	}
	if len(ids) == 0 {
		return "", fmt.Errorf("nobody is chosen to be profiled again")
	}
	row := &TaskRow{ID: newID(), Kind: string(TaskLookAgain), Title: "Find out who would move among " + people(len(ids)), Total: int64(len(ids))}
	return row.ID, t.startTask(ctx, row, ids)
}

// ProfileFound profiles again those whom a task of LookAgain found.
func (t *Tenant) ProfileFound(ctx context.Context, look string) (task string, err error) {
	return t.follow(ctx, look, TaskLookAgain, TaskProfile, "Profile %s again")
}

// UndoProfiled puts those whom a task of ProfileFound moved back into the groups
// and teams in which they were. Who was changed since is left alone.
func (t *Tenant) UndoProfiled(ctx context.Context, profiled string) (task string, err error) {
	return t.follow(ctx, profiled, TaskProfile, TaskUndoProfile, "Put %s back where they were")
}

// follow begins a task about the people of another one.
func (t *Tenant) follow(ctx context.Context, of string, was, kind TaskKind, title string) (string, error) {
	if err := t.may(everything); err != nil {
		return "", err
	}
	before, err := t.Task(ctx, of)
	if err != nil {
		return "", err
	}
	if before.Kind != was || before.Running() {
		return "", fmt.Errorf("that task cannot be followed: it is of another kind, or still runs. Wait until it is done")
	}
	var ids []string
	for after := ""; ; {
		rows, err := t.r.TaskPeople(ctx, TaskPeopleQuery{Task: of, Outcome: TaskDid, After: after, Limit: 1000})
		if err != nil {
			return "", err
		}
		for _, p := range rows {
			ids = append(ids, p.User)
			after = p.User
		}
		if len(rows) < 1000 {
			break
		}
	}
	if len(ids) == 0 {
		return "", fmt.Errorf("that task found nobody; there is nothing to do")
	}
	row := &TaskRow{ID: newID(), Kind: string(kind), Argument: of, Title: fmt.Sprintf(title, people(len(ids))), Total: int64(len(ids))}
	return row.ID, t.startTask(ctx, row, ids)
}

// lookAgain answers with the move, as the detail, or with nothing to do.
func (w *write) lookAgain(user string) (p TaskPersonRow, err error) {
	u, _, err := w.tx.User(w.ctx, user)
	if err != nil || u == nil || u.State != Active {
		return TaskPersonRow{Outcome: TaskNothing}, err
	}
	move, err := w.t.wouldMove(w.ctx, w.tx, u)
	switch {
	case err != nil:
		return p, err
	case move == nil:
		return TaskPersonRow{Outcome: TaskNothing}, nil
	case move.Problem != "":
		return TaskPersonRow{Outcome: TaskProblem, Detail: move.Problem}, nil
	}
	return TaskPersonRow{Outcome: TaskDid, Detail: moveText(move)}, nil
}

func (w *write) profileAgain(user string) (p TaskPersonRow, err error) {
	u, _, err := w.tx.User(w.ctx, user)
	if err != nil || u == nil || u.State != Active {
		return TaskPersonRow{Outcome: TaskNothing}, err
	}
	move, err := w.again(u)
	switch {
	case err != nil:
		return p, err
	case move == nil:
		return TaskPersonRow{Outcome: TaskNothing}, nil
	case move.Problem != "":
		return TaskPersonRow{Outcome: TaskProblem, Detail: move.Problem}, nil
	}
	return TaskPersonRow{Outcome: TaskDid, Detail: moveText(move)}, nil
}

// undoProfile finds the change that the task made of him.
func (w *write) undoProfile(user, task string) (TaskPersonRow, error) {
	changes, err := w.tx.Changes(w.ctx, ChangeQuery{Object: user, Newest: true, Limit: 20})
	if err != nil {
		return TaskPersonRow{}, err
	}
	for _, c := range changes {
		if c.Request != task || c.Kind != kindProfileAgain {
			continue
		}
		back, err := w.putBack(c)
		if err == nil && !back {
			return TaskPersonRow{Outcome: TaskProblem, Detail: "changed since he was profiled again, and left as he is"}, nil
		}
		return TaskPersonRow{Outcome: TaskDid}, err
	}
	return TaskPersonRow{Outcome: TaskProblem, Detail: "changed since he was profiled again, and left as he is"}, nil
}

// ReadMove reads the detail of a person of a look.
func ReadMove(detail string) (m Move) {
	_ = json.Unmarshal([]byte(detail), &m) // our own text
	return m
}
