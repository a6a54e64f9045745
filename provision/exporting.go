package provision

import (
	"cmp"
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/scim"
)

// exporter carries a plan out: the one place that writes to the target.
type exporter struct {
	*run
	work        context.Context // of requests: outlives a stop for a moment
	tried, lost atomic.Int64    // operations, and those of them that failed
	broken      atomic.Pointer[error]
	anew        atomic.Bool // another cycle should follow at once
	done, total int64

	todo, finished chan *batch
	handed         atomic.Int64   // batches that were given to todo
	open           sync.WaitGroup // those of which nothing is written down yet
}

// export is the last phase. Operations run side by side, as many as the target
// allows, those about one object one after the other; a phase of export waits
// for the one before. What comes next is read, and what came of others is
// written down, while requests are on their way.
func (c *run) export(ctx context.Context) error {
	c.enter(PhaseExport)
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(stopGrace, cancel)
		context.AfterFunc(work, func() { t.Stop() })
	})
	defer stop()
	x := &exporter{run: c, work: work, total: int64(c.stats.Planned), todo: make(chan *batch), finished: make(chan *batch, chunk)}
	var workers, writer sync.WaitGroup
	for range x.workers() {
		workers.Go(func() {
			for b := range x.todo {
				x.run1(b)
				x.finished <- b
			}
		})
	}
	var failed error
	writer.Go(func() { failed = x.collect(ctx) })
	err := x.feed(ctx)
	close(x.todo)
	workers.Wait()
	close(x.finished)
	writer.Wait()
	c.again = c.again || x.anew.Load()
	if broken := x.broken.Load(); broken != nil {
		return *broken
	}
	return cmp.Or(failed, err, ctx.Err())
}

// workers are more than there may be requests at a time, which the target sees
// to: some prepare the next request while others wait for an answer.
func (x *exporter) workers() int {
	if x.Parallel > 0 {
		return x.Parallel
	}
	return 2 * x.parallel()
}

// feed hands the plan out, chunk by chunk, in its order.
func (x *exporter) feed(ctx context.Context) error {
	last := &Op{}
	for {
		ops, err := x.Store.Ops(ctx, OpQuery{Cycle: x.cycle.Number, States: []string{Planned}, After: last.Number, Limit: chunk})
		if err != nil || len(ops) == 0 {
			return err
		}
		ops = slices.DeleteFunc(ops, func(op *Op) bool { return op.Phase != ops[0].Phase })
		if ops[0].Phase != last.Phase || ops[0].Key == last.Key {
			x.open.Wait()
		}
		last = ops[len(ops)-1]
		batches, err := x.gather(ctx, ops)
		if err != nil {
			return err
		}
		for _, b := range batches {
			if x.broken.Load() != nil {
				return nil
			}
			x.handed.Add(1)
			x.open.Add(1)
			select {
			case x.todo <- b:
			case <-ctx.Done():
				x.open.Done()
				return ctx.Err()
			}
		}
	}
}

// batch is the operations about one object, in their order.
type batch struct {
	object *Object
	ops    []*Op
	known  map[Key]*Object // those that the bodies refer to
}

// gather reads the objects that the operations are about, and those that their
// bodies refer to.
func (x *exporter) gather(ctx context.Context, ops []*Op) (batches []*batch, err error) {
	about := map[Key]bool{} // or only referred to
	for _, op := range ops {
		for _, k := range append(referred([]byte(op.Body)), referred([]byte(op.After))...) {
			about[k] = about[k]
		}
		about[op.Key] = true
	}
	known := map[Key]*Object{}
	for part := range slices.Chunk(slices.Collect(maps.Keys(about)), chunk) {
		objects, err := x.Store.ObjectsByKey(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if !about[o.Key] {
				o = &Object{Key: o.Key, Ref: o.Ref, Target: o.Target} // a large group has many
			}
			known[o.Key] = o
		}
	}
	of := map[Key]*batch{}
	for _, op := range ops {
		b := of[op.Key]
		if b == nil {
			o := known[op.Key]
			if o == nil {
				continue // forgotten since
			}
			mine := *o // others only look at what was read
			b = &batch{object: &mine, known: known}
			of[op.Key] = b
			batches = append(batches, b)
		}
		b.ops = append(b.ops, op)
	}
	return batches, nil
}

// collect writes what came of operations, some hundreds at a time, at least once
// a second, and when nothing else is on its way. It returns when all are done,
// also when it has failed.
func (x *exporter) collect(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var waiting []*batch
	var failed error
	received := int64(0)
	flush := func() {
		if len(waiting) > 0 && failed == nil {
			if failed = x.finish(ctx, waiting); failed != nil {
				x.broken.CompareAndSwap(nil, &failed)
			}
		}
		for range waiting {
			x.open.Done()
		}
		waiting = nil
	}
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case b, open := <-x.finished:
			if !open {
				flush()
				return failed
			}
			received++
			if waiting = append(waiting, b); len(waiting) >= chunk/2 || received == x.handed.Load() {
				flush()
			}
		case <-t.C:
			flush()
		}
	}
}

// finish keeps links and log entries, and wakes those who waited for one of
// these objects.
func (x *exporter) finish(ctx context.Context, batches []*batch) error {
	var ops []*Op
	var objects []*Object
	var linked []string
	for _, b := range batches {
		for _, op := range b.ops {
			if op.State == Planned {
				continue // cut off by a stop
			}
			ops = append(ops, op)
			x.count(op)
			if op.State == Done && (op.Action == ActionCreate || op.matched) {
				linked = append(linked, b.object.Ref)
			}
		}
		objects = append(objects, b.object)
	}
	if err := x.Store.Finish(ctx, ops, objects); err != nil {
		return err
	}
	x.done += int64(len(ops))
	x.tell(PhaseExport, x.done, max(x.total, x.done))
	if len(linked) == 0 {
		return nil
	}
	holders, err := x.Store.Waiting(ctx, linked)
	if err != nil || len(holders) == 0 {
		return err
	}
	awake := make(map[Key][]string, len(holders))
	for _, h := range holders {
		awake[h] = nil
	}
	if err := x.Store.Await(ctx, awake); err != nil {
		return err
	}
	x.anew.Store(true)
	return x.Store.MarkDirty(ctx, holders)
}

func (x *exporter) count(op *Op) {
	switch {
	case op.State == Failed:
		x.stats.Failed++
		return
	case op.matched && op.Phase == phaseOf(op.Type):
		x.stats.Matched++
	}
	switch op.Action {
	case ActionCreate:
		x.stats.Created++
	case ActionUpdate:
		x.stats.Updated++
	case ActionDisable:
		x.stats.Disabled++
	case ActionDelete:
		x.stats.Removed++
	}
}

// run1 does the operations about one object. One that fails does not keep the
// others from being tried, but for those that need the object.
func (x *exporter) run1(b *batch) {
	for _, op := range b.ops {
		if x.broken.Load() != nil || x.work.Err() != nil {
			return
		}
		x.carryOut(op, b.object, b.known)
	}
}

// carryOut does one operation and notes what came of it.
func (x *exporter) carryOut(op *Op, o *Object, known map[Key]*Object) {
	begun := x.Now()
	ctx, record := target.Recording(x.work)
	detail := op.Details()
	op.matched = detail.Matched != ""
	answer, err := x.send(ctx, op, o, known)
	if err != nil && x.work.Err() != nil {
		return // stays planned: nobody knows, so it is looked up
	}
	now := x.Now()
	op.Time, op.Duration = now.UnixMicro(), now.Sub(begun).Microseconds()
	detail.Exchanges = record.Exchanges()
	if err == nil {
		x.succeed(op, o, answer, now)
		if op.Action != ActionCreate && o.Matched == "" {
			o.Matched = detail.Matched
		}
	} else {
		x.fail(op, o, err, now)
		detail.NextTry = o.Retry
		detail.Cure = target.Classify(err).Cure
	}
	if op.State != Planned {
		detail.Steps = append(detail.Steps, Step{Name: exportNames[op.Action], Type: "export", Status: op.Status, Description: op.Message})
	}
	op.Detail = encode(detail)
}

// exportNames are Entra's names of the last step.
var exportNames = map[string]string{
	ActionCreate: "EntryExportAdd", ActionUpdate: "EntryExportUpdate", ActionDisable: "EntryExportUpdate", ActionDelete: "EntryExportDelete", ActionOther: "EntryLink",
}

// send asks the target. A create whose outcome is not known is looked up before
// it is sent again (I5).
func (x *exporter) send(ctx context.Context, op *Op, o *Object, known map[Key]*Object) (*scim.Resource, error) {
	lookup := func(k Key) (string, bool) {
		r := known[k]
		return targetOf(r), r != nil && r.Target != ""
	}
	body, missing := Resolve([]byte(op.Body), lookup)
	op.resolve(lookup)
	if len(missing) > 0 {
		var refs []string
		for _, k := range missing {
			if r := known[k]; r != nil {
				refs = append(refs, r.Ref)
			}
		}
		if err := x.Store.Await(ctx, map[Key][]string{o.Key: refs}); err != nil {
			return nil, err
		}
	}
	id := o.Target
	if id == "" {
		id = op.Target
	}
	switch {
	case op.Method == "" || len(body) == 0 && op.Method != "DELETE":
		return nil, nil // a link, or nobody to refer to yet
	case op.Phase == exportReferences && op.idle():
		return nil, nil
	case op.Method == "POST":
		return x.create(ctx, op, o, body)
	case id == "":
		return nil, errNotCreated
	case op.Method == "PUT":
		return x.sp.Replace(ctx, op.Type, id, scim.ResourceFromJSON(body), x.version(o))
	case op.Method == "DELETE":
		if err := x.sp.Delete(ctx, op.Type, id, ""); err != nil && !isNotFound(err) {
			return nil, err
		}
		return nil, nil
	}
	patch, err := patchOf(body)
	if err != nil {
		return nil, err
	}
	return x.sp.Patch(ctx, op.Type, id, patch, "")
}

// resolve puts real ids into what the log shows and what is kept as written.
func (op *Op) resolve(lookup func(Key) (string, bool)) {
	if diff, missing := Resolve([]byte(op.Diff), lookup); len(missing) == 0 {
		op.Diff = string(diff)
	}
	after, _ := Resolve([]byte(op.After), lookup)
	op.After = string(after)
}

// idle says that the target turned out to refer to the right object already: the
// two were matched in the same plan, which did not know it.
func (op *Op) idle() bool {
	var diffs []Difference
	if err := json.Unmarshal([]byte(op.Diff), &diffs); err != nil {
		return false
	}
	return !slices.ContainsFunc(diffs, func(d Difference) bool { return d.Redacted || !sameValue(d.New, d.Old) })
}

// errNotCreated is an operation about an object whose creation failed before.
var errNotCreated = errors.New("it was not created, so nothing else could be written to it")

func targetOf(o *Object) string {
	if o == nil {
		return ""
	}
	return o.Target
}

// version is sent with a PUT, which would undo what others changed meanwhile.
func (x *exporter) version(o *Object) scim.Version {
	if x.profile.NoETag || !x.features.ETag {
		return ""
	}
	return scim.Version(o.Version)
}

// create sends a POST. When it cannot be known whether it was done, or somebody
// has the name, the target is asked who has it.
func (x *exporter) create(ctx context.Context, op *Op, o *Object, body []byte) (*scim.Resource, error) {
	for range 3 {
		r, err := x.sp.Create(ctx, op.Type, scim.ResourceFromJSON(body))
		if err == nil {
			return r, nil
		}
		f := target.Classify(err)
		if !f.Ambiguous && f.Class != target.Conflict {
			return nil, err
		}
		found, lookErr := x.holder(ctx, op, body)
		switch {
		case lookErr != nil:
			return nil, errors.Join(err, lookErr)
		case found != nil:
			op.Message = "The target had it already: an earlier request was carried out although its answer was lost, or somebody else made it."
			x.anew.Store(true)
			return found, nil
		case f.Class == target.Conflict:
			return nil, err
		}
	}
	return nil, errNoAnswer
}

var errNoAnswer = errors.New("the target did not say whether the object was created, and it is not there: three tries")

// holder is the one at the target who has the matching attributes of what was to
// be created, unless he is linked to somebody else.
func (x *exporter) holder(ctx context.Context, op *Op, body []byte) (*scim.Resource, error) {
	p := &planner{run: x.run}
	live := *x.run
	live.indexed = false
	p.run = &live
	doc := decode(string(body))
	for _, terms := range x.rules(op.Type).MatchIn(doc) {
		found, err := p.find(ctx, op.Type, terms)
		if err != nil {
			return nil, err
		}
		if len(found) != 1 {
			continue
		}
		held, err := x.Store.ObjectsByTarget(ctx, op.Type, []string{found[0].ID})
		if err != nil || len(held) > 0 {
			return nil, err
		}
		return scim.ResourceFromJSON([]byte(found[0].Doc)), nil
	}
	return nil, nil
}

// succeed notes what the target holds now.
func (x *exporter) succeed(op *Op, o *Object, r *scim.Resource, now time.Time) {
	x.tried.Add(1)
	op.State, op.Status = Done, Success
	if op.Message != "" {
		op.Status = Warning
	}
	if op.Action == ActionDelete {
		o.unlink()
		o.Dirty = o.Gone // the next plan forgets it
		o.recovered()
		return
	}
	if r != nil && r.ID() != "" {
		op.Target = r.ID()
		o.Version = string(r.Version())
	}
	if o.Target == "" {
		o.Target, o.Linked = op.Target, now.UnixMicro()
		if op.Action == ActionCreate {
			o.Matched = "created"
		}
	}
	x.written(op, o, r)
	switch {
	case op.Action == ActionDisable:
		o.Left = now.UnixMicro()
	case op.Phase != exportMembers && op.Phase != exportReferences:
		o.Left = 0
	}
	if o.Error != "" && !o.failedIn(x.cycle.Number) {
		o.recovered()
	}
	if op.Last && !o.failedIn(x.cycle.Number) {
		o.Dirty, o.Held = false, ""
		o.recovered()
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

// written keeps what the target answered, which is what it will list; where it
// answered nothing, what was sent.
func (x *exporter) written(op *Op, o *Object, r *scim.Resource) {
	if op.After == "" {
		return
	}
	after := decode(op.After)
	if r != nil {
		doc := decode(string(r.JSON()))
		if len(doc) > 2 && doc["schemas"] != nil {
			after = op.answered(after, x.rules(op.Type).Current(doc), o.Written)
		}
	}
	o.Written = encode(after)
}

// fail notes why, and when it is tried again.
func (x *exporter) fail(op *Op, o *Object, err error, now time.Time) {
	f := target.Classify(err)
	t := trouble{f.Code, inFull(f)}
	op.State, op.Status, op.Code, op.Message = Failed, Failure, t.code, t.message
	x.tried.Add(1)
	switch {
	case f.Class == target.NotFound && op.Method != "POST":
		op.Message = "The target does not have it any more; it is looked for, or made, anew."
		o.unlink()
		x.anew.Store(true)
		return
	case f.Status == 412:
		op.Message = "Somebody else changed it at the target meanwhile; it is planned anew."
		o.Version = ""
		x.anew.Store(true)
		return
	case errors.Is(err, errNotCreated):
		return
	}
	escrow(o, t, x.cycle.Number, now)
	if f.Class == target.Auth || f.Class == target.Incompatible && x.tried.Load() <= breakerLeast {
		x.breakWith(err)
		return
	}
	lost := x.lost.Add(1)
	if tried := x.tried.Load(); tried >= breakerLeast && lost*100 > tried*breakerPercent {
		x.breakWith(errBreaker)
	}
}

func (x *exporter) breakWith(err error) { x.broken.CompareAndSwap(nil, &err) }

// patchOf reads a PATCH message that PatchBody or MembersPatch wrote, without
// asking what its attributes are: the target may have its own.
func patchOf(body []byte) (*scim.Patch, error) {
	var message struct {
		Operations []struct {
			Op    string         `json:"op"`
			Path  string         `json:"path"`
			Value jsontext.Value `json:"value"`
		}
	}
	if err := json.Unmarshal(body, &message); err != nil {
		return nil, err
	}
	p := &scim.Patch{}
	for _, o := range message.Operations {
		sent := scim.Operation{Op: o.Op, Path: o.Path}
		if o.Value != nil {
			sent.Value = o.Value
		}
		p.Operations = append(p.Operations, sent)
	}
	return p, nil
}
