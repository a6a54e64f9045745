package directory

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// Wrong sign-ins are counted in memory, in each process, as decision 12 has it
// of rate limits: for an account from one address, for an account from
// anywhere, and for an address. Each has a bucket of tries that fills again with
// time. That of an account from anywhere is large and fills fast: it slows down
// whoever guesses from many addresses, and hardly a person who mistypes
// meanwhile.
type attempt struct {
	account string // hashed with its tenant: what was typed may be long
	address string
}

// attemptAt is that of whoever says to be the account.
func attemptAt(tenant, account string, via Via) attempt {
	return attempt{tokenHash(tenant + "\x00" + account), via.Address}
}

type tries struct {
	most float64
	each time.Duration // one more try comes back in this time
}

var (
	triesHere    = tries{10, time.Minute}
	triesAccount = tries{100, 20 * time.Second}
	triesAddress = tries{50, 5 * time.Second}
)

// limits are the buckets that an attempt draws from.
func (a attempt) limits() map[attempt]tries {
	m := map[attempt]tries{a: triesHere, {a.account, ""}: triesAccount}
	if a.address != "" {
		m[attempt{"", a.address}] = triesAddress
	}
	return m
}

// attempts counts. What has filled up again is forgotten.
type attempts struct {
	mu    sync.Mutex
	spent map[attempt]spent
	sweep int
}

// spent so many tries at that moment.
type spent struct {
	tries float64
	at    time.Time
}

func (s spent) now(now time.Time, l tries) float64 {
	return max(0, s.tries-float64(max(now.Sub(s.at), 0))/float64(l.each))
}

// check refuses who has been wrong too often, and says when to try again.
func (c *attempts) check(now time.Time, a attempt) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait := time.Duration(0)
	for key, l := range a.limits() {
		if over := c.spent[key].now(now, l) - l.most + 1; over > 0 {
			wait = max(wait, time.Duration(over*float64(l.each)))
		}
	}
	if wait == 0 {
		return nil
	}
	err := scim.Errorf(429, "", "429.3", "Too many wrong attempts to sign in (429.3): try again in %s. Whoever forgot the password asks an admin for a sign-in link.", inWords(wait))
	err.RetryAfter = max(1, int(math.Ceil(wait.Seconds())))
	return err
}

// failed counts a wrong attempt.
func (c *attempts) failed(now time.Time, a attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.spent == nil {
		c.spent = map[attempt]spent{}
	}
	for key, l := range a.limits() {
		c.spent[key] = spent{c.spent[key].now(now, l) + 1, now}
	}
	if c.sweep = max(c.sweep, 1024); len(c.spent) < c.sweep {
		return
	}
	for key, s := range c.spent {
		if s.now(now, triesHere) == 0 { // the slowest of the three
			delete(c.spent, key)
		}
	}
	c.sweep = 2 * len(c.spent)
}

func inWords(d time.Duration) string {
	if d > time.Minute {
		return fmt.Sprintf("%d minutes", int(math.Ceil(d.Minutes())))
	}
	return fmt.Sprintf("%d seconds", max(1, int(math.Ceil(d.Seconds()))))
}
