package directory

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// guarded are connections whose removals the guard holds.
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

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
