package sqlstore_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// badInput is one request that must be refused with the code, and leave
// everything as it was.
type badInput struct {
	name, method, path, body string
	code                     string
	headers                  []string
}

func patchOf(operations string) string {
	return `{"schemas":["` + scim.PatchOpURN + `"],"Operations":[` + operations + `]}`
}

func filterOf(filter string) string { return "/Users?filter=" + url.QueryEscape(filter) }

func badInputs(id string) []badInput {
	user, deep := "/Users/"+id, strings.Repeat(`{"a":`, 64)+"1"+strings.Repeat("}", 64)
	operations := strings.TrimSuffix(strings.Repeat(`{"op":"replace","path":"title","value":"x"},`, 1001), ",")
	terms := strings.TrimSuffix(strings.Repeat(`title eq "x" or `, 201), " or ")
	return []badInput{
		{name: "not JSON", method: "POST", path: "/Users", body: `userName=anna`, code: "400.10"},
		{name: "half of JSON", method: "PUT", path: user, body: `{"userName":"anna@acme.test","title":`, code: "400.10"},
		{name: "more than JSON", method: "POST", path: "/Users", body: `{"userName":"b@acme.test"} {}`, code: "400.10"},
		{name: "no body", method: "POST", path: "/Users", code: "400.10"},
		{name: "not UTF-8", method: "POST", path: "/Users", body: "{\"userName\":\"b\xff@acme.test\"}", code: "400.10"},
		{name: "a list", method: "POST", path: "/Users", body: `[{"userName":"b@acme.test"}]`, code: "400.10"},
		{name: "duplicate keys", method: "POST", path: "/Users", body: `{"userName":"b@acme.test","userName":"c@acme.test"}`, code: "400.11"},
		{name: "duplicate keys but for case", method: "POST", path: "/Users", body: `{"userName":"b@acme.test","USERNAME":"c@acme.test"}`, code: "400.11"},
		{name: "duplicate keys within", method: "PUT", path: user, body: `{"userName":"anna@acme.test","name":{"givenName":"A","GivenName":"B"}}`, code: "400.11"},
		{name: "depth 65", method: "POST", path: "/Users", body: `{"userName":"b@acme.test","x":` + deep + `}`, code: "400.12"},
		{name: "depth 65 in PATCH", method: "PATCH", path: user, body: patchOf(`{"op":"add","path":"name","value":` + deep + `}`), code: "400.12"},
		{name: "1 MiB and 1", method: "POST", path: "/Users", body: padded(1<<20 + 1), code: "413.1"},
		{name: "1,001 operations", method: "PATCH", path: user, body: patchOf(operations), code: "413.2"},
		{name: "userName an object", method: "POST", path: "/Users", body: `{"userName":{"value":"b@acme.test"}}`, code: "400.13"},
		{name: "userName a list", method: "PUT", path: user, body: `{"userName":["b@acme.test","c@acme.test"]}`, code: "400.13"},
		{name: "name a text", method: "POST", path: "/Users", body: `{"userName":"b@acme.test","name":"Anna"}`, code: "400.13"},
		{name: "active a word", method: "PATCH", path: user, body: patchOf(`{"op":"replace","path":"active","value":"perhaps"}`), code: "400.13"},
		{name: "active null", method: "PATCH", path: user, body: patchOf(`{"op":"replace","path":"active","value":null}`), code: "400.16"},
		{name: "active null in PUT", method: "PUT", path: user, body: `{"userName":"anna@acme.test","active":null}`, code: "400.16"},
		{name: "no userName", method: "POST", path: "/Users", body: `{"displayName":"Anna"}`, code: "400.14"},
		{name: "no userName in PUT", method: "PUT", path: user, body: `{"displayName":"Anna"}`, code: "400.14"},
		{name: "Operations no list", method: "PATCH", path: user, body: `{"schemas":["` + scim.PatchOpURN + `"],"Operations":{}}`, code: "400.17"},
		{name: "op unknown", method: "PATCH", path: user, body: patchOf(`{"op":"increase","path":"title","value":"x"}`), code: "400.17"},
		{name: "the second operation is wrong", method: "PATCH", path: user, body: patchOf(`{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"active","value":"perhaps"}`), code: "400.13"},
		{name: "userName taken", method: "POST", path: "/Users", body: `{"userName":"ADMIN@acme.test"}`, code: "409.1"},
		{name: "userName taken, by PATCH", method: "PATCH", path: user, body: patchOf(`{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"userName","value":"admin@ACME.test"}`), code: "409.1"},
		{name: "new and inactive", method: "POST", path: "/Users", body: `{"userName":"b@acme.test","active":false}`, code: "400.50"},
		{name: "group unknown", method: "POST", path: "/Users", body: `{"userName":"b@acme.test","addresses":[{"type":"work","country":"Atlantis"}],"` + scim.EnterpriseSchema + `":{"department":"Divers"}}`, code: "400.76"},
		{name: "group in another case", method: "PATCH", path: user, body: patchOf(`{"op":"replace","path":"title","value":"x"},{"op":"add","path":"addresses[type eq \"work\"].country","value":"FINLAND"}`), code: "400.76"},
		{name: "path does not parse", method: "PATCH", path: user, body: patchOf(`{"op":"replace","path":"emails]value[","value":"x"}`), code: "400.30"},
		{name: "filter of a path does not parse", method: "PATCH", path: user, body: patchOf(`{"op":"replace","path":"emails[type eq","value":"x"}`), code: "400.20"},
		{name: "no target", method: "PATCH", path: user, body: patchOf(`{"op":"replace","path":"emails[type eq \"other\"]","value":{"display":"x"}}`), code: "400.31"},
		{name: "version", method: "PATCH", path: user, body: patchOf(`{"op":"replace","path":"title","value":"x"}`), code: "412.1", headers: []string{"If-Match", `W/"1"`}},
		{name: "version of PUT", method: "PUT", path: user, body: `{"userName":"anna@acme.test"}`, code: "412.1", headers: []string{"If-Match", `"0"`}},
		{name: "version of DELETE", method: "DELETE", path: user, code: "412.1", headers: []string{"If-Match", `W/"999"`}},
		{name: "media type", method: "POST", path: "/Users", body: `{"userName":"b@acme.test"}`, code: "415.1", headers: []string{"Content-Type", "text/xml"}},
		{name: "compressed", method: "POST", path: "/Users", body: `{"userName":"b@acme.test"}`, code: "415.1", headers: []string{"Content-Encoding", "gzip"}},
		{name: "nobody's id", method: "PATCH", path: "/Users/" + nobody, body: patchOf(`{"op":"replace","path":"title","value":"x"}`), code: "404.1"},
		{name: "an id that no id can be, asked for", method: "GET", path: "/Users/%00", code: "404.1"},
		{name: "an id that no id can be", method: "DELETE", path: "/Users/%00%ff", code: "404.1"},
		{name: "no endpoint", method: "GET", path: "/Persons", code: "404.3"},
		{name: "no method", method: "DELETE", path: "/Users", code: "405.1"},
		{name: "filter on discovery", method: "GET", path: "/Schemas?filter=" + url.QueryEscape(`id eq "x"`), code: "403.3"},
		{name: "an IdP group without a name", method: "POST", path: "/Groups", body: `{"externalId":"x"}`, code: "400.14"},
		{name: "an IdP group that is not there", method: "PATCH", path: "/Groups/01a20520-39ed-7541-96f3-2cf48d2bfe32", body: `{"Operations":[{"op":"remove","path":"members"}]}`, code: "404.1"},
		{name: "startIndex a word", method: "GET", path: "/Users?startIndex=first", code: "400.40"},
		{name: "two projections", method: "GET", path: "/Users?attributes=userName&excludedAttributes=title", code: "400.41"},
		{name: "filter does not parse", method: "GET", path: filterOf(`userName eq`), code: "400.20"},
		{name: "filter of 8 KiB and 1", method: "GET", path: filterOf(`userName eq "` + strings.Repeat("x", 8<<10-13) + `"`), code: "400.21"},
		{name: "filter of 201 terms", method: "GET", path: filterOf(terms), code: "400.21"},
		{name: "filter of 50,000 parentheses", method: "GET", path: "/Users?filter=" + strings.Repeat("(", 50_000), code: "400.21"},
		{name: "filter of 4,000 parentheses", method: "GET", path: "/Users?filter=" + strings.Repeat("(", 4_000) + "x", code: "400.2*"},
		{name: "filter on an unknown attribute", method: "GET", path: filterOf(`shoeSize eq "44"`), code: "400.22"},
		{name: "filter with an operator that a boolean has not", method: "GET", path: filterOf(`active gt true`), code: "400.22"},
	}
}

// padded is a user of exactly so many bytes.
func padded(size int) string {
	head, tail := `{"userName":"b@acme.test","title":"`, `"}`
	return head + strings.Repeat("x", size-len(head)-len(tail)) + tail
}

// TestBadInput: every refusal is a SCIM error with its code and the cure, tells
// nothing of our inside, and nothing of the request is done.
func TestBadInput(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := startServers(t, url)
		r := s.all[0].send(t, "POST", "/Users", `{"userName":"anna@acme.test","emails":[{"value":"anna@acme.test","type":"work"}],"addresses":[{"type":"work","country":"Finland"}]}`)
		id := scim.ResourceFromJSON([]byte(r.body)).ID()
		d := openDump(t, url)
		defer d.db.Close()
		before := d.everything("")
		for _, bad := range badInputs(id) {
			r := s.all[0].send(t, bad.method, bad.path, bad.body, bad.headers...)
			refused(t, bad.name, r, bad.code)
			after := d.everything("")
			d.same(bad.name, before, after)
			before = after
		}
		checkWhole(t, url)
	})
}

var inside = regexp.MustCompile(`(?i)goroutine|panic|\.go:|sql|sqlstate|constraint|runtime error|unmarshal|json:|jsontext`)

// refused checks an error's form (RFC 7644 section 3.12), code and words. A
// code may end in a star.
func refused(t *testing.T, what string, r reply, code string) {
	t.Helper()
	e := scim.ResourceFromJSON([]byte(r.body)).Object()
	detail, _ := e["detail"].(string)
	status, _, _ := strings.Cut(code, ".")
	known, exact := strings.CutSuffix(code, "*")
	mark := "(" + known
	if !exact {
		mark += ")"
	}
	_, cure, found := strings.Cut(detail, mark)
	switch {
	case fmt.Sprint(r.status) != status || e["status"] != status || !found:
		t.Errorf("%s: %.300s; want %s", what, r, code)
	case !strings.Contains(fmt.Sprint(e["schemas"]), scim.ErrorURN) || !strings.HasPrefix(r.header.Get("Content-Type"), "application/scim+json"):
		t.Errorf("%s: no SCIM error: %v %.300s", what, r.header, r)
	case len(cure) < 15 || !strings.HasSuffix(detail, "."):
		t.Errorf("%s: where is the cure? %s", what, detail)
	case inside.MatchString(r.body):
		t.Errorf("%s: tells of our inside: %s", what, r)
	}
}

// TestBadTokens: what is no token, or no longer one, opens nothing, and the
// answer does not tell which it was.
func TestBadTokens(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := startServers(t, url)
		d, end := inProcess(t, url)
		defer end()
		tenant, err := d.OpenAdmin(t.Context(), "acme", testVia)
		if err != nil {
			t.Fatal(err)
		}
		var same string
		for name, token := range badTokens(t, d, tenant, s) {
			c := s.all[len(s.all)-1].with(token)
			for _, ask := range []string{"/Users", "/Users/" + nobody, "/Groups", "/Schemas"} {
				r := c.send(t, "GET", ask, "")
				refused(t, name+", GET "+ask, r, "401.2")
				if got := r.header.Get("WWW-Authenticate"); !strings.Contains(got, `error="invalid_token"`) {
					t.Errorf("%s: WWW-Authenticate: %s", name, got)
				}
				if same == "" {
					same = r.body
				}
				if r.body != same {
					t.Errorf("%s: %s, where others get %s", name, r, same)
				}
			}
			refused(t, name+", POST", c.send(t, "POST", "/Users", `{"userName":"late@acme.test"}`), "401.2")
		}
		r := s.all[0].with("").send(t, "GET", "/Users", "")
		refused(t, "no token", r, "401.1")
		if got := r.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `Bearer realm="Rollcall"`) || strings.Contains(got, "error=") {
			t.Errorf("no token: WWW-Authenticate: %s", got)
		}
		for setting, code := range map[string]string{"scim": "403.1", "access-tokens": "401.2"} {
			mustCommand(t, url, "tenant", "set", setting, "false")
			refused(t, setting+" off", s.all[0].send(t, "GET", "/Users", ""), code)
			refused(t, setting+" off", s.all[0].send(t, "POST", "/Users", `{"userName":"late@acme.test"}`), code)
			mustCommand(t, url, "tenant", "set", setting, "true")
		}
		mustCommand(t, url, "tenant", "set", "email-user-names", "true")
		refused(t, "no e-mail address", s.all[0].send(t, "POST", "/Users", `{"userName":"anna"}`), "400.15")
		if r := s.all[0].send(t, "GET", "/Users", ""); !strings.Contains(r.body, `"totalResults":1,`) {
			t.Errorf("somebody came in: %s", r)
		}
	})
}

// badTokens makes a token of each kind that is not valid.
func badTokens(t *testing.T, d *directory.Directory, tenant *directory.Tenant, s *servers) map[string]string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	bad := map[string]string{
		"garbage": "garbage", "a changed character": strings.Map(func(r rune) rune {
			if r == 'a' {
				return 'b'
			}
			return r
		}, s.token) + "x",
		"of no tenant": "rc_0000000000000000000000000000000000000000000" + "000000",
	}
	admin := func(name string, expires time.Time) string {
		_, err := tenant.CreateUser(t.Context(), name, nil)
		must(err)
		_, err = tenant.SetRole(t.Context(), name, "company admin")
		must(err)
		bad[name], err = tenant.CreateToken(t.Context(), name, name, expires)
		must(err)
		if r := s.all[0].with(bad[name]).send(t, "GET", "/Schemas", ""); r.status != 200 {
			t.Fatalf("the token of %s: %s", name, r)
		}
		return name
	}
	must(tenant.RevokeToken(t.Context(), admin("revoked@acme.test", time.Time{})))
	_, err := tenant.SetRole(t.Context(), admin("demoted@acme.test", time.Time{}), "group admin")
	must(err)
	_, err = tenant.RemoveUser(t.Context(), admin("removed@acme.test", time.Time{}))
	must(err)
	must(tenant.Set(t.Context(), "deprovision", "deactivate"))
	_, err = tenant.SetUser(t.Context(), admin("deactivated@acme.test", time.Time{}), map[string]string{"active": "false"})
	must(err)
	// Made two years ago for one year.
	d.Now = func() time.Time { return time.Now().AddDate(-2, 0, 0) }
	bad["expired"], err = tenant.CreateToken(t.Context(), "admin@acme.test", "expired", time.Time{})
	must(err)
	d.Now = time.Now
	for _, name := range []string{"deactivated@acme.test", "demoted@acme.test", "revoked@acme.test"} {
		_, err := tenant.RemoveUser(t.Context(), name)
		must(err)
	}
	return bad
}

// TestLiteralFilters: what means something to a database means itself in a
// filter, and a NUL, which PostgreSQL cannot keep, breaks nothing.
func TestLiteralFilters(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := startServers(t, url)
		c := s.all[0]
		titles := []string{`100%`, `100`, `a_b`, `axb`, `back\\slash`, `backslash`, `it's`, `its`}
		for i, title := range titles {
			if r := c.send(t, "POST", "/Users", fmt.Sprintf(`{"userName":"p%d@acme.test","title":"%s"}`, i, title)); r.status != 201 {
				t.Fatal(r)
			}
		}
		for filter, want := range map[string]int{
			`title co "%"`: 1, `title co "_"`: 1, `title co "\\"`: 1, `title co "'"`: 1,
			`title sw "100%"`: 1, `title sw "100"`: 2, `title sw "a_"`: 1, `title ew "_b"`: 1, `title ew "%"`: 1,
			`title eq "100%"`: 1, `userName co "%"`: 0, `userName sw "p_@"`: 0, `displayName eq "%"`: 0,
		} {
			r := c.send(t, "GET", filterOf(filter), "")
			if r.status != 200 || !strings.Contains(r.body, fmt.Sprintf(`"totalResults":%d,`, want)) {
				t.Errorf("%s: %.300s; want %d", filter, r, want)
			}
		}
		for _, attribute := range []string{"userName", "title", "externalId", "emails", "id"} {
			refused(t, attribute, c.send(t, "GET", filterOf(attribute+` eq "a\u0000"`), ""), "400.20")
			refused(t, attribute, c.send(t, "GET", filterOf(attribute+" eq \"a\x00\""), ""), "400.20")
		}
		before := c.send(t, "GET", "/Users?count=1000", "")
		for _, body := range []string{`{"userName":"nul\u0000@acme.test"}`, `{"userName":"nul@acme.test","externalId":"\u0000"}`, `{"userName":"nul@acme.test","title":"a\u0000b"}`,
			`{"userName":"nul@acme.test","emails":[{"value":"nul\u0000@acme.test"}]}`, `{"userName":"nul@acme.test","` + scim.EnterpriseSchema + `":{"department":"a\u0000b"}}`} {
			r := c.send(t, "POST", "/Users", body)
			if r.status >= 500 {
				t.Errorf("%s: %s", body, r)
			}
			if r.status == 201 {
				c.send(t, "DELETE", "/Users/"+scim.ResourceFromJSON([]byte(r.body)).ID(), "")
			}
		}
		if after := c.send(t, "GET", "/Users?count=1000", ""); after.body != before.body {
			t.Errorf("the list was\n%s\nand is\n%s", before, after)
		}
		checkWhole(t, url)
	})
}
