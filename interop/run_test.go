package interop

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// book is a small SCIM server: it keeps what is posted and shows it again.
type book struct {
	users map[string]map[string]any
	seen  []string // request lines and what else the tests look at
	last  int
}

func (b *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.seen = append(b.seen, r.Method+" "+r.RequestURI)
	id := strings.TrimPrefix(r.URL.Path, "/scim/Users/")
	user := b.users[id]
	switch {
	case r.Header.Get("Authorization") != "Bearer secret":
		refuse(w, 401, "no token")
	case r.URL.Path == "/scim/plain":
		http.Error(w, "sorry", http.StatusNotFound)
	case r.Method == "POST":
		b.last++
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &user)
		b.put(w, r, fmt.Sprint(b.last), user)
	case strings.HasPrefix(r.URL.Path, "/scim//Users"), r.URL.Path == "/scim/Users":
		reply(w, 200, map[string]any{"schemas": []string{listURN}, "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []any{}})
	case user == nil:
		refuse(w, 404, "nobody is called "+id)
	case r.Method == "DELETE":
		delete(b.users, id)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == "PATCH":
		user["active"] = false
		reply(w, 200, user)
	default:
		reply(w, 200, user)
	}
}

func (b *book) put(w http.ResponseWriter, r *http.Request, id string, user map[string]any) {
	location := "http://" + r.Host + "/scim/Users/" + id
	user["id"], user["meta"] = id, map[string]any{"resourceType": "User", "location": location}
	b.users[id] = user
	w.Header().Set("Location", location)
	reply(w, 201, user)
}

func refuse(w http.ResponseWriter, status int, detail string) {
	reply(w, status, map[string]any{"schemas": []string{errorURN}, "status": fmt.Sprint(status), "detail": detail})
}

func reply(w http.ResponseWriter, status int, body any) {
	text, _ := json.Marshal(body, json.Deterministic(true))
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func openBook(t *testing.T) (*book, Target) {
	b := &book{users: map[string]map[string]any{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return b, Target{BaseURL: server.URL + "/scim", Token: "secret", HTTP: server.Client()}
}

func runText(t *testing.T, target Target, text string) Result {
	t.Helper()
	cases, err := LoadFS(fstest.MapFS{"cases/x.yaml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return Run(context.Background(), cases, func() (State, error) { return &OverSCIM{Server: target}, nil })[0]
}

const leaver = `
given:
  users:
    anna: {userName: anna@acme.test}
cases:
- id: leaver
  title: A leaver
  rule: Whoever leaves has left.
  steps:
  - send: PATCH /Users/{anna}
    body: |
      {"Operations":[{"op":"replace","path":"active","value":false}]}
    status: [200, 204]
  - read: /Users/{anna}
    answer: {active: false, userName: anna@acme.test}
    save: {name: userName}
  - send: POST /Users
    body: '{"schemas":["x"],"userName":"copy of {name}"}'
    status: 201
    save: {copy: id}
  - read: /Users/{copy}
    answer: {userName: copy of anna@acme.test, id: "<not {anna}>"}
`

func TestRunPassesAndCleansUp(t *testing.T) {
	b, target := openBook(t)
	if r := runText(t, target, leaver); !r.OK() {
		t.Fatal(r)
	}
	if len(b.users) != 0 {
		t.Errorf("%d people are left behind", len(b.users))
	}
}

func TestFailureTellsEverythingButTheToken(t *testing.T) {
	_, target := openBook(t)
	r := runText(t, target, strings.Replace(leaver, "answer: {active: false", "answer: {active: true", 1))
	got := r.String()
	for _, want := range []string{
		"FAILED leaver: A leaver\n",
		"where:   cases/x.yaml:14, step 2 of 4",
		"problem: active: expected true, found false",
		"rule:    Whoever leaves has left.",
		"before:  PATCH /Users/1: 200",
		"request: GET /Users/1",
		"Authorization: (hidden)",
		"answer:  200 OK",
		`"userName": "anna@acme.test"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "secret") {
		t.Error("the token is in the text")
	}
}

func TestRequestLineGoesOutAsWritten(t *testing.T) {
	b, target := openBook(t)
	for path, want := range map[string]string{
		`/Users?filter=userName+eq+"a%40b"`: `/scim/Users?filter=userName+eq+"a%40b"`,
		`/Users?filter=externalId eq x`:     `/scim/Users?filter=externalId%20eq%20x`,
		`/Users?`:                           `/scim/Users?`,
		`/Users?a=1&`:                       `/scim/Users?a=1&`,
		`//Users`:                           `/scim//Users`,
		`/Users?filter=emails[type eq "w"].value`: `/scim/Users?filter=emails[type%20eq%20"w"].value`,
	} {
		r := runText(t, target, "cases:\n- id: a\n  title: A\n  rule: R\n  steps:\n  - read: '"+path+"'\n")
		if !r.OK() {
			t.Error(r)
		}
		if got := b.seen[len(b.seen)-1]; got != "GET "+want {
			t.Errorf("%s went out as %s", path, got)
		}
	}
}

func TestHeaders(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		refuse(w, 404, "nothing is here")
	}))
	defer server.Close()
	target := Target{BaseURL: server.URL, Token: "secret"}
	const file = "client: {Content-Type: text/x, User-Agent: Okta, Accept: a}\ncases:\n- id: a\n  title: A\n  rule: R\n  steps:\n  - read: /x\n    status: 404\n"

	runText(t, target, file)
	want := http.Header{"Authorization": {"Bearer secret"}, "User-Agent": {"Okta"}, "Accept": {"a"}}
	for key, v := range want {
		if !slices.Equal(got[key], v) {
			t.Errorf("%s: got %v, want %v", key, got[key], v)
		}
	}
	if got.Get("Content-Type") != "" {
		t.Error("a GET had the content type of bodies")
	}

	runText(t, target, file+"    headers: {Authorization: \"{token}\", User-Agent: null, Accept: null, Content-Type: text/y}\n")
	if got.Get("Authorization") != "secret" || got.Get("Content-Type") != "text/y" || got["User-Agent"] != nil || got["Accept"] != nil {
		t.Errorf("the step's own headers: %v", got)
	}
}

func TestManners(t *testing.T) {
	tests := []struct{ name, contentType, body, want string }{
		{"plain text", "text/plain", "sorry", "not one JSON object"},
		{"JSON called text", "text/plain", "{}", "not one JSON object"},
		{"nothing", "application/json", "", "not one JSON object"},
		{"one key twice", "application/json", `{"a":1,"a":2}`, "not one JSON object"},
		{"null", "application/json", `{"schemas":["x"],"name":{"givenName":null}}`, "holds null"},
		{"password", "application/json", `{"schemas":["x"],"password":"p"}`, "a password is returned"},
		{"no schemas", "application/json", `{"id":"1"}`, "does not list its schemas"},
		{"schema twice", "application/json", `{"schemas":["x","x"]}`, "stands twice"},
		{"extension not listed", "application/json", `{"schemas":["x"],"urn:a":{"b":1}}`, "in the answer and not in schemas"},
		{"empty extension listed", "application/json", `{"schemas":["x","urn:x:extension:a"],"id":"1"}`, "has nothing"},
		{"totals as text", "application/json", `{"schemas":["` + listURN + `"],"totalResults":"1","startIndex":1,"itemsPerPage":0,"Resources":[]}`, "totalResults is no number"},
		{"no totals", "application/json", `{"schemas":["` + listURN + `"],"totalResults":0}`, "no startIndex"},
		{"wrong page size", "application/json", `{"schemas":["` + listURN + `"],"totalResults":1,"startIndex":1,"itemsPerPage":100,"Resources":[]}`, "itemsPerPage is not the number"},
		{"no Resources", "application/json", `{"schemas":["` + listURN + `"],"totalResults":0,"startIndex":1,"itemsPerPage":0}`, "has no Resources"},
		{"fine", "application/scim+json; charset=utf-8", `{"schemas":["x"],"id":"1"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := &answer{Status: 200, Header: http.Header{"Content-Type": {tt.contentType}}, Body: []byte(tt.body)}
			if json.Unmarshal(a.Body, &a.value) != nil {
				a.value = nil
			}
			got := ""
			for _, m := range manners(a, "GET", "/Users/1") {
				got += m.Text
			}
			if !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSkippedWithReason(t *testing.T) {
	_, target := openBook(t)
	const head = "cases:\n- id: a\n  title: A\n  rule: R\n"
	for text, want := range map[string]string{
		head + "  notOurs: we never will\n":                                               "not ours: we never will",
		head + "  given: {settings: {groups: \"true\"}}\n  steps: [{read: /Users}]\n":     "cannot make settings",
		head + "  given: {oauth: true}\n  steps: [{read: /Users}]\n":                      "cannot make an OAuth client",
		head + "  given: {groups: [Finland]}\n  steps: [{read: /Users}]\n":                "cannot make workspace groups",
		head + "  given: {byHand: {otto: {userName: otto}}}\n  steps: [{read: /Users}]\n": "cannot make people made by hand",
	} {
		if r := runText(t, target, text); !strings.Contains(r.Skipped, want) || r.Failure != nil {
			t.Errorf("got %s, want skipped because %s", r, want)
		}
	}
}

func TestTimesAndWithin(t *testing.T) {
	b, target := openBook(t)
	const text = "cases:\n- id: a\n  title: A\n  rule: R\n  steps: [{read: /Users, times: 3, within: 1ns}]\n"
	r := runText(t, target, text)
	if len(b.seen) != 3 || r.Failure == nil || !strings.Contains(r.Failure.Problem, "expected an answer within 1ns") {
		t.Errorf("%d requests, then %v", len(b.seen), r)
	}
}

func TestNoStateIsAFailure(t *testing.T) {
	cases := []Case{{ID: "a", Steps: []Step{{Read: "/Users"}}}}
	r := Run(context.Background(), cases, func() (State, error) { return nil, errors.New("disk full") })[0]
	if r.OK() || !strings.Contains(r.String(), "disk full") {
		t.Error(r)
	}
}
