package directory_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// world is a tenant with its admin, a token and a clock.
type world struct {
	t     *testing.T
	store *sqlstore.Store
	d     *directory.Directory
	admin *directory.Tenant // as the command line
	idp   *directory.Tenant // as an IdP with the token
	token string
	now   time.Time
}

// each runs the test in a world on both databases.
func each(t *testing.T, test func(w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) { test(newWorld(t, store)) })
}

func newWorld(t *testing.T, store *sqlstore.Store) *world {
	t.Helper()
	w := &world{t: t, store: store, now: time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)}
	w.d = directory.New(store)
	w.d.Now = func() time.Time { return w.now }
	t.Cleanup(func() { w.d.Close(t.Context()) })
	var err error
	w.admin, err = w.d.CreateTenant(t.Context(), directory.NewTenant{Name: "acme", Display: "Acme Oy", AdminEmail: "admin@acme.test"}, directory.Via{Client: "test"})
	w.must(err)
	w.token, err = w.admin.CreateToken(t.Context(), "admin@acme.test", "SCIM", time.Time{})
	w.must(err)
	w.idp = w.open(w.token)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) open(token string) *directory.Tenant {
	w.t.Helper()
	tenant, err := w.d.OpenToken(w.t.Context(), token, "acme", directory.Via{Client: "test", Operation: "TEST", BaseURL: "https://acme.example/api/scim/v2"})
	w.must(err)
	return tenant
}

func (w *world) set(name, value string) {
	w.t.Helper()
	w.must(w.admin.Set(w.t.Context(), name, value))
}

// groups turns the feature on and makes the groups.
func (w *world) groups(names ...string) {
	w.t.Helper()
	w.set("groups", "true")
	for _, name := range names {
		_, err := w.admin.CreateGroup(w.t.Context(), name)
		w.must(err)
	}
}

func parse(t *testing.T, body string) *scim.Resource {
	t.Helper()
	r, err := scim.UserType.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) tryPost(body string) (string, error) {
	w.t.Helper()
	r, err := w.idp.Create(w.t.Context(), "User", parse(w.t, body))
	if err != nil {
		return "", err
	}
	return r.ID(), nil
}

func (w *world) post(body string) (id string) {
	w.t.Helper()
	id, err := w.tryPost(body)
	w.must(err)
	return id
}

func (w *world) tryPatch(id, operations string) error {
	w.t.Helper()
	p, err := scim.ParsePatch([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`))
	w.must(err)
	_, err = w.idp.Patch(w.t.Context(), "User", id, p, "")
	return err
}

func (w *world) patch(id, operations string) {
	w.t.Helper()
	w.must(w.tryPatch(id, operations))
}

func (w *world) get(id string) scim.Object {
	w.t.Helper()
	r, err := w.idp.Get(w.t.Context(), "User", id)
	w.must(err)
	return r.Object()
}

func (w *world) find(filter string) []*scim.Resource {
	w.t.Helper()
	f, err := scim.ParseFilter(scim.UserType, filter)
	w.must(err)
	page, err := w.idp.Query(w.t.Context(), "User", scim.Query{Filter: f, Count: 100, StartIndex: 1})
	w.must(err)
	return page.Resources
}

func (w *world) user(ref string) directory.User {
	w.t.Helper()
	u, err := w.admin.User(w.t.Context(), ref)
	w.must(err)
	return u
}

// place is "group: team, team" of a person.
func (w *world) place(ref string) string {
	w.t.Helper()
	u := w.user(ref)
	return u.Group + ": " + strings.Join(u.Teams, ", ")
}

func (w *world) placed(ref, want string) {
	w.t.Helper()
	if got := w.place(ref); got != want {
		w.t.Errorf("%s is in %q, want %q", ref, got, want)
	}
}

// counts checks the tenant's totals against the rows.
func (w *world) counts(users, matched int) {
	w.t.Helper()
	row, err := w.admin.Row(w.t.Context())
	w.must(err)
	n, err := w.store.Reader(row.ID).CountUsers(w.t.Context(), directory.List{})
	w.must(err)
	yes := true
	m, err := w.store.Reader(row.ID).CountUsers(w.t.Context(), directory.List{Matched: &yes})
	w.must(err)
	if int(row.Users) != users || int(row.Matched) != matched || n != users || m != matched {
		w.t.Errorf("users %d (rows %d), matched %d (rows %d); want %d and %d", row.Users, n, row.Matched, m, users, matched)
	}
}

func (w *world) fails(err error, status int, code string) {
	w.t.Helper()
	e, ok := err.(*scim.Error)
	if !ok || e.Status != status || e.Code != code || !strings.Contains(e.Detail, "("+code+")") {
		w.t.Errorf("got %v, want status %d with code %s", err, status, code)
	}
}

func work(country string, more ...string) string {
	a := fmt.Sprintf(`"type":"work","country":%q`, country)
	for i := 0; i+1 < len(more); i += 2 {
		a += fmt.Sprintf(`,%q:%q`, more[i], more[i+1])
	}
	return `"addresses":[{` + a + `}]`
}

func TestLifeOfAUser(t *testing.T) {
	each(t, func(w *world) {
		w.counts(1, 0)
		id := w.post(`{"userName":"anna@acme.test","name":{"givenName":"Anna","familyName":"Aalto"},"externalId":"x1","department":"Sales"}`)
		w.counts(2, 1)
		w.placed("anna@acme.test", "Default: Sales")
		o := w.get(id)
		if o["externalId"] != "x1" || o["active"] != true || o["userName"] != "anna@acme.test" {
			t.Errorf("got %v", o)
		}
		w.patch(id, `{"op":"Replace","path":"title","value":"Chief"}`)
		if w.get(id)["title"] != "Chief" {
			t.Error("title not set")
		}
		w.patch(id, `{"op":"Replace","path":"active","value":"False"}`)
		w.counts(1, 0)
		if o := w.get(id); o["active"] != false || o["title"] != "Chief" {
			t.Errorf("removed: %v", o)
		}
		if n := len(w.find(`userName eq "ANNA@acme.test"`)); n != 1 {
			t.Errorf("found %d", n)
		}
		w.patch(id, `{"op":"Replace","path":"active","value":"True"}`)
		w.counts(2, 1)
		w.placed("anna@acme.test", "Default: Sales")
		w.must(w.idp.Delete(t.Context(), "User", id, ""))
		w.counts(1, 0)
		_, err := w.idp.Get(t.Context(), "User", id)
		w.fails(err, 404, "404.1")
		other := w.post(`{"userName":"anna@acme.test","externalId":"x1"}`)
		if other == id {
			t.Error("DELETE is final: a new POST makes a new user")
		}
	})
}
