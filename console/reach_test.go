package console

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Whether a Tenant URL can be reached is found out by going there.
func TestReach(t *testing.T) {
	answer := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/scim/v2/ServiceProviderConfig" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/scim+json")
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(answer))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	byName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)

	for name, c := range map[string]struct {
		roots *x509.CertPool
		url   string
		says  string
		all   bool
	}{
		"trusted":             {trusted, server.URL + "/api/scim/v2", "cannot be reached from the internet", true},
		"trusted by nobody":   {nil, server.URL + "/api/scim/v2", "is not trusted", false},
		"somebody else there": {trusted, server.URL + "/elsewhere", "is not this server (status 404)", false},
		"plain":               {trusted, "http://127.0.0.1:1/api/scim/v2", "begins with http://", false},
		"nothing there":       {trusted, "https://127.0.0.1:1/api/scim/v2", "Nothing answers there", false},
		"this machine":        {trusted, byName, "means this machine", false},
		"no such name":        {trusted, "https://acme.nowhere.invalid/api/scim/v2", "DNS does not know", false},
		"no address":          {trusted, "https://", "no address", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := reaches{roots: c.roots}
			r := f.look(t.Context(), c.url)
			if r.Verified != c.all || !strings.Contains(strings.Join(r.Missing, " "), c.says) {
				t.Errorf("%+v", r)
			}
			if again := f.look(t.Context(), c.url); again.Host != r.Host || len(f.found) != 1 {
				t.Error("looked again at once")
			}
		})
	}
}
