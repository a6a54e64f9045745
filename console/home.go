package console

import (
	"slices"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// homePage is what an admin sees first.
type homePage struct {
	Row         directory.TenantRow
	Groups      int
	Teams       int
	Expiring    []directory.Token // within expiresSoon, the next first
	Provisioned bool              // somebody ever came in over SCIM
}

// expiresSoon is how long before its end a token is shown.
const expiresSoon = 30 * 24 * time.Hour

func (c *Console) showHome(v *visit) error {
	page, err := v.homePage()
	if err != nil {
		return err
	}
	return v.show("home.html", "Home", page)
}

// liveHome keeps the figures true while the page is open.
func (c *Console) liveHome(v *visit) error {
	return v.live(5*time.Second, func() (string, any, error) {
		page, err := v.homePage()
		return "_home.html", page, err
	})
}

func (v *visit) homePage() (p homePage, err error) {
	ctx := v.r.Context()
	if p.Row, err = v.t.Row(ctx); err != nil {
		return p, err
	}
	groups, err := v.t.Groups(ctx)
	if err != nil {
		return p, err
	}
	for _, g := range groups {
		p.Groups++
		p.Teams += g.Teams
	}
	if v.me.Role != directory.RoleCompanyAdmin {
		return p, nil
	}
	p.Expiring, err = v.expiring()
	p.Provisioned = p.Row.Matched > 0
	return p, err
}

// Unmatched is how many people SCIM has no idea about.
func (p homePage) Unmatched() int64 { return p.Row.Users - p.Row.Matched }

// expiring lists the valid tokens that end soon.
func (v *visit) expiring() ([]directory.Token, error) {
	tokens, err := v.t.Tokens(v.r.Context())
	soon := v.c.Directory.Now().Add(expiresSoon)
	tokens = slices.DeleteFunc(tokens, func(t directory.Token) bool { return t.State != "valid" || t.Expires.After(soon) })
	slices.SortFunc(tokens, func(a, b directory.Token) int { return a.Expires.Compare(b.Expires) })
	return tokens, err
}
