package year

import (
	"slices"
	"strconv"
)

func (d *draw) anyGroup() string { return "g" + strconv.Itoa(1+d.IntN(d.teams)) }

func (d *draw) joins(at Minute) {
	g := d.anyGroup()
	if f := d.some(at, func(f *figure) bool { return isIn(f) && !slices.Contains(d.within[g], f.Key) }); f != nil {
		d.within[g] = append(d.within[g], f.Key)
		d.add(Event{At: at, What: GroupJoined, Who: []string{f.Key}, Group: g, Why: f.display() + " joins a group"})
	}
}

func (d *draw) quits(at Minute) {
	g := d.anyGroup()
	if f := d.some(at, func(f *figure) bool { return isIn(f) && slices.Contains(d.within[g], f.Key) }); f != nil {
		d.within[g] = slices.DeleteFunc(d.within[g], func(key string) bool { return key == f.Key })
		d.add(Event{At: at, What: GroupLeft, Who: []string{f.Key}, Group: g, Why: f.display() + " leaves a group"})
	}
}

// newGroup is a group that nobody has heard of before.
func (d *draw) newGroup(at Minute) {
	d.teams++
	e := Event{At: at, What: GroupMade, Group: "g" + strconv.Itoa(d.teams), Name: "Project " + strconv.Itoa(d.teams)}
	for range 3 {
		if f := d.some(at, isIn); f != nil {
			e.Who = append(e.Who, f.Key)
			d.within[e.Group] = append(d.within[e.Group], f.Key)
		}
	}
	e.Why = e.Name + " begins, with " + strconv.Itoa(len(e.Who)) + " people"
	d.add(e)
}

// byHand is an admin of the server who puts somebody into a team of its own.
func (d *draw) byHand(at Minute) {
	if f := d.some(at, isIn); f != nil {
		d.add(Event{At: at, What: JoinsByHand, Who: []string{f.Key}, Group: "Choir", Why: "an admin puts " + f.display() + " into the Choir by hand"})
	}
}

// fault is something on the network, for about so many minutes.
func (d *draw) fault(what What, minutes int) func(Minute) {
	return func(at Minute) {
		e := Event{At: at - Minute(d.IntN(60)), What: what, IdP: d.IntN(len(idpsOf(d.story.IdP)))}
		if minutes > 0 {
			e.For = minutes/2 + d.IntN(minutes)
		}
		d.add(e)
	}
}

// acquire is a company that is bought, with an identity provider of its own. One
// in ten of its people works for the buyer already.
func (d *draw) acquire(at Minute) {
	n := max(4, len(d.story.People)/5)
	for i := range n {
		when := at + Minute(i)
		if i%10 != 0 {
			f := d.invent(1)
			f.rested, f.second = at+pause, true
			p := f.Person
			d.add(Event{At: when, What: Hire, New: &p, IdP: 1, Why: p.display() + " comes with the company that was bought"})
		} else if f := d.some(at, isIn); f != nil {
			f.second = true
			d.add(Event{At: when, What: JoinsToo, Who: []string{f.Key}, IdP: 1, Why: f.display() + " has an account with the company that was bought as well"})
		}
	}
}

// leaveSecond is somebody who leaves the company that was bought. Who has an
// account with the buyer as well stays.
func (d *draw) leaveSecond(at Minute) {
	if f := d.some(at, func(f *figure) bool { return f.second && f.in && !f.removed }); f != nil {
		f.removed = true
		d.add(Event{At: at, What: Leave, Who: []string{f.Key}, IdP: 1, How: Unassigned, Why: f.display() + " leaves the company that was bought"})
	}
}

// ownerLeaves is the admin who set all of this up, and whose token it may be.
// Until then nothing happens to him, and afterwards he stays away.
func (d *draw) ownerLeaves() {
	at := Minute(d.story.Days*2/3*dayLong + 10*60)
	f := d.order[0]
	f.rested = never
	d.add(Event{At: at, What: Leave, Who: []string{f.Key}, How: Deleted, Why: f.display() + ", who set the provisioning up, leaves"})
}
