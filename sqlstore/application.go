package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

const selectApplications = `select id, name, document, secrets, created, changed, seq from applications where tenant=$1 and `

func applicationFields(a *directory.ApplicationRow) []any {
	return []any{&a.ID, &a.Name, &a.Document, &a.Secrets, &a.Created, &a.Changed, &a.Seq}
}

// Applications implements directory.Reader.
func (r reader) Applications(ctx context.Context) (out []*directory.ApplicationRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		a := &directory.ApplicationRow{}
		out = append(out, a)
		return rows.Scan(applicationFields(a)...)
	}, selectApplications+`name_key is not null order by name_key`, r.id)
	return out, err
}

// Application implements directory.Reader.
func (r reader) Application(ctx context.Context, id string) (*directory.ApplicationRow, error) {
	return r.application(ctx, `id=$2 and not gone`, id)
}

// ApplicationNamed implements directory.Reader.
func (r reader) ApplicationNamed(ctx context.Context, key string) (*directory.ApplicationRow, error) {
	return r.application(ctx, `name_key=$2`, short(key))
}

func (r reader) application(ctx context.Context, where, value string) (*directory.ApplicationRow, error) {
	if !storable(value) {
		return nil, nil
	}
	a := &directory.ApplicationRow{}
	err := r.one(ctx, applicationFields(a), selectApplications+where, r.id, value)
	if errors.Is(err, directory.ErrNotFound) {
		return nil, nil
	}
	return a, err
}

// ApplicationSeq implements directory.Reader.
func (r reader) ApplicationSeq(ctx context.Context, id string) (seq int64, err error) {
	err = r.one(ctx, []any{&seq}, `select seq from applications where tenant=$1 and id=$2 and not gone`, r.id, id)
	if errors.Is(err, directory.ErrNotFound) {
		err = nil
	}
	return seq, err
}

// PutApplication implements directory.Tx.
func (x *tx) PutApplication(ctx context.Context, a *directory.ApplicationRow) error {
	var key any
	if !a.Gone {
		key = null(scim.Fold(a.Name))
		var other string
		err := x.one(ctx, []any{&other}, `select id from applications where tenant=$1 and name_key=$2 and id<>$3`, x.id, key, a.ID)
		if err == nil {
			return directory.ErrTaken
		} else if !errors.Is(err, directory.ErrNotFound) {
			return err
		}
	}
	_, err := x.exec(ctx, `insert into applications (tenant, id, name, name_key, document, secrets, created, changed, seq, gone)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)
		on conflict (tenant, id) do update set name=excluded.name, name_key=excluded.name_key, document=excluded.document,
			secrets=excluded.secrets, changed=excluded.changed, seq=excluded.seq, gone=excluded.gone`,
		x.id, a.ID, a.Name, key, a.Document, a.Secrets, a.Created, a.Changed, a.Seq, a.Gone)
	return err
}
