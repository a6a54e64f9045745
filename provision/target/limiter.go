package target

import (
	"cmp"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// key is what servers count requests by.
type key struct{ method, resource string }

// limiter says when a request may be sent: by the rules that are known, and by
// what the server's answers taught for its method and resource. Everybody who
// asks the target asks it first.
type limiter struct {
	rules []*rule

	mu      sync.Mutex
	learned map[key]*lesson
}

func newLimiter(tables ...map[string]string) (*limiter, error) {
	l := &limiter{learned: map[key]*lesson{}}
	seen := map[string]bool{} // an earlier table's rule stands for a later one's
	for _, table := range tables {
		for name, text := range table {
			if seen[name] {
				continue
			}
			r, err := parseRule(name, text)
			if err != nil {
				return nil, err
			}
			l.rules = append(l.rules, r)
		}
		for name := range table {
			seen[name] = true
		}
	}
	return l, nil
}

// admit draws one request, or says how long to wait before asking again.
func (l *limiter) admit(k key, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lesson := l.lesson(k)
	wait = lesson.wait(now)
	for _, r := range l.rules {
		for _, w := range r.windows {
			if r.covers(k) {
				wait = max(wait, w.wait(now))
			}
		}
	}
	if wait > 0 {
		return wait
	}
	lesson.take(now)
	for _, r := range l.rules {
		for _, w := range r.windows {
			if r.covers(k) {
				w.take(now)
			}
		}
	}
	return 0
}

func (l *limiter) lesson(k key) *lesson {
	if l.learned[k] == nil {
		l.learned[k] = &lesson{}
	}
	return l.learned[k]
}

// learn takes in an answer to a request that was sent at that time. Of a refusal
// it returns how long everybody waits now.
func (l *limiter) learn(k key, refused bool, h http.Header, sent, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	lesson := l.lesson(k)
	told := waitTold(h, now)
	if !refused {
		lesson.accepted(told, sent, now)
		return 0
	}
	return lesson.refused(told, sent, now)
}

// lesson is what was learned for one method and resource.
//
// The rate is not known at first. The first refusal tells it: as many as were
// taken in the time up to when more may be sent. Every further one lowers it by
// a tenth, or to what was measured if that is less, but never by more than
// half; and every second without one raises it by a hundredth of what it was
// lowered to. So it stays close under what the server gives, and finds out when
// that becomes more.
type lesson struct {
	hold    time.Time // nothing is sent before
	pace    bucket    // its rate is 0 as long as none is known
	step    float64   // by which the rate rises, a second
	taken   int       // answers that were no refusal, since
	since   time.Time // the end of the last hold, or the first request
	lowered time.Time
	raised  time.Time
	strikes int // refusals one after the other
}

func (s *lesson) wait(now time.Time) time.Duration {
	wait := max(s.hold.Sub(now), 0)
	if s.pace.rate > 0 {
		wait = max(wait, s.pace.wait(now))
	}
	return wait
}

func (s *lesson) take(now time.Time) {
	if s.since.IsZero() {
		s.since = now
	}
	if s.pace.rate > 0 {
		s.pace.take(now)
	}
}

// accepted notes one that was answered; a server may say with it that it was the
// last one for a time.
func (s *lesson) accepted(told time.Duration, sent, now time.Time) {
	s.taken++
	if !sent.Before(s.lowered) {
		s.strikes = 0
	}
	if told > 0 {
		s.hold = later(s.hold, now.Add(told))
	}
	if s.pace.rate > 0 && now.After(s.raised) {
		s.pace.fill(now)
		s.pace.rate += s.step * min(now.Sub(s.raised).Seconds(), 10)
		s.pace.burst = max(s.pace.rate, 1)
		s.raised = now
	}
}

// longestHold is for a refusal that does not say when to come back.
const longestHold = time.Minute

// refused empties the bucket until the time told. Refusals of requests that were
// on their way when the rate was lowered say nothing new about it.
func (s *lesson) refused(told time.Duration, sent, now time.Time) time.Duration {
	if told == 0 {
		told = min(time.Second<<min(s.strikes, 10), longestHold)
		told += time.Duration(rand.Int64N(int64(told)/4 + 1))
	}
	until := later(s.hold, now.Add(told))
	if sent.Before(s.lowered) {
		s.hold = until
		return until.Sub(now)
	}
	s.strikes++
	s.lower(until, now)
	s.hold, s.since, s.taken, s.lowered = until, until, 0, now
	return until.Sub(now)
}

func (s *lesson) lower(until, now time.Time) {
	measured := float64(max(s.taken, 1)) / max(until.Sub(s.since).Seconds(), 0.001)
	rate := measured
	if was := s.pace.rate; was > 0 {
		rate = max(min(was*0.9, measured), was/2)
	}
	s.pace = bucket{rate: rate, burst: max(rate, 1), level: 1, at: until}
	s.step = rate / 100
	s.raised = until
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// waitTold is how long the headers of an answer say to wait; 0 if they say
// nothing, or that more may be sent now.
func waitTold(h http.Header, now time.Time) time.Duration {
	if told := retryAfter(h.Get("Retry-After"), now); told > 0 {
		return told
	}
	for _, name := range []string{"Ratelimit-", "X-Ratelimit-", "X-Rate-Limit-"} {
		if first(h.Get(name+"Remaining")) == "0" {
			return resetTold(first(h.Get(name+"Reset")), now)
		}
	}
	return structured(h.Get("Ratelimit"))
}

// first is the number before a policy in parameters: "0;w=60".
func first(value string) string {
	value, _, _ = strings.Cut(value, ";")
	value, _, _ = strings.Cut(value, ",")
	return strings.TrimSpace(value)
}

// retryAfter is RFC 9110 section 10.2.3: seconds, or a date. A fraction of a
// second is what some servers send.
func retryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.ParseFloat(value, 64); err == nil {
		return seconds(n)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// resetTold is seconds from now, or since 1970, or milliseconds since then.
func resetTold(value string, now time.Time) time.Duration {
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil || math.IsNaN(n):
		return 0
	case n > 1e12:
		return max(time.UnixMilli(int64(n)).Sub(now), 0)
	case n > 1e9:
		return max(time.Unix(int64(n), 0).Sub(now), 0)
	}
	return seconds(n)
}

// structured reads the one-header form, "default";r=0;t=30, and the older
// limit=100, remaining=0, reset=30.
func structured(value string) time.Duration {
	said := map[string]string{}
	for part := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ';' || r == ',' }) {
		name, number, _ := strings.Cut(strings.TrimSpace(part), "=")
		said[name] = number
	}
	if cmp.Or(said["r"], said["remaining"]) != "0" {
		return 0
	}
	n, err := strconv.ParseFloat(cmp.Or(said["t"], said["reset"]), 64)
	if err != nil {
		return 0
	}
	return seconds(n)
}

// seconds bounds what a server can make us wait to what a Duration holds.
func seconds(n float64) time.Duration {
	if math.IsNaN(n) || n <= 0 {
		return 0
	}
	return time.Duration(min(n, 1e9) * float64(time.Second))
}
