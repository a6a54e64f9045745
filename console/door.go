package console

import (
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// public adds a page for whoever comes, signed in or not.
func (c *Console) public(mux *http.ServeMux, pattern string, page func(http.ResponseWriter, *http.Request) error) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		err := page(w, r)
		switch {
		case errors.Is(err, errNoCompany):
			c.refuse(w, r, http.StatusNotFound, "No such company here", "No company has this address. Check the first part of it for a typing mistake, or ask your admin for the right one.")
		case err != nil:
			c.fail(w, r, nil, err)
		}
	})
}

// outside answers somebody who is not signed in with a page.
func (c *Console) outside(w http.ResponseWriter, r *http.Request, status int, name, title string, d directory.Door, data any, p *problem) error {
	return c.write(w, r, status, name, &page{Title: title, Path: r.URL.Path, Tenant: d.Display, Problem: p, Data: data})
}

// outsideAgain answers with a form that was refused.
func (c *Console) outsideAgain(w http.ResponseWriter, r *http.Request, name, title string, d directory.Door, data any, err error) error {
	p, expected := c.problemOf(err)
	if !expected {
		return err
	}
	return c.outside(w, r, p.Status, name, title, d, data, &p)
}

// door is that of the tenant whose host was asked for. bare says that the host
// names none.
func (c *Console) door(r *http.Request) (d directory.Door, bare bool, err error) {
	label, bare := c.Hosts.Tenant(c.Hosts.Host(r))
	if bare {
		return d, true, nil
	}
	d, err = c.Directory.Door(r.Context(), label)
	if errors.Is(err, directory.ErrNotFound) {
		err = errNoCompany
	}
	return d, false, err
}

// site is the address of a tenant's console, as the browser that asks would
// reach it. A public URL that is one host for all is no tenant's.
func (c *Console) site(r *http.Request, tenant string) string {
	if strings.Contains(c.Hosts.PublicURL, "{tenant}") {
		return strings.TrimSuffix(c.Hosts.PublicBaseURL(tenant), scimhttp.Base)
	}
	scheme, _, _ := strings.Cut(c.Hosts.BaseURL(r), ":")
	host := tenant + "." + c.Hosts.BaseDomain
	if _, port, err := net.SplitHostPort(c.Hosts.Host(r)); err == nil {
		host = net.JoinHostPort(host, port)
	}
	return scheme + "://" + host
}

// begin shows the browser a new session's secret. One that it showed before
// ends.
func (c *Console) begin(w http.ResponseWriter, r *http.Request, secret string) {
	if before, err := c.visit(w, r); err == nil {
		if err := before.t.SignOut(r.Context()); err != nil {
			c.Logger.Error("a session that was replaced did not end", "error", err)
		}
	}
	c.setCookie(w, r, sessionCookie, secret, directory.SessionLife)
}

// backTo is the local page to go on with after signing in.
func backTo(r *http.Request) string {
	if to := r.FormValue("to"); isLocal(to) && !under(to, "/sign-in") {
		return to
	}
	return "/"
}

var errNoCompany = errors.New("no such company")
