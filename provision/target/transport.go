package target

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// transport sends requests as fast as the target lets it, and no faster. An
// answer that means "later" (429, or 503 and 403 that say when) is waited for
// here: nothing was done, so the request is repeated, a write too. A read that
// failed is repeated a few times. A write that failed is not: it may have been
// done.
type transport struct {
	next    http.RoundTripper
	base    string // path of the base URL
	header  map[string]string
	auth    *credentials
	limiter *limiter
	slots   chan struct{} // one for each request on its way
	timeout time.Duration // of one attempt
	secrets *secrets
	now     func() time.Time
	wait    func(context.Context, time.Duration) error
	logger  *slog.Logger

	requests, throttled, repeated atomic.Int64
	waited                        atomic.Int64 // nanoseconds
}

const (
	// patience is how long a request that the target refuses for now is tried
	// again before the refusal is the answer: hourly quotas are waited for,
	// daily ones are not.
	patience = 2 * time.Hour
	// attempts is how often a read may fail.
	attempts = 4
	// maxAnswer bounds what a server can make us hold in memory; one byte more is
	// read, so that scimhttp sees that it is too long.
	maxAnswer = 16<<20 + 1
)

// RoundTrip is http.RoundTripper's. The answer's body is in memory and need not
// be closed.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, &unsentError{err}
	}
	c := &call{transport: t, req: req, body: body, key: t.key(req), record: recordOf(req.Context())}
	return c.do()
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// key is the method and the first segment below the base URL.
func (t *transport) key(req *http.Request) key {
	rest := strings.TrimPrefix(strings.TrimPrefix(req.URL.Path, t.base), "/")
	resource, _, _ := strings.Cut(rest, "/")
	method := req.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return key{method, resource}
}

// call is one request with all of its attempts.
type call struct {
	*transport
	req     *http.Request
	body    []byte
	key     key
	record  *Record
	attempt int
	failed  int       // attempts that ended in a failure, of a read
	since   time.Time // the first refusal
	renewed bool      // a new access token was got
}

func (c *call) do() (*http.Response, error) {
	for {
		c.attempt++
		waited, err := c.admit()
		if err != nil {
			return nil, err
		}
		res, hold, err := c.send(waited)
		again, err := c.again(res, hold, err)
		if !again {
			return res, err
		}
	}
}

// admit waits until the request may be sent, and takes a slot; who waits for the
// limiter holds none. It returns how long that took.
func (c *call) admit() (time.Duration, error) {
	began := c.now()
	for {
		select {
		case c.slots <- struct{}{}:
		case <-c.req.Context().Done():
			return 0, &unsentError{c.req.Context().Err()}
		}
		wait := c.limiter.admit(c.key, c.now())
		if wait == 0 {
			break
		}
		<-c.slots
		c.waited.Add(int64(wait))
		if err := c.wait(c.req.Context(), wait); err != nil {
			return 0, &unsentError{err}
		}
	}
	return c.now().Sub(began), nil
}

// send makes one attempt, and gives the slot back. Of a refusal hold is how long
// it is to be waited.
func (c *call) send(waited time.Duration) (res *http.Response, hold time.Duration, err error) {
	ctx, cancel := context.WithTimeout(c.req.Context(), c.timeout)
	defer cancel()
	c.requests.Add(1)
	began := c.now()
	res, err = c.exchange(ctx)
	<-c.slots
	now := c.now()
	if err == nil {
		hold = c.limiter.learn(c.key, refusedForNow(res, now), res.Header, began, now)
	}
	c.note(res, err, began, now.Sub(began), waited)
	return res, hold, err
}

func (c *call) exchange(ctx context.Context) (*http.Response, error) {
	req := c.req.Clone(ctx)
	req.Body, req.ContentLength = http.NoBody, int64(len(c.body))
	if len(c.body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(c.body))
	}
	if err := c.dress(req); err != nil {
		return nil, err
	}
	res, err := c.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if c.unauthorized(req, res) {
		return c.exchange(ctx)
	}
	// What a server says may be shown to people, and some say back the token.
	body = []byte(c.secrets.strike(string(body)))
	res.Body, res.ContentLength = answerBody{bytes.NewReader(body), body}, int64(len(body))
	return res, nil
}

// answerBody is an answer's body that was read already.
type answerBody struct {
	*bytes.Reader
	bytes []byte
}

func (answerBody) Close() error { return nil }

// dress puts on what the set-up says.
func (c *call) dress(req *http.Request) error {
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	authorization, err := c.auth.of(req, c.next)
	if err != nil {
		return err
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	return nil
}

// unauthorized reports whether a new access token may help; it is asked for once.
func (c *call) unauthorized(req *http.Request, res *http.Response) bool {
	if res.StatusCode != http.StatusUnauthorized || c.renewed {
		return false
	}
	c.renewed = true
	return c.auth.refused(req.Header.Get("Authorization"))
}

// refusedForNow reports whether the answer means later: nothing was done.
func refusedForNow(res *http.Response, now time.Time) bool {
	switch res.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		return res.Header.Get("Retry-After") != ""
	case http.StatusForbidden:
		return waitTold(res.Header, now) > 0
	}
	return false
}

// again decides whether the request is sent once more, and waits before it where
// the limiter will not.
func (c *call) again(res *http.Response, hold time.Duration, err error) (bool, error) {
	switch {
	case c.req.Context().Err() != nil:
		return false, err
	case hold > 0:
		return c.afterRefusal(res, hold), err
	case c.key.method != http.MethodGet || !failed(res, err):
		return false, err
	}
	if c.failed++; c.failed == attempts {
		return false, err
	}
	c.repeated.Add(1)
	pause := 250 * time.Millisecond << c.failed
	pause = pause/2 + time.Duration(rand.Int64N(int64(pause)))
	if c.wait(c.req.Context(), pause) != nil {
		return false, err
	}
	return true, nil
}

// afterRefusal counts it. If it goes on for too long, the answer says when to come
// back, whatever the server's own way to say it is.
func (c *call) afterRefusal(res *http.Response, hold time.Duration) bool {
	c.throttled.Add(1)
	now := c.now()
	if c.since.IsZero() {
		c.since = now
		c.logger.Info("target asks to wait", "method", c.key.method, "resource", c.key.resource, "status", res.StatusCode, "wait", hold)
	}
	if now.Add(hold).Sub(c.since) <= patience {
		return true
	}
	res.Header.Set("Retry-After", strconv.Itoa(int(hold.Seconds())+1))
	return false
}

// failed reports whether an answer, or none, may be another one next time.
func failed(res *http.Response, err error) bool {
	var refused *refusedError
	switch {
	case err == nil:
		return res.StatusCode >= 500 && res.StatusCode != http.StatusNotImplemented || res.StatusCode == http.StatusRequestTimeout
	case errors.As(err, &refused):
		return false
	}
	return classifyNetwork(err).Class == Transient
}

// note adds the attempt to the Record, if somebody wants one.
func (c *call) note(res *http.Response, err error, began time.Time, took, waited time.Duration) {
	if c.record == nil {
		return
	}
	x := Exchange{
		Method: c.req.Method, Path: c.secrets.strike(c.req.URL.RequestURI()), IfMatch: c.req.Header.Get("If-Match"),
		Request: c.secrets.bodyText(c.body), Started: began, Duration: took.Microseconds(), Waited: waited.Microseconds(), Attempt: c.attempt,
	}
	if err != nil {
		x.Error = c.secrets.strike(err.Error())
		c.record.add(x)
		return
	}
	x.Status, x.Header = res.StatusCode, c.secrets.headerText(res.Header)
	if b, ok := res.Body.(answerBody); ok {
		x.Response = c.secrets.bodyText(b.bytes)
	}
	c.record.add(x)
}
