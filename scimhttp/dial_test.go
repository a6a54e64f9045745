package scimhttp_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scimhttp"
)

func TestDialTakesNamesUnderLocalhostForThisMachine(t *testing.T) {
	host := ""
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { host = r.Host }))
	defer server.Close()
	client := http.Client{Transport: &http.Transport{DialContext: scimhttp.Dial}}
	url := strings.Replace(server.URL, "127.0.0.1", "acme.localhost", 1)
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if !strings.HasPrefix(host, "acme.localhost:") {
		t.Errorf("the server was asked for %q", host)
	}
}
