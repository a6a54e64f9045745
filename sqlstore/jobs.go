package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// Jobs runs background work: on PostgreSQL the jobs are kept in the database,
// and whichever process is free takes one; on SQLite in a file of their own
// beside it, for one process. What is to be done stands in the directory and in
// the applications' states, so that file can be made anew at each start.
type Jobs interface {
	Start(ctx context.Context) error
	// Stop waits for jobs that run; StopAndCancel ends their contexts first.
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Insert(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// atOnce is how many jobs a process runs at the same time.
const atOnce = 8

// Jobs makes the queue ready; close it after it was stopped.
func (s *Store) Jobs(ctx context.Context, workers *river.Workers, periodic []*river.PeriodicJob, logger *slog.Logger) (jobs Jobs, closing func(), err error) {
	cfg := &river.Config{
		Workers: workers, PeriodicJobs: periodic, Logger: quiet(logger),
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: atOnce}},
		FetchPollInterval: 200 * time.Millisecond, FetchCooldown: 100 * time.Millisecond,
		// A cycle takes as long as it takes, and has a lease of its own for the case
		// that its process dies.
		JobTimeout: -1, RescueStuckJobsAfter: time.Minute,
		CompletedJobRetentionPeriod: time.Hour, CancelledJobRetentionPeriod: time.Hour, DiscardedJobRetentionPeriod: 24 * time.Hour,
	}
	if s.dialect.name == sqlite.name {
		return s.fileJobs(ctx, cfg)
	}
	return s.sharedJobs(ctx, cfg)
}

// quiet keeps the queue's own news to what somebody has to act upon.
func quiet(logger *slog.Logger) *slog.Logger {
	return slog.New(warnings{logger.Handler()})
}

type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

func (s *Store) fileJobs(ctx context.Context, cfg *river.Config) (Jobs, func(), error) {
	path := s.path + "-jobs"
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("the file of background jobs: %w", err)
		}
	}
	if err := prepareFile(path); err != nil {
		return nil, nil, err
	}
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_txlock=immediate"
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1) // the driver asks for it
	jobs, err := newJobs(ctx, riversqlite.New(db), cfg)
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return jobs, func() {
		db.Close()
		for _, end := range []string{"", "-wal", "-shm"} {
			os.Remove(path + end)
		}
	}, nil
}

func (s *Store) sharedJobs(ctx context.Context, cfg *river.Config) (Jobs, func(), error) {
	pool, err := pgxpool.New(ctx, s.url)
	if err != nil {
		return nil, nil, err
	}
	unlock, err := lockJobs(ctx, pool)
	if err != nil {
		pool.Close()
		return nil, nil, fmt.Errorf("the tables of background jobs: %w", err)
	}
	defer unlock()
	jobs, err := newJobs(ctx, riverpgxv5.New(pool), cfg)
	if err != nil {
		pool.Close()
		return nil, nil, err
	}
	return jobs, pool.Close, nil
}

// lockJobs lets one process at a time make the queue's tables, which several do
// when they are started together.
func lockJobs(ctx context.Context, pool *pgxpool.Pool) (unlock func(), err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	const key = 0x726f6c6c63616c6c // of our own choice; the word rollcall
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", int64(key)); err != nil {
		conn.Release()
		return nil, err
	}
	return func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", int64(key))
		conn.Release()
	}, nil
}

func newJobs[T any](ctx context.Context, driver riverdriver.Driver[T], cfg *river.Config) (Jobs, error) {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: cfg.Logger})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("the tables of background jobs: %w", err)
	}
	return river.NewClient(driver, cfg)
}
