package console

import (
	"net/http"
	"net/url"

	"github.com/rollcall-scim/rollcall/directory"
)

// authority is who may open a page at least. It only spares people a page full
// of refusals: the directory refuses by itself what somebody may not.
type authority int

const (
	anyUser      authority = iota // whoever is signed in
	groupAdmin                    // and company admins
	companyAdmin                  // nobody else
	invited                       // an invited IT admin, and company admins
)

func (a authority) admits(me directory.Self) bool {
	if me.Invitation != "" {
		return a == invited
	}
	switch a {
	case groupAdmin:
		return me.Role >= directory.RoleGroupAdmin
	case companyAdmin, invited:
		return me.Role == directory.RoleCompanyAdmin
	}
	return true
}

// on adds a page for people who are signed in.
func (c *Console) on(mux *http.ServeMux, least authority, pattern string, page func(*visit) error) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v, err := c.visit(w, r)
		switch {
		case isSignedOut(err):
			c.askToSignIn(w, r)
		case err != nil:
			c.fail(w, r, nil, err)
		case !least.admits(v.me):
			v.turnAway()
		default:
			err := page(v)
			if isSignedOut(err) { // while the page was being made
				c.askToSignIn(w, r)
			} else if err != nil {
				c.fail(w, r, v, err)
			}
		}
	})
}

// turnAway sends somebody who may not open a page to where he may be.
func (v *visit) turnAway() {
	if v.r.URL.Path == "/" {
		http.Redirect(v.w, v.r, v.home(), http.StatusSeeOther)
		return
	}
	v.c.refuse(v.w, v.r, http.StatusForbidden, "Not for your role",
		"This page is for people with another role. If you need it, ask a company admin of your company to change your role.")
}

// home is where somebody begins.
func (v *visit) home() string {
	switch {
	case v.me.Invitation != "":
		return "/set-up"
	case v.me.Role == directory.RoleUser:
		return "/profile"
	}
	return "/"
}

// askToSignIn sends a browser to the sign-in page, and back after it.
func (c *Console) askToSignIn(w http.ResponseWriter, r *http.Request) {
	if isScripted(r) {
		http.Error(w, "signed out", http.StatusUnauthorized)
		return
	}
	to := "/sign-in"
	if back := c.cameFor(r); back != "/" {
		to += "?to=" + url.QueryEscape(back)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// cameFor is the page that somebody wanted: of a form the one that it stands on.
func (c *Console) cameFor(r *http.Request) string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != c.Hosts.Host(r) || !isLocal(from.RequestURI()) {
		return "/"
	}
	return from.RequestURI()
}
