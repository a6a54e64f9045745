package main

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/scimhttp"
)

// showFront says what this is and where SCIM lives, whatever host was asked:
// it does not tell which tenants there are.
func (s *server) showFront(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", frontPolicy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	front.Execute(w, s.tenantURL(r)) // an error means that the reader has gone
}

// tenantURL is what an admin types at the identity provider.
func (s *server) tenantURL(r *http.Request) string {
	if _, bare := s.hosts.Tenant(s.hosts.Host(r)); !bare {
		return s.hosts.BaseURL(r)
	}
	if s.hosts.PublicURL != "" {
		return s.hosts.PublicBaseURL("<tenant>")
	}
	scheme, rest, _ := strings.Cut(s.hosts.BaseURL(r), "://")
	host, _, _ := strings.Cut(rest, "/")
	port := ""
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		port = host[i:]
	}
	return scheme + "://<tenant>." + s.hosts.BaseDomain + port + scimhttp.Base
}

const frontStyle = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --page: #fbfbfa; --edge: #d8dbdf; --box: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --soft: #9aa3ad; --page: #14171a; --edge: #33383e; --box: #1c2024; }
}
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 38rem; margin: 16vh auto 4rem; padding: 0 1.25rem; }
h1 { margin: 0 0 .25rem; font-size: 1.9rem; letter-spacing: -.02em; }
p { color: var(--soft); }
dl { margin: 2rem 0; padding: 1rem 1.25rem; background: var(--box); border: 1px solid var(--edge); border-radius: .6rem; }
dt { font-size: .85rem; color: var(--soft); }
dd { margin: 0 0 .9rem; }
dd:last-child { margin: 0; }
code { font: .95rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
`

// frontPolicy lets the page use its own style and nothing else.
var frontPolicy = func() string {
	sum := sha256.Sum256([]byte(frontStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

var front = template.Must(template.New("front").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rollcall</title>
<style>` + frontStyle + `</style>
</head>
<body>
<main>
<h1>Rollcall</h1>
<p>The user directory that your identity provider keeps up to date over SCIM 2.0.</p>
<dl>
<dt>Tenant URL, for your identity provider</dt>
<dd><code>{{.}}</code></dd>
<dt>Secret token</dt>
<dd>An access token, made with <code>rollcall token create</code>, or an OAuth client, with <code>rollcall client create</code></dd>
</dl>
<p>There is nothing to click here. Provisioning happens between your identity provider and this server.</p>
</main>
</body>
</html>
`))
