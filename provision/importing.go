package provision

import (
	"cmp"
	"context"
	"encoding/json/v2"
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/scim"
)

// importing reads the source into the store, so that later phases work on what
// was read and not on what it may have become since.
type importing struct {
	*run
	buffer    []source.Record
	given     map[string]int // how many the source gave, by type
	at        map[Key]int    // the place in the buffer
	regrouped regrouping     // whose assignment may be another one
}

// read is the phase import. What it reads before an error is kept, for each
// record is whole (I3); nothing is taken for deleted then (I1).
func (c *run) read(ctx context.Context, since string) (*regrouping, error) {
	c.enter(PhaseImport)
	in := &importing{run: c, at: map[Key]int{}, given: map[string]int{}}
	reading, err := c.Source.Read(ctx, since, func(r source.Record) error {
		if key := (Key{r.Type, r.Anchor}); len(in.at) > 0 {
			if _, twice := in.at[key]; twice {
				if err := in.flush(ctx); err != nil {
					return err
				}
			}
		}
		in.given[r.Type]++
		in.at[Key{r.Type, r.Anchor}] = len(in.buffer)
		in.buffer = append(in.buffer, r)
		if len(in.buffer) == chunk {
			return in.flush(ctx)
		}
		return nil
	})
	if err == nil || ctx.Err() == nil {
		if kept := in.flush(ctx); err == nil {
			err = kept
		}
	}
	if err != nil {
		return nil, err
	}
	c.stats.Notes = append(c.stats.Notes, reading.Notes...)
	if err := in.faulty(ctx, reading.Faulty); err != nil {
		return nil, err
	}
	c.cycle.Complete = reading.Full
	c.cycle.Next = reading.Next
	if reading.Full {
		return &in.regrouped, in.absent(ctx)
	}
	return &in.regrouped, nil
}

// flush compares what was read with what is kept.
func (in *importing) flush(ctx context.Context) error {
	if len(in.buffer) == 0 {
		return nil
	}
	keys := make([]Key, len(in.buffer))
	for i, r := range in.buffer {
		keys[i] = Key{r.Type, r.Anchor}
	}
	kept, err := in.Store.ObjectsByKey(ctx, keys)
	if err != nil {
		return err
	}
	known := make(map[Key]*Object, len(kept))
	for _, o := range kept {
		known[o.Key] = o
	}
	var changed []*Object
	var same, waiting []Key
	for i := range in.buffer {
		r := &in.buffer[i]
		was := known[keys[i]]
		o := in.object(r, was)
		if o == nil {
			continue
		}
		if was != nil && was.Attributes == o.Attributes && was.Ref == o.Ref && !was.Gone && !o.Gone && was.Faulty == "" {
			same = append(same, o.Key)
			continue
		}
		if err := in.regrouped.note(&in.App.Scope, was, o); err != nil {
			return err
		}
		if was != nil && was.Retry > 0 {
			waiting = append(waiting, o.Key)
		}
		in.count(o)
		changed = append(changed, o)
	}
	in.stats.Read += len(in.buffer)
	in.buffer = in.buffer[:0]
	clear(in.at)
	if err := in.Store.PutSource(ctx, changed); err != nil {
		return err
	}
	if len(waiting) > 0 { // who changed is tried at once
		if err := in.Store.MarkDirty(ctx, waiting); err != nil {
			return err
		}
	}
	if err := in.Store.MarkSeen(ctx, in.cycle.Number, same); err != nil {
		return err
	}
	in.progress(PhaseImport, int64(in.stats.Read), 0)
	return nil
}

func (in *importing) count(o *Object) {
	if o.Gone {
		in.stats.Deleted++
	} else {
		in.stats.Changed++
	}
}

// object is the record's row; nil for the deletion of one that nobody knows.
func (in *importing) object(r *source.Record, was *Object) *Object {
	if r.Deleted {
		if was == nil || was.Gone {
			return nil
		}
		gone := *was
		gone.Gone, gone.Seen, gone.Dirty, gone.Retry = true, in.cycle.Number, true, 0
		return &gone
	}
	name := r.Name()
	o := &Object{Key: Key{r.Type, r.Anchor}, Ref: r.Ref, Name: name, NameKey: scim.Fold(name), Seen: in.cycle.Number, Dirty: true}
	if o.Ref == "" {
		o.Ref = r.Anchor
	}
	o.Attributes = encode(r.Attributes)
	return o
}

// faulty keeps those that are there but cannot be read: they are neither
// written nor taken for deleted.
func (in *importing) faulty(ctx context.Context, faults []source.Fault) error {
	for len(faults) > 0 {
		n := min(len(faults), chunk)
		var keys []Key
		why := map[Key]string{}
		for _, f := range faults[:n] {
			k := Key{f.Type, f.Anchor}
			keys = append(keys, k)
			why[k] = f.Why
			in.stats.Duplicates = append(in.stats.Duplicates, f.Why)
		}
		kept, err := in.Store.ObjectsByKey(ctx, keys)
		if err != nil {
			return err
		}
		known := map[Key]*Object{}
		for _, o := range kept {
			known[o.Key] = o
		}
		var changed []*Object
		for _, k := range keys {
			o := known[k]
			if o == nil {
				o = &Object{Key: k, Ref: k.Anchor, Name: k.Anchor, NameKey: scim.Fold(k.Anchor), Attributes: "{}"}
			}
			if o.Faulty != why[k] {
				o.Dirty, o.Retry = true, 0
			}
			o.Faulty, o.Seen, o.Gone = why[k], in.cycle.Number, false
			changed = append(changed, o)
		}
		if err := in.Store.PutSource(ctx, changed); err != nil {
			return err
		}
		faults = faults[n:]
	}
	return nil
}

// absent takes what a full read did not meet for gone, unless it is so much
// that the source is more likely to be wrong (I1).
func (in *importing) absent(ctx context.Context) error {
	unseen := ObjectQuery{Unseen: in.cycle.Number, Limit: chunk}
	counts, err := in.Store.CountObjects(ctx)
	if err != nil {
		return err
	}
	lost := map[string]int{}
	missing, err := in.walk(ctx, unseen, func(objects []*Object) error {
		for _, o := range objects {
			lost[o.Type]++
		}
		return nil
	})
	if err != nil || missing == 0 {
		return err
	}
	guard := in.App.Guards.Shrink
	for typ, n := range lost { // a file that is empty or away, a search base that was renamed
		if in.given[typ] == 0 && !guard.Off && !in.request.AcceptShrink {
			in.cycle.Complete = false
			in.warn(fmt.Sprintf("The source has no %s, and had %d: nothing was taken for deleted. If that is right, run: rollcall app run %s --accept-shrink", strings.ToLower(typ), n, in.App.Name))
		}
	}
	if !in.cycle.Complete {
		return nil
	}
	if most := max(cmp.Or(guard.Count, 10), counts.Source*cmp.Or(guard.Percent, 20)/100); missing > most && !guard.Off && !in.request.AcceptShrink {
		in.cycle.Complete = false
		in.warn(fmt.Sprintf("The source has %d of %d objects less than before: nothing was taken for deleted. If that is right, run: rollcall app run %s --accept-shrink", missing, counts.Source, in.App.Name))
		return nil
	}
	_, err = in.walk(ctx, unseen, func(objects []*Object) error {
		for _, o := range objects {
			o.Gone, o.Dirty, o.Retry = true, true, 0
			in.stats.Deleted++
			in.regrouped.gone(o)
		}
		return in.Store.PutSource(ctx, objects)
	})
	return err
}

// walk gives all objects that the query chooses to fn, chunk by chunk, in their
// order, and says how many they were.
func (c *run) walk(ctx context.Context, q ObjectQuery, fn func([]*Object) error) (n int, err error) {
	q.Limit = chunk
	for {
		objects, err := c.Store.Objects(ctx, q)
		if err != nil || len(objects) == 0 {
			return n, err
		}
		n += len(objects)
		q.After = objects[len(objects)-1].Key
		if fn != nil {
			if err := fn(objects); err != nil {
				return n, err
			}
		}
		if len(objects) < q.Limit {
			return n, nil
		}
	}
}

// record is the object as the source gave it.
func (o *Object) record() (*source.Record, error) {
	r := &source.Record{Type: o.Type, Anchor: o.Anchor, Ref: o.Ref, Deleted: o.Gone}
	r.Attributes = map[string]expression.Value{}
	if o.Attributes == "" {
		return r, nil
	}
	if err := json.Unmarshal([]byte(o.Attributes), &r.Attributes); err != nil {
		return nil, fmt.Errorf("the attributes kept for %s %s cannot be read: %w", o.Type, o.Anchor, err)
	}
	return r, nil
}
