package directory_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// key is a Directory.Key of that byte.
func key(b byte) func(bool) ([]byte, error) {
	return func(bool) ([]byte, error) { return bytes.Repeat([]byte{b}, directory.KeySize), nil }
}

func (w *world) put(name, document string, secrets map[string]string) directory.Application {
	w.t.Helper()
	a, err := w.admin.PutApplication(w.t.Context(), name, document, secrets, 0)
	w.must(err)
	return a
}

func TestApplicationsAreKept(t *testing.T) {
	each(t, func(w *world) {
		w.d.Key = key(1)
		a := w.put("Acme", "one", map[string]string{"TOKEN": "s3cret"})
		if same := w.put("acme ", "one", map[string]string{"TOKEN": "s3cret"}); same.Version == a.Version || same.ID != a.ID || same.Name != "acme" {
			t.Errorf("another case of the name made %+v of %+v", same, a)
		}
		a = w.put("acme", "two", nil)
		if same := w.put("acme", "two", map[string]string{"TOKEN": "s3cret", "OTHER": ""}); same.Version != a.Version {
			t.Errorf("nothing changed, and version %d became %d", a.Version, same.Version)
		}
		got, err := w.admin.Application(t.Context(), "ACME")
		w.must(err)
		if got.Document != "two" || got.Version != a.Version || !slices.Equal(got.Secrets, []string{"TOKEN"}) || !got.Changed.Equal(w.now) {
			t.Errorf("got %+v", got)
		}
		if _, err := w.admin.PutApplication(t.Context(), "acme", "three", nil, a.Version-1); err == nil || !strings.Contains(err.Error(), "was changed since") {
			t.Errorf("an old version was overwritten: %v", err)
		}
		if _, err := w.admin.PutApplication(t.Context(), "acme", "three", nil, a.Version); err != nil {
			t.Error(err)
		}
		seq, err := w.admin.ApplicationSeq(t.Context(), a.ID)
		w.must(err)
		if byID, err := w.admin.ApplicationByID(t.Context(), a.ID); err != nil || byID.Version != seq || byID.Document != "three" {
			t.Errorf("by id %+v, %v; version %d", byID, err, seq)
		}
	})
}

func TestApplicationsEnd(t *testing.T) {
	each(t, func(w *world) {
		w.d.Key = key(1)
		first := w.put("acme", "one", map[string]string{"TOKEN": "s3cret"})
		w.put("Beta", "b", nil)
		if _, err := w.admin.Application(t.Context(), "gamma"); err == nil || !strings.Contains(err.Error(), "there are: acme, Beta") {
			t.Errorf("said %v", err)
		}
		id, err := w.admin.DeleteApplication(t.Context(), "ACME")
		w.must(err)
		if seq, err := w.admin.ApplicationSeq(t.Context(), id); id != first.ID || seq != 0 || err != nil {
			t.Errorf("deleted %s of %s, version %d, %v", id, first.ID, seq, err)
		}
		if _, err := w.admin.ApplicationSecrets(t.Context(), id); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("secrets of a deleted one: %v", err)
		}
		second := w.put("acme", "again", nil)
		list, err := w.admin.Applications(t.Context())
		w.must(err)
		if len(list) != 2 || list[0].ID != second.ID || second.ID == first.ID || len(second.Secrets) != 0 {
			t.Errorf("listed %+v", list)
		}
	})
}

func TestApplicationVersions(t *testing.T) {
	each(t, func(w *world) {
		w.d.Key = key(1)
		w.put("acme", "one", map[string]string{"TOKEN": "s3cret"})
		w.put("acme", "two", nil)
		last := w.put("acme", "two", map[string]string{"TOKEN": "an0ther"})
		got, err := w.admin.ApplicationVersions(t.Context(), "acme")
		w.must(err)
		want := []directory.ApplicationVersion{
			{Kind: "create", Document: "one", Secrets: []string{"TOKEN"}},
			{Kind: "set", Document: "two"},
			{Kind: "set", Document: "two", Secrets: []string{"TOKEN"}, Number: last.Version},
		}
		if len(got) != len(want) || got[2].Number != last.Version {
			t.Fatalf("got %+v", got)
		}
		for i, g := range got {
			if g.Kind != want[i].Kind || g.Document != want[i].Document || !slices.Equal(g.Secrets, want[i].Secrets) || g.Actor != "command line" || !g.Time.Equal(w.now) {
				t.Errorf("version %d is %+v, want %+v", i, g, want[i])
			}
		}
	})
}

func TestApplicationsAreTheTenantsOwn(t *testing.T) {
	each(t, func(w *world) {
		w.d.Key = key(1)
		a := w.put("acme", "one", nil)
		other, err := w.d.CreateTenant(t.Context(), directory.NewTenant{Name: "beta", AdminEmail: "b@beta.test"}, directory.Via{})
		w.must(err)
		if list, err := other.Applications(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("beta sees %v, %v", list, err)
		}
		if _, err := other.ApplicationByID(t.Context(), a.ID); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("beta opened acme's application: %v", err)
		}
		if _, err := other.DeleteApplication(t.Context(), "acme"); err == nil {
			t.Error("beta deleted acme's application")
		}
	})
}

func TestSecretsNeedTheirKey(t *testing.T) {
	each(t, func(w *world) {
		if _, err := w.admin.PutApplication(t.Context(), "acme", "one", map[string]string{"TOKEN": "s3cret"}, 0); err == nil || !strings.Contains(err.Error(), "--key-file") {
			t.Errorf("sealed without a key: %v", err)
		}
		w.d.Key = key(1)
		a := w.put("acme", "one", map[string]string{"TOKEN": "s3cret"})
		if got, err := w.admin.ApplicationSecrets(t.Context(), a.ID); err != nil || got["TOKEN"] != "s3cret" {
			t.Errorf("opened %v, %v", got, err)
		}
		w.d.Key = key(2)
		if _, err := w.admin.ApplicationSecrets(t.Context(), a.ID); err == nil || !strings.Contains(err.Error(), "sealed with another") {
			t.Errorf("opened with another key: %v", err)
		}
		w.put("acme", "one", map[string]string{"TOKEN": "s3cret"}) // given again, under the new key
		if got, err := w.admin.ApplicationSecrets(t.Context(), a.ID); err != nil || got["TOKEN"] != "s3cret" {
			t.Errorf("opened %v, %v", got, err)
		}
		w.d.Key = func(bool) ([]byte, error) { return []byte("short"), nil }
		if _, err := w.admin.ApplicationSecrets(t.Context(), a.ID); err == nil || !strings.Contains(err.Error(), "head -c 32") {
			t.Errorf("opened with a short key: %v", err)
		}
	})
}

// A secret is in no row, no change and no answer, whatever it is.
func TestSecretsAreNowhere(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLite(t)))
	w.d.Key = key(1)
	rapid.Check(t, func(r *rapid.T) {
		secret := rapid.StringMatching(`[a-zA-Z0-9]{12,40}`).Draw(r, "secret")
		document := rapid.String().Draw(r, "document")
		a, err := w.admin.PutApplication(t.Context(), "acme", document, map[string]string{"TOKEN": secret}, 0)
		w.must(err)
		if got, err := w.admin.ApplicationSecrets(t.Context(), a.ID); err != nil || got["TOKEN"] != secret {
			r.Fatalf("opened %v, %v", got, err)
		}
		row, err := w.store.Reader(1).Application(t.Context(), a.ID)
		w.must(err)
		changes, err := w.admin.Changes(t.Context(), directory.ChangeQuery{Object: a.ID, After: a.Version - 1, Limit: 10})
		w.must(err)
		if len(changes) != 1 || strings.Contains(row.Secrets, secret) || strings.Contains(changes[0].Before+changes[0].After, secret) {
			r.Fatalf("the secret is in %+v or %+v", row, changes)
		}
	})
}
