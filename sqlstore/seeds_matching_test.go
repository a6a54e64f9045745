package sqlstore_test

import (
	"fmt"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

func TestS31_ExistingUsersAreMatched(t *testing.T) {
	eachCompany(t, func(c *company) {
		id := c.byHand("Anna@acme.test", nil)
		c.counts(2, 0)
		found := c.find(`userName eq "anna@ACME.test"`)
		if len(found) != 1 || found[0].(scim.Object)["id"] != id {
			t.Fatalf("found %v", found)
		}
		c.counts(2, 1)
	})
}

func TestS32_ChangesOfAMatchedUserAreReflected(t *testing.T) {
	eachCompany(t, func(c *company) {
		id := c.byHand("anna@acme.test", map[string]string{"name.givenName": "Anna"})
		c.find(`userName eq "anna@acme.test"`)
		c.want(c.replace(id, "name.givenName", "Annika", "department", "Sales"), 200, "")
		u, err := c.admin.User(t.Context(), id)
		c.must(err)
		if u.GivenName != "Annika" || !u.Matched {
			t.Errorf("got %+v", u)
		}
		c.placed(id, "Default: Sales")
	})
}

func TestS33_AnUnmatchedUserIsNotTouched(t *testing.T) {
	eachCompany(t, func(c *company) {
		id := c.byHand("otto@acme.test", map[string]string{"name.givenName": "Otto", "department": "Sales"})
		before, err := c.admin.User(t.Context(), id)
		c.must(err)
		c.assign("anna@acme.test")
		c.want(c.send("GET", "/Users", nil), 200, "") // a listing is no match
		after, err := c.admin.User(t.Context(), id)
		c.must(err)
		if after.Matched || fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
}

func TestS34_AnUnmatchedUserStaysUntilHandled(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.byHand("otto@acme.test", nil)
		c.byHand("sari@acme.test", nil)
		for range 3 { // cycles come and go
			c.assign("anna@acme.test")
			c.counts(4, 1)
		}
		_, err := c.admin.RemoveUser(t.Context(), "otto@acme.test")
		c.must(err)
		c.counts(3, 1)
		c.assign("sari@acme.test")
		c.counts(3, 2)
	})
}

// assign is what Entra ID's cycle does for one assigned person: it looks the
// person up and creates or updates.
func (c *company) assign(userName string) {
	c.Helper()
	found := c.find(fmt.Sprintf("userName eq %q", userName))
	if len(found) == 0 {
		c.create(userName, nil)
		return
	}
	id := found[0].(scim.Object)["id"].(string)
	c.want(c.replace(id, "externalId", "ext-"+userName), 200, "")
}

// example is the worked example of the first seed: 200 people in the directory,
// the admin among them, and 100 assigned at the identity provider, of whom 90
// are the same people.
func (c *company) example() {
	c.Helper()
	for n := range 199 {
		c.byHand(fmt.Sprintf("person%03d@acme.test", n), nil)
	}
	c.counts(200, 0)
	for n := range 90 {
		c.assign(fmt.Sprintf("person%03d@acme.test", n))
	}
	c.counts(200, 90)
	for n := range 10 {
		c.assign(fmt.Sprintf("new%02d@acme.test", n))
	}
}

func (c *company) unmatched(want int) []directory.User {
	c.Helper()
	no := false
	people, err := c.admin.Users(c.Context(), directory.UserQuery{Matched: &no, Limit: 1000})
	c.must(err)
	if len(people) != want {
		c.Errorf("%d people are unmatched, want %d", len(people), want)
	}
	return people
}

func TestS35_TheWorkedExample(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.example()
		c.counts(210, 100)
		c.unmatched(110)
	})
}

func TestS36_TheRestIsTakenCareOfByHandOrByTheIdP(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.example()
		for n := 100; n < 105; n++ {
			c.assign(fmt.Sprintf("person%03d@acme.test", n))
		}
		c.counts(210, 105)
		c.unmatched(105)
		_, err := c.admin.RemoveUser(t.Context(), "person150@acme.test")
		c.must(err)
		c.counts(209, 105)
		c.unmatched(104)
	})
}
