package year

import "slices"

func (p *pusher) owes(a *account) (owing, excused bool) { return p.owing(p.links[a], a, nil) }

func (p *pusher) owesGroup(g *group) (owing, excused bool) { return p.owing(p.groups[g], nil, g) }

func (p *pusher) owing(r *remembered, a *account, g *group) (owing, excused bool) {
	waits := slices.ContainsFunc(p.jobs, func(j job) bool { return j.account == a && j.group == g }) ||
		a != nil && slices.Contains(p.company.touched[p.number], a) || g != nil && slices.Contains(p.company.moved[p.number], g)
	if r == nil || r.trouble == nil {
		return waits, waits
	}
	return true, r.trouble.excused
}

func (p *pusher) id(a *account) string {
	if r := p.links[a]; r != nil {
		return r.id
	}
	return ""
}

func (p *pusher) groupID(g *group) string {
	if r := p.groups[g]; r != nil {
		return r.id
	}
	return ""
}

func (p *pusher) problem(a *account) string {
	if r := p.links[a]; r != nil && r.trouble != nil {
		return r.trouble.text
	}
	return ""
}
