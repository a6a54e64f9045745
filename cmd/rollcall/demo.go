package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

func newDemo() *cobra.Command {
	var exit bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Watch an identity provider fill a tenant",
		Long: `Demo makes a company of 200 invented people in a temporary database and lets a client that
behaves as Entra ID does provision 100 people into it over real HTTP: 90 whom the company
has, 10 whom it has not, one of them with a country for which there is no group.

On a terminal it then stays up, with curl lines to try, until Ctrl-C. Nothing is left behind.`,
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
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	t := teller{w: out, colours: isTerminal(out) && os.Getenv("NO_COLOR") == ""}
	if err := s.play(ctx, t); err != nil {
		return interrupted(ctx, err)
	}
	if stay {
		s.invite(t)
		<-ctx.Done()
		t.say("\nThe demo is over; nothing of it is left behind.")
	}
	return nil
}

// interrupted says in one word what Ctrl-C makes of every error.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// stage is a served directory with one tenant.
type stage struct {
	database string
	store    *sqlstore.Store
	dir      *directory.Directory
	tenant   *directory.Tenant
	listener net.Listener
	token    string
	idp      *entra

	stop   context.CancelFunc
	served sync.WaitGroup
}

const demoAdmin = "admin@acme.test"

func openStage(ctx context.Context, path string, errs io.Writer) (s *stage, err error) {
	s = &stage{database: "sqlite:" + path, stop: func() {}}
	if s.store, err = sqlstore.Open(ctx, s.database); err != nil {
		return nil, err
	}
	s.dir = directory.New(s.store)
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	logger := slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s.dir.Logger = logger
	if err := s.furnish(ctx); err != nil {
		return nil, err
	}
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("the demo needs a free port of this machine: %w", err)
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.served.Go(func() {
		if err := answer(serving, config{baseDomain: "localhost"}, s.dir, nil, s.listener, logger); err != nil {
			logger.Error("the demo's server ended", "error", err)
		}
	})
	s.idp = &entra{
		base: "http://" + s.listener.Addr().String() + scimhttp.Base, host: s.host(), token: s.token,
		http: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}},
	}
	return s, nil
}

// host is the tenant's, with the port on which it is served.
func (s *stage) host() string {
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	return "acme.localhost:" + port
}

// furnish makes the company as it is before its identity provider comes.
func (s *stage) furnish(ctx context.Context) (err error) {
	via := directory.Via{Client: "rollcall", Operation: "demo"}
	s.tenant, err = s.dir.CreateTenant(ctx, directory.NewTenant{
		Name: "acme", Display: "Acme Oy", AdminEmail: demoAdmin, GivenName: "Ada", FamilyName: "Admin",
	}, via)
	if err != nil {
		return err
	}
	if err := s.tenant.Set(ctx, "groups", "true"); err != nil {
		return err
	}
	for _, p := range places {
		if _, err := s.tenant.CreateGroup(ctx, p.country); err != nil {
			return err
		}
	}
	for _, p := range employees() {
		_, err := s.tenant.CreateUser(ctx, p.address, map[string]string{
			"name.givenName": p.given, "name.familyName": p.family,
			directory.Country: p.country, directory.Locality: p.city, directory.Department: p.department,
		})
		if err != nil {
			return err
		}
	}
	s.token, err = s.tenant.CreateToken(ctx, demoAdmin, "SCIM", time.Now().AddDate(0, 0, 1))
	return err
}

func (s *stage) close() error {
	if s.idp != nil {
		s.idp.http.CloseIdleConnections()
	}
	s.stop()
	s.served.Wait()
	return errors.Join(s.dir.Close(context.Background()), s.store.Close())
}
