package journal

import (
	"context"
	"slices"
	"strings"

	"linli/internal/core/event"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
)

// Entry is an event with its words, on its way into the log with many others.
type Entry struct {
	event.Event
	Words event.Words
}

// EntryOf is the event that Append would write for a change to a matter's head.
func EntryOf(kind string, h *flow.Head, c *flow.Change, audience string) (Entry, error) {
	e, err := eventOf(kind, h, c, audience)
	return Entry{e, c.Words}, err
}

// entriesAtOnce is how many events one statement of AppendAll writes.
const entriesAtOnce = 24

const entryValues = `(` + XID + `, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const intoEvents = `INSERT INTO events (xid, at, kind, subject, version, move, from_state, to_state, actor, as_group, place, audience, data, words_hash, hash) VALUES `

const numbered = ` RETURNING seq, subject, version`

var manyEntries = intoEvents + entryValues + strings.Repeat(", "+entryValues, entriesAtOnce-1) + numbered

// AppendAll writes many events in their order, as AppendEvent writes one, with
// a fraction of the statements: for imports and for data to test under load.
func (j *Journal) AppendAll(ctx context.Context, tx *db.Tx, entries []Entry) error {
	var kinds []string
	for len(entries) > 0 {
		n, query := 1, intoEvents+entryValues+numbered // two texts only: the database keeps them prepared
		if len(entries) >= entriesAtOnce {
			n, query = entriesAtOnce, manyEntries
		}
		if err := appendSome(ctx, tx, query, entries[:n]); err != nil {
			return err
		}
		for _, e := range entries[:n] {
			if !slices.Contains(kinds, e.Kind) {
				kinds = append(kinds, e.Kind)
			}
		}
		entries = entries[n:]
	}
	if len(kinds) > 0 {
		tx.AfterCommit(func() { j.noticed(kinds...) })
	}
	return nil
}

func appendSome(ctx context.Context, tx *db.Tx, query string, entries []Entry) error {
	type words struct{ salt, text string }
	type key struct {
		subject string
		version int64
	}
	said := map[key]words{}
	args := make([]any, 0, 14*len(entries))
	for _, e := range entries {
		if len(e.Words) > 0 {
			w := words{salt: newSalt()}
			w.text, e.WordsHash = e.Words.Encode(w.salt)
			said[key{e.Subject, e.Version}] = w
		}
		if e.Data == "" {
			e.Data = "{}"
		}
		args = append(args, e.At, e.Kind, e.Subject, e.Version, e.Do, e.FromState, e.ToState, e.Actor, e.AsGroup, e.Place, e.Audience,
			e.Data, e.WordsHash, e.Sum())
	}
	var rows []struct {
		Seq     int64  `db:"seq"`
		Subject string `db:"subject"`
		Version int64  `db:"version"`
	}
	if len(said) == 0 { // nothing hangs on the numbers
		_, err := tx.Exec(ctx, strings.TrimSuffix(query, numbered), args...)
		return err
	}
	if err := tx.Select(ctx, &rows, query, args...); err != nil {
		return err
	}
	for _, r := range rows {
		w, ok := said[key{r.Subject, r.Version}]
		if !ok {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO event_words (seq, salt, words) VALUES (?, ?, ?)`, r.Seq, w.salt, w.text); err != nil {
			return err
		}
	}
	return nil
}

// Wake has the readers look again once tx is committed: for events that were
// let into the log by a statement of their own, with hashes made before.
func (j *Journal) Wake(tx *db.Tx, kinds ...string) {
	tx.AfterCommit(func() { j.noticed(kinds...) })
}
