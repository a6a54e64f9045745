package year

import (
	"cmp"
	"context"
	"slices"
)

// pusher is a provider that sends each change some minutes after it was made:
// Okta, OneLogin, and one that keeps to the RFC and has no habits. How each
// writes is its dialect.
type pusher struct {
	side
	dialect
	kind   string
	links  map[*account]*remembered
	groups map[*group]*remembered
	jobs   []job
	imports
}

// dialect is how a provider writes, and its habits.
type dialect interface {
	lookUp(userName string) request
	lookUpGroup(name string) request
	create(a *account) request
	// write makes the server's account the source's. there is what the server
	// showed just before, where the provider asks.
	write(a *account, id string, there map[string]any) request
	// turn ends or gives back access.
	turn(a *account, id string, active bool, there map[string]any) request
	// asks says that the provider reads before it writes.
	asks(active bool) bool
	// deletes says that leaving in this way is a DELETE, and forgets that the
	// account's link is dropped with it.
	deletes(a *account) bool
	forgets(a *account) bool
	newGroup(g *group, members []string) request
	// groupChange are the requests after a change of name or members.
	groupChange(g *group, id string, renamed bool, come, gone, all []string) []request
	// again is how long after a failure the provider tries again; never when it
	// waits for an admin, who looks every morning.
	again(t *trouble, tries int) Minute
}

// job is something to be sent.
type job struct {
	due     Minute
	account *account
	group   *group
}

func newPusher(kind string, s side) *pusher {
	p := &pusher{side: s, kind: kind, links: map[*account]*remembered{}, groups: map[*group]*remembered{}}
	switch kind {
	case "okta":
		p.dialect = &okta{put: s.seed%2 == 1, seed: s.seed}
		p.imports = imports{next: dayLong + 3*60}
	case "onelogin":
		p.dialect = onelogin{}
		p.imports = imports{next: never}
	default:
		p.dialect = plainly{}
		p.imports = imports{next: never}
	}
	return p
}

func (p *pusher) next() Minute {
	p.plan()
	due := p.imports.next
	for _, j := range p.jobs {
		due = min(due, j.due)
	}
	return due
}

// plan makes jobs of what was touched: people a minute later, groups after them.
func (p *pusher) plan() {
	accounts, groups := p.taking()
	for _, a := range accounts {
		p.put(job{p.company.now + 1, a, nil})
	}
	for _, g := range groups {
		p.put(job{p.company.now + 3, nil, g})
	}
}

// put adds a job; one that waits already for the same is done sooner.
func (p *pusher) put(j job) {
	for i, was := range p.jobs {
		if was.account == j.account && was.group == j.group {
			p.jobs[i].due = min(was.due, j.due)
			return
		}
	}
	p.jobs = append(p.jobs, j)
}

func (p *pusher) run(ctx context.Context, now Minute) error {
	if p.imports.next <= now {
		if err := p.importUsers(ctx); err != nil {
			return err
		}
	}
	var due []job
	p.jobs = slices.DeleteFunc(p.jobs, func(j job) bool {
		if j.due <= now {
			due = append(due, j)
		}
		return j.due <= now
	})
	slices.SortStableFunc(due, func(a, b job) int { return cmp.Compare(a.due, b.due) })
	if p.wire.shuffled() {
		slices.Reverse(due)
	}
	for _, j := range due {
		var err error
		if j.account != nil {
			err = p.sync(ctx, j.account)
		} else {
			err = p.syncGroup(ctx, j.group)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pusher) link(a *account) *remembered {
	if p.links[a] == nil {
		p.links[a] = &remembered{due: never}
	}
	return p.links[a]
}

// sync brings one account to the server.
func (p *pusher) sync(ctx context.Context, a *account) error {
	r := p.link(a)
	switch {
	case !a.live() && (r.id == "" || !r.active):
		r.fine()
		return nil
	case !a.live():
		return p.leave(ctx, a, r)
	case r.id == "":
		return p.match(ctx, a, r)
	}
	return p.update(ctx, a, r)
}

// match looks for the account, and creates it where there is none.
func (p *pusher) match(ctx context.Context, a *account, r *remembered) error {
	found, err := p.wire.send(ctx, a.person, p.lookUp(a.UserName))
	if !(found.status == 404 && err == nil) { // Okta and OneLogin take 404 for an empty list
		if t, err := p.failed(found, err); t != nil || err != nil {
			return p.failure(a, nil, r, t, err)
		}
	}
	hits := resources(found.body)
	if len(hits) > 1 {
		return p.failure(a, nil, r, &trouble{text: "the look-up found several"}, nil)
	}
	if len(hits) == 1 && text(hits[0], "id") != "" {
		r.id, r.active = text(hits[0], "id"), isActive(hits[0])
		p.company.matched(a, r.id)
		return p.update(ctx, a, r)
	}
	made, err := p.wire.send(ctx, a.person, p.create(a))
	if t, err := p.failed(made, err); t != nil || err != nil {
		return p.failure(a, nil, r, t, err)
	}
	r.id = text(made.body, "id")
	p.company.made(a, r.id)
	p.took(a, r)
	return nil
}

// update gives access back where it was taken, and pushes the profile. What is
// pushed was read before access came back, as it was then: groups and all that a
// server adds are those of somebody who is out.
func (p *pusher) update(ctx context.Context, a *account, r *remembered) error {
	there, stop, err := p.read(ctx, a, r, true)
	if stop || err != nil {
		return err
	}
	if !r.active {
		back, err := p.wire.send(ctx, a.person, p.turn(a, r.id, true, there))
		if t, err := p.failed(back, err); t != nil || err != nil {
			return p.failedAt(a, r, back, t, err)
		}
		r.active = true
		p.company.linked(a)
	}
	done, err := p.wire.send(ctx, a.person, p.write(a, r.id, there))
	if t, err := p.failed(done, err); t != nil || err != nil {
		return p.failedAt(a, r, done, t, err)
	}
	p.took(a, r)
	return nil
}

// read asks for the account, for providers that do.
func (p *pusher) read(ctx context.Context, a *account, r *remembered, active bool) (there map[string]any, stop bool, err error) {
	if !p.asks(active) {
		return nil, false, nil
	}
	got, err := p.wire.send(ctx, a.person, request{method: "GET", path: userPath(r.id), header: p.lookUp("").header})
	if t, err := p.failed(got, err); t != nil || err != nil {
		return nil, true, p.failedAt(a, r, got, t, err)
	}
	return got.body, false, nil
}

func (p *pusher) leave(ctx context.Context, a *account, r *remembered) error {
	deletes := p.deletes(a)
	there, stop, err := map[string]any(nil), false, error(nil)
	if !deletes {
		if there, stop, err = p.read(ctx, a, r, false); stop || err != nil {
			return err
		}
	}
	q := request{method: "DELETE", path: userPath(r.id)}
	if !deletes {
		q = p.turn(a, r.id, false, there)
	}
	done, err := p.wire.send(ctx, a.person, q)
	if done.status != 404 || err != nil {
		if t, err := p.failed(done, err); t != nil || err != nil {
			return p.failure(a, nil, r, t, err)
		}
	}
	r.active = false
	r.fine()
	if deletes {
		p.company.deleted(r.id)
	}
	if deletes || p.forgets(a) {
		r.id = ""
	}
	return nil
}

func (p *pusher) took(a *account, r *remembered) {
	if !r.active {
		p.company.linked(a)
	}
	r.active, r.name = true, a.UserName
	r.fine()
	p.company.named(r.id, r.name)
}

func (p *pusher) failed(a answer, err error) (*trouble, error) {
	if err != nil && err != errNoAnswer {
		return nil, err
	}
	if err == nil && a.ok() {
		return nil, nil
	}
	return p.trouble(a, err), nil
}

// failedAt is a failure at a known id. One that is not there any more is
// forgotten and looked for again: by Okta when an admin has seen it, by others at
// once (https://github.com/goauthentik/authentik/issues/16678).
func (p *pusher) failedAt(a *account, r *remembered, got answer, t *trouble, err error) error {
	if t != nil && got.status == 404 {
		r.id, r.active = "", false
		if r.tries++; p.kind != "okta" && r.tries < 3 {
			p.put(job{p.company.now + 1, a, nil})
			return nil
		}
	}
	return p.failure(a, nil, r, t, err)
}

// failure plans the next try.
func (p *pusher) failure(a *account, g *group, r *remembered, t *trouble, err error) error {
	if err != nil {
		return err
	}
	r.tries++
	r.trouble = t
	now := p.company.now
	wait := p.again(t, r.tries)
	if wait == never { // an admin looks every morning at eight
		morning := (now-8*60)/dayLong*dayLong + 8*60
		wait = morning + dayLong - now
	}
	p.put(job{now + max(wait, 1), a, g})
	return nil
}
