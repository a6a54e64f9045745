package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/source"
)

const objectColumns = `type, anchor, ref, coalesce(name_key, anchor), seen, gone, dirty, in_scope, assigned, target, linked, met, left_at, failures, retry,
	name, faulty, via, why, matched, version, held, error, attributes, written`

func scanObject(rows *sql.Rows) (*provision.Object, error) {
	o := &provision.Object{}
	err := rows.Scan(&o.Type, &o.Anchor, &o.Ref, &o.NameKey, &o.Seen, &o.Gone, &o.Dirty, &o.InScope, &o.Assigned, &o.Target, &o.Linked, &o.Met, &o.Left, &o.Failures, &o.Retry,
		&o.Name, &o.Faulty, &o.Via, &o.Why, &o.Matched, &o.Version, &o.Held, &o.Error, &o.Attributes, &o.Written)
	if o.Ref == "" {
		o.Ref = o.Anchor
	}
	return o, err
}

// objects runs a SELECT of objectColumns.
func (a appSession) objects(ctx context.Context, w *where) (out []*provision.Object, err error) {
	err = a.each(ctx, func(rows *sql.Rows) error {
		o, err := scanObject(rows)
		out = append(out, o)
		return err
	}, `select `+objectColumns+` from `+w.from+` where tenant=$1 and app=$2`+w.text.String(), w.args...)
	return out, err
}

// where builds a condition of the parts that are asked for.
type where struct {
	from string
	text strings.Builder
	args []any
}

// objectsWhere makes a condition of a whole text.
func objectsWhere(text string, args ...any) *where {
	w := &where{from: "app_objects", args: args}
	w.fixed(text)
	return w
}

// and adds a part, in which %d, if there is one, is the number of the argument.
func (w *where) and(format string, arg any) {
	w.args = append(w.args, arg)
	w.fixed(strings.Replace(format, "%d", strconv.Itoa(len(w.args)+2), 1)) // after the tenant and the application
}

func (w *where) fixed(text string) { w.text.WriteString(" and " + text) }

// limit ends the statement; 0 is no limit.
func (w *where) limit(n int) {
	if n > 0 {
		w.args = append(w.args, n)
		fmt.Fprintf(&w.text, " limit $%d", len(w.args)+2)
	}
}

// Objects implements provision.ObjectStore.
func (a *application) Objects(ctx context.Context, q provision.ObjectQuery) ([]*provision.Object, error) {
	w := &where{from: "app_objects" + a.d.by(objectIndex(q))}
	if q.Search != "" {
		a.search(w, q.Search)
	}
	if q.Type != "" {
		w.and("type=$%d", q.Type)
	}
	switch {
	case q.After.Type > q.Type && q.Type != "":
		return nil, nil
	case q.After.Type == q.Type:
		w.and("anchor>$%d", clean(q.After.Anchor))
	case q.Type == "":
		w.args = append(w.args, q.After.Type, clean(q.After.Anchor))
		w.fixed(fmt.Sprintf("(type, anchor) > ($%d, $%d)", len(w.args)+1, len(w.args)+2))
	}
	objectStates(w, q)
	w.fixed("true order by type, anchor")
	w.limit(q.Limit)
	return a.objects(ctx, w)
}

// objectIndex is the index of the few rows that are asked for, where SQLite
// would rather have the order for nothing.
func objectIndex(q provision.ObjectQuery) string {
	switch {
	case q.Search != "":
		return ""
	case q.Escrow:
		return "app_objects_escrow"
	case q.LeftBefore != 0:
		return "app_objects_left"
	case q.Rejected:
		return "app_objects_held"
	case q.Dirty:
		return "app_objects_dirty"
	}
	return ""
}

// search asks each index for keys first; a cross join keeps SQLite to the order.
func (a *application) search(w *where, text string) {
	w.args = append(w.args, clean(text), short(clean(text)), bound(a.d, types))
	n := len(w.args) + 2
	keys := func(index, condition string) string {
		return `select type as k_type, anchor as k_anchor from app_objects` + a.d.by(index) + ` where tenant=$1 and app=$2 and ` + condition
	}
	ofTypes := a.d.among("type", n)
	w.from = `(` + strings.Join([]string{
		keys("", fmt.Sprintf(`%s and anchor=$%d`, ofTypes, n-2)),
		keys("app_objects_name", fmt.Sprintf(`name_key=$%d`, n-1)),
		keys("app_objects_target", fmt.Sprintf(`%s and target=$%d and target<>''`, ofTypes, n-2)),
	}, " union ") + `) k cross join app_objects`
	w.fixed("type=k_type and anchor=k_anchor")
}

// types of objects; statements that know no type look through all.
var types = []string{source.Group, source.User}

// objectStates are the parts of the query about how far objects have come. They
// are spelled as the partial indexes are.
func objectStates(w *where, q provision.ObjectQuery) {
	if q.Dirty {
		w.fixed("dirty = true")
		w.and("retry<=$%d", q.Now)
	}
	if q.Unseen != 0 {
		w.and("seen<>$%d and gone = false", q.Unseen)
	}
	if q.Unassigned != 0 {
		w.and("assigned<>$%d and assigned>0", q.Unassigned)
	}
	if q.Unmet != 0 {
		w.and("met<>$%d and target<>''", q.Unmet)
	}
	if q.Linked {
		w.fixed("target<>''")
	}
	if q.Escrow {
		w.fixed("retry > 0")
	}
	if q.Rejected {
		w.fixed("held <> '' and held like '%rejected:%'")
	}
	if q.LeftBefore != 0 {
		w.and("left_at > 0 and left_at<$%d and target<>'' and in_scope = false", q.LeftBefore)
	}
}

// ObjectsByKey implements provision.ObjectStore.
func (a *application) ObjectsByKey(ctx context.Context, keys []provision.Key) (out []*provision.Object, err error) {
	for typ, anchors := range byType(keys) {
		found, err := a.objects(ctx, objectsWhere(`type=$3 and `+a.d.among("anchor", 4), typ, a.d.texts(anchors)))
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func byType(keys []provision.Key) map[string][]string {
	anchors := map[string][]string{}
	for _, k := range keys {
		anchors[k.Type] = append(anchors[k.Type], k.Anchor)
	}
	return anchors
}

// ObjectsByRef implements provision.ObjectStore.
func (a *application) ObjectsByRef(ctx context.Context, refs []string) ([]*provision.Object, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	found, err := a.objects(ctx, objectsWhere(a.d.among("ref_key", 3)+" and ref_key is not null", a.d.texts(shortened(refs))))
	if err != nil {
		return nil, err
	}
	for _, typ := range types {
		same, err := a.objects(ctx, objectsWhere(`type=$3 and `+a.d.among("anchor", 4)+` and ref_key is null`, typ, a.d.texts(refs)))
		if err != nil {
			return nil, err
		}
		found = append(found, same...)
	}
	return found, nil
}

func shortened(keys []string) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = short(clean(k))
	}
	return out
}

// ObjectsByTarget implements provision.ObjectStore.
func (a *application) ObjectsByTarget(ctx context.Context, typ string, ids []string) ([]*provision.Object, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" })
	if len(ids) == 0 {
		return nil, nil
	}
	return a.objects(ctx, objectsWhere(`type=$3 and `+a.d.among("target", 4)+` and target<>''`, typ, a.d.texts(ids)))
}

// CountObjects implements provision.ObjectStore. Each part has an index that
// answers it without the rows, or with few.
func (a *application) CountObjects(ctx context.Context) (c provision.Counts, err error) {
	err = a.one(ctx, []any{&c.Source, &c.InScope, &c.LinkedUsers, &c.LinkedGroups, &c.Dirty, &c.Escrow, &c.NextRetry, &c.Left, &c.Rejected}, `select
		(select count(*) from app_objects where tenant=$1 and app=$2 and in_scope in (true, false) and gone = false),
		(select count(*) from app_objects where tenant=$1 and app=$2 and in_scope = true and gone = false),
		(select count(*) from app_objects where tenant=$1 and app=$2 and type='User' and target<>''),
		(select count(*) from app_objects where tenant=$1 and app=$2 and type='Group' and target<>''),
		(select count(*) from app_objects where tenant=$1 and app=$2 and dirty = true),
		(select count(*) from app_objects where tenant=$1 and app=$2 and retry > 0),
		(select coalesce(min(retry), 0) from app_objects where tenant=$1 and app=$2 and retry > 0),
		(select count(*) from app_objects where tenant=$1 and app=$2 and left_at > 0),
		(select count(*) from app_objects`+a.d.by("app_objects_held")+` where tenant=$1 and app=$2 and held <> '' and held like '%rejected:%')`)
	c.Linked = c.LinkedUsers + c.LinkedGroups
	return c, err
}
