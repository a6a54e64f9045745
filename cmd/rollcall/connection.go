package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

func newConnection() *cobra.Command {
	return parent("connection", "Let a second identity provider in",
		`A connection is one identity provider's way in: its tokens, its clients, its policy for
leavers, and the externalIds it gave people. Every tenant has one, called default. The
first connection to write a person owns his attributes; the others only know him.`,
		`  rollcall connection create okta --tenant acme
  rollcall token create --connection okta --name SCIM --tenant acme
  rollcall connection set okta deprovision deactivate --tenant acme`,
		newConnectionCreate(), newConnectionList(), newConnectionSet(), newConnectionHandOver(), newConnectionUnlink(), newConnectionDelete())
}

func newConnectionCreate() *cobra.Command {
	return changing("create NAME", "Make a connection",
		"Create makes a connection for another identity provider. Give it a token next.",
		`  rollcall connection create okta --tenant acme`, []string{"NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			return fmt.Sprintf("Connection %q created. Next, its token: rollcall token create --connection %s", args[0], args[0]), t.CreateConnection(c.Context(), args[0])
		})
}

// connectionLine is a connection for programs to read.
type connectionLine struct {
	Name        string    `json:"name"`
	Deprovision string    `json:"deprovision"`
	Own         bool      `json:"ownPolicy"`
	Linked      int       `json:"linked"`
	Tokens      int       `json:"tokens"`
	Created     time.Time `json:"created"`
	ID          string    `json:"id"`
}

func newConnectionList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the connections",
		Long:    "List shows the connections, what each does with leavers, how many people it knows and how many tokens it has.",
		Example: `  rollcall connection list --tenant acme`,
		Args:    arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			connections, err := t.Connections(c.Context())
			if err != nil {
				return err
			}
			lines := make([]connectionLine, 0, len(connections))
			table := newTable("CONNECTION", "LEAVERS", "PEOPLE", "TOKENS", "CREATED", "ID").numbers("PEOPLE", "TOKENS")
			for _, k := range connections {
				lines = append(lines, connectionLine{k.Name, k.Deprovision, k.Own, k.Linked, k.Tokens, k.Created.UTC(), k.ID})
				policy := k.Deprovision
				if !k.Own {
					policy += " (as the tenant)"
				}
				table.add(k.Name, policy, strconv.Itoa(k.Linked), strconv.Itoa(k.Tokens), day(k.Created), k.ID)
			}
			return show(c, lines, func(w io.Writer) { table.write(w) })
		}),
	}
	return withJSON(withTenant(c))
}

func newConnectionSet() *cobra.Command {
	return changing("set NAME SETTING VALUE", "Change a connection",
		`Set changes what a connection does with leavers (deprovision: remove or deactivate; "" for
what the tenant's setting says), or its name.`,
		`  rollcall connection set okta deprovision deactivate --tenant acme
  rollcall connection set okta name "Okta Europe" --tenant acme`, []string{"NAME", "SETTING", "VALUE"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			return fmt.Sprintf("Connection %q: %s is %q now.", args[0], args[1], args[2]), t.SetConnection(c.Context(), args[0], args[1], args[2])
		})
}

// everybodyOr gives a command the choice between people named and --all.
func everybodyOr(c *cobra.Command, all *bool) *cobra.Command {
	c.Flags().BoolVar(all, "all", false, "everybody whom the connection knows")
	return c
}

func chosen(c *cobra.Command, refs []string, all bool) ([]string, error) {
	switch {
	case all && len(refs) > 0:
		return nil, usageOf(c, fmt.Errorf("say either people or --all"))
	case all:
		return nil, nil
	case len(refs) == 0:
		return nil, usageOf(c, fmt.Errorf("say which people, or --all"))
	}
	return refs, nil
}

func newConnectionHandOver() *cobra.Command {
	var all bool
	return everybodyOr(changing("hand-over NAME [USER...]", "Make a connection the owner of people's attributes",
		`Hand-over says that from now on this connection's word about these people counts; what
others send touches only their own links.`,
		`  rollcall connection hand-over okta anna@acme.test --tenant acme
  rollcall connection hand-over okta --all --tenant acme`, []string{"NAME", "[USER...]"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			refs, err := chosen(c, args[1:], all)
			if err != nil {
				return "", err
			}
			n, err := t.HandOver(c.Context(), args[0], refs)
			return fmt.Sprintf("%d people belong to the connection %q now.", n, args[0]), err
		}), &all)
}

func newConnectionUnlink() *cobra.Command {
	var all bool
	return everybodyOr(changing("unlink NAME [USER...]", "Make a connection forget people",
		`Unlink takes away the externalIds that a connection gave these people, and what it owned.
They stay in the tenant, and it may find them again.`,
		`  rollcall connection unlink okta anna@acme.test --tenant acme`, []string{"NAME", "[USER...]"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			refs, err := chosen(c, args[1:], all)
			if err != nil {
				return "", err
			}
			n, err := t.Unlink(c.Context(), args[0], refs)
			return fmt.Sprintf("%d people are unlinked from the connection %q.", n, args[0]), err
		}), &all)
}

func newConnectionDelete() *cobra.Command {
	return changing("delete NAME", "Delete a connection",
		"Delete ends a connection's tokens and clients at once and unlinks its people, who stay in the tenant. The connection default stays.",
		`  rollcall connection delete okta --tenant acme`, []string{"NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			n, err := t.DeleteConnection(c.Context(), args[0])
			return fmt.Sprintf("Connection %q deleted; %d people are unlinked.", args[0], n), err
		})
}
