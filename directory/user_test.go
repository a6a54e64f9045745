package directory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

const leave = `{"op":"Replace","path":"active","value":"False"}`
const back = `{"op":"Replace","path":"active","value":"True"}`

func TestCountryAndTeams(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland", "Sweden")
		id := w.post(`{"userName":"anna@acme.test",` + work("Finland", "locality", "Helsinki") + `,"department":"Sales"}`)
		w.placed("anna@acme.test", "Finland: Helsinki, Sales")
		teams, err := w.admin.Teams(t.Context(), "")
		w.must(err)
		if len(teams) != 2 || teams[0].Group != "Finland" || teams[0].Users != 1 {
			t.Errorf("teams %+v", teams)
		}
		// Another case finds the same team.
		w.post(`{"userName":"bo@acme.test",` + work("Finland", "locality", "HELSINKI") + `}`)
		w.placed("bo@acme.test", "Finland: Helsinki")
		// A manual team, then a move: all teams go, the five come again.
		_, err = w.admin.CreateTeam(t.Context(), "Finland", "Choir")
		w.must(err)
		_, err = w.admin.AddToTeam(t.Context(), "anna@acme.test", directory.TeamRef{Name: "choir"})
		w.must(err)
		w.placed("anna@acme.test", "Finland: Choir, Helsinki, Sales")
		w.patch(id, `{"op":"Replace","path":"title","value":"x"}`)
		w.placed("anna@acme.test", "Finland: Choir, Helsinki, Sales")
		w.patch(id, `{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"Sweden"}`)
		w.placed("anna@acme.test", "Sweden: Helsinki, Sales")
		// A country without a group: 400.76, and nothing of the request is done.
		before := w.user("anna@acme.test")
		err = w.tryPatch(id, `{"op":"Replace","path":"title","value":"y"},{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"Norway"},{"op":"Replace","path":"addresses[type eq \"work\"].locality","value":"Oslo"}`)
		w.fails(err, 400, "400.76")
		if after := w.user("anna@acme.test"); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("changed by a refused request: %v", after)
		}
		if teams, _ := w.admin.Teams(t.Context(), ""); len(teams) != 5 {
			t.Errorf("%d teams, want 5: %v", len(teams), teams)
		}
		// The next sync works once the group is there.
		_, err = w.admin.CreateGroup(t.Context(), "Norway")
		w.must(err)
		w.patch(id, `{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"Norway"}`)
		w.placed("anna@acme.test", "Norway: Helsinki, Sales")
		// An emptied team stays.
		if teams, _ := w.admin.Teams(t.Context(), "Sweden"); len(teams) != 2 || teams[0].Users != 0 {
			t.Errorf("teams %v", teams)
		}
	})
}

func TestRenamesAndOtherNames(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland")
		ctx := t.Context()
		id := w.post(`{"userName":"anna@acme.test",` + work("Finland") + `,"department":"Sales"}`)
		version := w.get(id)["meta"].(scim.Object)["version"]
		w.must(w.admin.RenameGroup(ctx, "Finland", "Suomi"))
		w.must(w.admin.AddGroupName(ctx, "Suomi", "FI"))
		w.must(w.admin.RenameTeam(ctx, directory.TeamRef{Name: "sales"}, "Myynti"))
		w.placed("anna@acme.test", "Suomi: Myynti")
		if o := w.get(id); o["meta"].(scim.Object)["version"] != version {
			t.Error("a rename changed the user's version")
		} else if g := o[scim.RollcallSchema].(scim.Object)["group"].(scim.Object)["display"]; g != "Suomi" {
			t.Errorf("shown group %v", g)
		}
		for i, country := range []string{"Suomi", "Finland", "FI"} {
			w.post(fmt.Sprintf(`{"userName":"u%d@acme.test",%s,"department":"SALES"}`, i, work(country)))
			w.placed(fmt.Sprintf("u%d@acme.test", i), "Suomi: Myynti")
		}
		if err := w.admin.RenameGroup(ctx, "Default", "Finland"); err == nil {
			t.Error("a name that is another group's other name was taken")
		}
		if err := w.admin.DeleteGroup(ctx, "Suomi"); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("deleting a full group: %v", err)
		}
		if err := w.admin.DeleteGroup(ctx, "Default"); err == nil {
			t.Error("the default group was deleted")
		}
		// Merge: members and names.
		_, err := w.admin.CreateTeam(ctx, "Suomi", "Vienti")
		w.must(err)
		w.must(w.admin.MergeTeams(ctx, directory.TeamRef{Name: "Myynti"}, directory.TeamRef{Name: "Vienti"}))
		w.placed("anna@acme.test", "Suomi: Vienti")
		w.post(`{"userName":"new@acme.test",` + work("FI") + `,"department":"Sales"}`)
		w.placed("new@acme.test", "Suomi: Vienti")
		w.must(w.admin.DeleteTeam(ctx, directory.TeamRef{Name: "Vienti"}))
		w.placed("anna@acme.test", "Suomi: ")
		w.counts(6, 5)
	})
}

func TestLeaving(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland", "Sweden")
		_, err := w.admin.CreateTeam(t.Context(), "Finland", "Choir")
		w.must(err)
		id := w.post(`{"userName":"anna@acme.test","externalId":"x1",` + work("Finland") + `,"department":"Sales"}`)
		_, err = w.admin.AddToTeam(t.Context(), "anna@acme.test", directory.TeamRef{Name: "Choir"})
		w.must(err)
		// 7.1: whatever else is invalid is skipped.
		w.patch(id, `{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"Atlantis"},{"op":"Replace","path":"userName","value":""},{"op":"Replace","path":"active","value":"False"},{"op":"Replace","path":"groups","value":"x"}`)
		if u := w.user("anna@acme.test"); u.State != "removed" || u.Group != "" || len(u.Teams) != 0 {
			t.Errorf("got %+v", u)
		}
		// Found by this connection by id and exact filter, not in a plain list.
		if o := w.get(id); o["active"] != false || o[scim.RollcallSchema] != nil {
			t.Errorf("got %v", o)
		}
		for _, f := range []string{`userName eq "anna@acme.test"`, `externalId eq "x1"`, `id eq "` + id + `"`} {
			if n := len(w.find(f)); n != 1 {
				t.Errorf("%s: %d", f, n)
			}
		}
		page, err := w.idp.Query(t.Context(), "User", scim.Query{Count: 100, StartIndex: 1})
		w.must(err)
		if page.Total != 1 || len(page.Resources) != 1 {
			t.Errorf("plain list: %d of %d", len(page.Resources), page.Total)
		}
		w.patch(id, leave) // repeating is success
		w.counts(1, 0)
		// Back: the same id, profiled anew, manual team given back.
		err = w.tryPatch(id, back)
		w.fails(err, 400, "400.76") // the country she left with names no group
		w.patch(id, back+`,{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"Finland"}`)
		w.placed("anna@acme.test", "Finland: Choir, Sales")
		// POST with her externalId after another removal: the same id.
		w.patch(id, leave)
		if again := w.post(`{"userName":"anna.new@acme.test","externalId":"x1",` + work("Sweden") + `}`); again != id {
			t.Error("a POST with the externalId made a new user")
		}
		w.placed("anna.new@acme.test", "Sweden: Sales") // PUT keeps an enterprise extension that is wholly absent
		// Another externalId: a reused address, without manual teams.
		w.patch(id, `{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"Finland"}`)
		_, err = w.admin.AddToTeam(t.Context(), "anna.new@acme.test", directory.TeamRef{Name: "Choir"})
		w.must(err)
		w.patch(id, leave)
		w.patch(id, back+`,{"op":"Replace","path":"externalId","value":"x2"}`)
		w.placed("anna.new@acme.test", "Finland: Sales")
	})
}

// behaviour.md 7.2: a removed person is found by id and by exact filter, where
// nobody living is meant, and in no list.
func TestFindingTheRemoved(t *testing.T) {
	each(t, func(w *world) {
		const person = `"displayName":"Anna","emails":[{"type":"work","value":"anna@acme.test"}]`
		first := w.post(`{"userName":"anna1@acme.test","externalId":"x1",` + person + `}`)
		second := w.post(`{"userName":"anna2@acme.test","externalId":"x1",` + person + `}`)
		w.patch(first, leave)
		found := func(filter string, want ...string) {
			t.Helper()
			var got []string
			for _, r := range w.find(filter) {
				got = append(got, r.ID())
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: found %v, want %v", filter, got, want)
			}
		}
		found(`userName eq "anna1@acme.test"`, first)
		found(`displayName eq "Anna"`, second)
		found(`userName eq "anna1@acme.test" and displayName sw "An"`)
		found(`emails.value eq "anna@acme.test"`, second)
		found(`externalId eq "x1"`, second)
		w.now = w.now.Add(time.Second)
		w.patch(second, leave)
		found(`displayName eq "Anna"`)
		found(`emails[type eq "work"].value eq "anna@acme.test"`, second)
		found(`externalId eq "x1"`, second)
		found(`displayName eq "Anna" and userName eq "anna1@acme.test"`, first)
	})
}

func TestRecycleBin(t *testing.T) {
	each(t, func(w *world) {
		id := w.post(`{"userName":"anna@acme.test","externalId":"x1"}`)
		alias := "0123456789abcdef0123456789abcdefanna@acme.test"
		w.patch(id, `{"op":"Replace","path":"userName","value":"`+alias+`"},`+leave)
		found := w.find(`userName eq "` + alias + `"`)
		if len(found) != 1 || found[0].Object()["userName"] != "anna@acme.test" {
			t.Errorf("%s: %v", alias, found)
		}
		// The same again changes nothing.
		row, _ := w.admin.Row(t.Context())
		w.patch(id, `{"op":"Replace","path":"userName","value":"`+alias+`"},`+leave)
		if again, _ := w.admin.Row(t.Context()); again.Seq != row.Seq {
			t.Errorf("the change log grew from %d to %d", row.Seq, again.Seq)
		}
		w.patch(id, `{"op":"Replace","path":"userName","value":"anna@acme.test"},`+back)
		if u := w.user("anna@acme.test"); u.ID != id || !u.Active {
			t.Errorf("got %+v", u)
		}
	})
}

// Who lies in the IdP's recycle bin is found by id and by the name that he has
// there. Whoever gets his address meanwhile, the same person or another, is a
// new account of the IdP and a new user here, whom the DELETE of the old one
// after 30 days does not touch; rollcall year found that it did.
func TestRecycledIsNobodyElse(t *testing.T) {
	each(t, func(w *world) {
		const recycled = `{"op":"Replace","path":"userName","value":"0123456789abcdef0123456789abcdefanna@acme.test"},` + leave
		const anna = `{"userName":"anna@acme.test","externalId":"anna","emails":[{"type":"work","value":"anna@acme.test"}]}`
		old := w.post(anna)
		w.patch(old, recycled)
		for _, filter := range []string{`userName eq "anna@acme.test"`, `externalId eq "anna"`, `emails[type eq "work"].value eq "anna@acme.test"`} {
			if found := w.find(filter); len(found) != 0 {
				t.Errorf("%s finds %v", filter, found)
			}
		}
		next := w.post(anna)
		if next == old {
			t.Fatal("the new account is the old user")
		}
		w.must(w.idp.Delete(t.Context(), "User", old, ""))
		if u := w.user("anna@acme.test"); u.ID != next || !u.Active {
			t.Errorf("after the recycle bin was emptied: %+v", u)
		}
	})
}

// Back from the recycle bin he is found again as everybody is, and so when he
// leaves without it.
func TestRestoredFromRecycleBin(t *testing.T) {
	each(t, func(w *world) {
		id := w.post(`{"userName":"anna@acme.test","externalId":"x1"}`)
		w.patch(id, `{"op":"Replace","path":"userName","value":"0123456789abcdef0123456789abcdefanna@acme.test"},`+leave)
		w.patch(id, back)
		w.patch(id, leave)
		for _, filter := range []string{`userName eq "anna@acme.test"`, `externalId eq "x1"`} {
			if found := w.find(filter); len(found) != 1 || found[0].ID() != id {
				t.Errorf("%s finds %v", filter, found)
			}
		}
	})
}

// behaviour.md 7.5 under either policy, and when the IdP changes the externalId
// before it says active.
func TestReturnUnderAnotherExternalID(t *testing.T) {
	const other = `{"op":"Replace","path":"externalId","value":"x2"}`
	for _, policy := range []string{"remove", "deactivate"} {
		for name, patches := range map[string][]string{"at once": {back + "," + other}, "one by one": {other, back}, "active first": {back, other}} {
			t.Run(policy+" "+name, func(t *testing.T) {
				each(t, func(w *world) {
					w.set("deprovision", policy)
					_, err := w.admin.CreateTeam(t.Context(), "Default", "Choir")
					w.must(err)
					id := w.post(`{"userName":"anna@acme.test","externalId":"x1","department":"Sales"}`)
					_, err = w.admin.AddToTeam(t.Context(), id, directory.TeamRef{Name: "Choir"})
					w.must(err)
					w.patch(id, leave)
					w.patch(id, back)
					w.placed("anna@acme.test", "Default: Choir, Sales")
					w.patch(id, leave)
					for _, p := range patches {
						w.patch(id, p)
					}
					w.placed("anna@acme.test", "Default: Sales")
				})
			})
		}
	}
}

func TestUserNameIsFreeAfterRemoval(t *testing.T) {
	each(t, func(w *world) {
		first := w.post(`{"userName":"anna@acme.test","externalId":"x1"}`)
		w.patch(first, leave)
		second := w.post(`{"userName":"Anna@acme.test","externalId":"x2"}`)
		if first == second {
			t.Fatal("another externalId is another person")
		}
		w.fails(w.tryPatch(first, back), 409, "409.1")
		if found := w.find(`userName eq "anna@acme.test"`); len(found) != 1 || found[0].ID() != second {
			t.Error("the living holder of the userName must win")
		}
		_, err := w.admin.RestoreUser(t.Context(), first)
		if err == nil || !strings.Contains(err.Error(), "now belongs to") {
			t.Errorf("restore: %v", err)
		}
	})
}

func TestPolicyDeactivate(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland", "Sweden")
		w.set("deprovision", "deactivate")
		id := w.post(`{"userName":"anna@acme.test","externalId":"x1",` + work("Finland") + `,"department":"Sales"}`)
		w.patch(id, leave+`,{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"Sweden"}`)
		w.placed("anna@acme.test", "Finland: Sales") // kept, not profiled
		w.counts(2, 1)
		_, err := w.tryPost(`{"userName":"anna@acme.test"}`)
		w.fails(err, 409, "409.1")
		if again := w.post(`{"userName":"anna@acme.test","externalId":"x1"}`); again != id {
			t.Error("not restored")
		}
		w.placed("anna@acme.test", "Sweden: Sales") // what changed meanwhile is profiled now
		sleeper := w.post(`{"userName":"bo@acme.test","active":false,` + work("Finland") + `}`)
		if u := w.user("bo@acme.test"); u.Active || u.Group != "Finland" || u.ID != sleeper {
			t.Errorf("got %+v", u)
		}
		w.set("deprovision", "remove")
		_, err = w.tryPost(`{"userName":"cy@acme.test","active":false}`)
		w.fails(err, 400, "400.50")
	})
}

// behaviour.md 5.1, 5.2: who is found by an exact look-up is matched; version
// and lastModified stay.
func TestMatching(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		for _, name := range []string{"anna", "bo", "cy", "di", "eve"} {
			_, err := w.admin.CreateUser(ctx, name+"@acme.test", map[string]string{"displayName": name})
			w.must(err)
		}
		w.counts(6, 0)
		_, err := w.idp.Query(ctx, "User", scim.Query{Count: 100, StartIndex: 1})
		w.must(err)
		w.find(`userName sw "anna"`)
		w.find(`displayName eq "anna"`)
		w.counts(6, 0)
		meta := fmt.Sprint(w.find(`userName eq "anna@acme.test"`)[0].Object()["meta"])
		w.counts(6, 1)
		if again := fmt.Sprint(w.find(`userName eq "ANNA@acme.test"`)[0].Object()["meta"]); again != meta {
			t.Errorf("matching changed meta: %s, %s", meta, again)
		}
		w.find(`emails[type eq "work"].value eq "bo@acme.test"`)
		w.get(w.user("cy@acme.test").ID)
		w.find(`displayName eq "di" and userName eq "di@acme.test" and active eq true`)
		w.counts(6, 4)
		w.patch(w.user("eve@acme.test").ID, `{"op":"Add","path":"externalId","value":"e5"}`)
		w.counts(6, 5)
		if got := w.find(`externalId eq "e5"`); len(got) != 1 {
			t.Error("externalId is not found")
		}
		if got := w.find(`externalId eq "E5"`); len(got) != 0 {
			t.Error("externalId is case-exact")
		}
		no := false
		users, err := w.admin.Users(ctx, directory.UserQuery{Matched: &no})
		w.must(err)
		if len(users) != 1 || users[0].UserName != "admin@acme.test" {
			t.Errorf("unmatched %v", users)
		}
	})
}

func TestSameRequestTwiceChangesNothing(t *testing.T) {
	each(t, func(w *world) {
		id := w.post(`{"userName":"anna@acme.test","title":"x","department":"Sales"}`)
		row, _ := w.admin.Row(t.Context())
		r := parse(t, `{"userName":"anna@acme.test","title":"x","department":"Sales","active":true}`)
		for range 2 {
			got, err := w.idp.Replace(t.Context(), "User", id, r, "")
			w.must(err)
			if got.Object()["title"] != "x" {
				t.Error("wrong answer")
			}
			w.patch(id, `{"op":"replace","value":{"title":"x"}}`)
		}
		after, _ := w.admin.Row(t.Context())
		if after.Seq != row.Seq {
			t.Errorf("the change log grew from %d to %d", row.Seq, after.Seq)
		}
	})
}

func TestVersions(t *testing.T) {
	each(t, func(w *world) {
		id := w.post(`{"userName":"anna@acme.test"}`)
		version := scim.Version(w.get(id)["meta"].(scim.Object)["version"].(string))
		p, _ := scim.ParsePatch([]byte(`{"Operations":[{"op":"replace","path":"title","value":"x"}]}`))
		_, err := w.idp.Patch(t.Context(), "User", id, p, version)
		w.must(err)
		_, err = w.idp.Patch(t.Context(), "User", id, p, version)
		w.fails(err, 412, "412.1")
		w.fails(w.idp.Delete(t.Context(), "User", id, version), 412, "412.1")
		w.must(w.idp.Delete(t.Context(), "User", id, "*"))
	})
}

func TestConcurrentCreates(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland")
		var wg sync.WaitGroup
		var mu sync.Mutex
		made, taken := 0, 0
		for i := range 32 {
			wg.Go(func() {
				name := "anna@acme.test"
				if i%2 == 1 {
					name = "ANNA@acme.test"
				}
				_, err := w.tryPost(`{"userName":"` + name + `"}`)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					made++
				} else if e, ok := err.(*scim.Error); ok && e.Status == 409 {
					taken++
				} else {
					t.Error(err)
				}
				_, err = w.tryPost(fmt.Sprintf(`{"userName":"u%d@acme.test",%s,"department":"New team"}`, i, work("Finland")))
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made != 1 || taken != 31 {
			t.Errorf("made %d, taken %d", made, taken)
		}
		teams, err := w.admin.Teams(t.Context(), "Finland")
		w.must(err)
		if len(teams) != 1 || teams[0].Users != 32 {
			t.Errorf("teams %v", teams)
		}
		w.counts(34, 33)
	})
}

// Values longer than an index takes are kept and found like others.
func TestLongValues(t *testing.T) {
	each(t, func(w *world) {
		random := rand.New(rand.NewPCG(1, 2)) // what could be compressed would fit
		var b strings.Builder
		for range 6000 {
			b.WriteByte("abcdefghijklmnopqrstuvwxyz0123456789"[random.IntN(36)])
		}
		long := b.String()
		id := w.post(`{"userName":"anna@acme.test"}`)
		w.patch(id, fmt.Sprintf(`{"op":"replace","value":{"userName":%q,"displayName":%q,"externalId":%q,"emails":[{"type":"work","value":%q}]}}`, long, long, long, long))
		for _, a := range []string{"userName", "displayName", "externalId", "emails.value"} {
			if n := len(w.find(fmt.Sprintf(`%s eq %q`, a, long))); n != 1 {
				t.Errorf("%s: found %d", a, n)
			}
			if n := len(w.find(fmt.Sprintf(`%s eq %q`, a, long+"x"))); n != 0 {
				t.Errorf("another %s: found %d", a, n)
			}
		}
		if w.get(id)["externalId"] != long {
			t.Error("externalId is not told whole")
		}
		_, err := w.tryPost(fmt.Sprintf(`{"userName":%q}`, strings.ToUpper(long)))
		w.fails(err, 409, "409.1")
		w.idp.Failed(directory.Failure{Person: long, Status: 409, Code: "409.1", Detail: "x"})
		w.d.Flush()
		failed, err := w.admin.Activity(t.Context(), directory.ActivityFilter{Person: long, Failed: true})
		w.must(err)
		if len(failed) != 1 {
			t.Errorf("%d rows of activity", len(failed))
		}
		w.patch(id, leave+fmt.Sprintf(`,{"op":"replace","path":"displayName","value":%q}`, long+"x"))
		if n := len(w.find(fmt.Sprintf(`userName eq %q`, long))); n != 1 {
			t.Errorf("removed: found %d", n)
		}
	})
}

// A caller who goes away in the middle of his change must not take the
// transaction from those who share it.
func TestCallerGoesAway(t *testing.T) {
	each(t, func(w *world) {
		ctx, cancel := context.WithCancel(t.Context())
		w.d.Now = func() time.Time { cancel(); return w.now } // the change looks at the clock first
		r, err := w.idp.Create(ctx, "User", parse(t, `{"userName":"anna@acme.test","department":"Sales"}`))
		w.must(err)
		w.get(r.ID())
	})
}

// behaviour.md 7.1: every well-formed request whose outcome is inactive is
// answered and ends access, whatever else is in it, under either policy.
func TestTakingAccessAwayIsNeverRefused(t *testing.T) {
	garbage := []string{
		`{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"Atlantis"}`,
		`{"op":"Replace","path":"userName","value":""}`,
		`{"op":"Replace","path":"userName","value":null}`,
		`{"op":"Replace","path":"userName","value":"admin@acme.test"}`,
		`{"op":"Replace","path":"userName","value":"no address"}`,
		`{"op":"Replace","path":"groups","value":[{"value":"x"}]}`,
		`{"op":"Remove","path":"userName"}`,
		`{"op":"Remove"}`,
		`{"op":"Replace","path":"name[","value":"x"}`,
		`{"op":"Replace","path":"emails[type eq \"none\"]","value":{"value":"x"}}`,
		`{"op":"Add","path":"shoeSize","value":39}`,
		`{"op":"Replace","path":"name","value":17}`,
		`{"op":"Replace","path":"active","value":"maybe"}`,
		`{"op":"Replace","value":{"active":null,"title":7,"manager":[1,2]}}`,
		`{"op":"Replace","path":"title","value":{"a":[]}}`,
		`{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"` + strings.Repeat("x", 600) + `"}`,
	}
	for _, policy := range []string{"remove", "deactivate"} {
		t.Run(policy, func(t *testing.T) {
			each(t, func(w *world) {
				w.set("deprovision", policy)
				w.set("email-user-names", "true")
				w.groups("Finland")
				n := 0
				rapid.Check(t, func(r *rapid.T) {
					n++
					name := fmt.Sprintf("u%d@acme.test", n)
					id := w.post(fmt.Sprintf(`{"userName":%q,%s,"department":"Sales"}`, name, work("Finland")))
					ops := rapid.SliceOfN(rapid.SampledFrom(garbage), 0, 4).Draw(r, "garbage")
					at := rapid.IntRange(0, len(ops)).Draw(r, "at")
					ops = slices.Insert(ops, at, leave)
					if rapid.Bool().Draw(r, "patch") {
						w.patch(id, strings.Join(ops, ","))
					} else {
						body := rapid.SampledFrom([]string{
							`{"active":false}`, `{"userName":null,"active":"False"}`, `{"userName":"admin@acme.test","active":false}`,
							`{"userName":"x","active":false,"name":[1,2],` + work("Atlantis") + `}`, `{"userName":["a","b"],"active":false,"emails":"x"}`,
						}).Draw(r, "body")
						_, err := w.idp.Replace(t.Context(), "User", id, parse(t, body), "")
						w.must(err)
					}
					if o := w.get(id); o["active"] != false || o["userName"] == "" {
						r.Fatalf("still has access: %v", o)
					}
				})
			})
		})
	}
}
