package console

import (
	"encoding/csv"
	"encoding/json/v2"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// exportActivity sends all that the filter finds as it is read, however much that
// is.
func (c *Console) exportActivity(v *visit) error {
	format := v.r.PathValue("format")
	media := map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json"}[format]
	if media == "" {
		return directory.ErrNotFound
	}
	f := readActivityFilter(v.r.URL.Query()).filter(c.Directory.Now())
	f.Limit = 0
	out := v.download("activity-"+v.t.Name()+"-"+c.Directory.Now().UTC().Format(time.DateOnly)+"."+format, media)
	write, end := activityJSON(out)
	if format == "csv" {
		write, end = activityCSV(out)
	}
	if err := v.t.EachActivity(v.r.Context(), f, write); err != nil {
		v.breakOff(err)
	}
	return end()
}

func activityCSV(w io.Writer) (write func(directory.Activity) error, end func() error) {
	table := csv.NewWriter(w)
	_ = table.Write([]string{"time", "connection", "client", "operation", "person", "status", "scimType", "code", "detail", "notes", "milliseconds", "request"}) // Flush tells
	return func(a directory.Activity) error {
			return table.Write([]string{a.Time.Format(time.RFC3339), a.Connection, harmless(a.Client), a.Operation, harmless(a.Person), strconv.Itoa(a.Status), a.ScimType, a.Code,
				harmless(a.Detail), harmless(strings.Join(a.Notes, "; ")), strconv.FormatFloat(a.Milliseconds, 'f', -1, 64), a.Request})
		}, func() error {
			table.Flush()
			return table.Error()
		}
}

// activityJSON writes an array, one request a line.
func activityJSON(w io.Writer) (write func(directory.Activity) error, end func() error) {
	before := "[\n"
	return func(a directory.Activity) error {
			if _, err := io.WriteString(w, before); err != nil {
				return err
			}
			before = ",\n"
			return json.MarshalWrite(w, a)
		}, func() error {
			if before == "[\n" {
				before += "]\n"
			} else {
				before = "\n]\n"
			}
			_, err := io.WriteString(w, before)
			return err
		}
}
