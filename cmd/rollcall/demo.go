package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

func newDemo() *cobra.Command {
	var exit bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Watch one tenant provision its people into another",
		Long: `Demo serves two tenants from a temporary database: Contoso, a company with 500 invented
people, and Acme, a service that has 200 of them already. Contoso provisions 100 people into
Acme over real HTTP: 90 whom Acme has, 10 whom it has not, one of them with a country for
which there is no group. Then one person changes, and one leaves.

On a terminal it then stays up, with links that sign you in to both consoles and lines to
try, until Ctrl-C. Nothing is left behind.`,
		Example: `  rollcall demo
  rollcall demo --exit`,
		Args: arguments(),
		RunE: func(c *cobra.Command, _ []string) error {
			out := c.OutOrStdout()
			return demo(c.Context(), out, c.ErrOrStderr(), !exit && isTerminal(out))
		},
	}
	c.Flags().BoolVar(&exit, "exit", false, "end after the story")
	return c
}

// demo sets the stage, plays the story, and clears up.
func demo(ctx context.Context, out, errs io.Writer, stay bool) (err error) {
	folder, err := os.MkdirTemp("", "rollcall-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s, err := openStage(ctx, filepath.Join(folder, "demo.db"), errs)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.teller = teller{w: out, colours: isTerminal(out) && os.Getenv("NO_COLOR") == ""}
	if err := s.play(ctx); err != nil {
		return interrupted(ctx, err)
	}
	if !stay {
		s.say("\n%s", s.quiet("On a terminal, and without --exit, the demo stays up here, with links that sign you in to both consoles."))
		return nil
	}
	if err := s.invite(ctx); err != nil {
		return interrupted(ctx, err)
	}
	<-ctx.Done()
	s.say("\nThe demo is over; nothing of it is left behind.")
	return nil
}

// interrupted says in one word what Ctrl-C makes of every error.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// stage is a served directory with the two tenants.
type stage struct {
	teller
	database      string
	store         *sqlstore.Store
	dir           *directory.Directory
	contoso, acme *directory.Tenant
	listener      net.Listener
	token         string          // of Acme
	state         provision.Store // of Contoso's application, once there is one

	stop   context.CancelFunc
	served sync.WaitGroup
}

const (
	demoAdmin    = "admin@acme.test"
	contosoAdmin = "admin@contoso.test"
)

func openStage(ctx context.Context, path string, errs io.Writer) (s *stage, err error) {
	s = &stage{teller: teller{w: io.Discard}, database: "sqlite:" + path, stop: func() {}}
	if s.store, err = sqlstore.Open(ctx, s.database); err != nil {
		return nil, err
	}
	s.dir = directory.New(s.store)
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	logger := slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelError}))
	s.dir.Logger, s.dir.Key = logger, keyFile(s.database, "")
	if err := s.furnish(ctx); err != nil {
		return nil, err
	}
	return s, s.serve(ctx, logger)
}

// serve answers for both tenants and runs what is due, as rollcall serve does.
func (s *stage) serve(ctx context.Context, logger *slog.Logger) (err error) {
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("the demo needs a free port of this machine: %w", err)
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	background, err := startCycles(serving, s.dir, s.store, nil, logger)
	if err != nil {
		stop()
		return errors.Join(err, s.listener.Close())
	}
	s.stop = stop
	s.served.Go(func() {
		if err := answer(serving, config{baseDomain: "localhost"}, s.dir, background, s.listener, logger); err != nil {
			logger.Error("the demo's server ended", "error", err)
		}
	})
	return nil
}

// acmeURL is Acme's SCIM base URL.
func (s *stage) acmeURL() string {
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	return "http://acme.localhost:" + port + scimhttp.Base
}

// furnish makes the service as it is before the company comes, and the company.
func (s *stage) furnish(ctx context.Context) (err error) {
	if s.acme, err = s.newTenant(ctx, "acme", "Acme Oy", "Ada", demoAdmin, employees()); err != nil {
		return err
	}
	if s.contoso, err = s.newTenant(ctx, "contoso", "Contoso", "Cleo", contosoAdmin, append(assigned(), others()...)); err != nil {
		return err
	}
	for i, name := range contosoGroups {
		if err := s.contoso.CreateIdPGroup(ctx, name); err != nil {
			return err
		}
		if err := s.contoso.AddToIdPGroup(ctx, name, membersOf(i)); err != nil {
			return err
		}
		if i > 0 {
			if err := s.contoso.AddToIdPGroup(ctx, contosoGroups[i-1], []string{name}); err != nil {
				return err
			}
		}
	}
	s.token, err = s.acme.CreateToken(ctx, demoAdmin, "SCIM", time.Now().AddDate(0, 0, 1))
	return err
}

// newTenant makes a tenant with its people. Acme, who has groups, has one for
// each country of theirs.
func (s *stage) newTenant(ctx context.Context, name, display, given, admin string, people []person) (*directory.Tenant, error) {
	t, err := s.dir.CreateTenant(ctx, directory.NewTenant{
		Name: name, Display: display, AdminEmail: admin, GivenName: given, FamilyName: "Admin",
	}, directory.Via{Client: "rollcall", Operation: "demo"})
	if err != nil {
		return nil, err
	}
	if name == "acme" {
		if err := t.Set(ctx, "groups", "true"); err != nil {
			return nil, err
		}
		for _, p := range places {
			if _, err := t.CreateGroup(ctx, p.country); err != nil {
				return nil, err
			}
		}
	}
	return t, createAll(ctx, t, people)
}

// createAll makes people side by side, so that they share their commits.
func createAll(ctx context.Context, t *directory.Tenant, people []person) error {
	const beside = 32
	errs := make([]error, beside)
	var wait sync.WaitGroup
	for worker := range beside {
		wait.Go(func() {
			for i := worker; i < len(people) && errs[worker] == nil; i += beside {
				_, errs[worker] = t.CreateUser(ctx, people[i].address, people[i].attributes())
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (s *stage) close() error {
	s.stop()
	s.served.Wait()
	return errors.Join(s.dir.Close(context.Background()), s.store.Close())
}
