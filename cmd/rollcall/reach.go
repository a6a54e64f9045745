package main

import (
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/rollcall-scim/rollcall/scimhttp"
)

// reachOf is which addresses applications may connect to, by the networks that
// an operator named.
func reachOf(refused, allowed []string) (*scimhttp.Reach, error) {
	var r scimhttp.Reach
	for _, into := range []struct {
		flag  string
		names []string
		list  *[]netip.Prefix
	}{{"--refuse-networks", refused, &r.Refused}, {"--allow-networks", allowed, &r.Allowed}} {
		for _, name := range into.names {
			networks, err := networksOf(strings.TrimSpace(name))
			if err != nil {
				return nil, fmt.Errorf("%s %q: %w", into.flag, name, err)
			}
			*into.list = append(*into.list, networks...)
		}
	}
	return &r, nil
}

// private are the networks that lead to machines of one's own.
var private = []string{"127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "0.0.0.0/8", "::/128"}

func networksOf(name string) (list []netip.Prefix, err error) {
	switch name {
	case "none":
		return nil, nil
	case "link-local":
		return scimhttp.LinkLocal(), nil
	case "private":
		list = scimhttp.LinkLocal()
		for _, network := range private {
			list = append(list, netip.MustParsePrefix(network))
		}
		return list, nil
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, nil
	}
	p, err := netip.ParsePrefix(name)
	if err != nil {
		return nil, fmt.Errorf("that is no network; write it like 10.0.0.0/8 or 192.0.2.7, or one of the words link-local, private, none")
	}
	return []netip.Prefix{p.Masked()}, nil
}

// reachFromEnvironment is what a server started from this environment lets
// applications reach, for commands that run one themselves.
func reachFromEnvironment() (*scimhttp.Reach, error) {
	list := func(flag, otherwise string) []string {
		if text := os.Getenv(variable(flag)); text != "" {
			return strings.Split(text, ",")
		}
		return strings.Fields(otherwise)
	}
	return reachOf(list("refuse-networks", "link-local"), list("allow-networks", ""))
}
