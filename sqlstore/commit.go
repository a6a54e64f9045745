package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/rollcall-scim/rollcall/directory"
)

// batchSize is how many waiting changes share one transaction.
const batchSize = 64

// noCancel is the context of everything inside a transaction: cancellation is
// looked at before a change starts, never in the middle.
var noCancel = context.Background()

// commits is the group commit. Changes wait in a queue, one for all of SQLite
// and one for each tenant, or application of a tenant, of PostgreSQL; whoever
// finds the queue idle starts a leader, which takes what waits, runs it in one
// transaction, a savepoint each, and answers everybody after the commit.
type commits struct {
	mu     sync.Mutex
	queues map[queueKey]*queue
}

type queueKey struct {
	tenant int64
	app    string // of provisioning; empty: the tenant's directory
}

type queue struct {
	waiting []*request
	led     bool
}

type request struct {
	ctx  context.Context
	fn   func(*transaction) error
	err  error
	done chan struct{}
}

// Update implements directory.Store.
func (s *Store) Update(ctx context.Context, tenant int64, fn func(directory.Tx) error) error {
	return s.enqueue(ctx, queueKey{tenant: tenant}, func(t *transaction) error { return t.run(tenant, fn) })
}

// enqueue runs fn with what else waits in the queue, and returns after the
// commit.
func (s *Store) enqueue(ctx context.Context, key queueKey, fn func(*transaction) error) error {
	r := &request{ctx: ctx, fn: fn, done: make(chan struct{})}
	if s.dialect.name == sqlite.name {
		key = queueKey{}
	}
	s.commits.mu.Lock()
	if s.commits.queues == nil {
		s.commits.queues = map[queueKey]*queue{}
	}
	q := s.commits.queues[key]
	if q == nil {
		q = &queue{}
		s.commits.queues[key] = q
	}
	q.waiting = append(q.waiting, r)
	if !q.led {
		q.led = true
		go s.lead(key, q)
	}
	s.commits.mu.Unlock()
	<-r.done
	return r.err
}

// lead commits until nobody waits.
func (s *Store) lead(key queueKey, q *queue) {
	for {
		s.commits.mu.Lock()
		n := min(len(q.waiting), batchSize)
		if n == 0 {
			q.led = false
			delete(s.commits.queues, key)
			s.commits.mu.Unlock()
			return
		}
		batch := q.waiting[:n:n]
		s.commits.mu.Unlock()

		n = s.commit(batch)

		s.commits.mu.Lock()
		q.waiting = q.waiting[n:]
		s.commits.mu.Unlock()
		for _, r := range batch[:n] {
			close(r.done)
		}
	}
}

// transaction is one transaction that several changes share.
type transaction struct {
	session
	rows    map[int64]*directory.TenantRow
	dirty   map[int64]bool
	tallies map[tallyKey]directory.TallyRow
	sealed  bool
}

// commit runs the batch, up to the change that seals it, and says how many were
// run. A failed commit fails all that had not failed by themselves.
func (s *Store) commit(batch []*request) int {
	ran := 0
	err := s.transact(func(t *transaction) error {
		kept := 0
		for _, r := range batch {
			ran++
			if r.err = r.ctx.Err(); r.err != nil {
				continue
			}
			if r.err = t.savepoint(r, len(batch) > 1); r.err == nil {
				kept++
			} else if errors.Is(r.err, errLost) {
				return r.err
			}
			if t.sealed {
				break
			}
		}
		if kept == 0 {
			return errNothing
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		return ran
	}
	if err == nil {
		return ran
	}
	if ran == 0 {
		ran = len(batch) // no transaction could be begun
	}
	for _, r := range batch[:ran] {
		if r.err == nil || errors.Is(r.err, errLost) {
			r.err = fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
		}
	}
	return ran
}

var (
	errNothing = errors.New("nothing to commit")
	errLost    = errors.New("the transaction is lost")
	errClosed  = errors.New("the database is closed")
)

// savepoint runs one change; alone in its transaction it needs no savepoint.
func (t *transaction) savepoint(r *request, shared bool) error {
	if shared {
		if _, err := t.exec(noCancel, "savepoint change"); err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
	}
	err := calmly(func() error { return r.fn(t) })
	if !shared {
		return err
	}
	end := "release savepoint change"
	if err != nil {
		end = "rollback to savepoint change"
	}
	if _, lost := t.exec(noCancel, end); lost != nil {
		return fmt.Errorf("%w: %w", errLost, lost)
	}
	return err
}

// calmly makes an error of a panic: others share the transaction.
func calmly(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("a change panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("a change panicked: %v", p)
		}
	}()
	return fn()
}

// run gives fn the tenant's row to change and keeps it if fn succeeds.
func (t *transaction) run(tenant int64, fn func(directory.Tx) error) error {
	kept := t.rows[tenant]
	if kept == nil {
		row, err := t.tenant(noCancel, tenant, t.d.lock)
		if err != nil {
			return err
		}
		kept = &row
		t.rows[tenant] = kept
	}
	x := &tx{reader: reader{t.session, tenant}, row: *kept, seal: &t.sealed}
	if err := fn(x); err != nil {
		return err
	}
	if *kept != x.row {
		*kept = x.row
		t.dirty[tenant] = true
	}
	t.count(tenant, x.tallies)
	return nil
}

// transact runs fn in a transaction on a connection that writes.
func (s *Store) transact(fn func(*transaction) error) (err error) {
	w, open := <-s.writers
	if !open {
		return errClosed
	}
	defer func() { s.writers <- w }()
	if w == nil {
		conn, err := s.write.Conn(noCancel)
		if err != nil {
			return err
		}
		w = &writer{conn: conn, stmts: map[string]*sql.Stmt{}}
	}
	begin := "begin"
	if s.dialect.name == sqlite.name {
		begin = "begin immediate"
	}
	if _, err := w.conn.ExecContext(noCancel, begin); err != nil {
		w = w.discard()
		return err
	}
	t := &transaction{session: session{s.dialect, w}, rows: map[int64]*directory.TenantRow{}, dirty: map[int64]bool{}}
	err = fn(t)
	if err == nil {
		err = t.finish()
	}
	if err == nil {
		_, err = w.conn.ExecContext(noCancel, "commit")
	}
	if err != nil {
		if _, lost := w.conn.ExecContext(noCancel, "rollback"); lost != nil {
			w = w.discard()
		}
		return err
	}
	for id := range t.dirty {
		s.grown(growing{tenant: id, table: "users"}, t.rows[id].Users, 0, "users, emails, memberships, links, words")
	}
	return nil
}

// finish writes the tenants' rows and their tallies, once for the whole batch.
func (t *transaction) finish() error {
	for id := range t.dirty {
		r := t.rows[id]
		if _, err := t.exec(noCancel, `update tenants set display=$2, settings=$3, seq=$4, setup=$5, users=$6, matched=$7, idp_groups=$8, waiting=$9 where id=$1`,
			id, r.Display, r.Settings, r.Seq, r.Setup, r.Users, r.Matched, r.IdPGroups, r.Waiting); err != nil {
			return err
		}
	}
	return t.writeTallies()
}

// discard closes a connection whose state is not known; the next transaction
// opens another.
func (w *writer) discard() *writer {
	for _, s := range w.stmts {
		s.Close()
	}
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	return nil
}

// newWriters returns n places for connections, none open yet.
func newWriters(n int) chan *writer {
	writers := make(chan *writer, n)
	for range n {
		writers <- nil
	}
	return writers
}
