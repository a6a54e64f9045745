package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// config is what serve is told.
type config struct {
	listen         string
	baseDomain     string
	database       string
	publicURL      string
	tlsCert        string
	tlsKey         string
	trustedProxies []string
	plainHTTP      bool
	rateTenant     float64
	rateToken      float64
	keyFile        string
	refused        []string // networks that applications may not reach
	allowed        []string // of them those that they may
}

func (cfg *config) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&cfg.listen, "listen", "127.0.0.1:8080", "the address and port to listen on")
	f.StringVar(&cfg.baseDomain, "base-domain", "localhost", "tenant x is at x.<base domain>")
	f.StringVar(&cfg.database, "database", defaultDatabase, "where the directory is kept: sqlite:PATH or postgres://USER@HOST/NAME")
	f.StringVar(&cfg.publicURL, "public-url", "", "how clients reach this server, such as https://{tenant}.rollcall.example; default: as the request says")
	f.StringVar(&cfg.tlsCert, "tls-cert", "", "file with the TLS certificate and its chain (PEM); read again when it changes")
	f.StringVar(&cfg.tlsKey, "tls-key", "", "file with the certificate's private key (PEM)")
	f.StringSliceVar(&cfg.trustedProxies, "trusted-proxy", nil, "address range of a proxy whose X-Forwarded headers count, such as 10.0.0.0/8; may be repeated")
	f.BoolVar(&cfg.plainHTTP, "plain-http", false, "listen beyond loopback without TLS, for a proxy in front that speaks it")
	f.Float64Var(&cfg.rateTenant, "rate-tenant", 500, "how many requests a second one tenant may send for long, and twice as many at once; 0 for no limit")
	f.Float64Var(&cfg.rateToken, "rate-token", 300, "the same for one access token")
	f.StringVar(&cfg.keyFile, "key-file", "", "file with the key that seals the secrets of applications; default with SQLite: the database's path and .key, made when it is needed")
	f.StringSliceVar(&cfg.refused, "refuse-networks", []string{"link-local"}, "networks that applications may not reach, such as 10.0.0.0/8; link-local, private (all that is not the internet) and none are words for some; may be repeated")
	f.StringSliceVar(&cfg.allowed, "allow-networks", nil, "of the networks refused those that applications may reach all the same; may be repeated")
	alsoEnvironment(f, "refuse-networks", "allow-networks", "key-file", "listen", "base-domain", "database", "public-url", "tls-cert", "tls-key", "trusted-proxy", "plain-http", "rate-tenant", "rate-token")
}

// check reports everything that is wrong at once, so that nobody has to start
// five times.
func (cfg *config) check() error {
	faults := faults{}
	faults.add(cfg.checkListen())
	faults.add(cfg.checkBaseDomain())
	faults.add(cfg.checkPublicURL())
	faults.add(cfg.checkTLS())
	faults.add(checkRate("--rate-tenant", cfg.rateTenant))
	faults.add(checkRate("--rate-token", cfg.rateToken))
	_, err := reachOf(cfg.refused, cfg.allowed)
	faults.add(err)
	for _, proxy := range cfg.trustedProxies {
		_, err := proxyRange(proxy)
		faults.add(err)
	}
	return faults.err()
}

// faults are errors that are told together.
type faults []string

func (f *faults) add(err error) {
	if err != nil {
		*f = append(*f, err.Error())
	}
}

func (f faults) err() error {
	switch len(f) {
	case 0:
		return nil
	case 1:
		return errors.New(f[0])
	}
	return fmt.Errorf("%d things must be put right first:\n  - %s", len(f), strings.Join(f, "\n  - "))
}

func (cfg *config) checkListen() error {
	host, port, err := net.SplitHostPort(cfg.listen)
	if err != nil || port == "" {
		return fmt.Errorf("--listen %q is no address with a port; write it like 127.0.0.1:8080", cfg.listen)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("--listen %q: %q is no port; choose a number from 1 to 65535", cfg.listen, port)
	}
	if cfg.tlsCert != "" || cfg.tlsKey != "" || cfg.plainHTTP || isLoopback(host) {
		return nil
	}
	return fmt.Errorf("--listen %s would be reached from other machines without TLS, and access tokens and people's data would cross the network in the clear; "+
		"give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that speaks TLS, or say --plain-http if the proxy is on another machine and the network between is yours", cfg.listen)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

var domain = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)

func (cfg *config) checkBaseDomain() error {
	_, notAddress := netip.ParseAddr(cfg.baseDomain)
	if notAddress == nil || !domain.MatchString(cfg.baseDomain) {
		return fmt.Errorf("--base-domain %q is no domain name; write it like rollcall.example, without scheme and port", cfg.baseDomain)
	}
	return nil
}

func (cfg *config) checkPublicURL() error {
	if cfg.publicURL == "" {
		return nil
	}
	u, err := url.Parse(strings.ReplaceAll(cfg.publicURL, "{tenant}", "tenant"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("--public-url %q is no address of a web server; write it like https://{tenant}.rollcall.example", cfg.publicURL)
	}
	return nil
}

func (cfg *config) checkTLS() error {
	switch {
	case cfg.tlsCert == "" && cfg.tlsKey == "":
		return nil
	case cfg.tlsKey == "":
		return fmt.Errorf("--tls-cert needs --tls-key beside it: the file with the private key")
	case cfg.tlsCert == "":
		return fmt.Errorf("--tls-key needs --tls-cert beside it: the file with the certificate")
	}
	_, err := loadCertificate(cfg.tlsCert, cfg.tlsKey)
	return err
}

func checkRate(flag string, rate float64) error {
	if rate == 0 || rate >= 1 && rate <= 1e6 {
		return nil
	}
	return fmt.Errorf("%s %g is no rate; give a number of requests a second from 1, or 0 for no limit", flag, rate)
}

// limits are the rates that requests are held to.
func (cfg *config) limits() []*scimhttp.Limit {
	return []*scimhttp.Limit{
		{Of: "tenant", Rate: cfg.rateTenant, Burst: 2 * cfg.rateTenant, Key: func(sp scim.ServiceProvider) string {
			return sp.(*directory.Tenant).Name()
		}},
		{Of: "access token", Rate: cfg.rateToken, Burst: 2 * cfg.rateToken, Key: func(sp scim.ServiceProvider) string {
			return sp.(*directory.Tenant).Caller()
		}},
	}
}

func (cfg *config) hosts() scimhttp.Hosts {
	h := scimhttp.Hosts{BaseDomain: cfg.baseDomain, PublicURL: cfg.publicURL}
	for _, proxy := range cfg.trustedProxies {
		if p, err := proxyRange(proxy); err == nil {
			h.TrustedProxies = append(h.TrustedProxies, p)
		}
	}
	return h
}

func proxyRange(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("--trusted-proxy %q is no address range; write it like 10.0.0.0/8 or 192.0.2.7", s)
	}
	return p.Masked(), nil
}

func readable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}
