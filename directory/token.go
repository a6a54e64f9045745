package directory

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math/big"
	"slices"
	"sort"
	"strings"
	"time"
)

// An access token is rc_, 43 characters of base62 that hold 256 random bits,
// and 6 that hold a checksum, so that a mistyped token costs no database work
// and a leaked one can be recognised offline. Only its SHA-256 is kept.
const (
	tokenPrefix   = "rc_"
	tokenRandom   = 43
	tokenCheck    = 6
	base62        = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	tokenLifetime = 365 * 24 * time.Hour
	rotationGrace = 7 * 24 * time.Hour
)

// mintSecret makes a new secret of the kind that the prefix says.
func mintSecret(prefix string) string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails
	body := base62Text(new(big.Int).SetBytes(bits[:]), tokenRandom)
	return prefix + body + checksum(body)
}

func base62Text(n *big.Int, width int) string {
	out := make([]byte, width)
	base, digit := big.NewInt(62), new(big.Int)
	for i := width - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		out[i] = base62[digit.Int64()]
	}
	return string(out)
}

func checksum(body string) string {
	out := make([]byte, tokenCheck)
	n := crc32.ChecksumIEEE([]byte(body))
	for i := tokenCheck - 1; i >= 0; i-- {
		out[i] = base62[n%62]
		n /= 62
	}
	return string(out)
}

// isSecret says whether the text can be a secret of that kind at all.
func isSecret(token, prefix string) bool {
	body, ok := strings.CutPrefix(token, prefix)
	return ok && len(body) == tokenRandom+tokenCheck && checksum(body[:tokenRandom]) == body[tokenRandom:]
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Token is an access token for people to read; the secret itself is shown once.
type Token struct {
	ID         string
	Name       string
	Prefix     string
	Owner      string // userName of a personal token's owner; "" for a connection's
	Connection string
	Created    time.Time
	Expires    time.Time
	LastUsed   time.Time // zero: never
	State      string    // valid, expired, or why it ended
}

// CreateToken makes a personal access token for a company admin and returns
// the secret, which is not kept. A zero expires means one year.
func (t *Tenant) CreateToken(ctx context.Context, owner, name string, expires time.Time) (secret string, err error) {
	err = t.update(ctx, func(w *write) error {
		u, err := w.living(owner)
		if err != nil {
			return err
		}
		if u.State != Active || u.Role != RoleCompanyAdmin {
			return fmt.Errorf("%s is not a company admin, and only a company admin's token opens SCIM; make him one with: rollcall user set-role", owner)
		}
		secret, err = w.mintNamed(TokenRow{Name: name, Owner: u.ID, Connection: t.s.connectionNamed(DefaultConnection)}, expires)
		return err
	})
	return secret, err
}

// mintNamed checks what people say of a new token. A zero expires means one
// year.
func (w *write) mintNamed(row TokenRow, expires time.Time) (secret string, err error) {
	if row.Name, err = chosen(row.Name, "token"); err != nil {
		return "", err
	}
	if expires.IsZero() {
		expires = time.UnixMicro(w.now).Add(tokenLifetime)
	}
	if !expires.After(time.UnixMicro(w.now)) {
		return "", fmt.Errorf("the token would expire before it begins; choose a day in the future")
	}
	row.Expires = expires.UnixMicro()
	return w.mint(row)
}

func (w *write) mint(row TokenRow) (secret string, err error) {
	secret = mintSecret(tokenPrefix)
	row.ID, row.Hash, row.Prefix, row.Created = newID(), tokenHash(secret), secret[:len(tokenPrefix)+4], w.now
	return secret, w.putToken(&row, "create", map[string]any{"name": row.Name, "owner": row.Owner})
}

func (w *write) putToken(row *TokenRow, kind string, after map[string]any) error {
	w.sealed()
	if err := w.change("Token", row.ID, kind, nil, after); err != nil {
		return err
	}
	row.Seq = w.last
	return w.tx.PutToken(w.ctx, row)
}

// Tokens lists the tokens that are not revoked, the newest first.
func (t *Tenant) Tokens(ctx context.Context) ([]Token, error) {
	if err := t.may(settingUp); err != nil {
		return nil, err
	}
	if err := t.d.FlushTokens(ctx); err != nil {
		return nil, err
	}
	var rows SetupRows
	if err := t.d.Store.View(ctx, t.s.tenant, func(r Reader) (err error) {
		rows, err = r.SetupSince(ctx, -1)
		return err
	}); err != nil {
		return nil, err
	}
	var out []Token
	for _, row := range rows.Tokens {
		owner := ""
		if row.Owner != "" {
			if u, err := t.User(ctx, row.Owner); err == nil {
				owner = u.UserName
			}
		}
		out = append(out, t.readable(row, owner))
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Created.After(out[j].Created) })
	return out, nil
}

func (t *Tenant) readable(row TokenRow, owner string) Token {
	at := func(micro int64) time.Time {
		if micro == 0 {
			return time.Time{}
		}
		return time.UnixMicro(micro)
	}
	state := "valid"
	switch {
	case row.Ended != 0:
		state = row.EndedWhy
	case row.Expires <= t.d.Now().UnixMicro():
		state = "expired"
	}
	return Token{ID: row.ID, Name: row.Name, Prefix: row.Prefix, Owner: owner, Connection: row.Connection,
		Created: at(row.Created), Expires: at(row.Expires), LastUsed: at(row.LastUsed), State: state}
}

// RevokeToken ends a token, by its id, name or first characters, at once and in
// every process.
func (t *Tenant) RevokeToken(ctx context.Context, ref string) error {
	return t.update(ctx, func(w *write) error {
		row, err := w.token(ref)
		if err != nil {
			return err
		}
		return w.endToken(row, "revoked")
	})
}

// RotateToken makes a new token at once and lets the old one live for seven
// more days, so that nothing stops while the IdP is given the new one.
func (t *Tenant) RotateToken(ctx context.Context, ref string) (secret string, err error) {
	err = t.update(ctx, func(w *write) error {
		old, err := w.token(ref)
		if err != nil {
			return err
		}
		life := old.Expires - old.Created
		next := TokenRow{Name: old.Name, Owner: old.Owner, Connection: old.Connection, Expires: w.now + life}
		if secret, err = w.mint(next); err != nil {
			return err
		}
		old.Expires = min(old.Expires, w.now+rotationGrace.Microseconds())
		return w.putToken(old, "rotate", map[string]any{"expires": old.Expires})
	})
	return secret, err
}

func (w *write) endToken(row *TokenRow, why string) error {
	row.Ended, row.EndedWhy = w.now, why
	return w.putToken(row, "end", map[string]any{"why": why})
}

// endTokensOf ends the personal tokens of somebody who is no longer an active
// company admin (behaviour.md 3.2).
func (w *write) endTokensOf(user, kind string) error {
	for _, row := range w.liveTokens() {
		if row.Owner != user {
			continue
		}
		if err := w.endToken(&row, "ended with its owner's access ("+kind+")"); err != nil {
			return err
		}
	}
	return nil
}

func (w *write) liveTokens() []TokenRow {
	s := w.t.s
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []TokenRow
	for _, hash := range slices.Sorted(maps.Keys(s.tokens)) {
		out = append(out, *s.tokens[hash])
	}
	return out
}

func (w *write) token(ref string) (*TokenRow, error) {
	var found []TokenRow
	for _, row := range w.liveTokens() {
		if row.ID == ref {
			return &row, nil
		}
		if row.Expires <= w.now {
			continue // an old one, after a rotation
		}
		if row.Name == ref || row.Prefix == ref || isSecret(ref, tokenPrefix) && row.Hash == tokenHash(ref) {
			found = append(found, row)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("there is no live token %q; see which there are with: rollcall token list", ref)
	case 1:
		return &found[0], nil
	}
	return nil, fmt.Errorf("%d tokens answer to %q; name one by its id, from: rollcall token list", len(found), ref)
}

// connectionNamed returns the connection's id.
func (s *setup) connectionNamed(name string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for id, c := range s.connections {
		if c.Name == name && !c.Gone {
			return id
		}
	}
	return ""
}

func (w *write) putConnection(c *ConnectionRow, kind string) error {
	w.sealed()
	if err := w.change("Connection", c.ID, kind, nil, map[string]any{"name": c.Name}); err != nil {
		return err
	}
	c.Seq = w.last
	return w.tx.PutConnection(w.ctx, c)
}

// touch notes that a token was used; FlushTokens writes it.
func (d *Directory) touch(hash string) {
	now := d.Now().UnixMicro()
	d.usedMu.Lock()
	d.used[hash] = now
	d.usedMu.Unlock()
}

// FlushTokens writes when tokens were last used and sessions last seen. Serve
// calls it every minute: the time is coarse so that a request costs no write.
func (d *Directory) FlushTokens(ctx context.Context) error {
	heard := d.flushHeard(ctx)
	d.usedMu.Lock()
	used, seen := d.used, d.seen
	d.used, d.seen = map[string]int64{}, map[string]int64{}
	d.usedMu.Unlock()
	if len(used) > 0 {
		if err := d.Store.TouchTokens(ctx, used); err != nil {
			return err
		}
	}
	if len(seen) == 0 {
		return heard
	}
	return errors.Join(heard, d.Store.TouchSessions(ctx, seen))
}
