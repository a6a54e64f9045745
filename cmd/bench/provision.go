package main

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// bareAim is the part of a plain client's rate that an initial cycle should
// reach.
const bareAim = 0.7

// provisioning is what was measured of one number of people: the cycles of an
// application between two Rollcalls, and a plain client that sends the same
// bodies over as many connections to the same server.
type provisioning struct {
	people                     int
	plan                       cycleFigures
	initial, full, incremental cycleFigures
	bare                       measure
}

// cycleFigures is what the engine's process tells of a cycle.
type cycleFigures struct {
	Seconds   float64         `json:"seconds"`
	Phases    []phaseFigures  `json:"phases"`
	Stats     provision.Stats `json:"stats"`
	Outcome   string          `json:"outcome"`
	Message   string          `json:"message"`
	Megabytes float64         `json:"megabytes"` // at most, of memory of its own
	Live      float64         `json:"live"`      // of it in megabytes, what the last collection found in use
}

type phaseFigures struct {
	Name      string  `json:"name"`
	Seconds   float64 `json:"seconds"`
	Processor float64 `json:"processor"` // seconds of the engine's process on all processors
}

// provisionedApp is the application; the token and the URL are filled in.
const provisionedApp = `name: bench
source: {kind: directory}
target: {url: "http://%s/api/scim/v2", token: "%s", parallel: %d}
scope: {sync: all}
approval: auto
users:
  mappings:
    userName: {from: userPrincipalName, match: 1}
    active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}
    externalId: {from: objectId}
    displayName: {from: displayName}
    name.givenName: {from: givenName}
    name.familyName: {from: surname}
    title: {from: jobTitle}
    'emails[type eq "work"].value': {from: mail}
    'phoneNumbers[type eq "work"].value': {from: telephoneNumber}
    'addresses[type eq "work"].country': {from: country}
    'addresses[type eq "work"].locality': {from: city}
    'addresses[type eq "work"].streetAddress': {from: streetAddress}
    'addresses[type eq "work"].postalCode': {from: postalCode}
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber': {from: employeeId}
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department': {from: department}
groups: {enabled: false}
`

// provisionParallel is how many requests the engine, and the plain client, have
// on their way.
const provisionParallel = 8

// measureProvisioning provisions so many people from one file to a server on
// another. The plain client works before and after, so that a machine that
// slows down slows down both.
func measureProvisioning(ctx context.Context, dir, binary string, people int) (p *provisioning, err error) {
	p = &provisioning{people: people}
	folder := filepath.Join(dir, fmt.Sprintf("provision-%d", people))
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	source := "sqlite:" + filepath.Join(folder, "source.db")
	from, err := newSeed(ctx, source, "bench")
	if err != nil {
		return nil, err
	}
	if err := from.grow(ctx, people); err != nil {
		return nil, err
	}
	to, err := newSeed(ctx, "sqlite:"+filepath.Join(folder, "target.db"), "target")
	if err != nil {
		return nil, err
	}
	plain, err := newSeed(ctx, to.url, "plain")
	if err != nil {
		return nil, err
	}
	server, err := startServer(ctx, binary, to.url, to)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	e := engineWork{Database: source, App: fmt.Sprintf(provisionedApp, server.address, to.token, provisionParallel)}

	progress("provisioning %s people: the plan", thousands(people))
	if p.plan, err = e.run(ctx, "plan"); err != nil {
		return nil, err
	}
	if err := p.post(ctx, server, plain, source, 0, people/2); err != nil {
		return nil, err
	}
	for _, cycle := range []struct {
		name string
		into *cycleFigures
	}{{"initial", &p.initial}, {"full", &p.full}, {"incremental", &p.incremental}} {
		progress("provisioning %s people: %s cycle", thousands(people), cycle.name)
		if *cycle.into, err = e.run(ctx, cycle.name); err != nil {
			return nil, err
		}
		if cycle.name == "initial" {
			err = p.post(ctx, server, plain, source, people/2, people-people/2)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, p.verify()
}

// verify finds out whether the cycles did what they were measured for.
func (p *provisioning) verify() error {
	for _, c := range []struct {
		name string
		got  cycleFigures
		made int
	}{{"initial", p.initial, p.people + 1}, {"full", p.full, 0}, {"incremental", p.incremental, 0}} { // and the admin
		if s := c.got.Stats; c.got.Outcome != provision.Success || s.Created != c.made || s.Updated+s.Matched+s.Disabled > 0 {
			return fmt.Errorf("the %s cycle of %d people ended with %s: %+v %s", c.name, p.people, c.got.Outcome, s, c.got.Message)
		}
	}
	return nil
}

// post sends the bodies that the plan made, by a client that does nothing else.
func (p *provisioning) post(ctx context.Context, server *process, plain *seed, source string, skip, n int) error {
	bodies, err := plannedBodies(ctx, source, skip, n)
	if err != nil {
		return err
	}
	progress("provisioning %s people: a plain client sends %s of them", thousands(p.people), thousands(len(bodies)))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	to := &process{address: server.address, seed: plain}
	var next atomic.Int64
	var sending sync.WaitGroup
	began := time.Now()
	for range provisionParallel {
		sending.Go(func() {
			c := to.connect()
			defer c.close()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(bodies) {
					return
				}
				if status, _, err := c.send(request{"POST", "/Users", bodies[i]}); err != nil || status != http.StatusCreated {
					cancel(fmt.Errorf("the plain client's POST was answered %d (%v): %s", status, err, bodies[i]))
				}
			}
		})
	}
	sending.Wait()
	p.bare.elapsed += time.Since(began)
	p.bare.count += len(bodies)
	return context.Cause(ctx)
}

// plannedBodies are some of the bodies of the plan that the engine made.
func plannedBodies(ctx context.Context, source string, skip, n int) (bodies []string, err error) {
	store, err := sqlstore.Open(ctx, source)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	state := store.Provision().Application(1, "plan")
	q := provision.OpQuery{Cycle: 1, Limit: 1000}
	for len(bodies) < skip+n {
		ops, err := state.Ops(ctx, q)
		if err != nil || len(ops) == 0 {
			return nil, fmt.Errorf("the plan has only %d bodies: %w", len(bodies), err)
		}
		for _, op := range ops {
			q.After = op.Number
			if op.Method == "POST" && !strings.Contains(op.Body, `"userName":"admin@`) {
				bodies = append(bodies, op.Body)
			}
		}
	}
	return bodies[skip : skip+n], nil
}

// engineWork is what the engine's process is told.
type engineWork struct {
	Database string `json:"database"`
	App      string `json:"app"`
	Cycle    string `json:"cycle"`
	Profile  string `json:"profile,omitzero"`
}

// run runs a cycle in a process of its own, so that its memory is that of the
// engine, and of nothing that came before.
func (e engineWork) run(ctx context.Context, cycle string) (f cycleFigures, err error) {
	e.Cycle = cycle
	if folder := os.Getenv("BENCH_PROFILE"); folder != "" {
		e.Profile = filepath.Join(folder, cycle+".prof")
	}
	self, err := os.Executable()
	if err != nil {
		return f, err
	}
	in, err := json.Marshal(e)
	if err != nil {
		return f, err
	}
	c := exec.CommandContext(ctx, self, "-engine")
	c.Stdin, c.Stderr = bytes.NewReader(in), os.Stderr
	out, err := c.Output()
	if err != nil {
		return f, fmt.Errorf("the engine's process: %w", err)
	}
	return f, json.Unmarshal(out, &f)
}
