package sqlstore_test

import (
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

func TestS16_CountryDecidesTheGroup(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.groups("Finland", "Sweden")
		id := c.create("anna@acme.test", values{"country": "Finland"})
		c.placed(id, "Finland: ")
		c.want(c.replace(id, "country", "Sweden"), 200, "")
		c.placed(id, "Sweden: ")
		c.placed(c.create("otto@acme.test", nil), "Default: ")
	})
}

func TestS17_CountryMustMatchAGroup(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.groups("Finland")
		r := c.want(c.send("POST", "/Users", person("anna@acme.test", values{"country": "Norway"})), 400, "400.76")
		if detail := r.body["detail"].(string); r.body["scimType"] != "invalidValue" || !strings.Contains(detail, `"Norway"`) {
			t.Errorf("answered %v", r.body)
		}
	})
}

func TestS18_GroupNamesAreCaseSensitive(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.groups("Finland", "FINLAND")
		c.want(c.send("POST", "/Users", person("anna@acme.test", values{"country": "finland"})), 400, "400.76")
		c.placed(c.create("anna@acme.test", values{"country": "Finland"}), "Finland: ")
		c.placed(c.create("otto@acme.test", values{"country": "FINLAND"}), "FINLAND: ")
	})
}

func TestS38_WithoutTheGroupFeatureCountryIsIgnored(t *testing.T) {
	eachCompany(t, func(c *company) {
		id := c.create("anna@acme.test", values{"country": "Norway"})
		c.placed(id, "Default: ")
		c.want(c.replace(id, "country", "Sweden"), 200, "")
		c.placed(id, "Default: ")
	})
}

func TestS39_CountryIsTheSCIMAttribute(t *testing.T) {
	for name, anna := range map[string]scim.Object{
		"work address": {"addresses": []any{scim.Object{"type": "home", "country": "Sweden"}, scim.Object{"type": "work", "country": "Finland"}}},
		"no type":      {"addresses": []any{scim.Object{"country": "Finland"}}},
		"bare name":    {"country": "Finland"},
	} {
		t.Run(name, func(t *testing.T) {
			eachCompany(t, func(c *company) {
				c.groups("Finland", "Sweden")
				anna["userName"] = "anna@acme.test"
				id := c.want(c.send("POST", "/Users", anna), 201, "").body["id"].(string)
				c.placed(id, "Finland: ")
			})
		})
	}
}

func TestS40_TheGroupMustExistBeforehand(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.groups("Finland")
		id := c.create("anna@acme.test", values{"country": "Finland", "department": "Sales"})
		r := c.replace(id, "country", "Norway", "department", "Support", "title", "Chief")
		c.want(r, 400, "400.76")
		c.placed(id, "Finland: Sales")
		if got := c.send("GET", "/Users/"+id, nil).body["title"]; got != nil {
			t.Errorf("half of the request was done: title is %v", got)
		}
		groups, err := c.admin.Groups(t.Context())
		c.must(err)
		if len(groups) != 2 {
			t.Errorf("SCIM made a group: %+v", groups)
		}
		c.counts(2, 1)
	})
}

func TestS41_CreateTheGroupAndSyncAgain(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.groups()
		anna := person("anna@acme.test", values{"country": "Finland"})
		r := c.want(c.send("POST", "/Users", anna), 400, "400.76")
		if detail := r.body["detail"].(string); !strings.Contains(detail, "Create the group") {
			t.Errorf("the error does not name the cure: %s", detail)
		}
		c.groups("Finland")
		id := c.want(c.send("POST", "/Users", anna), 201, "").body["id"].(string)
		c.placed(id, "Finland: ")
	})
}

func TestS42_AMoveRemovesAllTeams(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.groups("Finland", "Sweden")
		id := c.create("anna@acme.test", values{"country": "Finland", "department": "Sales", "locality": "Tampere"})
		_, err := c.admin.CreateTeam(t.Context(), "Finland", "Choir")
		c.must(err)
		_, err = c.admin.AddToTeam(t.Context(), id, directory.TeamRef{Name: "Choir"})
		c.must(err)
		c.placed(id, "Finland: Choir, Sales, Tampere")
		c.want(c.replace(id, "country", "Sweden", "department", "", "locality", ""), 200, "")
		c.placed(id, "Sweden: ")
	})
}

func TestS43_AfterTheMoveTeamsAreProfiled(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.groups("Finland", "Sweden")
		id := c.create("anna@acme.test", values{"country": "Finland", "department": "Sales", "locality": "Tampere"})
		c.want(c.replace(id, "country", "Sweden", "locality", "Malmö"), 200, "")
		c.placed(id, "Sweden: Malmö, Sales")
		teams, err := c.admin.Teams(t.Context(), "Sweden")
		c.must(err)
		if len(teams) != 2 || teams[0].Users != 1 || teams[1].Users != 1 {
			t.Errorf("teams of Sweden: %+v", teams)
		}
	})
}
