package directory

import (
	"context"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// What is counted by the hour: people, not requests that changed nothing.
const (
	tallyCreated = "created"
	tallyUpdated = "updated"
	tallyRemoved = "removed"
	tallyRefused = "refused"
)

// What is counted since ever, of a connection.
const (
	tallyPeople = "people" // whose attributes it came to own
	tallyActive = "active" // requests that said who is active
	tallyClient = "client "
	tallyTeams  = "teams " // that stand, by the attribute that made them
)

// trafficDays is how long hours are kept.
const trafficDays = 31

func hourOf(micro int64) int64 { return micro / time.Hour.Microseconds() }

// outcome is the tally of a kind of change to a person.
var outcome = map[string]string{
	"create": tallyCreated, "restore": tallyCreated, "reactivate": tallyCreated,
	"update": tallyUpdated,
	"remove": tallyRemoved, "deactivate": tallyRemoved, "delete": tallyRemoved,
}

// tally counts what a connection did.
func (w *write) tally(name string, hour int64) {
	if w.t.via.Check {
		return // a check is no identity provider
	}
	w.tx.Tally(TallyRow{Hour: hour, Connection: w.t.connection, Name: name, N: 1, First: w.now, Last: w.now})
}

// tellActive remembers that the connection says who is active: without that
// nobody is ever removed. Once is enough.
func (w *write) tellActive() {
	if c := w.t.connection; c != "" && !w.t.s.told(c) {
		w.tally(tallyActive, 0)
		w.t.s.tell(c)
	}
}

func (s *setup) told(connection string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tellsActive[connection]
}

func (s *setup) tell(connection string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tellsActive[connection] = true
}

// saysActive reports whether a PATCH names active at all.
func saysActive(p *scim.Patch) bool {
	for _, op := range p.Operations {
		if isActive(op.Path) {
			return true
		}
		values, _ := op.Value.(scim.Object)
		for name := range values {
			if op.Path == "" && isActive(name) {
				return true
			}
		}
	}
	return false
}

func isActive(path string) bool {
	return strings.EqualFold(path[strings.LastIndexByte(path, ':')+1:], "active")
}

// Counts is what came in, in people: created or brought back, changed, removed,
// and requests that were refused.
type Counts struct {
	Created, Updated, Removed, Refused int
}

func (c *Counts) add(name string, n int) {
	switch name {
	case tallyCreated:
		c.Created += n
	case tallyUpdated:
		c.Updated += n
	case tallyRemoved:
		c.Removed += n
	case tallyRefused:
		c.Refused += n
	}
}

// Sum is all of it.
func (c Counts) Sum() int { return c.Created + c.Updated + c.Removed + c.Refused }

// TrafficHour is what one connection brought in an hour.
type TrafficHour struct {
	Start      time.Time // UTC
	Connection string    // its name
	Counts
}

// Traffic lists what came in over SCIM since then, an hour for each connection,
// the oldest first. Hours without anything are left out; more than 31 days are
// not kept.
func (t *Tenant) Traffic(ctx context.Context, since time.Time) ([]TrafficHour, error) {
	if err := t.mayWatch(ctx); err != nil {
		return nil, err
	}
	rows, err := t.r.Tallies(ctx, hourOf(since.UnixMicro()))
	if err != nil {
		return nil, err
	}
	return t.s.traffic(rows), nil
}

func (s *setup) traffic(rows []TallyRow) (out []TrafficHour) {
	for _, r := range rows {
		if r.Hour == 0 {
			continue
		}
		start, name := time.Unix(r.Hour*3600, 0).UTC(), s.connectionName(r.Connection)
		if n := len(out); n == 0 || !out[n-1].Start.Equal(start) || out[n-1].Connection != name {
			out = append(out, TrafficHour{Start: start, Connection: name})
		}
		out[len(out)-1].add(r.Name, int(r.N))
	}
	return out
}

// ConnectionHealth is how a connection fares.
type ConnectionHealth struct {
	Connection string
	Client     string    // who sends: the last of those that were seen
	Clients    []string  // all of them
	LastSeen   time.Time // zero: never; to a minute when another process serves it
	Day, Month Counts    // the last 24 hours, the last 30 days
}

// ConnectionHealth tells of every connection, the default one first.
func (t *Tenant) ConnectionHealth(ctx context.Context) ([]ConnectionHealth, error) {
	if err := t.mayWatch(ctx); err != nil {
		return nil, err
	}
	now := t.d.Now()
	if err := t.d.flushHeard(ctx); err != nil {
		return nil, err
	}
	rows, err := t.r.Tallies(ctx, hourOf(now.AddDate(0, 0, -30).UnixMicro()))
	if err != nil {
		return nil, err
	}
	var out []ConnectionHealth
	for _, c := range t.s.listConnections() {
		out = append(out, healthOf(c, rows, hourOf(now.Add(-24*time.Hour).UnixMicro())))
	}
	return out, nil
}

func healthOf(c Connection, rows []TallyRow, day int64) ConnectionHealth {
	h := ConnectionHealth{Connection: c.Name}
	for _, r := range rows {
		if r.Connection != c.ID {
			continue
		}
		if client, ok := strings.CutPrefix(r.Name, tallyClient); ok && r.Hour == 0 {
			if h.Clients = append(h.Clients, client); moment(r.Last).After(h.LastSeen) {
				h.Client, h.LastSeen = client, moment(r.Last)
			}
		}
		if r.Hour == 0 {
			continue
		}
		h.Month.add(r.Name, int(r.N))
		if r.Hour >= day {
			h.Day.add(r.Name, int(r.N))
		}
	}
	return h
}

// mayWatch says whether the caller may look at what came in.
func (t *Tenant) mayWatch(ctx context.Context) error {
	if err := t.may(settingUp); err != nil {
		return err
	}
	return t.fresh(ctx)
}
