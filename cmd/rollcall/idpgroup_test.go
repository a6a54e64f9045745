package main

import (
	"strings"
	"testing"
)

func TestIdPGroupCommands(t *testing.T) {
	s := newShell(t).acme()
	s.must("user", "create", "anna@acme.test")
	s.must("idp-group", "create", "Board")
	s.must("idp-group", "create", "Everybody")
	s.must("idp-group", "add", "board", "anna@acme.test")
	s.must("idp-group", "add", "Everybody", "Board", "admin@acme.test")
	if out := s.must("idp-group", "list"); !strings.Contains(out, "Everybody        2  made here") {
		t.Errorf("idp-group list:\n%s", out)
	}
	if out := s.must("idp-group", "show", "Everybody", "--json"); !strings.Contains(out, `"kind": "IdP group"`) || !strings.Contains(out, `"name": "admin@acme.test"`) {
		t.Errorf("idp-group show:\n%s", out)
	}
	s.must("tenant", "set", "teams-from-idp-groups", "true")
	s.must("user", "profile-again", "--yes")
	if got := strings.Join(s.users()["anna@acme.test"].Teams, " "); got != "Board Everybody" {
		t.Errorf("teams %s", got)
	}
	s.must("idp-group", "remove", "Everybody", "Board")
	if got := strings.Join(s.users()["anna@acme.test"].Teams, " "); got != "Board" {
		t.Errorf("teams %s", got)
	}
	s.must("idp-group", "delete", "Board")
	if said := s.fails(exitFailure, "idp-group", "show", "Board"); !strings.Contains(said, "idp-group list") {
		t.Errorf("said %q", said)
	}
	if said := s.fails(exitFailure, "idp-group", "add", "Everybody", "nobody"); !strings.Contains(said, "neither a person") {
		t.Errorf("said %q", said)
	}
	if said := s.fails(exitFailure, "idp-group", "create", "EVERYBODY"); !strings.Contains(said, "409.2") {
		t.Errorf("said %q", said)
	}
}

func TestConnectionCommands(t *testing.T) {
	s := newShell(t).acme()
	s.must("connection", "create", "okta")
	if token := s.must("token", "create", "--connection", "okta"); !strings.HasPrefix(token, "rc_") {
		t.Errorf("token %q", token)
	}
	s.fails(exitUsage, "token", "create")
	s.fails(exitUsage, "token", "create", "--connection", "okta", "--user", "admin@acme.test")
	s.must("connection", "set", "okta", "deprovision", "deactivate")
	if out := s.must("connection", "list"); !strings.Contains(out, "remove (as the tenant)") || !strings.Contains(out, "deactivate") {
		t.Errorf("connection list:\n%s", out)
	}
	s.must("connection", "hand-over", "okta", "admin@acme.test")
	s.must("connection", "unlink", "okta", "--all")
	s.fails(exitUsage, "connection", "unlink", "okta")
	s.must("connection", "delete", "okta")
	for _, args := range [][]string{
		{"connection", "delete", "okta"}, {"connection", "delete", "default"}, {"connection", "create", "default"},
		{"connection", "set", "default", "deprovision", "burn"}, {"connection", "set", "default", "colour", "red"},
	} {
		s.fails(exitFailure, args...)
	}
}

func TestRemovalCommands(t *testing.T) {
	s := newShell(t).acme()
	if out := s.must("removal", "list"); !strings.Contains(out, "No removal waits") {
		t.Errorf("removal list:\n%s", out)
	}
	if out := s.must("removal", "confirm"); !strings.Contains(out, "0 removals") {
		t.Errorf("removal confirm:\n%s", out)
	}
	s.must("user", "create", "anna@acme.test")
	s.must("user", "remove", "anna@acme.test")
	s.must("removal", "bring-back", "anna@acme.test")
	s.fails(exitUsage, "removal", "bring-back")
	if code, _, said := s.run("removal", "bring-back", "anna@acme.test"); code != exitFailure || !strings.Contains(said, "waits under Removed") {
		t.Errorf("exit code %d, said %q", code, said)
	}
}
