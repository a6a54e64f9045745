package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// town is a served Rollcall with a tenant in which enough has happened that no
// page is empty.
type town struct {
	t       *testing.T
	path    string
	address string
	token   string
	link    string // of the company admin's one-time sign-in
	person  string // id of somebody
}

const townAdmin = "admin@acme.test"

// newTown makes the tenant with so many people and serves it.
func newTown(t *testing.T, people int) *town {
	t.Helper()
	n := &town{t: t, path: filepath.Join(t.TempDir(), "rollcall.db")}
	t.Setenv("ROLLCALL_DATABASE", "sqlite:"+n.path)
	n.furnish(people)
	n.address, _ = startServe(t)
	return n
}

// furnish makes what was there before the identity provider came.
func (n *town) furnish(people int) {
	ctx := n.t.Context()
	store, err := sqlstore.Open(ctx, "sqlite:"+n.path)
	n.must(err)
	dir := directory.New(store)
	dir.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	defer func() { dir.Close(context.Background()); store.Close() }()
	acme, err := dir.CreateTenant(ctx, directory.NewTenant{Name: "acme", Display: "Acme Oy", AdminEmail: townAdmin, GivenName: "Ada", FamilyName: "Admin"}, directory.Via{})
	n.must(err)
	n.must(acme.Set(ctx, "groups", "true"))
	for _, place := range places {
		_, err := acme.CreateGroup(ctx, place.country)
		n.must(err)
	}
	all := make([]person, people)
	for i := range all {
		all[i] = n.somebody(i)
	}
	n.must(createAll(ctx, acme, all))
	n.must(acme.CreateIdPGroup(ctx, "Everybody in Sales"))
	n.must(acme.AddToIdPGroup(ctx, "Everybody in Sales", []string{all[0].address, all[1].address}))
	for _, p := range all[2:4] {
		_, err := acme.RemoveUser(ctx, p.address)
		n.must(err)
	}
	n.link, err = acme.SignInLink(ctx, townAdmin)
	n.must(err)
	found, err := acme.User(ctx, all[0].address)
	n.must(err)
	n.person = found.ID
}

// somebody is the i-th person of the town.
func (n *town) somebody(i int) person {
	p := invented(i)
	if i < 899 {
		return p
	}
	return invent(p.given, p.family+"-"+strconv.Itoa(i/899), p.country, p.city, p.department)
}

// provision lets an identity provider send some people, one of whom waits for a
// group that is not there, and has an application that provisions further.
func (n *town) provision() {
	n.application()
	n.token = strings.TrimSpace(shell{n.t}.must("token", "create", "--tenant", "acme", "--user", townAdmin, "--name", "Entra ID", "--expires", "20d"))
	for i := range 6 {
		p := n.somebody(200_000 + i)
		want := 201
		if i == 5 {
			p.country, want = missingGroup, 400
		}
		if status, body := create(n.t, n.address, n.token, p); status != want {
			n.t.Fatalf("%d %s", status, body)
		}
	}
}

// application provisions two people into another tenant.
func (n *town) application() {
	sh := shell{n.t}
	sh.must("tenant", "create", "beta", "--name", "Beta", "--admin-email", "admin@beta.test")
	n.t.Setenv("ACME_TOKEN", strings.TrimSpace(sh.must("token", "create", "--tenant", "beta", "--user", "admin@beta.test")))
	_, port, _ := strings.Cut(n.address, ":")
	set := strings.NewReplacer("https://acme.example.com/api/scim/v2", "http://beta.localhost:"+port+"/api/scim/v2",
		"# users: [anna@example.com]", "users: ["+n.somebody(0).address+", "+n.somebody(1).address+"]", "status: off ", "status: on ")
	file := filepath.Join(n.t.TempDir(), "app.yaml")
	n.must(os.WriteFile(file, []byte(set.Replace(sh.must("app", "template", "seed"))), 0o644))
	sh.must("app", "apply", "-f", file, "--tenant", "acme")
}

func (n *town) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// url is the address of a page of the tenant.
func (n *town) url(path string) string {
	_, port, _ := strings.Cut(n.address, ":")
	return "http://acme.localhost:" + port + path
}

// enter opens a browser in which the company admin is signed in.
func (n *town) enter() *chrome {
	n.t.Helper()
	c := openChrome(n.t)
	c.open(n.url("/sign-in/link/" + url.PathEscape(n.link)))
	c.press("Sign in")
	c.until("being signed in", `document.cookie !== null && !location.pathname.startsWith('/sign-in')`)
	return c
}

// pages are the pages of a company admin.
func (n *town) pages() []string {
	return []string{
		"/", "/users", "/users?q=an", "/users/new", "/users/" + n.person, "/users/" + n.person + "/edit", "/users/removed", "/users/unmatched", "/users/profile-again",
		"/groups", "/teams", "/idp-groups", "/tasks",
		"/set-up", "/set-up/entra", "/set-up/okta", "/set-up/invitations", "/activity", "/attention", "/connections", "/connections/default",
		"/applications", "/applications/acme", "/applications/acme/plan", "/applications/acme/people", "/applications/acme/logs", "/applications/acme/set-up",
		"/settings", "/profile", "/profile/password", "/profile/tokens", "/help/", "/help/faq", "/help/console",
	}
}

// Every page can be used by everybody: nothing serious by axe, nothing wider
// than a phone, no script or style that the policy refuses.
func TestEveryPage(t *testing.T) {
	n := newTown(t, 60)
	n.provision()
	script := axe(t)
	c := n.enter()
	for _, l := range []look{looks[0], looks[3]} {
		c.as(l)
		for _, page := range n.pages() {
			c.open(n.url(page))
			if got := c.path(); got != page {
				t.Errorf("%s leads to %s", page, got)
			}
			c.accessible(script, page+", "+l.name)
			if wide := value[int64](c, "measure", "document.documentElement.scrollWidth"); wide > l.width {
				t.Errorf("%s, %s: the page is %d pixels wide, the window %d: %s", page, l.name, wide, l.width, value[string](c, "look for what is too wide", tooWide))
			}
		}
	}
}

// tooWide names what reaches beyond the window.
const tooWide = `[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.table-wrap, pre'))
	.map(e => e.tagName + '.' + e.className + ' ' + e.textContent.trim().slice(0, 40)).slice(0, 8).join('; ')`

// TestScreenshots takes a picture of every page, light and dark, wide and on a
// phone (make screenshots).
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("ROLLCALL_SCREENSHOTS")
	if folder == "" {
		t.Skip("pictures are taken by make screenshots")
	}
	people, err := strconv.Atoi(os.Getenv("ROLLCALL_SCREENSHOTS_PEOPLE"))
	if err != nil {
		people = 200
	}
	n := newTown(t, people)
	n.provision()
	c := n.enter()
	for _, l := range looks {
		c.as(l)
		for _, page := range n.pages() {
			c.open(n.url(page))
			c.picture(filepath.Join(folder, fmt.Sprintf("%s-%s.png", pictureName(page), l.name)))
		}
	}
}

func pictureName(page string) string {
	name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(page), "-")
	if name == "" {
		return "home"
	}
	return name
}
