package app

import (
	"context"

	"linli/internal/platform/journal"
)

// Report is what one check of `linli verify` found.
type Report struct {
	Name   string   `json:"name"`
	Seen   int64    `json:"seen"` // records looked at, where the check counts them
	Faults []string `json:"faults"`
}

// Verify recomputes every invariant and projection from scratch and names each
// record that does not agree.
func (h *House) Verify(ctx context.Context) ([]Report, error) {
	seen, faults, err := h.Journal.Verify(ctx)
	if err != nil {
		return nil, err
	}
	reports := []Report{{Name: "events: hashes, words, and each matter's unbroken story", Seen: seen, Faults: faults}}
	keys, err := journal.VerifyActs(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	reports = append(reports, Report{Name: "operation keys against acts", Faults: keys})
	for _, p := range h.parts {
		for _, c := range p.Checks {
			faults, err := c.Do(ctx, h.DB)
			if err != nil {
				return nil, err
			}
			reports = append(reports, Report{Name: c.Name, Faults: faults})
		}
	}
	return reports, nil
}
