package scimhttp

import (
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// params are the query parameters of RFC 7644 table 3 and RFC 9865. Others are
// ignored (section 3.4.2), empty ones too, but for the cursor of a first page.
type params struct {
	filter, startIndex, count string
	sortBy, sortOrder         string
	cursor                    *string
	projection                scim.Projection
	token                     bool // an access token, where none belongs
}

// check refuses what RFC 7644 section 3.9 calls mutually exclusive.
func (p params) check() error {
	if len(p.projection.Attributes) > 0 && len(p.projection.Excluded) > 0 {
		return scim.BadRequest(scim.InvalidValue, "400.41",
			"Two projections (400.41): a request takes attributes or excludedAttributes, not both. Send one of them.")
	}
	return nil
}

// asks reports whether anything of a query is there.
func (p params) asks() bool {
	return p.filter+p.startIndex+p.count+p.sortBy+p.sortOrder != "" || p.cursor != nil || !p.projection.Empty()
}

// parseQuery reads a query string the way clients write it, which net/url
// would refuse in part: names in any case (entra-lookup-012), raw quotes beside
// %40 (entra-lookup-002), '+' for a blank (entra-test-001), a '&' or '?' too many
// (onelogin-lookup-001, onelogin-put-001). A ';' is a character like any other.
func parseQuery(raw string) params {
	var p params
	raw = strings.Trim(raw, "?")
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		name = unescape(name, true)
		value = strings.TrimSpace(unescape(value, true))
		switch {
		case strings.EqualFold(name, "cursor"):
			p.cursor = &value
		case value == "":
		case strings.EqualFold(name, "filter"):
			p.filter = value
		case strings.EqualFold(name, "startIndex"):
			p.startIndex = value
		case strings.EqualFold(name, "count"):
			p.count = value
		case strings.EqualFold(name, "sortBy"):
			p.sortBy = value
		case strings.EqualFold(name, "sortOrder"):
			p.sortOrder = value
		case name == "access_token":
			p.token = true
		case strings.EqualFold(name, "attributes"):
			p.projection.Attributes = append(p.projection.Attributes, splitNames(value)...)
		case strings.EqualFold(name, "excludedAttributes"):
			p.projection.Excluded = append(p.projection.Excluded, splitNames(value)...)
		}
	}
	return p
}

// unescape decodes %XX once (RFC 7644 section 1.2). What is no escape stays as
// it is: a filter may hold a bare '%'.
func unescape(s string, plusIsBlank bool) string {
	if strings.IndexByte(s, '%') < 0 && (!plusIsBlank || strings.IndexByte(s, '+') < 0) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+' && plusIsBlank:
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

// splitNames splits a list of attributes at its commas, but not at those inside
// a value path's brackets or quotes: attributes=emails[value eq "a,b"].
func splitNames(list string) []string {
	var names []string
	depth, quoted, start := 0, false, 0
	add := func(end int) {
		if name := strings.TrimSpace(list[start:end]); name != "" {
			names = append(names, name)
		}
		start = end + 1
	}
	for i := range len(list) {
		switch c := list[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth <= 0:
			add(i)
		}
	}
	add(len(list))
	return names
}
