package year

import (
	"slices"
	"strings"
)

// ledger is what became of the ids of the server: whose they were first, and
// which name the server was last told for them. By it two people are told from
// one, whatever the server shows.
type ledger struct {
	held     map[string]*holding
	merged   []merge
	order    []string // ids of people, as they came
	idGroups []string // ids of groups
	mixed    []merge  // where the identity provider alone is to blame
}

type holding struct {
	person, name string
	account      *account
	inherited    bool // by an account that the provider itself took for the one before
}

// merge is an id that was one person's and became another's.
type merge struct {
	at         Minute
	id         string
	was, is    string
	madeByPOST bool
}

func (l *ledger) hold(id string) *holding {
	if l.held == nil {
		l.held = map[string]*holding{}
	}
	if l.held[id] == nil {
		l.held[id] = &holding{}
		l.order = append(l.order, id)
	}
	return l.held[id]
}

// made is an id that a POST was answered with.
func (c *company) made(a *account, id string) {
	h := c.hold(id)
	if h.person != "" && h.person != a.person {
		c.merged = append(c.merged, merge{c.now, id, h.person, a.person, true})
	}
	h.person, h.account = a.person, a
	c.linked(a)
}

// matched is an id that a look-up for the account's userName found. Where the
// server was told that its bearer is called something else by now, the server is
// to blame for who becomes one with whom; else nobody but the provider.
func (c *company) matched(a *account, id string) {
	h := c.hold(id)
	if h.person != "" && h.person != a.person {
		m := merge{c.now, id, h.person, a.person, false}
		if strings.EqualFold(h.name, a.UserName) {
			c.mixed = append(c.mixed, m)
		} else {
			c.merged = append(c.merged, m)
		}
	}
	h.inherited = h.inherited || h.account != nil && h.account != a
	h.person, h.account = a.person, a
	c.linked(a)
}

// named is a userName that the server took.
func (c *company) named(id, name string) {
	if id != "" {
		c.hold(id).name = name
	}
}

// deleted is an id that the server says is deleted: nobody bears it any more.
func (c *company) deleted(id string) { c.hold(id).name = "" }

// linked makes the groups of an account that is known now be looked at again.
func (c *company) linked(a *account) {
	for _, g := range c.groups {
		if slices.Contains(g.members, a) {
			c.move(g)
		}
	}
}

func (c *company) groupMade(id string) {
	if id != "" && !slices.Contains(c.ledger.idGroups, id) {
		c.ledger.idGroups = append(c.ledger.idGroups, id)
	}
}
