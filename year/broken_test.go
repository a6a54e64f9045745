package year_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
	"github.com/rollcall-scim/rollcall/year"
)

// broken is our server with a fault that servers have.
type broken struct {
	scim.ServiceProvider
	fault string
}

// faults are what the judge must see, and as what.
var faults = []struct {
	fault, idp string
	kind       year.Kind
}{
	{"ignores active false", "entra", year.Ghost},
	{"ignores active false", "okta", year.Ghost},
	{"creates doubles on retry", "entra", year.Double},
	{"loses a restore", "entra", year.LockOut},
	{"loses a restore", "okta", year.LockOut},
	{"keeps the old userName", "entra", year.Attribute},
	{"never takes members out", "entra", year.IdPGroup},
	{"answers 404 to an empty look-up", "entra", year.LockOut},
	{"shows the next who had the address before", "rfc", year.Merged},
}

func (b broken) Create(ctx context.Context, typ string, r *scim.Resource) (*scim.Resource, error) {
	made, err := b.ServiceProvider.Create(ctx, typ, r)
	var refused *scim.Error
	if b.fault == "creates doubles on retry" && typ == "User" && errors.As(err, &refused) && refused.Status == 409 {
		r.Object()["userName"] = "2." + r.String("userName")
		return b.ServiceProvider.Create(ctx, typ, r)
	}
	return made, err
}

func (b broken) Query(ctx context.Context, typ string, q scim.Query) (*scim.Page, error) {
	page, err := b.ServiceProvider.Query(ctx, typ, q)
	if b.fault == "answers 404 to an empty look-up" && err == nil && q.Filter != nil && page.Total == 0 {
		return nil, scim.Errorf(404, "", "404", "Nobody is found (404).")
	}
	return page, err
}

func (b broken) Patch(ctx context.Context, typ, id string, p *scim.Patch, v scim.Version) (*scim.Resource, error) {
	is := func(path, value string) bool { return slices.Contains(said(p, path), value) }
	switch {
	case b.fault == "ignores active false" && is("active", "false"), b.fault == "loses a restore" && is("active", "true"),
		b.fault == "never takes members out" && typ == "Group" && strings.EqualFold(p.Operations[0].Op, "remove"):
		return b.Get(ctx, typ, id)
	case b.fault == "keeps the old userName":
		p.Operations = slices.DeleteFunc(p.Operations, func(o scim.Operation) bool { return o.Path == "userName" })
	}
	return b.ServiceProvider.Patch(ctx, typ, id, p, v)
}

func (b broken) Replace(ctx context.Context, typ, id string, r *scim.Resource, v scim.Version) (*scim.Resource, error) {
	active := r.Object()["active"]
	if b.fault == "ignores active false" && active == false {
		return b.Get(ctx, typ, id)
	}
	if was, err := b.Get(ctx, typ, id); err == nil && b.fault == "loses a restore" && typ == "User" && was.Object()["active"] == false {
		return was, nil
	}
	return b.ServiceProvider.Replace(ctx, typ, id, r, v)
}

func (b broken) Delete(ctx context.Context, typ, id string, v scim.Version) error {
	if b.fault != "shows the next who had the address before" || typ != "User" {
		return b.ServiceProvider.Delete(ctx, typ, id, v)
	}
	p := &scim.Patch{Operations: []scim.Operation{{Op: "replace", Path: "active", Value: false}}}
	_, err := b.ServiceProvider.Patch(ctx, typ, id, p, "")
	return err
}

// said are the values that a PATCH gives an attribute.
func said(p *scim.Patch, path string) (values []string) {
	for _, o := range p.Operations {
		value := o.Value
		if all, ok := value.(scim.Object); ok && o.Path == "" {
			value = all[path]
		} else if o.Path != path {
			continue
		}
		values = append(values, strings.ToLower(fmt.Sprint(value)))
	}
	return values
}

// Each fault is seen for what it is, and its story cut short.
func TestTheJudgeSees(t *testing.T) {
	for _, f := range faults {
		t.Run(f.fault+" "+f.idp, func(t *testing.T) {
			t.Parallel()
			o := serve(t, storetest.Open(t, storetest.SQLite(t)))
			o.fault = f.fault
			short, err := year.Shrink(o.failing(f.idp, f.kind), 40, func(s year.Story) (bool, error) { return has(o.play(s), f.kind), nil })
			o.must(err)
			if len(short.Events) > 3 || len(short.People) > 3 {
				o.Errorf("the story is long:\n%s", told(short))
			}
			r := o.play(short)
			if !has(r, f.kind) {
				o.Fatalf("the short story is fine:\n%s\n%s", told(short), text(r))
			}
			f := r.Findings[slices.IndexFunc(r.Findings, func(g year.Finding) bool { return g.Kind == f.kind })]
			if f.Who == "" || f.Day < 1 || f.Clause == "" || len(f.Story) == 0 {
				o.Errorf("the finding tells too little: %+v", f)
			}
			if o.fault = ""; !o.play(short).OK() {
				o.Errorf("without the fault it fails as well:\n%s", told(short))
			}
			t.Logf("%s\n%s", told(short), text(r))
		})
	}
}

// failing is a story that shows the kind.
func (o *ours) failing(idp string, kind year.Kind) year.Story {
	o.Helper()
	for seed := range uint64(5) {
		s := year.Draw(seed, idp, 12, 45)
		if r := o.play(s); has(r, kind) {
			return s
		}
	}
	o.Fatalf("nobody sees a server that %s", o.fault)
	return year.Story{}
}

func has(r *year.Report, kind year.Kind) bool {
	return slices.ContainsFunc(r.Findings, func(f year.Finding) bool { return f.Kind == kind })
}

func told(s year.Story) string {
	var b bytes.Buffer
	_ = s.WriteText(&b)
	return b.String()
}

// A story that is written down is the same when it is read again.
func TestStoryOnPaper(t *testing.T) {
	for _, idp := range year.IdPs {
		s := year.Draw(3, idp, 20, 60)
		var b bytes.Buffer
		if err := s.WriteStory(&b); err != nil {
			t.Fatal(err)
		}
		paper := b.String()
		again, err := year.ReadStory(&b)
		if err != nil {
			t.Fatal(err)
		}
		b.Reset()
		if err := again.WriteStory(&b); err != nil || b.String() != paper {
			t.Errorf("%v:\n%s\n%s", err, paper, b.String())
		}
	}
	for _, bad := range []string{`{}`, `{"idp":"entra","days":0}`, `{"idp":"ping","days":3}`, `{"idp":"entra","days":3,"events":[{"at":"noon"}]}`, `{"idp":"entra","days":3,"peopel":[]}`} {
		if _, err := year.ReadStory(strings.NewReader(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

// The same seed is the same year on two servers, byte for byte, also where
// something is found.
func TestSameSeedSameYear(t *testing.T) {
	for _, idp := range []string{"entra", "okta"} {
		var reports []string
		for range 2 {
			o := serve(t, storetest.Open(t, storetest.SQLite(t)))
			o.fault = "loses a restore"
			r := o.play(year.Draw(4, idp, 20, 50))
			var page bytes.Buffer
			o.must(r.WriteHTML(&page))
			reports = append(reports, text(r)+page.String())
		}
		if reports[0] != reports[1] || !strings.Contains(reports[0], "LOCK-OUT") {
			t.Errorf("as %s the two differ:\n%s\n%s", idp, reports[0], reports[1])
		}
	}
}

// Stories that once ended badly, each as short as it can be.
func TestStoriesThatEndedBadly(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) {
		o := serve(t, store)
		for _, name := range files {
			f, err := os.Open(name)
			o.must(err)
			s, err := year.ReadStory(f)
			o.must(errors.Join(err, f.Close()))
			if r := o.play(s); !r.OK() {
				t.Errorf("%s:\n%s", name, text(r))
			}
		}
	})
}

// A server that asks for patience while the year is taken away is given it.
func TestTakesAwayWithPatience(t *testing.T) {
	t.Parallel()
	o := serve(t, storetest.Open(t, storetest.SQLite(t)))
	s := year.Draw(1, "rfc", 10, 10)
	place := o.place(s)
	asked := false
	impatient := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "/Users/") && !asked {
			asked = true
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		o.server.Config.Handler.ServeHTTP(w, r)
	}))
	defer impatient.Close()
	s.Events = nil
	place.BaseURL = strings.Replace(place.BaseURL, o.server.URL, impatient.URL, 1)
	if r, err := (&year.Year{Story: s, Server: place}).Run(t.Context()); err != nil || !r.OK() || !asked {
		t.Error(err, text(r))
	}
}
