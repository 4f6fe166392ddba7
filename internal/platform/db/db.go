// Package db is the one door to the database. SQL is written once, in the
// subset SQLite and PostgreSQL share, with ? for values; the rare engine-only
// text stands in a marked pair:
//
//	{{sqlite unixepoch()}}{{pg extract(epoch from now())}}
//
// SQLite has one writer that commits the writes of simultaneous callers as one
// batch (see write.go); PostgreSQL has a pool and repeats what it refused.
package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"linli/internal/core/clock"
	"linli/internal/core/fault"
)

// Engine is one of the two databases.
type Engine string

const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// A node holds at most 16 connections of PostgreSQL (PgBouncer-friendly).
// Reads have a pool of their own: a writer that loads something into memory,
// such as the places, must not wait for connections that other writers hold.
const (
	writePool = 10
	readPool  = 6
)

// Queryer reads. Both *DB and *Tx are one, so a store's reading functions
// serve pages and moves alike.
type Queryer interface {
	// Get reads one row into dest; sql.ErrNoRows when there is none.
	Get(ctx context.Context, dest any, query string, args ...any) error
	// Select reads all rows into the slice dest points to.
	Select(ctx context.Context, dest any, query string, args ...any) error
}

// DB is an open database.
type DB struct {
	Engine Engine
	URL    string
	clock  clock.Clock
	read   *sqlx.DB
	write  *sqlx.DB // PostgreSQL: the same pool as read
	lane   *lane    // SQLite's writer
	stmts  sync.Map // SQLite: query text → *sqlx.Stmt on the read pool
	texts  sync.Map // query text → rendered text
}

// Open opens url: "sqlite:PATH" or "postgres://…". It changes no schema.
func Open(ctx context.Context, rawURL string, c clock.Clock) (*DB, error) {
	d := &DB{URL: strings.TrimSuffix(rawURL, "?loose"), clock: c}
	switch {
	case strings.HasPrefix(rawURL, "sqlite:"):
		d.Engine = SQLite
		return d, d.openSQLite(ctx, strings.TrimPrefix(rawURL, "sqlite:"))
	case strings.HasPrefix(rawURL, "postgres://"), strings.HasPrefix(rawURL, "postgresql://"):
		d.Engine = Postgres
		var err error
		if d.write, err = openPool(ctx, rawURL, writePool); err != nil {
			return nil, err
		}
		if d.read, err = openPool(ctx, rawURL, readPool); err != nil {
			d.write.Close()
			return nil, err
		}
		return d, nil
	}
	return nil, fmt.Errorf("database %q: want sqlite:PATH or postgres://…", Redact(rawURL))
}

func openPool(ctx context.Context, rawURL string, size int) (*sqlx.DB, error) {
	pool, err := sqlx.Open("pgx", rawURL)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", Redact(rawURL), err)
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach %s: %w", Redact(rawURL), err)
	}
	return pool, nil
}

func (d *DB) openSQLite(ctx context.Context, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	path, loose := strings.CutSuffix(path, "?loose")
	sync := "full"
	if loose {
		sync = "off"
	}
	pragmas := "?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(" + sync + ")" +
		"&_pragma=foreign_keys(on)&_pragma=secure_delete(on)&_pragma=temp_store(memory)"
	file := "file:" + (&url.URL{Path: path}).EscapedPath()
	var err error
	if d.write, err = sqlx.Open("sqlite", file+pragmas+"&_txlock=immediate&_pragma=cache_size(-65536)"); err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	if err := d.write.PingContext(ctx); err != nil { // creates the file and sets WAL before readers come
		d.write.Close()
		return fmt.Errorf("open %s: %w", path, err)
	}
	if d.read, err = sqlx.Open("sqlite", file+pragmas+"&_pragma=query_only(on)&_pragma=cache_size(-16384)"); err != nil {
		d.write.Close()
		return err
	}
	d.read.SetMaxOpenConns(8)
	d.read.SetMaxIdleConns(8)
	if d.lane, err = newLane(ctx, d); err != nil {
		d.write.Close()
		d.read.Close()
	}
	return err
}

// Loose returns url for filling an empty place with synthetic data: commits
// are not durable one by one; Settle makes all of them so.
func Loose(rawURL string) string {
	if strings.HasPrefix(rawURL, "sqlite:") {
		return rawURL + "?loose"
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return rawURL
	}
	q := u.Query()
	q.Set("synchronous_commit", "off")
	u.RawQuery = q.Encode()
	return u.String()
}

// Close finishes writes under way and closes the pools.
func (d *DB) Close() error {
	if d.Engine == SQLite {
		d.lane.close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	return d.Get(ctx, &one, "SELECT 1")
}

// Handle gives the plain pool, for migrations, backup and benchmarks only.
func (d *DB) Handle() *sql.DB { return d.migrateHandle() }

// Clock returns the clock of this node.
func (d *DB) Clock() clock.Clock { return d.clock }

// Get reads one row.
func (d *DB) Get(ctx context.Context, dest any, query string, args ...any) error {
	if err := storable(args); err != nil {
		return err
	}
	if d.Engine == Postgres {
		err := d.read.GetContext(ctx, dest, d.text(query), args...)
		if again(err) {
			err = d.read.GetContext(ctx, dest, d.text(query), args...)
		}
		return outage(err)
	}
	st, err := d.prepared(ctx, query)
	if err != nil {
		return outage(err)
	}
	return outage(st.GetContext(ctx, dest, args...))
}

// Select reads all rows.
func (d *DB) Select(ctx context.Context, dest any, query string, args ...any) error {
	if err := storable(args); err != nil {
		return err
	}
	if d.Engine == Postgres {
		err := d.read.SelectContext(ctx, dest, d.text(query), args...)
		if again(err) {
			err = d.read.SelectContext(ctx, dest, d.text(query), args...)
		}
		return outage(err)
	}
	st, err := d.prepared(ctx, query)
	if err != nil {
		return outage(err)
	}
	return outage(st.SelectContext(ctx, dest, args...))
}

// prepared keeps one statement per query text: SQLite compiles a text anew
// each time, which costs more than many of our queries. The number of texts
// is bounded because values never stand in them.
func (d *DB) prepared(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if st, ok := d.stmts.Load(query); ok {
		return st.(*sqlx.Stmt), nil
	}
	st, err := d.read.PreparexContext(ctx, d.text(query))
	if err != nil {
		return nil, err
	}
	if old, loaded := d.stmts.LoadOrStore(query, st); loaded {
		st.Close()
		return old.(*sqlx.Stmt), nil
	}
	return st, nil
}

// text renders a query for the engine.
func (d *DB) text(query string) string {
	if t, ok := d.texts.Load(query); ok {
		return t.(string)
	}
	t := Render(query, d.Engine)
	if d.Engine == SQLite {
		// SQLite plans by the bound value of a bare LIMIT, so each binding would
		// compile the statement anew (a fifth of a list's time: measured).
		t = strings.ReplaceAll(t, "LIMIT ?", "LIMIT ? + 0")
	}
	if d.Engine == Postgres {
		t = number(t)
	}
	d.texts.Store(query, t)
	return t
}

// Render resolves the engine pairs of a text: {{sqlite A}}{{pg B}}, and the
// column types that migrations use: {{serial}} for a growing key and {{code}}
// for ids, codes and states, which PostgreSQL must compare byte by byte.
func Render(text string, e Engine) string {
	serial, code := "integer PRIMARY KEY AUTOINCREMENT", "text"
	keep, drop := "{{sqlite ", "{{pg "
	if e == Postgres {
		serial, code = "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", `text COLLATE "C"`
		keep, drop = drop, keep
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "{{serial}}", serial), "{{code}}", code)
	for {
		i := strings.Index(text, "{{")
		if i < 0 {
			return text
		}
		j := strings.Index(text[i:], "}}")
		if j < 0 {
			return text
		}
		mark, rest := text[i:i+j], text[i+j+2:]
		switch {
		case strings.HasPrefix(mark, keep):
			text = text[:i] + mark[len(keep):] + rest
		case strings.HasPrefix(mark, drop):
			text = text[:i] + rest
		default:
			panic("db: unknown mark in SQL: " + mark)
		}
	}
}

// number turns each ? into PostgreSQL's $1, $2 …, but for those inside quotes
// and comments, which sqlx.Rebind does not tell apart.
func number(text string) string {
	var b strings.Builder
	n := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '?':
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		case c == '\'' || c == '"':
			if end := strings.IndexByte(text[i+1:], c); end >= 0 {
				b.WriteString(text[i : i+1+end])
				i += 1 + end
			}
		case c == '-' && strings.HasPrefix(text[i:], "--"):
			if end := strings.IndexByte(text[i:], '\n'); end >= 0 {
				b.WriteString(text[i : i+end])
				i += end
			} else {
				b.WriteString(text[i:])
				return b.String()
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// storable refuses texts that one of the engines cannot hold: NUL and broken
// UTF-8. PostgreSQL would fail, SQLite would keep what no restore can move.
func storable(args []any) error {
	for _, a := range args {
		var s string
		switch v := a.(type) {
		case string:
			s = v
		case *string:
			if v != nil {
				s = *v
			}
		case sql.NullString:
			s = v.String
		}
		if strings.IndexByte(s, 0) >= 0 {
			return fault.New(fault.Invalid, "fault.nul")
		}
		if !utf8.ValidString(s) {
			return fault.New(fault.Invalid, "fault.utf8")
		}
	}
	return nil
}

// Redact hides the password of a database URL for messages.
func Redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable URL)"
	}
	q := u.Query()
	for _, name := range []string{"password", "sslpassword"} {
		if q.Has(name) {
			q.Set(name, "xxxxx")
			u.RawQuery = q.Encode()
		}
	}
	return u.Redacted()
}

// PlannedAnew, as the first argument of a query on PostgreSQL, has it planned
// for its own values instead of by a kept generic plan.
const PlannedAnew = pgx.QueryExecModeExec

// ErrNoRows is what Get returns when there is no row.
var ErrNoRows = sql.ErrNoRows

// Duplicate reports whether err is the refusal of a unique constraint.
func Duplicate(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// Repeat marks err as a lost race that a fresh run of the transaction settles.
func Repeat(err error) error { return repeat{err} }

type repeat struct{ error }

func (r repeat) Unwrap() error { return r.error }

// again reports whether the whole transaction should be repeated.
func again(err error) bool {
	if errors.As(err, new(repeat)) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		// The last one meets a node that was running when another migrated.
		return pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "0A000" && strings.Contains(pg.Message, "cached plan")
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// outage turns errors of the database's health, as opposed to those of a
// statement, into Unavailable.
func outage(err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) || errors.Is(err, context.Canceled) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:min(2, len(pg.Code))] {
		case "08", "53", "57", "58": // connection, resources, operator intervention, system
			return unavailable(err)
		}
		if pg.Code == "25006" { // read-only transaction: a standby
			return unavailable(err)
		}
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		if fatal(err) {
			return unavailable(err)
		}
		return err
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || pgconn.Timeout(err) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, driver.ErrBadConn) || strings.Contains(err.Error(), "sql: database is closed") ||
		pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "unexpected EOF") || strings.Contains(err.Error(), "conn closed") ||
		strings.Contains(err.Error(), "connection reset") || strings.Contains(err.Error(), "broken pipe") {
		return unavailable(err)
	}
	return err
}

// fatal reports an error of SQLite after which its transaction may be gone.
func fatal(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN,
			sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_LOCKED:
			return true
		}
		return false
	}
	return errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn)
}

func unavailable(err error) error {
	return &fault.Error{Kind: fault.Unavailable, Key: "fault.unavailable", Retry: 2 * time.Second, Cause: err}
}

// Settle makes all that was written durable, after filling with Loose.
func (d *DB) Settle(ctx context.Context) error {
	if d.Engine == SQLite {
		return d.lane.checkpoint(ctx)
	}
	_, err := d.write.ExecContext(ctx, "SELECT pg_switch_wal()")
	if err != nil {
		// Not a superuser: a durable commit flushes all that came before it. It
		// must write something, for a commit that only took a number is not flushed.
		_, err = d.write.ExecContext(ctx, "BEGIN; SET LOCAL synchronous_commit = on; SELECT pg_logical_emit_message(true, 'linli', 'settled'); COMMIT")
	}
	return err
}
