package scim

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden file anew, to be read by a person")

const goldenFile = "testdata/bodies.txt"

// TestWireBodies parses the bodies of the wire catalogue's POST and PUT requests
// for users. The file holds, for each, its id, the body, what it comes to and a
// line for each note and fault.
func TestWireBodies(t *testing.T) {
	data, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for entry := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n\n") {
		id, rest, _ := strings.Cut(entry, "\n")
		body, _, _ := strings.Cut(rest, "\n")
		got := id + "\n" + body + "\n" + outcome(body)
		if got != entry {
			t.Errorf("got\n%s\nwant\n%s", got, entry)
		}
		all = append(all, got)
	}
	if *update {
		if err := os.WriteFile(goldenFile, []byte(strings.Join(all, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 30 {
		t.Errorf("only %d bodies", len(all))
	}
}

func outcome(body string) string {
	r, err := UserType.Parse([]byte(body))
	if err != nil {
		return "  error: " + err.Error()
	}
	lines := []string{"  " + string(r.JSON())}
	for _, note := range r.Notes {
		lines = append(lines, "  note: "+note)
	}
	for _, f := range r.Faults {
		lines = append(lines, "  fault: "+f.Path+": "+f.Err.Detail)
	}
	return strings.Join(lines, "\n")
}
