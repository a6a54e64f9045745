package directory

import (
	"context"
	"errors"
	"time"
)

// Operators run the installation: they see all tenants and nobody's people. They
// sign in by a one-time link that a command makes, so whoever can reach the
// database is one, and nobody else.
const operatorLinkLife = time.Hour

// OperatorStore is the part of a Store that operators look at.
type OperatorStore interface {
	PutOperatorLink(ctx context.Context, l SignInLinkRow) error
	// RedeemOperatorLink uses a link up and keeps the session, both or neither.
	// ErrNotFound when the link is not there.
	RedeemOperatorLink(ctx context.Context, hash string, s SessionRow) error
	EndOperatorSession(ctx context.Context, hash string) error
	// Overview lists tenants in the order of their names, from after a name.
	Overview(ctx context.Context, after string, limit int) ([]TenantOverview, error)
	Health(ctx context.Context) (Health, error)
}

// TenantOverview is a tenant as operators see it.
type TenantOverview struct {
	TenantRow
	Came    int64 // when somebody last came in over SCIM and wrote or failed; 0: never
	Changed int64 // when anything was last changed
}

// Health is how the database is. That there is one says that it answers.
type Health struct {
	Database string // SQLite or PostgreSQL, with its version
	Schema   int64  // number of the last migration
	Size     int64  // bytes
}

// Operator is a handle on the installation.
type Operator struct {
	d       *Directory
	via     Via
	session SessionRow
}

// OperatorLink makes a one-time link for an operator, good for an hour, and
// returns its secret, which is not kept.
func (d *Directory) OperatorLink(ctx context.Context) (secret string, err error) {
	secret = mintSecret(linkPrefix)
	now := d.Now()
	return secret, d.Store.PutOperatorLink(ctx, SignInLinkRow{Hash: tokenHash(secret), Created: now.UnixMicro(), Expires: now.Add(operatorLinkLife).UnixMicro()})
}

// OperatorLinkStands says whether an operator's link opens something, without
// using it up: nil or ErrLink.
func (d *Directory) OperatorLinkStands(ctx context.Context, secret string) error {
	if !isSecret(secret, linkPrefix) {
		return ErrLink
	}
	l, err := d.Store.FindSignInLink(ctx, tokenHash(secret))
	if errors.Is(err, ErrNotFound) || err == nil && (l.Tenant != 0 || l.Expires <= d.Now().UnixMicro()) {
		return ErrLink
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// RedeemOperatorLink uses a link up and returns the secret of a session. ErrLink
// when it opens nothing.
func (d *Directory) RedeemOperatorLink(ctx context.Context, secret string, via Via) (session string, err error) {
	if err := d.OperatorLinkStands(ctx, secret); err != nil {
		return "", err
	}
	row, session := d.newSession(via)
	row.ByLink = true
	err = d.Store.RedeemOperatorLink(ctx, tokenHash(secret), row)
	if errors.Is(err, ErrNotFound) {
		return "", ErrLink
	}
	if err != nil {
		return "", unavailable(err)
	}
	return session, nil
}

// OpenOperator opens the installation for an operator's session. ErrSignedOut
// when it is over, or is a person's.
func (d *Directory) OpenOperator(ctx context.Context, secret string, via Via) (*Operator, error) {
	if !isSecret(secret, sessionPrefix) {
		return nil, ErrSignedOut
	}
	row, err := d.Store.Session(ctx, tokenHash(secret))
	if errors.Is(err, ErrNotFound) || err == nil && (row.Tenant != 0 || !d.lasts(row)) {
		return nil, ErrSignedOut
	}
	if err != nil {
		return nil, unavailable(err)
	}
	d.see(row)
	return &Operator{d, via, row}, nil
}

// SignOut ends the operator's session.
func (o *Operator) SignOut(ctx context.Context) error {
	return o.d.Store.EndOperatorSession(ctx, o.session.Hash)
}

// Tenants lists tenants in the order of their names, from after a name.
func (o *Operator) Tenants(ctx context.Context, after string, limit int) ([]TenantOverview, error) {
	return o.d.Store.Overview(ctx, after, limit)
}

// Health says how the database is.
func (o *Operator) Health(ctx context.Context) (Health, error) { return o.d.Store.Health(ctx) }

// CreateTenant makes a tenant, and a sign-in link for its first company admin,
// whose secret is not kept.
func (o *Operator) CreateTenant(ctx context.Context, n NewTenant) (t *Tenant, link string, err error) {
	if t, err = o.d.createTenant(ctx, n, o.via, byOperator); err != nil {
		return nil, "", err
	}
	link, err = t.SignInLink(ctx, n.AdminEmail)
	return t, link, err
}
