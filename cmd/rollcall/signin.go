package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// withConsole gives a command that hands out a link the flag that says where
// the console is.
func withConsole(c *cobra.Command) *cobra.Command {
	c.Flags().String("public-url", "", "how browsers reach the console, such as https://{tenant}.rollcall.example; default: as serve has it")
	alsoEnvironment(c.Flags(), "public-url")
	return c
}

// consoleURL is where a tenant's console is; without a tenant that of operators,
// at the bare host. A public URL that is one host for all is no tenant's: each
// tenant's console has a host of its own.
func consoleURL(c *cobra.Command, tenant string) string {
	base, _ := c.Flags().GetString("public-url")
	if tenant == "" && base != "" {
		return strings.TrimRight(strings.Replace(base, "{tenant}.", "", 1), "/")
	}
	if strings.Contains(base, "{tenant}") {
		return strings.TrimRight(strings.ReplaceAll(base, "{tenant}", tenant), "/")
	}
	cfg := configFromEnvironment()
	if one, err := url.Parse(base); err == nil && one.Host != "" {
		return one.Scheme + "://" + strings.Replace(one.Host, one.Hostname(), tenant+"."+cfg.baseDomain, 1)
	}
	cfg.publicURL = ""
	at := strings.TrimSuffix(cfg.writtenURL(cmp.Or(tenant, "{tenant}")), scimhttp.Base)
	return strings.Replace(at, "{tenant}.", "", 1)
}

// signInURL is what a person opens to use a link.
func signInURL(c *cobra.Command, tenant, secret string) string {
	return consoleURL(c, tenant) + "/sign-in/link/" + secret
}

func newUserSignInLink() *cobra.Command {
	return withConsole(withTenant(&cobra.Command{
		Use:   "sign-in-link PERSON",
		Short: "Make a link that signs a person in, once",
		Long: `Sign-in-link prints an address that signs the person in once, within seven days, whatever
the tenant's sign-in settings say; there he or she can set a password. An earlier link of
that person ends. In a tenant that has no company admin left, the person becomes one, so
that somebody can open it again.`,
		Example: `  rollcall user sign-in-link anna@acme.test --tenant acme
  rollcall user sign-in-link anna@acme.test --public-url https://{tenant}.rollcall.example`,
		Args: arguments("PERSON"),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			secret, madeAdmin, err := t.BreakGlass(c.Context(), args[0])
			if err != nil {
				return err
			}
			if madeAdmin {
				fmt.Fprintf(c.ErrOrStderr(), "No company admin was left in %s, so %s is one now.\n", t.Name(), args[0])
			}
			fmt.Fprintln(c.OutOrStdout(), signInURL(c, t.Name(), secret))
			fmt.Fprintln(c.ErrOrStderr(), "Give it to that person alone: whoever opens it is signed in as him or her. It works once, within 7 days.")
			return nil
		}),
	}))
}

func newUserSetPassword() *cobra.Command {
	return withTenant(&cobra.Command{
		Use:   "set-password PERSON",
		Short: "Set a person's password, from standard input",
		Long: `Set-password reads a password from the terminal, or the first line of standard input, and
sets it. The person's sessions and sign-in links end. To let people choose their own, which
nobody else knows then, use sign-in-link.`,
		Example: `  rollcall user set-password anna@acme.test --tenant acme
  rollcall user set-password anna@acme.test --tenant acme < password.txt`,
		Args: arguments("PERSON"),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			password, err := readPassword(c)
			if err != nil {
				return err
			}
			if err := t.GivePassword(c.Context(), args[0], password); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s has a new password, and is signed out everywhere.\n", args[0])
			return nil
		}),
	})
}

// readPassword shows nothing of what is typed at a terminal.
func readPassword(c *cobra.Command) (string, error) {
	if f, ok := c.InOrStdin().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(c.ErrOrStderr(), "New password: ")
		text, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.ErrOrStderr())
		return string(text), err
	}
	line, err := bufio.NewReader(c.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func newOperator() *cobra.Command {
	return parent("operator", "Sign in to the pages of whoever runs this server",
		"Operators see all tenants with their numbers and the health of the server, make tenants, and see nobody's people.",
		`  rollcall operator sign-in-link`,
		newOperatorSignInLink())
}

func newOperatorSignInLink() *cobra.Command {
	return withConsole(withDatabase(&cobra.Command{
		Use:   "sign-in-link",
		Short: "Make a link that signs an operator in, once",
		Long: `Sign-in-link prints an address that signs you in once, within an hour, to the pages of
operators, at the host without a tenant.`,
		Example: `  rollcall operator sign-in-link
  rollcall operator sign-in-link --database postgres://rollcall@db/rollcall`,
		Args: arguments(),
		RunE: onDirectory(func(c *cobra.Command, _ []string, d *directory.Directory) error {
			secret, err := d.OperatorLink(c.Context())
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), consoleURL(c, "")+"/operator/sign-in/"+secret)
			fmt.Fprintln(c.ErrOrStderr(), "It works once, within an hour, and opens all tenants' numbers: keep it to yourself.")
			return nil
		}),
	}))
}
