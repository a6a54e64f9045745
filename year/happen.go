package year

import "slices"

// apply makes an event true. What makes no sense, as in a story that was cut
// short, does nothing. What comes to an end by itself returns its undoing.
func (c *company) apply(e Event) (undo func()) {
	c.now = max(c.now, e.At)
	switch e.What {
	case Hire:
		c.hire(*e.New)
	case Rehire:
		c.rehire(*e.New)
	case JoinsToo:
		c.joinsToo(e)
	case Leave:
		c.each(e, c.leave)
	case Restore:
		c.each(e, c.restore)
	case Change:
		c.each(e, c.change)
	case Scope:
		return c.scope(e)
	case GroupMade, GroupJoined, GroupLeft, GroupNamed:
		c.regroup(e)
	}
	return nil
}

// each does it to the account of everybody concerned.
func (c *company) each(e Event, do func(Event, *account)) {
	for _, key := range e.Who {
		a := c.last(key)
		if len(c.of[key]) > 1 && e.IdP > 0 {
			a = c.account(key, e.IdP)
		}
		if a != nil {
			do(e, a)
		}
	}
}

func (c *company) hire(p Person) {
	if len(c.of[p.Key]) == 0 && !c.taken(p.UserName, min(p.IdP, len(c.touched)-1), nil) {
		c.open(p)
	}
}

// rehire is for somebody who left: a new account beside the old one, if that
// does not hold the name any more.
func (c *company) rehire(p Person) {
	if len(c.of[p.Key]) > 0 && !c.belongs(p.Key) && !c.taken(p.UserName, min(p.IdP, len(c.touched)-1), nil) {
		c.open(p)
	}
}

func (c *company) joinsToo(e Event) {
	for _, key := range e.Who {
		if a := c.last(key); a != nil && a.live() && len(c.touched) > 1 && c.account(key, 1) == nil {
			c.open(Person{Key: key, IdP: 1, Attributes: a.Attributes})
		}
	}
}

func (c *company) leave(e Event, a *account) {
	if !a.live() {
		return
	}
	a.left = c.now
	switch e.How {
	case Disabled:
		a.enabled = false
	case Unassigned:
		a.assigned = false
	default:
		a.deleted = c.now
	}
	c.touch(a)
}

// restore takes back what leave did, unless the account is gone for good or its
// name somebody else's by now.
func (c *company) restore(_ Event, a *account) {
	if a.purged || a.live() || a.deleted != never && c.taken(a.UserName, a.idp, a) {
		return
	}
	a.enabled, a.assigned, a.deleted = true, true, never
	a.away = c.now - a.left
	c.touch(a)
}

func (c *company) change(e Event, a *account) {
	next := a.Attributes.with(e.Set)
	if a.deleted != never || a.Attributes == next || c.taken(next.UserName, a.idp, a) {
		return
	}
	a.Attributes = next
	c.touch(a)
}

func (c *company) scope(e Event) (undo func()) {
	var fell []*account
	c.each(e, func(_ Event, a *account) {
		if a.live() {
			a.inScope = false
			fell = append(fell, a)
			c.touch(a)
		}
	})
	return func() {
		for _, a := range fell {
			a.inScope = true
			c.touch(a)
		}
	}
}

func (c *company) regroup(e Event) {
	g := c.groupOf(e.Group)
	if e.What == GroupMade && g == nil {
		c.make(Group{Key: e.Group, Name: e.Name, IdP: e.IdP, Members: e.Who})
		return
	}
	if g == nil {
		return
	}
	switch e.What {
	case GroupNamed:
		g.name = e.Name
	case GroupJoined:
		for _, key := range e.Who {
			if a := c.account(key, g.idp); a != nil && !slices.Contains(g.members, a) {
				g.members = append(g.members, a)
			}
		}
	case GroupLeft:
		for _, key := range e.Who {
			g.members = slices.DeleteFunc(g.members, func(a *account) bool { return a.person == key })
		}
	}
	c.move(g)
}
