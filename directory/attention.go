package directory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
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

func (f attentionFacts) refusals() (out []AttentionEntry) {
	for _, c := range f.causes {
		e := AttentionEntry{ID: "refused-" + c.ID, Kind: AttentionRefused, Code: c.Code, Value: c.Value, Connection: f.connection(c.Connection), Client: c.Client,
			People: int(c.Waiting), First: moment(c.First), Last: moment(c.Last), Detail: c.Detail, Again: nextTry(c, f.now)}
		if !slices.ContainsFunc(f.connections, func(known Connection) bool { return known.ID == c.Connection }) {
			e.Again = "The connection was deleted, so nobody tries again."
		}
		who, let := number(e.People, "person waits", "people wait"), "let "+them(e.People)+" in now"
		if c.Type == "Group" {
			who = number(e.People, "IdP group waits", "IdP groups wait")
		}
		e.Title = refusalTitle(c) + ": " + who
		switch {
		case c.Type == "Group":
		case c.Code == "400.76" && !f.groupNamed(c.Value) && f.settings.Groups():
			e.Detail = "Group names are case-sensitive, and SCIM never makes a group. Make it, or give a group that you have this name as another name."
			e.Cures = append(e.Cures, Cure{Name: CureCreateGroup, Label: "Create the group and " + let, Primary: true},
				Cure{Name: CureOtherName, Label: fmt.Sprintf("Add %q as another name of", c.Value), Among: likeliest(f.groups, c.Value), After: "and let " + them(e.People) + " in"})
		case c.Code == "400.76":
			e.Title, e.Detail = fmt.Sprintf("Group %q can be used now: %s", c.Value, who), "What kept them out is mended. The identity provider has not tried again yet."
			e.Cures = append(e.Cures, Cure{Name: CureLetIn, Label: upperFirst(let), Primary: true})
		default:
			e.Cures = append(e.Cures, Cure{Name: CureLetIn, Label: "Try " + them(e.People) + " again now"})
		}
		e.Cures = append(e.Cures, Cure{Name: CureDismiss, Label: "Dismiss"})
		out = append(out, e)
	}
	return out
}

// refusalTitle is the cause in one line.
func refusalTitle(c CauseRow) string {
	if c.Code == "400.76" {
		return fmt.Sprintf("Group %q does not exist", c.Value)
	}
	title, _, found := strings.Cut(c.Detail, " ("+c.Code+")")
	if !found {
		title = "Refused with " + c.Code
	}
	if c.Value != "" {
		title += fmt.Sprintf(" (%q)", c.Value)
	}
	return title
}

// nextTry says when the IdP will try again by itself.
func nextTry(c CauseRow, now time.Time) string {
	switch c.Client {
	case "Entra ID":
		if now.Sub(moment(c.First)) < 2*time.Hour {
			return "Entra ID tries again by itself with its next cycle, about 40 minutes after the last; later after 6, 12 and 24 hours, then daily, for 28 days. To try one person at once: Provision on demand."
		}
		return "Entra ID backs off: it tries again by itself 6, 12 and 24 hours after the first failure, then daily, for 28 days. To try one person at once: Provision on demand."
	case "Okta":
		return "Okta does not try again by itself: somebody has to, under Dashboard > Tasks > Retry selected."
	case "", "unknown":
		return "When this identity provider tries again is not known."
	}
	return c.Client + " does not say when it tries again; most identity providers do with their next run."
}

func (f attentionFacts) guarded() (out []AttentionEntry) {
	for _, c := range f.connections {
		n := f.held[c.ID]
		if n == 0 {
			continue
		}
		out = append(out, AttentionEntry{ID: "held-" + c.ID, Kind: AttentionHeld, Connection: c.Name, People: n, More: n >= countedPeople,
			Title:  fmt.Sprintf("The connection %s removed unusually many: the guard holds %s", c.Name, counted(n, "person", "people")),
			Detail: "Their access has ended. They are not forgotten before you have looked: bring them back, or confirm that they have left.",
			Cures: []Cure{{Name: CureBringBack, Label: "Bring " + them(n) + " back", Primary: true, Sure: true},
				{Name: CureConfirmHeld, Label: "Confirm: they have left", Sure: true}}})
	}
	return out
}

// lives finds connections that live on somebody's personal token.
func (f attentionFacts) lives() (out []AttentionEntry) {
	for _, c := range f.connections {
		var personal, own *TokenRow
		for _, t := range f.alive() {
			switch {
			case t.Connection != c.ID:
			case t.Owner != "" && t.LastUsed > 0 && (personal == nil || t.LastUsed > personal.LastUsed):
				personal = &t
			case t.Owner == "" && (own == nil || t.LastUsed > own.LastUsed):
				own = &t
			}
		}
		if personal == nil || own != nil && own.LastUsed > personal.LastUsed {
			continue
		}
		e := AttentionEntry{ID: "personal-token-" + personal.ID, Kind: AttentionPersonalToken, Connection: c.Name, Subject: personal.ID,
			First: moment(personal.Created), Last: moment(personal.LastUsed),
			Title:  fmt.Sprintf("The connection %s lives on a personal token of %s", c.Name, f.owner(personal.Owner)),
			Detail: "When that person leaves or is no admin any more, the token ends, and provisioning with it. A connection token belongs to the connection."}
		if own != nil {
			e.Detail += " There is one, " + own.Name + ", but it has not been used since: give it to the identity provider."
		}
		e.Cures = []Cure{{Name: CureToken, Label: "Make a connection token", Primary: own == nil}, {Name: CureDismiss, Label: "Dismiss"}}
		out = append(out, e)
	}
	return out
}

func (f attentionFacts) alive() (out []TokenRow) {
	for _, t := range f.tokens {
		if t.Ended == 0 && t.Expires > f.now.UnixMicro() {
			out = append(out, t)
		}
	}
	return out
}

// ends finds tokens and clients that will soon expire, but for those that
// another has taken the place of.
func (f attentionFacts) ends() (out []AttentionEntry) {
	soon := f.now.Add(expiring).UnixMicro()
	for _, t := range f.alive() {
		if t.Expires > soon || f.replaced(t, soon) {
			continue
		}
		e := AttentionEntry{ID: "expiring-" + t.ID, Kind: AttentionExpiring, Connection: f.connection(t.Connection), Subject: t.ID,
			First: moment(t.Expires).Add(-expiring), Last: moment(t.Expires),
			Title:  fmt.Sprintf("The token %s expires %s", t.Name, inDays(moment(t.Expires), f.now)),
			Detail: "Then every request of the identity provider is refused. Rotate it: the new one works at once, the old one for 7 more days, or until it expires.",
			Cures:  []Cure{{Name: CureRotate, Label: "Rotate", Primary: true}, {Name: CureDismiss, Label: "Dismiss"}}}
		if i := slices.IndexFunc(f.alive(), func(o TokenRow) bool {
			return o.Name == t.Name && o.Connection == t.Connection && o.Created > t.Created
		}); i >= 0 {
			e.Detail = "A new one was made, and has not been used yet: give it to the identity provider."
			e.Cures = e.Cures[1:]
		}
		out = append(out, e)
	}
	for _, c := range f.clients {
		if c.Ended != 0 || c.Expires == 0 || c.Expires > soon || c.Expires <= f.now.UnixMicro() {
			continue
		}
		out = append(out, AttentionEntry{ID: "expiring-" + c.ID, Kind: AttentionExpiring, Connection: f.connection(c.Connection), Subject: c.ID,
			First: moment(c.Expires).Add(-expiring), Last: moment(c.Expires),
			Title:  fmt.Sprintf("The OAuth client %s expires %s", c.Name, inDays(moment(c.Expires), f.now)),
			Detail: "Make another for the connection and give it to the identity provider before that day.",
			Cures:  []Cure{{Name: CureDismiss, Label: "Dismiss"}}})
	}
	return out
}

// replaced says whether another token has taken the place of one that ends.
func (f attentionFacts) replaced(t TokenRow, soon int64) bool {
	return slices.ContainsFunc(f.alive(), func(o TokenRow) bool {
		return o.Connection == t.Connection && o.Created > t.Created && (o.LastUsed > t.LastUsed || t.LastUsed == 0 && o.Expires > soon)
	})
}

func inDays(t, now time.Time) string {
	days := int(t.Sub(now).Hours() / 24)
	switch days {
	case 0:
		return "today"
	case 1:
		return "tomorrow"
	}
	return fmt.Sprintf("in %d days", days)
}

// silent finds connections that never say who is active.
func (f attentionFacts) silent() (out []AttentionEntry) {
	for _, c := range f.connections {
		people, active := f.tally(c.ID, tallyPeople), f.tally(c.ID, tallyActive)
		if people.N < neverActivePeople || active.N > 0 {
			continue
		}
		out = append(out, AttentionEntry{ID: "never-active-" + c.ID, Kind: AttentionNeverActive, Connection: c.Name, People: int(people.N),
			First: moment(people.First), Last: moment(people.Last),
			Title:  fmt.Sprintf("The connection %s has written %d people and never sent active", c.Name, people.N),
			Detail: "So leavers will not be removed here. Map the attribute active at the identity provider (in Entra ID: Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")).",
			Cures:  []Cure{{Name: CureDismiss, Label: "Dismiss"}}})
	}
	return out
}

func (f attentionFacts) tally(connection, name string) TallyRow {
	for _, t := range f.tallies {
		if t.Hour == 0 && t.Connection == connection && t.Name == name {
			return t
		}
	}
	return TallyRow{}
}

// asked are people who came back under another externalId.
func (f attentionFacts) asked() (out []AttentionEntry) {
	for _, r := range f.reused {
		out = append(out, AttentionEntry{ID: "reused-" + r.mark.User, Kind: AttentionReused, Connection: f.connection(r.mark.Connection), People: 1, Subject: r.mark.User,
			First: moment(r.mark.At), Last: moment(r.mark.At),
			Title:  fmt.Sprintf("%s came back under another externalId: is it the same person?", r.person),
			Detail: "The address may have been given to somebody else. Teams that were given by hand were not given back.",
			Cures: []Cure{{Name: CureSamePerson, Label: "The same person: give the teams back", Primary: true},
				{Name: CureAnotherHuman, Label: "Another person"}}})
	}
	return out
}

// homeless are people in the default group because no country came.
func (f attentionFacts) homeless() []AttentionEntry {
	if f.strays == 0 || !f.settings.Groups() {
		return nil
	}
	return []AttentionEntry{{ID: entryStrays, Kind: AttentionStrays, People: f.strays, More: f.strays >= countedPeople,
		Title:  fmt.Sprintf("%s in the group %s because no country came", counted(f.strays, "person is", "people are"), f.home),
		Detail: "Map country at the identity provider, or move them by hand. Who gets a country is put into its group with the next sync.",
		First:  time.UnixMicro(0), Cures: []Cure{{Name: CureKeep, Label: "Keep them there"}}}}
}

// making are attributes that make teams.
func (f attentionFacts) making() (out []AttentionEntry) {
	on := f.settings.teamAttributes()
	for _, m := range f.tallies {
		attribute, found := strings.CutPrefix(m.Name, tallyTeams)
		if !found || m.Hour != 0 || m.N <= 0 || !slices.Contains(on, attribute) {
			continue
		}
		e := AttentionEntry{ID: "teams-" + m.Connection + "-" + attribute, Kind: AttentionTeams, Connection: f.connection(m.Connection), Subject: attribute,
			First: moment(m.First), Last: moment(m.Last),
			Title:  fmt.Sprintf("This IdP sends %s: %s so far", attribute, number(int(m.N), "team", "teams")),
			Detail: "Every new value makes a team. If that is not wanted, stop it here, and take the attribute out of the mapping at the identity provider.",
			Cures: []Cure{{Name: CureKeep, Label: "Keep", Primary: true},
				{Name: CureStopTeams, Label: "Stop, and remove these", Sure: true}}}
		out = append(out, e)
	}
	return out
}

func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// counted is the number of people where counting ended somewhere.
func counted(n int, one, many string) string {
	if n >= countedPeople {
		return "at least " + number(n, one, many)
	}
	return number(n, one, many)
}

func them(n int) string {
	if n == 1 {
		return "this person"
	}
	return fmt.Sprint(n)
}

// likeliest puts first what was probably meant: the name in another case, then
// one that begins or ends like it.
func likeliest(names []string, sent string) []string {
	key := scim.Fold(sent)
	rank := func(name string) int {
		switch name = scim.Fold(name); {
		case name == key:
			return 0
		case strings.HasPrefix(name, key), strings.HasPrefix(key, name):
			return 1
		case strings.HasSuffix(name, key), strings.HasSuffix(key, name):
			return 2
		}
		return 3
	}
	return slices.SortedStableFunc(slices.Values(names), func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
