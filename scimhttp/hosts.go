package scimhttp

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Hosts knows under which names this server is reached.
type Hosts struct {
	BaseDomain string // tenant x is at x.BaseDomain
	// PublicURL is how clients reach this server, such as
	// https://{tenant}.rollcall.example; empty takes it from the request.
	PublicURL      string
	TrustedProxies []netip.Prefix // whose X-Forwarded headers count
}

// Tenant reads the tenant's name out of a Host header. A bare host (the base
// domain, an address, a name that is not under it) names none.
func (h Hosts) Tenant(host string) (name string, bare bool) {
	host = strings.TrimSuffix(strings.ToLower(withoutPort(host)), ".")
	if _, err := netip.ParseAddr(host); err == nil || h.BaseDomain == "" {
		return "", true
	}
	name, under := strings.CutSuffix(host, "."+strings.ToLower(h.BaseDomain))
	if !under || name == "" {
		return "", true
	}
	// A name of several labels is no tenant's, and not bare either: whoever
	// looks it up finds nobody there.
	return name, false
}

// Host is the host that the client asked for.
func (h Hosts) Host(r *http.Request) string {
	if forwarded := first(r.Header["X-Forwarded-Host"]); forwarded != "" && h.trusts(r.RemoteAddr) {
		return forwarded
	}
	return r.Host
}

// BaseURL is the absolute SCIM base URL of a request, for Location, $ref and
// meta.location: the public URL, or else the one that the client used. A bare
// host does not tell which tenant a public URL is for; then, too, it is the one
// that the client used.
func (h Hosts) BaseURL(r *http.Request) string {
	host := h.Host(r)
	if h.PublicURL != "" {
		tenant, bare := h.Tenant(host)
		if !bare || !strings.Contains(h.PublicURL, placeholder) {
			return h.PublicBaseURL(tenant)
		}
	}
	if !sane(host) {
		host = h.BaseDomain
	}
	return h.scheme(r) + "://" + host + Base
}

// PublicBaseURL is a tenant's SCIM base URL by PublicURL; empty without one.
func (h Hosts) PublicBaseURL(tenant string) string {
	if h.PublicURL == "" {
		return ""
	}
	return strings.TrimRight(strings.ReplaceAll(h.PublicURL, placeholder, tenant), "/") + Base
}

const placeholder = "{tenant}"

func (h Hosts) scheme(r *http.Request) string {
	if proto := first(r.Header["X-Forwarded-Proto"]); proto != "" && h.trusts(r.RemoteAddr) {
		if strings.EqualFold(proto, "https") {
			return "https"
		}
		return "http"
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

func (h Hosts) trusts(remote string) bool {
	if len(h.TrustedProxies) == 0 {
		return false
	}
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, p := range h.TrustedProxies {
		if p.Contains(peer.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// first is the value that the proxy nearest to the client wrote.
func first(header []string) string {
	if len(header) == 0 {
		return ""
	}
	value, _, _ := strings.Cut(header[0], ",")
	return strings.TrimSpace(value)
}

// sane keeps what is no host name or address out of the URLs we hand out.
func sane(host string) bool {
	for i := range len(host) {
		if !isAlphanumeric(host[i]) && strings.IndexByte(".-_:[]", host[i]) < 0 {
			return false
		}
	}
	return host != ""
}

func withoutPort(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}
