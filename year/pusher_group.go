package year

import (
	"context"
	"slices"
	"strconv"
)

// syncGroup pushes a group: a provider pushes nobody who is not active.
func (p *pusher) syncGroup(ctx context.Context, g *group) error {
	if p.groups[g] == nil {
		p.groups[g] = &remembered{due: never, members: map[*account]string{}}
	}
	r := p.groups[g]
	want, all := p.membersOf(g)
	if r.id == "" {
		if done, err := p.matchGroup(ctx, g, r, want, all); !done || err != nil {
			return err
		}
	}
	var come, gone []string
	for _, a := range p.company.accounts {
		has, wants := r.members[a], want[a]
		if wants != "" && has != wants {
			come = append(come, wants)
		}
		if has != "" && wants != has && p.known(has) {
			gone = append(gone, has)
		}
	}
	if len(come)+len(gone) > 0 || r.name != g.name {
		for _, q := range p.groupChange(g, r.id, r.name != g.name, come, gone, all) {
			a, err := p.wire.send(ctx, g.key, q)
			if t, err := p.failed(a, err); t != nil || err != nil {
				if t != nil && a.status == 404 {
					r.id, r.members = "", map[*account]string{}
				}
				return p.failure(nil, g, r, t, err)
			}
		}
	}
	r.members, r.name = want, g.name
	r.fine()
	return nil
}

// membersOf are the group's members who are active at the server.
func (p *pusher) membersOf(g *group) (want map[*account]string, all []string) {
	want = map[*account]string{}
	for _, a := range g.members {
		if r := p.links[a]; r != nil && r.id != "" && r.active && a.live() && !slices.Contains(all, r.id) {
			want[a] = r.id
			all = append(all, r.id)
		}
	}
	return want, all
}

// known says whether an account still has the id: whoever was deleted has left
// all groups with that.
func (p *pusher) known(id string) bool {
	for _, r := range p.links {
		if r.id == id {
			return true
		}
	}
	return false
}

func (p *pusher) matchGroup(ctx context.Context, g *group, r *remembered, want map[*account]string, all []string) (done bool, err error) {
	found, err := p.wire.send(ctx, g.key, p.lookUpGroup(g.name))
	if found.status != 404 || err != nil {
		if t, err := p.failed(found, err); t != nil || err != nil {
			return false, p.failure(nil, g, r, t, err)
		}
	}
	if hits := resources(found.body); len(hits) == 1 {
		r.id, r.name = text(hits[0], "id"), g.name
		p.company.groupMade(r.id)
		return true, nil
	}
	made, err := p.wire.send(ctx, g.key, p.newGroup(g, all))
	if t, err := p.failed(made, err); t != nil || err != nil {
		return false, p.failure(nil, g, r, t, err)
	}
	r.id, r.name, r.members = text(made.body, "id"), g.name, want
	p.company.groupMade(r.id)
	return true, nil
}

// imports is when a provider next reads everybody.
type imports struct{ next Minute }

// importUsers is Okta's scheduled import, once a week. Whoever is assigned and
// has no link yet is linked when the import shows him.
func (p *pusher) importUsers(ctx context.Context) error {
	p.imports.next += 7 * dayLong
	for start := 1; ; {
		page, err := p.wire.send(ctx, "", request{method: "GET", path: "/Users?startIndex=" + strconv.Itoa(start) + "&count=100", header: p.lookUp("").header})
		if t, err := p.failed(page, err); t != nil || err != nil {
			return err
		}
		found := resources(page.body)
		for _, u := range found {
			p.confirm(u)
		}
		total, _ := dig(page.body, "totalResults").(float64)
		if start += len(found); len(found) == 0 || start > int(total) {
			return nil
		}
	}
}

// confirm links who was found to whom he is by his userName.
func (p *pusher) confirm(u map[string]any) {
	for a, r := range p.links {
		if r.id == "" && a.live() && a.UserName == text(u, "userName") && text(u, "id") != "" {
			r.id, r.active = text(u, "id"), isActive(u)
			p.company.matched(a, r.id)
			p.put(job{p.company.now + 1, a, nil})
			return
		}
	}
}
