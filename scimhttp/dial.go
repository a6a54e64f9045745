package scimhttp

import (
	"context"
	"net"
	"strings"
	"time"
)

// Dial connects as net.Dialer does, and takes every name under localhost for
// this machine (RFC 6761 section 6.3), which not every resolver does: a tenant
// of a server that is being tried out is at acme.localhost.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	host, port, err := net.SplitHostPort(address)
	if err == nil && strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".localhost") {
		address = net.JoinHostPort("localhost", port)
	}
	return d.DialContext(ctx, network, address)
}
