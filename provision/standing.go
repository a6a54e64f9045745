package provision

import "context"

// Standing is where an application stands, for people.
type Standing struct {
	State   State
	Counts  Counts
	Cycle   *Cycle // the last one, or the one that is running; nil: none has run
	Waiting int    // changes that wait for an admin
}

// StandingOf reads where an application stands.
func StandingOf(ctx context.Context, s Store) (n Standing, err error) {
	if n.State, err = s.State(ctx); err != nil {
		return n, err
	}
	if n.Counts, err = s.CountObjects(ctx); err != nil {
		return n, err
	}
	cycles, err := s.Cycles(ctx, 0, 1)
	if err != nil {
		return n, err
	}
	if len(cycles) > 0 {
		n.Cycle = cycles[0]
	}
	_, waiting, err := (&Engine{Store: s}).Waiting(ctx)
	for _, w := range waiting {
		n.Waiting += w.N
	}
	return n, err
}

// Held says that an application waits for an admin, or is in quarantine. It asks
// less than StandingOf, for whoever asks often.
func Held(ctx context.Context, s Store) (bool, error) {
	state, err := s.State(ctx)
	if err != nil || state.Quarantine != "" {
		return err == nil, err
	}
	late, err := s.Cycles(ctx, 0, 5)
	if err != nil || len(late) == 0 {
		return false, err
	}
	for _, c := range late { // one that looked at everybody has planned all that waits
		if c.Ended > 0 && c.Kind != OnDemand && (c.Outcome == Success || c.Outcome == Warning) {
			if c.Counted().Staged == 0 {
				return false, nil
			}
			break
		}
	}
	waiting, _, err := (&Engine{Store: s}).Waiting(ctx)
	return waiting != nil, err
}

// Rouse has the server run an application's cycle at once when it is on, and no
// more when it is off.
func Rouse(ctx context.Context, s Store, a *Application, now int64) error {
	if a.Status != On {
		now = 0
	}
	return s.Schedule(ctx, now, 0)
}

// AssignsNobody says that an application can have nobody in scope.
func (a *Application) AssignsNobody() bool {
	return a.Scope.Sync != SyncAll && len(a.Scope.Users)+len(a.Scope.Groups) == 0
}

// Probe is one question of a connection test, and what became of it.
type Probe struct {
	Name    string
	OK      bool
	Skipped bool   // not asked; then OK says nothing
	Found   string // what the other side did
	Cure    string // what to do, if it is not OK
}

// Test asks the source for a first page, and the target the eight questions of
// target.Target.Probe. It changes nothing.
func (e *Engine) Test(ctx context.Context) []Probe {
	first := Probe{Name: "Source"}
	found, err := e.Source.Test(ctx)
	if first.OK, first.Found = err == nil, found; err != nil {
		first.Found = err.Error()
	}
	probes := []Probe{first}
	for _, p := range e.Target.Probe(ctx, e.MatchAttribute()) {
		probes = append(probes, Probe{p.Name, p.OK, p.Skipped, p.Found, p.Cure})
	}
	return probes
}
