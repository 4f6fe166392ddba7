package series

import (
	"strings"
	"testing"
	"time"
)

var first = time.Date(2026, 5, 1, 9, 0, 0, 0, time.FixedZone("CST", 8*3600))

func TestStarts(t *testing.T) {
	for _, c := range []struct {
		rule   string
		except string
		want   string // days, or a part of the error
	}{
		{"FREQ=WEEKLY;COUNT=3", "", "2026-05-01 2026-05-08 2026-05-15"},
		{"FREQ=WEEKLY;COUNT=3", "2026-05-08", "2026-05-01 2026-05-15"},
		{"FREQ=MONTHLY;UNTIL=20260702T000000Z", "", "2026-05-01 2026-06-01 2026-07-01"},
		{"FREQ=DAILY;INTERVAL=2;COUNT=2", "", "2026-05-01 2026-05-03"},
		{"FREQ=HOURLY;COUNT=3", "", "at most once a day"},
		{"FREQ=DAILY;COUNT=3;BYHOUR=9,10", "", "at most once a day"},
		{"FREQ=DAILY", "", "without an end"},
		{"FREQ=DAILY;COUNT=12", "", "without an end"},
		{"every Friday", "", "wrong format"},
	} {
		got, err := Starts(c.rule, first, strings.Fields(c.except), 10)
		var days []string
		for _, at := range got {
			if at.Hour() != 9 {
				t.Errorf("%s: %v is at another hour", c.rule, at)
			}
			days = append(days, at.Format(time.DateOnly))
		}
		said := strings.Join(days, " ")
		if err != nil {
			said = err.Error()
		}
		if said != c.want && (err == nil || !strings.Contains(said, c.want)) {
			t.Errorf("%s without %q: %s, want %s", c.rule, c.except, said, c.want)
		}
	}
}

func FuzzStarts(f *testing.F) {
	for _, rule := range []string{"FREQ=WEEKLY;COUNT=8", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3", "FREQ=DAILY;BYSETPOS=-1;UNTIL=20300101T000000Z", "RRULE:FREQ=DAILY", ";;="} {
		f.Add(rule)
	}
	f.Fuzz(func(t *testing.T, rule string) {
		got, err := Starts(rule, first, nil, 10)
		if err != nil {
			return
		}
		if len(got) > 12 {
			t.Fatalf("%q: %d moments", rule, len(got))
		}
		for i, at := range got {
			if at.Sub(first) > longest || i > 0 && !at.After(got[i-1]) {
				t.Fatalf("%q: %v", rule, got)
			}
		}
	})
}
