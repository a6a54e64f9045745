package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The worked example of the set-up guide, in behaviour.md 5.4: 200 people, 100
// assigned, 90 of them the same; 210 in the end, 110 of them unmatched.
func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := shell{t}
	out := strings.Join(strings.Fields(s.must("demo", "--exit")), " ")
	at := 0
	for _, want := range []string{
		"Acme, the service, has 200 people", "100 are assigned to Acme, 90 of whom",
		"groups: [Acme staff]", "The token is taken", "Its clock agrees with ours",
		"100 changes (initial plan, kept as cycle 1): 10 to create, 90 to update",
		"90 matched, 9 created, 1 refused. Acme has 209 people.", "Aino Virtanen was refused, and is tried again by itself in 1m",
		`Group does not exist (400.76): no group is named "Finland"`, "Create the group, then let SCIM sync again.",
		`Group "Finland" created.`, "assigned via Acme staff > Acme projects > Acme pilots",
		"assigned at Contoso 100", "matched with people Acme had 90", "created 10",
		"in Acme now 210", "unmatched: Contoso has no idea about them 110", "Finland 1 Engineering 1, Tampere 1",
		"is in Acme's new team Astronautics after", "in scope: assigned via",
		"waits: what takes access away waits for an admin", "1 disabled", "is gone from Acme, which has 209 people now",
	} {
		i := strings.Index(out[at:], want)
		if i < 0 {
			t.Fatalf("%q does not come, or not in its place:\n%s", want, out)
		}
		at += i
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("the demo left %s behind", left[0].Name())
	}
}

// The demo finds out by itself when its figures are off.
func TestDemoChecksItsFigures(t *testing.T) {
	st, err := openStage(t.Context(), t.TempDir()+"/demo.db", &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	if _, err := st.acme.CreateUser(t.Context(), "one.more@acme.test", nil); err != nil {
		t.Fatal(err)
	}
	err = st.play(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the demo is wrong") {
		t.Errorf("with 201 people: %v", err)
	}
}

func TestInventedPeople(t *testing.T) {
	seen := map[string]bool{demoAdmin: true}
	for _, p := range append(append(employees(), assigned()[peopleMatched:]...), others()...) {
		if seen[p.address] {
			t.Errorf("%s comes twice", p.address)
		}
		seen[p.address] = true
		for _, r := range p.address {
			if r > 127 {
				t.Errorf("%s is no plain address", p.address)
			}
		}
	}
	if n := len(assigned()) + len(others()) + 1; n != peopleContoso {
		t.Errorf("Contoso has %d people, want %d", n, peopleContoso)
	}
}
