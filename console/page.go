package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// page is what every template gets; Data is the page's own.
type page struct {
	Title    string
	Path     string // of the request
	Me       directory.Self
	SignedIn bool
	Wide     bool   // of a page for whoever is not signed in: it is to be read
	Tenant   string // the company's name
	Settings directory.Settings
	Waiting  int // entries under Needs attention
	Held     int // applications that wait for an admin, or are in quarantine
	Tasks    int // of the last days
	Open     int // those of them that are not done
	Theme    string
	Flash    string
	Problem  *problem
	Data     any
}

// page begins a page for whoever is signed in.
func (v *visit) page(title string, data any) (*page, error) {
	settings, err := v.t.Settings(v.r.Context())
	if err != nil {
		return nil, err
	}
	waiting := 0
	if invited.admits(v.me) {
		if waiting, err = v.t.AttentionCount(v.r.Context()); err != nil {
			return nil, err
		}
	}
	p := &page{Title: title, Path: v.r.URL.Path, Me: v.me, SignedIn: true,
		Tenant: v.t.Display(), Settings: settings, Waiting: waiting, Data: data}
	if companyAdmin.admits(v.me) {
		if p.Held, err = v.heldApplications(); err != nil {
			return nil, err
		}
	}
	if groupAdmin.admits(v.me) {
		p.Tasks, p.Open, err = v.taskCounts()
	}
	return p, err
}

//go:embed templates/*.html
var templateFiles embed.FS

// pages are the templates by file name. A file whose name begins with _ is a
// part, which every page may include and which is sent alone as a fragment.
var pages, parts = parse()

func parse() (map[string]*template.Template, *template.Template) {
	parts := template.Must(template.New("").Funcs(funcs).ParseFS(templateFiles, "templates/layout.html", "templates/_*.html"))
	pages := map[string]*template.Template{}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic(err) // a pattern of ours
	}
	for _, file := range files {
		name := path.Base(file)
		if name == "layout.html" || strings.HasPrefix(name, "_") {
			continue
		}
		pages[name] = template.Must(template.Must(parts.Clone()).ParseFS(templateFiles, file))
	}
	return pages, parts
}

// render is a part's text.
func render(name string, data any) ([]byte, error) {
	var text bytes.Buffer
	err := parts.ExecuteTemplate(&text, name, data)
	return text.Bytes(), err
}

var funcs = template.FuncMap{
	"ago":    ago,
	"asset":  asset,
	"badge":  badge,
	"bytes":  byteSize,
	"count":  count,
	"counts": inWords,
	"dict":   dict,
	"icon":   icon,
	"under":  under,
	"time":   timeTag,
	"day":    dayTag,
	"url":    urlWith,
	"number": number,
	"join":   strings.Join,
	"list":   func(values ...any) []any { return values },
	"add":    func(a, b int) int { return a + b },
}

// timeTag is a moment, in UTC for who has no JavaScript and else in the reader's
// zone.
func timeTag(t time.Time) template.HTML {
	if t.IsZero() {
		return `<span class="muted">never</span>`
	}
	t = t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s" data-local="time">%s UTC</time>`, t.Format(time.RFC3339), t.Format("2 Jan 2006 15:04")))
}

func dayTag(t time.Time) template.HTML {
	if t.IsZero() {
		return `<span class="muted">never</span>`
	}
	t = t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s" data-local="day">%s</time>`, t.Format(time.RFC3339), t.Format("2 Jan 2006")))
}

// ago is a moment as people say it: "3 minutes ago"; its tag has it exactly.
func ago(t time.Time) template.HTML {
	if t.IsZero() {
		return `<span class="muted">never</span>`
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" data-local="ago">%s</time>`, t.UTC().Format(time.RFC3339), template.HTMLEscapeString(since(time.Since(t)))))
}

func since(d time.Duration) string {
	text, later := "%s ago", d < 0
	if later {
		text, d = "in %s", -d
	}
	for _, unit := range []struct {
		size time.Duration
		one  string
		many string
	}{{24 * time.Hour, "day", "days"}, {time.Hour, "hour", "hours"}, {time.Minute, "minute", "minutes"}} {
		if n := int(d / unit.size); n > 0 {
			return fmt.Sprintf(text, count(n, unit.one, unit.many))
		}
	}
	if later {
		return "in a moment"
	}
	return "just now"
}

// count is a number with its noun: 1 person, 2,000 people.
func count(n any, one, many string) string {
	if text := number(n); text != "1" {
		return text + " " + many
	}
	return "1 " + one
}

// number groups digits by three.
func number(n any) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// byteSize is a size as people say it: 4.2 MB.
func byteSize(n int64) string {
	size, unit := float64(n), 0
	for size >= 1000 && unit < 4 {
		size, unit = size/1000, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", size, []string{"", "kB", "MB", "GB", "TB"}[unit])
}

// badge is a short word with a tone: good, warn, bad or soft.
func badge(tone, text string) template.HTML {
	return template.HTML(`<span class="badge ` + template.HTMLEscapeString(tone) + `">` + template.HTMLEscapeString(text) + `</span>`)
}

// dict gives a part several values: dict "name" value ...
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict wants names and values, and got %d", len(pairs))
	}
	d := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		d[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return d, nil
}

// urlWith adds a query to a path: url "/users" "q" .Q; empty values are left out.
func urlWith(to string, pairs ...any) (string, error) {
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("url wants names and values, and got %d", len(pairs))
	}
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if value := fmt.Sprint(pairs[i+1]); value != "" {
			q.Add(fmt.Sprint(pairs[i]), value)
		}
	}
	if len(q) == 0 {
		return to, nil
	}
	return to + "?" + q.Encode(), nil
}

// under says whether the page is one of those below an entry of the navigation.
func under(at, entry string) bool {
	return at == entry || entry != "/" && strings.HasPrefix(at, strings.TrimRight(entry, "/")+"/")
}

// icon is one of the drawings of icons.svg.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" aria-hidden="true" width="18" height="18"><use href="` + asset("icons.svg") + `#` + template.HTMLEscapeString(name) + `"></use></svg>`)
}
