package year

import (
	"encoding/json/v2"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// naming gives the ids of the server names that are the same in every run: U1,
// U2, G1, in the order in which they were heard of.
type naming struct {
	of    map[string]string
	count map[string]int
}

func newNaming() *naming { return &naming{of: map[string]string{}, count: map[string]int{}} }

func (n *naming) give(kind, id string) {
	if id == "" || n.of[id] != "" {
		return
	}
	n.count[kind]++
	n.of[id] = "{" + kind + strconv.Itoa(n.count[kind]) + "}"
}

// learn names the id that an answer tells first.
func (n *naming) learn(r request, a answer) {
	kind := "U"
	if strings.HasPrefix(r.path, "/Groups") {
		kind = "G"
	}
	if a.ok() && r.method == http.MethodPost {
		n.give(kind, text(a.body, "id"))
	}
	for _, found := range resources(a.body) {
		n.give(kind, text(found, "id"))
	}
}

var (
	inPath = regexp.MustCompile(`/(Users|Groups)/[^/?]+`)
	inEq   = regexp.MustCompile(`eq "[^"]*"`)
)

func (n *naming) path(path string) string {
	return inPath.ReplaceAllStringFunc(path, func(s string) string {
		at := strings.LastIndexByte(s, '/') + 1
		return s[:at] + n.value(s[at:])
	})
}

func (n *naming) value(s string) string {
	if name := n.of[s]; name != "" {
		return name
	}
	return inEq.ReplaceAllStringFunc(s, func(eq string) string {
		if name := n.of[eq[4:len(eq)-1]]; name != "" {
			return `eq "` + name + `"`
		}
		return eq
	})
}

var inQuotes = regexp.MustCompile(`"[^"]*"`)

// prose is what a server says of an error.
func (n *naming) prose(s string) string {
	return inQuotes.ReplaceAllStringFunc(s, func(q string) string {
		if name := n.of[q[1:len(q)-1]]; name != "" {
			return name
		}
		return q
	})
}

// body is a message as it is told: ids by their names, and of what a server
// added nothing that differs from run to run.
func (n *naming) body(o obj) string {
	if o == nil {
		return ""
	}
	text, err := json.Marshal(n.told(o), json.Deterministic(true))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// differs are the members whose values no two runs share.
var differs = []string{"meta", "$ref", "location"}

func (n *naming) told(v any) any {
	switch v := v.(type) {
	case obj:
		var out obj
		for i := 0; i+1 < len(v); i += 2 {
			if key, _ := v[i].(string); !slices.Contains(differs, key) && key != rollcallURN {
				out = append(out, v[i], n.told(v[i+1]))
			}
		}
		return out
	case list:
		return n.elements(v)
	case []any:
		return n.elements(v)
	case map[string]any:
		var out obj
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, key, v[key])
		}
		return n.told(out)
	case string:
		return n.value(v)
	}
	return v
}

func (n *naming) elements(v []any) any {
	out := list{}
	for _, e := range v {
		out = append(out, n.told(e))
	}
	return out
}
