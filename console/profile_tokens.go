package console

import (
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// tokensPage is Profile > Access tokens (behaviour.md 3.1): the reader's own.
type tokensPage struct {
	Tokens    []directory.Token
	Name      string // as it was typed
	Expires   string
	Choices   []choice
	Secret    string // of a new one, shown this once
	Replaced  string // name of the one that Secret replaces
	TenantURL string
	Soon      time.Time
}

// expiresSoon is how long before its end a token is marked.
const expiresSoon = 30 * 24 * time.Hour

// lifetimes are the days a new token may be given.
var lifetimes = []choice{{Value: "90", Label: "90 days"}, {Value: "365", Label: "One year"}, {Value: "730", Label: "Two years"}}

func (v *visit) tokensPage() (p tokensPage, err error) {
	settings, err := v.t.Settings(v.r.Context())
	if err != nil {
		return p, err
	}
	if !settings.AccessTokens() {
		return p, said("Access tokens are off in this company, so there are none to look at. Settings > Access tokens turns them on.")
	}
	p.TenantURL, p.Soon = v.c.Hosts.BaseURL(v.r), v.c.Directory.Now().Add(expiresSoon)
	p.Expires = "365"
	if p.Tokens, err = v.t.Tokens(v.r.Context()); err != nil {
		return p, err
	}
	p.Tokens = slices.DeleteFunc(p.Tokens, func(t directory.Token) bool { return t.Owner != v.me.UserName })
	for _, l := range lifetimes {
		p.Choices = append(p.Choices, choice{l.Value, l.Label, l.Value == p.Expires})
	}
	return p, nil
}

func (c *Console) showTokens(v *visit) error {
	page, err := v.tokensPage()
	if err != nil {
		return err
	}
	return v.show("profile_tokens.html", "Access tokens", page)
}

func (c *Console) makeToken(v *visit) error {
	page, err := v.tokensPage()
	if err != nil {
		return err
	}
	page.Name, page.Expires = strings.TrimSpace(v.r.PostFormValue("name")), v.r.PostFormValue("expires")
	for i := range page.Choices {
		page.Choices[i].On = page.Choices[i].Value == page.Expires
	}
	expires, err := v.tokenEnd(page.Expires)
	if err == nil {
		page.Secret, err = v.t.CreateToken(v.r.Context(), v.me.ID, page.Name, expires)
	}
	if err != nil {
		return v.showAgain("profile_tokens.html", "Access tokens", page, err)
	}
	return v.showSecret(page.Secret, "")
}

func (v *visit) tokenEnd(days string) (time.Time, error) {
	for i, l := range lifetimes {
		if l.Value == days {
			return v.c.Directory.Now().AddDate(0, 0, []int{90, 365, 730}[i]), nil
		}
	}
	return time.Time{}, said("Choose how long the token is to live.")
}

// showSecret shows a new token's secret, which nobody can show again.
func (v *visit) showSecret(secret, replaced string) error {
	page, err := v.tokensPage()
	if err != nil {
		return err
	}
	page.Secret, page.Replaced = secret, replaced
	return v.show("profile_tokens.html", "Access tokens", page)
}

// ownToken finds the reader's token that a form names.
func (v *visit) ownToken() (directory.Token, error) {
	page, err := v.tokensPage()
	if err != nil {
		return directory.Token{}, err
	}
	i := slices.IndexFunc(page.Tokens, func(t directory.Token) bool { return t.ID == v.r.PostFormValue("id") && t.State == "valid" })
	if i < 0 {
		return directory.Token{}, said("That token is not there any more: it has ended meanwhile.")
	}
	return page.Tokens[i], nil
}

func (c *Console) rotateToken(v *visit) error {
	t, err := v.ownToken()
	if err != nil {
		return err
	}
	secret, err := v.t.RotateToken(v.r.Context(), t.ID)
	if err != nil {
		return err
	}
	return v.showSecret(secret, t.Name)
}

func (c *Console) revokeToken(v *visit) error {
	t, err := v.ownToken()
	if err != nil {
		return err
	}
	if ok, err := v.confirm("The token "+t.Name+" ends at once, and cannot be had back. Whatever uses it, such as your identity provider, is refused from then on.", 1); !ok {
		return err
	}
	if err := v.t.RevokeToken(v.r.Context(), t.ID); err != nil {
		return err
	}
	return v.done("/profile/tokens", "The token "+t.Name+" is revoked.")
}
