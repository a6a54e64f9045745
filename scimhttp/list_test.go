package scimhttp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

// The ways in which clients write a query that finds anna+1@acme.test, by the
// ids of the wire catalogue.
func TestQueriesAsTheyAreSent(t *testing.T) {
	f := newFixture(t)
	f.user(t, "anna@acme.test")
	f.user(t, "exampleName_1")
	for id, query := range map[string]string{
		"entra-lookup-001":    `filter=userName%20eq%20%22anna%40acme.test%22`,
		"entra-lookup-002":    `filter=userName+eq+"anna%40acme.test"`,
		"entra-lookup-004":    `filter=userName eq anna@acme.test`,
		"entra-lookup-005":    `filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22anna%40acme.test%22`,
		"entra-lookup-030":    `filter=urn%3Aietf%3Aparams%3Ascim%3Aschemas%3Acore%3A2.0%3AUser%3AuserName%20eq%20%22anna%40acme.test%22`,
		"entra-lookup-032":    `filter=emails.value%20eq%20%22anna%40acme.test%22`,
		"entra-lookup-033":    `filter=userName%20%20eq%20%20%22anna%40acme.test%22`,
		"okta-spec-09":        `filter=userName eq "ANNA@ACME.TEST"`,
		"onelogin-lookup-001": `filter=userName+eq+%22anna%40acme.test%22&`,
		"rippling-lookup-001": `FILTER=userName+Eq+%22anna@acme.test%22&unknown=1;2`,
		"entra tenant url":    `aadOptscim062020&filter=userName%20eq%20%22anna@acme.test%22`,
		"two question marks":  `?filter=userName%20eq%20%22anna@acme.test%22?`,
	} {
		w := f.send("GET", Base+"/Users?"+query, "")
		o := object(t, w)
		resources, _ := o["Resources"].([]any)
		if w.Code != 200 || o["totalResults"] != scim.Number("1") || len(resources) != 1 || resources[0].(scim.Object)["userName"] != "anna@acme.test" {
			t.Errorf("%s: %d %s", id, w.Code, w.Body)
		}
	}
	// entra-lookup-031: eq is never a part.
	if o := object(t, f.send("GET", Base+`/Users?filter=userName eq "exampleName"`, "")); o["totalResults"] != scim.Number("0") {
		t.Errorf("a part of a name was found: %v", o)
	}
	// Wire rule 5: what is not understood is never the whole list.
	for _, filter := range []string{"nonsense", "userName is x", `shoeSize eq "44"`, "userName eq"} {
		w := f.send("GET", Base+"/Users?filter="+filter, "")
		if o := object(t, w); w.Code != 400 || o["scimType"] != scim.InvalidFilter {
			t.Errorf("%s: %d %s", filter, w.Code, w.Body)
		}
	}
}

// entra-lookup-002 and wire rule 25 through a real server: raw quotes in the
// request line, and a double slash that must not become a redirect.
func TestRawRequestLine(t *testing.T) {
	f := newFixture(t)
	f.user(t, "anna@acme.test")
	server := httptest.NewServer(f)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET "+Base+`//Users?filter=userName+eq+"anna%40acme.test"& HTTP/1.1`+
		"\r\nHost: acme.test\r\nAuthorization: "+goodToken+"\r\nConnection: close\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 200 || !strings.Contains(string(body), `"totalResults":1,`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// entra-test-001, entra-test-003, okta-list-001 to 003, generic-list-002 and 003,
// entra-lookup-012, items 95, 96 and 123 to 126.
func TestItem123Paging(t *testing.T) {
	f := newFixture(t)
	for i := range 5 {
		f.user(t, fmt.Sprintf("%d@acme.test", i))
	}
	for _, c := range []struct {
		query                      string
		total, start, count, first int
	}{
		{"", 5, 1, 5, 0},
		{"startIndex=1&count=2", 5, 1, 2, 0},
		{"startIndex=2&count=2", 5, 2, 2, 1},
		{"startindex=0&COUNT=1", 5, 1, 1, 0},
		{"startIndex=-3", 5, 1, 5, 0},
		{"startIndex=&count=", 5, 1, 5, 0},
		{"startIndex=+2&count=1", 5, 2, 1, 1},
		{"startIndex=9&count=2", 5, 9, 0, -1},
		{"startIndex=99999999999999999999", 5, 1<<31 - 1, 0, -1},
		{"count=0", 5, 1, 0, -1},
		{"count=-1", 5, 1, 0, -1},
		{"count=99999999999999999999", 5, 1, 5, 0},
		{`filter=userName eq "nobody"`, 0, 1, 0, -1},
		{"sortBy=userName&sortOrder=descending&count=1", 5, 1, 1, 4},
		{"SORTBY=" + scim.UserSchema + ":username&sortorder=Descending&startIndex=2&count=1", 5, 2, 1, 3},
		{"sortBy=userName&count=1", 5, 1, 1, 0},
	} {
		w := f.send("GET", Base+"/Users?"+c.query, "")
		o := object(t, w)
		resources, isList := o["Resources"].([]any)
		if w.Code != 200 || !isList || len(resources) != c.count || fmt.Sprint(o["schemas"]) != "["+scim.ListResponseURN+"]" {
			t.Errorf("%s: %d %s", c.query, w.Code, w.Body)
			continue
		}
		for name, want := range map[string]int{"totalResults": c.total, "startIndex": c.start, "itemsPerPage": c.count} {
			if o[name] != scim.Number(fmt.Sprint(want)) {
				t.Errorf("%s: %s is %v, want %d", c.query, name, o[name], want)
			}
		}
		if c.first >= 0 && resources[0].(scim.Object)["userName"] != fmt.Sprintf("%d@acme.test", c.first) {
			t.Errorf("%s: begins with %v", c.query, resources[0])
		}
	}
	wantError(t, f.send("GET", Base+"/Users?sortBy=shoeSize", ""), "400.30", scim.InvalidPath) // item 122
	wantError(t, f.send("GET", Base+"/Users?sortBy=name", ""), "400.30", scim.InvalidPath)
	wantError(t, f.send("GET", Base+"/Users?sortBy=userName&sortOrder=up", ""), "400.13", scim.InvalidValue)
	for _, query := range []string{"startIndex=one", "count=2.5", "count=1e3", "startIndex=0x1"} {
		wantError(t, f.send("GET", Base+"/Users?"+query, ""), "400.40", scim.InvalidValue)
	}
}

func TestItem127EveryPageOnce(t *testing.T) {
	f := newFixture(t)
	for i := range 7 {
		f.user(t, fmt.Sprintf("%d@acme.test", i))
	}
	seen := map[any]bool{}
	for start := 1; ; start += 3 {
		resources := object(t, f.send("GET", fmt.Sprintf("%s/Users?startIndex=%d&count=3&attributes=id", Base, start), ""))["Resources"].([]any)
		if len(resources) == 0 {
			break
		}
		for _, r := range resources {
			if o := r.(scim.Object); seen[o["id"]] || o["userName"] != nil {
				t.Errorf("again or unasked: %v", o)
			} else {
				seen[o["id"]] = true
			}
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d of 7 users on the pages", len(seen))
	}
}

// Okta's SPEC test, the steps that need no directory (okta-spec-01 to 12).
func TestOktaSpec(t *testing.T) {
	f := newFixture(t)
	known := f.user(t, "somebody@acme.test")
	get := func(target string, headers ...string) (int, scim.Object) {
		headers = append([]string{"Accept", "application/scim+json", "Accept-Charset", "utf-8",
			"Content-Type", "application/scim+json; charset=utf-8", "User-Agent", "OKTA SCIM Integration"}, headers...)
		w := f.send("GET", Base+target, "", headers...)
		return w.Code, object(t, w)
	}
	step := func(n int, ok bool, o scim.Object) {
		t.Helper()
		if !ok {
			t.Errorf("step %d: %v", n, o)
		}
	}
	status, o := get("/Users?count=1&startIndex=1")
	first := o["Resources"].([]any)[0].(scim.Object)
	step(1, status == 200 && first["id"] != nil && first["name"].(scim.Object)["familyName"] != nil && first["active"] == true && first["emails"] != nil, o)
	status, o = get("/Users/" + known)
	step(2, status == 200 && o["id"] == known, o)
	status, o = get(`/Users?filter=userName eq "abcdefgh@atko.com"`)
	step(3, status == 200 && o["totalResults"] == scim.Number("0"), o)
	status, o = get("/Users/010101001010101011001010101011")
	step(4, status == 404 && o["detail"] != "" && fmt.Sprint(o["schemas"]) == "["+scim.ErrorURN+"]", o)

	body := `{"schemas":["` + scim.UserSchema + `"],"userName":"Runscope300@example.com","name":{"givenName":"Runscope300","familyName":"Hf"},` +
		`"emails":[{"primary":true,"value":"Runscope300@example.com","type":"work"}],"displayName":"Runscope300 Hf","active":true}`
	post := []string{"Content-Type", "application/json", "Accept", "application/scim+json; charset=utf-8"}
	w := f.send("POST", Base+"/Users", body, post...)
	o = object(t, w)
	step(6, w.Code == 201 && o["active"] == true && o["userName"] == "Runscope300@example.com", o)
	status, o = get("/Users/" + o["id"].(string))
	step(7, status == 200 && o["name"].(scim.Object)["givenName"] == "Runscope300", o)
	w = f.send("POST", Base+"/Users", body, post...)
	step(8, w.Code == 409, object(t, w))
	status, o = get(`/Users?filter=userName eq "RUNSCOPE300@EXAMPLE.COM"`)
	step(9, status == 200 && o["totalResults"] == scim.Number("1"), o)
	status, o = get("/Groups")
	step(10, status == 200 && o["totalResults"] == scim.Number("0"), o)
	status, o = get(`/Users?filter=userName eq "RUNSCOPE300@EXAMPLE.COM"`, "Authorization", "non-token")
	step(11, status == 401 && o["status"] == "401" && o["detail"] != "", o)
	status, o = get("/Users/00919288221112222")
	step(12, status == 404 && o["status"] == "404", o)
}
