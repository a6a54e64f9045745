package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
)

// fillStep is how many people one transaction fills in.
var fillStep = 1000

// fillPeople gives the people of a database that was made before 00007_people
// their words and the columns that came with them. How far it has come is kept,
// and whoever finds the row locked waits, so any number of processes may start
// at once and be killed at any moment.
func fillPeople(ctx context.Context, d dialect, db *sql.DB) error {
	for {
		done, err := fillSome(ctx, d, db)
		if err != nil || done {
			return err
		}
	}
}

func fillSome(ctx context.Context, d dialect, db *sql.DB) (done bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	s := session{d, snapshot{tx}}
	var tenant int64
	var walked string
	err = s.one(ctx, []any{&tenant, &walked}, `select tenant, walked from fills where name='people'`+d.lock)
	if errors.Is(err, directory.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	people, err := s.unfilled(ctx, tenant, walked)
	if err != nil {
		return false, err
	}
	for _, u := range people {
		if err := s.fill(ctx, u.tenant, &u.UserRow); err != nil {
			return false, err
		}
		tenant, walked = u.tenant, u.ID
	}
	if done = len(people) < fillStep; done {
		_, err = s.exec(ctx, `delete from fills where name='people'`)
	} else {
		_, err = s.exec(ctx, `update fills set tenant=$1, walked=$2 where name='people'`, tenant, walked)
	}
	if err != nil {
		return false, err
	}
	return done, tx.Commit()
}

type unfilled struct {
	tenant int64
	directory.UserRow
}

func (s session) unfilled(ctx context.Context, tenant int64, walked string) (out []unfilled, err error) {
	err = s.each(ctx, func(rows *sql.Rows) error {
		var u unfilled
		var facts string
		if err := rows.Scan(&u.tenant, &u.ID, &u.Doc, &facts); err != nil {
			return err
		}
		err := decodeFacts(&u.UserRow, facts)
		out = append(out, u)
		return err
	}, `select tenant, id, doc, facts from users where (tenant, id) > ($1, $2) order by tenant, id limit $3`, tenant, walked, fillStep)
	return out, err
}

func (s session) fill(ctx context.Context, tenant int64, u *directory.UserRow) error {
	if u.State == directory.Purged {
		return nil
	}
	keys := directory.KeysOf(u.Doc)
	if _, err := s.exec(ctx, `update users set owner=$3, shown_key=$4, words=$5 where tenant=$1 and id=$2`, tenant, u.ID, u.Owner, keys.Shown, keys.Words); err != nil {
		return err
	}
	return insertWords(ctx, s, tenant, u.ID, keys.Shown, strings.Fields(keys.Words))
}
