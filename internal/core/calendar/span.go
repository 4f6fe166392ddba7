package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Unit says what a [Span] counts.
type Unit uint8

// The units and their text.
const (
	Hours        Unit = iota // h: hours of the clock, day and night
	Days                     // d: 24 hours of the clock, so the same time of day N days later
	WorkingDays              // wd: days worked (工作日), midnight to midnight
	WorkingHours             // wh: hours within the office hours of days worked (工作小时)
)

// The longest names come first where one ends with another.
var units = [...]struct {
	unit Unit
	text string
	max  int // about ten years, so that a deadline always falls in a year computers can write
	size time.Duration
}{
	{WorkingDays, "wd", 2_500, 24 * time.Hour},
	{WorkingHours, "wh", 20_000, time.Hour},
	{Hours, "h", 87_600, time.Hour},
	{Days, "d", 3_650, 24 * time.Hour},
}

// Span is a duration as a setting: 24h, 5d, 2wd or 4wh. The zero Span is 0h, due at once. Spans are compared with ==.
type Span struct {
	N    int // not negative
	Unit Unit
}

// ParseSpan reads a span in its one canonical form: a whole number without sign or leading zeros, then the unit. At most
// 87600h, 3650d, 2500wd, 20000wh.
func ParseSpan(text string) (Span, error) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.text)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != digits {
			break
		}
		if int(n) > u.max {
			return Span{}, fmt.Errorf("calendar: span %q is longer than %d%s", text, u.max, u.text)
		}
		return Span{N: int(n), Unit: u.unit}, nil
	}
	return Span{}, fmt.Errorf("calendar: %q is no span such as 24h, 5d, 2wd or 4wh", text)
}

// MustSpan is [ParseSpan] for constants of the program; it panics on a bad one.
func MustSpan(text string) Span {
	s, err := ParseSpan(text)
	if err != nil {
		panic(err)
	}
	return s
}

// String is the form that [ParseSpan] reads.
func (s Span) String() string {
	for _, u := range units {
		if u.unit == s.Unit {
			return strconv.Itoa(s.N) + u.text
		}
	}
	return fmt.Sprintf("%d?unit%d", s.N, s.Unit)
}

// MarshalText and UnmarshalText keep a span as its text in JSON and settings.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what [ParseSpan] reads.
func (s *Span) UnmarshalText(text []byte) error {
	parsed, err := ParseSpan(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// Amount is the span as counted time: hours for h and wh, 24 hours for each d and wd. [Calendar.Between] measures in the
// same way, so the two compare.
func (s Span) Amount() time.Duration {
	for _, u := range units {
		if u.unit == s.Unit {
			return time.Duration(s.N) * u.size
		}
	}
	return 0
}

// Window is a stretch of office hours within a day, From ≤ t < To, as time since midnight.
type Window struct{ From, To time.Duration }

// DefaultHours are the office hours unless [Calendar.WithHours] says otherwise: 9:00–12:00 and 14:00–18:00.
var DefaultHours = [...]Window{{9 * time.Hour, 12 * time.Hour}, {14 * time.Hour, 18 * time.Hour}}

// WithHours returns the calendar with other office hours: one window or more, in order, apart, within one day.
func (c Calendar) WithHours(windows ...Window) (Calendar, error) {
	if len(windows) == 0 {
		return Calendar{}, fmt.Errorf("calendar: no office hours")
	}
	var last time.Duration
	for _, w := range windows {
		if w.From < last || w.To <= w.From || w.To > 24*time.Hour {
			return Calendar{}, fmt.Errorf("calendar: office hours %v–%v overlap, are empty or leave the day", w.From, w.To)
		}
		last = w.To
	}
	return Calendar{days: c.days, hours: append([]Window(nil), windows...)}, nil
}

// ParseHours reads office hours such as "9:00-12:00 14:00-18:00", for [Calendar.WithHours].
func ParseHours(text string) ([]Window, error) {
	var windows []Window
	for _, part := range strings.Fields(text) {
		from, to, ok := strings.Cut(part, "-")
		var w Window
		var err error
		if ok {
			if w.From, err = clock(from); err == nil {
				w.To, err = clock(to)
			}
		}
		if !ok || err != nil {
			return nil, fmt.Errorf("calendar: %q are no office hours such as 9:00-12:00", part)
		}
		windows = append(windows, w)
	}
	if _, err := (Calendar{}).WithHours(windows...); err != nil {
		return nil, err
	}
	return windows, nil
}

func clock(text string) (time.Duration, error) {
	if text == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, err
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}
