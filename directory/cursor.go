package directory

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/v2"
	"fmt"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// CursorLifetime is how long a cursor can be used (RFC 9865 section 2.4).
const CursorLifetime = time.Hour

// cursor is what a page's NextCursor holds, sealed: nobody else reads it or
// makes one. It stands for one caller, one tenant and one question (RFC 9865
// sections 2 and 5).
type cursor struct {
	Tenant   int64  `json:"t"`
	Who      string `json:"w"`
	Question string `json:"q"`
	Count    int    `json:"c"`
	After    place  `json:"a"`
	Expires  int64  `json:"e"`
}

var (
	errCursor        = scim.BadRequest(scim.InvalidCursor, "400.42", "Cursor is not valid (400.42): it is none of ours, or belongs to another query or access token. Begin again with an empty cursor, and repeat every other parameter unchanged on each page.")
	errCursorExpired = scim.BadRequest(scim.ExpiredCursor, "400.43", "Cursor has expired (400.43): a cursor can be used for an hour. Begin again with an empty cursor.")
	errCursorCount   = scim.BadRequest(scim.InvalidCount, "400.44", "count has changed (400.44): each page by cursor asks for as many as the first. Repeat count unchanged, or begin again with an empty cursor.")
)

// question is what a cursor is bound to, beside the caller.
func (k *walk) question() string {
	filter := ""
	if k.q.Filter != nil {
		filter = k.q.Filter.String()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%t\n%s", k.typ.Name, k.q.SortBy, k.q.Descending, filter))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// who is the caller: the client or token that asks.
func (t *Tenant) who() string {
	if t.client != "" {
		return t.client
	}
	return t.token.ID
}

// opened is the place after which a page by cursor begins; nil for the first.
func (k *walk) opened(ctx context.Context) (*place, error) {
	if k.q.Cursor == nil || *k.q.Cursor == "" {
		return nil, nil
	}
	var c cursor
	seal, err := k.t.d.seals.open(ctx, k.t.d.Store)
	if err != nil {
		return nil, unavailable(err)
	}
	sealed, err := base64.RawURLEncoding.DecodeString(*k.q.Cursor)
	if err != nil || len(sealed) < seal.NonceSize() {
		return nil, errCursor
	}
	text, err := seal.Open(nil, sealed[:seal.NonceSize()], sealed[seal.NonceSize():], nil)
	if err != nil || json.Unmarshal(text, &c) != nil {
		return nil, errCursor
	}
	switch {
	case c.Tenant != k.t.s.tenant || c.Who != k.t.who() || c.Question != k.question():
		return nil, errCursor
	case c.Expires < k.t.d.Now().UnixMicro():
		return nil, errCursorExpired
	case c.Count != k.q.Count:
		return nil, errCursorCount
	}
	return &c.After, nil
}

// sealed is the cursor of the page after that place; "" when pages go by index.
func (k *walk) sealed(ctx context.Context, after place) (string, error) {
	if k.q.Cursor == nil {
		return "", nil
	}
	seal, err := k.t.d.seals.open(ctx, k.t.d.Store)
	if err != nil {
		return "", unavailable(err)
	}
	text, err := json.Marshal(cursor{Tenant: k.t.s.tenant, Who: k.t.who(), Question: k.question(), Count: k.q.Count,
		After: after, Expires: k.t.d.Now().Add(CursorLifetime).UnixMicro()})
	if err != nil {
		return "", err
	}
	nonce := make([]byte, seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawURLEncoding.EncodeToString(seal.Seal(nonce, nonce, text, nil)), nil
}

// sealer holds the installation's key for cursors, made on first use and kept in
// the database, so that every process reads what another one has sealed.
type sealer struct {
	mu   sync.Mutex
	aead cipher.AEAD
}

func (s *sealer) open(ctx context.Context, store Store) (cipher.AEAD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aead != nil {
		return s.aead, nil
	}
	var fresh [32]byte
	_, _ = rand.Read(fresh[:]) // never fails
	text, err := store.Secret(ctx, "cursors", hex.EncodeToString(fresh[:]))
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	s.aead, err = cipher.NewGCM(block)
	return s.aead, err
}
