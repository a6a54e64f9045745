package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

// activityLine is a request for programs to read.
type activityLine struct {
	ID           string    `json:"id"`
	Time         time.Time `json:"time"`
	Client       string    `json:"client"`
	Operation    string    `json:"operation"`
	Person       string    `json:"person,omitzero"`
	Status       int       `json:"status"`
	ScimType     string    `json:"scimType,omitzero"`
	Code         string    `json:"code,omitzero"`
	Detail       string    `json:"detail,omitzero"`
	Notes        []string  `json:"notes,omitzero"`
	Milliseconds float64   `json:"milliseconds"`
	Request      string    `json:"request"`
	First        int64     `json:"firstChange,omitzero"`
	Last         int64     `json:"lastChange,omitzero"`
}

func activityLineOf(a directory.Activity) activityLine {
	return activityLine{a.ID, a.Time, a.Client, a.Operation, a.Person, a.Status, a.ScimType, a.Code, a.Detail, a.Notes,
		float64(a.Duration.Microseconds()) / 1000, a.Request, a.First, a.Last}
}

var looksLikeID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func newActivity() *cobra.Command {
	var f directory.ActivityFilter
	c := &cobra.Command{
		Use:   "activity",
		Short: "Show what identity providers asked for, and how it ended",
		Long: `Activity shows the requests that wrote or failed, the newest first: who sent them, about
whom, how they ended, what to do about an error, and what was skipped.`,
		Example: `  rollcall activity --tenant acme --failed
  rollcall activity --tenant acme --person anna@acme.test --limit 10`,
		Args: arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			if f.Limit < 1 {
				return usageOf(c, fmt.Errorf("--limit %d shows nothing; give a number from 1", f.Limit))
			}
			entries, err := t.Activity(c.Context(), f)
			if err != nil {
				return err
			}
			nameThem(c, t, entries)
			lines := make([]activityLine, 0, len(entries))
			for _, e := range entries {
				lines = append(lines, activityLineOf(e))
			}
			return show(c, lines, func(w io.Writer) { writeActivity(w, entries) })
		}),
	}
	c.Flags().StringVar(&f.Person, "person", "", "only requests about this person (userName or id)")
	c.Flags().BoolVar(&f.Failed, "failed", false, "only requests that were refused")
	c.Flags().IntVar(&f.Limit, "limit", 50, "at most so many")
	return withJSON(withTenant(c))
}

// nameThem shows a userName where the entry knows only an id.
func nameThem(c *cobra.Command, t *directory.Tenant, entries []directory.Activity) {
	for i := range entries {
		if !looksLikeID.MatchString(entries[i].Person) {
			continue
		}
		if u, err := t.User(c.Context(), entries[i].Person); err == nil {
			entries[i].Person = u.UserName
		}
	}
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
