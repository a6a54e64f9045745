package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	_ "github.com/jackc/pgx/v5/stdlib" // the drivers of the bare writer
	_ "modernc.org/sqlite"
)

// database is where Rollcall keeps its directory, and the bare writer its rows.
type database struct {
	name, title string
	url         string
	writerURL   string
	close       func()
}

// openDatabase returns nil where the database's server is not installed.
func openDatabase(ctx context.Context, name, dir string, o options) (*database, error) {
	switch name {
	case "sqlite":
		bare := (&url.URL{Path: filepath.Join(dir, "bare.db")}).EscapedPath()
		return &database{name: name, title: "SQLite, synchronous=FULL", url: "sqlite:" + filepath.Join(dir, "rollcall.db"),
			writerURL: "file:" + bare + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-32000)&_pragma=temp_store(memory)",
			close:     func() {}}, nil
	case "postgres":
		at, end := o.postgres, func() {}
		if at == "" {
			var err error
			if at, end, err = temporaryCluster(dir); err != nil || at == "" {
				return nil, err
			}
		}
		version, err := serverVersion(ctx, at)
		if err != nil {
			end()
			return nil, err
		}
		return &database{name: name, title: "PostgreSQL " + version, url: at, writerURL: at, close: end}, nil
	}
	return nil, fmt.Errorf("-databases %s: choose among sqlite and postgres", name)
}

func serverVersion(ctx context.Context, at string) (version string, err error) {
	db, err := sql.Open("pgx", at)
	if err != nil {
		return "", err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "show server_version").Scan(&version)
	return version, err
}

// temporaryCluster makes a PostgreSQL of its own, with the settings it has by
// default, reached by a socket in dir. The URL is empty where PostgreSQL is not
// installed.
func temporaryCluster(dir string) (at string, end func(), err error) {
	bin := installed()
	if bin == "" {
		return "", nil, nil
	}
	home := filepath.Join(dir, "postgres")
	if err := os.Mkdir(home, 0o700); err != nil {
		return "", nil, err
	}
	as, err := unprivileged(dir, home)
	if err != nil {
		return "", nil, err
	}
	do := func(name string, args ...string) error {
		c := exec.Command(filepath.Join(bin, name), args...)
		c.Dir, c.SysProcAttr = home, as
		log, err := os.Create(filepath.Join(dir, name+".out"))
		if err != nil {
			return err
		}
		defer log.Close()
		c.Stdout, c.Stderr = log, log
		if err := c.Run(); err != nil {
			said, _ := os.ReadFile(log.Name())
			return fmt.Errorf("%s: %w: %s", name, err, said)
		}
		return nil
	}
	if err := do("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"); err != nil {
		return "", nil, err
	}
	if err := do("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", "-c listen_addresses= -c unix_socket_directories="+home, "start"); err != nil {
		return "", nil, err
	}
	return "postgres://postgres@/postgres?host=" + home + "&sslmode=disable", func() { do("pg_ctl", "-D", "data", "-m", "immediate", "stop") }, nil
}

// installed is the folder of the newest PostgreSQL's programs.
func installed() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}

// unprivileged gives the folder to the user postgres when we are root, whom
// PostgreSQL refuses.
func unprivileged(dir, home string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres: %w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(home, uid, gid)
}
