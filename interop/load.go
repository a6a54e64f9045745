package interop

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed cases/*.yaml
var embedded embed.FS

// file is one YAML file: a client, and what it says to servers.
type file struct {
	Client map[string]*string // headers of every request in the file
	Given  *Given             // for every case that states none
	Cases  []Case

	Profile, Hurts string // of every case that states none
}

// Load reads all cases that come with the program. An error names the file,
// the line and what is wrong there.
func Load() ([]Case, error) { return LoadFS(embedded) }

// LoadFS reads the cases of cases/*.yaml in fsys.
func LoadFS(fsys fs.FS) ([]Case, error) {
	names, err := fs.Glob(fsys, "cases/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		cases, err := parse(name, data)
		if err != nil {
			return nil, err
		}
		all = append(all, cases...)
	}
	return all, twice(all)
}

func parse(name string, data []byte) ([]Case, error) {
	var f file
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	setLines(data, f.Cases)
	for i := range f.Cases {
		c := &f.Cases[i]
		c.File, c.client = name, f.Client
		if c.Given == nil {
			c.Given = f.Given
		}
		if c.Given == nil {
			c.Given = &Given{}
		}
		c.Profile = cmp.Or(c.Profile, f.Profile, Compat)
		c.Hurts = cmp.Or(c.Hurts, f.Hurts, "any client")
		c.Level = cmp.Or(c.Level, Must)
		if err := c.check(); err != nil {
			return nil, err
		}
	}
	return f.Cases, nil
}

// setLines reads the text once more as a tree, because only the tree knows
// where things stand.
func setLines(data []byte, cases []Case) {
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) != nil || len(doc.Content) == 0 {
		return
	}
	for i, c := range value(doc.Content[0], "cases") {
		cases[i].Line = c.Line
		for j, s := range value(c, "steps") {
			cases[i].Steps[j].Line = s.Line
		}
	}
}

// value is the list under key, an alias followed to what it stands for.
func value(n *yaml.Node, key string) []*yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			continue
		}
		list := n.Content[i+1]
		if list.Kind == yaml.AliasNode {
			list = list.Alias
		}
		return list.Content
	}
	return nil
}

func twice(cases []Case) error {
	seen := map[string]*Case{}
	for i := range cases {
		c := &cases[i]
		for _, id := range append([]string{c.ID}, c.Covers...) {
			if first := seen[id]; first != nil {
				return c.errorf(c.Line, "%s is already the case at %s:%d", id, first.File, first.Line)
			}
			seen[id] = c
		}
	}
	return nil
}

func (c *Case) errorf(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", c.File, line, fmt.Sprintf(format, args...))
}

// check finds what the YAML reader cannot: a case that judges nothing, a name
// that nobody gave.
func (c *Case) check() error {
	switch {
	case c.ID == "":
		return c.errorf(c.Line, "a case needs an id")
	case c.Title == "":
		return c.errorf(c.Line, "%s needs a title", c.ID)
	case (len(c.Steps) > 0) == (c.NotOurs != ""):
		return c.errorf(c.Line, "%s needs steps, or notOurs: one of them", c.ID)
	case len(c.Steps) > 0 && c.Rule == "":
		return c.errorf(c.Line, "%s needs a rule: what must be true, and why", c.ID)
	case !slices.Contains([]string{Compat, RFC, Strict, Rollcall}, c.Profile):
		return c.errorf(c.Line, "%s: profile is compat, rfc, strict or rollcall", c.ID)
	case (c.Profile == RFC || c.Profile == Strict) && c.Clause == "":
		return c.errorf(c.Line, "%s needs the clause that it judges", c.ID)
	case c.Level != Must && c.Level != Should:
		return c.errorf(c.Line, "%s: level is must or should", c.ID)
	}
	for _, need := range c.Needs {
		if !slices.Contains(offered, need) {
			return c.errorf(c.Line, "%s: nothing is called %s that a server could offer; there are %s", c.ID, need, strings.Join(offered, ", "))
		}
	}
	known := map[string]bool{"token": true, "run": true}
	for i := range c.Given.Crowd {
		known[fmt.Sprint("crowd", i+1)] = true
	}
	for _, name := range []string{"tokenEndpoint", "clientId", "clientSecret", "clientBasic"} {
		known[name] = c.Given.OAuth
	}
	for _, people := range []map[string]map[string]any{c.Given.Users, c.Given.ByHand, c.Given.IdPGroups} {
		for name := range people {
			known[name] = true
		}
	}
	for i := range c.Steps {
		if err := c.checkStep(&c.Steps[i], known); err != nil {
			return err
		}
	}
	if n := len(c.Steps); n > 0 && c.writes() && c.Steps[n-1].method() != "GET" {
		return c.errorf(c.Steps[n-1].Line, "%s writes, so it must end by reading: the state decides, not the status", c.ID)
	}
	return nil
}

func (c *Case) checkStep(s *Step, known map[string]bool) error {
	if (s.Send == "") == (s.Read == "") {
		return c.errorf(s.Line, "a step needs send or read, and not both")
	}
	if s.Read != "" && (s.Body != "" || !strings.HasPrefix(s.Read, "/")) {
		return c.errorf(s.Line, "read takes a path that begins with / and has no body")
	}
	if method, path, ok := strings.Cut(s.Send, " "); s.Send != "" && (!ok || method == "" || !strings.HasPrefix(path, "/") && path != "{tokenEndpoint}") {
		return c.errorf(s.Line, "send takes a method and a path: PATCH /Users/{anna}")
	}
	if s.Read != "" && len(s.Status) == 0 {
		s.Status = Statuses{200}
	}
	if len(s.Status) == 0 {
		return c.errorf(s.Line, "a step needs the status that is right")
	}
	if err := checkExpectation(s.Answer); err != nil {
		return c.errorf(s.Line, "answer: %s", err)
	}
	for _, name := range s.names() {
		if !known[name] {
			return c.errorf(s.Line, "nothing is called {%s} here: it is neither given nor saved by an earlier step", name)
		}
	}
	for name := range s.Save {
		known[name] = true
	}
	return nil
}

func (c *Case) writes() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool { return s.method() != "GET" })
}

func (s *Step) method() string {
	if s.Read != "" {
		return "GET"
	}
	method, _, _ := strings.Cut(s.Send, " ")
	return method
}

func (s *Step) path() string {
	if s.Read != "" {
		return s.Read
	}
	_, path, _ := strings.Cut(s.Send, " ")
	return path
}
