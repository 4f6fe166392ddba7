package file

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"

	"linli/internal/platform/blob"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/part"
)

// Service is the feature: the only one that writes files.
type Service struct {
	db      *db.DB
	journal *journal.Journal
	blobs   blob.Store
	viewers map[string]Viewer
	// pixels bounds what is being decoded at once on this node: a decoded
	// image takes up to 12 bytes a pixel.
	pixels *semaphore.Weighted
}

// New returns the feature over the journal's database and the blob store.
func New(j *journal.Journal, blobs blob.Store) *Service {
	return &Service{db: j.DB, journal: j, blobs: blobs, viewers: map[string]Viewer{}, pixels: semaphore.NewWeighted(MaxPixels)}
}

// View lets v decide who sees the files of matters of a kind. It is called
// while the program is put together; a kind without a viewer is seen by nobody
// but the uploader.
func (s *Service) View(kind string, v Viewer) { s.viewers[kind] = v }

// Part is what files hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "file", Texts: Locale, Routes: s.Routes(),
		Works: []part.Work{{Name: "loose files", Every: time.Hour, Do: func(ctx context.Context) error {
			_, err := s.Purge(ctx)
			return err
		}, Removes: []part.Removal{{What: "file.kept", After: "24h"}}}, {Name: "stray blobs", Every: 24 * time.Hour, Do: func(ctx context.Context) error {
			_, err := s.Strays(ctx)
			return err
		}}},
		Checks: []part.Check{{Name: "files against their bytes", Do: func(ctx context.Context, q db.Queryer) (faults []string, err error) {
			_, err = s.Verify(ctx, q, func(file string, err error) { faults = append(faults, fmt.Sprintf("file %s: %v", file, err)) })
			return faults, err
		}}},
	}
}
