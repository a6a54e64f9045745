package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/provision"
)

// newAppRun are the commands that run applications.
func newAppRun() []*cobra.Command {
	return []*cobra.Command{
		newAppTest(), newAppPlan(), newAppCycle(), newAppStart(), newAppStop(), newAppRestart(),
		newAppProvision(), newAppWhy(), newAppLinks(), newAppLogs(), newAppReject(),
	}
}

func newAppPlan() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "plan NAME",
		Short: "Compute what a cycle would do, and write nothing",
		Long: `Plan reads the source and the target, computes everything that a cycle would write, and
keeps it. The target is only asked, never written to. It exits with 0 when there is nothing
to do, with 2 when there are changes, and with 1 when it failed.`,
		Example: `  rollcall app plan acme --tenant contoso
  rollcall app plan acme --json > plan.json`,
		Annotations: map[string]string{tellsChanges: "yes"},
		Args:        arguments("NAME"),
		RunE: onEngine(func(s *appSession, e *provision.Engine, _ []string) error {
			cycle, err := s.cycle(e, provision.Request{Actor: actor(), PlanOnly: true})
			if err != nil {
				return err
			}
			return s.showPlan(e, cycle, all)
		}),
	}
	c.Flags().BoolVar(&all, "all", false, "show every change, and not only the first of each kind")
	return withJSON(withApplications(c))
}

func newAppCycle() *cobra.Command {
	var approve bool
	var only []string
	q := provision.Request{Again: true}
	c := &cobra.Command{
		Use:   "run NAME",
		Short: "Run a cycle now",
		Long: `Run reads what changed, makes a plan and carries it out. What takes access away waits for
an admin unless the application's approval says otherwise: look at it with "app plan", and
carry out with --approve what that plan showed. What has changed or come since waits on.`,
		Example: `  rollcall app run acme --tenant contoso
  rollcall app run acme --approve
  rollcall app run acme --approve --only anna@contoso.test`,
		Args: arguments("NAME"),
		RunE: onEngine(func(s *appSession, e *provision.Engine, _ []string) error {
			if approve || len(only) > 0 {
				if err := s.approve(e, only); err != nil {
					return err
				}
			}
			q.Actor = actor()
			cycle, err := s.cycle(e, q)
			if err != nil {
				return err
			}
			return s.showCycle(cycle)
		}),
	}
	c.Flags().BoolVar(&approve, "approve", false, "carry out what waits for an admin and stood in the last plan that was looked at")
	c.Flags().StringSliceVar(&only, "only", nil, "with --approve: only what concerns these people or groups; the others wait on")
	c.Flags().BoolVar(&q.Full, "full", false, "read the source and the target whole")
	c.Flags().BoolVar(&q.AcceptShrink, "accept-shrink", false, "take what the source does not have any more for deleted, however much it is")
	return withJSON(withApplications(c))
}

// cycle runs a cycle and shows how far it is.
func (s *appSession) cycle(e *provision.Engine, q provision.Request) (*provision.Cycle, error) {
	bar := newProgress(s.ErrOrStderr(), "")
	defer bar.end()
	phase := ""
	e.Progress = func(p provision.Progress) {
		if p.Phase != phase {
			bar.end()
			phase = p.Phase
			bar.begin(phaseNames[phase])
		}
		if p.Done > 0 {
			bar.set(int(p.Done), int(p.Total))
		}
	}
	return unleased(s, func() (*provision.Cycle, error) { return e.Run(s.Context(), q) })
}

var phaseNames = map[string]string{
	provision.PhaseImport: "reading the source", provision.PhaseScoping: "finding who is assigned", provision.PhaseMatching: "reading the target",
	provision.PhasePlanning: "making the plan", provision.PhaseExport: "writing to the target",
}

// leaseWait is how long a command waits for a cycle that the server runs.
const leaseWait = time.Minute

// unleased does what needs the application for itself, after the cycle that is
// running.
func unleased[T any](s *appSession, do func() (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(s.Context(), leaseWait)
	defer cancel()
	told := false
	for {
		v, err := do()
		if !errors.Is(err, provision.ErrLeased) {
			return v, err
		}
		if !told {
			told = true
			fmt.Fprintln(s.ErrOrStderr(), "A cycle is running; this waits for its end.")
		}
		select {
		case <-ctx.Done():
			return v, fmt.Errorf("%w, and did not end within %s; stop it with: rollcall app stop %s%s", err, leaseWait, s.app.Name, tenantFlag(s.tenant))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// actor is who runs the command.
func actor() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username + " on the command line"
	}
	return "command line"
}

func newAppStart() *cobra.Command {
	return withApplications(&cobra.Command{
		Use:   "start NAME",
		Short: "Switch an application on",
		Long: `Start switches an application on: the server runs its initial cycle within seconds, and
then one after the other by its schedule.`,
		Example: `  rollcall app start acme --tenant contoso`,
		Args:    arguments("NAME"),
		RunE: onApplication(func(s *appSession, _ []string) error {
			app, err := s.switchTo(provision.On)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.OutOrStdout(), "%s is on. See how it goes with: rollcall app show %s%s\n", s.app.Name, s.app.Name, tenantFlag(s.tenant))
			if nobody := nobodyInScope(app); nobody != "" {
				fmt.Fprintln(s.ErrOrStderr(), nobody)
			}
			return nil
		}),
	})
}

// nobodyInScope warns of an application that is on and provisions nobody.
func nobodyInScope(a *provision.Application) string {
	if a.Status != provision.On || !a.AssignsNobody() {
		return ""
	}
	return fmt.Sprintf("Nobody is assigned to %s, so nobody is provisioned. Assign people or groups in its set-up, as in\n  scope: {sync: assigned, users: [anna@contoso.test], groups: [Staff]}\nor provision everybody with\n  scope: {sync: all}", a.Name)
}

func newAppStop() *cobra.Command {
	return withApplications(&cobra.Command{
		Use:     "stop NAME",
		Short:   "Switch an application off",
		Long:    `Stop switches an application off: a cycle that is running ends within a second, after the requests under way. Nothing at the target changes.`,
		Example: `  rollcall app stop acme --tenant contoso`,
		Args:    arguments("NAME"),
		RunE: onApplication(func(s *appSession, _ []string) error {
			if _, err := s.switchTo(provision.Off); err != nil {
				return err
			}
			fmt.Fprintf(s.OutOrStdout(), "%s is off.\n", s.app.Name)
			return nil
		}),
	})
}

// switchTo changes the status in the set-up, which makes a version of it like
// any other change.
func (s *appSession) switchTo(status string) (*provision.Application, error) {
	app, err := provision.Parse([]byte(s.app.Document))
	if err != nil {
		return nil, err
	}
	app.Status = status
	if s.app, err = s.tenant.PutApplication(s.Context(), s.app.Name, string(app.YAML()), nil, s.app.Version); err != nil {
		return nil, err
	}
	return app, schedule(s.Context(), s.state, app)
}

// schedule has the server look at an application at once, or not any more.
func schedule(ctx context.Context, state provision.Store, a *provision.Application) error {
	return provision.Rouse(ctx, state, a, time.Now().UnixMicro())
}

func newAppRestart() *cobra.Command {
	return withApplications(&cobra.Command{
		Use:   "restart NAME",
		Short: "Begin again with an initial cycle",
		Long: `Restart forgets how far the source was read, everybody who waits to be tried again, and a
quarantine. Links stay, so nobody is made twice. The next cycle is an initial one.`,
		Example: `  rollcall app restart acme --tenant contoso`,
		Args:    arguments("NAME"),
		RunE: onEngine(func(s *appSession, e *provision.Engine, _ []string) error {
			if _, err := unleased(s, func() (any, error) { return nil, e.Restart(s.Context()) }); err != nil {
				return err
			}
			fmt.Fprintf(s.OutOrStdout(), "%s begins again with an initial cycle.\n", s.app.Name)
			return schedule(s.Context(), s.state, e.App)
		}),
	})
}

func newAppTest() *cobra.Command {
	c := &cobra.Command{
		Use:   "test NAME",
		Short: "Test the connection to the source and the target",
		Long: `Test asks the source for a first few people and the target eight questions, and changes
nothing. The first that goes wrong is told with its cure.`,
		Example: `  rollcall app test acme --tenant contoso`,
		Args:    arguments("NAME"),
		RunE: onEngine(func(s *appSession, e *provision.Engine, _ []string) error {
			return s.test(e)
		}),
	}
	return withJSON(withApplications(c))
}

// probeLine is one answer of a connection test.
type probeLine struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Skipped bool   `json:"skipped,omitzero"`
	Found   string `json:"found"`
	Cure    string `json:"cure,omitzero"`
}

func (s *appSession) test(e *provision.Engine) error {
	var lines []probeLine
	for _, p := range e.Test(s.Context()) {
		lines = append(lines, probeLine(p))
	}
	var failed []probeLine
	for _, l := range lines {
		if !l.OK && !l.Skipped {
			failed = append(failed, l)
		}
	}
	err := show(s.Command, lines, func(w io.Writer) {
		for _, l := range lines {
			mark := "ok  "
			switch {
			case l.Skipped:
				mark = "-   "
			case !l.OK:
				mark = "FAIL"
			}
			fmt.Fprintf(w, "%s  %-22s %s\n", mark, l.Name, printable(l.Found))
		}
	})
	if err != nil || len(failed) == 0 {
		return err
	}
	if cure := failed[0].Cure; cure != "" {
		return fmt.Errorf("%s: %s. %s", failed[0].Name, strings.TrimSuffix(failed[0].Found, "."), cure)
	}
	return fmt.Errorf("%s: %s", failed[0].Name, failed[0].Found)
}

// tellsChanges annotates a command whose exit code exitChanges says that there is
// something to do: mistyped, it must not end with the same.
const tellsChanges = "tells changes"

// exitChanges is the exit code of a plan that has something to do.
var exitChanges = &exitWith{2}

// exitWith ends the program with a code and without a word.
type exitWith struct{ code int }

func (e *exitWith) Error() string { return fmt.Sprintf("exit %d", e.code) }
