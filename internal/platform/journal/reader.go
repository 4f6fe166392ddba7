package journal

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"linli/internal/core/event"
	"linli/internal/platform/db"
)

// Poll is how often a node looks for events of other nodes.
const Poll = 250 * time.Millisecond

// Reader is a listener with a place of its own in the log. Apply writes its
// effect in the transaction that moves the cursor, so an event acts once on
// any number of nodes; it must be quick and do no I/O but tx.
type Reader struct {
	Name  string
	Kinds []string // of events it wants, nil for all
	Batch int      // events a transaction, 0 for 64
	Apply func(ctx context.Context, tx *db.Tx, events []event.Event) error
	// Reset empties what Apply has built, so that it can be built again from zero.
	Reset func(ctx context.Context, tx *db.Tx) error
}

// unsettled is how long Drain waits before it asks again.
const unsettled = 5 * time.Millisecond

type position struct {
	XID int64 `db:"xid"`
	Seq int64 `db:"seq"`
}

func (p position) before(q position) bool {
	return p.XID < q.XID || p.XID == q.XID && p.Seq < q.Seq
}

// settled is the part of the log that no running transaction can still write
// before: on PostgreSQL numbers alone commit out of order.
const settled = `{{pg  AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint}}`

// After and UpTo are conditions on an event e, each with the xid and seq of a
// position, and InOrder is the order of reading. On SQLite xid is always 0 and
// seq the row's own number, which a comparison of pairs would not look up: it
// would read the log from its beginning each time.
const (
	After   = `{{sqlite ? <= 0 AND e.seq > ?}}{{pg (e.xid, e.seq) > (?, ?)}}`
	UpTo    = `{{sqlite ? >= 0 AND e.seq <= ?}}{{pg (e.xid, e.seq) <= (?, ?)}}`
	InOrder = `{{sqlite e.seq}}{{pg e.xid, e.seq}}`
)

const after = `SELECT ` + columns + ` FROM events e WHERE ` + After + settled + ` ORDER BY ` + InOrder + ` LIMIT ?`

// Step lets r read one batch and reports whether there may be more.
func (j *Journal) Step(ctx context.Context, r Reader) (more bool, err error) {
	batch := cmp.Or(j.Batch, r.Batch, 64)
	var at position
	err = j.DB.Get(ctx, &at, `SELECT xid, seq FROM cursors WHERE name = ?`, r.Name)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return false, err
	}
	missing := err != nil
	var ahead []event.Event
	if err := j.DB.Select(ctx, &ahead, after, at.XID, at.Seq, 1); err != nil || len(ahead) == 0 {
		return false, err
	}
	err = j.DB.Write(ctx, func(tx *db.Tx) error {
		if missing {
			if _, err := tx.Exec(ctx, `INSERT INTO cursors (name) VALUES (?) ON CONFLICT DO NOTHING`, r.Name); err != nil {
				return err
			}
		}
		var at position
		if err := tx.Get(ctx, &at, `SELECT xid, seq FROM cursors WHERE name = ?`+tx.Lock(), r.Name); err != nil {
			return err
		}
		var events []event.Event
		if err := tx.Select(ctx, &events, after, at.XID, at.Seq, batch); err != nil {
			return err
		}
		more = len(events) == batch
		if len(events) == 0 {
			return nil
		}
		last := events[len(events)-1]
		if r.Kinds != nil {
			events = slices.DeleteFunc(events, func(e event.Event) bool { return !slices.Contains(r.Kinds, e.Kind) })
		}
		if len(events) > 0 {
			if err := r.Apply(ctx, tx, events); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE cursors SET xid = ?, seq = ? WHERE name = ?`, last.XID, last.Seq, r.Name)
		return err
	})
	return more, err
}

// Drain lets the readers read every event that was committed when it was
// called. On PostgreSQL the latest of them are settled only when older
// transactions have ended, those of other databases of the server too: it
// waits for them.
func (j *Journal) Drain(ctx context.Context, readers ...Reader) error {
	var end position
	err := j.DB.Get(ctx, &end, `SELECT xid, seq FROM events ORDER BY xid DESC, seq DESC LIMIT 1`)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, r := range readers {
		for {
			if err := j.drain(ctx, r); err != nil {
				return err
			}
			var at position
			if err := j.DB.Get(ctx, &at, `SELECT xid, seq FROM cursors WHERE name = ?`, r.Name); err != nil && !errors.Is(err, db.ErrNoRows) {
				return err
			}
			if !at.before(end) {
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(unsettled):
			}
		}
	}
	return nil
}

// drain lets r read all that is settled.
func (j *Journal) drain(ctx context.Context, r Reader) error {
	for more := true; more; {
		var err error
		if more, err = j.Step(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// Rebuild empties what r has built and lets it read the log from the start.
func (j *Journal) Rebuild(ctx context.Context, r Reader) error {
	err := j.DB.Write(ctx, func(tx *db.Tx) error {
		// The cursor's lock first: another node may be applying a batch, whose
		// rows Reset would not see until that batch is committed.
		if _, err := tx.Exec(ctx, `INSERT INTO cursors (name) VALUES (?) ON CONFLICT DO NOTHING`, r.Name); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE cursors SET xid = 0, seq = 0 WHERE name = ?`, r.Name); err != nil {
			return err
		}
		return r.Reset(ctx, tx)
	})
	if err != nil {
		return err
	}
	return j.Drain(ctx, r)
}

// Follow runs the readers and the node's own tail until ctx ends. A reader
// that fails is logged and tried again; others go on.
func (j *Journal) Follow(ctx context.Context, readers ...Reader) {
	var wg sync.WaitGroup
	wg.Go(func() { j.every(ctx, "tail", func() error { return j.notice(ctx) }) })
	for _, r := range readers {
		wg.Go(func() { j.every(ctx, r.Name, func() error { return j.drain(ctx, r) }) })
	}
	wg.Wait()
}

// every runs f at each piece of news and at least each Poll, waiting longer
// after failures.
func (j *Journal) every(ctx context.Context, name string, f func() error) {
	wait := Poll
	for {
		news := j.News()
		if err := f(); err != nil && ctx.Err() == nil {
			j.Log.Error("event reader", "reader", name, "err", err)
			wait = min(2*wait, 30*time.Second)
			news = nil
		} else {
			wait = Poll
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-news:
			t.Stop()
		case <-t.C:
		}
	}
}

// notice moves the node's tail over new events, of other nodes too, and
// renews what memory depends on them.
func (j *Journal) notice(ctx context.Context) error {
	j.mu.Lock()
	at := j.tail
	j.mu.Unlock()
	for {
		var events []struct {
			position
			Kind string `db:"kind"`
		}
		err := j.DB.Select(ctx, &events, `SELECT xid, seq, kind FROM events e WHERE `+After+settled+` ORDER BY `+InOrder+` LIMIT ?`, at.XID, at.Seq, 1000)
		if err != nil || len(events) == 0 {
			return err
		}
		at = events[len(events)-1].position
		j.mu.Lock()
		j.tail = at
		for _, e := range events {
			j.gens[e.Kind]++
		}
		j.mu.Unlock()
	}
}

// StartTail sets the tail to the log's present end, so that a node does not
// read all of history at its start.
func (j *Journal) StartTail(ctx context.Context) error {
	var at position
	err := j.DB.Get(ctx, &at, `SELECT xid, seq FROM events WHERE true`+settled+` ORDER BY xid DESC, seq DESC LIMIT 1`)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	j.mu.Lock()
	j.tail = at
	j.mu.Unlock()
	return err
}
