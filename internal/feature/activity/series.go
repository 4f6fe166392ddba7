package activity

import (
	"context"
	"strings"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/series"
)

// maxSeries bounds a series: every week for a year.
const maxSeries = 53

// setSeries checks the rule of a series (RFC 5545, "FREQ=WEEKLY;COUNT=8") and its exceptions, days.
func (m *Activity) setSeries(except []string, faults *fault.Fields) {
	if m.Rule == "" {
		return
	}
	m.Rule = strings.TrimPrefix(strings.ToUpper(m.Rule), "RRULE:")
	for _, day := range except {
		if _, err := time.Parse("2006-01-02", day); err != nil {
			faults.Add("except", "activity.except")
			return
		}
	}
	m.Except = strings.Join(except, " ")
	starts, err := m.occurrences()
	switch {
	case err != nil:
		faults.Add("series", "activity.rule")
	case len(starts) < 2:
		faults.Add("series", "activity.rule_short")
	case len(starts) > maxSeries:
		faults.Add("series", "activity.rule_long", "max", maxSeries)
	}
}

// occurrences are the starts of the series, the first included, in China's
// zone, without the exceptions.
func (m *Activity) occurrences() ([]time.Time, error) {
	return series.Starts(m.Rule, time.UnixMilli(m.Starts).In(clock.China), strings.Fields(m.Except), maxSeries)
}

// repeat publishes the rest of a series with its first: each occurrence is an
// activity of its own, which may be changed or cancelled alone.
func (s *Service) repeat(ctx context.Context, tx *db.Tx, m *Activity, c *flow.Change) error {
	if m.Rule == "" || m.Series != "" {
		return nil
	}
	starts, err := m.occurrences()
	if err != nil {
		return err
	}
	if err := setSeries(ctx, tx, m.ID); err != nil {
		return err
	}
	m.Series = m.ID
	for _, t := range starts {
		by := t.UnixMilli() - m.Starts
		if by <= 0 {
			continue
		}
		o := *m
		o.ID, o.Series, o.Rule, o.Except = id.New(), m.ID, "", ""
		o.Starts, o.Ends, o.Cutoff = m.Starts+by, m.Ends+by, m.Cutoff+by
		o.Entries = nil
		o.Shifts = nil
		for _, sh := range m.Shifts {
			n := *sh
			n.Starts, n.Ends, n.Taken = sh.Starts+by, sh.Ends+by, 0
			o.Shifts = append(o.Shifts, &n)
		}
		change := born(&o, c.Actor, c.At)
		change.Do = "create"
		change.Code("series", m.ID)
		if err := s.Machine.Born(ctx, tx, &o, Published, change); err != nil {
			return err
		}
	}
	return nil
}

// cancelRest cancels what comes after in the same series.
func (s *Service) cancelRest(ctx context.Context, tx *db.Tx, m *Activity, c *flow.Change) error {
	rest, err := seriesOf(ctx, tx, m.Series, m.Starts)
	if err != nil {
		return err
	}
	for _, o := range rest {
		reason := c.In.Text("reason")
		_, err := s.Machine.Step(ctx, tx, c.Actor, journal.Request{ID: o, Do: "cancel", Read: func([]flow.Field) (flow.Input, error) {
			return flow.Input{"reason": reason}, nil
		}})
		if err != nil {
			return err
		}
	}
	return nil
}
