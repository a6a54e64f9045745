package year

import (
	"fmt"
	"io"
	"strings"
)

// shown is how many findings of a kind the text tells with their stories.
const shown = 5

// WriteText writes the report for people at a terminal.
func (r *Report) WriteText(w io.Writer) error {
	p := &printer{w: w}
	p.line("A year in the life: %d people, %d days, as %s, seed %d", r.People, r.Days, r.IdP, r.Seed)
	if r.Server != "" {
		p.line("%s", r.Server)
	}
	p.line("")
	p.line("  %d ghosts · %d doubles · %d lock-outs", r.Ghosts, r.Doubles, r.LockOuts)
	p.line("")
	p.line("%s", r.beside())
	p.line("What happened: %s.", r.told())
	p.line("%d requests of the identity provider, judged at the end of each day (%d reads).", r.Requests, r.Reads)
	for _, kind := range Kinds {
		r.writeKind(p, kind)
	}
	if len(r.Notes) > 0 {
		p.line("\nNot to be blamed on the server:")
		for _, n := range r.Notes {
			p.line("  %s", n)
		}
	}
	return p.err
}

func (r *Report) writeKind(p *printer, kind Kind) {
	n := 0
	for _, f := range r.Findings {
		if f.Kind != kind {
			continue
		}
		if n++; n > shown {
			continue
		}
		p.line("\n%s  %s", strings.ToUpper(string(kind)), f.What)
		p.line("  %s", f.when())
		p.line("  clause  %s", f.Clause)
		for _, s := range f.Story {
			p.line("  %s", s)
		}
	}
	if n > shown {
		p.line("\n... and %d more of the kind %q; --json and --html tell all", n-shown, kind)
	}
}

// when is the days on which it stood.
func (f *Finding) when() string {
	switch {
	case f.Days == 1:
		return fmt.Sprintf("on day %d", f.Day)
	case f.Days == f.Until-f.Day+1:
		return fmt.Sprintf("from day %d to day %d", f.Day, f.Until)
	}
	return fmt.Sprintf("on %d days, the first day %d, the last day %d", f.Days, f.Day, f.Until)
}

// beside is a sentence about the other kinds.
func (r *Report) beside() string {
	var parts []string
	for _, kind := range Kinds {
		if n := r.Beside[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", kind, n))
		}
	}
	if len(parts) == 0 {
		return "Beside them nothing: attributes, groups and teams were right, and nobody was merged."
	}
	return "Beside them: " + strings.Join(parts, ", ") + "."
}

// events in the order in which they are told, and what they are called.
var eventNames = []struct {
	what What
	name string
}{
	{Hire, "hires"}, {Leave, "leavers"}, {Restore, "taken back"}, {Rehire, "hired again"}, {Change, "changes of name, address or place"},
	{Scope, "wrong scopes"}, {JoinsToo, "second accounts"}, {GroupMade, "new groups"}, {GroupJoined, "joined a group"}, {GroupLeft, "left a group"},
	{GroupNamed, "groups renamed"}, {JoinsByHand, "teams by hand"}, {GroupNeeded, "new countries"}, {LostAnswer, "lost answers"}, {Duplicate, "requests twice"}, {Reorder, "reorderings"},
	{Throttle, "times throttled"}, {Outage, "outages"},
}

func (r *Report) told() string {
	var parts []string
	for _, e := range eventNames {
		if n := r.Happened[e.what]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", e.name, n))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
