package main

import (
	"context"
	"encoding/json/v2"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/console"
	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// newServer wires everything that answers requests. stop ends what would go on
// as long as a browser looks. background is nil where no applications run.
func newServer(cfg config, d *directory.Directory, background *cycles, logger *slog.Logger) (handler http.Handler, stop func()) {
	s := &server{directory: d, hosts: cfg.hosts()}
	mux := http.NewServeMux()
	api := &scimhttp.Handler{
		Types:  []*scim.ResourceType{scim.UserType, scim.GroupType},
		Open:   s.open,
		Done:   s.done,
		Hosts:  s.hosts,
		Limits: cfg.limits(),
		OAuth:  true,
		Logger: logger,
	}
	api.Mount(mux)
	oauth := &scimhttp.OAuth{Grant: s.grant, Algorithms: directory.AssertionAlgorithms, Hosts: s.hosts, Logger: logger}
	oauth.Mount(mux)
	mux.HandleFunc("GET /livez", s.live)
	mux.HandleFunc("GET /readyz", s.ready)
	pages := &console.Console{
		Directory: d,
		Hosts:     s.hosts,
		Logger:    logger,
		Version:   version(),
		Elsewhere: http.HandlerFunc(s.elsewhere),
	}
	if background != nil {
		pages.Applications = &console.Applications{Stores: background.engines.store.Provision(), Open: background.engines.open, Background: background.beside}
	}
	pages.Mount(mux)

	handler = scimhttp.WithoutDoubleSlashes(mux)
	if cfg.tlsCert != "" {
		handler = strictTransport(handler)
	}
	return handler, pages.Stop
}

// server answers for a directory.
type server struct {
	directory *directory.Directory
	hosts     scimhttp.Hosts
}

// open finds the tenant whose token the call carries. A host that names a
// tenant must name that one (behaviour.md 2.1).
func (s *server) open(ctx context.Context, c scimhttp.Call) (scim.ServiceProvider, error) {
	label, bare := s.hosts.Tenant(c.Host)
	if bare {
		label = ""
	}
	t, err := s.directory.OpenToken(ctx, c.Token, label, directory.Via{
		Request: c.RequestID, Client: c.Client, Operation: c.Method, BaseURL: c.BaseURL, Check: c.Check, Started: c.Started,
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// grant gives an OAuth client an access token.
func (s *server) grant(ctx context.Context, r scimhttp.TokenRequest) (token string, lifetime time.Duration, err error) {
	label, bare := s.hosts.Tenant(r.Host)
	if bare {
		label = ""
	}
	return s.directory.GrantAccess(ctx, directory.AccessRequest{
		ClientID: r.ClientID, Secret: r.Secret, Assertion: r.Assertion, Audiences: r.Audiences,
	}, label, directory.Via{Request: r.RequestID, Client: r.Client, Operation: "TOKEN", BaseURL: r.BaseURL, Started: r.Started})
}

// done enters what was refused in the tenant's activity log; what worked was
// entered with the change. Of whoever was not let in at a tenant's host, that is
// remembered for a while.
func (s *server) done(sp scim.ServiceProvider, x scimhttp.Exchange) {
	if x.Status < 400 {
		return
	}
	t, ok := sp.(*directory.Tenant)
	if label, bare := s.hosts.Tenant(x.Host); !ok && !bare {
		s.directory.Knocked(label, directory.Knock{Client: x.Client, Status: x.Status, Code: x.Code, Detail: x.Detail})
	}
	if !ok {
		return
	}
	t.Failed(directory.Failure{
		Type: x.Type, ID: x.ID, Person: x.Name, Status: x.Status, ScimType: x.ScimType,
		Code: x.Code, Detail: x.Detail, Value: x.Value, Path: x.Path, Body: x.Body, Duration: x.Duration,
	})
}

// elsewhere answers what lies outside SCIM, in SCIM's form: whoever asks is most
// likely an identity provider with a mistyped Tenant URL, and shows its admin
// the detail.
func (s *server) elsewhere(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
		"status":  "404",
		"detail":  "No such endpoint (404.3): SCIM is at " + s.tenantURL(r) + ". Correct the Tenant URL (base URL) at your identity provider.",
	}, json.Deterministic(true))
	if err != nil { // a host that is no text
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/scim+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusNotFound)
	w.Write(append(body, '\n'))
}

// live says that the process answers.
func (s *server) live(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") }

// ready says whether the database answers as well.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	// No tenant has an empty name: the cheapest question there is.
	if _, err := s.directory.Store.TenantByName(ctx, ""); err != nil && !errors.Is(err, directory.ErrNotFound) {
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	io.WriteString(w, "ok\n")
}

// strictTransport keeps browsers on TLS (RFC 6797).
func strictTransport(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}

// tenantURL is what an admin types at the identity provider.
func (s *server) tenantURL(r *http.Request) string {
	if _, bare := s.hosts.Tenant(s.hosts.Host(r)); !bare {
		return s.hosts.BaseURL(r)
	}
	if s.hosts.PublicURL != "" {
		return s.hosts.PublicBaseURL("<tenant>")
	}
	scheme, rest, _ := strings.Cut(s.hosts.BaseURL(r), "://")
	host, _, _ := strings.Cut(rest, "/")
	port := ""
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		port = host[i:]
	}
	return scheme + "://<tenant>." + s.hosts.BaseDomain + port + scimhttp.Base
}
