package target

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

// answered is the error of a real exchange with a server that says that.
func answered(t *testing.T, status int, header http.Header, body string) error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	defer server.Close()
	target, err := Open(Config{URL: server.URL}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = target.Provider().Create(t.Context(), "User", user("anna"))
	return err
}

func TestClassifyStatuses(t *testing.T) {
	for status, want := range map[int]struct {
		class     Class
		code      string
		ambiguous bool
	}{
		301: {Incompatible, codeProtocol, false},
		307: {Incompatible, codeProtocol, false},
		400: {Invalid, codeBadRequest, false},
		401: {Auth, "Unauthorized", false},
		402: {Invalid, "LicenseLimitExceeded", false},
		403: {Invalid, "InsufficientRights", false},
		404: {NotFound, "InvalidAnchor", false},
		405: {Incompatible, "MethodNotAllowed", false},
		406: {Incompatible, codeIncompatible, false},
		408: {Transient, "Timeout", true},
		409: {Conflict, "EntryConflict", false},
		410: {NotFound, "InvalidAnchor", false},
		412: {Conflict, "Conflict", false},
		413: {Invalid, codeBadRequest, false},
		415: {Incompatible, codeIncompatible, false},
		422: {Invalid, "UnprocessableEntity", false},
		423: {Transient, "NotPermitted", false},
		429: {Throttled, "TooManyRequests", false},
		451: {Invalid, "NotPermitted", false},
		500: {Transient, "InternalServerError", true},
		501: {Incompatible, "NotImplemented", false},
		502: {Transient, "InternalServerError", true},
		503: {Transient, "InternalServerError", true},
		504: {Transient, "Timeout", true},
		507: {Transient, "InternalServerError", true},
		511: {Incompatible, codeProtocol, true},
	} {
		f := Classify(scim.Errorf(status, "", "", "said"))
		if f.Class != want.class || f.Code != want.code || f.Ambiguous != want.ambiguous || f.Status != status || f.Text == "" || f.Cure == "" {
			t.Errorf("%d: %+v", status, f)
		}
	}
	for status := 300; status < 600; status++ {
		if f := Classify(scim.Errorf(status, "", "", "")); f.Class == "" || f.Code == "" || f.Cure == "" {
			t.Errorf("%d: %+v", status, f)
		}
	}
}

func TestClassifyScimTypes(t *testing.T) {
	for scimType, want := range map[string]struct {
		class Class
		code  string
	}{
		scim.InvalidFilter: {Incompatible, codeIncompatible},
		scim.TooMany:       {Incompatible, codeIncompatible},
		scim.Uniqueness:    {Conflict, "EntryConflict"},
		scim.Mutability:    {Invalid, codeBadRequest},
		scim.InvalidSyntax: {Incompatible, codeIncompatible},
		scim.InvalidPath:   {Incompatible, codeIncompatible},
		scim.NoTarget:      {Invalid, codeBadRequest},
		scim.InvalidValue:  {Invalid, codeBadRequest},
		scim.InvalidVers:   {Incompatible, codeIncompatible},
		scim.Sensitive:     {Invalid, codeBadRequest},
		scim.InvalidCursor: {Transient, codeIncompatible},
		scim.ExpiredCursor: {Transient, codeIncompatible},
		scim.InvalidCount:  {Incompatible, codeIncompatible},
		"own":              {Invalid, codeBadRequest},
	} {
		f := Classify(scim.BadRequest(scimType, "", "said"))
		if f.Class != want.class || f.Code != want.code || f.Ambiguous {
			t.Errorf("%s: %+v", scimType, f)
		}
		if f := Classify(scim.Errorf(404, scimType, "", "said")); f.Class != NotFound {
			t.Errorf("404 %s: %+v", scimType, f)
		}
	}
}

func TestClassifyAnswers(t *testing.T) {
	for name, x := range map[string]struct {
		status    int
		header    http.Header
		body      string
		class     Class
		code      string
		ambiguous bool
	}{
		"web page":       {200, nil, "<html>sign in", Incompatible, codeIncompatible, true},
		"half":           {201, nil, `{"id":"1`, Incompatible, codeIncompatible, true},
		"busy page":      {500, nil, "<html>oops", Transient, "InternalServerError", true},
		"taken":          {409, nil, `{"scimType":"uniqueness","detail":"taken"}`, Conflict, "EntryConflict", false},
		"taken as 400":   {400, nil, `{"scimType":"uniqueness","detail":"taken"}`, Conflict, "EntryConflict", false},
		"throttling 403": {403, http.Header{"Retry-After": {"99999"}}, `{}`, Throttled, "TooManyRequests", false},
		"GitHub's 403":   {403, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"99999"}}, `{}`, Throttled, "TooManyRequests", false},
		"throttling 503": {503, http.Header{"Retry-After": {"99999"}}, `{}`, Throttled, "TooManyRequests", false},
		"day's quota":    {429, http.Header{"Retry-After": {"86400"}}, `{}`, Throttled, "TooManyRequests", false},
		"moved":          {302, http.Header{"Location": {"https://elsewhere.example"}}, "", Incompatible, codeProtocol, false},
	} {
		f := Classify(answered(t, x.status, x.header, x.body))
		if f.Class != x.class || f.Code != x.code || f.Ambiguous != x.ambiguous {
			t.Errorf("%s: %+v", name, f)
		}
		if f.Class == Throttled && f.RetryAfter == 0 {
			t.Errorf("%s: it does not say when: %+v", name, f)
		}
	}
}

func TestClassifyNetworkErrors(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	real := func(url string) error {
		target, err := Open(Config{URL: url}, Environment{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = target.Provider().Create(t.Context(), "User", user("anna"))
		return err
	}
	for name, x := range map[string]struct {
		err       error
		class     Class
		code      string
		ambiguous bool
	}{
		"refused":           {real(closed.URL), Transient, codeProtocol, false},
		"unknown authority": {real(secure.URL), Incompatible, codeProtocol, false},
		"no TLS there":      {real("https" + plain.URL[4:]), Incompatible, codeProtocol, false},
		"no such host":      {&net.DNSError{IsNotFound: true}, Transient, codeProtocol, false},
		"other host":        {wrapped(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}), Incompatible, codeProtocol, false},
		"expired":           {wrapped(x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired}), Incompatible, codeProtocol, false},
		"timeout":           {context.DeadlineExceeded, Transient, "Timeout", true},
		"dial timeout":      {&net.OpError{Op: "dial", Err: context.DeadlineExceeded}, Transient, "Timeout", false},
		"reset":             {&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, Transient, codeProtocol, true},
		"end":               {io.ErrUnexpectedEOF, Transient, codeProtocol, true},
		"given up":          {context.Canceled, Transient, "Timeout", true},
		"given up in time":  {&unsentError{context.Canceled}, Transient, "Timeout", false},
	} {
		f := Classify(fmt.Errorf("POST acme: %w", x.err))
		if f.Class != x.class || f.Code != x.code || f.Ambiguous != x.ambiguous || f.Cure == "" {
			t.Errorf("%s: %+v (%v)", name, f, x.err)
		}
	}
	if f := Classify(nil); f != (Failure{}) {
		t.Errorf("no error: %+v", f)
	}
}

// wrapped is how crypto/tls reports a certificate.
func wrapped(err error) error { return &tls.CertificateVerificationError{Err: err} }
