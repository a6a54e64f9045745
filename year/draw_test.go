package year_test

import (
	"slices"
	"testing"

	"github.com/rollcall-scim/rollcall/year"
)

// Even a small company lives through everything that can happen.
func TestASmallCompanySeesEverything(t *testing.T) {
	seen := map[year.What]bool{}
	hows := map[string]bool{}
	for seed := range uint64(3) {
		s := year.Draw(seed, "entra+okta", 30, 80)
		if !slices.IsSortedFunc(s.Events, func(a, b year.Event) int { return int(a.At - b.At) }) {
			t.Errorf("seed %d is not in order", seed)
		}
		for _, e := range s.Events {
			seen[e.What], hows[e.How] = true, true
			if e.At < 0 || e.At.Day() > s.Days {
				t.Errorf("seed %d: %s is outside the year", seed, e.At)
			}
		}
	}
	for _, what := range []year.What{year.Hire, year.Leave, year.Restore, year.Rehire, year.Change, year.Scope, year.JoinsToo, year.GroupMade, year.GroupJoined,
		year.GroupLeft, year.GroupNamed, year.JoinsByHand, year.GroupNeeded, year.GroupGiven, year.LostAnswer, year.Duplicate, year.Reorder, year.Throttle, year.Outage} {
		if !seen[what] {
			t.Errorf("nothing of the kind %q happens", what)
		}
	}
	for _, how := range []string{year.Deleted, year.Disabled, year.Unassigned} {
		if !hows[how] {
			t.Errorf("nobody leaves by being %s", how)
		}
	}
}
