package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/directory"
)

// AppendDetail implements directory.Tx.
func (x *tx) AppendDetail(ctx context.Context, d *directory.DetailRow) error {
	_, err := x.exec(ctx, `insert into activity_details (tenant, id, path, exchange) values ($1,$2,$3,$4)`, x.id, d.ID, d.Path, d.Exchange)
	return err
}

// PurgeInbound implements directory.Tx.
func (x *tx) PurgeInbound(ctx context.Context, beforeID string, beforeHour int64, n int) (int, error) {
	if _, err := x.exec(ctx, `delete from tallies where tenant=$1 and hour>0 and hour<$2`, x.id, beforeHour); err != nil {
		return 0, err
	}
	gone, err := x.exec(ctx, `delete from activity_details where tenant=$1 and id in (select id from activity_details where tenant=$1 and id<$2 order by id limit $3)`, x.id, beforeID, n)
	return int(gone), err
}

// PutRefusal implements directory.Tx.
func (x *tx) PutRefusal(ctx context.Context, r *directory.RefusalRow) error {
	_, err := x.exec(ctx, `insert into refusals (tenant, subject, cause, person, client, method, path, status, detail, request, activity, first_seen, last_seen, body)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)
		on conflict (tenant, subject) do update set cause=excluded.cause, person=excluded.person, client=excluded.client, method=excluded.method, path=excluded.path,
			status=excluded.status, detail=excluded.detail, request=excluded.request, activity=excluded.activity, first_seen=excluded.first_seen,
			last_seen=excluded.last_seen, body=excluded.body`,
		x.id, short(r.Subject), r.Cause, r.Person, r.Client, r.Method, r.Path, r.Status, r.Detail, r.Request, r.Activity, r.First, r.Last, r.Body)
	return err
}

// DeleteRefusal implements directory.Tx.
func (x *tx) DeleteRefusal(ctx context.Context, subject string) error {
	_, err := x.exec(ctx, `delete from refusals where tenant=$1 and subject=$2`, x.id, short(subject))
	return err
}

// AddToCause implements directory.Tx.
func (x *tx) AddToCause(ctx context.Context, c *directory.CauseRow) error {
	if c.Waiting < 0 {
		if _, err := x.exec(ctx, `update causes set waiting=waiting+$3 where tenant=$1 and id=$2`, x.id, c.ID, c.Waiting); err != nil {
			return err
		}
		_, err := x.exec(ctx, `delete from causes where tenant=$1 and id=$2 and waiting<=0`, x.id, c.ID)
		return err
	}
	_, err := x.exec(ctx, `insert into causes (tenant, id, connection, type, code, value, detail, client, waiting, first_seen, last_seen) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)
		on conflict (tenant, id) do update set detail=excluded.detail, client=excluded.client, waiting=causes.waiting+excluded.waiting, last_seen=excluded.last_seen`,
		x.id, c.ID, c.Connection, c.Type, c.Code, c.Value, c.Detail, c.Client, c.Waiting, c.First, c.Last)
	return err
}

// Tally implements directory.Tx.
func (x *tx) Tally(t directory.TallyRow) { x.tallies = append(x.tallies, t) }

type tallyKey struct {
	tenant, hour     int64
	connection, name string
}

func (t *transaction) count(tenant int64, rows []directory.TallyRow) {
	for _, r := range rows {
		key := tallyKey{tenant, r.Hour, r.Connection, r.Name}
		if sum, ok := t.tallies[key]; ok {
			r.N, r.First, r.Last = r.N+sum.N, min(r.First, sum.First), max(r.Last, sum.Last)
		}
		if t.tallies == nil {
			t.tallies = map[tallyKey]directory.TallyRow{}
		}
		t.tallies[key] = r
	}
}

// writeTallies writes them in one order, so that two transactions never wait for
// each other.
func (t *transaction) writeTallies() error {
	keys := slices.SortedFunc(maps.Keys(t.tallies), func(a, b tallyKey) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.hour, b.hour), cmp.Compare(a.connection, b.connection), cmp.Compare(a.name, b.name))
	})
	for _, k := range keys {
		r := t.tallies[k]
		if _, err := t.exec(noCancel, `insert into tallies (tenant, hour, connection, name, n, first_seen, last_seen) values ($1,$2,$3,$4,$5,$6,$7)
			on conflict (tenant, hour, connection, name) do update set n=tallies.n+excluded.n, last_seen=excluded.last_seen`,
			k.tenant, k.hour, k.connection, k.name, r.N, r.First, r.Last); err != nil {
			return err
		}
	}
	return nil
}

// PutMark implements directory.Tx.
func (x *tx) PutMark(ctx context.Context, m directory.MarkRow) error {
	_, err := x.exec(ctx, `insert into marks (tenant, kind, user_id, connection, at, note) values ($1,$2,$3,$4,$5,$6)
		on conflict (tenant, kind, user_id) do update set connection=excluded.connection, at=excluded.at, note=excluded.note`, x.id, m.Kind, m.User, m.Connection, m.At, m.Note)
	return err
}

// EndMark implements directory.Tx.
func (x *tx) EndMark(ctx context.Context, kind, user string) error {
	_, err := x.exec(ctx, `delete from marks where tenant=$1 and kind=$2 and user_id=$3`, x.id, kind, user)
	return err
}

// PutMadeTeam implements directory.Tx.
func (x *tx) PutMadeTeam(ctx context.Context, connection, attribute, team string, at int64) error {
	_, err := x.exec(ctx, `insert into made_teams (tenant, connection, attribute, team_id, at) values ($1,$2,$3,$4,$5) on conflict do nothing`, x.id, connection, attribute, team, at)
	return err
}

// EndMadeTeam implements directory.Tx.
func (x *tx) EndMadeTeam(ctx context.Context, team string) (out []directory.MadeTeamRow, err error) {
	err = x.each(ctx, func(rows *sql.Rows) error {
		var m directory.MadeTeamRow
		defer func() { out = append(out, m) }()
		return rows.Scan(&m.Connection, &m.Attribute)
	}, `delete from made_teams where tenant=$1 and team_id=$2 returning connection, attribute`, x.id, team)
	return out, err
}

// SeeAttention implements directory.Tx.
func (x *tx) SeeAttention(ctx context.Context, entry, actor string, at int64) error {
	_, err := x.exec(ctx, `insert into attention_seen (tenant, entry, at, actor) values ($1,$2,$3,$4)
		on conflict (tenant, entry) do update set at=excluded.at, actor=excluded.actor`, x.id, entry, at, actor)
	return err
}
