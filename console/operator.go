package console

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// tenantsAtOnce is how many tenants an operator's page lists.
const tenantsAtOnce = 100

// operator adds a page for operators. Their pages are at the bare host alone,
// and no session of a tenant opens them.
func (c *Console) operator(mux *http.ServeMux, pattern string, page func(http.ResponseWriter, *http.Request, *directory.Operator) error) {
	c.atBareHost(mux, pattern, func(w http.ResponseWriter, r *http.Request) error {
		o, err := c.Directory.OpenOperator(r.Context(), c.sessionSecret(r), c.via(r))
		if isSignedOut(err) {
			return c.wide(w, r, http.StatusUnauthorized, "operator_sign_in.html", "Operators", "", nil)
		}
		if err != nil {
			return err
		}
		return page(w, r, o)
	})
}

func (c *Console) atBareHost(mux *http.ServeMux, pattern string, page func(http.ResponseWriter, *http.Request) error) {
	c.public(mux, pattern, func(w http.ResponseWriter, r *http.Request) error {
		if _, bare := c.Hosts.Tenant(c.Hosts.Host(r)); !bare {
			c.elsewhere(w, r)
			return nil
		}
		return page(w, r)
	})
}

// wide answers with a page of the operators.
func (c *Console) wide(w http.ResponseWriter, r *http.Request, status int, name, title string, data any, p *problem) error {
	return c.write(w, r, status, name, &page{Title: title, Path: r.URL.Path, Wide: true, Problem: p, Data: data})
}

// operatorPage is all tenants and the server's health.
type operatorPage struct {
	Tenants []tenantLine
	Next    string // name after which the next page begins
	First   bool
	Health  directory.Health
	Version string
	Up      time.Time
}

type tenantLine struct {
	directory.TenantOverview
	Site          string
	Came, Changed time.Time
}

func (c *Console) showTenants(w http.ResponseWriter, r *http.Request, o *directory.Operator) error {
	after := r.FormValue("after")
	rows, err := o.Tenants(r.Context(), after, tenantsAtOnce+1)
	if err != nil {
		return err
	}
	page := operatorPage{First: after == "", Version: c.Version, Up: c.started}
	if len(rows) > tenantsAtOnce {
		rows = rows[:tenantsAtOnce]
		page.Next = rows[tenantsAtOnce-1].Name
	}
	for _, row := range rows {
		page.Tenants = append(page.Tenants, tenantLine{row, c.site(r, row.Name), moment(row.Came), moment(row.Changed)})
	}
	if page.Health, err = o.Health(r.Context()); err != nil {
		return err
	}
	return c.wide(w, r, http.StatusOK, "operator.html", "Tenants", page, nil)
}

// moment is a row's time; 0 is none.
func moment(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro)
}

// newTenantForm is what an operator says of a new tenant.
type newTenantForm struct {
	directory.NewTenant
	Domain string
	Site   string // of the tenant that was made
	Link   string // for its first admin, shown this once
}

func (c *Console) showNewTenant(w http.ResponseWriter, r *http.Request, _ *directory.Operator) error {
	return c.wide(w, r, http.StatusOK, "operator_new.html", "New tenant", newTenantForm{Domain: c.Hosts.BaseDomain}, nil)
}

func (c *Console) makeTenant(w http.ResponseWriter, r *http.Request, o *directory.Operator) error {
	form := newTenantForm{Domain: c.Hosts.BaseDomain, NewTenant: directory.NewTenant{
		Name: r.PostFormValue("name"), Display: r.PostFormValue("display"), AdminEmail: r.PostFormValue("admin-email"),
		GivenName: r.PostFormValue("given-name"), FamilyName: r.PostFormValue("family-name"),
	}}
	t, secret, err := o.CreateTenant(r.Context(), form.NewTenant)
	if err != nil {
		p, expected := c.problemOf(err)
		if !expected {
			return err
		}
		return c.wide(w, r, p.Status, "operator_new.html", "New tenant", form, &p)
	}
	form.Site = c.site(r, t.Name())
	form.Link = form.Site + "/sign-in/link/" + secret
	return c.wide(w, r, http.StatusOK, "operator_made.html", "Tenant made", form, nil)
}

// showOperatorLink asks before an operator's link is used up.
func (c *Console) showOperatorLink(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Referrer-Policy", "no-referrer")
	err := c.Directory.OperatorLinkStands(r.Context(), r.PathValue("secret"))
	if errors.Is(err, directory.ErrLink) {
		return c.wide(w, r, http.StatusGone, "operator_sign_in.html", "Operators", "spent", nil)
	}
	if err != nil {
		return err
	}
	return c.wide(w, r, http.StatusOK, "operator_sign_in.html", "Operators", "link", nil)
}

func (c *Console) redeemOperatorLink(w http.ResponseWriter, r *http.Request) error {
	secret, err := c.Directory.RedeemOperatorLink(r.Context(), r.PathValue("secret"), c.via(r))
	if errors.Is(err, directory.ErrLink) {
		return c.wide(w, r, http.StatusGone, "operator_sign_in.html", "Operators", "spent", nil)
	}
	if err != nil {
		return err
	}
	c.setCookie(w, r, sessionCookie, secret, directory.SessionLife)
	http.Redirect(w, r, "/operator", http.StatusSeeOther)
	return nil
}

func (c *Console) signOutOperator(w http.ResponseWriter, r *http.Request, o *directory.Operator) error {
	if err := o.SignOut(r.Context()); err != nil {
		return err
	}
	c.setCookie(w, r, sessionCookie, "", 0)
	c.setFlash(w, r, "You are signed out.")
	http.Redirect(w, r, "/operator", http.StatusSeeOther)
	return nil
}

// nextTenants is the address of the next page.
func (p operatorPage) NextURL() string { return "/operator?after=" + url.QueryEscape(p.Next) }
