package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// invitationLife is how long somebody who was invited to set provisioning up
// may work at it.
const invitationLife = 7 * 24 * time.Hour

// Invitation lets an IT admin who is no user of the tenant into Set up, its
// activity and Needs attention, and nowhere else. For people to read.
type Invitation struct {
	ID      string
	Name    string
	MadeBy  string // name of the person who made it; "" for the command line
	Created time.Time
	Expires time.Time
	Opened  time.Time // zero: not yet
	State   string    // waiting, open, expired, revoked
}

func (i InvitationRow) state(now int64) string {
	switch {
	case i.Ended != 0:
		return "revoked"
	case i.Expires <= now:
		return "expired"
	case i.Opened != 0:
		return "open"
	}
	return "waiting"
}

// Invite makes an invitation for seven days and returns the secret of the link
// that opens it, which is not kept. name says whom it is for.
func (t *Tenant) Invite(ctx context.Context, name string) (id, secret string, err error) {
	err = t.update(ctx, func(w *write) error {
		name, err := chosen(name, "person who is invited")
		if err != nil {
			return err
		}
		row := InvitationRow{ID: newID(), Name: name, MadeBy: t.Self().ID, Created: w.now, Expires: w.now + invitationLife.Microseconds()}
		id = row.ID
		if err := w.tx.PutInvitation(w.ctx, row); err != nil {
			return err
		}
		if secret, err = w.putLink(SignInLinkRow{Invitation: row.ID}, invitationLife); err != nil {
			return err
		}
		return w.change("Invitation", row.ID, "create", nil, nil)
	})
	return id, secret, err
}

// Invitations lists the invitations of the tenant, the newest first.
func (t *Tenant) Invitations(ctx context.Context) ([]Invitation, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	rows, err := t.r.Invitations(ctx)
	if err != nil {
		return nil, err
	}
	var out []Invitation
	for _, i := range rows {
		v := Invitation{ID: i.ID, Name: i.Name, Created: moment(i.Created), Expires: moment(i.Expires), Opened: moment(i.Opened), State: i.state(t.d.Now().UnixMicro())}
		if i.MadeBy != "" {
			if u, err := t.User(ctx, i.MadeBy); err == nil {
				v.MadeBy = u.DisplayName
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// RevokeInvitation ends an invitation, its link and whoever came by it, at once
// and in every process.
func (t *Tenant) RevokeInvitation(ctx context.Context, id string) error {
	return t.update(ctx, func(w *write) error {
		row, err := t.invitation(w.ctx, w.tx, id)
		if err != nil {
			return err
		}
		if row.Ended != 0 {
			return nil
		}
		row.Ended = w.now
		if err := w.tx.PutInvitation(w.ctx, row); err != nil {
			return err
		}
		if err := w.tx.DeleteSignInLinks(w.ctx, "", id); err != nil {
			return err
		}
		if _, err := w.tx.EndSessions(w.ctx, SessionsOf{Invitation: id}); err != nil {
			return err
		}
		return w.change("Invitation", id, "revoke", nil, nil)
	})
}

func (t *Tenant) invitation(ctx context.Context, r Reader, id string) (InvitationRow, error) {
	rows, err := r.Invitations(ctx)
	if err != nil {
		return InvitationRow{}, err
	}
	i := slices.IndexFunc(rows, func(i InvitationRow) bool { return i.ID == id })
	if i < 0 {
		return InvitationRow{}, fmt.Errorf("there is no such invitation: %w", ErrNotFound)
	}
	return rows[i], nil
}

// acceptInvitation opens the invitation's session, which ends with it.
func (t *Tenant) acceptInvitation(ctx context.Context, l SignInLinkRow) (secret string, err error) {
	session, secret := t.d.newSession(t.via)
	session.Invitation, session.ByLink = l.Invitation, true
	h := *t
	h.actor = "invitation " + l.Invitation
	err = h.update(ctx, func(w *write) error {
		if err := w.takeLink(l.Hash); err != nil {
			return err
		}
		row, err := t.invitation(w.ctx, w.tx, l.Invitation)
		if err != nil {
			return err
		}
		if row.state(w.now) != "waiting" {
			return ErrLink
		}
		row.Opened = w.now
		if err := w.tx.PutInvitation(w.ctx, row); err != nil {
			return err
		}
		session.Ends = min(session.Ends, row.Expires)
		if err := w.tx.PutSession(w.ctx, session); err != nil {
			return err
		}
		return w.change("Invitation", row.ID, "open", nil, nil)
	})
	if errors.Is(err, ErrNotFound) {
		err = ErrLink
	}
	if err != nil {
		return "", err
	}
	return secret, nil
}
