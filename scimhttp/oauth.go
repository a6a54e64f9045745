package scimhttp

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// TokenPath is where clients get access tokens (RFC 6749 section 3.2).
const TokenPath = "/api/oauth/token"

// scope is the only one there is: all of SCIM, and nothing else.
const scope = "scim"

// OAuth serves the token endpoint for client credentials (RFC 6749 section 4.4)
// and the metadata by which clients find it. Its fields are set before Mount
// and not changed after.
type OAuth struct {
	// Grant gives a client an access token. A *scim.Error whose Type is one of
	// RFC 6749 section 5.2 refuses.
	Grant      func(ctx context.Context, r TokenRequest) (token string, lifetime time.Duration, err error)
	Algorithms []string // by which client assertions may be signed

	Hosts  Hosts
	Logger *slog.Logger     // nil logs nothing
	Now    func() time.Time // nil is time.Now
}

// TokenRequest is what a client says for itself at the token endpoint.
type TokenRequest struct {
	Call      // without a token
	ClientID  string
	Secret    string
	Assertion string // a JWT (RFC 7523); the client id may then be empty
	// Audiences are whom an assertion for the tenant may be addressed to: the
	// issuer identifier first.
	Audiences func(tenant string) []string
}

// Mount serves the token endpoint and both metadata documents.
func (o *OAuth) Mount(mux *http.ServeMux) {
	s := &oauthServer{OAuth: *o}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	mux.HandleFunc(TokenPath, s.token)
	mux.HandleFunc("GET "+serverMetadata, s.showServer)
	mux.HandleFunc("GET "+resourceMetadata, s.showResource)
}

type oauthServer struct {
	OAuth
	failures failures
}

// token answers a token request. Nothing of it may be stored on the way (RFC
// 6749 section 5.1).
func (s *oauthServer) token(w http.ResponseWriter, r *http.Request) {
	id := requestID(r.Header.Get("X-Request-Id"))
	head := w.Header()
	head.Set("X-Request-Id", id)
	head.Set("Cache-Control", "no-store")
	head.Set("Pragma", "no-cache")
	token, lifetime, err := s.grant(r, id)
	if err != nil {
		s.refuse(w, r, id, err)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Token    string `json:"access_token"`
		Type     string `json:"token_type"`
		Lifetime int    `json:"expires_in"`
		Scope    string `json:"scope"`
	}{token, "Bearer", int(lifetime.Seconds()), scope})
}

func (s *oauthServer) grant(r *http.Request, id string) (token string, lifetime time.Duration, err error) {
	request, err := readTokenRequest(r)
	if err != nil {
		return "", 0, err
	}
	request.Call = Call{
		Host: s.Hosts.Host(r), BaseURL: s.Hosts.BaseURL(r), RequestID: id,
		Client: clientName(r.UserAgent()), Method: r.Method, Started: s.Now(),
	}
	request.Audiences = func(tenant string) []string { return s.Hosts.audiences(r, tenant) }
	who := failure{request.ClientID[:min(len(request.ClientID), 64)], s.Hosts.Address(r)}
	if err := s.failures.check(s.Now(), who); err != nil {
		return "", 0, err
	}
	token, lifetime, err = s.Grant(r.Context(), *request)
	var refused *scim.Error
	if errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		s.failures.note(who)
	}
	return token, lifetime, err
}

// refuse answers an error in the form of RFC 6749 section 5.2.
func (s *oauthServer) refuse(w http.ResponseWriter, r *http.Request, id string, err error) {
	var refused *scim.Error
	if !errors.As(err, &refused) {
		if !gone(r.Context(), err) {
			s.Logger.LogAttrs(r.Context(), slog.LevelError, "token request failed", slog.String("request", id), slog.Any("error", err))
		}
		refused = scim.Errorf(http.StatusInternalServerError, "server_error", "500.1",
			"Our own fault (500.1): no access token could be made. Try again; if it happens again, tell the operator of this server the request id %s.", id)
	}
	code := refused.Type
	if code == "" {
		code = "temporarily_unavailable"
	}
	head := w.Header()
	switch refused.Status {
	case http.StatusUnauthorized:
		head.Set("WWW-Authenticate", `Basic realm="Rollcall", charset="UTF-8"`)
	case http.StatusMethodNotAllowed:
		head.Set("Allow", http.MethodPost)
	}
	if refused.RetryAfter > 0 {
		head.Set("Retry-After", strconv.Itoa(refused.RetryAfter))
	}
	writeJSON(w, refused.Status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{code, describable(refused.Detail)})
}

// describable keeps to the characters that RFC 6749 section 5.2 allows.
func describable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < ' ' || r > '~' || r == '\\':
			return '?'
		}
		return r
	}, text)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("%T: %v", v, err)) // only our own values come here
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(b) // an error means that the client has gone
}
