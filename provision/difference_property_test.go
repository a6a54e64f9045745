package provision

import (
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/scim"
	"pgregory.net/rapid"
)

// words differ in more than case: a server may take b for the B that it has, and
// writing b takes a second message then.
var words = rapid.SampledFrom([]string{"a", "b", "c d", "ä\"\\\n", "True", "False", "7"})

// drawRules draws mappings that go together, and a record for them.
func drawRules(t *rapid.T) (*Rules, *source.Record) {
	targets := []string{
		"displayName", "title", "active", "name.givenName", "name.familyName", "externalId", "preferredLanguage",
		`addresses[type eq "work"].country`, `addresses[type eq "work"].locality`, `addresses[type eq "home"].country`,
		`phoneNumbers[type eq "mobile"].value`, `phoneNumbers[type eq "fax"].display`,
		ent + ":department", ent + ":division",
	}
	targets = append(targets, rapid.SampledFrom([][]string{{"emails"}, {`emails[type eq "work"].value`, `emails[type eq "work"].display`, `emails[type eq "other"].value`}}).Draw(t, "emails")...)
	targets = append(targets, rapid.SampledFrom([]string{"roles", `roles[primary eq "True"].value`}).Draw(t, "roles"))
	targets = append(targets, rapid.SampledFrom([]string{ent + ":manager", ent + ":manager.value"}).Draw(t, "manager"))
	m := Mappings{{Target: "userName", From: "userName", Match: 1}}
	rec := &source.Record{Type: source.User, Anchor: "1", Attributes: map[string]expression.Value{"userName": expression.Text(words.Draw(t, "userName"))}}
	for _, target := range targets {
		if !rapid.Bool().Draw(t, "maps "+target) {
			continue
		}
		m = append(m, drawMapping(t, target))
		if v := drawValue(t, target); !v.IsNull() {
			rec.Attributes[target] = v
		}
	}
	r, faults := Compile(source.User, ObjectMapping{Enabled: true, Mappings: m})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return r, rec
}

func drawMapping(t *rapid.T, target string) Mapping {
	one := Mapping{Target: target, From: target}
	many := target == "emails" || target == "roles"
	how := []string{"", ApplyAlways, ApplyCreate, ApplyIfEmpty}
	if many {
		how = append(how, ApplyAdd)
	}
	one.Apply = rapid.SampledFrom(how).Draw(t, target+" apply")
	nulls := []string{NullKeep}
	switch given := rapid.Bool().Draw(t, target+" has default"); {
	case given && !strings.Contains(target, "manager"):
		one.Default = textPtr("True")
		nulls = append(nulls, NullDefault)
	case target != "active": // our own server keeps active, whoever wants to remove it
		nulls = append(nulls, NullClear)
	}
	one.Null = rapid.SampledFrom(nulls).Draw(t, target+" null")
	return one
}

func drawValue(t *rapid.T, target string) expression.Value {
	switch rapid.IntRange(0, 3).Draw(t, target+" has") {
	case 0:
		return expression.Null
	case 1:
		if target == "emails" || target == "roles" {
			return expression.List(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", `{"value":"c","type":"work"}`, `{"value":"d","primary":"True"}`, `{"value":"e","primary":true}`}), 0, 4).Draw(t, target)...)
		}
	}
	if target == "active" {
		return expression.Bool(rapid.Bool().Draw(t, target))
	}
	return expression.Text(words.Draw(t, target))
}

// drawCurrent draws a user as a target has it.
func drawCurrent(t *rapid.T) map[string]any {
	o := map[string]any{"userName": words.Draw(t, "current userName"), "id": "42"}
	maybe := func(o map[string]any, names ...string) {
		for _, name := range names {
			if rapid.Bool().Draw(t, "current "+name) {
				o[name] = words.Draw(t, "current "+name)
			}
		}
	}
	maybe(o, "displayName", "title", "nickName", "externalId")
	if rapid.Bool().Draw(t, "current active?") {
		o["active"] = rapid.Bool().Draw(t, "current active")
	}
	object := func(name string, subs ...string) {
		e := map[string]any{}
		if maybe(e, subs...); len(e) > 0 {
			o[name] = e
		}
	}
	object("name", "givenName", "familyName", "middleName")
	object(ent, "department", "costCenter")
	if rapid.Bool().Draw(t, "current manager?") {
		e, _ := o[ent].(map[string]any)
		if e == nil {
			e = map[string]any{}
		}
		e["manager"] = map[string]any{"value": words.Draw(t, "current manager")}
		o[ent] = e
	}
	for _, subs := range [][]string{{"emails", "value", "display"}, {"addresses", "country", "region"}, {"phoneNumbers", "value"}, {"roles", "value"}} {
		list := subs[0]
		var elements []any
		primary := rapid.SampledFrom([]string{"", "work", "home"}).Draw(t, list+" primary")
		for _, typ := range []string{"", "work", "home"} {
			e := map[string]any{}
			maybe(e, subs[1:]...)
			if len(e) == 0 {
				continue
			}
			if typ != "" {
				e["type"] = typ
			}
			if typ != "" && typ == primary {
				e["primary"] = true
			}
			elements = append(elements, e)
		}
		if len(elements) > 0 {
			o[list] = elements
		}
	}
	r, err := scim.UserType.Parse([]byte(encode(o)))
	if err != nil || len(r.Faults) > 0 {
		t.Fatalf("%v: %v %v", o, err, r.Faults)
	}
	return r.Object()
}

func evaluateAll(t *rapid.T, r *Rules, rec *source.Record) Desired {
	d, faults := r.Evaluate(rec, Input{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for i := range d.Values { // as the planner does
		if refs := d.Values[i].Refs; len(refs) > 0 {
			d.Values[i].Value = refs[0]
		}
	}
	return d
}

// TestPatchArrives: a strict server that carries the PATCH out has what was
// wanted, and nothing is left to be done (invariant I4).
func TestPatchArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, rec := drawRules(t)
		d, current := evaluateAll(t, r, rec), drawCurrent(t)
		diffs := r.Differences(d, current)
		if len(diffs) == 0 {
			return
		}
		body := r.PatchBody(diffs, current, Style{})
		after := applyStrictly(t, body, current)
		if left := r.Differences(d, after); len(left) > 0 {
			t.Fatalf("%s\non %s\ngave %s\nand left %s", body, encode(current), encode(after), encode(left))
		}
		if left := r.Differences(d, r.Resource(decode(encode(r.Written(d, current))))); len(left) > 0 {
			t.Fatalf("what is kept as written (%s) leaves %s", encode(r.Written(d, current)), encode(left))
		}
		if !sameWritten(decode(encode(r.Written(d, current))), r.Current(after)) {
			t.Fatalf("written was %s, and the target has %s", encode(r.Written(d, current)), encode(r.Current(after)))
		}
	})
}

// applyStrictly applies one operation after the other, as a server would that
// answers noTarget, invalidPath and mutability wherever RFC 7644 lets it.
func applyStrictly(t *rapid.T, body []byte, current map[string]any) map[string]any {
	patch, err := scim.ParsePatch(body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	for _, op := range patch.Operations {
		p, err := ParsePath(op.Path)
		if err != nil {
			t.Fatal(err)
		}
		if op.Op != opAdd && p.Get(current) == nil {
			t.Fatalf("%s %s has no target in %s", op.Op, op.Path, encode(current))
		}
		if op.Op == opAdd && len(p.Filter) > 0 && p.element().Get(current) == nil {
			t.Fatalf("add %s has no element in %s", op.Path, encode(current))
		}
		next, notes, faults := scim.UserType.Apply(current, &scim.Patch{Operations: []scim.Operation{op}})
		if len(notes)+len(faults) > 0 {
			t.Fatalf("%s %s: %v %v", op.Op, op.Path, notes, faults)
		}
		current = next
	}
	return current
}

// TestCreationArrives: what is posted is what was wanted.
func TestCreationArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, rec := drawRules(t)
		d := evaluateAll(t, r, rec)
		parsed := parseStrictly(t, r.CreateBody(d))
		if left := r.Differences(d, parsed); len(left) > 0 {
			t.Fatalf("%s left %s", r.CreateBody(d), encode(left))
		}
		if left := r.Differences(d, r.Resource(decode(encode(r.Written(d, nil))))); len(left) > 0 {
			t.Fatalf("what is kept as written (%s) leaves %s", encode(r.Written(d, nil)), encode(left))
		}
	})
}

// TestPutArrives: the same for PUT, and what no mapping is about stays.
func TestPutArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, rec := drawRules(t)
		d, current := evaluateAll(t, r, rec), drawCurrent(t)
		body := r.PutBody(current, r.Differences(d, current))
		parsed := parseStrictly(t, body)
		if left := r.Differences(d, parsed); len(left) > 0 {
			t.Fatalf("%s left %s", body, encode(left))
		}
		if !sameValue(current["nickName"], parsed["nickName"]) {
			t.Fatalf("%s lost the nickName", body)
		}
	})
}

func parseStrictly(t *rapid.T, body []byte) map[string]any {
	r, err := scim.UserType.Parse(body)
	if err != nil || len(r.Notes)+len(r.Faults) > 0 {
		t.Fatalf("%s: %v %v %v", body, err, r.Notes, r.Faults)
	}
	return r.Object()
}

// TestPathSetGet: what was set is there, and nothing is after Clear.
func TestPathSetGet(t *testing.T) {
	paths := []string{"title", "name.givenName", `emails[type eq "work"].value`, `roles[primary eq true].value`, ent + ":department", ent + ":manager.value", "urn:acme:x:y.z"}
	rapid.Check(t, func(t *rapid.T) {
		doc, p, v := drawCurrent(t), mustPath(rapid.SampledFrom(paths).Draw(t, "path")), words.Draw(t, "value")
		if p.Set(doc, v); p.Get(doc) != v {
			t.Fatalf("%s: %v in %v", p, p.Get(doc), doc)
		}
		if p.Clear(doc); p.Get(doc) != nil {
			t.Fatalf("%s: %v after Clear in %v", p, p.Get(doc), doc)
		}
	})
}
