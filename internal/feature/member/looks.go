package member

import (
	"context"
	"errors"
	"sync"
	"time"

	"linli/internal/core/fault"
	"linli/internal/platform/db"
)

// Look is one view of a personal field by somebody else 谁看过我.
type Look struct {
	Seq     int64  `db:"seq"`
	Viewer  string `db:"viewer"`
	Subject string `db:"subject"`
	Field   string `db:"field"`
	Matter  string `db:"matter"`
	Reason  string `db:"reason"`
	At      int64  `db:"at"`
}

// looks gathers views between two writes; one and the same view within a
// minute is one.
type looks struct {
	mu   sync.Mutex
	wait map[Look]int64
}

// Looked notes that viewer saw a personal field of subject at a matter. It is
// the one thing a GET leaves behind, written in batches by WriteLooks.
func (s *Service) Looked(viewer, subject, field, matter string, now int64) {
	s.looks.mu.Lock()
	defer s.looks.mu.Unlock()
	if s.looks.wait == nil {
		s.looks.wait = map[Look]int64{}
	}
	l := Look{Viewer: viewer, Subject: subject, Field: field, Matter: matter}
	if _, ok := s.looks.wait[l]; !ok {
		s.looks.wait[l] = now
	}
}

// WriteLooks writes what was gathered. On a failure it is kept for the next time.
func (s *Service) WriteLooks(ctx context.Context) error {
	s.looks.mu.Lock()
	batch := s.looks.wait
	s.looks.wait = nil
	s.looks.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	err := s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		for l, at := range batch {
			l.At = at
			if err := insertLook(ctx, tx, l, at-time.Minute.Milliseconds()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for l, at := range batch {
			s.Looked(l.Viewer, l.Subject, l.Field, l.Matter, at)
		}
	}
	return err
}

// LooksAt lists who looked at a person's data, newest first, before seq (0 for the newest).
func (s *Service) LooksAt(ctx context.Context, q db.Queryer, subject string, before int64, limit int) ([]Look, error) {
	return looksAt(ctx, q, subject, before, limit)
}

// DraftKept is how long a form that could not be taken is kept.
const DraftKept = 24 * time.Hour

// Keep stores a form under its operation id; it implements web.Drafts.
func (s *Service) Keep(ctx context.Context, account, operation, path, form string) error {
	if len(operation) > 64 || len(form) > 64<<10 {
		return fault.New(fault.TooLarge, "fault.too_large", "max", 1)
	}
	return s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		return saveDraft(ctx, tx, operation, account, path, form, now)
	})
}

// Draft returns a kept form: to its owner, or to whoever holds the operation
// id of one kept before sign-in. Absent when there is none.
func (s *Service) Draft(ctx context.Context, account, operation string) (path, form string, err error) {
	path, form, err = readDraft(ctx, s.journal.DB, account, operation)
	if errors.Is(err, db.ErrNoRows) {
		return "", "", fault.Absent()
	}
	return path, form, err
}

// Purge drops drafts and the log of looks when they are too old.
func (s *Service) Purge(ctx context.Context) error {
	return s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if end := s.places.After("", "member.looks_kept", now); end != 0 { // as long back as the span reaches ahead
			if err := purgeLooks(ctx, tx, 2*now-end); err != nil {
				return err
			}
		}
		return purge(ctx, tx, now-DraftKept.Milliseconds())
	})
}
