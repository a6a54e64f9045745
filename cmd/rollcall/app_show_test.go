package main

import (
	"strings"
	"testing"
)

// A note that stands in two lists is told once.
func TestNotesAreToldOnce(t *testing.T) {
	var out strings.Builder
	writeLines(&out, "one\ntwo", []string{"three", "two"}, []string{"three", "four"})
	if got := strings.Fields(out.String()); strings.Join(got, " ") != "one two three four" {
		t.Errorf("told:\n%s", out.String())
	}
}

// A script asks the exit code of a plan whether there is something to do: a
// mistyped command must not answer yes.
func TestAMistypedPlanIsNoChange(t *testing.T) {
	s := newShell(t)
	s.fails(exitFailure, "app", "plan", "acme", "--jsno")
	s.fails(exitFailure, "app", "plan")
	s.fails(exitUsage, "app", "run")
}

// Who keeps his access since an admin said so is told of, also when later plans
// have nothing about him.
func TestRejectedIsTold(t *testing.T) {
	s, target := newShell(t), newServed(t)
	s.contoso(target, 3, "")
	s.must("app", "run", "acme")
	s.must("user", "remove", "p1@contoso.test")
	s.must("app", "run", "acme")
	s.must("app", "reject", "acme")
	out := s.must("app", "plan", "acme")
	s.contains(out, "1 change rejected by an admin", "Nothing else to do")
	if strings.Contains(out, "as it should be") {
		t.Errorf("he still has access:\n%s", out)
	}
	for range 7 {
		s.must("app", "run", "acme")
	}
	s.contains(s.must("app", "why", "acme", "p1@contoso.test"), "rejected by an admin")
	if out := s.must("app", "why", "acme", "p2@contoso.test"); strings.Contains(out, "rejected") {
		t.Errorf("nobody said a word about him:\n%s", out)
	}
}

// What stands in nobody's plan is not approved with what does; and a refusal is
// counted, and can be taken back.
func TestApprovedIsWhatWasShown(t *testing.T) {
	s, target := newShell(t), newServed(t)
	s.contoso(target, 4, "")
	s.must("app", "run", "acme")
	s.must("user", "remove", "p1@contoso.test")
	s.run("app", "plan", "acme")
	s.must("user", "remove", "p2@contoso.test")
	s.must("app", "run", "acme")
	_, _, told := s.run("app", "run", "acme", "--approve")
	s.contains(told, "1 change approved", "waits on (1 change)")
	s.must("app", "reject", "acme")
	s.contains(s.must("app", "show", "acme"), "rejected     of 1 person or group")
	s.contains(s.must("app", "reject", "acme", "--take-back"), "The next plan asks again about 1 person or group.")
	s.contains(s.must("app", "run", "acme"), "1 waiting for an admin")
}
