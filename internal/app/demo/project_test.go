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
// states, with a poll open at its end, and verify finds nothing, wherever the
// weekends and the long holidays of the year lie.
func TestProjectsOfAYear(t *testing.T) {
	for _, end := range []string{"2026-11-21 09:00", "2026-11-24 14:00", "2027-01-26 23:00", "2027-03-29 01:00"} {
		t.Run(end, func(t *testing.T) {
			at, err := time.ParseInLocation("2006-01-02 15:04", end, clock.China)
			if err != nil {
				t.Fatal(err)
			}
			projectsFrom(t, at.AddDate(-1, 0, 0))
		})
	}
}

func projectsFrom(t *testing.T, start time.Time) {
	ctx := context.Background()
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
	for _, want := range []string{"proposed", "returned", "referred", "merged", "study", "screened", "council", "summarised", "polling", "notice", "panel", "deferred", "selected", "building", "acceptance", "accepted", "done"} {
		if !slices.Contains(states, want) {
			t.Errorf("no project is %s, only %v", want, states)
		}
	}
	var open, rules, night int
	if err := h.DB.Get(ctx, &open, `SELECT count(*) FROM polls WHERE state = 'open'`); err != nil || open != 4 {
		t.Errorf("%d polls are open, %v", open, err)
	}
	if err := h.DB.Get(ctx, &rules, `SELECT count(DISTINCT rule) FROM polls`); err != nil || rules < 6 {
		t.Errorf("polls by %d rules, %v", rules, err)
	}
	// People act by day; 08:00 to 22:00 in China is 00:00 to 14:00 UTC.
	if err := h.DB.Get(ctx, &night, `SELECT count(*) FROM events WHERE kind = 'project' AND actor <> '' AND actor <> 'clock' AND (at / 3600000) % 24 >= 14`); err != nil || night != 0 {
		t.Errorf("%d moves are made at night, %v", night, err)
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
