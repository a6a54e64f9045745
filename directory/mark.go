package directory

import (
	"github.com/rollcall-scim/rollcall/scim"
)

// Marks are questions that an admin is asked about people.
const (
	// markStray is on people whom an IdP has sent without a country, and who are
	// in the default group for that reason.
	markStray = "stray"
	// markAnother is on people who came back under another externalId than they
	// left with (behaviour.md 7.5). Its note is what they left.
	markAnother = "another"
)

// marks keeps the mark of strays as the change leaves it.
func (w *write) marks(was *UserRow, before scim.Object, u *UserRow, next scim.Object) error {
	if u.State == Removed && was != nil && was.State != Removed {
		if err := w.endRefusals(u.ID, scim.Fold(textOf(before, "userName"))); err != nil {
			return err
		}
		if err := w.tx.EndMark(w.ctx, markAnother, u.ID); err != nil {
			return err
		}
	}
	is, had := w.stray(u, next), was != nil && w.stray(was, before)
	switch {
	case is && !had:
		return w.tx.PutMark(w.ctx, MarkRow{Kind: markStray, User: u.ID, Connection: u.Owner, At: w.now})
	case had && !is:
		return w.tx.EndMark(w.ctx, markStray, u.ID)
	}
	return nil
}

func (w *write) stray(u *UserRow, o scim.Object) bool {
	settings, home := w.t.s.config()
	return settings.Groups() && u.Owner != "" && u.State == Active && u.Group == home && ValuesOf(o)[Country] == ""
}

// madeBy remembers which attributes a new team owes its being to.
func (w *write) madeBy(team, key string, added []Membership) error {
	for _, m := range added {
		if m.Team != key || w.t.connection == "" {
			continue
		}
		if err := w.tx.PutMadeTeam(w.ctx, w.t.connection, m.Origin, team, w.now); err != nil {
			return err
		}
		w.tally(tallyTeams+m.Origin, 0)
	}
	return nil
}

// unmade counts a team off that is deleted.
func (w *write) unmade(team string) error {
	made, err := w.tx.EndMadeTeam(w.ctx, team)
	for _, m := range made {
		w.tx.Tally(TallyRow{Connection: m.Connection, Name: tallyTeams + m.Attribute, N: -1, First: w.now, Last: w.now})
	}
	return err
}
