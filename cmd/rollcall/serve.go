package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// shutdownTime is what requests in flight get to finish.
const shutdownTime = 10 * time.Second

func newServe() *cobra.Command {
	var cfg config
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve SCIM to identity providers",
		Long: `Serve answers SCIM 2.0 under /api/scim/v2 of every tenant's host. Without a flag it
listens on 127.0.0.1:8080 and keeps everything in the SQLite file rollcall.db of the
working directory; tenant acme is then at http://acme.localhost:8080.

To be reached from elsewhere it needs TLS: its own, with --tls-cert and --tls-key, or a
proxy's in front. It ends on SIGINT and SIGTERM, after the requests in flight.
/livez says that the process answers, /readyz that the database does too.`,
		Example: `  rollcall serve
  rollcall serve --listen :443 --base-domain rollcall.example --tls-cert chain.pem --tls-key key.pem
  rollcall serve --database postgres://rollcall@db/rollcall --trusted-proxy 10.0.0.0/8 --public-url 'https://{tenant}.rollcall.example'`,
		Args: arguments(),
		RunE: func(c *cobra.Command, _ []string) error { return serve(c.Context(), cfg, c.ErrOrStderr()) },
	}
	cfg.flags(c)
	return c
}

// collectLess is the GC percent of a server. Its live heap is a few megabytes, so
// Go's default of 100 collects many times a second; this lets it grow to some
// tens of megabytes instead. GOGC in the environment has the last word.
const collectLess = 1000

// serve runs until ctx ends.
func serve(ctx context.Context, cfg config, errs io.Writer) (err error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectLess)
	}
	if err := cfg.check(); err != nil {
		return err
	}
	reach, err := reachOf(cfg.refused, cfg.allowed)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(errs, nil))
	store, err := sqlstore.Open(ctx, cfg.database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.LockForServe(); err != nil {
		return err
	}
	listener, err := listen(cfg.listen)
	if err != nil {
		return err
	}
	d := directory.New(store)
	d.Logger, d.Key = logger, keyFile(cfg.database, cfg.keyFile)
	if err := welcome(ctx, cfg, d, listener.Addr(), errs); err != nil {
		listener.Close()
		return errors.Join(err, d.Close(ctx))
	}
	background, err := startCycles(ctx, d, store, reach, logger)
	if err != nil {
		listener.Close()
		return errors.Join(err, d.Close(ctx))
	}
	err = answer(ctx, cfg, d, background, listener, logger)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	return errors.Join(err, d.Close(last))
}

func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program; stop that one, or choose another port with --listen", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s; choose a port from 1024 with --listen, or give the right to", address)
	}
	return nil, fmt.Errorf("cannot listen on %s (%v); choose an address of this machine with --listen", address, err)
}

// welcome says where everything is, and what comes next.
func welcome(ctx context.Context, cfg config, d *directory.Directory, at net.Addr, errs io.Writer) error {
	tenants, err := d.Tenants(ctx)
	if err != nil {
		return err
	}
	scheme := "http"
	if cfg.tlsCert != "" {
		scheme = "https"
	}
	fmt.Fprintf(errs, "Rollcall listens on %s://%s (database %s)\n", scheme, at, shownDatabase(cfg.database))
	if len(tenants) == 0 {
		fmt.Fprintf(errs, "There is no tenant yet. Make the first: %s\n", firstTenant)
		return nil
	}
	fmt.Fprintf(errs, "Tenant URL for identity providers: %s\n", cfg.tenantURL("<tenant>", scheme, at))
	return nil
}

// tenantURL is the form of every tenant's SCIM base URL.
func (cfg *config) tenantURL(tenant, scheme string, at net.Addr) string {
	if url := cfg.hosts().PublicBaseURL(tenant); url != "" {
		return url
	}
	_, port, _ := net.SplitHostPort(at.String())
	if scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		port = ""
	} else {
		port = ":" + port
	}
	return scheme + "://" + tenant + "." + cfg.baseDomain + port + scimhttp.Base
}

// answer serves requests, and does what is to be done from time to time beside
// them, until ctx ends.
func answer(ctx context.Context, cfg config, d *directory.Directory, background *cycles, listener net.Listener, logger *slog.Logger) error {
	handler, stopPages := newServer(cfg, d, background, logger)
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(withoutAddresses{logger}, "", 0),
	}
	srv.RegisterOnShutdown(stopPages)
	ended := make(chan error, 1)
	if cfg.tlsCert == "" {
		go func() { ended <- srv.Serve(listener) }()
	} else {
		c := &certificate{certFile: cfg.tlsCert, keyFile: cfg.tlsKey, logger: logger}
		srv.TLSConfig = c.config()
		go func() { ended <- srv.ServeTLS(listener, "", "") }()
	}
	chores, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() { every(chores, time.Minute, func() { flushTokens(chores, d, logger) }) })
	if background != nil {
		wait.Go(func() { background.look(chores) })
	}
	defer func() {
		stop()
		wait.Wait()
		if background == nil {
			return
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		background.stop(last)
	}()

	select {
	case err := <-ended:
		return fmt.Errorf("the server stopped: %w", err)
	case <-ctx.Done():
	}
	logger.Info("stopping; requests in flight are finished first")
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := srv.Shutdown(last); err != nil {
		logger.Warn("some requests were cut off", "after", shutdownTime)
		srv.Close()
	}
	return nil
}

func every(ctx context.Context, interval time.Duration, do func()) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			do()
		}
	}
}

func flushTokens(ctx context.Context, d *directory.Directory, logger *slog.Logger) {
	if err := d.FlushTokens(ctx); err != nil && ctx.Err() == nil {
		logger.Error("when tokens were last used could not be written", "error", err)
	}
	if err := d.FlushNames(ctx); err != nil && ctx.Err() == nil {
		logger.Error("which other names of groups and teams matched could not be written", "error", err)
	}
}

func settle(ctx context.Context, d *directory.Directory, logger *slog.Logger) {
	if err := d.Settle(ctx); err != nil && ctx.Err() == nil {
		logger.Error("teams from IdP groups could not be settled", "error", err)
	}
}

func purge(ctx context.Context, d *directory.Directory, logger *slog.Logger) {
	n, err := d.Purge(ctx)
	if err != nil && ctx.Err() == nil {
		logger.Error("people removed long ago could not be forgotten", "error", err)
	}
	if n > 0 {
		logger.Info("personal data of people removed long ago was deleted", "people", n)
	}
}
