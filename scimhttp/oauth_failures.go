package scimhttp

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// How many wrong proofs a minute are listened to: of one client from one
// address, and from one address for whatever client. A client's id is no
// secret, so nobody may lock it out from elsewhere.
const (
	failuresOfClient  = 10
	failuresOfAddress = 100
	failuresWindow    = time.Minute
)

// failures counts wrong proofs (RFC 6749 section 2.3.1). It forgets everything
// when a minute is over, so it cannot grow beyond what a minute brings.
type failures struct {
	mu    sync.Mutex
	since time.Time
	count map[failure]int
}

// failure is one of a client; without one, of an address.
type failure struct{ client, address string }

func (f failure) limit() int {
	if f.client == "" {
		return failuresOfAddress
	}
	return failuresOfClient
}

// check refuses who has failed too often.
func (f *failures) check(now time.Time, who failure) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.since) >= failuresWindow || f.count == nil {
		f.since, f.count = now, map[failure]int{}
	}
	if f.count[who] < who.limit() && f.count[failure{"", who.address}] < failuresOfAddress {
		return nil
	}
	refused := scim.Errorf(http.StatusTooManyRequests, "temporarily_unavailable", "429.2",
		"Too many wrong attempts (429.2): nothing is tried for the rest of the minute. Check client_id and its proof at your identity provider.")
	refused.RetryAfter = max(1, int((failuresWindow-now.Sub(f.since)+time.Second-1)/time.Second))
	return refused
}

// note counts one wrong proof.
func (f *failures) note(who failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if who.client != "" {
		f.count[who]++
	}
	f.count[failure{"", who.address}]++
}

// Address is where a request comes from, for counting: of an IPv6 address the
// network, since one customer has all of it. Behind a trusted proxy it is the
// last address that no trusted proxy has.
func (h Hosts) Address(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	from := peer.Addr()
	chain := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for i := len(chain) - 1; i >= 0 && h.trustsAddress(from); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
		if err != nil {
			break
		}
		from = next
	}
	if from = from.Unmap(); from.Is6() {
		network, _ := from.Prefix(64)
		return network.String()
	}
	return from.String()
}

func (h Hosts) trustsAddress(a netip.Addr) bool {
	for _, p := range h.TrustedProxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
