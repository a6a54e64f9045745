// Package storetest gives tests a real database of each kind. PostgreSQL is a
// temporary cluster made from the installed binaries, one for each test
// process; where they are missing its tests are skipped loudly, and with
// ROLLCALL_CI=1 they fail.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/rollcall-scim/rollcall/sqlstore"
)

// Each runs the test on SQLite and on PostgreSQL, each with an empty database.
func Each(t *testing.T, test func(t *testing.T, store *sqlstore.Store)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) { test(t, Open(t, url)) })
}

// EachURL is Each for tests that open the database themselves, or in several
// processes.
func EachURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// Open opens a database for the time of the test.
func Open(t testing.TB, url string) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// SQLite names a file that is not there yet.
func SQLite(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "rollcall.db")
}

// Postgres names an empty database of the cluster.
func Postgres(t testing.TB) string {
	t.Helper()
	cluster, err := start()
	if err != nil {
		if os.Getenv("ROLLCALL_CI") == "1" {
			t.Fatalf("no PostgreSQL to test with: %v", err)
		}
		t.Skipf("SKIPPED, NO POSTGRESQL: %v (install the package postgresql)", err)
	}
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	cluster.run(t, "create database "+name)
	t.Cleanup(func() { cluster.run(t, "drop database if exists "+name+" with (force)") })
	return cluster.url(name)
}

var databases atomic.Int64

// cluster is known by the folder of its socket: a port could be taken by
// somebody else between choosing and listening.
type cluster struct {
	dir    string
	keeper *exec.Cmd // holds the pipe open; see start
}

func (c *cluster) url(name string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s&sslmode=disable", name, c.dir)
}

func (c *cluster) run(t testing.TB, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

// start starts the cluster once. It stops by itself when this process dies,
// however it dies.
var start = sync.OnceValues(func() (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "rollcall-postgres-")
	if err != nil {
		return nil, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, as
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	// The shell waits on a pipe whose other end only this process holds: when
	// it ends, killed or not, the pipe closes, the server goes and so does its
	// folder.
	script := fmt.Sprintf(`%[1]s/pg_ctl -D data -w -l log -o "-c listen_addresses= -c unix_socket_directories=%[2]s -c max_connections=200" start >start.out 2>&1; echo started; cat >/dev/null; %[1]s/pg_ctl -D data -m immediate stop >/dev/null 2>&1; rm -rf %[2]s`, bin, dir)
	keeper := exec.Command("/bin/sh", "-c", script)
	as.Setpgid = true // a Ctrl-C for the tests is not for the keeper
	keeper.Dir, keeper.SysProcAttr = dir, as
	if _, err := keeper.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := keeper.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := keeper.Start(); err != nil {
		return nil, err
	}
	if _, err := stdout.Read(make([]byte, 16)); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, fmt.Errorf("start PostgreSQL: %s", log)
	}
	return &cluster{dir, keeper}, nil
})

// binaries finds the newest PostgreSQL of the machine.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("initdb is not installed")
	}
	return filepath.Dir(path), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}

// unprivileged gives the folder to the user postgres when we are root, whom
// PostgreSQL refuses.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{}
	if os.Getuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("running as root, and there is no user postgres: %w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, nil
}
