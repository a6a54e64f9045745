package target

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-scim/rollcall/provision/target/hostile"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// direct leads to a handler without a network, which virtual time cannot pass
// through.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (res *http.Response, err error) {
	defer func() {
		if recover() != nil {
			err = io.ErrUnexpectedEOF
		}
	}()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

// quota is a server's own limit, in front of the server.
type quota struct {
	next   http.Handler
	admit  func(now time.Time) (wait time.Duration)
	header func(h http.Header, wait time.Duration)

	mu      sync.Mutex
	refused int
}

func (q *quota) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	wait := q.admit(time.Now())
	if wait > 0 {
		q.refused++
	}
	q.mu.Unlock()
	time.Sleep(20 * time.Millisecond) // of virtual time: the way to and fro
	if wait > 0 {
		q.header(w.Header(), wait)
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	q.next.ServeHTTP(w, r)
}

func afterSeconds(h http.Header, wait time.Duration) {
	h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// bucketOf is a quota that fills steadily, as Slack's does.
func bucketOf(perMinute, burst int) func(time.Time) time.Duration {
	b := &bucket{rate: float64(perMinute) / 60, burst: float64(burst), level: float64(burst)}
	return func(now time.Time) time.Duration {
		if wait := b.wait(now); wait > 0 {
			return wait
		}
		b.take(now)
		return 0
	}
}

// windowOf is a quota that begins anew with each stretch of the clock.
func windowOf(most int, per time.Duration) func(time.Time) time.Duration {
	var began time.Time
	n := 0
	return func(now time.Time) time.Duration {
		if start := now.Truncate(per); start.After(began) {
			began, n = start, 0
		}
		if n >= most {
			return began.Add(per).Sub(now)
		}
		n++
		return 0
	}
}

// X3: a server of 180 requests a minute is used by a tenth of its capacity short at
// most, whether its limits are known or have to be found out, and nobody fails.
func TestQuotasAreUsedAndNobodyFails(t *testing.T) {
	for name, x := range map[string]struct {
		creates int
		config  Config
		admit   func() func(time.Time) time.Duration
		header  func(http.Header, time.Duration)
		least   time.Duration // in which the server could have done it
		refused int           // at most
	}{
		"Slack, known": {1000, Config{Profile: "slack"}, func() func(time.Time) time.Duration { return bucketOf(180, 20) }, afterSeconds,
			time.Second * 980 / 3, 0},
		"Slack, found out": {1000, Config{}, func() func(time.Time) time.Duration { return bucketOf(180, 20) }, afterSeconds,
			time.Second * 980 / 3, 250},
		"by the minute, found out": {1000, Config{}, func() func(time.Time) time.Duration { return windowOf(180, time.Minute) }, afterSeconds,
			time.Second * 1000 / 3, 60}, // at its rate: what the last minute had left over cannot be known
		"by the minute, known": {1000, Config{Limits: map[string]string{"POST Users": "180/min"}}, func() func(time.Time) time.Duration { return windowOf(180, time.Minute) }, afterSeconds,
			5 * time.Minute, 0},
		"no word of when": {300, Config{}, func() func(time.Time) time.Duration { return bucketOf(600, 20) }, func(http.Header, time.Duration) {},
			28 * time.Second, 60},
		"GitHub, known": {2500, Config{Profile: "github"}, func() func(time.Time) time.Duration { return windowOf(1000, time.Hour) }, afterSeconds,
			2 * time.Hour, 0},
		"no limit at all": {1000, Config{}, func() func(time.Time) time.Duration { return func(time.Time) time.Duration { return 0 } }, afterSeconds,
			1000 / 8 * 20 * time.Millisecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := hostile.New()
				q := &quota{next: s, admit: x.admit(), header: x.header}
				x.config.URL, x.config.Token = s.URL, s.Token
				target, err := Open(x.config, Environment{HTTP: direct{q}})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				failed := inParallel(target, x.creates)
				took := time.Since(began)
				stats := target.Stats()
				t.Logf("%v, at least %v; %d refused; %+v", took, x.least, q.refused, stats)
				slack := x.least / 10
				if name == "no word of when" {
					slack = x.least // a second or more has to be guessed each time
				}
				if len(failed) > 0 || len(s.Users()) != x.creates || s.Duplicates() > 0 {
					t.Errorf("%d users, failed: %v", len(s.Users()), failed)
				}
				if took > x.least+slack || q.refused > x.refused || int(stats.Throttled) != q.refused {
					t.Errorf("took %v, at least %v were needed; %d were refused", took, x.least, q.refused)
				}
			})
		})
	}
}

// inParallel creates people with as many workers as the target takes requests.
func inParallel(target *Target, n int) (failed []error) {
	var (
		names = make(chan int)
		mu    sync.Mutex
		all   sync.WaitGroup
	)
	for range target.Parallel() {
		all.Go(func() {
			for i := range names {
				if _, err := target.Provider().Create(context.Background(), "User", user(fmt.Sprintf("user%d@acme.test", i))); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		names <- i
	}
	close(names)
	all.Wait()
	return failed
}

// A refusal holds everybody who asks for the same, and nobody else.
func TestRefusalHoldsAllOfItsKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := hostile.New()
		target, err := Open(Config{URL: s.URL, Token: s.Token}, Environment{HTTP: direct{s}})
		if err != nil {
			t.Fatal(err)
		}
		s.Misbehave(hostile.Fault{Kind: hostile.Refuse, Status: 429, Method: "POST", RetryAfter: 30 * time.Second, Times: 1})
		began := time.Now()
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				create(t, target, fmt.Sprintf("user%d@acme.test", i))
				if took := time.Since(began); took < 30*time.Second {
					t.Errorf("user %d after %v", i, took)
				}
			})
		}
		time.Sleep(5 * time.Second)
		if _, err := target.Provider().Get(t.Context(), "User", "x"); Classify(err).Class != NotFound || time.Since(began) > 6*time.Second {
			t.Errorf("a read waited: %v after %v", err, time.Since(began))
		}
		all.Wait()
		if stats := target.Stats(); stats.Throttled != 1 || stats.Waited < 80*time.Second || len(s.Users()) != 3 {
			t.Errorf("%+v", stats)
		}
	})
}

func TestWaitTold(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for want, headers := range map[time.Duration][]http.Header{
		30 * time.Second: {
			{"Retry-After": {"30"}},
			{"Retry-After": {"Tue, 24 Nov 2026 12:00:30 GMT"}},
			{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"30"}, "Ratelimit-Limit": {"100, 100;w=60"}},
			{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {strconv.FormatInt(now.Unix()+30, 10)}},
			{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {strconv.FormatInt(now.UnixMilli()+30_000, 10)}},
			{"X-Rate-Limit-Remaining": {"0"}, "X-Rate-Limit-Reset": {strconv.FormatInt(now.Unix()+30, 10)}},
			{"Ratelimit": {`"default";r=0;t=30`}},
			{"Ratelimit": {"limit=100, remaining=0, reset=30"}},
		},
		0: {
			{}, {"Retry-After": {"soon"}}, {"Retry-After": {"-3"}}, {"Retry-After": {"Tue, 24 Nov 2020 12:00:30 GMT"}},
			{"Ratelimit-Remaining": {"7"}, "Ratelimit-Reset": {"30"}}, {"Ratelimit": {`"default";r=7;t=30`}}, {"Ratelimit-Remaining": {"0"}},
			{"Retry-After": {"NaN"}}, {"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"NaN"}},
		},
		1e9 * time.Second:       {{"Retry-After": {"1e300"}}},
		1500 * time.Millisecond: {{"Retry-After": {"1.5"}}},
	} {
		for _, h := range headers {
			if got := waitTold(h, now); got != want {
				t.Errorf("%v: %v, want %v", h, got, want)
			}
		}
	}
}

// A server that says with its last good answer that there are no more is not
// asked in vain.
func TestRemainingIsHeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := hostile.New()
		admit, left := windowOf(10, time.Minute), 10
		q := &quota{next: s, admit: admit, header: afterSeconds}
		told := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if left--; left <= 0 {
				left = 10
				w.Header().Set("X-RateLimit-Remaining", "0")
				w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Truncate(time.Minute).Add(time.Minute).Unix(), 10))
			}
			q.ServeHTTP(w, r)
		})
		target, err := Open(Config{URL: s.URL, Token: s.Token, Parallel: 1}, Environment{HTTP: direct{told}})
		if err != nil {
			t.Fatal(err)
		}
		if failed := inParallel(target, 40); len(failed) > 0 || q.refused > 0 {
			t.Errorf("%v, %d refused", failed, q.refused)
		}
	})
}

// What cannot be waited for is the caller's to know, with the time in it.
func TestPatienceEnds(t *testing.T) {
	for _, header := range []string{"86400", ""} {
		synctest.Test(t, func(t *testing.T) {
			refuses := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if header != "" {
					w.Header().Set("Retry-After", header)
				}
				w.WriteHeader(429)
			})
			target, err := Open(Config{URL: "https://acme.example.com"}, Environment{HTTP: direct{refuses}})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err = target.Provider().Create(t.Context(), "User", user("anna"))
			if f := Classify(err); f.Class != Throttled || f.RetryAfter == 0 || f.Ambiguous {
				t.Errorf("%+v", f)
			}
			if took := time.Since(began); took > patience || header != "" && took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestParallelIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		count := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			now += n
			most = max(most, now)
		}
		slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			count(1)
			time.Sleep(time.Second)
			count(-1)
			io.WriteString(w, `{"id":"1"}`)
		})
		target, err := Open(Config{URL: "https://acme.example.com", Parallel: 3}, Environment{HTTP: direct{slow}})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				if _, err := target.Provider().Get(t.Context(), "User", "1"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if most != 3 {
			t.Errorf("%d at once", most)
		}
	})
}

func TestLimits(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	l, err := newLimiter(map[string]string{"POST Users": "3/min", "*": "5/s, 100/d"}, map[string]string{"POST Users": "1/h", "PUT,PATCH *": "60/min burst 2"})
	if err != nil {
		t.Fatal(err)
	}
	sent := func(method, resource string, n int) (wait time.Duration) {
		for range n {
			if wait = l.admit(key{method, resource}, now); wait > 0 {
				return wait
			}
		}
		return 0
	}
	if wait := sent("POST", "Users", 3); wait != 0 {
		t.Errorf("three: %v", wait)
	}
	if wait := sent("POST", "Users", 1); wait != time.Minute {
		t.Errorf("the fourth: %v", wait)
	}
	if wait := sent("PATCH", "Users", 2); wait != 0 {
		t.Errorf("others: %v", wait)
	}
	if wait := sent("DELETE", "Users", 1); wait != time.Second {
		t.Errorf("all together: %v", wait)
	}
	now = now.Add(1100 * time.Millisecond)
	if wait := sent("PUT", "Groups", 2); wait.Round(time.Millisecond) != 900*time.Millisecond {
		t.Errorf("a shared bucket: %v", wait)
	}
	for text := range strings.SplitSeq("|5|/s|5/|5/week|0/s|5/s burst|5/s burst 0|5/s soon 3|x/s|5/-3s", "|") {
		if _, err := parseRule("*", text); err == nil {
			t.Errorf("%q is a limit", text)
		}
	}
	for name := range strings.SplitSeq("Users|FETCH Users|", "|") {
		if _, err := parseRule(name, "1/s"); err == nil {
			t.Errorf("%q is a key", name)
		}
	}
}

func TestKeyIsBelowTheBaseURL(t *testing.T) {
	transport := &transport{base: scimhttp.Base}
	for path, want := range map[string]key{
		"/Users": {"GET", "Users"}, "/Users/7": {"GET", "Users"}, "/Groups/a/b": {"GET", "Groups"}, "": {"GET", ""},
	} {
		if got := transport.key(httptest.NewRequest("HEAD", "http://acme.test"+scimhttp.Base+path, nil)); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestBulkThroughTheTarget(t *testing.T) {
	s := hostile.Start(t)
	target, _ := open(t, s)
	s.Misbehave(hostile.Fault{Kind: hostile.Refuse, Status: 429, RetryAfter: time.Second, Resource: "Bulk", Times: 1})
	results, err := target.Bulk(t.Context(), []scimhttp.BulkOperation{
		{Method: "POST", Path: "/Users", BulkID: "1", Data: []byte(`{"userName":"anna@acme.test"}`)},
		{Method: "POST", Path: "/Users", BulkID: "2", Data: []byte(`{"userName":"ANNA@acme.test"}`)},
	})
	if err != nil || results[0].Err != nil || results[0].ID == "" || Classify(results[1].Err).Class != Conflict {
		t.Errorf("%+v %v", results, err)
	}
	s.Switch(func(w *hostile.Switches) { w.NoBulk = true })
	if _, err := target.Bulk(t.Context(), nil); Classify(err).Class != NotFound {
		t.Errorf("%v", err)
	}
}
