package provision

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDocument is how long an application's YAML may be, in bytes.
const maxDocument = 1 << 20

// Parse reads an application's YAML and fills in what is not said. The error is
// a Faults with everything that is wrong.
func Parse(text []byte) (*Application, error) {
	doc, err := document(text)
	if err != nil {
		return nil, Faults{*err}
	}
	r := reading{doc: doc}
	a := &Application{Scope: Scope{Nested: Deep}, Users: ObjectMapping{Enabled: true}, Groups: ObjectMapping{Enabled: true}}
	r.check(doc, shapeOf(a), nil)
	if err := doc.Decode(a); err != nil && len(r.faults) == 0 {
		return nil, Faults{{Text: "cannot be read: a value is of the wrong kind"}}
	}
	a.Complete()
	for _, f := range a.faults() {
		r.add(f)
	}
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b SetupFault) int { return a.Line - b.Line })
		return nil, r.faults
	}
	return a, nil
}

// SetupFault is one thing that is wrong with an application.
type SetupFault struct {
	Line int      // of the YAML, from 1; 0 where there is none
	Path []string // such as users, mappings, userName
	Text string
}

func (f SetupFault) String() string {
	text := f.Text
	if len(f.Path) > 0 {
		text = strings.Join(f.Path, ".") + ": " + text
	}
	if f.Line > 0 {
		text = fmt.Sprintf("line %d: %s", f.Line, text)
	}
	return text
}

// Faults are all things that are wrong with an application, in the order of
// their lines.
type Faults []SetupFault

func (f Faults) Error() string {
	if len(f) == 1 {
		return "the application cannot be used yet: " + f[0].String()
	}
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = "\n  - " + f[i].String()
	}
	return fmt.Sprintf("the application cannot be used yet; %d things must be put right:%s", len(f), strings.Join(lines, ""))
}

// document is the one mapping that the text holds.
func document(text []byte) (*yaml.Node, *SetupFault) {
	if len(text) > maxDocument {
		return nil, &SetupFault{Text: "the document is longer than 1 MiB; name people by groups or filters instead of one by one"}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	switch err := d.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, &SetupFault{Text: "the document is empty; begin with: rollcall app template"}
	case err != nil:
		return nil, syntax(err)
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, &SetupFault{Line: second.Line, Text: "the document ends with --- or goes wrong there; write one application in a file"}
	}
	doc := first.Content[0]
	if doc.Kind != yaml.MappingNode {
		return nil, &SetupFault{Line: doc.Line, Text: "an application is a list of keys with values, such as name: acme"}
	}
	return doc, nil
}

// syntax says what is wrong with text that is no YAML. What yaml says may hold
// a word of the text, and that may be part of a secret.
func syntax(err error) *SetupFault {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	f := &SetupFault{}
	if _, scanned := fmt.Sscanf(text, "line %d:", &f.Line); scanned == nil {
		_, text, _ = strings.Cut(text, ": ")
	}
	if strings.Contains(text, "anchor") || strings.ContainsAny(text, "'`\"") {
		text = `put a value that begins with * & ! % @ or { into quotes`
	}
	f.Text = "is not YAML: " + text
	return f
}

// reading collects faults and knows their lines.
type reading struct {
	doc    *yaml.Node
	faults Faults
}

// add gives the fault the line of what its path names, or of what is nearest
// above it. A line that has a fault already needs no second one that follows
// from it.
func (r *reading) add(f SetupFault) {
	if f.Line == 0 {
		f.Line = line(r.doc, f.Path)
	}
	follows := func(g SetupFault) bool {
		return g.Line == f.Line && len(g.Path) >= len(f.Path) && slices.Equal(g.Path[:len(f.Path)], f.Path)
	}
	if f.Line == 0 || !slices.ContainsFunc(r.faults, follows) {
		r.faults = append(r.faults, f)
	}
}

func line(n *yaml.Node, path []string) int {
	found := 0
	for _, name := range path {
		var next *yaml.Node
		next, at := child(n, name)
		if next == nil {
			break
		}
		n, found = next, at
	}
	return found
}

// child is the value of a key, or the element of that number, from 1.
func child(n *yaml.Node, name string) (value *yaml.Node, line int) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i+1], n.Content[i].Line
			}
		}
	case yaml.SequenceNode:
		for i, e := range n.Content {
			if fmt.Sprint(i+1) == name {
				return e, e.Line
			}
		}
	}
	return nil, 0
}
