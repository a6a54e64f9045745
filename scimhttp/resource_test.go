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

func TestItem77And82Create(t *testing.T) {
	f := newFixture(t)
	w := f.send("POST", Base+"/Users", `{"schemas":["`+scim.UserSchema+`"],"userName":"anna@acme.test"}`)
	o := object(t, w)
	meta := o["meta"].(scim.Object)
	if w.Code != 201 || o["id"] != "id-1" || o["userName"] != "anna@acme.test" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := w.Header().Get("Location"); got != meta["location"] || got != "http://acme.test"+Base+"/Users/id-1" {
		t.Errorf("Location is %q, meta.location %v", got, meta["location"])
	}
	if got := w.Header().Get("ETag"); got != meta["version"] || got != `W/"1"` {
		t.Errorf("ETag is %q, meta.version %v", got, meta["version"])
	}
	wantError(t, f.send("POST", Base+"/Users", `{"userName":"ANNA@acme.test"}`), "409.1", scim.Uniqueness) // item 80
	wantError(t, f.send("POST", Base+"/Users", `{"displayName":"Anna"}`), "400.14", scim.InvalidValue)     // entra-create-009
}

func TestItem174To178Versions(t *testing.T) {
	f := newFixture(t)
	path := Base + "/Users/" + f.user(t, "anna@acme.test")
	for _, tag := range []string{`W/"1"`, `"1"`, `*`, `"7", W/"1"`} {
		w := f.send("GET", path, "", "If-None-Match", tag)
		if w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") != `W/"1"` {
			t.Errorf("If-None-Match %s: %d %s", tag, w.Code, w.Body)
		}
	}
	if w := f.send("GET", path, "", "If-None-Match", `W/"2"`); w.Code != 200 {
		t.Errorf("another version: %d", w.Code)
	}
	patch := `{"Operations":[{"op":"replace","path":"title","value":"Chief"}]}`
	wantError(t, f.send("PATCH", path, patch, "If-Match", `W/"9"`), "412.1", "")
	if w := f.send("PATCH", path, patch, "If-Match", `W/"1"`); w.Code != 200 || w.Header().Get("ETag") != `W/"2"` {
		t.Errorf("PATCH: %d %s %s", w.Code, w.Header().Get("ETag"), w.Body)
	}
	wantError(t, f.send("PUT", path, `{"userName":"anna@acme.test"}`, "If-Match", `W/"1"`), "412.1", "")
	if w := f.send("PUT", path, `{"userName":"anna@acme.test"}`, "If-Match", "*"); w.Code != 200 || w.Header().Get("ETag") != `W/"3"` {
		t.Errorf("PUT: %d %s %s", w.Code, w.Header().Get("ETag"), w.Body)
	}
	wantError(t, f.send("DELETE", path, "", "If-Match", `W/"1"`), "412.1", "")
}

func TestItem175To178Conditions(t *testing.T) {
	f := newFixture(t)
	path := Base + "/Users/" + f.user(t, "anna@acme.test")
	patch := `{"Operations":[{"op":"add","path":"nickName","value":"A"}]}`
	for _, c := range []struct {
		method, body, header, tags string
		status                     int
	}{
		{"GET", "", "If-Match", `W/"1"`, 200},
		{"GET", "", "If-Match", `W/"2"`, 412},
		{"HEAD", "", "If-None-Match", `W/"7", W/"1"`, 304},
		{"PATCH", patch, "If-None-Match", "*", 412},
		{"PATCH", patch, "If-None-Match", `W/"1"`, 412},
		{"PUT", `{"userName":"anna@acme.test"}`, "If-None-Match", `W/"4",W/"1"`, 412},
		{"DELETE", "", "If-None-Match", "*", 412},
		{"PATCH", patch, "If-Match", `W/"2", W/"3"`, 412},
		{"PATCH", patch, "If-Match", `W/"2", "1"`, 200},
		{"PATCH", patch, "If-None-Match", `W/"1"`, 200},
		{"PUT", `{"userName":"anna@acme.test"}`, "If-Match", `W/"9",W/"2"`, 200},
		{"DELETE", "", "If-Match", `W/"9" , *`, 204},
		{"DELETE", "", "If-Match", "*", 404},
		{"PATCH", patch, "If-None-Match", "*", 404},
	} {
		if w := f.send(c.method, path, c.body, c.header, c.tags); w.Code != c.status {
			t.Errorf("%s %s: %s: %d %s", c.method, c.header, c.tags, w.Code, w.Body)
		} else if c.status == 412 && c.method != "HEAD" {
			wantError(t, w, "412.1", "")
		}
	}
}

func TestItem161Delete(t *testing.T) {
	f := newFixture(t)
	path := Base + "/Users/" + f.user(t, "anna@acme.test")
	if w := f.send("DELETE", path, "", "Content-Type", "text/plain"); w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, method := range []string{"DELETE", "GET"} {
		wantError(t, f.send(method, path, ""), "404.1", "")
	}
	wantError(t, f.send("PUT", path, `{"userName":"anna@acme.test"}`), "404.1", "") // item 26
	wantError(t, f.send("PATCH", path, `{"Operations":[]}`), "404.1", "")
}

// entra-resp-004, wire rule 23: 204 would do for an IdP group, a user is always
// answered.
func TestItem146PatchAnswers(t *testing.T) {
	f := newFixture(t)
	user := Base + "/Users/" + f.user(t, "anna@acme.test")
	group := Base + "/Groups/" + object(t, f.send("POST", Base+"/Groups", `{"displayName":"Crew"}`))["id"].(string)
	patch := `{"Operations":[{"op":"add","path":"displayName","value":"New"}]}`
	if w := f.send("PATCH", user, patch); w.Code != 200 || object(t, w)["displayName"] != "New" {
		t.Errorf("user: %d %s", w.Code, w.Body)
	}
	if w := f.send("PATCH", group, patch); w.Code != 204 || w.Body.Len() != 0 || w.Header().Get("ETag") != `W/"2"` {
		t.Errorf("IdP group: %d %s", w.Code, w.Body)
	}
	if w := f.send("PATCH", group+"?attributes=displayName", patch); w.Code != 200 || object(t, w)["displayName"] != "New" {
		t.Errorf("IdP group with attributes: %d %s", w.Code, w.Body)
	}
}

func TestItem83To89Projection(t *testing.T) {
	f := newFixture(t)
	id := f.user(t, "anna@acme.test")
	for _, c := range []struct{ query, present, absent string }{
		{"attributes=userName", "userName", "name"},
		{"ATTRIBUTES=username", "userName", "name"},
		{"attributes=name.givenName,userName", "name", "emails"},
		{"attributes=%20userName%20,&excludedAttributes=", "userName", "name"},
		{`attributes=emails[type eq "work"].value`, "emails", "userName"},
		{"excludedattributes=emails", "userName", "emails"},
		{"excludedAttributes=" + scim.UserSchema + ":name", "userName", "name"},
	} {
		for method, body := range map[string]string{
			"GET": "", "PUT": `{"userName":"anna@acme.test","name":{"givenName":"A"},"emails":[{"value":"a@acme.test","type":"work"}]}`,
			"PATCH": `{"Operations":[]}`,
		} {
			w := f.send(method, Base+"/Users/"+id+"?"+c.query, body)
			o := object(t, w)
			if w.Code != 200 || o[c.present] == nil || o[c.absent] != nil || o["id"] == nil || o["schemas"] == nil {
				t.Errorf("%s %s: %d %s", method, c.query, w.Code, w.Body)
			}
			if w.Header().Get("ETag") == "" {
				t.Errorf("%s %s: no ETag", method, c.query)
			}
		}
	}
	both := "?attributes=userName&excludedAttributes=emails"
	wantError(t, f.send("GET", Base+"/Users"+both, ""), "400.41", scim.InvalidValue)
	wantError(t, f.send("POST", Base+"/Users"+both, `{"userName":"b@acme.test"}`), "400.41", scim.InvalidValue)
	if page := f.send("GET", Base+"/Users", ""); object(t, page)["totalResults"] != scim.Number("1") {
		t.Errorf("a refused request was carried out: %s", page.Body)
	}
	w := f.send("POST", Base+"/Users?attributes=userName", `{"userName":"c@acme.test","title":"Chief"}`)
	if o := object(t, w); w.Code != 201 || o["title"] != nil || w.Header().Get("Location") == "" {
		t.Errorf("POST: %d %s", w.Code, w.Body)
	}
}

// generic-hdr-001, entra-resp-003, google-hdr-001, idpscim-lookup-001, wire
// section 6 on the answer's type.
func TestItem7And8MediaTypes(t *testing.T) {
	f := newFixture(t)
	for i, c := range []string{"", "application/json", "application/scim+json", "application/scim+json; charset=utf-8",
		"Application/JSON;charset=UTF-8", "application/json; odata=verbose"} {
		if w := f.send("POST", Base+"/Users", fmt.Sprintf(`{"userName":"%d@acme.test"}`, i), "Content-Type", c); w.Code != 201 {
			t.Errorf("Content-Type %q: %d %s", c, w.Code, w.Body)
		}
	}
	for _, c := range []string{"text/plain", "application/x-www-form-urlencoded", "application/scim+jsonx", "text/json"} {
		wantError(t, f.send("POST", Base+"/Users", `{"userName":"x@acme.test"}`, "Content-Type", c), "415.1", "")
	}
	wantError(t, f.send("POST", Base+"/Users", "\x1f\x8b", "Content-Encoding", "gzip"), "415.1", "")
	for accept, want := range map[string]string{
		"": "application/scim+json", "*/*": "application/scim+json", "text/html": "application/scim+json",
		"application/json":                        "application/json",
		"application/json; charset=utf-8":         "application/json",
		"application/json, application/scim+json": "application/scim+json",
		"application/scim+json; charset=utf-8":    "application/scim+json",
	} {
		for _, path := range []string{"/Users", "/Users/nobody", "/Schemas"} {
			w := f.send("GET", Base+path, "", "Accept", accept, "Content-Type", "application/json")
			if got := w.Header().Get("Content-Type"); got != want {
				t.Errorf("%s, Accept %q: answered as %q", path, accept, got)
			}
		}
	}
}

func TestBodies(t *testing.T) {
	f := newFixture(t)
	for body, code := range map[string]string{
		"": "400.10", " \n": "400.10", "{": "400.10", "hello": "400.10", "[]": "400", `{"userName":"a","USERNAME":"b"}`: "400.11",
	} {
		w := f.send("POST", Base+"/Users", body)
		if got, _ := object(t, w)["detail"].(string); w.Code != 400 || !strings.Contains(got, code) {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	}
	wantError(t, f.send("PATCH", Base+"/Users/x", ""), "400.10", scim.InvalidSyntax)
	long := `{"userName":"a@acme.test","title":"` + strings.Repeat("x", 1<<20) + `"}`
	wantError(t, f.send("POST", Base+"/Users", long), "413.1", "")
	if w := f.send("POST", Base+"/Users", long); !strings.Contains(w.Body.String(), "1 MiB") {
		t.Errorf("the limit is not named: %s", w.Body)
	}
	long = strings.Replace(long, "userName", "displayName", 1)
	if w := f.send("POST", Base+"/Groups", long); w.Code != 201 {
		t.Errorf("an IdP group of more than 1 MiB: %d", w.Code)
	}
}

// A client that writes all of a body that is too large before it reads must
// still find the answer, whether it said the length before or not.
func TestTooLargeBodyIsAnswered(t *testing.T) {
	server := httptest.NewServer(newFixture(t))
	defer server.Close()
	body := strings.Repeat("x", 3<<20)
	for name, head := range map[string]string{
		"length":  fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body),
		"chunked": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
		"expect":  fmt.Sprintf("Expect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body)),
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, "POST "+Base+"/Users HTTP/1.1\r\nHost: acme.test\r\nAuthorization: Bearer "+goodToken+"\r\n"+head); err != nil {
				t.Fatal(err)
			}
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if answer, _ := io.ReadAll(res.Body); res.StatusCode != 413 || !strings.Contains(string(answer), "413.1") {
				t.Errorf("%d %s", res.StatusCode, answer)
			}
		})
	}
}
