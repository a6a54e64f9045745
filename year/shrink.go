package year

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Shrink cuts a failing story down to a short one that still fails: fewer days,
// events, people and groups. fails plays a story and says whether it still shows
// what was found; it is asked at most so many times. What comes out fails unless
// nothing could be cut.
func Shrink(s Story, tries int, fails func(Story) (bool, error)) (Story, error) {
	k := &shrinker{best: s, tries: tries, fails: fails}
	for again := true; again && k.err == nil; {
		again = k.days()
		again = k.events() || again
		again = k.groups() || again
		again = k.people() || again
		again = k.crowds() || again
		again = k.sooner() || again
	}
	return k.best, k.err
}

type shrinker struct {
	best  Story
	tries int
	fails func(Story) (bool, error)
	err   error
}

// try takes the story if it still fails.
func (k *shrinker) try(s Story) bool {
	if k.tries <= 0 || k.err != nil {
		return false
	}
	k.tries--
	failed, err := k.fails(s)
	if err != nil {
		k.err = err
		return false
	}
	if failed {
		k.best = s
	}
	return failed
}

// days halves the distance to the shortest.
func (k *shrinker) days() (cut bool) {
	low, high := 0, k.best.Days // fails with high, and with low as far as is known not
	for high-low > 1 && k.tries > 0 {
		middle := (low + high) / 2
		s := k.best
		s.Days = middle
		s.Events = slices.DeleteFunc(slices.Clone(s.Events), func(e Event) bool { return e.At >= Minute(middle*dayLong) })
		if k.try(s) {
			high, cut = middle, true
		} else {
			low = middle
		}
	}
	return cut
}

func (k *shrinker) events() bool {
	return cutAway(k, func(s *Story) *[]Event { return &s.Events })
}

func (k *shrinker) groups() bool {
	return cutAway(k, func(s *Story) *[]Group { return &s.Groups })
}

func (k *shrinker) people() bool {
	return cutAway(k, func(s *Story) *[]Person { return &s.People })
}

// cutAway leaves out halves, then quarters, down to single ones, as long as the
// story fails without them.
func cutAway[T any](k *shrinker, of func(*Story) *[]T) (cut bool) {
	for size := (len(*of(&k.best)) + 1) / 2; size >= 1; size /= 2 {
		for at := 0; at < len(*of(&k.best)) && k.tries > 0; {
			s := k.best
			all := slices.Clone(*of(&s))
			*of(&s) = slices.Delete(all, at, min(at+size, len(all)))
			if k.try(s) {
				cut = true
			} else {
				at += size
			}
		}
	}
	return cut
}

// sooner lets what follows a quiet time happen earlier.
func (k *shrinker) sooner() (cut bool) {
	for i := range k.best.Events {
		before := 0
		if i > 0 {
			before = k.best.Events[i-1].At.Day()
		}
		for quiet := k.best.Events[i].At.Day() - before - 1; quiet > 0 && k.tries > 0; quiet /= 2 {
			s := k.best
			s.Events = slices.Clone(s.Events)
			for j := i; j < len(s.Events); j++ {
				s.Events[j].At -= Minute(quiet * dayLong)
			}
			s.Days -= quiet
			if k.try(s) {
				cut = true
				break
			}
		}
	}
	return cut
}

// crowds leaves out people of whom an event has many.
func (k *shrinker) crowds() (cut bool) {
	for i := range k.best.Events {
		for at := 0; len(k.best.Events[i].Who) > 1 && at < len(k.best.Events[i].Who) && k.tries > 0; {
			s := k.best
			s.Events = slices.Clone(s.Events)
			who := slices.Clone(s.Events[i].Who)
			half := max(1, (len(who)-at)/2)
			s.Events[i].Who = slices.Delete(who, at, at+half)
			if len(s.Events[i].Who) > 0 && k.try(s) {
				cut = true
			} else {
				at += half
			}
		}
	}
	return cut
}

// WriteText tells the story to people.
func (s *Story) WriteText(w io.Writer) error {
	p := &printer{w: w}
	p.line("%d people, %d events, %d days, as %s, seed %d", len(s.People), len(s.Events), s.Days, s.IdP, s.Seed)
	for _, one := range s.People {
		p.line("  %s is %s, %s", one.Key, one.display(), one.UserName)
	}
	for _, g := range s.Groups {
		p.line("  the group %s has %s", g.Name, strings.Join(g.Members, ", "))
	}
	for _, e := range s.Events {
		p.line("  %s  %s", e.At, e.tell())
	}
	return p.err
}

// tell is an event in words.
func (e Event) tell() string {
	var more []string
	if e.How != "" {
		more = append(more, e.How)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Set)) {
		more = append(more, name+" "+e.Set[name])
	}
	if e.New != nil {
		more = append(more, e.New.Key+" is "+e.New.UserName)
	}
	if e.For > 0 {
		more = append(more, fmt.Sprintf("for %d minutes", e.For))
	}
	why := e.Why
	if why == "" {
		why = string(e.What)
	}
	if len(more) == 0 {
		return why
	}
	return why + " (" + strings.Join(more, ", ") + ")"
}
