// Bench drives a served Rollcall over HTTP and says how many requests a second
// it answers, beside two limits of the same machine in the same minutes: a bare
// net/http handler that answers a fixed body of the same size, and a bare
// writer that commits rows of the same kind. Their ratios are what travels from
// one machine to another; requests per second do not.
//
// usage: make bench, or go run ./cmd/bench -quick
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	var o options
	sizes := flag.String("sizes", "1000,10000,100000", "numbers of existing users, rising")
	databases := flag.String("databases", "sqlite,postgres", "what to measure on")
	flag.StringVar(&o.postgres, "postgres", "", "URL of an empty PostgreSQL database; without it a temporary cluster is made, if the server is installed")
	flag.DurationVar(&o.duration, "duration", 3*time.Second, "how long each measure takes")
	flag.StringVar(&o.only, "only", "", "only measures whose name contains this, such as filter or provisioning")
	quick := flag.Bool("quick", false, "SQLite alone, 1,000 and 10,000 users, short measures: about a minute")
	people := flag.String("people", "10000,100000", "numbers of people to provision from one Rollcall into another; empty leaves it out")
	bare, engine := flag.Bool("bare", false, ""), flag.Bool("engine", false, "")
	flag.Parse()

	if *bare {
		fail(serveBare(os.Stdin, os.Stdout))
		return
	}
	if *engine {
		fail(serveEngine(os.Stdin, os.Stdout))
		return
	}
	if *quick {
		*sizes, *databases, o.duration = "1000,10000", "sqlite", 750*time.Millisecond
	}
	var err error
	o.sizes, err = numbers("-sizes", *sizes)
	fail(err)
	o.people, err = numbers("-people", *people)
	fail(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fail(run(ctx, o, strings.Split(*databases, ",")))
}

// numbers reads a list of them, separated by commas.
func numbers(flag, text string) (list []int, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.ReplaceAll(part, "_", ""))
		if err != nil || n < 200 || len(list) > 0 && n <= list[len(list)-1] {
			return nil, fmt.Errorf("%s %s: give rising numbers from 200, separated by commas", flag, text)
		}
		list = append(list, n)
	}
	return list, nil
}

type options struct {
	sizes    []int
	people   []int
	duration time.Duration
	postgres string
	only     string
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures on each database and prints the report.
func run(ctx context.Context, o options, databases []string) error {
	dir, err := os.MkdirTemp("", "rollcall-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary, err := build(ctx, dir)
	if err != nil {
		return err
	}
	facts, err := machine(dir)
	if err != nil {
		return err
	}
	fmt.Println(facts)
	for _, name := range databases {
		if o.only == "provisioning" {
			break // no other measure
		}
		db, err := openDatabase(ctx, name, dir, o)
		if err != nil {
			return err
		}
		if db == nil {
			progress("%s is left out: its server is not installed", name)
			continue
		}
		results, members, err := runDatabase(ctx, o, db, binary)
		db.close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if len(results) > 0 {
			report(os.Stdout, db.title, o.sizes, results)
		}
		reportMembers(os.Stdout, members)
	}
	return runProvisioning(ctx, o, dir, binary)
}

// runProvisioning measures cycles of each number of people.
func runProvisioning(ctx context.Context, o options, dir, binary string) error {
	if !strings.Contains("provisioning", o.only) {
		return nil
	}
	var all []*provisioning
	for _, people := range o.people {
		p, err := measureProvisioning(ctx, dir, binary, people)
		if err != nil {
			return fmt.Errorf("provisioning: %w", err)
		}
		all = append(all, p)
	}
	reportProvisioning(os.Stdout, all)
	return nil
}

// runDatabase lets the directory grow from size to size.
func runDatabase(ctx context.Context, o options, db *database, binary string) (results []result, members []*memberMeasure, err error) {
	s, err := newSeed(ctx, db.url, "bench")
	if err != nil {
		return nil, nil, err
	}
	w, err := newBareWriter(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	defer w.close()
	for _, size := range o.sizes {
		if err := s.grow(ctx, size); err != nil {
			return nil, nil, err
		}
		some, err := measureSize(ctx, o, db, binary, s, w)
		if err != nil {
			return nil, nil, err
		}
		results = append(results, some...)
	}
	members, err = measureMembers(ctx, o, db, binary, s, w)
	return results, members, err
}

// measureSize takes every measure at one size. What is measured and what it is
// compared with take turns, so that a machine that slows down slows down all.
func measureSize(ctx context.Context, o options, db *database, binary string, s *seed, w *bareWriter) (results []result, err error) {
	ours, err := startServer(ctx, binary, db.url, s)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	bare, err := startBare(ctx, ours)
	if err != nil {
		return nil, err
	}
	defer bare.stop()
	for _, connections := range []int{8, 64} {
		for _, k := range kinds {
			if connections > 8 && !k.writes || !strings.Contains(k.name, o.only) {
				continue
			}
			progress("%s, %d users: %s over %d connections", db.title, s.size(), k.name, connections)
			r := result{kind: k, users: s.size(), connections: connections}
			const turns = 3
			for range turns {
				if err := r.bare.take(ctx, bare, k, connections, o.duration/turns); err != nil {
					return nil, fmt.Errorf("bare handler: %w", err)
				}
				if err := r.ours.take(ctx, ours, k, connections, o.duration/turns); err != nil {
					return nil, err
				}
				if k.writes {
					if err := r.writer.takeWriter(ctx, w, connections, o.duration/turns); err != nil {
						return nil, fmt.Errorf("bare writer: %w", err)
					}
				}
			}
			results = append(results, r)
		}
	}
	return results, nil
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
