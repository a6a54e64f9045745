package main

import (
	"fmt"
	"io"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
)

// standing is where an application stands, for programs to read.
type standing struct {
	Cycle      *cycleLine `json:"cycle,omitzero"` // the last one, or the one that is running
	NextRun    time.Time  `json:"nextRun,omitzero"`
	LastGood   time.Time  `json:"lastGood,omitzero"`
	Quarantine string     `json:"quarantine,omitzero"`
	NextTry    time.Time  `json:"nextTry,omitzero"` // of a quarantine
	Source     int        `json:"source"`           // people and groups that the source has
	InScope    int        `json:"inScope"`
	Linked     int        `json:"linked"`
	Escrow     int        `json:"escrow"`
	Left       int        `json:"left"`
	Waiting    int        `json:"waiting"`           // changes that wait for an admin
	Rejected   int        `json:"rejected,omitzero"` // people and groups of whom an admin refused something
}

func (s *appSession) standing() (*standing, error) {
	at, err := provision.StandingOf(s.Context(), s.state)
	if err != nil {
		return nil, err
	}
	n := &standing{NextRun: moment(at.State.NextRun), LastGood: moment(at.State.LastGood), Source: at.Counts.Source, InScope: at.Counts.InScope,
		Linked: at.Counts.Linked, Escrow: at.Counts.Escrow, Left: at.Counts.Left, Rejected: at.Counts.Rejected, Waiting: at.Waiting}
	if q := at.State.Quarantined(); q != nil {
		n.Quarantine, n.NextTry = q.Reason, moment(q.Next)
	}
	if at.Cycle != nil {
		l := asCycleLine(at.Cycle)
		n.Cycle = &l
	}
	return n, nil
}

func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// write tells it in lines as those of show.
func (n *standing) write(w io.Writer) {
	when := func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
	switch c := n.Cycle; {
	case c == nil:
		fmt.Fprintln(w, "cycle        none has run yet")
	case c.Ended.IsZero() && c.Total > 0:
		fmt.Fprintf(w, "cycle        %d (%s) is running: %s, %d of %d\n", c.Number, c.Kind, phaseNames[c.Phase], c.Done, c.Total)
	case c.Ended.IsZero():
		fmt.Fprintf(w, "cycle        %d (%s) is running: %s\n", c.Number, c.Kind, phaseNames[c.Phase])
	default:
		fmt.Fprintf(w, "cycle        %d (%s) at %s: %s\n", c.Number, c.Kind, when(c.Started), c.Outcome)
		writeLines(w, c.Message)
	}
	if n.Quarantine != "" {
		fmt.Fprintf(w, "quarantine   %s\n             next try %s\n", printable(firstLine(n.Quarantine)), when(n.NextTry))
	}
	if !n.LastGood.IsZero() {
		fmt.Fprintf(w, "last good    %s\n", when(n.LastGood))
	}
	if !n.NextRun.IsZero() {
		fmt.Fprintf(w, "next         %s\n", when(n.NextRun))
	}
	if n.Source > 0 {
		fmt.Fprintf(w, "objects      %d at the source, %d in scope, %d linked, %d disabled since they left, %d failed and to be tried again\n", n.Source, n.InScope, n.Linked, n.Left, n.Escrow)
	}
	if n.Waiting > 0 {
		fmt.Fprintf(w, "waiting      %s for an admin: rollcall app plan, then run --approve\n", count(n.Waiting, "change"))
	}
	if n.Rejected > 0 {
		fmt.Fprintf(w, "rejected     of %s; asked again with: rollcall app reject --take-back\n", peopleOrGroups(n.Rejected))
	}
}
