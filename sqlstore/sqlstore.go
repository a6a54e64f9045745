// Package sqlstore keeps a directory in SQLite or PostgreSQL: one SQL text for
// both, with a dialect of a few items. It enforces keys and order, and knows
// none of the rules.
//
// Writes go through a group commit (commit.go); reads are single SELECTs that
// also return the number of the tenant's last set-up change.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the SQLite driver, in pure Go

	"github.com/rollcall-scim/rollcall/directory"
)

// Store is a database. It implements directory.Store.
type Store struct {
	dialect dialect
	path    string // of a SQLite file
	url     string // of PostgreSQL
	read    *pool
	write   *sql.DB
	writers chan *writer // idle connections; nil for one that is not open
	commits commits

	statistics statistics

	lockFile *os.File
}

var _ directory.Store = (*Store)(nil)

// Open opens the database that the URL names, sqlite:PATH or postgres://...,
// makes it where there is none (SQLite) and migrates it. The errors say what
// to do.
func Open(ctx context.Context, database string) (*Store, error) {
	scheme, rest, _ := strings.Cut(database, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, rest)
	case "postgres", "postgresql":
		return openPostgres(ctx, database)
	}
	return nil, fmt.Errorf("the database %q is neither sqlite:PATH nor postgres://USER@HOST/NAME", redacted(database))
}

func openSQLite(ctx context.Context, path string) (*Store, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, fmt.Errorf("sqlite: needs the path of a file, such as sqlite:rollcall.db")
	}
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	// busy_timeout comes first, so that the switch to WAL already waits.
	pragmas := "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=temp_store(memory)"
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + pragmas
	// The one writer keeps the pages of the indexes that it changes at random.
	write, err := sql.Open("sqlite", name+"&_pragma=cache_size(-200000)")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	s := &Store{dialect: sqlite, path: path, write: write, writers: newWriters(1)}
	if err := migrate(ctx, s.dialect, write); err != nil {
		write.Close()
		return nil, fmt.Errorf("cannot open the database %s: %w", path, err)
	}
	// Readers map the file: in a large one, reading a page at random costs half.
	read, err := sql.Open("sqlite", name+"&_pragma=cache_size(-32000)&_pragma=query_only(1)&_pragma=mmap_size(17179869184)")
	if err != nil {
		write.Close()
		return nil, err
	}
	read.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	read.SetMaxIdleConns(max(4, 2*runtime.NumCPU()))
	s.read = newPool(read)
	return s, nil
}

// prepareFile makes the file before SQLite does, so that nobody else on the
// machine can read it; its -wal and -shm get the same rights from it.
func prepareFile(path string) error {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("cannot open the database: there is no folder %s; make it first", filepath.Dir(path))
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("cannot open the database: %s is a folder; name a file in it, such as sqlite:%s", path, filepath.Join(path, "rollcall.db"))
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open the database: %w", err)
	}
	defer f.Close()
	head := make([]byte, 16)
	if n, _ := io.ReadFull(f, head); n > 0 && string(head[:n]) != "SQLite format 3\x00" {
		return fmt.Errorf("cannot open the database: %s is a file of another kind; name another, or move that one away", path)
	}
	return nil
}

func openPostgres(ctx context.Context, database string) (*Store, error) {
	config, err := pgx.ParseConfig(database)
	if err != nil {
		return nil, fmt.Errorf("cannot read the database's URL %s: check its form, postgres://USER:PASSWORD@HOST/NAME", redacted(database))
	}
	// Every statement has its index. Left to itself PostgreSQL plans for the
	// small tables of the first minute, and keeps walking them when they have
	// grown.
	config.RuntimeParams["enable_seqscan"] = "off"
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	s := &Store{dialect: postgres, url: database, read: newPool(db), write: db, writers: newWriters(12)}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var encoding string
	err = db.QueryRowContext(ctx, "show server_encoding").Scan(&encoding)
	if err == nil && encoding != "UTF8" {
		err = fmt.Errorf("its encoding is %s and must be UTF8; make it with: create database NAME encoding 'UTF8' template template0", encoding)
	}
	if err == nil {
		err = migrate(ctx, s.dialect, db)
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("cannot open the database %s: %w", redacted(database), err)
	}
	return s, nil
}

// redacted takes the password out of a URL before people see it.
func redacted(database string) string {
	if u, err := url.Parse(database); err == nil {
		return u.Redacted()
	}
	return "(not readable)"
}

// Close waits for transactions that are under way. Close the directory first.
func (s *Store) Close() error {
	s.statistics.looking.Wait()
	var err error
	if s.read.db != s.write {
		// The last to close SQLite moves the WAL into the file, and must be one
		// that may write.
		err = s.read.db.Close()
	}
	for range cap(s.writers) {
		w, open := <-s.writers
		if !open {
			return nil // closed before
		}
		if w != nil {
			w.close()
		}
	}
	close(s.writers)
	err = errors.Join(err, s.write.Close())
	if s.lockFile != nil {
		err = errors.Join(err, s.lockFile.Close())
	}
	return err
}

// LockForServe refuses a second server on one SQLite file. Commands need no
// lock: they work beside the server. On PostgreSQL several servers share one
// database.
func (s *Store) LockForServe() error {
	if s.path == "" {
		return nil
	}
	f, err := os.OpenFile(s.path+"-serve", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return fmt.Errorf("another rollcall serve already has %s open; stop it, use another file, or use PostgreSQL for several servers", s.path)
	}
	s.lockFile = f
	return nil
}

// statements prepares, and remembers what it has prepared, by the text before
// the dialect's placeholders are put in.
type statements interface {
	prepare(ctx context.Context, d dialect, query string) (*sql.Stmt, error)
}

// pool is a database handle with its prepared statements.
type pool struct {
	db    *sql.DB
	stmts sync.Map // query -> *sql.Stmt
}

func newPool(db *sql.DB) *pool { return &pool{db: db} }

func (p *pool) prepare(ctx context.Context, d dialect, query string) (*sql.Stmt, error) {
	if s, ok := p.stmts.Load(query); ok {
		return s.(*sql.Stmt), nil
	}
	s, err := p.db.PrepareContext(ctx, d.rebind(query))
	if err != nil {
		return nil, err
	}
	if other, loaded := p.stmts.LoadOrStore(query, s); loaded {
		s.Close()
		return other.(*sql.Stmt), nil
	}
	return s, nil
}

// writer is a connection that writes. It keeps its own statements: on SQLite it
// is the only one of its pool, and preparing must not wait for another.
type writer struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (w *writer) prepare(ctx context.Context, d dialect, query string) (*sql.Stmt, error) {
	if s, ok := w.stmts[query]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(ctx, d.rebind(query))
	if err == nil {
		w.stmts[query] = s
	}
	return s, err
}

// close ends the statements too: database/sql leaves those of a connection to
// whoever prepared them, and SQLite keeps the file open as long as one stands.
func (w *writer) close() {
	for _, s := range w.stmts {
		s.Close()
	}
	w.conn.Close()
}

// snapshot is a transaction that reads; its statements end with it.
type snapshot struct{ tx *sql.Tx }

func (s snapshot) prepare(ctx context.Context, d dialect, query string) (*sql.Stmt, error) {
	return s.tx.PrepareContext(ctx, d.rebind(query))
}

// session runs statements.
type session struct {
	d dialect
	statements
}

func (s session) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	return s.prepare(ctx, s.d, query)
}

func (s session) exec(ctx context.Context, query string, args ...any) (affected int64, err error) {
	st, err := s.stmt(ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// each scans every row.
func (s session) each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	st, err := s.stmt(ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one scans one row; ErrNotFound when there is none.
func (s session) one(ctx context.Context, dest []any, query string, args ...any) error {
	st, err := s.stmt(ctx, query)
	if err != nil {
		return err
	}
	err = st.QueryRowContext(ctx, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return directory.ErrNotFound
	}
	return err
}
