package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// inEnvironment marks flags that are read from ROLLCALL_... as well. A flag on
// the command line comes first.
const inEnvironment = "environment"

// alsoEnvironment marks the flags and says so in their help.
func alsoEnvironment(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		f := flags.Lookup(name)
		f.Usage += " (also " + variable(name) + ")"
		_ = flags.SetAnnotation(name, inEnvironment, []string{variable(name)}) // the flag is there
	}
}

// variable is ROLLCALL_BASE_DOMAIN for base-domain.
func variable(flag string) string {
	return "ROLLCALL_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// readEnvironment gives flags that were not typed the value that the
// environment holds. ROLLCALL_..._FILE names a file with the value, because a
// database's URL may hold a password.
func readEnvironment(c *cobra.Command) (err error) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Annotations[inEnvironment] == nil || err != nil {
			return
		}
		name := f.Annotations[inEnvironment][0]
		value, from := os.Getenv(name), name
		if file := os.Getenv(name + "_FILE"); value == "" && file != "" {
			from = name + "_FILE"
			var text []byte
			if text, err = os.ReadFile(file); err != nil {
				err = fmt.Errorf("cannot read the file that %s names: %w", from, err)
				return
			}
			value = strings.TrimSpace(string(text))
		}
		if value == "" {
			return
		}
		if setErr := c.Flags().Set(f.Name, value); setErr != nil {
			err = fmt.Errorf("the environment variable %s holds %q; like --%s it takes %s", from, value, f.Name, kind(f))
		}
	})
	return err
}
