package source

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/rollcall-scim/rollcall/scimhttp"
)

// How long a server may take to be reached, and to answer one request.
const (
	ldapDialTimeout    = 10 * time.Second
	ldapRequestTimeout = time.Minute
)

// ldapDialer is how to reach and bind to a server.
type ldapDialer struct {
	address  string // host:port
	host     string
	tls      *tls.Config
	ldaps    bool
	startTLS bool
	bindDN   string
	password string
	reach    *scimhttp.Reach
}

// ldapDialerFor reads the set-up and refuses what would send a password or
// people's data readably over a network.
func ldapDialerFor(c Config) (ldapDialer, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "ldap" && u.Scheme != "ldaps" {
		return ldapDialer{}, fmt.Errorf("url: %q is not one like ldaps://dc1.example.com or ldap://ldap.example.com:389", c.URL)
	}
	d := ldapDialer{host: u.Hostname(), ldaps: u.Scheme == "ldaps", startTLS: c.StartTLS, bindDN: c.BindDN, password: c.Password}
	port := u.Port()
	switch {
	case port == "" && d.ldaps:
		port = ldap.DefaultLdapsPort
	case port == "":
		port = ldap.DefaultLdapPort
	}
	d.address = net.JoinHostPort(d.host, port)
	switch {
	case d.ldaps && d.startTLS:
		return d, errors.New("start-tls belongs to ldap://; an ldaps:// address is encrypted without it, so leave it out")
	case !d.ldaps && !d.startTLS && !c.PlainText && !onThisMachine(d.host):
		return d, fmt.Errorf("%s would send the password and people's data readably. Use ldaps:// or start-tls: true; plain-text: true allows it all the same", c.URL)
	case d.bindDN != "" && d.password == "":
		// RFC 4513 section 5.1.2: a server may take it for an anonymous bind.
		return d, errors.New("bind-dn without a password binds as nobody; set password, or leave out bind-dn to read anonymously")
	}
	d.tls = &tls.Config{ServerName: d.host, MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		d.tls.RootCAs, err = caFile(c.CAFile)
	}
	return d, err
}

func caFile(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("ca-file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca-file: %s holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", path)
	}
	return pool, nil
}

func onThisMachine(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// ldapConn is one bound connection.
type ldapConn struct {
	conn     *ldap.Conn
	wire     net.Conn
	host     string
	contexts []string // the trees that the server holds
	referred []string // where the server sent us on to, and we did not go
}

// dial reaches the server, encrypts and binds. The context ends it.
func (d *ldapDialer) dial(ctx context.Context) (*ldapConn, error) {
	within, cancel := context.WithTimeout(ctx, ldapDialTimeout)
	defer cancel()
	var wire net.Conn
	var err error
	if dialer := d.reach.Dialer(); d.ldaps {
		wire, err = (&tls.Dialer{NetDialer: dialer, Config: d.tls}).DialContext(within, "tcp", d.address)
	} else {
		wire, err = dialer.DialContext(within, "tcp", d.address)
	}
	if err != nil {
		return nil, d.unreachable(ctx, err)
	}
	conn := ldap.NewConn(wire, d.ldaps)
	conn.SetTimeout(ldapRequestTimeout)
	conn.Start()
	c := &ldapConn{conn: conn, wire: wire, host: d.host}
	if err := d.bind(within, c); err != nil {
		c.close()
		return nil, reason(ctx, err)
	}
	return c, nil
}

func (d *ldapDialer) bind(ctx context.Context, c *ldapConn) error {
	defer context.AfterFunc(ctx, c.cut)()
	if d.startTLS {
		if err := c.conn.StartTLS(d.tls); err != nil {
			return d.unreachable(ctx, err)
		}
	}
	if d.bindDN == "" {
		return nil
	}
	if err := c.conn.Bind(d.bindDN, d.password); err != nil {
		return explainLDAP(err, "bind as "+d.bindDN)
	}
	return nil
}

// unreachable says what is wrong with the way to the server.
func (d *ldapDialer) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var refused *scimhttp.UnreachableError
	if errors.As(err, &refused) {
		return fmt.Errorf("LDAP: no connection to %s: %w", d.address, refused)
	}
	var cure string
	switch text := err.Error(); {
	case strings.Contains(text, "unknown authority"):
		cure = "set ca-file to the certificate of who signed the server's"
	case strings.Contains(text, "certificate is valid for"), strings.Contains(text, "doesn't contain any IP SANs"):
		cure = "use the name in url that the server's certificate is made out to"
	case strings.Contains(text, "expired"):
		cure = "the server needs a new certificate"
	case d.startTLS && ldap.IsErrorAnyOf(err, ldap.LDAPResultProtocolError, ldap.LDAPResultUnavailable, ldap.LDAPResultUnwillingToPerform):
		cure = "the server does not know StartTLS; use ldaps://"
	default:
		cure = "see that url is right, that the server runs, and that a firewall lets this machine through"
	}
	return fmt.Errorf("LDAP: no connection to %s: %s (%w)", d.address, cure, err)
}

// reason prefers the reason for which a context ended.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (c *ldapConn) alive() bool { return !c.conn.IsClosing() }

// cut ends what is under way: the library's searches know no context.
func (c *ldapConn) cut() { c.wire.Close() }

func (c *ldapConn) close() { c.conn.Close() }

// search sends one request and returns all of its answer. It fails unless the
// server said that the answer is complete.
func (c *ldapConn) search(ctx context.Context, r *ldap.SearchRequest) (*ldap.SearchResult, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	stop := context.AfterFunc(ctx, c.cut)
	result, err := c.conn.Search(r)
	if !stop() {
		c.close() // it is cut, or will be in a moment
	}
	if err != nil {
		return nil, reason(ctx, explainLDAP(err, "read "+cmp.Or(r.BaseDN, "the rootDSE")))
	}
	for _, place := range result.Referrals {
		if len(c.referred) < 3 && !slices.Contains(c.referred, place) && !c.holds(place) {
			c.referred = append(c.referred, place)
		}
	}
	return result, nil
}

// holds says whether a referral leads to a tree that this server has too, as
// those of a domain controller to its configuration do.
func (c *ldapConn) holds(place string) bool {
	u, err := url.Parse(place)
	return err == nil && beneathAny(strings.TrimPrefix(u.Path, "/"), c.contexts, true)
}

// ldapQuery is a search that is read page by page (RFC 2696).
type ldapQuery struct {
	base, filter string
	attributes   []string
	controls     []ldap.Control
	size         int
	cookie       []byte
	pages        int
}

// page reads the next page and says whether there is another one.
func (c *ldapConn) page(ctx context.Context, q *ldapQuery) (entries []*ldap.Entry, more bool, err error) {
	paging := &ldap.ControlPaging{PagingSize: uint32(q.size), Cookie: q.cookie}
	result, err := c.search(ctx, &ldap.SearchRequest{
		BaseDN: q.base, Scope: ldap.ScopeWholeSubtree, DerefAliases: ldap.NeverDerefAliases,
		Filter: q.filter, Attributes: q.attributes, Controls: append([]ldap.Control{paging}, q.controls...),
	})
	if err != nil {
		return nil, false, err
	}
	q.pages++
	answer, paged := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
	switch {
	case !paged && q.pages > 1:
		return nil, false, fmt.Errorf("LDAP: %s stopped paging in the middle of %s without saying that this was all; nothing was changed. Try again, and look into the server's log", c.host, q.base)
	case !paged: // a server that does not know paging gave all at once
		return result.Entries, false, nil
	case len(result.Entries) == 0 && string(answer.Cookie) == string(q.cookie) && len(q.cookie) > 0:
		return nil, false, fmt.Errorf("LDAP: %s gives the same empty page of %s again and again; nothing was changed. Look into the server's log", c.host, q.base)
	}
	q.cookie = answer.Cookie
	return result.Entries, len(q.cookie) > 0, nil
}

// walk calls each for every page of the query.
func (c *ldapConn) walk(ctx context.Context, q ldapQuery, each func([]*ldap.Entry) error) error {
	for {
		entries, more, err := c.page(ctx, &q)
		if err != nil {
			return err
		}
		if err := each(entries); err != nil || !more {
			return err
		}
	}
}
