package demo_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/clock"
)

// TestProjectsOfAYear: the year of projects is made by the use-cases, in many
// states, with a poll open at its end, and verify finds nothing.
func TestProjectsOfAYear(t *testing.T) {
	ctx := context.Background()
	start := time.Date(2025, 11, 21, 9, 0, 0, 0, clock.China)
	year := clock.NewFake(start)
	h, err := app.Open(ctx, app.Config{Data: t.TempDir(), Clock: year, Fill: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := demo.People(ctx, h); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := demo.Projects(ctx, h, year, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	t.Logf("made in %v", time.Since(began))
	year.Set(start.AddDate(1, 0, 0))
	if err := h.Work(ctx); err != nil {
		t.Fatal(err)
	}
	var states []string
	if err := h.DB.Select(ctx, &states, `SELECT state FROM projects ORDER BY id`); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"done", "selected", "polling", "council", "proposed", "returned", "referred", "merged"} {
		if !slices.Contains(states, want) {
			t.Errorf("no project is %s, only %v", want, states)
		}
	}
	var open int
	if err := h.DB.Get(ctx, &open, `SELECT count(*) FROM polls WHERE state = 'open'`); err != nil || open != 1 {
		t.Errorf("%d polls are open, %v", open, err)
	}
	for _, p := range h.Parts() {
		for _, c := range p.Checks {
			if p.Name != "project" && p.Name != "ballot" {
				continue
			}
			if faults, err := c.Do(ctx, h.DB); err != nil || len(faults) > 0 {
				t.Errorf("%s: %v %v", c.Name, faults, err)
			}
		}
	}
}
