package provision

import (
	"cmp"
	"context"
	"encoding/json/v2"
	"errors"
	"hash/fnv"
	"io"
	"log/slog"
	"sync"
	"time"
	"uuid"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
)

// Engine runs the cycles of one application. Its fields are set before the
// first call; Close closes the source.
type Engine struct {
	App    *Application // with its secrets
	Source source.Source
	Target *target.Target
	Store  Store
	Now    func() time.Time
	Random io.Reader // nil: the system's
	Logger *slog.Logger
	// Parallel is how many requests run at the same time; what the target
	// allows when 0.
	Parallel int
	// Version is the set-up's. A quarantine ends with the set-up that it began
	// under: whoever gave the application another token does not have to wait.
	Version int64
	// Changed says whether the set-up is another one since, or off; a running
	// cycle asks twice a second. Nil: never.
	Changed func(context.Context) (bool, error)
	// Progress is called from time to time, by one goroutine at a time. Nil: not.
	Progress func(Progress)

	compiled *rules
	owner    string
	leased   time.Duration // how long a lease lasts: leaseTime, but for tests
}

// Request asks for a cycle.
type Request struct {
	Actor string
	// Full reads both sides whole, even where less would do.
	Full bool
	// Again tries those in escrow too, whatever their next try is.
	Again bool
	// PlanOnly computes and keeps the plan and writes nothing to the target.
	PlanOnly bool
	// AcceptShrink takes what the source does not have any more for deleted,
	// however much it is.
	AcceptShrink bool
}

// Lease times. A process that was killed is followed by another one after
// leaseTime; one that lives prolongs its lease five times as often.
const (
	leaseTime = 10 * time.Second
	stopBeat  = 400 * time.Millisecond
	// stopGrace is what requests under way get when a cycle is to stop.
	stopGrace = 500 * time.Millisecond
)

// errStopped is why a cycle's context ends when somebody stops it.
var errStopped = errors.New("stopped: the application was switched off or its set-up was changed")

// ErrQuarantined says that the target is left alone for now.
var ErrQuarantined = errors.New("the application is in quarantine")

// Run runs a cycle, and another one right behind where the first learned
// something that should not wait, such as an object that vanished from the target.
// The cycle's Outcome says how it ended; the error is for what kept it from
// running at all: ErrLeased, a set-up that does not compile, a database that
// does not answer.
func (e *Engine) Run(ctx context.Context, r Request) (*Cycle, error) {
	ctx, release, err := e.lease(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var first *Cycle
	for range 3 {
		c, again, err := e.cycle(ctx, r)
		if err == nil && errors.Is(context.Cause(ctx), ErrLeased) {
			err = ErrLeased // how it ended is for the other process to say
		}
		if err != nil {
			return first, err
		}
		first = cmp.Or(first, c)
		if first != c {
			first.merge(c)
		}
		if !again || r.PlanOnly {
			break
		}
		r.Full = false
	}
	return first, nil
}

// merge makes one cycle of two for whoever asked for one.
func (c *Cycle) merge(next *Cycle) {
	a, b := c.stats(), next.stats()
	a.Created += b.Created
	a.Updated += b.Updated
	a.Matched += b.Matched
	a.Disabled += b.Disabled
	a.Removed += b.Removed
	a.Failed += b.Failed
	a.Staged = b.Staged // planned again
	a.Vanished += b.Vanished
	a.Requests += b.Requests
	a.Throttled += b.Throttled
	if c.Outcome == Warning && next.Outcome == Success && a.Failed+a.Staged > 0 {
		next.Outcome = Warning
	}
	c.Stats, c.Outcome, c.Message, c.Ended = encode(a), next.Outcome, next.Message, next.Ended
}

func (c *Cycle) stats() (s Stats) {
	_ = json.Unmarshal([]byte(c.Stats), &s) // written by us; empty at first
	return s
}

// Counted are the cycle's figures.
func (c *Cycle) Counted() Stats { return c.stats() }

// prepare compiles the set-up once.
func (e *Engine) prepare() error {
	if e.compiled != nil {
		return nil
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	if e.Logger == nil {
		e.Logger = slog.Default()
	}
	compiled, err := compile(e.App)
	if err != nil {
		return err
	}
	e.compiled, e.owner, e.leased = compiled, uuid.NewV4().String(), cmp.Or(e.leased, leaseTime)
	return nil
}

// lease compiles the set-up, takes the application and keeps it until release is
// called. The context ends with errStopped when the set-up changes, and with
// ErrLeased when the lease was lost: also when it could not be prolonged in time,
// because the database did not answer, for then another process may have begun.
func (e *Engine) lease(parent context.Context) (ctx context.Context, release func(), err error) {
	if err := e.prepare(); err != nil {
		return nil, nil, err
	}
	asked := time.Now()
	if err := e.take(parent); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(parent)
	over := time.AfterFunc(e.leased-time.Since(asked), func() { cancel(ErrLeased) })
	var wait sync.WaitGroup
	wait.Go(func() {
		e.beat(ctx, e.leased/5, func() error {
			asked := time.Now()
			err := e.take(ctx)
			if err == nil {
				over.Reset(e.leased - time.Since(asked))
			}
			return err
		}, cancel)
	})
	wait.Go(func() {
		e.beat(ctx, stopBeat, func() error {
			if e.Changed == nil {
				return nil
			}
			if changed, err := e.Changed(ctx); err == nil && changed {
				return errStopped
			}
			return nil
		}, cancel)
	})
	return ctx, func() {
		cancel(nil)
		wait.Wait()
		over.Stop()
		if err := e.Store.Release(context.WithoutCancel(parent), e.owner); err != nil {
			e.Logger.Warn("an application's lease could not be given back", "error", err)
		}
	}, nil
}

// take takes the application, or keeps it for longer.
func (e *Engine) take(ctx context.Context) error {
	now := e.Now()
	return e.Store.Lease(ctx, e.owner, now.UnixMicro(), now.Add(e.leased).UnixMicro())
}

// beat calls do from time to time and cancels with its error when it is one of
// those that end a cycle. A database that does not answer for a moment is not.
func (e *Engine) beat(ctx context.Context, interval time.Duration, do func() error, cancel context.CancelCauseFunc) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := do(); errors.Is(err, ErrLeased) || errors.Is(err, errStopped) {
				cancel(err)
				return
			}
		}
	}
}

// fingerprint tells set-ups apart that give other plans.
func fingerprint(a *Application) int64 {
	b := *a
	b.Status, b.Approval, b.Schedule, b.Retention, b.Guards, b.Drift = "", "", Schedule{}, 0, Guards{}, ""
	b.Target = target.Config{URL: b.Target.URL} // how it is reached plans nothing else
	b.Source.Token, b.Source.Password = "", ""
	h := fnv.New64a()
	h.Write(b.YAML())
	return int64(h.Sum64() >> 1)
}

// chunk is how many objects are handled at once, in memory and in one
// transaction.
const chunk = 500

func (e *Engine) progress(phase string, done, total int64) {
	if e.Progress != nil {
		e.Progress(Progress{phase, done, total})
	}
}

// MatchAttribute is the first attribute that people are matched by, which is
// what a connection test asks for.
func (e *Engine) MatchAttribute() string {
	if err := e.prepare(); err != nil || e.compiled.users == nil {
		return ""
	}
	for _, p := range e.compiled.users.MatchPaths() {
		return p.String()
	}
	return ""
}
