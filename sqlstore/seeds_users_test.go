package sqlstore_test

import (
	"fmt"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

func TestS04_UsersAreCreated(t *testing.T) {
	eachCompany(t, func(c *company) {
		id := c.create("anna@acme.test", nil)
		u, err := c.admin.User(t.Context(), "anna@acme.test")
		c.must(err)
		if u.ID != id || !u.Active || !u.Matched || u.Role != "user" {
			t.Errorf("got %+v", u)
		}
		c.counts(2, 1)
	})
}

func TestS05_LeaversAreRemoved(t *testing.T) {
	eachCompany(t, func(c *company) {
		disabled, deleted := c.create("anna@acme.test", nil), c.create("otto@acme.test", nil)
		c.want(c.replace(disabled, "active", "False"), 200, "")
		c.want(c.send("DELETE", "/Users/"+deleted, nil), 204, "")
		c.counts(1, 0)
		people, err := c.admin.Users(t.Context(), directory.UserQuery{Limit: 10})
		c.must(err)
		if len(people) != 1 || people[0].UserName != "admin@acme.test" {
			t.Errorf("people: %+v", people)
		}
	})
}

func TestS06_ThereIsNoDeactivatedState(t *testing.T) {
	eachCompany(t, func(c *company) {
		id := c.create("anna@acme.test", values{"department": "Sales"})
		c.want(c.replace(id, "active", false), 200, "")
		c.counts(1, 0)
		u, err := c.admin.User(t.Context(), id)
		c.must(err)
		if u.State != "removed" || u.Group != "" || len(u.Teams) > 0 {
			t.Errorf("got %+v", u)
		}
		// Only out of the tenant: to the IdP that removed her she is inactive.
		if got := c.want(c.send("GET", "/Users/"+id, nil), 200, "").body["active"]; got != false {
			t.Errorf("active is %v", got)
		}
		if other := c.byHand("anna@acme.test", nil); other == id {
			t.Error("her userName is not free")
		}
		inactive := person("new@acme.test", nil)
		inactive["active"] = false
		c.want(c.send("POST", "/Users", inactive), 400, "400.50")
	})
}

func TestS07_AttributesAreKeptInSync(t *testing.T) {
	eachCompany(t, func(c *company) {
		id := c.create("anna@acme.test", nil)
		for _, name := range []string{"Annika", "Anna-Liisa"} {
			c.want(c.replace(id, "name.givenName", name), 200, "")
			u, err := c.admin.User(t.Context(), id)
			c.must(err)
			if u.GivenName != name {
				t.Errorf("the admin sees %q, want %q", u.GivenName, name)
			}
		}
		c.want(c.replace(id, "userName", "annika@acme.test"), 200, "")
		if u, err := c.admin.User(t.Context(), "annika@acme.test"); err != nil || u.ID != id {
			t.Errorf("renamed: %+v, %v", u, err)
		}
	})
}

func TestS11_UserNameShouldBeAnEMailAddress(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.create("anna", nil)
		rows, err := c.admin.Activity(t.Context(), directory.ActivityFilter{Person: "anna", Limit: 1})
		c.must(err)
		if len(rows) != 1 || len(rows[0].Notes) == 0 {
			t.Errorf("no warning in the activity log: %+v", rows)
		}
		c.must(c.admin.Set(t.Context(), "email-user-names", "true"))
		c.want(c.send("POST", "/Users", person("otto", nil)), 400, "400.15")
		c.create("otto@acme.test", nil)
	})
}

func TestS12_UserNameIsUnique(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.create("anna@acme.test", nil)
		other := c.create("otto@acme.test", nil)
		again := person("ANNA@acme.test", nil)
		again["externalId"] = "another person"
		if r := c.want(c.send("POST", "/Users", again), 409, "409.1"); r.body["scimType"] != "uniqueness" {
			t.Errorf("answered %v", r.body)
		}
		c.want(c.replace(other, "userName", "anna@acme.test"), 409, "409.1")
		c.counts(3, 2)
	})
}

func TestS13_GivenNameIsTheFirstName(t *testing.T) { shownName(t, "givenName", "Maija", "Maija Aalto") }

func TestS14_FamilyNameIsTheSurname(t *testing.T) { shownName(t, "familyName", "Meri", "Anna Meri") }

func shownName(t *testing.T, attribute, value, want string) {
	eachCompany(t, func(c *company) {
		id := c.create("anna@acme.test", nil)
		c.want(c.replace(id, "name."+attribute, value), 200, "")
		u, err := c.admin.User(t.Context(), id)
		c.must(err)
		shown := map[string]string{"givenName": u.GivenName, "familyName": u.FamilyName}
		if shown[attribute] != value || u.DisplayName != want {
			t.Errorf("shown as %q (%+v), want %q", u.DisplayName, shown, want)
		}
	})
}

func TestS15_ActiveAddsAndRemoves(t *testing.T) {
	for _, form := range []struct{ on, off any }{{true, false}, {"True", "False"}, {"true", "false"}} {
		t.Run(fmt.Sprintf("%T %[1]v", form.off), func(t *testing.T) {
			eachCompany(t, func(c *company) {
				anna := person("anna@acme.test", nil)
				anna["active"] = form.on
				id := c.want(c.send("POST", "/Users", anna), 201, "").body["id"].(string)
				c.counts(2, 1)
				c.want(c.replace(id, "active", form.off), 200, "")
				c.counts(1, 0)
				c.want(c.replace(id, "active", form.on), 200, "")
				c.counts(2, 1)
			})
		})
	}
}

func TestS26_WhatIsNotMappedDoesNothing(t *testing.T) {
	eachCompany(t, func(c *company) {
		anna := person("anna@acme.test", values{"department": "Sales", "division": "North"})
		anna["title"], anna["favouriteColour"], anna["costCenter"] = "Chief", "blue", "4711"
		id := c.want(c.send("POST", "/Users", anna), 201, "").body["id"].(string)
		c.placed(id, "Default: North, Sales") // every mapped one of the five makes a team

		c.must(c.admin.Set(t.Context(), "team-attributes", "department"))
		otto := c.create("otto@acme.test", values{"department": "Sales", "division": "South", "region": "Uusimaa"})
		c.placed(otto, "Default: Sales")
	})
}

func TestS37_AnIdPGroupIsNoGroup(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.groups("Finland")
		anna := person("anna@acme.test", nil)
		anna["groups"] = []any{scim.Object{"value": "Finland", "display": "Finland"}}
		id := c.want(c.send("POST", "/Users", anna), 201, "").body["id"].(string)
		c.placed(id, "Default: ")
		if found := c.want(c.send("GET", "/Groups", nil), 200, "").body["totalResults"]; found != float64(0) {
			t.Errorf("the workspace groups are shown as %v SCIM Groups", found)
		}
	})
}
