package provision

import (
	"encoding/csv"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"io"
	"strings"
	"time"
)

// Entry is an operation, of a plan or of the log, for programs to read.
type Entry struct {
	Number      int64          `json:"number"`
	Action      string         `json:"action"`
	State       string         `json:"state"`
	Type        string         `json:"type"`
	Anchor      string         `json:"anchor"`
	Name        string         `json:"name"`
	Target      string         `json:"target,omitzero"`
	Why         string         `json:"why"`
	Guard       string         `json:"guard,omitzero"`
	Method      string         `json:"method,omitzero"`
	Body        jsontext.Value `json:"body,omitzero"`
	Differences []Difference   `json:"differences,omitzero"`
	Time        time.Time      `json:"time,omitzero"`
	Status      string         `json:"status,omitzero"`
	Code        string         `json:"code,omitzero"`
	Message     string         `json:"message,omitzero"`
	Cycle       int64          `json:"cycle"`
	Detail      *Detail        `json:"detail,omitzero"`
}

// Entry is the operation for programs; detailed adds its steps, requests and
// answers.
func (op *Op) Entry(detailed bool) Entry {
	e := Entry{Number: op.Number, Action: op.Action, State: op.State, Type: op.Type, Anchor: op.Anchor, Name: op.Name, Target: op.Target,
		Why: op.Why, Guard: op.Guard, Method: op.Method, Differences: op.Differences(), Status: op.Status, Code: op.Code, Message: op.Message, Cycle: op.Cycle}
	if op.Body != "" && !strings.Contains(op.Diff, "[Redact]") {
		e.Body = jsontext.Value(op.Body)
	}
	if op.Time > 0 {
		e.Time = time.UnixMicro(op.Time).UTC()
	}
	if detailed {
		d := op.Details()
		e.Detail = &d
	}
	return e
}

// Change is the difference as people read it.
func (d Difference) Change() string {
	switch {
	case d.Old == nil:
		return shortJSON(d.New)
	case d.New == nil:
		return shortJSON(d.Old) + " → (nothing)"
	}
	return shortJSON(d.Old) + " → " + shortJSON(d.New)
}

// shortJSON is a value's JSON, cut where it is too long to be read.
func shortJSON(v any) string {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > 120 {
		text := []rune(string(b))
		return string(text[:min(len(text), 117)]) + "..."
	}
	return string(b)
}

// WriteCSV writes operations of the log for spreadsheets; head puts the names of
// the columns above them.
func WriteCSV(w io.Writer, ops []*Op, head bool) error {
	table := csv.NewWriter(w)
	if head {
		table.Write([]string{"time", "cycle", "action", "type", "name", "key", "target", "status", "code", "message", "why", "changes", "milliseconds"})
	}
	for _, op := range ops {
		var changes []string
		for _, d := range op.Differences() {
			changes = append(changes, d.Path+": "+d.Change())
		}
		table.Write([]string{time.UnixMicro(op.Time).UTC().Format(time.RFC3339Nano), fmt.Sprint(op.Cycle), op.Action, op.Type, cell(op.Name), cell(op.Anchor), cell(op.Target),
			op.Status, op.Code, cell(op.Message), cell(op.Why), cell(strings.Join(changes, "; ")), fmt.Sprint(op.Duration / 1000)})
	}
	table.Flush()
	return table.Error()
}

// cell keeps a spreadsheet from reading a text as a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
