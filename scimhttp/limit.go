package scimhttp

import (
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// Limit is how many requests a second are let through for whatever its keys
// stand for, each by a bucket of its own that fills at Rate and holds Burst.
type Limit struct {
	Of    string // what it is about, for the client: "tenant", "access token"
	Rate  float64
	Burst float64
	// Key says whose bucket a provider draws from; without a key it draws from
	// none.
	Key func(sp scim.ServiceProvider) string

	mu      sync.Mutex
	buckets map[string]bucket
	sweepAt int // how many buckets there may be before the full ones go
}

// bucket held so much at that moment; it may be in debt.
type bucket struct {
	level float64
	at    time.Time
}

// level is what the bucket holds now.
func (l *Limit) level(b bucket, now time.Time) float64 {
	return min(b.level+max(now.Sub(b.at).Seconds(), 0)*l.Rate, l.Burst)
}

// wait is how long the key has to wait for its next request.
func (l *Limit) wait(key string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[key]
	if !known {
		return 0
	}
	missing := 1 - l.level(b, now)
	return time.Duration(max(missing/l.Rate, 0) * float64(time.Second))
}

// take draws n, which may leave a debt: a bulk request counts by its
// operations, and none of them is refused half-way.
func (l *Limit) take(key string, n float64, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[key]
	if !known {
		b = bucket{l.Burst, now}
	}
	l.sweep(now)
	if l.buckets == nil {
		l.buckets = map[string]bucket{}
	}
	l.buckets[key] = bucket{l.level(b, now) - n, now}
}

// sweep forgets the full buckets, which are those of the idle, whenever there
// are twice as many as after the last time.
func (l *Limit) sweep(now time.Time) {
	if l.sweepAt = max(l.sweepAt, 1024); len(l.buckets) < l.sweepAt {
		return
	}
	for key, b := range l.buckets {
		if l.level(b, now) >= l.Burst {
			delete(l.buckets, key)
		}
	}
	l.sweepAt = 2 * len(l.buckets)
}

// admit lets a request of n operations through, or says when to come back (RFC
// 6585 section 4).
func (x *exchange) admit(n int) error {
	if x.sp == nil {
		return nil
	}
	now := x.Now()
	for _, l := range x.Limits {
		if key := l.Key(x.sp); key != "" && l.Rate > 0 {
			if wait := l.wait(key, now); wait > 0 {
				return tooMany(l, wait)
			}
		}
	}
	x.charge(n)
	return nil
}

// charge counts n operations.
func (x *exchange) charge(n int) {
	now := x.Now()
	for _, l := range x.Limits {
		if key := l.Key(x.sp); key != "" && l.Rate > 0 {
			l.take(key, float64(n), now)
		}
	}
}

func tooMany(l *Limit, wait time.Duration) error {
	err := scim.Errorf(http.StatusTooManyRequests, "", "429.1",
		"Too many requests (429.1): this %s may send %g a second for long. Send the request again after the time in Retry-After; nothing of it was done.", l.Of, l.Rate)
	err.RetryAfter = max(int(math.Ceil(wait.Seconds())), 1)
	return err
}
