//go:build unix

package journal_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	_ "modernc.org/sqlite"

	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
)

// cpu is the processor time of this process in nanoseconds.
func cpu() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// measure runs one with 16 callers at once and reports processor time per operation.
func measure(b *testing.B, one func(i int64) error) {
	b.SetParallelism(8) // × 2 processors
	var n atomic.Int64
	b.ResetTimer()
	before := cpu()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := one(n.Add(1)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
}

// BenchmarkDurable compares a durable creation with its event and operation
// key against one bare INSERT per transaction, both on SQLite with
// synchronous=FULL and 16 callers.
func BenchmarkDurable(b *testing.B) {
	insert := `INSERT INTO tools VALUES (?, 'open', 1, 2, 3, 'fade', '320105004004', '320105004004', '320105004', 'bob', 5, 1, false, '')`
	b.Run("bare", func(b *testing.B) {
		path := strings.TrimPrefix(dbtest.SQLiteFromTemplate(b, "tools", prepare), "sqlite:")
		d, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(10000)&_txlock=immediate")
		if err != nil {
			b.Fatal(err)
		}
		defer d.Close()
		d.SetMaxOpenConns(1)
		measure(b, func(int64) error {
			tx, err := d.Begin()
			if err != nil {
				return err
			}
			defer tx.Rollback()
			if _, err := tx.Exec(insert, id.New()); err != nil {
				return err
			}
			return tx.Commit()
		})
	})
	b.Run("write", func(b *testing.B) {
		h := node(b, dbtest.SQLiteFromTemplate(b, "tools", prepare))
		measure(b, func(int64) error {
			return h.DB.Write(context.Background(), func(tx *db.Tx) error {
				_, err := tx.Exec(context.Background(), insert, id.New())
				return err
			})
		})
	})
	b.Run("create", func(b *testing.B) {
		h := node(b, dbtest.SQLiteFromTemplate(b, "tools", prepare))
		measure(b, func(i int64) error { return h.create(bob, fmt.Sprint("key", i), "body", false) })
	})
	b.Run("move", func(b *testing.B) {
		h := node(b, dbtest.SQLiteFromTemplate(b, "tools", prepare))
		m := h.born(b, 1<<40, false)
		measure(b, func(i int64) error { _, err := h.lend(bob, m.ID, `{}`, fmt.Sprint("key", i)); return err })
	})
}

// BenchmarkList compares reading a page of 20 through the door to the database
// with the same rows read by database/sql.
func BenchmarkList(b *testing.B) {
	h := node(b, dbtest.SQLiteFromTemplate(b, "tools", prepare))
	err := h.DB.Write(context.Background(), func(tx *db.Tx) error {
		for range 500 {
			m := &tool{Left: 1}
			m.Author = "bob"
			m.Locate("320105004004")
			if err := h.tools.Born(context.Background(), tx, m, "", &flow.Change{Actor: bob}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	const list = `SELECT * FROM tools WHERE community = ? ORDER BY id DESC LIMIT 21`
	b.Run("bare", func(b *testing.B) {
		d, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(h.DB.URL, "sqlite:")+"?_pragma=query_only(on)")
		if err != nil {
			b.Fatal(err)
		}
		defer d.Close()
		d.SetMaxOpenConns(8)
		d.SetMaxIdleConns(8)
		st, err := d.Prepare(list)
		if err != nil {
			b.Fatal(err)
		}
		measure(b, func(int64) error {
			rows, err := st.Query("320105004004")
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var m tool
				if err := rows.Scan(&m.ID, &m.State, &m.Version, &m.Since, &m.DueAt, &m.DueDo, &m.Place, &m.Community, &m.Street, &m.Author, &m.CreatedAt, &m.Left, &m.Hidden, &m.Holder); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	})
	b.Run("select", func(b *testing.B) {
		measure(b, func(int64) error {
			var ms []*tool
			return h.DB.Select(context.Background(), &ms, list, "320105004004")
		})
	})
	b.Run("settled", func(b *testing.B) { // what a list does with each row besides
		now := h.clock.Now().UnixMilli()
		measure(b, func(int64) error {
			var ms []*tool
			if err := h.DB.Select(context.Background(), &ms, list, "320105004004"); err != nil {
				return err
			}
			for _, m := range ms {
				if _, err := life.Settle(m, now, spans{}); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
