package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
)

// appVersionLine is a version of an application for programs to read.
type appVersionLine struct {
	Version  int64     `json:"version"`
	Time     time.Time `json:"time"`
	Actor    string    `json:"actor"`
	Kind     string    `json:"kind"`
	Added    int       `json:"linesAdded"`
	Removed  int       `json:"linesRemoved"`
	Secrets  []string  `json:"secrets,omitzero"`
	Document string    `json:"document"`
}

func newAppHistory() *cobra.Command {
	c := &cobra.Command{
		Use:   "history NAME",
		Short: "List the versions of an application",
		Long: `History shows who changed an application, when, and how much. A version's number is that of
its change in the change log.`,
		Example: `  rollcall app history acme --tenant contoso`,
		Args:    arguments("NAME"),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			versions, err := t.ApplicationVersions(c.Context(), args[0])
			if err != nil {
				return err
			}
			lines := make([]appVersionLine, 0, len(versions))
			table := newTable("VERSION", "TIME", "ACTOR", "WHAT").numbers("VERSION")
			before := ""
			for _, v := range versions {
				l := appVersionAsLine(v, before)
				before = v.Document
				lines = append(lines, l)
				table.add(strconv.FormatInt(l.Version, 10), minute(v.Time), l.Actor, l.what())
			}
			return show(c, lines, func(w io.Writer) { table.write(w) })
		}),
	}
	return withJSON(withTenant(c))
}

func appVersionAsLine(v directory.ApplicationVersion, before string) appVersionLine {
	l := appVersionLine{Version: v.Number, Time: v.Time.UTC(), Actor: v.Actor, Kind: v.Kind, Secrets: v.Secrets, Document: v.Document}
	for line := range strings.Lines(provision.Diff([]byte(before), []byte(v.Document))) {
		switch line[0] {
		case '+':
			l.Added++
		case '-':
			l.Removed++
		}
	}
	return l
}

func (l appVersionLine) what() string {
	var parts []string
	switch {
	case l.Kind == "create":
		parts = append(parts, "created")
	case l.Added+l.Removed > 0:
		parts = append(parts, fmt.Sprintf("%d lines added, %d removed", l.Added, l.Removed))
	}
	if len(l.Secrets) > 0 {
		parts = append(parts, "secrets: "+strings.Join(l.Secrets, ", "))
	}
	return strings.Join(parts, "; ")
}

func newAppDiff() *cobra.Command {
	return withTenant(&cobra.Command{
		Use:   "diff NAME [VERSION] [VERSION]",
		Short: "Show what changed between versions of an application",
		Long: `Diff shows the last change of an application, or what changed from a version to the present
one, or from one version to another.`,
		Example: `  rollcall app diff acme --tenant contoso
  rollcall app diff acme 1204
  rollcall app diff acme 1204 1377`,
		Args: arguments("NAME", "[VERSION]", "[VERSION]"),
		RunE: onTenant(func(c *cobra.Command, args []string, t *directory.Tenant) error {
			versions, err := t.ApplicationVersions(c.Context(), args[0])
			if err != nil {
				return err
			}
			from, to, err := compared(c, versions, args[1:])
			if err != nil {
				return err
			}
			text := provision.Diff([]byte(from), []byte(to))
			if text == "" {
				text = "The two versions say the same.\n"
			}
			_, err = io.WriteString(c.OutOrStdout(), printableLines(text))
			return err
		}),
	})
}

// compared are the two documents that are asked for.
func compared(c *cobra.Command, versions []directory.ApplicationVersion, numbers []string) (from, to string, err error) {
	to = versions[len(versions)-1].Document
	if len(numbers) == 0 {
		if len(versions) > 1 {
			from = versions[len(versions)-2].Document
		}
		return from, to, nil
	}
	if from, err = documentOf(c, versions, numbers[0]); err == nil && len(numbers) > 1 {
		to, err = documentOf(c, versions, numbers[1])
	}
	return from, to, err
}

func documentOf(c *cobra.Command, versions []directory.ApplicationVersion, number string) (string, error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return "", usageOf(c, fmt.Errorf("%q is no number of a version", number))
	}
	i := slices.IndexFunc(versions, func(v directory.ApplicationVersion) bool { return v.Number == n })
	if i < 0 {
		var there []string
		for _, v := range versions {
			there = append(there, strconv.FormatInt(v.Number, 10))
		}
		return "", fmt.Errorf("there is no version %d; there are: %s", n, strings.Join(there, ", "))
	}
	return versions[i].Document, nil
}

func newAppRollback() *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "rollback NAME VERSION",
		Short: "Make an application again what it was",
		Long: `Rollback gives an application the set-up of an earlier version, as a new version. It stays
on or off as it is now. Secrets stay as they are; what the earlier set-up needs beside
them is taken from the environment, as apply does. Nobody's access changes before a plan has
been made.`,
		Example: `  rollcall app history acme --tenant contoso
  rollcall app rollback acme 1204 --tenant contoso`,
		Args: arguments("NAME", "VERSION"),
		RunE: onApplicationsOf(func(c *cobra.Command, args []string, d *directory.Directory, t *directory.Tenant) error {
			now, err := t.Application(c.Context(), args[0])
			if err != nil {
				return err
			}
			versions, err := t.ApplicationVersions(c.Context(), args[0])
			if err != nil {
				return err
			}
			document, err := documentOf(c, versions, args[1])
			if err != nil {
				return err
			}
			a, err := provision.Parse([]byte(document))
			if err != nil {
				return err
			}
			a.Name, a.Status = now.Name, statusOf(now)
			return (&applying{c: c, d: d, t: t, next: a, dryRun: dryRun}).run()
		}),
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would change")
	return withApplications(c)
}

// statusOf is whether an application is on; one that cannot be read is off.
func statusOf(a directory.Application) string {
	if p, err := provision.Parse([]byte(a.Document)); err == nil {
		return p.Status
	}
	return provision.Off
}
