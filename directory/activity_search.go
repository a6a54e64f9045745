package directory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// Activity is one request for people to read.
type Activity struct {
	ID           string    `json:"id"`
	Time         time.Time `json:"time"`
	Connection   string    `json:"connection,omitzero"` // its name
	Client       string    `json:"client"`
	Operation    string    `json:"operation"`
	Person       string    `json:"person,omitzero"`
	Subject      string    `json:"-"` // id of the person or IdP group, if there is one
	Status       int       `json:"status"`
	ScimType     string    `json:"scimType,omitzero"`
	Code         string    `json:"code,omitzero"`
	Detail       string    `json:"detail,omitzero"`
	Notes        []string  `json:"notes,omitzero"`
	Milliseconds float64   `json:"milliseconds"` // until the change was ready to commit
	Request      string    `json:"request"`
	First        int64     `json:"firstChange,omitzero"` // the range of its changes
	Last         int64     `json:"lastChange,omitzero"`
}

// Refused says whether the request failed.
func (a Activity) Refused() bool { return a.Status >= 400 }

// ActivityFilter asks for activity, newest first.
type ActivityFilter struct {
	Person     string // userName or id
	Failed     bool   // only what was refused
	Worked     bool   // only what was not
	Connection string // by name
	Client     string
	Operation  string
	Text       string // anywhere in person, error, notes or request id; without regard to case
	Since      time.Time
	Until      time.Time
	Before     string // id of an entry; for paging
	Limit      int
}

// ActivityPage is a page of what was found.
type ActivityPage struct {
	Entries []Activity
	Next    string // the Before of the next page; "" at the end
	// Looked is how far back was looked when looking ended before the page was
	// full; zero otherwise.
	Looked time.Time
}

// What no index answers is looked for in so many requests, and then the reader
// decides whether to look further.
const (
	activityAtOnce = 500
	activityLooked = 20_000
)

// Activity lists what came in over SCIM, newest first.
func (t *Tenant) Activity(ctx context.Context, f ActivityFilter) (out []Activity, err error) {
	_, err = t.walkActivity(ctx, f, 0, func(a Activity) bool {
		out = append(out, a)
		return len(out) != f.Limit
	})
	return out, err
}

// EachActivity is Activity for more than memory should hold: all of it, one by
// one. An error of fn ends it.
func (t *Tenant) EachActivity(ctx context.Context, f ActivityFilter, fn func(Activity) error) error {
	var failed error
	_, err := t.walkActivity(ctx, f, 0, func(a Activity) bool {
		failed = fn(a)
		return failed == nil
	})
	return cmp.Or(failed, err)
}

// SearchActivity finds a page of activity.
func (t *Tenant) SearchActivity(ctx context.Context, f ActivityFilter) (page ActivityPage, err error) {
	full := false
	last, err := t.walkActivity(ctx, f, activityLooked, func(a Activity) bool {
		if full = len(page.Entries) == f.Limit; !full {
			page.Entries = append(page.Entries, a)
		}
		return !full
	})
	switch {
	case full:
		page.Next = page.Entries[f.Limit-1].ID
	case last != nil:
		page.Next, page.Looked = last.ID, moment(last.Time)
	}
	return page, err
}

// walkActivity calls fn with what the filter takes, until it returns false. It
// looks at no more requests than that, and returns the last where it gave up; 0
// is no limit.
func (t *Tenant) walkActivity(ctx context.Context, f ActivityFilter, most int, fn func(Activity) bool) (gaveUp *ActivityRow, err error) {
	if err := t.may(settingUp); err != nil {
		return nil, err
	}
	q, err := t.activityQuery(ctx, f)
	if err != nil {
		return nil, err
	}
	for looked := 0; ; {
		rows, err := t.r.Activity(ctx, q)
		if err != nil {
			return nil, err
		}
		for i, r := range rows {
			q.Before = r.ID
			if a := t.readActivity(r); f.takes(a) && !fn(a) {
				return nil, nil
			}
			if looked++; most > 0 && looked >= most {
				return &rows[i], nil
			}
		}
		if len(rows) < q.Limit {
			return nil, nil
		}
	}
}

// activityQuery is what of the filter an index answers.
func (t *Tenant) activityQuery(ctx context.Context, f ActivityFilter) (ActivityQuery, error) {
	q := ActivityQuery{Failed: f.Failed, Before: f.Before, Limit: activityAtOnce}
	if f.Limit > 0 && f.simple() {
		q.Limit = min(q.Limit, f.Limit+1)
	}
	if !f.Since.IsZero() {
		q.Since = f.Since.UnixMicro()
	}
	if !f.Until.IsZero() {
		if end := firstID(f.Until.Add(time.Second).UnixMicro()); q.Before == "" || end < q.Before {
			q.Before = end
		}
	}
	if f.Person == "" {
		return q, nil
	}
	q.Subjects = []string{scim.Fold(f.Person)}
	g, err := t.lookUpIdPGroup(ctx, t.r, f.Person)
	if err == nil {
		q.Subjects = append(q.Subjects, g.ID)
	}
	u, err := t.lookUpPerson(ctx, t.r, f.Person)
	if err == nil {
		q.Subjects = append(q.Subjects, u.ID)
	}
	return q, nil
}

// simple says that an index answers all of the filter.
func (f ActivityFilter) simple() bool {
	return !f.Worked && f.Connection == "" && f.Client == "" && f.Operation == "" && f.Text == ""
}

// takes decides on what no index answers.
func (f ActivityFilter) takes(a Activity) bool {
	switch {
	case f.Worked && a.Refused(),
		f.Connection != "" && a.Connection != f.Connection,
		f.Client != "" && a.Client != f.Client,
		f.Operation != "" && a.Operation != f.Operation,
		!f.Until.IsZero() && a.Time.After(f.Until):
		return false
	case f.Text == "":
		return true
	}
	text := scim.Fold(f.Text)
	return slices.ContainsFunc(append([]string{a.Person, a.Detail, a.Code, a.Request, a.ScimType}, a.Notes...), func(s string) bool {
		return strings.Contains(scim.Fold(s), text)
	})
}

func (t *Tenant) readActivity(r ActivityRow) Activity {
	a := Activity{ID: r.ID, Time: time.UnixMicro(r.Time).UTC(), Connection: t.s.connectionName(r.Connection), Client: r.Client, Operation: r.Operation,
		Person: r.Person, Subject: r.Subject, Status: r.Status, ScimType: r.ScimType, Code: r.Code, Detail: r.Detail,
		Milliseconds: float64(r.Duration) / 1000, Request: r.Request, First: r.First, Last: r.Last}
	if r.Notes != "" {
		a.Notes = strings.Split(r.Notes, "\n")
	}
	if a.Person == "" {
		a.Person = r.Subject
	}
	return a
}
