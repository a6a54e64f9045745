package sqlstore_test

import "strings"

// checkApplications finds what does not agree among the rows of applications.
func (d *dump) checkApplications() {
	d.t.Helper()
	for what, query := range map[string]string{
		"two are linked to one at the target":            `select tenant, app, type, target, count(*) from app_objects where target<>'' group by tenant, app, type, target having count(*)>1`,
		"one at the target is linked and nobody's":       `select o.tenant, o.app, o.type, o.target, o.anchor from app_objects o join app_targets t on t.tenant=o.tenant and t.app=o.app and t.type=o.type and t.id=o.target`,
		"a link without a time, or the other way round":  `select tenant, app, anchor, target, linked from app_objects where (target='') <> (linked=0)`,
		"access was taken of somebody without a link":    `select tenant, app, anchor, left_at from app_objects where left_at>0 and target=''`,
		"in escrow without a failure":                    `select tenant, app, anchor, retry, failures from app_objects where retry>0 and (failures=0 or error='')`,
		"somebody waits whom nobody knows":               `select w.tenant, w.app, w.type, w.anchor from app_waiting w left join app_objects o on o.tenant=w.tenant and o.app=w.app and o.type=w.type and o.anchor=w.anchor where o.anchor is null`,
		"a key of nobody at the target":                  `select k.tenant, k.app, k.type, k.path, k.value, k.id from app_target_keys k left join app_targets t on t.tenant=k.tenant and t.app=k.app and t.type=k.type and t.id=k.id where t.id is null`,
		"one at the target without his keys":             `select t.tenant, t.app, t.type, t.id, t.keys from app_targets t left join app_target_keys k on k.tenant=t.tenant and k.app=t.app and k.type=t.type and k.id=t.id where k.id is null and t.keys not in ('[]', 'null')`,
		"an operation of no cycle":                       `select o.tenant, o.app, o.cycle, o.number from app_ops o left join app_cycles c on c.tenant=o.tenant and c.app=o.app and c.number=o.cycle where c.number is null`,
		"an operation that is done without a time":       `select tenant, app, cycle, number, state, time from app_ops where (state in ('done', 'failed')) <> (time>0)`,
		"an operation that was done and created nothing": `select tenant, app, cycle, number from app_ops where state='done' and action='create' and target=''`,
	} {
		for _, row := range d.rows(query) {
			d.t.Errorf("%s: %s", what, strings.Join(row, " | "))
		}
	}
}
