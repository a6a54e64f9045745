package directory

import "context"

// PasswordRow is somebody's password, hashed.
type PasswordRow struct {
	User    string
	Hash    string // argon2id, as PHC string
	Changed int64
}

// SessionRow is somebody's being signed in, at one browser. Tenant 0 is that of
// the installation's operators.
type SessionRow struct {
	Hash       string // SHA-256 of the secret, hex
	Tenant     int64
	ID         string // for people, who end one of several
	User       string // "" for an invitation's
	Invitation string // "" for a person's
	ByLink     bool   // opened by a sign-in link
	Created    int64
	Ends       int64 // at the latest
	LastSeen   int64 // coarse; see FlushTokens
	Client     string
	Address    string
}

// SignInLinkRow is a one-time sign-in link, without its secret.
type SignInLinkRow struct {
	Hash       string // SHA-256, hex
	Tenant     int64
	User       string
	Invitation string
	Created    int64
	Expires    int64
}

// InvitationRow lets somebody who is no user into Set up.
type InvitationRow struct {
	ID      string
	Name    string // who it is for, as the admin called him
	MadeBy  string // user id; "" for the command line
	Created int64
	Expires int64
	Opened  int64 // when its link was redeemed; 0: not yet
	Ended   int64 // when it was revoked; 0: it was not
}

// OpenedSession is all that opening a session has to know, of one SELECT.
type OpenedSession struct {
	Session SessionRow
	Tenant  TenantRow
	User    *UserRow // nil for an invitation's
}

// SessionsOf names sessions: one of a person's by ID, all of a person's but one
// by its ID, or all of an invitation.
type SessionsOf struct {
	User       string
	ID         string
	But        string
	Invitation string
}

// SignInStore is the part of a Store that finds out whose a secret is.
type SignInStore interface {
	// OpenSession finds a tenant's session by its hash, with all that decides what
	// it may. ErrNotFound.
	OpenSession(ctx context.Context, hash string) (OpenedSession, error)
	// Session finds a session of anybody's, operators included. ErrNotFound.
	Session(ctx context.Context, hash string) (SessionRow, error)
	// TouchSessions notes when sessions were last seen.
	TouchSessions(ctx context.Context, seen map[string]int64) error
	// FindSignInLink finds a link without using it up. ErrNotFound.
	FindSignInLink(ctx context.Context, hash string) (SignInLinkRow, error)
}

// SignInReader is the part of a Reader that reads who signs in how.
type SignInReader interface {
	// Password returns ErrNotFound for somebody who has none.
	Password(ctx context.Context, user string) (PasswordRow, error)
	// Sessions lists a person's sessions, the newest first.
	Sessions(ctx context.Context, user string) ([]SessionRow, error)
	// SessionStands returns ErrNotFound when the session has been ended.
	SessionStands(ctx context.Context, hash string) error
	// SignInLink finds the one link that a person has; ErrNotFound without one.
	SignInLink(ctx context.Context, user string) (SignInLinkRow, error)
	// Invitations lists them, the newest first.
	Invitations(ctx context.Context) ([]InvitationRow, error)
}

// SignInTx is the part of a Tx that writes who signs in how.
type SignInTx interface {
	PutPassword(ctx context.Context, p PasswordRow) error
	DeletePassword(ctx context.Context, user string) error
	// PutSession also forgets the tenant's sessions that ended before.
	PutSession(ctx context.Context, s SessionRow) error
	EndSessions(ctx context.Context, of SessionsOf) (ended int64, err error)
	// PutSignInLink also forgets the tenant's links that expired before.
	PutSignInLink(ctx context.Context, l SignInLinkRow) error
	// TakeSignInLink returns a link and uses it up. ErrNotFound.
	TakeSignInLink(ctx context.Context, hash string) (SignInLinkRow, error)
	// DeleteSignInLinks deletes a person's links, or an invitation's.
	DeleteSignInLinks(ctx context.Context, user, invitation string) error
	PutInvitation(ctx context.Context, i InvitationRow) error
	// ForgetSignIns deletes sessions and links that ended before now, and
	// invitations that expired before the other time.
	ForgetSignIns(ctx context.Context, now, invitations int64) error
}
