package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// bareWriter is what the database gives to whoever does nothing else: one
// goroutine that commits batches of changes, each one row with four indexes,
// two membership rows and one row of a log. It has the driver, the pragmas and
// the prepared statements that Rollcall has, and none of its work.
type bareWriter struct {
	conn           *sql.Conn
	db             *sql.DB
	begin          string
	row, pair, log *sql.Stmt
	random         *rand.Rand
	number         int
	document       string
}

var bareTables = []string{
	`create table bare_rows (id text not null primary key, name text not null, email text not null, external text not null, doc text not null, version bigint not null)`,
	`create unique index bare_name on bare_rows (name)`,
	`create index bare_email on bare_rows (email)`,
	`create index bare_external on bare_rows (external)`,
	`create table bare_pairs (team text not null, id text not null, origin text not null, primary key (team, id, origin)) SLIM`,
	`create table bare_log (seq bigint not null primary key, time bigint not null, object text not null, value_before text not null, value_after text not null) SLIM`,
}

func newBareWriter(ctx context.Context, db *database) (*bareWriter, error) {
	w := &bareWriter{begin: "begin", random: newRandom(), document: person(1, "Engineer")}
	driver, slim, mark := "pgx", "", "$"
	if db.name == "sqlite" {
		driver, slim, mark, w.begin = "sqlite", "without rowid", "?", "begin immediate"
	}
	var err error
	if w.db, err = sql.Open(driver, db.writerURL); err != nil {
		return nil, err
	}
	if w.conn, err = w.db.Conn(ctx); err != nil {
		return nil, err
	}
	for _, table := range bareTables {
		if _, err := w.conn.ExecContext(ctx, strings.ReplaceAll(table, "SLIM", slim)); err != nil {
			return nil, err
		}
	}
	for into, query := range map[**sql.Stmt]string{
		&w.row:  `insert into bare_rows values ($1,$2,$3,$4,$5,$6)`,
		&w.pair: `insert into bare_pairs values ($1,$2,$3)`,
		&w.log:  `insert into bare_log values ($1,$2,$3,$4,$5)`,
	} {
		if *into, err = w.conn.PrepareContext(ctx, strings.ReplaceAll(query, "$", mark)); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *bareWriter) close() {
	w.conn.Close()
	w.db.Close()
}

// batch commits n changes.
func (w *bareWriter) batch(ctx context.Context, n int) error {
	if _, err := w.conn.ExecContext(ctx, w.begin); err != nil {
		return err
	}
	for range n {
		if err := w.change(ctx); err != nil {
			return err
		}
	}
	_, err := w.conn.ExecContext(ctx, "commit")
	return err
}

func (w *bareWriter) change(ctx context.Context) error {
	w.number++
	id, key := fmt.Sprintf("0190a000-0000-7000-8000-%012d", w.number), fmt.Sprintf("%016x@bench.test", w.random.Uint64())
	if _, err := w.row.ExecContext(ctx, id, key, "e"+key, "x"+key, w.document, w.number); err != nil {
		return err
	}
	for _, origin := range []string{"department", "locality"} {
		if _, err := w.pair.ExecContext(ctx, fmt.Sprintf("%s %d", origin, w.number%80), id, origin); err != nil {
			return err
		}
	}
	_, err := w.log.ExecContext(ctx, w.number, time.Now().UnixMicro(), id, "", w.document)
	return err
}

// takeWriter measures the bare writer at so many changes in a commit.
func (m *measure) takeWriter(ctx context.Context, w *bareWriter, changes int, duration time.Duration) error {
	began := time.Now()
	for time.Since(began) < duration {
		start := time.Now()
		if err := w.batch(ctx, changes); err != nil {
			return err
		}
		m.latencies = append(m.latencies, time.Since(start))
		m.count += changes
	}
	m.elapsed += time.Since(began)
	return nil
}

func newRandom() *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) }
