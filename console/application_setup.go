package console

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
)

// appSetupPage is the editor of a set-up, of a new application too.
type appSetupPage struct {
	Head      appHead // empty for a new one
	Document  string
	Version   int64
	Secrets   []secretField
	Lines     []lineFault
	Other     []string // what is wrong, of no line
	Warnings  []string
	Versions  []versionView
	Diff      []diffLine
	DiffOf    string
	Templates []templateView
	Schema    string   // of Entra ID, as it was pasted
	LeftOut   []string // of it, because there is no counterpart
}

// secretField is a secret that the set-up refers to.
type secretField struct {
	Name string
	Kept bool
}

// lineFault is what is wrong with a line of the set-up.
type lineFault struct {
	Line int
	Text string // of the line
	Says []string
}

type versionView struct {
	Number  int64
	Time    time.Time
	Actor   string
	Kind    string
	Added   int
	Removed int
	Secrets []string
	Now     bool
}

type diffLine struct{ Kind, Text string }

// showAppSetup shows the set-up, its versions, and what changed between them.
func (c *Console) showAppSetup(v *appVisit) error {
	p := appSetupPage{Document: v.app.Document, Version: v.app.Version}
	if err := v.fill(&p); err != nil {
		return err
	}
	if from := v.r.FormValue("diff"); from != "" {
		if err := v.diff(&p, from); err != nil {
			return err
		}
	}
	return v.show("application_setup.html", v.app.Name+": set-up", p)
}

// fill adds what the page has beside the document that is edited.
func (v *appVisit) fill(p *appSetupPage) error {
	p.Head = v.head("set-up")
	p.Secrets = secretsOf(p.Document, v.app.Secrets)
	if a, err := provision.Parse([]byte(p.Document)); err == nil {
		p.Warnings = a.Warnings()
	} else if len(p.Lines)+len(p.Other) == 0 {
		p.faulty(err)
	}
	versions, err := v.t.ApplicationVersions(v.r.Context(), v.app.Name)
	if err != nil {
		return err
	}
	before, names := "", map[string]string{}
	for _, one := range versions {
		w := versionView{Number: one.Number, Time: one.Time, Actor: v.called(one.Actor, names), Kind: one.Kind, Secrets: one.Secrets, Now: one.Number == v.app.Version}
		for line := range strings.Lines(provision.Diff([]byte(before), []byte(one.Document))) {
			switch line[0] {
			case '+':
				w.Added++
			case '-':
				w.Removed++
			}
		}
		before = one.Document
		p.Versions = append(p.Versions, w)
	}
	slices.Reverse(p.Versions)
	return nil
}

// saveAppSetup keeps what was typed. The version in the form is the one that was
// edited: what somebody else did meanwhile is not lost.
func (c *Console) saveAppSetup(v *appVisit) error {
	p := appSetupPage{Document: v.r.PostFormValue("document")}
	p.Version, _ = strconv.ParseInt(v.r.PostFormValue("version"), 10, 64)
	again := func(err error) error {
		p.faulty(err)
		if err := v.fill(&p); err != nil {
			return err
		}
		return v.showAgain("application_setup.html", v.app.Name+": set-up", p, faultsSaid(err))
	}
	next, err := p.parse(v.app.Secrets)
	if err != nil {
		return again(err)
	}
	if next.Name != v.app.Name {
		return again(said("The name cannot be changed: it is how links and logs are found. Make a new application instead."))
	}
	secrets, err := v.gather(next, &v.app)
	if err != nil {
		return again(err)
	}
	was := v.app.Version
	if err := v.put(next, secrets, p.Version); err != nil {
		return again(err)
	}
	if v.app.Version == was {
		return v.done(v.at("/set-up"), "Nothing was changed.")
	}
	return v.done(v.at("/set-up"), "Saved. Make a plan to see whom it concerns.")
}

// parse reads the document and notes what is wrong with it.
func (p *appSetupPage) parse(kept []string) (*provision.Application, error) {
	p.Document = strings.ReplaceAll(p.Document, "\r\n", "\n")
	p.Secrets = secretsOf(p.Document, kept)
	next, err := provision.Parse([]byte(p.Document))
	if err != nil {
		p.faulty(err)
		return nil, err
	}
	return next, nil
}

// gather collects the secrets of the form and those that are kept, and refuses
// files of the server that were not named before.
func (v *visit) gather(next *provision.Application, was *directory.Application) (map[string]string, error) {
	given := func(name string) string { return v.r.PostFormValue("secret-" + name) }
	var kept []string
	open := func() (map[string]string, error) { return map[string]string{}, nil }
	if was != nil {
		kept = was.Secrets
		open = func() (map[string]string, error) { return v.t.ApplicationSecrets(v.r.Context(), was.ID) }
	}
	for _, name := range next.References() {
		if given(name) == "" && !slices.Contains(kept, name) {
			return nil, said(fmt.Sprintf("The set-up refers to the secret %s, and no value is kept for it. Type it into its field below.", name))
		}
	}
	full, secrets, err := next.Gather(given, kept, open)
	if err != nil {
		return nil, err
	}
	before, err := v.filesOf(was)
	if err != nil {
		return nil, err
	}
	for _, file := range full.Files() {
		if !slices.Contains(before, file) {
			return nil, said(fmt.Sprintf("The set-up names the file %s of the server. Which files of it are read is for whoever runs the server to say: ask them to apply this set-up from the command line.", file))
		}
	}
	return secrets, nil
}

// filesOf are the files that an application names as it is kept.
func (v *visit) filesOf(was *directory.Application) ([]string, error) {
	if was == nil {
		return nil, nil
	}
	a, err := provision.Parse([]byte(was.Document))
	if err != nil {
		return nil, nil // what cannot be read names none
	}
	if len(a.References()) > 0 {
		secrets, err := v.t.ApplicationSecrets(v.r.Context(), was.ID)
		if err != nil {
			return nil, err
		}
		if err := a.Expand(secrets); err != nil {
			return nil, nil // its files are not told by what is missing
		}
	}
	return a.Files(), nil
}

// secretsOf are the secrets that a document refers to, as far as it can be read,
// in the order of their names.
func secretsOf(document string, kept []string) (fields []secretField) {
	for _, name := range provision.ReferencesIn(document) {
		fields = append(fields, secretField{name, slices.Contains(kept, name)})
	}
	return fields
}

// faulty notes faults by their lines.
func (p *appSetupPage) faulty(err error) {
	var faults provision.Faults
	if !errors.As(err, &faults) || len(p.Lines)+len(p.Other) > 0 {
		return
	}
	lines := strings.Split(p.Document, "\n")
	for _, f := range faults {
		says := f.Text
		if len(f.Path) > 0 {
			says = strings.Join(f.Path, ".") + ": " + says
		}
		if f.Line < 1 || f.Line > len(lines) {
			p.Other = append(p.Other, inSetup(says))
			continue
		}
		if n := len(p.Lines); n > 0 && p.Lines[n-1].Line == f.Line {
			p.Lines[n-1].Says = append(p.Lines[n-1].Says, inSetup(says))
			continue
		}
		p.Lines = append(p.Lines, lineFault{f.Line, lines[f.Line-1], []string{inSetup(says)}})
	}
}

// inSetup is what is wrong, without the command that it may name; it begins with a
// key as the set-up spells it.
func inSetup(text string) string { return command.ReplaceAllString(text, "") }

// faultsSaid sums up faults, which the page shows one by one.
func faultsSaid(err error) error {
	var faults provision.Faults
	if errors.As(err, &faults) {
		return said(fmt.Sprintf("The set-up cannot be used yet: %s must be put right, shown below. Nothing was saved.", count(len(faults), "thing", "things")))
	}
	return err
}
