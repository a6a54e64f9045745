package expression

import (
	"cmp"
	"encoding/json/v2"
	"strings"
)

// appRole is one assignment in [appRoleAssignments]: a JSON object, or the bare
// name of a role.
type appRole struct {
	Display string `json:"displayName"`
	Value   string `json:"value"`
}

func readRole(text string) (appRole, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return appRole{text, text}, nil
	}
	var role appRole
	if err := json.Unmarshal([]byte(text), &role); err != nil {
		return role, notA(text, `an app role such as {"displayName": "Admin", "value": "admin"}`)
	}
	role.Value = cmp.Or(role.Value, role.Display)
	return role, nil
}

func singleAppRole(_ *run, _ *call, a []Value) (Value, error) {
	if a[0].IsEmpty() {
		return Null, nil
	}
	role, err := readRole(a[0].String())
	if err != nil {
		return Null, err
	}
	return Text(role.Value), nil
}

// scimRole is a role as Entra sends it (RFC 7643 section 4.1.2).
type scimRole struct {
	Primary bool   `json:"primary"`
	Type    string `json:"type"`
	Display string `json:"display,omitempty"`
	Value   string `json:"value"`
}

func appRoles(_ *run, _ *call, a []Value) (Value, error) {
	if a[0].IsEmpty() {
		return Null, nil
	}
	v, err := each(a[0], func(text string) (string, error) {
		role, err := readRole(text)
		if err != nil {
			return "", err
		}
		scim, err := json.Marshal(scimRole{Type: "WindowsAzureActiveDirectoryRole", Display: role.Display, Value: role.Value})
		return string(scim), err
	})
	v.many = err == nil
	return v, err
}
