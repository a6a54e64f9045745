package console

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"uuid"

	"github.com/rollcall-scim/rollcall/directory"
)

// visit is one request of somebody who is signed in.
type visit struct {
	c  *Console
	w  http.ResponseWriter
	r  *http.Request
	t  *directory.Tenant // what he may see and do
	me directory.Self
}

// visit opens the tenant of the request's host for the session of its cookie.
// directory.ErrSignedOut without one that holds.
func (c *Console) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	label, bare := c.Hosts.Tenant(c.Hosts.Host(r))
	secret := c.sessionSecret(r)
	if bare || secret == "" {
		return nil, directory.ErrSignedOut
	}
	t, err := c.Directory.OpenSession(r.Context(), secret, label, c.via(r))
	if err != nil {
		return nil, err
	}
	return &visit{c: c, w: w, r: r, t: t, me: t.Self()}, nil
}

// via says how the console asks; changes are marked with it.
func (c *Console) via(r *http.Request) directory.Via {
	return directory.Via{Request: uuid.NewV7().String(), Client: browserName(r.UserAgent()), Address: c.Hosts.Address(r), Operation: r.Method, BaseURL: c.Hosts.BaseURL(r)}
}

func isSignedOut(err error) bool { return errors.Is(err, directory.ErrSignedOut) }

// show answers with a page: templates/<name> inside the layout.
func (v *visit) show(name, title string, data any) error {
	return v.answer(http.StatusOK, name, title, data, nil)
}

// showAgain answers with a form that was refused, what was typed still in it.
func (v *visit) showAgain(name, title string, data any, err error) error {
	problem, expected := v.c.problemOf(err)
	if !expected {
		return err
	}
	return v.answer(problem.Status, name, title, data, &problem)
}

func (v *visit) answer(status int, name, title string, data any, p *problem) error {
	page, err := v.page(title, data)
	if err != nil {
		return err
	}
	page.Problem = p
	return v.c.write(v.w, v.r, status, name, page)
}

// done answers a change that worked: on to another page, which says so.
func (v *visit) done(to, message string) error {
	v.c.setFlash(v.w, v.r, message)
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// manyPeople is how many may be touched without having to type their number.
const manyPeople = 10

// confirm asks before something that is hard to take back: what says in a
// sentence what will be done, people how many it touches. With more than ten the
// number has to be typed. While the answer is outstanding a page with the
// question is shown, which sends the same form again, and ok is false.
func (v *visit) confirm(what string, people int) (ok bool, err error) {
	if err := v.r.ParseForm(); err != nil {
		return false, err
	}
	number := strings.TrimSpace(v.r.PostForm.Get("number"))
	if people <= manyPeople && v.r.PostForm.Get("sure") == "yes" || people > manyPeople && number == strconv.Itoa(people) {
		return true, nil
	}
	type field struct{ Name, Value string }
	var fields []field
	for name, values := range v.r.PostForm {
		if name == "sure" || name == "number" {
			continue
		}
		for _, value := range values {
			fields = append(fields, field{name, value})
		}
	}
	back := v.r.PostForm.Get("back")
	if !isLocal(back) {
		back = v.home()
	}
	data := struct {
		What   string
		People int
		Many   bool
		Wrong  bool
		Action string
		Back   string
		Fields []field
	}{what, people, people > manyPeople, number != "", v.r.URL.RequestURI(), back, fields}
	return false, v.answer(http.StatusOK, "confirm.html", "Are you sure?", data, nil)
}

// isLocal says whether an address stays on this host.
func isLocal(to string) bool {
	return strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.ContainsAny(to, "\\\r\n\t")
}

// browses says whether a browser asks for a page.
func browses(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// isScripted says whether console.js asks, for a part of a page.
func isScripted(r *http.Request) bool {
	return r.Header.Get("X-Requested-With") == "console" || strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

func (c *Console) write(w http.ResponseWriter, r *http.Request, status int, name string, p *page) error {
	p.Theme, p.Flash = c.theme(r), c.takeFlash(w, r)
	var text bytes.Buffer
	if err := pages[name].ExecuteTemplate(&text, "layout.html", p); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(text.Bytes())
	return nil
}
