package sqlstore

import (
	"encoding/json/v2"
	"fmt"
	"strings"
	"unicode/utf8"
)

// rowCounts are how many rows one statement writes. Few sizes are few prepared
// statements.
var rowCounts = [...]int{64, 16, 4, 1}

// rowsText is a statement for each of rowCounts.
type rowsText struct {
	width int
	texts [len(rowCounts)]string
}

// newRowsText makes the statements; a %s stands for the rows of values.
func newRowsText(width int, format string, row func(first int) string) rowsText {
	t := rowsText{width: width}
	for i, n := range rowCounts {
		rows := make([]string, n)
		for r := range rows {
			rows[r] = row(3 + r*width) // after the tenant and the application
		}
		t.texts[i] = fmt.Sprintf(format, strings.Join(rows, ","))
	}
	return t
}

// insertRows inserts rows with these columns, after tenant and application;
// then says what happens to those that are there.
func insertRows(table, columns, then string) rowsText {
	width := strings.Count(columns, ",") + 1
	return newRowsText(width, `insert into `+table+` (tenant, app, `+columns+`) values %s `+then, func(first int) string {
		return "($1,$2," + placeholders(first, width) + ")"
	})
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
	var where, sets []string
	for i, c := range all {
		name, _, _ := strings.Cut(c, " ")
		if i < len(keys) {
			where = append(where, fmt.Sprintf(" and %s.%s=v.column%d", table, name, i+1))
		} else {
			sets = append(sets, fmt.Sprintf("%s=v.column%d", name, i+1))
		}
	}
	return newRowsText(len(all), `update `+table+` set `+strings.Join(sets, ", ")+` from (values %s) v where `+table+`.tenant=$1 and `+table+`.app=$2`+strings.Join(where, ""),
		func(first int) string {
			cells := make([]string, len(all))
			for i, c := range all {
				_, kind, _ := strings.Cut(c, " ")
				cells[i] = fmt.Sprintf("cast($%d as %s)", first+i, kind)
			}
			return "(" + strings.Join(cells, ",") + ")"
		})
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

// write runs the statement for all rows of values, which it makes storable.
func (a appSession) write(t rowsText, values []any) error {
	for i, v := range values {
		if s, ok := v.(string); ok {
			values[i] = clean(s)
		}
	}
	for size, n := range rowCounts {
		for len(values) >= n*t.width {
			if _, err := a.exec(t.texts[size], values[:n*t.width]...); err != nil {
				return err
			}
			values = values[n*t.width:]
		}
	}
	return nil
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

// texts and numbers are bound for among.
func (d dialect) texts(values []string) any {
	cleaned := make([]string, len(values))
	for i, v := range values {
		cleaned[i] = clean(v)
	}
	return bound(d, cleaned)
}

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
