package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// teller writes the story, in colours where they are seen.
type teller struct {
	w       io.Writer
	colours bool
}

func (t teller) say(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

func (t teller) colour(code, s string) string {
	if !t.colours {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t teller) bold(s string) string  { return t.colour("1", s) }
func (t teller) good(s string) string  { return t.colour("32", s) }
func (t teller) bad(s string) string   { return t.colour("31", s) }
func (t teller) quiet(s string) string { return t.colour("2", s) }

// excerpt is how much of a command's output the story shows.
type excerpt struct{ first, last int }

// everything and nothing of it.
var (
	everything = excerpt{first: 1 << 20}
	nothing    = excerpt{}
)

// command runs one of Rollcall's own commands beside the server, as an admin
// would in another window, and shows it with as much of what it says.
func (s *stage) command(ctx context.Context, show excerpt, args ...string) error {
	return s.commandWith(ctx, "", show, args...)
}

func (s *stage) commandWith(ctx context.Context, in string, show excerpt, args ...string) error {
	s.say("   $ rollcall %s", s.bold(strings.Join(args, " ")))
	var out, errs bytes.Buffer
	code := run(ctx, append(args, "--database", s.database), strings.NewReader(in), &out, &errs)
	if code != exitOK && !(code == exitChanges.code && args[1] == "plan") {
		return fmt.Errorf("rollcall %s: %s", strings.Join(args, " "), strings.TrimPrefix(errs.String(), "rollcall: "))
	}
	s.excerpt(out.String(), show)
	return nil
}

// excerpt shows the first lines of a text and the last ones.
func (s *stage) excerpt(text string, show excerpt) {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			lines = append(lines, line)
		}
	}
	for i, line := range lines {
		switch left := len(lines) - i; {
		case i < show.first || left <= show.last:
			s.say("     %s", s.quiet(line))
		case i == show.first && show != nothing:
			s.say("     %s", s.quiet("... "+count(len(lines)-show.first-show.last, "more line")))
		}
	}
}

// patience is how long the story waits for what comes by itself.
const patience = 20 * time.Second

// until waits for something to become true, and says how long that took.
func until(ctx context.Context, what string, true func() (bool, error)) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if done, err := true(); done || err != nil {
			return time.Since(began), err
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("the demo is wrong: %s within %s", what, patience)
		case <-tick.C:
		}
	}
}
