package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
)

func newAppApply() *cobra.Command {
	var file string
	var dryRun bool
	c := &cobra.Command{
		Use:   "apply -f FILE",
		Short: "Make an application from a file, or change it",
		Long: `Apply reads an application's YAML and keeps it; applying the same file again changes
nothing. A file without faults is needed: all that is wrong is told at once, with its line.

Secrets do not belong into the file: write ${NAME}, and apply takes the value from the
environment. It is kept sealed, and the next apply does without it. A secret that stands in
the file in so many words is taken out and sealed all the same.`,
		Example: `  ACME_TOKEN=... rollcall app apply -f acme.yaml --tenant contoso
  rollcall app apply -f acme.yaml --dry-run
  rollcall app export acme | rollcall app apply -f -`,
		Args: arguments(),
		RunE: onApplicationsOf(func(c *cobra.Command, _ []string, d *directory.Directory, t *directory.Tenant) error {
			text, err := readSetup(c, file)
			if err != nil {
				return err
			}
			a, err := provision.Parse(text)
			if err != nil {
				return err
			}
			return (&applying{c: c, d: d, t: t, next: a, dryRun: dryRun}).run()
		}),
	}
	c.Flags().StringVarP(&file, "file", "f", "", "the file; - for standard input")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would change")
	needs(c, "file")
	return withApplications(c)
}

func readSetup(c *cobra.Command, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(c.InOrStdin())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the application: %w", err)
	}
	return text, nil
}

// applying makes an application what it is to be: from a file, or from one of
// its own versions.
type applying struct {
	c      *cobra.Command
	d      *directory.Directory
	t      *directory.Tenant
	next   *provision.Application
	dryRun bool

	was     *directory.Application // nil: it is a new one
	secrets map[string]string      // to be set; empty values are to be forgotten
}

func (p *applying) run() (err error) {
	if p.was, err = applicationNamed(p.c, p.t, p.next.Name); err != nil {
		return err
	}
	if _, err := p.gather(); err != nil {
		return err
	}
	before, version := "", int64(0)
	if p.was != nil {
		before, version = p.was.Document, p.was.Version
	}
	document := string(p.next.YAML())
	p.show(before, document)
	if p.dryRun {
		return nil
	}
	made, err := p.t.PutApplication(p.c.Context(), p.next.Name, document, p.secrets, version)
	if err != nil {
		return provision.HideError(err, p.secrets)
	}
	p.say(made, before)
	if p.was != nil && p.was.Version == made.Version {
		return nil
	}
	state, err := stateOf(p.c.Context(), p.d, p.t, made.ID)
	if err != nil {
		return err
	}
	if nobody := nobodyInScope(p.next); nobody != "" {
		fmt.Fprintln(p.c.ErrOrStderr(), nobody)
	}
	return schedule(p.c.Context(), state, p.next)
}

// gather collects the secrets: those of the document, of the environment, and
// those that are kept. It checks the application with them and returns it so.
func (p *applying) gather() (full *provision.Application, err error) {
	var kept []string
	if p.was != nil {
		kept = p.was.Secrets
	}
	full, p.secrets, err = p.next.Gather(os.Getenv, kept, func() (map[string]string, error) {
		return p.t.ApplicationSecrets(p.c.Context(), p.was.ID)
	})
	return full, err
}

func (p *applying) show(before, after string) {
	out := p.c.OutOrStdout()
	if p.was != nil || p.dryRun {
		io.WriteString(out, printableLines(provision.Diff([]byte(before), []byte(after))))
	}
	if p.dryRun {
		if before == after {
			fmt.Fprintln(out, "Nothing in the set-up would change.")
		}
		for _, name := range slices.Sorted(maps.Keys(p.secrets)) {
			verb := "set"
			if p.secrets[name] == "" {
				verb = "forgotten"
			}
			fmt.Fprintf(out, "The secret %s would be %s.\n", name, verb)
		}
	}
	for _, warning := range p.next.Warnings() {
		fmt.Fprintf(p.c.ErrOrStderr(), "warning: %s\n", warning)
	}
}

// say tells what was done and what comes next.
func (p *applying) say(made directory.Application, before string) {
	out, flag := p.c.OutOrStdout(), tenantFlag(p.t)
	switch {
	case p.was == nil:
		fmt.Fprintf(out, "Application %q created.\n", made.Name)
	case p.was.Version == made.Version:
		fmt.Fprintf(out, "Application %q is so already.\n", made.Name)
		return
	default:
		fmt.Fprintf(out, "Application %q changed: version %d.\n", made.Name, made.Version)
	}
	if p.next.Status == provision.Off && wasOn(before) {
		fmt.Fprintf(out, "It was on and is off now, since the file says so: no cycle runs by itself. Switch it on with: rollcall app start %s%s\n", made.Name, flag)
	}
	switch {
	case p.next.Status == provision.On && (p.was == nil || rulesDiffer(before, p.next)):
		fmt.Fprintf(out, "It is on: the server makes a plan at once. Who is concerned: rollcall app plan %s%s\n", made.Name, flag)
	case p.was == nil:
		fmt.Fprintf(out, "It is off. Next: rollcall app test %[1]s%[2]s, then rollcall app plan %[1]s%[2]s, then rollcall app start %[1]s%[2]s\n", made.Name, flag)
	case rulesDiffer(before, p.next):
		fmt.Fprintf(out, "Who is concerned: rollcall app plan %s%s\n", made.Name, flag)
	}
}

// wasOn asks a set-up as it was kept.
func wasOn(before string) bool {
	was, err := provision.Parse([]byte(before))
	return err == nil && was.Status == provision.On
}

// rulesDiffer says that the change may concern people: who is in scope, and what
// is written of them.
func rulesDiffer(before string, next *provision.Application) bool {
	was, err := provision.Parse([]byte(before))
	return err != nil || !reflect.DeepEqual([]any{was.Source, was.Scope, was.Users, was.Groups}, []any{next.Source, next.Scope, next.Users, next.Groups})
}

// printableLines is printable for a text of several lines.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = printable(l)
	}
	return strings.Join(lines, "\n")
}

// appLine is an application for programs to read.
type appLine struct {
	Name     string    `json:"name"`
	Status   string    `json:"status"`
	Source   string    `json:"source"`
	Target   string    `json:"target"`
	Scope    string    `json:"scope"`
	Every    string    `json:"every"`
	Version  int64     `json:"version"`
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`
	ID       string    `json:"id"`
	Secrets  []string  `json:"secrets"`
	Document string    `json:"document,omitzero"`
	Standing *standing `json:"standing,omitzero"`
}

// appAsLine also shows one that a newer or older version has written and this
// one cannot read.
func appAsLine(a directory.Application) appLine {
	l := appLine{Name: a.Name, Status: "not readable", Version: a.Version, Created: a.Created.UTC(), Changed: a.Changed.UTC(), ID: a.ID, Secrets: a.Secrets}
	if p, err := provision.Parse([]byte(a.Document)); err == nil {
		l.Status, l.Source, l.Target, l.Scope, l.Every = p.Status, p.Source.Kind, p.Target.URL, p.Scope.Sync, p.Schedule.Every.String()
	}
	return l
}

func newAppList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the applications",
		Long:    "List shows the applications of a tenant: whether each is on, where its people come from and where they go.",
		Example: `  rollcall app list --tenant contoso`,
		Args:    arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			all, err := t.Applications(c.Context())
			if err != nil {
				return err
			}
			lines := make([]appLine, 0, len(all))
			table := newTable("APPLICATION", "STATUS", "SOURCE", "TARGET", "SCOPE", "EVERY", "VERSION", "CHANGED").numbers("VERSION")
			for _, a := range all {
				l := appAsLine(a)
				lines = append(lines, l)
				table.add(l.Name, l.Status, l.Source, l.Target, l.Scope, l.Every, fmt.Sprint(l.Version), minute(a.Changed))
			}
			return show(c, lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "There is no application yet. Begin with: rollcall app template")
					return
				}
				table.write(w)
			})
		}),
	}
	return withJSON(withTenant(c))
}

func newAppShow() *cobra.Command {
	c := &cobra.Command{
		Use:   "show NAME",
		Short: "Show an application",
		Long: `Show prints where an application stands: the last cycle or the one that is running, the next
one, a quarantine, how many people it looks after; and its set-up, its version, and the names
of the secrets that are kept for it.`,
		Example: `  rollcall app show acme --tenant contoso`,
		Args:    arguments("NAME"),
		RunE: onApplication(func(s *appSession, _ []string) error {
			a, line := s.app, appAsLine(s.app)
			line.Document = a.Document
			standing, err := s.standing()
			if err != nil {
				return err
			}
			line.Standing = standing
			return show(s.Command, line, func(w io.Writer) {
				fmt.Fprintf(w, "application  %s\nstatus       %s\n", printable(a.Name), line.Status)
				standing.write(w)
				fmt.Fprintf(w, "version      %d\nchanged      %s\nsecrets      %s\n\n", a.Version, minute(a.Changed), secretNames(a.Secrets))
				io.WriteString(w, printableLines(a.Document))
			})
		}),
	}
	return withJSON(withTenant(c))
}

func secretNames(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func newAppExport() *cobra.Command {
	return withTenant(&cobra.Command{
		Use:     "export NAME",
		Short:   "Print an application's YAML",
		Long:    "Export prints what apply reads. Secrets are not in it: they stand there as ${NAME}.",
		Example: `  rollcall app export acme --tenant contoso > acme.yaml`,
		Args:    arguments("NAME"),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			a, err := t.Application(c.Context(), args[0])
			if err == nil {
				_, err = io.WriteString(c.OutOrStdout(), a.Document)
			}
			return err
		}),
	})
}
