package directory

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// AssertionAlgorithms are those by which a client may sign (RFC 7523), as the
// IPSIE profile lists them: never none, and no shared secrets.
var AssertionAlgorithms = []string{string(jose.ES256), string(jose.PS256), string(jose.EdDSA)}

const (
	assertionLife = 5 * time.Minute
	clockLeeway   = 30 * time.Second // what two machines' clocks may differ
	mostKeys      = 10
)

// assertion is a JWT by which a client says who it is (RFC 7523 section 3).
// Nothing in it is true before verify has said so.
type assertion struct {
	token *jwt.JSONWebToken
	assertionClaims
}

type assertionClaims struct {
	Issuer    string           `json:"iss"`
	Subject   string           `json:"sub"`
	Audience  any              `json:"aud"`
	ID        string           `json:"jti"`
	Expires   *jwt.NumericDate `json:"exp"`
	NotBefore *jwt.NumericDate `json:"nbf"`
	IssuedAt  *jwt.NumericDate `json:"iat"`
}

// readAssertion reads who wrote it.
func readAssertion(text string) (*assertion, error) {
	algorithms := make([]jose.SignatureAlgorithm, len(AssertionAlgorithms))
	for i, name := range AssertionAlgorithms {
		algorithms[i] = jose.SignatureAlgorithm(name)
	}
	token, err := jwt.ParseSigned(text, algorithms)
	if err != nil || len(token.Headers) != 1 {
		return nil, fmt.Errorf("it is no signed JWT of an algorithm that is taken here: %s", strings.Join(AssertionAlgorithms, ", "))
	}
	a := &assertion{token: token}
	if err := token.UnsafeClaimsWithoutVerification(&a.assertionClaims); err != nil {
		return nil, errors.New("its claims are not those of RFC 7523")
	}
	return a, nil
}

// verify checks the signature first: only who holds the key hears what else is
// wrong.
func (a *assertion) verify(keys []jose.JSONWebKey, audiences []string, now time.Time) error {
	if !slices.ContainsFunc(keys, a.signedBy) {
		return errors.New("no key of the client made its signature")
	}
	switch {
	case a.Issuer != a.Subject:
		return errors.New("iss and sub must both be the client_id")
	case a.ID == "":
		return errors.New("it has no jti")
	case a.Expires == nil:
		return errors.New("it has no exp")
	case now.Add(-clockLeeway).After(a.Expires.Time()):
		return errors.New("it has expired; make a new one for each request")
	case a.Expires.Time().After(now.Add(assertionLife + clockLeeway)):
		return errors.New("exp is more than 5 minutes ahead; make it shorter")
	case future(a.NotBefore, now) || future(a.IssuedAt, now):
		return errors.New("nbf or iat is in the future; set the clock")
	}
	// One text and nothing beside it: an assertion that is also addressed to
	// somebody else could be handed on by him.
	if audience, _ := a.Audience.(string); !slices.Contains(audiences, audience) {
		return fmt.Errorf("aud must be one text, the issuer identifier %s", audiences[0])
	}
	return nil
}

func future(d *jwt.NumericDate, now time.Time) bool {
	return d != nil && d.Time().After(now.Add(clockLeeway))
}

func (a *assertion) signedBy(key jose.JSONWebKey) bool {
	head := a.token.Headers[0]
	if head.KeyID != "" && key.KeyID != "" && head.KeyID != key.KeyID || head.Algorithm != keyAlgorithm(key) {
		return false
	}
	var proven assertionClaims
	return a.token.Claims(key.Key, &proven) == nil
}

// keyAlgorithm is the one algorithm that the key is for; empty for a key that
// is not taken.
func keyAlgorithm(key jose.JSONWebKey) string {
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits >= 2048 && bits <= 8192 {
			return string(jose.PS256)
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return string(jose.ES256)
		}
	case ed25519.PublicKey:
		return string(jose.EdDSA)
	}
	return ""
}

// readKeys reads the public keys of a client: a JWK Set, or one JWK (RFC 7517).
func readKeys(text []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("the key file is no JSON; it must hold a JWK Set, {\"keys\": [...]}, or one JWK")
	}
	if set.Keys == nil {
		set.Keys = []jsontext.Value{text}
	}
	if len(set.Keys) == 0 || len(set.Keys) > mostKeys {
		return nil, fmt.Errorf("the key file must hold 1 to %d keys", mostKeys)
	}
	var keys []jose.JSONWebKey
	for _, one := range set.Keys {
		key, err := readKey(one)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func readKey(text []byte) (jose.JSONWebKey, error) {
	var key jose.JSONWebKey
	err := key.UnmarshalJSON(text)
	_, secret := key.Key.([]byte)
	switch {
	case err != nil:
		return key, fmt.Errorf("a key of the key file cannot be read as a JWK: %w", err)
	case secret || !key.IsPublic():
		return key, errors.New("the key file holds a private or secret key; that belongs to the client alone. Give the public keys, and replace this one if others may have seen the file")
	case key.Use == "enc":
		return key, errors.New("a key of the key file is for encryption (use: enc); give keys that sign")
	case keyAlgorithm(key) == "" || key.Algorithm != "" && key.Algorithm != keyAlgorithm(key):
		return key, errors.New("a key of the key file is of no kind that is taken: EC P-256 (ES256), RSA of 2048 to 8192 bits (PS256), or Ed25519 (EdDSA)")
	}
	return jose.JSONWebKey{Key: key.Key, KeyID: key.KeyID}, nil
}

// keysText is how keys are kept.
func keysText(keys []jose.JSONWebKey) (string, error) {
	b, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	return string(b), err
}
