package app

import (
	"context"
	"fmt"

	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// Report is what one check of `linli verify` found.
type Report struct {
	Name   string   `json:"name"`
	Seen   int64    `json:"seen"` // records looked at, where the check counts them
	Faults []string `json:"faults"`
}

// Verify recomputes every invariant and projection from scratch and names each
// record that does not agree. All is read as it stood at one moment, so it may
// run while the place is served.
func (h *House) Verify(ctx context.Context) (reports []Report, err error) {
	err = h.DB.Snapshot(ctx, func(s *db.Snapshot) error {
		seen, faults, err := journal.Verify(ctx, s)
		if err != nil {
			return err
		}
		reports = append(reports, Report{Name: "events: hashes, words, and each matter's unbroken story", Seen: seen, Faults: faults})
		keys, err := journal.VerifyActs(ctx, s)
		if err != nil {
			return err
		}
		reports = append(reports, Report{Name: "operation keys against acts", Faults: keys})
		for _, p := range h.parts {
			for _, c := range p.Checks {
				faults, err := c.Do(ctx, s)
				if err != nil {
					return fmt.Errorf("%s: %w", c.Name, err)
				}
				reports = append(reports, Report{Name: c.Name, Faults: faults})
			}
		}
		return nil
	})
	return reports, err
}
