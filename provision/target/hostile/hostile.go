// Package hostile is a SCIM server for tests that does what real ones do on bad
// days: throttles, answers garbage or nothing, forgets, miscounts. It keeps
// everything that it was asked.
package hostile

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// Switches are what is wrong with a Server until it is switched off again.
type Switches struct {
	Slow             time.Duration  // before every answer
	Reject           map[string]int // the status by which a user of that userName is refused: 400, 409
	AcceptDuplicates bool           // the same userName is taken again; see Server.Duplicates
	Strict           bool           // a PATCH whose path has a filter that matches nothing is noTarget
	NoETags          bool           // resources have no version, and If-Match counts nothing
	NoDiscovery      bool           // ServiceProviderConfig, ResourceTypes and Schemas are 404
	NoPatch          bool           // PATCH is 405
	NoBulk           bool           // /Bulk is 404
	IgnoreFilter     bool           // every query finds everybody
	WrongTotal       int            // added to totalResults
	RepeatPages      bool           // a page begins with the last resource of the page before
	PageSize         int            // no page is longer; 0: as long as was asked for
}

// Server is a SCIM server at URL. Its methods may be called while it serves.
type Server struct {
	URL   string // the SCIM base URL
	Token string

	handler  http.Handler
	provider *provider
	closing  chan struct{}

	mu       sync.Mutex
	switches Switches
	faults   []*Fault
	requests []Request
}

// Request is one that the server was sent, and the status it was answered; 0 is
// no answer.
type Request struct {
	Method, Path, Query, Body string
	Header                    http.Header
	Status                    int
}

// Start serves until the test ends.
func Start(t testing.TB) *Server {
	s := New()
	server := httptest.NewServer(s)
	s.URL = server.URL + scimhttp.Base
	s.provider.base = s.URL
	t.Cleanup(func() {
		close(s.closing)
		server.Close()
	})
	return s
}

// New is a Server that is not served: an http.Handler, for tests that bring
// their own way to it.
func New() *Server {
	s := &Server{URL: "http://localhost" + scimhttp.Base, Token: "hostile-token-7f3a", closing: make(chan struct{})}
	s.provider = newProvider(s.URL, s.switched)
	mux := http.NewServeMux()
	h := &scimhttp.Handler{Types: []*scim.ResourceType{scim.UserType, scim.GroupType}, Open: s.open}
	h.Mount(mux)
	s.handler = mux
	return s
}

func (s *Server) open(_ context.Context, c scimhttp.Call) (scim.ServiceProvider, error) {
	if c.Token != s.Token {
		return nil, scim.Errorf(http.StatusUnauthorized, "", "", "The token %q is not known.", c.Token)
	}
	return s.provider, nil
}

func (s *Server) switched() Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches
}

// Switch changes the switches.
func (s *Server) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.switches.Reject = maps.Clone(s.switches.Reject)
	change(&s.switches)
}

// Misbehave adds a Fault; Behave takes all of them away.
func (s *Server) Misbehave(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Behave ends all faults and switches.
func (s *Server) Behave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.switches = nil, Switches{}
}

// Requests are all that were sent until now, in the order of their answers.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Writes are the requests that are no GET.
func (s *Server) Writes() []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool { return r.Method == http.MethodGet })
}

// ForgetRequests begins to count anew.
func (s *Server) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Users are the users that there are, in the order in which they were made; they
// must not be changed.
func (s *Server) Users() []scim.Object { return s.provider.all("User") }

// Groups are the groups that there are, likewise.
func (s *Server) Groups() []scim.Object { return s.provider.all("Group") }

func (p *provider) all(typ string) []scim.Object {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []scim.Object
	for _, s := range p.kinds[typ].order {
		all = append(all, s.object)
	}
	return all
}

// User is the user of that userName; nil if there is none.
func (s *Server) User(userName string) scim.Object {
	return s.provider.named("User", "userName", userName)
}

// Group is the group of that displayName; nil if there is none.
func (s *Server) Group(displayName string) scim.Object {
	return s.provider.named("Group", "displayName", displayName)
}

func (p *provider) named(typ, path, name string) scim.Object {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found := p.kinds[typ].index[path][scim.Fold(name)]; len(found) > 0 {
		return found[0].object
	}
	return nil
}

// Duplicates counts users whose userName somebody had before them.
func (s *Server) Duplicates() int {
	p := s.provider
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, same := range p.kinds["User"].index["userName"] {
		n += max(len(same)-1, 0)
	}
	return n
}

// Forget loses resources, as if they had never been.
func (s *Server) Forget(ids ...string) {
	p := s.provider
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.kinds {
		for _, id := range ids {
			if r := k.byID[id]; r != nil {
				k.delete(r)
			}
		}
	}
}
