package demo

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/core/clock"
	"linli/internal/core/gate"
	"linli/internal/feature/wish"
	"linli/internal/platform/db"
)

// TestWishTexts: at least 120 different wishes in ten categories, none of which
// the guards would stop or ask about.
func TestWishTexts(t *testing.T) {
	texts := wishTextsOf(wishTexts)
	if n := strings.Count(wishTexts, "\n"); n != len(texts) {
		t.Errorf("%d lines, %d wishes", n, len(texts))
	}
	seen, per := map[string]bool{}, map[string]int{}
	for _, w := range texts {
		if seen[w.title] {
			t.Errorf("twice: %s", w.title)
		}
		seen[w.title] = true
		per[w.category]++
		text := w.title + "\n" + w.body
		if hits := append(gate.Danger(text), gate.Money(text)...); len(hits) > 0 {
			t.Errorf("%s: %v", w.title, hits)
		}
		if hits := gate.Personal(text); len(hits) > 0 && !w.priv {
			t.Errorf("%s is public and says %v", w.title, hits)
		}
		if n := len([]rune(w.title)); n > 40 {
			t.Errorf("%s: %d characters", w.title, n)
		}
		if w.total > 0 && w.unit == "" {
			t.Errorf("%s: no unit", w.title)
		}
	}
	if len(texts) < 120 {
		t.Errorf("%d wishes", len(texts))
	}
	for _, c := range wish.Categories {
		if per[c] < 8 {
			t.Errorf("%s: %d wishes", c, per[c])
		}
	}
}

// TestWishYear: a year has wishes in every state of the life and in all tiers,
// is made fast, and verify has nothing to say about it.
func TestWishYear(t *testing.T) {
	ctx := context.Background()
	end := time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC)
	year := clock.NewFake(end.AddDate(-1, 0, 0))
	h, err := app.Open(ctx, app.Config{Data: t.TempDir(), Clock: year, Fill: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := People(ctx, h); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := Wishes(ctx, h, year, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	t.Logf("made in %v", time.Since(began))
	if got := year.Now(); !got.Equal(end.AddDate(-1, 0, 0)) {
		t.Errorf("the clock was left at %v", got)
	}
	var n, moves int
	if err := h.DB.Get(ctx, &n, `SELECT count(*) FROM wishes`); err != nil || n != 255 {
		t.Errorf("%d wishes, %v", n, err)
	}
	if err := h.DB.Get(ctx, &moves, `SELECT count(*) FROM events WHERE kind = 'wish'`); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d wishes, %d events", n, moves)
	var states []struct {
		State string `db:"state"`
		N     int    `db:"n"`
	}
	if err := h.DB.Select(ctx, &states, `SELECT state, count(*) AS n FROM wishes GROUP BY state ORDER BY state`); err != nil {
		t.Fatal(err)
	}
	have := map[string]int{}
	for _, s := range states {
		have[s.State] = s.N
	}
	t.Log(have)
	for _, s := range Life() {
		if have[s] == 0 {
			t.Errorf("no wish is %s", s)
		}
	}
	for want, query := range map[string]string{
		"a wish asked of organisations": `SELECT count(*) FROM wishes WHERE state = 'open' AND tier = 2`,
		"a wish for the street":         `SELECT count(*) FROM wishes WHERE state = 'open' AND tier = 3`,
		"a review that nobody did":      `SELECT count(*) FROM wishes WHERE state = 'review' AND rank <> 'community'`,
		"a private wish":                `SELECT count(*) FROM wishes WHERE visibility = 'private'`,
		"a claim that ran out":          `SELECT count(*) FROM wish_claims WHERE state = 'lapsed'`,
		"a wish met on the spot":        `SELECT count(*) FROM wishes WHERE on_spot = 1`,
		"the vegetables":                `SELECT count(*) FROM wishes WHERE total = 7000 AND state = 'fulfilled'`,
		"a wish on behalf of somebody":  `SELECT count(*) FROM wishes WHERE helped_name <> ''`,
	} {
		var n int
		if err := h.DB.Get(ctx, &n, query); err != nil || n == 0 {
			t.Errorf("%s is missing (%v)", want, err)
		}
	}
	for _, p := range h.Parts() {
		for _, c := range p.Checks {
			faults, err := c.Do(ctx, db.Queryer(h.DB))
			if err != nil || len(faults) > 0 {
				t.Errorf("%s: %v %v", c.Name, faults, err)
			}
		}
	}
}

// Life lists the states that a year should show; converted needs another
// feature's converter.
func Life() []string {
	var out []string
	for _, s := range wish.Life.States() {
		if s != wish.Converted {
			out = append(out, string(s))
		}
	}
	return out
}
