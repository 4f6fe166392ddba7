package search

import (
	"context"
	"errors"
	"strings"

	"linli/internal/core/bigram"
	"linli/internal/platform/db"
)

const (
	// slice is how many matters are compared at a time.
	slice = 500
	// probe is how many tokens of a text are looked up in SQLite's index, which cannot give a text back.
	probe = 64
)

// check compares the whole index with what the sources say now and names each matter on which they disagree. A matter
// with events that the reader has not come to is left out.
func (s *Service) check(ctx context.Context, q db.Queryer) ([]string, error) {
	var at struct {
		XID int64 `db:"xid"`
		Seq int64 `db:"seq"`
	}
	err := q.Get(ctx, &at, `SELECT xid, seq FROM cursors WHERE name = ?`, reader)
	if errors.Is(err, db.ErrNoRows) || len(s.sources) == 0 {
		return nil, nil // has never read anything
	}
	if err != nil {
		return nil, err
	}
	faults, err := strays(ctx, q)
	if err != nil {
		return nil, err
	}
	kinds, places := []any{}, ""
	for _, k := range s.kinds() {
		kinds, places = append(kinds, k), places+", ?"
	}
	for after, more := "", true; more; {
		var born []struct {
			Subject string `db:"subject"`
			Kind    string `db:"kind"`
		}
		err := q.Select(ctx, &born, `SELECT e.subject, e.kind FROM events e WHERE e.version = 1 AND e.subject > ? AND e.kind IN (`+places[2:]+`)
			ORDER BY e.subject LIMIT ?`, append(append([]any{after}, kinds...), slice)...)
		if err != nil {
			return nil, err
		}
		more = len(born) == slice
		for _, b := range born {
			after = b.Subject
			fault, err := s.disagree(ctx, q, b.Kind, b.Subject)
			if err != nil {
				return nil, err
			}
			if fault == "" {
				continue
			}
			var behind int
			// Asked last, so that what has just changed is never called a fault.
			if err := q.Get(ctx, &behind, `SELECT count(*) FROM events e WHERE e.subject = ? AND (e.xid, e.seq) > (?, ?)`, b.Subject, at.XID, at.Seq); err != nil {
				return nil, err
			}
			if behind == 0 {
				faults = append(faults, b.Kind+" "+b.Subject+": "+fault)
			}
		}
	}
	return faults, nil
}

// disagree says in what source and index differ on one matter, "" in nothing.
func (s *Service) disagree(ctx context.Context, q db.Queryer, kind, subject string) (string, error) {
	d, err := s.read(ctx, q, kind, subject)
	if err != nil {
		return "", err
	}
	r, there, err := get(ctx, q, subject)
	switch {
	case err != nil:
		return "", err
	case d == nil && there:
		return "is in the search index though not everybody may read it", nil
	case d == nil:
		return "", nil
	case !there:
		return "is missing from the search index", nil
	case r.Sum != d.sum() || r.Title != d.title || r.Place != d.place || r.At != d.at || r.Kind != d.kind:
		return "differs from what the search index keeps", nil
	}
	var n int
	if s.journal.DB.Engine == db.SQLite {
		x := expression(db.SQLite, phrase(d.text), d.scope()...)
		err = q.Get(ctx, &n, `SELECT count(*) FROM search_fts WHERE search_fts MATCH ? AND rowid = ?`, x, r.Doc)
	} else {
		err = q.Get(ctx, &n, `SELECT count(*) FROM search_docs d WHERE d.words = ?::tsvector AND d.doc = ?`, d.vector(), r.Doc)
	}
	if err == nil && n == 0 {
		return "has other words in the search index", nil
	}
	return "", err
}

// phrase is a text's first tokens side by side, as FTS5 looks for them.
func phrase(text string) string {
	tokens := strings.Fields(bigram.Document(text))
	return `"` + strings.Join(tokens[:min(len(tokens), probe)], " ") + `"`
}

// strays names what the index holds of no matter.
func strays(ctx context.Context, q db.Queryer) (faults []string, err error) {
	err = q.Select(ctx, &faults, `SELECT d.kind || ' ' || d.subject || ': is in the search index, but never came to be' FROM search_docs d
		WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = d.subject)
		{{sqlite UNION ALL SELECT 'search index: words ' || f.rowid || ' belong to no matter' FROM search_fts f WHERE f.rowid NOT IN (SELECT doc FROM search_docs)}}`)
	return faults, err
}
