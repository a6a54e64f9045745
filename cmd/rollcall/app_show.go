package main

import (
	"encoding/json/v2"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
)

// cycleLine is a cycle for programs to read.
type cycleLine struct {
	Number  int64           `json:"number"`
	Kind    string          `json:"kind"`
	Phase   string          `json:"phase"`
	Outcome string          `json:"outcome"`
	Message string          `json:"message,omitzero"`
	Actor   string          `json:"actor"`
	Started time.Time       `json:"started"`
	Ended   time.Time       `json:"ended,omitzero"`
	Done    int64           `json:"done,omitzero"`
	Total   int64           `json:"total,omitzero"`
	Stats   provision.Stats `json:"stats"`
}

func asCycleLine(c *provision.Cycle) cycleLine {
	l := cycleLine{Number: c.Number, Kind: c.Kind, Phase: c.Phase, Outcome: c.Outcome, Message: c.Message, Actor: c.Actor,
		Started: time.UnixMicro(c.Started).UTC(), Done: c.Done, Total: c.Total, Stats: c.Counted()}
	if c.Ended > 0 {
		l.Ended = time.UnixMicro(c.Ended).UTC()
	}
	return l
}

// showCycle tells how a cycle ended. One that failed is an error.
func (s *appSession) showCycle(c *provision.Cycle) error {
	err := show(s.Command, asCycleLine(c), func(w io.Writer) {
		n := c.Counted()
		fmt.Fprintf(w, "%s cycle %d of %s: %s in %s\n", capital(c.Kind), c.Number, s.app.Name, c.Outcome, lasted(c))
		writeCounts(w, n)
		writeLines(w, c.Message, n.Notes, n.Duplicates)
	})
	if err == nil && c.Outcome != provision.Success && c.Outcome != provision.Warning {
		return fmt.Errorf("the cycle did not end well: %s", firstLine(c.Message))
	}
	return err
}

func lasted(c *provision.Cycle) string {
	return time.Duration((c.Ended - c.Started) * 1000).Round(10 * time.Millisecond).String()
}

func writeCounts(w io.Writer, n provision.Stats) {
	parts := []string{}
	for _, f := range []struct {
		n    int
		what string
	}{
		{n.Read, "read"}, {n.Matched, "matched"}, {n.Created, "created"}, {n.Updated, "updated"}, {n.Disabled, "disabled"}, {n.Removed, "deleted"},
		{n.Failed, "failed"}, {n.Staged, "waiting for an admin"}, {n.Drifted, "changed at the target by others"}, {n.Vanished, "missing at the target"},
	} {
		if f.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", f.n, f.what))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing to do"}
	}
	fmt.Fprintf(w, "  %s; %s\n", strings.Join(parts, ", "), count(int(n.Requests), "request"))
}

func writeLines(w io.Writer, message string, lists ...[]string) {
	limit := widthOf(w)
	told := slices.Collect(strings.SplitSeq(message, "\n"))
	for _, line := range told {
		writeIndented(w, line, limit)
	}
	for _, list := range lists {
		list = slices.DeleteFunc(slices.Clone(list), func(line string) bool { return slices.Contains(told, line) })
		told = append(told, list...)
		for i, line := range list {
			if i == 10 {
				writeIndented(w, fmt.Sprintf("and %d more like these", len(list)-i), limit)
				break
			}
			writeIndented(w, line, limit)
		}
	}
}

// shownOfEach is how many operations of a kind a plan shows to people.
const shownOfEach = 20

// showPlan shows a plan, and ends with exitChanges when there is something to do.
func (s *appSession) showPlan(e *provision.Engine, c *provision.Cycle, all bool) error {
	if c.Outcome != provision.Success && c.Outcome != provision.Warning {
		return fmt.Errorf("the plan could not be made: %s", c.Message)
	}
	counts, err := s.state.CountOps(s.Context(), c.Number)
	if err != nil {
		return err
	}
	changes := 0
	for _, n := range counts {
		// To link those who are as they should be writes nothing.
		if (n.State == provision.Planned || n.State == provision.Staged) && n.Action != provision.ActionOther {
			changes += n.N
		}
	}
	if asJSON, _ := s.Flags().GetBool("json"); asJSON {
		err = s.writePlanJSON(c, changes)
	} else {
		err = s.writePlan(e, c, counts, changes, all)
	}
	if err == nil && changes > 0 {
		return exitChanges
	}
	return err
}

// eachOp gives a cycle's operations to fn, however many they are.
func (s *appSession) eachOp(cycle int64, fn func(*provision.Op) error) error {
	after := int64(0)
	for {
		ops, err := s.state.Ops(s.Context(), provision.OpQuery{Cycle: cycle, After: after, Limit: 500})
		if err != nil || len(ops) == 0 {
			return err
		}
		for _, op := range ops {
			if err := fn(op); err != nil {
				return err
			}
			after = op.Number
		}
	}
}

// writePlanJSON writes operation by operation, so that a plan of a million does
// not have to fit into memory.
func (s *appSession) writePlanJSON(c *provision.Cycle, changes int) error {
	w := s.OutOrStdout()
	head, err := json.Marshal(asCycleLine(c), json.Deterministic(true))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "{\"cycle\":%s,\n\"changes\":%d,\n\"operations\":[", head, changes)
	comma := "\n"
	err = s.eachOp(c.Number, func(op *provision.Op) error {
		line, err := json.Marshal(op.Entry(false), json.Deterministic(true))
		if err == nil {
			_, err = fmt.Fprintf(w, "%s%s", comma, line)
			comma = ",\n"
		}
		return err
	})
	if err == nil {
		_, err = io.WriteString(w, "\n]}\n")
	}
	return err
}

// signs begin a plan's lines.
var signs = map[string]string{
	provision.ActionCreate: "+", provision.ActionUpdate: "~", provision.ActionDisable: "!", provision.ActionDelete: "-", provision.ActionOther: "=",
}

func (s *appSession) writePlan(e *provision.Engine, c *provision.Cycle, counts []provision.OpCount, changes int, all bool) error {
	w := s.OutOrStdout()
	shown := map[string]int{}
	err := s.eachOp(c.Number, func(op *provision.Op) error {
		shown[op.Action+op.State]++
		if all || shown[op.Action+op.State] <= shownOfEach {
			writeOp(w, op)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, n := range counts {
		if left := n.N - shownOfEach; !all && left > 0 && shown[n.Action+n.State] > shownOfEach {
			fmt.Fprintf(w, "  %s %d more of: %s; see all with --all\n", signs[n.Action], left, n.Action)
		}
	}
	if rejected := inState(counts, provision.Rejected); rejected > 0 {
		fmt.Fprintf(w, "\n%s rejected by an admin: not done, and not asked about again until it would be another change.\n", count(rejected, "change"))
	}
	switch {
	case changes == 0 && inState(counts, provision.Rejected)+inState(counts, provision.Failed) > 0:
		fmt.Fprintln(w, "Nothing else to do.")
	case changes == 0:
		fmt.Fprintf(w, "Nothing to do: the target of %s is as it should be.\n", s.app.Name)
	}
	if changes == 0 {
		if links := sums(counts); links != "" {
			fmt.Fprintf(w, "Without writing anything: %s.\n", links)
		}
	} else {
		fmt.Fprintf(w, "\n%s (%s plan, kept as cycle %d): %s\n", count(changes, "change"), c.Kind, c.Number, sums(counts))
	}
	writeLines(w, c.Message, c.Counted().Notes, c.Counted().Duplicates)
	if nobody := nobodyInScope(e.App); nobody != "" {
		fmt.Fprintln(s.ErrOrStderr(), nobody)
	}
	if changes > 0 && c.Counted().Staged == 0 {
		fmt.Fprintf(w, "Carry it out with: rollcall app run %s%s\n", s.app.Name, tenantFlag(s.tenant))
	}
	return nil
}

func inState(counts []provision.OpCount, state string) (n int) {
	for _, c := range counts {
		if c.State == state {
			n += c.N
		}
	}
	return n
}

// sums are a plan's counts in a line.
func sums(counts []provision.OpCount) string {
	order := []string{provision.ActionCreate, provision.ActionOther, provision.ActionUpdate, provision.ActionDisable, provision.ActionDelete}
	words := map[string]string{provision.ActionOther: "to link", provision.ActionCreate: "to create", provision.ActionUpdate: "to update", provision.ActionDisable: "to disable", provision.ActionDelete: "to delete"}
	var parts []string
	for _, action := range order {
		planned, staged, failed := 0, 0, 0
		for _, n := range counts {
			switch {
			case n.Action != action:
			case n.State == provision.Planned:
				planned += n.N
			case n.State == provision.Staged:
				staged += n.N
			case n.State == provision.Failed:
				failed += n.N
			}
		}
		if planned+staged > 0 {
			part := fmt.Sprintf("%d %s", planned+staged, words[action])
			if staged > 0 {
				part += fmt.Sprintf(" (%d wait for an admin)", staged)
			}
			parts = append(parts, part)
		}
		if failed > 0 {
			parts = append(parts, fmt.Sprintf("%d that cannot be provisioned", failed))
		}
	}
	return strings.Join(parts, ", ")
}

func writeOp(w io.Writer, op *provision.Op) {
	state := ""
	switch op.State {
	case provision.Staged:
		state = "  [waits: " + op.Guard + "]"
	case provision.Rejected:
		state = "  [rejected]"
	case provision.Failed:
		state = "  [" + op.Code + "]"
	}
	action := op.Action
	if action == provision.ActionOther {
		action = "link"
	}
	fmt.Fprintf(w, "  %s %-8s %s%s\n", signs[op.Action], action, printable(op.Name), printable(state))
	writeIndented(w, op.Why, widthOf(w))
	if op.State == provision.Failed || op.Message != "" {
		writeIndented(w, op.Message, widthOf(w))
	}
	for _, d := range op.Differences() {
		fmt.Fprintf(w, "      %s: %s\n", d.Path, printable(d.Change()))
	}
}

func jsonText(v any) string {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > 120 {
		return string([]rune(string(b))[:117]) + "..."
	}
	return string(b)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
