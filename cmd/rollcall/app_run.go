package main

import "github.com/spf13/cobra"

// newAppRun are the commands that run applications.
func newAppRun() []*cobra.Command { return nil }
