package provision

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source"
)

// Rules are the mappings of users, or of groups, made ready to be evaluated. They
// are safe for concurrent use.
type Rules struct {
	typ   string
	rules []rule
	match [][]int // places in rules, in the order of precedence
}

// rule is one mapping, made ready.
type rule struct {
	mapping    *Mapping
	path       Path
	key        string // path.String()
	kind       Kind
	expression *expression.Expression // nil: From, Constant or None
	redacted   bool
	createOnly bool
	addOnly    bool
}

// Fault is something wrong with a set-up, found before anything runs.
type Fault struct {
	Where string // such as users.mappings.userName
	Why   string // a sentence, with the cure
}

func (f Fault) String() string { return f.Where + ": " + f.Why }

// AttributeFault is a mapping that gives no value for one object. The others are
// not touched by it, unless it is Fatal: then the object cannot be created.
type AttributeFault struct {
	Target string
	Code   string // Entra's error code
	Why    string
	Fatal  bool
}

func (f AttributeFault) String() string { return f.Target + ": " + f.Why }

// Input is what mappings are evaluated over beside the record.
type Input struct {
	Now           time.Time
	Random        io.Reader // nil: the system's
	DefaultDomain string
	// Taken says whether the target has a candidate of SelectUniqueValue already at
	// that path. Nil: nothing is.
	Taken func(path, candidate string) (bool, error)
	// SoftDeleted is [IsSoftDeleted]: not in scope, disabled, or gone.
	SoftDeleted bool
	// Linked says that the object is at the target already: what only counts when
	// it is created is left out, and nothing that is missing is fatal.
	Linked bool
}

// Desired is what an object should be at the target.
type Desired struct{ Values []DesiredValue }

// DesiredValue is one attribute of it.
type DesiredValue struct {
	Mapping *Mapping
	Path    Path
	Key     string // Path.String()
	Kind    Kind
	// Value is in JSON's form: string, bool, scim.Number, []any or
	// map[string]any. Nil is no value, which leaves the target's unless Clear.
	Value any
	// Refs are what the source calls the objects that a reference names. Whoever
	// knows their ids puts an id, or a list of ids, into Value; until then the
	// value is left out.
	Refs []string

	Clear      bool // no value means that the target's is removed
	Skip       bool // nothing is to be done
	Redacted   bool
	CreateOnly bool
	AddOnly    bool
	IfEmpty    bool
}

// Find is the value of that key, or nil.
func (d Desired) Find(key string) *DesiredValue {
	i := slices.IndexFunc(d.Values, func(v DesiredValue) bool { return v.Key == key })
	if i < 0 {
		return nil
	}
	return &d.Values[i]
}

// Evaluate computes what the object of a record should be at the target, in the
// order of the mappings. A mapping that fails is skipped and told of.
func (r *Rules) Evaluate(rec *source.Record, in Input) (Desired, []AttributeFault) {
	d := Desired{make([]DesiredValue, 0, len(r.rules))}
	var faults []AttributeFault
	attribute := func(name string) expression.Value { return attributeOf(rec, name, in.SoftDeleted) }
	for i := range r.rules {
		u := &r.rules[i]
		v, err := u.evaluate(attribute, in)
		if err == nil && u.kind.Required && v.Value == nil && !v.Skip && !in.mild() {
			err = &missingError{}
		}
		if err != nil {
			v.Skip = true
			faults = append(faults, u.fault(err, in))
		}
		d.Values = append(d.Values, v)
	}
	return d, faults
}

// mild says that nobody is to be created, so that nothing is missing for it.
func (in Input) mild() bool { return in.Linked || in.SoftDeleted }

// softDeleted is the attribute that no source has.
const softDeleted = "IsSoftDeleted"

// attributeOf is a source attribute as mappings and scoping filters name it.
// objectId is the anchor where the source has none.
func attributeOf(rec *source.Record, name string, out bool) expression.Value {
	switch v := rec.Get(name); {
	case equalName(name, softDeleted):
		return expression.Bool(out)
	case v.IsNull() && equalName(name, "objectId"):
		return expression.Text(rec.Anchor)
	default:
		return v
	}
}

type missingError struct{}

func (*missingError) Error() string {
	return "it has no value, and the target needs one: give it one at the source, or a default in the mapping"
}

func (u *rule) fault(err error, in Input) AttributeFault {
	f := AttributeFault{Target: u.key, Code: "InternalError", Why: err.Error()}
	if _, missing := err.(*missingError); missing {
		f.Code = "MandatoryFieldsMissing"
	}
	f.Fatal = (u.kind.Required || u.mapping.Match > 0) && !in.mild()
	return f
}

// evaluate computes one attribute.
func (u *rule) evaluate(attribute func(string) expression.Value, in Input) (DesiredValue, error) {
	m := u.mapping
	v := DesiredValue{
		Mapping: m, Path: u.path, Key: u.key, Kind: u.kind, Redacted: u.redacted,
		CreateOnly: u.createOnly, AddOnly: u.addOnly, IfEmpty: m.Apply == ApplyIfEmpty || m.None,
	}
	switch {
	case m.None && m.Default == nil, u.createOnly && in.Linked:
		v.Skip = true
		return v, nil
	case m.None:
		return v, v.take(expression.Text(*m.Default))
	}
	value, err := u.value(attribute, in)
	v.Redacted = v.Redacted || value.Redacted
	switch {
	case err != nil:
		return v, err
	case value.Ignored:
		v.Skip = true
		return v, nil
	case isEmpty(value):
		return v, v.takeNothing()
	}
	return v, v.take(value)
}

// value is what the mapping yields, as the source's language has it.
func (u *rule) value(attribute func(string) expression.Value, in Input) (expression.Value, error) {
	switch m := u.mapping; {
	case u.expression != nil:
		env := expression.Input{Attribute: attribute, Now: in.Now, Random: in.Random, DefaultDomain: in.DefaultDomain}
		if in.Taken != nil {
			env.Taken = func(candidate string) (bool, error) { return in.Taken(u.key, candidate) }
		}
		return u.expression.Eval(env)
	case m.Constant != nil:
		return expression.Text(*m.Constant), nil
	default:
		return attribute(m.From), nil
	}
}

// isEmpty says that nothing is there to be written: SCIM takes an empty text,
// which a target need not keep, for none.
func isEmpty(v expression.Value) bool {
	return !slices.ContainsFunc(v.Texts(), func(s string) bool { return s != "" })
}

// take makes a value of the source's the target's.
func (v *DesiredValue) take(value expression.Value) (err error) {
	if v.Kind.Type == TypeReference {
		v.Refs = v.Kind.references(value)
		return nil
	}
	if v.Value, err = v.Kind.convert(value); err != nil && v.Redacted {
		return fmt.Errorf("the value, which is not shown, cannot be written as %s", v.Kind.Type)
	}
	return err
}

// takeNothing is the null policy.
func (v *DesiredValue) takeNothing() error {
	m := v.Mapping
	if m.Default == nil {
		v.Clear = m.Null == NullClear
		if v.Kind.Type == TypeReference && v.Kind.MultiValued {
			v.Value = []any{} // a group without members has none, and that is no unknown
		}
		return nil
	}
	// A default is for the creation; on updates only if the policy says so.
	v.CreateOnly = v.CreateOnly || m.Null != NullDefault
	return v.take(expression.Text(*m.Default))
}
