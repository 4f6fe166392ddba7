package demo

import (
	"context"
	"math/rand/v2"

	"linli/internal/app"
	"linli/internal/core/clock"
)

// stories lists what makes the year, one line a feature. Each runs the clock
// through the year by itself, on random numbers of its own.
var stories = []func(ctx context.Context, h *app.House, year *clock.Fake, rnd *rand.Rand) error{
	Wishes,
	Posts,
	Projects,
	Activities,
	Duties,
}

// Year makes a year of matters, each through the use-cases that people use.
func Year(ctx context.Context, h *app.House, year *clock.Fake, seed uint64) error {
	start := year.Now()
	for i, tell := range stories {
		year.Set(start)
		if err := tell(ctx, h, year, rand.New(rand.NewPCG(seed, uint64(i)))); err != nil {
			return err
		}
	}
	return nil
}
