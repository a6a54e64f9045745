package year

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Story is a company and what happens to it: all that a year depends on. The
// same story played against the same server is the same year.
type Story struct {
	Seed   uint64   `json:"seed"` // of names, ids and habits, and of the draw it came from
	IdP    string   `json:"idp"`  // entra, okta, onelogin, rfc, entra+okta
	Days   int      `json:"days"`
	Domain string   `json:"domain"`
	People []Person `json:"people"` // who is there on the first day
	Groups []Group  `json:"groups,omitempty"`
	Events []Event  `json:"events,omitempty"` // by time
}

// Person is somebody of the company.
type Person struct {
	Key string `json:"key"` // what Who means: p1, p2, ...
	IdP int    `json:"idp,omitzero"`
	Attributes
}

// Attributes are what an identity provider knows of somebody.
type Attributes struct {
	UserName   string `json:"userName"`
	Given      string `json:"given"`
	Family     string `json:"family"`
	Employee   string `json:"employee"`
	Department string `json:"department"`
	Title      string `json:"title"`
	Country    string `json:"country"`
	City       string `json:"city"`
}

func (a Attributes) display() string { return a.Given + " " + a.Family }

// with is the attributes with some changed.
func (a Attributes) with(set map[string]string) Attributes {
	for name, field := range map[string]*string{
		"userName": &a.UserName, "given": &a.Given, "family": &a.Family, "employee": &a.Employee,
		"department": &a.Department, "title": &a.Title, "country": &a.Country, "city": &a.City,
	} {
		if value, ok := set[name]; ok {
			*field = value
		}
	}
	return a
}

// everybody is all who are ever named.
func (s *Story) everybody() []Person {
	all := slices.Clone(s.People)
	for _, e := range s.Events {
		if e.New != nil {
			all = append(all, *e.New)
		}
	}
	return all
}

// Group is an IdP group.
type Group struct {
	Key     string   `json:"key"`
	Name    string   `json:"name"`
	IdP     int      `json:"idp,omitzero"`
	Members []string `json:"members,omitempty"`
}

// What is a kind of event.
type What string

// What happens to a company, to its groups, and on the network.
const (
	Hire     What = "hire"     // New comes
	Leave    What = "leave"    // How says which way
	Restore  What = "restore"  // the same account is taken back
	Rehire   What = "rehire"   // Who comes back with a new account: New
	Change   What = "change"   // Set
	Scope    What = "scope"    // Who fall out of scope by mistake, for so long
	JoinsToo What = "joinstoo" // Who gets an account at the second identity provider as well

	GroupMade   What = "group"
	GroupJoined What = "joins"
	GroupLeft   What = "quits"
	GroupNamed  What = "renames"

	JoinsByHand What = "by hand"  // an admin puts Who into the team Group
	GroupNeeded What = "country"  // Who moves to a country whose workspace group the admin has not made yet; New is hired there
	GroupGiven  What = "admitted" // the admin makes it

	LostAnswer What = "lost answer" // the next write is done, and its answer lost
	Duplicate  What = "duplicate"   // the next write arrives twice
	Reorder    What = "reorder"     // what is sent next is sent in another order
	Throttle   What = "throttle"    // 429, for so long
	Outage     What = "outage"      // nobody answers, for so long
)

// How somebody leaves at the identity provider.
const (
	Deleted    = "deleted"    // into the recycle bin, and out of it after 30 days
	Disabled   = "disabled"   // sign-in is blocked
	Unassigned = "unassigned" // from the application
)

// Event is something that happens at a minute.
type Event struct {
	At    Minute            `json:"at"`
	What  What              `json:"what"`
	Who   []string          `json:"who,omitempty"`
	How   string            `json:"how,omitempty"`
	Why   string            `json:"why,omitempty"` // for people to read
	New   *Person           `json:"new,omitempty"`
	Set   map[string]string `json:"set,omitempty"`
	Group string            `json:"group,omitempty"`
	Name  string            `json:"name,omitempty"`
	For   int               `json:"minutes,omitzero"`
	IdP   int               `json:"idp,omitzero"`
}

// Minute counts from the beginning of the year.
type Minute int

const (
	dayLong        = 24 * 60
	never   Minute = 1 << 40
)

// Day counts from 1.
func (m Minute) Day() int { return int(m)/dayLong + 1 }

func (m Minute) time() time.Time { return Begin.Add(time.Duration(m) * time.Minute) }

func (m Minute) clock() string { return fmt.Sprintf("%02d:%02d", int(m)%dayLong/60, int(m)%60) }

// String is "day 12, 09:40".
func (m Minute) String() string { return fmt.Sprintf("day %d, %s", m.Day(), m.clock()) }

// MarshalText writes "12 09:40".
func (m Minute) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%d %s", m.Day(), m.clock()), nil
}

// UnmarshalText reads "12 09:40".
func (m *Minute) UnmarshalText(text []byte) error {
	var day, hour, minute int
	if _, err := fmt.Sscanf(string(text), "%d %d:%d", &day, &hour, &minute); err != nil || day < 1 {
		return fmt.Errorf(`a time is written like "12 09:40", for day 12, not %q`, text)
	}
	*m = Minute((day-1)*dayLong + hour*60 + minute)
	return nil
}

// ReadStory reads what WriteStory wrote.
func ReadStory(r io.Reader) (Story, error) {
	var s Story
	if err := json.UnmarshalRead(r, &s, json.RejectUnknownMembers(true)); err != nil {
		return s, fmt.Errorf("this is no story of a year: %w", err)
	}
	return s, s.check()
}

// WriteStory writes the story so that ReadStory, and people, can read it.
func (s *Story) WriteStory(w io.Writer) error {
	return json.MarshalWrite(w, s, json.Deterministic(true), jsontext.WithIndent("  "))
}

func (s *Story) check() error {
	if idpsOf(s.IdP) == nil {
		return fmt.Errorf("there is no identity provider %q; there are %s", s.IdP, strings.Join(IdPs, ", "))
	}
	if s.Days < 1 {
		return fmt.Errorf("a story takes at least one day")
	}
	return nil
}
