package interop

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Target is the server under examination.
type Target struct {
	BaseURL string // of its SCIM endpoint
	Token   string // bearer token
	Host    string // sent in place of the host of BaseURL, if set
	Run     string // put into every name of a case, so that it meets nobody who is there already; a few letters and digits
	HTTP    *http.Client
}

// request is what went out, as it went out.
type request struct {
	Method string
	Target string // path below the base URL
	Header http.Header
	Body   string
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
	value  any           // the body as JSON; nil if it is none
	waited time.Duration // because the server asked for patience
}

func (a *answer) isJSON() bool {
	mime, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	mime = strings.TrimSpace(mime)
	return a.value != nil && (mime == "application/scim+json" || mime == "application/json")
}

// An answer is read up to here; a list of 1,000 people is a tenth of it.
const maxAnswer = 16 << 20

// do sends r. Whoever is told that he asks too often waits as long as the
// server says and asks again, as identity providers do.
func (t *Target) do(ctx context.Context, r request) (*answer, error) {
	for patience := longestWait; ; {
		a, err := t.once(ctx, r)
		if a != nil {
			a.waited = longestWait - patience
		}
		if err != nil || a.Status != http.StatusTooManyRequests {
			return a, err
		}
		seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
		wait := max(time.Second, time.Duration(seconds)*time.Second)
		if patience -= wait; err != nil || patience < 0 {
			return a, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// A request is put off so long in all.
const longestWait = time.Minute

// once sends r with the path exactly as it stands: percent-encoding, plus
// signs, raw quotes, double slashes. Only a blank is written as %20, because a
// request line cannot hold one.
func (t *Target) once(ctx context.Context, r request) (*answer, error) {
	base, err := url.Parse(strings.TrimSuffix(t.BaseURL, "/"))
	if err != nil {
		return nil, err
	}
	path, query, ask := strings.Cut(strings.ReplaceAll(r.Target, " ", "%20"), "?")
	raw := &url.URL{Scheme: base.Scheme, Host: base.Host, Opaque: base.EscapedPath() + path, RawQuery: query, ForceQuery: ask && query == ""}
	if strings.HasPrefix(r.Target, "http") { // the token endpoint is not below the base URL
		raw, err = url.Parse(r.Target)
		if err != nil {
			return nil, err
		}
	}
	req := (&http.Request{Method: r.Method, URL: raw, Host: t.Host, Header: r.Header.Clone()}).WithContext(ctx)
	if r.Body != "" {
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(r.Body)), int64(len(r.Body))
	}
	res, err := t.client().Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	a := &answer{Status: res.StatusCode, Header: res.Header, Body: bytes.TrimSpace(body)}
	if json.Unmarshal(a.Body, &a.value) != nil {
		a.value = nil
	}
	return a, nil
}

// client does not follow redirects: no identity provider does with a token.
func (t *Target) client() *http.Client {
	c := http.Client{Timeout: 30 * time.Second}
	if t.HTTP != nil {
		c = *t.HTTP
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// build makes the request of a step: the token, then the headers of the
// file's client, then the step's own.
func (t *Target) build(c *Case, s *Step, names map[string]string) request {
	r := request{Method: s.method(), Target: fill(s.path(), names), Header: http.Header{}, Body: strings.TrimRight(fill(s.Body, names), "\n")}
	r.Header.Set("Authorization", "Bearer "+t.Token)
	r.Header.Set("Content-Type", "application/scim+json")
	setHeaders(r.Header, c.client, names)
	// A client's content type is that of its bodies; few send one with a GET,
	// and a step that does says so itself.
	if r.Body == "" {
		r.Header.Del("Content-Type")
	}
	setHeaders(r.Header, s.Headers, names)
	return r
}

func setHeaders(h http.Header, to map[string]*string, names map[string]string) {
	for key, value := range to {
		switch {
		case value != nil:
			h.Set(key, fill(*value, names))
		case http.CanonicalHeaderKey(key) == "User-Agent":
			h.Set(key, "") // how net/http is told to send none
		default:
			h.Del(key)
		}
	}
}
