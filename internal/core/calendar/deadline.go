package calendar

import (
	"math/bits"
	"slices"
	"time"
)

// Interval is a stretch of time, From ≤ t < To. A zero To means that it has not ended yet.
type Interval struct{ From, To time.Time }

// Pauses are stretches during which a matter's clock stands still, in any order; they may overlap. Empty and reversed ones
// count for nothing.
type Pauses []Interval

// Add is the deadline d after t, without pauses; see [Calendar.Deadline] for the rules. The result is in [Zone].
func (c Calendar) Add(t time.Time, d Span) time.Time {
	due, _ := c.Deadline(t, d, nil)
	return due
}

// Deadline is the instant at which span d, begun at start, is used up, in [Zone]. While a pause lasts without end the
// deadline is unknown: ok is false and due zero, unless it was reached before the pause began.
//
// The counted time is that of the span's unit, less the pauses:
//
//   - h, d: all time. 24h and 1d from Friday 15:00 end on Saturday 15:00.
//   - wd: the 24 hours of each working day. N working days end at the same time of day on the Nth working day after the day
//     of the start; begun on a day off, they count from 0:00 of the next working day. Two days from Friday 15:00 end on
//     Tuesday 15:00; from any time on Saturday or Sunday, on Wednesday 0:00, so Monday and Tuesday are whole. A deadline
//     that would fall on the midnight ending a working day (or on the beginning of a pause) falls on the beginning of the
//     next counted time instead: nobody is due on a day off.
//   - wh: the office hours of each working day. Begun outside them, the span counts from the next opening; one that is used
//     up exactly at closing ends at closing: 3 hours from 9:00 end at 12:00, not 14:00.
//
// A span of nothing ends at start, whatever day that is. A later start never gives an earlier deadline, nor does a longer
// span. For every start, Between(start, Deadline(start, d), d.Unit) is d.Amount() — for the zero span too.
func (c Calendar) Deadline(start time.Time, d Span, pauses Pauses) (due time.Time, ok bool) {
	return c.after(start, d.Amount(), d.Unit, pauses)
}

// Lamp is the instant at which percent (0 and more) of span d, begun at start, is used, for warnings at 50, 80 and 100 %;
// Lamp at 100 is the deadline. The share of the span is rounded down to the nanosecond. ok is as in [Calendar.Deadline].
func (c Calendar) Lamp(start time.Time, d Span, percent int, pauses Pauses) (at time.Time, ok bool) {
	// The longest span times a percentage overflows 64 bits.
	hi, lo := bits.Mul64(uint64(max(d.Amount(), 0)), uint64(max(percent, 0)))
	if hi >= 100 {
		return time.Time{}, false
	}
	share, _ := bits.Div64(hi, lo, 100)
	if share > uint64(1<<63-1) {
		return time.Time{}, false
	}
	return c.after(start, time.Duration(share), d.Unit, pauses)
}

// Percent is how much of span d, begun at start, is used at now: 0 before the start, 100 at the deadline, more when
// overdue, rounded down. A span of nothing is used up from its start on.
func (c Calendar) Percent(start, now time.Time, d Span, pauses Pauses) int {
	if now.Before(start) {
		return 0
	}
	if d.Amount() <= 0 {
		return 100
	}
	hi, lo := bits.Mul64(uint64(c.Between(start, now, d.Unit, pauses)), 100)
	percent, _ := bits.Div64(hi, lo, uint64(d.Amount()))
	return int(percent)
}

// Between is the time counted by unit from one instant to another, less the pauses: a working day counts 24 hours for
// [WorkingDays] and its office hours for [WorkingHours]. It is 0 when to is not after from. A pause without end lasts
// beyond to. Instants more than 290 years apart saturate.
func (c Calendar) Between(from, to time.Time, unit Unit, pauses Pauses) time.Duration {
	var sum time.Duration
	for s := c.count(from, unit, pauses); ; {
		a, b, ok := s.next(to)
		if !ok {
			return sum
		}
		if b.After(to) {
			b = to
		}
		sum += b.Sub(a)
	}
}

// after walks the counted time from start until amount is used.
func (c Calendar) after(start time.Time, amount time.Duration, unit Unit, pauses Pauses) (time.Time, bool) {
	if amount <= 0 {
		return start.In(Zone), true
	}
	if len(pauses) == 0 && (unit == Hours || unit == Days) {
		return start.Add(amount).In(Zone), true // no day to be left out: a year need not be walked
	}
	for s := c.count(start, unit, pauses); ; {
		a, b, ok := s.next(never)
		if !ok {
			return time.Time{}, false
		}
		size := b.Sub(a)
		if amount < size || amount == size && unit != WorkingDays {
			return a.Add(amount).In(Zone), true
		}
		amount -= size
		if amount == 0 { // working days land on the next counted time, not on the end of this
			a, _, ok = s.next(never)
			return a.In(Zone), ok
		}
	}
}

// never lies beyond every deadline: the longest span takes less than 40 years even if no year's data were known.
var never = time.Date(9999, time.December, 31, 0, 0, 0, 0, Zone)

// counted steps through the stretches of counted time, in order, none empty.
type counted struct {
	calendar Calendar
	hours    []Window
	unit     Unit
	at       time.Time // everything before it has been given out
	pauses   Pauses    // sorted, ends set, those before at dropped
}

func (c Calendar) count(from time.Time, unit Unit, pauses Pauses) *counted {
	s := &counted{calendar: c, hours: c.hours, unit: unit, at: from}
	if s.hours == nil {
		s.hours = DefaultHours[:]
	}
	for _, p := range pauses {
		if p.To.IsZero() {
			p.To = never
		}
		if p.To.After(p.From) {
			s.pauses = append(s.pauses, p)
		}
	}
	slices.SortFunc(s.pauses, func(a, b Interval) int { return a.From.Compare(b.From) })
	return s
}

// next gives the next stretch that begins before limit.
func (s *counted) next(limit time.Time) (a, b time.Time, ok bool) {
	for {
		for len(s.pauses) > 0 && !s.pauses[0].From.After(s.at) {
			if s.pauses[0].To.After(s.at) {
				s.at = s.pauses[0].To
			}
			s.pauses = s.pauses[1:]
		}
		if !s.at.Before(limit) {
			return time.Time{}, time.Time{}, false
		}
		a, b = s.stretch()
		if !a.Before(limit) {
			return time.Time{}, time.Time{}, false
		}
		if len(s.pauses) > 0 && s.pauses[0].From.Before(b) {
			b = s.pauses[0].From
		}
		if b.After(a) {
			s.at = b
			return a, b, true
		}
		s.at = a // a pause begins here or before: step over it
	}
}

// stretch is the first stretch of the unit's time, pauses apart, that ends after at, cut to begin at at or later.
func (s *counted) stretch() (a, b time.Time) {
	day := dayOf(s.at)
	if s.unit == Hours || s.unit == Days {
		// A day at a time: durations of many years would overflow.
		return s.at, startOf(day + 1)
	}
	for ; ; day++ {
		if !s.calendar.worked(day) {
			continue
		}
		start := startOf(day)
		if s.unit == WorkingDays {
			return later(start, s.at), startOf(day + 1)
		}
		for _, w := range s.hours {
			if end := start.Add(w.To); end.After(s.at) {
				return later(start.Add(w.From), s.at), end
			}
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
