package scimhttp

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestTenant(t *testing.T) {
	h := Hosts{BaseDomain: "Rollcall.example"}
	for host, want := range map[string]string{
		"acme.rollcall.example": "acme", "ACME.Rollcall.Example:8443": "acme", "acme.rollcall.example.": "acme",
		"a.b.rollcall.example": "a.b",
		"rollcall.example":     "", "rollcall.example:80": "", "127.0.0.1:8080": "", "[::1]:8080": "", "::1": "", "[::1]": "",
		"example": "", "notrollcall.example": "", "acme.other.example": "", "": "", ".rollcall.example": "",
	} {
		if got, bare := h.Tenant(host); got != want || bare != (want == "") {
			t.Errorf("%q: %q, bare %v", host, got, bare)
		}
	}
	if _, bare := (Hosts{}).Tenant("acme.example"); !bare {
		t.Error("without a base domain every host is bare")
	}
}

func TestBaseURL(t *testing.T) {
	proxy := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	forwarded := http.Header{"X-Forwarded-Host": {"globex.d.example, inner"}, "X-Forwarded-Proto": {"https"}}
	for name, c := range map[string]struct {
		hosts  Hosts
		host   string
		tls    bool
		header http.Header
		want   string
	}{
		"plain":                   {Hosts{}, "127.0.0.1:8080", false, nil, "http://127.0.0.1:8080"},
		"TLS":                     {Hosts{BaseDomain: "d.example"}, "acme.d.example", true, nil, "https://acme.d.example"},
		"public URL":              {Hosts{BaseDomain: "d.example", PublicURL: "https://{tenant}.d.example:8443/"}, "ACME.d.example", false, nil, "https://acme.d.example:8443"},
		"public URL, bare host":   {Hosts{BaseDomain: "d.example", PublicURL: "https://{tenant}.d.example"}, "10.0.0.1", false, nil, "http://10.0.0.1"},
		"public URL for all":      {Hosts{PublicURL: "https://scim.example"}, "10.0.0.1", false, nil, "https://scim.example"},
		"nobody's proxy":          {Hosts{BaseDomain: "d.example"}, "acme.d.example", false, forwarded, "http://acme.d.example"},
		"trusted proxy":           {Hosts{TrustedProxies: proxy}, "inner", false, forwarded, "https://globex.d.example"},
		"trusted, with templates": {Hosts{BaseDomain: "d.example", PublicURL: "https://{tenant}.x.example", TrustedProxies: proxy}, "inner", false, forwarded, "https://globex.x.example"},
		"trusted, says http":      {Hosts{TrustedProxies: proxy}, "a.example", true, http.Header{"X-Forwarded-Proto": {"gopher"}}, "http://a.example"},
		"a host that is none":     {Hosts{BaseDomain: "d.example"}, `evil"/><`, false, nil, "http://d.example"},
	} {
		r := httptest.NewRequest("GET", "/", nil) // from 192.0.2.1
		r.Host, r.Header = c.host, c.header
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := c.hosts.BaseURL(r); got != c.want+Base {
			t.Errorf("%s: %s, want %s", name, got, c.want+Base)
		}
	}
	if got := (Hosts{PublicURL: "https://{tenant}.d.example"}).PublicBaseURL("acme"); got != "https://acme.d.example"+Base {
		t.Error(got)
	}
}
