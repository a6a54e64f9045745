package console

import (
	"encoding/json/v2"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/scim"
)

type logsPage struct {
	Head   appHead
	Person string
	Failed bool
	Since  string
	Spans  []choice
	Ops    []opView
	Next   string
	Query  string // of the filters, for exports
}

// spans are how far back a log is looked at.
var spans = []struct {
	Key, Name string
	Time      time.Duration
}{{"", "As long as it is kept", 0}, {"24h", "The last 24 hours", 24 * time.Hour}, {"7d", "The last 7 days", 7 * 24 * time.Hour}, {"30d", "The last 30 days", 30 * 24 * time.Hour}}

func (c *Console) showAppLogs(v *appVisit) error {
	p, q := v.logs()
	q.Limit = shownOps
	ops, err := v.state.Ops(v.r.Context(), q)
	if err != nil {
		return err
	}
	p.Ops = viewOps(ops)
	if len(ops) >= shownOps {
		p.Next = v.at("/logs") + "?" + p.Query + "&before=" + fmt.Sprint(ops[len(ops)-1].Time)
	}
	return v.show("application_logs.html", v.app.Name+": logs", p)
}

// logs reads the filters of the request.
func (v *appVisit) logs() (p logsPage, q provision.OpQuery) {
	p = logsPage{Head: v.head("logs"), Person: strings.TrimSpace(v.r.FormValue("person")), Failed: v.r.FormValue("failed") == "yes", Since: v.r.FormValue("since")}
	q = provision.OpQuery{Log: true, Person: scim.Fold(p.Person), Failed: p.Failed}
	for _, s := range spans {
		p.Spans = append(p.Spans, choice{s.Key, s.Name, s.Key == p.Since})
		if s.Key == p.Since && s.Time > 0 {
			q.Since = v.c.Directory.Now().Add(-s.Time).UnixMicro()
		}
	}
	q.Before, _ = strconv.ParseInt(v.r.FormValue("before"), 10, 64)
	values := url.Values{"person": {p.Person}, "since": {p.Since}}
	if p.Failed {
		values.Set("failed", "yes")
	}
	p.Query = values.Encode()
	return p, q
}

type logEntryPage struct {
	Head      appHead
	Op        opView
	To        string // who it is about
	Steps     []provision.Step
	Exchanges []target.Exchange
	Target    string
}

// showAppLogEntry shows one operation with its steps, requests and answers.
func (c *Console) showAppLogEntry(v *appVisit) error {
	cycle, err := strconv.ParseInt(v.r.PathValue("cycle"), 10, 64)
	if err != nil {
		return directory.ErrNotFound
	}
	n, err := strconv.ParseInt(v.r.PathValue("number"), 10, 64)
	if err != nil {
		return directory.ErrNotFound
	}
	ops, err := v.state.Ops(v.r.Context(), provision.OpQuery{Cycle: cycle, After: n - 1, Limit: 1})
	if err != nil {
		return err
	}
	if len(ops) == 0 || ops[0].Number != n {
		return directory.ErrNotFound
	}
	d := ops[0].Details()
	for i, x := range d.Exchanges {
		d.Exchanges[i].Request, d.Exchanges[i].Response = indented(x.Request), indented(x.Response)
	}
	return v.show("application_log_entry.html", ops[0].Name, logEntryPage{Head: v.head("logs"), Op: viewOp(ops[0]), To: v.person(ops[0].Anchor),
		Steps: d.Steps, Exchanges: d.Exchanges, Target: ops[0].Target})
}

// mostExported is how many entries an export has; more come by narrower filters.
const mostExported = 100_000

// exportAppLogs sends the log as JSON, as CSV, or as Entra has it.
func (c *Console) exportAppLogs(v *appVisit) error {
	form := v.r.FormValue("form")
	types := map[string]string{"json": "application/json", "entra": "application/json", "csv": "text/csv; charset=utf-8"}
	if types[form] == "" {
		return said("Choose the form of the export: json, csv or entra.")
	}
	_, q := v.logs()
	q.Limit = 1000
	ops, err := v.state.Ops(v.r.Context(), q)
	if err != nil {
		return err
	}
	file := v.app.Name + "-log." + map[string]string{"json": "json", "entra": "entra.json", "csv": "csv"}[form]
	if err := v.export(v.download(file, types[form]), form, q, ops); err != nil {
		v.breakOff(err)
	}
	return nil
}

// export writes pages of the log, the first of which is ops.
func (v *appVisit) export(w io.Writer, form string, q provision.OpQuery, ops []*provision.Op) (err error) {
	for written := 0; ; {
		if err := v.writeLog(w, form, ops, written == 0); err != nil {
			return err
		}
		if written += len(ops); len(ops) < q.Limit || written >= mostExported {
			break
		}
		q.Before = ops[len(ops)-1].Time
		if ops, err = v.state.Ops(v.r.Context(), q); err != nil {
			return err
		}
	}
	if form != "csv" {
		_, err = io.WriteString(w, "\n]\n")
	}
	return err
}

// writeLog writes one page: rows, or elements of an array that the first page
// begins.
func (v *appVisit) writeLog(w io.Writer, form string, ops []*provision.Op, first bool) error {
	if form == "csv" {
		return provision.WriteCSV(w, ops, first)
	}
	about := provision.LogContext{Tenant: v.t.Name(), Application: v.app.ID, Name: v.app.Name}
	if v.setup != nil {
		about.Source, about.Target = v.setup.Source.Kind, v.setup.Target.URL
	}
	before := ",\n"
	if first {
		before = "[\n"
	}
	for _, op := range ops {
		text, err := provision.EntraLog(op, about), error(nil)
		if form == "json" {
			text, err = json.Marshal(op.Entry(true), json.Deterministic(true))
		}
		if err == nil {
			_, err = io.WriteString(w, before+string(text))
		}
		if err != nil {
			return err
		}
		before = ",\n"
	}
	if first && len(ops) == 0 {
		_, err := io.WriteString(w, "[")
		return err
	}
	return nil
}
