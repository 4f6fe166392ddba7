package calendar

import (
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.ParseInLocation("2006-01-02 15:04", text, Zone)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestIsWorkday(t *testing.T) {
	for _, tt := range []struct {
		day  string
		want bool
		why  string
	}{
		{"2026-02-13", true, "Friday before the festival"},
		{"2026-02-14", true, "Saturday made up"},
		{"2026-02-15", false, "Spring Festival begins"},
		{"2026-02-23", false, "a Monday, its last day"},
		{"2026-02-24", true, "Tuesday after"},
		{"2026-02-28", true, "Saturday made up"},
		{"2026-03-01", false, "plain Sunday"},
		{"2026-09-20", true, "Sunday made up"},
		{"2026-10-07", false, "National Day's last day, a Wednesday"},
		{"2026-10-10", true, "Saturday made up"},
		{"2027-01-01", true, "not announced: a Friday counts"},
		{"2027-01-02", false, "a Saturday without data"},
		{"1969-12-28", false, "a Sunday before the epoch"},
		{"1969-12-29", true, "the Monday after"},
	} {
		for _, hour := range []string{" 00:00", " 23:59"} {
			if got := China().IsWorkday(at(t, tt.day+hour)); got != tt.want {
				t.Errorf("%s%s: worked = %v, want %v: %s", tt.day, hour, got, tt.want, tt.why)
			}
		}
	}
}

func TestDayIsThatOfChina(t *testing.T) {
	// 16:30 UTC on Saturday the 14th (worked) is already Sunday the 15th (off) in China.
	if China().IsWorkday(time.Date(2026, 2, 14, 16, 30, 0, 0, time.UTC)) {
		t.Error("the day was taken from the caller's zone")
	}
	// On the night New York loses an hour nothing is lost here.
	newYork := time.FixedZone("EST", -5*60*60)
	got := China().Add(time.Date(2026, 3, 6, 2, 0, 0, 0, newYork), MustSpan("1wd"))
	if want := at(t, "2026-03-09 15:00"); !got.Equal(want) || got.Location() != Zone {
		t.Errorf("got %v, want %v in CST", got, want)
	}
}

func TestKnownAndOverlay(t *testing.T) {
	c := China()
	for year, want := range map[int]bool{2022: false, 2023: true, 2026: true, 2027: false} {
		if c.Known(year) != want {
			t.Errorf("Known(%d) = %v", year, !want)
		}
	}
	over, err := c.With([]Row{{"2027-01-01", false, "元旦"}, {"2026-02-14", false, "社区停电"}, {"2026-02-14", false, "检修"}})
	if err != nil {
		t.Fatal(err)
	}
	if !over.Known(2027) || over.IsWorkday(at(t, "2027-01-01 12:00")) || over.IsWorkday(at(t, "2026-02-14 12:00")) {
		t.Error("the overlay does not hold")
	}
	if occasion, ok := over.Occasion(at(t, "2026-02-14 12:00")); !ok || occasion != "检修" {
		t.Errorf("occasion = %q, %v: the later row should win", occasion, ok)
	}
	if c.Known(2027) || !c.IsWorkday(at(t, "2026-02-14 12:00")) {
		t.Error("the overlay changed the calendar below it")
	}
	if n := len(over.Rows()) - len(c.Rows()); n != 1 {
		t.Errorf("%d more rows, want 1", n)
	}
	if _, err := New([]Row{{"2026-02-30", false, ""}}); err == nil {
		t.Error("30 February was taken")
	}
	var zero Calendar
	if !zero.IsWorkday(at(t, "2026-10-01 12:00")) || zero.IsWorkday(at(t, "2026-10-03 12:00")) {
		t.Error("the zero calendar is not Monday to Friday")
	}
}

func TestReadCSVRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":  "",
		"header": "date,off,why\n",
		"date":   "date,day,occasion\n2026-13-01,off,x\n",
		"kind":   "date,day,occasion\n2026-01-01,holiday,x\n",
		"twice":  "date,day,occasion\n2026-01-01,off,x\n2026-01-01,work,x\n",
		"short":  "date,day,occasion\n2026-01-01,off\n",
	} {
		if rows, err := ReadCSV(strings.NewReader(text)); err == nil {
			t.Errorf("%s: took %v", name, rows)
		}
	}
	rows, err := ReadCSV(strings.NewReader("\ufeffdate,day,occasion\r\n2026-01-04,work,元旦\r\n"))
	if err != nil || len(rows) != 1 || rows[0] != (Row{"2026-01-04", true, "元旦"}) {
		t.Errorf("with byte order mark: %v, %v", rows, err)
	}
}

func TestSpanText(t *testing.T) {
	for _, text := range []string{"0h", "24h", "2wd", "4wh", "5d", "87600h", "2500wd", "20000wh", "3650d"} {
		s, err := ParseSpan(text)
		if err != nil || s.String() != text {
			t.Errorf("%s: %v, %v", text, s, err)
		}
		var again Span
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s {
			t.Errorf("%s: unmarshalled %v, %v", text, again, err)
		}
	}
	for _, text := range []string{"", "h", "24", "-1h", "+1h", "024h", "1.5h", "24 h", "24H", "1w", "87601h", "2501wd", "99999999999999999999d", "２h"} {
		if s, err := ParseSpan(text); err == nil {
			t.Errorf("%q was read as %v", text, s)
		}
	}
}

func TestHours(t *testing.T) {
	windows, err := ParseHours("8:30-12:00  13:30-24:00")
	if err != nil || len(windows) != 2 || windows[0].From != 8*time.Hour+30*time.Minute || windows[1].To != 24*time.Hour {
		t.Errorf("%v, %v", windows, err)
	}
	for _, bad := range []string{"", "9:00", "9:00-9:00", "12:00-9:00", "9:00-12:00 11:00-13:00", "9:00-25:00", "9-12"} {
		if w, err := ParseHours(bad); err == nil {
			t.Errorf("%q was read as %v", bad, w)
		}
	}
	c, err := China().WithHours(windows...)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Add(at(t, "2026-03-02 11:00"), MustSpan("2wh")), at(t, "2026-03-02 14:30"); !got.Equal(want) {
		t.Errorf("with other hours %v, want %v", got, want)
	}
}
