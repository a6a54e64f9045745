package console

import (
	"errors"
	"net/http"

	"github.com/rollcall-scim/rollcall/directory"
)

// showLink says whom a sign-in link is for. Only the button uses it up: mail
// scanners follow links, and press nothing.
func (c *Console) showLink(w http.ResponseWriter, r *http.Request) error {
	d, err := c.tenantDoor(r)
	if err != nil {
		return err
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address is the secret
	info, err := c.Directory.LinkInfo(r.Context(), r.PathValue("secret"), d.Tenant)
	if errors.Is(err, directory.ErrLink) {
		return c.spentLink(w, r, d)
	}
	if err != nil {
		return err
	}
	return c.outside(w, r, http.StatusOK, "sign_in_link.html", "Sign in", d, info, nil)
}

// redeemLink opens a session, and goes on to where its owner begins: a person
// without a password to setting one.
func (c *Console) redeemLink(w http.ResponseWriter, r *http.Request) error {
	d, err := c.tenantDoor(r)
	if err != nil {
		return err
	}
	secret, err := c.Directory.RedeemLink(r.Context(), r.PathValue("secret"), d.Tenant, c.via(r))
	if errors.Is(err, directory.ErrLink) {
		return c.spentLink(w, r, d)
	}
	if err != nil {
		return err
	}
	t, err := c.Directory.OpenSession(r.Context(), secret, d.Tenant, c.via(r))
	if err != nil {
		return err
	}
	c.begin(w, r, secret)
	to := "/set-up"
	if me := t.Self(); me.Invitation == "" {
		if to = "/"; d.Passwords {
			to = "/profile/password"
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (c *Console) spentLink(w http.ResponseWriter, r *http.Request, d directory.Door) error {
	return c.outside(w, r, http.StatusGone, "sign_in_spent.html", "This link does not work any more", d, nil, nil)
}

// tenantDoor is the door where only a tenant's host has one.
func (c *Console) tenantDoor(r *http.Request) (directory.Door, error) {
	d, bare, err := c.door(r)
	if bare {
		err = errNoCompany
	}
	return d, err
}
