package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

func newTeam() *cobra.Command {
	return parent("team", "Make, name, merge and delete teams",
		`A team lives inside one group; a person is in many. locality, region, organization,
division and department name teams, in any case, and make those that are missing.`,
		`  rollcall team list --tenant acme
  rollcall team merge Sales-EU Sales --group Finland --tenant acme`,
		newTeamCreate(), newTeamList(), newTeamRename(), newTeamAlso(), newTeamMerge(), newTeamDelete())
}

// inGroup gives a command the flag --group, which tells teams of one name apart.
func inGroup(c *cobra.Command) *cobra.Command {
	c.Flags().String("group", "", "the team's group; needed where several groups have a team of that name")
	return c
}

func teamRef(c *cobra.Command, name string) directory.TeamRef {
	group, _ := c.Flags().GetString("group")
	return directory.TeamRef{Name: name, Group: group}
}

func newTeamCreate() *cobra.Command {
	c := changing("create NAME --group GROUP", "Make a team",
		"Create makes a team in a group. --group may be left out where there is only one.",
		`  rollcall team create Sauna --group Finland --tenant acme`, []string{"NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			ref := teamRef(c, args[0])
			if ref.Group == "" {
				groups, err := t.Groups(c.Context())
				if err != nil {
					return "", err
				}
				if len(groups) != 1 {
					return "", usageOf(c, fmt.Errorf("there are %d groups; say which with --group", len(groups)))
				}
				ref.Group = groups[0].Name
			}
			_, err := t.CreateTeam(c.Context(), ref.Group, ref.Name)
			return fmt.Sprintf("Team %q created in the group %q.", ref.Name, ref.Group), err
		})
	c.Flags().String("group", "", "the group that the team lives in")
	return c
}

// teamLine is a team for programs to read.
type teamLine struct {
	Name  string   `json:"name"`
	Group string   `json:"group"`
	Also  []string `json:"alsoKnownAs"`
	Users int      `json:"users"`
	ID    string   `json:"id"`
}

func newTeamList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the teams",
		Long:    "List shows the teams by group, with their other names and how many people are in them.",
		Example: `  rollcall team list --tenant acme --group Finland`,
		Args:    arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			group, _ := c.Flags().GetString("group")
			teams, err := t.Teams(c.Context(), group)
			if err != nil {
				return err
			}
			lines := make([]teamLine, 0, len(teams))
			table := newTable("GROUP", "TEAM", "PEOPLE", "ALSO KNOWN AS").numbers("PEOPLE")
			for _, team := range teams {
				lines = append(lines, teamLine{team.Name, team.Group, team.Also, team.Users, team.ID})
				table.add(team.Group, team.Name, strconv.Itoa(team.Users), strings.Join(team.Also, ", "))
			}
			return show(c, lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "There is no team yet. Provisioning makes them, and so does: rollcall team create")
					return
				}
				table.write(w)
			})
		}),
	}
	c.Flags().String("group", "", "only teams of this group")
	return withJSON(withTenant(c))
}

func newTeamRename() *cobra.Command {
	return inGroup(changing("rename NAME NEW-NAME", "Rename a team",
		"Rename gives a team a new name; the old one keeps matching.",
		`  rollcall team rename Sales "Sales and Service" --tenant acme`, []string{"NAME", "NEW-NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			err := t.RenameTeam(c.Context(), teamRef(c, args[0]), args[1])
			return fmt.Sprintf("Team %q is %q now; the old name keeps matching.", args[0], args[1]), err
		}))
}

func newTeamAlso() *cobra.Command {
	return inGroup(changing("also-known-as NAME OTHER-NAME", "Give a team another name that matches",
		"Also-known-as adds another name by which profiling finds the team.",
		`  rollcall team also-known-as Sales Myynti --tenant acme`, []string{"NAME", "OTHER-NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			err := t.AddTeamName(c.Context(), teamRef(c, args[0]), args[1])
			return fmt.Sprintf("Team %q is also known as %q now.", args[0], args[1]), err
		}))
}

func newTeamMerge() *cobra.Command {
	return inGroup(changing("merge TEAM INTO-TEAM", "Merge a team into another of its group",
		"Merge moves the people and the names of the first team into the second; the first is gone.",
		`  rollcall team merge Sales-EU Sales --group Finland --tenant acme`, []string{"TEAM", "INTO-TEAM"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			err := t.MergeTeams(c.Context(), teamRef(c, args[0]), teamRef(c, args[1]))
			return fmt.Sprintf("Team %q is part of %q now; its names match there.", args[0], args[1]), err
		}))
}

func newTeamDelete() *cobra.Command {
	return inGroup(changing("delete NAME", "Delete a team",
		"Delete removes a team; the people in it stay in their group. Provisioning makes it anew when a value that names it changes or comes.",
		`  rollcall team delete Sales --group Finland --tenant acme`, []string{"NAME"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			err := t.DeleteTeam(c.Context(), teamRef(c, args[0]))
			return fmt.Sprintf("Team %q deleted.", args[0]), err
		}))
}
