package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"uuid"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

func newUserProfileAgain() *cobra.Command {
	var a again
	c := &cobra.Command{
		Use:   "profile-again [PERSON ...]",
		Short: "Put everybody where today's settings and names would put them",
		Long: `Profile-again profiles everybody, or the people named, as if every value had just come:
after a setting was turned, or a group got another name. It shows first who would move,
and asks for the number. One run can be undone as one.`,
		Example: `  rollcall user profile-again --dry-run --tenant acme
  rollcall user profile-again anna@acme.test --tenant acme
  rollcall user profile-again --undo 01890a5d-ac96-774b-bcce-b302099a8057 --tenant acme`,
		Args: arguments("[PERSON...]"),
		RunE: onDirectory(func(c *cobra.Command, args []string, d *directory.Directory) error {
			name, _ := c.Flags().GetString("tenant")
			// All changes of a run carry its id, by which it is undone.
			a.request = uuid.NewV7().String()
			t, err := openTenant(c, d, name)
			if err != nil {
				return err
			}
			marked := via(c)
			marked.Request = a.request
			if t, err = d.OpenAdmin(c.Context(), t.Name(), marked); err != nil {
				return err
			}
			return a.run(c, args, t)
		}),
	}
	c.Flags().BoolVar(&a.dryRun, "dry-run", false, "only show who would move")
	c.Flags().BoolVar(&a.yes, "yes", false, "do not ask")
	c.Flags().StringVar(&a.undo, "undo", "", "undo the run with this id, the request in changes --json; whoever was changed since is left alone")
	return withTenant(c)
}

// again is one run of profile-again.
type again struct {
	dryRun, yes bool
	undo        string
	request     string
}

func (a *again) run(c *cobra.Command, people []string, t *directory.Tenant) error {
	out := c.OutOrStdout()
	if a.undo != "" {
		// An undo is of the whole run and shows nothing first: who asks for
		// either would get what he did not ask for.
		if a.dryRun || len(people) > 0 {
			return usageOf(c, errors.New("--undo takes the whole run back at once; leave out --dry-run and the people"))
		}
		back, left, err := t.UndoProfiling(c.Context(), a.undo)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%d put back; %d left alone, because they were changed since.\n", back, left)
		return nil
	}
	moves, err := t.ProfileAgain(c.Context(), people, true, nil)
	if err != nil {
		return err
	}
	n := movable(moves)
	writeMoves(out, moves, n)
	if a.dryRun || n == 0 {
		return nil
	}
	if err := a.confirm(c, n); err != nil {
		return err
	}
	bar := newProgress(c.ErrOrStderr(), "profiling")
	done, err := t.ProfileAgain(c.Context(), people, false, bar.set)
	bar.end()
	if err != nil {
		return fmt.Errorf("stopped after %d people; undo them with --undo %s: %w", movable(done), a.request, err)
	}
	fmt.Fprintf(out, "%d done. To undo: rollcall user profile-again --undo %s --tenant %s\n", movable(done), a.request, t.Name())
	return nil
}

func movable(moves []directory.Move) int {
	n := 0
	for _, m := range moves {
		if m.Problem == "" {
			n++
		}
	}
	return n
}

func writeMoves(w io.Writer, moves []directory.Move, n int) {
	if len(moves) == 0 {
		fmt.Fprintln(w, "Everybody is in the right place already.")
		return
	}
	table := newTable("PERSON", "GROUP", "JOINS", "LEAVES", "PROBLEM")
	for _, m := range moves {
		group := m.From
		if m.To != m.From {
			group += " -> " + m.To
		}
		table.add(m.User, group, strings.Join(m.Joins, ", "), strings.Join(m.Leaves, ", "), m.Problem)
	}
	table.write(w)
	fmt.Fprintf(w, "\n%d would change, %d cannot be placed and stay where they are.\n", n, len(moves)-n)
}

// confirm asks for the number, so that nobody moves a company by habit.
func (a *again) confirm(c *cobra.Command, n int) error {
	if a.yes {
		return nil
	}
	if !isTerminal(c.InOrStdin()) {
		return errors.New("nothing was changed: this is no terminal, so nobody can be asked; add --yes if the list above is right")
	}
	fmt.Fprintf(c.OutOrStdout(), "Type %d to go on: ", n)
	answer, _ := bufio.NewReader(c.InOrStdin()).ReadString('\n')
	if strings.TrimSpace(answer) != strconv.Itoa(n) {
		return errors.New("nothing was changed: that was not the number")
	}
	return nil
}
