package db

import (
	"context"
	"database/sql"
	"io/fs"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"linli/internal/core/clock"
)

// Migrate brings the schema to the newest version of list, a folder of
// NNNN_name.sql files rendered for this engine, and returns how many ran. On
// PostgreSQL nodes that start together wait for the one that migrates.
func (d *DB) Migrate(ctx context.Context, list fs.FS) (int, error) {
	p, err := d.provider(list)
	if err != nil {
		return 0, err
	}
	done, err := p.Up(ctx)
	return len(done), err
}

// Pending reports whether the schema is older than list.
func (d *DB) Pending(ctx context.Context, list fs.FS) (bool, error) {
	p, err := d.provider(list)
	if err != nil {
		return false, err
	}
	return p.HasPending(ctx)
}

func (d *DB) provider(list fs.FS) (*goose.Provider, error) {
	names, err := fs.Glob(list, "*.sql")
	if err != nil {
		return nil, err
	}
	rendered := fstest.MapFS{}
	for _, n := range names {
		b, err := fs.ReadFile(list, n)
		if err != nil {
			return nil, err
		}
		rendered[n] = &fstest.MapFile{Data: []byte(Render(string(b), d.Engine))}
	}
	opts := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	dialect, handle := goose.DialectSQLite3, d.migrateHandle()
	if d.Engine == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, handle, rendered, opts...)
}

// migrateHandle is the pool goose works on. SQLite's writer pool has its one
// connection held by the lane, so goose gets a second writer; it runs before
// anything else writes.
func (d *DB) migrateHandle() *sql.DB {
	if d.Engine == Postgres {
		return d.write.DB
	}
	d.write.SetMaxOpenConns(2)
	return d.write.DB
}

func systemClock(c clock.Clock) bool {
	_, ok := c.(clock.System)
	return ok
}
