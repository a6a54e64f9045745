package sqlstore

import (
	"encoding/json/v2"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// rowCounts are how many rows one statement writes. Few sizes are few prepared
// statements.
var rowCounts = [...]int{64, 16, 4, 1}

// rowsText is a statement for each of rowCounts, as each database has it best.
// SQLite gets bare question marks: of a numbered one it looks up the name at
// every binding, among all that the statement has.
type rowsText struct {
	table            string
	inserts          bool
	width            int
	sqlite, postgres [len(rowCounts)]string
}

// insertRows inserts rows with these columns, after tenant and application;
// then says what happens to those that are there.
func insertRows(table, columns, then string) rowsText {
	t := rowsText{table: table, inserts: true, width: len(columnList(columns))}
	text := func(row func(first int) string, n int) string {
		return `insert into ` + table + ` (tenant, app, ` + columns + `) values ` + rows(row, n, t.width) + ` ` + then
	}
	for i, n := range rowCounts {
		t.sqlite[i] = text(func(int) string { return "(" + strings.TrimSuffix(strings.Repeat("?,", t.width+2), ",") + ")" }, n)
		t.postgres[i] = text(func(first int) string { return "($1,$2," + placeholders(first, t.width) + ")" }, n)
	}
	return t
}

// upsert is insertRows that writes the columns where the key is there.
func upsert(table, key, columns string) rowsText {
	var sets []string
	for _, c := range columnList(columns) {
		sets = append(sets, c+"=excluded."+c)
	}
	return insertRows(table, key+", "+columns, `on conflict (tenant, app, `+key+`) do update set `+strings.Join(sets, ", "))
}

// updateRows writes the columns of rows that are there. Columns are given with
// their types, which PostgreSQL does not guess in a list of values: "seen bigint".
func updateRows(table, key, columns string) rowsText {
	keys, all := columnList(key), columnList(key+", "+columns)
	var where, sets, plain, cast []string
	for i, c := range all {
		name, kind, _ := strings.Cut(c, " ")
		if i < len(keys) {
			where = append(where, fmt.Sprintf(" and %s.%s=v.column%d", table, name, i+1))
		} else {
			sets = append(sets, fmt.Sprintf("%s=v.column%d", name, i+1))
		}
		plain, cast = append(plain, "?"), append(cast, "cast($%d as "+kind+")")
	}
	t := rowsText{table: table, width: len(all)}
	text := func(row func(first int) string, n int, mine string) string {
		return `update ` + table + ` set ` + strings.Join(sets, ", ") + ` from (values ` + rows(row, n, t.width) + `) v where ` + fmt.Sprintf(mine, table) + strings.Join(where, "")
	}
	for i, n := range rowCounts {
		t.sqlite[i] = text(func(int) string { return "(" + strings.Join(plain, ",") + ")" }, n, "%[1]s.tenant=? and %[1]s.app=?")
		t.postgres[i] = text(func(first int) string {
			numbers := make([]any, len(cast))
			for i := range numbers {
				numbers[i] = first + i
			}
			return "(" + fmt.Sprintf(strings.Join(cast, ","), numbers...) + ")"
		}, n, "%[1]s.tenant=$1 and %[1]s.app=$2")
	}
	return t
}

// rows joins n rows of placeholders; $1 and $2 are the tenant and the
// application.
func rows(row func(first int) string, n, width int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = row(3 + i*width)
	}
	return strings.Join(all, ",")
}

// write runs the statement for all rows of values, which it makes storable.
func (a appSession) write(t rowsText, values []any) error {
	for i, v := range values {
		if s, ok := v.(string); ok {
			values[i] = clean(s)
		}
	}
	for size, n := range rowCounts {
		for len(values) >= n*t.width {
			text, args := t.postgres[size], a.args(values[:n*t.width])
			if a.d.name == sqlite.name {
				text, args = t.sqlite[size], t.bare(a, values[:n*t.width])
			}
			if _, err := a.session.exec(noCancel, text, args...); err != nil {
				return err
			}
			values = values[n*t.width:]
		}
	}
	return nil
}

// bare puts the tenant and the application where SQLite's text has them: in
// every row that is inserted, or behind the rows.
func (t rowsText) bare(a appSession, values []any) (args []any) {
	if !t.inserts {
		return append(slices.Clone(values), a.tenant, a.app)
	}
	for row := range slices.Chunk(values, t.width) {
		args = append(append(args, a.tenant, a.app), row...)
	}
	return args
}

func columnList(text string) []string {
	columns := strings.Split(text, ",")
	for i, c := range columns {
		columns[i] = strings.TrimSpace(c)
	}
	return columns
}

func placeholders(first, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(all, ",")
}

// clean is the text as PostgreSQL can hold it. What targets answer goes into
// the log, and they answer anything.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// identifier is clean for what is compared and used again as it is; PostgreSQL's
// indexes hold no more than 2,704 bytes.
func identifier(what, id string) (string, error) {
	if len(id) > 512 {
		return "", fmt.Errorf("%s %q... has %d bytes and may have 512: choose another attribute to know objects by", what, clean(id[:40]), len(id))
	}
	return clean(id), nil
}

// among is the condition that a column is one of the values of list, which is
// bound as $n.
func (d dialect) among(column string, n int) string {
	if d.name == sqlite.name {
		return fmt.Sprintf("%s in (select value from json_each($%d))", column, n)
	}
	return fmt.Sprintf("%s = any($%d)", column, n)
}

// texts are bound for among, as PostgreSQL can hold them.
func (d dialect) texts(values []string) any {
	cleaned := make([]string, len(values))
	for i, v := range values {
		cleaned[i] = clean(v)
	}
	return bound(d, cleaned)
}

// bound are values as among takes them: an array, or for SQLite JSON.
func bound[T string | int64](d dialect, values []T) any {
	if d.name != sqlite.name {
		return values
	}
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings are clean
	}
	return string(text)
}
