package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"

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

// VerifyArchive checks a backup without touching any installation: its own
// hashes, and then everything else in a temporary place that it is restored to.
func VerifyArchive(ctx context.Context, path string, log *slog.Logger, progress Progress) ([]Report, error) {
	a, err := OpenArchive(path)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	whole := Report{Name: "archive: every entry against the manifest", Seen: int64(len(a.Manifest.Files)), Faults: a.Check()}
	if len(whole.Faults) > 0 {
		return []Report{whole}, nil
	}
	dir, err := os.MkdirTemp("", "linli-verify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	c := Config{Data: dir, Log: log, Fill: true}
	if err := Restore(ctx, c, a, progress); err != nil {
		return nil, err
	}
	h, err := Open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	reports, err := h.Verify(ctx)
	return append([]Report{whole}, reports...), err
}
