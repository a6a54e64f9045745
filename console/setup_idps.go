package console

import (
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// setupIdP is an identity provider that there is a guide for; its steps are the
// template _guide_<Key>.html.
type setupIdP struct {
	Key, Name, Does string
	URLLabel        string // what it calls the Tenant URL
	TokenLabel      string // and the Secret Token
	sources         map[string]string
}

// setupAttribute is a row of the attribute table.
type setupAttribute struct {
	Name   string // as the seed calls it
	Path   string // SCIM's
	Source string // at the identity provider; "" where the admin has to choose
	Used   bool   // by this tenant's settings
}

// setupPaths are the attributes in the order of the table.
var setupPaths = [][2]string{
	{"userName", "userName"}, {"name.givenName", "name.givenName"}, {"name.familyName", "name.familyName"}, {"active", "active"},
	{directory.Country, `addresses[type eq "work"].country`}, {directory.Locality, `addresses[type eq "work"].locality`}, {directory.Region, `addresses[type eq "work"].region`},
	{directory.Organization, enterprise + "organization"}, {directory.Division, enterprise + "division"}, {directory.Department, enterprise + "department"},
}

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"

var setupIdPs = []setupIdP{
	{"entra", "Microsoft Entra ID", "formerly Azure AD: enterprise application, provisioning", "Tenant URL", "Secret Token", map[string]string{
		"userName": "userPrincipalName", "name.givenName": "givenName", "name.familyName": "surname",
		"active":  `Switch([IsSoftDeleted], , "False", "True", "True", "False")`,
		"country": "country", "locality": "city", "region": "state", "organization": "companyName", "division": "", "department": "department"}},
	{"okta", "Okta", "an app integration with SCIM provisioning", "SCIM connector base URL", "Authorization: Bearer", map[string]string{
		"userName": "user.login", "name.givenName": "user.firstName", "name.familyName": "user.lastName", "active": "sent by itself",
		"country": "user.countryCode", "locality": "user.city", "region": "user.state", "organization": "user.organization", "division": "user.division", "department": "user.department"}},
	{"onelogin", "OneLogin", "the SCIM Provisioner app", "SCIM Base URL", "SCIM Bearer Token", map[string]string{
		"userName": "{$parameters.scimusername}", "name.givenName": "{$user.firstname}", "name.familyName": "{$user.lastname}", "active": "sent by itself",
		"country": "{$user.custom_fields.country}", "locality": "{$user.custom_fields.city}", "region": "{$user.custom_fields.state}", "organization": "{$user.company}", "division": "", "department": "{$user.department}"}},
	{"jumpcloud", "JumpCloud", "identity management of an SSO application", "Base URL", "Token Key", map[string]string{
		"userName": "email", "name.givenName": "firstname", "name.familyName": "lastname", "active": "sent by itself",
		"country": "addresses.country", "locality": "addresses.locality", "region": "addresses.region", "organization": "company", "division": "", "department": "department"}},
	{"google", "Google Workspace", "automated provisioning of a web app", "Endpoint URL", "Access token", map[string]string{
		"userName": "Basic information > Primary email", "name.givenName": "Basic information > First name", "name.familyName": "Basic information > Last name", "active": "sent by itself",
		"country": "Address > Country", "locality": "Address > Locality", "region": "Address > Region", "organization": "", "division": "Employee details > Cost center", "department": "Employee details > Department"}},
	{"keycloak", "Keycloak", "with a SCIM client extension", "SCIM 2.0 endpoint", "Bearer token", map[string]string{
		"userName": "username", "name.givenName": "firstName", "name.familyName": "lastName", "active": "enabled"}},
	{"authentik", "authentik", "a SCIM provider of an application", "URL", "Token", map[string]string{
		"userName": "user.username", "name.givenName": "user.name, its first word", "name.familyName": "user.name, the rest", "active": "user.is_active"}},
	{"other", "Another identity provider", "anything that speaks SCIM 2.0", "SCIM base URL", "Bearer token", nil},
}

func setupNamed(key string) (setupIdP, error) {
	if i := slices.IndexFunc(setupIdPs, func(p setupIdP) bool { return p.Key == key }); i >= 0 {
		return setupIdPs[i], nil
	}
	return setupIdP{}, directory.ErrNotFound
}

// attributes is the table for a tenant: what it does not use should not be sent.
func (p setupIdP) attributes(settings directory.Settings) (out []setupAttribute) {
	teams := strings.Split(settings.Value("team-attributes"), ",")
	for _, row := range setupPaths {
		a := setupAttribute{Name: row[0], Path: row[1], Source: p.sources[row[0]], Used: true}
		switch {
		case a.Name == directory.Country:
			a.Used = settings.Groups()
		case slices.Contains(directory.TeamAttributes, a.Name):
			a.Used = slices.Contains(teams, a.Name)
		}
		out = append(out, a)
	}
	return out
}

// tokenURL is the OAuth token endpoint beside a SCIM base URL.
func tokenURL(tenantURL string) string {
	return strings.TrimSuffix(tenantURL, scimhttp.Base) + scimhttp.TokenPath
}
