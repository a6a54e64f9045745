package console

import (
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// homePage is what an admin sees first.
type homePage struct {
	directory.Figures
	Admin       bool // company admin
	Charts      []chart
	Connections []directory.ConnectionHealth
	Attention   []directory.AttentionEntry // the first few
	Waiting     int                        // all of them
	Fresh       bool                       // no identity provider has ever asked
}

// fewEntries is how many entries under Needs attention Home shows.
const fewEntries = 5

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
	if p.Figures, err = v.t.Figures(v.r.Context()); err != nil {
		return p, err
	}
	if p.Admin = v.me.Role == directory.RoleCompanyAdmin; !p.Admin {
		return p, nil
	}
	return p, v.incoming(&p)
}

// incoming adds what a company admin sees of provisioning.
func (v *visit) incoming(p *homePage) error {
	ctx, now := v.r.Context(), v.c.Directory.Now()
	traffic, err := v.t.Traffic(ctx, now.AddDate(0, 0, -30))
	if err != nil {
		return err
	}
	p.Charts = []chart{
		drawn("The last 24 hours", "hour", buckets(traffic, now, time.Hour, 24), "15:04", 6),
		drawn("The last 30 days", "", buckets(traffic, now, 24*time.Hour, 30), "2 Jan", 7),
	}
	if p.Connections, err = v.t.ConnectionHealth(ctx); err != nil {
		return err
	}
	p.Fresh = true
	for _, h := range p.Connections {
		p.Fresh = p.Fresh && h.LastSeen.IsZero()
	}
	if p.Attention, err = v.t.Attention(ctx); err != nil {
		return err
	}
	p.Waiting = len(p.Attention)
	p.Attention = p.Attention[:min(fewEntries, len(p.Attention))]
	return nil
}

// Unmatched is how many people SCIM has no idea about.
func (p homePage) Unmatched() int64 { return p.People - p.Matched }
