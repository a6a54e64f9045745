package main

import (
	"context"
	"encoding/json/v2"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// serveEngine is the engine's process: it runs one cycle as rollcall serve does,
// and tells what that took.
func serveEngine(in io.Reader, out io.Writer) error {
	debug.SetGCPercent(1000) // that of rollcall serve
	var w engineWork
	if err := json.UnmarshalRead(in, &w); err != nil {
		return err
	}
	if w.Profile != "" {
		f, err := os.Create(w.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	figures, err := w.cycle(context.Background())
	if err != nil {
		return err
	}
	return json.MarshalWrite(out, figures)
}

// cycle opens everything and runs the cycle. The plan is made for an application
// of its own, so that it takes nothing from the initial cycle's work.
func (w engineWork) cycle(ctx context.Context) (f cycleFigures, err error) {
	store, err := sqlstore.Open(ctx, w.Database)
	if err != nil {
		return f, err
	}
	defer store.Close()
	d := directory.New(store)
	defer d.Close(ctx)
	tenant, err := d.OpenAdmin(ctx, "bench", directory.Via{Client: "bench", Operation: "cycle"})
	if err != nil {
		return f, err
	}
	app, err := provision.Parse([]byte(w.App))
	if err != nil {
		return f, err
	}
	if err := app.Expand(nil); err != nil {
		return f, err
	}
	from, err := source.Open(ctx, app.Source, source.Environment{Directory: tenant})
	if err != nil {
		return f, err
	}
	defer from.Close()
	to, err := target.Open(app.Target, target.Environment{})
	if err != nil {
		return f, err
	}
	defer to.Close()
	name := "app"
	if w.Cycle == "plan" {
		name = "plan"
	}
	phases := &phaseTimes{began: time.Now(), used: processorTime()}
	e := &provision.Engine{App: app, Source: from, Target: to, Store: store.Provision().Application(1, name), Progress: phases.note}
	memory := watchMemory()
	began := time.Now()
	c, err := e.Run(ctx, provision.Request{Actor: "bench", PlanOnly: w.Cycle == "plan", Full: w.Cycle == "full"})
	f.Seconds = time.Since(began).Seconds()
	f.Megabytes, f.Live = memory()
	if err != nil {
		return f, err
	}
	f.Phases = phases.all()
	f.Stats, f.Outcome, f.Message = c.Counted(), c.Outcome, c.Message
	return f, nil
}

// phaseTimes notes how long each phase took.
type phaseTimes struct {
	began time.Time
	used  time.Duration
	list  []phaseFigures
}

func (p *phaseTimes) note(at provision.Progress) {
	if n := len(p.list); n > 0 && p.list[n-1].Name == at.Phase {
		return
	}
	p.end()
	p.list = append(p.list, phaseFigures{Name: at.Phase})
}

func (p *phaseTimes) end() {
	now, used := time.Now(), processorTime()
	if n := len(p.list); n > 0 {
		p.list[n-1].Seconds, p.list[n-1].Processor = now.Sub(p.began).Seconds(), (used - p.used).Seconds()
	}
	p.began, p.used = now, used
}

// processorTime is what this process has used of all processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (p *phaseTimes) all() []phaseFigures {
	p.end()
	return p.list
}

// watchMemory looks at the memory of this process until it is asked for the
// most that it has seen, in megabytes: resident, and in use by Go. Files that are
// mapped are the system's to take back, and are left out.
func watchMemory() (most func() (resident, live float64)) {
	var resident, live float64
	ended := make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			resident, live = max(resident, ownMemory()), max(live, liveHeap())
			select {
			case <-ended:
				return
			case <-tick.C:
			}
		}
	})
	return func() (float64, float64) {
		close(ended)
		looking.Wait()
		return resident, live
	}
}

// liveHeap is what the last collection found in use, in megabytes.
func liveHeap() float64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return float64(sample[0].Value.Uint64()) / (1 << 20)
}

// ownMemory is the resident memory of this process in megabytes; 0 where the
// system does not tell.
func ownMemory() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.SplitSeq(string(text), "\n") {
		if value, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(value, "kB")))
			return float64(n) / 1024
		}
	}
	return 0
}
