package main

import (
	"fmt"
	"io"
	"strings"
)

// reportProvisioning writes the table of provisioning, and in words what
// matters of it.
func reportProvisioning(out io.Writer, all []*provisioning) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(out, "### Provisioning\n\nFrom the directory of one Rollcall into another on the same machine, SQLite on both sides, %d requests at a time, beside a plain client that sends the same bodies over %[1]d connections to the same server.\n\n", provisionParallel)
	fmt.Fprintln(out, "| people | cycle | seconds | people/s | requests | per person | writes | memory | of it live heap | plain client/s | of it |\n|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, p := range all {
		for _, c := range []struct {
			name string
			f    cycleFigures
		}{{"plan only", p.plan}, {"initial", p.initial}, {"full, nothing to change", p.full}, {"incremental, nothing to change", p.incremental}} {
			bare, of := "–", "–"
			if c.name == "initial" {
				bare, of = thousands(int(p.bare.rate())), fmt.Sprintf("%.2f", p.ratio())
			}
			s := c.f.Stats
			fmt.Fprintf(out, "| %s | %s | %.2f | %s | %s | %.3f | %s | %.0f MB | %.0f MB | %s | %s |\n", thousands(p.people), c.name, c.f.Seconds, thousands(int(float64(p.people)/c.f.Seconds)),
				thousands(int(s.Requests)), float64(s.Requests)/float64(p.people), thousands(s.Created+s.Updated+s.Disabled+s.Removed), c.f.Megabytes, c.f.Live, bare, of)
		}
	}
	fmt.Fprintln(out)
	for _, p := range all {
		fmt.Fprintf(out, "The initial cycle of %s people took %s. It reached %.2f of the plain client's rate; the aim is %.1f.\n",
			thousands(p.people), p.initial.phases(), p.ratio(), bareAim)
		fmt.Fprintf(out, "With nothing to change, a full cycle sent %.2f requests for 100 people and an incremental one %d; the aim is one, and none.\n",
			float64(p.full.Stats.Requests)*100/float64(p.people), p.incremental.Stats.Requests)
	}
	fmt.Fprintln(out)
}

// ratio is the initial cycle's rate, from its first step to its last, as a part
// of the plain client's.
func (p *provisioning) ratio() float64 {
	return float64(p.people) / p.initial.Seconds / p.bare.rate()
}

func (f cycleFigures) phases() string {
	var parts []string
	for _, p := range f.Phases {
		parts = append(parts, fmt.Sprintf("%s %.2f s (processor %.2f s)", p.Name, p.Seconds, p.Processor))
	}
	return strings.Join(parts, ", ")
}
