// Package slapdtest gives tests a real OpenLDAP server: the installed slapd, on
// a free port of this machine, with a temporary database. Where slapd is
// missing its tests are skipped loudly, and with ROLLCALL_CI=1 they fail.
package slapdtest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Server is a running slapd. It stops when the test ends, or this process does,
// however it does.
type Server struct {
	URL      string // ldap://127.0.0.1:PORT, with StartTLS
	TLSURL   string // ldaps://127.0.0.1:PORT
	CAFile   string // of who signed its certificate
	BaseDN   string // dc=contoso,dc=test; its entry is there
	AdminDN  string // may do everything, without limits
	Password string // of AdminDN
}

const (
	baseDN   = "dc=contoso,dc=test"
	adminDN  = "cn=admin,dc=contoso,dc=test"
	password = "the-admins-password"
)

// Start loads the entries and starts the server. Those below BaseDN come from
// ldif; operational attributes such as entryUUID and modifyTimestamp may be
// given. Whoever is not AdminDN reads everything, 500 entries at most.
func Start(t testing.TB, ldif io.Reader) *Server {
	t.Helper()
	binary := find("slapd")
	if binary == "" {
		if os.Getenv("ROLLCALL_CI") == "1" {
			t.Fatal("no OpenLDAP to test with: slapd is not installed")
		}
		t.Skip("SKIPPED, NO OPENLDAP: slapd is not installed (install the package slapd)")
	}
	entries, err := io.ReadAll(ldif)
	if err != nil {
		t.Fatal(err)
	}
	// A port may be taken by somebody else between choosing and listening.
	for attempt := 1; ; attempt++ {
		s, stop, err := start(binary, entries)
		if err == nil {
			t.Cleanup(stop)
			return s
		}
		if attempt == 3 {
			t.Fatal(err)
		}
	}
}

func start(binary string, ldif []byte) (s *Server, stop func(), err error) {
	dir, err := os.MkdirTemp("", "rollcall-slapd-")
	if err != nil {
		return nil, nil, err
	}
	s = &Server{CAFile: filepath.Join(dir, "ca.pem"), BaseDN: baseDN, AdminDN: adminDN, Password: password}
	if err = s.prepare(dir, bytes.NewReader(ldif)); err == nil {
		stop, err = s.serve(binary, dir)
	}
	if err != nil {
		os.RemoveAll(dir)
	}
	return s, stop, err
}

func find(name string) string {
	for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/libexec", "/usr/local/libexec") {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return ""
}

const root = `dn: ` + baseDN + `
objectClass: dcObject
objectClass: organization
dc: contoso
o: Contoso

`

// prepare writes the configuration and fills the database.
func (s *Server) prepare(dir string, ldif io.Reader) error {
	if err := certificates(dir); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "slapd.conf"), []byte(configuration(dir)), 0o600); err != nil {
		return err
	}
	add := exec.Command(find("slapadd"), "-q", "-f", filepath.Join(dir, "slapd.conf"))
	add.Stdin = io.MultiReader(strings.NewReader(root), ldif)
	if out, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("slapadd: %w: %s", err, out)
	}
	return nil
}

func configuration(dir string) string {
	schemas, modules := "/etc/ldap/schema", "/usr/lib/ldap"
	if _, err := os.Stat(schemas); err != nil {
		schemas = "/etc/openldap/schema"
	}
	var c strings.Builder
	for _, name := range []string{"core", "cosine", "inetorgperson", "nis"} {
		fmt.Fprintf(&c, "include %s/%s.schema\n", schemas, name)
	}
	if _, err := os.Stat(filepath.Join(modules, "back_mdb.so")); err == nil {
		fmt.Fprintf(&c, "modulepath %s\nmoduleload back_mdb\n", modules)
	}
	fmt.Fprintf(&c, `pidfile %[1]s/slapd.pid
TLSCACertificateFile %[1]s/ca.pem
TLSCertificateFile %[1]s/server.pem
TLSCertificateKeyFile %[1]s/server.key
database mdb
maxsize 1073741824
directory %[1]s/db
dbnosync
suffix %[2]s
rootdn %[3]s
rootpw %[4]s
index objectClass,entryUUID,uid,cn,mail,modifyTimestamp eq
`, dir, baseDN, adminDN, password)
	return c.String()
}

// serve starts slapd and waits until it says that it listens. A shell keeps it:
// the shell reads from a pipe whose other end only this process holds, so that
// slapd goes, and its folder with it, when this process does.
func (s *Server) serve(binary, dir string) (stop func(), err error) {
	plain, err := freePort()
	if err != nil {
		return nil, err
	}
	tls, err := freePort()
	if err != nil {
		return nil, err
	}
	s.URL, s.TLSURL = "ldap://"+plain, "ldaps://"+tls
	const script = `"$0" -d none -f "$1/slapd.conf" -h "$2/ $3/" 2>&1 & cat >/dev/null; kill -9 $!; wait $! 2>/dev/null; rm -rf "$1"`
	keeper := exec.Command("/bin/sh", "-c", script, binary, dir, s.URL, s.TLSURL)
	stdin, err := keeper.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := keeper.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := keeper.Start(); err != nil {
		return nil, err
	}
	var told bytes.Buffer
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "slapd starting") {
			go io.Copy(io.Discard, stdout)
			stop = func() { stdin.Close(); keeper.Wait() }
			if err := reachable(tls); err != nil {
				stop()
				return nil, err
			}
			return stop, nil
		}
		if strings.Contains(lines.Text(), "slapd stopped") {
			break
		}
		told.WriteString(lines.Text() + "\n")
	}
	stdin.Close()
	keeper.Wait()
	return nil, fmt.Errorf("slapd did not start: %s", told.String())
}

// reachable waits until slapd listens, which it does a moment after it said that
// it starts. It listens to the last of its addresses last.
func reachable(address string) error {
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-deadline:
			return err
		case <-tick.C:
		}
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
