package console

import (
	"encoding/json/jsontext"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// activityPage is what was found, and what was looked for.
type activityPage struct {
	directory.ActivityPage
	Filter      activityFilter
	Clients     []string
	Connections []string
	Live        string // where the list keeps itself true; "" on later pages
	More        string // the next page
}

// activityFilter is the form of the page.
type activityFilter struct {
	Q, Person, Outcome, Client, Operation, Connection, Since, Until, Before string
}

const activityShown = 50

// activitySpans are the choices of how far back.
var activitySpans = []choice{{Value: "", Label: "any time"}, {Value: "1h", Label: "last hour"}, {Value: "24h", Label: "last 24 hours"}, {Value: "168h", Label: "last 7 days"}, {Value: "720h", Label: "last 30 days"}}

func readActivityFilter(q url.Values) activityFilter {
	return activityFilter{Q: q.Get("q"), Person: q.Get("person"), Outcome: q.Get("outcome"), Client: q.Get("client"), Operation: q.Get("operation"),
		Connection: q.Get("connection"), Since: q.Get("since"), Until: q.Get("until"), Before: q.Get("before")}
}

// filter is what the directory is asked. since may be a span or a day.
func (f activityFilter) filter(now time.Time) directory.ActivityFilter {
	out := directory.ActivityFilter{Person: strings.TrimSpace(f.Person), Failed: f.Outcome == "refused", Worked: f.Outcome == "worked", Client: f.Client,
		Operation: f.Operation, Connection: f.Connection, Text: strings.TrimSpace(f.Q), Before: f.Before, Limit: activityShown}
	if span, err := time.ParseDuration(f.Since); err == nil {
		out.Since = now.Add(-span)
	} else if day, err := time.Parse(time.DateOnly, f.Since); err == nil {
		out.Since = day
	}
	if day, err := time.Parse(time.DateOnly, f.Until); err == nil {
		out.Until = day.AddDate(0, 0, 1)
	}
	return out
}

// query is the filter as an address has it.
func (f activityFilter) query() string {
	q := url.Values{}
	for name, value := range map[string]string{"q": f.Q, "person": f.Person, "outcome": f.Outcome, "client": f.Client, "operation": f.Operation,
		"connection": f.Connection, "since": f.Since, "until": f.Until, "before": f.Before} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q.Encode()
}

func (v *visit) activityPage() (p activityPage, err error) {
	p.Filter = readActivityFilter(v.r.URL.Query())
	if p.ActivityPage, err = v.t.SearchActivity(v.r.Context(), p.Filter.filter(v.c.Directory.Now())); err != nil {
		return p, err
	}
	if p.Filter.Before == "" {
		p.Live = "/activity/live?" + p.Filter.query()
	}
	if next := p.Filter; p.Next != "" {
		next.Before = p.Next
		p.More = "/activity?" + next.query()
	}
	return p, nil
}

func (c *Console) showActivity(v *visit) error {
	p, err := v.activityPage()
	if err != nil {
		return err
	}
	health, err := v.t.ConnectionHealth(v.r.Context())
	if err != nil {
		return err
	}
	for _, h := range health {
		p.Connections = append(p.Connections, h.Connection)
		p.Clients = append(p.Clients, h.Clients...)
	}
	slices.Sort(p.Clients)
	p.Clients = slices.Compact(p.Clients)
	return v.show("activity.html", "Activity", p)
}

func (c *Console) liveActivity(v *visit) error {
	interval := 2 * time.Second
	if f := readActivityFilter(v.r.URL.Query()); f.Q+f.Client+f.Operation+f.Connection != "" || f.Outcome == "worked" {
		interval = 10 * time.Second // no index answers that
	}
	return v.live(interval, func() (string, any, error) {
		p, err := v.activityPage()
		return "_activity.html", p, err
	})
}

// Spans, Operations and Export are for the page.
func (p activityPage) Spans() []choice {
	out := slices.Clone(activitySpans)
	for i := range out {
		out[i].On = out[i].Value == p.Filter.Since
	}
	return out
}

// Operations are the methods that leave activity.
func (p activityPage) Operations() []string { return []string{"POST", "PUT", "PATCH", "DELETE", "GET"} }

// Export is the query of the export of all that is found.
func (p activityPage) Export() string {
	all := p.Filter
	all.Before = ""
	return all.query()
}

// activityDetail is one request with its texts made readable.
type activityDetail struct {
	directory.ActivityDetail
	SentText, AnswerText string
	Page                 string // of the person, for those who may open it
}

func (c *Console) showActivityDetail(v *visit) error {
	d, err := v.t.ActivityByID(v.r.Context(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	page := activityDetail{d, indented(d.Sent), indented(d.Answer), ""}
	if u, err := v.t.User(v.r.Context(), d.Subject); err == nil {
		page.Page = "/users/" + u.ID
	}
	return v.show("activity_detail.html", d.Operation+" "+d.Person, page)
}

// indented is JSON with line breaks; what is none stays as it is.
func indented(text string) string {
	v := jsontext.Value(text)
	if v.Indent(jsontext.WithIndent("  "), jsontext.AllowDuplicateNames(true)) != nil {
		return text
	}
	return string(v)
}
