package interop

import (
	"net/http"
	"slices"
	"strings"
)

// Report is the outcome of a check, for people and for programs.
type Report struct {
	Server   string    `json:"server"`
	Profile  string    `json:"profile"`
	Client   string    `json:"client,omitempty"`
	People   int       `json:"peopleBefore"`
	Verdicts []Verdict `json:"verdicts"`
	Answers  []Verdict `json:"answers"` // what was wrong with answers in general, each said once
}

// The outcomes of a case.
const (
	Passed  = "passed"
	Failed  = "failed"
	Advice  = "advice" // it failed, and the clause says should
	Skipped = "skipped"
)

// Verdict is the outcome of one case.
type Verdict struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Outcome string   `json:"outcome"`
	Client  string   `json:"client"`
	Clause  string   `json:"clause,omitempty"`
	Level   string   `json:"level"`
	Rule    string   `json:"rule,omitempty"`
	Hurts   string   `json:"hurts,omitempty"`
	Reason  string   `json:"reason,omitempty"`  // why it was skipped
	Problem string   `json:"problem,omitempty"` // what is wrong
	Step    int      `json:"step,omitempty"`
	Before  []string `json:"before,omitempty"` // requests of the case that went well before
	Request *Message `json:"request,omitempty"`
	Answer  *Message `json:"answer,omitempty"`
	Cases   []string `json:"cases,omitempty"` // in whose answers it was seen
}

// Message is a request or an answer. The token is not in it.
type Message struct {
	Method string            `json:"method,omitempty"`
	Path   string            `json:"path,omitempty"`
	Status int               `json:"status,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`
}

// Count says how many cases had the outcome.
func (r *Report) Count(outcome string) int { return len(r.with(outcome)) }

func (r *Report) with(outcome string) []Verdict {
	var found []Verdict
	for _, v := range append(slices.Clone(r.Answers), r.Verdicts...) {
		if v.Outcome == outcome {
			found = append(found, v)
		}
	}
	return found
}

func (r *Report) add(result Result, token string) {
	r.Verdicts = append(r.Verdicts, verdict(result, token))
	for _, seen := range result.Manners {
		i := slices.IndexFunc(r.Answers, func(v Verdict) bool { return v.Problem == seen.Text })
		if i < 0 {
			i = len(r.Answers)
			v := Verdict{ID: "answers", Title: "Answers in general", Outcome: Failed, Level: seen.Level, Client: "answers", Hurts: "any client"}
			if seen.Level == Should {
				v.Outcome = Advice
			}
			v.fail(&Failure{Problem: seen.Text, request: &seen.request, answer: seen.answer}, token)
			r.Answers = append(r.Answers, v)
		}
		r.Answers[i].Cases = append(r.Answers[i].Cases, result.Case.ID)
	}
}

func verdict(result Result, token string) Verdict {
	c := &result.Case
	v := Verdict{ID: c.ID, Title: c.Title, Client: c.Client(), Clause: c.Clause, Level: c.Level, Outcome: Passed}
	switch {
	case result.Skipped != "":
		v.Outcome, v.Reason = Skipped, result.Skipped
	case result.Failure != nil:
		v.Outcome = Failed
		if c.Level == Should {
			v.Outcome = Advice
		}
		v.Rule, v.Hurts = strings.Join(strings.Fields(c.Rule), " "), c.Hurts
		v.fail(result.Failure, token)
	}
	return v
}

func (v *Verdict) fail(f *Failure, token string) {
	hide := func(s string) string {
		if token == "" {
			return s
		}
		return strings.ReplaceAll(s, token, "(token)")
	}
	v.Problem, v.Step = hide(f.Problem), f.Step
	for _, earlier := range f.Earlier {
		v.Before = append(v.Before, hide(earlier))
	}
	if f.request != nil {
		v.Request = &Message{Method: f.request.Method, Path: hide(f.request.Target), Header: shown(f.request.Header), Body: hide(f.request.Body)}
	}
	if f.answer != nil {
		v.Answer = &Message{Status: f.answer.Status, Header: shown(f.answer.Header), Body: hide(string(f.answer.Body))}
	}
}

// shown are the headers that matter to SCIM; the rest is noise, and
// Authorization is a secret.
func shown(h http.Header) map[string]string {
	header := map[string]string{}
	for _, key := range []string{"Accept", "Content-Type", "If-Match", "If-None-Match", "Etag", "Location", "Www-Authenticate", "Retry-After", "Allow"} {
		if v := h.Get(key); v != "" {
			header[key] = v
		}
	}
	if h.Get("Authorization") != "" {
		header["Authorization"] = "(hidden)"
	}
	return header
}
