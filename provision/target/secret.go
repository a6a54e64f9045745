package target

import (
	"bytes"
	"encoding/base64"
	"encoding/json/v2"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-scim/rollcall/scim"
)

// struck stands where a secret was.
const struck = "[secret]"

// secrets are the texts that are shown nowhere, in every form in which a server
// could send them back.
type secrets struct {
	fixed []string // known from the set-up

	mu       sync.Mutex
	tokens   []string // got on the way; the last ones
	all      []string // every form of each
	replacer *strings.Replacer
}

// shortest is the length below which a text is taken for a word: to strike it
// out would hide half of every document and no secret.
const shortest = 4

func newSecrets(texts ...string) *secrets {
	s := &secrets{}
	for _, text := range texts {
		s.fixed = append(s.fixed, forms(text)...)
	}
	s.renew()
	return s
}

// forms are the ways in which a text is written on the wire.
func forms(text string) []string {
	if len(text) < shortest {
		return nil
	}
	quoted, _ := json.Marshal(text)
	all := []string{text}
	for _, form := range []string{
		strings.Trim(string(quoted), `"`), strings.ReplaceAll(text, "/", `\/`),
		url.QueryEscape(text), url.PathEscape(text), base64.StdEncoding.EncodeToString([]byte(text)),
	} {
		if form != text {
			all = append(all, form)
		}
	}
	return all
}

// learn adds a token that was given to us; after a few, the oldest has expired.
func (s *secrets) learn(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = append(s.tokens, token)
	if len(s.tokens) > 4 {
		s.tokens = s.tokens[1:]
	}
	s.renew()
}

func (s *secrets) renew() {
	s.all = slices.Clone(s.fixed)
	for _, token := range s.tokens {
		s.all = append(s.all, forms(token)...)
	}
	var pairs []string
	for _, form := range s.all {
		pairs = append(pairs, form, struck)
	}
	s.replacer = strings.NewReplacer(pairs...)
}

// strike is the text without the secrets. Hardly any text has one, and to look
// for each is many times as fast as the replacer.
func (s *secrets) strike(text string) string {
	s.mu.Lock()
	all, replacer := s.all, s.replacer
	s.mu.Unlock()
	if !slices.ContainsFunc(all, func(form string) bool { return strings.Contains(text, form) }) {
		return text
	}
	return replacer.Replace(text)
}

// withoutPasswords is a JSON body with the values of password attributes struck
// out, also where a PATCH names the attribute by its path. A body that speaks of
// a password and cannot be read is not shown at all.
func withoutPasswords(body []byte) []byte {
	if !bytes.Contains(bytes.ToLower(body), []byte("password")) {
		return body
	}
	v, err := scim.Decode(body)
	if err == nil {
		body, err = json.Marshal(hidden(v), json.Deterministic(true))
	}
	if err != nil {
		return []byte("[not shown: it speaks of a password and is no JSON]")
	}
	return body
}

func hidden(v any) any {
	switch v := v.(type) {
	case scim.Object:
		path, _ := v["path"].(string)
		for name, inner := range v {
			if isPassword(name) || name == "value" && isPassword(path) {
				v[name] = struck
			} else {
				v[name] = hidden(inner)
			}
		}
	case []any:
		for i, inner := range v {
			v[i] = hidden(inner)
		}
	}
	return v
}

// isPassword knows the attribute by its name, and by a path with the schema's
// URN before it.
func isPassword(name string) bool {
	name = strings.ToLower(name[strings.LastIndexByte(name, ':')+1:])
	return name == "password" || strings.HasSuffix(name, ".password")
}
