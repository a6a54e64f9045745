package main

import (
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each is one clear sentence with the cure, and an exit code.
func TestBadInput(t *testing.T) {
	newShell(t).acme()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"frobnicate"}, exitUsage, "no command"},
		{[]string{"user", "lits"}, exitUsage, "did you mean list"},
		{[]string{"user", "list", "--colour"}, exitUsage, "unknown flag"},
		{[]string{"group", "create"}, exitUsage, "NAME is missing"},
		{[]string{"group", "create", "New", "Zealand"}, exitUsage, "quotes"},
		{[]string{"tenant", "create", "beta"}, exitUsage, "--admin-email"},
		{[]string{"token", "create"}, exitUsage, "--user"},
		{[]string{"token", "create", "--user", "admin@acme.test", "--expires", "soon"}, exitUsage, "90d"},
		{[]string{"user", "set", "admin@acme.test", "department"}, exitUsage, "NAME=VALUE"},
		{[]string{"user", "set", "admin@acme.test"}, exitUsage, "nothing to change"},
		{[]string{"user", "list", "--matched", "--unmatched"}, exitUsage, "exclude"},
		{[]string{"activity", "--limit", "0"}, exitUsage, "--limit"},
		{[]string{"activity", "--since", "yesterday"}, exitUsage, "24h, 7d or 2026-11-24"},
		{[]string{"activity", "--limit", "x"}, exitUsage, `--limit takes a whole number, not "x"`},
		{[]string{"activity", "--json", "--csv"}, exitUsage, "exclude"},
		{[]string{"user", "profile-again", "--undo", "x", "--dry-run"}, exitUsage, "--dry-run"},
		{[]string{"user", "profile-again", "admin@acme.test", "--undo", "x"}, exitUsage, "whole run"},
		{[]string{"user", "list", "--tenant", "nobody"}, exitFailure, "rollcall tenant list"},
		{[]string{"tenant", "create", "acme", "--admin-email", "a@b.test"}, exitFailure, "already"},
		{[]string{"tenant", "create", "Ac me", "--admin-email", "a@b.test"}, exitFailure, "hyphens"},
		{[]string{"tenant", "create", "beta", "--admin-email", "nobody"}, exitFailure, "e-mail"},
		{[]string{"tenant", "set", "colour", "red"}, exitFailure, "The settings are"},
		{[]string{"tenant", "set", "groups", "perhaps"}, exitFailure, "true nor false"},
		{[]string{"group", "create", "Finland"}, exitFailure, "already"},
		{[]string{"group", "rename", "finland", "X"}, exitFailure, "case-sensitive"},
		{[]string{"group", "delete", "Default"}, exitFailure, "default group"},
		{[]string{"user", "show", "nobody@acme.test"}, exitFailure, "rollcall user list"},
		{[]string{"user", "create", "ADMIN@acme.test"}, exitFailure, "409.1"},
		{[]string{"user", "create", "x@acme.test", "country=Narnia"}, exitFailure, "400.76"},
		{[]string{"user", "remove", "admin@acme.test"}, exitFailure, "last company admin"},
		{[]string{"user", "set-role", "admin@acme.test", "user"}, exitFailure, "last company admin"},
		{[]string{"user", "set-role", "admin@acme.test", "king"}, exitFailure, "company-admin"},
		{[]string{"user", "restore", "nobody@acme.test"}, exitFailure, "--removed"},
		{[]string{"user", "profile-again", "--undo", "x"}, exitFailure, "no run"},
		{[]string{"token", "create", "--user", "admin@acme.test", "--expires", "2001-01-01"}, exitFailure, "future"},
		{[]string{"token", "revoke", "nothing"}, exitFailure, "rollcall token list"},
		{[]string{"user", "list", "--database", "mysql://u:secret@h/d"}, exitFailure, "postgres://"},
		{[]string{"user", "list", "--database", "sqlite:/no/such/folder/x.db"}, exitFailure, "folder"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			said := shell{t}.fails(c.code, c.args...)
			if !strings.Contains(said, c.says) || strings.Count(said, "\n") > 1 || strings.Contains(said, "secret") {
				t.Errorf("said %q, want one line with %q", said, c.says)
			}
		})
	}
}

// A database is made by serve and by the first tenant, never by a typo.
func TestCommandsMakeNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "typo.db")
	t.Setenv("ROLLCALL_DATABASE", "sqlite:"+path)
	for _, args := range [][]string{{"tenant", "list"}, {"group", "list"}, {"user", "create", "anna@acme.test"}, {"activity"}} {
		said := shell{t}.fails(exitFailure, args...)
		if !strings.Contains(said, path) || !strings.Contains(said, "--database") || !strings.Contains(said, "tenant create") {
			t.Errorf("said %q", said)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the database was made")
	}
}

func TestEnvironmentIsRefusedInWords(t *testing.T) {
	t.Setenv("ROLLCALL_PLAIN_HTTP", "perhaps")
	if said := (shell{t}).fails(exitFailure, "serve"); !strings.Contains(said, `ROLLCALL_PLAIN_HTTP holds "perhaps"`) || !strings.Contains(said, "true or false") {
		t.Errorf("said %q", said)
	}
}

func TestServeRefuses(t *testing.T) {
	s := newShell(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain.txt")
	if err := os.WriteFile(plain, []byte("this is no database and no certificate, but it is long enough to be read as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		says []string
	}{
		{"port in use", []string{"--listen", taken.Addr().String()}, []string{"in use", "--listen"}},
		{"all interfaces", []string{"--listen", ":0"}, []string{"--tls-cert", "127.0.0.1", "--plain-http"}},
		{"another machine's interface", []string{"--listen", "192.0.2.1:80"}, []string{"TLS"}},
		{"an address that is not here", []string{"--listen", "192.0.2.1:8080", "--plain-http"}, []string{"cannot listen"}},
		{"no port", []string{"--listen", "127.0.0.1"}, []string{"127.0.0.1:8080"}},
		{"no database's URL", []string{"--listen", "127.0.0.1:0", "--database", "rollcall.db"}, []string{"sqlite:PATH"}},
		{"no database", []string{"--listen", "127.0.0.1:0", "--database", "sqlite:" + plain}, []string{"cannot open the database"}},
		{"no certificate file", []string{"--tls-cert", "/no/cert.pem", "--tls-key", plain}, []string{"--tls-cert", "cannot be read"}},
		{"no certificate", []string{"--tls-cert", plain, "--tls-key", plain}, []string{"PEM"}},
		{"no key", []string{"--tls-cert", plain}, []string{"--tls-key"}},
		{"public URL", []string{"--public-url", "rollcall.example"}, []string{"https://{tenant}"}},
		{"all at once", []string{"--listen", "x", "--base-domain", "a b", "--public-url", "x", "--trusted-proxy", "x", "--tls-key", "x"},
			[]string{"5 things", "--listen", "--base-domain", "--public-url", "--trusted-proxy", "--tls-cert"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := shell{t}.fails(exitFailure, append([]string{"serve"}, c.args...)...)
			for _, want := range c.says {
				if !strings.Contains(said, want) {
					t.Errorf("said %q, want %q", said, want)
				}
			}
		})
	}
	s.must("tenant", "list") // the database is none the worse
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "newer.db")
	t.Setenv("ROLLCALL_DATABASE", "sqlite:"+path)
	s := shell{t}
	s.must("tenant", "create", "acme", "--admin-email", "admin@acme.test")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("insert into goose_db_version (version_id, is_applied) values (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"tenant", "list"}} {
		if said := s.fails(exitFailure, args...); !strings.Contains(said, "newer") || !strings.Contains(said, "99999") {
			t.Errorf("said %q", said)
		}
	}
}
