package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/rollcall-scim/rollcall/directory"
)

// last is behind every text that a key can hold.
const last = "\U0010FFFF"

// foundColumns are all that decides whether somebody is searched for; the
// document is read only of those who are shown.
const foundColumns = `u.id, u.facts, u.words, coalesce(u.shown_key, ''), coalesce(u.name_key, u.gone_key, ''),
	exists (select 1 from left_alone la where la.tenant=u.tenant and la.user_id=u.id)`

// setQuery is a set in SQL: what is read beside the person, from where, after
// which mark, in which order.
type setQuery struct {
	mark, from, after, order string
	args                     []any
}

// ofSet writes the set down; $1 is the tenant.
func ofSet(s directory.Set, m directory.Mark) setQuery {
	byID := func(where string, args ...any) setQuery {
		return setQuery{mark: `'', '', 0`, from: `users u where u.tenant=$1 and ` + where,
			after: fmt.Sprintf(` and u.id>$%d`, len(args)+2), order: `u.id`, args: append(args, m.ID)}
	}
	// Cross joins are done in the order in which they stand.
	joined := func(table, where string, args ...any) setQuery {
		return setQuery{mark: `'', '', 0`, from: table + ` x cross join users u where x.tenant=$1 and ` + where + ` and u.tenant=$1 and u.id=x.user_id`,
			after: fmt.Sprintf(` and x.user_id>$%d`, len(args)+2), order: `x.user_id`, args: append(args, m.ID)}
	}
	switch s.Kind {
	case directory.SetShown:
		return sorted(s, setQuery{mark: `u.shown_key, '', 0`, from: `users u where u.tenant=$1 and u.removed_at=0`,
			after: ` and (u.shown_key, u.id) > ($2, $3)`, order: `u.shown_key, u.id`, args: []any{m.Key, m.ID}})
	case directory.SetUserName:
		return sorted(s, setQuery{mark: `u.name_key, '', 0`, from: `users u where u.tenant=$1 and u.removed_at=0`,
			after: ` and u.name_key > $2`, order: `u.name_key`, args: []any{m.Key}})
	case directory.SetWord:
		// One bound for where it begins: SQLite would take a second one, on the
		// word alone, and read again all that stands before the mark.
		return setQuery{mark: `w.word, w.shown, 0`, from: `words w cross join users u where w.tenant=$1 and w.word<$2 and u.tenant=$1 and u.id=w.user_id`,
			after: ` and (w.word, w.shown, w.user_id) > ($3, $4, $5)`, order: `w.word, w.shown, w.user_id`,
			args: []any{s.Value + last, max(m.Key, s.Value), m.Shown, m.ID}}
	case directory.SetGroup:
		return byID(`u.group_id=$2`, s.Value)
	case directory.SetTeam:
		return setQuery{mark: `'', '', 0`, from: `(select distinct user_id from memberships where tenant=$1 and team_id=$2 and user_id>$3 order by user_id limit $4) x
			cross join users u where u.tenant=$1 and u.id=x.user_id`, order: `x.user_id`, args: []any{s.Value, m.ID}}
	case directory.SetRole:
		return byID(`u.role>0`)
	case directory.SetUnmatched:
		return byID(`u.matched=false and u.state<3`)
	case directory.SetByHand:
		return byID(`u.owner='' and u.state<3`)
	case directory.SetInactive:
		return byID(`u.state=2`)
	case directory.SetConnection:
		return joined(`links`, `x.connection=$2 and u.state<3`, s.Value)
	case directory.SetLeftAlone:
		return joined(`left_alone`, `u.matched=false and u.state<3`)
	case directory.SetRemoved:
		at := m.At
		if at == 0 {
			at = math.MaxInt64
		}
		return setQuery{mark: `'', '', u.removed_at`, from: `users u where u.tenant=$1 and u.removed_at>0`,
			after: ` and (u.removed_at, u.id) < ($2, $3)`, order: `u.removed_at desc, u.id desc`, args: []any{at, m.ID}}
	}
	panic(fmt.Sprintf("no such set: %v", s.Kind))
}

// sorted turns the order round, where that is asked for.
func sorted(s directory.Set, q setQuery) setQuery {
	if !s.Backwards {
		return q
	}
	if q.args[0] == "" {
		q.args[0] = last
	}
	if s.Kind == directory.SetShown {
		q.after, q.order = ` and (u.shown_key, u.id) < ($2, $3)`, `u.shown_key desc, u.id desc`
		return q
	}
	q.after, q.order = ` and u.name_key < $2`, `u.name_key desc`
	return q
}

// WalkSet implements directory.PeopleReader.
func (r reader) WalkSet(ctx context.Context, s directory.Set, after directory.Mark, n int) (out []*directory.Found, err error) {
	q := ofSet(s, after)
	query := `select ` + foundColumns + `, ` + q.mark + ` from ` + q.from + q.after + ` order by ` + q.order + fmt.Sprintf(` limit $%d`, len(q.args)+2)
	err = r.each(ctx, func(rows *sql.Rows) error {
		f := &directory.Found{}
		var facts string
		if err := rows.Scan(&f.ID, &facts, &f.Words, &f.Shown, &f.Name, &f.LeftAlone, &f.Mark.Key, &f.Mark.Shown, &f.Mark.At); err != nil {
			return err
		}
		f.Mark.ID = f.ID
		out = append(out, f)
		return decodeFacts(&f.UserRow, facts)
	}, query, append(append([]any{r.id}, q.args...), n)...)
	return out, err
}

// CountSet implements directory.PeopleReader.
func (r reader) CountSet(ctx context.Context, s directory.Set, atMost int) (n int, err error) {
	var from string
	var args []any
	switch s.Kind {
	case directory.SetWord:
		from, args = `words w where w.tenant=$1 and w.word>=$2 and w.word<$3`, []any{s.Value, s.Value + last}
	case directory.SetTeam:
		from, args = `(select distinct user_id from memberships where tenant=$1 and team_id=$2) x`, []any{s.Value}
	default:
		q := ofSet(s, directory.Mark{})
		from, args = q.from, q.args
		// What stands after the mark is of no interest here.
		args = args[:len(args)-markArgs(s.Kind)]
	}
	err = r.one(ctx, []any{&n}, `select count(*) from (select 1 from `+from+fmt.Sprintf(` limit $%d) counted`, len(args)+2), append(append([]any{r.id}, args...), atMost)...)
	return n, err
}

// markArgs is how many of a set's arguments are its mark's.
func markArgs(kind directory.SetKind) int {
	if kind == directory.SetShown || kind == directory.SetRemoved {
		return 2
	}
	return 1
}

// UsersByID implements directory.PeopleReader.
func (r reader) UsersByID(ctx context.Context, ids []string) (out []*directory.UserRow, err error) {
	for _, batch := range batches(ids) {
		list, args := in(2, batch)
		if err := r.each(ctx, func(rows *sql.Rows) error {
			u, err := scanUser(rows)
			out = append(out, u)
			return err
		}, `select `+userColumns+` from users u where u.tenant=$1 and u.id in `+list, append([]any{r.id}, args...)...); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b *directory.UserRow) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out, nil
}

// NameUses implements directory.PeopleReader.
func (r reader) NameUses(ctx context.Context, object string) (map[string]int64, error) {
	out := map[string]int64{}
	err := r.each(ctx, func(rows *sql.Rows) error {
		var name string
		var day int64
		if err := rows.Scan(&name, &day); err != nil {
			return err
		}
		out[name] = day
		return nil
	}, `select name, day from name_uses where tenant=$1 and object=$2`, r.id, object)
	return out, err
}

// PutNameUse implements directory.PeopleTx.
func (x *tx) PutNameUse(ctx context.Context, object, name string, day int64) error {
	_, err := x.exec(ctx, `insert into name_uses (tenant, object, name, day) values ($1,$2,$3,$4)
		on conflict (tenant, object, name) do update set day=excluded.day where name_uses.day<excluded.day`, x.id, object, name, day)
	return err
}

// PutLeftAlone implements directory.PeopleTx.
func (x *tx) PutLeftAlone(ctx context.Context, user, actor string, at int64, left bool) (err error) {
	if !left {
		_, err = x.exec(ctx, `delete from left_alone where tenant=$1 and user_id=$2`, x.id, user)
		return err
	}
	_, err = x.exec(ctx, `insert into left_alone (tenant, user_id, at, actor) values ($1,$2,$3,$4) on conflict do nothing`, x.id, user, at, actor)
	return err
}
