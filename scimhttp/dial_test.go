package scimhttp_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scimhttp"
)

func TestDialTakesNamesUnderLocalhostForThisMachine(t *testing.T) {
	host := ""
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { host = r.Host }))
	defer server.Close()
	client := http.Client{Transport: &http.Transport{DialContext: scimhttp.Dial}}
	url := strings.Replace(server.URL, "127.0.0.1", "acme.localhost", 1)
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if !strings.HasPrefix(host, "acme.localhost:") {
		t.Errorf("the server was asked for %q", host)
	}
}

func TestReach(t *testing.T) {
	r := &scimhttp.Reach{Refused: scimhttp.LinkLocal(), Allowed: []netip.Prefix{netip.MustParsePrefix("169.254.7.0/24")}}
	for address, ok := range map[string]bool{
		"169.254.169.254": false, "::ffff:169.254.169.254": false, "fe80::1%eth0": false, "169.254.7.1": true,
		"127.0.0.1": true, "10.0.0.1": true, "2001:db8::1": true,
	} {
		if err := r.Check(netip.MustParseAddr(address)); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A name is judged by where it leads, and so is a socket of this machine.
func TestReachOfNames(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	r := &scimhttp.Reach{Refused: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	client := http.Client{Transport: &http.Transport{DialContext: r.Dial}}
	_, err := client.Get(strings.Replace(server.URL, "127.0.0.1", "acme.localhost", 1))
	var refused *scimhttp.UnreachableError
	if !errors.As(err, &refused) {
		t.Errorf("reached: %v", err)
	}
	at, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	if _, err := r.Dial(t.Context(), "unix", at.Addr().String()); !errors.As(err, &refused) {
		t.Errorf("reached: %v", err)
	}
}
