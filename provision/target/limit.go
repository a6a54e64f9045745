package target

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rule is one of the limits that are known from the set-up or the profile. All
// that it covers draws from the same windows.
type rule struct {
	methods  []string // nil: all
	resource string   // "Users"; empty: all
	windows  []window
}

func (r *rule) covers(k key) bool {
	return (r.methods == nil || slices.Contains(r.methods, k.method)) && (r.resource == "" || r.resource == k.resource)
}

// window is one count of requests over a time.
type window interface {
	wait(now time.Time) time.Duration // 0: one may be sent
	take(now time.Time)
}

// parseRule reads a limit as people write it: the key names methods and a
// resource ("POST Users", "PUT,PATCH *", "*"), the text says how many in which
// time, with several such joined by commas.
func parseRule(key, text string) (*rule, error) {
	r := &rule{}
	methods, resource, both := strings.Cut(strings.TrimSpace(key), " ")
	if !both && methods != "*" {
		return nil, fmt.Errorf(`limit %q names no method and resource: write a key such as "POST Users" or "*"`, key)
	}
	if methods != "*" {
		r.methods = strings.Split(strings.ToUpper(methods), ",")
	}
	if resource = strings.Trim(strings.TrimSpace(resource), "/"); resource != "*" {
		r.resource = resource
	}
	for _, m := range r.methods {
		if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, m) {
			return nil, fmt.Errorf("limit %q is about the method %q: use GET, POST, PUT, PATCH or DELETE", key, m)
		}
	}
	for part := range strings.SplitSeq(text, ",") {
		w, err := parseWindow(part)
		if err != nil {
			return nil, fmt.Errorf(`limit %q is %q: write it as 180/min, 5/s, 200/30s, 1000/h or 180/min burst 20`, key, text)
		}
		r.windows = append(r.windows, w)
	}
	return r, nil
}

func parseWindow(text string) (window, error) {
	words := strings.Fields(text)
	if len(words) != 1 && (len(words) != 3 || words[1] != "burst") {
		return nil, strconv.ErrSyntax
	}
	count, unit, _ := strings.Cut(words[0], "/")
	n, err := strconv.Atoi(count)
	per, err2 := parsePeriod(unit)
	if err != nil || err2 != nil || n < 1 || n > 10_000_000 {
		return nil, strconv.ErrSyntax
	}
	if len(words) == 1 {
		return &counted{most: n, per: per}, nil
	}
	burst, err := strconv.Atoi(words[2])
	if err != nil || burst < 1 {
		return nil, strconv.ErrSyntax
	}
	return &bucket{rate: float64(n) / per.Seconds(), burst: float64(burst), level: float64(burst)}, nil
}

func parsePeriod(unit string) (time.Duration, error) {
	switch unit {
	case "s", "sec", "second":
		return time.Second, nil
	case "m", "min", "minute":
		return time.Minute, nil
	case "h", "hour":
		return time.Hour, nil
	case "d", "day":
		return 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(unit)
	if err != nil || d <= 0 {
		return 0, strconv.ErrSyntax
	}
	return d, nil
}

// counted lets at most so many through in any stretch of that time, which is
// right for a server that counts by the clock and for one whose window slides.
type counted struct {
	most int
	per  time.Duration
	sent []time.Time // a ring of the last ones, oldest at next once it is full
	next int
}

func (c *counted) wait(now time.Time) time.Duration {
	if len(c.sent) < c.most {
		return 0
	}
	return max(c.sent[c.next].Add(c.per).Sub(now), 0)
}

func (c *counted) take(now time.Time) {
	if len(c.sent) < c.most {
		c.sent = append(c.sent, now)
		return
	}
	c.sent[c.next] = now
	c.next = (c.next + 1) % c.most
}

// bucket fills at rate a second and holds burst.
type bucket struct {
	rate, burst float64
	level       float64
	at          time.Time
}

func (b *bucket) fill(now time.Time) {
	if !b.at.IsZero() {
		b.level = min(b.level+max(now.Sub(b.at).Seconds(), 0)*b.rate, b.burst)
	}
	b.at = now
}

// A request is let through a billionth early: a wait is cut to whole
// nanoseconds, and the rest must not become another one.
func (b *bucket) wait(now time.Time) time.Duration {
	b.fill(now)
	if missing := 1 - b.level; missing > 1e-9 {
		return time.Duration(math.Ceil(missing / b.rate * float64(time.Second)))
	}
	return 0
}

func (b *bucket) take(now time.Time) {
	b.fill(now)
	b.level--
}
