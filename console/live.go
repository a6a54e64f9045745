package console

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// live keeps a part of a page true: every interval it asks for the part again,
// and sends it when its text has changed (server-sent events). It ends with the
// reader, with his session, and with the server.
func (v *visit) live(interval time.Duration, part func() (name string, data any, err error)) error {
	control := http.NewResponseController(v.w)
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.Header().Set("X-Accel-Buffering", "no") // proxies would hold it back
	var sent []byte
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		name, data, err := part()
		if err != nil {
			return nil // the page stays as it is; the browser comes again
		}
		text, err := render(name, data)
		if err != nil {
			return err
		}
		message := ": still here\n\n"
		if sent == nil || !bytes.Equal(text, sent) {
			message, sent = event(text), text
		}
		// The server's limit is for whole answers; this one has no end.
		if control.SetWriteDeadline(time.Now().Add(10*time.Second)) != nil {
			return nil
		}
		if _, err := fmt.Fprint(v.w, message); err != nil || control.Flush() != nil {
			return nil
		}
		select {
		case <-ticks.C:
		case <-v.r.Context().Done():
			return nil
		case <-v.c.stopped:
			return nil
		}
		if v.t.Verify(v.r.Context()) != nil {
			return nil
		}
	}
}

// event is a message of text/event-stream.
func event(text []byte) string {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		b.WriteString("data: ")
		b.Write(bytes.TrimRight(line, "\r\n"))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return b.String()
}
