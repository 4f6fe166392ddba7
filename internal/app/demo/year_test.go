package demo

import (
	"fmt"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/core/clock"
)

// A newcomer may try the demo at any hour of any day.
func TestTheYearEndsAtAnyHour(t *testing.T) {
	for i, end := range []time.Time{
		time.Date(2026, 11, 21, 23, 50, 0, 0, clock.China), // late on a Saturday
		time.Date(2027, 1, 1, 0, 5, 0, 0, clock.China),     // a day off in a year without a calendar
		time.Date(2028, 2, 29, 6, 30, 0, 0, clock.China),
		time.Date(2026, 10, 1, 13, 0, 0, 0, clock.China),
	} {
		t.Run(end.Format("2006-01-02T1504"), func(t *testing.T) {
			year := clock.NewFake(end.AddDate(-1, 0, 0))
			h, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Clock: year, Fill: true})
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
			if err := Year(t.Context(), h, year, uint64(i+1)); err != nil {
				t.Fatal(err)
			}
			year.Set(end)
			if err := h.Work(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, faults, err := h.Journal.Verify(t.Context())
			if err != nil || len(faults) > 0 {
				t.Errorf("%v %s", err, fmt.Sprint(faults))
			}
		})
	}
}
