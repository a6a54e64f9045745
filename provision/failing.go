package provision

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rollcall-scim/rollcall/provision/target"
)

// Times of escrow and quarantine.
const (
	firstRetry     = time.Minute
	lastRetry      = 6 * time.Hour
	quarantineBeat = 15 * time.Minute
)

// A breaker opens when so many operations of a cycle were tried and so many
// percent of them failed.
const (
	breakerLeast   = 10
	breakerPercent = 40
)

// errBreaker is a cycle in which too much failed.
var errBreaker = errors.New("more than 40 % of the requests failed")

// escrow puts an object aside until its next try: after a minute, and each time
// twice as long, up to six hours. It is tried at once when its source changes.
func escrow(o *Object, t trouble, cycle int64, now time.Time) {
	o.Failures++
	wait := min(firstRetry<<min(o.Failures-1, 20), lastRetry)
	wait += time.Duration(rand.Int64N(int64(wait) / 10))
	o.Retry = now.Add(wait).UnixMicro()
	o.again(t, cycle, now)
}

// again has the object planned once more, at once, because of something that is
// no fault of its own.
func (o *Object) again(t trouble, cycle int64, now time.Time) {
	o.Dirty, o.Error = true, encode(lastError{t.code, t.message, cycle, now.UnixMicro()})
}

// lastError is Object.Error.
type lastError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Cycle   int64  `json:"cycle"`
	Time    int64  `json:"time"`
}

// recovered ends an object's escrow.
func (o *Object) recovered() { o.Failures, o.Retry, o.Error = 0, 0, "" }

// troubleOf is an error in the words of the log.
func troubleOf(err error) trouble {
	var taken *takenError
	switch {
	case errors.As(err, &taken):
		return trouble{"DuplicateSourceEntries", taken.Error()}
	case errors.Is(err, errNotCreated):
		return trouble{"Skipped", err.Error()}
	}
	f := target.Classify(err)
	return trouble{f.Code, inFull(f)}
}

// sentence ends a text that stands before another one.
func sentence(text string) string {
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

func inFull(f target.Failure) string {
	if f.Cure == "" {
		return f.Text
	}
	return sentence(f.Text) + " " + f.Cure
}

// explain is an error that ended a cycle, with its cure.
func explain(err error) string {
	var t *targetError
	switch {
	case errors.Is(err, errBreaker):
		return err.Error() + " See why with: rollcall app logs --failed"
	case errors.As(err, &t):
		return inFull(target.Classify(t.err))
	}
	return err.Error()
}

// targetError is what the target said, or did not, that ends a cycle. Other
// errors are the source's, or those of our own database.
type targetError struct{ err error }

func (e *targetError) Error() string { return e.err.Error() }
func (e *targetError) Unwrap() error { return e.err }

func fromTarget(err error) bool {
	var t *targetError
	return errors.As(err, &t)
}

// endsCycle says that no other request would fare better: the token is refused,
// or what answers is no SCIM server.
func endsCycle(err error) bool {
	f := target.Classify(err)
	return fromTarget(err) && (f.Class == target.Auth || f.Class == target.Incompatible && f.Status == 0)
}

// breaks says that the target is to be left alone for a while: it refuses us, or
// most of what we send.
func (c *run) breaks(err error) bool { return errors.Is(err, errBreaker) || endsCycle(err) }

// breaker opens when too much of what a cycle asks the target fails. Throttled
// requests are no failures.
type breaker struct{ tried, lost atomic.Int64 }

func (b *breaker) went() { b.tried.Add(1) }

func (b *breaker) failed(err error) error {
	tried := b.tried.Add(1)
	f := target.Classify(err)
	if f.Class == target.Throttled {
		return nil
	}
	if lost := b.lost.Add(1); tried >= breakerLeast && lost*100 > tried*breakerPercent {
		return fmt.Errorf("%w (%d of %d). The last: %s", errBreaker, lost, tried, inFull(f))
	}
	return nil
}

// quarantine is the state after a cycle that broke.
func (c *run) quarantine(now time.Time) string {
	q := Quarantine{Since: now.UnixMicro()}
	if c.state.Quarantine != "" {
		q = quarantined(c.state.Quarantine)
	}
	q.Version, q.Reason, q.Tries, q.Next = c.Version, c.cycle.Message, q.Tries+1, now.Add(quarantineBeat).UnixMicro()
	return encode(q)
}

// QuarantineError says until when an application is left alone.
type QuarantineError struct{ Quarantine }

func (e *QuarantineError) Error() string {
	return fmt.Sprintf("in quarantine since %s, next try %s: %s", clock(e.Since), clock(e.Next), e.Reason)
}

func (e *QuarantineError) Is(err error) bool { return err == ErrQuarantined }

func clock(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02 15:04:05 UTC")
}

// probation refuses a cycle that comes by itself before a quarantine's next try.
// One that somebody asked for is the try.
func (c *run) probation(now int64) error {
	if c.state.Quarantine == "" || c.request.Actor != BySchedule {
		return nil
	}
	if q := quarantined(c.state.Quarantine); now < q.Next && q.Version == c.Version {
		return &QuarantineError{q}
	}
	return nil
}

// BySchedule is the actor of cycles that begin by themselves.
const BySchedule = "schedule"
