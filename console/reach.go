package console

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// reach is whether an identity provider in the cloud could come to a Tenant URL,
// as far as this server can find out by going there itself.
type reach struct {
	Host     string
	Good     []string // what is as it should be
	Missing  []string // what is not, and what to do
	Verified bool     // it was really reached, with a certificate that others trust
}

const (
	reachTime = 4 * time.Second // to find out
	reachKept = time.Minute     // before it is looked at again
)

// reaches remembers what was found, so that a page does not wait each time.
type reaches struct {
	mu    sync.Mutex
	found map[string]foundReach
	roots *x509.CertPool // nil: those of the system
}

type foundReach struct {
	reach
	at time.Time
}

func (f *reaches) look(ctx context.Context, tenantURL string) reach {
	f.mu.Lock()
	known, ok := f.found[tenantURL]
	f.mu.Unlock()
	if ok && time.Since(known.at) < reachKept {
		return known.reach
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	r := f.find(ctx, tenantURL)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.found == nil || len(f.found) > 1000 {
		f.found = map[string]foundReach{}
	}
	f.found[tenantURL] = foundReach{r, time.Now()}
	return r
}

func (f *reaches) find(ctx context.Context, tenantURL string) (r reach) {
	u, err := url.Parse(tenantURL)
	if err != nil || u.Hostname() == "" {
		r.Missing = append(r.Missing, "The Tenant URL is no address. Start the server with --public-url, or --base-domain.")
		return r
	}
	r.Host = u.Hostname()
	if u.Scheme == "https" {
		r.Good = append(r.Good, "It begins with https://.")
	} else {
		r.Missing = append(r.Missing, "It begins with http://. Identity providers want https: give the server a certificate (--tls-cert and --tls-key), or put a proxy with one in front and tell the server (--public-url, --trusted-proxy).")
	}
	if !r.resolves(ctx) || u.Scheme != "https" {
		return r
	}
	r.connects(ctx, tenantURL, f.roots)
	return r
}

// resolves looks the host up as an identity provider would.
func (r *reach) resolves(ctx context.Context) bool {
	if r.Host == "localhost" || strings.HasSuffix(r.Host, ".localhost") {
		r.Missing = append(r.Missing, fmt.Sprintf("The host %s means this machine, to every machine. It needs a name in DNS: start the server with --base-domain.", r.Host))
		return false
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", r.Host)
	if err != nil {
		r.Missing = append(r.Missing, fmt.Sprintf("DNS does not know the host %s. Enter it there, or a wildcard for all tenants (*.%s).", r.Host, afterDot(r.Host)))
		return false
	}
	for _, a := range addresses {
		if a = a.Unmap(); notPublic(a) {
			r.Missing = append(r.Missing, fmt.Sprintf("The host %s leads to %s, which cannot be reached from the internet. That is enough for an identity provider in the same network, and for none in the cloud.", r.Host, a))
			return true
		}
	}
	r.Good = append(r.Good, "Its name leads to a public address.")
	return true
}

func afterDot(host string) string {
	_, rest, _ := strings.Cut(host, ".")
	return rest
}

func notPublic(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified()
}

// connects goes there. What answers without a token is enough to see that it is
// this server.
func (r *reach) connects(ctx context.Context, tenantURL string, roots *x509.CertPool) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, tenantURL+"/ServiceProviderConfig", nil)
	if err != nil {
		r.Missing = append(r.Missing, "The Tenant URL is no address.")
		return
	}
	answer, err := client.Do(q)
	if err != nil {
		r.Missing = append(r.Missing, whyNotReached(err))
		return
	}
	defer answer.Body.Close()
	leaf := answer.TLS.PeerCertificates[0]
	r.Good = append(r.Good, fmt.Sprintf("Its certificate is trusted: issued by %s, valid until %s.", leaf.Issuer.CommonName, leaf.NotAfter.Format("2 January 2006")))
	if answer.StatusCode != http.StatusOK || !strings.Contains(answer.Header.Get("Content-Type"), "json") {
		r.Missing = append(r.Missing, fmt.Sprintf("What answers there is not this server (status %d). Check where the name and the proxy lead.", answer.StatusCode))
		return
	}
	r.Good = append(r.Good, "This server answers there.")
	r.Verified = true
}

// whyNotReached says what is wrong with a connection, and who can mend it.
func whyNotReached(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "Its certificate is not trusted: the chain does not end at a known authority. Identity providers in the cloud refuse it. Take one of a public authority, and give the server the whole chain (the certificate, then the intermediate ones)."
	case errors.As(err, &name):
		return "Its certificate is for another name. Take one for this host, or a wildcard for all tenants."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "Its certificate has expired, or is not valid yet. Renew it; the server takes a new file without a restart."
	case errors.As(err, &invalid):
		return "Its certificate is not valid for a server. Take one of a public authority."
	case errors.Is(err, context.DeadlineExceeded):
		return "Nothing answers there in time. Check the firewall, and whether the name leads to this server. (Some networks cannot reach themselves from inside: then try from outside.)"
	}
	return "Nothing answers there. Check that port 443 is open and leads to this server. (Some networks cannot reach themselves from inside: then try from outside.)"
}
