package source

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
)

// selection is one of the admin's SELECTs in a transaction.
type selection struct {
	columns
	tx        reading
	sql       string
	condition string // on the columns, with args
	args      []any
}

// selection asks for the columns.
func (s *sqlSource) selection(ctx context.Context, tx reading, typ string) (*selection, error) {
	q := &selection{columns: columns{c: s.c, typ: typ, where: "the query users"}, tx: tx, sql: s.c.Users}
	if typ == Group {
		q.where, q.sql = "the query groups", s.c.Groups
	}
	head, err := tx.query(ctx, "select * from "+q.from()+" limit 0")
	if err != nil {
		return nil, q.fault(err)
	}
	defer head.close()
	if err := q.name(head.columns()); err != nil {
		return nil, err
	}
	return q, q.findKeys(q.header[:1])
}

func (q *selection) from() string { return inner(q.sql) }

func (q *selection) fault(err error) error { return fmt.Errorf("source: %s: %w", q.where, err) }

// one is the only row of a query.
func (q *selection) one(ctx context.Context, query string) ([]expression.Value, error) {
	rows, err := q.tx.query(ctx, query)
	if err != nil {
		return nil, q.fault(err)
	}
	defer rows.close()
	row, ok, err := rows.next(ctx)
	if err == nil && !ok {
		err = errNoRows
	}
	if err != nil {
		return nil, q.fault(err)
	}
	return row, nil
}

// read gives out the rows, but for those that share their key or have none.
func (q *selection) read(ctx context.Context, r *Reading, each func(Record) error) error {
	key := quoted(q.header[q.anchor])
	query := "select * from " + q.from()
	if q.condition != "" {
		query += " where " + q.condition
	}
	rows, err := q.tx.query(ctx, query+" order by "+q.tx.asText(key), q.args...)
	if err != nil {
		return q.fault(err)
	}
	defer rows.close()
	n, keyless := 0, 0
	var held []expression.Value // waits to see whether the next has the same key
	same := 0
	give := func() error {
		if held == nil {
			return nil
		}
		key := held[q.anchor].String()
		if same > 1 {
			q.twice(key, same, r)
			return nil
		}
		return each(q.record(key, held))
	}
	for {
		row, ok, err := rows.next(ctx)
		if err != nil {
			return q.fault(err)
		}
		if !ok {
			break
		}
		n++
		switch key := row[q.anchor]; {
		case key.IsEmpty():
			keyless++
		case held != nil && held[q.anchor].String() == key.String():
			same++
		default:
			if err := give(); err != nil {
				return err
			}
			held, same = row, 1
		}
	}
	if err := give(); err != nil {
		return err
	}
	if n == 0 && q.condition == "" {
		return fmt.Errorf("source: %s has no rows: that is taken for a table that is being filled, because everybody would be deleted; nothing was read", q.where)
	}
	if keyless > 0 {
		r.Full = false
		r.Notes = append(r.Notes, fmt.Sprintf("%s has %d rows without %s; they were left out, and nobody is taken for deleted until that is mended", q.where, keyless, q.header[q.anchor]))
	}
	return nil
}

func (q *selection) twice(key string, n int, r *Reading) {
	why := fmt.Sprintf("%s has %d rows with the key %s; none of them is provisioned until each has a key of its own", q.where, n, key)
	r.Faulty = append(r.Faulty, Fault{Type: q.typ, Anchor: key, Why: why})
	r.Notes = append(r.Notes, why)
}

// memberships are the rows of the query members, sorted as the groups are, so
// that the two are read side by side.
type memberships struct {
	rows  rows
	group string // of the row that was read last
	ref   string
	more  bool
}

// memberships opens the query; nil where there is none. %s in the condition is
// the group's key as text.
func (s *sqlSource) memberships(ctx context.Context, tx reading, condition string, args []any) (*memberships, error) {
	if s.c.Members == "" {
		return nil, nil
	}
	fault := func(err error) error { return fmt.Errorf("source: the query members: %w", err) }
	head, err := tx.query(ctx, "select * from "+inner(s.c.Members)+" limit 0")
	if err != nil {
		return nil, fault(err)
	}
	names := head.columns()
	head.close()
	if len(names) < 2 {
		return nil, fault(fmt.Errorf("it has one column and needs two: the key of the group and the key of the member"))
	}
	key := tx.asText(quoted(names[0]))
	query := "select * from " + inner(s.c.Members)
	if condition != "" {
		query += " where " + fmt.Sprintf(condition, key)
	}
	rows, err := tx.query(ctx, query+" order by "+key+", "+tx.asText(quoted(names[1])), args...)
	if err != nil {
		return nil, fault(err)
	}
	m := &memberships{rows: rows}
	return m, m.step(ctx)
}

func (m *memberships) step(ctx context.Context) error {
	row, ok, err := m.rows.next(ctx)
	if m.more = ok && err == nil; !m.more {
		if err != nil {
			err = fmt.Errorf("source: the query members: %w", err)
		}
		return err
	}
	m.group, m.ref = row[0].String(), strings.TrimSpace(row[1].String())
	return nil
}

// of reads the members of the next group; groups come in the order of their
// keys.
func (m *memberships) of(ctx context.Context, group string) (refs []string, err error) {
	for m.more && m.group < group {
		if err := m.step(ctx); err != nil {
			return nil, err
		}
	}
	for m.more && m.group == group {
		if m.ref != "" {
			refs = append(refs, m.ref)
		}
		if err := m.step(ctx); err != nil {
			return nil, err
		}
	}
	return refs, nil
}
