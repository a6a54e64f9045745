package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

func newAppDelete() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete an application",
		Long: `Delete ends an application, with its secrets, its links and its log. The target is not
touched: whoever was provisioned stays there as he is, and nobody looks after him any more.
To take people's access away first, take them out of scope and run the plan.`,
		Example: `  rollcall app delete acme --tenant contoso
  rollcall app delete acme --yes`,
		Args: arguments("NAME"),
		RunE: onDirectory(func(c *cobra.Command, args []string, d *directory.Directory) error {
			name, _ := c.Flags().GetString("tenant")
			t, err := openTenant(c, d, name)
			if err != nil {
				return err
			}
			a, err := t.Application(c.Context(), args[0])
			if err != nil {
				return err
			}
			if !yes {
				if err := typed(c, a.Name); err != nil {
					return err
				}
			}
			id, err := t.DeleteApplication(c.Context(), a.Name)
			if err == nil {
				err = forgetApplication(c.Context(), d, t, id)
			}
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "Application %q deleted. The target keeps the people that it has.\n", a.Name)
			}
			return err
		}),
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return withTenant(c)
}

// typed asks for the name, so that nobody deletes an application by habit.
func typed(c *cobra.Command, name string) error {
	if !isTerminal(c.InOrStdin()) {
		return errors.New("nothing was deleted: this is no terminal, so nobody can be asked; add --yes if it is meant")
	}
	fmt.Fprintf(c.OutOrStdout(), "The target keeps the people that it has, and links and log are lost. Type %s to go on: ", name)
	answer, _ := bufio.NewReader(c.InOrStdin()).ReadString('\n')
	if strings.TrimSpace(answer) != name {
		return errors.New("nothing was deleted: that was not the name")
	}
	return nil
}

// forgetApplication deletes what provisioning knows of an application.
func forgetApplication(ctx context.Context, d *directory.Directory, t *directory.Tenant, id string) error {
	row, err := t.Row(ctx)
	if err != nil {
		return err
	}
	return d.Store.(*sqlstore.Store).Provision().Application(row.ID, id).Forget(ctx)
}
