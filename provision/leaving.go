package provision

import (
	"fmt"
	"time"
)

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
	s.later = Desired{}
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
	if !p.may(s.Type, ActionUpdate) {
		p.settle(s, s.Why+". The set-up does not let it be updated, and to disable is to update.")
		return
	}
	rules := p.rules(s.Type)
	d := s.desired
	if left {
		d = rules.SoftOnly(d)
	}
	s.later = Desired{}
	switch {
	case s.Type == groupType || len(rules.SoftOnly(d).Values) == 0:
		p.settle(s, s.Why+": no mapping tells the target that somebody is disabled (IsSoftDeleted), so nothing is written")
		return
	case !p.may(s.Type, ActionUpdate):
		p.settle(s, s.Why+". The set-up does not let it be updated.")
		return
	}
	diffs := p.differences(s, d)
	if len(diffs) == 0 {
		s.Left = p.Now().UnixMicro()
		p.settle(s, s.Why+": the target has it disabled already")
		return
	}
	op := p.change(exportDisables, s, ActionDisable, diffs)
	op.Losing, op.Loss = LosesAccess, 1
	p.finish(s, []*Op{op})
}
