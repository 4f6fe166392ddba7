package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
)

var schema = fstest.MapFS{"0001_note.sql": {Data: []byte(`-- +goose Up
CREATE TABLE notes (id {{code}} PRIMARY KEY, n bigint NOT NULL DEFAULT 0, body text NOT NULL DEFAULT '');
CREATE TABLE lines (seq {{serial}}, note {{code}} NOT NULL REFERENCES notes (id));
-- +goose Down
DROP TABLE lines;
DROP TABLE notes;
`)}}

func prepare(url string) error {
	d, err := db.Open(context.Background(), url, clock.System{})
	if err != nil {
		return err
	}
	_, err = d.Migrate(context.Background(), schema)
	return errors.Join(err, d.Close())
}

func open(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), url, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// each runs the body with a migrated database on both engines.
func each(t *testing.T, body func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.EachFrom(t, "notes", prepare, func(t *testing.T, url string) { body(t, open(t, url)) })
}

func insert(ctx context.Context, id string) func(tx *db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO notes (id) VALUES (?)`, id)
		return err
	}
}

func count(t *testing.T, d *db.DB, where string, args ...any) int {
	t.Helper()
	var n int
	if err := d.Get(context.Background(), &n, `SELECT count(*) FROM notes WHERE `+where, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrateOnceAndTellWhatIsPending(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		if p, err := d.Pending(t.Context(), schema); err != nil || !p {
			t.Fatalf("pending %v, %v", p, err)
		}
		for _, want := range []int{1, 0} {
			if n, err := d.Migrate(t.Context(), schema); err != nil || n != want {
				t.Fatalf("%d migrations ran, %v; want %d", n, err, want)
			}
		}
		if p, err := d.Pending(t.Context(), schema); err != nil || p {
			t.Fatalf("pending %v, %v", p, err)
		}
		if err := d.Write(t.Context(), insert(t.Context(), "a")); err != nil {
			t.Fatal(err)
		}
	})
}

func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	url := dbtest.PostgresURL(t)
	var ran atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		d := open(t, url)
		wg.Go(func() {
			n, err := d.Migrate(t.Context(), schema)
			if err != nil {
				t.Error(err)
			}
			ran.Add(int64(n))
		})
	}
	wg.Wait()
	if ran.Load() != 1 {
		t.Errorf("%d migrations ran", ran.Load())
	}
}

// A function that fails, by an error of its own, of the database or by a
// panic, undoes itself alone, whatever else shares its commit.
func TestFailureUndoesItselfAlone(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := d.Write(ctx, insert(ctx, "taken")); err != nil {
			t.Fatal(err)
		}
		own := errors.New("changed my mind")
		var wg sync.WaitGroup
		for i := range 120 {
			id := fmt.Sprintf("n%03d", i)
			wg.Go(func() {
				err := d.Write(ctx, func(tx *db.Tx) error {
					if err := insert(ctx, id)(tx); err != nil {
						return err
					}
					switch i % 4 {
					case 1:
						return own
					case 2:
						return insert(ctx, "taken")(tx)
					case 3:
						panic("a bug")
					}
					return nil
				})
				switch i % 4 {
				case 0:
					if err != nil {
						t.Errorf("%s: %v", id, err)
					}
				case 1:
					if !errors.Is(err, own) {
						t.Errorf("%s: %v", id, err)
					}
				case 2:
					if !db.Duplicate(err) {
						t.Errorf("%s: %v", id, err)
					}
				case 3:
					if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "a bug") {
						t.Errorf("%s: %v", id, err)
					}
				}
			})
		}
		wg.Wait()
		if n := count(t, d, `id LIKE 'n%'`); n != 30 {
			t.Errorf("%d rows stayed, want 30", n)
		}
	})
}

func TestAcknowledgedWritesAreThereAndSeen(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := d.Write(ctx, insert(ctx, "counter")); err != nil {
			t.Fatal(err)
		}
		var woken atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				for k := range 4 {
					id := fmt.Sprintf("w%03d.%d", i, k)
					err := d.Write(ctx, func(tx *db.Tx) error {
						tx.AfterCommit(func() { woken.Add(1) })
						var n int64
						if err := tx.Get(ctx, &n, `SELECT n FROM notes WHERE id = ?`+tx.Lock(), "counter"); err != nil {
							return err
						}
						if _, err := tx.Exec(ctx, `UPDATE notes SET n = ? WHERE id = ?`, n+1, "counter"); err != nil {
							return err
						}
						return insert(ctx, id)(tx)
					})
					if err != nil {
						t.Errorf("%s: %v", id, err)
						return
					}
					var got string // what was acknowledged is seen by the next reader
					if err := d.Get(ctx, &got, `SELECT id FROM notes WHERE id = ?`, id); err != nil {
						t.Errorf("%s is not there after its acknowledgement: %v", id, err)
					}
				}
			})
		}
		wg.Wait()
		var n int64
		if err := d.Get(ctx, &n, `SELECT n FROM notes WHERE id = 'counter'`); err != nil || n != 400 {
			t.Errorf("400 locked increments gave %d, %v", n, err)
		}
		if woken.Load() != 400 {
			t.Errorf("%d listeners woken", woken.Load())
		}
		// A second opening of the same database finds all of it.
		if n := count(t, open(t, d.URL), `id LIKE 'w%'`); n != 400 {
			t.Errorf("reopened: %d rows", n)
		}
	})
}

func TestListenersHearOnlyOfCommits(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		heard := 0
		err := d.Write(ctx, func(tx *db.Tx) error {
			tx.AfterCommit(func() { heard++ })
			return errors.New("no")
		})
		if err == nil || heard != 0 {
			t.Errorf("heard %d of a write that failed with %v", heard, err)
		}
		err = d.Write(ctx, func(tx *db.Tx) error {
			tx.AfterCommit(func() { panic("a broken listener") })
			tx.AfterCommit(func() { heard++ })
			return insert(ctx, "a")(tx)
		})
		if err != nil || heard != 1 || count(t, d, `id = 'a'`) != 1 {
			t.Errorf("a broken listener took the write or the others along: %v, heard %d", err, heard)
		}
		if err := d.Write(ctx, insert(ctx, "b")); err != nil {
			t.Error(err)
		}
	})
}

func TestRepeatRunsTheFunctionAgain(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		runs := 0
		err := d.Write(ctx, func(tx *db.Tx) error {
			runs++
			if err := insert(ctx, "a")(tx); err != nil {
				return err
			}
			if runs < 3 {
				return db.Repeat(fault.New(fault.Conflict, "fault.version"))
			}
			return nil
		})
		if err != nil || runs != 3 || count(t, d, `true`) != 1 {
			t.Errorf("%d runs, %v", runs, err)
		}
		runs = 0
		err = d.Write(ctx, func(*db.Tx) error { runs++; return db.Repeat(errors.New("never settles")) })
		if !fault.Is(err, fault.Unavailable) || runs < 3 {
			t.Errorf("%d runs end in %v", runs, err)
		}
	})
}

func TestSerializationFailuresAndDeadlocksAreRepeated(t *testing.T) {
	d := open(t, dbtest.PostgresFromTemplate(t, "notes", prepare))
	ctx := t.Context()
	for _, id := range []string{"a", "b"} {
		if err := d.Write(ctx, insert(ctx, id)); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("serialization", func(t *testing.T) {
		var wg sync.WaitGroup
		var runs atomic.Int64
		for range 4 {
			wg.Go(func() {
				err := d.Write(ctx, func(tx *db.Tx) error {
					runs.Add(1)
					if _, err := tx.Exec(ctx, `SET TRANSACTION ISOLATION LEVEL SERIALIZABLE`); err != nil {
						return err
					}
					var sum int64
					if err := tx.Get(ctx, &sum, `SELECT sum(n)::bigint FROM notes`); err != nil {
						return err
					}
					_, err := tx.Exec(ctx, `UPDATE notes SET n = ? WHERE id = 'a'`, sum+1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var n int64
		if err := d.Get(ctx, &n, `SELECT n FROM notes WHERE id = 'a'`); err != nil || n != 4 {
			t.Errorf("n = %d after %d runs, %v", n, runs.Load(), err)
		}
	})
	t.Run("deadlock", func(t *testing.T) {
		var wg, both sync.WaitGroup
		both.Add(2)
		for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
			wg.Go(func() {
				first := true
				err := d.Write(ctx, func(tx *db.Tx) error {
					for i, id := range order {
						if _, err := tx.Exec(ctx, `UPDATE notes SET n = n + 10 WHERE id = ?`, id); err != nil {
							return err
						}
						if first && i == 0 { // each holds one row before either asks for the other
							first = false
							both.Done()
							both.Wait()
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, d, `n >= 20`); n != 2 {
			t.Errorf("%d of two rows were raised twice", n)
		}
	})
}

func TestTextsNoEngineCanHoldAreRefusedOnBoth(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		for text, key := range map[string]string{"a\x00b": "fault.nul", "\xff": "fault.utf8"} {
			var n int
			err := d.Get(ctx, &n, `SELECT count(*) FROM notes WHERE id = ?`, text)
			if !fault.Is(err, fault.Invalid) || fault.Of(err).Key != key {
				t.Errorf("reading %q: %v", text, err)
			}
			err = d.Write(ctx, func(tx *db.Tx) error { return insert(ctx, text)(tx) })
			if !fault.Is(err, fault.Invalid) || fault.Of(err).Key != key {
				t.Errorf("writing %q: %v", text, err)
			}
			var ids []string
			if err := d.Select(ctx, &ids, `SELECT id FROM notes WHERE body = ?`, &text); !fault.Is(err, fault.Invalid) {
				t.Errorf("selecting %q: %v", text, err)
			}
		}
		if n := count(t, d, `true`); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestQuotedQuestionMarksAreText(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		for range 2 { // the second run uses the kept text and statement
			var got struct {
				A string `db:"a?"`
				B string `db:"b"`
			}
			err := d.Get(ctx, &got, `SELECT 'why? it''s ?' AS "a?", -- a remark?
				coalesce(?, 'x') || {{sqlite '?lite'}}{{pg '?pg'}} AS b`, "y")
			want := "y?lite"
			if d.Engine == db.Postgres {
				want = "y?pg"
			}
			if err != nil || got.A != "why? it's ?" || got.B != want {
				t.Errorf("%+v, %v", got, err)
			}
		}
	})
}

func TestMissingRowIsErrNoRows(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var id string
		if err := d.Get(t.Context(), &id, `SELECT id FROM notes WHERE id = 'x'`); !errors.Is(err, db.ErrNoRows) {
			t.Error(err)
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error { return tx.Get(t.Context(), &id, `SELECT id FROM notes WHERE id = 'x'`) })
		if !errors.Is(err, db.ErrNoRows) {
			t.Error(err)
		}
	})
}

func TestDuplicateIsOnlyAUniqueConstraint(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := d.Write(ctx, insert(ctx, "a")); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(ctx, insert(ctx, "a")); !db.Duplicate(err) {
			t.Errorf("a second a: %v", err)
		}
		err := d.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO lines (note) VALUES ('nobody')`)
			return err
		})
		if err == nil || db.Duplicate(err) {
			t.Errorf("a broken reference: %v", err)
		}
		if db.Duplicate(nil) || db.Duplicate(errors.New("x")) {
			t.Error("anything is a duplicate")
		}
	})
}

func TestCancelledCallers(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.Write(gone, insert(gone, "never")); !errors.Is(err, context.Canceled) {
			t.Errorf("a write nobody waits for: %v", err)
		}
		var n int
		if err := d.Get(gone, &n, `SELECT count(*) FROM notes`); !errors.Is(err, context.Canceled) {
			t.Errorf("a read nobody waits for: %v", err)
		}
		late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		if err := d.Write(late, insert(late, "late")); !fault.Is(err, fault.Unavailable) {
			t.Errorf("a write past its deadline: %v", err)
		}
		// Once under way a write ends, and with it whatever shares its commit.
		ctx, cancel := context.WithCancel(t.Context())
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := insert(ctx, "one")(tx); err != nil {
				return err
			}
			cancel()
			return insert(ctx, "two")(tx)
		})
		if err != nil || count(t, d, `true`) != 2 {
			t.Errorf("cancelled under way: %v, %d rows", err, count(t, d, `true`))
		}
	})
}

func TestCloseUnderLoadAnswersEverybody(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var acked sync.Map
		var wg sync.WaitGroup
		begun := make(chan struct{}, 32)
		for i := range 32 {
			wg.Go(func() {
				for k := 0; ; k++ {
					id := fmt.Sprintf("%d.%d", i, k)
					err := d.Write(ctx, insert(ctx, id))
					if err != nil {
						if !fault.Is(err, fault.Unavailable) {
							t.Errorf("%s: %v", id, err)
						}
						return
					}
					acked.Store(id, true)
					if k == 1 {
						begun <- struct{}{}
					}
				}
			})
		}
		for range 32 {
			<-begun
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait() // nobody is left waiting
		if err := d.Close(); err != nil {
			t.Errorf("closing twice: %v", err)
		}
		var n int
		if err := d.Get(ctx, &n, `SELECT 1`); !fault.Is(err, fault.Unavailable) {
			t.Errorf("reading a closed database: %v", err)
		}
		again := open(t, d.URL)
		acked.Range(func(id, _ any) bool {
			if count(t, again, `id = ?`, id) != 1 {
				t.Errorf("%s was acknowledged and is gone", id)
			}
			return true
		})
	})
}

func TestNowIsTheNodesClockOnlyWhenItIsMadeUp(t *testing.T) {
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	dbtest.Each(t, func(t *testing.T, url string) {
		for name, c := range map[string]clock.Clock{"fake": clock.NewFake(at), "system": clock.System{}} {
			d, err := db.Open(t.Context(), url, c)
			if err != nil {
				t.Fatal(err)
			}
			err = d.Write(t.Context(), func(tx *db.Tx) error {
				ms, err := tx.Now(t.Context())
				if off := time.UnixMilli(ms).Sub(c.Now()).Abs(); off > time.Minute {
					t.Errorf("%s: off by %v", name, off)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
			d.Close()
		}
	})
}

func TestLooseFillingIsSettled(t *testing.T) {
	dbtest.EachFrom(t, "notes", prepare, func(t *testing.T, url string) {
		d := open(t, db.Loose(url))
		ctx := t.Context()
		if d.Engine == db.SQLite && d.URL != url {
			t.Errorf("the URL is %s", d.URL)
		}
		if err := d.Write(ctx, insert(ctx, "a")); err != nil {
			t.Fatal(err)
		}
		if err := d.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		if d.Engine == db.SQLite {
			if info, err := os.Stat(strings.TrimPrefix(url, "sqlite:") + "-wal"); err != nil || info.Size() != 0 {
				t.Errorf("the log still holds what is to be durable: %v, %v", info, err)
			}
		}
		if err := d.Write(ctx, insert(ctx, "b")); err != nil || count(t, open(t, url), `true`) != 2 {
			t.Errorf("after settling: %v", err)
		}
	})
}

func TestOpenRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, url := range []string{"", "mysql://x", "linli.db", "postgres://u:secret@127.0.0.1:1/x?connect_timeout=1"} {
		d, err := db.Open(t.Context(), url, clock.System{})
		if err == nil {
			d.Close()
			t.Errorf("%q opens", url)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the message holds the password: %v", err)
		}
	}
	for in, want := range map[string]string{
		"postgres://u:secret@h/x":          "postgres://u:xxxxx@h/x",
		"postgres://u@h/x?password=secret": "postgres://u@h/x?password=xxxxx",
		"postgres://u@h/x?sslmode=disable": "postgres://u@h/x?sslmode=disable",
		"sqlite:/var/lib/linli/linli.db":   "sqlite:/var/lib/linli/linli.db",
		"postgres://u:se%zzcret@h/x":       "(unreadable URL)",
	} {
		if got := db.Redact(in); got != want {
			t.Errorf("Redact(%q) = %q", in, got)
		}
	}
}

func TestHandleDoesNotWaitForTheWriter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var one int
		if err := open(t, url).Handle().QueryRowContext(ctx, `SELECT 1`).Scan(&one); err != nil || one != 1 {
			t.Errorf("%d, %v", one, err)
		}
	})
}

func TestRender(t *testing.T) {
	for _, c := range []struct{ text, lite, pg string }{
		{"a {{sqlite b}}{{pg c}} d", "a b d", "a c d"},
		{"{{pg  AND x}}", "", " AND x"},
		{"id {{code}}", "id text", `id text COLLATE "C"`},
		{"{{serial}}", "integer PRIMARY KEY AUTOINCREMENT", "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"},
		{"{{sqlite a}} {{sqlite b}}", "a b", " "},
		{"open {{ end", "open {{ end", "open {{ end"},
	} {
		if got := db.Render(c.text, db.SQLite); got != c.lite {
			t.Errorf("%q on SQLite: %q", c.text, got)
		}
		if got := db.Render(c.text, db.Postgres); got != c.pg {
			t.Errorf("%q on PostgreSQL: %q", c.text, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown mark passes")
		}
	}()
	db.Render("{{mysql x}}", db.SQLite)
}
