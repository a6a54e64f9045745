package year

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// company is what is true: who works there, and what the directories of its
// identity providers hold.
type company struct {
	story    *Story
	now      Minute
	accounts []*account
	of       map[string][]*account // by person
	groups   []*group
	missing  map[string]bool // countries whose group the server's admin has not made yet
	// nicknames: mailNickname is mapped to externalId, as Entra ID does unless
	// told otherwise, so that who has the address has the externalId as well.
	nicknames bool

	ledger

	touched [][]*account // by identity provider: what it has not looked at yet
	moved   [][]*group
}

// account is an object in the directory of an identity provider. A person may
// have several in the course of time, and two at once with two providers.
type account struct {
	object   string // its immutable id there
	external string // what the provider sends as externalId
	person   string
	idp      int
	Attributes

	enabled, assigned, inScope bool
	deleted                    Minute // into the recycle bin; never if it is not
	purged                     bool
	left, away                 Minute // when he left last, and for how long he was away the last time
}

// live says that its owner is to be in.
func (a *account) live() bool { return a.enabled && a.assigned && a.inScope && a.deleted == never }

// tombstone is the name that Entra ID gives an account in its recycle bin.
func (a *account) tombstone() string { return strings.ReplaceAll(a.object, "-", "") + a.UserName }

type group struct {
	key, name, object string
	idp               int
	members           []*account
}

// recycleBin is how long Entra ID keeps what was deleted.
const recycleBin = 30 * dayLong

func newCompany(s *Story) *company {
	sides := len(idpsOf(s.IdP))
	c := &company{story: s, of: map[string][]*account{}, missing: map[string]bool{},
		nicknames: idpsOf(s.IdP)[0] == "entra" && s.Seed%2 == 1,
		touched:   make([][]*account, sides), moved: make([][]*group, sides)}
	for _, p := range s.People {
		c.open(p)
	}
	for _, g := range s.Groups {
		c.make(g)
	}
	return c
}

// objectID is an id that the seed alone decides.
func (c *company) objectID(parts ...any) string {
	sum := sha256.Sum256(fmt.Append([]byte(nil), append([]any{c.story.Seed, "|"}, parts...)...))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:32]
}

// open gives a person an account.
func (c *company) open(p Person) {
	p.IdP = min(p.IdP, len(c.touched)-1)
	a := &account{object: c.objectID(p.Key, len(c.of[p.Key])), person: p.Key, idp: p.IdP, Attributes: p.Attributes,
		enabled: true, assigned: true, inScope: true, deleted: never}
	a.external = a.object
	if c.nicknames && p.IdP == 0 {
		a.external, _, _ = strings.Cut(a.UserName, "@")
	}
	c.accounts = append(c.accounts, a)
	c.of[p.Key] = append(c.of[p.Key], a)
	c.touch(a)
}

func (c *company) make(g Group) {
	made := &group{key: g.Key, name: g.Name, object: c.objectID("group", g.Key), idp: min(g.IdP, len(c.touched)-1)}
	c.groups = append(c.groups, made)
	for _, key := range g.Members {
		if a := c.account(key, made.idp); a != nil {
			made.members = append(made.members, a)
		}
	}
	c.move(made)
}

func (c *company) touch(a *account) {
	if !slices.Contains(c.touched[a.idp], a) {
		c.touched[a.idp] = append(c.touched[a.idp], a)
	}
	for _, g := range c.groups {
		if slices.Contains(g.members, a) {
			c.move(g)
		}
	}
}

func (c *company) move(g *group) {
	if !slices.Contains(c.moved[g.idp], g) {
		c.moved[g.idp] = append(c.moved[g.idp], g)
	}
}

// account is the last that a person has with a provider.
func (c *company) account(person string, idp int) *account {
	for _, a := range slices.Backward(c.of[person]) {
		if a.idp == idp {
			return a
		}
	}
	return nil
}

// last is a person's newest account.
func (c *company) last(person string) *account {
	if all := c.of[person]; len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}

// belongs says whether somebody should be in.
func (c *company) belongs(person string) bool {
	return slices.ContainsFunc(c.of[person], (*account).live)
}

// taken says whether an account that is not in the recycle bin has the name: a
// directory refuses it a second time.
func (c *company) taken(userName string, idp int, but *account) bool {
	return slices.ContainsFunc(c.accounts, func(a *account) bool {
		return a != but && a.idp == idp && a.deleted == never && strings.EqualFold(a.UserName, userName)
	})
}

// name is what people call somebody.
func (c *company) name(person string) string {
	a := c.last(person)
	if a == nil {
		return person
	}
	return a.display() + " (" + person + ")"
}

// purge empties the recycle bin of what lay there for 30 days.
func (c *company) purge(now Minute) {
	c.now = max(c.now, now)
	for _, a := range c.accounts {
		if !a.purged && a.deleted != never && now-a.deleted >= recycleBin {
			a.purged = true
			c.touch(a)
		}
	}
}

func (c *company) groupOf(key string) *group {
	for _, g := range c.groups {
		if g.key == key {
			return g
		}
	}
	return nil
}
