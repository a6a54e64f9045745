package directory

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Session is one of a person's sessions, for people to read.
type Session struct {
	ID       string
	Current  bool // it is the one that asks
	Client   string
	Address  string
	ByLink   bool
	Created  time.Time
	LastSeen time.Time // to some minutes
	Ends     time.Time // at the latest
}

// myself is the person whose session asks. Invitations, commands and tokens
// have no password and no sessions of their own.
func (t *Tenant) myself() (*UserRow, error) {
	if t.session.Hash == "" || t.user == nil {
		return nil, errors.New("nobody is signed in here; this is for a person who has signed in")
	}
	return t.user, nil
}

// Sessions lists where the person who asks is signed in, the newest first.
func (t *Tenant) Sessions(ctx context.Context) ([]Session, error) {
	me, err := t.myself()
	if err != nil {
		return nil, err
	}
	if err := t.d.FlushTokens(ctx); err != nil {
		return nil, err
	}
	rows, err := t.r.Sessions(ctx, me.ID)
	if err != nil {
		return nil, err
	}
	var out []Session
	for _, s := range rows {
		if t.d.lasts(s) {
			out = append(out, Session{ID: s.ID, Current: s.ID == t.session.ID, Client: s.Client, Address: s.Address, ByLink: s.ByLink,
				Created: moment(s.Created), LastSeen: moment(s.LastSeen), Ends: moment(s.Ends)})
		}
	}
	return out, nil
}

// SignOut ends the session that asks.
func (t *Tenant) SignOut(ctx context.Context) error {
	if t.session.Invitation != "" {
		return t.within(settingUp).update(ctx, func(w *write) error {
			_, err := w.tx.EndSessions(w.ctx, SessionsOf{ID: t.session.ID})
			return err
		})
	}
	if _, err := t.myself(); err != nil {
		return err
	}
	err := t.EndSession(ctx, t.session.ID)
	if errors.Is(err, ErrSignedOut) {
		return nil
	}
	return err
}

// EndSession ends one of the sessions of the person who asks, by its id, in
// every process at once.
func (t *Tenant) EndSession(ctx context.Context, id string) error {
	me, err := t.myself()
	if err != nil {
		return err
	}
	return t.within(ownGroup|oneself).update(ctx, func(w *write) error {
		n, err := w.tx.EndSessions(w.ctx, SessionsOf{User: me.ID, ID: id})
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("that session has ended already")
		}
		return w.change("Session", me.ID, "sign-out", nil, nil)
	})
}

// EndOtherSessions ends all sessions of the person who asks but the one that
// asks, and says how many there were.
func (t *Tenant) EndOtherSessions(ctx context.Context) (ended int, err error) {
	me, err := t.myself()
	if err != nil {
		return 0, err
	}
	err = t.within(ownGroup|oneself).update(ctx, func(w *write) error {
		n, err := w.tx.EndSessions(w.ctx, SessionsOf{User: me.ID, But: t.session.ID})
		if ended = int(n); err != nil || n == 0 {
			return err
		}
		return w.change("Session", me.ID, "sign-out-elsewhere", nil, nil)
	})
	return ended, err
}

// SignOutPerson ends all sessions and links of a person, who lost a phone perhaps,
// and says how many sessions there were. His password stays.
func (t *Tenant) SignOutPerson(ctx context.Context, ref string) (ended int, err error) {
	err = t.within(ownGroup).update(ctx, func(w *write) error {
		u, err := w.living(ref)
		if err != nil {
			return err
		}
		if t.reach == ownGroup && u.Role > t.user.Role {
			return errReach
		}
		n, err := w.tx.EndSessions(w.ctx, SessionsOf{User: u.ID})
		if err != nil {
			return err
		}
		ended = int(n)
		if err := w.tx.DeleteSignInLinks(w.ctx, u.ID, ""); err != nil {
			return err
		}
		return w.change("Session", u.ID, "sign-out-everywhere", nil, nil)
	})
	return ended, err
}

// HasPassword says whether the person who asks has set a password.
func (t *Tenant) HasPassword(ctx context.Context) (bool, error) {
	me, err := t.myself()
	if err != nil {
		return false, err
	}
	_, err = t.r.Password(ctx, me.ID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// SetPassword sets the password of the person who asks. The old one is needed,
// except just after a sign-in link opened the session (Self.NoOldPassword). His
// other sessions and links end.
func (t *Tenant) SetPassword(ctx context.Context, old, password string) error {
	me, err := t.myself()
	if err != nil {
		return err
	}
	had, err := t.r.Password(ctx, me.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return unavailable(err)
	}
	if !t.cameByLink() {
		if err := t.provePassword(ctx, me, had, old); err != nil {
			return err
		}
	}
	hash, err := t.hashFor(ctx, me, password)
	if err != nil {
		return err
	}
	return t.within(ownGroup|oneself).update(ctx, func(w *write) error {
		if now, err := w.tx.Password(w.ctx, me.ID); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		} else if now.Hash != had.Hash {
			return errors.New("the password was changed by another session a moment ago; this change was not made")
		}
		if _, err := w.tx.EndSessions(w.ctx, SessionsOf{User: me.ID, But: t.session.ID}); err != nil {
			return err
		}
		return w.putPassword(me.ID, hash)
	})
}

// GivePassword sets somebody's password for whoever runs the installation; admins
// make sign-in links instead, so that they know nobody's password. His sessions
// and links end.
func (t *Tenant) GivePassword(ctx context.Context, ref, password string) error {
	if t.actor != byCommand {
		return errReach
	}
	u, err := t.lookUpPerson(ctx, t.r, ref)
	if err != nil {
		return err
	}
	hash, err := t.hashFor(ctx, u, password)
	if err != nil {
		return err
	}
	return t.update(ctx, func(w *write) error {
		if _, err := w.living(u.ID); err != nil {
			return err
		}
		if _, err := w.tx.EndSessions(w.ctx, SessionsOf{User: u.ID}); err != nil {
			return err
		}
		return w.putPassword(u.ID, hash)
	})
}

// provePassword asks for the old password, as often as signing in would.
func (t *Tenant) provePassword(ctx context.Context, me *UserRow, had PasswordRow, old string) error {
	if had.Hash == "" {
		return errors.New("you have no password yet, and set one by a sign-in link; ask an admin of your tenant for one")
	}
	who := attemptAt(t.s.name, me.ID, t.via)
	if err := t.d.attempts.check(t.d.Now(), who); err != nil {
		return err
	}
	right, err := verifyPassword(ctx, had.Hash, old)
	if err != nil {
		return err
	}
	if !right {
		t.d.attempts.failed(t.d.Now(), who)
		return errors.New("the old password is not right; nothing was changed")
	}
	return nil
}

// hashFor refuses a poor password and hashes a good one.
func (t *Tenant) hashFor(ctx context.Context, u *UserRow, password string) (string, error) {
	p := t.person(u)
	if err := goodPassword(password, t.s.name, t.Display(), p.UserName, p.GivenName, p.FamilyName, p.DisplayName); err != nil {
		return "", err
	}
	return hashPassword(ctx, password)
}

// putPassword keeps a password; links that were to lead to one end.
func (w *write) putPassword(user, hash string) error {
	if err := w.tx.DeleteSignInLinks(w.ctx, user, ""); err != nil {
		return err
	}
	if err := w.tx.PutPassword(w.ctx, PasswordRow{User: user, Hash: hash, Changed: w.now}); err != nil {
		return err
	}
	return w.change("Password", user, "password", nil, nil)
}
