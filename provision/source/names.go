package source

import (
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
)

// Names are the attributes of Entra that an outbound mapping can read, in
// Entra's spelling, and those of our own directory that Entra has no word for.
// A source may have others beside them. IsSoftDeleted is none of them: it is
// worked out from scope and state.
var Names = func() []string {
	names := []string{
		"objectId", "userPrincipalName", "originalUserPrincipalName", "mail", "mailNickname", "otherMails", "proxyAddresses",
		"displayName", "givenName", "surname", "accountEnabled", "userType",
		"jobTitle", "department", "companyName", "organization", "division", "costCenter", "employeeId", "employeeType",
		"employeeHireDate", "employeeLeaveDateTime", "manager", "members", "memberOf", "description", "securityEnabled", "mailEnabled",
		"telephoneNumber", "mobile", "facsimileTelephoneNumber", "otherTelephone", "homePhone", "pager", "ipPhone",
		"streetAddress", "city", "locality", "state", "region", "postalCode", "country", "physicalDeliveryOfficeName",
		"preferredLanguage", "usageLocation", "ageGroup", "consentProvidedForMinor", "sipProxyAddress", "wWWHomePage",
		"immutableId", "onPremisesSecurityIdentifier", "onPremisesSamAccountName", "onPremisesUserPrincipalName",
		"onPremisesDistinguishedName", "createdDateTime", "refreshTokensValidFromDateTime", "appRoleAssignments",
		"group", "teams", "role",
	}
	for i := '1'; i <= '9'; i++ {
		names = append(names, "extensionAttribute"+string(i))
	}
	for i := '0'; i <= '5'; i++ {
		names = append(names, "extensionAttribute1"+string(i))
	}
	return names
}()

// aliases are what the attributes are called elsewhere: in LDAP, in Graph, in
// the column heads of HR systems. Keys are plain (see plain).
var aliases = map[string]string{
	"upn": "userPrincipalName", "username": "userPrincipalName", "login": "userPrincipalName", "logonname": "userPrincipalName",
	"email": "mail", "emailaddress": "mail", "workemail": "mail", "mailaddress": "mail",
	"alias":     "mailNickname",
	"firstname": "givenName", "forename": "givenName", "lastname": "surname", "familyname": "surname", "sn": "surname",
	"fullname": "displayName", "name": "displayName", "commonname": "displayName",
	"title": "jobTitle", "position": "jobTitle", "departmentname": "department", "company": "companyName",
	"employeenumber": "employeeId", "personnelnumber": "employeeId", "staffid": "employeeId",
	"active": "accountEnabled", "enabled": "accountEnabled", "isactive": "accountEnabled",
	"phone": "telephoneNumber", "workphone": "telephoneNumber", "phonenumber": "telephoneNumber", "telephone": "telephoneNumber",
	"mobilephone": "mobile", "mobilenumber": "mobile", "cellphone": "mobile", "cell": "mobile",
	"fax": "facsimileTelephoneNumber", "faxnumber": "facsimileTelephoneNumber",
	"street": "streetAddress", "town": "city", "st": "state", "province": "state", "stateorprovince": "state",
	"zip": "postalCode", "zipcode": "postalCode", "postcode": "postalCode", "countryorregion": "country", "co": "country",
	"office": "physicalDeliveryOfficeName", "officelocation": "physicalDeliveryOfficeName",
	"language": "preferredLanguage", "managerid": "manager", "supervisor": "manager",
	"organisation": "organization", "member": "members", "hiredate": "employeeHireDate",
	"onpremisesimmutableid": "immutableId",
}

// lists are the attributes that hold several values even when they hold one.
var lists = []string{"members", "memberOf", "proxyAddresses", "otherMails", "otherTelephone", "appRoleAssignments", "teams"}

var spelled = func() map[string]string {
	m := map[string]string{}
	for _, n := range Names {
		m[plain(n)] = n
	}
	return m
}()

// plain is a name without case and without what people put between its words.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '_' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// Spelling is Entra's spelling of the name; alias says that it is another word
// for it. It is "" for a name that Entra has nothing for.
func Spelling(name string) (entra string, alias bool) {
	p := plain(name)
	if entra, ok := spelled[p]; ok {
		return entra, false
	}
	return aliases[p], true
}

// Suggest is the attribute of Entra that somebody probably meant by a name that
// does not exist; "" when nothing comes near.
func Suggest(name string) string {
	if entra, _ := Spelling(name); entra != "" {
		return entra
	}
	return nearest(name, Names)
}

// nearest is the candidate that was probably meant; of a short name few letters
// may differ.
func nearest(name string, candidates []string) string {
	as, plains := map[string]string{}, []string{}
	for _, c := range candidates {
		as[plain(c)] = c
		plains = append(plains, plain(c))
	}
	return as[expression.Nearest(plain(name), plains, func(int) int { return min(3, (len(name)+1)/4) })]
}

func isList(name string) bool { return slices.Contains(lists, name) }
