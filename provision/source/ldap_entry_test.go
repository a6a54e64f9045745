package source

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"pgregory.net/rapid"
)

func TestDNRef(t *testing.T) {
	same := [][]string{
		{"uid=anna,ou=People,dc=contoso,dc=test", "UID=Anna, OU=people , DC=Contoso,DC=test", "uid = anna,ou=People,dc=contoso,dc=test#'0101'B"},
		{"cn=Doe\\, Jane,dc=test", "CN=doe\\2C jane,DC=test", "cn=Doe\\,  Jane,dc=test"},
		{"cn=Jürgen,dc=test", "cn=J\\c3\\bcrgen,dc=test", "CN=JÜRGEN,dc=test"},
		{"cn=a+uid=b,dc=test", "uid=B+cn=A,dc=test"},
		{"CN=x,DC=test", "<GUID=6ac55755-2ee4-40f1-ac02-54fc366bf39e>;<SID=S-1-5-21>;CN=x,DC=test", "<GUID=6ac55755-2ee4-40f1-ac02-54fc366bf39e>;CN=x,DC=test"},
		{"no name at all", "No Name At All"},
	}
	met := map[string]int{}
	for i, names := range same {
		for _, name := range names {
			if dnRef(name) != dnRef(names[0]) {
				t.Errorf("%q becomes %q, and %q %q", name, dnRef(name), names[0], dnRef(names[0]))
			}
		}
		if j, ok := met[dnRef(names[0])]; ok {
			t.Errorf("%q and %q are taken for one", names[0], same[j][0])
		}
		met[dnRef(names[0])] = i
	}
}

func TestDNRefIsItsOwnRef(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := ldap.EscapeDN(rapid.StringN(1, 20, -1).Draw(t, "name"))
		once := dnRef("CN=" + name + ",DC=test")
		if twice := dnRef(once); twice != once {
			t.Errorf("%q becomes %q, and that %q", name, once, twice)
		}
	})
}

func TestGUIDs(t *testing.T) {
	// The example of RFC 4122 in Windows' order of bytes.
	stored := []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	if got := guidText(stored); got != "00112233-4455-6677-8899-aabbccddeeff" {
		t.Errorf("the text is %s", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "guid")
		if back, ok := guidBytes(strings.ToUpper(guidText(b))); !ok || !slices.Equal(back, b) {
			t.Errorf("%x became %x", b, back)
		}
	})
	for _, text := range []string{"", "anna", "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeefg"} {
		if _, ok := guidBytes(text); ok {
			t.Errorf("%q is taken for a GUID", text)
		}
	}
}

func TestSIDs(t *testing.T) {
	sid := []byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xf4, 1, 0, 0}
	if got := sidText(sid); got != "S-1-5-21-1-2-3-500" {
		t.Errorf("the text is %s", got)
	}
	if got := sidText(sid[:9]); got != "010500000000000515" {
		t.Errorf("a broken one is %s", got)
	}
}

func TestRangeOf(t *testing.T) {
	for option, want := range map[string]struct {
		name string
		next int
		more bool
	}{
		"member;range=0-1499":    {"member", 1500, true},
		"member;range=1500-2999": {"member", 3000, true},
		"member;range=3000-*":    {"member", 1, false},
		"member":                 {"", 0, false},
	} {
		if name, next, more := rangeOf(option); name != want.name || more != want.more || more && next != want.next {
			t.Errorf("%s is %q, %d, %v", option, name, next, more)
		}
	}
}

func TestEnabled(t *testing.T) {
	for _, test := range []struct {
		attribute, value string
		want             bool
	}{
		{"userAccountControl", "512", true},
		{"userAccountControl", "514", false},
		{"userAccountControl", "66050", false},
		{"UserAccountControl", "544", true},
		{"pwdAccountLockedTime", "000001010000Z", false},
		{"pwdAccountLockedTime", "20200101000000Z", true},
		{"nsAccountLock", "TRUE", false},
		{"nsAccountLock", "false", true},
		{"cn", "anna", true},
	} {
		e := ldap.NewEntry("cn=x", map[string][]string{test.attribute: {test.value}})
		if enabled(e) != test.want {
			t.Errorf("%s %s: enabled is %v", test.attribute, test.value, !test.want)
		}
	}
}

func TestOutermost(t *testing.T) {
	got := outermost([]string{"ou=a,dc=x", "dc=y", "OU=b,ou=a,dc=x", "DC=Y", "ou=ab,dc=x", "ou=a , dc=x"})
	if want := []string{"ou=a,dc=x", "dc=y", "ou=ab,dc=x"}; !slices.Equal(got, want) {
		t.Errorf("outermost are %q instead of %q", got, want)
	}
}
