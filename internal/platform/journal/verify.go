package journal

import (
	"context"
	"fmt"

	"linli/internal/core/event"
	"linli/internal/platform/db"
)

// Verify reads the whole log and returns how many events it saw and what does
// not agree: a hash, words that are not those that were hashed, a gap in a
// subject's versions, a move that does not begin where the last one ended.
func (j *Journal) Verify(ctx context.Context) (seen int64, faults []string, err error) {
	return Verify(ctx, j.DB)
}

// Verify is Journal.Verify over whatever reads the log, such as a snapshot. It
// goes by subject and version, not by the order of readers: in a log written on
// PostgreSQL before XID a later move may stand before an earlier one.
func Verify(ctx context.Context, q db.Queryer) (seen int64, faults []string, err error) {
	var was struct {
		subject, state string
		version        int64
	}
	for {
		var batch []struct {
			event.Event
			Salt   string `db:"salt"`
			Words  string `db:"words"`
			Erased int64  `db:"erased"`
		}
		err := q.Select(ctx, &batch, `SELECT e.*, coalesce(w.salt, '') AS salt, coalesce(w.words, '') AS words, coalesce(w.erased, 0) AS erased
			FROM events e LEFT JOIN event_words w ON w.seq = e.seq WHERE (e.subject, e.version) > (?, ?) ORDER BY e.subject, e.version LIMIT 2000`, was.subject, was.version)
		if err != nil || len(batch) == 0 {
			return seen, faults, err
		}
		for _, e := range batch {
			seen++
			name := fmt.Sprintf("event %d (%s %s version %d)", e.Seq, e.Kind, e.Subject, e.Version)
			if e.Hash != e.Sum() {
				faults = append(faults, name+": its hash is not that of its fields")
			}
			switch {
			case e.WordsHash == "" && e.Words != "":
				faults = append(faults, name+": has words it does not know of")
			case e.WordsHash != "" && e.Erased == 0 && event.HashWords(e.Salt, e.Words) != e.WordsHash:
				faults = append(faults, name+": its words are not those that were written")
			}
			if e.Subject != was.subject {
				was.state, was.version = "", 0
			}
			if e.Version != was.version+1 {
				faults = append(faults, fmt.Sprintf("%s: follows version %d", name, was.version))
			}
			if e.FromState != "" && e.FromState != was.state {
				faults = append(faults, fmt.Sprintf("%s: begins in %q, the last one ended in %q", name, e.FromState, was.state))
			}
			was.subject, was.version, was.state = e.Subject, e.Version, e.ToState
		}
	}
}

// VerifyActs checks that each remembered reply that created something names a
// matter that has its first event.
func VerifyActs(ctx context.Context, q db.Queryer) ([]string, error) {
	var faults []string
	return faults, q.Select(ctx, &faults, `SELECT 'operation key ' || a.key || ' of ' || a.path || ': ' || a.location || ' has no event' FROM acts a
		WHERE a.status = 201 AND a.location LIKE '/api/v1/%' AND NOT EXISTS (
			SELECT 1 FROM events e WHERE e.version = 1 AND e.subject = substr(a.location, length(a.location) - 35))
		AND a.path NOT LIKE '/api/v1/files%'`)
}
