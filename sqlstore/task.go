package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
)

const taskColumns = `id, kind, argument, title, actor, worker, state, started, beat, ended, total, done, problems, error`

func taskFields(t *directory.TaskRow) []any {
	return []any{&t.ID, &t.Kind, &t.Argument, &t.Title, &t.Actor, &t.Worker, &t.State, &t.Started, &t.Beat, &t.Ended, &t.Total, &t.Done, &t.Problems, &t.Error}
}

// Task implements directory.TaskReader.
func (r reader) Task(ctx context.Context, id string) (*directory.TaskRow, error) {
	var t directory.TaskRow
	err := r.one(ctx, taskFields(&t), `select `+taskColumns+` from tasks where tenant=$1 and id=$2`, r.id, kept(id))
	if errors.Is(err, directory.ErrNotFound) {
		return nil, nil
	}
	return &t, err
}

// Tasks implements directory.TaskReader.
func (r reader) Tasks(ctx context.Context, since int64) (out []directory.TaskRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var t directory.TaskRow
		defer func() { out = append(out, t) }()
		return rows.Scan(taskFields(&t)...)
	}, `select `+taskColumns+` from tasks where tenant=$1 and started>=$2 order by started desc limit 100`, r.id, since)
	return out, err
}

// TaskPeople implements directory.TaskReader.
func (r reader) TaskPeople(ctx context.Context, q directory.TaskPeopleQuery) (out []directory.TaskPersonRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var p directory.TaskPersonRow
		defer func() { out = append(out, p) }()
		return rows.Scan(&p.User, &p.Outcome, &p.Detail)
	}, `select user_id, outcome, detail from task_people`+r.d.by("task_people_outcome")+` where tenant=$1 and task=$2 and outcome=$3 and user_id>$4 order by user_id limit $5`,
		r.id, q.Task, q.Outcome, q.After, limit(q.Limit))
	return out, err
}

// CountTaskPeople implements directory.TaskReader.
func (r reader) CountTaskPeople(ctx context.Context, task string, outcome directory.TaskOutcome) (n int, err error) {
	err = r.one(ctx, []any{&n}, `select count(*) from task_people`+r.d.by("task_people_outcome")+` where tenant=$1 and task=$2 and outcome=$3`, r.id, task, outcome)
	return n, err
}

// TaskPerson implements directory.TaskReader.
func (r reader) TaskPerson(ctx context.Context, task, user string) (*directory.TaskPersonRow, error) {
	var p directory.TaskPersonRow
	err := r.one(ctx, []any{&p.User, &p.Outcome, &p.Detail}, `select user_id, outcome, detail from task_people where tenant=$1 and task=$2 and user_id=$3`, r.id, task, user)
	if errors.Is(err, directory.ErrNotFound) {
		return nil, nil
	}
	return &p, err
}

// PutTask implements directory.TaskTx.
func (x *tx) PutTask(ctx context.Context, t *directory.TaskRow) error {
	_, err := x.exec(ctx, `insert into tasks (tenant, `+taskColumns+`) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)
		on conflict (tenant, id) do update set worker=excluded.worker, state=excluded.state, beat=excluded.beat, ended=excluded.ended,
			total=excluded.total, done=excluded.done, problems=excluded.problems, error=excluded.error`,
		x.id, t.ID, t.Kind, t.Argument, t.Title, t.Actor, t.Worker, t.State, t.Started, t.Beat, t.Ended, t.Total, t.Done, t.Problems, t.Error)
	return err
}

// PutTaskPeople implements directory.TaskTx. Many go in few statements.
func (x *tx) PutTaskPeople(ctx context.Context, task string, people []directory.TaskPersonRow) error {
	for rest := people; len(rest) > 0; {
		n := 1
		if len(rest) >= 100 {
			n = 100
		}
		values, args := make([]string, n), []any{x.id, task}
		for i, p := range rest[:n] {
			values[i] = fmt.Sprintf("($1,$2,$%d,$%d,$%d)", len(args)+1, len(args)+2, len(args)+3)
			args = append(args, p.User, p.Outcome, p.Detail)
		}
		if _, err := x.exec(ctx, `insert into task_people (tenant, task, user_id, outcome, detail) values `+strings.Join(values, ",")+`
			on conflict (tenant, task, user_id) do update set outcome=excluded.outcome, detail=excluded.detail`, args...); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// DeleteTasks implements directory.TaskTx.
func (x *tx) DeleteTasks(ctx context.Context, before int64) error {
	for _, statement := range []string{
		`delete from task_people where tenant=$1 and task in (select id from tasks where tenant=$1 and started<$2)`,
		`delete from tasks where tenant=$1 and started<$2`,
	} {
		if _, err := x.exec(ctx, statement, x.id, before); err != nil {
			return err
		}
	}
	return nil
}
