package directory

import (
	"context"
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/scim"
)

// Purge forgets the people of all tenants who were removed longer ago than the
// tenant's retention time: their names and values in users, changes and
// activity are blanked in place. What signed people in and is over goes too.
// Serve calls it every hour.
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
		if err == nil {
			err = t.purgeInbound(ctx)
		}
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
				if err := w.forget(u); err != nil {
					return err
				}
			}
			n = len(users)
			if err := w.tx.ForgetSignIns(w.ctx, w.now, before); err != nil {
				return err
			}
			return w.forgetTasks()
		})
		forgotten += n
		if err != nil || n < 100 {
			return forgotten, err
		}
	}
}

func (w *write) forget(u *UserRow) error {
	names, err := w.namesOf(u)
	if err != nil {
		return err
	}
	if err := w.endRefusals(append(names, u.ID)...); err != nil {
		return err
	}
	u.Keys = keysOf(w.t.object(u))
	if err := w.tx.Blank(w.ctx, u, names); err != nil {
		return err
	}
	return w.change("User", u.ID, "purge", nil, nil)
}

// namesOf are the names that he ever had, but for those that somebody living
// has now.
func (w *write) namesOf(u *UserRow) ([]string, error) {
	changes, err := w.tx.Changes(w.ctx, ChangeQuery{Object: u.ID})
	if err != nil {
		return nil, err
	}
	links, err := w.tx.Links(w.ctx, u.ID)
	if err != nil {
		return nil, err
	}
	had := map[string]bool{}
	for _, c := range changes {
		for _, text := range []string{c.Before, c.After} {
			var side struct {
				Attributes struct {
					UserName string `json:"userName"`
				} `json:"attributes"`
			}
			if err := decodeSide(text, &side); err != nil {
				return nil, err
			}
			had[scim.Fold(side.Attributes.UserName)] = true
		}
	}
	for _, l := range links {
		had[l.AliasKey] = true
	}
	delete(had, "")
	var names []string
	for _, name := range slices.Sorted(maps.Keys(had)) {
		holders, _, err := w.tx.FindUsers(w.ctx, ByUserName, name)
		if err != nil {
			return nil, err
		}
		if len(holders) == 0 {
			names = append(names, name)
		}
	}
	return names, nil
}
