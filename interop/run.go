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
	Manners []Seen // what was wrong with answers besides what the case judges
}

// Seen is a breach of manners and the answer that had it.
type Seen struct {
	Manner
	request request
	answer  *answer
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
	if c.NotOurs != "" {
		return Result{Case: c, Skipped: "not ours: " + c.NotOurs}
	}
	state, err := newState()
	if err != nil {
		return Result{Case: c, Failure: &Failure{Problem: "no state to run in: " + err.Error(), Internal: err}}
	}
	c = c.named(state.Target().Run)
	run := conversation{Case: &c, target: state.Target(), strange: map[string]bool{}}
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

	manners []Seen
	waited  time.Duration   // in this step, because the server asked for patience
	strange map[string]bool // ids that the server had before us
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
	r.names = map[string]string{"token": r.target.Token, "run": ""}
	maps.Copy(r.names, ids)
	for i := range r.Steps {
		if failure := r.step(ctx, &r.Steps[i]); failure != nil {
			failure.Step, failure.Line, failure.Earlier = i+1, r.Steps[i].Line, r.went
			return Result{Case: *r.Case, Failure: failure, Manners: r.manners}
		}
	}
	return Result{Case: *r.Case, Manners: r.manners}
}

// step sends a step as often as it says and judges every answer.
func (r *conversation) step(ctx context.Context, s *Step) *Failure {
	start := time.Now()
	r.waited = 0
	for range max(s.Times, 1) {
		if failure := r.once(ctx, s); failure != nil {
			return failure
		}
	}
	if took := time.Since(start) - r.waited; s.Within > 0 && took > s.Within {
		return &Failure{Problem: fmt.Sprintf("expected an answer within %s, it took %s", s.Within, took.Round(time.Millisecond))}
	}
	return nil
}

func (r *conversation) once(ctx context.Context, s *Step) *Failure {
	req := r.target.build(r.Case, s, r.names)
	if r.touches(req) {
		return &Failure{Problem: "not sent: it would change somebody who was there before", request: &req}
	}
	a, err := r.target.do(ctx, req)
	if err != nil {
		return &Failure{Problem: "no answer: " + err.Error(), Internal: err, request: &req}
	}
	r.waited += a.waited
	r.note(req, a)
	if problem := r.judge(s, req, a); problem != "" {
		return &Failure{Problem: problem, request: &req, answer: a}
	}
	for name, path := range s.Save {
		path, optional := strings.CutSuffix(path, "?")
		value, ok := dig(a.value, path)
		if !ok && optional {
			value, ok = "<whatever>", true
		}
		if !ok {
			return &Failure{Problem: "the answer has no " + path + " to save as {" + name + "}", request: &req, answer: a}
		}
		if strings.HasPrefix(path, "Resources.") && strings.HasSuffix(path, ".id") && !r.ours(value) {
			r.strange[value] = true
		}
		r.names[name] = value
	}
	r.went = append(r.went, fmt.Sprintf("%s %s: %d", req.Method, req.Target, a.Status))
	return nil
}

// note remembers what the case created, before the judgement can end it.
func (r *conversation) note(req request, a *answer) {
	if req.Method != http.MethodPost || a.Status >= 300 {
		return
	}
	path, _, _ := strings.Cut(req.Target, "?")
	path = strings.TrimRight(path, "/")
	if strings.HasSuffix(path, "/Bulk") {
		r.noteBulk(a)
		return
	}
	if id, ok := dig(a.value, "id"); ok {
		r.made = append(r.made, path+"/"+id)
	}
}

// noteBulk: what a bulk request made is known by its locations alone.
func (r *conversation) noteBulk(a *answer) {
	for i := 0; ; i++ {
		at := fmt.Sprint("Operations.", i, ".")
		method, ok := dig(a.value, at+"method")
		if !ok {
			return
		}
		location, _ := dig(a.value, at+"location")
		for _, kind := range []string{"/Users/", "/Groups/"} {
			if _, id, ok := strings.Cut(location, kind); ok && strings.EqualFold(method, "POST") {
				r.made = append(r.made, kind+id)
			}
		}
	}
}

// touches says whether req would change what a list showed and the case did
// not make.
func (r *conversation) touches(req request) bool {
	for id := range r.strange {
		if req.Method != http.MethodGet && strings.Contains(req.Target, id) {
			return true
		}
	}
	return false
}

func (r *conversation) ours(id string) bool {
	for _, path := range r.made {
		if strings.HasSuffix(path, "/"+id) {
			return true
		}
	}
	for _, name := range r.names {
		if name == id {
			return true
		}
	}
	return false
}

func (r *conversation) judge(s *Step, req request, a *answer) string {
	if !s.Status.has(a.Status) {
		return fmt.Sprintf("expected status %s, found %d", s.Status, a.Status)
	}
	// HEAD and 304 have no body by their nature, and the token endpoint speaks
	// OAuth.
	if !strings.HasPrefix(req.Target, "http") && req.Method != http.MethodHead && a.Status != http.StatusNotModified {
		r.see(manners(a, req.Method, req.Target), req, a)
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
	want := r.lenient(s.Answer, req, a)
	if want == nil {
		return ""
	}
	return match("", want, a.value, r.names)
}

func (r *conversation) see(breaches []Manner, req request, a *answer) {
	for _, m := range breaches {
		if !slices.ContainsFunc(r.manners, func(s Seen) bool { return s.Manner == m }) {
			r.manners = append(r.manners, Seen{m, req, a})
		}
	}
}

// lenient takes out of what a case expects of an error scimType, where the
// answer has none: RFC 7644 section 3.12 lets it be left out, and no client
// fails; and what every error is judged by already.
func (r *conversation) lenient(want any, req request, a *answer) any {
	object, ok := want.(map[string]any)
	if !ok || a.Status < 400 || r.Profile == Strict {
		return want
	}
	object = maps.Clone(object)
	if object["scimType"] != nil && at(a.value, "scimType") == nil {
		r.see([]Manner{{"an error has no scimType (RFC 7644 section 3.12)", Should}}, req, a)
		delete(object, "scimType")
	}
	for _, key := range []string{"schemas", "status", "detail"} {
		delete(object, key)
	}
	if len(object) == 0 {
		return nil
	}
	return object
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
