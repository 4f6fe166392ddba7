// Package series expands the rule of a recurring matter 系列 into its moments,
// after RFC 5545: "FREQ=WEEKLY;COUNT=8".
package series

import (
	"fmt"
	"slices"
	"time"

	"github.com/teambition/rrule-go"
)

// longest is how far after the first the last may lie.
const longest = 2 * 366 * 24 * time.Hour

// Starts are the moments of a rule in the zone of first, the first included,
// without the exceptions (days, 2026-05-01). A rule must have an end and give at
// most one a day; of more than most it returns most+1 or a few more, so that the
// caller sees that they are too many.
func Starts(rule string, first time.Time, except []string, most int) ([]time.Time, error) {
	opt, err := rrule.StrToROptionInLocation(rule, first.Location())
	if err != nil {
		return nil, err
	}
	if opt.Freq > rrule.DAILY || opt.Interval < 0 || len(opt.Byhour)+len(opt.Byminute)+len(opt.Bysecond) > 0 {
		return nil, fmt.Errorf("series: at most once a day: %s", rule)
	}
	if opt.Count == 0 && opt.Until.IsZero() || opt.Count > most+1 {
		return nil, fmt.Errorf("series: without an end: %s", rule)
	}
	opt.Dtstart = first
	r, err := rrule.NewRRule(*opt)
	if err != nil {
		return nil, err
	}
	var out []time.Time
	next := r.Iterator()
	for range most + len(except) + 2 { // a rule may match seldom, never for ever
		t, ok := next()
		if !ok || t.Sub(first) > longest {
			break
		}
		if !slices.Contains(except, t.Format(time.DateOnly)) {
			out = append(out, t)
		}
	}
	return out, nil
}
