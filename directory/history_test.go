package directory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

func (w *world) story(ref string) string {
	w.t.Helper()
	page, err := w.admin.History(w.t.Context(), ref, 0, 100)
	w.must(err)
	var lines []string
	for i := len(page.Events) - 1; i >= 0; i-- {
		e := page.Events[i]
		lines = append(lines, e.Who+": "+strings.Join(e.What, "; "))
	}
	return strings.Join(lines, "\n")
}

func TestHistory(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.groups("Finland", "Sweden")
		id := w.post(`{"userName":"anna@acme.test","externalId":"a","active":true,"name":{"givenName":"Anna","familyName":"Aalto"},
			"addresses":[{"type":"work","country":"Finland","locality":"Espoo"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"}}`)
		_, err := w.admin.SetUser(ctx, id, map[string]string{"department": "Support", "title": "Chief"})
		w.must(err)
		_, err = w.admin.MoveUser(ctx, id, "Sweden")
		w.must(err)
		_, err = w.admin.SetRole(ctx, id, "group-admin")
		w.must(err)
		w.must(w.admin.DeleteTeam(ctx, directory.TeamRef{Name: "Espoo", Group: "Sweden"}))
		w.removed(id)
		_, err = w.admin.RestoreUser(ctx, id)
		w.must(err)
		story := w.story(id)
		for _, want := range []string{
			"the connection default: Created; In the group Finland; Joined the team Espoo (locality)",
			"User name: anna@acme.test",
			"the command line: Joined the team Support (department)",
			"Department: Support, before Sales",
			"Title: Chief",
			"Moved from the group Finland to Sweden",
			"Role: group admin, before user",
			"the command line: Left the team Espoo (deleted) (locality)",
			"the command line: Removed",
			"the command line: Restored; In the group Sweden",
		} {
			if !strings.Contains(story, want) {
				t.Errorf("the story lacks %q:\n%s", want, story)
			}
		}
		page, err := w.admin.History(ctx, id, 0, 2)
		w.must(err)
		older, err := w.admin.History(ctx, id, page.Older, 100)
		w.must(err)
		if len(page.Events) != 2 || page.Older == 0 || older.Older != 0 || len(older.Events) != strings.Count(story, "\n")+1-2 {
			t.Errorf("pages of %d and %d", len(page.Events), len(older.Events))
		}
	})
}

func TestOrigins(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		id := w.post(`{"userName":"anna@acme.test","externalId":"a","active":true,"name":{"givenName":"Anna","familyName":"Aalto"},"title":"Clerk"}`)
		begun := w.now
		w.now = w.now.Add(time.Hour)
		_, err := w.admin.SetUser(ctx, id, map[string]string{"title": "Chief"})
		w.must(err)
		origins, err := w.admin.Origins(ctx, id)
		w.must(err)
		for _, a := range origins {
			switch a.Path {
			case "title":
				if a.Value != "Chief" || !a.Hand || a.From != "the command line" || !a.Since.Equal(w.now) {
					t.Errorf("%+v", a)
				}
			case "name.givenName":
				if a.Value != "Anna" || a.Hand || a.From != "the connection default" || !a.Since.Equal(begun) {
					t.Errorf("%+v", a)
				}
			case "department":
				if a.Value != "" || !a.Since.IsZero() {
					t.Errorf("%+v", a)
				}
			}
		}
		links, err := w.admin.Links(ctx, id)
		w.must(err)
		if len(links) != 1 || links[0].Connection != "default" || links[0].ExternalID != "a" || !links[0].Owns {
			t.Errorf("links %+v", links)
		}
	})
}
