package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/scim"
)

func newAppLogs() *cobra.Command {
	var q provision.OpQuery
	var person, ago string
	var asCSV, entra, detail, cycles bool
	c := &cobra.Command{
		Use:   "logs NAME",
		Short: "Show the provisioning log",
		Long: `Logs lists what was done at the target, newest first: to whom, why, what was changed, how
it ended, and, where it failed, the next try. With --detail come the requests and answers,
secrets struck out. --json and --csv are for programs; --entra prints the records in the
form of Entra ID's provisioning log.`,
		Example: `  rollcall app logs acme --tenant contoso
  rollcall app logs acme --person anna@contoso.test --detail
  rollcall app logs acme --failed --since 24h --json`,
		Args: arguments("NAME"),
		RunE: onApplication(func(s *appSession, _ []string) error {
			if cycles {
				return s.showCycles(q.Limit)
			}
			from, err := since(ago, time.Now())
			if err != nil {
				return err
			}
			if !from.IsZero() {
				q.Since = from.UnixMicro()
			}
			q.Log, q.Person = true, scim.Fold(person)
			ops, err := s.state.Ops(s.Context(), q)
			if err != nil {
				return err
			}
			return s.showLog(ops, asCSV, entra, detail)
		}),
	}
	f := c.Flags()
	f.StringVar(&person, "person", "", "only what concerns this name, key, or id of the target")
	f.StringVar(&ago, "since", "", "only what is newer: 24h, 7d or a date")
	f.BoolVar(&q.Failed, "failed", false, "only what failed")
	f.IntVar(&q.Limit, "limit", 50, "at most so many")
	f.BoolVar(&asCSV, "csv", false, "print CSV")
	f.BoolVar(&entra, "entra", false, "print Entra ID's own form, a JSON array")
	f.BoolVar(&detail, "detail", false, "with requests and answers")
	f.BoolVar(&cycles, "cycles", false, "list the cycles instead")
	return withJSON(withApplications(c))
}

func (s *appSession) showLog(ops []*provision.Op, asCSV, entra, detail bool) error {
	w := s.OutOrStdout()
	switch {
	case asCSV:
		return provision.WriteCSV(w, ops, true)
	case entra:
		return s.writeEntra(w, ops)
	}
	lines := make([]provision.Entry, 0, len(ops))
	for _, op := range ops {
		lines = append(lines, op.Entry(true))
	}
	return show(s.Command, lines, func(w io.Writer) {
		if len(ops) == 0 {
			fmt.Fprintln(w, "Nothing yet.")
			return
		}
		writeLog(w, ops)
		if detail {
			for _, op := range ops {
				writeExchanges(w, op)
			}
		}
	})
}

// writeLog writes a table with what went wrong and its cure under each line.
func writeLog(w io.Writer, ops []*provision.Op) {
	table := newTable("TIME", "ACTION", "NAME", "STATUS", "CYCLE").numbers("CYCLE")
	for _, op := range ops {
		status := op.Status
		if op.Code != "" {
			status += " " + op.Code
		}
		table.add(at(op.Time), op.Action, op.Name, status, fmt.Sprint(op.Cycle))
	}
	limit := widthOf(w)
	widths := table.widths(limit)
	table.line(w, table.head, widths)
	for i, op := range ops {
		table.line(w, table.rows[i], widths)
		writeIndented(w, op.Message, limit)
		if next := op.Details().NextTry; next > 0 {
			writeIndented(w, "Next try: "+at(next), limit)
		}
	}
}

func writeExchanges(w io.Writer, op *provision.Op) {
	for _, x := range op.Details().Exchanges {
		fmt.Fprintf(w, "\n%s  %s\n> %s %s\n", at(op.Time), printable(op.Name), x.Method, printable(x.Path))
		if x.Request != "" {
			fmt.Fprintf(w, "> %s\n", printable(x.Request))
		}
		if x.Error != "" {
			fmt.Fprintf(w, "< %s\n", printable(x.Error))
			continue
		}
		fmt.Fprintf(w, "< %d %s\n", x.Status, printable(x.Response))
	}
}

func (s *appSession) writeEntra(w io.Writer, ops []*provision.Op) error {
	app := appAsLine(s.app)
	about := provision.LogContext{Tenant: s.tenant.Name(), Application: s.app.ID, Name: s.app.Name, Source: app.Source, Target: app.Target}
	sep := "["
	for _, op := range ops {
		if _, err := fmt.Fprintf(w, "%s\n%s", sep, provision.EntraLog(op, about)); err != nil {
			return err
		}
		sep = ","
	}
	if len(ops) == 0 {
		_, err := io.WriteString(w, "[]\n")
		return err
	}
	_, err := io.WriteString(w, "\n]\n")
	return err
}

func (s *appSession) showCycles(limit int) error {
	list, err := s.state.Cycles(s.Context(), 0, limit)
	if err != nil {
		return err
	}
	lines := make([]cycleLine, 0, len(list))
	table := newTable("CYCLE", "KIND", "STARTED", "OUTCOME", "CREATED", "UPDATED", "DISABLED", "DELETED", "FAILED", "WAIT").numbers("CYCLE", "CREATED", "UPDATED", "DISABLED", "DELETED", "FAILED", "WAIT")
	for _, c := range list {
		lines = append(lines, asCycleLine(c))
		n := c.Counted()
		outcome := c.Outcome
		switch {
		case c.Ended == 0:
			outcome = c.Phase + " …"
		case c.Phase != provision.PhaseEnded:
			outcome += ", only planned"
		}
		table.add(fmt.Sprint(c.Number), c.Kind, at(c.Started), outcome, fmt.Sprint(n.Created), fmt.Sprint(n.Updated), fmt.Sprint(n.Disabled), fmt.Sprint(n.Removed), fmt.Sprint(n.Failed), fmt.Sprint(n.Staged))
	}
	return show(s.Command, lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintln(w, "No cycle has run yet.")
			return
		}
		table.write(w)
	})
}
