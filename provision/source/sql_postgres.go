package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

type postgresDatabase struct{ config *pgx.ConnConfig }

// openPostgres sets the session up to read only. Everything is asked for as
// text, which every type has, those too that nobody here knows.
func openPostgres(url string, reach *scimhttp.Reach) (database, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("source: database cannot be read; its form is postgres://USER:PASSWORD@HOST/NAME, with special characters in the password written as %XX")
	}
	config.DialFunc = reach.Dial
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	for name, value := range map[string]string{
		"default_transaction_read_only": "on", "application_name": "rollcall", "client_encoding": "UTF8",
		"statement_timeout": fmt.Sprint(statementTimeout.Milliseconds()), "datestyle": "ISO, YMD", "timezone": "UTC", "bytea_output": "hex",
	} {
		config.RuntimeParams[name] = value
	}
	return postgresDatabase{config}, nil
}

func (d postgresDatabase) close() error { return nil }

type postgresReading struct {
	conn    *pgx.Conn
	tx      pgx.Tx
	cursors *int
}

func (d postgresDatabase) begin(ctx context.Context) (reading, error) {
	dialing, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(dialing, d.config)
	if err != nil {
		return nil, fmt.Errorf("source: the database cannot be reached: %w; check database, and that this machine may connect", err)
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		conn.Close(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("source: the database: %w", err)
	}
	return postgresReading{conn, tx, new(int)}, nil
}

func (r postgresReading) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r.conn.Close(ctx)
}

func (r postgresReading) asText(column string) string { return "(" + column + `)::text collate "C"` }

func (r postgresReading) kindOf(string) string { return "'text'" }

// typed leaves it to PostgreSQL to read the text as the column's type.
func (r postgresReading) typed(_, text string) any { return text }

// query opens a cursor. The timeout then counts for each of its pages, and not
// for as long as we work on them.
func (r postgresReading) query(ctx context.Context, query string, args ...any) (rows, error) {
	*r.cursors++
	out := &postgresRows{r: r, name: fmt.Sprintf("rollcall_%d", *r.cursors)}
	if _, err := r.tx.Exec(ctx, "declare "+out.name+" no scroll cursor for "+query, args...); err != nil {
		return nil, postgresFault(err)
	}
	return out, out.fetch(ctx)
}

// postgresFault says in plain words what the cure is not to be guessed from.
func postgresFault(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "57014":
		return errSlow
	case "25006":
		return errors.New("it writes, and a source only reads; make it a SELECT")
	}
	return fmt.Errorf("%s (%s)", e.Message, e.Code)
}

const rowsAtOnce = 1000

type postgresRows struct {
	r      postgresReading
	name   string
	fields []pgconn.FieldDescription
	page   [][]expression.Value
	at     int
}

func (p *postgresRows) fetch(ctx context.Context) error {
	rows, err := p.r.tx.Query(ctx, fmt.Sprintf("fetch forward %d from %s", rowsAtOnce, p.name))
	if err != nil {
		return postgresFault(err)
	}
	defer rows.Close()
	p.page, p.at, p.fields = p.page[:0], 0, rows.FieldDescriptions()
	for rows.Next() {
		row := make([]expression.Value, len(p.fields))
		for i, raw := range rows.RawValues() {
			if row[i], err = p.value(p.fields[i].DataTypeOID, raw); err != nil {
				return fmt.Errorf("column %s: %w", p.fields[i].Name, err)
			}
		}
		p.page = append(p.page, row)
	}
	if err := rows.Err(); err != nil {
		return postgresFault(err)
	}
	return nil
}

func (p *postgresRows) columns() (names []string) {
	for _, f := range p.fields {
		names = append(names, strings.TrimSpace(f.Name))
	}
	return names
}

func (p *postgresRows) next(ctx context.Context) ([]expression.Value, bool, error) {
	if p.at == len(p.page) && len(p.page) == rowsAtOnce {
		if err := p.fetch(ctx); err != nil {
			return nil, false, err
		}
	}
	if p.at == len(p.page) {
		return nil, false, nil
	}
	p.at++
	return p.page[p.at-1], true, nil
}

// close leaves the cursor open: it ends with the transaction.
func (p *postgresRows) close() {}

// value reads PostgreSQL's text of a value.
func (p *postgresRows) value(oid uint32, raw []byte) (expression.Value, error) {
	if raw == nil {
		return expression.Null, nil
	}
	types := p.r.conn.TypeMap()
	if t, ok := types.TypeForOID(oid); ok {
		if array, ok := t.Codec.(*pgtype.ArrayCodec); ok {
			var elements []*string
			if err := types.Scan(oid, pgtype.TextFormatCode, raw, &elements); err != nil {
				return expression.Null, err
			}
			var texts []string
			for _, e := range elements {
				if e != nil {
					texts = append(texts, postgresText(array.ElementType.OID, *e))
				}
			}
			return expression.List(texts...), nil
		}
	}
	return expression.Text(postgresText(oid, string(raw))), nil
}

func postgresText(oid uint32, text string) string {
	switch oid {
	case pgtype.BoolOID:
		return expression.Bool(text == "t").String()
	case pgtype.BPCharOID:
		return strings.TrimRight(text, " ")
	case pgtype.TimestampOID:
		return instant("2006-01-02 15:04:05", text)
	case pgtype.TimestamptzOID:
		return instant("2006-01-02 15:04:05Z07", text)
	}
	return text
}

// instant is RFC 3339; infinity and years before Christ stay as they are.
func instant(layout, text string) string {
	t, err := time.Parse(layout, text)
	if err != nil {
		return text
	}
	return t.UTC().Format(time.RFC3339Nano)
}
