package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// peopleAtOnce is how many are read in one go.
const peopleAtOnce = 500

func newUserList() *cobra.Command {
	var unmatched, matched, removed bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List people",
		Long: `List shows the people in sight, with their group, teams and whether an identity provider
has matched them. With --removed it shows those who wait to be restored or forgotten.`,
		Example: `  rollcall user list --tenant acme --unmatched
  rollcall user list --tenant acme --group Finland --team Sales --json`,
		Args: arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			if matched && unmatched {
				return usageOf(c, errors.New("--matched and --unmatched exclude each other"))
			}
			q := directory.UserQuery{Removed: removed}
			q.Group, _ = c.Flags().GetString("group")
			team, _ := c.Flags().GetString("team")
			q.Team = directory.TeamRef{Name: team, Group: q.Group}
			if matched || unmatched {
				q.Matched = &matched
			}
			users, err := allUsers(c, t, q)
			if err != nil {
				return err
			}
			return show(c, users, func(w io.Writer) { writeUsers(w, users) })
		}),
	}
	c.Flags().BoolVar(&unmatched, "unmatched", false, "only people whom no identity provider has looked up")
	c.Flags().BoolVar(&matched, "matched", false, "only people whom an identity provider knows")
	c.Flags().BoolVar(&removed, "removed", false, "people who were removed and can be restored")
	c.Flags().String("group", "", "only people of this group")
	c.Flags().String("team", "", "only people of this team")
	return withJSON(withTenant(c))
}

func allUsers(c *cobra.Command, t *directory.Tenant, q directory.UserQuery) ([]directory.User, error) {
	q.Limit = peopleAtOnce
	users := []directory.User{}
	for {
		some, err := t.Users(c.Context(), q)
		if err != nil {
			return nil, err
		}
		users = append(users, some...)
		if len(some) < q.Limit {
			return users, nil
		}
		q.After = some[len(some)-1].ID
	}
}

func writeUsers(w io.Writer, users []directory.User) {
	if len(users) == 0 {
		fmt.Fprintln(w, "Nobody.")
		return
	}
	table := newTable("USERNAME", "NAME", "GROUP", "TEAMS", "MATCHED", "STATE")
	for _, u := range users {
		state := u.State
		if u.Role != directory.Roles[directory.RoleUser] {
			state += ", " + u.Role
		}
		table.add(u.UserName, u.DisplayName, u.Group, strings.Join(u.Teams, ", "), yesNo(u.Matched), state)
	}
	table.write(w)
	people := "people"
	if len(users) == 1 {
		people = "person"
	}
	fmt.Fprintf(w, "\n%d %s\n", len(users), people)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// personLine is a person, with everything, for programs to read.
type personLine struct {
	directory.User
	Memberships []string         `json:"memberships"`
	Values      directory.Values `json:"profiled"`
	Resource    scim.Object      `json:"attributes"`
}

func newUserShow() *cobra.Command {
	c := &cobra.Command{
		Use:     "show PERSON",
		Short:   "Show a person with everything known",
		Long:    "Show prints a person's group, teams with the reason for each, role, state and the values that profiling reads. --json has all attributes.",
		Example: `  rollcall user show anna@acme.test --tenant acme`,
		Args:    arguments("PERSON"),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			u, err := t.User(c.Context(), args[0])
			if err != nil {
				return err
			}
			reasons, err := teamReasons(c, t, u)
			if err != nil {
				return err
			}
			line := personLine{User: u, Memberships: reasons, Values: u.Values, Resource: u.Resource}
			return show(c, line, func(w io.Writer) { writeUser(w, u, reasons) })
		}),
	}
	return withJSON(withTenant(c))
}

// teamReasons are lines such as "Sales (department)".
func teamReasons(c *cobra.Command, t *directory.Tenant, u directory.User) ([]string, error) {
	teams, err := t.Teams(c.Context(), "")
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, team := range teams {
		names[team.ID] = team.Name
	}
	out := []string{}
	for _, m := range u.Memberships {
		out = append(out, fmt.Sprintf("%s (%s)", names[m.Team], m.Origin))
	}
	return out, nil
}

func writeUser(w io.Writer, u directory.User, reasons []string) {
	matched := "no; no identity provider has looked this person up"
	if u.Matched {
		matched = "yes"
	}
	lines := [][2]string{
		{"userName", u.UserName}, {"name", u.DisplayName}, {"id", u.ID}, {"state", u.State}, {"role", u.Role},
		{"matched", matched}, {"group", u.Group}, {"teams", strings.Join(reasons, ", ")},
	}
	for _, name := range append([]string{directory.Country}, directory.TeamAttributes...) {
		lines = append(lines, [2]string{name, u.Values[name]})
	}
	for _, l := range lines {
		if l[1] == "" {
			l[1] = "-"
		}
		fmt.Fprintf(w, "%-13s %s\n", l[0], printable(l[1]))
	}
}
