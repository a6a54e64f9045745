package main

import (
	"net/netip"
	"strings"
	"testing"
)

func TestReachOf(t *testing.T) {
	r, err := reachOf([]string{"private", "192.0.2.7"}, []string{"10.1.0.0/16"})
	if err != nil {
		t.Fatal(err)
	}
	for address, ok := range map[string]bool{"10.2.0.1": false, "10.1.0.1": true, "127.0.0.1": false, "::1": false, "169.254.169.254": false, "192.0.2.7": false, "192.0.2.8": true} {
		if err := r.Check(netip.MustParseAddr(address)); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := reachOf([]string{"10.0.0"}, nil); err == nil || !strings.Contains(err.Error(), "--refuse-networks") {
		t.Errorf("a network that is none: %v", err)
	}
}

// Whoever points an application at the address where a cloud tells secrets is
// told who refuses it, whether it is the source or the target.
func TestApplicationsDoNotReachLinkLocal(t *testing.T) {
	s := newShell(t)
	s.must("tenant", "create", "contoso", "--admin-email", "admin@contoso.test")
	for kind, setup := range map[string]string{
		"target":   "name: a1\nsource: {kind: directory}\ntarget: {url: 'https://169.254.169.254/latest', token: x}\n",
		"ldap":     "name: a2\nsource: {kind: ldap, url: 'ldap://169.254.169.254', plain-text: true, base: ['dc=x']}\ntarget: {url: 'https://169.254.169.254/', token: x}\n",
		"scim":     "name: a3\nsource: {kind: scim, url: 'https://169.254.169.254/scim', token: x}\ntarget: {url: 'https://169.254.169.254/', token: x}\n",
		"postgres": "name: a4\nsource: {kind: sql, database: 'postgres://x@169.254.169.254/x', users: 'select 1 as id'}\ntarget: {url: 'https://169.254.169.254/', token: x}\n",
	} {
		t.Run(kind, func(t *testing.T) {
			name := setup[6:8]
			s.must("app", "apply", "-f", written(t, kind+".yaml", setup))
			_, out, errs := s.run("app", "test", name)
			if !strings.Contains(out+errs, "refuses 169.254.0.0/16") {
				t.Errorf("%s%s", out, errs)
			}
		})
	}
}
