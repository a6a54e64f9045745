package year

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// line is one line of a finding's story.
type line struct {
	at   Minute
	text string
}

// longStory is how many of its last requests a finding tells.
const longStory = 14

// tell is what happened to somebody and what was sent of him, up to the day on
// which it was seen that something is wrong.
func (j *judge) tell(f *Finding) (story []string) {
	keys := strings.Fields(f.Key)
	until := Minute(f.Day * dayLong)
	var lines []line
	for _, e := range j.Story.Events {
		if e.At < until && concerns(e, keys) {
			lines = append(lines, line{e.At, "** " + e.Why})
		}
	}
	for _, x := range j.exchangesOf(keys, until) {
		lines = append(lines, line{x.at, j.say(x)})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	for _, l := range lines {
		story = append(story, fmt.Sprintf("%s  %s", l.at, l.text))
	}
	return story
}

// exchangesOf are the requests about somebody, and those of others that went to
// the same id at the server.
func (j *judge) exchangesOf(keys []string, until Minute) (all []exchange) {
	paths := map[string]bool{}
	for _, w := range j.wires {
		for _, x := range w.log {
			if slices.Contains(keys, x.person) && inPath.MatchString(x.path) {
				paths[inPath.FindString(x.path)] = true
			}
		}
	}
	for _, w := range j.wires {
		for _, x := range w.log {
			if x.at < until && (slices.Contains(keys, x.person) || x.method != "GET" && paths[inPath.FindString(x.path)]) {
				all = append(all, x)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b exchange) int { return cmp.Compare(a.at, b.at) })
	return all[max(0, len(all)-longStory):]
}

func concerns(e Event, keys []string) bool {
	return slices.Contains(keys, e.Group) || e.New != nil && slices.Contains(keys, e.New.Key) ||
		slices.ContainsFunc(e.Who, func(who string) bool { return slices.Contains(keys, who) })
}

// say is a request as it is told.
func (j *judge) say(x exchange) string {
	names := j.wires[0].names
	said := fmt.Sprintf("%s: %s %s", x.idp, x.method, names.path(x.path))
	if body := names.body(x.body); body != "" {
		said += " " + body
	}
	if x.status > 0 {
		said += fmt.Sprintf(" -> %d", x.status)
	}
	if x.detail != "" {
		said += " " + names.prose(x.detail)
	}
	if x.note != "" {
		said += " (" + x.note + ")"
	}
	return said
}
