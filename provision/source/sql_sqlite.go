package source

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	_ "modernc.org/sqlite" // the driver, in pure Go

	"github.com/rollcall-scim/rollcall/provision/expression"
)

// statementTimeout is how long a database may take for an answer, or for the
// next rows of one.
const statementTimeout = time.Minute

var errSlow = errors.New("it took longer than a minute; give the database an index for it, or ask for less")

type sqliteDatabase struct{ db *sql.DB }

func openSQLite(database string) (database, error) {
	path := strings.TrimPrefix(database, "sqlite:")
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)&_pragma=query_only(1)")
	return sqliteDatabase{db}, err
}

func (d sqliteDatabase) close() error { return d.db.Close() }

type sqliteReading struct {
	tx *sql.Tx
}

func (d sqliteDatabase) begin(ctx context.Context) (reading, error) {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("source: the SQLite file cannot be opened: %w; check the path in database, and that the server may read it", err)
	}
	return sqliteReading{tx}, nil
}

func (r sqliteReading) end() { r.tx.Rollback() }

func (r sqliteReading) asText(column string) string { return "cast(" + column + " as text)" }

func (r sqliteReading) kindOf(expression string) string { return "typeof(" + expression + ")" }

func (r sqliteReading) typed(typ, text string) any {
	switch typ {
	case "integer":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case "real":
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			return x
		}
	}
	return text
}

func (r sqliteReading) query(ctx context.Context, query string, args ...any) (rows, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	out := &sqliteRows{ctx: ctx, cancel: cancel}
	out.timer = time.AfterFunc(statementTimeout, func() { cancel(errSlow) })
	var err error
	if out.rows, err = r.tx.QueryContext(ctx, query, args...); err != nil {
		err = out.told(err)
		cancel(nil)
		return nil, err
	}
	out.timer.Stop()
	if out.types, err = out.rows.ColumnTypes(); err != nil {
		out.close()
		return nil, err
	}
	return out, nil
}

type sqliteRows struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer // runs while we wait for the database, and not while it waits for us
	rows   *sql.Rows
	types  []*sql.ColumnType
}

func (r *sqliteRows) told(err error) error {
	if cause := context.Cause(r.ctx); cause != nil {
		return cause
	}
	return err
}

func (r *sqliteRows) columns() (names []string) {
	for _, t := range r.types {
		names = append(names, strings.TrimSpace(t.Name()))
	}
	return names
}

func (r *sqliteRows) close() {
	r.timer.Stop()
	r.rows.Close()
	r.cancel(nil)
}

func (r *sqliteRows) next(context.Context) ([]expression.Value, bool, error) {
	r.timer.Reset(statementTimeout)
	defer r.timer.Stop()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return nil, false, r.told(err)
		}
		return nil, false, nil
	}
	raw := make([]any, len(r.types))
	into := make([]any, len(raw))
	for i := range raw {
		into[i] = &raw[i]
	}
	if err := r.rows.Scan(into...); err != nil {
		return nil, false, r.told(err)
	}
	values := make([]expression.Value, len(raw))
	for i, v := range raw {
		values[i] = sqliteValue(v, r.types[i].DatabaseTypeName())
	}
	return values, true, nil
}

func sqliteValue(v any, declared string) expression.Value {
	switch v := v.(type) {
	case nil:
		return expression.Null
	case bool:
		return expression.Bool(v)
	case int64:
		if strings.HasPrefix(strings.ToUpper(declared), "BOOL") {
			return expression.Bool(v != 0)
		}
		return expression.Text(strconv.FormatInt(v, 10))
	case float64:
		return expression.Text(strconv.FormatFloat(v, 'f', -1, 64))
	case time.Time:
		return expression.Text(v.UTC().Format(time.RFC3339Nano))
	case []byte:
		if !utf8.Valid(v) {
			return expression.Text(base64.StdEncoding.EncodeToString(v))
		}
		return expression.Text(string(v))
	}
	return expression.Text(fmt.Sprint(v))
}
