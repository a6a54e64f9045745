package directory

import (
	"context"
	"errors"
	"slices"
	"time"
)

// causesShown and reusedShown are how many entries of a kind are listed; those
// for which most people wait come first.
const (
	causesShown = 50
	reusedShown = 20
)

// Attention lists what needs an admin's attention (behaviour.md 8.2), the gravest
// first. What it costs grows with what is wrong, not with the tenant.
func (t *Tenant) Attention(ctx context.Context) ([]AttentionEntry, error) {
	if err := t.mayWatch(ctx); err != nil {
		return nil, err
	}
	f, err := t.attentionFacts(ctx)
	if err != nil {
		return nil, err
	}
	entries := attention(f)
	if t.may(everything) != nil {
		for i := range entries {
			entries[i].Cures = slices.DeleteFunc(entries[i].Cures, func(c Cure) bool { return c.Name != CureToken })
		}
	}
	return entries, nil
}

// AttentionCount is how many entries there are.
func (t *Tenant) AttentionCount(ctx context.Context) (int, error) {
	entries, err := t.Attention(ctx)
	return len(entries), err
}

func (t *Tenant) attentionFacts(ctx context.Context) (f attentionFacts, err error) {
	settings, _ := t.s.config()
	f = attentionFacts{now: t.d.Now(), settings: settings, connection: t.s.connectionName, connections: t.s.listConnections(), held: map[string]int{}}
	f.groups, f.home = t.s.groupsByName()
	f.groupNamed = func(name string) bool { _, ok := t.s.Group(groupKey(name)); return ok }
	f.owner = func(user string) string {
		if u, _, err := t.r.User(ctx, user); err == nil && u != nil {
			return textOf(t.object(u), "userName")
		}
		return "somebody who is gone"
	}
	if err := t.d.FlushTokens(ctx); err != nil {
		return f, err
	}
	if err := t.d.Store.View(ctx, t.s.tenant, func(r Reader) error { return f.read(ctx, r) }); err != nil {
		return f, err
	}
	return f, t.nameReused(ctx, &f)
}

// groupsByName lists the names of groups, and that of the default one.
func (s *setup) groupsByName() (names []string, home string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, g := range s.groups {
		if names = append(names, g.Name); g.First {
			home = g.Name
		}
	}
	slices.Sort(names)
	return names, home
}

// read reads the rows that tell of it, each by an index.
func (f *attentionFacts) read(ctx context.Context, r Reader) error {
	row, err := r.Tenant(ctx)
	if err != nil {
		return err
	}
	if f.tokens, err = r.Tokens(ctx); err != nil {
		return err
	}
	if f.clients, err = r.Clients(ctx); err != nil {
		return err
	}
	if row.Waiting > 0 {
		if f.causes, err = r.Causes(ctx, causesShown); err != nil {
			return err
		}
	}
	if f.tallies, err = r.Tallies(ctx, hourOf(f.now.UnixMicro())+1); err != nil {
		return err
	}
	if f.strays, err = r.CountMarks(ctx, markStray, countedPeople); err != nil {
		return err
	}
	for _, c := range f.connections {
		if f.held[c.ID], err = r.CountHeld(ctx, c.ID, countedPeople); err != nil {
			return err
		}
	}
	marks, err := r.Marks(ctx, markAnother, "", reusedShown)
	for _, m := range marks {
		f.reused = append(f.reused, reused{mark: m})
	}
	if err != nil {
		return err
	}
	f.seen, err = r.AttentionSeen(ctx)
	return err
}

func (t *Tenant) nameReused(ctx context.Context, f *attentionFacts) error {
	for i, r := range f.reused {
		u, _, err := t.r.User(ctx, r.mark.User)
		if err != nil {
			return err
		}
		if u != nil {
			f.reused[i].person = displayName(t.object(u))
		}
	}
	return nil
}

// errSettled answers for an entry that has closed meanwhile.
var errSettled = errors.New("this is no longer so: it has been settled meanwhile. Look at Needs attention again")

// entry finds an open entry.
func (t *Tenant) entry(ctx context.Context, id string) (AttentionEntry, error) {
	entries, err := t.Attention(ctx)
	if err != nil {
		return AttentionEntry{}, err
	}
	for _, e := range entries {
		if e.ID == id {
			return e, nil
		}
	}
	return AttentionEntry{}, errSettled
}

// Waiting is somebody whose last write was refused.
type Waiting struct {
	Person   string // userName, as it was sent
	ID       string // of the user; "" when there is none yet
	Detail   string
	Activity string // id of the refused request
	Since    time.Time
	Last     time.Time
	subject  string
}

// WaitingFor lists the people who wait for an entry of the kind refused, or are in
// the default group for want of a country, in a stable order; after is the next
// of the page before.
func (t *Tenant) WaitingFor(ctx context.Context, entry, after string, limit int) (people []Waiting, next string, err error) {
	if err := t.mayWatch(ctx); err != nil {
		return nil, "", err
	}
	if entry == entryStrays {
		return t.strays(ctx, after, limit)
	}
	rows, err := t.r.Refusals(ctx, causeOf(entry), after, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].Subject
	}
	for _, r := range rows {
		w := Waiting{Person: r.Person, Detail: r.Detail, Activity: r.Activity, Since: moment(r.First), Last: moment(r.Last), subject: r.Subject}
		if r.Method != "POST" {
			w.ID = r.Subject
		}
		people = append(people, w)
	}
	return people, next, nil
}

// strays lists those who are in the default group because no country came.
func (t *Tenant) strays(ctx context.Context, after string, limit int) (people []Waiting, next string, err error) {
	marks, err := t.r.Marks(ctx, markStray, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(marks) > limit {
		marks = marks[:limit]
		next = marks[limit-1].User
	}
	for _, m := range marks {
		u, _, err := t.r.User(ctx, m.User)
		if err != nil {
			return nil, "", err
		}
		if u != nil {
			people = append(people, Waiting{Person: textOf(t.object(u), "userName"), ID: u.ID, Detail: "No country was sent.", Since: moment(m.At), Last: moment(u.Modified)})
		}
	}
	return people, next, nil
}
