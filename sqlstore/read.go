package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json/v2"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-scim/rollcall/directory"
)

// reader reads one tenant. Every statement names it.
type reader struct {
	session
	id int64
}

// Reader implements directory.Store.
func (s *Store) Reader(tenant int64) directory.Reader {
	return reader{session{s.dialect, s.read}, tenant}
}

// View implements directory.Store.
func (s *Store) View(ctx context.Context, tenant int64, fn func(directory.Reader) error) error {
	options := &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
	if s.dialect.name == sqlite.name {
		options = nil // every SQLite transaction reads one state
	}
	tx, err := s.read.db.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fn(reader{session{s.dialect, snapshot{tx}}, tenant})
}

const tenantColumns = `id, name, display, created, settings, seq, setup, users, matched, idp_groups, waiting`

func tenantFields(t *directory.TenantRow) []any {
	return []any{&t.ID, &t.Name, &t.Display, &t.Created, &t.Settings, &t.Seq, &t.Setup, &t.Users, &t.Matched, &t.IdPGroups, &t.Waiting}
}

func (s session) tenant(ctx context.Context, id int64, lock string) (t directory.TenantRow, err error) {
	err = s.one(ctx, tenantFields(&t), `select `+tenantColumns+` from tenants where id=$1`+lock, id)
	return t, err
}

// Tenant implements directory.Reader.
func (r reader) Tenant(ctx context.Context) (directory.TenantRow, error) {
	return r.tenant(ctx, r.id, "")
}

// Tenants implements directory.Store.
func (s *Store) Tenants(ctx context.Context) (out []directory.TenantRow, err error) {
	err = session{s.dialect, s.read}.each(ctx, func(rows *sql.Rows) error {
		var t directory.TenantRow
		defer func() { out = append(out, t) }()
		return rows.Scan(tenantFields(&t)...)
	}, `select `+tenantColumns+` from tenants order by name`)
	return out, err
}

// TenantByName implements directory.Store.
func (s *Store) TenantByName(ctx context.Context, name string) (t directory.TenantRow, err error) {
	err = session{s.dialect, s.read}.one(ctx, tenantFields(&t), `select `+tenantColumns+` from tenants where name=$1`, name)
	return t, err
}

// TokenTenant implements directory.Store.
func (s *Store) TokenTenant(ctx context.Context, hash string) (tenant int64, err error) {
	err = session{s.dialect, s.read}.one(ctx, []any{&tenant}, `select tenant from tokens where hash=$1`, hash)
	return tenant, err
}

// userColumns are what a request reads of a user.
const userColumns = `u.id, u.doc, u.facts`

func scanUser(rows *sql.Rows, more ...any) (*directory.UserRow, error) {
	u := &directory.UserRow{}
	var facts string
	if err := rows.Scan(append([]any{&u.ID, &u.Doc, &facts}, more...)...); err != nil {
		return nil, err
	}
	return u, decodeFacts(u, facts)
}

// stampedColumns tell the tenant's stamp beside the user: for look-ups, where
// one SELECT is cheaper than two.
const stampedColumns = userColumns + `, t.setup, t.users, t.idp_groups`

// User implements directory.Reader.
func (r reader) User(ctx context.Context, id string) (*directory.UserRow, directory.Stamp, error) {
	if !storable(id) {
		id = ""
	}
	users, st, err := r.lookUp(ctx, `select `+stampedColumns+` from tenants t join users u on u.tenant=t.id where t.id=$1 and u.id=$2`, id)
	if err != nil || len(users) == 0 {
		return nil, st, err
	}
	return users[0], st, nil
}

// lookUp runs a SELECT of stampedColumns.
func (r reader) lookUp(ctx context.Context, query, value string) (users []*directory.UserRow, st directory.Stamp, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		u, err := scanUser(rows, &st.Setup, &st.Users, &st.IdPGroups)
		u.MayBeGrouped = st.IdPGroups > 0
		// Two connections may have given him the same externalId.
		if err == nil && (len(users) == 0 || users[len(users)-1].ID != u.ID) {
			users = append(users, u)
		}
		return err
	}, query, r.id, value)
	if err == nil && len(users) == 0 {
		st, err = r.stamp(ctx)
	}
	return users, st, err
}

// stamp is read after what it stands beside, so it can only be newer.
func (r reader) stamp(ctx context.Context) (st directory.Stamp, err error) {
	err = r.one(ctx, []any{&st.Setup, &st.Users, &st.IdPGroups}, `select setup, users, idp_groups from tenants where id=$1`, r.id)
	return st, err
}

// storable says whether PostgreSQL can hold the text. What it cannot hold is
// nobody's id or key, on either database.
func storable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// users runs a SELECT of userColumns, for lists.
func (r reader) users(ctx context.Context, query string, args ...any) (users []*directory.UserRow, st directory.Stamp, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		u, err := scanUser(rows)
		users = append(users, u)
		return err
	}, query, append([]any{r.id}, args...)...)
	if err == nil {
		st, err = r.stamp(ctx)
	}
	for _, u := range users {
		u.MayBeGrouped = st.IdPGroups > 0
	}
	return users, st, err
}

// findUsers asks an index for ids first: looking for users in the order of their
// ids, SQLite would rather walk the tenant.
var findUsers = func() map[directory.Key]string {
	by := map[directory.Key]string{
		directory.ByUserName:    `users u on u.tenant=t.id and u.name_key=$2 where t.id=$1`,
		directory.ByGoneName:    `users u on u.tenant=t.id where t.id=$1 and u.id in (select id from users where tenant=$1 and gone_key=$2) order by u.id`,
		directory.ByDisplayName: `users u on u.tenant=t.id where t.id=$1 and u.id in (select id from users where tenant=$1 and display_key=$2) order by u.id`,
		directory.ByEmail:       `emails e on e.tenant=t.id and e.key=$2 join users u on u.tenant=t.id and u.id=e.user_id where t.id=$1 order by e.user_id`,
		directory.ByExternalID:  `links l on l.tenant=t.id and l.external_id=$2 and l.external_id<>'' join users u on u.tenant=t.id and u.id=l.user_id where t.id=$1 order by l.user_id`,
		directory.ByAlias:       `links l on l.tenant=t.id and l.alias_key=$2 and l.alias_key<>'' join users u on u.tenant=t.id and u.id=l.user_id where t.id=$1 order by l.user_id`,
	}
	for key, from := range by {
		by[key] = `select ` + stampedColumns + ` from tenants t join ` + from
	}
	return by
}()

// FindUsers implements directory.Reader.
func (r reader) FindUsers(ctx context.Context, k directory.Key, value string) ([]*directory.UserRow, directory.Stamp, error) {
	if !storable(value) {
		value = ""
	}
	return r.lookUp(ctx, findUsers[k], short(value))
}

// condition builds a WHERE of the parts that are asked for.
type condition struct {
	text strings.Builder
	args []any
}

func (c *condition) add(format string, arg any) {
	c.args = append(c.args, arg)
	fmt.Fprintf(&c.text, " and "+format, len(c.args)+1) // $1 is the tenant
}

func listCondition(l directory.List) *condition {
	c := &condition{}
	c.text.WriteString("u.tenant=$1")
	states := l.States
	if len(states) == 0 {
		states = []directory.State{directory.Active, directory.Inactive}
	}
	var in []string
	for _, s := range states {
		in = append(in, fmt.Sprint(int(s)))
	}
	fmt.Fprintf(&c.text, " and u.state in (%s)", strings.Join(in, ","))
	if column, direction := listOrder(l); l.After != "" {
		c.add(column+map[string]string{"": ">", " desc": "<"}[direction]+"$%d", l.After)
	}
	if l.Group != "" {
		c.add("u.group_id=$%d", l.Group)
	}
	if l.Matched != nil {
		fmt.Fprintf(&c.text, " and u.matched=%t", *l.Matched)
	}
	if l.Connection != "" {
		c.add("u.id in (select user_id from links where tenant=$1 and connection=$%d)", l.Connection)
	}
	if l.Role > 0 {
		c.add("u.role>=$%d and u.role>0", l.Role)
	}
	if l.RemovedBefore > 0 || slices.Equal(states, []directory.State{directory.Removed}) {
		c.text.WriteString(" and u.removed_at>0") // as the index says
	}
	if l.RemovedBefore > 0 {
		c.add("u.removed_at<$%d", l.RemovedBefore)
		c.text.WriteString(" and not exists (select 1 from removals r where r.tenant=u.tenant and r.user_id=u.id and r.state=1)")
	}
	if l.Team != "" {
		c.add("u.id in (select user_id from memberships where tenant=$1 and team_id=$%d)", l.Team)
	}
	return c
}

func listOrder(l directory.List) (column, direction string) {
	if l.Descending {
		direction = " desc"
	}
	if l.ByName {
		return "u.name_key", direction
	}
	return "u.id", direction
}

// ListUsers implements directory.Reader.
func (r reader) ListUsers(ctx context.Context, l directory.List) ([]*directory.UserRow, directory.Stamp, error) {
	if onlyTeam(l) {
		return r.listTeam(ctx, l)
	}
	c := listCondition(l)
	column, direction := listOrder(l)
	query := `select ` + userColumns + ` from users u where ` + c.text.String() + ` order by ` + column + direction
	if l.Limit > 0 || l.Offset > 0 {
		limit := l.Limit
		if limit == 0 && l.Offset == 0 {
			limit = -1
		}
		c.args = append(c.args, limit, l.Offset)
		query += fmt.Sprintf(" limit $%d offset $%d", len(c.args), len(c.args)+1)
	}
	return r.users(ctx, query, c.args...)
}

// onlyTeam says that all members of a team are asked for; memberships are of
// people in sight.
func onlyTeam(l directory.List) bool {
	return l.Team != "" && l.Group == "" && l.Matched == nil && l.Role == 0 && len(l.States) == 0 && l.RemovedBefore == 0 && l.Offset == 0
}

// listTeam walks the team's memberships in order, so that a page costs the same
// in a team of ten and of a hundred thousand. Cross joins are done in the order
// in which they stand.
func (r reader) listTeam(ctx context.Context, l directory.List) ([]*directory.UserRow, directory.Stamp, error) {
	if l.Limit == 0 {
		l.Limit = 1 << 30
	}
	return r.users(ctx, `select `+userColumns+`
		from (select distinct user_id from memberships where tenant=$1 and team_id=$2 and user_id>$3 order by user_id limit $4) m
		cross join users u where u.tenant=$1 and u.id=m.user_id order by u.id`, l.Team, l.After, l.Limit)
}

// CountUsers implements directory.Reader.
func (r reader) CountUsers(ctx context.Context, l directory.List) (n int, err error) {
	if onlyTeam(l) {
		err = r.one(ctx, []any{&n}, `select count(distinct user_id) from memberships where tenant=$1 and team_id=$2`, r.id, l.Team)
		return n, err
	}
	c := listCondition(l)
	err = r.one(ctx, []any{&n}, `select count(*) from users u where `+c.text.String(), append([]any{r.id}, c.args...)...)
	return n, err
}

// Links implements directory.Reader.
func (r reader) Links(ctx context.Context, user string) (out []directory.LinkRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		l := directory.LinkRow{User: user}
		defer func() { out = append(out, l) }()
		return rows.Scan(&l.Connection, &l.ExternalID, &l.Alias, &l.AliasKey, &l.FirstSeen, &l.LastWord)
	}, `select connection, external_id, alias, alias_key, first_seen, last_word from links where tenant=$1 and user_id=$2 order by connection`, r.id, user)
	return out, err
}

// SetupSince implements directory.Reader.
func (r reader) SetupSince(ctx context.Context, seq int64) (out directory.SetupRows, err error) {
	if out.Tenant, err = r.Tenant(ctx); err != nil {
		return out, err
	}
	if err = r.each(ctx, func(rows *sql.Rows) error {
		var g directory.GroupRow
		var also string
		if err := rows.Scan(&g.ID, &g.Name, &also, &g.First, &g.Created, &g.Seq, &g.Gone); err != nil {
			return err
		}
		g.Also = list(also)
		out.Groups = append(out.Groups, g)
		return nil
	}, `select id, name, also, is_first, created, seq, gone from groups where tenant=$1 and seq>$2 order by seq`, r.id, seq); err != nil {
		return out, err
	}
	if err = r.each(ctx, func(rows *sql.Rows) error {
		var t directory.TeamRow
		var also string
		if err := rows.Scan(&t.ID, &t.Group, &t.Name, &also, &t.Created, &t.Seq, &t.Gone); err != nil {
			return err
		}
		t.Also = list(also)
		out.Teams = append(out.Teams, t)
		return nil
	}, `select id, group_id, name, also, created, seq, gone from teams where tenant=$1 and seq>$2 order by seq`, r.id, seq); err != nil {
		return out, err
	}
	if err = r.each(ctx, func(rows *sql.Rows) error {
		var c directory.ConnectionRow
		defer func() { out.Connections = append(out.Connections, c) }()
		return rows.Scan(&c.ID, &c.Name, &c.Deprovision, &c.Created, &c.Seq, &c.Gone)
	}, `select id, name, deprovision, created, seq, gone from connections where tenant=$1 and seq>$2 order by seq`, r.id, seq); err != nil {
		return out, err
	}
	if out.Clients, err = r.clientsSince(ctx, seq); err != nil {
		return out, err
	}
	out.Tokens, err = r.tokensSince(ctx, seq)
	return out, err
}

func (r reader) tokensSince(ctx context.Context, seq int64) (out []directory.TokenRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var t directory.TokenRow
		defer func() { out = append(out, t) }()
		return rows.Scan(&t.ID, &t.Hash, &t.Name, &t.Prefix, &t.Owner, &t.Connection, &t.Created, &t.Expires, &t.LastUsed, &t.Ended, &t.EndedWhy, &t.Seq)
	}, `select id, hash, name, prefix, owner, connection, created, expires, last_used, ended, ended_why, seq from tokens where tenant=$1 and seq>$2 order by seq`, r.id, seq)
	return out, err
}

// list and listText keep other names as a JSON list.
func list(text string) (out []string) {
	_ = json.Unmarshal([]byte(text), &out) // our own text
	return out
}

func listText(names []string) string {
	b, _ := json.Marshal(names)
	return string(b)
}

// Changes implements directory.Reader.
func (r reader) Changes(ctx context.Context, q directory.ChangeQuery) (out []directory.ChangeRow, err error) {
	where, args, order := "", []any{r.id, q.After, limit(q.Limit)}, ""
	if q.Object != "" {
		where, args = " and object=$4", append(args, q.Object)
	}
	if q.Newest {
		order = " desc"
	}
	if q.Before > 0 {
		args = append(args, q.Before)
		where += fmt.Sprintf(" and seq<$%d", len(args))
	}
	err = r.each(ctx, func(rows *sql.Rows) error {
		var c directory.ChangeRow
		defer func() { out = append(out, c) }()
		return rows.Scan(&c.Seq, &c.Time, &c.Request, &c.Actor, &c.Connection, &c.Type, &c.Object, &c.Kind, &c.Before, &c.After)
	}, `select seq, time, request, actor, connection, type, object, kind, value_before, value_after
		from changes where tenant=$1 and seq>$2`+where+` order by seq`+order+` limit $3`, args...)
	return out, err
}

// Activity implements directory.Reader.
func (r reader) Activity(ctx context.Context, q directory.ActivityQuery) (out []directory.ActivityRow, err error) {
	c, index := &condition{}, ""
	if q.Failed {
		c.text.WriteString(" and status>=400")
		index = "activity_failed"
	}
	if q.Since > 0 {
		c.add("time>=$%d", q.Since)
	}
	if q.Before != "" {
		c.add("id<$%d", q.Before)
	}
	if len(q.Subjects) > 0 {
		var in []string
		for _, s := range q.Subjects {
			c.args = append(c.args, short(s))
			in = append(in, fmt.Sprintf("$%d", len(c.args)+1))
		}
		c.text.WriteString(" and subject in (" + strings.Join(in, ",") + ")")
		index = "activity_subject"
	}
	c.args = append(c.args, limit(q.Limit))
	err = r.each(ctx, func(rows *sql.Rows) error {
		a, err := scanActivity(rows)
		out = append(out, a)
		return err
	}, `select `+activityColumns+`
		from activity`+r.d.by(index)+` where tenant=$1`+c.text.String()+fmt.Sprintf(" order by id desc limit $%d", len(c.args)+1), append([]any{r.id}, c.args...)...)
	return out, err
}

func limit(n int) int {
	if n <= 0 {
		return 1 << 30
	}
	return n
}
