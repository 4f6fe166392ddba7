package journal_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"linli/internal/platform/journal"
)

// What is kept in memory is read once by all who ask at the same time, and
// anew after an event of its kind.
func TestAMemoIsReadOnceUntilAnEventOfItsKind(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		var readings atomic.Int64
		tools := journal.NewMemo(h.Journal, func(ctx context.Context, _ string) (n int64, err error) {
			readings.Add(1)
			return n, h.DB.Get(ctx, &n, `SELECT count(*) FROM tools`)
		}, "tool")
		ask := func(want int64) {
			t.Helper()
			if n, err := tools.Get(ctx, "all"); err != nil || n != want {
				t.Errorf("%d tools, want %d; %v", n, want, err)
			}
		}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { ask(0) })
		}
		wg.Wait()
		if readings.Load() != 1 {
			t.Errorf("a hundred at once read %d times", readings.Load())
		}
		for i := range int64(3) {
			h.born(t, 1, false)
			ask(i + 1) // at once, on the node that wrote
			ask(i + 1)
		}
		if readings.Load() != 4 {
			t.Errorf("read %d times for three events", readings.Load())
		}
	})
}

// Nobody is given what was read before an event that happened before asking.
func TestAReadingUnderWayDoesNotServeWhoCameAfterAnEvent(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		begun, free := make(chan bool), make(chan bool)
		var readings atomic.Int64
		tools := journal.NewMemo(h.Journal, func(ctx context.Context, _ string) (n int64, err error) {
			err = h.DB.Get(ctx, &n, `SELECT count(*) FROM tools`)
			if readings.Add(1) == 1 {
				close(begun)
				<-free
			}
			return n, err
		}, "tool")
		var wg sync.WaitGroup
		wg.Go(func() {
			if n, _ := tools.Get(context.Background(), "all"); n != 0 {
				t.Errorf("the first reading saw %d", n)
			}
		})
		<-begun
		h.born(t, 1, false)
		if n, _ := tools.Get(context.Background(), "all"); n != 1 {
			t.Errorf("who came after the event got %d", n)
		}
		close(free)
		wg.Wait()
		if n, _ := tools.Get(context.Background(), "all"); n != 1 {
			t.Errorf("the slow reading displaced the newer one: %d", n)
		}
	})
}

// A failure is told and not kept; what was read last comes along, so that a
// node can go on through an outage. A panic leaves nobody waiting.
func TestAMemoSurvivesFailures(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		fail, broken := error(nil), errors.New("no database")
		value := "old"
		m := journal.NewMemo(h.Journal, func(context.Context, string) (string, error) {
			if value == "panic" {
				panic("in a reading")
			}
			return value, fail
		}, "tool")
		ask := func(want string, wantErr error) {
			t.Helper()
			if got, err := m.Get(context.Background(), "k"); got != want || !errors.Is(err, wantErr) {
				t.Errorf("%q %v, want %q %v", got, err, want, wantErr)
			}
		}
		ask("old", nil)
		h.born(t, 1, false)
		value, fail = "", broken
		ask("old", broken)
		ask("old", broken)
		value = "panic"
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			m.Get(context.Background(), "k")
		}()
		value, fail = "new", nil
		ask("new", nil)

		ctx, leave := context.WithCancel(context.Background())
		leave()
		h.born(t, 1, false)
		value = "newer"
		if got, err := m.Get(ctx, "k"); got != "newer" || err != nil { // others may be waiting for it
			t.Errorf("a caller that has left: %q %v", got, err)
		}
	})
}
