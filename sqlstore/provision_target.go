package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json/v2"
	"fmt"
	"slices"

	"github.com/rollcall-scim/rollcall/provision"
)

var (
	putTargets    = upsert("app_targets", "type, id", "seen, name, keys, doc")
	putTargetKeys = insertRows("app_target_keys", "type, path, value, id", "on conflict do nothing")
)

const targetColumns = `t.type, t.id, t.seen, t.name, t.keys, t.doc`

// targets runs a SELECT of targetColumns.
func (a appSession) targets(ctx context.Context, query string, args ...any) (out []provision.TargetObject, err error) {
	err = a.each(ctx, func(rows *sql.Rows) error {
		var o provision.TargetObject
		var keys string
		if err := rows.Scan(&o.Type, &o.ID, &o.Seen, &o.Name, &keys, &o.Doc); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(keys), &o.Keys); err != nil {
			return fmt.Errorf("the target's object %s: the row is damaged: %w", o.ID, err)
		}
		out = append(out, o)
		return nil
	}, `select `+targetColumns+` from `+query, args...)
	return out, err
}

// PutTargets implements provision.TargetStore.
func (a *application) PutTargets(ctx context.Context, objects []provision.TargetObject) error {
	objects = slices.Clone(objects)
	slices.Reverse(objects) // so that the last of the same id stays
	slices.SortStableFunc(objects, func(a, b provision.TargetObject) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	objects = slices.CompactFunc(objects, func(a, b provision.TargetObject) bool { return a.Type == b.Type && a.ID == b.ID })
	var rows, keys []any
	ids := map[string][]string{}
	for _, o := range objects {
		id, err := identifier("the target's id", o.ID)
		if err != nil {
			return err
		}
		for i, k := range o.Keys {
			o.Keys[i].Path, o.Keys[i].Value = clean(k.Path), clean(k.Value)
			keys = append(keys, o.Type, k.Path, short(clean(k.Value)), id)
		}
		text, err := json.Marshal(o.Keys)
		if err != nil {
			return err
		}
		rows = append(rows, o.Type, id, o.Seen, o.Name, string(text), o.Doc)
		ids[o.Type] = append(ids[o.Type], id)
	}
	err := a.alter(ctx, func(x appSession) error {
		for typ, some := range ids {
			if err := x.deleteTargetKeys(typ, some); err != nil {
				return err
			}
		}
		if err := x.write(putTargets, rows); err != nil {
			return err
		}
		return x.write(putTargetKeys, keys)
	})
	if err == nil {
		a.s.grown(growing{a.tenant, a.app, "app_targets"}, 0, int64(len(objects)), "app_targets, app_target_keys")
	}
	return err
}

func (a appSession) deleteTargetKeys(typ string, ids []string) error {
	_, err := a.exec(`delete from app_target_keys where tenant=$1 and app=$2 and type=$3 and `+a.d.among("id", 4), typ, a.d.texts(ids))
	return err
}

// MatchTargets implements provision.TargetStore.
func (a *application) MatchTargets(ctx context.Context, cycle int64, typ string, key provision.MatchKey, limit int) ([]provision.TargetObject, error) {
	return a.targets(ctx, `app_target_keys k join app_targets t on t.tenant=k.tenant and t.app=k.app and t.type=k.type and t.id=k.id
		where k.tenant=$1 and k.app=$2 and k.type=$3 and k.path=$4 and k.value=$5 and t.seen=$6 order by k.id limit $7`,
		typ, clean(key.Path), short(clean(key.Value)), cycle, limit)
}

// Targets implements provision.TargetStore.
func (a *application) Targets(ctx context.Context, typ, after string, limit int) ([]provision.TargetObject, error) {
	return a.targets(ctx, `app_targets t where t.tenant=$1 and t.app=$2 and t.type=$3 and t.id>$4 order by t.id limit $5`, typ, clean(after), limit)
}

// DeleteTargets implements provision.TargetStore.
func (a *application) DeleteTargets(ctx context.Context, typ string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return a.alter(ctx, func(x appSession) error {
		if err := x.deleteTargetKeys(typ, ids); err != nil {
			return err
		}
		_, err := x.exec(`delete from app_targets where tenant=$1 and app=$2 and type=$3 and `+a.d.among("id", 4), typ, a.d.texts(ids))
		return err
	})
}

// DeleteTargetsBefore implements provision.TargetStore. Keys go with their
// objects, in steps.
func (a *application) DeleteTargetsBefore(ctx context.Context, cycle int64) error {
	for {
		ids, n := map[string][]string{}, 0
		err := a.each(ctx, func(rows *sql.Rows) error {
			var typ, id string
			err := rows.Scan(&typ, &id)
			ids[typ], n = append(ids[typ], id), n+1
			return err
		}, `select type, id from app_targets where tenant=$1 and app=$2 and seen<$3 limit $4`, cycle, stepSize)
		if err != nil {
			return err
		}
		for typ, some := range ids {
			if err := a.DeleteTargets(ctx, typ, some); err != nil {
				return err
			}
		}
		if n < stepSize {
			return nil
		}
	}
}
