package archive

import (
	"context"
	"log/slog"
	"os"

	"linli/internal/app"
)

// Verify checks a backup without touching any installation: its own
// hashes, and then everything else in a temporary place that it is restored to.
func Verify(ctx context.Context, path string, log *slog.Logger, progress Progress) ([]app.Report, error) {
	a, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	whole := app.Report{Name: "archive: every entry against the manifest", Seen: int64(len(a.Manifest.Files)), Faults: a.Check()}
	if len(whole.Faults) > 0 {
		return []app.Report{whole}, nil
	}
	dir, err := os.MkdirTemp("", "linli-verify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	c := app.Config{Data: dir, Log: log, Fill: true}
	if err := Restore(ctx, c, a, progress); err != nil {
		return nil, err
	}
	h, err := app.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	reports, err := h.Verify(ctx)
	return append([]app.Report{whole}, reports...), err
}
