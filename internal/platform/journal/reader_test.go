package journal_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
)

// hears counts each event it is given, so that a second time shows.
func hears(name string, kinds ...string) journal.Reader {
	return journal.Reader{Name: name, Kinds: kinds, Batch: 7,
		Apply: func(ctx context.Context, tx *db.Tx, events []event.Event) error {
			for _, e := range events {
				_, err := tx.Exec(ctx, `INSERT INTO heard (reader, seq, n) VALUES (?, ?, 1) ON CONFLICT (reader, seq) DO UPDATE SET n = heard.n + 1`, name, e.Seq)
				if err != nil {
					return err
				}
			}
			return nil
		},
		Reset: func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM heard WHERE reader = ?`, name)
			return err
		}}
}

func (h *house) heardOnce(t *testing.T, reader string) {
	t.Helper()
	events := h.number(t, `SELECT count(*) FROM events`)
	if n := h.number(t, `SELECT count(*) FROM heard WHERE reader = ? AND n = 1`, reader); n != events {
		t.Errorf("%s heard %d of %d events once", reader, n, events)
	}
	if n := h.number(t, `SELECT count(*) FROM heard WHERE reader = ? AND n > 1`, reader); n != 0 {
		t.Errorf("%s heard %d events more than once", reader, n)
	}
}

// Numbers commit out of order on PostgreSQL; still each event is heard once,
// and a matter's events in their order, by readers on two nodes at once, while
// 27 callers write.
func TestReadersHearEachEventOnceUnderLoad(t *testing.T) {
	dbtest.EachFrom(t, "tools", prepare, func(t *testing.T, url string) {
		a := node(t, url)
		b := a
		if a.DB.Engine == db.Postgres {
			b = node(t, url)
		}
		wanted := a.born(t, 27*8, false)
		ctx, stop := context.WithCancel(context.Background())
		var readers, writers sync.WaitGroup
		for _, h := range []*house{a, b} {
			readers.Go(func() { h.Follow(ctx, hears("first"), hears("second")) })
		}
		for i := range 27 {
			writers.Go(func() {
				h := []*house{a, b}[i%2]
				for range 8 {
					m := h.born(t, 3, false)
					if _, err := h.lend(bob, m.ID, `{}`, ""); err != nil {
						t.Error(err)
					}
					// One that all want, by who has written something before.
					err := h.DB.Write(ctx, func(tx *db.Tx) error {
						if _, err := h.tools.Step(ctx, tx, bob, journal.Request{ID: m.ID, Do: "lend"}); err != nil {
							return err
						}
						_, err := h.tools.Step(ctx, tx, bob, journal.Request{ID: wanted.ID, Do: "lend"})
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		stop()
		readers.Wait()
		if err := a.Drain(context.Background(), hears("first"), hears("second")); err != nil {
			t.Fatal(err)
		}
		if n := a.number(t, `SELECT count(*) FROM events`); n != 1+27*8*4 {
			t.Errorf("%d events", n)
		}
		if n := a.number(t, disordered); n != 0 {
			t.Errorf("%d pairs of moves are read the wrong way round", n)
		}
		a.heardOnce(t, "first")
		a.heardOnce(t, "second")
	})
}

// disordered counts pairs of events of one subject that readers would read the
// wrong way round.
const disordered = `SELECT count(*) FROM events a JOIN events b ON b.subject = a.subject AND b.version > a.version AND (b.xid, b.seq) < (a.xid, a.seq)`

// A transaction that wrote something before it came to a matter is older than
// those that moved the matter meanwhile, and comes after them all the same: in
// that matter, in others that it touches, and however its events are written.
func TestEventsStandInTheOrderOfWhatTheySaw(t *testing.T) {
	h := node(t, dbtest.PostgresFromTemplate(t, "tools", prepare))
	ctx := context.Background()
	m := h.born(t, 9, false)
	err := h.DB.Write(ctx, func(tx *db.Tx) error {
		said := func(subject string) event.Event {
			return event.Event{Kind: "tool", Subject: subject, Version: 1, Audience: event.Public}
		}
		if err := h.AppendEvent(ctx, tx, said("before"), nil); err != nil {
			return err
		}
		if _, err := h.lend(bob, m.ID, `{}`, ""); err != nil { // another transaction's
			return err
		}
		if _, err := h.tools.Step(ctx, tx, bob, journal.Request{ID: m.ID, Do: "lend"}); err != nil {
			return err
		}
		if _, err := h.Step(ctx, hears("r")); err != nil {
			return err
		}
		if n := h.number(t, `SELECT count(*) FROM heard`); n > 1 { // 0 where a transaction of another test holds up the readers
			t.Errorf("%d events were read, want at most what was there before the transaction that still runs", n)
		}
		return h.AppendAll(ctx, tx, []journal.Entry{{Event: said("one of many")}, {Event: said("another of many")}})
	})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	if err := h.DB.Select(ctx, &order, `SELECT CASE kind WHEN 'tool' THEN CASE move WHEN '' THEN subject ELSE move || version END END FROM events ORDER BY xid, seq`); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, ", "); got != "create1, before, lend2, lend3, one of many, another of many" {
		t.Errorf("read in the order %s", got)
	}
	if err := h.Drain(ctx, hears("r")); err != nil {
		t.Fatal(err)
	}
	h.heardOnce(t, "r")
}

// An event whose transaction still runs is waited for, though later numbers
// are already committed.
func TestReadersWaitForARunningTransaction(t *testing.T) {
	h := node(t, dbtest.PostgresFromTemplate(t, "tools", prepare))
	ctx := context.Background()
	written, finish := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
			err := h.AppendEvent(ctx, tx, event.Event{Kind: "slow", Subject: "s", Version: 1, Audience: event.Public}, nil)
			close(written)
			<-finish
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-written
	h.born(t, 1, false)
	if _, err := h.Step(ctx, hears("r")); err != nil {
		t.Fatal(err)
	}
	if n := h.number(t, `SELECT count(*) FROM heard`); n != 0 {
		t.Errorf("%d events were read past one that still runs", n)
	}
	close(finish)
	if err := h.Drain(ctx, hears("r")); err != nil { // it waits for the slow one
		t.Fatal(err)
	}
	wg.Wait()
	h.heardOnce(t, "r")
}

func TestReadersTakeTheirKindsAndSkipTheRest(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		for i := range 30 {
			kind := []string{"tool", "other"}[i%2]
			err := h.DB.Write(ctx, func(tx *db.Tx) error {
				return h.AppendEvent(ctx, tx, event.Event{Kind: kind, Subject: kind, Version: int64(i), Audience: event.Public}, nil)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Drain(ctx, hears("some", "other"), hears("none", "unheard of")); err != nil {
			t.Fatal(err)
		}
		if n := h.number(t, `SELECT count(*) FROM heard WHERE reader = 'some'`); n != 15 {
			t.Errorf("heard %d", n)
		}
		if n := h.number(t, `SELECT count(*) FROM cursors c JOIN events e ON e.seq = c.seq AND e.xid = c.xid WHERE e.seq = (SELECT max(seq) FROM events)`); n != 2 {
			t.Errorf("%d cursors stand at the end", n)
		}
	})
}

func TestAFailingReaderLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		for range 20 {
			h.born(t, 1, false)
		}
		r := hears("shaky")
		apply, fails := r.Apply, 2
		r.Apply = func(ctx context.Context, tx *db.Tx, events []event.Event) error {
			if err := apply(ctx, tx, events); err != nil {
				return err
			}
			if events[0].Seq > 10 && fails > 0 {
				fails--
				if fails == 0 {
					panic("a bug")
				}
				return errors.New("shaken")
			}
			return nil
		}
		if err := h.Drain(ctx, r); err == nil {
			t.Fatal("an error is swallowed")
		}
		if err := h.Drain(ctx, r); !fault.Is(err, fault.Internal) {
			t.Fatalf("a panic is swallowed: %v", err)
		}
		if err := h.Drain(ctx, r); err != nil {
			t.Fatal(err)
		}
		h.heardOnce(t, "shaky")
	})
}

func TestRebuildStartsFromZeroWhileOthersRead(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		for range 40 {
			h.born(t, 1, false)
		}
		if err := h.Drain(ctx, hears("r")); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := h.Drain(ctx, hears("r")); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if err := h.Rebuild(ctx, hears("r")); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := h.Drain(ctx, hears("r")); err != nil {
			t.Fatal(err)
		}
		h.heardOnce(t, "r")
		if err := h.Rebuild(ctx, hears("new")); err != nil { // never read before
			t.Fatal(err)
		}
		h.heardOnce(t, "new")
	})
}

// A node notices its own events at once and those of another by its tail.
func TestGenerationGrowsWithEventsOfEveryNode(t *testing.T) {
	dbtest.EachFrom(t, "tools", prepare, func(t *testing.T, url string) {
		a := node(t, url)
		a.born(t, 1, false)
		if err := a.Drain(context.Background(), hears("first")); err != nil { // so that it is settled
			t.Fatal(err)
		}
		b := node(t, url)
		if err := b.StartTail(context.Background()); err != nil {
			t.Fatal(err)
		}
		if g := b.Generation("tool"); g != 0 {
			t.Errorf("history counts as news: %d", g)
		}
		was, news := a.Generation("tool"), a.News()
		a.born(t, 1, false)
		if a.Generation("tool") <= was || a.Generation("other") != 0 {
			t.Error("own events are not noticed, or under another kind")
		}
		select {
		case <-news:
		default:
			t.Error("nobody is woken")
		}
		ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
		var wg sync.WaitGroup
		wg.Go(func() { b.Follow(ctx) })
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for b.Generation("tool") == 0 && ctx.Err() == nil {
			<-tick.C
		}
		stop()
		wg.Wait()
		if g := b.Generation("tool"); g != 1 {
			t.Errorf("the other node noticed %d events", g)
		}
	})
}

func TestStartTailOfAnEmptyLog(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if err := h.StartTail(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// What a reader asks for next is looked up, not searched for from the beginning
// of the log, as SQLite would a comparison of pairs.
func TestReadersLookUpWhereTheyAre(t *testing.T) {
	h := node(t, dbtest.SQLiteFromTemplate(t, "tools", prepare))
	for _, where := range []string{journal.After, journal.After + ` AND ` + journal.UpTo} {
		args := []any{0, 5, 0, 9}[:strings.Count(db.Render(where, db.SQLite), "?")]
		var plan []struct {
			ID      int64  `db:"id"`
			Parent  int64  `db:"parent"`
			NotUsed int64  `db:"notused"`
			Detail  string `db:"detail"`
		}
		err := h.DB.Select(t.Context(), &plan, `EXPLAIN QUERY PLAN SELECT e.kind FROM events e WHERE `+where+` ORDER BY `+journal.InOrder+` LIMIT 16`, args...)
		if err != nil {
			t.Fatal(err)
		}
		if len(plan) != 1 || !strings.Contains(plan[0].Detail, "PRIMARY KEY (rowid>?") {
			t.Errorf("%s: %+v", where, plan)
		}
	}
}
