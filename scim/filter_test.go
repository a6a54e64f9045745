package scim

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// barbara is a user as she is answered.
var barbara = mustObject(`{
	"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","urn:ietf:params:scim:schemas:extension:rollcall:2.0:User"],
	"id":"2819c223-7f76-453a-919d-413861904646","externalId":"Ext-1","userName":"bjensen@example.com","active":true,
	"displayName":"Babs Jensen","title":"Tour Guide","userType":"Employee","profileUrl":"https://login.example.com/Babs",
	"name":{"formatted":"Ms. Barbara J Jensen III","familyName":"Jensen","givenName":"Barbara"},
	"emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}],
	"addresses":[{"type":"work","country":"USA","locality":"Hollywood"},{"type":"home","country":"Finland","locality":"Turku"}],
	"groups":[{"value":"e9e30dba","display":"Tour Guides","type":"direct"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"701984","department":"Tour Operations","manager":{"value":"26118915-6090","displayName":"John Smith"}},
	"urn:ietf:params:scim:schemas:extension:rollcall:2.0:User":{"group":{"value":"g1","display":"Finland"},"teams":[{"value":"t1","display":"Tour Operations","origins":["department","manual"]}]},
	"meta":{"resourceType":"User","created":"2011-08-01T18:29:49.793Z","lastModified":"2011-08-01T18:29:49.793Z","location":"https://x/Users/2819c223","version":"W/\"7\""}
}`)

func mustObject(s string) Object {
	v, err := Decode([]byte(s))
	if err != nil {
		panic(err)
	}
	return v.(Object)
}

const (
	ent = EnterpriseSchema
	our = RollcallSchema
)

func TestFilter(t *testing.T) {
	for _, c := range []struct {
		filter string
		want   bool
	}{
		// RFC 7644 section 3.4.2.2, its examples on Barbara.
		{`userName Eq "bjensen@example.com"`, true},
		{`userName eq "BJENSEN@EXAMPLE.COM"`, true},
		{`name.familyName co "o'malley"`, false},
		{`name.familyName co "ENS"`, true},
		{`userName sw "b"`, true},
		{`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`, false},
		{`title pr`, true},
		{`nickName pr`, false},
		{`meta.lastModified gt "2011-05-13T04:42:34Z"`, true},
		{`meta.lastModified ge "2011-08-01T18:29:49.793Z"`, true},
		{`meta.lastModified lt "2011-08-01T18:29:49.793Z"`, false},
		{`meta.lastModified le "2011-08-01T20:29:49.793+02:00"`, true},
		{`title pr and userType eq "Employee"`, true},
		{`title pr or userType eq "Intern"`, true},
		{`schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`, true},
		{`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`, true},
		{`userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")`, false},
		{`userType eq "Employee" and (emails.type eq "work")`, true},
		{`userType eq "Employee" and emails[type eq "work" and value co "@example.com"]`, true},
		{`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`, true},
		// Item 107: both on the same element.
		{`emails[type eq "home" and value co "@example.com"]`, false},
		{`emails.type eq "home" and emails.value co "@example.com"`, true},
		// Item 108: or inside brackets.
		{`emails[type eq "work" or (type eq "home" and value ew "@x")]`, true},
		// Item 105: not before and before or.
		{`nickName pr and title pr or title pr`, true},
		{`title pr or title pr and nickName pr`, true},
		{`not (title pr) or title pr`, true},
		{`not(nickName pr)`, true},
		{`NOT (title pr)`, false},
		// Items 103, 104: case rules and order.
		{`externalId eq "Ext-1"`, true},
		{`externalId eq "ext-1"`, false},
		{`id eq "2819C223-7F76-453A-919D-413861904646"`, false},
		{`profileUrl eq "https://login.example.com/babs"`, false},
		{`displayName gt "Babs"`, true},
		{`displayName ge "babs jensen"`, true},
		{`displayName lt "Aabs"`, false},
		{`displayName ew "JENSEN"`, true},
		// Item 112: ne.
		{`emails.value ne "babs@jensen.org"`, true},
		{`not (emails.value eq "babs@jensen.org")`, false},
		{`nickName ne "x"`, true},
		{`phoneNumbers.value ne "x"`, false},
		// Item 113: null.
		{`nickName eq null`, true},
		{`title eq null`, false},
		{`title ne null`, true},
		{`phoneNumbers eq null`, true},
		{`emails.value eq null`, false},
		{`title eq "null"`, false},
		{`nickName eq ""`, false},
		// Booleans.
		{`active eq true`, true},
		{`active eq "True"`, true},
		{`active ne false`, true},
		{`active eq FALSE`, false},
		{`emails[primary eq "True"].value eq "bjensen@example.com"`, true},
		{`emails[primary eq false and type eq "home"]`, true},
		// Rule 3 of the wire catalogue.
		{`externalId eq Ext-1`, true},
		{`displayName Eq PRIMARY/system`, false},
		{`(UserName eq bjensen@example.com)`, true},
		{`userName   eq  "bjensen@example.com" `, true},
		{"userName\teq\n\"bjensen@example.com\"", true},
		{`emails[type eq "work"].value eq "bjensen@example.com"`, true},
		{`emails[type eq "home"].value eq "bjensen@example.com"`, false},
		{`emails[type eq "home"] eq "babs@jensen.org"`, true},
		{`emails[type eq "home"].value pr`, true},
		{`emails eq "babs@jensen.org"`, true},
		{`emails.VALUE eq "Babs@Jensen.org"`, true},
		{`manager eq "26118915-6090"`, true},
		{`id eq "2819c223-7f76-453a-919d-413861904646" and manager eq "26118915-6090"`, true},
		{`(ActiVe eq true) and meta.lastmodified ge "2009-09-23T19:35:41.8420572Z"`, true},
		{`meta.Created gt 2010-10-10T14:38:21.8617979-07:00`, true},
		{`active eq true and (meta.lastModified ge "0001-01-03T00:00:00.0000000Z" and meta.lastModified le "2026-10-01T00:00:00.0000000Z")`, true},
		{`meta.lastModified ge "2011-08-01T20:29:49.793 02:00"`, true},
		{`meta.lastModified sw "2011-08"`, true},
		{`userName eq "x" or userName eq "bjensen@example.com"and title pr`, true},
		// Extensions, in every notation.
		{ent + `:department eq "tour operations"`, true},
		{ent + `.department eq "tour operations"`, true},
		{`department eq "Tour Operations"`, true},
		{`DEPARTMENT eq "Tour Operations"`, true},
		{`URN:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User:manager.value eq "26118915-6090"`, true},
		{`urn:scim:schemas:extension:enterprise:1.0:department pr`, true},
		{our + `:group.display eq "Finland"`, true},
		{our + `:group.display eq "finland"`, false},
		{our + `:teams.display eq "tour operations"`, true},
		{our + `:teams.origins eq "manual"`, true},
		{our + `:teams[display eq "Tour Operations" and origins eq "department"]`, true},
		{`groups.value eq "e9e30dba"`, true},
		{`groups eq "e9e30dba"`, true},
		{`meta.resourceType eq "User"`, true},
		{`meta.version eq "W/\"7\""`, true},
		// The work address stands for bare country.
		{`country eq "usa"`, true},
		{`country eq "Finland"`, false},
		{`locality sw "Holly"`, true},
	} {
		f, err := ParseFilter(UserType, c.filter)
		if err != nil {
			t.Errorf("%s: %v", c.filter, err)
			continue
		}
		if f.Match(barbara) != c.want {
			t.Errorf("%s: %v", c.filter, !c.want)
		}
		again, err := ParseFilter(UserType, f.String())
		if err != nil || again.String() != f.String() || again.Match(barbara) != c.want {
			t.Errorf("%s as %s: %v", c.filter, f, err)
		}
	}
}

func TestFilterRefused(t *testing.T) {
	for _, c := range []struct{ filter, code string }{
		{``, "400.20"},
		{`   `, "400.20"},
		{`userName`, "400.20"},
		{`userName eq`, "400.20"},
		{`userName eq "x`, "400.20"},
		{`userName eq "\x"`, "400.20"},
		{`userName eq "a\u0000b"`, "400.20"},
		{`userName equals "x"`, "400.20"},
		{`userName eq "x" and`, "400.20"},
		{`userName eq "x" userName eq "y"`, "400.20"},
		{`(userName eq "x"`, "400.20"},
		{`userName eq "x")`, "400.20"},
		{`emails[type eq "work"`, "400.20"},
		{`emails[emails[type eq "x"]]`, "400.22"},
		{`emails[type[value eq "x"]]`, "400.20"},
		{`userName[value eq "x"]`, "400.20"},
		{`not userName eq "x"`, "400.22"},
		{`shoeSize eq "42"`, "400.22"},
		{`name.shoe eq "42"`, "400.22"},
		{`emails[shoe eq "42"]`, "400.22"},
		{`emails[type eq "work"].shoe eq "42"`, "400.22"},
		{`emails[type eq "work"] . value eq "42"`, "400.22"},
		{`urn:example:2.0:User:x eq "1"`, "400.22"},
		{UserSchema + ` eq "1"`, "400.22"},
		{`password eq "x"`, "400.22"},
		{UserSchema + `:password pr`, "400.22"},
		{`active gt true`, "400.22"},
		{`active co "t"`, "400.22"},
		{`active eq maybe`, "400.22"},
		{`name eq "x"`, "400.22"},
		{`addresses co "x"`, "400.22"},
		{`meta.created gt "yesterday"`, "400.22"},
		{`x509Certificates gt "x"`, "400.22"},
		{`userName eq "` + strings.Repeat("x", 8200) + `"`, "400.21"},
		{strings.Repeat(`title pr or `, 200) + `title pr`, "400.21"},
		{strings.Repeat(`(`, 65) + `title pr` + strings.Repeat(`)`, 65), "400.21"},
		{strings.Repeat(`not (`, 1500), "400.21"},
	} {
		_, err := ParseFilter(UserType, c.filter)
		e, ok := err.(*Error)
		if !ok || e.Code != c.code || e.Type != InvalidFilter || !strings.Contains(e.Detail, "("+c.code+")") {
			t.Errorf("%.60s: %v, want %s", c.filter, err, c.code)
		}
	}
	for _, s := range []string{
		strings.Repeat(`title pr or `, 199) + `title pr`,
		strings.Repeat(`(`, 64) + `title pr` + strings.Repeat(`)`, 64),
	} {
		if _, err := ParseFilter(UserType, s); err != nil {
			t.Errorf("%.40s...: %v", s, err)
		}
	}
}

func TestFilterOnGroups(t *testing.T) {
	group := mustObject(`{"displayName":"Tour Guides","members":[{"value":"u1"},{"value":"u2"}]}`)
	for s, want := range map[string]bool{
		`members.value eq "u2"`: true, `members eq "u1"`: true, `members[value eq "u3"]`: false,
		`displayName eq "tour guides"`: true, GroupSchema + `:members eq "u1"`: true,
	} {
		f, err := ParseFilter(GroupType, s)
		if err != nil || f.Match(group) != want {
			t.Errorf("%s: %v", s, err)
		}
	}
	if _, err := ParseFilter(GroupType, `userName eq "x"`); err == nil {
		t.Error("a group has no userName")
	}
}

func TestEqualities(t *testing.T) {
	for _, c := range []struct {
		filter string
		want   []Equality
		only   bool
	}{
		{`userName eq "Anna"`, []Equality{{"userName", "Anna"}}, true},
		{`USERNAME EQ Anna`, []Equality{{"userName", "Anna"}}, true},
		{`externalId eq 701984`, []Equality{{"externalId", "701984"}}, true},
		{`id eq "1" and manager eq "2"`, []Equality{{"id", "1"}, {ent + ":manager.value", "2"}}, true},
		{`(id eq "1") and (manager eq "2" and title eq "x")`, []Equality{{"id", "1"}, {ent + ":manager.value", "2"}, {"title", "x"}}, true},
		{`emails eq "x"`, []Equality{{"emails.value", "x"}}, true},
		{`emails[value eq "x"]`, []Equality{{"emails.value", "x"}}, true},
		{`emails[type eq "work" and value eq "x"]`, []Equality{{"emails.value", "x"}}, true},
		{`emails[type eq "work"].value eq "x"`, []Equality{{"emails.value", "x"}}, true},
		{`emails[type eq "work"] eq "x"`, []Equality{{"emails.value", "x"}}, true},
		{`emails[type eq "work" or value eq "x"]`, nil, false},
		{`emails[value eq "x" and type ne "home"]`, []Equality{{"emails.value", "x"}}, false},
		{`displayName eq "x" and title co "y"`, []Equality{{"displayName", "x"}}, false},
		{`userName eq "x" and active eq true`, []Equality{{"userName", "x"}}, true},
		{`userName eq "x" or id eq "y"`, nil, false},
		{`not (userName eq "x")`, nil, false},
		{`title eq null`, nil, false},
		{`userName sw "x"`, nil, false},
		{`country eq "FI"`, []Equality{{"addresses.country", "FI"}}, false},
	} {
		f, err := ParseFilter(UserType, c.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Equalities(); !reflect.DeepEqual(got, c.want) || f.OnlyEqualities() != c.only {
			t.Errorf("%s: %v, %v", c.filter, got, f.OnlyEqualities())
		}
	}
}

// TestEqualitiesHold: whatever matches satisfies each of the filter's equalities.
func TestEqualitiesHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawUser(t)
		f, err := ParseFilter(UserType, drawFilter(t, 3))
		if err != nil {
			t.Fatal(err)
		}
		if !f.Match(o) {
			return
		}
		for _, eq := range f.Equalities() {
			one, err := ParseFilter(UserType, eq.Path+" eq "+string(appendString(nil, eq.Value)))
			if err != nil || !one.Match(o) {
				t.Fatalf("%s matches, %v does not: %v", f, eq, err)
			}
		}
	})
}

func drawFilter(t *rapid.T, depth int) string {
	terms := []string{
		`userName eq "a"`, `displayName eq "b"`, `title pr`, `name.givenName eq "a"`, `active eq true`, `externalId eq "c"`,
		`emails[type eq "work" and value eq "a"]`, `emails.value ne "b"`, `emails[type eq "home"].value eq "b"`, `country eq "c"`, `department eq "a"`,
	}
	if depth == 0 {
		return rapid.SampledFrom(terms).Draw(t, "term")
	}
	switch rapid.IntRange(0, 3).Draw(t, "shape") {
	case 0:
		return drawFilter(t, depth-1) + " and " + drawFilter(t, depth-1)
	case 1:
		return "(" + drawFilter(t, depth-1) + " or " + drawFilter(t, depth-1) + ")"
	case 2:
		return "not (" + drawFilter(t, depth-1) + ")"
	}
	return drawFilter(t, 0)
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{
		`userName eq "a"`, `emails[type eq "work"].value eq "x"`, `not (title pr) and (active eq true or id eq null)`,
		ent + `:manager.value eq x`, `country eq "FI"`, `meta.created gt 2015-10-10T14:38:21.8617979-07:00`, `((((`, `emails[`, `a eq "\u00`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		filter, err := ParseFilter(UserType, s)
		if err != nil {
			if e := err.(*Error); e.Status != 400 || e.Type != InvalidFilter {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		filter.Equalities()
		want, text := filter.Match(barbara), filter.String()
		again, err := ParseFilter(UserType, text)
		if e, ok := err.(*Error); ok && e.Code == "400.21" {
			return // spelt out, a short form may be too long
		}
		if err != nil || again.String() != text || again.Match(barbara) != want {
			t.Fatalf("%q became %q: %v", s, text, err)
		}
	})
}
