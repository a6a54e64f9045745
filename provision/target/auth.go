package target

import (
	"bytes"
	"encoding/base64"
	"encoding/json/v2"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// credentials proves to a target who asks.
type credentials struct {
	header string // of a token or a name and password; empty where neither is set
	oauth  OAuth
	now    func() time.Time
	learn  func(token string)

	mu    sync.Mutex
	token string
	until time.Time
}

func newCredentials(c Config, now func() time.Time, learn func(string)) *credentials {
	a := &credentials{oauth: c.OAuth, now: now, learn: learn}
	switch {
	case c.Token != "":
		a.header = "Bearer " + c.Token
	case c.Username != "":
		a.header = "Basic " + basic(c.Username, c.Password)
	}
	return a
}

// basic is RFC 7617 section 2.
func basic(name, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(name + ":" + password))
}

// of is the Authorization header to send, "" for none. A token is got once for
// everybody; who comes meanwhile waits for it.
func (a *credentials) of(req *http.Request, next http.RoundTripper) (string, error) {
	if a.oauth.TokenURL == "" {
		return a.header, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token == "" || !a.now().Before(a.until) {
		if err := a.fetch(req, next); err != nil {
			return "", err
		}
	}
	return "Bearer " + a.token, nil
}

// refused forgets a token that the target does not take any more, and reports
// whether another can be had.
func (a *credentials) refused(header string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.oauth.TokenURL == "" {
		return false
	}
	if header == "Bearer "+a.token {
		a.token = ""
	}
	return true
}

// maxToken bounds a token endpoint's answer, in bytes.
const maxToken = 64 << 10

// fetch is RFC 6749 section 4.4.2, the client named in the header as section
// 2.3.1 wants it.
func (a *credentials) fetch(cause *http.Request, next http.RoundTripper) error {
	form := url.Values{"grant_type": {"client_credentials"}}
	if a.oauth.Scope != "" {
		form.Set("scope", a.oauth.Scope)
	}
	body := []byte(form.Encode())
	req, err := http.NewRequestWithContext(cause.Context(), http.MethodPost, a.oauth.TokenURL, bytes.NewReader(body))
	if err != nil {
		return &unsentError{err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.SetBasicAuth(url.QueryEscape(a.oauth.ClientID), url.QueryEscape(a.oauth.ClientSecret))
	res, err := next.RoundTrip(req)
	if err != nil {
		return &unsentError{fmt.Errorf("token endpoint %s: %w", req.URL.Host, err)}
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxToken))
	if err != nil {
		return &unsentError{fmt.Errorf("token endpoint %s: %w", req.URL.Host, err)}
	}
	return a.take(req.URL.Host, res.StatusCode, answer)
}

// take reads a token endpoint's answer (RFC 6749 sections 5.1 and 5.2). A token
// is not used in its last tenth, lest it expire on the way.
func (a *credentials) take(host string, status int, answer []byte) error {
	var said struct {
		Token   string  `json:"access_token"`
		Expires float64 `json:"expires_in"`
		Error   string  `json:"error"`
	}
	err := json.Unmarshal(answer, &said, json.MatchCaseInsensitiveNames(true))
	if status != http.StatusOK || err != nil || said.Token == "" || strings.ContainsFunc(said.Token, blank) {
		return &refusedError{host: host, status: status, word: oauthWord(said.Error)}
	}
	if said.Expires <= 0 {
		said.Expires = 300
	}
	a.learn(said.Token)
	a.token = said.Token
	a.until = a.now().Add(time.Duration(said.Expires * 0.9 * float64(time.Second)))
	return nil
}

// oauthWord lets only words of the kind that RFC 6749 section 5.2 has through: an
// endpoint's description may quote the secret.
func oauthWord(s string) string {
	if len(s) > 40 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return ""
	}
	return s
}

// refusedError is a token endpoint that gives no token.
type refusedError struct {
	host   string
	status int
	word   string
}

func (e *refusedError) Error() string {
	text := fmt.Sprintf("the token endpoint %s gave no token (%d)", e.host, e.status)
	if e.word != "" {
		text += ": " + e.word
	}
	return text
}

// failure: nothing was sent to the target itself. An endpoint that fails is
// asked again; one that refuses will go on refusing.
func (e *refusedError) failure() Failure {
	f := Failure{Class: Auth, Code: "Unauthorized", Status: e.status, Text: "No access token could be had: " + e.Error() + ".",
		Cure: "Check the application's oauth client-id, client-secret, scope and token-url."}
	if e.status == http.StatusTooManyRequests || e.status >= 500 {
		f.Class, f.Code, f.Cure = Transient, codeInternal, "It is tried again by itself."
	}
	return f
}
