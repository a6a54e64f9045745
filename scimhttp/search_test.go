package scimhttp

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

// crew makes three users and two IdP groups.
func crew(t *testing.T) *fixture {
	f := newFixture(t)
	for _, name := range []string{"c@acme.test", "a@acme.test", "E@acme.test"} {
		f.user(t, name)
	}
	for _, name := range []string{"Deck", "Bridge"} {
		f.send("POST", Base+"/Groups", `{"displayName":"`+name+`"}`)
	}
	return f
}

// names are the userNames and displayNames of a ListResponse.
func names(o scim.Object) []string {
	var names []string
	list, _ := o["Resources"].([]any)
	for _, r := range list {
		name, _ := r.(scim.Object)["userName"].(string)
		if name == "" {
			name, _ = r.(scim.Object)["displayName"].(string)
		}
		names = append(names, name)
	}
	return names
}

func TestItem97RootQueries(t *testing.T) {
	f := crew(t)
	for _, c := range []struct {
		query string
		total int
		want  string
	}{
		{"", 5, "c@acme.test a@acme.test E@acme.test Deck Bridge"},
		{"startIndex=3&count=2", 5, "E@acme.test Deck"},
		{"startIndex=5&count=9", 5, "Bridge"},
		{"startIndex=6", 5, ""},
		{"count=0", 5, ""},
		{`filter=userName eq "a@acme.test"`, 1, "a@acme.test"},
		{`filter=userName eq "a@acme.test" or displayName eq "deck"`, 2, "a@acme.test Deck"},
		{`filter=not (userName pr)`, 2, "Deck Bridge"},
		{`filter=userName ne "a@acme.test"`, 4, "c@acme.test E@acme.test Deck Bridge"},
		{`filter=name.familyName eq "Aalto" and emails[type eq "work"]`, 3, "c@acme.test a@acme.test E@acme.test"},
		{`filter=meta.resourceType eq "Group"`, 2, "Deck Bridge"},
		{`filter=meta.resourceType eq User or meta.resourceType eq Group&count=1`, 5, "c@acme.test"},
		{"sortBy=userName", 5, "a@acme.test c@acme.test E@acme.test Deck Bridge"},
		{"sortBy=userName&sortOrder=descending&count=3", 5, "Deck Bridge E@acme.test"},
		{"sortBy=displayName&startIndex=2&count=2", 5, "Deck c@acme.test"},
		{"sortBy=id", 5, "c@acme.test a@acme.test E@acme.test Deck Bridge"},
	} {
		w := f.send("GET", Base+"/?"+c.query, "")
		if o := object(t, w); w.Code != 200 || fmt.Sprint(o["totalResults"]) != fmt.Sprint(c.total) || strings.Join(names(o), " ") != c.want {
			t.Errorf("%s: %d %s %v, want %d %s", c.query, w.Code, o["totalResults"], names(o), c.total, c.want)
		}
	}
	wantError(t, f.send("GET", Base+`?filter=shoeSize eq "44"`, ""), "400.22", scim.InvalidFilter)
	wantError(t, f.send("GET", Base+`?sortBy=shoeSize`, ""), "400.30", scim.InvalidPath)
	wantError(t, f.send("GET", Base+`?sortBy=id&startIndex=20000`, ""), "400.23", scim.TooMany) // item 98
	f.memory.off = "Group"
	if o := object(t, f.send("GET", Base+"/", "")); len(names(o)) != 3 {
		t.Errorf("IdP groups that are not offered: %v", names(o))
	}
}

func TestItem128Search(t *testing.T) {
	f := crew(t)
	schema := `{"schemas":["` + scim.SearchRequestURN + `"],`
	for _, c := range []struct{ path, body, want string }{
		{"/.search", `{}`, "c@acme.test a@acme.test E@acme.test Deck Bridge"},
		{"/.search", schema + `"filter":"displayName sw \"b\"","attributes":["displayName","userName"]}`, "Bridge"},
		{"/Users/.search", schema + `"sortBy":"userName","sortOrder":"descending","startIndex":2,"count":2}`, "c@acme.test a@acme.test"},
		{"/Users/.search", `{"FILTER":"userName co \"ACME\"","startindex":"2","count":"1","cursor":null}`, "a@acme.test"},
		{"/Groups/.search", `{"attributes":"displayName, members","excludedAttributes":[]}`, "Deck Bridge"},
	} {
		w := f.send("POST", Base+c.path, c.body)
		if o := object(t, w); w.Code != 200 || strings.Join(names(o), " ") != c.want {
			t.Errorf("%s %s: %d %s", c.path, c.body, w.Code, w.Body)
		}
	}
	w := f.send("POST", Base+"/Users/.search", `{"attributes":["userName"],"count":1}`)
	if r := object(t, w)["Resources"].([]any)[0].(scim.Object); r["name"] != nil || r["id"] == nil {
		t.Errorf("attributes: %s", w.Body)
	}
	for body, code := range map[string]string{
		``: "400.10", `[]`: "400.13", `{"count":[]}`: "400.13", `{"count":"ten"}`: "400.40", `{"attributes":[1]}`: "400.13",
		`{"attributes":["a"],"excludedAttributes":["b"]}`: "400.41", `{"filter":"x is y"}`: "400.2", `{"count":1,"COUNT":2}`: "400.11",
	} {
		if w := f.send("POST", Base+"/Users/.search", body); w.Code != 400 || !strings.Contains(w.Body.String(), code) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

func TestItem129SearchInTwoPlaces(t *testing.T) {
	f := crew(t)
	for _, query := range []string{"count=1", "filter=id pr", "attributes=id", "cursor", "sortBy=id"} {
		wantError(t, f.send("POST", Base+"/Users/.search?"+query, `{}`), "400.45", scim.InvalidValue)
	}
	if w := f.send("POST", Base+"/Users/.search?aadOptscim062020&", `{}`); w.Code != 200 {
		t.Errorf("an unknown parameter: %d %s", w.Code, w.Body)
	}
}

// RFC 9865: walked to the end, every resource comes once, and only the last
// page has no nextCursor.
func TestRFC9865Cursors(t *testing.T) {
	for path, want := range map[string]int{"/Users": 3, "/Groups": 2, "/": 5} {
		t.Run(path, func(t *testing.T) {
			f := crew(t)
			var seen []string
			pages, query := 0, "cursor&count=2"
			for more := true; more; pages++ {
				w := f.send("GET", Base+path+"?"+query, "")
				o := object(t, w)
				if w.Code != 200 || fmt.Sprint(o["totalResults"]) != fmt.Sprint(want) || o["startIndex"] != nil {
					t.Fatalf("%s: %d %s", query, w.Code, w.Body)
				}
				if got := len(names(o)); got == 0 || got > 2 || fmt.Sprint(o["itemsPerPage"]) != fmt.Sprint(got) {
					t.Errorf("%s: %s", query, w.Body)
				}
				seen = append(seen, names(o)...)
				var cursor string
				cursor, more = o["nextCursor"].(string)
				if strings.ContainsFunc(cursor, func(r rune) bool {
					return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", r)
				}) {
					t.Errorf("cursor %q would have to be escaped", cursor)
				}
				query = "count=2&CURSOR=" + cursor
			}
			slices.Sort(seen)
			if len(slices.Compact(seen)) != want || pages > 3 {
				t.Errorf("%d pages: %v", pages, seen)
			}
		})
	}
}

func TestRFC9865CountAndErrors(t *testing.T) {
	f := crew(t)
	for query, code := range map[string]string{
		"cursor=&count=1001": "400.44 " + scim.InvalidCount, "cursor=&count=two": "400.44 " + scim.InvalidCount,
		"cursor=nonsense": "400.42 " + scim.InvalidCursor,
	} {
		code, scimType, _ := strings.Cut(code, " ")
		wantError(t, f.send("GET", Base+"/Users?"+query, ""), code, scimType)
		wantError(t, f.send("GET", Base+"/?"+query, ""), code, scimType)
	}
	wantError(t, f.send("GET", Base+"/?cursor=7.x", ""), "400.42", scim.InvalidCursor)
	for _, count := range []string{"0", "-4"} {
		o := object(t, f.send("GET", Base+"/Users?cursor&startIndex=x&count="+count, ""))
		if fmt.Sprint(o["totalResults"]) != "3" || len(names(o)) != 0 {
			t.Errorf("count %s: %v", count, o)
		}
	}
	o := object(t, f.send("POST", Base+"/Users/.search", `{"cursor":"","count":1,"sortBy":"userName"}`))
	if next, _ := o["nextCursor"].(string); next == "" || names(o)[0] != "a@acme.test" {
		t.Errorf("search: %v", o)
	}
}

func TestItem179Me(t *testing.T) {
	f := newFixture(t)
	wantError(t, f.send("GET", Base+"/Me", ""), "404.4", "")
	f.memory.me = f.user(t, "anna@acme.test")
	where := "http://acme.test" + Base + "/Users/" + f.memory.me
	for _, c := range []struct{ method, body string }{
		{"GET", ""}, {"PATCH", `{"Operations":[{"op":"add","path":"title","value":"Chief"}]}`}, {"PUT", `{"userName":"anna@acme.test"}`},
	} {
		w := f.send(c.method, Base+"/Me?attributes=title", c.body)
		if o := object(t, w); w.Code != 200 || o["id"] != f.memory.me || o["userName"] != nil || w.Header().Get("Location") != where {
			t.Errorf("%s: %d %s %s", c.method, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
	wantError(t, f.send("DELETE", Base+"/Me", "", "If-Match", `W/"9"`), "412.1", "")
	if w := f.send("DELETE", Base+"/Me", ""); w.Code != 204 {
		t.Errorf("DELETE: %d %s", w.Code, w.Body)
	}
	f.provider = struct{ scim.ServiceProvider }{f.memory}
	wantError(t, f.send("GET", Base+"/Me", ""), "404.4", "")
}
