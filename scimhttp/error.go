package scimhttp

import (
	"encoding/json/jsontext"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/rollcall-scim/rollcall/scim"
)

// refuse turns an error into its answer (RFC 7644 section 3.12). Only an
// Error's text was written for clients; any other stays here, under the
// request id that the client is told.
func (x *exchange) refuse(err error) answer {
	fault := x.fault(err)
	x.ScimType, x.Code, x.Detail, x.Value = fault.Type, fault.Code, fault.Detail, fault.Value
	head := x.w.Header()
	if fault.Status == http.StatusUnauthorized {
		head["Www-Authenticate"] = []string{x.challenge()}
		head["Cache-Control"] = []string{"no-store"}
	}
	if fault.RetryAfter > 0 {
		// Okta reads whole seconds only (okta-rate-001).
		head["Retry-After"] = []string{strconv.Itoa(fault.RetryAfter)}
	}
	return answer{status: fault.Status, body: errorBody(fault)}
}

// fault is the Error that the client gets, and writes the one line of log that
// a failure of ours leaves.
func (x *exchange) fault(err error) *scim.Error {
	var fault *scim.Error
	switch {
	case errors.As(err, &fault):
		if fault.Status >= 500 && fault.Status != http.StatusNotImplemented {
			x.log(slog.LevelInfo, fault.Status, slog.String("code", fault.Code))
		}
		return fault
	case gone(x.r.Context(), err):
		fault = scim.Errorf(http.StatusServiceUnavailable, "", "503.1",
			"Busy (503.1): the request took longer than it may and was given up. Send it again in a few seconds.")
		fault.RetryAfter = 5
		return fault
	default:
		x.log(slog.LevelError, http.StatusInternalServerError, slog.Any("error", err))
		return scim.Errorf(http.StatusInternalServerError, "", "500.1",
			"Our own fault (500.1): the request could not be served, and nothing was changed. Try again; if it happens again, tell the operator of this server the request id %s.", x.RequestID)
	}
}

func (x *exchange) log(level slog.Level, status int, cause slog.Attr) {
	x.Logger.LogAttrs(x.r.Context(), level, "SCIM request failed",
		slog.String("request", x.RequestID), slog.String("method", x.Method),
		slog.String("type", x.Type), slog.Int("status", status), cause)
}

// challenge is the WWW-Authenticate header: RFC 6750 section 3.1 wants no
// error code when no credentials came, and RFC 9728 section 5.1 shows the way
// to a token.
func (x *exchange) challenge() string {
	text := `Bearer realm="Rollcall"`
	if x.Token != "" {
		text += `, error="invalid_token"`
	}
	if url := x.Hosts.metadataURL(x.r); x.OAuth && url != "" {
		text += `, resource_metadata="` + url + `"`
	}
	return text
}

// errorBody has the status as a string, as RFC 7644 section 3.12 demands.
func errorBody(e *scim.Error) []byte {
	b := append([]byte(`{"schemas":["`), scim.ErrorURN...)
	b = append(b, `"],"status":"`...)
	b = strconv.AppendInt(b, int64(e.Status), 10)
	b = append(b, '"')
	if e.Type != "" {
		b = append(b, `,"scimType":`...)
		b = quote(b, e.Type)
	}
	b = append(b, `,"detail":`...)
	b = quote(b, e.Detail)
	return append(b, '}')
}

// quote appends s as a JSON string. Bytes that are no UTF-8 are replaced, which
// is all that its error would say.
func quote(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}
