package directory

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-scim/rollcall/scim"
)

// Passwords are kept by argon2id (RFC 9106) at the cost that OWASP gives as its
// floor: 19 MiB and two passes, some 30 milliseconds. The cost stands in each
// hash, so it can be raised without ending anybody's password.
const (
	argonMemory = 19 * 1024 // KiB
	argonPasses = 2
	argonSalt   = 16
	argonKey    = 32

	passwordShortest = 10
	passwordLongest  = 200
)

// argonRoom bounds how many are hashed at once, so that a flood of sign-ins
// takes neither all the memory nor all the processors.
var argonRoom = make(chan struct{}, max(2, runtime.NumCPU()))

func argon(ctx context.Context, password string, salt []byte, memory, passes uint32, size int) ([]byte, error) {
	select {
	case argonRoom <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-argonRoom }()
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, passes, memory, 1, uint32(size)), nil
}

var hashText = base64.RawStdEncoding

// hashPassword returns a PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails
	key, err := argon(ctx, password, salt, argonMemory, argonPasses, argonKey)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, argonMemory, argonPasses,
		hashText.EncodeToString(salt), hashText.EncodeToString(key)), err
}

// nobodysPassword is compared with when there is nobody, so that an unknown name
// takes as long as a wrong password.
var nobodysPassword = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, argonMemory, argonPasses,
	hashText.EncodeToString(make([]byte, argonSalt)), hashText.EncodeToString(make([]byte, argonKey)))

func verifyPassword(ctx context.Context, hash, password string) (bool, error) {
	var version int
	var memory, passes uint32
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("a password's hash is damaged")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=1", &version, &memory, &passes); err != nil {
		return false, fmt.Errorf("a password's hash is damaged: %w", err)
	}
	salt, err := hashText.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("a password's hash is damaged: %w", err)
	}
	want, err := hashText.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("a password's hash is damaged: %w", err)
	}
	if len(password) > 4*passwordLongest {
		return false, nil
	}
	key, err := argon(ctx, password, salt, memory, passes, len(want))
	return err == nil && subtle.ConstantTimeCompare(key, want) == 1, err
}

// goodPassword says what is wrong with a new password. Length is what counts;
// what everybody knows of a person adds nothing to it.
func goodPassword(password, tenant, display string, names ...string) error {
	switch n := utf8.RuneCountInString(norm.NFC.String(password)); {
	case !utf8.ValidString(password):
		return errors.New("the password has bytes that are no text; type it again")
	case n < passwordShortest:
		return fmt.Errorf("the password has %d characters and needs %d at least; a few words in a row are easy to remember", n, passwordShortest)
	case n > passwordLongest:
		return fmt.Errorf("the password has %d characters, and %d are the most", n, passwordLongest)
	}
	if word := knownWord(password, append(names, tenant, display)); word != "" {
		return fmt.Errorf("the password contains %q, which everybody knows of you; choose one without your name and your company's", word)
	}
	first, _ := utf8.DecodeRuneInString(password)
	if strings.Trim(password, string(first)) == "" {
		return errors.New("the password is one character again and again; choose another")
	}
	return nil
}

// knownWord returns the word of the names that the password contains. Words of
// one to three letters are in too many others.
func knownWord(password string, names []string) string {
	folded := scim.Fold(password)
	for _, name := range names {
		whole, _, _ := strings.Cut(name, "@")
		for _, word := range append(strings.FieldsFunc(whole, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }), whole) {
			if utf8.RuneCountInString(word) > 3 && strings.Contains(folded, scim.Fold(word)) {
				return word
			}
		}
	}
	return ""
}
