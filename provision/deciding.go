package provision

import (
	"encoding/json/v2"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decide turns what is known of one object into operations. It asks nobody and
// sends nothing.
func (p *planner) decide(s *subject) {
	s.InScope, s.Why = s.decision.In, s.decision.Why
	switch {
	case s.trouble != nil:
		p.refuse(s)
	case p.isProtected(s):
		p.settle(s, "It is protected and is never touched.")
	case s.out && (s.Target == "" || s.how != ""):
		p.settle(s, s.Why)
	case s.out && s.decision.In:
		p.disable(s, false)
	case s.out:
		p.leave(s)
	case s.current == nil:
		p.create(s)
	default:
		p.update(s)
	}
}

func (p *planner) isProtected(s *subject) bool {
	return p.compiled.protected[s.NameKey] || p.compiled.protected[fold(s.Anchor)]
}

// settle says that nothing is to be done.
func (p *planner) settle(s *subject, why string) {
	s.Why = why
	if s.how != "" {
		s.unlinkMatch()
	}
	if s.Gone && s.Target == "" {
		p.over = append(p.over, s.Key)
		return
	}
	s.Dirty, s.Failures, s.Retry, s.Error = false, 0, 0, ""
	p.changed = append(p.changed, s.Object)
}

// unlinkMatch takes back a link that nothing came of.
func (s *subject) unlinkMatch() { s.Object.Target, s.how, s.current = "", "", nil }

// refuse puts the object into escrow, with an entry in the log.
func (p *planner) refuse(s *subject) {
	if s.how != "" {
		s.unlinkMatch()
	}
	action := ActionUpdate
	if s.Target == "" {
		action = ActionCreate
	}
	now := p.Now()
	escrow(s.Object, *s.trouble, p.cycle.Number, now)
	p.stats.Failed++
	p.add(exportUsers, s, Op{
		Action: action, State: Failed, Why: s.Why, Time: now.UnixMicro(), Status: Failure, Code: s.trouble.code, Message: s.trouble.message,
		Detail: encode(Detail{Steps: s.steps(Failure), NextTry: s.Retry}),
	})
	p.changed = append(p.changed, s.Object)
}

// create plans a new object, and after it what refers to others.
func (p *planner) create(s *subject) {
	if !p.may(s.Type, ActionCreate) {
		p.settle(s, "It is in scope; the set-up does not let the target's objects be created.")
		return
	}
	rules := p.rules(s.Type)
	diffs, body, written := rules.creation(s.desired)
	op := p.add(phaseOf(s.Type), s, Op{
		Action: ActionCreate, Method: "POST", Body: string(body), Diff: encode(diffs), After: encode(written),
		Why: s.because(), Detail: s.detail(), Message: strings.Join(s.warnings, "\n"),
	})
	if len(s.later.Values) > 0 {
		s.current = rules.Resource(written)
	}
	p.finish(s, []*Op{op})
}

// update plans what differs, and the link where there was none.
func (p *planner) update(s *subject) {
	var ops []*Op
	diffs := p.differences(s, s.desired)
	switch {
	case len(diffs) > 0 && !p.may(s.Type, ActionUpdate):
		s.Why += " The set-up does not let it be updated."
	case len(diffs) > 0:
		ops = append(ops, p.change(phaseOf(s.Type), s, ActionUpdate, s.desired, diffs))
	case s.how != "":
		ops = append(ops, p.add(phaseOf(s.Type), s, Op{Action: ActionOther, Why: s.because(), After: encode(p.known(s)), Detail: s.detail()}))
	case s.Left > 0:
		s.Left = 0 // somebody at the target let him in again
	}
	p.finish(s, ops)
}

// known is Object.Written for what the target was seen to hold.
func (p *planner) known(s *subject) map[string]any {
	known := p.rules(s.Type).Current(s.current)
	if s.how != "" {
		delete(known, membersPath)
		if both := s.agreed(); len(both) > 0 {
			known[membersPath] = both
		}
	} else {
		carry(known, s.Written)
	}
	return known
}

// agreed are the members that a group has on both sides. From then on the source
// decides about them.
func (s *subject) agreed() (ids []string) {
	there := map[string]bool{}
	for _, id := range memberIDs(s.current) {
		there[id] = true
	}
	for _, v := range s.later.Values {
		if v.Key == membersPath {
			ids = append(ids, texts(v.Value)...)
		}
	}
	return slices.DeleteFunc(ids, func(id string) bool { return !there[id] })
}

// change is an operation that changes an object at the target.
func (p *planner) change(phase int, s *subject, action string, d Desired, diffs []Difference) *Op {
	rules := p.rules(s.Type)
	after := p.known(s)
	written := rules.Written(d, s.current)
	for _, path := range slices.Collect(maps.Keys(written)) {
		sent := slices.ContainsFunc(diffs, func(d Difference) bool { return d.Path == path })
		if path != membersPath && (sent || ignoring(after)[path] == nil) {
			after[path] = written[path]
		}
	}
	op := Op{Action: action, Method: "PATCH", Diff: encode(diffs), After: encode(after), Why: s.because(), Message: strings.Join(s.warnings, "\n"),
		Detail: s.detail()}
	if p.replaces(s.Type) {
		op.Method, op.Body = "PUT", string(rules.PutBody(s.current, diffs))
	} else {
		op.Body = string(rules.PatchBody(diffs, s.current, Style{p.profile.CapitalOps, p.profile.StringBooleans}))
	}
	if action == ActionUpdate {
		for _, d := range diffs {
			if d.New == nil {
				op.Losing, op.Loss = LosesAttributes, 1
			}
		}
	}
	return p.add(phase, s, op)
}

// finish adds what refers to others, asks whether an admin has to agree, and
// marks the last operation.
func (p *planner) finish(s *subject, ops []*Op) {
	ops = append(ops, p.referring(s)...)
	if len(ops) == 0 {
		p.settle(s, s.Why)
		return
	}
	waits := false
	for _, op := range ops {
		p.approve(s, op)
		waits = waits || op.State != Planned || op.Losing != ""
	}
	if last := ops[len(ops)-1]; !waits || len(ops) == 1 {
		last.Last = true
	}
	if s.how != "" { // written with the operation, not before
		s.unlinkMatch()
	}
	p.changed = append(p.changed, s.Object)
}

// referring plans memberships, in pieces, and references to objects that have
// no id yet.
func (p *planner) referring(s *subject) (ops []*Op) {
	var other Desired
	for _, v := range s.later.Values {
		if v.Key == membersPath && !p.replaces(s.Type) {
			ops = append(ops, p.members(s, v)...)
		} else {
			other.Values = append(other.Values, v)
		}
	}
	if diffs := p.differences(s, other); len(diffs) > 0 && p.may(s.Type, ActionUpdate) {
		ops = append(ops, p.change(exportReferences, s, ActionUpdate, other, diffs))
	}
	return ops
}

// members plans who joins and who leaves a group. Only those leave whom this
// application put there (I2).
func (p *planner) members(s *subject, v DesiredValue) (ops []*Op) {
	has, ours := map[string]bool{}, texts(decode(s.Written)[membersPath])
	there := memberIDs(s.current)
	if p.profile.HidesMembers {
		there = ours
	}
	for _, id := range there {
		has[id] = true
	}
	var wanted, add, remove []string
	stays := map[string]bool{}
	for _, id := range texts(v.Value) {
		wanted = append(wanted, id)
		stays[id] = true
		if !has[id] {
			add = append(add, id)
		}
	}
	for _, id := range ours {
		if has[id] && !stays[id] {
			remove = append(remove, id)
		}
	}
	size := p.profile.MaxMembers
	if size == 0 {
		size = 100
	}
	style := Style{p.profile.CapitalOps, p.profile.StringBooleans}
	for ids := range slices.Chunk(add, size) {
		ops = append(ops, p.add(exportMembers, s, Op{Action: ActionUpdate, Method: "PATCH", Body: string(MembersPatch(ids, nil, style)),
			Diff: encode([]Difference{{Path: membersPath, New: ids}}), Why: fmt.Sprintf("%d join", len(ids)), Detail: s.detail()}))
	}
	for ids := range slices.Chunk(remove, size) {
		ops = append(ops, p.add(exportMembers, s, Op{Action: ActionUpdate, Method: "PATCH", Body: string(MembersPatch(nil, ids, style)), Losing: LosesMembers, Loss: len(ids),
			Diff: encode([]Difference{{Path: membersPath, Old: ids}}), Why: fmt.Sprintf("%d leave: they are no longer members at the source, or out of scope", len(ids)), Detail: s.detail()}))
	}
	if len(ops) > 0 {
		after := p.known(s)
		after[membersPath] = wanted
		ops[len(ops)-1].After = encode(after)
	}
	return ops
}

// leave plans what the set-up wants for those who left the scope or the source.
func (p *planner) leave(s *subject) {
	action := p.App.Leavers.action()
	switch {
	case action == LeaveIgnore:
		p.settle(s, s.Why+": leavers are left as they are")
	case s.Type == groupType && action == LeaveDisable:
		p.settle(s, s.Why+": a group cannot be disabled, and leavers are not deleted")
	case s.Type == groupType || action == LeaveDelete:
		p.remove(s, s.because())
	case s.Left > 0 && action == LeaveDisableDelete && p.Now().UnixMicro()-s.Left >= p.App.Leavers.after().Microseconds():
		p.remove(s, fmt.Sprintf("%s; disabled on %s, and the time to come back is over", s.because(), time.UnixMicro(s.Left).UTC().Format("2006-01-02")))
	case s.Left > 0:
		p.settle(s, s.Why)
	default:
		p.disable(s, true)
	}
}

func (p *planner) remove(s *subject, why string) {
	if !p.may(s.Type, ActionDelete) {
		p.settle(s, s.Why+". The set-up does not let it be deleted.")
		return
	}
	phase := exportDeletedUsers
	if s.Type == groupType {
		phase = exportDeletedGroups
	}
	p.finish(s, []*Op{p.add(phase, s, Op{Action: ActionDelete, Method: "DELETE", Losing: LosesAccess, Loss: 1, Why: why, Detail: s.detail()})})
}

// disable takes access away. Of somebody out of scope nothing else is written
// any more.
func (p *planner) disable(s *subject, left bool) {
	if s.Left > 0 {
		p.settle(s, s.Why)
		return
	}
	rules := p.rules(s.Type)
	d := s.desired
	if left {
		d = rules.SoftOnly(d)
	}
	s.later = Desired{}
	if s.Type == groupType || len(rules.SoftOnly(d).Values) == 0 {
		p.settle(s, s.Why+": no mapping tells the target that somebody is disabled (IsSoftDeleted), so nothing is written")
		return
	}
	diffs := rules.Differences(d, s.current)
	if len(diffs) == 0 {
		s.Left = p.Now().UnixMicro()
		p.settle(s, s.Why+": the target has it disabled already")
		return
	}
	op := p.change(exportDisables, s, ActionDisable, d, diffs)
	op.Losing, op.Loss = LosesAccess, 1
	p.finish(s, []*Op{op})
}

// approve asks whether the operation may be done without an admin's word, and
// whether he has given it.
func (p *planner) approve(s *subject, op *Op) {
	if op.State != Planned || p.demand {
		return
	}
	var print string
	held := strings.Fields(s.Held)
	if len(held) > 0 {
		print = p.rules(s.Type).fingerprint(op)
	}
	if slices.Contains(held, "rejected:"+print) {
		op.State, op.Guard = Rejected, "an admin rejected it"
		p.stats.Planned--
		s.Dirty = false
		return
	}
	if slices.Contains(held, "approved:"+print) {
		op.Guard = approved
		return
	}
	switch {
	case p.App.Approval == Always:
		op.Guard = "every change waits for an admin"
	case p.App.Approval != Auto && (op.Losing == LosesAccess || op.Losing == LosesMembers):
		op.Guard = "what takes access away waits for an admin"
	default:
		return
	}
	op.State = Staged
	p.stats.Planned--
	p.stats.Staged++
}

const approved = "approved"

// fingerprint is what an admin's word is about: the same operation planned again
// has the same, and one with other values another.
func (r *Rules) fingerprint(op *Op) string {
	h := fnv.New64a()
	fmt.Fprintln(h, op.Action, op.Method)
	var diffs []Difference
	_ = json.Unmarshal([]byte(op.Diff), &diffs) // written by us
	for _, d := range diffs {
		if r.volatile(d.Path) {
			d.New = nil
		}
		fmt.Fprintln(h, d.Path, encode(d.New), encode(d.Old))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// may says whether the set-up allows the action.
func (p *planner) may(typ, action string) bool {
	m := p.App.Users
	if typ == groupType {
		m = p.App.Groups
	}
	return len(m.Actions) == 0 || slices.Contains(m.Actions, action)
}

func phaseOf(typ string) int {
	if typ == groupType {
		return exportGroups
	}
	return exportUsers
}

// because is the reason that the plan shows.
func (s *subject) because() string {
	if s.how != "" {
		return s.Why + "; " + s.how
	}
	return s.Why
}

func (s *subject) detail() string { return encode(Detail{Steps: s.steps(Success), Matched: s.how}) }

// steps are those of Entra's log.
func (s *subject) steps(status string) []Step {
	scoping := Success
	if !s.decision.In {
		scoping = "skipped"
	}
	matching := "no one at the target matches"
	switch {
	case s.how != "":
		matching = s.how
	case s.Target != "":
		matching = "linked to " + s.Target
	}
	return []Step{
		{Name: "EntryImport", Type: "import", Status: Success, Description: "read from the source as " + s.Anchor},
		{Name: "EntrySynchronizationScoping", Type: "scoping", Status: scoping, Description: s.decision.Why},
		{Name: "EntryMatching", Type: "matching", Status: status, Description: matching},
	}
}

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
	list, _ := doc[membersPath].([]any)
	for _, e := range list {
		switch e := e.(type) {
		case string:
			ids = append(ids, e)
		case map[string]any:
			if id, ok := e["value"].(string); ok {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
