package console

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
)

// Applications is what pages about applications need beside the directory.
type Applications struct {
	Stores provision.Stores
	// Open opens an application with its secrets; the engine is closed by calling
	// closing.
	Open func(ctx context.Context, t *directory.Tenant, a directory.Application) (e *provision.Engine, closing func(), err error)
	// Background does work that outlives its page. Its context ends with the server.
	Background func(work func(ctx context.Context))

	running sync.Map // what pages of this server began: context.CancelCauseFunc by the application's id
}

// appVisit is a visit to a page of one application.
type appVisit struct {
	*visit
	app   directory.Application
	setup *provision.Application // nil: another version wrote it, and this one cannot read it
	state provision.Store
}

// onApp adds a page of one application, for company admins.
func (c *Console) onApp(mux *http.ServeMux, pattern string, page func(*appVisit) error) {
	c.on(mux, companyAdmin, pattern, func(v *visit) error {
		a, err := v.t.Application(v.r.Context(), v.r.PathValue("name"))
		if err != nil {
			return err
		}
		row, err := v.t.Row(v.r.Context())
		if err != nil {
			return err
		}
		p := &appVisit{visit: v, app: a, state: c.Applications.Stores.Application(row.ID, a.ID)}
		p.setup, _ = provision.Parse([]byte(a.Document)) // the set-up page says what is wrong with it
		return page(p)
	})
}

// at is the address of one of the application's pages.
func (v *appVisit) at(page string) string { return "/applications/" + v.app.Name + page }

// appHead is what the head of each page of an application shows.
type appHead struct {
	Name   string
	At     string // the page: overview, plan, ...
	Status string // on, off, not readable
	Source string
	Target string
}

func (v *appVisit) head(at string) appHead { return headOf(v.app, v.setup, at) }

func headOf(a directory.Application, setup *provision.Application, at string) appHead {
	h := appHead{Name: a.Name, At: at, Status: "not readable"}
	if setup != nil {
		h.Status, h.Source, h.Target = setup.Status, sourceNames[setup.Source.Kind], setup.Target.URL
	}
	return h
}

// sourceNames are the kinds of sources for people.
var sourceNames = map[string]string{
	"directory": "this directory", "ldap": "LDAP", "csv": "CSV", "scim": "SCIM", "sql": "a database",
}

// own is the application's tenant as cycles have it: what they do is not the
// reader's doing, and goes on when he signs out.
func (v *appVisit) own() (*directory.Tenant, error) {
	row, err := v.t.Row(v.r.Context())
	if err != nil {
		return nil, err
	}
	return v.c.Directory.OpenByID(v.r.Context(), row.ID, directory.Via{Client: "console", Operation: "cycle"})
}

// engine opens the application; what keeps it from being opened is for its admin
// to read.
func (v *appVisit) engine(ctx context.Context) (*provision.Engine, func(), error) {
	t, err := v.own()
	if err != nil {
		return nil, nil, err
	}
	e, closing, err := v.c.Applications.Open(ctx, t, v.app)
	if err != nil {
		return nil, nil, said(err.Error())
	}
	return e, closing, nil
}

// with does something with the application's engine while the reader waits.
func (v *appVisit) with(do func(ctx context.Context, e *provision.Engine) error) error {
	ctx, cancel := context.WithTimeout(v.r.Context(), engineTime)
	defer cancel()
	e, closing, err := v.engine(ctx)
	if err != nil {
		return err
	}
	defer closing()
	return v.told(do(ctx, e))
}

// engineTime is how long a reader waits for an application's two sides. It is
// less than a browser, or the server, waits for an answer.
const engineTime = 45 * time.Second

// told makes an engine's error one for its admin: it is about his set-up, and the
// two sides that it names.
func (v *appVisit) told(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, provision.ErrLeased):
		return said("A cycle of this application is running. Wait for its end, or switch the application off, which stops it within a second; then try again.")
	case errors.Is(err, context.DeadlineExceeded):
		return said("The other side took too long to answer, so this was given up. Test the connection to see what is slow.")
	}
	return said(err.Error())
}

// noticeTime is how long a page waits to see whether work begins as it should.
const noticeTime = 600 * time.Millisecond

// start begins work that outlives the page. What goes wrong at once is the
// page's error; how it ends stands in the cycle.
func (v *appVisit) start(work func(ctx context.Context, e *provision.Engine) error) error {
	e, closing, err := v.engine(context.WithoutCancel(v.r.Context()))
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	v.c.Applications.Background(func(ctx context.Context) {
		defer closing()
		ctx, stop := context.WithCancelCause(ctx)
		defer stop(nil)
		var err error
		if _, busy := v.c.Applications.running.LoadOrStore(v.app.ID, stop); busy {
			err = provision.ErrLeased
		} else {
			err = work(ctx, e)
			v.c.Applications.running.Delete(v.app.ID)
		}
		if err != nil {
			v.c.Logger.Warn("what a page asked of an application was not done", "application", v.app.ID, "error", err)
		}
		ended <- err
	})
	select {
	case err := <-ended:
		return v.told(err)
	case <-time.After(noticeTime):
		return nil
	}
}

// actor is who asks, as cycles are marked with it.
func (v *visit) actor() string { return v.me.UserName + " in the console" }

func micros(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.UnixMicro(at)
}
