package provision

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// list is the phase matching of an initial or full cycle: the target is read
// whole, a request for a hundred objects instead of one for each. It finds whom
// to match, who is nobody's (orphans), what was changed by somebody else
// (drift), and what has vanished.
func (c *run) list(ctx context.Context) error {
	c.enter(PhaseMatching)
	c.indexed, c.free = !c.profile.PartialLists, map[uint64]struct{}{}
	if !c.indexed {
		return nil
	}
	for _, typ := range c.types() {
		why, err := c.pages(ctx, typ, func(page []*scim.Resource) error {
			c.stats.AtTarget += len(page)
			return c.listed(ctx, typ, page)
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !fromTarget(err) || endsCycle(err):
			return err
		case err != nil:
			why = err.Error()
		}
		if why != "" {
			c.indexed = false
			c.note(fmt.Sprintf("The target's %ss could not be listed, so each is looked up by itself: %s", strings.ToLower(typ), why))
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

// pages reads the target's objects of a type to the last. why says what makes it
// doubtful that these were all.
func (c *run) pages(ctx context.Context, typ string, fn func([]*scim.Resource) error) (why string, err error) {
	q := scim.Query{StartIndex: 1, Count: c.pageSize()}
	if typ == groupType {
		q.Projection.Excluded = []string{membersPath}
	}
	if c.features.Cursor {
		q.Cursor = new(string)
	}
	read, total, last := 0, 0, map[string]bool{}
	for {
		page, err := c.sp.Query(ctx, typ, q)
		if err != nil {
			return "", &targetError{err}
		}
		fresh := c.fresh(page.Resources, &last)
		read, total = read+len(fresh), page.Total
		c.tell(PhaseMatching, int64(read), int64(max(total, read)))
		if err := fn(fresh); err != nil {
			return "", err
		}
		switch {
		case q.Cursor != nil && page.NextCursor != "" && len(fresh) > 0:
			q.Cursor = &page.NextCursor
		case q.Cursor == nil && !c.profile.NoPaging && read < total && len(fresh) > 0:
			q.StartIndex = read + 1
		case read != total && (q.Cursor == nil || total > 0): // with a cursor, the total may be unsaid (RFC 9865)
			return fmt.Sprintf("it says that it has %d and listed %d", total, read), nil
		default:
			return "", nil
		}
	}
}

// fresh leaves out what the page before had too: some servers begin a page with
// the end of the last.
func (c *run) fresh(page []*scim.Resource, last *map[string]bool) (fresh []*scim.Resource) {
	ids := make(map[string]bool, len(page))
	for _, r := range page {
		id := r.ID()
		if id != "" && !ids[id] && !(*last)[id] {
			fresh = append(fresh, r)
		}
		ids[id] = true
	}
	*last = ids
	return fresh
}

func (c *run) pageSize() int {
	size := 100
	if n := c.features.MaxResults; n > 0 {
		size = min(2*size, n) // it said how many it gives, so it may be asked for more than most give
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
	var changed []*Object
	var others []TargetObject
	for i, r := range page {
		doc := decode(string(r.JSON()))
		o := linked[ids[i]]
		if o == nil {
			others = append(others, c.targetObject(typ, ids[i], doc, r))
			continue
		}
		if met = append(met, o.Key); c.compare(o, doc) {
			changed = append(changed, o)
		}
	}
	if err := c.Store.MarkMet(ctx, c.cycle.Number, met); err != nil {
		return err
	}
	if err := c.Store.PutLinks(ctx, changed); err != nil {
		return err
	}
	if err := c.Store.InsertOps(ctx, c.drifts); err != nil {
		return err
	}
	c.drifts = c.drifts[:0]
	for _, t := range others {
		for _, k := range t.Keys {
			c.free[k.hash(typ)] = struct{}{}
		}
	}
	return c.Store.PutTargets(ctx, others)
}

// compare looks for drift: what somebody else changed at the target. It is told,
// and, where that is wanted, put back. changed says that something was learned.
func (c *run) compare(o *Object, doc map[string]any) (changed bool) {
	k := knowledgeOf(o.Written)
	now := c.rules(o.Type).Current(doc)
	delete(now, membersPath) // not listed
	if len(k.values) > 0 && len(k.sent)+len(k.drifted) == 0 && sameWritten(k.values, now) {
		return false
	}
	repair := c.App.Drift == DriftRepair
	if drifted := k.meet(now, repair); len(drifted) > 0 {
		c.stats.Drifted++
		c.tellDrift(o, drifted, now)
		o.Dirty = o.Dirty || repair
	}
	written := k.encode()
	if written == o.Written {
		return false
	}
	o.Written, o.Met = written, c.cycle.Number
	return true
}

// tellDrift enters in the log what somebody else changed.
func (c *run) tellDrift(o *Object, ours, now map[string]any) {
	var diffs []Difference
	for _, path := range slices.Sorted(maps.Keys(ours)) {
		diffs = append(diffs, Difference{Path: path, Old: ours[path], New: now[path]})
	}
	message := "Somebody else changed it at the target. To have such changes put back, set drift: repair."
	if c.App.Drift == DriftRepair {
		message = "Somebody else changed it at the target; it is put back."
	}
	at := c.Now().UnixMicro()
	c.drifts = append(c.drifts, &Op{Cycle: c.cycle.Number, Number: int64(c.stats.Drifted), Key: o.Key, Name: o.Name, NameKey: o.NameKey, Target: o.Target,
		Action: ActionOther, State: Done, Status: Warning, Time: at, Message: message, Why: o.Why, Diff: encode(diffs)})
}

func (c *run) targetObject(typ, id string, doc map[string]any, r *scim.Resource) TargetObject {
	t := TargetObject{Type: typ, ID: id, Doc: string(r.JSON()), Seen: c.cycle.Number}
	t.Name, _ = doc["userName"].(string)
	if t.Name == "" {
		t.Name, _ = doc["displayName"].(string)
	}
	for _, p := range c.rules(typ).MatchPaths() {
		if v := textOf(p.Get(doc)); v != "" {
			t.Keys = append(t.Keys, MatchKey{p.String(), fold(v)})
		}
	}
	return t
}

func (k MatchKey) hash(typ string) uint64 { return hashed(typ + "/" + k.Path + "/" + k.Value) }

func hashed(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text))
	return h.Sum64()
}

// vanished looks at the links whose objects were not listed. Some targets hide
// those who are disabled; the others are gone, and their people are matched
// anew.
func (c *run) vanished(ctx context.Context) error {
	var lost []string
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
				return &targetError{err}
			}
			c.stats.Vanished++
			lost = append(lost, o.Ref)
			o.unlink()
			changed = append(changed, o)
		}
		return c.Store.PutLinks(ctx, changed)
	})
	if err != nil {
		return err
	}
	return c.parted(ctx, lost)
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

func decode(text string) map[string]any {
	m := map[string]any{}
	if text != "" {
		_ = json.Unmarshal([]byte(text), &m) // written by us, or a resource that the client has read
	}
	if m == nil {
		m = map[string]any{}
	}
	return m
}
