package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// cycles runs what goes on by itself: the cycles of applications when their time
// has come, and the chores of the directory. The queue decides who runs what
// where several servers share a database; what is due stands in the database.
type cycles struct {
	engines *engines
	jobs    sqlstore.Jobs
	close   func()
	logger  *slog.Logger
	// What pages ask for outlives its page, and ends with the server.
	asked    context.Context
	endAsked context.CancelFunc
	working  sync.WaitGroup
}

// dueBeat is how often a server looks for what is due: a change in the directory
// reaches the target of an application within two seconds.
const dueBeat = 400 * time.Millisecond

func startCycles(ctx context.Context, d *directory.Directory, store *sqlstore.Store, reach *scimhttp.Reach, logger *slog.Logger) (*cycles, error) {
	c := &cycles{engines: &engines{d, store, logger, reach}, logger: logger}
	c.asked, c.endAsked = context.WithCancel(context.WithoutCancel(ctx))
	workers := river.NewWorkers()
	river.AddWorker(workers, &cycleWorker{cycles: c})
	river.AddWorker(workers, &choreWorker{cycles: c})
	once := &river.PeriodicJobOpts{RunOnStart: true}
	periodic := []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(time.Hour), chore("purge"), once),
		river.NewPeriodicJob(river.PeriodicInterval(time.Minute), chore("settle"), once),
	}
	var err error
	if c.jobs, c.close, err = store.Jobs(ctx, workers, periodic, logger); err != nil {
		return nil, err
	}
	if err := c.rouse(ctx); err != nil {
		c.close()
		return nil, err
	}
	// The queue ends with stop, which lets cycles end in good order.
	if err := c.jobs.Start(context.WithoutCancel(ctx)); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// stop ends what runs: cycles stop at the next request, and go on from there at
// the next start.
func (c *cycles) stop(ctx context.Context) {
	c.endAsked()
	c.working.Wait()
	if err := c.jobs.StopAndCancel(ctx); err != nil {
		c.logger.Warn("background work did not end in time", "error", err)
	}
	c.close()
}

// beside does work that somebody asked for until the server ends.
func (c *cycles) beside(work func(context.Context)) { c.working.Go(func() { work(c.asked) }) }

// look enqueues the cycles that are due, until ctx ends.
func (c *cycles) look(ctx context.Context) {
	every(ctx, dueBeat, func() {
		due, err := c.engines.store.Provision().Due(ctx, time.Now().UnixMicro())
		if err != nil {
			if ctx.Err() == nil {
				c.logger.Error("what is due could not be read", "error", err)
			}
			return
		}
		for _, d := range due {
			if _, err := c.jobs.Insert(ctx, cycleArgs{d.Tenant, d.App}, nil); err != nil && ctx.Err() == nil {
				c.logger.Error("a cycle could not be enqueued", "error", err)
			}
		}
	})
}

// rouse schedules applications that are on and were never scheduled, as after a
// crash between the two steps of a command.
func (c *cycles) rouse(ctx context.Context) error {
	tenants, err := c.engines.directory.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, row := range tenants {
		t, err := c.engines.directory.OpenAdmin(ctx, row.Name, directory.Via{Client: "rollcall", Operation: "schedule"})
		if err != nil {
			return err
		}
		apps, err := t.Applications(ctx)
		if err != nil {
			return err
		}
		for _, a := range apps {
			state := c.engines.store.Provision().Application(row.ID, a.ID)
			s, err := state.State(ctx)
			if err != nil {
				return err
			}
			if s.NextRun == 0 && isOn(a) {
				if err := state.Schedule(ctx, time.Now().UnixMicro(), 0); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func isOn(a directory.Application) bool {
	app, err := provision.Parse([]byte(a.Document))
	return err == nil && app.Status == provision.On
}

// unique has one job for each application, however often it was found due.
var unique = river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}}}

type cycleArgs struct {
	Tenant int64  `json:"tenant"`
	App    string `json:"app"`
}

func (cycleArgs) Kind() string                 { return "cycle" }
func (cycleArgs) InsertOpts() river.InsertOpts { return unique }

type cycleWorker struct {
	river.WorkerDefaults[cycleArgs]
	cycles *cycles
}

// Work runs a cycle. What keeps it from running stands in the log, and is tried
// again: what failed in it stands in the cycle.
func (w *cycleWorker) Work(ctx context.Context, job *river.Job[cycleArgs]) error {
	err := w.cycles.run(ctx, job.Args)
	var q *provision.QuarantineError
	if errors.As(err, &q) {
		return w.cycles.postpone(ctx, job.Args, q.Next)
	}
	if err == nil || errors.Is(err, provision.ErrLeased) || ctx.Err() != nil {
		return nil
	}
	w.cycles.logger.Error("an application's cycle could not run", "application", job.Args.App, "error", err)
	return w.cycles.postpone(ctx, job.Args, time.Now().Add(time.Minute).UnixMicro())
}

// postpone schedules an application that did not run; at 0, not at all. A lease
// that a dead process left ends with it: what is leased by the dead is due at
// once, and would be found again with every look.
func (c *cycles) postpone(ctx context.Context, args cycleArgs, at int64) error {
	const undertaker = "nobody"
	state, now := c.engines.store.Provision().Application(args.Tenant, args.App), time.Now().UnixMicro()
	err := state.Lease(ctx, undertaker, now, now)
	if errors.Is(err, provision.ErrLeased) {
		return nil // somebody runs it after all, and says when it runs next
	}
	if err != nil {
		return err
	}
	return errors.Join(state.Schedule(ctx, at, 0), state.Release(ctx, undertaker))
}

func (c *cycles) run(ctx context.Context, args cycleArgs) error {
	state := c.engines.store.Provision().Application(args.Tenant, args.App)
	t, err := c.engines.directory.OpenByID(ctx, args.Tenant, directory.Via{Client: "rollcall", Operation: "cycle"})
	if err != nil {
		return err
	}
	a, err := t.ApplicationByID(ctx, args.App)
	if errors.Is(err, directory.ErrNotFound) {
		return state.Forget(ctx)
	}
	if err != nil {
		return err
	}
	e, closing, err := c.engines.open(ctx, t, a)
	if err != nil {
		return err
	}
	defer closing()
	if e.App.Status != provision.On {
		return c.postpone(ctx, args, 0)
	}
	cycle, err := e.Run(ctx, provision.Request{Actor: provision.BySchedule})
	if cycle != nil && cycle.Outcome != provision.Success {
		c.logger.Warn("a cycle ended", "application", a.Name, "cycle", cycle.Number, "outcome", cycle.Outcome)
	}
	return err
}

type choreArgs struct {
	Name string `json:"name"`
}

func (choreArgs) Kind() string                 { return "chore" }
func (choreArgs) InsertOpts() river.InsertOpts { return unique }

func chore(name string) river.PeriodicJobConstructor {
	return func() (river.JobArgs, *river.InsertOpts) { return choreArgs{name}, nil }
}

type choreWorker struct {
	river.WorkerDefaults[choreArgs]
	cycles *cycles
}

// Work does one of the directory's chores.
func (w *choreWorker) Work(ctx context.Context, job *river.Job[choreArgs]) error {
	switch job.Args.Name {
	case "purge":
		purge(ctx, w.cycles.engines.directory, w.cycles.logger)
	case "settle":
		settle(ctx, w.cycles.engines.directory, w.cycles.logger)
	}
	return nil
}
