package notify_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/platform/db"
)

// TestAskEndsForFamilyToo: while the family is being told of what somebody
// without a live channel is asked, the inbox hears that it was answered. The
// family is asked no more, whichever of the two comes first.
func TestAskEndsForFamilyToo(t *testing.T) {
	h := &house{apptest.Postgres(t)}
	ctx := t.Context()
	elder := h.elder("陈奶奶", "demo-neighbour")
	w := h.FileWish("demo-grid", object{"on_behalf_of": object{"account": elder}})
	h.Text(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
	h.Text(200, "POST", "/api/v1/wishes/"+w+"/deliver", "demo-volunteer", object{})
	h.Read("notify")
	h.Text(200, "POST", "/api/v1/wishes/"+w+"/confirm", "demo-neighbour", object{"solved": "yes", "satisfied": "yes"})

	waiting := func(n int) {
		t.Helper()
		patient, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		for now := -1; now != n; {
			if err := h.DB.Get(patient, &now, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`); err != nil {
				t.Fatalf("never did %d transactions wait: %v", n, err)
			}
		}
	}
	var both sync.WaitGroup
	err := h.DB.Write(ctx, func(tx *db.Tx) error {
		// Telling the family is held up at the line of the call list that follows.
		if _, err := tx.Exec(ctx, `LOCK TABLE calls IN SHARE MODE`); err != nil {
			return err
		}
		both.Go(func() {
			if err := h.Notify.Work(ctx); err != nil {
				t.Error(err)
			}
		})
		waiting(1)
		both.Go(func() { h.Read("notify") })
		waiting(2)
		return nil
	})
	both.Wait()
	if err != nil {
		t.Fatal(err)
	}
	h.read()
	if badge, texts := h.inbox("demo-neighbour"); badge != 0 {
		t.Errorf("the family is asked for what was answered: %d %v", badge, texts)
	}
	h.verify()
}
