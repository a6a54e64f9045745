package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

func newIdPGroup() *cobra.Command {
	return parent("idp-group", "Look at IdP groups, and make some of your own",
		`An IdP group is a SCIM Group: pushed by an identity provider, or made here by hand. Its
members are people and other IdP groups. Those that an identity provider pushes can only
be changed there. With the setting teams-from-idp-groups each one names a team.`,
		`  rollcall idp-group list --tenant acme
  rollcall idp-group create "Board" --tenant acme
  rollcall idp-group add "Board" anna@acme.test --tenant acme`,
		newIdPGroupCreate(), newIdPGroupList(), newIdPGroupShow(), newIdPGroupAdd(), newIdPGroupRemove(), newIdPGroupDelete())
}

func newIdPGroupCreate() *cobra.Command {
	return changing("create NAME", "Make an IdP group of your own",
		"Create makes an IdP group that has no members yet. Names are compared without regard to case.",
		`  rollcall idp-group create "Board" --tenant acme`, []string{"NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			return fmt.Sprintf("IdP group %q created.", args[0]), t.CreateIdPGroup(c.Context(), args[0])
		})
}

// idpGroupLine is an IdP group for programs to read.
type idpGroupLine struct {
	Name       string          `json:"name"`
	Connection string          `json:"connection,omitzero"`
	Members    int             `json:"members"`
	Modified   time.Time       `json:"lastModified"`
	ID         string          `json:"id"`
	List       []idpMemberLine `json:"list,omitzero"`
}

type idpMemberLine struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

func idpGroupAsLine(g directory.IdPGroup) idpGroupLine {
	return idpGroupLine{Name: g.Name, Connection: g.Connection, Members: g.Members, Modified: g.Modified.UTC(), ID: g.ID}
}

func newIdPGroupList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the IdP groups",
		Long:    "List shows the IdP groups by name, how many members each has, and which connection it came from.",
		Example: `  rollcall idp-group list --tenant acme`,
		Args:    arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			groups, err := t.IdPGroups(c.Context())
			if err != nil {
				return err
			}
			lines := make([]idpGroupLine, 0, len(groups))
			table := newTable("IDP GROUP", "MEMBERS", "FROM", "CHANGED", "ID").numbers("MEMBERS")
			for _, g := range groups {
				lines = append(lines, idpGroupAsLine(g))
				table.add(g.Name, strconv.Itoa(g.Members), fromConnection(g.Connection), day(g.Modified), g.ID)
			}
			return show(c, lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "There is no IdP group yet. Identity providers push them, and so does: rollcall idp-group create")
					return
				}
				table.write(w)
			})
		}),
	}
	return withJSON(withTenant(c))
}

func fromConnection(name string) string {
	if name == "" {
		return "made here"
	}
	return name
}

func newIdPGroupShow() *cobra.Command {
	c := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show an IdP group and its members",
		Long:    "Show lists the direct members of an IdP group, which is named by its name or id.",
		Example: `  rollcall idp-group show "Board" --tenant acme`,
		Args:    arguments("NAME"),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			g, members, err := t.IdPGroup(c.Context(), args[0])
			if err != nil {
				return err
			}
			line := idpGroupAsLine(g)
			table := newTable("MEMBER", "WHAT", "ID")
			for _, m := range members {
				line.List = append(line.List, idpMemberLine{m.Name, m.Kind, m.ID})
				table.add(m.Name, m.Kind, m.ID)
			}
			return show(c, line, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %d members, %s\n", printable(g.Name), g.Members, fromConnection(g.Connection))
				if len(members) > 0 {
					table.write(w)
				}
			})
		}),
	}
	return withJSON(withTenant(c))
}

func newIdPGroupAdd() *cobra.Command {
	return changing("add NAME MEMBER...", "Add people or IdP groups to one of your own",
		"Add makes people, named by userName, and IdP groups, named by name, members of an IdP group that was made here.",
		`  rollcall idp-group add "Board" anna@acme.test ben@acme.test --tenant acme`, []string{"NAME", "MEMBER..."},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			return fmt.Sprintf("Members added to %[2]q: %[1]d.", len(args)-1, args[0]), t.AddToIdPGroup(c.Context(), args[0], args[1:])
		})
}

func newIdPGroupRemove() *cobra.Command {
	return changing("remove NAME MEMBER...", "Take members out of one of your own",
		"Remove takes people or IdP groups out of an IdP group that was made here.",
		`  rollcall idp-group remove "Board" ben@acme.test --tenant acme`, []string{"NAME", "MEMBER..."},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			return fmt.Sprintf("Members removed from %[2]q: %[1]d.", len(args)-1, args[0]), t.RemoveFromIdPGroup(c.Context(), args[0], args[1:])
		})
}

func newIdPGroupDelete() *cobra.Command {
	return changing("delete NAME", "Delete an IdP group of your own",
		"Delete removes an IdP group that was made here; its members stay.",
		`  rollcall idp-group delete "Board" --tenant acme`, []string{"NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			return fmt.Sprintf("IdP group %q deleted.", args[0]), t.DeleteIdPGroup(c.Context(), args[0])
		})
}
