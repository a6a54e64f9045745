package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

func newClient() *cobra.Command {
	return parent("client", "Make, list and revoke OAuth clients",
		`An OAuth client gets access tokens of a quarter of an hour by itself (RFC 6749, client
credentials), for identity providers that ask for a client id, a client secret and a token
endpoint instead of a secret token. It belongs to a connection, not to a person.`,
		`  rollcall client create --tenant acme --name "Entra ID"
  rollcall client revoke "Entra ID" --tenant acme`,
		newClientCreate(), newClientList(), newClientRevoke())
}

// clientMade is a new client, as it is shown once.
type clientMade struct {
	ID            string `json:"client_id"`
	Secret        string `json:"client_secret,omitzero"`
	TokenEndpoint string `json:"token_endpoint"`
	Issuer        string `json:"issuer"`
}

func newClientCreate() *cobra.Command {
	var n directory.NewClient
	var expires, keyFile string
	c := &cobra.Command{
		Use:   "create --name NAME",
		Short: "Make an OAuth client and print its id and secret",
		Long: `Create prints the client's id and its secret. The secret is not kept, so it cannot be shown
again. With --key the client has no secret: it signs with its own key (private_key_jwt), and
the file holds the public keys, as a JWK Set or a JWK. Keys: EC P-256, RSA or Ed25519.`,
		Example: `  rollcall client create --tenant acme --name "Entra ID"
  rollcall client create --tenant acme --name Okta --key jwks.json --expires 365d --json`,
		Args: arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) (err error) {
			if expires != "" {
				if n.Expires, err = expiry(expires, time.Now()); err != nil {
					return usageOf(c, err)
				}
			}
			if keyFile != "" {
				if n.Keys, err = os.ReadFile(keyFile); err != nil {
					return fmt.Errorf("cannot read the key file: %w", err)
				}
				if len(n.Keys) == 0 {
					return fmt.Errorf("the key file %s is empty; it must hold a JWK Set or a JWK", keyFile)
				}
			}
			id, secret, err := t.CreateClient(c.Context(), n)
			if err != nil {
				return err
			}
			return showClient(c, t.Name(), id, secret)
		}),
	}
	c.Flags().StringVar(&n.Name, "name", "", "a name by which to know it later")
	c.Flags().StringVar(&n.Connection, "connection", directory.DefaultConnection, "the connection that it belongs to")
	c.Flags().StringVar(&keyFile, "key", "", "file with the client's public keys, for private_key_jwt; without it a secret is made")
	c.Flags().StringVar(&expires, "expires", "", "when it ends: in so many days (90d), or a date (2027-12-31); default: when it is revoked")
	needs(c, "name")
	return withJSON(withTenant(c))
}

func showClient(c *cobra.Command, tenant, id, secret string) error {
	issuer := strings.TrimSuffix(tenantURLFromEnvironment(tenant), scimhttp.Base)
	made := clientMade{id, secret, issuer + scimhttp.TokenPath, issuer}
	if secret != "" {
		fmt.Fprintln(c.ErrOrStderr(), "The secret is shown once; keep it safe.")
	}
	return show(c, made, func(w io.Writer) {
		fmt.Fprintf(w, "client_id       %s\n", made.ID)
		if secret != "" {
			fmt.Fprintf(w, "client_secret   %s\n", secret)
		}
		fmt.Fprintf(w, "token endpoint  %s\n", made.TokenEndpoint)
		if secret == "" {
			fmt.Fprintf(w, "audience (aud)  %s\n", made.Issuer)
		}
	})
}

// clientLine is a client for programs to read.
type clientLine struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Connection string    `json:"connection"`
	Method     string    `json:"method"`
	Created    time.Time `json:"created"`
	Expires    time.Time `json:"expires,omitzero"`
	LastUsed   time.Time `json:"lastUsed,omitzero"`
	State      string    `json:"state"`
}

func newClientList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the OAuth clients",
		Long:    "List shows every client with its connection, how it proves itself, until when it works and when it last got an access token.",
		Example: `  rollcall client list --tenant acme`,
		Args:    arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			clients, err := t.Clients(c.Context())
			if err != nil {
				return err
			}
			lines := make([]clientLine, 0, len(clients))
			table := newTable("NAME", "CONNECTION", "METHOD", "CREATED", "EXPIRES", "LAST USED", "STATE", "CLIENT ID")
			for _, k := range clients {
				lines = append(lines, clientLine{k.ID, k.Name, k.Connection, k.Method, k.Created.UTC(), k.Expires.UTC(), k.LastUsed.UTC(), k.State})
				table.add(k.Name, k.Connection, k.Method, day(k.Created), end(k.Expires), minute(k.LastUsed), k.State, k.ID)
			}
			return show(c, lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintln(w, "There is no OAuth client yet. Make one: rollcall client create --name NAME")
					return
				}
				table.write(w)
			})
		}),
	}
	return withJSON(withTenant(c))
}

// end is the day on which something ends.
func end(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return day(t)
}

func newClientRevoke() *cobra.Command {
	return changing("revoke CLIENT", "End an OAuth client at once",
		"Revoke ends a client, named by its id or its name, and every access token that it has got. The next request with one is answered 401, by every server.",
		`  rollcall client revoke "Entra ID" --tenant acme`, []string{"CLIENT"},
		func(c *cobra.Command, args []string, t *directory.Tenant) (string, error) {
			return "Client revoked.", t.RevokeClient(c.Context(), args[0])
		})
}
