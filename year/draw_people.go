package year

import (
	"strconv"
)

func (d *draw) hire(at Minute) {
	f := d.invent(0)
	f.rested = at + pause
	p := f.Person
	d.add(Event{At: at, What: Hire, New: &p, Why: p.display() + " is hired"})
}

func (d *draw) leave(at Minute) {
	f := d.some(at, isIn)
	if f == nil {
		return
	}
	f.in, f.left, f.how = false, at, []string{Deleted, Deleted, Deleted, Disabled, Unassigned}[d.IntN(5)]
	d.add(Event{At: at, What: Leave, Who: []string{f.Key}, How: f.how, Why: f.display() + " leaves"})
}

// restore is somebody who comes back soon: the same account is taken back.
func (d *draw) restore(at Minute) {
	f := d.some(at, func(f *figure) bool {
		return !f.in && !f.reused && (f.how != Deleted || at-f.left < recycleBin-dayLong)
	})
	if f == nil {
		return
	}
	f.in = true
	d.add(Event{At: at, What: Restore, Who: []string{f.Key}, Why: f.display() + " is back: the old account is taken back"})
}

// rehire is somebody who comes back later: the same address, a new employee
// number and a new account.
func (d *draw) rehire(at Minute) {
	f := d.some(at, func(f *figure) bool { return !f.in && !f.reused && f.how == Deleted && at-f.left > dayLong })
	if f == nil {
		return
	}
	f.in, f.Employee = true, strconv.Itoa(50_000+len(d.story.Events))
	p := f.Person
	d.add(Event{At: at, What: Rehire, Who: []string{f.Key}, New: &p, Why: f.display() + " is hired again: the same address, a new employee number"})
}

// renewed is somebody who comes back under another address, with the number
// that he had.
func (d *draw) renewed(at Minute) {
	f := d.some(at, func(f *figure) bool { return !f.in && at-f.left > dayLong })
	if f == nil {
		return
	}
	f.in, f.reused = true, false
	f.UserName = d.unused(address(f.Given, f.Family, d.story.Domain))
	p := f.Person
	d.add(Event{At: at, What: Rehire, Who: []string{f.Key}, New: &p, Why: f.display() + " is hired again: a new address, the old employee number"})
}

// reuse is somebody new who gets the address of somebody who left.
func (d *draw) reuse(at Minute) {
	old := d.some(at, func(f *figure) bool { return !f.in && !f.reused && f.how == Deleted && at-f.left > 2*dayLong })
	if old == nil {
		return
	}
	old.reused = true
	f := d.invent(0)
	f.rested, f.UserName = at+pause, old.UserName
	if f.Given = d.one(givenNames); plain.Replace(f.Given)[0] != plain.Replace(old.Given)[0] {
		f.Given = old.Given + "-" + f.Given
	}
	f.Family = old.Family
	p := f.Person
	d.add(Event{At: at, What: Hire, New: &p, Why: f.display() + " is hired, and gets the address that " + old.display() + " had"})
}

func (d *draw) marry(at Minute) {
	f := d.some(at, isIn)
	if f == nil {
		return
	}
	was := f.display()
	f.Family = d.one(familyNames)
	f.UserName = d.unused(address(f.Given, f.Family, d.story.Domain))
	d.set(at, f, was+" marries and is "+f.display()+" now, with a new address", map[string]string{"family": f.Family, "userName": f.UserName})
}

func (d *draw) set(at Minute, f *figure, why string, to map[string]string) {
	d.add(Event{At: at, What: Change, Who: []string{f.Key}, Set: to, Why: why})
}

func (d *draw) move(at Minute) {
	if f := d.some(at, isIn); f != nil {
		f.Department, f.Title = d.one(departments), d.one(titles)
		d.set(at, f, f.display()+" moves to "+f.Department, map[string]string{"department": f.Department, "title": f.Title})
	}
}

func (d *draw) relocate(at Minute) {
	if f := d.some(at, isIn); f != nil {
		place := places[d.IntN(len(places))]
		f.Country, f.City = place.country, place.city
		d.set(at, f, f.display()+" moves to "+place.city, map[string]string{"country": place.country, "city": place.city})
	}
}

// typo is a mistake of the help desk that is put right the next day, address
// and all.
func (d *draw) typo(at Minute) {
	f := d.some(at, isIn)
	if f == nil {
		return
	}
	right := f.Person
	wrong := right.Attributes
	wrong.Family += "n"
	wrong.UserName = d.unused(address(wrong.Given, wrong.Family, d.story.Domain))
	f.rested = at + 2*pause
	fields := func(a Attributes) map[string]string {
		return map[string]string{"family": a.Family, "userName": a.UserName}
	}
	d.set(at, f, right.display()+" is misspelt as "+wrong.display(), fields(wrong))
	d.set(at+dayLong, f, right.display()+" is spelt right again", fields(right.Attributes))
}

// reorganise renames a third of the departments, and their groups.
func (d *draw) reorganise(at Minute) {
	for i, old := range departments {
		if i%3 != 0 {
			continue
		}
		name := old + " & Co"
		var who []string
		for _, f := range d.order {
			if isIn(f) && f.Department == old {
				f.Department, f.rested = name, at+pause
				who = append(who, f.Key)
			}
		}
		if len(who) > 0 {
			d.add(Event{At: at, What: Change, Who: who, Set: map[string]string{"department": name}, Why: old + " is called " + name + " from now on"})
		}
		if i < d.teams {
			d.add(Event{At: at + 1, What: GroupNamed, Group: "g" + strconv.Itoa(i+1), Name: "All " + name, Why: "the group of " + old + " is renamed"})
		}
	}
}

// wrongScope is an admin who changes a filter, and sees some hours later what it
// did.
func (d *draw) wrongScope(at Minute) {
	at = at - at%dayLong + Minute(8*60+d.IntN(60))
	var who []string
	for _, f := range d.order {
		if isIn(f) && d.IntN(4) == 0 && at >= f.rested {
			f.rested = at + pause
			who = append(who, f.Key)
		}
	}
	d.add(Event{At: at, What: Scope, Who: who, For: 120 + d.IntN(240), Why: "a wrong scope takes " + strconv.Itoa(len(who)) + " people out of the application, for some hours"})
}

// newCountry is a country that the company has not been in: somebody moves
// there, somebody is hired there, and two days later the server's admin hears that
// it wants a group.
func (d *draw) newCountry(at Minute) {
	f := d.some(at, isIn)
	if f == nil {
		return
	}
	f.Country, f.City = "Norway", "Oslo"
	f.rested = at + 3*pause
	hired := d.invent(0)
	hired.Country, hired.City, hired.rested = "Norway", "Oslo", at+3*pause
	p := hired.Person
	d.add(Event{At: at, What: GroupNeeded, Who: []string{f.Key}, New: &p, Name: "Norway",
		Why: f.display() + " moves to Norway, where " + p.display() + " is hired; nobody has been there before"})
	d.add(Event{At: at + 2*dayLong, What: GroupGiven, Name: "Norway", Why: "the admin makes the group Norway"})
}
