package scimhttp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

const goldenConfig = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],` +
	`"patch":{"supported":true},"bulk":{"supported":true,"maxOperations":1000,"maxPayloadSize":16777216},` +
	`"filter":{"supported":true,"maxResults":1000},"changePassword":{"supported":false},` +
	`"sort":{"supported":true},"etag":{"supported":true},` +
	`"pagination":{"cursor":true,"index":true,"defaultPaginationMethod":"index","defaultPageSize":100,"maxPageSize":1000,"cursorTimeout":3600},"authenticationSchemes":[{"type":"oauthbearertoken",` +
	`"name":"Access token","description":"An access token of the tenant in the Authorization header: Bearer, a blank, the token.",` +
	`"specUri":"https://www.rfc-editor.org/info/rfc6750","primary":true}],` +
	`"meta":{"resourceType":"ServiceProviderConfig","location":"http://acme.test/api/scim/v2/ServiceProviderConfig"}}`

func TestItem30And31ServiceProviderConfig(t *testing.T) {
	f := newFixture(t)
	if w := f.send("GET", Base+"/ServiceProviderConfig", ""); w.Code != 200 || w.Body.String() != goldenConfig {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestItem32DiscoveryNeedsNoToken(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", "/Schemas/" + scim.UserSchema} {
		if w := f.send("GET", Base+path, "", "Authorization", ""); w.Code != 200 {
			t.Errorf("%s without a token: %d %s", path, w.Code, w.Body)
		}
		wantError(t, f.send("GET", Base+path, "", "Authorization", "Bearer wrong"), "401.2", "")
	}
}

func TestItem35FilterOnDiscovery(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", "/Schemas/" + scim.UserSchema} {
		wantError(t, f.send("GET", Base+path+`?filter=id eq "x"`, ""), "403.3", "")
		whole, asked := f.send("GET", Base+path, ""), f.send("GET", Base+path+"?startIndex=2&count=1&sortBy=id", "")
		if asked.Code != 200 || asked.Body.String() != whole.Body.String() {
			t.Errorf("%s: parameters are not ignored: %d %s", path, asked.Code, asked.Body)
		}
	}
}

func TestItem34And36ResourceTypes(t *testing.T) {
	f := newFixture(t)
	const user = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],"id":"User","name":"User","endpoint":"/Users",` +
		`"description":"User account","schema":"urn:ietf:params:scim:schemas:core:2.0:User","schemaExtensions":[` +
		`{"schema":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","required":false},` +
		`{"schema":"urn:ietf:params:scim:schemas:extension:rollcall:2.0:User","required":false}],` +
		`"meta":{"resourceType":"ResourceType","location":"http://acme.test/api/scim/v2/ResourceTypes/User"}}`
	// cyberark-disc-001, sailpoint-disc-001
	if w := f.send("GET", Base+"/ResourceTypes/User", ""); w.Code != 200 || w.Body.String() != user {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	schemas := map[any]bool{}
	for _, s := range resources(t, f, "/Schemas") {
		schemas[s["id"]] = true
	}
	types := resources(t, f, "/ResourceTypes")
	if len(types) != 2 {
		t.Errorf("%d resource types", len(types))
	}
	for _, r := range types {
		extensions, _ := r["schemaExtensions"].([]any)
		for _, urn := range append([]any{scim.Object{"schema": r["schema"]}}, extensions...) {
			if !schemas[urn.(scim.Object)["schema"]] {
				t.Errorf("%v: %v is not among /Schemas", r["name"], urn)
			}
		}
	}
}

// entra-disc-001, okta-disc-001, google-disc-001, keycloak-disc-001.
func TestItem33And38Schemas(t *testing.T) {
	f := newFixture(t)
	body := f.send("GET", Base+"/Schemas", "").Body.String()
	if strings.Contains(body, "null") || strings.Contains(body, `"password"`) { // item 62
		t.Errorf("/Schemas says null, or that there are passwords")
	}
	found := map[any]bool{}
	for _, s := range resources(t, f, "/Schemas") {
		id := s["id"].(string)
		found[id] = true
		if strings.Contains(id, "scim:api:") { // item 10
			t.Errorf("a message's schema: %s", id)
		}
		if fmt.Sprint(s["schemas"]) != "["+scim.SchemaURN+"]" || s["name"] == "" {
			t.Errorf("%s: schemas %v, name %v", id, s["schemas"], s["name"])
		}
		for _, path := range []string{id, strings.ReplaceAll(id, ":", "%3A"), strings.ToLower(id), id + "/"} {
			one := object(t, f.send("GET", Base+"/Schemas/"+path, ""))
			if fmt.Sprint(one) != fmt.Sprint(s) || one["meta"].(scim.Object)["location"] != "http://acme.test"+Base+"/Schemas/"+id {
				t.Errorf("/Schemas/%s: %v", path, one)
			}
		}
		checkAttributes(t, id, s["attributes"])
	}
	for _, urn := range []string{scim.UserSchema, scim.EnterpriseSchema, scim.RollcallSchema, scim.GroupSchema,
		scim.SchemaURN, scim.ResourceTypeURN, scim.ServiceProviderConfigURN} {
		if !found[urn] {
			t.Errorf("no schema %s", urn)
		}
	}
}

// checkAttributes checks every attribute's characteristics (RFC 7643 section
// 7); clients break on values in another case.
func checkAttributes(t *testing.T, at string, attributes any) {
	allowed := map[string]string{
		"type":       "string boolean decimal integer dateTime binary reference complex",
		"mutability": "readOnly readWrite immutable writeOnly",
		"returned":   "always never default request",
	}
	list, _ := attributes.([]any)
	if len(list) == 0 {
		t.Errorf("%s: no attributes", at)
	}
	for _, v := range list {
		a := v.(scim.Object)
		at := fmt.Sprint(at, ":", a["name"])
		for name, values := range allowed {
			if value, _ := a[name].(string); value == "" || !strings.Contains(" "+values+" ", " "+value+" ") {
				t.Errorf("%s: %s is %v", at, name, a[name])
			}
		}
		for _, name := range []string{"multiValued", "required", "caseExact"} {
			if _, ok := a[name].(bool); !ok {
				t.Errorf("%s: %s is %v", at, name, a[name])
			}
		}
		if a["description"] == "" || (a["type"] == "reference") != (a["referenceTypes"] != nil) {
			t.Errorf("%s: description %q, type %v, referenceTypes %v", at, a["description"], a["type"], a["referenceTypes"])
		}
		if a["type"] == "complex" {
			checkAttributes(t, at, a["subAttributes"])
		}
	}
}

func TestTypesThatAreOff(t *testing.T) {
	f := newFixture(t)
	f.memory.off = "Group"
	if types := resources(t, f, "/ResourceTypes"); len(types) != 1 || types[0]["id"] != "User" {
		t.Errorf("types: %v", types)
	}
	wantError(t, f.send("GET", Base+"/ResourceTypes/Group", ""), "404.1", "")
	wantError(t, f.send("GET", Base+"/Schemas/"+scim.GroupSchema, ""), "404.1", "")
	if w := f.send("GET", Base+"/Groups", ""); w.Code != 200 { // behaviour.md 2.5: Entra's Test Connection
		t.Errorf("/Groups: %d %s", w.Code, w.Body)
	}
	if w := f.send("GET", Base+"/Nothing", ""); strings.Contains(w.Body.String(), "/Groups") {
		t.Errorf("/Groups is recommended: %s", w.Body)
	}
}

func resources(t *testing.T, f *fixture, path string) []scim.Object {
	t.Helper()
	o := object(t, f.send("GET", Base+path, ""))
	list, _ := o["Resources"].([]any)
	if fmt.Sprint(o["totalResults"]) != fmt.Sprint(len(list)) || fmt.Sprint(o["schemas"]) != "["+scim.ListResponseURN+"]" {
		t.Errorf("%s is no whole ListResponse: %v", path, o)
	}
	var objects []scim.Object
	for _, r := range list {
		objects = append(objects, r.(scim.Object))
	}
	return objects
}
