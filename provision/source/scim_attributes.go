package source

import (
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/scim"
)

// flat writes a SCIM resource out as attributes: under its paths, as a mapping
// writes them (userName, name.givenName, emails[type eq "work"].value,
// urn:...:User:department), and under Entra's names.
type flat struct {
	attributes map[string]expression.Value
}

func (f flat) text(name, text string) {
	if text != "" {
		f.attributes[name] = expression.Text(text)
	}
}

// first writes a value that no other has taken the place of.
func (f flat) first(name string, v any) {
	if _, taken := f.attributes[name]; taken {
		return
	}
	if v := simple(v); !v.IsNull() {
		f.attributes[name] = v
	}
}

// simple is the value of anything but objects and arrays.
func simple(v any) expression.Value {
	switch v := v.(type) {
	case string:
		return expression.Text(v)
	case bool:
		return expression.Bool(v)
	case scim.Number:
		return expression.Text(string(v))
	}
	return expression.Null
}

func (f flat) resource(o scim.Object) {
	for name, v := range o {
		switch v := v.(type) {
		case scim.Object:
			f.object(name+separator(name), v)
		case []any:
			f.list(name, v)
		default:
			f.first(name, v)
		}
	}
}

// object writes a complex attribute's parts under its path and the separator.
func (f flat) object(path string, o scim.Object) {
	for sub, v := range o {
		switch v := v.(type) {
		case scim.Object:
			f.object(path+sub+".", v)
		case []any:
			f.list(path+sub, v)
		default:
			f.first(path+sub, v)
		}
	}
}

// list is a multi-valued attribute: all its values under its name and, of
// complex ones, each part of the first of each type.
func (f flat) list(name string, elements []any) {
	var values []string
	for _, e := range elements {
		o, ok := e.(scim.Object)
		if !ok {
			values = append(values, simple(e).Texts()...)
			continue
		}
		values = append(values, simple(o["value"]).Texts()...)
		f.element(name, o)
	}
	if values != nil {
		f.attributes[name] = expression.List(values...)
	}
}

func (f flat) element(name string, o scim.Object) {
	typ, _ := o["type"].(string)
	primary := o["primary"] == true
	if name == "members" || typ == "" && !primary {
		return
	}
	for sub, v := range o {
		if sub == "type" || sub == "primary" {
			continue
		}
		if typ != "" {
			f.first(name+`[type eq "`+typ+`"].`+sub, v)
		}
		if primary {
			f.first(name+`[primary eq true].`+sub, v)
		}
	}
}

// separator is what stands between a name and its parts: after the URN of an
// extension a colon.
func separator(name string) string {
	if strings.Contains(name, ":") {
		return ":"
	}
	return "."
}

const enterprise = scim.EnterpriseSchema + ":"

// words are Entra's attributes and where SCIM has them; the first that is there
// is taken.
var words = map[string][]struct {
	entra string
	paths []string
}{
	User: {
		{"objectId", []string{"id"}},
		{"userPrincipalName", []string{"userName"}},
		{"mail", []string{`emails[primary eq true].value`, `emails[type eq "work"].value`, "emails"}},
		{"mailNickname", []string{"externalId", "nickName"}},
		{"displayName", []string{"name.formatted"}},
		{"givenName", []string{"name.givenName"}},
		{"surname", []string{"name.familyName"}},
		{"accountEnabled", []string{"active"}},
		{"jobTitle", []string{"title"}},
		{"department", []string{enterprise + "department"}},
		{"organization", []string{enterprise + "organization"}},
		{"companyName", []string{enterprise + "organization"}},
		{"division", []string{enterprise + "division"}},
		{"costCenter", []string{enterprise + "costCenter"}},
		{"employeeId", []string{enterprise + "employeeNumber"}},
		{"manager", []string{enterprise + "manager.value"}},
		{"telephoneNumber", []string{`phoneNumbers[type eq "work"].value`}},
		{"mobile", []string{`phoneNumbers[type eq "mobile"].value`}},
		{"homePhone", []string{`phoneNumbers[type eq "home"].value`}},
		{"pager", []string{`phoneNumbers[type eq "pager"].value`}},
		{"facsimileTelephoneNumber", []string{`phoneNumbers[type eq "fax"].value`}},
		{"streetAddress", address("streetAddress")},
		{"city", address("locality")},
		{"locality", address("locality")},
		{"state", address("region")},
		{"region", address("region")},
		{"postalCode", address("postalCode")},
		{"country", address("country")},
		{"physicalDeliveryOfficeName", []string{`addresses[type eq "other"].formatted`}},
	},
	Group: {
		{"objectId", []string{"id"}},
	},
}

func address(part string) []string {
	return []string{`addresses[type eq "work"].` + part, `addresses[primary eq true].` + part}
}

// entra adds Entra's names to what resource wrote.
func (f flat) entra(typ string) {
	for _, w := range words[typ] {
		for _, path := range w.paths {
			if v, ok := f.attributes[path]; ok && !v.IsNull() {
				f.first(w.entra, v.String())
				break
			}
		}
	}
	if typ != User {
		return
	}
	local, _, _ := strings.Cut(f.attributes["userName"].String(), "@")
	f.first("mailNickname", local)
	names := f.attributes["givenName"].String() + " " + f.attributes["surname"].String()
	if names = strings.TrimSpace(names); names != "" {
		f.first("displayName", names) // every person of Entra has one
	}
	// RFC 7643 section 4.1.1 leaves it open what no active means; a server that
	// does not say it knows no other people.
	f.first("accountEnabled", true)
	if other, ok := f.attributes[`emails[type eq "other"].value`]; ok {
		f.attributes["proxyAddresses"] = expression.List(other.String())
	}
}
