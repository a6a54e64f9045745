package source_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// world is a tenant as its admin sees it and as an identity provider does.
type world struct {
	t          testing.TB
	admin, idp *directory.Tenant
	d          *directory.Directory
	token      string
}

func newWorld(t testing.TB, store *sqlstore.Store) *world {
	t.Helper()
	w := &world{t: t, d: directory.New(store)}
	t.Cleanup(func() { w.d.Close(context.Background()) })
	var err error
	w.admin, err = w.d.CreateTenant(t.Context(), directory.NewTenant{Name: "contoso", AdminEmail: "admin@contoso.test"}, directory.Via{})
	w.must(err)
	w.token, err = w.admin.CreateToken(t.Context(), "admin@contoso.test", "SCIM", time.Time{})
	w.must(err)
	w.must(w.admin.Set(t.Context(), "idp-groups", "true"))
	w.idp, err = w.d.OpenToken(t.Context(), w.token, "contoso", directory.Via{})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) post(typ *scim.ResourceType, body string) string {
	w.t.Helper()
	r, err := typ.Parse([]byte(body))
	w.must(err)
	r, err = w.idp.Create(w.t.Context(), typ.Name, r)
	w.must(err)
	return r.ID()
}

func (w *world) user(n int) string {
	w.t.Helper()
	return w.post(scim.UserType, fmt.Sprintf(`{"userName":"user%d@contoso.test","externalId":"x%d","displayName":"User %d"}`, n, n, n))
}

func (w *world) group(name string, members ...string) string {
	w.t.Helper()
	var list []string
	for _, m := range members {
		list = append(list, fmt.Sprintf(`{"value":%q}`, m))
	}
	return w.post(scim.GroupType, fmt.Sprintf(`{"displayName":%q,"members":[%s]}`, name, strings.Join(list, ",")))
}

func (w *world) patch(typ, id, operation string) {
	w.t.Helper()
	p, err := scim.ParsePatch([]byte(`{"Operations":[` + operation + `]}`))
	w.must(err)
	_, err = w.idp.Patch(w.t.Context(), typ, id, p, "")
	w.must(err)
}

func open(t testing.TB, c source.Config, env source.Environment) source.Source {
	t.Helper()
	s, err := source.Open(t.Context(), c, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// read returns what one reading gave out, by type and anchor.
func read(t testing.TB, s source.Source, since string) (map[string]source.Record, source.Reading) {
	t.Helper()
	got := map[string]source.Record{}
	reading, err := s.Read(t.Context(), since, func(r source.Record) error {
		got[r.Type+" "+r.Anchor] = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, reading
}

func expect(t testing.TB, r source.Record, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got := r.Attributes[name]; strings.Join(got.Texts(), "|") != want[name] {
			t.Errorf("%s = %q, want %q", name, got.Texts(), want[name])
		}
	}
}

func keys(got map[string]source.Record) string {
	var out []string
	for key, r := range got {
		if r.Deleted {
			key += " deleted"
		}
		out = append(out, key)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

const annaJSON = `{"userName":"anna@contoso.test","externalId":"E1","name":{"givenName":"Anna","familyName":"Aalto"},"displayName":"Anna Aalto","title":"Engineer","active":true,
	"preferredLanguage":"fi","emails":[{"value":"home@x.test","type":"home"},{"value":"a.aalto@contoso.test","type":"work"}],
	"phoneNumbers":[{"value":"+358 1","type":"work"},{"value":"+358 2","type":"mobile"}],
	"addresses":[{"type":"work","country":"Finland","locality":"Helsinki","region":"Uusimaa","streetAddress":"Katu 1","postalCode":"00100"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","organization":"Contoso","division":"North","employeeNumber":"701","manager":{"value":%q}}}`

// annaIs is the same wherever a SCIM resource is read.
var annaIs = map[string]string{
	"userName": "anna@contoso.test", "userPrincipalName": "anna@contoso.test", "mail": "a.aalto@contoso.test", "mailNickname": "E1",
	"givenName": "Anna", "name.givenName": "Anna", "surname": "Aalto", "displayName": "Anna Aalto", "jobTitle": "Engineer", "title": "Engineer",
	`emails[type eq "work"].value`: "a.aalto@contoso.test", "telephoneNumber": "+358 1", "mobile": "+358 2",
	"city": "Helsinki", "locality": "Helsinki", "state": "Uusimaa", "region": "Uusimaa", "country": "Finland", "postalCode": "00100", "streetAddress": "Katu 1",
	"department": "Sales", "organization": "Contoso", "companyName": "Contoso", "division": "North", "employeeId": "701", "accountEnabled": "True",
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "Sales", "preferredLanguage": "fi",
}

func TestDirectory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) {
		w := newWorld(t, store)
		boss := w.user(1)
		anna := w.post(scim.UserType, fmt.Sprintf(annaJSON, boss))
		staff := w.group("Staff", anna, boss)
		nested := w.group("All", staff)
		s := open(t, source.Config{Kind: "directory", Attributes: map[string]string{"mail": "userName"}}, source.Environment{Directory: w.admin})

		got, full := read(t, s, "")
		if len(got) != 5 || !full.Full {
			t.Fatalf("%s, %+v", keys(got), full)
		}
		want := maps.Clone(annaIs)
		want["mail"], want["manager"], want["objectId"], want["group"], want["role"], want["externalId"] = "anna@contoso.test", boss, anna, "Default", "user", "E1"
		expect(t, got["User "+anna], want)
		members := []string{anna, boss}
		slices.Sort(members)
		expect(t, got["Group "+staff], map[string]string{"displayName": "Staff", "members": strings.Join(members, "|"), "objectId": staff})
		expect(t, got["Group "+nested], map[string]string{"members": staff})

		watching := s.(source.Watching)
		if changed, err := watching.Changed(t.Context(), full.Next); err != nil || changed {
			t.Errorf("changed %v %v, and nothing was", changed, err)
		}
		if got, _ := read(t, s, full.Next); len(got) > 0 {
			t.Errorf("read on with nothing new: %s", keys(got))
		}

		w.patch("User", anna, `{"op":"replace","path":"title","value":"Chief"}`)
		w.patch("Group", staff, `{"op":"remove","path":"members[value eq \"`+boss+`\"]"}`)
		if changed, err := watching.Changed(t.Context(), full.Next); err != nil || !changed {
			t.Errorf("changed %v %v", changed, err)
		}
		got, more := read(t, s, full.Next)
		if keys(got) != "Group "+staff+", User "+anna || more.Full {
			t.Errorf("%s, %+v", keys(got), more)
		}
		want["title"], want["jobTitle"] = "Chief", "Chief"
		expect(t, got["User "+anna], want)
		expect(t, got["Group "+staff], map[string]string{"members": anna})

		for _, name := range []string{"ANNA@contoso.test", "a.aalto@contoso.test", "anna aalto", anna} {
			if found, err := s.Find(t.Context(), source.User, name); err != nil || len(found) != 1 || found[0].Anchor != anna {
				t.Errorf("Find %s: %v %v", name, found, err)
			}
		}
		if found, err := s.Find(t.Context(), source.Group, "staff"); err != nil || len(found) != 1 || found[0].Anchor != staff {
			t.Errorf("Find staff: %v %v", found, err)
		}
		if text, err := s.Test(t.Context()); err != nil || !strings.Contains(text, "3 people, 2 IdP groups") {
			t.Errorf("Test: %s %v", text, err)
		}
	})
}

// Whom the policy took out is there without access; who was deleted is deleted;
// a full reading and reading on agree.
func TestDirectoryLeavers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) {
		w := newWorld(t, store)
		stays, leaves, deleted := w.user(1), w.user(2), w.user(3)
		gone := w.group("Gone", stays)
		s := open(t, source.Config{Kind: "directory"}, source.Environment{Directory: w.admin})
		_, before := read(t, s, "")
		w.patch("User", leaves, `{"op":"replace","path":"active","value":false}`)
		w.must(w.idp.Delete(t.Context(), "User", deleted, ""))
		w.must(w.idp.Delete(t.Context(), "Group", gone, ""))

		got, after := read(t, s, before.Next)
		if after.Full || len(got) != 3 || !got["User "+deleted].Deleted || !got["Group "+gone].Deleted || got["User "+leaves].Deleted {
			t.Errorf("reading on: %s, %+v", keys(got), after)
		}
		expect(t, got["User "+leaves], map[string]string{"accountEnabled": "False", "userPrincipalName": "user2@contoso.test"})
		all, _ := read(t, s, "")
		expect(t, all["User "+leaves], map[string]string{"accountEnabled": "False"})
		expect(t, all["User "+stays], map[string]string{"accountEnabled": "True"})
		if _, ok := all["User "+deleted]; ok {
			t.Error("a full reading shows who was deleted")
		}
	})
}

// Where the log alone does not tell who is concerned, everybody is read.
func TestDirectoryReadsAllAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) {
		w := newWorld(t, store)
		id := w.user(1)
		w.must(w.admin.Set(t.Context(), "groups", "true"))
		s := open(t, source.Config{Kind: "directory"}, source.Environment{Directory: w.admin})
		_, before := read(t, s, "")
		w.must(w.admin.RenameGroup(t.Context(), "Default", "Everybody"))
		got, after := read(t, s, before.Next)
		if !after.Full {
			t.Errorf("%+v", after)
		}
		expect(t, got["User "+id], map[string]string{"group": "Everybody"})
		for _, odd := range []string{"999999", "garbage", "-5"} {
			if _, r := read(t, s, odd); !r.Full {
				t.Errorf("from %s on: not full", odd)
			}
		}
	})
}

func BenchmarkDirectory(b *testing.B) {
	w := newWorld(b, storetest.Open(b, storetest.SQLite(b)))
	boss := w.user(0)
	for i := range 2000 {
		w.post(scim.UserType, strings.ReplaceAll(fmt.Sprintf(annaJSON, boss), "anna@", fmt.Sprintf("anna%d@", i)))
	}
	s := open(b, source.Config{Kind: "directory"}, source.Environment{Directory: w.admin})
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if _, err := s.Read(b.Context(), "", func(source.Record) error { n++; return nil }); err != nil || n < 2000 {
			b.Fatal(n, err)
		}
	}
}
