package directory

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// A session lasts until nobody has used it for half a day, and never longer
// than a week. That it was used is noted only every few minutes, so that a page
// costs no write.
const (
	// SessionLife is how long a session lasts at most.
	SessionLife = 7 * 24 * time.Hour

	sessionPrefix = "rcn_"
	sessionIdle   = 12 * time.Hour
	sessionCoarse = 5 * time.Minute
	// linkGrace is how long a session that a sign-in link has opened may set a
	// password without the old one.
	linkGrace = time.Hour
)

// ErrSignedOut says that a session is over: ended, expired, or its person's
// access was taken away.
var ErrSignedOut = errors.New("you are signed out; sign in again")

// Self is who uses a handle.
type Self struct {
	ID         string // of the user; "" for an invitation and for the command line
	UserName   string
	Name       string // as people see it
	Role       Role
	Group      string // id
	GroupName  string
	Session    string // id; "" when no session asks
	Invitation string // id; "" for people
	// NoOldPassword says that a sign-in link opened the session just now, so a
	// password can be set without the old one.
	NoOldPassword bool
}

// Self says who uses the handle. The command line and what goes on by itself
// are company admins without a name.
func (t *Tenant) Self() Self {
	if t.session.Hash == "" {
		return Self{ID: t.token.Owner, Role: RoleCompanyAdmin}
	}
	self := Self{Session: t.session.ID, Invitation: t.session.Invitation}
	if u := t.user; u != nil {
		self.ID, self.Role, self.Group, self.GroupName = u.ID, u.Role, u.Group, t.s.groupName(u.Group)
		o := scim.ResourceFromJSON([]byte(u.Doc)).Object()
		self.UserName, _ = o["userName"].(string)
		self.Name = displayName(o)
		self.NoOldPassword = t.cameByLink()
	}
	return self
}

func (t *Tenant) cameByLink() bool {
	return t.session.ByLink && t.d.Now().UnixMicro() < t.session.Created+linkGrace.Microseconds()
}

// OpenSession opens the tenant that label names for whoever the session's
// secret belongs to, as he is now: his role, his group, and whether he still
// has access are read in the same SELECT (behaviour.md 7.1). ErrSignedOut when
// the session is over, or is of another tenant.
func (d *Directory) OpenSession(ctx context.Context, secret, label string, via Via) (*Tenant, error) {
	if !isSecret(secret, sessionPrefix) {
		return nil, ErrSignedOut
	}
	o, err := d.Store.OpenSession(ctx, tokenHash(secret))
	if errors.Is(err, ErrNotFound) {
		return nil, ErrSignedOut
	}
	if err != nil {
		return nil, unavailable(err)
	}
	if o.Tenant.Name != label || !d.lasts(o.Session) || o.Session.Invitation == "" && (o.User == nil || o.User.State != Active) {
		return nil, ErrSignedOut
	}
	t, err := d.openRow(ctx, o.Tenant, via)
	if err != nil {
		return nil, unavailable(err)
	}
	t.session, t.user, t.actor = o.Session, o.User, "user "+o.Session.User
	if o.Session.Invitation != "" {
		t.actor = "invitation " + o.Session.Invitation
	}
	t.reach = t.reachOf(o.Session, o.User)
	t.narrow()
	d.see(o.Session)
	return t, nil
}

// lasts says whether neither of the session's two clocks has run out.
func (d *Directory) lasts(s SessionRow) bool {
	d.usedMu.Lock()
	seen := max(s.LastSeen, d.seen[s.Hash])
	d.usedMu.Unlock()
	now := d.Now().UnixMicro()
	return now < s.Ends && now < seen+sessionIdle.Microseconds()
}

// see notes that a session was used; FlushTokens writes it.
func (d *Directory) see(s SessionRow) {
	now := d.Now().UnixMicro()
	if now-s.LastSeen < sessionCoarse.Microseconds() {
		return
	}
	d.usedMu.Lock()
	d.seen[s.Hash] = now
	d.usedMu.Unlock()
}

// newSession makes a session that begins now.
func (d *Directory) newSession(via Via) (SessionRow, string) {
	secret, now := mintSecret(sessionPrefix), d.Now()
	return SessionRow{Hash: tokenHash(secret), ID: newID(), Created: now.UnixMicro(), LastSeen: now.UnixMicro(),
		Ends: now.Add(SessionLife).UnixMicro(), Client: via.Client, Address: via.Address}, secret
}

// stands proves inside a change that the session which asks was not ended, and
// its person not changed, since the handle was opened.
func (t *Tenant) stands(r Reader) error {
	if t.session.Hash == "" {
		return nil
	}
	err := r.SessionStands(noCancel, t.session.Hash)
	if errors.Is(err, ErrNotFound) {
		return ErrSignedOut
	}
	if err != nil || t.user == nil {
		return err
	}
	u, _, err := r.User(noCancel, t.user.ID)
	if err != nil {
		return err
	}
	switch {
	case u == nil || u.State != Active:
		return ErrSignedOut
	case u.Role != t.user.Role || u.Group != t.user.Group:
		return errors.New("your role or your group was changed a moment ago, and nothing was done; load the page again")
	}
	return nil
}

// endSignIn ends the sessions and links of somebody whose access is taken away
// (behaviour.md 7.1), in every process: there is no other place where a session
// is said to be alive.
func (w *write) endSignIn(user string) error {
	if _, err := w.tx.EndSessions(w.ctx, SessionsOf{User: user}); err != nil {
		return err
	}
	return w.tx.DeleteSignInLinks(w.ctx, user, "")
}
