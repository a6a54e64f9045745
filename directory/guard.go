package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// The removal guard (behaviour.md 7.7). Since every removal can be taken back, it
// stops the clock, not the IdP: what a connection did to people within a day is
// counted in the database, and past the limit nobody of those removed is
// forgotten before an admin has looked.
const (
	guardWindow = 24 * time.Hour
	guardLeast  = 3
	guardMost   = 100
)

// What is counted.
const (
	removedPerson = "removed"
	movedPerson   = "group"
	leftTeam      = "team"
	newDomain     = "domain"
)

// RemovalState is where a removal stands.
type RemovalState int8

const (
	RemovalRuns RemovalState = 0 // the person is forgotten after the retention time
	RemovalHeld RemovalState = 1 // not before an admin confirms
	RemovalKept RemovalState = 2 // an admin brought the person back
)

// RemovalRow is what a connection did to a person.
type RemovalRow struct {
	Connection string
	Kind       string
	User       string
	At         int64
	State      RemovalState
}

// GuardReader is the part of a Reader about the guard.
type GuardReader interface {
	// Removals lists the held and the kept in the order of their people's ids.
	Removals(ctx context.Context) ([]RemovalRow, error)
}

// GuardTx is the part of a Tx about the guard.
type GuardTx interface {
	PutRemoval(ctx context.Context, r RemovalRow) error
	// CountRemovals counts since then, no further than atMost.
	CountRemovals(ctx context.Context, connection, kind string, since int64, atMost int) (int, error)
	// HoldRemovals holds those of people since then.
	HoldRemovals(ctx context.Context, connection string, since int64) error
	// EndRemovals forgets what was done to a person.
	EndRemovals(ctx context.Context, user string) error
	// KeepRemoval marks a person's removals as taken back by an admin.
	KeepRemoval(ctx context.Context, user string) error
	// ReleaseRemovals lets the clock of held removals run; connection "" means
	// those of all.
	ReleaseRemovals(ctx context.Context, connection string) (int, error)
	// GuardedPeople is how many people were linked to the connection when its
	// window began; a window older than oldest begins anew.
	GuardedPeople(ctx context.Context, connection string, oldest, now int64) (int, error)
}

// guard counts what a SCIM write did to a person.
func (w *write) guard(was *UserRow, before scim.Object, u *UserRow, next scim.Object) error {
	switch {
	case was.State == Removed && u.State == Active && w.t.connection == "":
		return w.tx.KeepRemoval(w.ctx, u.ID)
	case was.State == Removed && u.State == Active:
		return w.tx.EndRemovals(w.ctx, u.ID)
	case w.t.connection == "" || w.bystander || w.t.via.Check:
		return nil
	case was.State != Removed && u.State == Removed:
		return w.guardKind(u, removedPerson, "removals")
	case u.State == Removed:
		return nil
	}
	if was.Group != u.Group {
		return w.guardKind(u, movedPerson, "moves to another group")
	}
	if lost(was, u) {
		if err := w.guardKind(u, leftTeam, "people who left a team"); err != nil {
			return err
		}
	}
	if domainOf(before) != domainOf(next) {
		return w.guardKind(u, newDomain, "changed e-mail domains")
	}
	return nil
}

func (w *write) guardKind(u *UserRow, kind, what string) error {
	c, since := w.t.connection, w.now-guardWindow.Microseconds()
	if err := w.tx.PutRemoval(w.ctx, RemovalRow{Connection: c, Kind: kind, User: u.ID, At: w.now}); err != nil {
		return err
	}
	n, err := w.tx.CountRemovals(w.ctx, c, kind, since, guardMost+1)
	if err != nil || n <= guardLeast {
		return err
	}
	people, err := w.tx.GuardedPeople(w.ctx, c, since, w.now)
	if err != nil {
		return err
	}
	limit := max(guardLeast, min(people*5/100, guardMost))
	if n <= limit {
		return nil
	}
	if n == limit+1 {
		w.note(fmt.Sprintf("needs attention: more than %d %s within 24 hours by one connection of %d people", limit, what, people))
	}
	if kind != removedPerson {
		return nil
	}
	return w.tx.HoldRemovals(w.ctx, c, since)
}

func lost(was, u *UserRow) bool {
	now := u.Memberships()
	return slices.ContainsFunc(was.Memberships(), func(m Membership) bool {
		return !slices.ContainsFunc(now, func(n Membership) bool { return n.Team == m.Team })
	})
}

func domainOf(o scim.Object) string {
	_, domain, _ := strings.Cut(scim.UserType.NewResource(o).String("emails.value"), "@")
	return scim.Fold(domain)
}

// Removal is a held or kept removal for people to read.
type Removal struct {
	User       User
	Connection string
	At         time.Time
	Kept       bool // brought back; else the guard holds it
}

// Removals lists the removals that wait for an admin, and the people who were
// kept here against their IdP's word.
func (t *Tenant) Removals(ctx context.Context) ([]Removal, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	if err := t.fresh(ctx); err != nil {
		return nil, err
	}
	rows, err := t.r.Removals(ctx)
	if err != nil {
		return nil, err
	}
	var out []Removal
	for _, r := range rows {
		u, _, err := t.r.User(ctx, r.User)
		if err != nil {
			return nil, err
		}
		if u != nil {
			out = append(out, Removal{User: t.person(u), Connection: t.s.connectionName(r.Connection), At: time.UnixMicro(r.At), Kept: r.State == RemovalKept})
		}
	}
	return out, nil
}

// ConfirmRemovals lets the clock of the held removals run: the people are
// forgotten when the retention time is over. connection "" means those of all.
func (t *Tenant) ConfirmRemovals(ctx context.Context, connection string) (n int, err error) {
	err = t.update(ctx, func(w *write) error {
		id := ""
		if connection != "" {
			c, err := w.connection(connection)
			if err != nil {
				return err
			}
			id = c.ID
		}
		if n, err = w.tx.ReleaseRemovals(w.ctx, id); err != nil || n == 0 {
			return err
		}
		return w.change("Tenant", fmt.Sprint(t.s.tenant), "confirm removals", nil, map[string]any{"connection": id, "people": n})
	})
	return n, err
}

// BringBack restores people whose removal is held, or all of them, and marks
// them as kept here. Who cannot be restored is named with the reason.
func (t *Tenant) BringBack(ctx context.Context, refs []string) (back int, problems []string, err error) {
	if err := t.may(everything); err != nil {
		return 0, nil, err
	}
	if refs == nil {
		rows, err := t.r.Removals(ctx)
		if err != nil {
			return 0, nil, err
		}
		for _, r := range rows {
			if r.State == RemovalHeld {
				refs = append(refs, r.User)
			}
		}
	}
	for _, ref := range refs {
		switch _, err := t.RestoreUser(ctx, ref); {
		case ctx.Err() != nil:
			return back, problems, ctx.Err()
		case err != nil:
			problems = append(problems, fmt.Sprintf("%s: %v", ref, err))
		default:
			back++
		}
	}
	return back, problems, nil
}
