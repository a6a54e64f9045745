package directory

import "context"

// Figures are how many there are of what the caller reaches.
type Figures struct {
	People  int64
	Matched int64
	Groups  int
	Teams   int
}

// Figures counts nobody: the tenant's row and its set-up have the numbers. Only
// the people of a group admin's group are counted, by their index.
func (t *Tenant) Figures(ctx context.Context) (f Figures, err error) {
	if err := t.may(ownGroup); err != nil {
		return f, err
	}
	row, err := t.verified(ctx)
	if err != nil {
		return f, err
	}
	for _, g := range t.s.listGroups() {
		if t.reachesGroup(g.ID) {
			f.Groups++
			f.Teams += g.Teams
		}
	}
	if t.reach == everything {
		f.People, f.Matched = row.Users, row.Matched
		return f, nil
	}
	matched := true
	people, err := t.r.CountUsers(ctx, List{})
	if err != nil {
		return f, err
	}
	known, err := t.r.CountUsers(ctx, List{Matched: &matched})
	f.People, f.Matched = int64(people), int64(known)
	return f, err
}
