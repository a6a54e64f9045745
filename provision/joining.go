package provision

import (
	"fmt"
	"slices"

	"github.com/rollcall-scim/rollcall/scim"
)

// joining is who joins and who leaves a group at the target.
type joining struct {
	wanted      []string // who is to be a member by the source
	add, remove []string
}

// joins compares. Only those leave whom this application put there (I2). Where
// the target hides its members, these are all that is known.
func (s *subject) joins(v DesiredValue, hidden bool) (j joining) {
	has, stays := map[string]bool{}, map[string]bool{}
	ours := texts(s.known.values[membersPath])
	there := memberIDs(s.current)
	if hidden {
		there = ours
	}
	for _, id := range there {
		has[id] = true
	}
	for _, id := range texts(v.Value) {
		if stays[id] {
			continue
		}
		stays[id] = true
		j.wanted = append(j.wanted, id)
		if !has[id] {
			j.add = append(j.add, id)
		}
	}
	for _, id := range ours {
		if has[id] && !stays[id] && !v.AddOnly {
			j.remove = append(j.remove, id)
		}
	}
	return j
}

// members plans memberships: by PATCH in pieces, or by one PUT of the group with
// those members whom others added.
func (p *planner) members(s *subject, v DesiredValue, ops []*Op) []*Op {
	j := s.joins(v, p.profile.HidesMembers)
	switch {
	case len(j.add)+len(j.remove) == 0:
		p.adopt(s, j.wanted, ops)
		return ops
	case p.replaces(s.Type):
		return append(ops, p.putMembers(s, j))
	}
	size := p.profile.MaxMembers
	if size == 0 {
		size = 100
	}
	for ids := range slices.Chunk(j.add, size) {
		ops = append(ops, p.add(exportMembers, s, Op{Action: ActionUpdate, Method: "PATCH", Body: string(MembersPatch(ids, nil, p.style())),
			Diff: encode([]Difference{{Path: membersPath, New: ids}}), Why: fmt.Sprintf("%d join", len(ids)), Detail: s.detail()}))
	}
	for ids := range slices.Chunk(j.remove, size) {
		ops = append(ops, p.add(exportMembers, s, Op{Action: ActionUpdate, Method: "PATCH", Body: string(p.removal(ids)), Losing: LosesMembers, Loss: len(ids),
			Diff: encode([]Difference{{Path: membersPath, Old: ids}}), Why: whyLeave(len(ids)), Detail: s.detail()}))
	}
	return ops
}

func whyLeave(n int) string {
	return fmt.Sprintf("%d leave: they are no longer members at the source, or out of scope", n)
}

// adopt notes as ours those members who were there before us and whom the
// source wants: when it does no more, they go.
func (p *planner) adopt(s *subject, wanted []string, ops []*Op) {
	if sameMembers(wanted, texts(s.known.values[membersPath])) {
		return
	}
	if len(ops) > 0 {
		op := ops[len(ops)-1]
		after := decode(op.After)
		after[membersPath] = wanted
		op.After = encode(after)
		return
	}
	s.known.values[membersPath] = wanted
	s.Written = s.known.encode()
}

// putMembers is a PUT of the group as it is, with those who join and without those
// who leave.
func (p *planner) putMembers(s *subject, j joining) *Op {
	var next []any
	for _, e := range scim.Elements(s.current[membersPath]) {
		if id, _ := idOf(e).(string); !slices.Contains(j.remove, id) {
			next = append(next, e)
		}
	}
	for _, id := range j.add {
		next = append(next, reference(id))
	}
	d := Difference{Path: membersPath, Old: s.current[membersPath]}
	if next != nil {
		d.New = next
	}
	op := p.change(exportMembers, s, ActionUpdate, []Difference{d})
	after := decode(op.After)
	after[membersPath] = j.wanted
	op.After, op.Why = encode(after), fmt.Sprintf("%d join", len(j.add))
	if n := len(j.remove); n > 0 {
		op.Losing, op.Loss, op.Why = LosesMembers, n, op.Why+", "+whyLeave(n)
	}
	return op
}

// removal is one PATCH message that takes members out, in the form that the
// target knows.
func (p *planner) removal(ids []string) []byte {
	if !p.profile.ListedRemoval {
		return MembersPatch(nil, ids, p.style())
	}
	list := make([]any, len(ids))
	for i, id := range ids {
		list[i] = reference(id)
	}
	return message([]patchOperation{{opRemove, membersPath, list}}, p.style())
}

func (c *run) style() Style { return Style{c.profile.CapitalOps, c.profile.StringBooleans} }

func texts(v any) (list []string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				list = append(list, s)
			}
		}
	case []string:
		list = v
	}
	return list
}

// memberIDs are the ids in a group resource, or in Object.Written.
func memberIDs(doc map[string]any) (ids []string) {
	for _, e := range scim.Elements(doc[membersPath]) {
		if id, ok := idOf(e).(string); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
