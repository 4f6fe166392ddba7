package db

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/platform/dbtest"
)

// openLite opens a SQLite database with one table, inside the package, so that
// the writer's connection can be given a full disk.
func openLite(t *testing.T) *DB {
	t.Helper()
	d, err := Open(t.Context(), dbtest.SQLiteURL(t), clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	err = d.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), `CREATE TABLE notes (id text PRIMARY KEY, body text NOT NULL)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// pragma runs on the writer's own connection, between batches.
func (d *DB) pragma(t *testing.T, text string) {
	t.Helper()
	if _, err := d.lane.conn.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

// When the disk is full all who share the commit are told to come again, none
// of their rows stays, and writing works again once there is room.
func TestFullDiskFailsTheWholeBatchAndHeals(t *testing.T) {
	d := openLite(t)
	ctx := t.Context()
	big := strings.Repeat("x", 8<<10)
	add := func(id string, body string) error {
		return d.Write(ctx, func(tx *Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO notes VALUES (?, ?)`, id, body)
			return err
		})
	}
	if err := add("before", big); err != nil {
		t.Fatal(err)
	}
	d.pragma(t, `PRAGMA max_page_count = 12`)

	// The gate holds the writer until all have queued behind it: one batch.
	gate, queued := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		d.Write(ctx, func(*Tx) error { close(queued); <-gate; return nil })
	})
	<-queued
	var full, swallowed atomic.Int64
	for i := range 20 {
		wg.Go(func() {
			err := d.Write(ctx, func(tx *Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO notes VALUES (?, ?)`, fmt.Sprint("lost", i), big)
				if err != nil && i%2 == 0 { // even a function that forgets its error harms nobody
					swallowed.Add(1)
					tx.Exec(ctx, `INSERT INTO notes VALUES (?, '')`, fmt.Sprint("stray", i))
					return nil
				}
				return err
			})
			if fault.Is(err, fault.Unavailable) {
				full.Add(1)
			} else {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	for len(d.lane.jobs) < 20 { // they are on their way into the queue
		if full.Load() > 0 {
			t.Fatal("the gate does not hold")
		}
		runtime.Gosched()
	}
	close(gate)
	wg.Wait()
	if full.Load() != 20 {
		t.Errorf("%d of 20 were told", full.Load())
	}
	var rows []string
	if err := d.Select(ctx, &rows, `SELECT id FROM notes ORDER BY id`); err != nil || len(rows) != 1 {
		t.Errorf("rows %v, %v", rows, err)
	}
	if err := add("still", big+big+big+big); !fault.Is(err, fault.Unavailable) {
		t.Errorf("still full: %v", err)
	}
	d.pragma(t, `PRAGMA max_page_count = 100000`)
	if err := add("after", big); err != nil {
		t.Errorf("after there is room again: %v", err)
	}
	var after []string
	if err := d.Select(ctx, &after, `SELECT id FROM notes ORDER BY id`); err != nil || strings.Join(after, " ") != "after before" {
		t.Errorf("rows %v, %v", after, err)
	}
}

func TestReadOnlyDatabaseIsUnavailable(t *testing.T) {
	d := openLite(t)
	ctx := t.Context()
	write := func() error {
		return d.Write(ctx, func(tx *Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO notes VALUES ('a', '')`)
			return err
		})
	}
	d.pragma(t, `PRAGMA query_only = on`)
	if err := write(); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	err := d.Write(ctx, func(tx *Tx) error {
		tx.Exec(ctx, `INSERT INTO notes VALUES ('b', '')`)
		return nil // the function forgets its error; what it was told would be a lie
	})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("a forgotten failure is acknowledged: %v", err)
	}
	d.pragma(t, `PRAGMA query_only = off`)
	if err := write(); err != nil {
		t.Errorf("writable again: %v", err)
	}
}

// An error of a function's own making that only looks like an outage concerns
// nobody else in the batch.
func TestOnlyTheEnginesErrorsEndABatch(t *testing.T) {
	d := openLite(t)
	ctx := t.Context()
	gate, queued := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { d.Write(ctx, func(*Tx) error { close(queued); <-gate; return nil }) })
	<-queued
	strange := errors.New("unexpected EOF")
	for i := range 10 {
		wg.Go(func() {
			err := d.Write(ctx, func(tx *Tx) error {
				if i%2 == 1 {
					return strange
				}
				_, err := tx.Exec(ctx, `INSERT INTO notes VALUES (?, '')`, fmt.Sprint(i))
				return err
			})
			if i%2 == 0 && err != nil || i%2 == 1 && !errors.Is(err, strange) {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	for len(d.lane.jobs) < 10 {
		runtime.Gosched()
	}
	close(gate)
	wg.Wait()
}

func TestNumber(t *testing.T) {
	for in, want := range map[string]string{
		"a = ? AND b = ?":              "a = $1 AND b = $2",
		"'?' || ? || '''?' || ?":       "'?' || $1 || '''?' || $2",
		`"a?b" = ?`:                    `"a?b" = $1`,
		"-- why?\n?":                   "-- why?\n$1",
		"? -- why?":                    "$1 -- why?",
		"a - ?":                        "a - $1",
		"'open ?":                      "'open $1",
		"?, ?, ?, ?, ?, ?, ?, ?, ?, ?": "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10",
	} {
		if got := number(in); got != want {
			t.Errorf("number(%q) = %q, want %q", in, got, want)
		}
	}
}
