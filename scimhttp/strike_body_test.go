package scimhttp

import (
	"strings"
	"testing"
)

func TestStrikeBody(t *testing.T) {
	for name, c := range map[string]struct{ endpoint, body, want string }{
		"as it came":       {"/Users", ` {"userName": "a@b.test",  "active":"True"}`, `{"userName": "a@b.test",  "active":"True"}`},
		"password":         {"/Users", `{"userName":"a","Password":"canary","n":1}`, `{"userName":"a","Password":"…","n":1}`},
		"hidden password":  {"/Users", `{"\u0070assword":"canary"}`, `{"password":"…"}`},
		"nested":           {"/Users", `{"x":[{"clientSecret":{"a":"canary"}}]}`, `{"x":[{"clientSecret":"…"}]}`},
		"PATCH":            {"/Users", `{"Operations":[{"op":"add","value":"canary","path":"password"},{"op":"add","path":"title","value":"Boss"}]}`, `{"Operations":[{"op":"add","value":"…","path":"password"},{"op":"add","path":"title","value":"Boss"}]}`},
		"PATCH by URN":     {"/Users", `{"Operations":[{"path":"urn:ietf:params:scim:schemas:core:2.0:User:password","value":"canary"}]}`, `{"Operations":[{"path":"urn:ietf:params:scim:schemas:core:2.0:User:password","value":"…"}]}`},
		"our own token":    {"/Users", `{"title":"rc_canarycanarycanarycanary"}`, `{"title":"…"}`},
		"members":          {"/Groups", `{"displayName":"Staff","members":[{"value":"1","display":"canary"}]}`, `{"displayName":"Staff","members":[{"value":"1","display":"…"}]}`},
		"search":           {"/Users/.search", `{"filter":"userName eq \"canary\""}`, `{"filter":"userName eq \"…\""}`},
		"no JSON":          {"/Users", `{"userName":"a@b.test"`, `{"userName":"a@b.test"`},
		"no JSON, but":     {"/Users", `{"password":"canary"`, `(20 bytes that are no JSON, and may hold a secret)`},
		"twice":            {"/Users", `{"password":"x","password":"canary"}`, `{"password":"…","password":"…"}`},
		"too deep to read": {"/Users", strings.Repeat(`{"token":1,"a":`, 30) + `"canary"` + strings.Repeat("}", 30), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.send("POST", "/api/scim/v2"+c.endpoint, c.body)
			x := f.exchanges[0]
			if x.Path != c.endpoint {
				t.Errorf("path %s", x.Path)
			}
			if strings.Contains(x.Body, "canary") || c.want != "" && x.Body != c.want {
				t.Errorf("kept %s\nwant %s", x.Body, c.want)
			}
		})
	}
}

func TestPathsAreKept(t *testing.T) {
	f := newFixture(t)
	f.send("GET", `/api/scim/v2/Users?filter=userName eq "canary@acme.test"&count=1`, "")
	f.send("DELETE", "/api/scim/v2/Users/4711", "")
	if got := f.exchanges[0].Path; got != `/Users?filter=userName eq "…"` {
		t.Error(got)
	}
	if got := f.exchanges[1].Path; got != "/Users/4711" {
		t.Error(got)
	}
}
