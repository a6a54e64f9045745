package interop

import (
	"encoding/json/jsontext"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// An answer is shown up to here; the whole of it is in the JSON form.
const shownBody = 1500

var profiles = map[string]string{
	Compat: "what the identity providers of today send",
	RFC:    "RFC 7643, 7644 and 9865 as they are written",
	"all":  "every profile",
	Strict: "the SCIM 2.0 Interoperability Profile and the IPSIE profile",
}

// WriteText writes the report for somebody who reads it once: what failed
// first, the numbers last.
func (r *Report) WriteText(w io.Writer) {
	fmt.Fprintf(w, "%s\nexamined for %s: %s\n", r.Server, r.Profile, profiles[r.Profile])
	for i, v := range r.with(Failed) {
		fmt.Fprintf(w, "\nFAILED %d  %s (%s)\n", i+1, v.Title, v.ID)
		v.write(w)
	}
	if advice := r.with(Advice); len(advice) > 0 {
		fmt.Fprint(w, "\nADVICE  Here the standard or a client says should, not must.\n")
		for _, v := range advice {
			where := v.Title + " (" + v.ID + ")"
			if len(v.Cases) > 0 {
				where = v.Title + " (" + someOf(v.Cases) + ")"
			}
			fmt.Fprintf(w, "  - %s: %s\n", where, v.Problem)
		}
	}
	r.writeSkipped(w)
	r.writeTable(w)
}

func (v *Verdict) write(w io.Writer) {
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "  %-9s %s\n", name, text)
		}
	}
	line("what", v.Problem)
	line("why", v.Rule)
	line("hurts", v.Hurts)
	line("clause", v.Clause)
	line("seen in", someOf(v.Cases))
	for _, earlier := range v.Before {
		line("before", earlier)
	}
	if m := v.Request; m != nil {
		line("request", m.Method+" "+m.Path)
		m.write(w, "request")
	}
	if m := v.Answer; m != nil {
		line("answer", fmt.Sprintf("%d %s", m.Status, http.StatusText(m.Status)))
		m.write(w, "answer")
	}
}

func (m *Message) write(w io.Writer, kind string) {
	const indent = "            "
	for _, key := range slices.Sorted(maps.Keys(m.Header)) {
		if kind == "answer" || key != "Accept" {
			fmt.Fprintf(w, "%s%s: %s\n", indent, key, m.Header[key])
		}
	}
	if m.Body == "" {
		return
	}
	body := jsontext.Value(m.Body)
	if err := body.Indent(jsontext.WithIndentPrefix(indent), jsontext.WithIndent("  ")); err != nil {
		body = jsontext.Value(m.Body)
	}
	text := string(body)
	if len(text) > shownBody {
		text = strings.ToValidUTF8(text[:shownBody], "") + " ..."
	}
	fmt.Fprintf(w, "%s%s\n", indent, text)
}

// writeSkipped groups by reason: one missing feature skips many cases.
func (r *Report) writeSkipped(w io.Writer) {
	byReason := map[string][]string{}
	for _, v := range r.with(Skipped) {
		byReason[v.Reason] = append(byReason[v.Reason], v.ID)
	}
	if len(byReason) > 0 {
		fmt.Fprint(w, "\nSKIPPED  Not asked of this server, and no fault.\n")
	}
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		fmt.Fprintf(w, "  - %s (%s)\n", reason, someOf(byReason[reason]))
	}
}

func someOf(ids []string) string {
	const most = 4
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
}

func (r *Report) writeTable(w io.Writer) {
	clients := []string{}
	verdicts := append(slices.Clone(r.Answers), r.Verdicts...)
	for _, v := range verdicts {
		if !slices.Contains(clients, v.Client) {
			clients = append(clients, v.Client)
		}
	}
	fmt.Fprintf(w, "\n  %-12s %7s %7s %7s %8s\n", "", Passed, Failed, Advice, Skipped)
	row := func(name string, is func(Verdict) bool) {
		count := map[string]int{}
		for _, v := range verdicts {
			if is(v) {
				count[v.Outcome]++
			}
		}
		fmt.Fprintf(w, "  %-12s %7d %7d %7d %8d\n", name, count[Passed], count[Failed], count[Advice], count[Skipped])
	}
	for _, client := range clients {
		row(client, func(v Verdict) bool { return v.Client == client })
	}
	row("all", func(Verdict) bool { return true })
}
