package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAdd(t *testing.T) {
	for _, tt := range []struct{ start, span, want, why string }{
		{"2026-03-06 15:00", "24h", "2026-03-07 15:00", "hours ignore the weekend"},
		{"2026-01-31 10:00", "5d", "2026-02-05 10:00", "month end"},
		{"2024-02-28 10:00", "1d", "2024-02-29 10:00", "leap day"},
		{"2026-12-31 23:59", "1h", "2027-01-01 00:59", "year end"},

		{"2026-03-06 15:00", "1wd", "2026-03-09 15:00", "Friday to Monday"},
		{"2026-03-06 15:00", "2wd", "2026-03-10 15:00", "Friday to Tuesday"},
		{"2026-03-07 09:00", "2wd", "2026-03-11 00:00", "on Saturday: Monday and Tuesday whole"},
		{"2026-03-08 23:59", "2wd", "2026-03-11 00:00", "on Sunday the same"},
		{"2026-03-09 00:00", "2wd", "2026-03-11 00:00", "Monday's first instant the same"},
		{"2026-03-07 09:00", "5wd", "2026-03-16 00:00", "a whole week ends on the next working day, not on Saturday 0:00"},
		{"2026-03-07 09:00", "0wd", "2026-03-07 09:00", "nothing ends at once"},

		{"2026-02-13 15:00", "1wd", "2026-02-14 15:00", "the made-up Saturday counts"},
		{"2026-02-14 10:00", "1wd", "2026-02-24 10:00", "over Spring Festival"},
		{"2026-02-17 10:00", "1wd", "2026-02-25 00:00", "started on New Year's Day of the lunar year"},
		{"2026-02-27 10:00", "2wd", "2026-03-02 10:00", "made-up Saturday, month end"},
		{"2026-09-30 18:00", "3wd", "2026-10-10 18:00", "National Day, then Thursday, Friday and the made-up Saturday"},
		{"2026-09-19 08:00", "1wd", "2026-09-21 00:00", "Saturday: the made-up Sunday is the day"},
		{"2026-12-31 09:30", "1wd", "2027-01-01 09:30", "a year without data counts Monday to Friday"},

		{"2026-03-02 09:00", "3wh", "2026-03-02 12:00", "used up at closing ends at closing"},
		{"2026-03-02 09:00", "4wh", "2026-03-02 15:00", "over lunch"},
		{"2026-03-02 12:30", "1wh", "2026-03-02 15:00", "started at lunch"},
		{"2026-03-02 07:00", "4wh", "2026-03-02 15:00", "before opening"},
		{"2026-03-02 18:00", "1wh", "2026-03-03 10:00", "at closing"},
		{"2026-03-02 22:00", "4wh", "2026-03-03 15:00", "at night"},
		{"2026-03-06 17:00", "4wh", "2026-03-09 12:00", "over the weekend"},
		{"2026-02-14 17:30", "1wh", "2026-02-24 09:30", "over Spring Festival"},
		{"2026-03-02 09:00", "7wh", "2026-03-02 18:00", "a whole day"},
	} {
		if got, want := China().Add(at(t, tt.start), MustSpan(tt.span)), at(t, tt.want); !got.Equal(want) {
			t.Errorf("%s + %s = %s, want %s: %s", tt.start, tt.span, got.Format("2006-01-02 15:04"), tt.want, tt.why)
		}
	}
}

func TestPausesExtend(t *testing.T) {
	stretch := func(from, to string) Interval { return Interval{at(t, from), at(t, to)} }
	weekend := stretch("2026-03-07 00:00", "2026-03-09 00:00")
	for _, tt := range []struct {
		start, span, want string
		pauses            Pauses
		why               string
	}{
		{"2026-03-02 10:00", "24h", "2026-03-03 12:00", Pauses{stretch("2026-03-02 12:00", "2026-03-02 14:00")}, "by its length"},
		{"2026-03-02 10:00", "24h", "2026-03-03 13:00", Pauses{stretch("2026-03-02 13:00", "2026-03-02 15:00"), stretch("2026-03-02 12:00", "2026-03-02 14:00")}, "overlapping ones count once"},
		{"2026-03-02 10:00", "24h", "2026-03-03 10:00", Pauses{stretch("2026-03-02 08:00", "2026-03-02 09:00"), stretch("2026-03-04 08:00", "2026-03-04 09:00"), stretch("2026-03-02 14:00", "2026-03-02 13:00")}, "before, after and reversed ones do not"},
		{"2026-03-06 15:00", "2wd", "2026-03-10 15:00", Pauses{weekend}, "a pause over the weekend costs nothing"},
		{"2026-03-06 15:00", "2wd", "2026-03-11 15:00", Pauses{stretch("2026-03-09 09:00", "2026-03-10 09:00")}, "a working day's pause costs one"},
		{"2026-03-02 09:00", "4wh", "2026-03-02 16:00", Pauses{stretch("2026-03-02 11:00", "2026-03-02 13:00"), stretch("2026-03-02 20:00", "2026-03-02 21:00")}, "only the paused office hour"},
		{"2026-03-02 09:00", "1h", "2026-03-02 11:00", Pauses{stretch("2026-03-02 08:00", "2026-03-02 10:00")}, "one begun before the start"},
		{"2026-03-02 09:00", "1wd", "2026-03-03 09:00", Pauses{{From: at(t, "2026-03-03 09:01")}}, "reached before an endless one"},
	} {
		got, ok := China().Deadline(at(t, tt.start), MustSpan(tt.span), tt.pauses)
		if want := at(t, tt.want); !ok || !got.Equal(want) {
			t.Errorf("%s + %s = %s (%v), want %s: %s", tt.start, tt.span, got.Format("2006-01-02 15:04"), ok, tt.want, tt.why)
		}
	}
	if due, ok := China().Deadline(at(t, "2026-03-02 09:00"), MustSpan("4wh"), Pauses{{From: at(t, "2026-03-02 10:00")}}); ok {
		t.Errorf("paused without end, yet due %v", due)
	}
}

func TestLamps(t *testing.T) {
	c, start, span := China(), at(t, "2026-03-06 15:00"), MustSpan("5wd")
	for percent, want := range map[int]string{0: "2026-03-06 15:00", 50: "2026-03-11 03:00", 80: "2026-03-12 15:00", 100: "2026-03-13 15:00"} {
		got, ok := c.Lamp(start, span, percent, nil)
		if !ok || !got.Equal(at(t, want)) {
			t.Errorf("lamp at %d%%: %v, want %s", percent, got, want)
		}
		if p := c.Percent(start, got, span, nil); p != percent {
			t.Errorf("at the lamp of %d%% the share is %d%%", percent, p)
		}
		if p := c.Percent(start, got.Add(-time.Millisecond), span, nil); p != max(percent-1, 0) {
			t.Errorf("just before the lamp of %d%% the share is %d%%", percent, p)
		}
	}
	if p := c.Percent(start, at(t, "2026-03-20 15:00"), span, nil); p != 200 {
		t.Errorf("overdue by as much again: %d%%", p)
	}
	paused := Pauses{{From: at(t, "2026-03-09 00:00")}}
	if p := c.Percent(start, at(t, "2026-05-01 00:00"), span, paused); p != 7 {
		t.Errorf("the clock stands still in a pause: %d%%, want 7 (9 of 120 hours)", p)
	}
	if p := c.Percent(start, start, MustSpan("0h"), nil); p != 100 {
		t.Errorf("a span of nothing is used at %d%%", p)
	}
	if _, ok := c.Lamp(start, MustSpan("87600h"), 1<<62, nil); ok {
		t.Error("a share beyond all time has an instant")
	}
}

// The years drawn cover those with data, the border to those without, and the epoch.
func drawTime(t *rapid.T, label string) time.Time {
	base := rapid.SampledFrom([]int64{0, 1735689600, 1767225600, 1798761600}).Draw(t, label+" base")
	return time.Unix(base+rapid.Int64Range(-40*86400, 400*86400).Draw(t, label), 0)
}

func drawSpan(t *rapid.T) Span {
	return Span{N: rapid.IntRange(0, 60).Draw(t, "n"), Unit: Unit(rapid.IntRange(0, 3).Draw(t, "unit"))}
}

func drawPauses(t *rapid.T, near time.Time) Pauses {
	var pauses Pauses
	for range rapid.IntRange(0, 3).Draw(t, "pauses") {
		from := near.Add(time.Duration(rapid.Int64Range(-5*24*60, 40*24*60).Draw(t, "from")) * time.Minute)
		pauses = append(pauses, Interval{from, from.Add(time.Duration(rapid.Int64Range(-60, 9*24*60).Draw(t, "length")) * time.Minute)})
	}
	return pauses
}

func TestDeadlineProperties(t *testing.T) {
	c := China()
	rapid.Check(t, func(t *rapid.T) {
		start, span := drawTime(t, "start"), drawSpan(t)
		pauses := drawPauses(t, start)
		due, ok := c.Deadline(start, span, pauses)
		if !ok {
			t.Fatal("pauses that end left no deadline")
		}
		if got := c.Between(start, due, span.Unit, pauses); got != span.Amount() {
			t.Fatalf("from %v to %v count %v, want %v", start.In(Zone), due, got, span.Amount())
		}
		if span.N > 0 && span.Unit == WorkingDays && !c.IsWorkday(due) {
			t.Fatalf("due on a day off: %v", due)
		}
		laterStart := start.Add(time.Duration(rapid.Int64Range(0, 20*24*60).Draw(t, "later")) * time.Minute)
		if due2, _ := c.Deadline(laterStart, span, pauses); span.N > 0 && due2.Before(due) {
			t.Fatalf("started at %v due %v, started later at %v due earlier at %v", start.In(Zone), due, laterStart.In(Zone), due2)
		}
		if due2, _ := c.Deadline(start, Span{span.N + 1, span.Unit}, pauses); due2.Before(due) {
			t.Fatalf("a longer span ends earlier: %v before %v", due2, due)
		}
		if without := c.Add(start, span); due.Before(without) {
			t.Fatalf("pauses shorten: %v before %v", due, without)
		}
	})
}

// Between is checked against a count minute by minute that knows nothing of stretches.
func TestBetweenAgainstCounting(t *testing.T) {
	c := China()
	rapid.Check(t, func(t *rapid.T) {
		from := drawTime(t, "from").Truncate(time.Minute)
		minutes := rapid.IntRange(0, 6*24*60).Draw(t, "minutes")
		unit := Unit(rapid.IntRange(0, 3).Draw(t, "unit"))
		pauses := drawPauses(t, from)
		want := 0
		for i := range minutes {
			m := from.Add(time.Duration(i) * time.Minute)
			counts := unit == Hours || unit == Days || c.IsWorkday(m)
			if unit == WorkingHours {
				local := m.In(Zone)
				clock := local.Hour()*60 + local.Minute()
				counts = counts && (clock >= 540 && clock < 720 || clock >= 840 && clock < 1080)
			}
			for _, p := range pauses {
				counts = counts && (m.Before(p.From) || !m.Before(p.To))
			}
			if counts {
				want++
			}
		}
		if got := c.Between(from, from.Add(time.Duration(minutes)*time.Minute), unit, pauses); got != time.Duration(want)*time.Minute {
			t.Fatalf("%v, counted %d minutes", got, want)
		}
	})
}

func BenchmarkDeadline(b *testing.B) {
	c, start, span := China(), time.Unix(1767225600, 0), MustSpan("10wd")
	for b.Loop() {
		c.Deadline(start, span, nil)
	}
}
