package scimhttp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// exchange is one request on its way through the handler.
type exchange struct {
	*server
	Exchange
	w      http.ResponseWriter
	r      *http.Request
	sp     scim.ServiceProvider
	route  route
	typ    *scim.ResourceType
	params params
	part   *part // of a bulk request that this is
}

// answer is what a request that went well gets.
type answer struct {
	status   int
	body     []byte // nil for a status without one
	etag     string
	location string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{server: s, w: w, r: r, Exchange: Exchange{Call: s.call(r)}}
	w.Header()["X-Request-Id"] = []string{x.RequestID}
	a, err := safely(x.act)
	if err != nil {
		a = x.refuse(err)
	}
	x.Status = a.status
	x.write(a)
	x.Duration = s.Now().Sub(x.Started)
	if s.Done != nil {
		x.Query = strike(x.params.filter, s.names)
		if x.Query != "" && x.Method == http.MethodGet {
			x.Path += "?filter=" + x.Query
		}
		s.Done(x.sp, x.Exchange)
	}
}

// act finds out what is asked for and does it.
func (x *exchange) act() (answer, error) {
	path, err := splitPath(x.r.URL)
	if err != nil {
		return answer{}, err
	}
	x.aim(path.endpoint, path.id)
	x.params = parseQuery(x.r.URL.RawQuery)
	if err := x.oneToken(); err != nil {
		return answer{}, err
	}
	if err := x.open(x.route.public); err != nil {
		return answer{}, err
	}
	if err := x.admit(1); err != nil {
		return answer{}, err
	}
	do, err := x.find(path)
	if err != nil {
		return answer{}, err
	}
	if err := x.params.check(); err != nil {
		return answer{}, err
	}
	if x.route.me {
		return x.asMe(do)
	}
	return do(x)
}

// safely makes a panic one request's failure, not the process's.
func safely(do func() (answer, error)) (a answer, err error) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			panic(p)
		} else if p != nil {
			a, err = answer{}, &panicError{value: p, stack: debug.Stack()}
		}
	}()
	return do()
}

// aim says what the request is about.
func (x *exchange) aim(endpoint, id string) {
	r := x.routes[endpoint]
	x.route, x.typ, x.ID = r, r.typ, id
	x.Path = "/" + endpoint
	if id != "" {
		x.Path += "/" + id
	}
	if x.typ != nil {
		x.Type = x.typ.Name
	}
}

// open asks whose request this is. Everything that is not public needs an
// answer, an unknown endpoint too.
func (x *exchange) open(public bool) error {
	sp, err := x.Open(x.r.Context(), x.Call)
	if err == nil {
		x.sp = sp
		// Where no resource is read or written first, nothing else proves that
		// the token still holds.
		if v, ok := sp.(Verifying); ok && x.typ == nil {
			return v.Verify(x.r.Context())
		}
		return nil
	}
	var refusal *scim.Error
	// RFC 7643 section 5: how to authenticate can be read without doing so.
	if public && x.Token == "" && errors.As(err, &refusal) && refusal.Status == http.StatusUnauthorized {
		return nil
	}
	return err
}

// find is the one place that decides what a path and a method mean.
func (x *exchange) find(p path) (func(*exchange) (answer, error), error) {
	offered := x.route.all
	switch {
	case x.typ != nil && p.id == search:
		offered = searches
	case p.id != "":
		offered = x.route.one
	}
	if len(offered) == 0 || p.more {
		return nil, scim.Errorf(http.StatusNotFound, "", "404.3",
			"No such endpoint (404.3): %s is what can be asked for, under %s. Check the base URL (Tenant URL) at your identity provider.",
			strings.Join(x.endpoints(), ", "), Base)
	}
	do := offered[x.Method]
	if do == nil {
		allow := allowed(offered)
		if x.part == nil {
			x.w.Header().Set("Allow", allow)
		}
		return nil, scim.Errorf(http.StatusMethodNotAllowed, "", "405.1",
			"Method not allowed here (405.1): this address takes %s.", allow)
	}
	return do, nil
}

// endpoints names the routes that are offered, for whoever took a wrong one.
func (x *exchange) endpoints() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(x.routes)) {
		if r := x.routes[name]; name != "" && (r.typ == nil || x.offers(r.typ)) {
			names = append(names, "/"+name)
		}
	}
	return names
}

// allowed is the Allow header (RFC 9110 section 10.2.1); HEAD works where GET
// does.
func allowed(m methods) string {
	names := slices.Sorted(maps.Keys(m))
	if i := slices.Index(names, "GET"); i >= 0 {
		names = slices.Insert(names, i+1, "HEAD")
	}
	return strings.Join(names, ", ")
}

// path is a request's path under the base.
type path struct {
	endpoint, id string
	more         bool // something follows the id
}

// splitPath forgives a missing version and slashes too many, and decodes each
// segment once (google-disc-001: colons of a URN come percent-encoded).
func splitPath(u *url.URL) (path, error) {
	raw := u.Path
	if u.RawPath != "" {
		raw = u.RawPath
	}
	rest := strings.Trim(strings.TrimPrefix(raw, root), "/")
	if first, after, _ := strings.Cut(rest, "/"); first == version {
		rest = strings.TrimLeft(after, "/")
	} else if looksLikeVersion(first) {
		return path{}, scim.BadRequest(scim.InvalidVers, "400.18",
			"SCIM version not offered (400.18): this server speaks SCIM 2.0, under %s. Correct the base URL (Tenant URL) at your identity provider.", Base)
	}
	endpoint, id, _ := strings.Cut(rest, "/")
	id, _, more := strings.Cut(strings.TrimLeft(id, "/"), "/")
	if u.RawPath != "" {
		endpoint, id = unescape(endpoint, false), unescape(id, false)
	}
	return path{endpoint, id, more}, nil
}

func looksLikeVersion(segment string) bool {
	number, found := strings.CutPrefix(segment, "v")
	_, err := strconv.ParseFloat(number, 64)
	return found && err == nil
}

// write sends the answer. net/http leaves out HEAD's body by itself.
func (x *exchange) write(a answer) {
	head := x.w.Header()
	if a.etag != "" {
		head["Etag"] = []string{a.etag}
	}
	if a.location != "" {
		head["Location"] = []string{a.location}
	}
	if a.body == nil {
		x.w.WriteHeader(a.status)
		return
	}
	head["Content-Type"] = mediaType(x.r.Header["Accept"])
	head["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	x.w.WriteHeader(a.status)
	if x.r.Method != http.MethodHead {
		x.w.Write(a.body) // an error means that the client has gone
	}
}

// panicError is a panic on its way to the log.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// gone reports that nobody waits for the answer any more, or that it took
// longer than the server allows.
func gone(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
