package directory

import (
	"context"
)

// Purge forgets the people of all tenants who were removed longer ago than the
// tenant's retention time: their names and values in users, changes and
// activity are blanked in place. Serve calls it every hour.
func (d *Directory) Purge(ctx context.Context) (forgotten int, err error) {
	tenants, err := d.Store.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	for _, row := range tenants {
		t, err := d.OpenAdmin(ctx, row.Name, Via{Operation: "purge"})
		if err != nil {
			return forgotten, err
		}
		t.actor = "retention"
		n, err := t.purge(ctx)
		forgotten += n
		if err != nil {
			return forgotten, err
		}
	}
	return forgotten, nil
}

// purge works in steps of a hundred, so that no change waits for long.
func (t *Tenant) purge(ctx context.Context) (forgotten int, err error) {
	before := t.d.retained(t.s)
	for {
		n := 0
		err := t.update(ctx, func(w *write) error {
			users, _, err := w.tx.ListUsers(w.ctx, List{States: []State{Removed}, RemovedBefore: before, Limit: 100})
			if err != nil {
				return err
			}
			for _, u := range users {
				if err := w.tx.Blank(w.ctx, u); err != nil {
					return err
				}
				if err := w.change("User", u.ID, "purge", nil, nil); err != nil {
					return err
				}
			}
			n = len(users)
			return nil
		})
		forgotten += n
		if err != nil || n < 100 {
			return forgotten, err
		}
	}
}
