package console

import (
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/scim"
)

// objectView is a person or group of the source, with its link.
type objectView struct {
	Type     string
	Anchor   string
	Name     string
	To       string // its page
	InScope  bool
	Gone     bool
	Via      string
	Why      string
	Target   string
	Matched  string
	Linked   time.Time
	Left     time.Time
	NextTry  time.Time
	Failures int
	Faulty   string
	Rejected bool
	Error    string
}

func (v *appVisit) object(o *provision.Object) objectView {
	w := objectView{Type: o.Type, Anchor: o.Anchor, Name: o.Name, InScope: o.InScope, Gone: o.Gone, Via: o.Via, Why: inConsole(o.Why), Target: o.Target, Matched: o.Matched,
		Linked: micros(o.Linked), Left: micros(o.Left), NextTry: micros(o.Retry), Failures: o.Failures, Faulty: o.Faulty, Rejected: o.Rejected()}
	if w.Name == "" {
		w.Name = o.Anchor
	}
	if w.Why == "." {
		w.Why = "" // no plan has looked at it yet
	}
	w.To = v.person(o.Anchor)
	return w
}

// person is the page of somebody, by his key.
func (v *appVisit) person(key string) string {
	return v.at("/person") + "?" + url.Values{"key": {key}}.Encode()
}

// peopleViews are the lists that one can choose among.
var peopleViews = []struct{ Key, Name, Empty string }{
	{"", "All", "No cycle has read the source yet. Make a plan: it reads the source and writes nothing."},
	{"linked", "Linked", "Nobody is linked to an object of the target yet."},
	{"failed", "Failed, to be tried again", "Nobody waits to be tried again."},
	{"rejected", "Rejected", "No change stands rejected."},
	{"orphans", "Only at the target", "Whoever is at the target is linked, as far as the last full cycle saw, or none has read the target yet."},
}

type peoplePage struct {
	Head    appHead
	Views   []choice
	View    string
	Type    string
	Search  string
	People  []objectView
	Orphans []provision.TargetObject
	Empty   string
	Next    string
}

func (c *Console) showAppPeople(v *appVisit) error {
	p := peoplePage{Head: v.head("people"), View: v.r.FormValue("view"), Type: "User", Search: strings.TrimSpace(v.r.FormValue("q"))}
	if v.r.FormValue("type") == "Group" {
		p.Type = "Group"
	}
	for _, view := range peopleViews {
		p.Views = append(p.Views, choice{view.Key, view.Name, view.Key == p.View})
		if view.Key == p.View {
			p.Empty = view.Empty
		}
	}
	if p.Search != "" {
		p.Empty = "Nobody is called exactly that. Search by userPrincipalName, by the source's key, or by the target's id."
	}
	fill := v.links
	if p.View == "orphans" {
		fill = v.orphans
	}
	if err := fill(&p); err != nil {
		return err
	}
	return v.show("application_people.html", v.app.Name+": people", p)
}

// links fills the page with people, or groups, of the source.
func (v *appVisit) links(p *peoplePage) error {
	q := provision.ObjectQuery{Type: p.Type, Linked: p.View == "linked", Escrow: p.View == "failed", Rejected: p.View == "rejected", Limit: shownOps + 1}
	if p.Search != "" {
		q.Search, q.Type = scim.Fold(p.Search), "" // a name says by itself what it is
	}
	if after := v.r.FormValue("after"); after != "" {
		q.After = provision.Key{Type: p.Type, Anchor: after}
	}
	objects, err := v.state.Objects(v.r.Context(), q)
	if err != nil {
		return err
	}
	for i, o := range objects {
		if i == shownOps {
			p.Next = v.at("/people") + "?" + url.Values{"view": {p.View}, "type": {p.Type}, "after": {objects[i-1].Anchor}}.Encode()
			break
		}
		p.People = append(p.People, v.object(o))
	}
	return nil
}

// orphans fills it with those of the target whom nobody is linked to.
func (v *appVisit) orphans(p *peoplePage) error {
	found, err := v.state.Targets(v.r.Context(), p.Type, v.r.FormValue("after"), shownOps+1)
	if err != nil {
		return err
	}
	if len(found) > shownOps {
		found = found[:shownOps]
		p.Next = v.at("/people") + "?" + url.Values{"view": {p.View}, "type": {p.Type}, "after": {found[shownOps-1].ID}}.Encode()
	}
	p.Orphans = found
	return nil
}
