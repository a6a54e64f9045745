package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

func newToken() *cobra.Command {
	return parent("token", "Make, list, rotate and revoke access tokens",
		`An access token opens SCIM to an identity provider. It belongs to a company admin and
ends with his access, or to a connection. It is shown once: only its fingerprint is kept.`,
		`  rollcall token create --tenant acme --user admin@acme.test --name SCIM
  rollcall token rotate SCIM --tenant acme`,
		newTokenCreate(), newTokenList(), newTokenRevoke(), newTokenRotate())
}

func newTokenCreate() *cobra.Command {
	var user, connection, name, expires string
	c := &cobra.Command{
		Use:   "create --user ADMIN | --connection NAME",
		Short: "Make an access token and print it",
		Long: `Create prints the new token alone on standard output, so that a script can take it from
there. It is not kept, so it cannot be shown again. A token of a company admin ends with
his access; one of a connection belongs to nobody, and outlives the admins.`,
		Example: `  rollcall token create --tenant acme --user admin@acme.test --name SCIM
  TOKEN=$(rollcall token create --tenant acme --user admin@acme.test --name trial --expires 7d)`,
		Args: arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			end, err := expiry(expires, time.Now())
			if err != nil {
				return usageOf(c, err)
			}
			var secret string
			switch {
			case (user == "") == (connection == ""):
				return usageOf(c, fmt.Errorf("say either --user or --connection"))
			case user != "":
				secret, err = t.CreateToken(c.Context(), user, name, end)
			default:
				secret, err = t.CreateConnectionToken(c.Context(), connection, name, end)
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), secret)
			fmt.Fprintf(c.ErrOrStderr(), "This is shown once; keep it safe. Tenant URL: %s\n", tenantURLFromEnvironment(t.Name()))
			return nil
		}),
	}
	c.Flags().StringVar(&user, "user", "", "the company admin whose token it is")
	c.Flags().StringVar(&connection, "connection", "", "the connection whose token it is")
	c.Flags().StringVar(&name, "name", "SCIM", "a name by which to know it later")
	c.Flags().StringVar(&expires, "expires", "365d", "when it ends: in so many days (90d), or a date (2027-12-31)")
	return withTenant(c)
}

// expiry reads 90d, 12h, or a date, which ends with its last moment.
func expiry(s string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n <= 100*365 {
			return now.AddDate(0, 0, n), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(d), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation("2006-01-02", s, time.Local); err == nil {
		return t.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	return time.Time{}, fmt.Errorf("--expires %q is neither a number of days nor a date; write it like 90d or 2027-12-31", s)
}

// tokenLine is a token for programs to read.
type tokenLine struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Prefix   string    `json:"prefix"`
	Owner    string    `json:"owner"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
	LastUsed time.Time `json:"lastUsed,omitzero"`
	State    string    `json:"state"`
}

func newTokenList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the access tokens",
		Long:    "List shows every token with its first characters, its owner, until when it works and when it was last used. A running server writes the last use once a minute.",
		Example: `  rollcall token list --tenant acme`,
		Args:    arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			tokens, err := t.Tokens(c.Context())
			if err != nil {
				return err
			}
			lines := make([]tokenLine, 0, len(tokens))
			table := newTable("NAME", "TOKEN", "OWNER", "CREATED", "EXPIRES", "LAST USED", "STATE", "ID")
			for _, k := range tokens {
				lines = append(lines, tokenLine{k.ID, k.Name, k.Prefix, k.Owner, k.Created.UTC(), k.Expires.UTC(), k.LastUsed.UTC(), k.State})
				table.add(k.Name, k.Prefix+"...", k.Owner, day(k.Created), day(k.Expires), minute(k.LastUsed), k.State, k.ID)
			}
			return show(c, lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "There is no token yet. Make one: rollcall token create --user ADMIN")
					return
				}
				table.write(w)
			})
		}),
	}
	return withJSON(withTenant(c))
}

func newTokenRevoke() *cobra.Command {
	return changing("revoke TOKEN", "End an access token at once",
		"Revoke ends a token, named by its id, its name or its first characters. The next request with it is answered 401, by every server.",
		`  rollcall token revoke SCIM --tenant acme`, []string{"TOKEN"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			return "Token revoked.", t.RevokeToken(c.Context(), args[0])
		})
}

func newTokenRotate() *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate TOKEN",
		Short: "Replace an access token and print the new one",
		Long: `Rotate makes a new token at once, prints it alone on standard output, and lets the old one
work for 7 more days, so that nothing stops while the identity provider is given the new one.`,
		Example: `  rollcall token rotate SCIM --tenant acme`,
		Args:    arguments("TOKEN"),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			secret, err := t.RotateToken(c.Context(), args[0])
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), secret)
			fmt.Fprintln(c.ErrOrStderr(), "This is shown once; keep it safe. The old token works for 7 more days at most.")
			return nil
		}),
	}
	return withTenant(c)
}
