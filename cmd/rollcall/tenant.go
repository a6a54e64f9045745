package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

func newTenant() *cobra.Command {
	return parent("tenant", "Make tenants, look at them, change their settings",
		"A tenant is one company's space, at <tenant>.<base domain>, with its own people, groups, teams and settings.",
		`  rollcall tenant create acme --name "Acme Oy" --admin-email admin@acme.test
  rollcall tenant set groups true --tenant acme`,
		newTenantCreate(), newTenantList(), newTenantShow(), newTenantSet())
}

func newTenantCreate() *cobra.Command {
	var n directory.NewTenant
	c := &cobra.Command{
		Use:   "create NAME --admin-email ADDRESS",
		Short: "Make a tenant and its first company admin",
		Long: `Create makes a tenant with the group Default and its first company admin, who is a
person like any other: SCIM sees him and counts include him. NAME becomes the first
label of the tenant's host. It prints a one-time link that signs the admin in.`,
		Example: `  rollcall tenant create acme --name "Acme Oy" --admin-email admin@acme.test
  rollcall tenant create acme --admin-email anna@acme.test --admin-given-name Anna --admin-family-name Aalto`,
		Args: arguments("NAME"),
		RunE: onNewDirectory(func(c *cobra.Command, args []string, d *directory.Directory) error {
			n.Name = args[0]
			t, err := d.CreateTenant(c.Context(), n, via(c))
			if err != nil {
				return err
			}
			link, err := t.SignInLink(c.Context(), n.AdminEmail)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "Tenant %s created, with the company admin %s.\n", t.Name(), n.AdminEmail)
			fmt.Fprintf(c.OutOrStdout(), "Sign-in link for the admin, good once within 7 days: %s\n", signInURL(c, t.Name(), link))
			fmt.Fprintf(c.ErrOrStderr(), "Next, a token for its identity provider: rollcall token create --tenant %s --user %s --name SCIM\n", t.Name(), n.AdminEmail)
			return nil
		}),
	}
	c.Flags().StringVar(&n.Display, "name", "", "the company's name, for people to read")
	c.Flags().StringVar(&n.AdminEmail, "admin-email", "", "e-mail address and userName of the first company admin")
	c.Flags().StringVar(&n.GivenName, "admin-given-name", "", "given name of the first company admin; default: from the address")
	c.Flags().StringVar(&n.FamilyName, "admin-family-name", "", "family name of the first company admin")
	needs(c, "admin-email")
	return withConsole(withDatabase(c))
}

// needs refuses the command without the flags.
func needs(c *cobra.Command, flags ...string) {
	check := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return err
		}
		for _, f := range flags {
			if !c.Flags().Changed(f) {
				return usageOf(c, fmt.Errorf("--%s is missing", f))
			}
		}
		return nil
	}
}

// tenantLine is a tenant for programs to read.
type tenantLine struct {
	Name      string    `json:"name"`
	Display   string    `json:"displayName"`
	Created   time.Time `json:"created"`
	Users     int64     `json:"users"`
	Matched   int64     `json:"matched"`
	Unmatched int64     `json:"unmatched"`
}

// tenantSheet is a tenant with all there is to know about it.
type tenantSheet struct {
	tenantLine
	TenantURL string        `json:"tenantUrl"`
	Groups    int           `json:"groups"`
	Teams     int           `json:"teams"`
	Settings  []settingLine `json:"settings"`
}

type settingLine struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default string `json:"default"`
	What    string `json:"meaning"`
}

func lineOf(row directory.TenantRow) tenantLine {
	return tenantLine{Name: row.Name, Display: row.Display, Created: time.UnixMicro(row.Created).UTC(),
		Users: row.Users, Matched: row.Matched, Unmatched: row.Users - row.Matched}
}

func newTenantList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List all tenants",
		Long:    "List shows every tenant of the database, with how many people it has and how many of them an identity provider has matched.",
		Example: `  rollcall tenant list`,
		Args:    arguments(),
		RunE: onDirectory(func(c *cobra.Command, _ []string, d *directory.Directory) error {
			rows, err := d.Tenants(c.Context())
			if err != nil {
				return err
			}
			lines := make([]tenantLine, 0, len(rows))
			table := newTable("TENANT", "NAME", "PEOPLE", "MATCHED", "CREATED").numbers("PEOPLE", "MATCHED")
			for _, row := range rows {
				l := lineOf(row)
				lines = append(lines, l)
				table.add(l.Name, l.Display, strconv.FormatInt(l.Users, 10), strconv.FormatInt(l.Matched, 10), day(l.Created))
			}
			return show(c, lines, func(w io.Writer) {
				if len(lines) == 0 {
					fmt.Fprintf(w, "There is no tenant yet. Make the first: %s\n", firstTenant)
					return
				}
				table.write(w)
			})
		}),
	}
	return withJSON(withDatabase(c))
}

func newTenantShow() *cobra.Command {
	c := &cobra.Command{
		Use:     "show [NAME]",
		Short:   "Show a tenant: its Tenant URL, counts and settings",
		Long:    "Show prints what an admin needs at the identity provider, how many people, groups and teams there are, and every setting with its default.",
		Example: `  rollcall tenant show acme`,
		Args:    arguments("[NAME]"),
		RunE: onDirectory(func(c *cobra.Command, args []string, d *directory.Directory) error {
			name, _ := c.Flags().GetString("tenant")
			if len(args) > 0 {
				name = args[0]
			}
			t, err := openTenant(c, d, name)
			if err != nil {
				return err
			}
			l, err := describe(c, t)
			if err != nil {
				return err
			}
			return show(c, l, l.write)
		}),
	}
	return withJSON(withTenant(c))
}

func describe(c *cobra.Command, t *directory.Tenant) (tenantSheet, error) {
	ctx := c.Context()
	row, err := t.Row(ctx)
	if err != nil {
		return tenantSheet{}, err
	}
	groups, err := t.Groups(ctx)
	if err != nil {
		return tenantSheet{}, err
	}
	settings, err := t.Settings(ctx)
	if err != nil {
		return tenantSheet{}, err
	}
	l := tenantSheet{tenantLine: lineOf(row), TenantURL: tenantURLFromEnvironment(row.Name), Groups: len(groups)}
	for _, g := range groups {
		l.Teams += g.Teams
	}
	for _, s := range settings.All() {
		l.Settings = append(l.Settings, settingLine(s))
	}
	return l, nil
}

// tenantURLFromEnvironment is the Tenant URL as a server started from this
// environment has it; with serve's defaults where it says nothing.
func tenantURLFromEnvironment(tenant string) string {
	cfg := configFromEnvironment()
	return cfg.writtenURL(tenant)
}

func configFromEnvironment() config {
	cfg := config{listen: "127.0.0.1:8080", baseDomain: "localhost", publicURL: os.Getenv(variable("public-url"))}
	if domain := os.Getenv(variable("base-domain")); domain != "" {
		cfg.baseDomain = domain
	}
	if listen := os.Getenv(variable("listen")); listen != "" {
		cfg.listen = listen
	}
	return cfg
}

// writtenURL is tenantURL for a server that was only written down.
func (cfg *config) writtenURL(tenant string) string {
	scheme := "http"
	if os.Getenv(variable("tls-cert")) != "" {
		scheme = "https"
	}
	return cfg.tenantURL(tenant, scheme, listenAddress(cfg.listen))
}

// listenAddress is an address that was only written down.
type listenAddress string

func (listenAddress) Network() string  { return "tcp" }
func (a listenAddress) String() string { return string(a) }

var _ net.Addr = listenAddress("")

func (l tenantSheet) write(w io.Writer) {
	fmt.Fprintf(w, "%s  %s\n\n", l.Name, l.Display)
	fmt.Fprintf(w, "Tenant URL  %s\n", l.TenantURL)
	fmt.Fprintf(w, "Created     %s\n", day(l.Created))
	fmt.Fprintf(w, "People      %d (%d matched, %d unmatched)\n", l.Users, l.Matched, l.Unmatched)
	fmt.Fprintf(w, "Groups      %d, with %d teams\n\n", l.Groups, l.Teams)
	table := newTable("SETTING", "VALUE", "DEFAULT", "MEANING")
	for _, s := range l.Settings {
		fallback := s.Default
		if s.Value == s.Default {
			fallback = "(is the default)"
		}
		table.add(s.Name, s.Value, fallback, s.What)
	}
	table.write(w)
}

func newTenantSet() *cobra.Command {
	c := &cobra.Command{
		Use:   "set SETTING VALUE",
		Short: "Change a setting of a tenant",
		Long: `Set changes one setting; "rollcall tenant show" lists them with their meaning. It works
at once, also for a server that is running. It moves nobody by itself: profiling follows
changes. To apply it to everybody, run: rollcall user profile-again`,
		Example: `  rollcall tenant set groups true --tenant acme
  rollcall tenant set team-attributes locality,department --tenant acme
  rollcall tenant set deprovision deactivate --tenant acme`,
		Args: arguments("SETTING", "VALUE"),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			if err := t.Set(c.Context(), args[0], args[1]); err != nil {
				return err
			}
			settings, err := t.Settings(c.Context())
			if err != nil {
				return err
			}
			for _, s := range settings.All() {
				if s.Name == args[0] {
					fmt.Fprintf(c.OutOrStdout(), "%s is %s now.\n", s.Name, orNone(s.Value))
				}
			}
			return nil
		}),
	}
	return withTenant(c)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// day and minute show times in the zone of whoever reads them.
func day(t time.Time) string { return t.Local().Format("2006-01-02") }

func minute(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04")
}
