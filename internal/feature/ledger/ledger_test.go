package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
	"linli/internal/platform/tlog"
	"linli/migrations"
)

type house struct {
	*Service
	t *testing.T
	d *db.DB
}

func each(t *testing.T, f func(t *testing.T, h *house)) {
	dbtest.EachFrom(t, "ledger", func(url string) error {
		d, err := db.Open(context.Background(), url, clock.System{})
		if err != nil {
			return err
		}
		defer d.Close()
		_, err = d.Migrate(context.Background(), migrations.Files)
		return err
	}, func(t *testing.T, url string) { f(t, open(t, url)) })
}

func open(t *testing.T, url string) *house {
	t.Helper()
	d, err := db.Open(context.Background(), url, clock.NewFake(time.Date(2026, 11, 18, 12, 0, 0, 0, clock.China)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	j := journal.New(d, slog.New(slog.NewTextHandler(io.Discard, nil)))
	return &house{New(j, []byte("a secret of the tests"), "https://linli.test"), t, d}
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.d.Write(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
}

// say writes events of one kind, each of a subject of its own.
func (h *house) say(kind, do, audience string, n int) {
	h.t.Helper()
	for i := range n {
		h.write(func(tx *db.Tx) error {
			return h.journal.AppendEvent(context.Background(), tx, event.Event{
				At: 1792800000000 + int64(i), Kind: kind, Subject: fmt.Sprintf("%s-%s-%s-%d-%d", kind, do, audience, i, n), Version: 1, Do: do, Actor: "ann",
				Place: "320105004004", Audience: audience, Data: `{"codes":{"roll":123,"roll_hash":"abcd","other":1}}`,
			}, event.Words{"note": "一句话"})
		})
	}
}

func (h *house) read() {
	h.t.Helper()
	if err := h.journal.Drain(context.Background(), h.reader()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) publish() row {
	h.t.Helper()
	h.read()
	if err := h.Publish(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	r, err := last(context.Background(), h.d, "")
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *house) faults() string {
	h.t.Helper()
	fs, err := h.check(context.Background(), h.d)
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.Join(fs, "\n")
}

// entries audits the present log from outside, with nothing but its public
// key, and returns its entries.
func (h *house) entries() []string {
	h.t.Helper()
	r := h.publish()
	v, err := h.verifier(r)
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	_, err = tlog.Audit(context.Background(), resources{q: h.d, log: r.Number}, r.Origin, func(_ int64, e []byte) error {
		all = append(all, string(e))
		return nil
	}, v)
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

func TestWhatEnters(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.say("poll", "open", event.Public, 1)
		h.say("poll", "add", event.Public, 1)       // no rule
		h.say("poll", "close", event.Private, 1)    // not public
		h.say("points", "award", event.Private, 1)  // sealed
		h.say("place", "settings", event.Public, 1) // rules
		all := h.entries()
		if len(all) != 4 {
			t.Fatalf("%d entries: %s", len(all), strings.Join(all, "\n"))
		}
		var e Entry
		if json.Unmarshal([]byte(all[0]), &e); e.Type != typeRules || string(e.Rules) != rules(Enters).text() {
			t.Errorf("the rules do not come first: %s", all[0])
		}
		for i, want := range []string{"", `"class":"roll","kind":"poll","do":"open"`, `{"type":"event","class":"points","day":"2026-10-24","hash":`, `"class":"rules"`} {
			if !strings.Contains(all[i], want) {
				t.Errorf("entry %d: %s", i, all[i])
			}
		}
		if !strings.Contains(all[1], `"codes":{"roll":123,"roll_hash":"abcd"}`) || strings.Contains(all[1], "other") {
			t.Errorf("codes: %s", all[1])
		}
		for _, line := range all[1:] {
			for _, personal := range []string{"ann", "poll-", "points-", "320105", "一句话"} {
				if strings.Contains(line, personal) {
					t.Errorf("%s tells %s", line, personal)
				}
			}
		}
		if f := h.faults(); f != "" {
			t.Error(f)
		}
	})
}

// TestGrowsWithoutLoss appends in uneven batches beyond a tile; every state
// that was signed continues the one before, and no tile is left over.
func TestGrowsWithoutLoss(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var before row
		wanted := map[string]bool{}
		for i, n := range []int{1, 2, 100, 151, 3, 90} {
			h.say("poll", "open", event.Public, n)
			r := h.publish()
			if i > 0 {
				a, err := tlog.OpenCheckpoint([]byte(before.Checkpoint), r.Origin, must(h.verifier(r)))
				if err != nil {
					t.Fatal(err)
				}
				b, err := tlog.OpenCheckpoint([]byte(r.Checkpoint), r.Origin, must(h.verifier(r)))
				if err != nil {
					t.Fatal(err)
				}
				proof, err := tlog.Consistency(context.Background(), resources{q: h.d, log: r.Number}, b.Tree, a.Size)
				if err != nil || tlog.CheckConsistency(proof, a.Tree, b.Tree) != nil {
					t.Errorf("%d entries do not continue %d", b.Size, a.Size)
				}
			}
			before = r
			for _, p := range tlog.Paths(r.Signed) {
				wanted[p.String()] = true
			}
		}
		var stored []string
		if err := h.d.Select(context.Background(), &stored, `SELECT path FROM ledger_tiles`); err != nil {
			t.Fatal(err)
		}
		for _, p := range stored {
			if !wanted[p] || strings.HasPrefix(p, "tile/entries/000.p/") {
				t.Errorf("%s is left over", p)
			}
		}
	})
}

func must[A any](a A, err error) A {
	if err != nil {
		panic(err)
	}
	return a
}

// TestTwoNodesOneLog: two nodes read while others write; every event enters once.
func TestTwoNodesOneLog(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		nodes := []*house{h, h}
		if h.d.Engine == db.Postgres {
			nodes[1] = open(t, h.d.URL)
		}
		ctx, stop := context.WithCancel(context.Background())
		var readers, writers sync.WaitGroup
		for _, n := range nodes {
			readers.Go(func() { n.journal.Follow(ctx, n.reader()) })
			readers.Go(func() {
				for ctx.Err() == nil {
					if err := n.Publish(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for i := range 8 {
			writers.Go(func() {
				nodes[i%2].say("poll", fmt.Sprint(i), event.Public, 5)
				nodes[i%2].say("points", fmt.Sprint(i), event.Public, 20)
			})
		}
		writers.Wait()
		stop()
		readers.Wait()
		all := h.entries()
		if len(all) != 1+8*20 {
			t.Errorf("%d entries", len(all))
		}
		slices.Sort(all)
		if len(slices.Compact(all)) != 1+8*20 {
			t.Error("an event is there twice")
		}
		if f := h.faults(); f != "" {
			t.Error(f)
		}
	})
}

// TestTamperingIsNamed changes what is stored, one thing at a time.
func TestTamperingIsNamed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.say("poll", "open", event.Public, 300)
		h.say("points", "award", event.Private, 3)
		h.publish()
		h.say("poll", "close", event.Public, 3) // read but not signed
		h.read()
		if f := h.faults(); f != "" {
			t.Fatal(f)
		}
		ctx := context.Background()
		var tile, bundle []byte
		if err := h.d.Get(ctx, &tile, `SELECT data FROM ledger_tiles WHERE path = 'tile/0/000'`); err != nil {
			t.Fatal(err)
		}
		if err := h.d.Get(ctx, &bundle, `SELECT data FROM ledger_tiles WHERE path = 'tile/entries/000'`); err != nil {
			t.Fatal(err)
		}
		flipped := func(b []byte) []byte { b = slices.Clone(b); b[len(b)/2] ^= 1; return b }
		var r row
		if err := h.d.Get(ctx, &r, `SELECT `+logColumns+` FROM ledger_logs`); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			do, undo string
			args     [2]any
			names    string
		}{
			{`UPDATE events SET at = at + 60000 WHERE subject = 'poll-open-public-7-300' AND ? = 1`, `UPDATE events SET at = at - 60000 WHERE subject = 'poll-open-public-7-300' AND ? = 1`, [2]any{1, 1}, "poll-open-public-7-300"},
			{`UPDATE events SET actor = 'eve' WHERE subject = 'poll-close-public-1-3' AND ? = 1`, `UPDATE events SET actor = 'ann' WHERE subject = 'poll-close-public-1-3' AND ? = 1`, [2]any{1, 1}, "poll-close-public-1-3"},
			{`UPDATE ledger_tiles SET data = ? WHERE path = 'tile/0/000'`, `UPDATE ledger_tiles SET data = ? WHERE path = 'tile/0/000'`, [2]any{flipped(tile), tile}, "tile/0/000"},
			{`UPDATE ledger_tiles SET data = ? WHERE path = 'tile/entries/000'`, `UPDATE ledger_tiles SET data = ? WHERE path = 'tile/entries/000'`, [2]any{flipped(bundle), bundle}, "entry "},
			{`UPDATE ledger_tiles SET path = ? WHERE path = 'tile/0/000'`, `UPDATE ledger_tiles SET path = ? WHERE path = 'gone'`, [2]any{"gone", "tile/0/000"}, "tile/0/000"},
			{`UPDATE ledger_logs SET checkpoint = ?`, `UPDATE ledger_logs SET checkpoint = ?`, [2]any{strings.Replace(r.Checkpoint, "\n304\n", "\n303\n", 1), r.Checkpoint}, "checkpoint"},
			{`UPDATE ledger_logs SET root = ?`, `UPDATE ledger_logs SET root = ?`, [2]any{tlog.Empty.Root.String(), r.Root}, "root"},
			{`UPDATE ledger_leaves SET hash = ? WHERE idx = 5`, `UPDATE ledger_leaves SET hash = ? WHERE idx = 5`, nil2(h, 5), "entry 5 "},
		} {
			for i, q := range []string{c.do, c.undo} {
				h.write(func(tx *db.Tx) error {
					n, err := tx.Exec(ctx, q, c.args[i])
					if n != 1 {
						t.Errorf("%s changed %d rows", q, n)
					}
					return err
				})
				f := h.faults()
				if i == 0 && !strings.Contains(f, c.names) {
					t.Errorf("after %s it says %q", q, f)
				}
				if i == 1 && f != "" {
					t.Errorf("after %s it says %q", q, f)
				}
			}
		}
		// An event slipped in among those that were read is missed by the ledger.
		h.write(func(tx *db.Tx) error {
			e := event.Event{At: 1, Kind: "poll", Subject: "slipped-in", Version: 1, Do: "open", Audience: event.Public, Data: "{}"}
			_, err := tx.Exec(ctx, `INSERT INTO events (seq, xid, at, kind, subject, version, move, from_state, to_state, actor, as_group, place, audience, data, words_hash, hash)
				SELECT -1, (SELECT min(xid) FROM events), ?, ?, ?, ?, ?, '', '', '', '', '', ?, ?, '', ?`, e.At, e.Kind, e.Subject, e.Version, e.Do, e.Audience, e.Data, e.Sum())
			return err
		})
		h.write(func(tx *db.Tx) error { // behind the first, before the last
			_, err := tx.Exec(ctx, `UPDATE events SET xid = (SELECT max(xid) FROM events e WHERE e.subject LIKE 'points-%') WHERE subject = 'slipped-in'`)
			if err == nil && h.d.Engine == db.SQLite {
				_, err = tx.Exec(ctx, `UPDATE cursors SET seq = seq + 1`)
				if err == nil {
					_, err = tx.Exec(ctx, `UPDATE events SET seq = (SELECT max(seq) FROM events) + 1 WHERE subject = 'slipped-in'`)
				}
			}
			return err
		})
		if f := h.faults(); !strings.Contains(f, "slipped-in") || !strings.Contains(f, "not in the ledger") {
			t.Errorf("an event was slipped in: %q", f)
		}
	})
}

func nil2(h *house, idx int64) [2]any {
	var was string
	if err := h.d.Get(context.Background(), &was, `SELECT hash FROM ledger_leaves WHERE idx = ?`, idx); err != nil {
		h.t.Fatal(err)
	}
	return [2]any{"00" + was[2:], was}
}

// TestProof: who has the hash of an event can prove that it stands there,
// offline, and nobody can prove another.
func TestProof(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		h.say("poll", "open", event.Public, 20)
		h.read()
		var hash string
		if err := h.d.Get(ctx, &hash, `SELECT hash FROM events WHERE subject = 'poll-open-public-7-20'`); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Proof(ctx, hash); !fault.Is(err, fault.NotFound) {
			t.Errorf("before it is signed for: %v", err)
		}
		r := h.publish()
		p, err := h.Proof(ctx, hash)
		if err != nil {
			t.Fatal(err)
		}
		p, err = tlog.ParseProof(p.Text())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Check(p.Extra, r.Origin, must(h.verifier(r))); err != nil || !strings.Contains(string(p.Extra), hash) {
			t.Errorf("%v %s", err, p.Extra)
		}
		if _, err := p.Check([]byte(strings.Replace(string(p.Extra), "open", "shut", 1)), r.Origin, must(h.verifier(r))); err == nil {
			t.Error("another entry is proved")
		}
		for _, none := range []string{"", strings.Repeat("0", 64)} {
			if _, err := h.Proof(ctx, none); !fault.Is(err, fault.NotFound) {
				t.Errorf("%q: %v", none, err)
			}
		}
	})
}

// TestNewRulesHoldFromTheirEntryOn: a version of the program that takes more
// does not make the old log wrong.
func TestNewRulesHoldFromTheirEntryOn(t *testing.T) {
	was := Enters
	t.Cleanup(func() { Enters = was })
	each(t, func(t *testing.T, h *house) {
		Enters = was[:1]
		h.say("poll", "open", event.Public, 3)
		h.say("meeting", "resolve", event.Public, 3)
		h.publish()
		Enters = was
		h.say("meeting", "resolve", event.Public, 2)
		if all := h.entries(); len(all) != 1+3+1+2 {
			t.Errorf("%d entries: %s", len(all), strings.Join(all, "\n"))
		}
		if f := h.faults(); f != "" {
			t.Error(f)
		}
	})
}

// TestAnotherOriginAfterARestore: a copy begins a log of its own, whose first
// entry is the last checkpoint, and never signs in the old name.
func TestAnotherOriginAfterARestore(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.say("poll", "open", event.Public, 5)
		old := h.publish()
		h.write(func(tx *db.Tx) error { return h.Begin(context.Background(), tx) })
		h.say("poll", "open", event.Public, 2)
		all := h.entries()
		var first Entry
		if err := json.Unmarshal([]byte(all[0]), &first); err != nil || first.Checkpoint != old.Checkpoint || len(all) != 1+1+2 {
			t.Errorf("%s", strings.Join(all, "\n"))
		}
		now := h.publish()
		if now.Origin == old.Origin || now.Public == old.Public || now.Number != 2 {
			t.Errorf("%+v", now)
		}
		if f := h.faults(); f != "" {
			t.Error(f)
		}
		stranger := New(h.journal, []byte("another secret altogether"), "https://linli.test")
		h.say("poll", "open", event.Public, 1)
		h.read()
		if err := stranger.Publish(context.Background()); err == nil {
			t.Error("another secret signs")
		}
	})
}
