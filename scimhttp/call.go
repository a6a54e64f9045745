package scimhttp

import (
	"net/http"
	"strings"
	"uuid"

	"github.com/rollcall-scim/rollcall/scim"
)

// call collects what the request says about itself.
func (s *server) call(r *http.Request) Call {
	c := Call{
		Token:     token(r.Header.Get("Authorization")),
		Host:      s.Hosts.Host(r),
		BaseURL:   s.Hosts.BaseURL(r),
		RequestID: requestID(r.Header.Get("X-Request-Id")),
		Client:    clientName(r.UserAgent()),
		Check:     r.Header.Get(CheckHeader) != "",
		Method:    r.Method,
		Started:   s.Now(),
	}
	if c.Method == http.MethodHead {
		c.Method = http.MethodGet
	}
	return c
}

// oneToken refuses a request that says twice who asks (RFC 6750 sections 2 and
// 3.1): two headers, or a token in the address beside the one in the header.
func (x *exchange) oneToken() error {
	if len(x.r.Header.Values("Authorization")) < 2 && (x.Token == "" || !x.params.token) {
		return nil
	}
	x.w.Header()["Www-Authenticate"] = []string{`Bearer realm="Rollcall", error="invalid_request"`}
	return scim.BadRequest(scim.InvalidSyntax, "400.19",
		"Access token sent twice (400.19): send it once, in the header Authorization: Bearer <token>, and nowhere else.")
}

// token is read from the Authorization header and nowhere else: a token in a
// query string ends up in logs (RFC 6750 section 5.3). A single word without a
// scheme is taken for one as well (okta-auth-001, okta-spec-11: the admin types
// the header's value, with or without "Bearer").
func token(authorization string) string {
	authorization = strings.TrimSpace(authorization)
	scheme, rest, found := strings.Cut(authorization, " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return strings.TrimSpace(rest)
	case !found:
		return authorization
	default:
		return ""
	}
}

// requestID keeps the client's own, so that both sides find the request in
// their logs, unless it could do harm there.
func requestID(sent string) string {
	if sent == "" || len(sent) > 64 {
		return uuid.NewV7().String()
	}
	for i := range len(sent) {
		if c := sent[i]; !isAlphanumeric(c) && c != '.' && c != '_' && c != '-' {
			return uuid.NewV7().String()
		}
	}
	return sent
}

// clients are the names by which identity providers are known, and what their
// User-Agent holds in lower case (okta-lookup-001, google-hdr-001).
var clients = []struct{ sign, name string }{
	{"okta", "Okta"},
	{"entra", "Entra ID"},
	{"azure", "Entra ID"},
	{"syncfabric", "Entra ID"},
	{"microsoft", "Entra ID"},
	{"onelogin", "OneLogin"},
	{"jumpcloud", "JumpCloud"},
	{"google-auto", "Google"},
	{"keycloak", "Keycloak"},
	{"authentik", "authentik"},
	{"sailpoint", "SailPoint"},
	{"pingfederate", "PingFederate"},
	{"pingone", "PingOne"},
	{"cyberark", "CyberArk"},
	{"rippling", "Rippling"},
	{"ssosync", "ssosync"},
}

// clientName says who is calling: a name of ours, or the first product of the
// User-Agent (RFC 9110 section 10.1.5), cut to what is safe to show.
func clientName(userAgent string) string {
	lower := strings.ToLower(userAgent)
	for _, c := range clients {
		if strings.Contains(lower, c.sign) {
			return c.name
		}
	}
	end := 0
	for end < len(userAgent) && end < 64 && (isAlphanumeric(userAgent[end]) || strings.IndexByte("-_.!+", userAgent[end]) >= 0) {
		end++
	}
	if end == 0 {
		return "unknown"
	}
	return userAgent[:end]
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
