package sqlstore_test

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// TestCrash kills a server that eight clients write to, again and again on the
// same database. What was acknowledged must be there to the byte; of what was
// not, each request is there whole or not at all (behaviour.md 6.9, 8.1).
func TestCrash(t *testing.T) {
	rounds := map[string]int{"sqlite": 40, "postgres": 10}
	storetest.EachURL(t, func(t *testing.T, url string) {
		kind, _, _ := strings.Cut(url, ":")
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		c := newCrash(t, url, rand.New(rand.NewPCG(seed, 0)))
		for range rounds[kind] {
			c.round()
			if t.Failed() {
				t.FailNow()
			}
		}
		c.lastLook()
	})
}

type crash struct {
	t       *testing.T
	url     string
	random  *rand.Rand
	writers []*crashWriter

	requests   int // acknowledged
	kept, lost int // of those without an answer: done and not done
}

func newCrash(t *testing.T, url string, random *rand.Rand) *crash {
	c := &crash{t: t, url: url, random: random}
	d, end := inProcess(t, url)
	defer end()
	_, acme := newTenant(t, d, "acme", "Finland", "Sweden")
	globex, second := newTenant(t, d, "globex", "Finland", "Sweden")
	if err := globex.Set(t.Context(), "deprovision", "deactivate"); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		w := &crashWriter{t: t, number: i, host: "acme.localhost", token: acme, removes: true, random: rand.New(rand.NewPCG(random.Uint64(), 1))}
		if i%3 == 2 {
			w.host, w.token, w.removes = "globex.localhost", second, false
		}
		c.writers = append(c.writers, w)
	}
	return c
}

// round starts the server, looks at what the last round left, writes for a
// while and kills the server.
func (c *crash) round() {
	s := serve(c.t, c.url)
	c.look(s)
	if c.t.Failed() {
		return
	}
	load := time.Duration(50+c.random.IntN(350)) * time.Millisecond
	var writing sync.WaitGroup
	for _, w := range c.writers {
		w.client = s.client(w.host, w.token)
		writing.Go(w.write)
	}
	select {
	case <-time.After(load):
	case <-s.ended:
		c.t.Errorf("serve died by itself:\n%s", s.said)
	}
	s.kill()
	writing.Wait()
	checkWhole(c.t, c.url)
	c.checkRequests()
}

// checkRequests compares what was acknowledged with the activity log.
func (c *crash) checkRequests() {
	d := openDump(c.t, c.url)
	defer d.db.Close()
	logged := map[string]string{}
	for _, row := range d.rows(`select request, status from activity where request like 'crash-%' order by id`) {
		logged[row[0]] = strings.TrimSpace(logged[row[0]] + " " + row[1])
	}
	for _, w := range c.writers {
		for request, status := range w.acked {
			if logged[request] != status {
				c.t.Errorf("request %s was to be logged as %q, and the activity log has %q", request, status, logged[request])
			}
		}
		c.requests += len(w.acked)
		if a := w.unsure; a != nil {
			a.logged = logged[a.request]
		}
		clear(w.acked)
	}
}

// look reads everybody whom the last round wrote.
func (c *crash) look(s *server) {
	for _, w := range c.writers {
		w.client = s.client(w.host, w.token)
		if a := w.unsure; a != nil {
			w.settle(a)
			if a.logged != "" {
				c.kept++
			} else {
				c.lost++
			}
			w.unsure = nil
		}
		for p := range w.written {
			w.compare(p)
		}
		for _, g := range w.livingGroups() {
			w.compareGroup(g)
		}
		clear(w.written)
	}
}

// lastLook reads everybody once more.
func (c *crash) lastLook() {
	s := serve(c.t, c.url)
	c.look(s)
	people, groups := 0, 0
	for _, w := range c.writers {
		for _, p := range w.people {
			w.compare(p)
		}
		for _, g := range w.groups {
			w.compareGroup(g)
		}
		people += len(w.people)
		groups += len(w.groups)
	}
	s.kill()
	checkWhole(c.t, c.url)
	c.t.Logf("%d requests acknowledged for %d people and %d IdP groups; of those without an answer %d were done and %d were not", c.requests, people, groups, c.kept, c.lost)
	if c.requests == 0 || c.lost+c.kept == 0 {
		c.t.Error("no request was acknowledged, or none was cut off: this test has tested nothing")
	}
}
