package scimhttp

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// The two media types of answers, ready to be set as a header.
var (
	scimJSON  = []string{"application/scim+json"}
	plainJSON = []string{"application/json"}
)

// mediaType is application/scim+json (RFC 7644 section 8.1) unless the client
// names application/json and not the other (idpscim-lookup-001, ping-hdr-001;
// generic-hdr-001 for what else comes).
func mediaType(accept []string) []string {
	named := false
	for _, value := range accept {
		value = strings.ToLower(value)
		if strings.Contains(value, scimJSON[0]) {
			return scimJSON
		}
		named = named || strings.Contains(value, plainJSON[0])
	}
	if named {
		return plainJSON
	}
	return scimJSON
}

// body reads the request's body within its limit, and keeps of it what people
// may read.
func (x *exchange) body() ([]byte, error) {
	data, err := x.readBody()
	if err == nil && x.typ != nil {
		x.record(data)
	}
	return data, err
}

// record tells the provider what was sent, before it writes.
func (x *exchange) record(data []byte) {
	x.Body = x.strikeBody(data)
	if r, ok := x.sp.(Recording); ok {
		x.sp = r.Sent(x.Path, x.Body)
	}
}

func (x *exchange) readBody() ([]byte, error) {
	limit := x.MaxBody
	if x.route.large {
		limit *= manyTimes
	}
	if x.part != nil {
		return x.part.body(limit)
	}
	if err := checkForm(x.r.Header); err != nil {
		return nil, err
	}
	data, err := readAll(x.r, limit)
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		x.drain()
		return nil, tooLarge(limit)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, scim.BadRequest(scim.InvalidSyntax, "400.10",
			"No JSON (400.10): the body is empty. Send the resource or the message as JSON.")
	}
	return data, nil
}

// manyTimes is how much larger a body with members or operations may be.
const manyTimes = 16

func tooLarge(limit int64) error {
	return scim.Errorf(http.StatusRequestEntityTooLarge, "", "413.1",
		"Body too large (413.1): the limit here (maxPayloadSize) is %s. Send fewer members or operations in one request.", size(limit))
}

// checkForm refuses what could not be read as JSON anyway. No Content-Type is
// taken for the right one.
func checkForm(h http.Header) error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return scim.Errorf(http.StatusUnsupportedMediaType, "", "415.1",
			"Media type not supported (415.1): the body is compressed. Send it without Content-Encoding.")
	}
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "", scimJSON[0], plainJSON[0]:
		return nil
	}
	return scim.Errorf(http.StatusUnsupportedMediaType, "", "415.1",
		"Media type not supported (415.1): send the body as application/scim+json or application/json.")
}

// readAll reads a body, and of one that is longer than limit at most one byte
// more.
func readAll(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	var (
		data []byte
		err  error
	)
	if n := r.ContentLength; n >= 0 && n <= limit {
		data = make([]byte, n)
		_, err = io.ReadFull(r.Body, data)
	} else if r.Header.Get("Expect") != "" && n > limit {
		// The client has asked first; reading would tell it to go on.
		return make([]byte, limit+1), nil
	} else {
		data, err = io.ReadAll(io.LimitReader(r.Body, limit+1))
	}
	if err != nil {
		return nil, scim.BadRequest(scim.InvalidSyntax, "400.10",
			"No JSON (400.10): the body broke off before its end. Send it again.")
	}
	return data, nil
}

// drain lets a client finish sending what was refused, within reason: one that
// finds the connection closed while it sends never reads why. Beyond that,
// net/http closes the connection.
func (x *exchange) drain() {
	if x.r.Header.Get("Expect") == "" {
		io.CopyN(io.Discard, x.r.Body, 32<<20)
	}
}

func size(n int64) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
