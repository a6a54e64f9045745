package directory

import (
	"slices"
	"time"
)

// AttentionKind says what an entry is about.
type AttentionKind string

// The entries of behaviour.md 8.2.
const (
	AttentionRefused       AttentionKind = "refused"        // people wait, for one cause
	AttentionPersonalToken AttentionKind = "personal-token" // a connection lives on it
	AttentionExpiring      AttentionKind = "expiring"       // a token or client will soon
	AttentionNeverActive   AttentionKind = "never-active"   // leavers will not be removed
	AttentionStrays        AttentionKind = "no-country"     // in the default group for that
	AttentionTeams         AttentionKind = "teams"          // an attribute makes them
	AttentionReused        AttentionKind = "reused"         // another externalId: same person?
	AttentionHeld          AttentionKind = "held"           // the removal guard holds people
)

// Cure is something that can be done about an entry at once.
type Cure struct {
	Name    string // as Mend takes it
	Label   string // of the button
	Primary bool
	// Among are what one has to be chosen of: groups, by name.
	Among []string
	After string // what the label goes on with behind the choice
	Sure  bool   // it takes something away, so it wants to be confirmed
}

// Names of cures.
const (
	CureCreateGroup  = "create-group"
	CureOtherName    = "other-name"
	CureLetIn        = "let-in"
	CureToken        = "connection-token"
	CureRotate       = "rotate"
	CureStopTeams    = "stop-teams"
	CureSamePerson   = "same-person"
	CureConfirmHeld  = "confirm-removals"
	CureBringBack    = "bring-back"
	CureKeep         = "keep"
	CureDismiss      = "dismiss"
	CureAnotherHuman = "another-person"
)

// AttentionEntry is one thing that an admin should look at.
type AttentionEntry struct {
	ID         string // the same as long as it is about the same
	Kind       AttentionKind
	Title      string // Group "Finland" does not exist: 34 people wait
	Detail     string // what it means, and what to do
	Again      string // when the IdP will try again by itself
	Code       string // entry of docs/faq.md
	Value      string // of a refused cause; see scim.Error
	Connection string // its name
	Client     string
	People     int  // who wait or are concerned
	More       bool // and more than that; counting ended there
	First      time.Time
	Last       time.Time
	Cures      []Cure
	Subject    string // a token's, client's or person's id, or an attribute
}

// attentionFacts is all that attention decides on.
type attentionFacts struct {
	now         time.Time
	settings    Settings
	groups      []string // their names
	groupNamed  func(name string) bool
	home        string // name of the default group
	connection  func(id string) string
	connections []Connection
	causes      []CauseRow
	tokens      []TokenRow
	clients     []ClientRow
	owner       func(user string) string // userName of a token's owner
	tallies     []TallyRow               // since ever
	strays      int
	reused      []reused
	held        map[string]int // people, by connection
	seen        map[string]int64
}

// reused is somebody who came back under another externalId.
type reused struct {
	mark   MarkRow
	person string
}

// entryStrays is the one entry of its kind.
const entryStrays = "no-country"

// countedPeople is where counting people for an entry ends.
const countedPeople = 10_000

// neverActivePeople is how many a connection has written before it should have
// said who is active.
const neverActivePeople = 20

// expiring is how long before its end a token is told of.
const expiring = 30 * 24 * time.Hour

// attention lists what needs an admin's attention, the gravest first. It is pure.
// What an admin has decided about stays away until it begins anew.
func attention(f attentionFacts) []AttentionEntry {
	var out []AttentionEntry
	for _, entries := range [][]AttentionEntry{f.refusals(), f.guarded(), f.lives(), f.ends(), f.silent(), f.asked(), f.homeless(), f.making()} {
		out = append(out, entries...)
	}
	return slices.DeleteFunc(out, func(e AttentionEntry) bool {
		at, decided := f.seen[e.ID]
		return decided && e.First.UnixMicro() <= at
	})
}
