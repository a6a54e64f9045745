package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

const defaultDatabase = "sqlite:rollcall.db"

// withDatabase gives a command the flag --database.
func withDatabase(c *cobra.Command) *cobra.Command {
	c.Flags().String("database", defaultDatabase, "where the directory is kept: sqlite:PATH or postgres://USER@HOST/NAME")
	alsoEnvironment(c.Flags(), "database")
	return c
}

// withTenant gives a command the flags --database and --tenant.
func withTenant(c *cobra.Command) *cobra.Command {
	withDatabase(c)
	c.Flags().String("tenant", "", "the tenant; may be left out where there is only one")
	alsoEnvironment(c.Flags(), "tenant")
	return c
}

// onDirectory runs a command on a database that is there. It opens the database
// beside a server that may be running on it.
func onDirectory(fn func(*cobra.Command, []string, *directory.Directory) error) func(*cobra.Command, []string) error {
	run := onNewDirectory(fn)
	return func(c *cobra.Command, args []string) error {
		database, _ := c.Flags().GetString("database")
		if err := there(database); err != nil {
			return err
		}
		return run(c, args)
	}
}

// there refuses a SQLite file that does not exist. To make it would hide that
// its name is mistyped, or that the command runs in another folder than serve.
func there(database string) error {
	path, ok := strings.CutPrefix(database, "sqlite:")
	if !ok || path == "" {
		return nil
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Dir(full)); err != nil {
		return nil // opening it says which folder is missing
	}
	if _, err := os.Stat(full); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database %s; name the one that serve uses with --database, or begin with: %s", full, firstTenant)
	}
	return nil
}

// onNewDirectory runs a command on the database, which is made if need be.
func onNewDirectory(fn func(*cobra.Command, []string, *directory.Directory) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) (err error) {
		database, _ := c.Flags().GetString("database")
		store, err := sqlstore.Open(c.Context(), database)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		d := directory.New(store)
		d.Logger = slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil))
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), 5*time.Second)
			defer cancel()
			err = errors.Join(err, d.Close(ctx))
		}()
		return fn(c, args, d)
	}
}

// onTenant runs a command on the tenant that --tenant names, or on the only one
// there is.
func onTenant(fn func(*cobra.Command, []string, *directory.Tenant) error) func(*cobra.Command, []string) error {
	return onDirectory(func(c *cobra.Command, args []string, d *directory.Directory) error {
		name, _ := c.Flags().GetString("tenant")
		t, err := openTenant(c, d, name)
		if err != nil {
			return err
		}
		return fn(c, args, t)
	})
}

func openTenant(c *cobra.Command, d *directory.Directory, name string) (*directory.Tenant, error) {
	if name == "" {
		var err error
		if name, err = onlyTenant(c.Context(), d); err != nil {
			return nil, err
		}
	}
	return d.OpenAdmin(c.Context(), name, via(c))
}

func onlyTenant(ctx context.Context, d *directory.Directory) (string, error) {
	rows, err := d.Tenants(ctx)
	switch {
	case err != nil:
		return "", err
	case len(rows) == 1:
		return rows[0].Name, nil
	case len(rows) == 0:
		return "", fmt.Errorf(`there is no tenant in this database yet; make one with: %s`, firstTenant)
	}
	var names []string
	for _, row := range rows {
		names = append(names, row.Name)
	}
	if len(names) > 8 {
		names = append(names[:8], "...")
	}
	return "", fmt.Errorf("there are %d tenants; say which with --tenant: %s", len(rows), strings.Join(names, ", "))
}

const firstTenant = `rollcall tenant create acme --name "Acme Oy" --admin-email admin@acme.test`

// via marks what a command changes.
func via(c *cobra.Command) directory.Via {
	return directory.Via{Client: "rollcall", Operation: strings.TrimPrefix(c.CommandPath(), "rollcall ")}
}

// shownDatabase is a database's URL without user, password and options.
func shownDatabase(database string) string {
	u, err := url.Parse(database)
	if err != nil || u.Host == "" {
		if strings.HasPrefix(database, "sqlite:") {
			return database
		}
		return "postgres"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
