package provision

import (
	"slices"
	"strings"
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

func (p *planner) isProtected(s *subject) bool { return p.compiled.protects(s.Object) }

func (r *rules) protects(o *Object) bool {
	return r.protected[o.NameKey] || r.protected[fold(o.Anchor)]
}

// settle says that nothing is to be done. What an admin said of an earlier plan
// is over with it.
func (p *planner) settle(s *subject, why string) {
	s.Why = why
	if s.how != "" {
		s.unlinkMatch()
	}
	if s.Gone && s.Target == "" {
		p.over = append(p.over, s.Key)
		return
	}
	s.Dirty, s.Held = false, ""
	s.recovered()
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
	at := now.UnixMicro()
	if p.request.PlanOnly {
		at = 0 // nothing was tried, so nothing is logged
	}
	p.add(phaseOf(s.Type), s, Op{
		Action: action, State: Failed, Why: s.Why, Time: at, Status: Failure, Code: s.trouble.code, Message: s.trouble.message,
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
	if !p.claimKeys(s) {
		s.trouble = &trouble{"DuplicateSourceEntries", "Somebody else of the source has the same matching attributes and is to be created too. Two people cannot have one account: correct one of them at the source."}
		p.refuse(s)
		return
	}
	rules := p.rules(s.Type)
	diffs, body, written := rules.creation(s.desired)
	if hidden := maskedDesired(s.desired); hidden != nil {
		body = rules.CreateBody(*hidden)
	}
	s.stored = written
	if len(s.later.Values) > 0 {
		s.current = applied(diffs, nil)
	}
	op := p.add(phaseOf(s.Type), s, Op{
		Action: ActionCreate, Method: "POST", Body: string(body), Diff: encode(diffs), After: encode(s.stored),
		Why: s.because(), Detail: s.detail(), Message: strings.Join(s.warnings, "\n"),
	})
	p.finish(s, []*Op{op})
}

// update plans what differs, and the link where there was none.
func (p *planner) update(s *subject) {
	var ops []*Op
	diffs := p.differences(s, s.desired)
	if len(diffs) > 0 && !p.may(s.Type, ActionUpdate) {
		s.Why += " The set-up does not let it be updated."
		diffs = nil
	}
	switch {
	case len(diffs) > 0:
		ops = append(ops, p.change(phaseOf(s.Type), s, ActionUpdate, diffs))
	case s.how != "":
		ops = append(ops, p.add(phaseOf(s.Type), s, Op{Action: ActionOther, Why: s.because(), After: p.teach(s, s.current), Detail: s.detail()}))
	case s.Left > 0:
		s.Left = 0 // somebody at the target let him in again
	}
	p.finish(s, ops)
}

// teach is Op.After: what will be known once the target holds the resource, and
// was not before.
func (p *planner) teach(s *subject, resource map[string]any) string {
	after := p.rules(s.Type).Current(resource)
	delete(after, membersPath)
	changed := changedValues(s.stored, after)
	s.stored = after
	return encode(changed)
}

// change is an operation that changes an object at the target. The next one
// about it begins where this one ends.
func (p *planner) change(phase int, s *subject, action string, diffs []Difference) *Op {
	rules := p.rules(s.Type)
	op := Op{Action: action, Method: "PATCH", Diff: encode(diffs), Why: s.because(), Message: strings.Join(s.warnings, "\n"), Detail: s.detail()}
	if p.replaces(s.Type) {
		op.Method, op.Body = "PUT", string(rules.PutBody(maskedResource(s.current, s.desired), maskedDifferences(diffs)))
	} else {
		op.Body = string(rules.PatchBody(maskedDifferences(diffs), s.current, p.style()))
	}
	s.current = applied(diffs, s.current)
	op.After = p.teach(s, s.current)
	if action == ActionUpdate {
		for _, d := range diffs {
			if d.New == nil && d.Path != membersPath {
				op.Losing, op.Loss = LosesAttributes, 1
			}
		}
	}
	return p.add(phase, s, op)
}

// finish adds what refers to others, asks whether an admin has to agree, and
// marks the last operation.
func (p *planner) finish(s *subject, ops []*Op) {
	ops = p.referring(s, ops)
	if len(ops) == 0 {
		p.settle(s, s.Why)
		return
	}
	open, goes, all := false, false, true
	for _, op := range ops {
		p.approve(s, op)
		open = open || op.State == Planned || op.State == Staged
		goes = goes || op.State == Planned
		all = all && op.State == Planned
	}
	s.Dirty = open // what was rejected stays so until the source changes
	if !goes {
		s.Retry = 0 // it waits for an admin, and not for its time
	}
	ops[len(ops)-1].Last = lastOf(ops)
	if s.how != "" { // written with the operation, not before
		s.unlinkMatch()
	}
	if all && ops[0].Action == ActionCreate {
		return // its row is written when it was created, and twice would be once too often
	}
	p.changed = append(p.changed, s.Object)
}

// lastOf says that nothing of the plan is left to do for an object once the last
// of its operations is done: none before can have been held back and this one
// not.
func lastOf(ops []*Op) bool {
	last := ops[len(ops)-1]
	for _, op := range ops[:len(ops)-1] {
		guarded := op.Losing != "" && op.Guard != approved
		if op.State != Planned || guarded && (op.Losing != last.Losing || last.Guard == approved) {
			return false
		}
	}
	return true
}

// referring plans memberships, and references to objects that have no id yet.
func (p *planner) referring(s *subject, ops []*Op) []*Op {
	if !p.may(s.Type, ActionUpdate) {
		return ops
	}
	var other Desired
	for _, v := range s.later.Values {
		if v.Key == membersPath {
			ops = p.members(s, v, ops)
		} else {
			other.Values = append(other.Values, v)
		}
	}
	if diffs := p.differences(s, other); len(diffs) > 0 {
		ops = append(ops, p.change(exportReferences, s, ActionUpdate, diffs))
	}
	return ops
}

// may says whether the set-up allows the action.
func (c *run) may(typ, action string) bool {
	m := c.App.Users
	if typ == groupType {
		m = c.App.Groups
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
