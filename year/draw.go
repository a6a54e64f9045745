package year

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Draw makes the story of a company of so many people out of a seed. The same
// numbers make the same story.
func Draw(seed uint64, idp string, people, days int) Story {
	d := &draw{
		Rand:  rand.New(rand.NewPCG(seed, 0x726f6c6c63616c6c)),
		story: Story{Seed: seed, IdP: idp, Days: days, Domain: fmt.Sprintf("year%d.test", seed)},
		names: map[string]bool{}, within: map[string][]string{},
	}
	for range people {
		f := d.invent(0)
		d.story.People = append(d.story.People, f.Person)
	}
	d.groups()
	d.ownerLeaves()
	d.plan(people)
	slices.SortStableFunc(d.story.Events, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	return d.story
}

// draw is a story while it is drawn. It knows who is in and who is out, so that
// only he returns who left.
type draw struct {
	*rand.Rand
	story  Story
	names  map[string]bool // addresses that were ever given
	order  []*figure
	teams  int
	within map[string][]string // a group's people
}

// figure is somebody at the time that is being drawn.
type figure struct {
	Person
	in      bool
	how     string // he left
	left    Minute
	rested  Minute // nothing happens to him before
	reused  bool   // somebody else has his address
	second  bool   // is with the second provider too
	removed bool   // never comes back
}

// A story's pause for one person: what happens to him next comes a day later.
const pause = dayLong

func (d *draw) one(from []string) string { return from[d.IntN(len(from))] }

// invent makes somebody new.
func (d *draw) invent(idp int) *figure {
	f := &figure{in: true}
	f.Key, f.IdP = "p"+strconv.Itoa(len(d.order)+1), idp
	f.Given, f.Family = d.one(givenNames), d.one(familyNames)
	f.UserName = d.unused(address(f.Given, f.Family, d.domain(idp)))
	f.Employee = strconv.Itoa(10_000 + len(d.order))
	f.Department, f.Title = d.one(departments), d.one(titles)
	place := places[d.IntN(len(places))]
	f.Country, f.City = place.country, place.city
	d.order = append(d.order, f)
	return f
}

// domain is where the addresses of a provider's people are; those of the
// company that was bought have their own.
func (d *draw) domain(idp int) string {
	if idp > 0 {
		return "bought." + d.story.Domain
	}
	return d.story.Domain
}

// unused is the address, with a number where it was given before.
func (d *draw) unused(want string) string {
	local, domain, _ := strings.Cut(want, "@")
	for n := 2; d.names[want]; n++ {
		want = local + strconv.Itoa(n) + "@" + domain
	}
	d.names[want] = true
	return want
}

// groups are the departments' and one of a project.
func (d *draw) groups() {
	for i, name := range departments[:min(len(departments), 3+len(d.order)/200)] {
		g := Group{Key: "g" + strconv.Itoa(i+1), Name: "All " + name}
		for _, f := range d.order {
			if f.Department == name {
				g.Members = append(g.Members, f.Key)
			}
		}
		d.story.Groups = append(d.story.Groups, g)
		d.within[g.Key] = slices.Clone(g.Members)
	}
	d.teams = len(d.story.Groups)
}

// plan draws when what happens, and then, in that order, to whom.
func (d *draw) plan(people int) {
	type slot struct {
		at   Minute
		draw func(Minute)
	}
	var slots []slot
	for _, k := range d.kinds() {
		n := int(k.rate*float64(people*d.story.Days)/365 + 0.5)
		for range max(n, k.least) {
			day := k.first + d.IntN(max(1, d.story.Days-k.first-k.last))
			slots = append(slots, slot{Minute(day*dayLong + 7*60 + d.IntN(10*60)), k.draw})
		}
	}
	slices.SortStableFunc(slots, func(a, b slot) int { return cmp.Compare(a.at, b.at) })
	for _, s := range slots {
		s.draw(s.at)
	}
}

// kind is how often something happens: for each person a year, at least so
// often in any story, and not on the first and last days.
type kind struct {
	rate        float64
	least       int
	first, last int
	draw        func(Minute)
}

func (d *draw) kinds() []kind {
	half := d.story.Days / 2
	all := []kind{
		{.18, 3, 1, 1, d.hire},
		{.20, 5, 1, 2, d.leave},
		{.05, 3, 3, 1, d.restore},
		{.04, 2, 8, 1, d.rehire},
		{.03, 2, 8, 1, d.renewed},
		{.03, 2, 8, 1, d.reuse},
		{.04, 2, 1, 1, d.marry},
		{.12, 3, 1, 1, d.move},
		{.05, 2, 1, 1, d.relocate},
		{.04, 2, 1, 3, d.typo},
		{0, 1, 3, half, d.newCountry},
		{.15, 3, 1, 1, d.joins},
		{.10, 2, 1, 1, d.quits},
		{.002, 1, 2, 2, d.newGroup},
		{.05, 2, 1, 1, d.byHand},
		{0, 1, half, max(1, half-3), d.reorganise},
		{0, 2, 2, 1, d.wrongScope},
		{.02, 4, 0, 1, d.fault(LostAnswer, 0)},
		{.02, 4, 0, 1, d.fault(Duplicate, 0)},
		{.01, 3, 0, 1, d.fault(Reorder, 0)},
		{0, 2, 0, 1, d.fault(Throttle, 50)},
		{0, 1, 1, 1, d.fault(Outage, 300)},
	}
	if len(idpsOf(d.story.IdP)) > 1 {
		all = append(all, kind{0, 1, max(1, half/2), half, d.acquire}, kind{.03, 2, max(1, half), 2, d.leaveSecond})
	}
	return all
}

func (d *draw) add(e Event) { d.story.Events = append(d.story.Events, e) }

// some is a person of whom it is true and to whom nothing happened of late;
// nil if there is none.
func (d *draw) some(at Minute, is func(*figure) bool) *figure {
	var fit []*figure
	for _, f := range d.order {
		if at >= f.rested && is(f) {
			fit = append(fit, f)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	f := fit[d.IntN(len(fit))]
	f.rested = at + pause
	return f
}

func isIn(f *figure) bool { return f.in && !f.second }
