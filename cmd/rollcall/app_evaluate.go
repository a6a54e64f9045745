package main

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source"
)

func newAppEvaluate() *cobra.Command {
	var e evaluation
	c := &cobra.Command{
		Use:   "evaluate [NAME]",
		Short: "Show what the mappings make of somebody",
		Long: `Evaluate shows each mapping's value for a person or group of the source, or for a record from
a file: a JSON object with source attributes. It takes the application's set-up or a file's,
so that mappings can be tried before they are applied. The target is not asked, and whether
somebody is assigned is not looked at.`,
		Example: `  rollcall app evaluate acme --person anna@contoso.test --tenant contoso
  rollcall app evaluate -f acme.yaml --record anna.json
  rollcall app evaluate acme --group Staff --json`,
		Args: arguments("[NAME]"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := e.check(c, args); err != nil {
				return err
			}
			if e.file != "" && e.record != "" {
				return e.run(c, nil, "") // no database is needed
			}
			return onApplications(func(c *cobra.Command, args []string, t *directory.Tenant) error {
				return e.run(c, t, strings.Join(args, ""))
			})(c, args)
		},
	}
	c.Flags().StringVarP(&e.file, "file", "f", "", "the file of an application, instead of its name; - for standard input")
	c.Flags().StringVar(&e.person, "person", "", "a person of the source, by userPrincipalName, mail or anchor")
	c.Flags().StringVar(&e.group, "group", "", "a group of the source, by displayName or anchor")
	c.Flags().StringVar(&e.record, "record", "", "a file with a person as a JSON object")
	return withJSON(withApplications(c))
}

// evaluation is one run of evaluate.
type evaluation struct{ file, person, group, record string }

func (e *evaluation) check(c *cobra.Command, args []string) error {
	subjects := 0
	for _, s := range []string{e.person, e.group, e.record} {
		if s != "" {
			subjects++
		}
	}
	switch {
	case subjects != 1:
		return usageOf(c, errors.New("say who: one of --person, --group and --record"))
	case (e.file == "") == (len(args) == 0):
		return usageOf(c, errors.New("give either the name of an application or a file with -f"))
	}
	return nil
}

func (e *evaluation) run(c *cobra.Command, t *directory.Tenant, name string) error {
	a, err := e.application(c, t, name)
	if err != nil {
		return err
	}
	record, err := e.find(c, t, a)
	if err != nil {
		return err
	}
	result, err := evaluated(a, record)
	if err != nil {
		return err
	}
	return show(c, result, result.write)
}

// application has its secrets only where the source must be asked.
func (e *evaluation) application(c *cobra.Command, t *directory.Tenant, name string) (*provision.Application, error) {
	if e.file != "" {
		text, err := readSetup(c, e.file)
		if err != nil {
			return nil, err
		}
		a, err := provision.Parse(text)
		if err != nil || e.record != "" {
			return a, err
		}
		p := &applying{c: c, t: t, next: a}
		if p.was, err = applicationNamed(c, t, a.Name); err != nil {
			return nil, err
		}
		return p.gather()
	}
	kept, err := t.Application(c.Context(), name)
	if err != nil {
		return nil, err
	}
	a, err := provision.Parse([]byte(kept.Document))
	if err != nil || e.record != "" {
		return a, err
	}
	secrets, err := t.ApplicationSecrets(c.Context(), kept.ID)
	if err == nil {
		err = a.Expand(secrets)
	}
	return a, err
}

func (e *evaluation) find(c *cobra.Command, t *directory.Tenant, a *provision.Application) (*source.Record, error) {
	if e.record != "" {
		return readRecord(e.record)
	}
	typ, name := source.User, e.person
	if e.group != "" {
		typ, name = source.Group, e.group
	}
	reach, err := reachFromEnvironment()
	if err != nil {
		return nil, err
	}
	s, err := source.Open(c.Context(), a.Source, source.Environment{Directory: t, Reach: reach})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	found, err := s.Find(c.Context(), typ, name)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, fmt.Errorf("the source has no %s %q", strings.ToLower(typ), name)
	case len(found) > 1:
		return nil, fmt.Errorf("%d of the source answer to %q; name one by its anchor, such as %s", len(found), name, found[0].Anchor)
	}
	return &found[0], nil
}

// readRecord reads a person from a file.
func readRecord(path string) (*source.Record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the record: %w", err)
	}
	var values map[string]jsontext.Value
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("the record in %s is no JSON object with attributes, such as {\"mail\": \"anna@contoso.test\"}: %w", path, err)
	}
	r := &source.Record{Type: source.User, Anchor: "record", Attributes: map[string]expression.Value{}}
	for name, v := range values {
		switch v.Kind() {
		case '0':
			r.Attributes[name] = expression.Text(string(v))
		case 't', 'f':
			r.Attributes[name] = expression.Bool(v.Kind() == 't')
		default:
			var value expression.Value
			if err := json.Unmarshal(v, &value); err != nil {
				return nil, fmt.Errorf("the record in %s: %s: %w", path, name, err)
			}
			r.Attributes[name] = value
		}
	}
	return r, nil
}

// evaluatedPerson is what the mappings make of a record, for programs to read.
type evaluatedPerson struct {
	Name    string           `json:"name"`
	Type    string           `json:"type"`
	InScope bool             `json:"passesFilters"`
	Why     string           `json:"why"`
	Values  []evaluatedValue `json:"values"`
}

type evaluatedValue struct {
	Target string `json:"target"`
	From   string `json:"from"`
	Value  any    `json:"value"`
	Note   string `json:"note,omitzero"`
}

func evaluated(a *provision.Application, r *source.Record) (*evaluatedPerson, error) {
	mapping := a.Users
	if r.Type == source.Group {
		mapping = a.Groups
	}
	rules, faults := provision.Compile(r.Type, mapping)
	if len(faults) > 0 {
		return nil, errors.New(faults[0].String())
	}
	decision := a.Scope.Decide(r, true, "direct")
	out := &evaluatedPerson{Name: r.Name(), Type: r.Type, InScope: decision.In, Why: decision.Why}
	disabled := strings.EqualFold(r.Get("accountEnabled").String(), "false")
	desired, failed := rules.Evaluate(r, provision.Input{Now: time.Now(), SoftDeleted: !decision.In || disabled})
	problems := map[string]string{}
	for _, f := range failed {
		problems[f.Target] = f.Why
	}
	for _, v := range desired.Values {
		out.Values = append(out.Values, evaluatedAs(v, problems))
	}
	return out, nil
}

func evaluatedAs(v provision.DesiredValue, problems map[string]string) evaluatedValue {
	e := evaluatedValue{Target: v.Key, From: originOf(v.Mapping), Value: v.Value}
	switch problem := problems[v.Key]; {
	case problem != "":
		e.Note = problem
	case v.Redacted && v.Value != nil:
		e.Value, e.Note = "[Redact]", "shown nowhere"
	case len(v.Refs) > 0:
		e.Value, e.Note = v.Refs, "refers to objects of the source"
	case v.Clear:
		e.Note = "the target's is removed"
	case v.Value == nil:
		e.Note = "no value: the target's stays"
	case v.CreateOnly:
		e.Note = "only when created"
	case v.IfEmpty:
		e.Note = "only where the target has none"
	}
	return e
}

func originOf(m *provision.Mapping) string {
	switch {
	case m.From != "":
		return "[" + m.From + "]"
	case m.Constant != nil:
		return "constant"
	case m.None:
		return "none"
	}
	return m.Expression
}

func (p *evaluatedPerson) write(w io.Writer) {
	verb := "passes"
	if !p.InScope {
		verb = "does not pass"
	}
	fmt.Fprintf(w, "%s %s %s the scoping filters: %s\n\n", p.Type, printable(p.Name), verb, printable(p.Why))
	table := newTable("TARGET", "VALUE", "FROM", "NOTE")
	for _, v := range p.Values {
		table.add(v.Target, valueText(v.Value), v.From, v.Note)
	}
	table.write(w)
}

func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
