package sqlstore_test

import (
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

func TestS19_LocalityNamesATeam(t *testing.T)     { namesATeam(t, "locality") }
func TestS20_RegionNamesATeam(t *testing.T)       { namesATeam(t, "region") }
func TestS21_OrganizationNamesATeam(t *testing.T) { namesATeam(t, "organization") }
func TestS22_DivisionNamesATeam(t *testing.T)     { namesATeam(t, "division") }
func TestS23_DepartmentNamesATeam(t *testing.T)   { namesATeam(t, "department") }

// namesATeam follows one attribute: it puts the user into a team, a new value
// into another, and no value into none.
func namesATeam(t *testing.T, attribute string) {
	eachCompany(t, func(c *company) {
		id := c.create("anna@acme.test", values{attribute: "One"})
		c.placed(id, "Default: One")
		c.want(c.replace(id, attribute, "Two"), 200, "")
		c.placed(id, "Default: Two")
		c.want(c.replace(id, attribute, ""), 200, "")
		c.placed(id, "Default: ")
	})
}

func TestS24_ANewValueMakesATeam(t *testing.T) {
	eachCompany(t, func(c *company) {
		teams, err := c.admin.Teams(t.Context(), "")
		c.must(err)
		if len(teams) != 0 {
			t.Fatalf("teams before: %+v", teams)
		}
		c.create("anna@acme.test", values{"department": "Sales", "region": "Häme"})
		teams, err = c.admin.Teams(t.Context(), "")
		c.must(err)
		if len(teams) != 2 || teams[0].Name != "Häme" || teams[1].Name != "Sales" {
			t.Errorf("teams after: %+v", teams)
		}
	})
}

func TestS25_TeamNamesAreCaseInsensitive(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.create("anna@acme.test", values{"department": "Äänekoski"})
		c.create("otto@acme.test", values{"division": "ÄÄNEKOSKI"})
		c.create("sari@acme.test", values{"locality": " äänekoski "})
		teams, err := c.admin.Teams(t.Context(), "")
		c.must(err)
		if len(teams) != 1 || teams[0].Name != "Äänekoski" || teams[0].Users != 3 {
			t.Errorf("teams: %+v", teams)
		}
	})
}

var five = values{"locality": "L", "region": "R", "organization": "O", "division": "V", "department": "D"}

func TestS44_UpToFiveTeams(t *testing.T) {
	eachCompany(t, func(c *company) {
		anna := person("anna@acme.test", five)
		anna["title"], anna["userType"], anna["costCenter"] = "T", "U", "C"
		anna[scim.EnterpriseSchema].(scim.Object)["costCenter"] = "C"
		id := c.want(c.send("POST", "/Users", anna), 201, "").body["id"].(string)
		c.placed(id, "Default: D, L, O, R, V")
	})
}

func TestS45_MoreTeamsByHand(t *testing.T) {
	eachCompany(t, func(c *company) {
		id := c.create("anna@acme.test", five)
		_, err := c.admin.CreateTeam(t.Context(), "Default", "Choir")
		c.must(err)
		_, err = c.admin.AddToTeam(t.Context(), id, directory.TeamRef{Name: "Choir"})
		c.must(err)
		c.placed(id, "Default: Choir, D, L, O, R, V")
		c.want(c.replace(id, "department", "E"), 200, "")
		c.want(c.send("PUT", "/Users/"+id, person("anna@acme.test", values{"department": "E", "locality": "M"})), 200, "")
		c.placed(id, "Default: Choir, E, M")
	})
}

func TestS46_LocalityAndRegionAreOfTheWorkAddress(t *testing.T) {
	eachCompany(t, func(c *company) {
		id := c.want(c.send("POST", "/Users", scim.Object{"userName": "anna@acme.test", "addresses": []any{
			scim.Object{"type": "home", "locality": "Pori", "region": "Satakunta"},
			scim.Object{"type": "work", "locality": "Tampere", "region": "Häme"},
		}}), 201, "").body["id"].(string)
		c.placed(id, "Default: Häme, Tampere")
		c.want(c.replace(id, `addresses[type eq "home"].locality`, "Rauma"), 200, "")
		c.placed(id, "Default: Häme, Tampere")
		c.want(c.replace(id, `addresses[type eq "work"].locality`, "Turku"), 200, "")
		c.placed(id, "Default: Häme, Turku")
	})
}

func TestS47_TheOtherThreeByTheirNames(t *testing.T) {
	eachCompany(t, func(c *company) {
		proper := c.want(c.send("POST", "/Users", scim.Object{"userName": "anna@acme.test",
			scim.EnterpriseSchema: scim.Object{"organization": "Acme", "division": "North", "department": "Sales"}}), 201, "")
		c.placed(proper.body["id"].(string), "Default: Acme, North, Sales")
		bare := c.want(c.send("POST", "/Users", scim.Object{"userName": "otto@acme.test",
			"organization": "Acme", "division": "North", "department": "Sales"}), 201, "")
		c.placed(bare.body["id"].(string), "Default: Acme, North, Sales")
	})
}

func TestS48_AFoundTeamIsTaken(t *testing.T) {
	eachCompany(t, func(c *company) {
		_, err := c.admin.CreateTeam(t.Context(), "Default", "abc")
		c.must(err)
		c.placed(c.create("anna@acme.test", values{"department": "AbC"}), "Default: abc")
		teams, err := c.admin.Teams(t.Context(), "")
		c.must(err)
		if len(teams) != 1 || teams[0].Users != 1 {
			t.Errorf("teams: %+v", teams)
		}
	})
}

func TestS49_AMadeTeamKeepsItsCase(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.placed(c.create("anna@acme.test", values{"department": "AbC"}), "Default: AbC")
		c.placed(c.create("otto@acme.test", values{"department": "ABC"}), "Default: AbC")
	})
}

func TestS50_TeamsAreOfTheUsersGroup(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.groups("Finland", "Sweden")
		_, err := c.admin.CreateTeam(t.Context(), "Sweden", "Sales")
		c.must(err)
		c.placed(c.create("anna@acme.test", values{"country": "Finland", "department": "Sales"}), "Finland: Sales")
		for _, group := range []string{"Finland", "Sweden"} {
			teams, err := c.admin.Teams(t.Context(), group)
			c.must(err)
			want := map[string]int{"Finland": 1, "Sweden": 0}[group]
			if len(teams) != 1 || teams[0].Name != "Sales" || teams[0].Users != want {
				t.Errorf("teams of %s: %+v", group, teams)
			}
		}
	})
}
