package directory

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/rollcall-scim/rollcall/scim"
)

// keptText is how much is kept of a request, and of an answer.
const keptText = 16 << 10

// sent is what a request consisted of, for people to read.
type sent struct {
	path string
	body string // secrets struck out
}

// Sent is the tenant for a request whose path and body are kept beside the
// activity. Whoever calls has struck secrets out of them.
func (t *Tenant) Sent(path, body string) scim.ServiceProvider {
	h := *t
	h.sent = sent{plain(path), plain(body)}
	return &h
}

// detail is the row beside the activity of a request; nil of one that did not
// come over HTTP.
func (s sent) detail(activity, answer string) *DetailRow {
	if s.path == "" {
		return nil
	}
	return &DetailRow{ID: activity, Path: cut(s.path, 1<<10), Exchange: pack(cut(s.body, keptText), cut(answer, keptText))}
}

// cut shortens a text, and says so.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// packers are kept: one takes half a megabyte to make.
var packers = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.BestSpeed) // the level is a valid one
	return w
}}

// pack compresses a request and its answer. The answer mostly repeats the
// request, so both are one text.
func pack(request, answer string) []byte {
	var b bytes.Buffer
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	w.Reset(&b)
	w.Write(binary.AppendUvarint(nil, uint64(len(request))))
	io.WriteString(w, request)
	io.WriteString(w, answer)
	w.Close() // a buffer takes everything
	return b.Bytes()
}

func unpack(packed []byte) (request, answer string, err error) {
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		return "", "", err
	}
	n, length := binary.Uvarint(text)
	if length <= 0 || n > uint64(len(text)-length) {
		return "", "", io.ErrUnexpectedEOF
	}
	text = text[length:]
	return string(text[:n]), string(text[n:]), nil
}
