package interop

import (
	_ "embed"
	"strings"
	"testing"
	"testing/fstest"
)

//go:embed catalogue.txt
var catalogue string

// Every entry of the wire catalogue is a case, or has a reason why not; and
// what is not in the catalogue says that it is our own.
func TestCatalogueIsComplete(t *testing.T) {
	cases, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	ids := strings.Fields(catalogue)
	listed := map[string]bool{}
	for _, id := range ids {
		listed[id] = true
	}
	judged := map[string]bool{}
	for _, c := range cases {
		if c.Own == listed[c.ID] {
			t.Errorf("%s:%d: %s: own is %t, in catalogue.txt is %t", c.File, c.Line, c.ID, c.Own, listed[c.ID])
		}
		judged[c.ID] = true
		for _, id := range c.Covers {
			if !listed[id] {
				t.Errorf("%s:%d: %s covers %s, which catalogue.txt does not have", c.File, c.Line, c.ID, id)
			}
			judged[id] = true
		}
	}
	for _, id := range ids {
		if !judged[id] {
			t.Errorf("catalogue.txt: %s has no case and no notOurs", id)
		}
	}
	if len(listed) != 261 {
		t.Errorf("catalogue.txt has %d ids, want 261", len(listed))
	}
}

func TestLoadRefuses(t *testing.T) {
	good := "cases:\n- id: a\n  title: A\n  rule: because\n  steps:\n  - read: /Users\n"
	tests := []struct{ name, text, want string }{
		{"unknown key", strings.Replace(good, "rule:", "rules:", 1), "line 4: field rules not found"},
		{"unknown key in a step", good + "    expect: 1\n", "line 7: field expect not found"},
		{"no id", strings.Replace(good, "id: a", "own: true", 1), "cases/x.yaml:2: a case needs an id"},
		{"no rule", strings.Replace(good, "  rule: because\n", "", 1), "cases/x.yaml:2: a needs a rule"},
		{"nothing to do", "cases:\n- id: a\n  title: A\n", "cases/x.yaml:2: a needs steps, or notOurs"},
		{"two kinds", good + "  notOurs: no\n", "a needs steps, or notOurs"},
		{"bad status", good + "    status: fine\n", "line 7: status must be a number"},
		{"send and read", good + "    send: GET /Users\n", "cases/x.yaml:6: a step needs send or read"},
		{"send without status", strings.Replace(good, "read: ", "send: GET ", 1), "cases/x.yaml:6: a step needs the status"},
		{"send without a path", strings.Replace(good, "read: /Users", "send: GET\n    status: 200", 1), "send takes a method and a path"},
		{"read with a body", good + "    body: x\n", "read takes a path"},
		{"unknown name", good + "    answer: {id: \"{anna}\"}\n", "cases/x.yaml:6: nothing is called {anna} here"},
		{"unknown word", good + "    answer: {id: <presnt>}\n", "no such word: <presnt>"},
		{"a date", good + "    answer: {created: 2020-01-01}\n", "put it in quotes"},
		{"ends with a write", good + "  - send: DELETE /Users/1\n    status: 204\n", "cases/x.yaml:7: a writes, so it must end by reading"},
		{"unknown profile", good + "  profile: best\n", "profile is compat, rfc, strict or rollcall"},
		{"unknown level", good + "  level: may\n", "level is must or should"},
		{"no clause", good + "  profile: rfc\n", "a needs the clause that it judges"},
		{"unknown need", good + "  needs: [luck]\n", "nothing is called luck"},
		{"twice", good + good[len("cases:\n"):], "cases/x.yaml:7: a is already the case at cases/x.yaml:2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := LoadFS(fstest.MapFS{"cases/x.yaml": {Data: []byte(tt.text)}})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "cases/x.yaml") {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
	if _, err := LoadFS(fstest.MapFS{"cases/x.yaml": {Data: []byte(good)}}); err != nil {
		t.Errorf("the case without a fault: %v", err)
	}
}
