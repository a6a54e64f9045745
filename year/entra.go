package year

import (
	"context"
	"slices"
)

// entra is Microsoft Entra ID's provisioning service. Sources: how-provisioning-
// works, use-scim-to-provision-users-and-groups and application-provisioning-
// quarantine-status at learn.microsoft.com/entra/identity/app-provisioning, the
// recordings in interop/cases/entra*.yaml, and for what the recycle bin does to
// names https://github.com/onyx-dot-app/onyx/pull/14074 .
//
// A cycle every 40 minutes works through what changed. Objects are linked to the
// server's by id and keep that link through disabling and restoring; only a 404
// breaks it, and then the object is matched anew. What failed is tried again
// after 6, 12 and 24 hours and then daily for 28 days, except that what nobody
// answered, 429 and 5xx are for the next cycle. A refused token or a look-up that
// is no SCIM is quarantine: a cycle a day.
type entra struct {
	side
	flag        bool // aadOptscim062020 is in the Tenant URL
	links       map[*account]*remembered
	groups      map[*group]*remembered
	quarantined bool
	resume      Minute // no cycle before
}

const cycle = 40

func newEntra(s side) *entra {
	return &entra{side: s, flag: s.seed%3 == 2, links: map[*account]*remembered{}, groups: map[*group]*remembered{}}
}

func (e *entra) next() Minute {
	due := never
	if len(e.company.touched[e.number])+len(e.company.moved[e.number]) > 0 {
		due = e.company.now
	}
	for _, r := range e.links {
		due = min(due, r.due)
	}
	for _, r := range e.groups {
		due = min(due, r.due)
	}
	if due == never {
		return never
	}
	due = max(due, e.resume, e.company.now)
	return (due + cycle - 1) / cycle * cycle
}

func (e *entra) run(ctx context.Context, now Minute) error {
	accounts, groups := e.taking()
	accounts, groups = e.withDue(accounts, groups, now)
	if e.wire.shuffled() {
		slices.Reverse(accounts)
	}
	e.quarantined = false
	for i, a := range accounts {
		if err := e.sync(ctx, a); err != nil {
			return err
		}
		if e.quarantined {
			e.later(accounts[i+1:], groups)
			return nil
		}
	}
	for _, g := range groups { // memberships come after users
		if err := e.syncGroup(ctx, g); err != nil {
			return err
		}
	}
	e.resume = now + 1
	return nil
}

// withDue adds what waits for another try, in the company's order.
func (e *entra) withDue(accounts []*account, groups []*group, now Minute) ([]*account, []*group) {
	for _, a := range e.company.accounts {
		if r := e.links[a]; r != nil && r.due <= now && !slices.Contains(accounts, a) {
			accounts = append(accounts, a)
		}
	}
	for _, g := range e.company.groups {
		if r := e.groups[g]; r != nil && r.due <= now && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	return accounts, groups
}

// later keeps for the next cycle what quarantine cut off.
func (e *entra) later(accounts []*account, groups []*group) {
	e.resume = e.company.now + dayLong
	e.company.touched[e.number] = append(e.company.touched[e.number], accounts...)
	e.company.moved[e.number] = append(e.company.moved[e.number], groups...)
}

func (e *entra) link(a *account) *remembered {
	if e.links[a] == nil {
		e.links[a] = &remembered{due: never}
	}
	return e.links[a]
}

// sync brings one object to the server.
func (e *entra) sync(ctx context.Context, a *account) error {
	r := e.link(a)
	switch {
	case a.purged:
		return e.hardDelete(ctx, a, r)
	case r.id == "" && !a.live():
		r.fine() // whoever is disabled at the source is never created
		return nil
	case r.id == "":
		return e.match(ctx, a, r)
	}
	return e.update(ctx, a, r, true)
}

// match looks for the object and creates it where there is none.
func (e *entra) match(ctx context.Context, a *account, r *remembered) error {
	found, err := e.wire.send(ctx, a.person, request{method: "GET", path: "/Users?filter=userName%20eq%20" + quoted(a.UserName)})
	if t, err := e.failed(found, err); t != nil || err != nil {
		if t != nil && found.status == 404 {
			t.stop = true // "SCIM Compliance issue: HTTP/404 returned rather than expected 200"
		}
		return e.escrow(r, t, err)
	}
	hits := resources(found.body)
	if len(hits) > 1 {
		return e.escrow(r, &trouble{text: "DuplicateTargetEntries: the look-up found several"}, nil)
	}
	if len(hits) == 1 && text(hits[0], "id") != "" {
		r.id = text(hits[0], "id")
		e.company.matched(a, r.id)
		return e.update(ctx, a, r, true)
	}
	made, err := e.wire.send(ctx, a.person, request{method: "POST", path: "/Users", body: e.newUser(a), header: entraHeader})
	if t, err := e.failed(made, err); t != nil || err != nil {
		return e.escrow(r, t, err)
	}
	r.id = text(made.body, "id")
	e.company.made(a, r.id)
	e.took(a, r)
	return nil
}

var entraHeader = map[string]string{"Content-Type": "application/scim+json; charset=utf-8"}

// update reads the object at the server and sends what differs. A 404 breaks
// the link: then, the first time, the object is matched anew.
func (e *entra) update(ctx context.Context, a *account, r *remembered, again bool) error {
	there, err := e.wire.send(ctx, a.person, request{method: "GET", path: userPath(r.id)})
	if there.status == 404 && err == nil {
		return e.lost(ctx, a, r, again)
	}
	if t, err := e.failed(there, err); t != nil || err != nil {
		return e.escrow(r, t, err)
	}
	ops := e.changes(a, r, there.body)
	if len(ops) == 0 {
		e.took(a, r)
		return nil
	}
	done, err := e.wire.send(ctx, a.person, request{method: "PATCH", path: userPath(r.id), body: patch(ops), header: entraHeader})
	if done.status == 404 && err == nil {
		return e.lost(ctx, a, r, again)
	}
	if t, err := e.failed(done, err); t != nil || err != nil {
		return e.escrow(r, t, err)
	}
	e.took(a, r)
	return nil
}

func (e *entra) lost(ctx context.Context, a *account, r *remembered, again bool) error {
	r.id, r.active = "", false
	if !a.live() || !again {
		r.fine()
		return nil
	}
	return e.match(ctx, a, r)
}

// hardDelete sends DELETE for what left the recycle bin, unless the object was
// unassigned before: such are not managed any more.
func (e *entra) hardDelete(ctx context.Context, a *account, r *remembered) error {
	if r.id == "" || !a.assigned {
		r.fine()
		r.id = ""
		return nil
	}
	gone, err := e.wire.send(ctx, a.person, request{method: "DELETE", path: userPath(r.id)})
	if gone.status != 404 {
		if t, err := e.failed(gone, err); t != nil || err != nil {
			return e.escrow(r, t, err)
		}
	}
	e.company.deleted(r.id)
	r.id, r.active = "", false
	r.fine()
	return nil
}

func (e *entra) took(a *account, r *remembered) {
	r.active, r.name = a.live(), e.userName(a)
	r.fine()
	e.company.named(r.id, r.name)
}

// userName is the one that Entra ID has for the object now.
func (e *entra) userName(a *account) string {
	if a.deleted != never {
		return a.tombstone()
	}
	return a.UserName
}

// failed sorts out what was not answered well. Its error ends the year.
func (e *entra) failed(a answer, err error) (*trouble, error) {
	if err != nil && err != errNoAnswer {
		return nil, err
	}
	if err == nil && a.ok() {
		return nil, nil
	}
	return e.trouble(a, err), nil
}

// escrow keeps a failed object for another try.
func (e *entra) escrow(r *remembered, t *trouble, err error) error {
	if err != nil {
		return err
	}
	now := e.company.now
	if r.tries == 0 {
		r.first = now
	}
	r.tries++
	r.trouble = t
	switch {
	case t.stop:
		e.quarantined = true
		r.due = now + dayLong
	case t.soon:
		r.due = now + cycle
	case now-r.first > 28*dayLong:
		r.due = never // the escrow is pruned
	default:
		r.due = now + []Minute{6 * 60, 12 * 60, 24 * 60}[min(r.tries-1, 2)]
	}
	return nil
}

func (e *entra) owes(a *account) (owing, excused bool) {
	return e.owing(e.links[a], slices.Contains(e.company.touched[e.number], a))
}

func (e *entra) owesGroup(g *group) (owing, excused bool) {
	return e.owing(e.groups[g], slices.Contains(e.company.moved[e.number], g))
}

// owing: what waits for its cycle is excused, unless the server brought about
// that there is none.
func (e *entra) owing(r *remembered, waits bool) (owing, excused bool) {
	if r == nil || r.trouble == nil {
		return waits, waits && !e.quarantined
	}
	return true, r.trouble.excused
}

func (e *entra) id(a *account) string {
	if r := e.links[a]; r != nil {
		return r.id
	}
	return ""
}

func (e *entra) groupID(g *group) string {
	if r := e.groups[g]; r != nil {
		return r.id
	}
	return ""
}

func (e *entra) problem(a *account) string {
	if r := e.links[a]; r != nil && r.trouble != nil {
		return r.trouble.text
	}
	return ""
}
