package directory

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"
	"uuid"

	"github.com/rollcall-scim/rollcall/scim"
)

// AccessRequest is what an OAuth client sends to get an access token (RFC 6749
// section 4.4): a secret, or an assertion (RFC 7523).
type AccessRequest struct {
	ClientID  string // may be empty beside an assertion, which names it
	Secret    string
	Assertion string
	// Audiences are whom an assertion for the tenant may be addressed to, the
	// issuer identifier first.
	Audiences func(tenant string) []string
}

// GrantAccess gives a client an access token. label is the tenant that the
// request's host names, "" for a bare host, where the client's id decides.
// Errors are *scim.Error whose Type is one of RFC 6749 section 5.2.
func (d *Directory) GrantAccess(ctx context.Context, r AccessRequest, label string, via Via) (token string, lifetime time.Duration, err error) {
	a, err := r.identify()
	if err != nil {
		return "", 0, err
	}
	t, c, err := d.openClient(ctx, r.ClientID, label, via)
	if err != nil {
		return "", 0, err
	}
	token, err = t.grant(ctx, &r, &c, a)
	var refused *scim.Error
	if errors.As(err, &refused) && refused.Status < 500 {
		t.Failed(Failure{Status: refused.Status, ScimType: refused.Type, Code: refused.Code, Detail: refused.Detail, Duration: d.Now().Sub(t.via.Started)})
	}
	return token, accessLifetime, err
}

// identify reads the assertion, if there is one, for the client's id.
func (r *AccessRequest) identify() (*assertion, error) {
	if r.Assertion == "" {
		return nil, nil
	}
	a, err := readAssertion(r.Assertion)
	if err != nil {
		return nil, refusedAssertion(err)
	}
	if r.ClientID != "" && r.ClientID != a.Subject {
		return nil, refusedAssertion(errors.New("its sub is not the client_id beside it"))
	}
	r.ClientID = a.Subject
	return a, nil
}

func refusedAssertion(why error) error {
	return scim.Errorf(401, invalidClient, "401.3", "The client is not known (401.3): client_assertion was refused: %s.", why)
}

// openClient finds a live client. The handle acts for nobody yet.
func (d *Directory) openClient(ctx context.Context, id, label string, via Via) (*Tenant, ClientRow, error) {
	if _, err := uuid.Parse(id); err != nil {
		return nil, ClientRow{}, errClient
	}
	tenant, err := d.Store.ClientTenant(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, ClientRow{}, errClient
	}
	if err != nil {
		return nil, ClientRow{}, unavailable(err)
	}
	s, err := d.setupByID(ctx, tenant)
	if err != nil {
		return nil, ClientRow{}, unavailable(err)
	}
	c, ok := s.client(id)
	if !ok || !c.lives(d.Now().UnixMicro()) || label != "" && label != s.name {
		return nil, c, errClient
	}
	t := d.handle(s, via)
	t.connection, t.actor, t.token.ID = c.Connection, "client "+c.ID, c.ID
	return t, c, nil
}

// grant gives the client a token if it proves who it is.
func (t *Tenant) grant(ctx context.Context, r *AccessRequest, c *ClientRow, a *assertion) (token string, err error) {
	if err := t.proves(r, c, a); err != nil {
		return "", err
	}
	err = t.update(ctx, func(w *write) error {
		// What was read before may have been revoked since.
		if now, ok := t.s.client(c.ID); !ok || !now.lives(w.now) {
			return errClient
		}
		if settings, _ := t.s.config(); !settings.on("access-tokens") || !settings.on("scim") {
			return scim.BadRequest(unauthorizedClient, "400.63",
				"Not at this time (400.63): SCIM or access tokens are off in this tenant. An admin can turn them on with the settings scim and access-tokens.")
		}
		if a != nil {
			err := w.tx.SpendAssertion(w.ctx, c.ID, tokenHash(a.ID), a.Expires.Time().Add(2*clockLeeway).UnixMicro())
			if errors.Is(err, ErrTaken) {
				return refusedAssertion(errors.New("one with its jti was used before; make a new one for each request"))
			}
			if err != nil {
				return err
			}
		}
		token = mintSecret(accessPrefix)
		return w.tx.PutAccessToken(w.ctx, AccessRow{Hash: tokenHash(token), Client: c.ID, Expires: w.now + accessLifetime.Microseconds()}, w.now)
	})
	return token, err
}

// proves checks the one proof that the client was made with.
func (t *Tenant) proves(r *AccessRequest, c *ClientRow, a *assertion) error {
	switch {
	case a != nil && c.Keys != "":
		if err := a.verify(c.keys(), r.Audiences(t.s.name), t.d.Now()); err != nil {
			return refusedAssertion(err)
		}
		return nil
	case a == nil && c.SecretHash != "" && subtle.ConstantTimeCompare([]byte(tokenHash(r.Secret)), []byte(c.SecretHash)) == 1:
		return nil
	}
	return errClient
}

// opened is an access token that was used here, and its tenant. It never
// changes: whether it still opens the tenant is asked of the setup each time.
type opened struct {
	s *setup
	AccessRow
}

// mostOpened bounds how many access tokens are remembered.
const mostOpened = 10_000

// openAccess opens the tenant of a client's access token.
func (d *Directory) openAccess(ctx context.Context, hash string, via Via) (*Tenant, error) {
	d.mu.RLock()
	o, known := d.opened[hash]
	d.mu.RUnlock()
	if !known {
		var err error
		if o, err = d.findAccess(ctx, hash); err != nil {
			return nil, err
		}
	}
	t := d.handle(o.s, via)
	c, _ := o.s.client(o.Client)
	t.connection, t.actor, t.client = c.Connection, "client "+o.Client, o.Client
	t.token = TokenRow{ID: o.Client, Hash: hash, Connection: c.Connection, Expires: o.Expires}
	return t, nil
}

func (d *Directory) findAccess(ctx context.Context, hash string) (opened, error) {
	tenant, row, err := d.Store.AccessToken(ctx, hash)
	if errors.Is(err, ErrNotFound) {
		return opened{}, errAccess
	}
	if err != nil {
		return opened{}, unavailable(err)
	}
	s, err := d.setupByID(ctx, tenant)
	if err != nil {
		return opened{}, unavailable(err)
	}
	o := opened{s, row}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.opened) >= mostOpened {
		clear(d.opened)
	}
	d.opened[hash] = o
	return o, nil
}

var errAccess = scim.Errorf(401, "", "401.2", "The access token is not valid (401.2): it has expired, or its client has expired or was revoked. Get a new one at the token endpoint.")

// lives says whether the token that the caller came with still stands.
func (t *Tenant) lives() error {
	now := t.d.Now().UnixMicro()
	if t.client != "" {
		if c, ok := t.s.client(t.client); !ok || !c.lives(now) || t.token.Expires <= now {
			return errAccess
		}
		return nil
	}
	if row, ok := t.s.token(t.token.Hash); !ok || row.Expires <= now {
		return errToken
	}
	return nil
}
