package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// kind is one row of the table.
type kind struct {
	name   string
	writes bool
	// next makes the worker's next request; ok is false when there is nothing
	// left to ask for.
	next func(*worker) (r request, ok bool)
	want int
}

type request struct{ method, path, body string }

// worker is one connection's user.
type worker struct {
	*seed
	random  *rand.Rand
	page    int
	hand    *hand  // of a measure of members
	release func() // gives it back
}

// kinds in the order in which they run: what reads finds the size untouched,
// and DELETE takes those whom create has made.
var kinds = []*kind{
	{name: "get by id", want: 200, next: func(w *worker) (request, bool) {
		return request{"GET", "/Users/" + w.ids[w.pick(w.random)], ""}, true
	}},
	{name: "filter by userName", want: 200, next: func(w *worker) (request, bool) {
		return w.filter("userName eq %q"), true
	}},
	{name: "filter by e-mail", want: 200, next: func(w *worker) (request, bool) {
		return w.filter(`emails[type eq "work"].value eq %q`), true
	}},
	{name: "list page of 100", want: 200, next: func(w *worker) (request, bool) {
		start := 1 + w.page*100%len(w.ids)
		w.page++
		return request{"GET", fmt.Sprintf("/Users?startIndex=%d&count=100", start), ""}, true
	}},
	{name: "PATCH of one attribute", writes: true, want: 200, next: func(w *worker) (request, bool) {
		return request{"PATCH", "/Users/" + w.ids[w.pick(w.random)], fmt.Sprintf(
			`{"schemas":["%s"],"Operations":[{"op":"Replace","path":"title","value":"%s"}]}`, scim.PatchOpURN, w.title())}, true
	}},
	{name: "PUT", writes: true, want: 200, next: func(w *worker) (request, bool) {
		n := w.pick(w.random)
		return request{"PUT", "/Users/" + w.ids[n], person(n, w.title())}, true
	}},
	{name: "create", writes: true, want: 201, next: func(w *worker) (request, bool) {
		return request{"POST", "/Users", person(int(w.seed.next.Add(1)), "Newcomer")}, true
	}},
	{name: "DELETE", writes: true, want: 204, next: func(w *worker) (request, bool) {
		id, ok := w.took()
		return request{"DELETE", "/Users/" + id, ""}, ok
	}},
}

func (w *worker) filter(format string) request {
	return request{"GET", "/Users?filter=" + url.QueryEscape(fmt.Sprintf(format, userName(w.pick(w.random)))), ""}
}

func (w *worker) title() string { return fmt.Sprintf("Title %08x", w.random.Uint32()) }

// slug is the kind's name in the bare handler's paths.
func (k *kind) slug() string { return strings.NewReplacer(" ", "-", "/", "-").Replace(k.name) }
