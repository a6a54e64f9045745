package year

import (
	"slices"
)

// Kind is a kind of finding.
type Kind string

// The first three are what the year is about; the others stand beside them.
const (
	Ghost   Kind = "ghost"    // left or out of scope, and still has an account that lives
	Double  Kind = "double"   // one person with two living accounts
	LockOut Kind = "lock-out" // should be in, and is not

	Attribute  Kind = "wrong attribute"
	Team       Kind = "wrong team"
	IdPGroup   Kind = "wrong group"
	Membership Kind = "manual membership" // lost, or somebody else's
	Merged     Kind = "merged"            // two people and one account
	Stopped    Kind = "stopped"           // the token is refused, and the year at its end
)

// Kinds are all, in the order in which they are told.
var Kinds = []Kind{Ghost, Double, LockOut, Stopped, Merged, Attribute, IdPGroup, Team, Membership}

// Finding is something that the server had wrong at the end of a day.
type Finding struct {
	Kind   Kind     `json:"kind"`
	Key    string   `json:"key"`
	Who    string   `json:"who"`
	Day    int      `json:"day"`   // the first
	Until  int      `json:"until"` // the last
	Days   int      `json:"days"`  // how many in all
	What   string   `json:"what"`
	Clause string   `json:"clause"`
	Story  []string `json:"story"` // what happened to him and what was sent, by time
}

// Day is what one day looked like at its end.
type Day struct {
	Day    int          `json:"day"`
	People int          `json:"people"` // who should be in
	Living int          `json:"living"` // accounts of theirs, and others, that live at the server
	Counts map[Kind]int `json:"counts,omitempty"`
}

// Report is what came of a year.
type Report struct {
	Server   string       `json:"server,omitempty"`
	IdP      string       `json:"idp"`
	Seed     uint64       `json:"seed"`
	People   int          `json:"people"`
	Days     int          `json:"days"`
	Ghosts   int          `json:"ghosts"`
	Doubles  int          `json:"doubles"`
	LockOuts int          `json:"lockOuts"`
	Beside   map[Kind]int `json:"beside,omitempty"`
	Requests int          `json:"requests"` // of the identity providers
	Reads    int          `json:"reads"`    // of the judge
	Happened map[What]int `json:"happened"`
	Findings []Finding    `json:"findings,omitempty"`
	Notes    []string     `json:"notes,omitempty"` // what cannot be blamed on a server
	Calendar []Day        `json:"calendar"`
}

func newReport(s *Story) *Report {
	return &Report{IdP: s.IdP, Seed: s.Seed, People: len(s.People), Days: s.Days, Beside: map[Kind]int{}, Happened: map[What]int{}}
}

// OK says that nothing at all was found.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

func (r *Report) happened(e Event) { r.Happened[e.What]++ }

func (r *Report) day(day int, v *view, c *company) {
	d := Day{Day: day, Living: v.in, Counts: v.counts}
	for _, person := range v.people() {
		if c.belongs(person) {
			d.People++
		}
	}
	r.Calendar = append(r.Calendar, d)
}

func (r *Report) add(f Finding) {
	r.Findings = append(r.Findings, f)
	switch f.Kind {
	case Ghost:
		r.Ghosts++
	case Double:
		r.Doubles++
	case LockOut:
		r.LockOuts++
	default:
		r.Beside[f.Kind]++
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return slices.Index(Kinds, a.Kind) - slices.Index(Kinds, b.Kind)
	})
}

// clauseOf is what says that it is wrong.
func clauseOf(k Kind, idp string) string {
	page := map[string]string{
		"entra":    "learn.microsoft.com/entra/identity/app-provisioning/how-provisioning-works",
		"okta":     "developer.okta.com/docs/concepts/scim",
		"onelogin": "developers.onelogin.com/scim/implement-scim-api",
		"rfc":      "RFC 7644",
	}[idpsOf(idp)[0]]
	switch k {
	case Ghost:
		return "RFC 7643 section 4.1.1, active; RFC 7644 section 3.6; " + page + " (deprovisioning)"
	case Double:
		return "RFC 7643 section 4.1.1: userName is unique; RFC 7644 section 3.3: 409 uniqueness"
	case LockOut:
		return "RFC 7644 sections 3.3, 3.5 and 3.12: what was taken with 2xx is done; " + page
	case Stopped:
		return page + ": a refused token is quarantine, and then nothing is provisioned; RFC 6750 section 3.1"
	case Merged:
		return "RFC 7643 section 3.1: an id is one resource's and never reassigned"
	case Attribute:
		return "RFC 7644 sections 3.5.1 and 3.5.2"
	case IdPGroup:
		return "RFC 7643 section 4.2; RFC 7644 section 3.5.2"
	}
	return "the server's own page about teams"
}
