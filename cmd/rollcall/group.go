package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

func newGroup() *cobra.Command {
	return parent("group", "Make, name and delete groups",
		`A person is in exactly one group, the one that country names, case and all. SCIM never
makes groups: an admin does, here. These are not the groups of the identity provider.`,
		`  rollcall group create Finland --tenant acme
  rollcall group also-known-as Finland FI --tenant acme`,
		newGroupCreate(), newGroupList(), newGroupRename(), newGroupAlso(), newGroupDelete())
}

// changing is a command that changes a tenant and says in one line what it did.
func changing(use, short, long, example string, args []string, fn func(*cobra.Command, []string, *directory.Tenant) (string, error)) *cobra.Command {
	return withTenant(&cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: arguments(args...),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			said, err := fn(c, args, t)
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), said)
			}
			return err
		}),
	})
}

func newGroupCreate() *cobra.Command {
	return changing("create NAME", "Make a group",
		"Create makes a group. People whose country is exactly NAME go there the next time the identity provider sends it.",
		`  rollcall group create Finland --tenant acme`, []string{"NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			_, err := t.CreateGroup(c.Context(), args[0])
			return fmt.Sprintf("Group %q created.", args[0]), err
		})
}

// groupLine is a group for programs to read.
type groupLine struct {
	Name    string   `json:"name"`
	Also    []string `json:"alsoKnownAs"`
	Default bool     `json:"default"`
	Users   int      `json:"users"`
	Teams   int      `json:"teams"`
	ID      string   `json:"id"`
}

func newGroupList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the groups",
		Long:    "List shows the groups, the default group first, with their other names and how many people and teams are in them.",
		Example: `  rollcall group list --tenant acme`,
		Args:    arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			groups, err := t.Groups(c.Context())
			if err != nil {
				return err
			}
			lines := make([]groupLine, 0, len(groups))
			for _, g := range groups {
				lines = append(lines, groupLine{g.Name, g.Also, g.Default, g.Users, g.Teams, g.ID})
			}
			return show(c, lines, func(w io.Writer) { writeGroups(w, groups) })
		}),
	}
	return withJSON(withTenant(c))
}

func writeGroups(w io.Writer, groups []directory.Group) {
	table := newTable("GROUP", "PEOPLE", "TEAMS", "ALSO KNOWN AS").numbers("PEOPLE", "TEAMS")
	for _, g := range groups {
		name := g.Name
		if g.Default {
			name += " (default)"
		}
		table.add(name, strconv.Itoa(g.Users), strconv.Itoa(g.Teams), strings.Join(g.Also, ", "))
	}
	table.write(w)
}

func newGroupRename() *cobra.Command {
	return changing("rename NAME NEW-NAME", "Rename a group",
		"Rename gives a group a new name. The old one keeps matching, so an identity provider that still sends it is not refused.",
		`  rollcall group rename Finland Suomi --tenant acme`, []string{"NAME", "NEW-NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			err := t.RenameGroup(c.Context(), args[0], args[1])
			return fmt.Sprintf("Group %q is %q now; the old name keeps matching.", args[0], args[1]), err
		})
}

func newGroupAlso() *cobra.Command {
	var remove bool
	c := changing("also-known-as NAME OTHER-NAME", "Give a group another name that country may hold",
		"Also-known-as adds another name that profiling matches, such as FI beside Finland; --remove takes it away.",
		`  rollcall group also-known-as Finland FI --tenant acme
  rollcall group also-known-as Finland FI --remove --tenant acme`, []string{"NAME", "OTHER-NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			if remove {
				err := t.RemoveGroupName(c.Context(), args[0], args[1])
				return fmt.Sprintf("Group %q is not known as %q any more.", args[0], args[1]), err
			}
			err := t.AddGroupName(c.Context(), args[0], args[1])
			return fmt.Sprintf("Group %q is also known as %q now.", args[0], args[1]), err
		})
	c.Flags().BoolVar(&remove, "remove", false, "take the other name away")
	return c
}

func newGroupDelete() *cobra.Command {
	return changing("delete NAME", "Delete an empty group",
		"Delete removes a group that nobody is in, with its teams. The default group stays.",
		`  rollcall group delete Finland --tenant acme`, []string{"NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			err := t.DeleteGroup(c.Context(), args[0])
			return fmt.Sprintf("Group %q deleted.", args[0]), err
		})
}
