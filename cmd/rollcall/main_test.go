package main

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"
)

// shell runs commands on a database of its own.
type shell struct{ t *testing.T }

func newShell(t *testing.T) shell {
	t.Setenv("ROLLCALL_DATABASE", "sqlite:"+filepath.Join(t.TempDir(), "rollcall.db"))
	return shell{t}
}

func (s shell) run(args ...string) (code int, out, errs string) {
	s.t.Helper()
	var o, e bytes.Buffer
	code = run(s.t.Context(), args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// must runs a command that has to work and returns its output.
func (s shell) must(args ...string) string {
	s.t.Helper()
	code, out, errs := s.run(args...)
	if code != exitOK {
		s.t.Fatalf("rollcall %s: exit code %d: %s", strings.Join(args, " "), code, errs)
	}
	return out
}

// fails runs a command that has to be refused and returns what it says.
func (s shell) fails(want int, args ...string) string {
	s.t.Helper()
	code, out, errs := s.run(args...)
	if code != want || out != "" || strings.Contains(errs, "goroutine ") {
		s.t.Fatalf("rollcall %s: exit code %d, want %d; stdout %q, stderr %q", strings.Join(args, " "), code, want, out, errs)
	}
	line, ok := strings.CutPrefix(errs, "rollcall: ")
	if !ok {
		s.t.Fatalf("rollcall %s: stderr is %q", strings.Join(args, " "), errs)
	}
	return line
}

func (s shell) acme() shell {
	s.t.Helper()
	s.must("tenant", "create", "acme", "--name", "Acme Oy", "--admin-email", "admin@acme.test")
	s.must("tenant", "set", "groups", "true")
	s.must("group", "create", "Finland")
	return s
}

// listed is a line of user list --json.
type listed struct {
	UserName, GivenName, FamilyName, Group string
	Teams                                  []string
	Matched, Active                        bool
}

func (s shell) users(args ...string) map[string]listed {
	s.t.Helper()
	var lines []listed
	text := s.must(append([]string{"user", "list", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(text), &lines, json.MatchCaseInsensitiveNames(true)); err != nil {
		s.t.Fatalf("%v: %s", err, text)
	}
	out := map[string]listed{}
	for _, l := range lines {
		out[l.UserName] = l
	}
	return out
}

// synced is a buffer for what a server writes beside the test.
type synced struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *synced) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *synced) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestPeopleByHand(t *testing.T) {
	s := newShell(t).acme()
	s.must("user", "create", "anna@acme.test", "--given-name", "Anna", "--family-name", "Aalto", "country=Finland", "department=Sales")
	want := listed{"anna@acme.test", "Anna", "Aalto", "Finland", []string{"Sales"}, false, true}
	check := func(want listed) {
		t.Helper()
		got := s.users()[want.UserName]
		if !slices.Equal(got.Teams, want.Teams) || got.GivenName != want.GivenName || got.Group != want.Group || got.FamilyName != want.FamilyName || got.Active != want.Active || got.Matched != want.Matched {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
	check(want)

	s.must("user", "set", "anna@acme.test", "department=Support", "name.givenName=Annika")
	want.GivenName, want.Teams = "Annika", []string{"Support"}
	check(want)

	if out := s.must("user", "set", "anna@acme.test", "active=false"); !strings.Contains(out, "removed; to undo: rollcall user restore ") {
		t.Errorf("active=false said %q", out)
	}
	s.must("user", "restore", "anna@acme.test")
	check(want)

	s.must("team", "create", "Sauna", "--group", "Finland")
	s.must("user", "add-to-team", "anna@acme.test", "sauna")
	want.Teams = []string{"Sauna", "Support"}
	check(want)
	s.must("user", "remove-from-team", "anna@acme.test", "Sauna")
	want.Teams = []string{"Support"}
	check(want)

	s.must("user", "move", "anna@acme.test", "Default")
	want.Group = "Default" // the team is profiled anew there
	check(want)

	s.must("user", "remove", "anna@acme.test")
	if _, there := s.users()["anna@acme.test"]; there {
		t.Fatal("a removed person is still listed")
	}
	if _, there := s.users("--removed")["anna@acme.test"]; !there {
		t.Fatal("a removed person is not under --removed")
	}
	s.must("user", "restore", "anna@acme.test")
	check(want)
	if n := len(s.users("--unmatched")); n != 2 {
		t.Errorf("%d unmatched, want 2", n)
	}
	if n := len(s.users("--matched")); n != 0 {
		t.Errorf("%d matched, want none", n)
	}
	if got := s.users("--group", "Default", "--team", "support"); len(got) != 1 {
		t.Errorf("of the team: %v", got)
	}
}

func TestGroupsAndTeams(t *testing.T) {
	s := newShell(t).acme()
	s.must("user", "create", "anna@acme.test", "country=Finland", "department=Sales")
	s.must("group", "also-known-as", "Finland", "FI")
	s.must("user", "create", "bo@acme.test", "country=FI", "department=Sales-EU")
	s.must("team", "merge", "Sales-EU", "Sales")
	s.must("team", "also-known-as", "Sales", "Myynti")
	s.must("user", "create", "cia@acme.test", "country=FI", "department=MYYNTI")
	s.must("group", "rename", "Finland", "Suomi")
	for name, u := range s.users("--group", "Suomi") {
		if !slices.Equal(u.Teams, []string{"Sales"}) {
			t.Errorf("%s is in %v", name, u.Teams)
		}
	}
	if out := s.must("group", "list"); !strings.Contains(out, "Suomi") || !strings.Contains(out, "FI, Finland") {
		t.Errorf("group list:\n%s", out)
	}
	if out := s.must("team", "list", "--json"); !strings.Contains(out, `"users": 3`) {
		t.Errorf("team list:\n%s", out)
	}
	s.must("team", "rename", "Sales", "Trade")
	s.must("team", "delete", "Trade")
	if out := s.must("team", "list", "--json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("team list:\n%s", out)
	}
	if said := s.fails(exitFailure, "group", "delete", "Suomi"); !strings.Contains(said, "not empty") {
		t.Errorf("said %q", said)
	}
	s.must("group", "create", "Norway")
	s.must("group", "delete", "Norway")
}

func TestProfileAgain(t *testing.T) {
	s := newShell(t).acme()
	s.must("tenant", "set", "groups", "false")
	s.must("user", "create", "anna@acme.test", "country=Finland", "department=Sales")
	s.must("tenant", "set", "groups", "true")
	if got := s.users()["anna@acme.test"].Group; got != "Default" {
		t.Fatalf("a switch moved somebody to %s", got)
	}
	if out := s.must("user", "profile-again", "--dry-run"); !strings.Contains(out, "Default -> Finland") {
		t.Errorf("dry run:\n%s", out)
	}
	if code, _, said := s.run("user", "profile-again"); code != exitFailure || !strings.Contains(said, "--yes") {
		t.Errorf("exit code %d, said %q", code, said)
	}
	out := s.must("user", "profile-again", "--yes")
	if got := s.users()["anna@acme.test"].Group; got != "Finland" {
		t.Fatalf("group %s after:\n%s", got, out)
	}
	_, rest, _ := strings.Cut(out, "--undo ")
	id, _, _ := strings.Cut(rest, " ")
	s.must("user", "profile-again", "--undo", id)
	if got := s.users()["anna@acme.test"].Group; got != "Default" {
		t.Errorf("group %s after the undo", got)
	}
}

func TestTokens(t *testing.T) {
	s := newShell(t).acme()
	token := strings.TrimSuffix(s.must("token", "create", "--user", "admin@acme.test", "--name", "SCIM"), "\n")
	if !strings.HasPrefix(token, "rc_") || strings.ContainsAny(token, " \n") {
		t.Fatalf("stdout is %q, want the token alone", token)
	}
	next := strings.TrimSuffix(s.must("token", "rotate", "SCIM"), "\n")
	if next == token || !strings.HasPrefix(next, "rc_") {
		t.Fatalf("rotated to %q", next)
	}
	out := s.must("token", "list")
	if strings.Count(out, "valid") != 2 || strings.Contains(out, token) || strings.Contains(out, next) {
		t.Errorf("token list:\n%s", out)
	}
	s.must("token", "revoke", token)
	if out := s.must("token", "list", "--json"); strings.Count(out, `"state": "valid"`) != 1 {
		t.Errorf("token list:\n%s", out)
	}
}

func TestTenantMayBeLeftOut(t *testing.T) {
	s := newShell(t).acme()
	s.must("tenant", "create", "beta", "--admin-email", "b@beta.test")
	if said := s.fails(exitFailure, "user", "list"); !strings.Contains(said, "acme, beta") {
		t.Errorf("said %q", said)
	}
	if out := s.must("tenant", "show", "beta", "--json"); !strings.Contains(out, `"teams": 0`) || !strings.Contains(out, `"name": "beta"`) {
		t.Errorf("tenant show:\n%s", out)
	}
	t.Setenv("ROLLCALL_TENANT", "beta")
	if _, there := s.users()["b@beta.test"]; !there {
		t.Error("ROLLCALL_TENANT is not heard")
	}
	if _, there := s.users("--tenant", "acme")["admin@acme.test"]; !there {
		t.Error("--tenant does not come before ROLLCALL_TENANT")
	}
}

// Every command says what it does, and shows it.
func TestEveryCommandHasAnExample(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, child := range c.Commands() {
			if child.Short == "" || child.Long == "" || !strings.Contains(child.Example, child.CommandPath()) {
				t.Errorf("%s: Short %q, Long %q, Example %q", child.CommandPath(), child.Short, child.Long, child.Example)
			}
			walk(child)
		}
	}
	root := newRoot()
	root.SetArgs([]string{"--help"})
	root.SetOut(&bytes.Buffer{})
	if err := root.ExecuteContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	if c, _, _ := root.Find([]string{"help"}); c != nil {
		root.RemoveCommand(c) // cobra's own
	}
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			root.RemoveCommand(c)
		}
	}
	walk(root)
}
