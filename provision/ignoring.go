package provision

import "slices"

// ignoredKey is where Object.Written keeps what was sent and did not become what
// the target holds. It is no path, so no mapping can have it.
const ignoredKey = "(ignored)"

// ignored is what was sent for a path, and what the target made of it: nothing,
// or a spelling of its own. As long as neither changes it is not sent again, or
// an object of such a target would never be as it should be (I4).
type ignored struct {
	Sent any `json:"sent,omitzero"`
	Kept any `json:"kept,omitzero"`
}

// ignoring are the paths of an Object.Written that the target ignored.
func ignoring(written map[string]any) map[string]any {
	list, _ := written[ignoredKey].(map[string]any)
	return list
}

// carry keeps what Object.Written knows beside the target's own answers: whom
// we put into a group, and what was ignored.
func carry(now map[string]any, written string) {
	before := decode(written)
	for _, key := range []string{membersPath, ignoredKey} {
		if v, ok := before[key]; ok {
			now[key] = v
		}
	}
}

// differences are those that are worth sending.
func (p *planner) differences(s *subject, d Desired) []Difference {
	diffs := p.rules(s.Type).Differences(d, s.current)
	if p.demand || len(diffs) == 0 {
		return diffs // who asks for one object wants to see what happens
	}
	list := ignoring(decode(s.Written))
	return slices.DeleteFunc(diffs, func(d Difference) bool {
		e, ok := list[d.Path].(map[string]any)
		return ok && alike(d.New, e["sent"]) && alike(d.Old, e["kept"])
	})
}

func alike(a, b any) bool { return sameValue(a, b) && sameValue(b, a) }

// answered is Object.Written, which was before, after the target answered an
// operation with now. Of active it is not believed that it was ignored: it is
// access.
func (op *Op) answered(after, now map[string]any, before string) map[string]any {
	list := ignoring(decode(before))
	if list == nil {
		list = map[string]any{}
	}
	for _, d := range op.Differences() {
		delete(list, d.Path)
		if d.Path != membersPath && d.Path != "active" && !d.Redacted && !sameValue(d.New, now[d.Path]) {
			list[d.Path] = ignored{d.New, now[d.Path]}
		}
	}
	delete(now, membersPath) // where they are shown, others may have added some
	if members, ok := after[membersPath]; ok {
		now[membersPath] = members
	}
	if len(list) > 0 {
		now[ignoredKey] = list
	}
	return now
}
