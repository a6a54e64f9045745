package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the database to this binary's schema. A database that a newer
// binary has migrated is refused, not guessed at.
func migrate(ctx context.Context, d dialect, db *sql.DB) error {
	files, err := d.migrations()
	if err != nil {
		return err
	}
	gooseDialect, options := goose.DialectSQLite3, []goose.ProviderOption{}
	if d.name == postgres.name {
		gooseDialect = goose.DialectPostgres
		// Several processes may start at once; one migrates.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(gooseDialect, db, files, options...)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	if has, err := provider.GetDBVersion(ctx); err != nil {
		return err
	} else if has > newest {
		return fmt.Errorf("the database was made by a newer rollcall (schema %d, this one knows %d); use that version or a newer one", has, newest)
	}
	if _, err = provider.Up(ctx); err != nil {
		return err
	}
	return fillPeople(ctx, d, db)
}

func (d dialect) migrations() (fs.FS, error) {
	files := fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files[name[len("migrations/"):]] = &fstest.MapFile{Data: []byte(d.migration(string(text)))}
	}
	return files, nil
}
