package scim

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold is the key by which names compare without regard to case: NFC, full
// Unicode case folding, NFC. It stands in for PRECIS (RFC 7644 section 5),
// which refuses names that identity providers really send.
func Fold(s string) string {
	switch ascii, lower := scan(s); {
	case lower:
		return s
	case ascii:
		return strings.ToLower(s)
	}
	s = norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
	return strings.Map(cherokee, s)
}

// cherokee folds the one script whose small letters fold into capitals, which
// cases.Fold exchanges instead.
func cherokee(r rune) rune {
	switch {
	case '\uab70' <= r && r <= '\uabbf':
		return r - '\uab70' + '\u13a0'
	case '\u13f8' <= r && r <= '\u13fd':
		return r - 8
	}
	return r
}

// scan reports whether s is all ASCII, and whether it has no capital besides.
func scan(s string) (ascii, lower bool) {
	lower = true
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return false, false
		}
		if 'A' <= c && c <= 'Z' {
			lower = false
		}
	}
	return true, lower
}

// LooksLikeEmail reports whether s has the form of an e-mail address: a local
// part, one @ and a domain, without blanks. Whether mail arrives there is
// another matter.
func LooksLikeEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && len(s) <= 254 && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, notInEmail) && !strings.Contains(domain, "@") && isDomain(domain)
}

func notInEmail(r rune) bool {
	return r <= ' ' || r == 0x7f || r == ',' || r == ';' || r == '<' || r == '>' || r == '\u00a0'
}

func isDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return true
}
