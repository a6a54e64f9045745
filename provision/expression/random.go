package expression

import (
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"strings"
)

func (r *run) random() io.Reader {
	if r.Random == nil {
		return rand.Reader
	}
	return r.Random
}

// newGUID is a UUID of version 4 (RFC 9562 section 5.4).
func newGUID(r *run, _ *call, _ []Value) (Value, error) {
	var b [16]byte
	if _, err := io.ReadFull(r.random(), b[:]); err != nil {
		return Null, fmt.Errorf("no randomness: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return Text(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])), nil
}

// classes are the characters of Windows' rules for passwords, in the order of
// RandomString's minimums.
var classes = [4]string{
	"0123456789",
	"~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"abcdefghijklmnopqrstuvwxyz",
}

const maxRandom = 256

// recipe is what RandomString was asked for.
type recipe struct {
	length  int64
	minimum [4]int64
	allowed [4]string
}

// newRecipe reads the minimums and the characters to avoid.
func newRecipe(length int64, minimum [4]int64, avoid string) (recipe, error) {
	rec := recipe{length: length, minimum: minimum}
	if length < 1 || length > maxRandom {
		return rec, fmt.Errorf("the length must be from 1 to %d, not %d", maxRandom, length)
	}
	sum := int64(0)
	for i, class := range classes {
		rec.allowed[i] = strings.Map(func(r rune) rune {
			if strings.ContainsRune(avoid, r) {
				return -1
			}
			return r
		}, class)
		switch {
		case minimum[i] < 0 || minimum[i] > maxRandom:
			return rec, fmt.Errorf("a minimum must be from 0 to %d, not %d", maxRandom, minimum[i])
		case minimum[i] > 0 && rec.allowed[i] == "":
			return rec, fmt.Errorf("a minimum of %d asks for characters that are all to be avoided", minimum[i])
		}
		sum += minimum[i]
	}
	if sum > length {
		return rec, fmt.Errorf("the minimums add up to %d, and the length is %d", sum, length)
	}
	if rec.filling() == "" {
		return rec, fmt.Errorf("all characters are to be avoided")
	}
	return rec, nil
}

// filling are the characters for what the minimums leave: of the classes that
// were asked for, since who wants no special characters says 0 of them. Of
// letters and digits when all minimums are 0.
func (rec recipe) filling() string {
	var b strings.Builder
	for i, allowed := range rec.allowed {
		if rec.minimum[i] > 0 || rec.minimum == [4]int64{} && i != 1 {
			b.WriteString(allowed)
		}
	}
	return b.String()
}

func (rec recipe) draw(random io.Reader) (string, error) {
	drawn := make([]byte, 0, rec.length)
	more := func(n int64, from string) error {
		for range n {
			i, err := below(random, len(from))
			if err != nil {
				return err
			}
			drawn = append(drawn, from[i])
		}
		return nil
	}
	for i, n := range rec.minimum {
		if err := more(n, rec.allowed[i]); err != nil {
			return "", err
		}
	}
	if err := more(rec.length-int64(len(drawn)), rec.filling()); err != nil {
		return "", err
	}
	return string(drawn), shuffle(random, drawn)
}

func shuffle(random io.Reader, b []byte) error {
	for i := len(b) - 1; i > 0; i-- {
		j, err := below(random, i+1)
		if err != nil {
			return err
		}
		b[i], b[j] = b[j], b[i]
	}
	return nil
}

// below is a number from 0 to n-1, all equally likely.
func below(random io.Reader, n int) (int, error) {
	i, err := rand.Int(random, big.NewInt(int64(n)))
	if err != nil {
		return 0, fmt.Errorf("no randomness: %w", err)
	}
	return int(i.Int64()), nil
}

func randomString(r *run, c *call, a []Value) (Value, error) {
	var n [5]int64
	for i := range n {
		var err error
		if n[i], err = compiled[int64](c, i, a[i]); err != nil {
			return Null, err
		}
	}
	rec, err := newRecipe(n[0], [4]int64(n[1:]), a[5].String())
	if err != nil {
		return Null, err
	}
	s, err := rec.draw(r.random())
	if err != nil {
		return Null, err
	}
	return Text(s), nil
}

// checkRandomString finds what cannot be had, if all arguments are constant.
func checkRandomString(c *call) *SyntaxError {
	var n [5]int64
	for i := range n {
		var ok bool
		if n[i], ok = c.ready[i].(int64); !ok {
			return nil
		}
	}
	avoid, _ := c.args[5].(constant)
	if _, err := newRecipe(n[0], [4]int64(n[1:]), Value(avoid).String()); err != nil {
		return syntaxErrorf(c.pos, "%s: %v", c.fn.Name, err)
	}
	return nil
}
