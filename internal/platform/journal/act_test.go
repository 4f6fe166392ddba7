package journal_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
)

// create makes a tool under a key, as a form does.
func (h *house) create(a actor.Actor, key, body string, quiet bool) error {
	k := act(a, "", key, body)
	k.Quiet = quiet
	ctx := journal.WithAct(actor.With(context.Background(), a), k)
	return h.Write(ctx, func(tx *db.Tx) (any, error) {
		m := &tool{Left: 1}
		m.Author = a.ID
		m.Locate("320105004004")
		err := h.tools.Born(ctx, tx, m, "", &flow.Change{Actor: a})
		return map[string]any{"id": m.ID}, err
	})
}

func TestFiftyIdenticalPostsActOnce(t *testing.T) {
	dbtest.EachFrom(t, "tools", prepare, func(t *testing.T, url string) {
		nodes := []*house{node(t, url)}
		if nodes[0].DB.Engine == db.Postgres {
			nodes = append(nodes, node(t, url))
		}
		m := nodes[0].born(t, 100, false)
		for name, post := range map[string]func(h *house) error{
			"create": func(h *house) error { return h.create(bob, "same", "body", false) },
			"move":   func(h *house) error { _, err := h.lend(bob, m.ID, `{"amount":3}`, "same"); return err },
		} {
			t.Run(name, func(t *testing.T) {
				var acted atomic.Int64
				var replies sync.Map
				var wg sync.WaitGroup
				for i := range 50 {
					wg.Go(func() {
						err := post(nodes[i%len(nodes)])
						var before *journal.Replayed
						switch {
						case err == nil:
							acted.Add(1)
						case errors.As(err, &before):
							replies.Store(before.Reply, true)
						default:
							t.Errorf("%v", err)
						}
					})
				}
				wg.Wait()
				n := 0
				replies.Range(func(r, _ any) bool {
					n++
					if rep := r.(journal.Reply); rep.Status != 200 || rep.Body == "" {
						t.Errorf("replayed %+v", rep)
					}
					return true
				})
				if acted.Load() != 1 || n != 1 {
					t.Errorf("acted %d times, %d different replies", acted.Load(), n)
				}
			})
		}
		h := nodes[0]
		if n := h.number(t, `SELECT count(*) FROM tools`); n != 2 {
			t.Errorf("%d tools", n)
		}
		if kept := h.load(t, m.ID); kept.Left != 97 || kept.Version != 2 {
			t.Errorf("left %d, version %d", kept.Left, kept.Version)
		}
	})
}

func TestKeysBelongToAccountMethodPathAndBody(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if err := h.create(bob, "k", "one", false); err != nil {
			t.Fatal(err)
		}
		if err := h.create(bob, "k", "two", false); !fault.Is(err, fault.Invalid) || fault.Of(err).Key != "fault.key_reused" {
			t.Errorf("another body under a used key: %v", err)
		}
		var before *journal.Replayed
		if err := h.create(bob, "k", "one", false); !errors.As(err, &before) {
			t.Errorf("the same again: %v", err)
		}
		if err := h.create(ann, "k", "two", false); err != nil {
			t.Errorf("another account's key: %v", err)
		}
		m := h.born(t, 9, false)
		if _, err := h.lend(bob, m.ID, `{}`, "k"); err != nil {
			t.Errorf("the same key elsewhere: %v", err)
		}
	})
}

func TestARefusedActDoesNotUseItsKeyUp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		m := h.born(t, 2, false)
		for _, body := range []string{`{"amount":0}`, `{"amount":9}`, `{"z":1}`} {
			if _, err := h.lend(bob, m.ID, body, "k"); err == nil {
				t.Fatalf("%s passes", body)
			}
		}
		if _, err := h.lend(bob, m.ID, `{"amount":2}`, "k"); err != nil {
			t.Fatalf("mended and sent again: %v", err)
		}
		// The reply stands although the state no longer fits.
		var before *journal.Replayed
		if _, err := h.lend(bob, m.ID, `{"amount":2}`, "k"); !errors.As(err, &before) || before.Reply.Body == "" {
			t.Errorf("sent once more: %v", err)
		}
		// What has since been hidden is absent, even under the old key.
		if _, err := h.act(ann, journal.Request{ID: m.ID, Do: "hide"}, `{}`, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := h.lend(bob, m.ID, `{"amount":2}`, "k"); !fault.Is(err, fault.NotFound) {
			t.Errorf("hidden since: %v", err)
		}
	})
}

func TestQuietKeepsOnlyThatItHappened(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if err := h.create(bob, "ballot", "secret choice", true); err != nil {
			t.Fatal(err)
		}
		if n := h.number(t, `SELECT count(*) FROM acts WHERE key = 'ballot' AND body = '' AND reply = '' AND location = '' AND status = 0`); n != 1 {
			t.Error("more than that it happened is kept")
		}
		for _, body := range []string{"secret choice", "another"} {
			var before *journal.Replayed
			if err := h.create(bob, "ballot", body, true); !errors.As(err, &before) || before.Reply != (journal.Reply{}) {
				t.Errorf("again with %q: %v", body, err)
			}
		}
		// A use-case may decide it while it runs.
		k := act(bob, "", "later", "x")
		ctx := journal.WithAct(context.Background(), k)
		if err := h.Write(ctx, func(*db.Tx) (any, error) { journal.SetQuiet(ctx); return "reply", nil }); err != nil {
			t.Fatal(err)
		}
		if n := h.number(t, `SELECT count(*) FROM acts WHERE key = 'later' AND body = '' AND reply = ''`); n != 1 {
			t.Error("SetQuiet came too late")
		}
	})
}

func TestKeysAreForgottenAfterADay(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for i := range 3 {
			if err := h.create(bob, fmt.Sprint("k", i), "b", false); err != nil {
				t.Fatal(err)
			}
			h.clock.Advance(journal.ActKept / 2)
		}
		if err := h.ForgetActs(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := h.number(t, `SELECT count(*) FROM acts`); n != 2 {
			t.Errorf("%d keys are kept", n)
		}
		if err := h.create(bob, "k0", "b", false); err != nil {
			t.Errorf("a forgotten key: %v", err)
		}
	})
}

func TestWithoutAKeyNothingIsRemembered(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for range 2 {
			if err := h.create(bob, "", "b", false); err != nil {
				t.Fatal(err)
			}
		}
		if n := h.number(t, `SELECT count(*) FROM acts`); n != 0 {
			t.Errorf("%d keys", n)
		}
	})
}
