// Package console is what a browser sees of Rollcall: the pages in which a
// tenant's admins see and steer everything, and sign in. It decides nothing about
// people: each page asks a directory.Tenant, which knows who is asking and what
// he may.
//
// One file a page, all routes in routes.go. Pages work without JavaScript; live
// parts are server-sent events.
package console

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// Console serves the pages of all tenants, each at its own host. Its fields are
// set before Mount and not changed after.
type Console struct {
	Directory *directory.Directory
	Hosts     scimhttp.Hosts
	Logger    *slog.Logger
	Version   string // of the program, for operators
	// Elsewhere answers what is no page when no browser asks: an identity provider
	// with a mistyped address wants another answer than a person.
	Elsewhere http.Handler
	// Applications is nil where none are run; then there are no pages about them.
	Applications *Applications

	started time.Time
	reaches reaches
	stop    sync.Once
	stopped chan struct{}
}

// Mount adds the console to mux: every address that nothing else there answers.
func (c *Console) Mount(mux *http.ServeMux) {
	c.started, c.stopped = c.Directory.Now(), make(chan struct{})
	pages := http.NewServeMux()
	c.routes(pages)
	pages.HandleFunc("/", c.elsewhere)
	mux.Handle("/", c.guarded(pages))
}

// Stop ends the live parts of pages, which would otherwise keep the server from
// ending.
func (c *Console) Stop() { c.stop.Do(func() { close(c.stopped) }) }

// guarded refuses changes that another site's page asks for, and tells the
// browser what pages of ours may do.
func (c *Console) guarded(next http.Handler) http.Handler {
	fromHere := http.NewCrossOriginProtection()
	fromHere.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.refuse(w, r, http.StatusForbidden, "Not from another site", "This request came from another site's page, so nothing was done. Open the page here and try again.")
	}))
	return fromHere.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", policy("'self'"))
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "same-origin")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		head.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		next.ServeHTTP(w, r)
	}))
}

// mostForm bounds what a form may send, in bytes.
const mostForm = 4 << 20

// policy is the Content-Security-Policy of every page; forms are sent where
// formAction says. Scripts and styles come from files of ours, never from a page.
func policy(formAction string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action " +
		formAction + "; base-uri 'none'; frame-ancestors 'none'"
}

// elsewhere answers what is no page.
func (c *Console) elsewhere(w http.ResponseWriter, r *http.Request) {
	if c.Elsewhere != nil && !browses(r) {
		c.Elsewhere.ServeHTTP(w, r)
		return
	}
	c.refuse(w, r, http.StatusNotFound, "No such page", "There is no page at this address. It may have moved: try the navigation, or start from Home.")
}
