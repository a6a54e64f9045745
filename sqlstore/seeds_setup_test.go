package sqlstore_test

import (
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

func TestS01_AnIdPProvisionsOverSCIM(t *testing.T) {
	eachCompany(t, func(c *company) {
		types := c.want(c.send("GET", "/ResourceTypes", nil), 200, "").body["Resources"].([]any)
		if name := types[0].(scim.Object)["name"]; name != "User" {
			t.Errorf("the first resource type is %v", name)
		}
		id := c.create("anna@acme.test", nil)
		c.want(c.replace(id, "title", "Chief"), 200, "")
		if got := c.send("GET", "/Users/"+id, nil).body["title"]; got != "Chief" {
			t.Errorf("title is %v", got)
		}
		c.want(c.send("DELETE", "/Users/"+id, nil), 204, "")
		c.want(c.send("GET", "/Users/"+id, nil), 404, "404.1")
	})
}

func TestS02_SCIMNeedsNoSingleSignOn(t *testing.T) {
	eachCompany(t, func(c *company) {
		settings, err := c.admin.Settings(t.Context())
		c.must(err)
		for _, s := range settings.All() {
			if s.Name == "sso" && s.Value != "false" {
				t.Fatalf("sso is %s", s.Value)
			}
		}
		c.create("anna@acme.test", nil)
		c.counts(2, 1)
	})
}

func TestS08_AnAdminMakesTheAccessToken(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.want(c.send("GET", "/Users", nil), 200, "")
		tokens, err := c.admin.Tokens(t.Context())
		c.must(err)
		if len(tokens) != 1 || tokens[0].Owner != "admin@acme.test" || tokens[0].State != "valid" {
			t.Errorf("tokens: %+v", tokens)
		}
		c.must(c.admin.RevokeToken(t.Context(), "SCIM"))
		c.want(c.send("GET", "/Users", nil), 401, "401.2")
	})
}

func TestS09_TheURLNamesTheTenant(t *testing.T) {
	eachCompany(t, func(c *company) {
		r := c.want(c.sendAs("Bearer "+c.token, "GET", "http://acme.rollcall.example/api/scim/v2/Users?count=1", nil), 200, "")
		meta := r.body["Resources"].([]any)[0].(scim.Object)["meta"].(scim.Object)
		if want := tenantURL + "/Users/" + r.body["Resources"].([]any)[0].(scim.Object)["id"].(string); meta["location"] != want {
			t.Errorf("location is %v, want %s", meta["location"], want)
		}
		c.want(c.sendAs("Bearer "+c.token, "GET", "http://other.rollcall.example/api/scim/v2/Users", nil), 404, "404.2")
	})
}

func TestS10_TheTokenIsTheAuthorization(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.want(c.sendAs("Bearer "+c.token, "GET", tenantURL+"/Users", nil), 200, "")
		c.want(c.sendAs(c.token, "GET", tenantURL+"/Users", nil), 200, "")
		c.want(c.sendAs("", "GET", tenantURL+"/Users", nil), 401, "401.1")
		c.want(c.sendAs("Bearer "+c.token+"x", "GET", tenantURL+"/Users", nil), 401, "401.2")
	})
}

func TestS53_TenantURLAndSecretTokenAreEnough(t *testing.T) {
	eachCompany(t, func(c *company) {
		// What Entra ID makes of the two fields, with its feature flag at the
		// end of the URL.
		c.want(c.sendAs("Bearer "+c.token, "POST", tenantURL+"/Users?aadOptscim062020", person("anna@acme.test", nil)), 201, "")
		if n := len(c.find(`userName eq "anna@acme.test"`)); n != 1 {
			t.Errorf("found %d", n)
		}
	})
}

func TestS54_TestConnection(t *testing.T) {
	eachCompany(t, func(c *company) {
		const probe = `/Users?filter=userName+eq+"a6e4e9f4-6a2c-4d4a-8b63-6f6f6e9c1b0d"`
		r := c.want(c.send("GET", probe, nil), 200, "")
		if r.body["totalResults"] != float64(0) {
			t.Errorf("the probe found %v", r.body)
		}
		c.want(c.sendAs("Bearer wrong", "GET", tenantURL+probe, nil), 401, "401.2")
		c.counts(1, 0)
	})
}

func TestS55_TheGroupMappingIsToBeSwitchedOff(t *testing.T) {
	eachCompany(t, func(c *company) {
		c.must(c.admin.Set(t.Context(), "idp-groups", "false"))
		r := c.want(c.send("GET", `/Groups?excludedAttributes=members&filter=displayName+eq+"nobody"`, nil), 200, "")
		if r.body["totalResults"] != float64(0) {
			t.Errorf("answered %v", r.body)
		}
		c.want(c.send("POST", "/Groups", scim.Object{"schemas": []any{scim.GroupSchema}, "displayName": "Staff"}), 403, "403.2")
		types := c.want(c.send("GET", "/ResourceTypes", nil), 200, "").body["Resources"].([]any)
		for _, typ := range types {
			if name := typ.(scim.Object)["name"]; name == "Group" {
				t.Error("Group is advertised, so the IdP would send groups")
			}
		}
	})
}

func TestS57_OnlyMappedAttributesChange(t *testing.T) {
	eachCompany(t, func(c *company) {
		id := c.create("anna@acme.test", values{"department": "Sales"})
		c.want(c.replace(id, "title", "Chief"), 200, "")
		got := c.send("GET", "/Users/"+id, nil).body
		if got["title"] != "Chief" || got["userName"] != "anna@acme.test" || got[scim.EnterpriseSchema].(scim.Object)["department"] != "Sales" {
			t.Errorf("got %v", got)
		}
		c.placed(id, "Default: Sales")
	})
}
