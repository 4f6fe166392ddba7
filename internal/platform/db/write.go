package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
		return err
	}
	if d.Engine == SQLite {
		return d.lane.do(fn)
	}
	ctx = context.WithoutCancel(ctx)
	var err error
	for try := range tries {
		if try > 0 {
			time.Sleep(time.Duration(rand.Int64N(int64(try)*8)+1) * time.Millisecond)
		}
		if err = d.writePostgres(ctx, fn); !again(err) {
			return outage(err)
		}
	}
	return unavailable(err)
}

func (d *DB) writePostgres(ctx context.Context, fn func(tx *Tx) error) (err error) {
	x, err := d.write.BeginTxx(ctx, nil)
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

// AfterCommit has f called once the transaction is durable.
func (t *Tx) AfterCommit(f func()) { t.wakers = append(t.wakers, f) }

func (t *Tx) wake() {
	for _, f := range t.wakers {
		f()
	}
}

// Engine tells which database this is, for the rare rule that differs.
func (t *Tx) Engine() Engine { return t.db.Engine }

// Exec changes rows and returns how many.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx = context.WithoutCancel(ctx)
	var res sql.Result
	var err error
	if t.lane != nil {
		var st *sqlx.Stmt
		if st, err = t.lane.prepared(ctx, query); err == nil {
			res, err = st.ExecContext(ctx, args...)
		}
	} else {
		res, err = t.q.ExecContext(ctx, t.db.text(query), args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Get reads one row inside the transaction.
func (t *Tx) Get(ctx context.Context, dest any, query string, args ...any) error {
	ctx = context.WithoutCancel(ctx)
	if t.lane != nil {
		st, err := t.lane.prepared(ctx, query)
		if err != nil {
			return err
		}
		return st.GetContext(ctx, dest, args...)
	}
	return t.q.GetContext(ctx, dest, t.db.text(query), args...)
}

// Select reads all rows inside the transaction.
func (t *Tx) Select(ctx context.Context, dest any, query string, args ...any) error {
	ctx = context.WithoutCancel(ctx)
	if t.lane != nil {
		st, err := t.lane.prepared(ctx, query)
		if err != nil {
			return err
		}
		return st.SelectContext(ctx, dest, args...)
	}
	return t.q.SelectContext(ctx, dest, t.db.text(query), args...)
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
	db    *DB
	conn  *sqlx.Conn
	stmts map[string]*sqlx.Stmt
	jobs  chan *job
	stop  chan struct{}
	done  sync.WaitGroup
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
	l := &lane{db: d, conn: conn, stmts: map[string]*sqlx.Stmt{}, jobs: make(chan *job, 4*batchMost), stop: make(chan struct{})}
	l.done.Add(1)
	go l.run()
	return l, nil
}

func (l *lane) do(fn func(tx *Tx) error) error {
	j := &job{fn: fn, done: make(chan struct{})}
	select {
	case l.jobs <- j:
	case <-l.stop:
		return unavailable(errors.New("database is closing"))
	}
	<-j.done
	return j.err
}

func (l *lane) close() {
	close(l.stop)
	l.done.Wait()
	l.conn.Close()
}

func (l *lane) run() {
	defer l.done.Done()
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
	if j.err != nil {
		if fatal := outage(j.err); fault.Is(fatal, fault.Unavailable) && !fault.Is(j.err, fault.Unavailable) {
			return j.err // full disk, I/O error: the transaction may be gone
		}
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
