package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// signInForm is what was typed, and where to go on.
type signInForm struct {
	Passwords bool
	UserName  string
	To        string
}

// showSignIn asks for a password, or on a bare host for the company first
// (behaviour.md 2.1).
func (c *Console) showSignIn(w http.ResponseWriter, r *http.Request) error {
	d, bare, err := c.door(r)
	if err != nil {
		return err
	}
	if bare {
		return c.showCompany(w, r, "", nil)
	}
	if v, err := c.visit(w, r); err == nil {
		http.Redirect(w, r, v.home(), http.StatusSeeOther)
		return nil
	}
	return c.outside(w, r, http.StatusOK, "sign_in.html", "Sign in", d, signInForm{Passwords: d.Passwords, To: backTo(r)}, nil)
}

// signIn opens a session and goes on to the page that was asked for.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request) error {
	d, bare, err := c.door(r)
	if err != nil {
		return err
	}
	if bare {
		return c.chooseCompany(w, r)
	}
	form := signInForm{Passwords: d.Passwords, UserName: r.PostFormValue("user-name"), To: backTo(r)}
	secret, err := c.Directory.SignIn(r.Context(), d.Tenant, form.UserName, r.PostFormValue("password"), c.via(r))
	if err != nil {
		var e *scim.Error
		if errors.As(err, &e) && e.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(e.RetryAfter))
		}
		return c.outsideAgain(w, r, "sign_in.html", "Sign in", d, form, err)
	}
	c.begin(w, r, secret)
	http.Redirect(w, r, form.To, http.StatusSeeOther)
	return nil
}

// showCompany asks whose console is meant.
func (c *Console) showCompany(w http.ResponseWriter, r *http.Request, company string, problem error) error {
	// The answer leads to another host, which a form may not unless it is said.
	w.Header().Set("Content-Security-Policy", policy("'self' "+c.site(r, "*")))
	data := struct{ Company, Domain, To string }{company, c.Hosts.BaseDomain, backTo(r)}
	if problem != nil {
		return c.outsideAgain(w, r, "sign_in_company.html", "Sign in", directory.Door{}, data, problem)
	}
	return c.outside(w, r, http.StatusOK, "sign_in_company.html", "Sign in", directory.Door{}, data, nil)
}

// chooseCompany goes on to the company's own host.
func (c *Console) chooseCompany(w http.ResponseWriter, r *http.Request) error {
	company := strings.ToLower(strings.TrimSpace(r.PostFormValue("company")))
	d, err := c.Directory.Door(r.Context(), strings.TrimSuffix(company, "."+strings.ToLower(c.Hosts.BaseDomain)))
	if errors.Is(err, directory.ErrNotFound) {
		return c.showCompany(w, r, company, said("No company has that name here. It is the first part of the address that your admin gave you."))
	}
	if err != nil {
		return err
	}
	to := c.site(r, d.Tenant) + "/sign-in"
	if back := backTo(r); back != "/" {
		to += "?to=" + url.QueryEscape(back)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// signOut works whether or not the session still stands.
func (c *Console) signOut(w http.ResponseWriter, r *http.Request) error {
	v, err := c.visit(w, r)
	if err == nil {
		err = v.t.SignOut(r.Context())
	}
	if err != nil && !isSignedOut(err) {
		return err
	}
	c.setCookie(w, r, sessionCookie, "", 0)
	c.setFlash(w, r, "You are signed out.")
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	return nil
}
