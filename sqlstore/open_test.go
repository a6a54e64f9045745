package sqlstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(other, []byte("these are no people"), 0o600); err != nil {
		t.Fatal(err)
	}
	for database, cure := range map[string]string{
		"mysql://x":       "neither sqlite:PATH nor postgres://",
		"sqlite:":         "needs the path of a file",
		"sqlite:" + dir:   "is a folder; name a file in it",
		"sqlite:" + other: "is a file of another kind",
		"sqlite:" + filepath.Join(dir, "no", "db"): "make it first",
		"postgres://nobody:secret@127.0.0.1:1/x":   "cannot open the database postgres://nobody:xxxxx@127.0.0.1:1/x",
	} {
		_, err := sqlstore.Open(t.Context(), database)
		if err == nil || !strings.Contains(err.Error(), cure) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", database, err)
		}
	}
	if kept, _ := os.ReadFile(other); string(kept) != "these are no people" {
		t.Error("another program's file was touched")
	}
}

// Whoever copies the file of a server that was stopped has everything, and
// nobody else on the machine can read it at any time.
func TestFileOfAStoppedServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.db")
	store, err := sqlstore.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	d := directory.New(store)
	if _, err := d.CreateTenant(t.Context(), directory.NewTenant{Name: "acme", AdminEmail: "admin@acme.test"}, directory.Via{}); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	if err := d.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("the WAL is left behind")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := storetest.SQLite(t)
	if err := os.WriteFile(strings.TrimPrefix(copied, "sqlite:"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if tenants, err := storetest.Open(t, copied).Tenants(t.Context()); err != nil || len(tenants) != 1 {
		t.Errorf("the copy has %v, %v", tenants, err)
	}
}
