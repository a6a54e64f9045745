package main

import (
	"bufio"
	"context"
	"encoding/json/v2"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// asCommand has the test's binary be rollcall itself, for tests that are about
// its death.
const asCommand = "ROLLCALL_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// within waits for something that has to become true in that time.
func within(t *testing.T, limit time.Duration, what string, true func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		if true() {
			return time.Since(began)
		}
		if time.Since(began) > limit {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// contoso makes a tenant with an application that provisions so many people
// into a target, and is off.
func (s shell) contoso(target *served, people int, more string) {
	s.t.Helper()
	_, token := target.tenant("acme", "admin@acme.test")
	s.must("tenant", "create", "contoso", "--admin-email", "admin@contoso.test")
	for i := range people {
		s.must("user", "create", fmt.Sprintf("p%d@contoso.test", i), "displayName=Person", "department=Sales")
	}
	s.t.Setenv("ACME_TOKEN", token)
	s.must("app", "apply", "-f", written(s.t, "app.yaml", `name: acme
source: {kind: directory}
target: {url: "`+target.url+`/api/scim/v2", token: "${ACME_TOKEN}"`+more+`}
scope: {sync: all}
users:
  mappings:
    userName: {from: userPrincipalName, match: 1}
    active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}
    displayName: {from: displayName}
`))
}

// grown is how many people the served tenant acme has.
func (s *served) grown() int {
	s.t.Helper()
	t, err := s.dir.OpenAdmin(s.t.Context(), "acme", directory.Via{})
	if err != nil {
		s.t.Fatal(err)
	}
	row, err := t.Row(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return int(row.Users)
}

func (s *served) displayName(userName string) string {
	s.t.Helper()
	t, err := s.dir.OpenAdmin(s.t.Context(), "acme", directory.Via{})
	if err != nil {
		s.t.Fatal(err)
	}
	u, err := t.User(s.t.Context(), userName)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.DisplayName
}

// An application that is switched on begins by itself, and follows the
// directory until it is switched off.
func TestAppFollowsTheDirectory(t *testing.T) {
	s, target := newShell(t), newServed(t)
	s.contoso(target, 5, "")
	startServe(t)
	s.must("app", "start", "acme")
	within(t, 5*time.Second, "the initial cycle", func() bool { return target.grown() == 5+1+1 }) // and both admins

	s.must("user", "set", "p3@contoso.test", "displayName=Changed")
	took := within(t, 2*time.Second, "a change at the target", func() bool { return target.displayName("p3@contoso.test") == "Changed" })
	t.Logf("a change took %s", took)
	s.must("user", "create", "late@contoso.test", "displayName=Late")
	within(t, 2*time.Second, "a new person at the target", func() bool { return target.grown() == 5+1+2 })
	if out := s.must("app", "plan", "acme"); !strings.Contains(out, "Nothing to do") {
		t.Errorf("left to do:\n%s", out)
	}

	// What is changed while it is off is provisioned when it is on again.
	s.must("app", "stop", "acme")
	s.must("user", "set", "p3@contoso.test", "displayName=Unseen")
	if code, out, errs := s.run("app", "plan", "acme"); code != exitChanges.code || target.displayName("p3@contoso.test") != "Changed" {
		t.Errorf("while it is off: exit code %d\n%s%s", code, out, errs)
	}
	s.must("app", "start", "acme")
	within(t, 5*time.Second, "the change made while it was off", func() bool { return target.displayName("p3@contoso.test") == "Unseen" })
}

// A running cycle ends within a second when its application is switched off,
// and what is left is done later.
func TestAppStops(t *testing.T) {
	s, target := newShell(t), newServed(t)
	const people = 40
	s.contoso(target, people, `, limits: {"POST Users": "10/s burst 1"}`)
	startServe(t)
	s.must("app", "start", "acme")
	within(t, 5*time.Second, "the initial cycle", func() bool { return target.grown() > 3 })
	s.must("app", "stop", "acme")
	took := within(t, 1500*time.Millisecond, "the end of the cycle", func() bool { return s.lastCycle().Outcome == "stopped" })
	left := people + 2 - target.grown()
	t.Logf("stopped after %s with %d left", took, left)
	if left < people/2 {
		t.Errorf("only %d people were left: the cycle went on", left)
	}
	s.must("app", "start", "acme")
	within(t, 15*time.Second, "the rest", func() bool { return target.grown() == people+2 })
}

func (s shell) lastCycle() (c cycleLine) {
	s.t.Helper()
	out := s.must("app", "show", "acme", "--json")
	var shown struct{ Standing struct{ Cycle cycleLine } }
	if err := json.Unmarshal([]byte(out), &shown, json.MatchCaseInsensitiveNames(true)); err != nil || shown.Standing.Cycle.Number == 0 {
		s.t.Fatalf("%v: %s", err, out)
	}
	return shown.Standing.Cycle
}

// A server that is killed in the middle of an initial cycle goes on where it
// was, and makes nobody twice (invariant I5).
func TestAppSurvivesKill(t *testing.T) {
	s, target := newShell(t), newServed(t)
	const people = 120
	s.contoso(target, people, `, limits: {"POST Users": "100/s burst 5"}`)
	kill := serveProcess(t)
	s.must("app", "start", "acme")
	for _, many := range killsAt(people) {
		within(t, 20*time.Second, "half of the people", func() bool { return target.grown() > many })
		kill()
		if n := target.grown(); n >= people {
			t.Fatalf("%d people when the server was killed: too late to test anything", n)
		}
		kill = serveProcess(t)
	}
	within(t, 20*time.Second, "all people", func() bool { return target.grown() == people+2 })
	within(t, 5*time.Second, "the cycle's end", func() bool { return !s.lastCycle().Ended.IsZero() })

	var links []linkLine
	if err := json.Unmarshal([]byte(s.must("app", "links", "acme", "--json", "--limit", "1000")), &links); err != nil {
		t.Fatal(err)
	}
	linked := map[string]bool{}
	for _, l := range links {
		linked[l.Target] = true
	}
	if len(links) != people+1 || len(linked) != people+1 {
		t.Errorf("%d links to %d people, want %d", len(links), len(linked), people+1)
	}
	if out := s.must("app", "plan", "acme"); !strings.Contains(out, "Nothing to do") {
		t.Errorf("left to do:\n%s", out)
	}
}

// killsAt are the numbers of people at which the server is killed. Each time the
// next one waits until the lease of the dead one has ended.
func killsAt(people int) []int {
	if os.Getenv("ROLLCALL_MORE") != "" {
		return []int{2, people / 3, people / 2, people * 3 / 4}
	}
	return []int{people / 3}
}

// serveProcess runs serve in a process of its own until it is killed.
func serveProcess(t *testing.T) (kill func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, os.Args[0], "serve", "--listen", "127.0.0.1:0")
	c.Env = append(os.Environ(), asCommand+"=1")
	said, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { // SIGKILL: nothing is flushed, nothing is told
		cancel()
		c.Wait()
	}
	t.Cleanup(kill)
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if listensOn.MatchString(lines.Text()) {
			go io.Copy(io.Discard, said)
			return kill
		}
	}
	t.Fatal("serve ended by itself")
	return kill
}
