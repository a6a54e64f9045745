package provision

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/scim"
)

// run is one cycle under way.
type run struct {
	*Engine
	request  Request
	state    State
	cycle    *Cycle
	stats    Stats
	sp       scim.ServiceProvider
	features target.Features
	learned  bool
	profile  target.Profile
	breaker  breaker
	used     target.Stats // before the cycle
	indexed  bool         // the target's objects are in the store, all of them
	// free are the matching attributes of those whom the target listed and nobody
	// is linked to, by hash: eight bytes each, so that it may be a million.
	free     map[uint64]struct{}
	warnings []string
	drifts   []*Op // of the page being compared
	setup    bool  // it is another set-up than that of the cycle before
	demand   bool  // for one object only
	told     time.Time
	doubt    bool // the cycle before may have read what it did not come to assign
	again    bool // something was learned that should not wait for the next cycle
}

// cycle runs one cycle: import, scoping, matching, planning, export. again says
// that another should follow at once.
func (e *Engine) cycle(ctx context.Context, r Request) (cycle *Cycle, again bool, err error) {
	c := &run{Engine: e, request: r, sp: e.Target.Provider(), profile: e.Target.Profile()}
	if err := c.begin(ctx); err != nil {
		return nil, false, err
	}
	err = c.phases(ctx)
	return c.cycle, c.again && err == nil, c.end(ctx, err)
}

// begin finds out what kind of cycle it is to be, and notes that it runs.
func (c *run) begin(ctx context.Context) (err error) {
	c.used = c.Target.Stats()
	if c.state, err = c.Store.State(ctx); err != nil {
		return err
	}
	now := c.Now().UnixMicro()
	last, err := c.cutOff(ctx, now)
	if err != nil {
		return err
	}
	c.doubt = last != nil && last.Outcome != Success && last.Outcome != Warning
	if err := c.probation(now); err != nil {
		return err
	}
	c.cycle = &Cycle{Number: c.state.Cycle + 1, Started: now, Actor: c.request.Actor, Setup: fingerprint(c.App)}
	c.cycle.Kind = c.kind(now)
	// Objects may have been looked at under a set-up whose cycle never ended.
	c.setup = c.cycle.Number > 1 && (c.state.Setup != c.cycle.Setup || last != nil && last.Setup != c.cycle.Setup)
	c.state.Cycle = c.cycle.Number
	if err := c.Store.PutCycle(ctx, c.cycle); err != nil {
		return err
	}
	return c.Store.PutState(ctx, c.state)
}

// cutOff ends a cycle whose process was killed: what it had planned is planned
// again, and whoever may have been created is looked up before (I5).
func (c *run) cutOff(ctx context.Context, now int64) (*Cycle, error) {
	last, err := c.Store.Cycle(ctx, c.state.Cycle)
	if err != nil || last == nil || last.Ended > 0 {
		return last, err
	}
	last.Ended, last.Outcome = now, Stopped
	last.Message = "The process that ran this cycle ended. The next one goes on from here."
	return last, c.Store.PutCycle(ctx, last)
}

func (c *run) kind(now int64) string {
	full := cmp.Or(int64(time.Duration(c.App.Schedule.Full)/time.Microsecond), (24 * time.Hour).Microseconds())
	switch {
	case c.demand:
		return OnDemand
	case c.state.LastFull == 0:
		return Initial
	case c.request.Full, c.request.AcceptShrink, c.state.Setup != c.cycle.Setup, now-c.state.LastFull > full:
		return Full
	}
	return Incremental
}

// phases is the order of a cycle.
func (c *run) phases(ctx context.Context) (err error) {
	if c.setup {
		if err := c.Store.MarkDirty(ctx, nil); err != nil {
			return err
		}
	}
	whole := c.cycle.Kind != Incremental
	since := c.state.Watermark
	if whole {
		since = ""
	}
	regrouped, err := c.read(ctx, since)
	if err != nil {
		return &sourceError{err}
	}
	if err := c.scope(ctx, whole || c.doubt, regrouped); err != nil {
		return err
	}
	if whole {
		if err := c.learn(ctx); err != nil {
			return err
		}
		if err := c.list(ctx); err != nil {
			return err
		}
	}
	if err := c.plan(ctx); err != nil {
		return err
	}
	if c.request.PlanOnly {
		return nil
	}
	return c.export(ctx)
}

// learn asks once what the target can do, and not before there is something to
// ask it: a cycle in which nothing changed sends no request.
func (c *run) learn(ctx context.Context) (err error) {
	if !c.learned {
		if c.features, err = c.Target.Features(ctx); err != nil {
			return &targetError{err}
		}
		c.learned = true
	}
	return nil
}

// sourceError is why the source could not be read.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return "the source could not be read: " + e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// defaultRetention is how long the provisioning log is kept, unless the set-up
// says otherwise.
const defaultRetention = 90 * 24 * time.Hour

func (c *run) enter(phase string) {
	c.cycle.Phase = phase
	c.tell(phase, 0, 0)
}

// tell shows where the cycle is, and keeps it for whoever looks from elsewhere.
func (c *run) tell(phase string, done, total int64) {
	c.cycle.Done, c.cycle.Total = done, total
	c.progress(phase, done, total)
	if now := c.Now(); now.Sub(c.told) >= time.Second {
		c.told = now
		// Only for whoever is watching: where it fails, the next write will say so.
		_ = c.Store.PutCycle(context.Background(), c.cycle)
	}
}

// warn is for what an admin should look at; note for what he may like to know.
func (c *run) warn(text string) { c.warnings = append(c.warnings, text) }
func (c *run) note(text string) { c.stats.Notes = append(c.stats.Notes, text) }

// types are those that the set-up provisions, users first.
func (c *run) types() []string {
	var types []string
	for _, t := range []string{source.User, source.Group} {
		if c.handles(t) {
			types = append(types, t)
		}
	}
	return types
}

func (c *run) handles(typ string) bool { return c.rules(typ) != nil }

func (c *run) rules(typ string) *Rules {
	if typ == source.Group {
		return c.compiled.groups
	}
	return c.compiled.users
}

// rules is the set-up compiled.
type rules struct {
	users, groups *Rules // nil: not provisioned
	scope         *CompiledScope
	protected     map[string]bool // folded names and anchors
}

// compile compiles the set-up, or says all that is wrong with it.
func compile(a *Application) (*rules, error) {
	r := &rules{protected: map[string]bool{}}
	var faults []Fault
	if a.Users.Enabled {
		r.users, faults = Compile(source.User, a.Users)
	}
	if a.Groups.Enabled {
		groups, more := Compile(source.Group, a.Groups)
		r.groups, faults = groups, append(faults, more...)
	}
	scope, more := CompileScope(a.Scope)
	r.scope, faults = scope, append(faults, more...)
	if len(faults) > 0 {
		lines := make([]string, len(faults))
		for i, f := range faults {
			lines[i] = f.String()
		}
		return nil, fmt.Errorf("the set-up of %s is not right:\n%s", a.Name, strings.Join(lines, "\n"))
	}
	for _, name := range a.Protected {
		r.protected[fold(name)] = true
	}
	return r, nil
}

func fold(s string) string { return scim.Fold(s) }
