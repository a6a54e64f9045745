package sqlstore_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// The tests beside this file run the real binary: what they are about, death
// and several processes, cannot be had in process.

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(filepath.Dir(built))
	}
	os.Exit(code)
}

var built string

// binary builds the command once for each test process.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "rollcall-binary-")
	if err != nil {
		return "", err
	}
	built = filepath.Join(dir, "rollcall")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", built, "github.com/rollcall-scim/rollcall/cmd/rollcall")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return built, nil
})

// command runs one command to its end.
func command(t *testing.T, url string, args ...string) (stdout string, err error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), path, args...)
	c.Env = append(os.Environ(), "ROLLCALL_DATABASE="+url)
	out, err := c.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		err = fmt.Errorf("rollcall %s: %w: %s", strings.Join(args, " "), err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

func mustCommand(t *testing.T, url string, args ...string) string {
	t.Helper()
	out, err := command(t, url, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// server is a rollcall serve in a process of its own.
type server struct {
	cmd     *exec.Cmd
	address string
	said    *lines
	ended   chan struct{}
}

var listens = regexp.MustCompile(`127\.0\.0\.1:[1-9][0-9]*`)

// serve starts a server on the database and returns when it listens.
func serve(t *testing.T, url string) *server {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{said: &lines{}, ended: make(chan struct{})}
	s.cmd = exec.Command(path, "serve", "--listen", "127.0.0.1:0", "--base-domain", "localhost", "--database", url, "--rate-tenant", "0", "--rate-token", "0")
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	address := make(chan string, 1)
	go func() {
		defer close(s.ended)
		s.said.read(stderr, func(line string) {
			if found := listens.FindString(line); found != "" {
				select {
				case address <- found:
				default:
				}
			}
		})
		s.cmd.Wait()
	}()
	select {
	case s.address = <-address:
	case <-s.ended:
		t.Fatalf("serve ended by itself:\n%s", s.said)
	case <-time.After(30 * time.Second):
		t.Fatalf("serve does not listen:\n%s", s.said)
	}
	return s
}

// kill is SIGKILL: nothing is flushed, nothing is told.
func (s *server) kill() {
	s.cmd.Process.Kill()
	<-s.ended
}

// lines is what a process has written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) read(r io.Reader, each func(string)) {
	for in := bufio.NewScanner(r); in.Scan(); {
		l.mu.Lock()
		l.text.WriteString(in.Text() + "\n")
		l.mu.Unlock()
		each(in.Text())
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// client is one connection's worth of an IdP.
type client struct {
	http    *http.Client
	address string // dialled
	host    string // sent, and so in every URL of the answers
	token   string
}

func (s *server) client(host, token string) *client {
	return &client{&http.Client{Transport: &http.Transport{}, Timeout: time.Minute}, s.address, host, token}
}

// reply is an answer that came whole.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) String() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// try sends one request to a path under the SCIM base; an error means that no
// whole answer came. headers are names and values in turn.
func (c *client) try(method, path, body string, headers ...string) (reply, error) {
	r, err := http.NewRequest(method, "http://"+c.address+"/api/scim/v2"+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	r.Host = c.host
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	r.Header.Set("Content-Type", "application/scim+json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := c.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer w.Body.Close()
	data, err := io.ReadAll(w.Body)
	return reply{w.StatusCode, w.Header, string(data)}, err
}

func (c *client) send(t *testing.T, method, path, body string, headers ...string) reply {
	t.Helper()
	r, err := c.try(method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// inProcess opens the directory beside whatever else has it open.
func inProcess(t *testing.T, url string) (*directory.Directory, func()) {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	d := directory.New(store)
	return d, sync.OnceFunc(func() {
		d.Close(t.Context())
		store.Close()
	})
}

var testVia = directory.Via{Client: "test", Operation: "TEST"}

// freshToken makes a token that a case may use up: of an admin of its own where
// the case is about him.
func freshToken(t *testing.T, tenant *directory.Tenant, name string) string {
	t.Helper()
	if _, err := tenant.SetRole(t.Context(), "second@acme.test", "company admin"); err != nil {
		t.Fatal(err)
	}
	token, err := tenant.CreateToken(t.Context(), "second@acme.test", "for revoking", time.Time{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return token
}

// freshAccess makes a token that the case may use up: of an OAuth client, of a
// connection or of an admin.
func (c *client) freshAccess(t *testing.T, tenant *directory.Tenant, name string) (token string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	connection := ""
	if strings.HasPrefix(name, "connection") {
		connection = "second"
		must(tenant.CreateConnection(t.Context(), connection))
	}
	switch {
	case strings.Contains(name, "client"):
		id, secret, err := tenant.CreateClient(t.Context(), directory.NewClient{Name: "for revoking", Connection: connection})
		must(err)
		token, r := c.access(t, id, secret)
		if token == "" {
			t.Fatalf("%s: %s", name, r)
		}
		return token
	case connection != "":
		token, err := tenant.CreateConnectionToken(t.Context(), connection, "for revoking", time.Time{})
		must(err)
		return token
	}
	return freshToken(t, tenant, name)
}

// with is the same client with another token.
func (c *client) with(token string) *client {
	other := *c
	other.token = token
	return &other
}

// newTenant makes a tenant with the group feature, its groups and a token.
func newTenant(t *testing.T, d *directory.Directory, name string, groups ...string) (tenant *directory.Tenant, token string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tenant, err := d.CreateTenant(t.Context(), directory.NewTenant{Name: name, AdminEmail: "admin@" + name + ".test"}, testVia)
	must(err)
	must(tenant.Set(t.Context(), "groups", "true"))
	for _, group := range groups {
		_, err := tenant.CreateGroup(t.Context(), group)
		must(err)
	}
	token, err = tenant.CreateToken(t.Context(), "admin@"+name+".test", "SCIM", time.Time{})
	must(err)
	return tenant, token
}
