package source

import (
	"strings"
	"testing"
)

func TestConfigCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		c    Config
		want []string // each in the error; none: no error
	}{
		{"csv", Config{Kind: "csv", Path: "people.csv", Delimiter: "tab", Encoding: "UTF-16", Trailer: "#", MinRows: 3}, nil},
		{"directory", Config{Kind: "directory"}, nil},
		{"ldap", Config{Kind: "ldap", URL: "ldaps://dc.contoso.test", Base: []string{"dc=contoso,dc=test"}, BindDN: "cn=r", Password: "${P}"}, nil},
		{"scim", Config{Kind: "scim", URL: "https://contoso.test/scim", Token: "x"}, nil},
		{"sql", Config{Kind: "sql", Database: "${DB}", Users: "select 1 as id"}, nil},
		{"no kind", Config{}, []string{"kind is missing", "directory, ldap, csv, scim or sql"}},
		{"wrong kind", Config{Kind: "cvs"}, []string{"did you mean csv?"}},
		{"all faults at once", Config{Kind: "csv", Delimiter: "x", Encoding: "ebcdic", MinRows: -1, Token: "t", Attributes: map[string]string{"mail": ""}},
			[]string{"needs path", `delimiter "x"`, `encoding "ebcdic"`, "min-rows -1", "has no token", "belongs to kind scim", "mail has no name"}},
		{"token in clear", Config{Kind: "scim", URL: "http://contoso.test", Token: "x"}, []string{"clear text"}},
		{"token at home", Config{Kind: "scim", URL: "http://localhost:8080", Token: "x"}, nil},
		{"password in the URL", Config{Kind: "scim", URL: "https://u:p@contoso.test"}, []string{"take the user name"}},
		{"ldap", Config{Kind: "ldap", URL: "https://x", Base: []string{"b"}, Changes: "poll", Password: "p"}, []string{"ldaps://HOST", `changes "poll"`, "needs bind-dn"}},
		{"sql", Config{Kind: "sql", Database: "mysql://x", Users: "select", Members: "select"}, []string{"postgres://", "members needs groups"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.c.Check()
			if (err != nil) != (c.want != nil) {
				t.Fatalf("error %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %v", want, err)
				}
			}
			if err != nil && strings.Contains(err.Error(), "u:p@") {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

func TestSuggest(t *testing.T) {
	for name, want := range map[string]string{
		"userPrincipalname": "userPrincipalName", "userPrincipleName": "userPrincipalName", "UPN": "userPrincipalName", "e-mail": "mail",
		"givenNmae": "givenName", "extensionatribute7": "extensionAttribute7", "last name": "surname", "shoeSize": "", "x": "",
	} {
		if got := Suggest(name); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", name, got, want)
		}
	}
}
