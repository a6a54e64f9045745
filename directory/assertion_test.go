package directory

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json/v2"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const issuer = "https://acme.rollcall.example"

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func signed(t testing.TB, algorithm jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func jwks(keys ...jose.JSONWebKey) []byte {
	return must(json.Marshal(jose.JSONWebKeySet{Keys: keys}))
}

func goodClaims(changes map[string]any) map[string]any {
	claims := map[string]any{"iss": "c1", "sub": "c1", "aud": issuer, "jti": "j1", "exp": noon.Add(time.Minute).Unix(), "iat": noon.Unix()}
	maps.Copy(claims, changes)
	for name, v := range claims {
		if v == nil {
			delete(claims, name)
		}
	}
	return claims
}

func TestAssertionClaims(t *testing.T) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	keys := must(readKeys(jwks(jose.JSONWebKey{Key: key.Public(), KeyID: "k1"})))
	for name, c := range map[string]struct {
		changes map[string]any
		refused string // part of what is said; "" when it passes
	}{
		"as it should be":           {nil, ""},
		"token endpoint for aud":    {map[string]any{"aud": issuer + "/api/oauth/token"}, ""},
		"exp a moment ago":          {map[string]any{"exp": noon.Add(-20 * time.Second).Unix()}, ""},
		"exp with a fraction":       {map[string]any{"exp": float64(noon.Unix()) + 60.5}, ""},
		"without iat":               {map[string]any{"iat": nil}, ""},
		"iss of another":            {map[string]any{"iss": "c2"}, "iss and sub"},
		"no iss":                    {map[string]any{"iss": nil}, "iss and sub"},
		"aud of another":            {map[string]any{"aud": "https://evil.example"}, "aud must"},
		"aud a list":                {map[string]any{"aud": []string{issuer, "https://evil.example"}}, "aud must"},
		"no aud":                    {map[string]any{"aud": nil}, "aud must"},
		"aud empty":                 {map[string]any{"aud": ""}, "aud must"},
		"no jti":                    {map[string]any{"jti": nil}, "no jti"},
		"no exp":                    {map[string]any{"exp": nil}, "no exp"},
		"expired":                   {map[string]any{"exp": noon.Add(-time.Minute).Unix()}, "has expired"},
		"an hour long":              {map[string]any{"exp": noon.Add(time.Hour).Unix()}, "5 minutes"},
		"not yet":                   {map[string]any{"nbf": noon.Add(2 * time.Minute).Unix()}, "future"},
		"made in the future":        {map[string]any{"iat": noon.Add(2 * time.Minute).Unix()}, "future"},
		"claims beside are ignored": {map[string]any{"scope": "x", "tenant": "beta"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := readAssertion(signed(t, jose.ES256, key, "k1", goodClaims(c.changes)))
			if err == nil {
				err = a.verify(keys, []string{issuer, issuer + "/api/oauth/token"}, noon)
			}
			if c.refused == "" && err != nil || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("got %v, want %q", err, c.refused)
			}
		})
	}
}

// Who signs, and with what.
func TestAssertionSignature(t *testing.T) {
	ec, other := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public := func(k crypto.Signer, kid string) jose.JSONWebKey { return jose.JSONWebKey{Key: k.Public(), KeyID: kid} }
	all := must(readKeys(jwks(public(ec, "ec"), public(rsaKey, "rsa"), public(ed, "ed"))))
	nameless := must(readKeys(jwks(public(ec, ""), public(rsaKey, ""))))
	none := "eyJhbGciOiJub25lIn0.eyJpc3MiOiJjMSJ9."
	for name, c := range map[string]struct {
		text string
		keys []jose.JSONWebKey
		ok   bool
	}{
		"ES256":                     {signed(t, jose.ES256, ec, "ec", goodClaims(nil)), all, true},
		"PS256":                     {signed(t, jose.PS256, rsaKey, "rsa", goodClaims(nil)), all, true},
		"EdDSA":                     {signed(t, jose.EdDSA, ed, "ed", goodClaims(nil)), all, true},
		"no kid":                    {signed(t, jose.PS256, rsaKey, "", goodClaims(nil)), all, true},
		"keys without kid":          {signed(t, jose.PS256, rsaKey, "x", goodClaims(nil)), nameless, true},
		"the kid of another key":    {signed(t, jose.ES256, ec, "rsa", goodClaims(nil)), all, false},
		"the key of another client": {signed(t, jose.ES256, other, "ec", goodClaims(nil)), all, false},
		"no keys":                   {signed(t, jose.ES256, ec, "ec", goodClaims(nil)), nil, false},
		"RS256":                     {signed(t, jose.RS256, rsaKey, "rsa", goodClaims(nil)), all, false},
		"HS256 with the public key": {signed(t, jose.HS256, ec.X.FillBytes(make([]byte, 32)), "ec", goodClaims(nil)), all, false},
		"none":                      {none, all, false},
		"no JWT":                    {"x.y.z", all, false},
		"nothing":                   {"", all, false},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := readAssertion(c.text)
			if err == nil {
				err = a.verify(c.keys, []string{issuer}, noon)
			}
			if (err == nil) != c.ok {
				t.Errorf("got %v, want accepted: %t", err, c.ok)
			}
		})
	}
}

func TestKeyFiles(t *testing.T) {
	ec, p384 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	short := must(rsa.GenerateKey(rand.Reader, 1024))
	one := must(jose.JSONWebKey{Key: ec.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}.MarshalJSON())
	many := slices.Repeat([]jose.JSONWebKey{{Key: ec.Public()}}, mostKeys+1)
	for name, c := range map[string]struct {
		text    []byte
		refused string
	}{
		"a set":             {jwks(jose.JSONWebKey{Key: ec.Public()}), ""},
		"one key":           {one, ""},
		"a private key":     {jwks(jose.JSONWebKey{Key: ec}), "private"},
		"a shared secret":   {jwks(jose.JSONWebKey{Key: []byte("0123456789abcdef0123456789abcdef")}), "private or secret"},
		"P-384":             {jwks(jose.JSONWebKey{Key: p384.Public()}), "of no kind"},
		"RSA of 1024 bits":  {jwks(jose.JSONWebKey{Key: short.Public()}), "of no kind"},
		"another algorithm": {jwks(jose.JSONWebKey{Key: ec.Public(), Algorithm: "ES512"}), "of no kind"},
		"for encryption":    {jwks(jose.JSONWebKey{Key: ec.Public(), Use: "enc"}), "encryption"},
		"too many":          {jwks(many...), "1 to 10"},
		"an empty set":      {[]byte(`{"keys":[]}`), "1 to 10"},
		"no key":            {[]byte(`{}`), "cannot be read"},
		"no JSON":           {[]byte("-----BEGIN PUBLIC KEY-----"), "no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := readKeys(c.text)
			if c.refused == "" && (err != nil || len(keys) != 1) || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("got %d keys and %v, want %q", len(keys), err, c.refused)
			}
		})
	}
}

// Whatever comes: no panic, and never an algorithm that is not on the list.
func FuzzAssertion(f *testing.F) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	keys := must(readKeys(jwks(jose.JSONWebKey{Key: key.Public()})))
	good := signed(f, jose.ES256, key, "", goodClaims(nil))
	f.Add(good)
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := readAssertion(text)
		if err != nil {
			return
		}
		if !slices.Contains(AssertionAlgorithms, a.token.Headers[0].Algorithm) {
			t.Fatalf("algorithm %q was read", a.token.Headers[0].Algorithm)
		}
		if a.verify(keys, []string{issuer}, noon) == nil && a.Subject != "c1" {
			t.Fatalf("%q passed", text)
		}
	})
}
