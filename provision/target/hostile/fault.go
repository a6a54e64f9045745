package hostile

import (
	"bytes"
	"context"
	"encoding/json/jsontext"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// Kind is how a Fault goes wrong.
type Kind int

// Kinds of faults. Of those that do what was asked, the client cannot know that
// it was done.
const (
	Refuse        Kind = iota // nothing is done; the answer is Status, with RetryAfter
	LoseAnswer                // it is done, and the connection ends without an answer
	Hang                      // it is done, and no answer comes while the client waits
	Fail                      // it is done, and the answer is Status
	WebPage                   // nothing is done; the answer is 200 and HTML
	Truncate                  // it is done, and half of the answer comes
	ErrorIn200                // nothing is done; the answer is 200, and its body a SCIM error
	ForgetAfter               // it is done and answered, and the new resource vanishes
	ForgetHeaders             // it is done and answered without any header
	OldDate                   // it is done and answered with the date of another year
)

// Fault goes wrong with some of the requests.
type Fault struct {
	Kind     Kind
	Method   string // empty: any
	Resource string // "Users", "Groups", "Bulk", ...; empty: any
	Body     string // only requests whose body contains it
	Times    int    // how often; 0: until Behave
	Every    int    // only each so manieth; 0 and 1: each

	Status     int           // of Refuse (503 when 0) and Fail (500 when 0)
	RetryAfter time.Duration // in whole seconds; 0: the header is not sent
	Header     http.Header   // further headers of the refusal

	met int
}

// concerns counts a request that the fault is about, and reports whether it
// goes wrong with this one.
func (f *Fault) concerns(method, resource string, body []byte) bool {
	if f.Method != "" && f.Method != method || f.Resource != "" && f.Resource != resource || !bytes.Contains(body, []byte(f.Body)) {
		return false
	}
	every := max(f.Every, 1)
	if f.Times > 0 && f.met >= f.Times*every {
		return false
	}
	f.met++
	return f.met%every == 0
}

// ServeHTTP is http.Handler's.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	path := strings.TrimPrefix(r.URL.Path, scimhttp.Base)
	resource, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	fault, switches := s.choose(r.Method, resource, body)
	if switches.Slow > 0 && !s.pause(r.Context(), switches.Slow) {
		panic(http.ErrAbortHandler)
	}
	status := 0
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, Request{r.Method, path, r.URL.RawQuery, string(body), r.Header, status})
	}()
	answer := httptest.NewRecorder()
	if missing := switches.lacks(r.Method, resource); missing != 0 {
		refuse(answer, missing, "This server does not have that.")
	} else if fault == nil {
		s.handler.ServeHTTP(answer, r)
	} else {
		s.spoil(fault, answer, r)
	}
	status = answer.Code
	deliver(w, answer)
}

func (s *Server) choose(method, resource string, body []byte) (*Fault, Switches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.concerns(method, resource, body) {
			chosen := *f
			return &chosen, s.switches
		}
	}
	return nil, s.switches
}

// pause reports whether it came to its end.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.closing:
	}
	return false
}

// lacks is the status for what the server is without; 0 if it has it.
func (s Switches) lacks(method, resource string) int {
	switch resource {
	case "ServiceProviderConfig", "ResourceTypes", "Schemas":
		if s.NoDiscovery {
			return http.StatusNotFound
		}
	case "Bulk":
		if s.NoBulk {
			return http.StatusNotFound
		}
	}
	if method == http.MethodPatch && s.NoPatch {
		return http.StatusMethodNotAllowed
	}
	return 0
}

// spoil answers as the fault wants. A panic with http.ErrAbortHandler is how
// net/http ends a connection without an answer.
func (s *Server) spoil(f *Fault, w *httptest.ResponseRecorder, r *http.Request) {
	switch f.Kind {
	case Refuse:
		f.refuse(w)
		return
	case WebPage:
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!DOCTYPE html><title>Sign in</title>")
		return
	case ErrorIn200:
		refuse(w, http.StatusOK, "Something went wrong.")
		return
	}
	s.handler.ServeHTTP(w, r)
	switch f.Kind {
	case LoseAnswer:
		panic(http.ErrAbortHandler)
	case Hang:
		select {
		case <-r.Context().Done():
		case <-s.closing:
		}
		panic(http.ErrAbortHandler)
	case Fail:
		*w = *httptest.NewRecorder()
		status := f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		refuse(w, status, "Something went wrong.")
	case Truncate:
		w.Body.Truncate(w.Body.Len() / 2)
	case ForgetAfter:
		s.Forget(scim.ResourceFromJSON(w.Body.Bytes()).ID())
	case ForgetHeaders:
		clear(w.Header())
		w.Header()["Content-Type"] = nil // or net/http guesses one
	case OldDate:
		w.Header().Set("Date", "Mon, 02 Jan 2006 15:04:05 GMT")
	}
}

func (f *Fault) refuse(w http.ResponseWriter) {
	for name, values := range f.Header {
		w.Header()[name] = values
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	status := f.Status
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	refuse(w, status, "Not now.")
}

func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	quoted, _ := jsontext.AppendQuote(nil, detail)
	io.WriteString(w, `{"schemas":["`+scim.ErrorURN+`"],"status":"`+strconv.Itoa(status)+`","detail":`+string(quoted)+`}`)
}

// deliver sends the answer with its true length, so that a body that was cut is
// whole to HTTP and broken to JSON.
func deliver(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for name, values := range answer.Header() {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes())
}
