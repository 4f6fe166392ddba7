// Package journal makes things happen: one move of a lifecycle is one
// transaction in which the row is locked, what is overdue is settled, the rule
// is asked, the row is saved by compare-and-swap and an event row is written.
// Readers of events (timeline, inbox, points, search, ledger) follow with a
// cursor of their own. See docs/design.md, "The core".
package journal

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"sync"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
)

// Actors re-reads what an actor may do inside the transaction of a move, so
// that a role that has just ended gives nothing.
type Actors interface {
	Fresh(ctx context.Context, q db.Queryer, a actor.Actor) (actor.Actor, error)
}

// Journal writes and reads the log of events of one database.
type Journal struct {
	DB     *db.DB
	Actors Actors
	Spans  flow.Spans
	Log    *slog.Logger
	Batch  int // events a reader takes at once instead of its own number, where nobody waits beside it; 0 for its own

	mu   sync.Mutex
	wake chan struct{}     // closed and renewed when events were committed here
	gens map[string]uint64 // kind → how many events of it this node has noticed
	tail position
}

// New returns a journal over d. Actors and Spans are wired by app before use.
func New(d *db.DB, log *slog.Logger) *Journal {
	return &Journal{DB: d, Log: log, wake: make(chan struct{}), gens: map[string]uint64{}}
}

// Write runs fn in one transaction and remembers its reply under the caller's
// operation key, if there is one: the same key answers with the first reply.
func (j *Journal) Write(ctx context.Context, fn func(tx *db.Tx) (any, error)) error {
	return j.write(ctx, func(tx *db.Tx, earlier func() error) (any, error) {
		if err := earlier(); err != nil {
			return nil, err
		}
		return fn(tx)
	})
}

// write lets fn decide when an earlier reply is looked for, because what the
// caller may no longer see must stay absent even under an old key.
func (j *Journal) write(ctx context.Context, fn func(tx *db.Tx, earlier func() error) (any, error)) error {
	act := actFrom(ctx)
	return j.DB.Write(ctx, func(tx *db.Tx) error {
		out, err := fn(tx, func() error { return act.earlier(ctx, tx) })
		if err != nil {
			return err
		}
		return act.remember(ctx, tx, out)
	})
}

// Append writes the event of a change to a matter's head, in the transaction
// of the change, and wakes the readers after the commit.
func (j *Journal) Append(ctx context.Context, tx *db.Tx, kind string, h *flow.Head, c *flow.Change, audience string) error {
	e, err := eventOf(kind, h, c, audience)
	if err != nil {
		return err
	}
	return j.AppendEvent(ctx, tx, e, c.Words)
}

func eventOf(kind string, h *flow.Head, c *flow.Change, audience string) (event.Event, error) {
	if c.Audience != "" {
		audience = c.Audience
	}
	data, err := json.Marshal(event.Payload{Tell: event.Unique(c.Tell), Codes: c.Codes})
	return event.Event{
		At: c.At, Kind: kind, Subject: h.ID, Version: h.Version, Do: c.Do, FromState: string(c.From), ToState: string(c.To),
		Actor: c.Actor.ID, AsGroup: c.AsGroup, Place: h.Place, Audience: audience, Data: string(data),
	}, err
}

// XID is what a statement that writes events sets as their xid: the id of its
// transaction, or the latest that had ended by then if that is greater. So an
// event stands behind all that were committed when it was written, and a
// matter's events in the order of its versions; by the bare id they would not:
// a transaction may have its id long before it comes to the row. No reader is
// past an xid that is set so, for it stops below what still runs.
const XID = `{{sqlite 0}}{{pg greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)}}`

// AppendEvent writes an event as it stands, with its words; seq, xid and the
// hashes are set here.
func (j *Journal) AppendEvent(ctx context.Context, tx *db.Tx, e event.Event, words event.Words) error {
	var salt, text string
	if len(words) > 0 {
		salt = newSalt()
		text, e.WordsHash = words.Encode(salt)
	}
	if e.Data == "" {
		e.Data = "{}"
	}
	e.Hash = e.Sum()
	var seq int64
	err := tx.Get(ctx, &seq, `INSERT INTO events (xid, at, kind, subject, version, move, from_state, to_state, actor, as_group, place, audience, data, words_hash, hash)
		VALUES (`+XID+`, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
		e.At, e.Kind, e.Subject, e.Version, e.Do, e.FromState, e.ToState, e.Actor, e.AsGroup, e.Place, e.Audience, e.Data, e.WordsHash, e.Hash)
	if err != nil {
		return err
	}
	if text != "" {
		if _, err := tx.Exec(ctx, `INSERT INTO event_words (seq, salt, words) VALUES (?, ?, ?)`, seq, salt, text); err != nil {
			return err
		}
	}
	kind := e.Kind
	tx.AfterCommit(func() { j.noticed(kind) })
	return nil
}

func newSalt() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// Told is an event with its words, "" after erasure.
type Told struct {
	event.Event
	Words string `db:"words"`
}

// Texts returns the words that are still there.
func (t Told) Texts() event.Words {
	w := event.Words{}
	if t.Words != "" {
		_ = json.Unmarshal([]byte(t.Words), &w) // verify names broken words; a page shows none
	}
	return w
}

// columns names what an Event is read from, so that a node still works when a
// newer one has added a column.
const columns = `e.seq, e.xid, e.at, e.kind, e.subject, e.version, e.move, e.from_state, e.to_state, e.actor, e.as_group, e.place, e.audience, e.data, e.words_hash, e.hash`

// Timeline returns all that happened to a subject, oldest first.
func (j *Journal) Timeline(ctx context.Context, q db.Queryer, subject string) ([]Told, error) {
	told := []Told{}
	err := q.Select(ctx, &told, `SELECT `+columns+`, coalesce(w.words, '') AS words FROM events e
		LEFT JOIN event_words w ON w.seq = e.seq WHERE e.subject = ? ORDER BY e.version`, subject)
	return told, err
}

// noticed counts events of the kinds and wakes whoever waits for news.
func (j *Journal) noticed(kinds ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, k := range kinds {
		j.gens[k]++
	}
	close(j.wake)
	j.wake = make(chan struct{})
}

// Generation is a number that grows whenever this node notices an event of one
// of the kinds. Read it before reading data that is to be kept in memory.
func (j *Journal) Generation(kinds ...string) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	var sum uint64
	for _, k := range kinds {
		sum += j.gens[k]
	}
	return sum
}

// News returns a channel that is closed at the next event noticed.
func (j *Journal) News() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.wake
}
