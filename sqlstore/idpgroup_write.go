package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
)

// InsertIdPGroup implements directory.Tx.
func (x *tx) InsertIdPGroup(ctx context.Context, g *directory.IdPGroupRow) error {
	n, err := x.exec(ctx, `insert into idp_groups (tenant, id, name_key, doc, owner, links, members, created, modified, version)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) on conflict do nothing`,
		x.id, g.ID, g.Key, g.Doc, g.Owner, g.Links, g.Members, g.Created, g.Modified, g.Version)
	if err == nil && n == 0 {
		err = directory.ErrTaken
	}
	if err != nil {
		return err
	}
	return x.putGroupLinks(ctx, "", g)
}

// UpdateIdPGroup implements directory.Tx.
func (x *tx) UpdateIdPGroup(ctx context.Context, was, g *directory.IdPGroupRow) error {
	if was.Key != g.Key {
		// As for users: who looks first is safe until the commit.
		holders, _, err := x.FindIdPGroups(ctx, directory.ByGroupName, g.Key)
		if err != nil {
			return err
		}
		if len(holders) > 0 && holders[0].ID != g.ID {
			return directory.ErrTaken
		}
	}
	if _, err := x.exec(ctx, `update idp_groups set name_key=$3, doc=$4, owner=$5, links=$6, members=$7, modified=$8, version=$9 where tenant=$1 and id=$2`,
		x.id, g.ID, g.Key, g.Doc, g.Owner, g.Links, g.Members, g.Modified, g.Version); err != nil {
		return err
	}
	return x.putGroupLinks(ctx, was.Links, g)
}

func (x *tx) putGroupLinks(ctx context.Context, was string, g *directory.IdPGroupRow) error {
	if was == g.Links {
		return nil
	}
	if _, err := x.exec(ctx, `delete from idp_group_links where tenant=$1 and group_id=$2`, x.id, g.ID); err != nil {
		return err
	}
	for connection, ext := range groupLinks(g.Links) {
		if _, err := x.exec(ctx, `insert into idp_group_links (tenant, group_id, connection, external_id) values ($1,$2,$3,$4)`, x.id, g.ID, connection, ext); err != nil {
			return err
		}
	}
	return nil
}

// DeleteIdPGroup implements directory.Tx.
func (x *tx) DeleteIdPGroup(ctx context.Context, g *directory.IdPGroupRow) error {
	for _, statement := range []string{
		`delete from idp_members where tenant=$1 and group_id=$2`,
		deleteMember,
		`delete from idp_group_links where tenant=$1 and group_id=$2`,
		`delete from idp_groups where tenant=$1 and id=$2`,
	} {
		if _, err := x.exec(ctx, statement, x.id, g.ID); err != nil {
			return err
		}
	}
	return nil
}

// AddMembers implements directory.Tx.
func (x *tx) AddMembers(ctx context.Context, group string, ms []directory.MemberRow) (added []string, err error) {
	byID, ids := map[string]directory.MemberRow{}, []string{}
	for _, m := range ms {
		byID[m.ID] = m
		ids = append(ids, m.ID)
	}
	for _, batch := range batches(ids) {
		args := []any{x.id, group}
		var values []string
		for _, id := range batch {
			m := byID[id]
			values = append(values, fmt.Sprintf("($1,$2,$%d,$%d,$%d)", len(args)+1, len(args)+2, len(args)+3))
			args = append(args, id, m.Kind, m.Shown)
		}
		if err := x.each(ctx, collect(&added), `insert into idp_members (tenant, group_id, member, kind, shown) values `+
			strings.Join(values, ",")+` on conflict do nothing returning member`, args...); err != nil {
			return nil, err
		}
	}
	return added, nil
}

func collect(into *[]string) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var id string
		defer func() { *into = append(*into, id) }()
		return rows.Scan(&id)
	}
}

func collectMembers(into *[]directory.MemberRow) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var m directory.MemberRow
		defer func() { *into = append(*into, m) }()
		return rows.Scan(&m.ID, &m.Kind, &m.Shown)
	}
}

// RemoveMembers implements directory.Tx.
func (x *tx) RemoveMembers(ctx context.Context, group string, ids []string) (removed []directory.MemberRow, err error) {
	for _, batch := range batches(ids) {
		list, args := in(3, batch)
		if err := x.each(ctx, collectMembers(&removed), `delete from idp_members where tenant=$1 and group_id=$2 and member in `+list+` returning member, kind, shown`,
			append([]any{x.id, group}, args...)...); err != nil {
			return nil, err
		}
	}
	return removed, nil
}

// ShowMember implements directory.Tx. The rows are found by the index of members
// and changed by their keys: asked for both at once, SQLite walks them all.
func (x *tx) ShowMember(ctx context.Context, user string, shown bool) (groups []string, err error) {
	if err := x.each(ctx, collect(&groups), `select group_id from idp_members where tenant=$1 and member=$2 and shown<>$3 order by group_id`, x.id, user, shown); err != nil {
		return nil, err
	}
	for _, g := range groups {
		if _, err := x.exec(ctx, `update idp_members set shown=$4 where tenant=$1 and group_id=$2 and member=$3`, x.id, g, user, shown); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// deleteMember is a statement that ends the places of a member, by their keys.
const deleteMember = `delete from idp_members where tenant=$1 and member=$2 and group_id in (select group_id from idp_members where tenant=$1 and member=$2)`

// PutProfiling implements directory.Tx.
func (x *tx) PutProfiling(ctx context.Context, p directory.ProfilingRow) error {
	_, err := x.exec(ctx, `insert into idp_profiling (tenant, group_id, renamed, walked) values ($1,$2,$3,$4)
		on conflict (tenant, group_id) do update set renamed=(idp_profiling.renamed or excluded.renamed), walked=excluded.walked`, x.id, p.Group, p.Renamed, p.Walked)
	return err
}

// DeleteProfiling implements directory.Tx.
func (x *tx) DeleteProfiling(ctx context.Context, group string) error {
	_, err := x.exec(ctx, `delete from idp_profiling where tenant=$1 and group_id=$2`, x.id, group)
	return err
}
