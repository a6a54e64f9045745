package console

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// partTime is what the next part of a download may take: the server's own limit
// is for whole pages.
const partTime = 30 * time.Second

// download begins an answer that the browser keeps as a file. It is written as it
// is read, so memory does not grow with it.
func (v *visit) download(file, media string) io.Writer {
	v.w.Header().Set("Content-Type", media)
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
	return &downloadWriter{w: v.w, control: http.NewResponseController(v.w)}
}

// downloadWriter is a download on its way.
type downloadWriter struct {
	w       io.Writer
	control *http.ResponseController
	renewed time.Time
}

func (p *downloadWriter) Write(b []byte) (int, error) {
	if now := time.Now(); now.Sub(p.renewed) > time.Second {
		p.renewed = now
		_ = p.control.SetWriteDeadline(now.Add(partTime)) // a recorder in a test has none
	}
	return p.w.Write(b)
}

// breakOff ends a download that failed on its way: the connection is cut, so
// that nobody takes half a file for a whole one.
func (v *visit) breakOff(err error) {
	v.c.Logger.Error("a download broke off", "path", v.r.Pattern, "tenant", v.t.Name(), "error", err)
	panic(http.ErrAbortHandler)
}

// harmless keeps a spreadsheet from running a cell: what begins like a formula
// gets the quote that marks text.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
