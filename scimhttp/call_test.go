package scimhttp

import (
	"strings"
	"testing"
	"uuid"

	"github.com/rollcall-scim/rollcall/scim"
)

func TestToken(t *testing.T) {
	for authorization, want := range map[string]string{
		"": "", "Bearer": "", "Bearer ": "", "Bearer abc": "abc", "BEARER   abc ": "abc", "rc_abc": "rc_abc",
		"non-token": "non-token", "Basic YTpi": "", "Digest a=b, c=d": "",
	} {
		if got := token(authorization); got != want {
			t.Errorf("%q: %q, want %q", authorization, got, want)
		}
	}
}

func TestRequestID(t *testing.T) {
	for _, sent := range []string{"a", "7f3c.4-1_B", strings.Repeat("x", 64)} {
		if got := requestID(sent); got != sent {
			t.Errorf("%q became %q", sent, got)
		}
	}
	for _, sent := range []string{"", "a b", "a\nb", "ä", `"`, strings.Repeat("x", 65)} {
		if id, err := uuid.Parse(requestID(sent)); err != nil || id[6]>>4 != 7 {
			t.Errorf("%q: no new UUID of version 7: %v %v", sent, id, err)
		}
	}
}

func TestClientName(t *testing.T) {
	for userAgent, want := range map[string]string{
		"":                                "unknown", // onelogin-pgrp-001
		"Okta SCIM Client 1.0.0":          "Okta",
		"OKTA SCIM Integration":           "Okta",
		"Google-Auto-Provisioning":        "Google",
		"AzureAD-SyncFabric/1.0":          "Entra ID",
		"OneLogin SCIM":                   "OneLogin",
		"goauthentik.io/authentik/2026.8": "authentik",
		"curl/8.9.1":                      "curl",
		"Go-http-client/1.1":              "Go-http-client",
		"<script>":                        "unknown",
		"Möbel/1":                         "M",
		strings.Repeat("x", 100):          strings.Repeat("x", 64),
	} {
		if got := clientName(userAgent); got != want {
			t.Errorf("%q: %q, want %q", userAgent, got, want)
		}
	}
}

func TestRequestIDIsAnswered(t *testing.T) {
	f := newFixture(t)
	for _, sent := range []string{"abc-1", "no good"} {
		w := f.send("GET", Base+"/Users", "", "X-Request-Id", sent)
		if got := w.Header().Get("X-Request-Id"); got != f.calls[len(f.calls)-1].RequestID || got == "" || got == "no good" {
			t.Errorf("%q: answered %q", sent, got)
		}
	}
}

func TestStrike(t *testing.T) {
	names := filterNames([]*scim.ResourceType{scim.UserType, scim.GroupType})
	for filter, want := range map[string]string{
		"":                             "",
		`userName eq "anna@acme.test"`: `userName eq "…"`,
		`userName eq anna@acme.test`:   `userName eq …`,
		`(ActiVe eq true) and meta.lastmodified ge "2021-09-23T19:35:41Z"`:      `(ActiVe eq true) and meta.lastmodified ge "…"`,
		`emails[type eq "work"].value eq "a\"b@c"`:                              `emails[type eq "…"].value eq "…"`,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "x"`:            `urn:ietf:params:scim:schemas:core:2.0:User:userName eq "…"`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager pr`: `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager pr`,
		`urn:anna:userName eq 1`:                                                `… eq …`,
		`anna.aalto`:                                                            `…`,
		`userName eq "anna`:                                                     `userName eq "…"`,
		`userName = anna`:                                                       `userName … …`,
	} {
		if got := strike(filter, names); got != want {
			t.Errorf("%s: %s, want %s", filter, got, want)
		}
	}
	if got := strike(strings.Repeat("a", 2000), names); got != "…" {
		t.Errorf("a long filter: %s", got)
	}
}

func TestUnescapeIsLenient(t *testing.T) {
	for s, want := range map[string]string{
		"a+b": "a b", "a%2Bb": "a+b", "100%": "100%", "%zz%4": "%zz%4", "%c3%A4": "ä", "%2540": "%40", "": "",
	} {
		if got := unescape(s, true); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
	if got := unescape("a+b%20c", false); got != "a+b c" {
		t.Errorf("in a path: %q", got)
	}
}
