package provision

import (
	"cmp"
	"context"
	"encoding/json/v2"
	"errors"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/provision/source"
)

// end notes how the cycle went. Its error is the store's; that of the cycle is
// told in its message.
func (c *run) end(ctx context.Context, err error) error {
	stopped := context.Cause(ctx)
	if errors.Is(stopped, ErrLeased) {
		return nil // another process goes on, and what it writes stands
	}
	ctx = context.WithoutCancel(ctx)
	now := c.Now()
	c.cycle.Ended = now.UnixMicro()
	use := c.Target.Stats()
	c.stats.Requests, c.stats.Throttled = use.Requests-c.used.Requests, (use.Waited - c.used.Waited).Milliseconds()
	c.outcome(err, stopped)
	if !c.request.PlanOnly {
		c.cycle.Phase = PhaseEnded
	}
	c.cycle.Stats = encode(c.stats)
	if c.idle() {
		err = c.Store.DeleteCycle(ctx, c.cycle.Number)
	} else {
		err = c.Store.PutCycle(ctx, c.cycle)
	}
	if err != nil {
		return err
	}
	if c.request.PlanOnly || c.demand {
		return nil
	}
	if err := c.remember(ctx, now); err != nil {
		return err
	}
	before := now.Add(-cmp.Or(time.Duration(c.App.Retention), defaultRetention))
	_, err = c.Store.Prune(ctx, before.UnixMicro())
	return err
}

// idle says that the cycle came by itself and found nothing to tell of. Many do
// where a directory is watched, and a list of them would hide the others; that
// it ran stands in State.LastGood.
func (c *run) idle() bool {
	s := c.stats
	if c.demand && c.request.PlanOnly {
		return true // a preview leaves nothing behind
	}
	return c.request.Actor == BySchedule && c.cycle.Kind == Incremental && c.cycle.Outcome == Success && c.cycle.Message == "" &&
		s.Changed+s.Deleted+s.Planned+s.Failed == 0
}

func (c *run) outcome(err, stopped error) {
	switch {
	case stopped != nil && err != nil:
		c.cycle.Outcome, c.cycle.Message, c.again = Stopped, stopped.Error(), false
		if errors.Is(stopped, context.Canceled) {
			c.cycle.Message = "stopped: the process was asked to end. The next cycle goes on from here."
		}
	case err != nil && c.breaks(err):
		c.cycle.Outcome, c.cycle.Message = Breaking, explain(err)
	case err != nil:
		c.cycle.Outcome, c.cycle.Message = Failure, explain(err)
	case len(c.warnings) > 0 || c.stats.Failed > 0 || c.stats.Staged > 0:
		c.cycle.Outcome = Warning
	default:
		c.cycle.Outcome = Success
	}
	lines := c.warnings
	if c.cycle.Message != "" {
		lines = append([]string{c.cycle.Message}, lines...)
	}
	c.cycle.Message = strings.Join(lines, "\n")
}

// remember writes where the application stands now, and when it goes on.
func (c *run) remember(ctx context.Context, now time.Time) error {
	ended := c.cycle.Outcome == Success || c.cycle.Outcome == Warning
	if ended {
		c.state.Watermark, c.state.Setup, c.state.LastGood = c.cycle.Next, c.cycle.Setup, now.UnixMicro()
		c.state.Quarantine = ""
		if c.cycle.Kind != Incremental {
			c.state.LastFull = now.UnixMicro() // also where the target could not be listed: asking more often would not help
		}
	}
	if c.cycle.Outcome == Breaking {
		c.state.Quarantine = c.quarantine(now)
	}
	counts, err := c.Store.CountObjects(ctx)
	if err != nil {
		return err
	}
	c.state.Escrowed = counts.NextRetry
	if err := c.Store.PutState(ctx, c.state); err != nil {
		return err
	}
	if err := c.Store.Schedule(ctx, c.next(now), c.watched()); err != nil || c.Changed == nil {
		return err
	}
	// Whoever changed the set-up asked for a cycle at once, perhaps before this
	// one said when it wants the next: so it is asked once more, and after that.
	if changed, err := c.Changed(ctx); err != nil || !changed || c.App.Status != On {
		return err
	}
	return c.Store.Schedule(ctx, now.UnixMicro(), 0)
}

// watched is the last change of the tenant's directory that the cycle saw, where
// the directory is the source and later ones should not wait for the schedule.
func (c *run) watched() int64 {
	s, ok := c.Source.(source.Sequenced)
	if !ok || c.App.Status != On || c.cycle.Outcome != Success && c.cycle.Outcome != Warning {
		return 0
	}
	return s.Sequence(c.state.Watermark)
}

// next is when the application runs again by itself: at its schedule, or
// earlier, when somebody in escrow, or a quarantine, is to be tried again.
func (c *run) next(now time.Time) int64 {
	if c.App.Status != On {
		return 0
	}
	every := time.Duration(c.App.Schedule.Every)
	if every == 0 {
		every = defaultEvery
	}
	soon := now.Add(time.Minute).UnixMicro()
	next := max(c.cycle.Started+every.Microseconds(), now.UnixMicro()+1)
	switch {
	case c.cycle.Outcome == Stopped && c.request.Actor == BySchedule:
		return now.UnixMicro() // there is more to do: by another process, or by this one when it is back
	case c.state.Quarantine != "":
		return max(quarantined(c.state.Quarantine).Next, soon)
	case c.cycle.Outcome == Failure:
		return min(next, soon)
	case c.state.Escrowed > c.cycle.Started: // the others wait for something else than their time
		return min(next, max(c.state.Escrowed, now.Add(firstRetry/6).UnixMicro()))
	}
	return next
}

// defaultEvery is Entra's own interval.
const defaultEvery = 40 * time.Minute

// Quarantine is why and since when an application leaves its target alone.
type Quarantine struct {
	Reason string `json:"reason"`
	Since  int64  `json:"since"`
	Next   int64  `json:"next"` // when it is tried again
	Tries  int    `json:"tries"`
	// Version is that of the set-up under which the last try failed.
	Version int64 `json:"version"`
}

func quarantined(text string) (q Quarantine) {
	_ = json.Unmarshal([]byte(text), &q) // written by us
	return q
}

// Quarantined is the application's quarantine; nil when it is in none.
func (s State) Quarantined() *Quarantine {
	if s.Quarantine == "" {
		return nil
	}
	q := quarantined(s.Quarantine)
	return &q
}
