package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"linli/internal/core/fault"
)

// Bounds of writing.
const (
	batchMost = 128 // functions that share one commit on SQLite
	tries     = 12  // how often PostgreSQL's refusals are repeated
)

// Tx is a write transaction. On SQLite it is a savepoint of a shared one.
type Tx struct {
	db     *DB
	q      *sqlx.Tx // PostgreSQL
	lane   *lane    // SQLite
	wakers []func()
}

// Write runs fn in a transaction and returns after it is durable. fn gets only
// its tx: it does no other I/O, can be repeated, and takes under 5 ms. An
// error of fn undoes fn alone. Once under way a write is not cancelled with
// ctx, because a cancelled statement would take others of its batch along.
func (d *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return outage(err)
	}
	var err error
	for try := range tries {
		if try > 0 {
			time.Sleep(time.Duration(rand.Int64N(int64(try)*8)+1) * time.Millisecond)
		}
		if d.Engine == SQLite {
			// Its busy timeout has waited already; only a marked race is run again.
			if err = d.lane.do(ctx, fn); !errors.As(err, new(repeat)) {
				return err
			}
		} else if err = d.writePostgres(ctx, fn); !again(err) {
			return outage(err)
		}
	}
	return unavailable(err)
}

// writePostgres waits for a free connection as long as ctx lives; what then
// runs is not cancelled with it.
func (d *DB) writePostgres(ctx context.Context, fn func(tx *Tx) error) (err error) {
	conn, err := d.write.Connx(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx = context.WithoutCancel(ctx)
	x, err := conn.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	tx := &Tx{db: d, q: x}
	defer func() {
		if p := recover(); p != nil {
			x.Rollback()
			err = panicked(p)
		}
	}()
	if err := fn(tx); err != nil {
		x.Rollback()
		return err
	}
	if err := x.Commit(); err != nil {
		return err
	}
	tx.wake()
	return nil
}

// AfterCommit has f called once the transaction is durable. On SQLite it runs
// in the one writer: it must be quick and must not write.
func (t *Tx) AfterCommit(f func()) { t.wakers = append(t.wakers, f) }

func (t *Tx) wake() {
	for _, f := range t.wakers {
		func() {
			// What is committed stays committed, and the writer goes on, even
			// when a listener is broken.
			defer func() {
				if p := recover(); p != nil {
					slog.Error("after a commit", "err", panicked(p))
				}
			}()
			f()
		}()
	}
}

// Engine tells which database this is, for the rare rule that differs.
func (t *Tx) Engine() Engine { return t.db.Engine }

// Exec changes rows and returns how many.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := storable(args); err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	var res sql.Result
	err := t.run(ctx, query, func(st *sqlx.Stmt) (err error) {
		res, err = st.ExecContext(ctx, args...)
		return err
	}, func(text string) (err error) {
		res, err = t.q.ExecContext(ctx, text, args...)
		return err
	})
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Get reads one row inside the transaction.
func (t *Tx) Get(ctx context.Context, dest any, query string, args ...any) error {
	if err := storable(args); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	return t.run(ctx, query, func(st *sqlx.Stmt) error { return st.GetContext(ctx, dest, args...) },
		func(text string) error { return t.q.GetContext(ctx, dest, text, args...) })
}

// Select reads all rows inside the transaction.
func (t *Tx) Select(ctx context.Context, dest any, query string, args ...any) error {
	if err := storable(args); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	return t.run(ctx, query, func(st *sqlx.Stmt) error { return st.SelectContext(ctx, dest, args...) },
		func(text string) error { return t.q.SelectContext(ctx, dest, text, args...) })
}

// run gives a statement to the engine. Once one has failed in a way that may
// have ended SQLite's transaction, nothing more of the batch is run: outside a
// transaction each statement would commit by itself.
func (t *Tx) run(ctx context.Context, query string, lite func(*sqlx.Stmt) error, pg func(text string) error) error {
	if t.lane == nil {
		return pg(t.db.text(query))
	}
	if t.lane.broken != nil {
		return t.lane.broken
	}
	st, err := t.lane.prepared(ctx, query)
	if err == nil {
		err = lite(st)
	}
	if fatal(err) {
		t.lane.broken = err
	}
	return err
}

// Now is the time all nodes agree on: the database's own clock, read now and
// not at the transaction's start, in UTC ms. A node with a clock of its own
// making (a test, a demo filling) uses that.
func (t *Tx) Now(ctx context.Context) (int64, error) {
	if t.db.Engine == SQLite || !systemClock(t.db.clock) {
		return t.db.clock.Now().UnixMilli(), nil
	}
	var ms int64
	err := t.Get(ctx, &ms, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
	return ms, err
}

// Lock returns the suffix that locks the selected rows for change; SQLite's
// writer is alone and needs none.
func (t *Tx) Lock() string {
	if t.db.Engine == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

func panicked(p any) error {
	return &fault.Error{Kind: fault.Internal, Key: "fault.internal", Cause: fmt.Errorf("panic in a write: %v\n%s", p, debug.Stack())}
}

// lane is SQLite's writer: one goroutine that takes what callers have waiting
// and commits it as one batch, each function under its own savepoint.
type lane struct {
	db     *DB
	conn   *sqlx.Conn
	stmts  map[string]*sqlx.Stmt
	broken error // what ended the present batch's transaction, if anything
	jobs   chan *job
	once   sync.Once
	stop   chan struct{} // closed to end the lane
	ended  chan struct{} // closed when no job will run any more
}

type job struct {
	fn   func(tx *Tx) error
	err  error
	tx   *Tx
	done chan struct{}
}

func newLane(ctx context.Context, d *DB) (*lane, error) {
	conn, err := d.write.Connx(ctx)
	if err != nil {
		return nil, err
	}
	l := &lane{
		db: d, conn: conn, stmts: map[string]*sqlx.Stmt{}, jobs: make(chan *job, 4*batchMost),
		stop: make(chan struct{}), ended: make(chan struct{}),
	}
	go l.run()
	return l, nil
}

func (l *lane) do(ctx context.Context, fn func(tx *Tx) error) error {
	closing := errors.New("database is closing")
	j := &job{fn: fn, done: make(chan struct{})}
	select {
	case l.jobs <- j:
	case <-l.stop:
		return unavailable(closing)
	case <-ctx.Done():
		return outage(ctx.Err())
	}
	select {
	case <-j.done:
		return j.err
	case <-l.ended:
	}
	select {
	case <-j.done: // both had happened
		return j.err
	default: // put into the queue after its last reading
		return unavailable(closing)
	}
}

func (l *lane) close() {
	l.once.Do(func() {
		close(l.stop)
		<-l.ended
		l.conn.Close()
	})
}

func (l *lane) run() {
	defer close(l.ended)
	for {
		select {
		case j := <-l.jobs:
			l.batch(j)
		case <-l.stop:
			for {
				select {
				case j := <-l.jobs:
					l.batch(j)
				default:
					return
				}
			}
		}
	}
}

func (l *lane) batch(first *job) {
	jobs := []*job{first}
	l.broken = nil
	err := l.exec("BEGIN IMMEDIATE")
	for i := 0; err == nil; i++ {
		if i == len(jobs) {
			if len(jobs) == batchMost {
				break
			}
			select {
			case j := <-l.jobs:
				jobs = append(jobs, j)
			default:
			}
			if i == len(jobs) {
				break
			}
		}
		err = l.one(jobs[i])
	}
	if err == nil {
		err = l.exec("COMMIT")
	}
	if err != nil {
		l.exec("ROLLBACK") // an error here means SQLite rolled back already
		for _, j := range jobs {
			j.err = unavailable(err)
		}
	}
	for _, j := range jobs {
		if j.err == nil {
			j.tx.wake()
		}
	}
	for _, j := range jobs { // after all wakes, so that what one reads then serves all
		close(j.done)
	}
}

// one runs a job under its savepoint. Its own error is the job's; an error
// returned is the whole batch's.
func (l *lane) one(j *job) error {
	if err := l.exec("SAVEPOINT one"); err != nil {
		return err
	}
	j.tx = &Tx{db: l.db, lane: l}
	j.err = func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = panicked(p)
			}
		}()
		return j.fn(j.tx)
	}()
	if l.broken != nil {
		return l.broken // full disk, I/O error: the transaction may be gone
	}
	if j.err != nil {
		if err := l.exec("ROLLBACK TO one"); err != nil {
			return err
		}
	}
	return l.exec("RELEASE one")
}

func (l *lane) exec(text string) error {
	st, err := l.prepared(context.Background(), text)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(context.Background())
	return err
}

func (l *lane) prepared(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if st, ok := l.stmts[query]; ok {
		return st, nil
	}
	st, err := l.conn.PreparexContext(ctx, l.db.text(query))
	if err == nil {
		l.stmts[query] = st
	}
	return st, err
}

// checkpoint moves the log into the database file and syncs it.
func (l *lane) checkpoint(ctx context.Context) error {
	if _, err := l.conn.ExecContext(ctx, "PRAGMA synchronous = full"); err != nil {
		return err
	}
	// A checkpoint that finds nothing to move syncs nothing: give it a page.
	if err := l.do(ctx, func(*Tx) error { return l.exec("PRAGMA user_version = 1") }); err != nil {
		return err
	}
	_, err := l.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(truncate)")
	return err
}
