package console

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
)

// planSum is a plan's counts.
type planSum struct {
	Action string
	Tone   string
	Key    string // provision's word
	Goes   int    // carried out without asking
	Waits  int
	Failed int // cannot be provisioned
	Not    int // rejected
}

type planSums []planSum

func sumOf(counts []provision.OpCount) (sums planSums) {
	for _, action := range []string{provision.ActionCreate, provision.ActionOther, provision.ActionUpdate, provision.ActionDisable, provision.ActionDelete} {
		s := planSum{Action: actions[action].text, Tone: actions[action].tone, Key: action}
		for _, n := range counts {
			switch {
			case n.Action != action:
			case n.State == provision.Staged:
				s.Waits += n.N
			case n.State == provision.Failed:
				s.Failed += n.N
			case n.State == provision.Rejected:
				s.Not += n.N
			default: // planned, done, or superseded since by a later plan
				s.Goes += n.N
			}
		}
		if s.Goes+s.Waits+s.Failed+s.Not > 0 {
			sums = append(sums, s)
		}
	}
	return sums
}

// line is what would be done, in a line.
func (s planSums) line() string {
	var parts []string
	for _, one := range s {
		if n := one.Goes + one.Waits; n > 0 {
			part := number(n) + " to " + one.Action
			if one.Waits > 0 {
				part += " (" + number(one.Waits) + " wait)"
			}
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

type planPage struct {
	Head     appHead
	Cycle    *cycleView // whose plan it is; nil: there is none
	Running  bool       // a cycle is making another one
	Outdated bool       // cycles have done something since
	Sums     planSums
	Line     string
	Action   string // of which alone operations are shown
	Pending  *provision.Pending
	Waits    []opView
	Ops      []opView
	Next     string // where the rest of Ops is
	Rejected int
	Setup    *provision.Application
}

// shownOps is how many operations are on a page.
const shownOps = 50

func (c *Console) showPlan(v *appVisit) error {
	page, err := v.plan()
	if err != nil {
		return err
	}
	return v.show("application_plan.html", v.app.Name+": plan", page)
}

// livePlan shows that a plan is being made, and asks for the page again when it is.
func (c *Console) livePlan(v *appVisit) error {
	return v.live(500*time.Millisecond, func() (string, any, error) {
		cycles, err := v.state.Cycles(v.r.Context(), 0, 1)
		if err != nil || len(cycles) == 0 {
			return "_application_planning.html", nil, err
		}
		return "_application_planning.html", viewCycle(cycles[0]), nil
	})
}

func (v *appVisit) plan() (p planPage, err error) {
	ctx := v.r.Context()
	p.Head, p.Setup, p.Action = v.head("plan"), v.setup, v.r.FormValue("action")
	counts, err := v.state.CountObjects(ctx)
	if err != nil {
		return p, err
	}
	p.Rejected = counts.Rejected
	p.Pending = &provision.Pending{}
	if v.setup != nil {
		if p.Pending, err = v.judge().Pending(ctx); err != nil {
			return p, err
		}
	}
	newest, err := v.state.Cycles(ctx, 0, 1)
	if err != nil {
		return p, err
	}
	p.Running = len(newest) > 0 && newest[0].Ended == 0
	cycle, fresh, err := v.lastPlan()
	if err != nil {
		return p, err
	}
	p.Outdated = cycle != nil && !fresh
	if w := p.Pending.Plan; w != nil && (cycle == nil || cycle.Number < w.Number) {
		cycle, p.Outdated = w, false
	}
	if cycle == nil {
		return p, nil
	}
	p.Cycle = viewCycle(cycle)
	ops, err := v.state.CountOps(ctx, cycle.Number)
	if err != nil {
		return p, err
	}
	p.Sums = sumOf(ops)
	p.Line = p.Sums.line()
	return p, v.planned(&p, cycle.Number)
}

// judge is an engine that reads and judges plans, and needs neither source nor
// target for it.
func (v *appVisit) judge() *provision.Engine {
	return &provision.Engine{App: v.setup, Store: v.state, Now: v.c.Directory.Now, Logger: v.c.Logger}
}

// lastPlan is the newest plan that somebody asked for, of those of late; fresh says
// that no cycle has done anything since.
func (v *appVisit) lastPlan() (plan *provision.Cycle, fresh bool, err error) {
	cycles, err := v.state.Cycles(v.r.Context(), 0, 50)
	if err != nil {
		return nil, false, err
	}
	for i, c := range cycles {
		if c.OnlyPlanned() {
			return c, i == 0, nil
		}
	}
	return nil, false, nil
}

// planned reads what is shown of a plan: first what waits, then the rest by pages.
func (v *appVisit) planned(p *planPage, cycle int64) error {
	ctx := v.r.Context()
	if p.Pending.Plan != nil {
		waits, err := v.state.Ops(ctx, provision.OpQuery{Cycle: p.Pending.Plan.Number, States: []string{provision.Staged}, Limit: shownOps})
		if err != nil {
			return err
		}
		e := v.judge()
		for _, op := range waits {
			w := viewOp(op)
			w.Print = e.Print(op)
			p.Waits = append(p.Waits, w)
		}
	}
	after, _ := strconv.ParseInt(v.r.FormValue("after"), 10, 64)
	q := provision.OpQuery{Cycle: cycle, After: after, Limit: 500,
		States: []string{provision.Planned, provision.Superseded, provision.Rejected, provision.Failed, provision.Done}}
	for len(p.Ops) < shownOps {
		ops, err := v.state.Ops(ctx, q)
		if err != nil {
			return err
		}
		for _, op := range ops {
			if q.After = op.Number; p.Action != "" && op.Action != p.Action {
				continue
			}
			if p.Ops = append(p.Ops, viewOp(op)); len(p.Ops) == shownOps {
				p.Next = v.at("/plan") + "?" + url.Values{"action": {p.Action}, "after": {fmt.Sprint(op.Number)}}.Encode()
				break
			}
		}
		if len(ops) < q.Limit {
			break
		}
	}
	return nil
}

// judgePlan approves or rejects what waits: what was chosen, or all that the
// reader saw.
func (c *Console) judgePlan(v *appVisit) error {
	if v.setup == nil {
		return said("This set-up was written by another version and cannot be read. Correct it under Set-up first.")
	}
	e := v.judge()
	pending, err := v.chosen(e)
	if err != nil {
		return err
	}
	if v.r.PostForm.Get("word") == "reject" {
		n, err := e.RejectSeen(v.r.Context(), &pending.Seen)
		if err != nil {
			return v.told(err)
		}
		return v.done(v.at("/plan"), count(n, "change", "changes")+" rejected. It is not asked about again until it would be another change.")
	}
	return v.approve(pending)
}

// chosen is what the form is about, if it still waits.
func (v *appVisit) chosen(e *provision.Engine) (*provision.Pending, error) {
	if err := v.r.ParseForm(); err != nil {
		return nil, err
	}
	if all := v.r.PostForm.Get("all"); all != "" {
		p, err := e.Pending(v.r.Context())
		if err == nil && p.Digest != all {
			err = said("What waits has changed since you looked, so nothing was done. Look at it again.")
		}
		return p, err
	}
	prints := v.r.PostForm["id"]
	if len(prints) == 0 {
		return nil, said("Nothing was chosen. Choose at least one change, or all of them.")
	}
	p, unknown, err := e.PendingOnly(v.r.Context(), prints)
	if err == nil && unknown > 0 {
		err = said("Some of what you chose does not wait any more, so nothing was done. Look at it again.")
	}
	return p, err
}

func (v *appVisit) approve(p *provision.Pending) error {
	changes := count(p.N, "change", "changes")
	what := fmt.Sprintf("Carry out %s now?", changes)
	if p.Leavers > 0 {
		what += fmt.Sprintf(" Access at the target ends for %s.", count(p.Leavers, "person or group", "people and groups"))
	}
	if ok, err := v.confirm(what, p.N); !ok {
		return err
	}
	if err := v.start(func(ctx context.Context, e *provision.Engine) error {
		if _, _, err := e.ApproveSeen(ctx, &p.Seen); err != nil {
			return err
		}
		_, err := e.Run(ctx, provision.Request{Actor: v.actor()})
		return err
	}); err != nil {
		return err
	}
	return v.done(v.at(""), changes+" approved, and a cycle carries it out.")
}

// takeBack ends refusals.
func (c *Console) takeBack(v *appVisit) error {
	n := 0
	if err := v.with(func(ctx context.Context, e *provision.Engine) (err error) {
		n, err = e.TakeBack(ctx, v.r.PostForm["person"])
		return err
	}); err != nil {
		return err
	}
	return v.done(v.at("/plan"), "The next plan asks again about "+count(n, "person or group", "people and groups")+".")
}
