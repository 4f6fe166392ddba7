package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"linli/internal/app/generate"
	"linli/internal/core/clock"
)

type generateCommand struct {
	where
	People     int       `help:"How many residents, one in twenty a volunteer." default:"0"`
	Wishes     int       `help:"How many wishes, each with its whole story." default:"0"`
	Activities int       `help:"How many activities, with sign-ups, check-ins, hours and points." default:"0"`
	Posts      int       `help:"How many posts of the channels." default:"0"`
	Seed       uint64    `help:"The same seed and day give the same data." default:"1"`
	Until      time.Time `help:"Last day of the data, such as 2026-11-30; today without it." format:"2006-01-02"`
	JSON       bool      `name:"json" help:"Machine-readable."`
}

func (g *generateCommand) Run() error {
	c, err := g.config()
	if err != nil {
		return err
	}
	until := g.Until
	if until.IsZero() {
		until = clock.System{}.Now().In(clock.China)
	}
	until = time.Date(until.Year(), until.Month(), until.Day(), 0, 0, 0, 0, clock.China)
	bar := progress(g.People+g.Wishes+g.Activities+g.Posts, "inventing")
	done, err := generate.Fill(context.Background(), c, generate.Size{
		People: g.People, Wishes: g.Wishes, Activities: g.Activities, Posts: g.Posts, Seed: g.Seed, Until: until,
	}, bar)
	if err != nil {
		return err
	}
	rate := float64(done.Rows) / max(done.Took.Seconds(), 0.001)
	if g.JSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{
			"people": done.People, "wishes": done.Wishes, "activities": done.Activities, "posts": done.Posts, "rows": done.Rows, "seconds": done.Took.Seconds(), "rows_per_second": int64(rate),
		})
	}
	fmt.Printf("%d people, %d wishes, %d activities, %d posts: %d rows in %.1f s (%.0f rows/s)\n", done.People, done.Wishes, done.Activities, done.Posts, done.Rows, done.Took.Seconds(), rate)
	return nil
}

// progress returns a listener that draws a bar on a terminal and nothing elsewhere.
func progress(all int, what string) func(done, all int) {
	if all == 0 || !term.IsTerminal(int(os.Stderr.Fd())) {
		return func(int, int) {}
	}
	bar := progressbar.NewOptions(all, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	return func(done, _ int) { _ = bar.Set(done) } // a bar that cannot be drawn stops nothing
}
