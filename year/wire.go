package year

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// request is what an identity provider sends, byte for byte.
type request struct {
	method, path string
	body         obj
	header       map[string]string // an empty User-Agent sends none
}

// answer is what came back. faulty says that the network had a hand in it, so
// that what follows is not to be blamed on the server.
type answer struct {
	status     int
	body       map[string]any
	retryAfter int // seconds; 0 when nothing was said
	faulty     bool
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// detail is what the server said of an error.
func (a answer) detail() string {
	text, _ := a.body["detail"].(string)
	return strings.TrimSpace(strconv.Itoa(a.status) + " " + text)
}

// exchange is one request that went out, for the stories of findings.
type exchange struct {
	at     Minute
	idp    string
	person string // a person's or a group's key
	method string
	path   string
	body   obj
	status int // 0 when nobody answered
	detail string
	note   string
}

// errNoAnswer is a request that nobody answered: the connection failed, or the
// answer was lost on the way.
var errNoAnswer = errors.New("no answer")

// wire is the connection of one identity provider to the server, and what goes
// wrong on it.
type wire struct {
	server  *Server
	token   string
	idp     string
	company *company
	names   *naming
	report  *Report
	log     []exchange

	armed               []What // for the next writes
	reorder             bool
	throttled, darkness Minute // until then
	unreachable         int    // really, and in a row
}

// arm makes ready for a fault of the story.
func (w *wire) arm(e Event) {
	switch e.What {
	case LostAnswer, Duplicate:
		w.armed = append(w.armed, e.What)
	case Reorder:
		w.reorder = true
	case Throttle:
		w.throttled = e.At + Minute(e.For)
	case Outage:
		w.darkness = e.At + Minute(e.For)
	}
}

// shuffled says, once for each such fault, that the next work is done in another
// order.
func (w *wire) shuffled() bool {
	was := w.reorder
	w.reorder = false
	return was
}

// send sends a request about a person or group. An error other than errNoAnswer
// ends the year.
func (w *wire) send(ctx context.Context, who string, r request) (answer, error) {
	x := exchange{at: w.company.now, idp: w.idp, person: who, method: r.method, path: r.path, body: r.body}
	a, err := w.through(ctx, r, &x)
	if last := w.company.last(who); a.status == http.StatusBadRequest && last != nil && w.company.missing[last.Country] {
		a.faulty, x.note = true, "the admin has yet to make the group"
	}
	x.status, x.detail = a.status, ""
	if a.status >= 400 {
		x.detail, _ = a.body["detail"].(string)
	}
	w.names.learn(r, a)
	w.log = append(w.log, x)
	w.report.Requests++
	return a, err
}

// through is where the faults are.
func (w *wire) through(ctx context.Context, r request, x *exchange) (answer, error) {
	now := w.company.now
	switch {
	case now < w.darkness:
		x.note = "an outage: nobody answers"
		return answer{faulty: true}, errNoAnswer
	case now < w.throttled:
		x.note = "throttled"
		return answer{status: http.StatusTooManyRequests, retryAfter: 30, faulty: true}, nil
	case r.method == http.MethodGet || len(w.armed) == 0:
		return w.once(ctx, r)
	}
	fault := w.armed[0]
	w.armed = w.armed[1:]
	if fault == LostAnswer {
		_, err := w.once(ctx, r)
		if err != nil && !errors.Is(err, errNoAnswer) {
			return answer{}, err
		}
		x.note = "done, and the answer lost"
		return answer{faulty: true}, errNoAnswer
	}
	x.note = "arrived twice; this is the second answer"
	if first, err := w.once(ctx, r); err != nil {
		return first, err
	}
	a, err := w.once(ctx, r)
	a.faulty = true
	return a, err
}

// An answer is read up to here.
const maxAnswer = 16 << 20

// patience is how often in a row a server may not answer before the year is
// given up.
const patience = 25

func (w *wire) once(ctx context.Context, r request) (answer, error) {
	status, header, body, err := w.server.send(ctx, w.token, r)
	if ctx.Err() != nil {
		return answer{}, ctx.Err()
	}
	if err != nil {
		if w.unreachable++; w.unreachable >= patience {
			return answer{}, fmt.Errorf("the server does not answer: %w", err)
		}
		return answer{}, errNoAnswer
	}
	w.unreachable = 0
	a := answer{status: status}
	a.retryAfter, _ = strconv.Atoi(header.Get("Retry-After"))
	if json.Unmarshal(body, &a.body) != nil {
		a.body = nil
	}
	if a.status == http.StatusTooManyRequests {
		return w.wait(ctx, r, a)
	}
	return a, nil
}

// wait is for a server that really asks for patience: it is given, in the real
// time that it means, up to a minute.
func (w *wire) wait(ctx context.Context, r request, a answer) (answer, error) {
	seconds := max(1, a.retryAfter)
	if seconds > 60 {
		return a, nil
	}
	select {
	case <-ctx.Done():
		return a, ctx.Err()
	case <-time.After(time.Duration(seconds) * time.Second):
		return w.once(ctx, r)
	}
}

// send sends the path exactly as it is written, whatever it looks like.
func (s *Server) send(ctx context.Context, token string, r request) (status int, header http.Header, body []byte, err error) {
	base, err := url.Parse(strings.TrimSuffix(s.BaseURL, "/"))
	if err != nil {
		return 0, nil, nil, err
	}
	path, query, ask := strings.Cut(r.path, "?")
	target := &url.URL{Scheme: base.Scheme, Host: base.Host, Opaque: base.EscapedPath() + path, RawQuery: query, ForceQuery: ask && query == ""}
	q := (&http.Request{Method: r.method, URL: target, Host: s.Host, Header: http.Header{}}).WithContext(ctx)
	q.Header.Set("Authorization", "Bearer "+token)
	for key, value := range r.header {
		q.Header.Set(key, value)
	}
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return 0, nil, nil, err
		}
		q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		q.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	} else {
		q.Header.Del("Content-Type")
	}
	res, err := s.client().Do(q)
	if err != nil {
		return 0, nil, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return res.StatusCode, res.Header, body, err
}

// client follows no redirects: no identity provider does with a token.
func (s *Server) client() *http.Client {
	c := http.Client{Timeout: time.Minute}
	if s.HTTP != nil {
		c = *s.HTTP
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}
