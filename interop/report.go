package interop

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// OK reports whether the case ran and found nothing wrong.
func (r Result) OK() bool { return r.Skipped == "" && r.Failure == nil && len(r.Manners) == 0 }

// String tells the outcome: one line, or for a failure all that is needed to
// see it without running it again. The token is not in it.
func (r Result) String() string {
	head := r.Case.ID + ": " + r.Case.Title
	switch {
	case r.Skipped != "":
		return "skipped " + head + " (" + r.Skipped + ")"
	case r.Failure != nil:
		return "FAILED " + head + "\n" + r.Failure.text(&r.Case)
	case len(r.Manners) > 0:
		head = "passed " + head + ", but:"
		for _, m := range r.Manners {
			head += fmt.Sprintf("\n  %s\n    %s %s: %d %s", m.Text, m.request.Method, m.request.Target, m.answer.Status, m.answer.Body)
		}
		return head
	}
	return "passed " + head
}

func (f *Failure) text(c *Case) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "  "+format+"\n", args...) }
	if f.Step == 0 {
		line("where:   %s:%d, before the first step", c.File, c.Line)
	} else {
		line("where:   %s:%d, step %d of %d", c.File, f.Line, f.Step, len(c.Steps))
	}
	line("problem: %s", f.Problem)
	line("rule:    %s", strings.Join(strings.Fields(c.Rule), " "))
	for _, earlier := range f.Earlier {
		line("before:  %s", earlier)
	}
	if f.request != nil {
		line("request: %s %s", f.request.Method, f.request.Target)
		writeHeader(line, f.request.Header)
		if f.request.Body != "" {
			line("         %s", f.request.Body)
		}
	}
	if f.answer != nil {
		line("answer:  %d %s", f.answer.Status, http.StatusText(f.answer.Status))
		writeHeader(line, f.answer.Header)
		line("         %s", indented(f.answer.Body))
	}
	return b.String()
}

func writeHeader(line func(string, ...any), h http.Header) {
	for _, key := range slices.Sorted(maps.Keys(h)) {
		value := strings.Join(h[key], ", ")
		if key == "Authorization" {
			value = "(hidden)"
		}
		line("         %s: %s", key, value)
	}
}

func indented(body []byte) string {
	text := jsontext.Value(slices.Clone(body))
	if err := text.Indent(jsontext.WithIndentPrefix("         "), jsontext.WithIndent("  ")); err != nil {
		return string(body)
	}
	return string(text)
}

func show(v any) string {
	switch v.(type) {
	case missing:
		return "nothing"
	case nil:
		return "null"
	}
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
