package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json/jsontext"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-scim/rollcall/directory"
)

const idpGroupColumns = `t.setup, t.users, t.idp_groups, g.id, g.name_key, g.doc, g.owner, g.links, g.members, g.created, g.modified, g.version`

const fromIdPGroups = ` from tenants t join idp_groups g on g.tenant=t.id where t.id=$1 and g.tenant=$1`

// idpGroups runs a SELECT of idpGroupColumns; the stamp is as that of users.
func (r reader) idpGroups(ctx context.Context, where string, args ...any) (out []*directory.IdPGroupRow, st directory.Stamp, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		g := &directory.IdPGroupRow{}
		out = append(out, g)
		return rows.Scan(&st.Setup, &st.Users, &st.IdPGroups, &g.ID, &g.Key, &g.Doc, &g.Owner, &g.Links, &g.Members, &g.Created, &g.Modified, &g.Version)
	}, `select `+idpGroupColumns+fromIdPGroups+where, append([]any{r.id}, args...)...)
	if err == nil && len(out) == 0 {
		err = r.one(ctx, []any{&st.Setup, &st.Users, &st.IdPGroups}, `select setup, users, idp_groups from tenants where id=$1`, r.id)
	}
	return out, st, err
}

// IdPGroup implements directory.Reader.
func (r reader) IdPGroup(ctx context.Context, id string) (*directory.IdPGroupRow, directory.Stamp, error) {
	groups, st, err := r.idpGroups(ctx, ` and g.id=$2`, kept(id))
	if err != nil || len(groups) == 0 {
		return nil, st, err
	}
	return groups[0], st, nil
}

var findIdPGroups = map[directory.IdPGroupKey]string{
	directory.ByGroupName:       ` and g.name_key=$2 order by g.id`,
	directory.ByGroupExternalID: ` and g.id in (select group_id from idp_group_links where tenant=$1 and external_id=$2) order by g.id`,
	directory.ByMember:          ` and g.id in (select group_id from idp_members where tenant=$1 and member=$2 and shown) order by g.id`,
}

// FindIdPGroups implements directory.Reader.
func (r reader) FindIdPGroups(ctx context.Context, k directory.IdPGroupKey, value string) ([]*directory.IdPGroupRow, directory.Stamp, error) {
	return r.idpGroups(ctx, findIdPGroups[k], kept(value))
}

// ListIdPGroups implements directory.Reader.
func (r reader) ListIdPGroups(ctx context.Context, after string, offset, n int) ([]*directory.IdPGroupRow, directory.Stamp, error) {
	return r.idpGroups(ctx, ` and g.id>$2 order by g.id limit $3 offset $4`, after, limit(n), offset)
}

// Members implements directory.Reader.
func (r reader) Members(ctx context.Context, q directory.MemberQuery) (out []directory.MemberRow, err error) {
	docs, join := `''`, ``
	if q.Docs {
		docs = `coalesce(u.doc, g.doc, '')`
		join = ` left join users u on u.tenant=m.tenant and u.id=m.member and m.kind=1 left join idp_groups g on g.tenant=m.tenant and g.id=m.member and m.kind=2`
	}
	err = r.each(ctx, func(rows *sql.Rows) error {
		m := directory.MemberRow{Shown: true}
		defer func() { out = append(out, m) }()
		return rows.Scan(&m.ID, &m.Kind, &m.Doc)
	}, `select m.member, m.kind, `+docs+` from idp_members m`+join+`
		where m.tenant=$1 and m.group_id=$2 and m.member>$3 and (m.shown or $5) order by m.member limit $4`, r.id, q.Group, q.After, limit(q.Limit), q.All)
	return out, err
}

// IsMember implements directory.Reader.
func (r reader) IsMember(ctx context.Context, group, member string) (yes bool, err error) {
	err = r.one(ctx, []any{&yes}, `select exists (select 1 from idp_members where tenant=$1 and group_id=$2 and member=$3 and shown)`, r.id, group, kept(member))
	return yes, err
}

// kept is a text that both databases can hold; what one cannot is nobody's id or
// name on either.
func kept(text string) string {
	if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return ""
	}
	return text
}

// batches cuts ids into pieces of few different lengths, so that few different
// statements are prepared, and leaves out what no database can hold.
func batches(ids []string) (out [][]string) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return kept(id) == "" })
	for _, n := range []int{200, 20, 1} {
		for len(ids) >= n {
			out, ids = append(out, ids[:n]), ids[n:]
		}
	}
	return out
}

// in writes a list of placeholders from $first on.
func in(first int, ids []string) (text string, args []any) {
	var b strings.Builder
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", first+i)
		args = append(args, id)
	}
	return "(" + b.String() + ")", args
}

// Candidates implements directory.Reader.
func (r reader) Candidates(ctx context.Context, ids []string) (map[string]directory.Candidate, error) {
	out := map[string]directory.Candidate{}
	for _, batch := range batches(ids) {
		list, args := in(2, batch)
		if err := r.each(ctx, func(rows *sql.Rows) error {
			var u directory.UserRow
			var facts string
			c := directory.Candidate{State: directory.Active}
			if err := rows.Scan(&u.ID, &c.Kind, &facts); err != nil {
				return err
			}
			if facts != "" {
				if err := decodeFacts(&u, facts); err != nil {
					return err
				}
				c.State, c.RemovedBy, c.RemovedAt = u.State, u.RemovedBy, u.RemovedAt
			}
			out[u.ID] = c
			return nil
		}, `select id, 1, facts from users where tenant=$1 and id in `+list+`
			union all select id, 2, '' from idp_groups where tenant=$1 and id in `+list, append([]any{r.id}, args...)...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// GroupsAbove implements directory.Reader. The union drops what it has seen, so
// groups that hold each other end it too. A cross join keeps SQLite from walking
// all members of the tenant first.
func (r reader) GroupsAbove(ctx context.Context, members []string) (map[string][]directory.Above, error) {
	out := map[string][]directory.Above{}
	for _, batch := range batches(members) {
		list, args := in(2, batch)
		if err := r.each(ctx, func(rows *sql.Rows) error {
			var member string
			var a directory.Above
			direct := 0
			if err := rows.Scan(&member, &a.ID, &a.Doc, &direct); err != nil {
				return err
			}
			a.Direct = direct == 1
			out[member] = append(out[member], a)
			return nil
		}, `with recursive up(member, id, direct) as (
				select member, group_id, 1 from idp_members where tenant=$1 and member in `+list+` and shown
				union
				select up.member, m.group_id, 0 from up cross join idp_members m where m.tenant=$1 and m.member=up.id)
			select up.member, g.id, g.doc, max(up.direct) from up cross join idp_groups g where g.tenant=$1 and g.id=up.id
			group by up.member, g.id, g.doc order by up.member, g.id`, append([]any{r.id}, args...)...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// PeopleBelow implements directory.Reader. It reads each IdP group's members by
// their key, so that a step costs the same in a large one as in a small one.
func (r reader) PeopleBelow(ctx context.Context, group, after string, n int) (out []string, err error) {
	var groups []string
	if err := r.each(ctx, collect(&groups), `with recursive down(id) as (
			select id from idp_groups where tenant=$1 and id=$2
			union
			select m.member from down cross join idp_members m where m.tenant=$1 and m.group_id=down.id and m.kind=2)
		select id from down`, r.id, group); err != nil {
		return nil, err
	}
	for _, g := range groups {
		if err := r.each(ctx, collect(&out), `select member from idp_members where tenant=$1 and group_id=$2 and member>$3 and kind=1 and shown order by group_id, member limit $4`,
			r.id, g, after, n); err != nil {
			return nil, err
		}
	}
	if err := r.each(ctx, collect(&out), `select distinct user_id from memberships where tenant=$1 and origin=$2 and origin>'idp-group:' and origin<'idp-group;'
		and user_id>$3 order by user_id limit $4`, r.id, directory.IdPGroupOrigin(group), after, n); err != nil {
		return nil, err
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(n, len(out))], nil
}

// Profilings implements directory.Reader.
func (r reader) Profilings(ctx context.Context) (out []directory.ProfilingRow, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var p directory.ProfilingRow
		defer func() { out = append(out, p) }()
		return rows.Scan(&p.Group, &p.Renamed, &p.Walked)
	}, `select group_id, renamed, walked from idp_profiling where tenant=$1 order by group_id`, r.id)
	return out, err
}

// groupLinks reads the links column: a line for each connection, its id and the
// externalId as JSON.
func groupLinks(links string) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(links, "\n") {
		connection, quoted, ok := strings.Cut(line, " ")
		if ext, err := jsontext.AppendUnquote(nil, quoted); ok && err == nil && len(ext) > 0 {
			out[connection] = string(ext)
		}
	}
	return out
}
