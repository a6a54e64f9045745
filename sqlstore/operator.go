package sqlstore

import (
	"context"
	"database/sql"

	"github.com/rollcall-scim/rollcall/directory"
)

// PutOperatorLink implements directory.OperatorStore.
func (s *Store) PutOperatorLink(ctx context.Context, l directory.SignInLinkRow) error {
	return s.transact(func(t *transaction) error { return t.putSignInLink(noCancel, 0, l) })
}

// RedeemOperatorLink implements directory.OperatorStore.
func (s *Store) RedeemOperatorLink(ctx context.Context, hash string, row directory.SessionRow) error {
	return s.transact(func(t *transaction) error {
		if _, err := t.takeSignInLink(noCancel, 0, hash); err != nil {
			return err
		}
		return t.putSession(noCancel, 0, row)
	})
}

// EndOperatorSession implements directory.OperatorStore.
func (s *Store) EndOperatorSession(ctx context.Context, hash string) error {
	return s.transact(func(t *transaction) error {
		_, err := t.exec(noCancel, `delete from sessions where tenant=0 and hash=$1`, hash)
		return err
	})
}

// Overview implements directory.OperatorStore. The newest row of each log is
// the first of its key, backwards.
func (s *Store) Overview(ctx context.Context, after string, limit int) (out []directory.TenantOverview, err error) {
	err = session{s.dialect, s.read}.each(ctx, func(rows *sql.Rows) error {
		var o directory.TenantOverview
		defer func() { out = append(out, o) }()
		return rows.Scan(append(tenantFields(&o.TenantRow), &o.Came, &o.Changed)...)
	}, `select `+tenantColumns+`,
		coalesce((select a.time from activity a where a.tenant=tenants.id order by a.id desc limit 1), 0),
		coalesce((select c.time from changes c where c.tenant=tenants.id order by c.seq desc limit 1), 0)
		from tenants where name>$1 order by name limit $2`, after, limit)
	return out, err
}

// Health implements directory.OperatorStore.
func (s *Store) Health(ctx context.Context) (h directory.Health, err error) {
	version, size := `select 'SQLite ' || sqlite_version()`, `select page_count * page_size from pragma_page_count(), pragma_page_size()`
	if s.dialect.name == postgres.name {
		version, size = `select 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)`, `select pg_database_size(current_database())`
	}
	db := session{s.dialect, s.read}
	if err := db.one(ctx, []any{&h.Database}, version); err != nil {
		return h, err
	}
	if err := db.one(ctx, []any{&h.Size}, size); err != nil {
		return h, err
	}
	return h, db.one(ctx, []any{&h.Schema}, `select max(version_id) from goose_db_version`)
}
