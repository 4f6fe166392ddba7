package file

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/platform/blob"
	"linli/internal/platform/db"
)

func TestAttach(t *testing.T) {
	each(t, func(h *house) {
		t, ctx := h.t, h.t.Context()
		var ids []string
		for range AttachMost + 1 {
			ids = append(ids, h.upload("ann", "a.png", pngOf(sample(2, 2))).ID)
		}
		bobs, text := h.upload("bob", "a.png", pngOf(sample(2, 2))).ID, h.upload("ann", "a.txt", []byte("x")).ID
		wish := id.New()
		for name, c := range map[string][]string{
			"somebody else's": {ids[0], bobs}, "unknown": {ids[0], id.New()}, "twice": {ids[0], ids[0]}, "malformed": {ids[0], "x"}, "too many": ids,
		} {
			if err := h.attach("ann", wish, c...); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := h.attach("", wish, ids[0]); !fault.Is(err, fault.Invalid) {
			t.Errorf("nobody: %v", err)
		}
		photos := func(ids ...string) error {
			return h.db.Write(ctx, func(tx *db.Tx) error { return h.AttachPhotos(ctx, tx, actor.Actor{ID: "ann"}, ids, "wish", wish) })
		}
		if err := photos(ids[0], text); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "file.not_photo") {
			t.Errorf("a text as photograph: %v", err)
		}
		if got, err := h.Of(ctx, h.db, wish); err != nil || got == nil || len(got) != 0 {
			t.Errorf("refused acts attached %v, %v", got, err)
		}
		if err := h.attach("ann", wish); err != nil {
			t.Errorf("none: %v", err)
		}
		if err := h.attach("ann", wish, ids[2], ids[0]); err != nil {
			t.Fatal(err)
		}
		if err := photos(ids[1]); err != nil { // a later act goes behind
			t.Fatal(err)
		}
		if err := h.attach("ann", id.New(), ids[0]); !fault.Is(err, fault.Invalid) {
			t.Errorf("attached to two: %v", err)
		}
		var order []string
		got, err := h.Of(ctx, h.db, wish)
		for _, m := range got {
			order = append(order, m.ID)
		}
		if err != nil || fmt.Sprint(order) != fmt.Sprint([]string{ids[2], ids[0], ids[1]}) {
			t.Errorf("%v %v", order, err)
		}
		undone := errors.New("the act failed")
		err = h.db.Write(ctx, func(tx *db.Tx) error {
			if err := h.Attach(ctx, tx, actor.Actor{ID: "ann"}, []string{ids[4]}, "wish", wish); err != nil {
				return err
			}
			return undone
		})
		if got, _ := h.Of(ctx, h.db, wish); !errors.Is(err, undone) || len(got) != 3 {
			t.Errorf("%v, %d files", err, len(got))
		}
	})
}

// TestAttachOnce: of many acts that name one file at once, one has it.
func TestAttachOnce(t *testing.T) {
	each(t, func(h *house) {
		m := h.upload("ann", "a.png", pngOf(sample(2, 2)))
		var wg sync.WaitGroup
		won := make(chan string, 20)
		for range 20 {
			wg.Go(func() {
				wish := id.New()
				if err := h.attach("ann", wish, m.ID); err == nil {
					won <- wish
				} else if !fault.Is(err, fault.Invalid) {
					h.t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			h.t.Fatalf("%d acts have the file", len(won))
		}
		if got, err := h.Of(h.t.Context(), h.db, <-won); err != nil || len(got) != 1 {
			h.t.Errorf("%v %v", got, err)
		}
	})
}

func TestPurge(t *testing.T) {
	each(t, func(h *house) {
		t, ctx := h.t, h.t.Context()
		loose, kept, dropped := h.upload("ann", "a.png", pngOf(sample(2, 2))), h.upload("ann", "b.png", pngOf(sample(2, 2))), h.upload("ann", "c.png", pngOf(sample(2, 2)))
		a, b := id.New(), id.New()
		if err := errors.Join(h.attach("ann", a, kept.ID), h.attach("ann", b, dropped.ID)); err != nil {
			t.Fatal(err)
		}
		h.db.Write(ctx, func(tx *db.Tx) error { return h.Drop(ctx, tx, b) })
		stray := id.New()
		for _, key := range []string{fullKey(stray), thumbKey(stray), "tile-of-the-ledger"} {
			h.blobs.Put(ctx, key, strings.NewReader("x"))
		}
		h.clock.Advance(LooseFor - time.Minute)
		if n, err := h.Purge(ctx); n != 1 || err != nil { // only what was dropped
			t.Errorf("before a day: %d %v", n, err)
		}
		if n, err := h.Strays(ctx); n != 0 || err != nil {
			t.Errorf("strays before a day: %d %v", n, err)
		}
		if h.get(loose.URL, "ann").Code != 200 {
			t.Error("gone too early")
		}
		h.clock.Advance(2 * time.Minute)
		if n, err := h.Purge(ctx); n != 1 || err != nil {
			t.Errorf("after a day: %d %v", n, err)
		}
		if n, err := h.Strays(ctx); n != 2 || err != nil {
			t.Errorf("strays after a day: %d %v", n, err)
		}
		if h.get(loose.URL, "ann").Code != 404 || h.get(kept.URL, "ann").Code != 200 {
			t.Error("the wrong file went")
		}
		if left := h.files(); len(left) != 3 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestVerifyNamesWhatChanged(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		var ids []string
		for range 4 {
			ids = append(ids, h.upload("ann", "a.png", pngOf(sample(8, 8))).ID)
		}
		check := func() map[string]error {
			bad := map[string]error{}
			if n, err := h.Verify(t.Context(), h.db, func(f string, err error) { bad[f] = err }); n != 4 || err != nil {
				t.Fatalf("%d %v", n, err)
			}
			return bad
		}
		if bad := check(); len(bad) != 0 {
			t.Fatal(bad)
		}
		find := func(key string) string {
			all, _ := filepath.Glob(filepath.Join(h.dir, "*", "*", key))
			if len(all) != 1 {
				t.Fatalf("%s: %v", key, all)
			}
			return all[0]
		}
		flip := find(fullKey(ids[0]))
		b, _ := os.ReadFile(flip)
		b[9] ^= 1
		os.WriteFile(flip, b, 0o600)
		os.Remove(find(thumbKey(ids[1])))
		h.blobs.Put(t.Context(), fullKey(ids[2]), strings.NewReader("another, whole")) // good in itself
		bad := check()
		if len(bad) != 3 || !errors.Is(bad[ids[0]], blob.ErrCorrupt) || !errors.Is(bad[ids[1]], blob.ErrAbsent) || !errors.Is(bad[ids[2]], blob.ErrCorrupt) {
			t.Errorf("%v", bad)
		}
		told, err := h.Part().Checks[0].Do(t.Context(), h.db)
		if err != nil || len(told) != 3 || !strings.Contains(strings.Join(told, "\n"), "file "+ids[0]+": blob: its content") {
			t.Errorf("%v %v", told, err)
		}
		if w := h.get("/files/"+ids[0], "ann"); w.Code != 500 || bytes.Contains(w.Body.Bytes(), []byte("blob")) {
			t.Errorf("a changed file is served: %d %s", w.Code, w.Body)
		}
	})
}
