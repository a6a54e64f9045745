package directory

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollcall-scim/rollcall/scim"
)

// An OAuth client belongs to a connection (behaviour.md 3.3). It proves itself
// with a secret, or with a key of its own, and gets access tokens that live for
// a quarter of an hour.
const (
	clientSecretPrefix = "rcs_"
	accessPrefix       = "rca_"
	accessLifetime     = 15 * time.Minute
)

// ClientRow is an OAuth client, without its secret.
type ClientRow struct {
	ID         string
	Name       string
	Connection string
	SecretHash string // SHA-256, hex; "" for a client with keys
	Keys       string // its public keys, a JWK Set; "" for one with a secret
	Created    int64
	Expires    int64 // 0 for never
	LastUsed   int64
	Ended      int64 // 0 until it is revoked
	Seq        int64
}

func (c *ClientRow) lives(now int64) bool { return c.Ended == 0 && (c.Expires == 0 || c.Expires > now) }

// AccessRow is an access token of a client, without the token.
type AccessRow struct {
	Hash    string // SHA-256, hex
	Client  string
	Expires int64
}

// ClientStore is the part of a Store that finds a tenant by what a client
// sends.
type ClientStore interface {
	// ClientTenant finds the tenant of an OAuth client by its id.
	ClientTenant(ctx context.Context, id string) (tenant int64, err error)
	// AccessToken finds an access token by its SHA-256, in hex.
	AccessToken(ctx context.Context, hash string) (tenant int64, a AccessRow, err error)
}

// ClientTx is the part of a Tx that writes clients and what they have got.
type ClientTx interface {
	PutClient(ctx context.Context, c *ClientRow) error
	// PutAccessToken also forgets what expired before now, and notes that the
	// client was used; neither is a change of the set-up.
	PutAccessToken(ctx context.Context, a AccessRow, now int64) error
	// SpendAssertion remembers an assertion until it expires. ErrTaken when it
	// was used before.
	SpendAssertion(ctx context.Context, client, jti string, expires int64) error
}

// Client is an OAuth client for people to read.
type Client struct {
	ID         string
	Name       string
	Connection string // its name
	Method     string // how it proves itself: client_secret or private_key_jwt
	Created    time.Time
	Expires    time.Time // zero: never
	LastUsed   time.Time // when it last got an access token; zero: never
	State      string    // valid, expired or revoked
}

// NewClient asks for an OAuth client.
type NewClient struct {
	Name       string
	Connection string // by name; the default one when empty
	Keys       []byte // public keys, a JWK Set or a JWK; without them it gets a secret
	Expires    time.Time
}

// CreateClient makes an OAuth client and returns its id and its secret, which
// is not kept. A client with keys has no secret.
func (t *Tenant) CreateClient(ctx context.Context, n NewClient) (id, secret string, err error) {
	row, secret, err := n.row()
	if err != nil {
		return "", "", err
	}
	err = t.within(settingUp).update(ctx, func(w *write) error {
		if row.Connection = t.s.connectionNamed(n.Connection); row.Connection == "" {
			return fmt.Errorf("there is no connection %q; see which there are with: rollcall connection list", n.Connection)
		}
		if row.Expires != 0 && row.Expires <= w.now {
			return fmt.Errorf("the client would expire before it begins; choose a day in the future")
		}
		row.Created = w.now
		return w.putClient(row, "create", map[string]any{"name": row.Name, "connection": n.Connection})
	})
	return row.ID, secret, err
}

func (n *NewClient) row() (row *ClientRow, secret string, err error) {
	if n.Connection == "" {
		n.Connection = DefaultConnection
	}
	row = &ClientRow{ID: newID()}
	if row.Name, err = chosen(n.Name, "client"); err != nil {
		return row, "", err
	}
	if !n.Expires.IsZero() {
		row.Expires = n.Expires.UnixMicro()
	}
	if len(n.Keys) == 0 {
		secret = mintSecret(clientSecretPrefix)
		row.SecretHash = tokenHash(secret)
		return row, secret, nil
	}
	keys, err := readKeys(n.Keys)
	if err == nil {
		row.Keys, err = keysText(keys)
	}
	return row, "", err
}

func (w *write) putClient(row *ClientRow, kind string, after map[string]any) error {
	w.sealed()
	if err := w.change("Client", row.ID, kind, nil, after); err != nil {
		return err
	}
	row.Seq = w.last
	return w.tx.PutClient(w.ctx, row)
}

// Clients lists the OAuth clients, the newest first.
func (t *Tenant) Clients(ctx context.Context) ([]Client, error) {
	if err := t.may(settingUp); err != nil {
		return nil, err
	}
	rows, err := t.clientRows(ctx)
	if err != nil {
		return nil, err
	}
	var out []Client
	for _, row := range rows {
		out = append(out, t.readableClient(row))
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Created.After(out[j].Created) })
	return out, nil
}

// clientRows reads them anew: when they were last used is in no setup.
func (t *Tenant) clientRows(ctx context.Context) ([]ClientRow, error) {
	if err := t.fresh(ctx); err != nil {
		return nil, err
	}
	var rows SetupRows
	err := t.d.Store.View(ctx, t.s.tenant, func(r Reader) (err error) {
		rows, err = r.SetupSince(ctx, -1)
		return err
	})
	return rows.Clients, err
}

func (t *Tenant) readableClient(row ClientRow) Client {
	c := Client{ID: row.ID, Name: row.Name, Connection: t.s.connectionName(row.Connection), Method: "client_secret",
		Created: moment(row.Created), Expires: moment(row.Expires), LastUsed: moment(row.LastUsed), State: "valid"}
	if row.Keys != "" {
		c.Method = "private_key_jwt"
	}
	switch {
	case row.Ended != 0:
		c.State = "revoked"
	case !row.lives(t.d.Now().UnixMicro()):
		c.State = "expired"
	}
	return c
}

// moment is a row's time; 0 is none.
func moment(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro)
}

// RevokeClient ends a client, by its id or name, and all access tokens that it
// has got, at once and in every process.
func (t *Tenant) RevokeClient(ctx context.Context, ref string) error {
	return t.update(ctx, func(w *write) error {
		row, err := t.s.clientNamed(ref)
		if err != nil {
			return err
		}
		row.Ended = w.now
		return w.putClient(&row, "revoke", nil)
	})
}

// client returns a copy of a client that is not revoked.
func (s *setup) client(id string) (ClientRow, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.clients[id]
	if c == nil {
		return ClientRow{}, false
	}
	connection := s.connections[c.Connection]
	return *c, connection != nil && !connection.Gone
}

func (s *setup) clientNamed(ref string) (ClientRow, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c := s.clients[ref]; c != nil {
		return *c, nil
	}
	var found []ClientRow
	for _, c := range s.clients {
		if c.Name == ref {
			found = append(found, *c)
		}
	}
	switch len(found) {
	case 0:
		return ClientRow{}, fmt.Errorf("there is no live client %q; see which there are with: rollcall client list", ref)
	case 1:
		return found[0], nil
	}
	return ClientRow{}, fmt.Errorf("%d clients answer to %q; name one by its id", len(found), ref)
}

func (s *setup) putClient(c ClientRow) {
	if s.clients[c.ID] = &c; c.Ended != 0 {
		delete(s.clients, c.ID)
	}
}

func (s *setup) connectionName(id string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c := s.connections[id]; c != nil {
		return c.Name
	}
	return ""
}

// keys are the client's public keys.
func (c *ClientRow) keys() []jose.JSONWebKey {
	keys, _ := readKeys([]byte(c.Keys)) // our own text
	return keys
}

// errClient tells whoever does not know the secret nothing of what is wrong.
var errClient = scim.Errorf(401, invalidClient, "401.3",
	"The client is not known (401.3): client_id or its proof is wrong, or the client has expired or was revoked. Make a client with: rollcall client create.")

// Error codes of RFC 6749 section 5.2.
const (
	invalidClient      = "invalid_client"
	unauthorizedClient = "unauthorized_client"
)
