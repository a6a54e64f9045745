package scimhttp

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// Error codes of RFC 6749 section 5.2.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidScope         = "invalid_scope"
	unsupportedGrantType = "unsupported_grant_type"
)

const (
	mostForm      = 64 << 10 // bytes of a token request
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// parameters of a token request; others are ignored (RFC 6749 section 3.2).
var parameters = []string{"grant_type", "scope", "client_id", "client_secret", "client_assertion_type", "client_assertion"}

// readTokenRequest reads who asks, and whether for something that there is.
func readTokenRequest(r *http.Request) (*TokenRequest, error) {
	form, err := readForm(r)
	if err != nil {
		return nil, err
	}
	switch grant := form["grant_type"]; grant {
	case "client_credentials":
	case "":
		return nil, malformed("grant_type is missing. Send grant_type=client_credentials")
	default:
		return nil, scim.BadRequest(unsupportedGrantType, "400.61",
			"Grant type not supported (400.61): this server knows client_credentials only. Choose client credentials at your identity provider.")
	}
	if !wantsScope(form["scope"]) {
		return nil, scim.BadRequest(invalidScope, "400.62",
			"Scope unknown (400.62): the only scope is scim. Ask for it, or for none.")
	}
	return credentials(r.Header.Get("Authorization"), form)
}

// wantsScope forgives scopes beside ours, which are not granted (RFC 6749
// section 3.3), and commas between them (ping-auth-001).
func wantsScope(wanted string) bool {
	words := strings.FieldsFunc(wanted, func(c rune) bool { return c == ' ' || c == ',' })
	return len(words) == 0 || slices.Contains(words, scope)
}

func malformed(why string) error {
	return scim.BadRequest(invalidRequest, "400.60", "Token request of the wrong form (400.60): %s.", why)
}

// readForm reads the parameters, each once, from the body and nowhere else: a
// secret in a URL ends up in logs.
func readForm(r *http.Request) (map[string]string, error) {
	if r.Method != http.MethodPost {
		return nil, scim.Errorf(http.StatusMethodNotAllowed, invalidRequest, "405.1",
			"Method not allowed here (405.1): the token endpoint takes POST.")
	}
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if media = strings.ToLower(strings.TrimSpace(media)); media != "" && media != "application/x-www-form-urlencoded" {
		return nil, malformed("the body must be a form, application/x-www-form-urlencoded, as RFC 6749 section 4.4.2 has it; JSON is not read here")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, mostForm+1))
	if err != nil || len(body) > mostForm {
		return nil, malformed("the body is longer than 64 KiB, or broke off")
	}
	values, err := url.ParseQuery(strings.TrimRight(string(body), "\r\n"))
	if err != nil {
		return nil, malformed("the body is no form (application/x-www-form-urlencoded)")
	}
	query := r.URL.Query()
	form := map[string]string{}
	for _, name := range parameters {
		if query.Has(name) {
			return nil, malformed(name + " is in the URL. Send it in the body, and make a new secret if one was in the URL")
		}
		if len(values[name]) > 1 {
			return nil, malformed(name + " comes twice")
		}
		form[name] = values.Get(name)
	}
	return form, nil
}

// credentials finds the one way in which the client proves itself (RFC 6749
// section 2.3: not two at once).
func credentials(authorization string, form map[string]string) (*TokenRequest, error) {
	t := &TokenRequest{ClientID: form["client_id"], Secret: form["client_secret"], Assertion: form["client_assertion"]}
	ways := 0
	for _, used := range []bool{authorization != "", t.Secret != "", t.Assertion != ""} {
		if used {
			ways++
		}
	}
	switch {
	case ways == 0:
		return nil, unproven("no proof came. Send client_id and client_secret by HTTP Basic or in the form, or a client_assertion")
	case ways > 1:
		return nil, malformed("the client proves itself in two ways at once. Choose one of HTTP Basic, client_secret and client_assertion")
	case authorization != "":
		return t, t.readBasic(authorization)
	case t.Assertion != "" && form["client_assertion_type"] != assertionType:
		return nil, unproven("client_assertion_type must be " + assertionType)
	}
	return t, nil
}

func unproven(why string) error {
	return scim.Errorf(http.StatusUnauthorized, invalidClient, "401.3", "The client is not known (401.3): %s.", why)
}

// readBasic reads client_secret_basic: both parts are form-encoded before they
// are joined (RFC 6749 section 2.3.1).
func (t *TokenRequest) readBasic(authorization string) error {
	scheme, encoded, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return unproven("the Authorization header is not HTTP Basic with client_id and client_secret")
	}
	pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	id, secret, found := strings.Cut(string(pair), ":")
	if err != nil || !found {
		return unproven("the Authorization header is not the base64 of client_id:client_secret")
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	if idErr != nil || secretErr != nil {
		return unproven("client_id and client_secret must be form-encoded before they are joined")
	}
	if t.ClientID != "" && t.ClientID != id {
		return malformed("client_id in the form is not that of the Authorization header")
	}
	t.ClientID, t.Secret = id, secret
	return nil
}
