package sqlstore_test

// checkInbound compares what is counted of refusals and of teams with what there
// is.
func (d *dump) checkInbound() {
	d.t.Helper()
	for _, row := range d.rows(`select t.name, t.waiting, (select count(*) from refusals r where r.tenant=t.id) from tenants t`) {
		if row[1] != row[2] {
			d.t.Errorf("tenant %s counts %s refusals and has %s", row[0], row[1], row[2])
		}
	}
	for _, row := range d.rows(`select c.id, c.waiting, (select count(*) from refusals r where r.tenant=c.tenant and r.cause=c.id) from causes c`) {
		if row[1] != row[2] {
			d.t.Errorf("cause %s counts %s and %s wait for it", row[0], row[1], row[2])
		}
	}
	for _, row := range d.rows(`select r.subject, r.cause from refusals r where not exists (select 1 from causes c where c.tenant=r.tenant and c.id=r.cause)`) {
		d.t.Errorf("%s waits for the cause %s, which is not there", row[0], row[1])
	}
	for _, row := range d.rows(`select t.name, t.n, (select count(*) from made_teams m where m.tenant=t.tenant and m.connection=t.connection and 'teams ' || m.attribute = t.name)
		from tallies t where t.hour=0 and t.name like 'teams %'`) {
		if row[1] != row[2] {
			d.t.Errorf("%s: %s are counted, and %s were made", row[0], row[1], row[2])
		}
	}
	for _, row := range d.rows(`select d.id from activity_details d where not exists (select 1 from activity a where a.tenant=d.tenant and a.id=d.id)`) {
		d.t.Errorf("the detail %s belongs to no activity", row[0])
	}
}
