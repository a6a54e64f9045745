package directory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

func TestActivitySearch(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland")
		w.must(w.sends("Okta", "anna@acme.test", in("Finland")))
		w.fails(w.sends("Entra ID", "bo@acme.test", in("Nowhere")), 400, "400.76")
		w.must(w.sends("Entra ID", "cora@acme.test", `,"unknownThing":1`))
		for name, c := range map[string]struct {
			f    directory.ActivityFilter
			want string
		}{
			"all":          {directory.ActivityFilter{}, "cora bo anna"},
			"refused":      {directory.ActivityFilter{Failed: true}, "bo"},
			"worked":       {directory.ActivityFilter{Worked: true}, "cora anna"},
			"person":       {directory.ActivityFilter{Person: "ANNA@acme.test"}, "anna"},
			"who is none":  {directory.ActivityFilter{Person: "bo@acme.test"}, "bo"},
			"client":       {directory.ActivityFilter{Client: "Entra ID"}, "cora bo"},
			"operation":    {directory.ActivityFilter{Operation: "PUT"}, ""},
			"connection":   {directory.ActivityFilter{Connection: "default"}, "cora bo anna"},
			"text":         {directory.ActivityFilter{Text: "nowhere"}, "bo"},
			"text of note": {directory.ActivityFilter{Text: "UNKNOWNTHING"}, "cora"},
			"since":        {directory.ActivityFilter{Since: w.now.Add(time.Hour)}, ""},
			"until":        {directory.ActivityFilter{Until: time.Now().Add(time.Hour)}, "cora bo anna"},
		} {
			var all, paged []string
			w.must(w.admin.EachActivity(t.Context(), c.f, func(a directory.Activity) error {
				all = append(all, strings.TrimSuffix(a.Person, "@acme.test"))
				return nil
			}))
			for f := c.f; ; {
				f.Limit = 1
				page, err := w.admin.SearchActivity(t.Context(), f)
				w.must(err)
				for _, a := range page.Entries {
					paged = append(paged, strings.TrimSuffix(a.Person, "@acme.test"))
				}
				if f.Before = page.Next; page.Next == "" {
					break
				}
			}
			if got := strings.Join(all, " "); got != c.want || strings.Join(paged, " ") != c.want {
				t.Errorf("%s: %q and by page %q, want %q", name, got, paged, c.want)
			}
		}
	})
}

// What was sent and answered is kept for the retention time, and never a secret
// that scimhttp has struck out.
func TestActivityDetail(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland")
		w.must(w.sends("Okta", "anna@acme.test", in("Finland")))
		w.fails(w.sends("Okta", "bo@acme.test", in("Nowhere")), 400, "400.76")
		entries, err := w.admin.Activity(t.Context(), directory.ActivityFilter{})
		w.must(err)
		anna, err := w.admin.ActivityByID(t.Context(), entries[1].ID)
		w.must(err)
		if anna.Path != "/Users" || !strings.Contains(anna.Sent, `"userName":"anna@acme.test"`) || !strings.Contains(anna.Answer, `"display":"Finland"`) || !strings.Contains(anna.Answer, `"version":"W/\"`) {
			t.Errorf("detail %+v", anna)
		}
		if len(anna.Effects) != 2 || anna.Effects[1] != "In the group Finland" || len(anna.Changed) != 3 || anna.Changed[0] != (directory.Difference{Name: "Active", After: "true"}) {
			t.Errorf("effects %q, changed %+v", anna.Effects, anna.Changed)
		}
		bo, err := w.admin.ActivityByID(t.Context(), entries[0].ID)
		w.must(err)
		if !strings.Contains(bo.Sent, "Nowhere") || !strings.Contains(bo.Answer, `"status":"400"`) || !strings.Contains(bo.Answer, "400.76") {
			t.Errorf("detail %+v", bo)
		}
		w.now = w.now.AddDate(0, 0, 60)
		_, err = w.d.Purge(t.Context())
		w.must(err)
		if anna, err = w.admin.ActivityByID(t.Context(), entries[1].ID); err != nil || anna.Sent != "" || anna.Person == "" {
			t.Errorf("after the retention time %+v %v", anna, err)
		}
	})
}

// behaviour.md 7.6: with a person goes what was refused of him, and what was sent
// and answered, however young it is.
func TestForgottenPersonLeavesNoDetail(t *testing.T) {
	each(t, func(w *world) {
		w.groups("Finland")
		w.must(w.sends("Okta", "canary@acme.test", in("Finland")))
		w.patch(w.user("canary@acme.test").ID, leave)
		w.now = w.now.AddDate(0, 0, 44)
		w.fails(w.sends("Okta", "canary@acme.test", in("Nowhere")), 400, "400.76")
		entries, err := w.admin.Activity(t.Context(), directory.ActivityFilter{Failed: true})
		w.must(err)
		w.now = w.now.AddDate(0, 0, 2)
		n, err := w.d.Purge(t.Context())
		if w.must(err); n != 1 {
			t.Fatalf("forgot %d", n)
		}
		d, err := w.admin.ActivityByID(t.Context(), entries[0].ID)
		w.must(err)
		if d.Sent != "" || d.Person != "" || d.Detail != "" {
			t.Errorf("left behind %+v", d)
		}
		if e, found := w.attention()[directory.AttentionRefused]; found {
			t.Errorf("still waits: %+v", e)
		}
	})
}
