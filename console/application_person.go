package console

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/provision"
)

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
