package scimhttp

import (
	"bytes"
	"encoding/json/jsontext"
	"fmt"
	"regexp"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// keptBody is how much of a body is kept for people to read; what is longer is
// a photo, or an IdP group with all its members.
const keptBody = 64 << 10

// strikeDepth ends nesting that no resource has, and that would cost its square.
const strikeDepth = 16

var jsonAsItCame = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// suspicious finds what may have to be struck out of a body. Most bodies have
// nothing of it and are kept byte for byte.
var suspicious = regexp.MustCompile(`(?i)password|secret|token|rc[as]?_|\\u`)

// ownSecret is one of our tokens or client secrets, wherever it stands.
var ownSecret = regexp.MustCompile(`\brc[as]?_[0-9A-Za-z]{20,}`)

// strikeBody is a body for people to read: passwords and other secrets are
// struck out, of an IdP group also the names of members, which are no part of
// it, and of a search the values of its filter. What is no JSON is kept only if
// nothing in it looks like a secret.
func (x *exchange) strikeBody(data []byte) string {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0:
		return ""
	case len(data) > keptBody:
		return fmt.Sprintf("(%d bytes: more than is kept)", len(data))
	case !jsontext.Value(data).IsValid(jsonAsItCame...):
		if suspicious.Match(data) {
			return fmt.Sprintf("(%d bytes that are no JSON, and may hold a secret)", len(data))
		}
		return strings.ToValidUTF8(string(data), "\uFFFD")
	case x.typ == scim.UserType && x.ID != search && !suspicious.Match(data):
		return strings.ToValidUTF8(string(data), "\uFFFD")
	}
	s := striker{members: x.typ == scim.GroupType, names: x.server.names}
	return strings.ToValidUTF8(string(s.value(nil, data, strikeDepth)), "\uFFFD")
}

// striker strikes secrets out of one body.
type striker struct {
	members bool // of an IdP group
	names   map[string]bool
}

func (s striker) value(dst []byte, v jsontext.Value, depth int) []byte {
	if depth == 0 {
		return quote(dst, struck)
	}
	switch v.Kind() {
	case '{':
		return s.object(dst, v, depth)
	case '[':
		dst = append(dst, '[')
		s.each(v, func(i int, d *jsontext.Decoder) {
			if i > 0 {
				dst = append(dst, ',')
			}
			one, _ := d.ReadValue()
			dst = s.value(dst, one, depth-1)
		})
		return append(dst, ']')
	case '"':
		return append(dst, ownSecret.ReplaceAll(v, []byte(struck))...)
	}
	return append(dst, v...)
}

// object knows an operation of a PATCH by its path, which may follow the value.
func (s striker) object(dst []byte, v jsontext.Value, depth int) []byte {
	secret := false
	s.each(v, func(_ int, d *jsontext.Decoder) {
		name, _ := d.ReadToken()
		key := name.String()
		one, _ := d.ReadValue()
		secret = secret || strings.EqualFold(key, "path") && s.secret(unquoted(one))
	})
	dst = append(dst, '{')
	s.each(v, func(i int, d *jsontext.Decoder) {
		if i > 0 {
			dst = append(dst, ',')
		}
		name, _ := d.ReadToken()
		key := name.String()
		one, _ := d.ReadValue()
		dst = append(quote(dst, key), ':')
		switch {
		case s.secret(key), secret && strings.EqualFold(key, "value"), s.members && strings.EqualFold(key, "display"):
			dst = quote(dst, struck)
		case strings.EqualFold(key, "filter") && one.Kind() == '"':
			dst = quote(dst, strike(unquoted(one), s.names))
		default:
			dst = s.value(dst, one, depth-1)
		}
	})
	return append(dst, '}')
}

// each calls fn before every element or member of v, which is valid.
func (s striker) each(v jsontext.Value, fn func(i int, d *jsontext.Decoder)) {
	d := jsontext.NewDecoder(bytes.NewReader(v), jsonAsItCame...)
	if _, err := d.ReadToken(); err != nil {
		return
	}
	for i := 0; d.PeekKind() > 0 && d.PeekKind() != '}' && d.PeekKind() != ']'; i++ {
		fn(i, d)
	}
}

func (striker) secret(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "password") || strings.Contains(name, "secret") || strings.HasSuffix(name, "token")
}

func unquoted(v jsontext.Value) string {
	b, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return ""
	}
	return string(b)
}
