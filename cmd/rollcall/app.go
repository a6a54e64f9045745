package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

func newApp() *cobra.Command {
	c := parent("app", "Provision people into other applications",
		`An application is an outbound provisioning set-up, as an enterprise application is in
Entra ID: a source of people, a SCIM 2.0 target, who is in scope, and what is written as
what. It is kept as YAML that people read. "rollcall serve" runs its cycles; nothing is
written to the target that a plan has not told before.`,
		`  rollcall app template directory > acme.yaml
  rollcall app apply -f acme.yaml --tenant contoso
  rollcall app show acme --tenant contoso`,
		newAppApply(), newAppList(), newAppShow(), newAppExport(), newAppDelete(),
		newAppHistory(), newAppDiff(), newAppRollback(), newAppTemplate(), newAppImportSchema(), newAppEvaluate())
	c.AddCommand(newAppRun()...)
	return c
}

// onApplications runs a command on the applications of a tenant, with the key of
// their secrets at hand.
func onApplications(fn func(*cobra.Command, []string, *directory.Tenant) error) func(*cobra.Command, []string) error {
	return onApplicationsOf(func(c *cobra.Command, args []string, _ *directory.Directory, t *directory.Tenant) error {
		return fn(c, args, t)
	})
}

func onApplicationsOf(fn func(*cobra.Command, []string, *directory.Directory, *directory.Tenant) error) func(*cobra.Command, []string) error {
	return onDirectory(func(c *cobra.Command, args []string, d *directory.Directory) error {
		database, _ := c.Flags().GetString("database")
		path, _ := c.Flags().GetString("key-file")
		d.Key = keyFile(database, path)
		name, _ := c.Flags().GetString("tenant")
		t, err := openTenant(c, d, name)
		if err != nil {
			return err
		}
		return fn(c, args, d, t)
	})
}

// withApplications gives a command the flags --database, --tenant and
// --key-file.
func withApplications(c *cobra.Command) *cobra.Command { return withKeyFile(withTenant(c)) }

// applicationNamed is the application of that name, nil when there is none.
func applicationNamed(c *cobra.Command, t *directory.Tenant, name string) (*directory.Application, error) {
	all, err := t.Applications(c.Context())
	for _, a := range all {
		if scim.Fold(a.Name) == scim.Fold(name) {
			return &a, err
		}
	}
	return nil, err
}

// tenantFlag is how a command that we propose names the tenant.
func tenantFlag(t *directory.Tenant) string { return fmt.Sprintf(" --tenant %s", t.Name()) }
