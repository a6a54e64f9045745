package sqlstore

import (
	"context"
	"database/sql"

	"github.com/rollcall-scim/rollcall/directory"
)

// Removals implements directory.Reader.
func (r reader) Removals(ctx context.Context) (out []directory.RemovalRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var d directory.RemovalRow
		defer func() { out = append(out, d) }()
		return rows.Scan(&d.Connection, &d.Kind, &d.User, &d.At, &d.State)
	}, `select connection, kind, user_id, at, state from removals where tenant=$1 and state>0 order by user_id, connection`, r.id)
	return out, err
}

// PutRemoval implements directory.Tx.
func (x *tx) PutRemoval(ctx context.Context, r directory.RemovalRow) error {
	_, err := x.exec(ctx, `insert into removals (tenant, connection, kind, user_id, at, state) values ($1,$2,$3,$4,$5,$6)
		on conflict (tenant, user_id, kind, connection) do update set at=excluded.at, state=excluded.state`,
		x.id, r.Connection, r.Kind, r.User, r.At, r.State)
	return err
}

// CountRemovals implements directory.Tx.
func (x *tx) CountRemovals(ctx context.Context, connection, kind string, since int64, atMost int) (n int, err error) {
	err = x.one(ctx, []any{&n}, `select count(*) from (select 1 from removals where tenant=$1 and connection=$2 and kind=$3 and at>$4 and state<2 limit $5) r`,
		x.id, connection, kind, since, atMost)
	return n, err
}

// HoldRemovals implements directory.Tx.
func (x *tx) HoldRemovals(ctx context.Context, connection string, since int64) error {
	_, err := x.exec(ctx, `update removals set state=1 where tenant=$1 and connection=$2 and kind='removed' and at>$3 and state=0`, x.id, connection, since)
	return err
}

// EndRemovals implements directory.Tx.
func (x *tx) EndRemovals(ctx context.Context, user string) error {
	_, err := x.exec(ctx, `delete from removals where tenant=$1 and user_id=$2`, x.id, user)
	return err
}

// KeepRemoval implements directory.Tx.
func (x *tx) KeepRemoval(ctx context.Context, user string) error {
	_, err := x.exec(ctx, `update removals set state=2 where tenant=$1 and user_id=$2 and kind='removed'`, x.id, user)
	return err
}

// ReleaseRemovals implements directory.Tx.
func (x *tx) ReleaseRemovals(ctx context.Context, connection string) (int, error) {
	n, err := x.exec(ctx, `delete from removals where tenant=$1 and state=1 and ($2='' or connection=$2)`, x.id, connection)
	return int(n), err
}

// GuardedPeople implements directory.Tx. Links are counted once for a window.
func (x *tx) GuardedPeople(ctx context.Context, connection string, oldest, now int64) (n int, err error) {
	err = x.each(ctx, func(rows *sql.Rows) error { return rows.Scan(&n) },
		`select linked from guards where tenant=$1 and connection=$2 and since>$3`, x.id, connection, oldest)
	if err != nil || n > 0 {
		return n, err
	}
	if err = x.one(ctx, []any{&n}, `select (select count(*) from links l join users u on u.tenant=l.tenant and u.id=l.user_id and u.state in (1,2) where l.tenant=$1 and l.connection=$2)
		+ (select count(*) from removals where tenant=$1 and connection=$2 and kind='removed' and at>$3 and state<2)`, x.id, connection, oldest); err != nil {
		return n, err
	}
	_, err = x.exec(ctx, `insert into guards (tenant, connection, since, linked) values ($1,$2,$3,$4)
		on conflict (tenant, connection) do update set since=excluded.since, linked=excluded.linked`, x.id, connection, now, n)
	return n, err
}
