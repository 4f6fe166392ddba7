// Package calendar is China's working-day calendar (工作日历): which days are worked, and when a deadline such as
// "two working days" or "four working hours" falls due, with pauses.
//
// # What counts as a working day
//
// Monday to Friday, except days a row declares off (节假日); and Saturdays and Sundays a row declares worked (调休 make-up
// days). The State Council announces the rows of a year in the autumn before. In a year without data ([Calendar.Known]) only
// the rows that exist apply and every other Monday to Friday counts as worked, so that a deadline is never missing; an
// operator is told by the `doctor` command.
//
// # Zone
//
// All days are those of [Zone], UTC+8. China has had no daylight saving time since 1991, so a fixed zone is exact from
// 1992 on and needs no zone database on the machine. The zone of a time handed in does not matter, only its instant.
package calendar

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Zone is China Standard Time, UTC+8, under which every day of this package begins and ends.
var Zone = time.FixedZone("CST", 8*60*60)

// Row declares one day off or worked, against the rule Monday to Friday.
type Row struct {
	Date     string // 2026-02-14, the form of an ISO 8601 calendar date
	Work     bool   // true: worked (调休), false: off
	Occasion string // why, for people: 春节; may be empty
}

// Calendar is an immutable working-day calendar, safe for use by many goroutines. The zero Calendar has no rows and the
// hours [DefaultHours]. Edit it by [Calendar.With] and [Calendar.WithHours], which return another one.
type Calendar struct {
	days  map[int]Row // by day number, see dayOf
	hours []Window    // nil means DefaultHours
}

// New makes a calendar of rows. A later row replaces an earlier one of the same date. It fails on a date that is none.
func New(rows []Row) (Calendar, error) {
	return Calendar{}.With(rows)
}

// With returns the calendar overlaid with rows: each replaces what was known of its date. So a community's own days off, or
// a holiday announced late, are laid over the country's.
func (c Calendar) With(rows []Row) (Calendar, error) {
	days := make(map[int]Row, len(c.days)+len(rows))
	for day, row := range c.days {
		days[day] = row
	}
	for i, row := range rows {
		date, err := time.ParseInLocation(time.DateOnly, row.Date, Zone)
		if err != nil {
			return Calendar{}, fmt.Errorf("calendar: row %d: %q is no date such as 2026-02-14", i+1, row.Date)
		}
		days[dayOf(date)] = row
	}
	return Calendar{days: days, hours: c.hours}, nil
}

// Rows returns the declared days, earliest first, for display, editing and export.
func (c Calendar) Rows() []Row {
	rows := make([]Row, 0, len(c.days))
	for _, row := range c.days {
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.Date, b.Date) })
	return rows
}

// IsWorkday tells whether the day in [Zone] that holds t is worked.
func (c Calendar) IsWorkday(t time.Time) bool { return c.worked(dayOf(t)) }

// Occasion tells the occasion of the row for t's day, and whether there is such a row.
func (c Calendar) Occasion(t time.Time) (occasion string, declared bool) {
	row, ok := c.days[dayOf(t)]
	return row.Occasion, ok
}

// Known tells whether the holidays of a year are in the calendar. The sign is a row for 1 January: New Year's Day opens
// every notice of the State Council, while a few rows of a year may stray in from its neighbours' notices.
func (c Calendar) Known(year int) bool {
	_, ok := c.days[dayOf(time.Date(year, time.January, 1, 0, 0, 0, 0, Zone))]
	return ok
}

func (c Calendar) worked(day int) bool {
	if row, ok := c.days[day]; ok {
		return row.Work
	}
	// Day 0, 1970-01-01, was a Thursday.
	switch ((day+4)%7 + 7) % 7 {
	case int(time.Sunday), int(time.Saturday):
		return false
	}
	return true
}

// dayOf numbers the days of Zone; 1970-01-01 is 0.
func dayOf(t time.Time) int {
	local := t.Unix() + 8*60*60
	day := local / 86400
	if local%86400 < 0 {
		day--
	}
	return int(day)
}

// startOf is the first instant of a day in Zone.
func startOf(day int) time.Time {
	return time.Unix(int64(day)*86400-8*60*60, 0).In(Zone)
}

// ErrFormat is wrapped by the errors of [ReadCSV] about the file's form.
var ErrFormat = errors.New("calendar: not a calendar file")

// ReadCSV reads rows in the form of the embedded data: a header line `date,day,occasion`, then one line a day, day being
// `off` or `work`. It fails at the first bad line, naming it, and on a date that comes twice.
func ReadCSV(r io.Reader) ([]Row, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = 3
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	if !slices.Equal(header, []string{"date", "day", "occasion"}) {
		return nil, fmt.Errorf("%w: the header is not date,day,occasion", ErrFormat)
	}
	var rows []Row
	seen := map[string]bool{}
	for {
		record, err := in.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrFormat, err)
		}
		line, _ := in.FieldPos(0)
		date, day := record[0], record[1]
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			return nil, fmt.Errorf("%w: line %d: %q is no date such as 2026-02-14", ErrFormat, line, date)
		}
		if day != "off" && day != "work" {
			return nil, fmt.Errorf("%w: line %d: %q is neither off nor work", ErrFormat, line, day)
		}
		if seen[date] {
			return nil, fmt.Errorf("%w: line %d: %s comes twice", ErrFormat, line, date)
		}
		seen[date] = true
		rows = append(rows, Row{Date: date, Work: day == "work", Occasion: record[2]})
	}
}

//go:embed data/china.csv
var chinaCSV []byte

// China is the calendar of the holidays and make-up days announced by the State Council for 2023 to 2026
// (data/README.md names the source).
var China = sync.OnceValue(func() Calendar {
	rows, err := ReadCSV(bytes.NewReader(chinaCSV))
	if err != nil {
		panic(err) // the file is part of the program
	}
	c, err := New(rows)
	if err != nil {
		panic(err)
	}
	return c
})
