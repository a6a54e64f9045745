package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json/v2"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// process is a server in a process of its own: Rollcall's, or the bare handler.
type process struct {
	cmd     *exec.Cmd
	address string
	bare    bool
	seed    *seed
}

// build makes the command that is measured from the module around us.
func build(ctx context.Context, dir string) (binary string, err error) {
	progress("building")
	binary = filepath.Join(dir, "rollcall")
	c := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", binary, "github.com/rollcall-scim/rollcall/cmd/rollcall")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build Rollcall; run this from its folder: %w\n%s", err, out)
	}
	return binary, nil
}

func startServer(ctx context.Context, binary, url string, s *seed) (*process, error) {
	p := &process{seed: s, cmd: exec.CommandContext(ctx, binary, "serve", "--listen", "127.0.0.1:0", "--base-domain", "localhost", "--database", url, "--rate-tenant", "0", "--rate-token", "0")}
	out, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	return p, p.start(out)
}

// startBare asks ours once for each kind, and has a process answer just that.
func startBare(ctx context.Context, ours *process) (*process, error) {
	fixed, err := ours.samples()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{seed: ours.seed, bare: true, cmd: exec.CommandContext(ctx, self, "-bare")}
	data, err := json.Marshal(fixed)
	if err != nil {
		return nil, err
	}
	p.cmd.Stdin, p.cmd.Stderr = bytes.NewReader(data), os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return p, p.start(out)
}

var listens = regexp.MustCompile(`127\.0\.0\.1:[1-9][0-9]*`)

// start waits until the process has said where it listens.
func (p *process) start(out io.Reader) error {
	if err := p.cmd.Start(); err != nil {
		return err
	}
	var said strings.Builder
	in := bufio.NewScanner(out)
	for in.Scan() {
		if p.address = listens.FindString(in.Text()); p.address != "" {
			go func() {
				for in.Scan() {
					fmt.Fprintln(os.Stderr, in.Text())
				}
			}()
			return nil
		}
		fmt.Fprintln(&said, in.Text())
	}
	p.cmd.Wait()
	return fmt.Errorf("the server ended before it listened: %s", said.String())
}

func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.cmd.Wait()
}

// fixedAnswer is what the bare handler answers to one kind.
type fixedAnswer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
}

func (p *process) samples() (map[string]fixedAnswer, error) {
	fixed := map[string]fixedAnswer{}
	c := p.connect()
	defer c.close()
	w := &worker{seed: p.seed, random: newRandom()}
	for _, k := range kinds {
		r, ok := k.next(w)
		if !ok {
			return nil, fmt.Errorf("%s has nothing to ask for", k.name)
		}
		a, err := c.do(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(a.Body)
		a.Body.Close()
		if err != nil {
			return nil, err
		}
		if a.StatusCode != k.want {
			return nil, fmt.Errorf("%s was answered %d: %s", k.name, a.StatusCode, body)
		}
		if location := a.Header.Get("Location"); location != "" {
			p.seed.has(location[strings.LastIndexByte(location, '/')+1:])
		}
		a.Header.Del("Date") // net/http sets it
		fixed[k.slug()] = fixedAnswer{a.StatusCode, a.Header, string(body)}
	}
	return fixed, nil
}

// serveBare is the bare handler's process: it reads what to answer, and
// answers it. It reads the body of a request, as whoever answers it must.
func serveBare(in io.Reader, out io.Writer) error {
	var fixed map[string]fixedAnswer
	if err := json.UnmarshalRead(in, &fixed); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, l.Addr())
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		slug, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/scim/v2/"), "/")
		a := fixed[slug]
		io.Copy(io.Discard, r.Body)
		head := w.Header()
		for name, values := range a.Header {
			head[name] = values
		}
		w.WriteHeader(a.Status)
		io.WriteString(w, a.Body)
	}))
}
