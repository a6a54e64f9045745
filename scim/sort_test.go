package scim

import (
	"cmp"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestItem122SortKey(t *testing.T) {
	anna := Object{
		"userName": "Äiti", "active": false, "profileUrl": "B", "emails": []any{Object{"value": "z@x"}, Object{"value": "B@x", "primary": true}},
		"meta":           Object{"lastModified": "2026-11-22T09:00:00.5+01:00"},
		EnterpriseSchema: Object{"manager": Object{"value": "7"}},
	}
	bo := Object{
		"userName": "äiti2", "active": true, "profileUrl": "a", "emails": []any{Object{"value": "c@x"}},
		"meta":           Object{"lastModified": "2026-11-22T08:00:00.250Z"},
		EnterpriseSchema: Object{"manager": Object{"value": "8"}},
	}
	for _, c := range []struct {
		path string
		want int
	}{
		{"userName", -1}, {"USERNAME", -1}, {UserSchema + ":userName", -1},
		{"active", -1},
		{"profileUrl", -1}, // caseExact: B comes before a
		{"emails", -1}, {"emails.value", -1},
		{"meta.lastModified", 1},
		{EnterpriseSchema + ":manager", -1}, {"manager.value", -1},
	} {
		key, err := SortKey(UserType, c.path)
		if err != nil {
			t.Fatal(err)
		}
		a, okA := key(anna)
		b, okB := key(bo)
		if !okA || !okB || cmp.Compare(a, b) != c.want {
			t.Errorf("%s: %q and %q", c.path, a, b)
		}
		if _, ok := key(Object{}); ok {
			t.Errorf("%s: nothing has a key", c.path)
		}
	}
	for path, want := range map[string]string{"EMAILS": "emails.value", "department": EnterpriseSchema + ":department", "name.familyname": "name.familyName"} {
		if got, err := SortName(UserType, path); got != want || err != nil {
			t.Errorf("%s: %s %v", path, got, err)
		}
	}
	for _, path := range []string{"", "shoeSize", "name", "addresses", "password", EnterpriseSchema, UserSchema} {
		if _, err := SortKey(UserType, path); err == nil {
			t.Errorf("%q can be sorted by", path)
		}
	}
}

func TestNumbersKeepTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, -1, 1, math.MaxFloat64, math.SmallestNonzeroFloat64}))
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		if got := cmp.Compare(orderedNumber(a+0), orderedNumber(b+0)); got != cmp.Compare(a, b) {
			t.Fatalf("%v and %v: %d", a, b, got)
		}
	})
}

func TestItem97RootFilter(t *testing.T) {
	types := []*ResourceType{UserType, GroupType}
	group := Object{"displayName": "Crew", "meta": Object{"resourceType": "Group"}}
	for _, c := range []struct {
		filter       string
		match, never bool
	}{
		{`displayName eq "crew"`, true, false},
		{`userName eq "crew"`, false, true},
		{`userName pr`, false, true},
		{`not (userName pr)`, true, false},
		{`userName eq null`, true, false},
		{`userName ne "x"`, true, false},
		{`userName eq "x" or displayName eq "crew"`, true, false},
		{`userName eq "x" or name.familyName eq "y"`, false, true},
		{`userName eq "x" and displayName eq "crew"`, false, true},
		{`emails[type eq "work"]`, false, true},
		{`country eq "Finland"`, false, false},
		{`meta.resourceType eq "Group"`, true, false},
		{EnterpriseSchema + `:department eq "Deck"`, false, true},
	} {
		f, err := ParseRootFilter(GroupType, types, c.filter)
		if err != nil {
			t.Fatalf("%s: %v", c.filter, err)
		}
		if f.Match(group) != c.match || f.Never() != c.never {
			t.Errorf("%s: matches %v, never %v", c.filter, f.Match(group), f.Never())
		}
	}
	if _, err := ParseRootFilter(GroupType, types, `shoeSize eq "44"`); err == nil {
		t.Error("an attribute that no type has")
	}
	if _, err := ParseFilter(GroupType, `userName eq "x"`); err == nil {
		t.Error("an attribute that a Group does not have")
	}
}

func TestItem176VersionHolds(t *testing.T) {
	for condition, want := range map[Version]bool{
		"": true, " ": true, "*": true, `W/"1"`: true, `"1"`: true, `W/"2", W/"1"`: true, `"x" , *`: true,
		`W/"2"`: false, `"11"`: false, `W/1`: false, `,`: false,
	} {
		if condition.Holds(`W/"1"`) != want {
			t.Errorf("%q: %v", condition, !want)
		}
	}
}
