package provision

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// YAML is the application's canonical text: what Complete would fill in is left
// out, and Parse reads the same application from it.
func (a *Application) YAML() []byte { return marshal(a.bare()) }

func marshal(a *Application) []byte {
	var n yaml.Node
	err := n.Encode(a)
	if err == nil {
		lay(&n, "")
		var b bytes.Buffer
		e := yaml.NewEncoder(&b)
		e.SetIndent(2)
		if err = e.Encode(&n); err == nil {
			return b.Bytes()
		}
	}
	panic(fmt.Sprintf("an application is not writable: %v", err)) // texts and numbers only
}

// lay makes the text readable: lists of names and clauses on one line, and no
// quotes around on and off, which are texts here in any version of YAML.
func lay(n *yaml.Node, key string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			lay(n.Content[i+1], n.Content[i].Value)
		}
	case yaml.SequenceNode:
		for _, e := range n.Content {
			if e.Kind == yaml.SequenceNode {
				e.Style = yaml.FlowStyle
			}
		}
		if short(n) {
			n.Style = yaml.FlowStyle
		}
	case yaml.ScalarNode:
		if key == "status" || key == "nested" {
			n.Style = 0
		}
	}
}

// short says that a list of texts fits on a line.
func short(n *yaml.Node) bool {
	width := 0
	for _, e := range n.Content {
		width += len(e.Value) + 2
		if e.Kind != yaml.ScalarNode {
			return false
		}
	}
	return width < 80
}
