package interop

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A run's mark is in every name, in each form in which clients write one.
func TestNamesOfARun(t *testing.T) {
	c := Case{
		Given: &Given{Users: map[string]map[string]any{"anna": {"userName": "anna@acme.test"}}},
		Steps: []Step{{Read: `/Users?filter=userName+eq+"anna%40acme.test"`, Body: `{"displayName":"Devs{run}","id":"{anna}"}`, Answer: map[string]any{"userName": "anna@acme.test"}}},
	}
	with := c.named("c1")
	if got := with.Steps[0].Read; got != `/Users?filter=userName+eq+"anna%40c1.acme.test"` {
		t.Errorf("the path: %s", got)
	}
	if got := with.Steps[0].Body; got != `{"displayName":"Devsc1","id":"{anna}"}` {
		t.Errorf("the body: %s", got)
	}
	for what, v := range map[string]any{"given": with.Given.Users["anna"], "answer": with.Steps[0].Answer} {
		if got := at(v, "userName"); got != "anna@c1.acme.test" {
			t.Errorf("%s: %v", what, got)
		}
	}
	if without := c.named(""); without.Steps[0].Body != `{"displayName":"Devs","id":"{anna}"}` || c.Steps[0].Body == without.Steps[0].Body {
		t.Errorf("without a mark: %s", without.Steps[0].Body)
	}
}

// What a list shows and the case did not make is read and never written.
func TestNobodyElseIsTouched(t *testing.T) {
	written := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			written++
		}
		reply(w, 200, map[string]any{"schemas": []string{listURN}, "totalResults": 1, "startIndex": 1, "itemsPerPage": 1,
			"Resources": []any{map[string]any{"id": "1", "userName": "somebody@acme.test"}}})
	}))
	defer server.Close()
	const text = `cases:
- id: a
  title: A
  rule: R
  steps:
  - {read: /Users, save: {first: Resources.0.id}}
  - {send: "DELETE /Users/{first}", status: 204}
  - {read: /Users}
`
	r := runText(t, Target{BaseURL: server.URL}, text)
	if r.Failure == nil || !strings.Contains(r.Failure.Problem, "somebody who was there before") {
		t.Errorf("got %s", r)
	}
	if written > 0 {
		t.Error("somebody was written to")
	}
}

func TestWhatIsNotOfferedIsNoFault(t *testing.T) {
	const patch = "cases:\n- id: a\n  title: A\n  rule: R\n  steps:\n  - {send: PATCH /Users/1, status: 200}\n  - {read: /Users}\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		switch r.URL.Path {
		case "/Users":
			w.Write([]byte(`{"schemas":["` + listURN + `"],"totalResults":3,"Resources":[]}`))
		case "/ServiceProviderConfig":
			w.Write([]byte(`{"patch":{"supported":false},"filter":{"supported":true}}`))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	target := Target{BaseURL: server.URL, Token: "x"}
	offer, err := target.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cases, err := parse("cases/x.yaml", []byte(patch))
	if err != nil {
		t.Fatal(err)
	}
	if why := offer.Lacks(&cases[0]); !strings.Contains(why, "patch is not supported") {
		t.Errorf("got %q", why)
	}
	if offer.Total != 3 || offer.lacks["groups"] == "" || offer.lacks["filter"] != "" {
		t.Errorf("got %+v", offer)
	}
	server.Close()
	if _, err := target.Offer(t.Context()); !errors.Is(err, ErrCannotRun) {
		t.Errorf("nobody answers: %v", err)
	}
}
