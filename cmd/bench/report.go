package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// machine says on what everything was measured, and what a commit costs there
// at least.
func machine(dir string) (string, error) {
	sync, err := syncTime(dir)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Measured with %s on %d cores (%s, %s/%s); the clients share them with the server. fsync of 4 KiB: p50 %s.\n",
		runtime.Version(), runtime.NumCPU(), processor(), runtime.GOOS, runtime.GOARCH, short(sync)), nil
}

func syncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var m measure
	block := make([]byte, 4096)
	for range 300 {
		began := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		m.latencies = append(m.latencies, time.Since(began))
	}
	return m.at(0.5), nil
}

func processor() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.SplitSeq(string(data), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "processor unknown"
}

// aims are the ratios to reach: of the bare handler for reads, of the bare
// writer for writes.
var aims = map[string]float64{
	"get by id": 0.65, "filter by userName": 0.55, "filter by e-mail": 0.55, "list page of 100": 0.5,
	"create": 0.5, "PUT": 0.5, "PATCH of one attribute": 0.5, "DELETE": 0.5,
}

// report writes two tables: what matters, and everything.
func report(out io.Writer, title string, sizes []int, results []result) {
	fmt.Fprintf(out, "### %s\n\nRequests per second at so many users; the ratios are those at the most users.\n\n", title)
	fmt.Fprint(out, "| | connections |")
	for _, size := range sizes {
		fmt.Fprintf(out, " %s |", thousands(size))
	}
	fmt.Fprintf(out, " most / fewest | of the bare handler | of the bare writer | aim |\n|---|--:|%s--:|--:|--:|--:|\n", strings.Repeat("--:|", len(sizes)))
	for _, of := range rows(results) {
		first, last := of[0], of[len(of)-1]
		fmt.Fprintf(out, "| %s | %d |", last.kind.name, last.connections)
		for _, r := range of {
			fmt.Fprintf(out, " %s |", thousands(int(r.ours.rate())))
		}
		fmt.Fprintf(out, " %s | %s | %s | %.2f |\n", ratio(last.ours, first.ours), ratio(last.ours, last.bare), ratio(last.ours, last.writer), aims[last.kind.name])
	}
	fmt.Fprint(out, "\nEach measure, with what it stands beside.\n\n| | connections | users | requests/s | p50 | p95 | p99 | bare handler/s | of it | bare writer/s | of it |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, of := range rows(results) {
		for _, r := range of {
			writer := "–"
			if r.kind.writes {
				writer = thousands(int(r.writer.rate()))
			}
			fmt.Fprintf(out, "| %s | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.kind.name, r.connections, thousands(r.users),
				thousands(int(r.ours.rate())), short(r.ours.at(0.5)), short(r.ours.at(0.95)), short(r.ours.at(0.99)),
				thousands(int(r.bare.rate())), ratio(r.ours, r.bare), writer, ratio(r.ours, r.writer))
		}
	}
	fmt.Fprintln(out)
}

// rows puts the sizes of each measure together, in the order of the measures.
func rows(results []result) (out [][]result) {
	for _, r := range results {
		i := slices.IndexFunc(out, func(of []result) bool { return of[0].kind == r.kind && of[0].connections == r.connections })
		if i < 0 {
			out = append(out, nil)
			i = len(out) - 1
		}
		out[i] = append(out[i], r)
	}
	return out
}

func ratio(a, b measure) string {
	if b.rate() == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a.rate()/b.rate())
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// short keeps two or three digits of a duration.
func short(d time.Duration) string {
	if d < 100*time.Microsecond {
		return d.Round(time.Microsecond).String()
	}
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
