package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/provision"
)

func newAppTemplate() *cobra.Command {
	names := strings.Join(provision.Templates(), ", ")
	return &cobra.Command{
		Use:   "template [KIND]",
		Short: "Print an application to begin with",
		Long: `Template prints a set-up with a comment on everything that is to be filled in. KIND is where
people come from, or which mapping is shown in full: ` + names + `.
Without it, the tenant's own directory is the source.`,
		Example: `  rollcall app template > acme.yaml
  rollcall app template ldap > acme.yaml`,
		Args: arguments("[KIND]"),
		RunE: func(c *cobra.Command, args []string) error {
			kind := "directory"
			if len(args) > 0 {
				kind = args[0]
			}
			text, err := provision.Template(kind)
			if err == nil {
				_, err = io.WriteString(c.OutOrStdout(), text)
			}
			return err
		},
	}
}

func newAppImportSchema() *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "import-schema FILE --name NAME",
		Short: "Turn a schema of Entra ID into an application",
		Long: `Import-schema reads the synchronization schema of an enterprise application, as Entra ID
exports it (Provisioning > Edit attribute mappings > Review your schema, or Microsoft Graph),
and prints its mappings and scoping filters as an application's YAML. What has no
counterpart stands there as a comment and is listed. Fill in source and target, then apply.`,
		Example: `  rollcall app import-schema entra-schema.json --name acme > acme.yaml`,
		Args:    arguments("FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("cannot read the schema: %w", err)
			}
			yaml, notes, err := provision.ImportSchema(text, name)
			if err != nil {
				return err
			}
			for _, note := range notes {
				fmt.Fprintf(c.ErrOrStderr(), "left out: %s\n", printable(note))
			}
			_, err = c.OutOrStdout().Write(yaml)
			return err
		},
	}
	c.Flags().StringVar(&name, "name", "", "the application's name")
	needs(c, "name")
	return c
}
