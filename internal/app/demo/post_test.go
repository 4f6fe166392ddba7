package demo

import (
	"math/rand/v2"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/core/clock"
)

// TestPosts plays the year of the channels and counts what it left.
func TestPosts(t *testing.T) {
	year := clock.NewFake(time.Date(2025, 11, 20, 9, 0, 0, 0, clock.China))
	h, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Clock: year, Fill: true, Secret: []byte("a secret of the tests")})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := People(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := Posts(t.Context(), h, year, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	t.Logf("filled in %v", time.Since(began))
	for place, least := range map[string]int{CommunityA: 100, CommunityB: 60, Street: 100, District: 100} {
		got, err := h.Post.Latest(t.Context(), place, 100)
		if err != nil || len(got) < least {
			t.Errorf("%s: %d posts, %v", place, len(got), err)
		}
	}
	var posts, topics int
	if err := h.DB.Get(t.Context(), &posts, `SELECT count(*) FROM posts`); err != nil || posts < 150 || posts > 260 {
		t.Errorf("%d posts, %v", posts, err)
	}
	if err := h.DB.Get(t.Context(), &topics, `SELECT count(DISTINCT topic) FROM posts WHERE topic <> ''`); err != nil || topics != 6 {
		t.Errorf("%d topics, %v", topics, err)
	}
	for _, c := range h.Post.Part().Checks {
		if faults, err := c.Do(t.Context(), h.DB); err != nil || len(faults) > 0 {
			t.Errorf("%s: %v %v", c.Name, faults, err)
		}
	}
}
