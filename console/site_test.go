package console_test

import (
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/console"
	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// site is a served console over a real database, with the tenant acme.
type site struct {
	t      *testing.T
	dir    *directory.Directory
	acme   *directory.Tenant // as the command line has it
	server *httptest.Server
}

const admin = "ada.admin@acme.test"

// each runs a test on both databases.
func each(t *testing.T, test func(s *site)) {
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) { test(newSite(t, store)) })
}

func newSite(t *testing.T, store *sqlstore.Store) *site {
	s := &site{t: t, dir: directory.New(store)}
	t.Cleanup(func() { s.dir.Close(t.Context()) })
	s.acme = s.tenant("acme", "Acme Oy", admin)
	s.behind("")
	return s
}

// behind serves the console anew, as reached at a public URL.
func (s *site) behind(publicURL string) {
	mux := http.NewServeMux()
	pages := &console.Console{Directory: s.dir, Hosts: scimhttp.Hosts{BaseDomain: "localhost", PublicURL: publicURL}, Logger: slog.New(slog.DiscardHandler), Applications: applications(s.t, s.dir.Store.(*sqlstore.Store))}
	pages.Mount(mux)
	s.server = httptest.NewServer(mux)
	s.t.Cleanup(s.server.Close)
	s.t.Cleanup(pages.Stop)
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) tenant(name, display, admin string) *directory.Tenant {
	s.t.Helper()
	tenant, err := s.dir.CreateTenant(s.t.Context(), directory.NewTenant{Name: name, Display: display, AdminEmail: admin}, directory.Via{})
	s.must(err)
	return tenant
}

// browser is somebody's browser at a host.
type browser struct {
	s      *site
	host   string
	client *http.Client
}

// browser opens a browser in which nobody is signed in.
func (s *site) browser(host string) *browser {
	jar, err := cookiejar.New(nil)
	s.must(err)
	return &browser{s, host, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signedIn opens a browser in which a person of acme is signed in.
func (s *site) signedIn(ref string) *browser {
	s.t.Helper()
	return s.withSession("acme.localhost", s.session(ref))
}

// session is the secret of a new session of a person of acme.
func (s *site) session(ref string) string {
	s.t.Helper()
	link, err := s.acme.SignInLink(s.t.Context(), ref)
	s.must(err)
	session, err := s.dir.RedeemLink(s.t.Context(), link, "acme", directory.Via{})
	s.must(err)
	return session
}

// withSession opens a browser that shows a session's secret at a host.
func (s *site) withSession(host, secret string) *browser {
	b := s.browser(host)
	b.client.Jar.SetCookies(&url.URL{Scheme: "http", Host: host}, []*http.Cookie{{Name: "rollcall_session", Value: secret, Path: "/"}})
	return b
}

// seen is a page as somebody sees it.
type seen struct {
	t      *testing.T
	what   string
	status int
	to     string // where it sends on
	html   string
	text   string // without tags, spaces folded
	header http.Header
}

func (b *browser) get(path string) seen {
	b.s.t.Helper()
	return b.send("GET", path, nil)
}

// post sends a form: post("/groups", "name", "Finland").
func (b *browser) post(path string, fields ...string) seen {
	b.s.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.send("POST", path, form)
}

var (
	tags   = regexp.MustCompile(`(?s)<(script|style).*?</(script|style)>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

func (b *browser) send(method, path string, form url.Values) seen {
	b.s.t.Helper()
	r, err := http.NewRequestWithContext(b.s.t.Context(), method, b.s.server.URL+path, strings.NewReader(form.Encode()))
	b.s.must(err)
	r.Host = b.host
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(r)
	b.s.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	b.s.must(err)
	text := spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(string(body), " ")), " ")
	return seen{b.s.t, method + " " + path, resp.StatusCode, resp.Header.Get("Location"), string(body), text, resp.Header}
}

// ok demands an answer of 200, and has demands a text on it.
func (p seen) ok() seen { p.t.Helper(); return p.is(http.StatusOK) }

func (p seen) is(status int) seen {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s: status %d, want %d: %s", p.what, p.status, status, p.text)
	}
	return p
}

func (p seen) has(texts ...string) seen {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.text, text) {
			p.t.Errorf("%s does not say %q; it says: %s", p.what, text, p.text)
		}
	}
	return p
}

func (p seen) hasNot(texts ...string) seen {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.text, text) {
			p.t.Errorf("%s says %q: %s", p.what, text, p.text)
		}
	}
	return p
}

// done demands that the change worked, and opens the page that it leads to.
func (b *browser) done(p seen) seen {
	b.s.t.Helper()
	p.is(http.StatusSeeOther)
	return b.get(p.to).ok()
}
