package scim

import "testing"

func TestShows(t *testing.T) {
	for _, c := range []struct {
		attributes, excluded []string
		path                 string
		want                 bool
	}{
		{nil, nil, "members", true},
		{nil, []string{"members"}, "members", false},
		{nil, []string{"MEMBERS"}, "members.display", false},
		{nil, []string{"urn:ietf:params:scim:schemas:core:2.0:Group:members"}, "members", false},
		{nil, []string{"members.display"}, "members", true},
		{nil, []string{"members.display"}, "members.display", false},
		{nil, []string{"externalId"}, "members", true},
		{[]string{"displayName"}, nil, "members", false},
		{[]string{"displayName", "members.value"}, nil, "members", true},
		{[]string{"members.value"}, nil, "members.display", false},
		{[]string{`members[type eq "User"]`}, nil, "members.display", true},
		{[]string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, nil, "members", true},
		{[]string{"nothing"}, nil, "members", false},
	} {
		if got := GroupType.Shows(Projection{c.attributes, c.excluded}, c.path); got != c.want {
			t.Errorf("attributes %v, excluded %v: %s shown: %v", c.attributes, c.excluded, c.path, got)
		}
	}
}
