package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

func newUser() *cobra.Command {
	return parent("user", "Make, list, change, remove and restore people",
		`People are named by userName or id. What is changed here goes the same way as what SCIM
changes: a new country or department is profiled as if the identity provider had sent it.`,
		`  rollcall user list --tenant acme --unmatched
  rollcall user set anna@acme.test department=Sales country=Finland --tenant acme`,
		newUserList(), newUserShow(), newUserCreate(), newUserSet(), newUserMove(), newUserTeam(true), newUserTeam(false),
		newUserRole(), newUserSignInLink(), newUserSetPassword(), newUserRemove(), newUserRestore(), newUserProfileAgain())
}

// attributes reads NAME=VALUE arguments and the flags for the two names.
type attributes struct{ given, family string }

func (a *attributes) flags(c *cobra.Command) {
	c.Flags().StringVar(&a.given, "given-name", "", "given name (first name)")
	c.Flags().StringVar(&a.family, "family-name", "", "family name (surname)")
}

func (a *attributes) read(c *cobra.Command, args []string) (map[string]string, error) {
	out := map[string]string{}
	if c.Flags().Changed("given-name") {
		out["name.givenName"] = a.given
	}
	if c.Flags().Changed("family-name") {
		out["name.familyName"] = a.family
	}
	for _, arg := range args {
		name, value, ok := cutAttribute(arg)
		if !ok {
			return nil, usageOf(c, fmt.Errorf("%q is no NAME=VALUE; write it like department=Sales", arg))
		}
		if _, twice := out[name]; twice {
			return nil, usageOf(c, fmt.Errorf("%s is given twice", name))
		}
		out[name] = value
	}
	return out, nil
}

// cutAttribute cuts at the first = outside brackets: a path may hold a filter.
func cutAttribute(arg string) (name, value string, ok bool) {
	depth := 0
	for i, r := range arg {
		switch r {
		case '[':
			depth++
		case ']':
			depth--
		case '=':
			if depth == 0 && i > 0 {
				return strings.TrimSpace(arg[:i]), arg[i+1:], true
			}
		}
	}
	return "", "", false
}

// where says in which group and teams a person is.
func where(u directory.User) string {
	s := fmt.Sprintf("in the group %q", u.Group)
	if len(u.Teams) > 0 {
		s += ", teams: " + strings.Join(u.Teams, ", ")
	}
	return s
}

func newUserCreate() *cobra.Command {
	var a attributes
	c := changing("create USERNAME [NAME=VALUE ...]", "Make a person by hand",
		`Create makes a person, who is unmatched until an identity provider looks him or her up.
Attributes are named as in SCIM.`,
		`  rollcall user create anna@acme.test --given-name Anna --family-name Aalto --tenant acme
  rollcall user create anna@acme.test country=Finland department=Sales --tenant acme`,
		[]string{"USERNAME", "[NAME=VALUE...]"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			values, err := a.read(c, args[1:])
			if err != nil {
				return "", err
			}
			u, err := t.CreateUser(c.Context(), args[0], values)
			return fmt.Sprintf("%s created, %s.", u.UserName, where(u)), err
		})
	a.flags(c)
	return c
}

func newUserSet() *cobra.Command {
	var a attributes
	c := changing("set PERSON NAME=VALUE ...", "Change attributes of a person",
		`Set changes attributes, named as in SCIM; an empty value takes one away. The identity
provider's next change of the same attribute wins.`,
		`  rollcall user set anna@acme.test department=Sales name.givenName=Anna --tenant acme
  rollcall user set anna@acme.test title= --tenant acme
  rollcall user set anna@acme.test 'emails[type eq "home"].value=anna@home.test' --tenant acme`,
		[]string{"PERSON", "[NAME=VALUE...]"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			values, err := a.read(c, args[1:])
			if err != nil {
				return "", err
			}
			if len(values) == 0 {
				return "", usageOf(c, errors.New("nothing to change; write it like department=Sales"))
			}
			u, err := t.SetUser(c.Context(), args[0], values)
			if u.State == "removed" { // active=false removes, unless the tenant only deactivates
				return removed(u), err
			}
			return fmt.Sprintf("%s changed, %s.", u.UserName, where(u)), err
		})
	a.flags(c)
	return c
}

func newUserMove() *cobra.Command {
	return changing("move PERSON GROUP", "Move a person to another group",
		`Move takes a person out of all teams, puts him or her into the group, and profiles the teams
there. It stays so until the identity provider sends another country.`,
		`  rollcall user move anna@acme.test Finland --tenant acme`, []string{"PERSON", "GROUP"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			u, err := t.MoveUser(c.Context(), args[0], args[1])
			return fmt.Sprintf("%s moved, %s.", u.UserName, where(u)), err
		})
}

func newUserTeam(add bool) *cobra.Command {
	use, short := "add-to-team PERSON TEAM", "Add a person to a team by hand"
	long := "Add-to-team puts a person into a team of his or her own group. It lasts until the person changes group."
	if !add {
		use, short = "remove-from-team PERSON TEAM", "Take a person out of a team"
		long = "Remove-from-team takes a person out of a team, for whatever reason he or she is in it, until the value that names the team changes."
	}
	name, _, _ := strings.Cut(use, " ")
	return inGroup(changing(use, short, long, "  rollcall user "+name+" anna@acme.test Sauna --tenant acme", []string{"PERSON", "TEAM"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			change := t.RemoveFromTeam
			if add {
				change = t.AddToTeam
			}
			u, err := change(c.Context(), args[0], teamRef(c, args[1]))
			return fmt.Sprintf("%s is %s.", u.UserName, where(u)), err
		}))
}

func newUserRole() *cobra.Command {
	return changing("set-role PERSON ROLE", "Make a person user, group-admin or company-admin",
		`Set-role gives a role: user, group-admin (his or her own group's people and teams) or
company-admin (everything in the tenant). Tokens of a former company admin end at once.`,
		`  rollcall user set-role anna@acme.test company-admin --tenant acme`, []string{"PERSON", "ROLE"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			u, err := t.SetRole(c.Context(), args[0], args[1])
			return fmt.Sprintf("%s is %s now.", u.UserName, u.Role), err
		})
}

func newUserRemove() *cobra.Command {
	return eachPerson("remove PERSON ...", "Remove people, so that they can be restored",
		`Remove takes people out of the tenant at once: sign-in, tokens, group and teams. They wait
under Removed for the retention time (setting retention-days) and can be restored.`,
		`  rollcall user remove anna@acme.test --tenant acme`,
		func(c *cobra.Command, ref string, t *directory.Tenant) (string, error) {
			u, err := t.RemoveUser(c.Context(), ref)
			return removed(u), err
		})
}

// removed says how to take it back.
func removed(u directory.User) string {
	return fmt.Sprintf("%s removed; to undo: rollcall user restore %s", u.UserName, u.ID)
}

func newUserRestore() *cobra.Command {
	return eachPerson("restore PERSON ...", "Bring removed people back",
		`Restore brings removed people back as they were: id, group, teams and role. It is refused
while somebody else has the userName.`,
		`  rollcall user restore anna@acme.test --tenant acme`,
		func(c *cobra.Command, ref string, t *directory.Tenant) (string, error) {
			u, err := t.RestoreUser(c.Context(), ref)
			return fmt.Sprintf("%s restored, %s.", u.UserName, where(u)), err
		})
}

// eachPerson does the same to several people; one failure does not stop the
// others.
func eachPerson(use, short, long, example string, fn func(*cobra.Command, string, *directory.Tenant) (string, error)) *cobra.Command {
	return withTenant(&cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: arguments("PERSON", "[PERSON...]"),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			var failed faults
			for _, ref := range args {
				said, err := fn(c, ref, t)
				failed.add(err)
				if err == nil {
					fmt.Fprintln(c.OutOrStdout(), said)
				}
			}
			if len(args) > 1 && len(failed) > 0 {
				return fmt.Errorf("%d of %d did not work:\n  - %s", len(failed), len(args), strings.Join(failed, "\n  - "))
			}
			return failed.err()
		}),
	})
}
