package scimhttp

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

const (
	serverMetadata   = "/.well-known/oauth-authorization-server"
	resourceMetadata = "/.well-known/oauth-protected-resource" + Base
)

// showServer describes the authorization server (RFC 8414). Each tenant's host
// is an issuer of its own.
func (s *oauthServer) showServer(w http.ResponseWriter, r *http.Request) {
	issuer := s.Hosts.issuer(r)
	if issuer == "" {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Issuer        string   `json:"issuer"`
		TokenEndpoint string   `json:"token_endpoint"`
		ResponseTypes []string `json:"response_types_supported"` // required, though we have none
		GrantTypes    []string `json:"grant_types_supported"`
		Methods       []string `json:"token_endpoint_auth_methods_supported"`
		Algorithms    []string `json:"token_endpoint_auth_signing_alg_values_supported"`
		Scopes        []string `json:"scopes_supported"`
	}{
		issuer, issuer + TokenPath, []string{}, []string{"client_credentials"},
		[]string{"client_secret_basic", "client_secret_post", "private_key_jwt"}, s.Algorithms, []string{scope},
	})
}

// showResource describes SCIM as a protected resource (RFC 9728).
func (s *oauthServer) showResource(w http.ResponseWriter, r *http.Request) {
	issuer := s.Hosts.issuer(r)
	if issuer == "" {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
		Scopes   []string `json:"scopes_supported"`
		Methods  []string `json:"bearer_methods_supported"`
		Name     string   `json:"resource_name"`
	}{issuer + Base, []string{issuer}, []string{scope}, []string{"header"}, "Rollcall SCIM 2.0"})
}

// issuer is the issuer identifier (RFC 8414 section 2) of the host that the
// client asked; empty where that host is not known to be ours. A Host header
// proves nothing: were every name in it an issuer, an assertion that a client
// has addressed to somebody else would pass here.
func (h Hosts) issuer(r *http.Request) string {
	host := h.Host(r)
	_, bare := h.Tenant(host)
	fixed := h.PublicURL != "" && !strings.Contains(h.PublicURL, placeholder)
	if bare && !fixed && !h.isOurs(withoutPort(host)) {
		return ""
	}
	return strings.TrimSuffix(h.BaseURL(r), Base)
}

func (h Hosts) isOurs(name string) bool {
	if address, err := netip.ParseAddr(name); err == nil {
		return address.Unmap().IsLoopback()
	}
	return strings.EqualFold(strings.TrimSuffix(name, "."), h.BaseDomain)
}

// tenantIssuer is a tenant's issuer identifier, whatever host was asked.
func (h Hosts) tenantIssuer(r *http.Request, tenant string) string {
	if h.PublicURL != "" {
		return strings.TrimSuffix(h.PublicBaseURL(tenant), Base)
	}
	host := tenant + "." + h.BaseDomain
	if _, port, err := net.SplitHostPort(h.Host(r)); err == nil {
		host = net.JoinHostPort(host, port)
	}
	return h.scheme(r) + "://" + host
}

// audiences are whom a client may address an assertion to: the issuer, or its
// token endpoint, which many libraries take (RFC 7523 section 3).
func (h Hosts) audiences(r *http.Request, tenant string) []string {
	own := h.tenantIssuer(r, tenant)
	audiences := []string{own, own + TokenPath}
	if asked := h.issuer(r); asked != "" && asked != own {
		audiences = append(audiences, asked, asked+TokenPath)
	}
	return audiences
}

// metadataURL is where a 401 sends a client that has no token (RFC 9728
// section 5.1); empty at a host that is not known to be ours.
func (h Hosts) metadataURL(r *http.Request) string {
	if issuer := h.issuer(r); issuer != "" {
		return issuer + resourceMetadata
	}
	return ""
}
