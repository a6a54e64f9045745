package scimhttp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Dial connects as net.Dialer does, and takes every name under localhost for
// this machine (RFC 6761 section 6.3), which not every resolver does: a tenant
// of a server that is being tried out is at acme.localhost.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return (*Reach)(nil).Dial(ctx, network, address)
}

// Reach is which addresses may be connected to: all but those that are refused,
// and of these those that are allowed all the same. A name is looked at by the
// address that it has when it is used. A nil Reach allows everything.
type Reach struct{ Refused, Allowed []netip.Prefix }

// LinkLocal are addresses that lead no further than the next wire. Clouds tell the
// machine's own secrets at one of them, 169.254.169.254.
func LinkLocal() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10")}
}

// UnreachableError says that an address may not be connected to.
type UnreachableError struct {
	Address netip.Addr
	By      netip.Prefix
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("applications may not reach the address %s: whoever runs this server refuses %s (rollcall serve --refuse-networks) and can allow it (--allow-networks)", e.Address, e.By)
}

// Check is an UnreachableError when the address may not be connected to.
func (r *Reach) Check(a netip.Addr) error {
	if r == nil {
		return nil
	}
	a = a.Unmap().WithZone("")
	in := func(p netip.Prefix) bool { return p.Contains(a) }
	by := slices.IndexFunc(r.Refused, in)
	if by < 0 || slices.ContainsFunc(r.Allowed, in) {
		return nil
	}
	return &UnreachableError{a, r.Refused[by]}
}

// Dialer is one that connects to no other addresses. A socket of this machine's
// file system is taken for its loopback address.
func (r *Reach) Dialer() *net.Dialer {
	d := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	d.ControlContext = func(_ context.Context, network, address string, _ syscall.RawConn) error {
		if strings.HasPrefix(network, "unix") {
			return r.Check(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
		}
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("the address %s cannot be read: %w", address, err)
		}
		return r.Check(to.Addr())
	}
	return d
}

// Dial connects as the function Dial does.
func (r *Reach) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil && strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".localhost") {
		address = net.JoinHostPort("localhost", port)
	}
	return r.Dialer().DialContext(ctx, network, address)
}
