package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/interop"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

func newCheck() *cobra.Command {
	var check interop.Check
	c := &cobra.Command{
		Use:   "check URL",
		Short: "Examine any SCIM 2.0 server as identity providers would use it",
		Long: `Check talks to a SCIM 2.0 server, this one or any other, as real identity providers do, and
says what works, what fails, why that matters and whom it will hurt.

It makes people and groups with names that only this run uses, changes nobody else, and
removes what it made. What a server says it does not offer is skipped.

The profiles: compat is what identity providers send today; rfc is RFC 7643, 7644 and 9865
as they are written; strict is the SCIM 2.0 Interoperability Profile with the IPSIE profile.

Exit code 0: nothing failed. 1: something failed. 2: the check could not run.`,
		Example: `  rollcall check https://scim.example.com/v2 --token SECRET
  rollcall check https://scim.example.com/v2 --token SECRET --client entra
  rollcall check https://scim.example.com/v2 --token SECRET --profile rfc --json`,
		Args: arguments("URL"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := aim(&check, args[0]); err != nil {
				return usageOf(c, err)
			}
			return examine(c, check)
		},
	}
	f := c.Flags()
	f.StringVar(&check.Server.Token, "token", "", "the bearer token")
	f.StringVar(&check.Server.Host, "host", "", "the Host header to send, where it differs from the URL's")
	f.StringVar(&check.Client, "client", "", "only what this client sends: entra, okta, onelogin, ...")
	f.StringVar(&check.Profile, "profile", "", "compat, rfc or strict (default compat; with --client alone, all that it has)")
	f.BoolVar(&check.Keep, "keep", false, "leave behind the people and groups that the check makes")
	alsoEnvironment(f, "token")
	return withJSON(c)
}

// aim reads the address and marks the run.
func aim(check *interop.Check, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" {
		return fmt.Errorf("%q is no address of a SCIM server; write it like https://scim.example.com/v2", address)
	}
	if p := check.Profile; p != "" && !slices.Contains([]string{interop.Compat, interop.RFC, interop.Strict}, p) {
		return fmt.Errorf("there is no profile %q; there are compat, rfc and strict", p)
	}
	check.Server.BaseURL = strings.TrimRight(address, "/")
	check.Server.Run = "c" + strings.ToLower(rand.Text()[:7])
	check.Server.HTTP = &http.Client{Timeout: 30 * time.Second, Transport: marked{localTransport()}}
	return nil
}

func examine(c *cobra.Command, check interop.Check) error {
	p := newProgress(c.ErrOrStderr(), "cases")
	check.Progress = p.set
	report, err := check.Run(c.Context())
	p.end()
	if err != nil {
		return &cannotRun{err}
	}
	if err := show(c, report, func(w io.Writer) { report.WriteText(w) }); err != nil {
		return err
	}
	if n := report.Count(interop.Failed); n > 0 {
		return fmt.Errorf("%d of %d cases failed", n, len(report.Verdicts))
	}
	return nil
}

// cannotRun is a check that never came to a verdict, which is not a bad one.
type cannotRun struct{ err error }

func (e *cannotRun) Error() string {
	if errors.Is(e.err, context.Canceled) {
		return "interrupted"
	}
	return strings.TrimPrefix(e.err.Error(), interop.ErrCannotRun.Error()+": ")
}

// marked says that a check asks.
type marked struct{ http.RoundTripper }

func (m marked) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(scimhttp.CheckHeader, "1")
	return m.RoundTripper.RoundTrip(r)
}

// localTransport finds *.localhost on this machine (RFC 6761 section 6.3), as
// browsers and curl do and the system's resolver often does not.
func localTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	dial := (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err == nil && strings.HasSuffix(strings.ToLower(host), ".localhost") {
			address = net.JoinHostPort("localhost", port)
		}
		return dial(ctx, network, address)
	}
	return t
}
