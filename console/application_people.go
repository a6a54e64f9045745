package console

import (
	"context"
	"encoding/json/v2"
	"fmt"
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

type appPersonPage struct {
	Head    appHead
	Who     objectView
	In      bool
	Why     string
	Clauses []provision.ClauseResult
	Values  []valueView
	Without []string // mappings that give no value
	Faults  []string
	Waits   *opView
	Log     []opView
	Answer  *answerView // of provisioning on demand
}

type valueView struct{ Path, Value string }

// answerView is what provisioning on demand did, or would do.
type answerView struct {
	Preview bool
	Steps   []provision.Step
	Ops     []opView
	Failed  string
}

// showAppPerson answers "why?".
func (c *Console) showAppPerson(v *appVisit) error { return v.why(v.r.FormValue("key"), nil) }

func (v *appVisit) why(key string, answer *answerView) error {
	if key == "" {
		return said("Say who: a userPrincipalName, a group's displayName, or the source's key.")
	}
	var p appPersonPage
	err := v.with(func(ctx context.Context, e *provision.Engine) error {
		x, err := e.Why(ctx, key)
		if err != nil {
			return err
		}
		p = v.explained(x)
		return nil
	})
	if err != nil {
		return err
	}
	p.Answer = answer
	return v.show("application_person.html", p.Who.Name, p)
}

func (v *appVisit) explained(x *provision.Explanation) appPersonPage {
	p := appPersonPage{Head: v.head("people"), Who: v.object(x.Object), In: x.Decision.In, Why: inConsole(x.Decision.Why), Clauses: x.Decision.Clauses, Log: viewOps(x.Log)}
	for _, value := range x.Values {
		switch {
		case value.Skip || value.Value == nil && len(value.Refs) == 0:
			p.Without = append(p.Without, value.Key)
		case value.Redacted:
			p.Values = append(p.Values, valueView{value.Key, "not shown"})
		case len(value.Refs) > 0:
			p.Values = append(p.Values, valueView{value.Key, "→ " + references(value.Refs)})
		default:
			p.Values = append(p.Values, valueView{value.Key, asJSON(value.Value)})
		}
	}
	for _, f := range x.Faults {
		p.Faults = append(p.Faults, f.String())
	}
	if x.Waits != nil {
		w := viewOp(x.Waits)
		p.Waits = &w
	}
	return p
}

// references are the first of those that an object names: a group names many.
func references(refs []string) string {
	const most = 10
	text := strings.Join(refs[:min(len(refs), most)], ", ")
	if len(refs) > most {
		text += fmt.Sprintf(" and %s more", number(len(refs)-most))
	}
	return text
}

func asJSON(value any) string {
	b, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(b)
}

// provisionPerson provisions one person or group now, or tells what that would do.
func (c *Console) provisionPerson(v *appVisit) error {
	name, preview := strings.TrimSpace(v.r.PostFormValue("key")), v.r.PostFormValue("preview") == "yes"
	if name == "" {
		return said("Say who: a userPrincipalName, an e-mail address, a group's displayName, or the source's key.")
	}
	var shown appPersonPage
	err := v.with(func(ctx context.Context, e *provision.Engine) error {
		a, err := e.Demand(ctx, name, preview, v.actor())
		if err != nil {
			return err
		}
		answer := answerOf(a, preview)
		x, err := e.Why(ctx, a.Object.Anchor)
		if err != nil { // a preview of somebody whom no cycle has met
			shown = appPersonPage{Head: v.head("people"), Who: v.object(a.Object), In: a.Decision.In, Why: inConsole(a.Decision.Why), Answer: answer}
			return nil
		}
		shown = v.explained(x)
		shown.Answer = answer
		return nil
	})
	if err != nil {
		return err
	}
	if preview || shown.Answer.Failed != "" {
		return v.show("application_person.html", shown.Who.Name, shown)
	}
	return v.done(shown.Who.To, provisioned(shown))
}

func provisioned(p appPersonPage) string {
	if len(p.Answer.Ops) == 0 {
		return "Nothing was to be written for " + p.Who.Name + "."
	}
	return p.Who.Name + " is provisioned."
}

func answerOf(a *provision.Answer, preview bool) *answerView {
	v := &answerView{Preview: preview, Steps: a.Steps, Ops: viewOps(a.Ops)}
	for _, op := range a.Ops {
		if d := op.Details(); len(d.Steps) > len(v.Steps) {
			v.Steps = d.Steps
		}
		if op.State == provision.Failed {
			v.Failed = inConsole(op.Message)
		}
	}
	return v
}

// linkPerson ties somebody to an object of the target by hand, or ends the link.
func (c *Console) linkPerson(v *appVisit) error {
	key, id := v.r.PostFormValue("key"), strings.TrimSpace(v.r.PostFormValue("id"))
	message := ""
	err := v.with(func(ctx context.Context, e *provision.Engine) error {
		if v.r.PostFormValue("unlink") == "yes" {
			o, err := e.Unlink(ctx, key)
			if err == nil {
				message = o.Name + " has no link any more. The next cycle matches anew; the target keeps its object."
			}
			return err
		}
		if id == "" {
			return said("Type the id that the target has for it.")
		}
		o, err := e.Link(ctx, key, id)
		if err == nil {
			message = o.Name + " is linked to " + o.Target + "."
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.done(v.person(key), message)
}
