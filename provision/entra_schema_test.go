package provision

import (
	"strings"
	"testing"
)

// A schema in the form that Microsoft Graph answers, with one of everything.
const exported = `{
  "id": "scim.0123",
  "version": "v3.1",
  "directories": [{"name": "Azure Active Directory", "objects": []}, {"name": "customappsso", "objects": []}],
  "synchronizationRules": [{
    "name": "USER_OUTBOUND_USER", "priority": 1, "editable": true,
    "sourceDirectoryName": "Azure Active Directory", "targetDirectoryName": "customappsso",
    "objectMappings": [
      {"enabled": true, "flowTypes": "Add, Update", "name": "Provision Azure Active Directory Users", "sourceObjectName": "User",
       "targetObjectName": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
       "scope": {"categoryFilterGroups": [], "inputFilterGroups": [], "groups": [
          {"name": "staff", "clauses": [
            {"operatorName": "EQUALS", "sourceOperandName": "department", "targetOperand": {"values": ["Sales"]}},
            {"operatorName": "IsNotNull", "sourceOperandName": "mail", "targetOperand": {"values": []}}]},
          {"name": "odd", "clauses": [{"operatorName": "RESEMBLES", "sourceOperandName": "city", "targetOperand": {"values": ["Oulu"]}}]}]},
       "attributeMappings": [
         {"targetAttributeName": "userName", "matchingPriority": 1, "flowBehavior": "FlowWhenChanged", "flowType": "Always", "defaultValue": null, "exportMissingReferences": false,
          "source": {"expression": "[userPrincipalName]", "name": "userPrincipalName", "type": "Attribute", "parameters": []}},
         {"targetAttributeName": "active", "matchingPriority": 0, "flowType": "Always",
          "source": {"expression": "Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")", "name": "Switch", "type": "Function", "parameters": []}},
         {"targetAttributeName": "emails[type eq \"work\"].value", "flowType": "ObjectAddOnly", "defaultValue": "nobody@contoso.test",
          "source": {"expression": "[mail]", "name": "mail", "type": "Attribute"}},
         {"targetAttributeName": "userType", "source": {"expression": "\"Employee\"", "name": "Employee", "type": "Constant"}},
         {"targetAttributeName": "locale", "defaultValue": "en_US", "source": null},
         {"targetAttributeName": "title", "source": {"name": "Append", "type": "Function", "parameters": [
            {"key": "source", "value": {"name": "jobTitle", "type": "Attribute"}}, {"key": "suffix", "value": {"name": " \"x\"", "type": "Constant"}}]}},
         {"targetAttributeName": "urn:contoso:params:scim:schemas:2.0:User:badge", "flowType": "AttributeAddOnly", "source": {"name": "extensionAttribute1", "type": "Attribute"}},
         {"targetAttributeName": "IsNickname", "source": {"name": "mailNickname", "type": "Attribute"}},
         {"targetAttributeName": "nickName", "source": {"expression": "Uper([mail])", "name": "Uper", "type": "Function"}},
         {"targetAttributeName": "displayName", "flowBehavior": "FlowAlways", "source": {"name": "displayName", "type": "Attribute"}}
       ]},
      {"enabled": false, "flowTypes": "Add, Update, Delete", "name": "Provision Azure Active Directory Groups", "sourceObjectName": "Group",
       "targetObjectName": "urn:ietf:params:scim:schemas:core:2.0:Group",
       "attributeMappings": [
         {"targetAttributeName": "displayName", "matchingPriority": 1, "source": {"name": "displayName", "type": "Attribute"}},
         {"targetAttributeName": "members", "exportMissingReferences": true, "source": {"name": "members", "type": "Attribute"}}]},
      {"enabled": true, "name": "devices", "sourceObjectName": "Device", "targetObjectName": "Device", "attributeMappings": []}
    ]}]
}`

func TestImportSchema(t *testing.T) {
	text, notes, err := ImportSchema([]byte(exported), "acme")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`userName: {from: userPrincipalName, match: 1}`,
		`active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}`,
		`emails[type eq "work"].value: {from: mail, apply: create, default: nobody@contoso.test}`,
		`userType: {constant: Employee}`,
		`locale: {none: true, default: en_US}`,
		`title: {expression: 'Append([jobTitle], " \"x\"")'}`,
		`urn:contoso:params:scim:schemas:2.0:User:badge: {from: extensionAttribute1, apply: if-empty}`,
		`IsNickname: {from: mailNickname, type: string}`,
		`actions: [create, update]`,
		`token: ${ACME_TOKEN}`,
		`- [{attribute: department, operator: EQUALS, value: Sales}, {attribute: mail, operator: IS NOT NULL}]`,
		"groups:\n  enabled: false\n  mappings:\n    displayName: {from: displayName, match: 1}\n    members: {from: members}\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("lacks %s:\n%s", want, text)
		}
	}
	all := strings.Join(notes, "\n")
	for _, want := range []string{`"odd" is not usable yet`, "nickName", "FlowAlways", "exportMissingReferences", `"devices"`} {
		if !strings.Contains(all, want) || !strings.Contains(string(text), want) {
			t.Errorf("not noted: %s\n%s", want, all)
		}
	}
	if len(notes) != 5 {
		t.Errorf("noted\n%s", all)
	}
	// It can only be applied when somebody has decided about the filter.
	if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), "RESEMBLES") {
		t.Errorf("parsed: %v", err)
	}
	if _, err := Parse([]byte(strings.ReplaceAll(string(text), "RESEMBLES", "EQUALS"))); err != nil {
		t.Error(err)
	}
}

func TestImportSchemaRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`[`:  "no schema in JSON",
		`{}`: "no synchronizationRules",
		`{"synchronizationRules":[{"objectMappings":[]}]}`: "neither users nor groups",
	} {
		if _, _, err := ImportSchema([]byte(text), "acme"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	wrapped := `{"schema":` + exported + `}`
	if _, _, err := ImportSchema([]byte("\ufeff"+wrapped), "acme"); err != nil {
		t.Errorf("wrapped: %v", err)
	}
}

// Each template is an application as it stands.
func TestTemplatesCanBeApplied(t *testing.T) {
	for _, name := range Templates() {
		text, err := Template(name)
		if err != nil {
			t.Fatal(err)
		}
		a, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
			continue
		}
		if got := a.Warnings(); len(got) > 0 {
			t.Errorf("%s warns: %v", name, got)
		}
		want := ObjectMapping{Enabled: true}
		if want.complete(DefaultUserMappings()); name != "seed" && !sameMappings(a.Users.Mappings, want.Mappings) {
			t.Errorf("%s does not show the default mapping:\n%s", name, text)
		}
	}
	if _, err := Template("x"); err == nil || !strings.Contains(err.Error(), "there are: directory, ldap") {
		t.Errorf("said %v", err)
	}
}

func sameMappings(a, b Mappings) bool {
	for i := range a {
		if i >= len(b) || !a[i].equal(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}
