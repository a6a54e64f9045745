package console

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
	"uuid"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// problem is what went wrong, in words for the reader.
type problem struct {
	Status int
	Title  string
	Text   string
	Code   string // of docs/faq.md, "" for none
	Whole  bool   // it is all that the page says
}

// problemOf tells what a reader may know of an error. expected is false for
// trouble of our own, which he cannot mend and should not read.
func (c *Console) problemOf(err error) (p problem, expected bool) {
	var e *scim.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &e) && e.Status < 500:
		return problem{Status: e.Status, Title: "That did not work", Text: e.Detail, Code: e.Code}, true
	case errors.As(err, &e) && e.Status == 503:
		return problem{Status: e.Status, Title: "Busy just now", Text: e.Detail, Code: e.Code}, true
	case errors.Is(err, directory.ErrNotFound):
		return problem{Status: 404, Title: "Not found", Text: "It is not there, or not any more."}, true
	case errors.As(err, &tooLarge):
		return problem{Status: 413, Title: "Too much at once", Text: "The form holds more than 4 MB. Send less at once."}, true
	case errors.As(err, new(said)), isPlain(err):
		return problem{Status: 422, Title: "That did not work", Text: inConsole(err.Error())}, true
	}
	return problem{Status: 500, Title: "Something is wrong here", Text: "It is our fault, not yours, and nothing of your request was done. Try again; if it stays, tell whoever runs this server the request id."}, false
}

// said is an error that a page makes for its reader.
type said string

func (s said) Error() string { return string(s) }

// isPlain tells the directory's refusals, which are sentences for people, from
// trouble that comes from below: a database's error, a deadline.
func isPlain(err error) bool {
	leaf := err
	for errors.Unwrap(leaf) != nil {
		leaf = errors.Unwrap(leaf)
	}
	return reflect.TypeOf(leaf) == reflect.TypeOf(errors.New("")) && !slices.Contains(fromBelow, leaf)
}

// fromBelow are errors of others that have no type of their own.
var fromBelow = []error{io.EOF, io.ErrUnexpectedEOF, sql.ErrNoRows, sql.ErrTxDone, sql.ErrConnDone, driver.ErrBadConn, context.Canceled, directory.ErrUnavailable}

// command is the part of a refusal that names a command: here its reader has a
// button instead.
var command = regexp.MustCompile(`(\s\([^()]*rollcall [^()]*\)|[;.,] [^;.,]*:? rollcall .*$)`)

func inConsole(text string) string {
	text = strings.TrimRight(command.ReplaceAllString(text, ""), " ")
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.ContainsAny(text[max(0, len(text)-1):], ".!?") {
		text += "."
	}
	return text
}

// fail answers an error with a page that says what to do; v is nil where nobody
// is signed in.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	p, expected := c.problemOf(err)
	if !expected {
		id := uuid.NewV7().String()
		p.Text += " " + id
		c.Logger.Error("a page failed", "path", r.Pattern, "request", id, "error", err)
	}
	if v == nil {
		c.refuse(w, r, p.Status, p.Title, p.Text)
		return
	}
	p.Whole = true
	if err := v.answer(p.Status, "problem.html", p.Title, nil, &p); err != nil {
		c.Logger.Error("a page failed", "path", r.Pattern, "error", err)
		http.Error(w, p.Text, p.Status)
	}
}

// refuse is the page of somebody of whom nothing is known.
func (c *Console) refuse(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	page := &page{Title: title, Path: r.URL.Path, Problem: &problem{Status: status, Title: title, Text: text, Whole: true}}
	if err := c.write(w, r, status, "problem.html", page); err != nil {
		c.Logger.Error("a page failed", "path", r.Pattern, "error", err)
		http.Error(w, text, status)
	}
}
