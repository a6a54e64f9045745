package provision

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json/v2"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/scim"
)

// Difference is one attribute that is to become another. Old is nil where there
// was none, New where there is to be none.
type Difference struct {
	Path     string `json:"path"`
	Old      any    `json:"old"`
	New      any    `json:"new"`
	Redacted bool   `json:"redacted,omitzero"` // its values are written and shown nowhere

	parsed Path // Path, unless it was read from JSON
}

func (d *Difference) at() Path {
	if d.parsed.Attribute == "" {
		d.parsed = mustPath(d.Path)
	}
	return d.parsed
}

// redaction stands for what is not shown, in Entra's words.
const redaction = "[Redact]"

// MarshalJSON leaves redacted values out, so that what is made of differences
// afterwards has to be made before they are stored.
func (d Difference) MarshalJSON() ([]byte, error) {
	type plain Difference
	p := plain(d)
	if d.Redacted {
		p.Old, p.New = shown(d.Old), shown(d.New)
	}
	return json.Marshal(p, json.Deterministic(true))
}

func shown(v any) any {
	if v == nil {
		return nil
	}
	return redaction
}

// Differences is what has to change at the target, in the order of the mappings.
// current is the target's resource, decoded, or nil when it is to be created; it
// may also be what Resource knows of it. A value whose references have no ids yet
// is left out.
func (r *Rules) Differences(d Desired, current map[string]any) []Difference {
	var diffs []Difference
	for i := range d.Values {
		v := &d.Values[i]
		if v.Skip || v.Refs != nil && v.Value == nil {
			continue
		}
		old, next, differ := v.differs(current)
		if differ {
			diffs = append(diffs, Difference{v.Key, old, next, v.Redacted, v.Path})
		}
	}
	return diffs
}

// differs is the decision about one attribute.
func (v *DesiredValue) differs(current map[string]any) (old, next any, differ bool) {
	want := v.wanted()
	if current == nil {
		return nil, want, scim.Present(want)
	}
	old = v.Path.Get(current)
	empty := v.Value != nil && !scim.Present(want) // a list that is to have no elements
	switch {
	case v.Clear || empty:
		return old, nil, old != nil && !v.AddOnly
	case !scim.Present(want) || v.CreateOnly || v.IfEmpty && old != nil || v.same(want, old):
		return old, nil, false
	case v.AddOnly && old != nil:
		next, differ = v.Kind.union(scim.Elements(old), scim.Elements(want))
		return old, next, differ
	}
	return old, want, true
}

// wanted is the value as it stands in a resource: the ids of references in the
// objects that hold them.
func (v *DesiredValue) wanted() any {
	if v.Kind.Type != TypeReference || v.Value == nil {
		return v.Value
	}
	if !v.Kind.MultiValued {
		if v.Path.Sub != "" || !v.Kind.Known {
			return v.Value
		}
		return reference(v.Value)
	}
	list := make([]any, 0, len(scim.Elements(v.Value)))
	for _, id := range scim.Elements(v.Value) {
		list = append(list, reference(id))
	}
	return v.Kind.distinct(list)
}

func reference(id any) any {
	if _, is := id.(string); is {
		return map[string]any{"value": id}
	}
	return id
}

// same compares as the attribute's kind does.
func (v *DesiredValue) same(want, old any) bool {
	if text, ok := old.(string); ok && v.Redacted && strings.HasPrefix(text, redaction) {
		return text == disguise(want)
	}
	if v.Kind.Type == TypeDateTime && sameTime(want, old) {
		return true
	}
	return sameValue(want, old)
}

// Written is what the target will hold at the mapped paths once the differences
// have been written, for Object.Written.
func (r *Rules) Written(d Desired, current map[string]any) map[string]any {
	return d.written(applied(r.Differences(d, current), current))
}

// written is what the resource holds at the paths of d.
func (d Desired) written(after map[string]any) map[string]any {
	w := writing{after: after, values: map[string]any{}}
	for _, v := range d.Values {
		w.note(v.Path, v.Key, v.Kind, v.Redacted)
	}
	return w.marked()
}

// Current is what the target's resource holds at the mapped paths, for
// Object.Written.
func (r *Rules) Current(doc map[string]any) map[string]any {
	w := writing{after: doc, values: map[string]any{}}
	for _, u := range r.rules {
		w.note(u.path, u.key, u.kind, u.redacted)
	}
	return w.marked()
}

// Resource is as much of the target's resource as is known by what Written or
// Current answered.
func (r *Rules) Resource(written map[string]any) map[string]any {
	doc := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(written)) {
		p, err := ParsePath(key)
		if v := written[key]; err == nil && (v != nil && p.Get(doc) == nil) {
			p.Set(doc, v)
		}
	}
	return doc
}

// applied is a copy of the resource with the differences in it.
func applied(diffs []Difference, current map[string]any) map[string]any {
	after := scim.CloneObject(current)
	for _, d := range diffs {
		d.at().Set(after, d.New)
	}
	return after
}

// mustPath reads the path of a Difference, which one of ours wrote.
func mustPath(s string) Path {
	p, err := ParsePath(s)
	if err != nil {
		panic("provision: " + err.Error())
	}
	return p
}

// writing collects what is known of a target's resource.
type writing struct {
	after    map[string]any
	values   map[string]any
	elements []element
}

// element is one of which a sub-attribute is mapped.
type element struct {
	path Path
	told bool // by a value of it
}

func (w *writing) note(p Path, key string, k Kind, redacted bool) {
	v := p.Get(w.after)
	if len(p.Filter) > 0 && p.Sub != "" {
		w.element(p.element(), v != nil)
	}
	switch {
	case v == nil:
	case redacted:
		w.values[key] = disguise(v)
	case k.Type == TypeReference:
		w.values[key] = ids(v, k.MultiValued)
	default:
		w.values[key] = v
	}
}

func (w *writing) element(p Path, told bool) {
	for i := range w.elements {
		if e := &w.elements[i]; e.path.URN == p.URN && e.path.Attribute == p.Attribute && slices.Equal(e.path.Filter, p.Filter) {
			e.told = e.told || told
			return
		}
	}
	w.elements = append(w.elements, element{p, told})
}

// marked adds which elements are there without any of the values that are
// mapped: they are changed later, not added a second time.
func (w *writing) marked() map[string]any {
	for _, e := range w.elements {
		if !e.told && e.path.Get(w.after) != nil {
			w.values[e.path.String()] = map[string]any{}
		}
	}
	return w.values
}

// ids are what a reference's value comes down to.
func ids(v any, many bool) any {
	if !many {
		return idOf(v)
	}
	list := make([]any, 0, len(scim.Elements(v)))
	for _, e := range scim.Elements(v) {
		list = append(list, idOf(e))
	}
	return list
}

// idOf is the id in an element of a reference, or the element where it is the
// id itself.
func idOf(v any) any {
	if e, ok := v.(map[string]any); ok {
		return e[keyIn(e, "value")]
	}
	return v
}

// disguise stands for a redacted value in what is kept, so that another
// value is noticed.
func disguise(v any) string {
	if text, ok := v.(string); ok && strings.HasPrefix(text, redaction) {
		return text
	}
	sum := sha256.Sum256([]byte(encode(v)))
	return redaction + " " + base64.RawURLEncoding.EncodeToString(sum[:12])
}

// CreateBody is the resource to POST. The same Desired gives the same bytes.
func (r *Rules) CreateBody(d Desired) []byte {
	_, body, _ := r.creation(d)
	return body
}

// creation is Differences, CreateBody and Written of what is not there yet, in
// one go.
func (r *Rules) creation(d Desired) (diffs []Difference, body []byte, written map[string]any) {
	diffs = r.Differences(d, nil)
	after := applied(diffs, nil)
	written = d.written(after)
	return diffs, r.body(after, diffs), written
}

// PutBody is the whole resource with the differences in it, to PUT: without what
// only the target writes.
func (r *Rules) PutBody(current map[string]any, diffs []Difference) []byte {
	doc := applied(diffs, current)
	for _, name := range []string{"id", "meta", "groups", scim.RollcallSchema} {
		delete(doc, keyIn(doc, name))
	}
	return r.body(doc, diffs)
}

// body writes a resource, and first the schemas that it uses (RFC 7643 section
// 3).
func (r *Rules) body(doc map[string]any, diffs []Difference) []byte {
	key := keyIn(doc, "schemas")
	used := []string{scim.UserSchema}
	if r.typ == source.Group {
		used[0] = scim.GroupSchema
	}
	for _, s := range scim.Elements(doc[key]) {
		if urn, _ := s.(string); urn != "" && urn != scim.RollcallSchema && !slices.Contains(used, urn) {
			used = append(used, urn)
		}
	}
	for _, d := range diffs {
		if urn := d.at().URN; urn != "" && d.New != nil && !slices.Contains(used, urn) {
			used = append(used, urn)
		}
	}
	delete(doc, key)
	rest := encode(doc)[1:]
	if len(doc) > 0 {
		rest = "," + rest
	}
	return []byte(`{"schemas":` + encode(used) + rest)
}
