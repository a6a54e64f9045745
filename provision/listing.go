package provision

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/scim"
)

// list is the phase matching of an initial or full cycle: the target is read
// whole, a request for a hundred objects instead of one for each. It finds whom
// to match, who is nobody's (orphans), what was changed by somebody else
// (drift), and what has vanished.
func (c *run) list(ctx context.Context) error {
	c.enter(PhaseMatching)
	if c.profile.PartialLists {
		c.indexed = false
		return nil
	}
	for _, typ := range c.types() {
		if err := c.listType(ctx, typ); err != nil {
			return err
		}
	}
	if !c.indexed {
		return nil
	}
	if err := c.Store.DeleteTargetsBefore(ctx, c.cycle.Number); err != nil {
		return err
	}
	return c.vanished(ctx)
}

// listType reads the target's objects of a type to the last. One that cannot be
// read whole is not an error: then everybody is looked up by himself.
func (c *run) listType(ctx context.Context, typ string) error {
	q := scim.Query{StartIndex: 1, Count: c.pageSize()}
	if typ == source.Group {
		q.Projection.Excluded = []string{"members"}
	}
	if c.features.Cursor {
		q.Cursor = new(string)
	}
	read, total := 0, 0
	for {
		page, err := c.sp.Query(ctx, typ, q)
		if err != nil {
			if ctx.Err() != nil || endsCycle(err) {
				return err
			}
			c.indexed = false
			c.note(fmt.Sprintf("The target's %ss cannot be listed, so each is looked up by itself: %s", typ, err))
			return nil
		}
		read, total = read+len(page.Resources), page.Total
		c.stats.AtTarget += len(page.Resources)
		c.tell(PhaseMatching, int64(c.stats.AtTarget), int64(max(total, c.stats.AtTarget)))
		if err := c.listed(ctx, typ, page.Resources); err != nil {
			return err
		}
		switch {
		case q.Cursor != nil && page.NextCursor != "":
			q.Cursor = &page.NextCursor
		case q.Cursor == nil && read < total && len(page.Resources) > 0:
			q.StartIndex = read + 1
		default:
			if read < total {
				c.indexed = false
				c.note(fmt.Sprintf("The target says that it has %d %ss and listed %d, so each is looked up by itself.", total, typ, read))
			}
			return nil
		}
	}
}

func (c *run) pageSize() int {
	size := 100
	if n := c.features.MaxResults; n > 0 {
		size = min(size, n)
	}
	if n := c.profile.PageSize; n > 0 {
		size = min(size, n)
	}
	return size
}

// listed sorts a page: those who are linked are compared, the others kept to be
// matched.
func (c *run) listed(ctx context.Context, typ string, page []*scim.Resource) error {
	ids := make([]string, len(page))
	for i, r := range page {
		ids[i] = r.ID()
	}
	objects, err := c.Store.ObjectsByTarget(ctx, typ, ids)
	if err != nil {
		return err
	}
	linked := make(map[string]*Object, len(objects))
	for _, o := range objects {
		linked[o.Target] = o
	}
	var met []Key
	var drifted []*Object
	var others []TargetObject
	for i, r := range page {
		doc := map[string]any{}
		if err := json.Unmarshal(r.JSON(), &doc); err != nil {
			return fmt.Errorf("the target listed a %s that is no JSON object: %w", typ, err)
		}
		o := linked[ids[i]]
		if o == nil {
			others = append(others, c.targetObject(typ, ids[i], doc, r))
			continue
		}
		met = append(met, o.Key)
		if c.drift(o, doc) {
			drifted = append(drifted, o)
		}
	}
	if err := c.Store.MarkMet(ctx, c.cycle.Number, met); err != nil {
		return err
	}
	if err := c.Store.PutLinks(ctx, drifted); err != nil {
		return err
	}
	if err := c.Store.InsertOps(ctx, c.drifts); err != nil {
		return err
	}
	c.drifts = c.drifts[:0]
	return c.Store.PutTargets(ctx, others)
}

// drift compares what the target has with what was written. What somebody else
// changed is told in the log, or put back where the set-up says so. It says
// whether the object's row is to be written.
func (c *run) drift(o *Object, doc map[string]any) bool {
	written, now := decode(o.Written), c.rules(o.Type).Current(doc)
	delete(written, membersPath) // not listed
	delete(written, ignoredKey)
	drifted := !sameWritten(written, now)
	if drifted {
		c.stats.Drifted++
		c.tellDrift(o, written, now)
	}
	repair := drifted && c.App.Drift == DriftRepair
	// Whoever is planned now is planned from what is there, with what became
	// mapped since it was written.
	if !repair && !o.Dirty {
		return false
	}
	carry(now, o.Written)
	o.Written, o.Dirty, o.Met = encode(now), true, c.cycle.Number
	return true
}

// tellDrift enters in the log what somebody else changed.
func (c *run) tellDrift(o *Object, written, now map[string]any) {
	var diffs []Difference
	for _, path := range slices.Sorted(maps.Keys(written)) {
		if !sameValue(written[path], now[path]) {
			diffs = append(diffs, Difference{Path: path, Old: written[path], New: now[path]})
		}
	}
	message := "Somebody else changed it at the target. To have such changes put back, set drift: repair."
	if c.App.Drift == DriftRepair {
		message = "Somebody else changed it at the target; it is put back."
	}
	at := c.Now().UnixMicro()
	c.drifts = append(c.drifts, &Op{Cycle: c.cycle.Number, Number: int64(c.stats.Drifted), Key: o.Key, Name: o.Name, NameKey: o.NameKey, Target: o.Target,
		Action: ActionOther, State: Done, Status: Warning, Time: at, Message: message, Why: o.Why, Diff: encode(diffs)})
}

// sameWritten says that everything that was written is there still. What the
// target has beside is its own.
func sameWritten(written, now map[string]any) bool {
	for path, v := range written {
		if !sameValue(v, now[path]) {
			return false
		}
	}
	return true
}

func (c *run) targetObject(typ, id string, doc map[string]any, r *scim.Resource) TargetObject {
	t := TargetObject{Type: typ, ID: id, Doc: string(r.JSON()), Seen: c.cycle.Number}
	t.Name, _ = doc["userName"].(string)
	if t.Name == "" {
		t.Name, _ = doc["displayName"].(string)
	}
	for _, p := range c.rules(typ).MatchPaths() {
		if v, ok := p.Get(doc).(string); ok && v != "" {
			t.Keys = append(t.Keys, MatchKey{p.String(), fold(v)})
		}
	}
	return t
}

// vanished looks at the links whose objects were not listed. Some targets hide
// those who are disabled; the others are gone, and their people are matched
// anew.
func (c *run) vanished(ctx context.Context) error {
	_, err := c.walk(ctx, ObjectQuery{Unmet: c.cycle.Number}, func(objects []*Object) error {
		var changed []*Object
		for _, o := range objects {
			if o.Left > 0 || !c.handles(o.Type) {
				continue
			}
			_, err := c.sp.Get(ctx, o.Type, o.Target)
			if err == nil {
				continue
			}
			if !isNotFound(err) {
				return err
			}
			c.stats.Vanished++
			o.unlink()
			changed = append(changed, o)
		}
		return c.Store.PutLinks(ctx, changed)
	})
	return err
}

// unlink forgets the link; whoever is in scope is matched or created anew.
func (o *Object) unlink() {
	o.Target, o.Matched, o.Linked, o.Written, o.Version, o.Left = "", "", 0, "", "", 0
	o.Dirty, o.Retry, o.Failures = true, 0, 0
}

func isNotFound(err error) bool {
	var e *scim.Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}

// endsCycle says that no other request would fare better: the token is refused,
// or what is there is no SCIM server.
func endsCycle(err error) bool {
	switch target.Classify(err).Class {
	case target.Auth, target.Incompatible:
		return true
	}
	return false
}

func decode(text string) map[string]any {
	m := map[string]any{}
	if text != "" {
		_ = json.Unmarshal([]byte(text), &m) // written by us
	}
	return m
}
