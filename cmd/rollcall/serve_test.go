package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

var listensOn = regexp.MustCompile(`listens on (https?)://(\S+) `)

// startServe runs serve in this process until the test ends, and returns where
// it listens.
func startServe(t *testing.T, args ...string) (address string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...), strings.NewReader(""), io.Discard, write)
		write.Close()
	}()
	lines := bufio.NewScanner(read)
	said := ""
	for address == "" && lines.Scan() {
		said += lines.Text() + "\n"
		if m := listensOn.FindStringSubmatch(lines.Text()); m != nil {
			address = m[2]
		}
	}
	go io.Copy(io.Discard, read)
	if address == "" {
		cancel()
		t.Fatalf("serve ended: %s", said)
	}
	stopped := false
	stop = func() int {
		if stopped {
			return 0
		}
		stopped = true
		cancel()
		return <-code
	}
	t.Cleanup(func() { stop() })
	return address, stop
}

func TestServe(t *testing.T) {
	s := newShell(t).acme()
	token := strings.TrimSpace(s.must("token", "create", "--user", "admin@acme.test"))
	address, stop := startServe(t)

	if said := s.fails(exitFailure, "serve", "--listen", "127.0.0.1:0"); !strings.Contains(said, "another rollcall serve") {
		t.Errorf("a second server on the file: %q", said)
	}
	for path, want := range map[string]string{
		"/livez": "ok", "/readyz": "ok", "/": "Which company's space do you want to open?",
		"/api/scim/v2/ServiceProviderConfig": "oauthbearertoken",
	} {
		resp, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}

	// Commands work beside the server, and it hears of them at once.
	aino := invent("Aino", "Virtanen", "Sweden", "Malmö", "Sales")
	if status, body := create(t, address, token, aino); status != 400 || !strings.Contains(body, "400.76") {
		t.Fatalf("%d %s", status, body)
	}
	s.must("group", "create", "Sweden")
	if status, body := create(t, address, token, aino); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	if got := s.users()[aino.address]; got.Group != "Sweden" || !got.Matched {
		t.Errorf("%+v", got)
	}
	if out := s.must("activity", "--failed", "--person", aino.address); !strings.Contains(out, "400.76") || !strings.Contains(out, "Entra ID") {
		t.Errorf("activity:\n%s", out)
	}
	if out := s.must("activity", "--csv", "--since", "1h"); !strings.HasPrefix(out, "time,client,operation") || !strings.Contains(out, ",Entra ID,POST,") {
		t.Errorf("activity as CSV: %s", out)
	}
	if out := s.must("activity", "--csv", "--since", "2200-01-01"); strings.Count(out, "\n") != 1 {
		t.Errorf("activity since the future: %s", out)
	}
	if out := s.must("activity", "--json"); !strings.Contains(out, `"operation": "POST"`) || !strings.Contains(out, `"status": 201`) {
		t.Errorf("activity:\n%s", out)
	}
	if out := s.must("changes", "--person", aino.address, "--json"); !strings.Contains(out, `"kind": "create"`) {
		t.Errorf("changes:\n%s", out)
	}
	s.must("token", "revoke", token)
	if status, body := create(t, address, token, aino); status != 401 {
		t.Errorf("a revoked token: %d %s", status, body)
	}
	if code := stop(); code != exitOK {
		t.Errorf("serve ended with %d", code)
	}
	// The lock is free again.
	_, stop = startServe(t)
	stop()
}

// create sends a person to tenant acme as Entra ID does.
func create(t *testing.T, address, token string, p person) (status int, body string) {
	t.Helper()
	text := fmt.Sprintf(`{"userName":%q,"active":true,"name":{"givenName":%q,"familyName":%q},"addresses":[{"type":"work","country":%q,"locality":%q}],"%s":{"department":%q}}`,
		p.address, p.given, p.family, p.country, p.city, scim.EnterpriseSchema, p.department)
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+address+users, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "acme.localhost"
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	r.Header.Set("User-Agent", "Entra-ID-test/1.0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

func TestTLSIsReloaded(t *testing.T) {
	newShell(t)
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writeCertificate(t, cert, key, 1)
	address, _ := startServe(t, "--tls-cert", cert, "--tls-key", key)

	serial := func(version uint16) (int64, error) {
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: version})
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
	}
	expect := func(when string, want int64) {
		t.Helper()
		for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			if got, err := serial(v); got != want || err != nil {
				t.Errorf("%s: certificate %d (%v), want %d", when, got, err, want)
			}
		}
	}
	expect("at start", 1)
	if _, err := serial(tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	writeCertificate(t, cert, key, 2)
	setModified(t, time.Now().Add(time.Minute), cert, key)
	expect("after the renewal", 2)
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	setModified(t, time.Now().Add(2*time.Minute), cert)
	expect("with a broken file", 2)

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	resp, err := client.Get("https://" + address + "/livez")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS")
	}
}

func writeCertificate(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"*.localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func setModified(t *testing.T, at time.Time, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
}
