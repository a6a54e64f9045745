package target

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// Environment is what a Target has from its surroundings. Every field may be
// left out.
type Environment struct {
	Now  func() time.Time                                 // nil is time.Now
	Wait func(ctx context.Context, d time.Duration) error // returns the context's error if that ends first; nil waits for real
	HTTP http.RoundTripper                                // nil connects over the network; the CAFile and Reach concern only that
	// Reach is which addresses may be connected to; nil: all.
	Reach *scimhttp.Reach
	// Logger hears of what concerns the target as a whole. It is told no
	// names, addresses or bodies.
	Logger *slog.Logger
}

// Target is a SCIM server somewhere else. It may be used by several goroutines;
// they share its limits.
type Target struct {
	client    *scimhttp.Client
	transport *transport
	profile   Profile
	parallel  int

	mu       sync.Mutex
	features *Features
	asked    time.Time
}

// Open prepares a Target and asks it nothing yet. An error is a fault of c.
func Open(c Config, env Environment) (*Target, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	base, err := url.Parse(strings.TrimRight(c.URL, "/"))
	if err != nil {
		return nil, err
	}
	p := profile(c.Profile)
	limiter, err := newLimiter(c.Limits, p.Limits)
	if err != nil {
		return nil, err
	}
	timeout, err := c.timeout()
	if err != nil {
		return nil, err
	}
	if env.HTTP == nil {
		if env.HTTP, err = c.network(env.Reach); err != nil {
			return nil, err
		}
	}
	t := &transport{
		next: env.HTTP, base: base.Path, header: c.headers(), limiter: limiter,
		slots: make(chan struct{}, c.parallel()), timeout: timeout, secrets: newSecrets(c.Secrets()...),
		now: env.Now, wait: env.Wait, logger: env.Logger,
	}
	if t.now == nil {
		t.now = time.Now
	}
	if t.wait == nil {
		t.wait = wait
	}
	if t.logger == nil {
		t.logger = slog.New(slog.DiscardHandler)
	}
	t.auth = newCredentials(c, t.now, t.secrets.learn)
	return &Target{transport: t, profile: p, parallel: c.parallel(), client: &scimhttp.Client{
		BaseURL: base.String(), HTTP: &http.Client{Transport: t}, Host: c.host(), UserAgent: c.userAgent(),
	}}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Header names that net/http, or the client, has a field for.
const (
	hostHeader  = "Host"
	agentHeader = "User-Agent"
)

func (c Config) host() string { return c.headerValue(hostHeader) }

// userAgent is sent always: AWS answers a PATCH without one by 403.
func (c Config) userAgent() string {
	return cmp.Or(c.headerValue(agentHeader), "Rollcall-Provisioning")
}

func (c Config) headerValue(name string) string {
	for n, value := range c.Header {
		if strings.EqualFold(n, name) {
			return value
		}
	}
	return ""
}

// headers are those that are sent as they are.
func (c Config) headers() map[string]string {
	sent := map[string]string{}
	for name, value := range c.Header {
		if !strings.EqualFold(name, hostHeader) && !strings.EqualFold(name, agentHeader) {
			sent[name] = value
		}
	}
	return sent
}

// network connects with TLS 1.2 or later, and keeps a connection for each
// request that may be on its way.
func (c Config) network(reach *scimhttp.Reach) (http.RoundTripper, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = reach.Dial
	t.MaxIdleConnsPerHost = c.parallel()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca-file cannot be read: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca-file %s holds no certificate: it has to be in PEM form", c.CAFile)
	}
	t.TLSClientConfig.RootCAs = roots
	return t, nil
}

// Close lets go of idle connections.
func (t *Target) Close() {
	if idle, ok := t.transport.next.(interface{ CloseIdleConnections() }); ok {
		idle.CloseIdleConnections()
	}
}

// Provider is the target's resources. What the profile says about the form of
// messages is done here; how changes are cut, whoever plans them asks Profile.
func (t *Target) Provider() scim.ServiceProvider {
	if p := t.profile; p.CapitalOps || p.StringBooleans || p.NoETag {
		return dialect{t.client, p}
	}
	return t.client
}

// Bulk sends several operations at once (RFC 7644 section 3.7); see Features for
// how many. They count as one request to the limits.
func (t *Target) Bulk(ctx context.Context, ops []scimhttp.BulkOperation) ([]scimhttp.BulkResult, error) {
	return t.client.Bulk(ctx, ops)
}

// Profile is what is known of this kind of server.
func (t *Target) Profile() Profile { return t.profile }

// Parallel is how many requests are sent at once; more callers than that wait.
func (t *Target) Parallel() int { return t.parallel }

// Strike takes the target's secrets out of a text that is to be shown.
func (t *Target) Strike(text string) string { return t.transport.secrets.strike(text) }

// Stats are counts since Open.
type Stats struct {
	Requests  int64         // sent, each attempt
	Throttled int64         // refused for being too many
	Repeated  int64         // reads that were sent again after a failure
	Waited    time.Duration // for the limiter, by all callers together
}

// Stats counts what was asked of the target.
func (t *Target) Stats() Stats {
	n := t.transport
	return Stats{n.requests.Load(), n.throttled.Load(), n.repeated.Load(), time.Duration(n.waited.Load())}
}
