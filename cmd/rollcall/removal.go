package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

func newRemoval() *cobra.Command {
	return parent("removal", "Look at mass removals, confirm them or take them back",
		`When a connection removes unusually many people within 24 hours (more than 5 % of those
it knows; at least 3, at most 100), they lose access at once, as always, but none of them is
forgotten before an admin confirms. If the identity provider takes its word back,
everybody returns by himself.`,
		`  rollcall removal list --tenant acme
  rollcall removal bring-back --all --tenant acme`,
		newRemovalList(), newRemovalConfirm(), newRemovalBringBack())
}

// removalLine is a removal for programs to read.
type removalLine struct {
	UserName   string    `json:"userName"`
	ID         string    `json:"id"`
	Connection string    `json:"connection"`
	Time       time.Time `json:"time"`
	State      string    `json:"state"` // held, kept here
}

func newRemovalList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the removals that wait, and who was kept here",
		Long:    "List shows the people whose removal waits for an admin, and those whom an admin brought back against the identity provider's word.",
		Example: `  rollcall removal list --tenant acme`,
		Args:    arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			removals, err := t.Removals(c.Context())
			if err != nil {
				return err
			}
			lines := make([]removalLine, 0, len(removals))
			table := newTable("PERSON", "CONNECTION", "REMOVED", "STATE", "ID")
			for _, r := range removals {
				state := "held"
				if r.Kept {
					state = "kept here"
				}
				lines = append(lines, removalLine{r.User.UserName, r.User.ID, r.Connection, r.At.UTC(), state})
				table.add(r.User.UserName, r.Connection, minute(r.At), state, r.User.ID)
			}
			return show(c, lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "No removal waits for you, and nobody was kept here.")
					return
				}
				table.write(w)
			})
		}),
	}
	return withJSON(withTenant(c))
}

func newRemovalConfirm() *cobra.Command {
	var connection string
	c := changing("confirm", "Let the held removals stand",
		"Confirm lets the retention time of the held removals run; when it is over, the people are forgotten.",
		`  rollcall removal confirm --tenant acme`, nil,
		func(c *cobra.Command, _ []string, t *directory.Tenant) (string, error) {
			n, err := t.ConfirmRemovals(c.Context(), connection)
			return fmt.Sprintf("%d removals confirmed.", n), err
		})
	c.Flags().StringVar(&connection, "connection", "", "only those of this connection")
	return c
}

func newRemovalBringBack() *cobra.Command {
	var all bool
	c := changing("bring-back [USER...]", "Bring removed people back and keep them here",
		`Bring-back restores people as they were: id, group, teams and role. They stay until the
identity provider says anew that they leave.`,
		`  rollcall removal bring-back anna@acme.test --tenant acme
  rollcall removal bring-back --all --tenant acme`, []string{"[USER...]"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			refs, err := chosen(c, args, all)
			if err != nil {
				return "", err
			}
			n, problems, err := t.BringBack(c.Context(), refs)
			for _, p := range problems {
				fmt.Fprintln(c.ErrOrStderr(), p)
			}
			if err == nil && len(problems) > 0 {
				err = fmt.Errorf("%d people are back, %d could not be brought back", n, len(problems))
			}
			return fmt.Sprintf("%d people are back.", n), err
		})
	c.Flags().BoolVar(&all, "all", false, "everybody whose removal is held")
	return c
}
