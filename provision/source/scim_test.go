package source_test

import (
	"encoding/json/v2"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"context"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// served is the world's tenant over HTTP.
func served(t *testing.T, w *world) source.Config {
	t.Helper()
	mux := http.NewServeMux()
	handler := &scimhttp.Handler{
		Types: []*scim.ResourceType{scim.UserType, scim.GroupType},
		Open: func(ctx context.Context, c scimhttp.Call) (scim.ServiceProvider, error) {
			tenant, err := w.d.OpenToken(ctx, c.Token, "", directory.Via{BaseURL: c.BaseURL})
			if err != nil {
				return nil, err
			}
			return tenant, nil
		},
	}
	handler.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return source.Config{Kind: "scim", URL: server.URL + scimhttp.Base + "/", Token: w.token}
}

func TestSCIM(t *testing.T) {
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) {
		w := newWorld(t, store)
		boss := w.user(0)
		anna := w.post(scim.UserType, fmt.Sprintf(annaJSON, boss))
		for i := range 198 { // with the admin a page more than two
			w.user(i + 1)
		}
		staff := w.group("Staff", anna)
		c := served(t, w)
		s := open(t, c, source.Environment{})
		got, full := read(t, s, "")
		if len(got) != 202 || !full.Full || full.Next == "" {
			t.Fatalf("%d records, %+v", len(got), full)
		}
		want := maps.Clone(annaIs)
		want["manager"], want["objectId"] = boss, anna
		expect(t, got["User "+anna], want)
		expect(t, got["Group "+staff], map[string]string{"displayName": "Staff", "members": anna})

		// All of it was made in the last minute, so reading on shows it; from the
		// future there is nothing.
		if got, on := read(t, s, full.Next); on.Full || len(got) != 202 {
			t.Errorf("reading on: %d records, %+v", len(got), on)
		}
		if got, on := read(t, s, "2999-01-01T00:00:00Z"); on.Full || len(got) != 0 {
			t.Errorf("reading on from far ahead: %d records, %+v", len(got), on)
		}
		for _, name := range []string{"ANNA@contoso.test", "a.aalto@contoso.test", anna} {
			if found, err := s.Find(t.Context(), source.User, name); err != nil || len(found) != 1 || found[0].Anchor != anna {
				t.Errorf("Find %s: %v %v", name, found, err)
			}
		}
		if found, err := s.Find(t.Context(), source.Group, `St"aff`); err != nil || len(found) != 0 {
			t.Errorf("Find: %v %v", found, err)
		}
		if text, err := s.Test(t.Context()); err != nil || !strings.Contains(text, "201 people, 1 groups, pages by cursor") {
			t.Errorf("Test: %s %v", text, err)
		}
		c.Token = "rc_wrong"
		if _, err := open(t, c, source.Environment{}).Test(t.Context()); err == nil || !strings.Contains(err.Error(), "set token") || strings.Contains(err.Error(), "rc_wrong") {
			t.Errorf("a wrong token: %v", err)
		}
	})
}

// odd is a SCIM server that pages in its own way.
type odd struct {
	n        int                                         // people that there are
	total    func(request int) int                       // that it says there are; nil: n
	max      int                                         // on a page; 0: as asked
	window   func(start, count int) (from int, cont int) // nil: as asked
	cursor   bool                                        // knows only cursors
	declares bool                                        // and says so
	filters  bool
	requests int
}

func (o *odd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/scim+json")
	switch {
	case strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig"):
		fmt.Fprintf(w, `{"pagination":{"cursor":%t}}`, o.declares)
		return
	case strings.HasSuffix(r.URL.Path, "/ResourceTypes"):
		fmt.Fprint(w, `{"Resources":[{"endpoint":"/Users"}]}`)
		return
	case !strings.HasSuffix(r.URL.Path, "/Users"):
		w.WriteHeader(404)
		return
	}
	q := r.URL.Query()
	if q.Get("filter") != "" && o.filters {
		fmt.Fprint(w, `{"totalResults":0,"Resources":[]}`)
		return
	}
	o.requests++
	start, _ := strconv.Atoi(q.Get("startIndex"))
	count, _ := strconv.Atoi(q.Get("count"))
	start = max(start, 1)
	if o.cursor {
		start = 1
		if c := q.Get("cursor"); c != "" {
			start, _ = strconv.Atoi(c)
		}
	}
	if o.max > 0 {
		count = min(count, o.max)
	}
	if o.window != nil {
		start, count = o.window(start, count)
	}
	list := map[string]any{"totalResults": o.n, "Resources": []any{}}
	if o.total != nil {
		list["totalResults"] = o.total(o.requests)
	}
	var page []any
	for i := start; i < start+count && i <= o.n; i++ {
		page = append(page, map[string]any{"id": fmt.Sprint("id", i), "userName": fmt.Sprint("u", i)})
	}
	if page != nil {
		list["Resources"] = page
	}
	if o.cursor && start+count <= o.n {
		list["nextCursor"] = fmt.Sprint(start + count)
	}
	json.MarshalWrite(w, list)
}

// Whatever way a server pages, everybody is read once, or nobody is taken for
// deleted.
func TestSCIMOddServers(t *testing.T) {
	for _, c := range []struct {
		name string
		odd  odd
		want string // "" means that all are read
	}{
		{"as it should be", odd{n: 250, filters: true}, ""},
		{"nobody", odd{n: 0}, "has nobody"},
		{"smaller pages than asked for", odd{n: 250, max: 7}, ""},
		{"cursors only, not advertised", odd{n: 250, cursor: true, max: 30}, ""},
		{"cursors", odd{n: 200, cursor: true, declares: true}, ""},
		{"advertises cursors and has none", odd{n: 250, declares: true}, ""},
		{"pages overlap", odd{n: 250, window: func(start, count int) (int, int) { return max(start-10, 1), count }}, ""},
		{"total settles", odd{n: 250, total: func(request int) int { return 250 + 1/request }}, ""},
		{"total too large", odd{n: 250, total: func(int) int { return 251 }}, "says that there are 251 and shows 250"},
		{"total too small", odd{n: 250, total: func(int) int { return 120 }}, "read 3 times"},
		{"total of the page", odd{n: 250, total: func(int) int { return 100 }}, "read 3 times"},
		{"total never settles", odd{n: 250, total: func(request int) int { return 250 + request }}, "a page later"},
		{"the first page for ever", odd{n: 250, window: func(_, count int) (int, int) { return 1, count }}, "same page"},
		{"loses a page", odd{n: 250, window: func(start, count int) (int, int) {
			if start > 100 {
				start += 50
			}
			return start, count
		}}, "shows 200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(&c.odd)
			defer server.Close()
			s := open(t, source.Config{Kind: "scim", URL: server.URL}, source.Environment{})
			seen := map[string]int{}
			reading, err := s.Read(t.Context(), "", func(r source.Record) error { seen[r.Anchor]++; return nil })
			for id, n := range seen {
				if n != 1 {
					t.Errorf("%s came %d times", id, n)
				}
			}
			if c.want == "" {
				if err != nil || len(seen) != c.odd.n || !reading.Full || (reading.Next != "") != c.odd.filters {
					t.Errorf("%d read, %+v, %v", len(seen), reading, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if c.odd.requests > 150 {
				t.Errorf("%d requests", c.odd.requests)
			}
		})
	}
}
