package source

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
)

// sqlSource reads what SELECTs of the admin answer. Each reading is one
// transaction that sees one state and can write nothing. Rows come sorted by
// key, so that two with the same key are neighbours and nothing needs to be
// remembered.
type sqlSource struct {
	c  Config
	db database
}

// database is what PostgreSQL and SQLite do each in their own way.
type database interface {
	begin(ctx context.Context) (reading, error)
	close() error
}

// reading is a transaction that reads.
type reading interface {
	// query streams the rows of a SELECT with at most one argument, $1.
	query(ctx context.Context, query string, args ...any) (rows, error)
	// asText is a column as a text that sorts by its bytes.
	asText(column string) string
	// typed reads a value of the watermark as asText and its type wrote it.
	typed(typ, text string) any
	// kindOf is an SQL expression for the type of another.
	kindOf(expression string) string
	end()
}

// rows are read one by one. The values are the caller's.
type rows interface {
	columns() []string
	next(ctx context.Context) (values []expression.Value, ok bool, err error)
	close()
}

func openSQL(c Config, env Environment) (Source, error) {
	dial := func(url string) (database, error) { return openPostgres(url, env.Reach) }
	if strings.HasPrefix(c.Database, "sqlite:") {
		dial = openSQLite
	}
	db, err := dial(c.Database)
	if err != nil {
		return nil, err
	}
	return &sqlSource{c, db}, nil
}

// watermark is the greatest value of the column modified that was seen, with its
// type: of texts and numbers SQLite makes no difference until they are compared.
type watermark struct{ Column, Type, Value string }

func (w watermark) String() string {
	if w.Type == "" {
		return ""
	}
	b, _ := json.Marshal(w)
	return string(b)
}

// Read reads all, or of the people only those whose modified is not before the
// watermark; ties are read twice, which does no harm. Groups are always read
// whole: a membership that ends leaves no trace in them.
func (s *sqlSource) Read(ctx context.Context, since string, each func(Record) error) (Reading, error) {
	tx, err := s.db.begin(ctx)
	if err != nil {
		return Reading{}, err
	}
	defer tx.end()
	users, err := s.selection(ctx, tx, User)
	if err != nil {
		return Reading{}, err
	}
	r := Reading{Full: true}
	if err := users.readOn(ctx, since, &r); err != nil {
		return Reading{}, err
	}
	if err := users.read(ctx, &r, each); err != nil {
		return Reading{}, err
	}
	return r, s.readGroups(ctx, tx, &r, each)
}

// readOn works out the next watermark, and narrows the selection to what comes
// after the last.
func (q *selection) readOn(ctx context.Context, since string, r *Reading) error {
	if q.c.Modified == "" {
		return nil
	}
	at := q.find(q.c.Modified)
	if at < 0 {
		return fmt.Errorf("source: modified: %w", q.errColumn(q.c.Modified))
	}
	column := quoted(q.header[at])
	var was watermark
	if json.Unmarshal([]byte(since), &was) == nil && was.Column == q.header[at] && was.Type != "" {
		q.condition, q.args, r.Full = column+" >= $1", []any{q.tx.typed(was.Type, was.Value)}, false
	}
	greatest := "max(" + column + ")"
	row, err := q.one(ctx, "select "+q.tx.kindOf(greatest)+", "+q.tx.asText(greatest)+" from "+q.from())
	if err != nil {
		return err
	}
	next := watermark{q.header[at], row[0].String(), row[1].String()}
	if row[1].IsNull() {
		next = was
	}
	r.Next = next.String()
	return nil
}

func (s *sqlSource) readGroups(ctx context.Context, tx reading, r *Reading, each func(Record) error) error {
	if s.c.Groups == "" {
		return nil
	}
	groups, err := s.selection(ctx, tx, Group)
	if err != nil {
		return err
	}
	members, err := s.memberships(ctx, tx, "", nil)
	if err != nil {
		return err
	}
	if members == nil {
		return groups.read(ctx, r, each)
	}
	defer members.rows.close()
	return groups.read(ctx, r, func(g Record) error {
		refs, err := members.of(ctx, g.Anchor)
		if err != nil {
			return err
		}
		for i := range refs {
			refs[i] = groups.ref(refs[i])
		}
		g.Attributes["members"] = expression.List(refs...)
		return each(g)
	})
}

// Find asks the database.
func (s *sqlSource) Find(ctx context.Context, typ, name string) (found []Record, err error) {
	if typ == Group && s.c.Groups == "" {
		return nil, nil
	}
	tx, err := s.db.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer tx.end()
	q, err := s.selection(ctx, tx, typ)
	if err != nil {
		return nil, err
	}
	q.called(name)
	var r Reading
	if err := q.read(ctx, &r, func(one Record) error {
		found = append(found, one)
		return nil
	}); err != nil || typ == User {
		return found, err
	}
	for _, g := range found {
		members, err := s.memberships(ctx, tx, "%s = $1", []any{g.Anchor})
		if err != nil || members == nil {
			return found, err
		}
		refs, err := members.of(ctx, g.Anchor)
		members.rows.close()
		if err != nil {
			return nil, err
		}
		g.Attributes["members"] = expression.List(refs...)
	}
	return found, nil
}

// Test runs the queries for their columns and counts.
func (s *sqlSource) Test(ctx context.Context) (string, error) {
	tx, err := s.db.begin(ctx)
	if err != nil {
		return "", err
	}
	defer tx.end()
	var found []string
	for _, typ := range []string{User, Group} {
		if typ == Group && s.c.Groups == "" {
			continue
		}
		q, err := s.selection(ctx, tx, typ)
		if err != nil {
			return "", err
		}
		row, err := q.one(ctx, "select "+tx.asText("count(*)")+" from "+q.from())
		if err != nil {
			return "", err
		}
		found = append(found, fmt.Sprintf("%s: %s rows by %s (%s)", q.where, row[0], q.header[q.anchor], strings.Join(q.header, ", ")))
	}
	if m, err := s.memberships(ctx, tx, "", nil); err != nil {
		return "", err
	} else if m != nil {
		m.rows.close()
	}
	return strings.Join(found, "; "), nil
}

func (s *sqlSource) Close() error { return s.db.close() }

// quoted is a column's name in SQL.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// inner is the admin's SELECT as a table. A comment may be its last line.
func inner(query string) string {
	return "(\n" + strings.TrimRight(query, "; \t\r\n") + "\n) as q"
}

// findable are the columns by which people look for somebody.
var findable = []string{"userPrincipalName", "mail", "displayName", "userName", "mailNickname", "employeeId"}

// called narrows the selection to those who are called so.
func (q *selection) called(name string) {
	var terms []string
	for i, c := range q.columns.named {
		if i == q.anchor || i == q.reference || slices.Contains(findable, c.attribute()) {
			terms = append(terms, "lower("+q.tx.asText(quoted(q.header[i]))+") = lower($1)")
		}
	}
	q.condition, q.args = "("+strings.Join(terms, " or ")+")", []any{name}
}

var errNoRows = errors.New("no rows")
