package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/rollcall-scim/rollcall/provision"
)

var (
	putSource = upsert("app_objects", "type, anchor", "ref_key, name_key, seen, gone, dirty, retry, ref, name, faulty, attributes")
	putScope  = updateRows("app_objects", "type text, anchor text", "dirty boolean, retry bigint, in_scope boolean, assigned bigint, via text, why text")
	putLinks  = updateRows("app_objects", "type text, anchor text", `dirty boolean, in_scope boolean, assigned bigint, via text, why text,
		target text, matched text, linked bigint, written text, version text, met bigint, left_at bigint, failures bigint, retry bigint, error text, held text`)
)

// inOrder returns the last of each key, sorted: PostgreSQL writes no row twice
// in one statement, and neighbours share pages.
func inOrder(objects []*provision.Object) []*provision.Object {
	objects = slices.Clone(objects)
	slices.Reverse(objects)
	slices.SortStableFunc(objects, func(a, b *provision.Object) int { return compareKeys(a.Key, b.Key) })
	return slices.CompactFunc(objects, func(a, b *provision.Object) bool { return a.Key == b.Key })
}

func compareKeys(a, b provision.Key) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Anchor, b.Anchor))
}

// unlike is the key, or SQL's NULL where it would repeat the anchor.
func unlike(anchor, key string) any {
	if key == anchor {
		return nil
	}
	return short(clean(key))
}

// PutSource implements provision.ObjectStore.
func (a *application) PutSource(ctx context.Context, objects []*provision.Object) error {
	var values []any
	for _, o := range inOrder(objects) {
		anchor, err := identifier("the anchor", o.Anchor)
		if err != nil {
			return err
		}
		ref := o.Ref
		if ref == anchor {
			ref = ""
		}
		refKey := unlike(anchor, cmp.Or(ref, anchor))
		values = append(values, o.Type, anchor, refKey, unlike(anchor, o.NameKey), o.Seen, o.Gone, o.Dirty, o.Retry, ref, o.Name, o.Faulty, o.Attributes)
	}
	return a.putRows(ctx, putSource, values)
}

// PutScope implements provision.ObjectStore.
func (a *application) PutScope(ctx context.Context, objects []*provision.Object) error {
	var values []any
	for _, o := range inOrder(objects) {
		values = append(values, o.Type, o.Anchor, o.Dirty, o.Retry, o.InScope, o.Assigned, o.Via, o.Why)
	}
	return a.putRows(ctx, putScope, values)
}

// PutLinks implements provision.ObjectStore.
func (a *application) PutLinks(ctx context.Context, objects []*provision.Object) error {
	values, err := linkValues(objects)
	if err != nil {
		return err
	}
	return a.putRows(ctx, putLinks, values)
}

func linkValues(objects []*provision.Object) (values []any, err error) {
	for _, o := range inOrder(objects) {
		target, err := identifier("the target's id", o.Target)
		if err != nil {
			return nil, err
		}
		values = append(values, o.Type, o.Anchor, o.Dirty, o.InScope, o.Assigned, o.Via, o.Why,
			target, o.Matched, o.Linked, o.Written, o.Version, o.Met, o.Left, o.Failures, o.Retry, o.Error, o.Held)
	}
	return values, nil
}

func (a *application) putRows(ctx context.Context, t rowsText, values []any) error {
	if len(values) == 0 {
		return nil
	}
	err := a.alter(ctx, func(x appSession) error { return x.write(t, values) })
	if err == nil && t.inserts {
		a.s.grown(growing{a.tenant, a.app, t.table}, 0, int64(len(values)/t.width), t.table)
	}
	return err
}

// MarkSeen implements provision.ObjectStore.
func (a *application) MarkSeen(ctx context.Context, cycle int64, keys []provision.Key) error {
	return a.mark(ctx, keys, `seen=$5`, cycle)
}

// MarkMet implements provision.ObjectStore.
func (a *application) MarkMet(ctx context.Context, cycle int64, keys []provision.Key) error {
	return a.mark(ctx, keys, `met=$5`, cycle)
}

// MarkDirty implements provision.ObjectStore. All objects are marked in steps,
// that others may write in between.
func (a *application) MarkDirty(ctx context.Context, keys []provision.Key) error {
	if keys == nil {
		return a.inSteps(ctx, `dirty=true, retry=0`)
	}
	return a.mark(ctx, keys, `dirty=true, retry=0`)
}

func (a *application) mark(ctx context.Context, keys []provision.Key, set string, args ...any) error {
	if len(keys) == 0 {
		return nil
	}
	return a.alter(ctx, func(x appSession) error {
		for typ, anchors := range byType(keys) {
			slices.Sort(anchors)
			query := `update app_objects set ` + set + ` where tenant=$1 and app=$2 and type=$3 and ` + a.d.among("anchor", 4)
			if _, err := x.exec(query, append([]any{typ, a.d.texts(anchors)}, args...)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// inSteps changes all objects, stepSize in one transaction.
func (a *application) inSteps(ctx context.Context, set string) error {
	var after provision.Key
	for {
		upTo, last := after, true
		err := a.each(ctx, func(rows *sql.Rows) error { last = false; return rows.Scan(&upTo.Type, &upTo.Anchor) },
			`select type, anchor from app_objects where tenant=$1 and app=$2 and (type, anchor) > ($3, $4) order by type, anchor limit 1 offset $5`,
			after.Type, after.Anchor, stepSize-1)
		if err != nil {
			return err
		}
		query, args := `update app_objects set `+set+` where tenant=$1 and app=$2 and (type, anchor) > ($3, $4)`, []any{after.Type, after.Anchor}
		if !last {
			query, args = query+` and (type, anchor) <= ($5, $6)`, append(args, upTo.Type, upTo.Anchor)
		}
		if _, err := a.alterExec(ctx, query, args...); err != nil || last {
			return err
		}
		after = upTo
	}
}

var await = insertRows("app_waiting", "type, anchor, ref_key", "on conflict do nothing")

// DeleteObjects implements provision.ObjectStore.
func (a *application) DeleteObjects(ctx context.Context, keys []provision.Key) error {
	if len(keys) == 0 {
		return nil
	}
	return a.alter(ctx, func(x appSession) error {
		for _, k := range keys {
			for _, table := range []string{"app_objects", "app_waiting"} {
				if _, err := x.exec(`delete from `+table+` where tenant=$1 and app=$2 and type=$3 and anchor=$4`, k.Type, clean(k.Anchor)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Await implements provision.ObjectStore.
func (a *application) Await(ctx context.Context, waits map[provision.Key][]string) error {
	if len(waits) == 0 {
		return nil
	}
	return a.alter(ctx, func(x appSession) error {
		var values []any
		for holder, refs := range waits {
			if _, err := x.exec(`delete from app_waiting where tenant=$1 and app=$2 and type=$3 and anchor=$4`, holder.Type, clean(holder.Anchor)); err != nil {
				return err
			}
			for _, ref := range slices.Compact(slices.Sorted(slices.Values(shortened(refs)))) {
				values = append(values, holder.Type, holder.Anchor, ref)
			}
		}
		return x.write(await, values)
	})
}

// Waiting implements provision.ObjectStore.
func (a *application) Waiting(ctx context.Context, refs []string) (out []provision.Key, err error) {
	err = a.each(ctx, func(rows *sql.Rows) error {
		var k provision.Key
		defer func() { out = append(out, k) }()
		return rows.Scan(&k.Type, &k.Anchor)
	}, `select distinct type, anchor from app_waiting`+a.d.by("app_waiting_ref")+` where tenant=$1 and app=$2 and `+a.d.among("ref_key", 3), a.d.texts(shortened(refs)))
	return out, err
}
