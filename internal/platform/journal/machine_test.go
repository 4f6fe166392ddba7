package journal_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
)

func TestTheTestsOwnTableIsSound(t *testing.T) {
	if err := life.Check(); err != nil {
		t.Fatal(err)
	}
}

// The first fault answers: hidden, an earlier reply, right, state, fields.
func TestDoAnswersInTheContractsOrder(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		seen, hidden, empty := h.born(t, 5, false), h.born(t, 5, true), h.born(t, 0, false)
		if _, err := h.lend(bob, seen.ID, `{}`, "used"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.act(ann, journal.Request{ID: hidden.ID, Do: "lend"}, `{}`, "used"); err != nil {
			t.Fatal(err)
		}
		malformed := func([]flow.Field) (flow.Input, error) { return nil, fault.New(fault.Malformed, "fault.malformed") }
		for _, c := range []struct {
			name string
			a    actor.Actor
			r    journal.Request
			body string
			key  string
			kind fault.Kind
			code string
		}{
			{"malformed id", bob, journal.Request{ID: "x", Do: "lend"}, `{}`, "", fault.NotFound, "fault.not_found"},
			{"absent", bob, journal.Request{ID: id.New(), Do: "lend"}, `{"z":1}`, "", fault.NotFound, "fault.not_found"},
			{"hidden", bob, journal.Request{ID: hidden.ID, Do: "lend"}, `{"z":1}`, "", fault.NotFound, "fault.not_found"},
			{"hidden, whatever is asked", bob, journal.Request{ID: hidden.ID, Do: "fly", IfMatch: 99}, `{}`, "", fault.NotFound, "fault.not_found"},
			{"unknown move", bob, journal.Request{ID: seen.ID, Do: "fly"}, `{}`, "", fault.NotFound, "fault.not_found"},
			{"key before right", bob, journal.Request{ID: seen.ID, Do: "lend", IfMatch: 1}, `{"amount":2}`, "used", fault.Invalid, "fault.key_reused"},
			{"right before state", novice, journal.Request{ID: empty.ID, Do: "lend", IfMatch: 9}, `{"z":1}`, "", fault.Denied, "tool.needs_v3"},
			{"not offered at all", bob, journal.Request{ID: seen.ID, Do: "hide"}, `{"z":1}`, "", fault.Denied, "fault.denied"},
			{"clock's move", ann, journal.Request{ID: seen.ID, Do: "fade"}, `{}`, "", fault.Denied, "fault.denied"},
			{"guard before fields", bob, journal.Request{ID: empty.ID, Do: "lend"}, `{"z":1}`, "", fault.Conflict, "tool.none_left"},
			{"state", ann, journal.Request{ID: seen.ID, Do: "revive"}, `{"z":1}`, "", fault.Conflict, "fault.state"},
			{"older version", bob, journal.Request{ID: seen.ID, Do: "lend", IfMatch: 1}, `{"z":1}`, "", fault.Conflict, "fault.version"},
			{"malformed", bob, journal.Request{ID: seen.ID, Do: "lend", Read: malformed}, ``, "", fault.Malformed, "fault.malformed"},
			{"fields", bob, journal.Request{ID: seen.ID, Do: "lend", IfMatch: 2}, `{"z":1}`, "", fault.Invalid, "fault.invalid"},
			{"what is left", bob, journal.Request{ID: seen.ID, Do: "lend"}, `{"amount":90}`, "", fault.Conflict, "tool.none_left"},
		} {
			t.Run(c.name, func(t *testing.T) {
				before := h.number(t, `SELECT count(*) FROM events`)
				_, err := h.act(c.a, c.r, c.body, c.key)
				if !fault.Is(err, c.kind) || fault.Of(err).Key != c.code {
					t.Errorf("got %v, want kind %d %s", err, c.kind, c.code)
				}
				if h.number(t, `SELECT count(*) FROM events`) != before {
					t.Error("a refused move left an event")
				}
			})
		}
		if m := h.load(t, seen.ID); m.Left != 4 || m.Version != 2 {
			t.Errorf("refused moves changed the tool: %+v", m)
		}
	})
}

func TestARoleThatHasJustEndedGivesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		m := h.born(t, 5, false)
		h.fresh["bob"] = actor.V1
		if _, err := h.lend(bob, m.ID, `{}`, ""); !fault.Is(err, fault.Denied) {
			t.Errorf("%v", err)
		}
	})
}

func TestIfMatchIsTheVersionShown(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		m := h.born(t, 5, false)
		for version := int64(1); version <= 3; version++ {
			if _, err := h.act(bob, journal.Request{ID: m.ID, Do: "lend", IfMatch: version}, `{}`, ""); err != nil {
				t.Fatalf("version %d: %v", version, err)
			}
		}
		// What is overdue is settled in what is shown, and counts in the version.
		h.clock.Advance(11 * day)
		now := h.clock.Now().UnixMilli()
		shown, err := h.tools.Read(context.Background(), h.DB, ann, m.ID, now)
		if err != nil || shown.State != "faded" || shown.Version != 5 {
			t.Fatalf("shown %+v, %v", shown, err)
		}
		if kept := h.load(t, m.ID); kept.State != "open" || kept.Version != 4 {
			t.Errorf("reading wrote: %+v", kept.Head)
		}
		if _, err := h.act(ann, journal.Request{ID: m.ID, Do: "revive", IfMatch: 4}, `{}`, ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("an older version passes: %v", err)
		}
		if _, err := h.act(ann, journal.Request{ID: m.ID, Do: "revive", IfMatch: 5}, `{}`, ""); err != nil {
			t.Error(err)
		}
	})
}

func TestOverdueMovesAreWrittenAsOfWhenTheyWereDue(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		m := h.born(t, 5, false)
		h.clock.Advance(20 * day)
		if _, err := h.act(bob, journal.Request{ID: m.ID, Do: "lend"}, `{}`, ""); !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) {
			t.Errorf("lending what is gone: %v", err)
		}
		if n, err := h.tools.Sweep(context.Background()); n != 1 || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
		told, err := h.Timeline(context.Background(), h.DB, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, e := range told {
			got = append(got, e.Do+" "+e.FromState+">"+e.ToState+" "+e.Audience)
			if e.Version != int64(i)+1 || e.Sum() != e.Hash {
				t.Errorf("event %d: version %d, hash %v", i, e.Version, e.Sum() == e.Hash)
			}
		}
		if s := strings.Join(got, ", "); s != "create >open public, fade open>faded private, vanish faded>gone private" {
			t.Errorf("timeline: %s", s)
		}
		if told[1].At != at0.Add(10*day).UnixMilli() || told[2].At != at0.Add(15*day).UnixMilli() || told[1].Actor != "clock" {
			t.Errorf("written at %d and %d", told[1].At, told[2].At)
		}
		if kept := h.load(t, m.ID); kept.State != "gone" || kept.Version != 3 || kept.DueAt != 0 {
			t.Errorf("kept %+v", kept.Head)
		}
	})
}

// The number taken never exceeds what there is, by whoever many at once; who
// names no version loses only when nothing is left.
func TestNothingIsTakenTwice(t *testing.T) {
	dbtest.EachFrom(t, "tools", prepare, func(t *testing.T, url string) {
		nodes := []*house{node(t, url)}
		if nodes[0].DB.Engine == db.Postgres {
			nodes = append(nodes, node(t, url))
		}
		m := nodes[0].born(t, 20, false)
		var got, late atomic.Int64
		var wg sync.WaitGroup
		for i := range 27 {
			wg.Go(func() {
				switch _, err := nodes[i%len(nodes)].lend(bob, m.ID, `{}`, ""); {
				case err == nil:
					got.Add(1)
				case fault.Is(err, fault.Conflict) && fault.Of(err).Key == "tool.none_left":
					late.Add(1)
				default:
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if got.Load() != 20 || late.Load() != 7 {
			t.Errorf("%d of 20 taken, %d came late", got.Load(), late.Load())
		}
		if kept := nodes[0].load(t, m.ID); kept.Left != 0 || kept.Version != 21 {
			t.Errorf("left %d, version %d", kept.Left, kept.Version)
		}
		if n := nodes[0].number(t, `SELECT count(*) FROM events WHERE subject = ?`, m.ID); n != 21 {
			t.Errorf("%d events", n)
		}
	})
}

func TestSweepingByTwoNodesWritesOnce(t *testing.T) {
	dbtest.EachFrom(t, "tools", prepare, func(t *testing.T, url string) {
		a := node(t, url)
		b := a
		if a.DB.Engine == db.Postgres {
			b = node(t, url)
		}
		for range 30 {
			a.born(t, 1, false)
		}
		a.clock.Advance(12 * day)
		if a != b {
			b.clock.Advance(12 * day)
		}
		var moved atomic.Int64
		var wg sync.WaitGroup
		for _, h := range []*house{a, b} {
			wg.Go(func() {
				n, err := h.tools.Sweep(context.Background())
				if err != nil {
					t.Error(err)
				}
				moved.Add(int64(n))
			})
		}
		wg.Wait()
		if moved.Load() != 30 {
			t.Errorf("%d matters moved", moved.Load())
		}
		if n := a.number(t, `SELECT count(*) FROM events WHERE move = 'fade'`); n != 30 {
			t.Errorf("%d events", n)
		}
		if n, err := a.tools.Sweep(context.Background()); n != 0 || err != nil {
			t.Errorf("nothing is due, but %d moved, %v", n, err)
		}
	})
}

func TestOneBrokenMatterDoesNotKeepOthersFromBeingSwept(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		poison := h.born(t, 1, false)
		h.clock.Advance(day)
		fine := h.born(t, 1, false)
		h.clock.Advance(12 * day)
		h.tools.Done = func(_ context.Context, _ *db.Tx, m *tool, _ *flow.Change) error {
			if m.ID == poison.ID {
				return errors.New("poison")
			}
			return nil
		}
		n, err := h.tools.Sweep(context.Background())
		if n != 1 || err == nil || !strings.Contains(err.Error(), poison.ID) {
			t.Errorf("%d moved, %v", n, err)
		}
		if h.load(t, fine.ID).State != "faded" || h.load(t, poison.ID).State != "open" {
			t.Error("the wrong one moved")
		}
	})
}

func TestPrepareAndDoneShareTheTransaction(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		m := h.born(t, 5, false)
		h.tools.Prepare = func(_ context.Context, _ *db.Tx, _ *tool, c *flow.Change) error { c.Code("seen", true); return nil }
		h.tools.Done = func(context.Context, *db.Tx, *tool, *flow.Change) error { return fault.New(fault.Conflict, "fault.no") }
		if _, err := h.lend(bob, m.ID, `{"note":"x"}`, "k"); !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		if kept := h.load(t, m.ID); kept.Version != 1 || kept.Left != 5 {
			t.Errorf("what followed failed, but the move stayed: %+v", kept.Head)
		}
		if n := h.number(t, `SELECT count(*) FROM event_words`) + h.number(t, `SELECT count(*) FROM acts`); n != 0 {
			t.Errorf("%d rows stayed", n)
		}
		h.tools.Done = nil
		if _, err := h.lend(bob, m.ID, `{"note":"x"}`, "k"); err != nil {
			t.Fatal(err)
		}
		told, _ := h.Timeline(context.Background(), h.DB, m.ID)
		p, err := told[1].Decode()
		if err != nil || p.Codes["seen"] != true || p.Tell[0].To != "account:ann" || told[1].Texts()["note"] != "x" || p.Codes["note"] != nil {
			t.Errorf("%+v, %v, words %v", p, err, told[1].Texts())
		}
	})
}

func TestStepMovesOneMatterFromWithinAnother(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, b := h.born(t, 1, false), h.born(t, 1, true)
		h.tools.Done = func(ctx context.Context, tx *db.Tx, m *tool, c *flow.Change) error {
			if m.ID != a.ID || c.Do != "lend" {
				return nil
			}
			_, err := h.tools.Step(ctx, tx, ann, journal.Request{ID: b.ID, Do: "lend"})
			return err
		}
		if _, err := h.lend(bob, a.ID, `{}`, ""); err != nil {
			t.Fatal(err)
		}
		if h.load(t, a.ID).Left != 0 || h.load(t, b.ID).Left != 0 || h.load(t, b.ID).Holder != "ann" {
			t.Error("only one of two moved")
		}
	})
}

// Anything changed in an event, or in its words, shows; erasing the words does not.
func TestTamperingShows(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		m := h.born(t, 5, false)
		if _, err := h.lend(bob, m.ID, `{"note":"今晚来取"}`, ""); err != nil {
			t.Fatal(err)
		}
		sound := func() bool {
			var rows []struct {
				journal.Told
				Salt string `db:"salt"`
			}
			err := h.DB.Select(ctx, &rows, `SELECT e.*, coalesce(w.words, '') AS words, coalesce(w.salt, '') AS salt FROM events e LEFT JOIN event_words w ON w.seq = e.seq`)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if r.Sum() != r.Hash || r.Words != "" && event.HashWords(r.Salt, r.Words) != r.WordsHash {
					return false
				}
			}
			return true
		}
		if !sound() {
			t.Fatal("a fresh log is not sound")
		}
		for _, forge := range []struct{ do, undo string }{
			{`UPDATE events SET actor = 'eve' WHERE move = 'lend'`, `UPDATE events SET actor = 'bob' WHERE move = 'lend'`},
			{`UPDATE events SET at = at + 1`, `UPDATE events SET at = at - 1`},
			{`UPDATE events SET to_state = 'gone' WHERE move = 'lend'`, `UPDATE events SET to_state = 'open' WHERE move = 'lend'`},
			{`UPDATE event_words SET words = words || ' '`, `UPDATE event_words SET words = trim(words)`},
		} {
			for i, text := range []string{forge.do, forge.undo} {
				if err := h.DB.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec(ctx, text); return err }); err != nil {
					t.Fatal(err)
				}
				if sound() != (i == 1) {
					t.Errorf("after %s the log is sound: %v", text, i == 0)
				}
			}
		}
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE event_words SET words = '', erased = 1`)
			return err
		})
		if err != nil || !sound() {
			t.Errorf("erasing words breaks the log: %v", err)
		}
		if told, _ := h.Timeline(ctx, h.DB, m.ID); len(told) != 2 || len(told[1].Texts()) != 0 || told[1].WordsHash == "" {
			t.Errorf("%+v", told)
		}
	})
}

// In an older log the later of two moves may have the lower transaction id; a
// gap in the versions still shows.
func TestVerifyGoesByVersions(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		m := h.born(t, 5, false)
		for range 3 {
			if _, err := h.lend(bob, m.ID, `{}`, ""); err != nil {
				t.Fatal(err)
			}
		}
		for do, sound := range map[string]bool{`UPDATE events SET xid = 100 - version`: true, `UPDATE events SET version = 9 WHERE version = 2`: false} {
			undone := errors.New("only tried")
			err := h.DB.Write(ctx, func(tx *db.Tx) error {
				if _, err := tx.Exec(ctx, do); err != nil {
					return err
				}
				seen, faults, err := journal.Verify(ctx, tx)
				if err != nil || seen != 4 || (len(faults) == 0) != sound {
					t.Errorf("after %s: %d seen, %v %v", do, seen, faults, err)
				}
				return undone
			})
			if !errors.Is(err, undone) {
				t.Error(err)
			}
		}
	})
}

func TestTimelineOfNothingIsEmptyNotNull(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		told, err := h.Timeline(context.Background(), h.DB, id.New())
		if b, _ := json.Marshal(told); err != nil || string(b) != "[]" {
			t.Errorf("%s, %v", b, err)
		}
	})
}
