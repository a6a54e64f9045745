// Package year plays a year in the life of a company against a SCIM 2.0
// server: people are hired, leave, return, marry and move, an identity provider
// provisions them as it really behaves, the network does what networks do, and at
// the end of every day the server is read as a stranger would read it. What comes
// out are three numbers: ghosts, doubles and lock-outs.
//
// A Story is the whole year as data. Drawing one from a seed, keeping the
// company, deciding what an identity provider sends, judging and telling are pure;
// wire.go alone talks to the server. The package knows nothing of our own
// server but what it shows to everybody.
package year

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Server is where the year is played.
type Server struct {
	BaseURL string // of its SCIM endpoint
	Token   string
	Token2  string // of the second identity provider; empty uses Token
	Host    string // sent in place of the URL's host, if set
	HTTP    *http.Client
	Anyway  bool   // also where people are whom the year did not make
	Owner   string // the userName of somebody who is there and shall be one of the company

	// Clock moves the server's clock, where that can be done. Over the wire it
	// cannot: then the year is over in minutes for the server.
	Clock func(time.Time)
	// Group makes a workspace group by hand, where that can be done.
	Group func(ctx context.Context, name string) error
	// Join puts somebody into a team by hand, where that can be done.
	Join func(ctx context.Context, id, team string) error
}

// Year plays one story. Run may be called once.
type Year struct {
	Story    Story
	Server   Server
	Progress func(day, days int) // may be nil

	company *company
	wires   []*wire
	idps    []idp
	judge   *judge
	booked  []appointment // what the story makes happen later
	fault   error         // of the means by hand
	report  *Report
}

// Begin is the first minute of every year.
var Begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Run plays the year and takes away what it made, also when it is interrupted.
// The error says that the year could not be played or, beside a report, that not
// all could be taken away; whatever the server did wrong is in the report.
func (y *Year) Run(ctx context.Context) (report *Report, err error) {
	y.set()
	if err := y.judge.arrive(ctx); err != nil {
		return nil, err
	}
	defer func() {
		gone := y.judge.cleanUp(context.WithoutCancel(ctx), y.wires)
		switch {
		case gone == nil || err != nil:
		case y.judge.found[string(Stopped)+" p1"] != nil:
			report.Notes = append(report.Notes, gone.Error())
		default:
			err = gone
		}
	}()
	for day := 1; day <= y.Story.Days; day++ {
		if err := y.live(ctx, day); errors.Is(err, errStopped) {
			break
		} else if err != nil {
			return nil, err
		}
		if y.Progress != nil {
			y.Progress(day, y.Story.Days)
		}
	}
	y.judge.finish(y.report)
	return y.report, nil
}

func (y *Year) set() {
	y.company = newCompany(&y.Story)
	y.report = newReport(&y.Story)
	names := newNaming()
	for i, kind := range idpsOf(y.Story.IdP) {
		w := &wire{server: &y.Server, token: y.Server.Token, idp: kind, company: y.company, names: names, report: y.report}
		if i > 0 && y.Server.Token2 != "" {
			w.token = y.Server.Token2
		}
		y.wires = append(y.wires, w)
		y.idps = append(y.idps, newIdP(kind, side{number: i, company: y.company, wire: w, seed: y.Story.Seed}))
	}
	y.judge = newJudge(y)
}

// live plays one day and judges it.
func (y *Year) live(ctx context.Context, day int) error {
	from, to := Minute((day-1)*dayLong), Minute(day*dayLong)
	if y.Server.Clock != nil {
		y.Server.Clock(from.time())
	}
	events := slices.DeleteFunc(slices.Clone(y.Story.Events), func(e Event) bool { return e.At < from || e.At >= to })
	for _, e := range events {
		y.booked = append(y.booked, appointment{e.At, func() { y.happen(ctx, e) }})
	}
	y.company.purge(from)
	for {
		at, who := y.earliest()
		if at >= to {
			break
		}
		y.tick(at)
		if who < 0 {
			y.keep()
			continue
		}
		if err := y.idps[who].run(ctx, at); err != nil {
			return fmt.Errorf("day %d: %w", day, err)
		}
	}
	y.tick(to - 1)
	return errors.Join(y.fault, y.judge.day(ctx, day))
}

// appointment is something that happens at a time.
type appointment struct {
	at Minute
	do func()
}

// earliest says when something happens next, and whether it is an identity
// provider's turn or, with who < 0, the company's. The company goes first.
func (y *Year) earliest() (at Minute, who int) {
	at, who = never, -1
	for _, b := range y.booked {
		at = min(at, b.at)
	}
	for i, p := range y.idps {
		if next := p.next(); next < at {
			at, who = next, i
		}
	}
	return at, who
}

// keep keeps the first appointment.
func (y *Year) keep() {
	first := 0
	for i, b := range y.booked {
		if b.at < y.booked[first].at {
			first = i
		}
	}
	b := y.booked[first]
	y.booked = slices.Delete(y.booked, first, first+1)
	b.do()
}

// tick moves the clocks to the minute.
func (y *Year) tick(at Minute) {
	at = max(at, y.company.now)
	y.company.now = at
	if y.Server.Clock != nil {
		y.Server.Clock(at.time())
	}
}

// happen makes an event of the story true.
func (y *Year) happen(ctx context.Context, e Event) {
	y.report.happened(e)
	switch e.What {
	case LostAnswer, Duplicate, Reorder, Throttle, Outage:
		y.wires[min(e.IdP, len(y.wires)-1)].arm(e)
	case JoinsByHand:
		y.judge.joinByHand(ctx, e)
	case GroupNeeded:
		y.company.missing[e.Name] = y.Server.Group != nil
		y.company.apply(Event{At: e.At, What: Change, Who: e.Who, Set: map[string]string{"country": e.Name, "city": "Oslo"}})
		if e.New != nil {
			y.company.apply(Event{At: e.At, What: Hire, New: e.New})
		}
	case GroupGiven:
		delete(y.company.missing, e.Name)
		if y.Server.Group != nil {
			y.fault = errors.Join(y.fault, y.Server.Group(ctx, e.Name))
		}
	default:
		if undo := y.company.apply(e); undo != nil {
			y.booked = append(y.booked, appointment{e.At + Minute(e.For), undo})
		}
	}
}
