package directory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// nameUses are the days on which other names of groups and teams matched. A day
// is noted once by each process, so a request costs no write.
type nameUses struct {
	mu      sync.Mutex
	noted   map[nameUse]int64 // the day
	waiting map[nameUse]int64
}

type nameUse struct {
	tenant       int64
	object, name string
}

// matchedGroup notes that a name matched, if it is an other name.
func (d *Directory) matchedGroup(s *setup, id, name string) {
	s.mu.RLock()
	g := s.groups[id]
	other := g != nil && groupKey(g.Name) != name
	s.mu.RUnlock()
	if other {
		d.names.note(nameUse{s.tenant, id, name}, d.today())
	}
}

// matchedTeam is told the folded name, and notes the name as it is written.
func (d *Directory) matchedTeam(s *setup, id, key string) {
	name := ""
	s.mu.RLock()
	if t := s.teams[id]; t != nil && len(t.Also) > 0 && scim.Fold(t.Name) != key {
		if i := slices.IndexFunc(t.Also, func(n string) bool { return scim.Fold(n) == key }); i >= 0 {
			name = t.Also[i]
		}
	}
	s.mu.RUnlock()
	if name != "" {
		d.names.note(nameUse{s.tenant, id, name}, d.today())
	}
}

func (d *Directory) today() int64 {
	return d.Now().UTC().Truncate(24 * time.Hour).UnixMicro()
}

func (n *nameUses) note(use nameUse, day int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.noted[use] >= day {
		return
	}
	if n.noted == nil {
		n.noted = map[nameUse]int64{}
	}
	if n.waiting == nil {
		n.waiting = map[nameUse]int64{}
	}
	n.noted[use], n.waiting[use] = day, day
}

// FlushNames writes on which day other names last matched. Serve calls it every
// minute.
func (d *Directory) FlushNames(ctx context.Context) error {
	d.names.mu.Lock()
	waiting := d.names.waiting
	d.names.waiting = nil
	d.names.mu.Unlock()
	tenants := map[int64][]nameUse{}
	for use := range waiting {
		tenants[use.tenant] = append(tenants[use.tenant], use)
	}
	var errs []error
	for tenant, uses := range tenants {
		slices.SortFunc(uses, func(a, b nameUse) int {
			return cmp.Or(cmp.Compare(a.object, b.object), cmp.Compare(a.name, b.name))
		})
		errs = append(errs, d.Store.Update(ctx, tenant, func(tx Tx) error {
			for _, use := range uses {
				if err := tx.PutNameUse(ctx, use.object, use.name, waiting[use]); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return errors.Join(errs...)
}

// OtherName is a name beside the own one that profiling matches.
type OtherName struct {
	Name    string
	Matched time.Time // the day on which it last did; zero if never since it is noted
}

// OtherNames tells of a group or team, by id, which other names it has.
func (t *Tenant) OtherNames(ctx context.Context, object string) ([]OtherName, error) {
	if err := t.may(ownGroup); err != nil {
		return nil, err
	}
	if err := errors.Join(t.Verify(ctx), t.d.FlushNames(ctx)); err != nil {
		return nil, err
	}
	if !t.reachesGroup(object) && !t.reachesTeam(object) {
		return nil, ErrNotFound
	}
	uses, err := t.r.NameUses(ctx, object)
	if err != nil {
		return nil, err
	}
	t.s.mu.RLock()
	defer t.s.mu.RUnlock()
	var names []string
	if g := t.s.groups[object]; g != nil {
		names = g.Also
	} else if m := t.s.teams[object]; m != nil {
		names = m.Also
	}
	out := make([]OtherName, 0, len(names))
	for _, n := range names {
		out = append(out, OtherName{n, moment(uses[n])})
	}
	return out, nil
}
