package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which version this is",
		Long:    "Version prints the version, the revision it was built from and the Go release that built it.",
		Example: `  rollcall version`,
		Args:    arguments(),
		Run: func(c *cobra.Command, _ []string) {
			fmt.Fprintln(c.OutOrStdout(), version())
		},
	}
}

// version is the version of this program in one line.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "rollcall, of an unknown version"
	}
	return versionLine(info)
}

func versionLine(info *debug.BuildInfo) string {
	line := "rollcall " + info.Main.Version
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; len(revision) >= 12 {
		line += ", revision " + revision[:12]
		if settings["vcs.modified"] == "true" {
			line += " with changes"
		}
	}
	return line + ", " + info.GoVersion
}
