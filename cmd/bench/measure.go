package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// result is one measure and its limits.
type result struct {
	kind               *kind
	users, connections int
	ours, bare, writer measure
}

// measure is what was counted, over all turns.
type measure struct {
	latencies []time.Duration // of each request, or of each batch of the writer
	count     int
	elapsed   time.Duration
}

func (m *measure) rate() float64 {
	if m.elapsed == 0 {
		return 0
	}
	return float64(m.count) / m.elapsed.Seconds()
}

// at is the latency that the share of all requests stays below.
func (m *measure) at(share float64) time.Duration {
	if len(m.latencies) == 0 {
		return 0
	}
	slices.Sort(m.latencies)
	return m.latencies[min(int(share*float64(len(m.latencies))), len(m.latencies)-1)]
}

// take sends requests of the kind over so many keep-alive connections.
func (m *measure) take(ctx context.Context, to *process, k *kind, connections int, duration time.Duration) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	latencies := make([][]time.Duration, connections)
	var driving sync.WaitGroup
	began := time.Now()
	for i := range connections {
		driving.Go(func() {
			var err error
			if latencies[i], err = to.drive(ctx, k, began.Add(duration)); err != nil {
				cancel(err)
			}
		})
	}
	driving.Wait()
	m.elapsed += time.Since(began)
	for _, some := range latencies {
		m.count += len(some)
		m.latencies = append(m.latencies, some...)
	}
	return context.Cause(ctx)
}

// drive is one connection.
func (p *process) drive(ctx context.Context, k *kind, until time.Time) (latencies []time.Duration, err error) {
	c := p.connect()
	defer c.close()
	w := &worker{seed: p.seed, random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
	defer func() {
		if w.release != nil {
			w.release()
		}
	}()
	for ctx.Err() == nil {
		r, ok := p.request(w, k)
		began := time.Now()
		if !ok || began.After(until) {
			return latencies, nil
		}
		status, location, err := c.send(r)
		if err != nil {
			return nil, err
		}
		if status != k.want {
			return nil, fmt.Errorf("%s %s was answered %d", r.method, r.path, status)
		}
		latencies = append(latencies, time.Since(began))
		if k.want == http.StatusCreated && !p.bare {
			p.seed.has(location[strings.LastIndexByte(location, '/')+1:])
		}
	}
	return latencies, nil
}

// request is the worker's next one. The bare handler is sent the same, under
// the path of the kind; it must not use up those who are there to be deleted.
func (p *process) request(w *worker, k *kind) (request, bool) {
	if !p.bare {
		return k.next(w)
	}
	if k.want == http.StatusNoContent {
		return request{"DELETE", "/" + k.slug() + "/Users/" + w.ids[w.pick(w.random)], ""}, true
	}
	r, ok := k.next(w)
	r.path = "/" + k.slug() + r.path
	return r, ok
}

// connection is a client with one connection, the same for what is measured
// and for what it is compared with.
type connection struct {
	http    http.Client
	process *process
}

func (p *process) connect() *connection {
	return &connection{http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 1}}, p}
}

func (c *connection) close() { c.http.CloseIdleConnections() }

// do sends the request; the caller reads the answer.
func (c *connection) do(r request) (*http.Response, error) {
	var body io.Reader
	if r.body != "" {
		body = bytes.NewReader([]byte(r.body))
	}
	q, err := http.NewRequest(r.method, "http://"+c.process.address+"/api/scim/v2"+r.path, body)
	if err != nil {
		return nil, err
	}
	q.Host = c.process.seed.tenant + ".localhost"
	q.Header["Authorization"] = []string{"Bearer " + c.process.seed.token}
	q.Header["Content-Type"] = []string{"application/scim+json"}
	return c.http.Do(q)
}

func (c *connection) send(r request) (status int, location string, err error) {
	a, err := c.do(r)
	if err != nil {
		return 0, "", err
	}
	_, err = io.Copy(io.Discard, a.Body)
	a.Body.Close()
	return a.StatusCode, a.Header.Get("Location"), err
}
