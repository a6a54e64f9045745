package scim

import (
	"testing"

	"pgregory.net/rapid"
)

func TestItem184Fold(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"Anna@Acme.Test", "anna@acme.test"},
		{"STRASSE", "straße"},
		{"ÄÖ", "a\u0308o\u0308"},
		{"ΣΊΣΥΦΟΣ", "σίσυφος"},
		{"ﬁ", "FI"},
		{"ᏸꭰ", "ᏰᎠ"},
		{"", ""},
	} {
		if Fold(c.a) != Fold(c.b) {
			t.Errorf("%q and %q differ: %q, %q", c.a, c.b, Fold(c.a), Fold(c.b))
		}
	}
	if Fold("a") == Fold("ä") || Fold("a b") == Fold("ab") {
		t.Error("different names fold into one")
	}
}

func TestFoldTwiceIsFoldOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if once := Fold(s); Fold(once) != once {
			t.Fatalf("%q: %q, then %q", s, once, Fold(once))
		}
	})
}

func TestLooksLikeEmail(t *testing.T) {
	for _, s := range []string{"anna@acme.test", "a@b", "Anna.Aalto+x@sub.acme.test", "o'brien@acme.test", "jürgen@müller.example"} {
		if !LooksLikeEmail(s) {
			t.Errorf("%q does not", s)
		}
	}
	for _, s := range []string{"", "anna", "@acme.test", "anna@", "a@b@c", "a b@c.d", "a@c d", "a@.d", "a@b..c", "a@b.", "a@-b", "<a@b>", "a@b,c@d", "a\n@b", "a@\xff"} {
		if LooksLikeEmail(s) {
			t.Errorf("%q does", s)
		}
	}
}
