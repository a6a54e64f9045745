package provision

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
)

func TestExpand(t *testing.T) {
	a := &Application{Name: "acme", Source: source.Config{Kind: "ldap", Base: []string{"dc=${DC}", "x"}, Attributes: map[string]string{"mail": "${DC}"}},
		Target: target.Config{URL: "https://${HOST}/scim", Token: "${TOKEN}", Header: map[string]string{"X-Key": "k ${TOKEN}"}}}
	base := a.Source.Base
	if got := a.References(); !slices.Equal(got, []string{"DC", "HOST", "TOKEN"}) {
		t.Errorf("refers to %v", got)
	}
	if err := a.Expand(map[string]string{"DC": "d"}); err == nil || !strings.Contains(err.Error(), "HOST, TOKEN") || a.Source.Base[0] != "dc=${DC}" {
		t.Errorf("expanded %+v, %v", a, err)
	}
	if err := a.Expand(map[string]string{"DC": "d", "HOST": "h", "TOKEN": "${DC}"}); err != nil {
		t.Fatal(err)
	}
	// What a secret holds is not expanded again.
	if a.Target.Token != "${DC}" || a.Target.Header["X-Key"] != "k ${DC}" || a.Target.URL != "https://h/scim" || a.Source.Attributes["mail"] != "d" {
		t.Errorf("expanded to %+v", a)
	}
	if base[0] != "dc=${DC}" || a.Source.Base[0] != "dc=d" {
		t.Errorf("the list that others hold was changed: %v, %v", base, a.Source.Base)
	}
}

func TestSeclude(t *testing.T) {
	a := &Application{Name: "my-app", Source: source.Config{Kind: "sql", Database: "postgres://u:pw@h/d", URL: "${MY_APP_TOKEN}"},
		Target: target.Config{Token: "tok", OAuth: target.OAuth{ClientSecret: "cs", ClientID: "id"}, Header: map[string]string{"X-Api-Key": "key", "User-Agent": "me", "A": "${B}"}}}
	before := *a
	secrets := a.Seclude()
	want := map[string]string{"MY_APP_SOURCE_DATABASE": "postgres://u:pw@h/d", "MY_APP_TOKEN_2": "tok", "MY_APP_CLIENT_SECRET": "cs", "MY_APP_HEADER_X_API_KEY": "key"}
	if !reflect.DeepEqual(secrets, want) || a.Target.Token != "${MY_APP_TOKEN_2}" || a.Target.Header["User-Agent"] != "me" || before.Target.Header["X-Api-Key"] != "key" {
		t.Errorf("took %v and left %+v", secrets, a)
	}
	if again := a.Seclude(); len(again) != 0 {
		t.Errorf("took %v from what was taken already", again)
	}
	for _, open := range []string{"sqlite:people.db", "postgres://u@h/d", ""} {
		b := &Application{Name: "x", Source: source.Config{Database: open}}
		if got := b.Seclude(); len(got) != 0 {
			t.Errorf("%q is no secret, and was taken as %v", open, got)
		}
	}
	if name := (&Application{Name: "1st", Target: target.Config{Token: "x"}}).Seclude(); name["APP_1ST_TOKEN"] != "x" {
		t.Errorf("took %v", name)
	}
}

// Taking secrets out and putting them in again gives the same application, and
// what is between shows none of them: not the text, not what is wrong with it.
func TestSecretsAreShownNowhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawApplication(t)
		secret := func(label string) string { return rapid.StringMatching(`s3cr3t[A-Za-z0-9+/=]{6,20}`).Draw(t, label) }
		// Wrong on purpose half of the time.
		a.Target.Token, a.Target.Password, a.Target.OAuth.ClientSecret = secret("token"), secret("password"), secret("client secret")
		a.Target.Header = map[string]string{"X-Key": secret("header")}
		a.Source = source.Config{Kind: rapid.SampledFrom([]string{"ldap", "sql", "scim", "csv", "cvs"}).Draw(t, "kind"), Password: secret("bind"), Token: secret("source token"),
			URL: "http://x", Database: "postgres://u:" + secret("database") + "@h/d"}
		if err := a.Check(); err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Fatal(err)
		}
		if _, err := Parse(a.YAML()); err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Fatal(err)
		}
		b := *a
		secrets := b.Seclude()
		if strings.Contains(string(b.YAML()), "s3cr3t") || strings.Contains(fmt.Sprint(b.Check(), b.Warnings()), "s3cr3t") {
			t.Fatalf("shown:\n%s", b.YAML())
		}
		for _, s := range secrets {
			if text := Hide("x "+s+" y", secrets); strings.Contains(text, "s3cr3t") {
				t.Fatalf("not hidden: %s", text)
			}
		}
		if err := b.Expand(secrets); err != nil || !reflect.DeepEqual(*a, b) {
			t.Fatalf("%v\n%s", err, Diff(a.YAML(), b.YAML()))
		}
	})
}

// A document that is no YAML may hold a secret just there.
func TestSyntaxErrorsShowNoSecret(t *testing.T) {
	for _, value := range []string{"*s3cr3t", "&s3cr3t", "!s3cr3t x", "%s3cr3t", "@s3cr3t", "'s3cr3t", `"s3cr3t`, "`s3cr3t", "s3cr3t: x", "[s3cr3t", "{s3cr3t", "|s3cr3t", "[s3cr3t]", "{s3cr3t: 1}", "\"\\s3cr3t\""} {
		for _, key := range []string{"token", "oauth", "parallel", "plain-text", "limits"} {
			if _, err := Parse([]byte("name: acme\nsource: {kind: directory}\ntarget:\n  url: https://a.example\n  " + key + ": " + value + "\n")); err != nil && strings.Contains(err.Error(), "s3cr3t") && !strings.Contains(value, "{") {
				t.Errorf("%s: %s said %v", key, value, err)
			}
		}
	}
}
