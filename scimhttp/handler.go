// Package scimhttp is RFC 7644 on the wire, both ways: Handler serves a
// scim.ServiceProvider over HTTP, Client is a scim.ServiceProvider somewhere
// else. It owns paths, headers, query strings, media types and the form of
// answers; it knows no tenant, no token's meaning and no rule about people.
package scimhttp

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// Base is the path of the SCIM base URL. RFC 7644 section 3.13 wants the
// version right before the endpoint.
const Base = root + version

const (
	root    = "/api/scim/"
	version = "v2"
)

// CheckHeader marks the requests of rollcall check, which looks at people without
// being the identity provider that knows them. Other servers ignore it.
const CheckHeader = "Rollcall-Check"

// Call is what one request says about itself, before it is answered.
type Call struct {
	Token     string // of the Authorization header; empty when there is none
	Host      string // as the client sent it, or as a trusted proxy says it did
	BaseURL   string // absolute SCIM base URL of this request, without a slash at the end
	RequestID string // the client's own if it is sane, else new; answered in X-Request-Id
	Client    string // who sends it, from User-Agent: "Entra ID", "Okta", ..., "unknown"
	Check     bool   // a check sends it, which meets nobody; see CheckHeader
	Method    string // POST, PUT, PATCH, DELETE or GET, which HEAD counts as
	Started   time.Time
}

// Exchange is one request and how it was answered.
type Exchange struct {
	Call
	Type, ID string // of the resource; empty where the request names none
	Name     string // userName or displayName as it was sent; for activity, in no log
	Status   int
	// ScimType, Code and Detail are those of the error that was answered. A
	// detail may quote the request, so it belongs into the tenant's activity
	// and into no log.
	ScimType, Code, Detail string
	Value                  string // what in the request was refused; see scim.Error
	Duration               time.Duration
	Query                  string // the filter with its values struck out, for logs
	Path                   string // below the base, with the values of a filter struck out
	Body                   string // as it was sent, secrets struck out; see strikeBody
}

// Handler serves SCIM. Its fields are set before Mount and not changed after.
type Handler struct {
	Types []*scim.ResourceType

	// Open returns what the call's token may see, and nothing else: no request
	// carries a tenant any other way. A *scim.Error (401, 403, 404, 503)
	// refuses. Discovery is asked for without a token too; then Open's 401
	// only means that nobody in particular is asking, and every other error
	// stands.
	Open func(ctx context.Context, c Call) (scim.ServiceProvider, error)
	// Done hears of every request after it was answered, and of every operation
	// of a bulk request; sp is nil when Open refused. It may be nil.
	Done func(sp scim.ServiceProvider, x Exchange)

	Hosts   Hosts
	OAuth   bool             // an OAuth is mounted beside it: a 401 points to its metadata
	Limits  []*Limit         // every one of them must let a request through
	Logger  *slog.Logger     // nil logs nothing
	Now     func() time.Time // nil is time.Now
	MaxBody int64            // bytes of a body; 0 is 1 MiB. A Group and a bulk request may have 16 times as many.
}

// Offering is a provider whose settings decide which types it offers now. A
// type that it does not offer is not advertised; what requests for it are
// answered is the provider's to say.
type Offering interface{ Offers(typ string) bool }

// Personal is a provider that may know whom it serves, for /Me (RFC 7644 section
// 3.11).
type Personal interface {
	Me(ctx context.Context) (typ, id string, err error)
}

// Operating is a provider that wants to know which operation of a bulk request
// it carries out.
type Operating interface {
	Operation(method string) scim.ServiceProvider
}

// Recording is a provider that keeps what was sent, secrets struck out, beside
// what it came to. It is told before it writes.
type Recording interface {
	Sent(path, body string) scim.ServiceProvider
}

// Verifying is a provider that Open opens on what it remembers of the token, and
// that proves it with its first read. Discovery, /Me, /Bulk and what there is not
// read nothing first, so they ask.
type Verifying interface {
	Verify(ctx context.Context) error
}

// Mount serves everything under Base, and /api/scim/Users as /api/scim/v2/Users
// (RFC 7644 section 3.13: without a version the latest is meant).
func (h *Handler) Mount(mux *http.ServeMux) {
	s := &server{Handler: *h, routes: routes(h.Types), names: filterNames(h.Types)}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.MaxBody == 0 {
		s.MaxBody = 1 << 20
	}
	mux.Handle(root, s)
}

// server is a mounted handler.
type server struct {
	Handler
	routes map[string]route
	names  map[string]bool
}

// route is what an endpoint does, by method: as a whole, and for one of the
// things under it.
type route struct {
	typ    *scim.ResourceType // nil where it is not about resources
	public bool               // needs no token
	large  bool               // takes bodies of 16 times the usual size
	me     bool               // the resource of whoever asks
	all    methods            // /Users
	one    methods            // /Users/{id}
}

type methods map[string]func(*exchange) (answer, error)

// routes is every endpoint there is (RFC 7644 section 3.2, table 2). What is
// not here is refused.
func routes(types []*scim.ResourceType) map[string]route {
	one := methods{
		"GET":    (*exchange).get,
		"PUT":    (*exchange).replace,
		"PATCH":  (*exchange).patch,
		"DELETE": (*exchange).delete,
	}
	routes := map[string]route{
		"ServiceProviderConfig": {public: true, all: methods{"GET": (*exchange).showConfig}},
		"ResourceTypes":         {public: true, all: methods{"GET": (*exchange).listTypes}, one: methods{"GET": (*exchange).showType}},
		"Schemas":               {public: true, all: methods{"GET": (*exchange).listSchemas}, one: methods{"GET": (*exchange).showSchema}},
		"Me":                    {me: true, all: one},
		"Bulk":                  {large: true, all: methods{"POST": (*exchange).bulk}},
		search:                  {all: searches},
		"":                      {all: methods{"GET": (*exchange).listAll}},
	}
	for _, t := range types {
		routes[strings.TrimPrefix(t.Endpoint, "/")] = route{
			typ:   t,
			large: t == scim.GroupType, // sent with all its members; a person is one
			all:   methods{"GET": (*exchange).list, "POST": (*exchange).create},
			one:   one,
		}
	}
	return routes
}

// search stands under the base and under every endpoint (RFC 7644 section
// 3.4.3).
const search = ".search"

var searches = methods{"POST": (*exchange).search}

// WithoutDoubleSlashes is for the mux that a Handler is mounted on:
// net/http's answers a path with a double slash, which is what an admin's base
// URL with a slash at its end makes, by a redirect, and clients do not follow
// one with a body.
func WithoutDoubleSlashes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "//") && strings.HasPrefix(strings.TrimLeft(r.URL.Path, "/"), root[1:]) {
			cleaned, url := *r, *r.URL
			url.Path, url.RawPath = singleSlashes(url.Path), singleSlashes(url.RawPath)
			cleaned.URL = &url
			r = &cleaned
		}
		next.ServeHTTP(w, r)
	})
}

func singleSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}
