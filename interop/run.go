package interop

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// State makes the state that a case takes as given, and takes it away.
type State interface {
	// Target is the server that holds the state, ready before Prepare.
	Target() Target
	// Prepare makes g and returns the id of every user in it by the name that
	// the case has for him. What cannot be made is a *CannotMake: the case is
	// then skipped, not failed.
	Prepare(ctx context.Context, g *Given) (ids map[string]string, err error)
	// Close takes the state away; made are the paths of the resources that the
	// case itself created, such as /Users/123.
	Close(ctx context.Context, made []string) error
}

// CannotMake says which state is out of reach, and why.
type CannotMake struct{ What, Why string }

func (e *CannotMake) Error() string { return "cannot make " + e.What + ": " + e.Why }

// Result is the outcome of one case: passed, unless Skipped or Failure says
// otherwise.
type Result struct {
	Case    Case
	Skipped string
	Failure *Failure
}

// Failure is where a case and a server parted.
type Failure struct {
	Step     int // from 1; 0 when the state could not be made
	Line     int
	Problem  string
	request  *request
	answer   *answer
	Earlier  []string // the steps that went well before, one line each
	Internal error    // the connection failed, not the judgement
}

// Run runs the cases one after the other, each in a state of its own.
func Run(ctx context.Context, cases []Case, newState func() (State, error)) []Result {
	results := make([]Result, 0, len(cases))
	for _, c := range cases {
		results = append(results, runCase(ctx, c, newState))
	}
	return results
}

func runCase(ctx context.Context, c Case, newState func() (State, error)) Result {
	switch {
	case c.NotOurs != "":
		return Result{Case: c, Skipped: "not ours: " + c.NotOurs}
	case c.Later != "":
		return Result{Case: c, Skipped: "later: " + c.Later}
	}
	state, err := newState()
	if err != nil {
		return Result{Case: c, Failure: &Failure{Problem: "no state to run in: " + err.Error(), Internal: err}}
	}
	run := conversation{Case: &c, target: state.Target()}
	result := run.prepareAndTalk(ctx, state)
	if err := state.Close(ctx, run.made); err != nil && result.Failure == nil {
		result.Failure = &Failure{Problem: "the state could not be taken away: " + err.Error(), Internal: err}
	}
	return result
}

// conversation is a case while it runs.
type conversation struct {
	*Case
	target Target
	names  map[string]string
	made   []string
	went   []string
}

func (r *conversation) prepareAndTalk(ctx context.Context, state State) Result {
	ids, err := state.Prepare(ctx, r.Given)
	var cannot *CannotMake
	if errors.As(err, &cannot) {
		return Result{Case: *r.Case, Skipped: cannot.Error()}
	}
	if err != nil {
		return Result{Case: *r.Case, Failure: &Failure{Problem: "the given state could not be made: " + err.Error(), Internal: err}}
	}
	r.names = map[string]string{"token": r.target.Token}
	maps.Copy(r.names, ids)
	for i := range r.Steps {
		if failure := r.step(ctx, &r.Steps[i]); failure != nil {
			failure.Step, failure.Line, failure.Earlier = i+1, r.Steps[i].Line, r.went
			return Result{Case: *r.Case, Failure: failure}
		}
	}
	return Result{Case: *r.Case}
}

// step sends a step as often as it says and judges every answer.
func (r *conversation) step(ctx context.Context, s *Step) *Failure {
	start := time.Now()
	for range max(s.Times, 1) {
		if failure := r.once(ctx, s); failure != nil {
			return failure
		}
	}
	if took := time.Since(start); s.Within > 0 && took > s.Within {
		return &Failure{Problem: fmt.Sprintf("expected an answer within %s, it took %s", s.Within, took.Round(time.Millisecond))}
	}
	return nil
}

func (r *conversation) once(ctx context.Context, s *Step) *Failure {
	req := r.target.build(r.Case, s, r.names)
	a, err := r.target.do(ctx, req)
	if err != nil {
		return &Failure{Problem: "no answer: " + err.Error(), Internal: err, request: &req}
	}
	r.note(req, a)
	if problem := r.judge(s, req, a); problem != "" {
		return &Failure{Problem: problem, request: &req, answer: a}
	}
	for name, path := range s.Save {
		value, ok := dig(a.value, path)
		if !ok {
			return &Failure{Problem: "the answer has no " + path + " to save as {" + name + "}", request: &req, answer: a}
		}
		r.names[name] = value
	}
	r.went = append(r.went, fmt.Sprintf("%s %s: %d", req.Method, req.Target, a.Status))
	return nil
}

// note remembers what the case created, before the judgement can end it.
func (r *conversation) note(req request, a *answer) {
	id, ok := dig(a.value, "id")
	if req.Method != http.MethodPost || a.Status >= 300 || !ok {
		return
	}
	path, _, _ := strings.Cut(req.Target, "?")
	r.made = append(r.made, strings.TrimRight(path, "/")+"/"+id)
}

func (r *conversation) judge(s *Step, req request, a *answer) string {
	if !s.Status.has(a.Status) {
		return fmt.Sprintf("expected status %s, found %d", s.Status, a.Status)
	}
	// HEAD and 304 have no body by their nature.
	if req.Method != http.MethodHead && a.Status != http.StatusNotModified {
		if problem := manners(a, req.Method, req.Target); problem != "" {
			return problem
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.AnswerHeaders)) {
		var found any = missing{}
		if v := a.Header.Values(key); len(v) > 0 {
			found = v[0]
		}
		if diff := match("header "+key, s.AnswerHeaders[key], found, r.names); diff != "" {
			return diff
		}
	}
	// Where 204 is as right as 200, there is nothing to compare.
	if s.Answer == nil || a.Status == http.StatusNoContent {
		return ""
	}
	return match("", s.Answer, a.value, r.names)
}

// dig finds a string or number by a path such as Resources.0.id.
func dig(v any, path string) (string, bool) {
	for _, key := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[longName(key)]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(at) {
				return "", false
			}
			v = at[i]
		default:
			return "", false
		}
	}
	switch v := v.(type) {
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}
