// Rollcall is the user directory of a multi-tenant product, filled by identity
// providers over SCIM 2.0. This package holds the commands, the wiring of serve
// and the demo; every rule about people is in directory.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes: scripts can tell a command that was refused from one that was
// mistyped.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program, for main and for tests.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var silent *exitWith
	if errors.As(err, &silent) {
		return silent.code
	}
	fmt.Fprintf(errs, "rollcall: %v\n", err)
	var usage *usageError
	var cannot *cannotRun
	switch {
	case errors.As(err, &usage):
		return usage.code
	case errors.As(err, &cannot):
		return exitUsage
	}
	return exitFailure
}

// newRoot is the list of all commands.
func newRoot() *cobra.Command {
	root := parent("rollcall", "The user directory that your identity provider fills over SCIM 2.0",
		`Rollcall keeps the people of a multi-tenant product. Identity providers such as
Microsoft Entra ID and Okta provision people into a tenant over SCIM 2.0, and the
tenant's profiling puts each person into the right group and teams.

New here? Run "rollcall demo". It needs nothing and leaves nothing behind.`,
		`  rollcall serve
  rollcall tenant create acme --name "Acme Oy" --admin-email admin@acme.test
  rollcall token create --tenant acme --user admin@acme.test --name SCIM`,
		newServe(), newDemo(), newTenant(), newGroup(), newTeam(), newUser(), newOperator(), newIdPGroup(),
		newConnection(), newToken(), newClient(), newRemoval(), newApp(),
		newActivity(), newChanges(), newCheck(), newYear(), newVersion())
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return readEnvironment(c) }
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usageOf(c, mistyped(err)) })
	return root
}

// mistyped says in plain words which value a flag cannot take.
func mistyped(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	return fmt.Errorf("--%s takes %s, not %q", invalid.GetFlag().Name, kind(invalid.GetFlag()), invalid.GetValue())
}

// kind is what a flag takes.
func kind(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false"
	case "int", "int64":
		return "a whole number"
	case "float64":
		return "a number"
	case "stringSlice":
		return "a list with commas"
	}
	return "another kind of value"
}

// parent makes a command that only holds others. A word that is none of them is
// an error, where cobra would show the help and succeed.
func parent(use, short, long, example string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long, Example: example,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usageOf(c, fmt.Errorf("there is no command %q%s", args[0], suggestion(c, args[0])))
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(children...)
	return c
}

func suggestion(c *cobra.Command, word string) string {
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(word); len(near) > 0 {
		return fmt.Sprintf(" (did you mean %s?)", strings.Join(near, " or "))
	}
	return ""
}

// usageError is a command line that cannot be read.
type usageError struct {
	text string
	code int
}

func (e *usageError) Error() string { return e.text }

func usageOf(c *cobra.Command, err error) error {
	code := exitUsage
	if c.Annotations[tellsChanges] != "" {
		code = exitFailure
	}
	return &usageError{fmt.Sprintf("%v; see: %s --help", err, c.CommandPath()), code}
}

// arguments wants the named arguments; a last one that ends in "..." may be
// repeated, and names in brackets may be left out.
func arguments(names ...string) cobra.PositionalArgs {
	least, most := 0, len(names)
	for _, n := range names {
		if !strings.HasPrefix(n, "[") {
			least++
		}
		if strings.Contains(n, "...") {
			most = 1 << 16
		}
	}
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usageOf(c, fmt.Errorf("%s is missing", strings.Trim(names[len(args)], "[].")))
		case len(args) > most:
			return usageOf(c, fmt.Errorf("%q is one argument too many; put quotes around a name with blanks", args[most]))
		}
		return nil
	}
}
