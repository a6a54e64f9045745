package provision

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// exporter carries a plan out: the one place that writes to the target.
type exporter struct {
	*run
	work        context.Context // of requests: outlives a stop for a moment
	broken      atomic.Pointer[error]
	done, total int64
	mu          sync.Mutex // over the next two
	lost        []string   // refs of objects that have no id any more
	anew        bool       // another cycle should follow at once

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
	x := &exporter{run: c, work: work, total: int64(c.stats.Planned), todo: make(chan *batch, chunk/2), finished: make(chan *batch, chunk)}
	err := x.all(ctx)
	c.again = c.again || x.anew || len(x.lost) > 0
	parted := c.parted(context.WithoutCancel(ctx), x.lost)
	if broken := x.broken.Load(); broken != nil {
		return *broken
	}
	return cmp.Or(err, parted, ctx.Err())
}

// all starts those who send, the one who writes down, and hands the plan out.
func (x *exporter) all(ctx context.Context) error {
	var workers, writer sync.WaitGroup
	for range x.workers() {
		workers.Go(func() {
			for b := range x.todo {
				x.carry(ctx, b)
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
	return cmp.Or(failed, err)
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
		phase := ops[0].Phase
		ops = slices.DeleteFunc(ops, func(op *Op) bool { return op.Phase != phase })
		if phase != last.Phase || ops[0].Key == last.Key {
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
	known  knowledge
	ops    []*Op
	ids    map[Key]string // of those that the operations refer to
}

// gather reads the objects that the operations are about, and the ids of those
// that they refer to.
func (x *exporter) gather(ctx context.Context, ops []*Op) (batches []*batch, err error) {
	about := map[Key]bool{} // or only referred to
	for _, op := range ops {
		for _, k := range referred([]byte(op.Body)) {
			if !about[k] {
				about[k] = false
			}
		}
		about[op.Key] = true
	}
	known, ids := map[Key]*Object{}, map[Key]string{}
	for part := range slices.Chunk(slices.Collect(maps.Keys(about)), chunk) {
		objects, err := x.Store.ObjectsByKey(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if ids[o.Key] = o.Target; about[o.Key] { // a large group refers to many
				known[o.Key] = o
			}
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
			b = &batch{object: o, known: knowledgeOf(o.Written), ids: ids}
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

// finish keeps links and log entries.
func (x *exporter) finish(ctx context.Context, batches []*batch) error {
	var ops []*Op
	var objects []*Object
	for _, b := range batches {
		before := len(ops)
		for _, op := range b.ops {
			if op.State != Planned { // or cut off by a stop
				ops = append(ops, op)
				x.count(op)
			}
		}
		if len(ops) > before {
			objects = append(objects, b.object)
		}
	}
	if err := x.Store.Finish(ctx, ops, objects); err != nil {
		return err
	}
	x.done += int64(len(ops))
	x.tell(PhaseExport, x.done, max(x.total, x.done))
	return nil
}

func (x *exporter) count(op *Op) {
	switch {
	case op.State == Failed && op.Status == Failure:
		x.stats.Failed++
		return
	case op.State == Failed:
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
