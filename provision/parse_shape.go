package provision

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rollcall-scim/rollcall/provision/expression"
)

func shapeOf(v any) reflect.Type { return reflect.TypeOf(v).Elem() }

// check compares the document with the Go type that it is read into: keys that
// there are not, keys that are there twice, values of the wrong kind. No value
// is repeated, since it may be a secret in the wrong place.
func (r *reading) check(n *yaml.Node, t reflect.Type, path []string) {
	fault := func(format string, args ...any) {
		r.add(SetupFault{Line: n.Line, Path: slices.Clone(path), Text: fmt.Sprintf(format, args...)})
	}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		fault("anchors (&) and aliases (*) are not known here; write the value out, in quotes if it begins so")
	case n.Tag == "!!null":
	case t.Implements(readableType):
		if err := reflect.New(t).Interface().(readable).read(n.Value); n.Kind != yaml.ScalarNode || err != nil {
			fault("%s", reflect.Zero(t).Interface().(readable).takes())
		}
	case t == reflect.TypeFor[Mappings]():
		r.checkMappings(n, path, fault)
	default:
		r.checkKind(n, t, path, fault)
	}
}

func (r *reading) checkKind(n *yaml.Node, t reflect.Type, path []string, fault func(string, ...any)) {
	switch t.Kind() {
	case reflect.Pointer:
		r.check(n, t.Elem(), path)
	case reflect.Struct, reflect.Map:
		if n.Kind != yaml.MappingNode {
			fault("takes keys with values below it")
			return
		}
		r.checkKeys(n, t, path)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			fault("takes a list, such as [a, b]")
			return
		}
		for i, e := range n.Content {
			r.check(e, t.Elem(), append(path, strconv.Itoa(i+1)))
		}
	default:
		if text := scalarFault(n, t.Kind()); text != "" {
			fault("%s", text)
		}
	}
}

func scalarFault(n *yaml.Node, kind reflect.Kind) string {
	var b bool
	var i int
	switch {
	case n.Kind != yaml.ScalarNode:
		return "takes one value"
	case kind == reflect.Bool && n.Decode(&b) != nil:
		return "takes true or false"
	case kind == reflect.Int && n.Decode(&i) != nil:
		return "takes a whole number"
	}
	return ""
}

// checkKeys looks at every key of a mapping that becomes a struct or a map.
func (r *reading) checkKeys(n *yaml.Node, t reflect.Type, path []string) {
	known := keysOf(t)
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		key.Tag = "!!str" // null: clear is the key "null", and not YAML's nothing
		here := append(slices.Clone(path), key.Value)
		if at, twice := seen[key.Value]; twice {
			r.add(SetupFault{Line: key.Line, Path: here, Text: fmt.Sprintf("stands twice, in line %d as well; keep one", at)})
			continue
		}
		seen[key.Value] = key.Line
		switch next, ok := known[key.Value]; {
		case t.Kind() == reflect.Map:
			r.check(value, t.Elem(), here)
		case ok:
			r.check(value, next, here)
		default:
			r.add(SetupFault{Line: key.Line, Path: here, Text: "there is no such key" + meant(key.Value, known)})
		}
	}
}

// keysOf are the keys of a struct by their names in YAML.
func keysOf(t reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	if t.Kind() == reflect.Struct {
		for f := range t.Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name != "-" && name != "" {
				keys[name] = f.Type
			}
		}
	}
	return keys
}

// meant proposes the key that comes nearest, or else tells all.
func meant(word string, known map[string]reflect.Type) string {
	all := slices.Sorted(maps.Keys(known))
	if best := expression.Nearest(word, all, func(int) int { return 1 + len(word)/3 }); best != "" {
		return "; did you mean " + best + "?"
	}
	return "; there are: " + strings.Join(all, ", ")
}

// checkMappings looks at mappings: targets in quotes or not, each with its keys.
func (r *reading) checkMappings(n *yaml.Node, path []string, fault func(string, ...any)) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == "default":
	case n.Kind != yaml.MappingNode:
		fault("takes the target's attributes with values below it, such as userName: {from: userPrincipalName, match: 1}, or the word default")
	default:
		r.checkKeys(n, reflect.TypeFor[map[string]Mapping](), path)
	}
}
