package sqlstore

import (
	"context"
	"database/sql"

	"github.com/rollcall-scim/rollcall/directory"
)

const activityColumns = `id, time, connection, token, client, operation, subject, person, status, scim_type, code, detail, notes, duration, request, first_change, last_change`

func scanActivity(rows *sql.Rows) (a directory.ActivityRow, err error) {
	err = rows.Scan(&a.ID, &a.Time, &a.Connection, &a.Token, &a.Client, &a.Operation, &a.Subject, &a.Person, &a.Status,
		&a.ScimType, &a.Code, &a.Detail, &a.Notes, &a.Duration, &a.Request, &a.First, &a.Last)
	return a, err
}

// ActivityByID implements directory.Reader.
func (r reader) ActivityByID(ctx context.Context, id string) (found *directory.ActivityRow, err error) {
	if !storable(id) {
		return nil, nil
	}
	err = r.each(ctx, func(rows *sql.Rows) error {
		a, err := scanActivity(rows)
		found = &a
		return err
	}, `select `+activityColumns+` from activity where tenant=$1 and id=$2`, r.id, id)
	return found, err
}

// Detail implements directory.Reader.
func (r reader) Detail(ctx context.Context, id string) (found *directory.DetailRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		found = &directory.DetailRow{ID: id}
		return rows.Scan(&found.Path, &found.Exchange)
	}, `select path, exchange from activity_details where tenant=$1 and id=$2`, r.id, id)
	return found, err
}

const refusalColumns = `subject, cause, person, client, method, path, status, detail, request, activity, first_seen, last_seen, body`

func (r reader) refusals(ctx context.Context, where string, args ...any) (out []directory.RefusalRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var d directory.RefusalRow
		defer func() { out = append(out, d) }()
		return rows.Scan(&d.Subject, &d.Cause, &d.Person, &d.Client, &d.Method, &d.Path, &d.Status, &d.Detail, &d.Request, &d.Activity, &d.First, &d.Last, &d.Body)
	}, `select `+refusalColumns+` from refusals where tenant=$1 and `+where, append([]any{r.id}, args...)...)
	return out, err
}

// Refusal implements directory.Reader.
func (r reader) Refusal(ctx context.Context, subject string) (*directory.RefusalRow, error) {
	found, err := r.refusals(ctx, `subject=$2`, short(subject))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Refusals implements directory.Reader.
func (r reader) Refusals(ctx context.Context, cause, after string, n int) ([]directory.RefusalRow, error) {
	return r.refusals(ctx, `cause=$2 and subject>$3 order by subject limit $4`, cause, after, limit(n))
}

// RefusalsBefore implements directory.Tx.
func (r reader) RefusalsBefore(ctx context.Context, last int64, n int) ([]directory.RefusalRow, error) {
	return r.refusals(ctx, `last_seen<$2 order by last_seen limit $3`, last, limit(n))
}

func (r reader) causes(ctx context.Context, where string, args ...any) (out []directory.CauseRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var c directory.CauseRow
		defer func() { out = append(out, c) }()
		return rows.Scan(&c.ID, &c.Connection, &c.Type, &c.Code, &c.Value, &c.Detail, &c.Client, &c.Waiting, &c.First, &c.Last)
	}, `select id, connection, type, code, value, detail, client, waiting, first_seen, last_seen from causes where tenant=$1`+where, append([]any{r.id}, args...)...)
	return out, err
}

// Causes implements directory.Reader.
func (r reader) Causes(ctx context.Context, n int) ([]directory.CauseRow, error) {
	return r.causes(ctx, ` order by waiting desc, id desc limit $2`, limit(n))
}

// Cause implements directory.Reader.
func (r reader) Cause(ctx context.Context, id string) (*directory.CauseRow, error) {
	if !storable(id) {
		return nil, nil
	}
	found, err := r.causes(ctx, ` and id=$2`, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Tallies implements directory.Reader.
func (r reader) Tallies(ctx context.Context, hour int64) (out []directory.TallyRow, err error) {
	for _, where := range []string{`hour=0 and hour<$2`, `hour>=$2`} {
		if err = r.each(ctx, func(rows *sql.Rows) error {
			var t directory.TallyRow
			defer func() { out = append(out, t) }()
			return rows.Scan(&t.Hour, &t.Connection, &t.Name, &t.N, &t.First, &t.Last)
		}, `select hour, connection, name, n, first_seen, last_seen from tallies where tenant=$1 and `+where+` order by hour, connection, name`, r.id, max(hour, 1)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Marks implements directory.Reader.
func (r reader) Marks(ctx context.Context, kind, after string, n int) (out []directory.MarkRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		m := directory.MarkRow{Kind: kind}
		defer func() { out = append(out, m) }()
		return rows.Scan(&m.User, &m.Connection, &m.At, &m.Note)
	}, `select user_id, connection, at, note from marks where tenant=$1 and kind=$2 and user_id>$3 order by user_id limit $4`, r.id, kind, after, limit(n))
	return out, err
}

// CountMarks implements directory.Reader.
func (r reader) CountMarks(ctx context.Context, kind string, atMost int) (n int, err error) {
	err = r.one(ctx, []any{&n}, `select count(*) from (select 1 from marks where tenant=$1 and kind=$2 limit $3) m`, r.id, kind, atMost)
	return n, err
}

// CountHeld implements directory.Reader.
func (r reader) CountHeld(ctx context.Context, connection string, atMost int) (n int, err error) {
	err = r.one(ctx, []any{&n}, `select count(*) from (select 1 from removals where tenant=$1 and connection=$2 and kind='removed' and state=1 limit $3) r`, r.id, connection, atMost)
	return n, err
}

// TeamsMade implements directory.Reader.
func (r reader) TeamsMade(ctx context.Context, connection, attribute string) (out []string, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var id string
		defer func() { out = append(out, id) }()
		return rows.Scan(&id)
	}, `select team_id from made_teams where tenant=$1 and connection=$2 and attribute=$3 order by team_id`, r.id, connection, attribute)
	return out, err
}

// Tokens implements directory.Reader.
func (r reader) Tokens(ctx context.Context) ([]directory.TokenRow, error) {
	return r.tokensSince(ctx, -1)
}

// Clients implements directory.Reader.
func (r reader) Clients(ctx context.Context) ([]directory.ClientRow, error) {
	return r.clientsSince(ctx, -1)
}

// AttentionSeen implements directory.Reader.
func (r reader) AttentionSeen(ctx context.Context) (map[string]int64, error) {
	seen := map[string]int64{}
	err := r.each(ctx, func(rows *sql.Rows) error {
		var entry string
		var at int64
		err := rows.Scan(&entry, &at)
		seen[entry] = at
		return err
	}, `select entry, at from attention_seen where tenant=$1`, r.id)
	return seen, err
}

// TeamHasOther implements directory.Reader.
func (r reader) TeamHasOther(ctx context.Context, team, origin string) (bool, error) {
	n := 0
	err := r.one(ctx, []any{&n}, `select count(*) from (select 1 from memberships where tenant=$1 and team_id=$2 and origin<>$3 limit 1) m`, r.id, team, origin)
	return n > 0, err
}
