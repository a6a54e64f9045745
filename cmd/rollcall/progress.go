package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress is a bar on a terminal, and elsewhere a line now and then.
type progress struct {
	w        io.Writer
	what     string
	terminal bool
	began    time.Time

	mu    sync.Mutex
	shown time.Time
	drawn bool
	left  string // how long yet, where that is told
}

const barWidth = 30

func newProgress(w io.Writer, what string) *progress {
	now := time.Now()
	return &progress{w: w, what: what, terminal: isTerminal(w), began: now, shown: now}
}

// begin starts anew for another stretch of the work.
func (p *progress) begin(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what, p.began = what, time.Now()
}

// set may be called by several goroutines.
func (p *progress) set(done, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	interval := 50 * time.Millisecond
	if !p.terminal {
		interval = 2 * time.Second
	}
	if now := time.Now(); now.Sub(p.shown) >= interval || done == of && p.terminal {
		p.shown = now
		p.draw(done, of)
	}
}

// setWithTime also says how long it will take yet.
func (p *progress) setWithTime(done, of int) {
	p.mu.Lock()
	p.left = ""
	if spent := time.Since(p.began); done > 0 && spent > 2*time.Second {
		p.left = "  " + (spent * time.Duration(of-done) / time.Duration(done)).Round(time.Second).String() + " left   "
	}
	p.mu.Unlock()
	p.set(done, of)
}

func (p *progress) draw(done, of int) {
	if !p.terminal && of == 0 {
		fmt.Fprintf(p.w, "  %s: %d\n", p.what, done)
		return
	}
	if !p.terminal {
		fmt.Fprintf(p.w, "  %s: %d of %d%s\n", p.what, done, of, strings.TrimRight(p.left, " "))
		return
	}
	filled := barWidth
	if of > 0 {
		filled = min(barWidth, barWidth*done/of)
	}
	bar := strings.Repeat("█", filled) + strings.Repeat("░", barWidth-filled)
	fmt.Fprintf(p.w, "\r  %s  %s  %d of %d %s", p.what, bar, done, of, p.left)
	p.drawn = true
}

// end leaves the bar as it stands.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprintln(p.w)
		p.drawn = false
	}
}
