package directory

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json/v2"
	"errors"
	"fmt"
)

// KeySize is the length of the key that seals secrets, in bytes.
const KeySize = 32

// Secrets of applications are sealed with AES-256-GCM under a key that is not
// in the database, so that a copy or backup of it shows none of them. Each is
// bound to its tenant, application and name: a row that is copied to another
// place opens nothing there.

var errNoKey = errors.New("no key is set for the secrets of applications; give the file that holds it with --key-file")

// key returns the cipher. make says that a key may be made where there is none.
func (t *Tenant) key(make bool) (cipher.AEAD, error) {
	if t.d.Key == nil {
		return nil, errNoKey
	}
	key, err := t.d.Key(make)
	if err != nil {
		return nil, err
	}
	if len(key) != KeySize {
		return nil, fmt.Errorf("the key for the secrets of applications has %d bytes, and must have %d; make one with: head -c 32 /dev/urandom | base64", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (t *Tenant) bound(application, name string) []byte {
	return fmt.Appendf(nil, "%d\n%s\n%s", t.s.tenant, application, name)
}

func (t *Tenant) sealSecret(application, name, value string) (string, error) {
	aead, err := t.key(true)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(value), t.bound(application, name))), nil
}

func (t *Tenant) unsealSecret(application, name, sealed string) (string, error) {
	aead, err := t.key(false)
	if err != nil {
		return "", err
	}
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(b) < aead.NonceSize() {
		return "", fmt.Errorf("the secret %s is damaged in the database; give it again with: rollcall app apply", name)
	}
	value, err := aead.Open(nil, b[:aead.NonceSize()], b[aead.NonceSize():], t.bound(application, name))
	if err != nil {
		return "", fmt.Errorf("the secret %s does not open with this key: it was sealed with another one. Give the right file with --key-file, or the secret again with: rollcall app apply", name)
	}
	return string(value), nil
}

func (t *Tenant) openSecrets(row *ApplicationRow) (map[string]string, error) {
	out := map[string]string{}
	for name, sealed := range sealedSecrets(row.Secrets) {
		value, err := t.unsealSecret(row.ID, name, sealed)
		if err != nil {
			return nil, fmt.Errorf("application %q: %w", row.Name, err)
		}
		out[name] = value
	}
	return out, nil
}

// sealedSecrets reads the column: sealed values by name.
func sealedSecrets(text string) map[string]string {
	out := map[string]string{}
	if text != "" {
		_ = json.Unmarshal([]byte(text), &out) // our own text
	}
	return out
}

func secretsText(sealed map[string]string) string {
	if len(sealed) == 0 {
		return ""
	}
	b, _ := json.Marshal(sealed, json.Deterministic(true)) // texts only
	return string(b)
}
