package console

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
)

type overviewPage struct {
	Head   appHead
	State  appState
	Cycles []*cycleView
	Switch string // what switching it on, or off, will do
	Probes []provision.Probe
	Cure   string // of the first probe that failed
}

func (c *Console) showApplication(v *appVisit) error {
	page, err := v.overview()
	if err != nil {
		return err
	}
	return v.show("application.html", v.app.Name, page)
}

func (v *appVisit) overview() (p overviewPage, err error) {
	p.Head = v.head("overview")
	if p.State, err = stateOf(v.visit, v.app.Name, v.setup, v.state); err != nil {
		return p, err
	}
	cycles, err := v.state.Cycles(v.r.Context(), 0, 10)
	if err != nil {
		return p, err
	}
	for _, c := range cycles {
		p.Cycles = append(p.Cycles, viewCycle(c))
	}
	p.Switch, err = v.switching(p.State)
	return p, err
}

// liveApplication keeps true where the application stands, twice a second while a
// cycle runs.
func (c *Console) liveApplication(v *appVisit) error {
	return v.live(500*time.Millisecond, func() (string, any, error) {
		a, err := v.t.ApplicationByID(v.r.Context(), v.app.ID)
		if err != nil {
			return "", nil, err
		}
		setup, _ := provision.Parse([]byte(a.Document))
		state, err := stateOf(v.visit, a.Name, setup, v.state)
		return "_application_state.html", state, err
	})
}

// switching says what the switch will do, before it is used.
func (v *appVisit) switching(s appState) (string, error) {
	switch {
	case v.setup == nil:
		return "", nil
	case s.On:
		return "If you switch it off, a cycle that is running ends within a second, and none runs by itself any more. Nothing at the target changes: whoever is there stays there as he is.", nil
	case v.setup.AssignsNobody():
		return "If you switch it on, nothing happens yet, since nobody is assigned. Name people or groups under scope in the set-up first, or choose everybody with sync: all.", nil
	}
	text := "If you switch it on, the first cycle begins within five seconds. It reads " + sourceNames[v.setup.Source.Kind] + " and the target whole, and "
	if s.Counts.Linked > 0 {
		text = "If you switch it on, a cycle begins within five seconds. It reads what changed at " + sourceNames[v.setup.Source.Kind] + ", and "
	}
	plan, fresh, err := v.lastPlan()
	if err != nil {
		return "", err
	}
	if fresh {
		counts, err := v.state.CountOps(v.r.Context(), plan.Number)
		if err != nil {
			return "", err
		}
		return text + "writes what the plan shows: " + sumOf(counts).line() + ". " + approvals[v.setup.Approval], nil
	}
	return text + "writes what is missing. Make a plan first to see what that is. " + approvals[v.setup.Approval], nil
}

// approvals say what waits.
var approvals = map[string]string{
	provision.AutoExceptRemoval: "Who is to be disabled or deleted, and members who are to be taken out of groups, wait for you.",
	provision.Auto:              "Nothing waits for you but what a guard holds.",
	provision.Always:            "Every change waits for you.",
}

// switchApplication switches an application on or off.
func (c *Console) switchApplication(v *appVisit) error {
	if v.setup == nil {
		return said("This set-up was written by another version and cannot be read. Correct it under Set-up first.")
	}
	status := provision.Off
	if v.r.PostFormValue("status") == provision.On {
		status = provision.On
	}
	next := *v.setup
	next.Status = status
	if err := v.put(&next, nil, v.app.Version); err != nil {
		return err
	}
	if status == provision.Off {
		return v.done(v.at(""), v.app.Name+" is off.")
	}
	if next.AssignsNobody() {
		return v.done(v.at(""), v.app.Name+" is on, and provisions nobody: nobody is assigned.")
	}
	return v.done(v.at(""), v.app.Name+" is on.")
}

// put keeps a set-up and has the server look at it at once.
func (v *appVisit) put(next *provision.Application, secrets map[string]string, version int64) error {
	made, err := v.t.PutApplication(v.r.Context(), v.app.Name, string(next.YAML()), secrets, version)
	if err != nil {
		return provision.HideError(err, secrets)
	}
	if made.Version == v.app.Version {
		return nil
	}
	v.app = made
	return provision.Rouse(v.r.Context(), v.state, next, v.c.Directory.Now().UnixMicro())
}

// testApplication asks the source and the target, and shows what they said.
func (c *Console) testApplication(v *appVisit) error {
	page, err := v.overview()
	if err != nil {
		return err
	}
	if err := v.with(func(ctx context.Context, e *provision.Engine) error {
		page.Probes = e.Test(ctx)
		return nil
	}); err != nil {
		return err
	}
	for i, p := range page.Probes {
		page.Probes[i].Found = inConsole(p.Found)
		if !p.OK && !p.Skipped && page.Cure == "" {
			page.Cure = p.Name + ": " + page.Probes[i].Found + " " + p.Cure
		}
	}
	return v.show("application.html", v.app.Name, page)
}

// runApplication begins a cycle, or a plan.
func (c *Console) runApplication(v *appVisit) error {
	q := provision.Request{Actor: v.actor(), Again: true, Full: v.r.PostFormValue("full") == "yes",
		PlanOnly: v.r.PostFormValue("plan") == "yes", AcceptShrink: v.r.PostFormValue("accept-shrink") == "yes"}
	if err := v.start(func(ctx context.Context, e *provision.Engine) error {
		_, err := e.Run(ctx, q)
		return err
	}); err != nil {
		return err
	}
	if q.PlanOnly {
		return v.done(v.at("/plan"), "A plan is being made. Nothing is written.")
	}
	return v.done(v.at(""), "A cycle runs.")
}

// stopApplication ends the cycle that runs: one that a page began by itself, one
// of the schedule by switching the application off.
func (c *Console) stopApplication(v *appVisit) error {
	if stop, here := c.Applications.running.Load(v.app.ID); here {
		stop.(context.CancelCauseFunc)(said("stopped by " + v.me.UserName))
		return v.done(v.at(""), "The cycle ends within a second. The next one goes on from there.")
	}
	if v.setup == nil || v.setup.Status != provision.On {
		return said("No cycle runs here that could be stopped: it has ended, or it was begun at a command line, where it can be ended.")
	}
	next := *v.setup
	next.Status = provision.Off
	if err := v.put(&next, nil, v.app.Version); err != nil {
		return err
	}
	return v.done(v.at(""), v.app.Name+" is off, which ends its cycle within a second.")
}

// restartApplication begins again with an initial cycle.
func (c *Console) restartApplication(v *appVisit) error {
	if ok, err := v.confirm(fmt.Sprintf("Begin %s again with an initial cycle? It forgets how far the source was read, who waits to be tried again, and a quarantine. Links stay, so nobody is made twice.", v.app.Name), 0); !ok {
		return err
	}
	if err := v.with(func(ctx context.Context, e *provision.Engine) error {
		if err := e.Restart(ctx); err != nil {
			return err
		}
		return provision.Rouse(ctx, v.state, e.App, v.c.Directory.Now().UnixMicro())
	}); err != nil {
		return err
	}
	return v.done(v.at(""), v.app.Name+" begins again with an initial cycle.")
}

// deleteApplication ends an application; its links are the people whom nobody
// looks after then.
func (c *Console) deleteApplication(v *appVisit) error {
	counts, err := v.state.CountObjects(v.r.Context())
	if err != nil {
		return err
	}
	what := fmt.Sprintf("Delete %s, with its secrets, links and log? The target keeps the %s that were provisioned as they are, and nobody looks after them any more.", v.app.Name, count(counts.Linked, "person or group", "people and groups"))
	if ok, err := v.confirm(what, counts.Linked); !ok {
		return err
	}
	if _, err := v.t.DeleteApplication(v.r.Context(), v.app.Name); err != nil && !errors.Is(err, directory.ErrNotFound) {
		return err
	}
	if err := v.state.Forget(v.r.Context()); err != nil {
		return err
	}
	return v.done("/applications", v.app.Name+" is deleted.")
}
