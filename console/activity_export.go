package console

import (
	"encoding/csv"
	"encoding/json/v2"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// exportTime is what the next part of an export may take: the server's own limit
// is for pages.
const exportTime = 30 * time.Second

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
	v.w.Header().Set("Content-Type", media)
	v.w.Header().Set("Content-Disposition", `attachment; filename="activity-`+v.t.Name()+`-`+c.Directory.Now().UTC().Format(time.DateOnly)+`.`+format+`"`)
	write, end := activityJSON(v.w)
	if format == "csv" {
		write, end = activityCSV(v.w)
	}
	control, n := http.NewResponseController(v.w), 0
	err := v.t.EachActivity(v.r.Context(), f, func(a directory.Activity) error {
		if n++; n%1000 == 1 {
			_ = control.SetWriteDeadline(time.Now().Add(exportTime)) // not every server has one
		}
		return write(a)
	})
	if err != nil {
		// The answer has begun: it can only break off.
		c.Logger.Error("an export broke off", "path", v.r.Pattern, "error", err)
		panic(http.ErrAbortHandler)
	}
	return end()
}

func activityCSV(w io.Writer) (write func(directory.Activity) error, end func() error) {
	table := csv.NewWriter(w)
	_ = table.Write([]string{"time", "connection", "client", "operation", "person", "status", "scimType", "code", "detail", "notes", "milliseconds", "request"}) // Flush tells
	return func(a directory.Activity) error {
			return table.Write([]string{a.Time.Format(time.RFC3339), a.Connection, noFormula(a.Client), a.Operation, noFormula(a.Person), strconv.Itoa(a.Status), a.ScimType, a.Code,
				noFormula(a.Detail), noFormula(strings.Join(a.Notes, "; ")), strconv.FormatFloat(a.Milliseconds, 'f', -1, 64), a.Request})
		}, func() error {
			table.Flush()
			return table.Error()
		}
}

// noFormula keeps a spreadsheet from taking a name for a formula.
func noFormula(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
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
