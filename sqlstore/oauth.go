package sqlstore

import (
	"context"
	"database/sql"

	"github.com/rollcall-scim/rollcall/directory"
)

// ClientTenant implements directory.Store.
func (s *Store) ClientTenant(ctx context.Context, id string) (tenant int64, err error) {
	err = session{s.dialect, s.read}.one(ctx, []any{&tenant}, `select tenant from oauth_clients where id=$1`, id)
	return tenant, err
}

// AccessToken implements directory.Store.
func (s *Store) AccessToken(ctx context.Context, hash string) (tenant int64, a directory.AccessRow, err error) {
	a.Hash = hash
	err = session{s.dialect, s.read}.one(ctx, []any{&tenant, &a.Client, &a.Expires}, `select tenant, client, expires from oauth_tokens where hash=$1`, hash)
	return tenant, a, err
}

// clientsSince is the clients' part of SetupSince.
func (r reader) clientsSince(ctx context.Context, seq int64) (out []directory.ClientRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var c directory.ClientRow
		defer func() { out = append(out, c) }()
		return rows.Scan(&c.ID, &c.Name, &c.Connection, &c.SecretHash, &c.Keys, &c.Created, &c.Expires, &c.LastUsed, &c.Ended, &c.Seq)
	}, `select id, name, connection, secret_hash, public_keys, created, expires, last_used, ended, seq
		from oauth_clients where tenant=$1 and seq>$2 order by seq`, r.id, seq)
	return out, err
}

// PutClient implements directory.Tx.
func (x *tx) PutClient(ctx context.Context, c *directory.ClientRow) error {
	_, err := x.exec(ctx, `insert into oauth_clients (id, tenant, name, connection, secret_hash, public_keys, created, expires, last_used, ended, seq)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)
		on conflict (id) do update set ended=excluded.ended, seq=excluded.seq`,
		c.ID, x.id, c.Name, c.Connection, c.SecretHash, c.Keys, c.Created, c.Expires, c.LastUsed, c.Ended, c.Seq)
	return err
}

// PutAccessToken implements directory.Tx.
func (x *tx) PutAccessToken(ctx context.Context, a directory.AccessRow, now int64) error {
	for _, statement := range []string{
		`delete from oauth_tokens where tenant=$1 and expires<$2`,
		`delete from oauth_assertions where tenant=$1 and expires<$2`,
	} {
		if _, err := x.exec(ctx, statement, x.id, now); err != nil {
			return err
		}
	}
	if _, err := x.exec(ctx, `update oauth_clients set last_used=$3 where tenant=$1 and id=$2`, x.id, a.Client, now); err != nil {
		return err
	}
	_, err := x.exec(ctx, `insert into oauth_tokens (hash, tenant, client, expires) values ($1,$2,$3,$4)`, a.Hash, x.id, a.Client, a.Expires)
	return err
}

// SpendAssertion implements directory.Tx.
func (x *tx) SpendAssertion(ctx context.Context, client, jti string, expires int64) error {
	n, err := x.exec(ctx, `insert into oauth_assertions (tenant, client, jti, expires) values ($1,$2,$3,$4) on conflict do nothing`, x.id, client, jti, expires)
	if err == nil && n == 0 {
		return directory.ErrTaken
	}
	return err
}
