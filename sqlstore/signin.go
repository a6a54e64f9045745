package sqlstore

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/directory"
)

const sessionColumns = `s.hash, s.tenant, s.id, s.user_id, s.invitation, s.by_link, s.created, s.ends, s.last_seen, s.client, s.address`

func sessionFields(s *directory.SessionRow) []any {
	return []any{&s.Hash, &s.Tenant, &s.ID, &s.User, &s.Invitation, &s.ByLink, &s.Created, &s.Ends, &s.LastSeen, &s.Client, &s.Address}
}

// OpenSession implements directory.SignInStore. It is what every page waits
// for: one SELECT, three rows by their keys.
func (s *Store) OpenSession(ctx context.Context, hash string) (o directory.OpenedSession, err error) {
	u := &directory.UserRow{}
	var facts string
	dest := append(sessionFields(&o.Session), tenantFields(&o.Tenant)...)
	err = session{s.dialect, s.read}.one(ctx, append(dest, &u.ID, &u.Doc, &facts), `select `+sessionColumns+`,
		t.id, t.name, t.display, t.created, t.settings, t.seq, t.setup, t.users, t.matched, t.idp_groups, t.waiting,
		coalesce(u.id, ''), coalesce(u.doc, ''), coalesce(u.facts, '')
		from sessions s join tenants t on t.id=s.tenant left join users u on u.tenant=s.tenant and u.id=s.user_id where s.hash=$1`, hash)
	if err != nil || u.ID == "" {
		return o, err
	}
	o.User = u
	return o, decodeFacts(u, facts)
}

// Session implements directory.SignInStore.
func (s *Store) Session(ctx context.Context, hash string) (row directory.SessionRow, err error) {
	err = session{s.dialect, s.read}.one(ctx, sessionFields(&row), `select `+sessionColumns+` from sessions s where s.hash=$1`, hash)
	return row, err
}

// TouchSessions implements directory.SignInStore.
func (s *Store) TouchSessions(ctx context.Context, seen map[string]int64) error {
	return s.transact(func(t *transaction) error {
		for _, hash := range slices.Sorted(maps.Keys(seen)) {
			if _, err := t.exec(noCancel, `update sessions set last_seen=$2 where hash=$1 and last_seen<$2`, hash, seen[hash]); err != nil {
				return err
			}
		}
		return nil
	})
}

const linkColumns = `hash, tenant, user_id, invitation, created, expires`

func linkFields(l *directory.SignInLinkRow) []any {
	return []any{&l.Hash, &l.Tenant, &l.User, &l.Invitation, &l.Created, &l.Expires}
}

// FindSignInLink implements directory.SignInStore.
func (s *Store) FindSignInLink(ctx context.Context, hash string) (l directory.SignInLinkRow, err error) {
	err = session{s.dialect, s.read}.one(ctx, linkFields(&l), `select `+linkColumns+` from sign_in_links where hash=$1`, hash)
	return l, err
}

func (s session) putSignInLink(ctx context.Context, tenant int64, l directory.SignInLinkRow) error {
	if _, err := s.exec(ctx, `delete from sign_in_links where tenant=$1 and expires<$2`, tenant, l.Created); err != nil {
		return err
	}
	_, err := s.exec(ctx, `insert into sign_in_links (`+linkColumns+`) values ($1,$2,$3,$4,$5,$6)`,
		l.Hash, tenant, l.User, l.Invitation, l.Created, l.Expires)
	return err
}

func (s session) takeSignInLink(ctx context.Context, tenant int64, hash string) (l directory.SignInLinkRow, err error) {
	err = s.one(ctx, linkFields(&l), `delete from sign_in_links where tenant=$1 and hash=$2 returning `+linkColumns, tenant, hash)
	return l, err
}

func (s session) putSession(ctx context.Context, tenant int64, row directory.SessionRow) error {
	if _, err := s.exec(ctx, `delete from sessions where tenant=$1 and ends<$2`, tenant, row.Created); err != nil {
		return err
	}
	_, err := s.exec(ctx, `insert into sessions (hash, tenant, id, user_id, invitation, by_link, created, ends, last_seen, client, address)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`,
		row.Hash, tenant, row.ID, row.User, row.Invitation, row.ByLink, row.Created, row.Ends, row.LastSeen, row.Client, row.Address)
	return err
}

// Password implements directory.Reader.
func (r reader) Password(ctx context.Context, user string) (p directory.PasswordRow, err error) {
	p.User = user
	err = r.one(ctx, []any{&p.Hash, &p.Changed}, `select hash, changed from passwords where tenant=$1 and user_id=$2`, r.id, user)
	return p, err
}

// Sessions implements directory.Reader.
func (r reader) Sessions(ctx context.Context, user string) (out []directory.SessionRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var row directory.SessionRow
		defer func() { out = append(out, row) }()
		return rows.Scan(sessionFields(&row)...)
	}, `select `+sessionColumns+` from sessions s where s.tenant=$1 and s.user_id=$2 order by s.created desc`, r.id, user)
	return out, err
}

// SignInLink implements directory.Reader.
func (r reader) SignInLink(ctx context.Context, user string) (l directory.SignInLinkRow, err error) {
	err = r.one(ctx, linkFields(&l), `select `+linkColumns+` from sign_in_links where tenant=$1 and user_id=$2 and invitation=''`, r.id, user)
	return l, err
}

// SessionStands implements directory.Reader.
func (r reader) SessionStands(ctx context.Context, hash string) error {
	var one int
	return r.one(ctx, []any{&one}, `select 1 from sessions where tenant=$1 and hash=$2`, r.id, hash)
}

// Invitations implements directory.Reader.
func (r reader) Invitations(ctx context.Context) (out []directory.InvitationRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var i directory.InvitationRow
		defer func() { out = append(out, i) }()
		return rows.Scan(&i.ID, &i.Name, &i.MadeBy, &i.Created, &i.Expires, &i.Opened, &i.Ended)
	}, `select id, name, made_by, created, expires, opened, ended from invitations where tenant=$1 order by id desc`, r.id)
	return out, err
}

// PutPassword implements directory.Tx.
func (x *tx) PutPassword(ctx context.Context, p directory.PasswordRow) error {
	_, err := x.exec(ctx, `insert into passwords (tenant, user_id, hash, changed) values ($1,$2,$3,$4)
		on conflict (tenant, user_id) do update set hash=excluded.hash, changed=excluded.changed`, x.id, p.User, p.Hash, p.Changed)
	return err
}

// DeletePassword implements directory.Tx.
func (x *tx) DeletePassword(ctx context.Context, user string) error {
	_, err := x.exec(ctx, `delete from passwords where tenant=$1 and user_id=$2`, x.id, user)
	return err
}

// PutSession implements directory.Tx.
func (x *tx) PutSession(ctx context.Context, row directory.SessionRow) error {
	return x.putSession(ctx, x.id, row)
}

// EndSessions implements directory.Tx.
func (x *tx) EndSessions(ctx context.Context, of directory.SessionsOf) (ended int64, err error) {
	switch {
	case of.Invitation != "":
		return x.exec(ctx, `delete from sessions where tenant=$1 and invitation=$2 and invitation<>''`, x.id, of.Invitation)
	case of.ID != "":
		return x.exec(ctx, `delete from sessions where tenant=$1 and user_id=$2 and id=$3`, x.id, of.User, of.ID)
	}
	return x.exec(ctx, `delete from sessions where tenant=$1 and user_id=$2 and id<>$3 and invitation=''`, x.id, of.User, of.But)
}

// PutSignInLink implements directory.Tx.
func (x *tx) PutSignInLink(ctx context.Context, l directory.SignInLinkRow) error {
	return x.putSignInLink(ctx, x.id, l)
}

// TakeSignInLink implements directory.Tx.
func (x *tx) TakeSignInLink(ctx context.Context, hash string) (directory.SignInLinkRow, error) {
	return x.takeSignInLink(ctx, x.id, hash)
}

// DeleteSignInLinks implements directory.Tx.
func (x *tx) DeleteSignInLinks(ctx context.Context, user, invitation string) error {
	query, of := `delete from sign_in_links where tenant=$1 and user_id=$2 and invitation=''`, user
	if invitation != "" {
		query, of = `delete from sign_in_links where tenant=$1 and invitation=$2 and invitation<>''`, invitation
	}
	_, err := x.exec(ctx, query, x.id, of)
	return err
}

// PutInvitation implements directory.Tx.
func (x *tx) PutInvitation(ctx context.Context, i directory.InvitationRow) error {
	_, err := x.exec(ctx, `insert into invitations (tenant, id, name, made_by, created, expires, opened, ended) values ($1,$2,$3,$4,$5,$6,$7,$8)
		on conflict (tenant, id) do update set opened=excluded.opened, ended=excluded.ended`,
		x.id, i.ID, i.Name, i.MadeBy, i.Created, i.Expires, i.Opened, i.Ended)
	return err
}

// ForgetSignIns implements directory.Tx.
func (x *tx) ForgetSignIns(ctx context.Context, now, invitations int64) error {
	for _, forget := range []struct {
		statement string
		before    int64
	}{
		{`delete from sessions where tenant=$1 and ends<$2`, now},
		{`delete from sign_in_links where tenant=$1 and expires<$2`, now},
		{`delete from invitations where tenant=$1 and expires<$2`, invitations},
	} {
		if _, err := x.exec(ctx, forget.statement, x.id, forget.before); err != nil {
			return err
		}
	}
	return nil
}
