// Package target is what it takes to write to somebody else's SCIM server: how
// to reach it and prove who asks, how fast it may be asked, what it can do, what
// its errors mean, and what was said on the wire. It knows nothing of sources,
// scope, mappings or plans, and repeats no write that may have been done.
package target

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config says where a target is and how it is asked. Its secrets stand in it as
// they are sent: whoever keeps them elsewhere puts them in before Check and Open.
type Config struct {
	URL   string `yaml:"url"`             // SCIM base URL (Entra: Tenant URL), without an endpoint
	Token string `yaml:"token,omitempty"` // bearer token (Entra: Secret Token)

	// Instead of a token: OAuth client credentials, a name and password, or
	// headers of the server's own.
	OAuth    OAuth             `yaml:"oauth,omitempty"`
	Username string            `yaml:"username,omitempty"`
	Password string            `yaml:"password,omitempty"`
	Header   map[string]string `yaml:"header,omitempty"`

	// Profile names a kind of server whose habits are known; see Profiles.
	// Empty is rfc, one that keeps to the standard.
	Profile  string `yaml:"profile,omitempty"`
	Parallel int    `yaml:"parallel,omitempty"` // requests at once; 8 when 0
	Timeout  string `yaml:"timeout,omitempty"`  // of one answer, such as 30s; 60s when empty
	// Limits are how often the server lets itself be asked, such as
	// {"POST Users": "180/min burst 20", "*": "1000/h"}.
	Limits map[string]string `yaml:"limits,omitempty"`

	CAFile    string `yaml:"ca-file,omitempty"`    // PEM certificates that are trusted beside the system's
	PlainText bool   `yaml:"plain-text,omitempty"` // lets http:// be used with servers elsewhere
}

// OAuth is a client that gets its tokens by client credentials (RFC 6749 section
// 4.4).
type OAuth struct {
	TokenURL     string `yaml:"token-url,omitempty"`
	ClientID     string `yaml:"client-id,omitempty"`
	ClientSecret string `yaml:"client-secret,omitempty"`
	Scope        string `yaml:"scope,omitempty"`
}

// Check finds every fault at once; each says its cure. It touches neither files
// nor the network.
func (c Config) Check() error {
	faults := []error{
		c.checkURL("url", c.URL),
		c.checkAuth(),
		c.checkHeader(),
	}
	if _, known := profiles[c.Profile]; !known && c.Profile != "" {
		faults = append(faults, fmt.Errorf("profile %q is not known: use one of %s", c.Profile, strings.Join(Profiles(), ", ")))
	}
	if c.Parallel < 0 || c.Parallel > 256 {
		faults = append(faults, fmt.Errorf("parallel is %d: use 1 to 256, or leave it out for %d", c.Parallel, defaultParallel))
	}
	if _, err := c.timeout(); err != nil {
		faults = append(faults, err)
	}
	for _, key := range slices.Sorted(maps.Keys(c.Limits)) {
		if _, err := parseRule(key, c.Limits[key]); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// Secrets are the texts of c that nobody may see: not in a log, an export or an
// error. What a password becomes in a header is among them.
func (c Config) Secrets() []string {
	secrets := []string{c.Token, c.Password, c.OAuth.ClientSecret}
	if c.Password != "" {
		secrets = append(secrets, basic(c.Username, c.Password))
	}
	if c.OAuth.ClientSecret != "" {
		secrets = append(secrets, basic(url.QueryEscape(c.OAuth.ClientID), url.QueryEscape(c.OAuth.ClientSecret)))
	}
	for name, value := range c.Header {
		if !strings.EqualFold(name, "Host") && !strings.EqualFold(name, "User-Agent") {
			secrets = append(secrets, value)
		}
	}
	return slices.DeleteFunc(secrets, func(s string) bool { return s == "" })
}

const defaultParallel = 8

func (c Config) parallel() int { return cmp.Or(c.Parallel, defaultParallel) }

func (c Config) timeout() (time.Duration, error) {
	if c.Timeout == "" {
		return time.Minute, nil
	}
	d, err := time.ParseDuration(c.Timeout)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("timeout is %q: write a time such as 30s or 2m", c.Timeout)
	}
	return d, nil
}

// checkURL refuses what cannot be a base URL. Its text is not quoted where it
// could hold a password.
func (c Config) checkURL(key, text string) error {
	if text == "" {
		return fmt.Errorf("%s is missing: write the address that the target's admin pages show, such as https://acme.example.com/api/scim/v2", key)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%s is no web address: write one that begins with https://", key)
	case u.User != nil:
		return fmt.Errorf("%s holds a name or password: use the keys username and password", key)
	case u.Scheme == "http" && !c.PlainText && !loopback(u.Hostname()):
		return fmt.Errorf("%s is not encrypted, and the token would be readable on the way: use https://, or set plain-text: true if that network is trusted", key)
	case key != "url":
		return nil
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("url has something after a question mark or number sign: leave that away; flags such as aadOptscim062020 are not needed here")
	}
	for _, endpoint := range []string{"/Users", "/Groups"} {
		if strings.HasSuffix(strings.TrimRight(u.Path, "/"), endpoint) {
			return fmt.Errorf("url ends with an endpoint: leave %s away", endpoint)
		}
	}
	return nil
}

// loopback reports whether a host is this machine (RFC 6761 section 6.3).
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func (c Config) checkAuth() error {
	var ways []string
	for way, used := range map[string]bool{
		"token": c.Token != "", "oauth": c.OAuth != OAuth{}, "username": c.Username != "" || c.Password != "", "header Authorization": c.authorization() != "",
	} {
		if used {
			ways = append(ways, way)
		}
	}
	slices.Sort(ways)
	switch {
	case len(ways) > 1:
		return fmt.Errorf("there are several ways to prove who asks (%s): keep one", strings.Join(ways, ", "))
	case strings.ContainsFunc(c.Token, blank):
		return errors.New("token has a blank or a line break in it: copy it again, without the word Bearer")
	case c.Username == "" && c.Password != "":
		return errors.New("password has no username: set both")
	case c.OAuth != OAuth{}:
		return c.checkOAuth()
	}
	return nil
}

func (c Config) checkOAuth() error {
	faults := []error{c.checkURL("oauth token-url", c.OAuth.TokenURL)}
	if c.OAuth.ClientID == "" {
		faults = append(faults, errors.New("oauth client-id is missing: the target's admin pages show it"))
	}
	if c.OAuth.ClientSecret == "" {
		faults = append(faults, errors.New("oauth client-secret is missing: the target showed it when the client was made"))
	}
	return errors.Join(faults...)
}

func (c Config) authorization() string {
	for name, value := range c.Header {
		if strings.EqualFold(name, "Authorization") {
			return value
		}
	}
	return ""
}

func (c Config) checkHeader() error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(c.Header)) {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return blank(r) || r == ':' || r > '~' }) {
			faults = append(faults, fmt.Errorf("header %q is no name of a header: use letters, digits and hyphens", name))
		}
		if strings.ContainsAny(c.Header[name], "\r\n") {
			faults = append(faults, fmt.Errorf("header %q has a line break in its value: write it on one line", name))
		}
	}
	return errors.Join(faults...)
}

func blank(r rune) bool { return r <= ' ' || r == 0x7f }
