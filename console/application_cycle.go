package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
)

// cycleView is a cycle for people.
type cycleView struct {
	Number   int64
	Kind     string
	Running  bool
	Phase    string // what it is doing
	Done     int64
	Total    int64
	Started  time.Time
	Took     string
	Actor    string
	Planned  bool // it only made a plan
	Tone     string
	Outcome  string
	Messages []string
	Did      string // in a line
	Counts   provision.Stats
}

func viewCycle(c *provision.Cycle) *cycleView {
	if c == nil {
		return nil
	}
	v := &cycleView{Number: c.Number, Kind: c.Kind, Running: c.Ended == 0, Phase: phaseNames[c.Phase], Done: c.Done, Total: max(c.Total, c.Done), Started: micros(c.Started),
		Actor: c.Actor, Planned: c.OnlyPlanned(), Outcome: outcomes[c.Outcome].text, Tone: outcomes[c.Outcome].tone, Counts: c.Counted()}
	if c.Ended > 0 {
		v.Took = time.Duration((c.Ended - c.Started) * 1000).Round(10 * time.Millisecond).String()
		switch v.Did = did(v.Counts); {
		case v.Planned:
			v.Did = "made a plan"
		case v.Did == "" && (c.Outcome == provision.Success || c.Outcome == provision.Warning):
			v.Did = "nothing to do"
		case v.Did == "":
			v.Did = "nothing was written"
		}
	}
	for line := range strings.SplitSeq(c.Message, "\n") {
		if line != "" && !strings.HasPrefix(line, waits) {
			v.Messages = append(v.Messages, inConsole(line))
		}
	}
	return v
}

// waits begins what a cycle tells those at a terminal; pages count it.
const waits = "What waits for an admin"

// phaseNames are the phases of a cycle for people.
var phaseNames = map[string]string{
	provision.PhaseImport: "reading the source", provision.PhaseScoping: "finding who is assigned", provision.PhaseMatching: "reading the target",
	provision.PhasePlanning: "making the plan", provision.PhaseExport: "writing to the target",
}

var outcomes = map[string]struct{ tone, text string }{
	provision.Success: {"good", "ended well"}, provision.Warning: {"warn", "ended with warnings"}, provision.Failure: {"bad", "failed"},
	provision.Stopped: {"soft", "stopped"}, provision.Breaking: {"bad", "quarantine"},
}

// did is what a cycle did, in a line; empty if that is nothing.
func did(n provision.Stats) string {
	var parts []string
	for _, f := range []struct {
		n    int
		what string
	}{
		{n.Matched, "matched"}, {n.Created, "created"}, {n.Updated, "updated"}, {n.Disabled, "disabled"}, {n.Removed, "deleted"},
		{n.Failed, "failed"}, {n.Staged, "waiting"}, {n.Drifted, "changed by others"}, {n.Vanished, "missing at the target"},
	} {
		if f.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", number(f.n), f.what))
		}
	}
	return strings.Join(parts, ", ")
}

// opView is an operation, of a plan or of the log, for people.
type opView struct {
	Print   string
	Number  int64
	Cycle   int64
	Type    string
	Anchor  string
	Name    string
	Action  string
	Tone    string
	State   string
	Why     string
	Guard   string
	Message string
	Code    string
	Status  string
	Time    time.Time
	Took    string
	NextTry time.Time
	Cure    string
	Changes []changeView
}

type changeView struct{ Path, Text string }

// actions are Entra's words for what is done, as people say them.
var actions = map[string]struct{ tone, text string }{
	provision.ActionCreate: {"good", "create"}, provision.ActionUpdate: {"accent", "update"}, provision.ActionDisable: {"warn", "disable"},
	provision.ActionDelete: {"bad", "delete"}, provision.ActionOther: {"soft", "link"},
}

func viewOp(op *provision.Op) opView {
	d := op.Details()
	v := opView{Number: op.Number, Cycle: op.Cycle, Type: op.Type, Anchor: op.Anchor, Name: op.Name, Action: actions[op.Action].text, Tone: actions[op.Action].tone,
		State: op.State, Why: inConsole(op.Why), Guard: op.Guard, Message: op.Message, Code: op.Code, Status: op.Status, Time: micros(op.Time), NextTry: micros(d.NextTry), Cure: d.Cure}
	if v.Name == "" {
		v.Name = op.Anchor
	}
	if op.Message != "" {
		v.Message = inConsole(op.Message)
	}
	if op.Duration > 0 {
		v.Took = time.Duration(op.Duration * 1000).Round(time.Millisecond).String()
	}
	for _, x := range op.Differences() {
		text := x.Change()
		if x.Redacted {
			text = "not shown"
		}
		v.Changes = append(v.Changes, changeView{x.Path, text})
	}
	return v
}

func viewOps(ops []*provision.Op) []opView {
	views := make([]opView, 0, len(ops))
	for _, op := range ops {
		views = append(views, viewOp(op))
	}
	return views
}
