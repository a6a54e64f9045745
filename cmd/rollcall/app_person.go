package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/scim"
)

func newAppProvision() *cobra.Command {
	var preview bool
	c := &cobra.Command{
		Use:   "provision NAME PERSON",
		Short: "Provision one person or group now",
		Long: `Provision reads one person or group from the source and does at once what a cycle would
do, step by step; with --preview it only tells. PERSON is a userPrincipalName, an e-mail
address, a group's displayName, or the key.`,
		Example: `  rollcall app provision acme anna@contoso.test --preview
  rollcall app provision acme anna@contoso.test`,
		Args: arguments("NAME", "PERSON"),
		RunE: onEngine(func(s *appSession, e *provision.Engine, args []string) error {
			a, err := unleased(s, func() (*provision.Answer, error) { return e.Demand(s.Context(), args[0], preview, actor()) })
			if err != nil {
				return err
			}
			return s.showAnswer(a, preview)
		}),
	}
	c.Flags().BoolVar(&preview, "preview", false, "write nothing, only tell")
	return withJSON(withApplications(c))
}

// answerLine is what was done to one object, for programs to read.
type answerLine struct {
	Name       string            `json:"name"`
	Type       string            `json:"type"`
	Anchor     string            `json:"anchor"`
	Target     string            `json:"target,omitzero"`
	InScope    bool              `json:"inScope"`
	Why        string            `json:"why"`
	Via        string            `json:"via,omitzero"`
	Preview    bool              `json:"preview"`
	Steps      []provision.Step  `json:"steps"`
	Values     map[string]any    `json:"values"`
	Operations []provision.Entry `json:"operations"`
}

func (s *appSession) showAnswer(a *provision.Answer, preview bool) error {
	o := a.Object
	line := answerLine{Name: o.Name, Type: o.Type, Anchor: o.Anchor, Target: o.Target, InScope: a.Decision.In, Why: a.Decision.Why, Via: o.Via,
		Preview: preview, Steps: a.Steps, Values: values(a.Values), Operations: []provision.Entry{}}
	failed := ""
	for _, op := range a.Ops {
		line.Operations = append(line.Operations, op.Entry(true))
		if op.State == provision.Failed {
			failed = op.Message
		}
	}
	err := show(s.Command, line, func(w io.Writer) {
		steps := a.Steps
		for _, op := range a.Ops {
			if d := op.Details(); len(d.Steps) > len(steps) {
				steps = d.Steps
			}
		}
		fmt.Fprintf(w, "%s %s\n", o.Type, printable(o.Name))
		for i, step := range steps {
			fmt.Fprintf(w, "  %d  %-10s %-8s %s\n", i+1, step.Type, step.Status, printable(step.Description))
		}
		switch {
		case len(a.Ops) == 0 && preview:
			fmt.Fprintln(w, "Nothing would be written.")
		case len(a.Ops) == 0:
			fmt.Fprintln(w, "Nothing was to be written.")
		case preview:
			fmt.Fprintln(w, "This would be written:")
		default:
			fmt.Fprintln(w, "This was written:")
		}
		for _, op := range a.Ops {
			writeOp(w, op)
		}
	})
	if err == nil && failed != "" {
		return fmt.Errorf("%s was not provisioned: %s", o.Name, firstLine(failed))
	}
	return err
}

func values(list []provision.DesiredValue) map[string]any {
	m := map[string]any{}
	for _, v := range list {
		switch {
		case v.Skip:
		case v.Redacted:
			m[v.Key] = "[Redact]"
		default:
			m[v.Key] = v.Value
		}
	}
	return m
}

func newAppWhy() *cobra.Command {
	c := &cobra.Command{
		Use:   "why NAME PERSON",
		Short: "Explain why somebody is provisioned, or is not",
		Long: `Why answers on one screen: whether a person or group is in scope and by which clause, how
it is linked, what the mappings give, what was done last, and what comes next.`,
		Example: `  rollcall app why acme anna@contoso.test --tenant contoso`,
		Args:    arguments("NAME", "PERSON"),
		RunE: onEngine(func(s *appSession, e *provision.Engine, args []string) error {
			x, err := e.Why(s.Context(), args[0])
			if err != nil {
				return err
			}
			return s.showWhy(x)
		}),
	}
	return withJSON(withApplications(c))
}

// whyLine is an explanation for programs to read.
type whyLine struct {
	linkLine
	Gone    bool                     `json:"gone"`
	Clauses []provision.ClauseResult `json:"clauses,omitzero"`
	Values  map[string]any           `json:"values"`
	Waits   *provision.Entry         `json:"waits,omitzero"`
	Log     []provision.Entry        `json:"log"`
}

func (s *appSession) showWhy(x *provision.Explanation) error {
	line := whyLine{linkLine: asLinkLine(x.Object), Gone: x.Object.Gone, Clauses: x.Decision.Clauses, Values: values(x.Values), Log: []provision.Entry{}}
	line.InScope, line.Why = x.Decision.In, x.Decision.Why
	if x.Waits != nil {
		w := x.Waits.Entry(false)
		line.Waits = &w
	}
	for _, op := range x.Log {
		line.Log = append(line.Log, op.Entry(true))
	}
	return show(s.Command, line, func(w io.Writer) {
		o := x.Object
		fmt.Fprintf(w, "%s %s  (key %s)\n", o.Type, printable(o.Name), printable(o.Anchor))
		in := "out of scope"
		if x.Decision.In {
			in = "in scope"
		}
		fmt.Fprintf(w, "scope    %s: %s\n", in, printable(x.Decision.Why))
		if o.Why != "" && o.Why != x.Decision.Why { // the last plan had more to say: that he is protected, for one
			fmt.Fprintf(w, "outcome  %s\n", printable(o.Why))
		}
		if o.Target == "" {
			fmt.Fprintln(w, "link     none")
		} else {
			fmt.Fprintf(w, "link     %s, %s on %s\n", printable(o.Target), o.Matched, at(o.Linked))
		}
		if o.Left > 0 {
			fmt.Fprintf(w, "left     disabled on %s\n", at(o.Left))
		}
		if o.Faulty != "" {
			fmt.Fprintf(w, "source   %s\n", printable(o.Faulty))
		}
		if o.Retry > 0 {
			fmt.Fprintf(w, "escrow   failed %s; next try %s\n", times(o.Failures), at(o.Retry))
		}
		for _, f := range x.Faults {
			fmt.Fprintf(w, "mapping  %s\n", printable(f.String()))
		}
		if o.Rejected() && (x.Waits == nil || x.Waits.State != provision.Rejected) {
			fmt.Fprintln(w, "rejected by an admin: what was planned is not asked about again until it would be another change")
		}
		if x.Waits != nil {
			fmt.Fprintln(w, "waits")
			writeOp(w, x.Waits)
		}
		if len(x.Log) > 0 {
			fmt.Fprintln(w, "last")
			writeLog(w, x.Log)
		}
		fmt.Fprintln(w, "values")
		var without []string
		for _, v := range x.Values {
			shown := jsonText(v.Value)
			switch {
			case v.Skip || v.Value == nil && len(v.Refs) == 0:
				without = append(without, v.Key)
				continue
			case v.Redacted:
				shown = "[Redact]"
			case len(v.Refs) > 0:
				shown = "→ " + strings.Join(v.Refs, ", ")
			}
			fmt.Fprintf(w, "  %s: %s\n", v.Key, printable(shown))
		}
		if len(without) > 0 {
			fmt.Fprintln(w, "no value, so left as they are")
			for _, key := range without {
				fmt.Fprintf(w, "  %s\n", key)
			}
		}
	})
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func at(micros int64) string { return time.UnixMicro(micros).Local().Format("2006-01-02 15:04:05") }

// linkLine is an object and its link for programs to read.
type linkLine struct {
	Type     string    `json:"type"`
	Anchor   string    `json:"anchor"`
	Name     string    `json:"name"`
	InScope  bool      `json:"inScope"`
	Why      string    `json:"why"`
	Via      string    `json:"via,omitzero"`
	Target   string    `json:"target,omitzero"`
	Matched  string    `json:"matched,omitzero"`
	Linked   time.Time `json:"linked,omitzero"`
	Left     time.Time `json:"left,omitzero"`
	Failures int       `json:"failures,omitzero"`
	NextTry  time.Time `json:"nextTry,omitzero"`
}

func asLinkLine(o *provision.Object) linkLine {
	l := linkLine{Type: o.Type, Anchor: o.Anchor, Name: o.Name, InScope: o.InScope, Why: o.Why, Via: o.Via, Target: o.Target, Matched: o.Matched, Failures: o.Failures}
	for _, t := range []struct {
		to   *time.Time
		from int64
	}{{&l.Linked, o.Linked}, {&l.Left, o.Left}, {&l.NextTry, o.Retry}} {
		if t.from > 0 {
			*t.to = time.UnixMicro(t.from).UTC()
		}
	}
	return l
}

func newAppLinks() *cobra.Command {
	var link, unlink, search string
	var all, orphans, escrow bool
	var limit int
	c := &cobra.Command{
		Use:   "links NAME",
		Short: "List, search, make and break links",
		Long: `A link ties a person or group of the source to one of the target. Links lists them;
--orphans lists those of the target that nobody of the source is linked to, as the last full
cycle saw them. --link ties one by hand, and --unlink ends a link: the target keeps its
object, and the next cycle matches anew.`,
		Example: `  rollcall app links acme --tenant contoso
  rollcall app links acme --search anna@contoso.test
  rollcall app links acme --link anna@contoso.test=2819c223
  rollcall app links acme --unlink anna@contoso.test`,
		Args: arguments("NAME"),
		RunE: onEngine(func(s *appSession, e *provision.Engine, _ []string) error {
			switch {
			case link != "":
				person, id, ok := strings.Cut(link, "=")
				if !ok {
					return usageOf(s.Command, fmt.Errorf("--link takes PERSON=ID, such as anna@contoso.test=2819c223"))
				}
				o, err := unleased(s, func() (*provision.Object, error) { return e.Link(s.Context(), person, id) })
				if err == nil {
					fmt.Fprintf(s.OutOrStdout(), "%s is linked to %s.\n", o.Name, o.Target)
				}
				return err
			case unlink != "":
				o, err := unleased(s, func() (*provision.Object, error) { return e.Unlink(s.Context(), unlink) })
				if err == nil {
					fmt.Fprintf(s.OutOrStdout(), "%s has no link any more. The next cycle matches it anew.\n", o.Name)
				}
				return err
			case orphans:
				return s.showOrphans(limit)
			}
			return s.showLinks(provision.ObjectQuery{Linked: !all && !escrow, Escrow: escrow, Search: scim.Fold(search), Limit: limit})
		}),
	}
	f := c.Flags()
	f.StringVar(&link, "link", "", "PERSON=ID: tie a person or group to an object of the target")
	f.StringVar(&unlink, "unlink", "", "PERSON: end the link")
	f.StringVar(&search, "search", "", "a name, a key, or an id of the target")
	f.BoolVar(&all, "all", false, "also who has no link")
	f.BoolVar(&escrow, "escrow", false, "who failed and waits to be tried again")
	f.BoolVar(&orphans, "orphans", false, "objects of the target that nobody is linked to")
	f.IntVar(&limit, "limit", 1000, "at most so many")
	return withJSON(withApplications(c))
}

func (s *appSession) showLinks(q provision.ObjectQuery) error {
	objects, err := s.state.Objects(s.Context(), q)
	if err != nil {
		return err
	}
	lines := make([]linkLine, 0, len(objects))
	table := newTable("TYPE", "NAME", "KEY", "TARGET", "MATCHED", "SCOPE")
	for _, o := range objects {
		l := asLinkLine(o)
		lines = append(lines, l)
		scope := "out"
		if o.InScope {
			scope = "in"
		}
		table.add(o.Type, o.Name, o.Anchor, orDash(o.Target), orDash(o.Matched), scope)
	}
	return show(s.Command, lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintln(w, "There is none.")
			return
		}
		table.write(w)
	})
}

// orphanLine is an object of the target that nobody is linked to.
type orphanLine struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *appSession) showOrphans(limit int) error {
	lines := []orphanLine{}
	table := newTable("TYPE", "NAME", "ID")
	for _, typ := range []string{"User", "Group"} {
		found, err := s.state.Targets(s.Context(), typ, "", limit)
		if err != nil {
			return err
		}
		for _, t := range found {
			lines = append(lines, orphanLine{t.Type, t.ID, t.Name})
			table.add(t.Type, t.Name, t.ID)
		}
	}
	return show(s.Command, lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintln(w, "There is none, or no full cycle has read the target yet.")
			return
		}
		table.write(w)
	})
}
