package scimhttp

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// caller is a provider that knows whose it is.
type caller struct {
	*memory
	tenant, token string
}

// limited is a handler under two limits whose clock the test turns.
func limited(now *time.Time) func(token string) *httptest.ResponseRecorder {
	m := newMemory("http://acme.test" + Base)
	mux := http.NewServeMux()
	(&Handler{
		Types: []*scim.ResourceType{scim.UserType},
		Open: func(_ context.Context, c Call) (scim.ServiceProvider, error) {
			tenant, token, _ := strings.Cut(c.Token, ".")
			return caller{m, tenant, token}, nil
		},
		Now: func() time.Time { return *now },
		Limits: []*Limit{
			{Of: "tenant", Rate: 2, Burst: 4, Key: func(sp scim.ServiceProvider) string { return sp.(caller).tenant }},
			{Of: "access token", Rate: 0.25, Burst: 3, Key: func(sp scim.ServiceProvider) string { return sp.(caller).tenant + sp.(caller).token }},
			{Of: "nothing", Rate: 0, Key: func(scim.ServiceProvider) string { return "x" }},
		},
	}).Mount(mux)
	return func(token string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "http://acme.test"+Base+"/Users", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
}

func TestTooManyRequests(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	get := limited(&now)
	expect := func(token string, retry string) {
		t.Helper()
		w := get(token)
		if retry == "" && w.Code != 200 || retry != "" && w.Code != 429 || w.Header().Get("Retry-After") != retry {
			t.Errorf("%s: %d, Retry-After %q, want %q: %s", token, w.Code, w.Header().Get("Retry-After"), retry, w.Body)
		}
	}
	for range 3 {
		expect("acme.a", "")
	}
	expect("acme.a", "4") // one token's bucket, a quarter a second
	expect("acme.b", "")
	expect("acme.b", "1") // the tenant's bucket: a half, rounded up
	expect("other.a", "") // somebody else's is full
	wantError(t, get("acme.a"), "429.1", "")
	now = now.Add(500 * time.Millisecond)
	expect("acme.b", "")
	expect("acme.b", "1")
	now = now.Add(time.Hour) // no more than the burst is saved up
	for range 3 {
		expect("acme.a", "")
	}
	expect("acme.a", "4")
	now = now.Add(-time.Hour) // a clock that was put back takes nothing away
	expect("acme.a", "4")
}

func TestIdleBucketsAreForgotten(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	l := Limit{Rate: 1, Burst: 2}
	for i := range 20_000 {
		l.take(strconv.Itoa(i), 1, now)
		now = now.Add(10 * time.Millisecond)
	}
	if len(l.buckets) > 2048 {
		t.Errorf("%d buckets are kept", len(l.buckets))
	}
	if l.wait("19999", now) > 0 || l.level(l.buckets["19999"], now) > 1.1 {
		t.Error("a busy bucket was forgotten")
	}
}

func TestBulkCountsByItsOperations(t *testing.T) {
	f := newFixture(t)
	l := &Limit{Of: "tenant", Rate: 1, Burst: 5, Key: func(scim.ServiceProvider) string { return "acme" }}
	x := &exchange{server: &server{Handler: Handler{Limits: []*Limit{l}, Now: time.Now}}, sp: f.memory}
	if err := x.admit(1); err != nil {
		t.Fatal(err)
	}
	x.charge(99)
	refused, ok := x.admit(1).(*scim.Error)
	if !ok || refused.RetryAfter < 90 || refused.RetryAfter > 97 {
		t.Errorf("after 100 operations: %v", fmt.Sprint(refused))
	}
}
