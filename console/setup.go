package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// setupPage guides an admin through the set-up at one identity provider.
type setupPage struct {
	IdP        setupIdP
	Connection string
	TenantURL  string
	TokenURL   string // for OAuth
	Invited    bool   // the reader came by an invitation
	Reach      reach
	Secret     string // just made; shown once
	Tokens     []directory.Token
	Groups     bool // the group feature
	IdPGroups  bool // whether IdP groups are taken
	Attributes []setupAttribute
	Policy     string
	Test       setupTest
}

// setupTest is what has been heard of the IdP since somebody waits for it.
type setupTest struct {
	IdP      string
	Live     string
	Heard    bool
	Client   string
	At       time.Time
	People   int // created and changed since yesterday
	Refused  int
	Knocks   []directory.Knock
	Failures []directory.Activity
}

func (c *Console) showSetups(v *visit) error {
	health, err := v.t.ConnectionHealth(v.r.Context())
	if err != nil {
		return err
	}
	return v.show("setup.html", "Set up", struct {
		IdPs   []setupIdP
		Health []directory.ConnectionHealth
	}{setupIdPs, health})
}

func (c *Console) showSetup(v *visit) error {
	p, err := v.setupPage()
	if err != nil {
		return err
	}
	return v.show("setup_idp.html", "Set up "+p.IdP.Name, p)
}

// makeSetupToken makes the Secret Token right where it is needed.
func (c *Console) makeSetupToken(v *visit) error {
	p, err := v.setupPage()
	if err != nil {
		return err
	}
	p.Secret, err = v.t.CreateConnectionToken(v.r.Context(), p.Connection, p.IdP.Name, time.Time{})
	if err != nil {
		return err
	}
	since := c.Directory.Now()
	if p.Test, err = v.setupTest(p.IdP, p.Connection, since); err != nil {
		return err
	}
	return v.answer(http.StatusOK, "setup_idp.html", "Set up "+p.IdP.Name, p, nil)
}

// liveSetup turns green by itself when the identity provider's first request
// arrives.
func (c *Console) liveSetup(v *visit) error {
	idp, err := setupNamed(v.r.PathValue("idp"))
	if err != nil {
		return err
	}
	micro, _ := strconv.ParseInt(v.r.URL.Query().Get("since"), 10, 64) // 0: whenever
	return v.live(time.Second, func() (string, any, error) {
		test, err := v.setupTest(idp, v.connectionAsked(), time.UnixMicro(micro))
		return "_setup_test.html", test, err
	})
}

func (v *visit) connectionAsked() string {
	return cmp.Or(v.r.FormValue("connection"), directory.DefaultConnection)
}

func (v *visit) setupPage() (p setupPage, err error) {
	ctx := v.r.Context()
	if p.IdP, err = setupNamed(v.r.PathValue("idp")); err != nil {
		return p, err
	}
	p.Connection = v.connectionAsked()
	connections, err := v.t.Connections(ctx)
	if err != nil {
		return p, err
	}
	i := slices.IndexFunc(connections, func(c directory.Connection) bool { return c.Name == p.Connection })
	if i < 0 {
		return p, directory.ErrNotFound
	}
	p.Policy = connections[i].Deprovision
	settings, err := v.t.Settings(ctx)
	if err != nil {
		return p, err
	}
	p.Groups, p.IdPGroups = settings.Groups(), settings.On("idp-groups")
	p.Attributes = p.IdP.attributes(settings)
	p.TenantURL = v.c.Hosts.BaseURL(v.r)
	p.TokenURL, p.Invited = tokenURL(p.TenantURL), v.me.Invitation != ""
	p.Reach = v.c.reaches.look(ctx, p.TenantURL)
	tokens, err := v.t.Tokens(ctx)
	if err != nil {
		return p, err
	}
	since := time.Time{}
	for _, t := range tokens {
		if t.Connection == connections[i].ID && t.State == "valid" {
			p.Tokens = append(p.Tokens, t)
			if t.LastUsed.IsZero() && t.Created.After(since) {
				since = t.Created
			}
		}
	}
	p.Test, err = v.setupTest(p.IdP, p.Connection, since)
	return p, err
}

// setupTest looks for what came since somebody waits.
func (v *visit) setupTest(idp setupIdP, connection string, since time.Time) (t setupTest, err error) {
	t = setupTest{IdP: idp.Name, Live: "/set-up/" + idp.Key + "/live"}
	micro := int64(0)
	if !since.IsZero() {
		micro = since.UnixMicro()
	}
	if t.Live, err = urlWith(t.Live, "connection", connection, "since", micro); err != nil {
		return t, err
	}
	health, err := v.t.ConnectionHealth(v.r.Context())
	if err != nil {
		return t, err
	}
	for _, h := range health {
		if h.Connection == connection {
			t.Heard, t.Client, t.At = h.LastSeen.After(since) && !h.LastSeen.IsZero(), h.Client, h.LastSeen
			t.People, t.Refused = h.Day.Created+h.Day.Updated, h.Day.Refused
		}
	}
	if t.Knocks, err = v.t.Knocks(latest(since, v.c.Directory.Now().Add(-time.Hour))); err != nil {
		return t, err
	}
	if t.Heard {
		t.Knocks = slices.DeleteFunc(t.Knocks, func(k directory.Knock) bool { return k.Time.Before(t.At) })
	}
	page, err := v.t.SearchActivity(v.r.Context(), directory.ActivityFilter{Failed: true, Connection: connection, Since: latest(since, v.c.Directory.Now().Add(-24*time.Hour)), Limit: 3})
	t.Failures = page.Entries
	return t, err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
