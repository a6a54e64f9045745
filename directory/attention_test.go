package directory_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// sends is a POST as it comes over HTTP: what is refused is told to the failure
// log.
func (w *world) sends(client, userName, more string) error {
	w.t.Helper()
	body := `{"schemas":["` + scim.UserSchema + `"],"userName":"` + userName + `"` + more + `}`
	tenant, err := w.d.OpenToken(w.t.Context(), w.token, "acme", directory.Via{Client: client, Operation: "POST", BaseURL: "https://acme.example/api/scim/v2"})
	w.must(err)
	_, err = tenant.Sent("/Users", body).Create(w.t.Context(), "User", parse(w.t, body))
	var refused *scim.Error
	if errors.As(err, &refused) {
		tenant.Failed(directory.Failure{Type: "User", Person: userName, Status: refused.Status, ScimType: refused.Type, Code: refused.Code,
			Detail: refused.Detail, Value: refused.Value, Path: "/Users", Body: body})
		w.d.Flush()
	}
	return err
}

func in(country string) string {
	return `,"addresses":[{"type":"work","country":"` + country + `"}]`
}

func (w *world) attention() map[directory.AttentionKind]directory.AttentionEntry {
	w.t.Helper()
	entries, err := w.admin.Attention(w.t.Context())
	w.must(err)
	out := map[directory.AttentionKind]directory.AttentionEntry{}
	for _, e := range entries {
		out[e.Kind] = e
	}
	return out
}

func (w *world) mend(e directory.AttentionEntry, cure, choice string) directory.Mended {
	w.t.Helper()
	m, err := w.admin.Mend(w.t.Context(), e.ID, cure, choice)
	w.must(err)
	return m
}

// behaviour.md 8.2: people wait, the group is made, and they are in.
func TestWaitingPeopleAreLetIn(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Sweden")
		for i := range 3 {
			w.fails(w.sends("Entra ID", fmt.Sprintf("p%d@acme.test", i), in("Finland")+fmt.Sprintf(`,"externalId":"x%d"`, i)), 400, "400.76")
		}
		w.fails(w.sends("Entra ID", "p0@acme.test", in("Finland")+`,"externalId":"x0"`), 400, "400.76")
		w.fails(w.sends("Entra ID", "q@acme.test", in("FI")), 400, "400.76")
		e := w.attention()[directory.AttentionRefused]
		entries, err := w.admin.Attention(t.Context())
		w.must(err)
		if entries[0].Title != `Group "Finland" does not exist: 3 people wait` || entries[0].People != 3 || !strings.Contains(entries[0].Again, "40 minutes") {
			t.Fatalf("first entry %+v", entries[0])
		}
		if e.Value != "FI" {
			t.Fatalf("the last cause is %+v", e)
		}
		m := w.mend(entries[0], directory.CureCreateGroup, "")
		if len(m.In) != 3 || len(m.Out) != 0 {
			t.Fatalf("let in %+v", m)
		}
		if got := w.place("p1@acme.test"); got != "Finland: " {
			t.Errorf("p1 is in %q", got)
		}
		if u := w.find(`externalId eq "x1"`); len(u) != 1 {
			t.Error("the IdP does not find whom it had sent")
		}
		w.must(w.sends("Entra ID", "q@acme.test", in("Sweden")))
		if _, still := w.attention()[directory.AttentionRefused]; still {
			t.Error("the entry stands, and nobody waits")
		}
		changes, err := w.admin.Changes(t.Context(), directory.ChangeQuery{Object: m.In[0].ID})
		w.must(err)
		if changes[0].Actor != "command line" {
			t.Errorf("the actor is %s", changes[0].Actor)
		}
	})
}

func TestAnotherNameLetsThemIn(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland")
		_, err := w.admin.CreateUser(t.Context(), "taken@acme.test", nil)
		w.must(err)
		w.fails(w.sends("Okta", "a@acme.test", in("FI")), 400, "400.76")
		w.fails(w.sends("Okta", "b@acme.test", in("FI")), 400, "400.76")
		_, err = w.admin.CreateUser(t.Context(), "b@acme.test", nil)
		w.must(err)
		e := w.attention()[directory.AttentionRefused]
		if !strings.Contains(e.Again, "Retry selected") || e.Cures[1].Among[0] != "Finland" {
			t.Errorf("entry %+v", e)
		}
		m := w.mend(e, directory.CureOtherName, "Finland")
		if len(m.In) != 1 || len(m.Out) != 1 || m.Out[0].Code != "409.1" || m.Out[0].Person != "b@acme.test" {
			t.Fatalf("%+v", m)
		}
		if e = w.attention()[directory.AttentionRefused]; e.Code != "409.1" || e.People != 1 {
			t.Errorf("b waits for %+v", e)
		}
		waiting, _, err := w.admin.WaitingFor(t.Context(), e.ID, "", 10)
		w.must(err)
		if len(waiting) != 1 || waiting[0].Person != "b@acme.test" {
			t.Errorf("waiting %+v", waiting)
		}
		w.mend(e, directory.CureDismiss, "")
		if _, shown := w.attention()[directory.AttentionRefused]; shown {
			t.Error("shown though dismissed")
		}
		w.now = w.now.Add(8 * 24 * time.Hour)
		_, err = w.d.Purge(t.Context())
		w.must(err)
		if waiting, _, err = w.admin.WaitingFor(t.Context(), e.ID, "", 10); err != nil || len(waiting) != 0 {
			t.Errorf("after a week %+v %v", waiting, err)
		}
	})
}

// A refusal that is written after the person's next write has worked keeps
// nobody waiting.
func TestOvertakenRefusal(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland")
		tenant := w.open(w.token)
		tenant.Failed(directory.Failure{Type: "User", Person: "a@acme.test", Status: 400, Code: "400.76", Detail: "x", Path: "/Users", Body: "{}"})
		w.must(w.sends("Okta", "a@acme.test", in("Finland")))
		w.d.Flush()
		if e, found := w.attention()[directory.AttentionRefused]; found {
			t.Errorf("%+v", e)
		}
	})
}

func TestWhatElseNeedsAttention(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.groups("Finland")
		for i := range 20 {
			w.must(w.sends("Okta", fmt.Sprintf("p%d@acme.test", i), `,"`+scim.EnterpriseSchema+`":{"department":"D`+fmt.Sprint(i)+`"}`))
		}
		got := w.attention()
		for kind, title := range map[directory.AttentionKind]string{
			directory.AttentionPersonalToken: "The connection default lives on a personal token of admin@acme.test",
			directory.AttentionNeverActive:   "The connection default has written 20 people and never sent active",
			directory.AttentionStrays:        "20 people are in the group Default because no country came",
			directory.AttentionTeams:         "This IdP sends department: 20 teams so far",
		} {
			if got[kind].Title != title {
				t.Errorf("%s: %q\nwant %q", kind, got[kind].Title, title)
			}
		}
		_, err := w.admin.AddToTeam(ctx, "p3@acme.test", directory.TeamRef{Name: "D4"})
		w.must(err)
		m := w.mend(got[directory.AttentionTeams], directory.CureStopTeams, "")
		if !strings.Contains(m.Done, "19 teams were removed. 1 team was kept") {
			t.Error(m.Done)
		}
		some, next, err := w.admin.WaitingFor(ctx, got[directory.AttentionStrays].ID, "", 15)
		w.must(err)
		rest, end, err := w.admin.WaitingFor(ctx, got[directory.AttentionStrays].ID, next, 15)
		if w.must(err); len(some) != 15 || len(rest) != 5 || end != "" {
			t.Errorf("%d and %d strays, %q", len(some), len(rest), end)
		}
		w.mend(got[directory.AttentionStrays], directory.CureKeep, "")
		secret := w.mend(got[directory.AttentionPersonalToken], directory.CureToken, "").Secret
		w.now = w.now.Add(time.Minute)
		w.token = secret
		w.must(w.sends("Okta", "last@acme.test", `,"active":true`))
		if got = w.attention(); len(got) != 0 {
			t.Errorf("still %+v", got)
		}
		w.now = w.now.Add(340 * 24 * time.Hour)
		e := w.attention()[directory.AttentionExpiring]
		if e.Title != "The token Provisioning expires in 24 days" {
			t.Errorf("%+v", e)
		}
		w.token = w.mend(e, directory.CureRotate, "").Secret
		w.now = w.now.Add(time.Minute)
		w.must(w.sends("Okta", "verylast@acme.test", ""))
		if e, found := w.attention()[directory.AttentionExpiring]; found {
			t.Errorf("%+v", e)
		}
	})
}

func TestReusedAddress(t *testing.T) {
	each(t, func(w *world) {
		id := w.post(`{"userName":"anna@acme.test","externalId":"1","active":true}`)
		_, err := w.admin.CreateTeam(t.Context(), "Default", "Choir")
		w.must(err)
		_, err = w.admin.AddToTeam(t.Context(), id, directory.TeamRef{Name: "Choir"})
		w.must(err)
		w.patch(id, leave)
		w.patch(id, `{"op":"replace","value":{"active":true,"externalId":"2"}}`)
		e := w.attention()[directory.AttentionReused]
		if e.Subject != id {
			t.Fatalf("%+v", e)
		}
		w.mend(e, directory.CureSamePerson, "")
		if got := w.place(id); got != "Default: Choir" {
			t.Error(got)
		}
		if _, found := w.attention()[directory.AttentionReused]; found {
			t.Error("asked again")
		}
	})
}

func TestTraffic(t *testing.T) {
	each(t, func(w *world) {
		w.groups()
		w.must(w.sends("Okta", "a@acme.test", ""))
		w.fails(w.sends("Okta", "b@acme.test", in("Nowhere")), 400, "400.76")
		w.now = w.now.Add(2 * time.Hour)
		w.patch(w.user("a@acme.test").ID, `{"op":"replace","path":"title","value":"Boss"}`)
		w.patch(w.user("a@acme.test").ID, leave)
		hours, err := w.admin.Traffic(t.Context(), w.now.Add(-24*time.Hour))
		w.must(err)
		if len(hours) != 2 || hours[0].Counts != (directory.Counts{Created: 1, Refused: 1}) || hours[1].Counts != (directory.Counts{Updated: 1, Removed: 1}) {
			t.Errorf("hours %+v", hours)
		}
		w.now = w.now.Add(23 * time.Hour)
		health, err := w.admin.ConnectionHealth(t.Context())
		w.must(err)
		if len(health) != 1 || health[0].Day.Sum() != 2 || health[0].Month.Sum() != 4 || health[0].Client == "" || health[0].LastSeen.IsZero() {
			t.Errorf("health %+v", health)
		}
	})
}
