package scimhttp

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkGet is the handler's own share of a GET by id, without the network.
func BenchmarkGet(b *testing.B) {
	f := newFixture(b)
	bench(b, f, Base+"/Users/"+f.user(b, "anna@acme.test"))
}

func BenchmarkFilter(b *testing.B) {
	f := newFixture(b)
	f.user(b, "anna@acme.test")
	bench(b, f, Base+"/Users?filter=userName+eq+%22anna%40acme.test%22")
}

func BenchmarkList(b *testing.B) {
	f := newFixture(b)
	for i := range 100 {
		f.user(b, fmt.Sprintf("%d@acme.test", i))
	}
	bench(b, f, Base+"/Users?startIndex=1&count=100")
}

func bench(b *testing.B, f *fixture, target string) {
	r := httptest.NewRequest("GET", "http://acme.test"+target, nil)
	r.Header.Set("Authorization", "Bearer "+goodToken)
	r.Header.Set("User-Agent", "Okta SCIM Client 1.0.0")
	f.memory.base = ""
	b.ReportAllocs()
	for b.Loop() {
		w := &discard{header: http.Header{}}
		f.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatal(w.status)
		}
		f.calls, f.exchanges = f.calls[:0], f.exchanges[:0]
	}
}

// discard is a ResponseWriter that keeps the status alone.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
