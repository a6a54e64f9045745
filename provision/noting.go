package provision

import (
	"context"
	"encoding/json/v2"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/provision/target"
)

// carry does the operations about one object. One that fails does not keep the
// others from being tried, but for those that need the object.
func (x *exporter) carry(ctx context.Context, b *batch) {
	for _, op := range b.ops {
		if x.broken.Load() != nil || ctx.Err() != nil {
			break
		}
		x.carryOut(op, b)
	}
	if b.object.Target != "" {
		b.object.Written = b.known.encode()
	}
}

// carryOut does one operation and notes what came of it.
func (x *exporter) carryOut(op *Op, b *batch) {
	begun := x.Now()
	ctx, record := target.Recording(x.work)
	detail := op.Details()
	op.matched = detail.Matched != ""
	answer, err := x.send(ctx, op, b)
	if err != nil && x.work.Err() != nil {
		return // stays planned: nobody knows, so it is looked up
	}
	now := x.Now()
	op.Time, op.Duration = now.UnixMicro(), now.Sub(begun).Microseconds()
	detail.Exchanges = record.Exchanges()
	if op.Action == ActionCreate {
		b.object.InScope, b.object.Why = true, op.Why // see planner.finish
	}
	if err == nil {
		x.succeed(op, b, answer, detail.Matched, now)
	} else {
		x.fail(op, b, err, now)
		detail.NextTry = b.object.Retry
		detail.Cure = target.Classify(err).Cure
	}
	detail.Steps = append(detail.Steps, Step{Name: exportNames[op.Action], Type: "export", Status: op.Status, Description: op.Message})
	if hide := answer.hide; hide != nil {
		op.Message, b.object.Error = hide(op.Message), hide(b.object.Error)
		op.Detail = hide(op.detail(detail))
		return
	}
	op.Detail = op.detail(detail)
}

// exportNames are Entra's names of the last step.
var exportNames = map[string]string{
	ActionCreate: "EntryExportAdd", ActionUpdate: "EntryExportUpdate", ActionDisable: "EntryExportUpdate", ActionDelete: "EntryExportDelete", ActionOther: "EntryLink",
}

// succeed notes what the target holds now.
func (x *exporter) succeed(op *Op, b *batch, answer sent, matched string, now time.Time) {
	x.breaker.went()
	o := b.object
	op.State = Done
	if op.Action == ActionDelete {
		x.parts(o)
		o.unlink()
		o.Dirty, o.Held, o.Error = o.Gone, "", "" // the next plan forgets who is gone
	} else {
		x.link(op, o, answer, matched, now)
		x.learnt(op, b, answer)
		op.After = "" // is in the object from now on
		x.leaves(op, o, now)
		x.clean(op, o, answer)
	}
	if op.Status = Success; op.Message != "" {
		op.Status = Warning
	}
}

// link notes the id, for an object that had none.
func (x *exporter) link(op *Op, o *Object, answer sent, matched string, now time.Time) {
	if r := answer.resource; r != nil && r.ID() != "" {
		op.Target, o.Version = r.ID(), string(r.Version())
	} else if op.Method == "PUT" {
		o.Version = "" // another one, and not told
	}
	if o.Target != "" {
		return
	}
	o.Target, o.Linked = op.Target, now.UnixMicro()
	switch o.Matched = matched; {
	case answer.adopted != "":
		o.Matched = answer.adopted
		op.Message = "The target had it already: somebody else made it meanwhile."
		if answer.adopted == "created" {
			op.Message = "The answer was lost, and the target was asked: it had done what was asked of it."
		}
	case op.Action == ActionCreate:
		o.Matched = "created"
	}
}

// learnt keeps what the target answered, which is what it will list; where it
// answered nothing, what was sent.
func (x *exporter) learnt(op *Op, b *batch, answer sent) {
	var now map[string]any
	if answer.resource != nil {
		if doc := decode(string(answer.resource.JSON())); len(doc) > 2 && doc["schemas"] != nil && doc["id"] == op.Target {
			now = x.rules(op.Type).Current(doc)
			delete(now, membersPath)
		}
	}
	if answer.adopted != "" {
		b.known = knowledgeOf("")
		b.known.meet(now, true)
		return
	}
	if op.Phase == exportMembers && op.Method == "PATCH" {
		b.known.values[membersPath] = joined(texts(b.known.values[membersPath]), op, b.ids)
		return
	}
	if other := b.known.wrote(decode(op.After), now); len(other) > 0 {
		slices.Sort(other)
		delete(b.known.sent, "active") // it is access, and asked for again
		op.Message = strings.TrimSpace(op.Message + "\nThe target made something else of " + strings.Join(other, ", ") + ", or does not keep it.")
	}
}

// joined are a group's members who are there because of us, after an operation
// that adds and removes some.
func joined(ours []string, op *Op, ids map[Key]string) []string {
	text, _ := resolved(op.Diff, ids)
	var diffs []Difference
	_ = json.Unmarshal(text, &diffs) // written by us
	for _, d := range diffs {
		gone := texts(d.Old)
		ours = slices.DeleteFunc(ours, func(id string) bool { return slices.Contains(gone, id) })
		ours = append(ours, texts(d.New)...)
	}
	slices.Sort(ours)
	return slices.Compact(ours)
}

// leaves notes since when somebody has no access.
func (x *exporter) leaves(op *Op, o *Object, now time.Time) {
	switch {
	case op.Action == ActionDisable:
		o.Left = now.UnixMicro()
	case op.Phase != exportMembers && op.Phase != exportReferences:
		o.Left = 0
	}
}

// clean ends what was to be done for the object, unless something of it failed
// in this cycle, or nobody knows yet what it refers to.
func (x *exporter) clean(op *Op, o *Object, answer sent) {
	if o.failedIn(x.cycle.Number) {
		return
	}
	o.recovered()
	switch {
	case answer.partly || answer.adopted != "":
		o.again(trouble{}, x.cycle.Number, time.UnixMicro(op.Time))
		x.planAnew()
	case op.Last:
		o.Dirty, o.Held = false, ""
	}
}

func (o *Object) failedIn(cycle int64) bool {
	if o.Error == "" {
		return false
	}
	var e lastError
	_ = json.Unmarshal([]byte(o.Error), &e) // written by us
	return e.Cycle == cycle
}

// fail notes why, and when it is tried again.
func (x *exporter) fail(op *Op, b *batch, err error, now time.Time) {
	o, f, t := b.object, target.Classify(err), troubleOf(err)
	op.State, op.Status = Failed, Failure
	switch {
	case f.Class == target.NotFound && op.Method != "POST":
		op.Status = Warning
		t.message = "The target does not have it any more; it is looked for, or made, anew."
		x.parts(o)
		o.unlink()
		b.known = knowledgeOf("")
		o.again(t, x.cycle.Number, now)
		x.planAnew()
	case f.Status == 412:
		op.Status = Warning
		t.message = "Somebody else changed it at the target meanwhile; it is planned anew."
		o.Version = ""
		o.again(t, x.cycle.Number, now)
		x.planAnew()
	case f.Class == target.Auth:
		x.breakWith(&targetError{err}) // no fault of the object
	case errors.Is(err, errNotCreated):
		op.Status = "skipped"
	default:
		if op.matched && o.Target == "" {
			// Who it is was found out, whatever became of the change. What it
			// holds is read before it is tried again.
			o.Target, o.Matched, o.Linked = op.Target, op.Details().Matched, now.UnixMicro()
		}
		escrow(o, t, x.cycle.Number, now)
		if again := now.Add(time.Duration(f.RetryAfter) * time.Second).UnixMicro(); again > o.Retry {
			o.Retry = again
		}
		if err := x.breaker.failed(err); err != nil {
			x.breakWith(err)
		}
	}
	op.Code, op.Message = t.code, t.message
}

// parts notes that an object loses its id.
func (x *exporter) parts(o *Object) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lost = append(x.lost, o.Ref)
}

func (x *exporter) planAnew() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.anew = true
}

func (x *exporter) breakWith(err error) { x.broken.CompareAndSwap(nil, &err) }
