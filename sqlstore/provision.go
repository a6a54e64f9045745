package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json/v2"
	"errors"
	"fmt"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
)

// Provision is the part of the database that provisioning keeps. Its writes go
// through the group commit of the directory's, but take no tenant's row and
// leave no trace in a change log.
func (s *Store) Provision() provision.Stores { return applications{s} }

type applications struct{ s *Store }

// Application implements provision.Stores.
func (p applications) Application(tenant int64, app string) provision.Store {
	return &application{p.s, appSession{session{p.s.dialect, p.s.read}, tenant, app}}
}

// Due implements provision.Stores.
func (p applications) Due(ctx context.Context, now int64) (due []provision.Due, err error) {
	err = session{p.s.dialect, p.s.read}.each(ctx, func(rows *sql.Rows) error {
		var d provision.Due
		defer func() { due = append(due, d) }()
		return rows.Scan(&d.Tenant, &d.App)
	}, `select tenant, app from app_state where next_run>0 and next_run<=$1 and lease_until<=$1
		union select tenant, app from app_state where lease_owner<>'' and lease_until<=$1
		union select s.tenant, s.app from app_state s join tenants t on t.id=s.tenant where s.watched>0 and t.seq>s.watched and s.lease_until<=$1
		order by tenant, app`, now)
	return due, err
}

// application implements provision.Store. Embedded is the session that reads.
type application struct {
	s *Store
	appSession
}

// appSession runs statements of one application, whose $1 and $2 are the tenant
// and the application.
type appSession struct {
	session
	tenant int64
	app    string
}

func (a appSession) args(args []any) []any {
	return append([]any{a.tenant, a.app}, args...)
}

func (a appSession) each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	return a.session.each(ctx, scan, query, a.args(args)...)
}

func (a appSession) one(ctx context.Context, dest []any, query string, args ...any) error {
	return a.session.one(ctx, dest, query, a.args(args)...)
}

func (a appSession) exec(query string, args ...any) (int64, error) {
	return a.session.exec(noCancel, query, a.args(args)...)
}

// alter runs fn in a transaction. On PostgreSQL only one process at a time
// writes to an application: they would lock its rows in different orders.
func (a *application) alter(ctx context.Context, fn func(appSession) error) error {
	return a.s.enqueue(ctx, queueKey{a.tenant, a.app}, func(t *transaction) error {
		x := appSession{t.session, a.tenant, a.app}
		if a.d.name == postgres.name {
			if _, err := x.exec(`select pg_advisory_xact_lock(hashtextextended($2, $1))`); err != nil {
				return err
			}
		}
		return fn(x)
	})
}

// alterExec is alter for one statement.
func (a *application) alterExec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = a.alter(ctx, func(x appSession) error {
		n, err = x.exec(query, args...)
		return err
	})
	return n, err
}

// State implements provision.Store.
func (a *application) State(ctx context.Context) (provision.State, error) { return a.state(ctx) }

func (a appSession) state(ctx context.Context) (st provision.State, err error) {
	var text string
	var next int64
	err = a.one(ctx, []any{&next, &text}, `select next_run, state from app_state where tenant=$1 and app=$2`)
	if errors.Is(err, directory.ErrNotFound) {
		return st, nil
	}
	if err == nil && text != "" {
		if err = json.Unmarshal([]byte(text), &st); err != nil {
			err = fmt.Errorf("application %s: its state is damaged: %w", a.app, err)
		}
	}
	st.NextRun = next
	return st, err
}

// PutState implements provision.Store.
func (a *application) PutState(ctx context.Context, st provision.State) error {
	return a.alter(ctx, func(x appSession) error { return x.putState(st) })
}

func (a appSession) putState(st provision.State) error {
	st.NextRun = 0 // Schedule's
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	_, err = a.exec(`insert into app_state (tenant, app, next_run, lease_owner, lease_until, state) values ($1,$2,0,'',0,$3)
		on conflict (tenant, app) do update set state=excluded.state`, clean(string(text)))
	return err
}

// Lease implements provision.Store.
func (a *application) Lease(ctx context.Context, owner string, now, until int64) error {
	n, err := a.alterExec(ctx, `insert into app_state (tenant, app, next_run, lease_owner, lease_until, state) values ($1,$2,0,$3,$5,'')
		on conflict (tenant, app) do update set lease_owner=excluded.lease_owner, lease_until=excluded.lease_until
		where app_state.lease_owner in ('', excluded.lease_owner) or app_state.lease_until<=$4`, owner, now, until)
	if err == nil && n == 0 {
		return provision.ErrLeased
	}
	return err
}

// Release implements provision.Store.
func (a *application) Release(ctx context.Context, owner string) error {
	_, err := a.alterExec(ctx, `update app_state set lease_owner='', lease_until=0 where tenant=$1 and app=$2 and lease_owner=$3`, owner)
	return err
}

// Schedule implements provision.Store.
func (a *application) Schedule(ctx context.Context, at, watched int64) error {
	_, err := a.alterExec(ctx, `insert into app_state (tenant, app, next_run, watched, lease_owner, lease_until, state) values ($1,$2,$3,$4,'',0,'')
		on conflict (tenant, app) do update set next_run=excluded.next_run, watched=excluded.watched`, at, watched)
	return err
}

// Forget implements provision.Store. It goes in steps, that others may write in
// between; when it was broken off, it can be called again.
func (a *application) Forget(ctx context.Context) error {
	for table, key := range map[string]string{
		"app_objects": "type, anchor", "app_waiting": "type, anchor, ref_key",
		"app_targets": "type, id", "app_target_keys": "type, path, value, id",
		"app_cycles": "number", "app_ops": "cycle, number",
	} {
		if _, err := a.deleteSteps(ctx, table, key, "true"); err != nil {
			return err
		}
	}
	_, err := a.alterExec(ctx, `delete from app_state where tenant=$1 and app=$2`)
	return err
}

// Restart implements provision.Store. State comes last: who was broken off on
// the way is not restarted, and may call again.
func (a *application) Restart(ctx context.Context) error {
	if err := a.inSteps(ctx, `dirty=true, failures=0, retry=0, error=''`); err != nil {
		return err
	}
	for table, key := range map[string]string{"app_targets": "type, id", "app_target_keys": "type, path, value, id"} {
		if _, err := a.deleteSteps(ctx, table, key, "true"); err != nil {
			return err
		}
	}
	return a.alter(ctx, func(x appSession) error {
		st, err := x.state(noCancel)
		if err != nil {
			return err
		}
		st.Watermark, st.Quarantine, st.Escrowed, st.LastFull = "", "", 0, 0
		return x.putState(st)
	})
}

// stepSize is how many rows one transaction writes of those that a statement
// finds by itself.
var stepSize = 10_000

// deleteSteps deletes the rows for which the condition holds, in steps, and
// counts them.
func (a *application) deleteSteps(ctx context.Context, table, key, where string, args ...any) (int, error) {
	query := fmt.Sprintf(`delete from %[1]s where tenant=$1 and app=$2 and (%[2]s) in (select %[2]s from %[1]s where tenant=$1 and app=$2 and %[3]s limit %[4]d)`,
		table, key, where, stepSize)
	for total := 0; ; {
		n, err := a.alterExec(ctx, query, args...)
		if total += int(n); err != nil || int(n) < stepSize {
			return total, err
		}
	}
}
