package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

func newActivity() *cobra.Command {
	var f directory.ActivityFilter
	var last string
	var asCSV bool
	c := &cobra.Command{
		Use:   "activity",
		Short: "Show what identity providers asked for, and how it ended",
		Long: `Activity shows the requests that wrote or failed, the newest first: who sent them, about
whom, how they ended, what to do about an error, and what was skipped.`,
		Example: `  rollcall activity --tenant acme --failed
  rollcall activity --tenant acme --person anna@acme.test --limit 10
  rollcall activity --tenant acme --client Okta --operation PATCH --text "does not exist"
  rollcall activity --tenant acme --since 7d --limit 100000 --csv > activity.csv`,
		Args: arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			if f.Limit < 1 {
				return usageOf(c, fmt.Errorf("--limit %d shows nothing; give a number from 1", f.Limit))
			}
			if asJSON, _ := c.Flags().GetBool("json"); asJSON && asCSV {
				return usageOf(c, errors.New("--json and --csv exclude each other"))
			}
			var err error
			if f.Since, err = since(last, time.Now()); err != nil {
				return usageOf(c, err)
			}
			entries, err := t.Activity(c.Context(), f)
			if err != nil {
				return err
			}
			if asCSV {
				return writeActivityCSV(c.OutOrStdout(), entries)
			}
			return show(c, entries, func(w io.Writer) { writeActivity(w, entries) })
		}),
	}
	c.Flags().StringVar(&f.Person, "person", "", "only requests about this person (userName or id)")
	c.Flags().BoolVar(&f.Failed, "failed", false, "only requests that were refused")
	c.Flags().StringVar(&f.Client, "client", "", "only requests of this client, such as Okta")
	c.Flags().StringVar(&f.Connection, "connection", "", "only requests of this connection")
	c.Flags().StringVar(&f.Operation, "operation", "", "only requests of this method, such as PATCH")
	c.Flags().StringVar(&f.Text, "text", "", "only requests with this text in person, error, note or request id")
	c.Flags().StringVar(&last, "since", "", "only requests since then: so long ago (24h, 7d), or a date (2026-11-24)")
	c.Flags().BoolVar(&asCSV, "csv", false, "as CSV, for a spreadsheet")
	c.Flags().IntVar(&f.Limit, "limit", 50, "at most so many")
	return withJSON(withTenant(c))
}

// writeActivity has one line for each request, and under it what to read about
// it: the detail is never cut, because the cure is at its end.
func writeActivity(w io.Writer, entries []directory.Activity) {
	if len(entries) == 0 {
		fmt.Fprintln(w, "Nothing yet.")
		return
	}
	table := newTable("TIME", "CLIENT", "OPERATION", "PERSON", "OUTCOME")
	for _, e := range entries {
		table.add(e.Time.Local().Format("2006-01-02 15:04:05"), e.Client, e.Operation, orDash(e.Person), outcome(e))
	}
	limit := widthOf(w)
	widths := table.widths(limit)
	table.line(w, table.head, widths)
	for i, e := range entries {
		table.line(w, table.rows[i], widths)
		for _, note := range append([]string{e.Detail}, e.Notes...) {
			writeIndented(w, note, limit)
		}
	}
}

// since reads how long ago, or when.
func since(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation("2006-01-02", s, time.Local); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("--since %q is neither how long ago nor a date; write it like 24h, 7d or 2026-11-24", s)
}

func writeActivityCSV(w io.Writer, entries []directory.Activity) error {
	table := csv.NewWriter(w)
	table.Write([]string{"time", "client", "operation", "person", "status", "scimType", "code", "detail", "notes", "milliseconds", "request"})
	for _, e := range entries {
		table.Write([]string{e.Time.Format(time.RFC3339), cell(e.Client), e.Operation, cell(e.Person), strconv.Itoa(e.Status), e.ScimType, e.Code,
			cell(e.Detail), cell(strings.Join(e.Notes, "; ")), strconv.FormatFloat(e.Milliseconds, 'f', -1, 64), e.Request})
	}
	table.Flush()
	return table.Error()
}

// cell keeps a spreadsheet from reading a name as a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func outcome(e directory.Activity) string {
	s := strconv.Itoa(e.Status)
	if e.ScimType != "" {
		s += " " + e.ScimType
	}
	return s
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// writeIndented breaks text at blanks to fit the width; 0 is no limit.
func writeIndented(w io.Writer, text string, width int) {
	const indent = "    "
	line := ""
	for _, word := range strings.Fields(printable(text)) {
		if line != "" && width > 0 && len(indent)+len(line)+1+len(word) > width {
			fmt.Fprintln(w, indent+line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		fmt.Fprintln(w, indent+line)
	}
}
