package main

import (
	"encoding/json/jsontext"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

// changeLine is a change for programs to read.
type changeLine struct {
	Seq        int64          `json:"sequence"`
	Time       time.Time      `json:"time"`
	Request    string         `json:"request"`
	Actor      string         `json:"actor"`
	Connection string         `json:"connection,omitzero"`
	Type       string         `json:"type"`
	Object     string         `json:"id"`
	Kind       string         `json:"kind"`
	Before     jsontext.Value `json:"before,omitzero"`
	After      jsontext.Value `json:"after,omitzero"`
}

func newChanges() *cobra.Command {
	var person string
	var after int64
	var limit int
	c := &cobra.Command{
		Use:   "changes",
		Short: "Show the change log",
		Long: `Changes shows the last entries of the change log, in order: what was changed, by whom, from
what to what. The numbers have no gaps.`,
		Example: `  rollcall changes --tenant acme
  rollcall changes --tenant acme --person anna@acme.test
  rollcall changes --tenant acme --after 1000 --limit 500 --json`,
		Args: arguments(),
		RunE: onTenant(func(c *cobra.Command, _ []string, t *directory.Tenant) error {
			if limit < 1 {
				return usageOf(c, fmt.Errorf("--limit %d shows nothing; give a number from 1", limit))
			}
			q := directory.ChangeQuery{After: after, Limit: limit}
			if person != "" {
				u, err := t.User(c.Context(), person)
				if err != nil {
					return err
				}
				q.Object = u.ID
			}
			rows, err := lastChanges(c, t, q)
			if err != nil {
				return err
			}
			lines := make([]changeLine, 0, len(rows))
			for _, r := range rows {
				lines = append(lines, changeLine{r.Seq, time.UnixMicro(r.Time).UTC(), r.Request, r.Actor, r.Connection,
					r.Type, r.Object, r.Kind, document(r.Before), document(r.After)})
			}
			return show(c, lines, func(w io.Writer) { writeChanges(w, lines) })
		}),
	}
	c.Flags().StringVar(&person, "person", "", "only changes of this person (userName or id)")
	c.Flags().Int64Var(&after, "after", 0, "only changes after this number, the oldest first")
	c.Flags().IntVar(&limit, "limit", 50, "at most so many")
	return withJSON(withTenant(c))
}

// document is JSON as it was kept; nil for none.
func document(text string) jsontext.Value {
	if text == "" {
		return nil
	}
	return jsontext.Value(text)
}

// lastChanges reads from --after on, or else the end of the log.
func lastChanges(c *cobra.Command, t *directory.Tenant, q directory.ChangeQuery) ([]directory.ChangeRow, error) {
	if c.Flags().Changed("after") {
		return t.Changes(c.Context(), q)
	}
	if q.Object == "" {
		row, err := t.Row(c.Context())
		if err != nil {
			return nil, err
		}
		q.After = max(0, row.Seq-int64(q.Limit))
		return t.Changes(c.Context(), q)
	}
	keep := q.Limit
	q.Limit = 1000
	var last []directory.ChangeRow
	for {
		some, err := t.Changes(c.Context(), q)
		if err != nil {
			return nil, err
		}
		last = append(last, some...)
		last = last[max(0, len(last)-keep):]
		if len(some) < q.Limit {
			return last, nil
		}
		q.After = some[len(some)-1].Seq
	}
}

func writeChanges(w io.Writer, lines []changeLine) {
	if len(lines) == 0 {
		fmt.Fprintln(w, "Nothing yet.")
		return
	}
	table := newTable("NUMBER", "TIME", "ACTOR", "TYPE", "ID", "KIND", "BEFORE", "AFTER").numbers("NUMBER")
	for _, l := range lines {
		table.add(strconv.FormatInt(l.Seq, 10), l.Time.Local().Format("2006-01-02 15:04:05"), l.Actor, l.Type, l.Object, l.Kind, string(l.Before), string(l.After))
	}
	table.write(w)
}
