package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision"
)

const opColumns = `cycle, number, state, action, losing, loss, time, status, type, anchor, name_key, target, phase, duration, is_last,
	name, guard, why, method, code, message, body, diff, written, detail`

var (
	insertOps = upsert("app_ops", "cycle, number", `state, action, losing, loss, time, status, type, anchor, name_key, target, phase, duration, is_last, name, guard, why, method, code, message, body, diff, written, detail`)
	finishOps = updateRows("app_ops", "cycle bigint, number bigint", `state text, target text, written text, time bigint, duration bigint, status text, code text, message text, detail text`)
)

func opFields(o *provision.Op) []any {
	return []any{&o.Cycle, &o.Number, &o.State, &o.Action, &o.Losing, &o.Loss, &o.Time, &o.Status, &o.Type, &o.Anchor, &o.NameKey, &o.Target, &o.Phase, &o.Duration, &o.Last,
		&o.Name, &o.Guard, &o.Why, &o.Method, &o.Code, &o.Message, &o.Body, &o.Diff, &o.After, &o.Detail}
}

func compareOps(a, b *provision.Op) int {
	return cmp.Or(cmp.Compare(a.Cycle, b.Cycle), cmp.Compare(a.Number, b.Number))
}

// InsertOps implements provision.OpStore. A plan that is computed again takes
// the place of the one before.
func (a *application) InsertOps(ctx context.Context, ops []*provision.Op) error {
	values := make([]any, 0, len(ops)*insertOps.width)
	for _, o := range slices.SortedStableFunc(slices.Values(ops), compareOps) {
		values = append(values, o.Cycle, o.Number, o.State, o.Action, o.Losing, o.Loss, o.Time, o.Status, o.Type, short(o.Anchor), short(o.NameKey), short(o.Target), o.Phase, o.Duration, o.Last,
			o.Name, o.Guard, o.Why, o.Method, o.Code, o.Message, o.Body, o.Diff, o.After, o.Detail)
	}
	return a.putRows(ctx, insertOps, values)
}

// Finish implements provision.OpStore.
func (a *application) Finish(ctx context.Context, ops []*provision.Op, objects []*provision.Object) error {
	links, err := linkValues(objects)
	if err != nil {
		return err
	}
	values := make([]any, 0, len(ops)*finishOps.width)
	for _, o := range slices.SortedStableFunc(slices.Values(ops), compareOps) {
		values = append(values, o.Cycle, o.Number, o.State, short(o.Target), o.After, o.Time, o.Duration, o.Status, o.Code, o.Message, o.Detail)
	}
	return a.alter(ctx, func(x appSession) error {
		if err := x.write(finishOps, values); err != nil {
			return err
		}
		return x.write(putLinks, links)
	})
}

// Ops implements provision.OpStore. A page of the log ends with all operations
// of one moment, however many they are, because the next page begins before it.
func (a *application) Ops(ctx context.Context, q provision.OpQuery) ([]*provision.Op, error) {
	w := a.opCondition(q)
	if !q.Log {
		return a.ops(ctx, w, "cycle, number", q.Limit)
	}
	const newest = "time desc, cycle desc, number desc"
	if q.Before > 0 {
		w.and("time<$%d", q.Before)
	}
	page, err := a.ops(ctx, w, newest, q.Limit)
	if err != nil || q.Limit == 0 || len(page) < q.Limit {
		return page, err
	}
	last, w := page[len(page)-1], a.opCondition(q)
	w.and("time=$%d", last.Time)
	w.args = append(w.args, last.Cycle, last.Number)
	w.fixed(fmt.Sprintf("(cycle, number) < ($%d, $%d)", len(w.args)+1, len(w.args)+2))
	rest, err := a.ops(ctx, w, newest, 0)
	return append(page, rest...), err
}

func (a *application) opCondition(q provision.OpQuery) *where {
	w := &where{from: "app_ops"}
	if q.Cycle > 0 {
		w.and("cycle=$%d", q.Cycle)
	}
	if len(q.States) == 1 {
		w.and("state=$%d", q.States[0])
	} else if len(q.States) > 1 {
		w.and(a.d.among("state", len(w.args)+3), a.d.texts(q.States))
	}
	if q.After > 0 {
		w.and("number>$%d", q.After)
	}
	if q.Since > 0 {
		w.and("time>=$%d", q.Since)
	}
	if q.Log {
		w.fixed("time > 0")
	}
	if q.Failed {
		w.fixed("status = 'failure'")
	}
	if q.Person != "" {
		a.aboutPerson(w, q)
	}
	return w
}

// aboutPerson finds operations of the log by what they were about, or by its
// name or id then; and, under whatever name and id, those about whom the text
// finds now. Each index is asked for keys first; a cross join keeps SQLite to the
// order.
func (a *application) aboutPerson(w *where, q provision.OpQuery) {
	w.args = append(w.args, short(clean(q.Person)), bound(a.d, types))
	n := len(w.args) + 2
	if !q.Log { // within a cycle
		w.fixed(fmt.Sprintf("(anchor=$%[1]d or name_key=$%[1]d or target=$%[1]d) and %[2]s", n-1, a.d.among("type", n)))
		return
	}
	then := func(index, condition string) string {
		return `select cycle as k_cycle, number as k_number from app_ops` + a.d.by(index) + ` where tenant=$1 and app=$2 and time > 0 and ` + fmt.Sprintf(condition, n-1)
	}
	now := func(index, condition string) string {
		return `select o.cycle, o.number from app_objects p` + a.d.by(index) + ` cross join app_ops o` + a.d.by("app_ops_anchor") + `
			where p.tenant=$1 and p.app=$2 and o.tenant=$1 and o.app=$2 and o.anchor=p.anchor and o.type=p.type and o.time > 0 and ` + fmt.Sprintf(condition, n-1)
	}
	w.from = `(` + strings.Join([]string{
		then("app_ops_anchor", `anchor=$%d`),
		then("app_ops_name", `name_key=$%d and name_key <> ''`),
		then("app_ops_target", `target=$%d and target <> ''`),
		now("app_objects_name", `p.name_key=$%d`),
		now("app_objects_target", a.d.among("p.type", n)+` and p.target=$%d and p.target<>''`),
	}, " union ") + `) k cross join app_ops`
	w.fixed("cycle=k_cycle and number=k_number")
}

// ops runs a SELECT of opColumns.
func (a *application) ops(ctx context.Context, w *where, order string, limit int) (out []*provision.Op, err error) {
	w.fixed("true order by " + order)
	w.limit(limit)
	err = a.each(ctx, func(rows *sql.Rows) error {
		o := &provision.Op{}
		out = append(out, o)
		return rows.Scan(opFields(o)...)
	}, `select `+opColumns+` from `+w.from+` where tenant=$1 and app=$2`+w.text.String(), w.args...)
	return out, err
}

// CountOps implements provision.OpStore.
func (a *application) CountOps(ctx context.Context, cycle int64) (out []provision.OpCount, err error) {
	err = a.each(ctx, func(rows *sql.Rows) error {
		var c provision.OpCount
		defer func() { out = append(out, c) }()
		return rows.Scan(&c.Action, &c.State, &c.Losing, &c.N, &c.Loss)
	}, `select action, state, losing, count(*), sum(loss) from app_ops where tenant=$1 and app=$2 and cycle=$3
		group by action, state, losing order by action, state, losing`, cycle)
	return out, err
}

// StageOps implements provision.OpStore.
func (a *application) StageOps(ctx context.Context, cycle int64, losing, guard string) (int, error) {
	n, err := a.alterExec(ctx, `update app_ops set state=$5, guard=$6 where tenant=$1 and app=$2 and cycle=$3 and state=$7 and losing=$4 and guard=''`,
		cycle, losing, provision.Staged, clean(guard), provision.Planned)
	return int(n), err
}

// SupersedeBefore implements provision.OpStore. The plans of cycles, and not
// those that somebody asked for, are planned again with every cycle: rows of what
// waits would pile up behind a busy directory.
func (a *application) SupersedeBefore(ctx context.Context, cycle int64) error {
	const open = ` where tenant=$1 and app=$2 and cycle<$3 and state in ('planned', 'staged')`
	var cycles []int64
	err := a.each(ctx, func(rows *sql.Rows) error {
		cycles = append(cycles, 0)
		return rows.Scan(&cycles[len(cycles)-1])
	}, `select distinct cycle from app_ops`+a.d.by("app_ops_open")+open, cycle)
	if err != nil || len(cycles) == 0 {
		return err
	}
	cycles = slices.DeleteFunc(cycles, func(number int64) bool {
		c, failed := a.Cycle(ctx, number)
		err = cmp.Or(err, failed)
		return c != nil && c.OnlyPlanned()
	})
	if err != nil {
		return err
	}
	return a.alter(ctx, func(x appSession) error {
		for _, number := range cycles {
			if _, err := x.exec(`delete from app_ops where tenant=$1 and app=$2 and cycle=$3 and state=$4`, number, provision.Staged); err != nil {
				return err
			}
		}
		_, err := x.exec(`update app_ops`+a.d.by("app_ops_open")+` set state=$4`+open, cycle, provision.Superseded)
		return err
	})
}

// SetOpState implements provision.OpStore.
func (a *application) SetOpState(ctx context.Context, cycle int64, from, to string, numbers []int64) (int, error) {
	query, args := `update app_ops set state=$5 where tenant=$1 and app=$2 and cycle=$3 and state=$4`, []any{cycle, from, to}
	if numbers != nil {
		query, args = query+` and `+a.d.among("number", 6), append(args, bound(a.d, numbers))
	}
	n, err := a.alterExec(ctx, query, args...)
	return int(n), err
}

// Losses implements provision.OpStore.
func (a *application) Losses(ctx context.Context, losing string, since int64) (n int, err error) {
	err = a.one(ctx, []any{&n}, `select coalesce(sum(loss), 0) from app_ops
		where tenant=$1 and app=$2 and losing=$3 and losing <> '' and time>=$4 and time > 0 and state=$5`, losing, since, provision.Done)
	return n, err
}

// Prune implements provision.OpStore. With the log go the plans of cycles that
// ended before, but for what still waits for an admin, and those cycles without
// the newest.
func (a *application) Prune(ctx context.Context, before int64) (int, error) {
	logged, err := a.deleteSteps(ctx, "app_ops", "cycle, number", "time > 0 and time<$3", before)
	if err != nil {
		return logged, err
	}
	planned, err := a.deleteSteps(ctx, "app_ops", "cycle, number", `time=0 and state<>$4 and cycle in
		(select number from app_cycles where tenant=$1 and app=$2 and ended>0 and ended<$3)`, before, provision.Staged)
	if err != nil {
		return logged + planned, err
	}
	_, err = a.deleteSteps(ctx, "app_cycles", "number", `ended>0 and ended<$3
		and number<(select max(number) from app_cycles where tenant=$1 and app=$2)
		and not exists (select 1 from app_ops o where o.tenant=$1 and o.app=$2 and o.cycle=app_cycles.number)`, before)
	return logged + planned, err
}
