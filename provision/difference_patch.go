package provision

import "github.com/rollcall-scim/rollcall/scim"

// Style is how a target wants PATCH messages, where it departs from RFC 7644.
type Style struct {
	CapitalOps     bool // Add, Replace, Remove
	StringBooleans bool // "True" and "False"
}

// patchOperation is one operation of a PATCH message (RFC 7644 section 3.5.2).
type patchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitzero"`
}

const (
	opAdd     = "add"
	opReplace = "replace"
	opRemove  = "remove"
)

// PatchBody is one PATCH message that makes the differences, in their order, but
// that what is taken away comes last: an element may be gone with its last value.
// It asks for nothing that a strict server refuses: replace has a target, and
// what a filter names is there, or is added whole. current is what the
// differences were made from.
func (r *Rules) PatchBody(diffs []Difference, current map[string]any, style Style) []byte {
	b := patchBuilder{current: current, after: applied(diffs, current), style: style, whole: map[string]bool{}}
	for _, d := range diffs {
		p := d.at()
		if len(p.Filter) > 0 {
			b.element(p, d)
		} else {
			b.attribute(p, d)
		}
	}
	return message(append(b.operations, b.removals...), style)
}

type patchBuilder struct {
	current, after map[string]any
	style          Style
	operations     []patchOperation
	removals       []patchOperation
	whole          map[string]bool // elements that are added or removed whole
}

func (b *patchBuilder) add(op string, p Path, v any) {
	b.operations = append(b.operations, patchOperation{op, p.write(b.style.StringBooleans), v})
}

func (b *patchBuilder) remove(p Path) {
	b.removals = append(b.removals, patchOperation{Op: opRemove, Path: p.write(b.style.StringBooleans)})
}

func (b *patchBuilder) attribute(p Path, d Difference) {
	switch {
	case d.New == nil:
		b.remove(p)
	case d.Old == nil:
		b.add(opAdd, p, d.New)
	default:
		if list, ok := d.New.([]any); ok {
			if more, only := added(d.Old, list); only {
				b.add(opAdd, p, more)
				return
			}
		}
		b.add(opReplace, p, d.New)
	}
}

// added are the elements that a list gains, if it loses none.
func added(old any, list []any) (more []any, only bool) {
	was := scim.Elements(old)
	more = missing(list, was)
	return more, len(more) > 0 && len(was)+len(more) == len(list)
}

// element changes the element that a filter names, or adds or removes it whole.
func (b *patchBuilder) element(p Path, d Difference) {
	e := p.element()
	key := e.String()
	there, stays := e.Get(b.current) != nil, e.Get(b.after) != nil
	switch {
	case b.whole[key]:
	case !there && stays:
		b.whole[key] = true
		b.add(opAdd, p.Whole(), []any{e.Get(b.after)})
	case there && !stays:
		b.whole[key] = true
		b.remove(e)
	case d.New == nil:
		b.remove(p)
	case d.Old == nil:
		b.add(opAdd, p, d.New)
	default:
		b.add(opReplace, p, d.New)
	}
}

// MembersPatch is one PATCH message that adds members to a group and removes
// others, by their ids or virtual ids. How many a target takes in one message is
// for the caller to know.
func MembersPatch(add, remove []string, style Style) []byte {
	var operations []patchOperation
	if len(add) > 0 {
		list := make([]any, len(add))
		for i, id := range add {
			list[i] = reference(id)
		}
		operations = append(operations, patchOperation{opAdd, membersPath, list})
	}
	for _, id := range remove {
		p := Path{Attribute: membersPath, Filter: []Term{{"value", id}}}
		operations = append(operations, patchOperation{Op: opRemove, Path: p.String()})
	}
	return message(operations, style)
}

// capitals is how Entra ID wrote operations at first.
var capitals = map[string]string{opAdd: "Add", opReplace: "Replace", opRemove: "Remove"}

func message(operations []patchOperation, style Style) []byte {
	for i := range operations {
		o := &operations[i]
		if style.CapitalOps {
			o.Op = capitals[o.Op]
		}
		if style.StringBooleans {
			o.Value = textBooleans(o.Value)
		}
	}
	return []byte(encode(struct {
		Schemas    []string         `json:"schemas"`
		Operations []patchOperation `json:"Operations"`
	}{[]string{scim.PatchOpURN}, operations}))
}

// textBooleans is a copy of v with "True" and "False" for booleans.
func textBooleans(v any) any {
	switch v := v.(type) {
	case bool:
		return booleanText(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = textBooleans(e)
		}
		return list
	case map[string]any:
		o := make(map[string]any, len(v))
		for name, e := range v {
			o[name] = textBooleans(e)
		}
		return o
	}
	return v
}
