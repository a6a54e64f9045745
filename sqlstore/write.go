package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// tx is one change of one tenant. It implements directory.Tx.
type tx struct {
	reader
	row     directory.TenantRow
	seal    *bool
	tallies []directory.TallyRow
}

func (x *tx) Row() *directory.TenantRow { return &x.row }
func (x *tx) Seal()                     { *x.seal = true }

// CreateTenant implements directory.Store.
func (s *Store) CreateTenant(ctx context.Context, row directory.TenantRow, fn func(directory.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.transact(func(t *transaction) error {
		id, err := t.insertTenant(row)
		if err != nil {
			return err
		}
		return calmly(func() error { return t.run(id, fn) })
	})
}

// Secret implements directory.Store.
func (s *Store) Secret(ctx context.Context, name, fresh string) (value string, err error) {
	err = s.transact(func(t *transaction) error {
		if _, err := t.exec(noCancel, `insert into secrets (name, value) values ($1,$2) on conflict (name) do nothing`, name, fresh); err != nil {
			return err
		}
		return t.one(noCancel, []any{&value}, `select value from secrets where name=$1`, name)
	})
	return value, err
}

// insertTenant tries again while another process takes the number, and not when
// it has taken the name.
func (t *transaction) insertTenant(row directory.TenantRow) (id int64, err error) {
	for {
		err = t.one(noCancel, []any{&id}, `insert into tenants (id, name, display, created, settings, seq, setup, users, matched)
			select coalesce(max(id), 0) + 1, $1, $2, cast($3 as bigint), $4, 0, 0, 0, 0 from tenants where true
			on conflict do nothing returning id`, row.Name, row.Display, row.Created, row.Settings)
		if !errors.Is(err, directory.ErrNotFound) {
			return id, err
		}
		err = t.one(noCancel, []any{&id}, `select id from tenants where name=$1`, row.Name)
		if err == nil {
			return 0, directory.ErrTaken
		}
		if !errors.Is(err, directory.ErrNotFound) {
			return 0, err
		}
	}
}

// TouchTokens implements directory.Store. The order keeps processes that touch
// the same tokens from waiting for each other.
func (s *Store) TouchTokens(ctx context.Context, used map[string]int64) error {
	return s.transact(func(t *transaction) error {
		for _, hash := range slices.Sorted(maps.Keys(used)) {
			if _, err := t.exec(noCancel, `update tokens set last_used=$2 where hash=$1 and last_used<$2`, hash, used[hash]); err != nil {
				return err
			}
		}
		return nil
	})
}

// short is the text as indexes hold it. PostgreSQL takes 2,704 bytes; what is
// longer than anybody's name is found by its hash, so that no value, however
// foolish, keeps a leaver from leaving.
func short(key string) string {
	if len(key) <= 512 {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// null makes SQL's NULL of an empty key, which no unique index compares.
func null(key string) any {
	if key == "" {
		return nil
	}
	return short(key)
}

// nameKeys says which of the two name columns holds the key.
func nameKeys(u *directory.UserRow) (living, gone any) {
	if u.State == directory.Removed {
		return nil, null(u.Keys.UserName)
	}
	return null(u.Keys.UserName), nil
}

// InsertUser implements directory.Tx.
func (x *tx) InsertUser(ctx context.Context, u *directory.UserRow) error {
	living, gone := nameKeys(u)
	n, err := x.exec(ctx, `insert into users (tenant, id, name_key, gone_key, display_key, group_id, state, role, matched, removed_at, facts, doc, owner, shown_key, words)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15) on conflict do nothing`,
		x.id, u.ID, living, gone, null(u.Keys.Display), u.Group, u.State, u.Role, u.Matched(), u.RemovedAt, encodeFacts(u), u.Doc, u.Owner, u.Keys.Shown, u.Keys.Words)
	if err != nil {
		return err
	}
	if n == 0 {
		return directory.ErrTaken
	}
	return x.indexUser(ctx, &directory.UserRow{}, u)
}

// UpdateUser implements directory.Tx.
func (x *tx) UpdateUser(ctx context.Context, was, u *directory.UserRow) error {
	if _, err := x.exec(ctx, `update users set group_id=$3, state=$4, role=$5, matched=$6, removed_at=$7, facts=$8, doc=$9, owner=$10 where tenant=$1 and id=$2`,
		x.id, u.ID, u.Group, u.State, u.Role, u.Matched(), u.RemovedAt, encodeFacts(u), u.Doc, u.Owner); err != nil {
		return err
	}
	if was.State != u.State || was.Keys.UserName != u.Keys.UserName || was.Keys.Display != u.Keys.Display ||
		was.Keys.Shown != u.Keys.Shown || was.Keys.Words != u.Keys.Words {
		living, gone := nameKeys(u)
		// The tenant is ours alone until the commit, so who looks first is safe;
		// the unique index stays the guard.
		if living != nil {
			holders, _, err := x.FindUsers(ctx, directory.ByUserName, u.Keys.UserName)
			if err != nil {
				return err
			}
			if len(holders) > 0 && holders[0].ID != u.ID {
				return directory.ErrTaken
			}
		}
		if _, err := x.exec(ctx, `update users set name_key=$3, gone_key=$4, display_key=$5, shown_key=$6, words=$7 where tenant=$1 and id=$2`,
			x.id, u.ID, living, gone, null(u.Keys.Display), u.Keys.Shown, u.Keys.Words); err != nil {
			return err
		}
	}
	return x.indexUser(ctx, was, u)
}

// indexUser writes the rows of words, e-mails and memberships that differ.
func (x *tx) indexUser(ctx context.Context, was, u *directory.UserRow) error {
	if err := x.indexWords(ctx, u.ID, was.Keys, u.Keys); err != nil {
		return err
	}
	for _, key := range was.Keys.Emails {
		if !slices.Contains(u.Keys.Emails, key) {
			if _, err := x.exec(ctx, `delete from emails where tenant=$1 and key=$2 and user_id=$3`, x.id, short(key), u.ID); err != nil {
				return err
			}
		}
	}
	for _, key := range u.Keys.Emails {
		if !slices.Contains(was.Keys.Emails, key) {
			if _, err := x.exec(ctx, `insert into emails (tenant, key, user_id) values ($1,$2,$3) on conflict do nothing`, x.id, short(key), u.ID); err != nil {
				return err
			}
		}
	}
	if was.Teams == u.Teams {
		return nil
	}
	before, after := was.Memberships(), u.Memberships()
	for _, m := range before {
		if !slices.Contains(after, m) {
			if _, err := x.exec(ctx, `delete from memberships where tenant=$1 and team_id=$2 and user_id=$3 and origin=$4`, x.id, m.Team, u.ID, m.Origin); err != nil {
				return err
			}
		}
	}
	for _, m := range after {
		if !slices.Contains(before, m) {
			if _, err := x.exec(ctx, `insert into memberships (tenant, team_id, user_id, origin) values ($1,$2,$3,$4)`, x.id, m.Team, u.ID, m.Origin); err != nil {
				return err
			}
		}
	}
	return nil
}

// PutLink implements directory.Tx.
func (x *tx) PutLink(ctx context.Context, l directory.LinkRow) error {
	_, err := x.exec(ctx, `insert into links (tenant, connection, user_id, external_id, alias, alias_key, first_seen, last_word)
		values ($1,$2,$3,$4,$5,$6,$7,$8)
		on conflict (tenant, user_id, connection) do update set external_id=excluded.external_id, last_word=excluded.last_word,
			alias=case when excluded.alias='' then links.alias else excluded.alias end,
			alias_key=case when excluded.alias='' then links.alias_key else excluded.alias_key end`,
		x.id, l.Connection, l.User, short(l.ExternalID), l.Alias, short(l.AliasKey), l.FirstSeen, l.LastWord)
	return err
}

// DeleteLink implements directory.Tx.
func (x *tx) DeleteLink(ctx context.Context, connection, user string) error {
	_, err := x.exec(ctx, `delete from links where tenant=$1 and connection=$2 and user_id=$3`, x.id, connection, user)
	return err
}

// PutGroup implements directory.Tx.
func (x *tx) PutGroup(ctx context.Context, g *directory.GroupRow) error {
	if _, err := x.exec(ctx, `delete from group_names where tenant=$1 and group_id=$2`, x.id, g.ID); err != nil {
		return err
	}
	if !g.Gone {
		for _, name := range append([]string{g.Name}, g.Also...) {
			n, err := x.exec(ctx, `insert into group_names (tenant, name, group_id) values ($1,$2,$3) on conflict do nothing`, x.id, name, g.ID)
			if err != nil {
				return err
			}
			if n == 0 {
				return directory.ErrTaken
			}
		}
	}
	_, err := x.exec(ctx, `insert into groups (tenant, id, name, also, is_first, created, seq, gone) values ($1,$2,$3,$4,$5,$6,$7,$8)
		on conflict (tenant, id) do update set name=excluded.name, also=excluded.also, seq=excluded.seq, gone=excluded.gone`,
		x.id, g.ID, g.Name, listText(g.Also), g.First, g.Created, g.Seq, g.Gone)
	return err
}

// PutTeam implements directory.Tx.
func (x *tx) PutTeam(ctx context.Context, t *directory.TeamRow) error {
	if _, err := x.exec(ctx, `delete from team_names where tenant=$1 and team_id=$2`, x.id, t.ID); err != nil {
		return err
	}
	if !t.Gone {
		for _, name := range append([]string{t.Name}, t.Also...) {
			n, err := x.exec(ctx, `insert into team_names (tenant, group_id, key, team_id) values ($1,$2,$3,$4) on conflict do nothing`, x.id, t.Group, scim.Fold(name), t.ID)
			if err != nil {
				return err
			}
			if n == 0 {
				return directory.ErrTaken
			}
		}
	}
	_, err := x.exec(ctx, `insert into teams (tenant, id, group_id, name, also, created, seq, gone) values ($1,$2,$3,$4,$5,$6,$7,$8)
		on conflict (tenant, id) do update set name=excluded.name, also=excluded.also, seq=excluded.seq, gone=excluded.gone`,
		x.id, t.ID, t.Group, t.Name, listText(t.Also), t.Created, t.Seq, t.Gone)
	return err
}

// PutConnection implements directory.Tx.
func (x *tx) PutConnection(ctx context.Context, c *directory.ConnectionRow) error {
	_, err := x.exec(ctx, `insert into connections (tenant, id, name, deprovision, created, seq, gone) values ($1,$2,$3,$4,$5,$6,$7)
		on conflict (tenant, id) do update set name=excluded.name, deprovision=excluded.deprovision, seq=excluded.seq, gone=excluded.gone`,
		x.id, c.ID, c.Name, c.Deprovision, c.Created, c.Seq, c.Gone)
	return err
}

// PutToken implements directory.Tx.
func (x *tx) PutToken(ctx context.Context, t *directory.TokenRow) error {
	_, err := x.exec(ctx, `insert into tokens (hash, tenant, id, name, prefix, owner, connection, created, expires, last_used, ended, ended_why, seq)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)
		on conflict (hash) do update set name=excluded.name, expires=excluded.expires, ended=excluded.ended, ended_why=excluded.ended_why, seq=excluded.seq`,
		t.Hash, x.id, t.ID, t.Name, t.Prefix, t.Owner, t.Connection, t.Created, t.Expires, t.LastUsed, t.Ended, t.EndedWhy, t.Seq)
	return err
}

// AppendChange implements directory.Tx.
func (x *tx) AppendChange(ctx context.Context, c *directory.ChangeRow) error {
	x.row.Seq++
	c.Seq = x.row.Seq
	_, err := x.exec(ctx, `insert into changes (tenant, seq, time, request, actor, connection, type, object, kind, value_before, value_after)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`,
		x.id, c.Seq, c.Time, c.Request, c.Actor, c.Connection, c.Type, c.Object, c.Kind, c.Before, c.After)
	return err
}

// AppendActivity implements directory.Tx.
func (x *tx) AppendActivity(ctx context.Context, a *directory.ActivityRow) error {
	_, err := x.exec(ctx, `insert into activity (tenant, id, time, connection, token, client, operation, subject, person, status, scim_type, code, detail, notes,
			duration, request, first_change, last_change)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)`,
		x.id, a.ID, a.Time, a.Connection, a.Token, a.Client, a.Operation, short(a.Subject), a.Person, a.Status, a.ScimType, a.Code, a.Detail, a.Notes,
		a.Duration, a.Request, a.First, a.Last)
	return err
}

// Blank implements directory.Tx.
func (x *tx) Blank(ctx context.Context, u *directory.UserRow, names []string) error {
	blank := &directory.UserRow{ID: u.ID, State: directory.Purged, Created: u.Created, Modified: u.Modified, Version: u.Version}
	if _, err := x.exec(ctx, `update users set name_key=null, gone_key=null, display_key=null, group_id='', state=$3, role=0, matched=true, removed_at=0,
		facts=$4, doc='{}', owner='', shown_key=null, words='' where tenant=$1 and id=$2`, x.id, u.ID, blank.State, encodeFacts(blank)); err != nil {
		return err
	}
	for _, statement := range []string{
		`delete from links where tenant=$1 and user_id=$2`,
		deleteMember,
		`delete from removals where tenant=$1 and user_id=$2`,
		`delete from passwords where tenant=$1 and user_id=$2`,
		`delete from left_alone where tenant=$1 and user_id=$2`,
		`delete from task_people where tenant=$1 and user_id=$2`,
		`update changes set value_before='', value_after='' where tenant=$1 and object=$2`,
		`delete from activity_details where tenant=$1 and id in (select id from activity where tenant=$1 and subject=$2)`,
		`update activity set person='', detail='', notes='' where tenant=$1 and subject=$2`,
		`delete from marks where tenant=$1 and user_id=$2`,
	} {
		if _, err := x.exec(ctx, statement, x.id, u.ID); err != nil {
			return err
		}
	}
	for _, name := range names {
		if _, err := x.exec(ctx, `delete from activity_details where tenant=$1 and id in (select id from activity where tenant=$1 and subject=$2)`, x.id, short(name)); err != nil {
			return err
		}
		if _, err := x.exec(ctx, `update activity set person='', detail='', notes='', subject='' where tenant=$1 and subject=$2`, x.id, short(name)); err != nil {
			return err
		}
	}
	return x.indexUser(ctx, u, &directory.UserRow{ID: u.ID})
}

var _ directory.Tx = (*tx)(nil)
