package search

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strings"

	"linli/internal/core/bigram"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

// row is a document as it is stored. Stale is true when something happened to
// the matter that the index has not read yet.
type row struct {
	Doc     int64  `db:"doc"`
	Kind    string `db:"kind"`
	Subject string `db:"subject"`
	Place   string `db:"place"`
	Title   string `db:"title"`
	At      int64  `db:"at"`
	Version int64  `db:"version"`
	Sum     string `db:"sum"`
	Stale   bool   `db:"stale"`
}

const plain = `d.doc, d.kind, d.subject, d.place, d.title, d.at, d.version, d.sum`

const stale = `EXISTS (SELECT 1 FROM events e WHERE e.subject = d.subject AND e.version > d.version)`

// found walks the index newest first. SQLite's FTS5 gives its rows in that
// order by itself; CROSS JOIN keeps it on the outside.
const found = `SELECT ` + plain + `, ` + stale + ` AS stale` + walk

const walk = `
	FROM {{sqlite search_fts CROSS JOIN search_docs d ON d.doc = search_fts.rowid WHERE search_fts MATCH ? AND search_fts.rowid < }}{{pg search_docs d WHERE d.words @@ ?::tsquery AND d.doc < }}coalesce((SELECT a.doc FROM search_docs a WHERE a.subject = ?), ?)
	ORDER BY {{sqlite search_fts.rowid}}{{pg d.doc}} DESC LIMIT ?`

// find reads one row more than asked.
func find(ctx context.Context, q db.Queryer, expression string, ask page.Ask) ([]row, error) {
	bound := int64(math.MaxInt64)
	if ask.After != "" {
		bound = number(ask.After) // when the last one shown is no longer there
	}
	return planned(ctx, q, found, expression, ask.After, bound, ask.Limit+1)
}

// newest reads the newest rows without asking which have changed since.
func newest(ctx context.Context, q db.Queryer, expression string, limit int) ([]row, error) {
	return planned(ctx, q, `SELECT `+plain+walk, expression, "", int64(math.MaxInt64), limit)
}

// planned has PostgreSQL plan the walk for these very words. A plan kept for any words walks by number even for a word
// that nothing has, and reads all documents (67 ms instead of 0.1 among 110,000).
func planned(ctx context.Context, q db.Queryer, query, expression string, args ...any) ([]row, error) {
	args = append([]any{expression}, args...)
	if strings.HasPrefix(expression, "(") { // a tsquery, see expression
		args = append([]any{db.PlannedAnew}, args...)
	}
	var rows []row
	err := q.Select(ctx, &rows, query, args...)
	return rows, err
}

// subjects is the condition that a list of another feature sets on its ids. id
// is text of that feature's own SQL, never of a person.
func subjects(id string) string {
	return `{{sqlite ` + id + ` IN (SELECT sd.subject FROM search_fts CROSS JOIN search_docs sd ON sd.doc = search_fts.rowid WHERE search_fts MATCH ?)}}` +
		`{{pg ` + id + ` IN (SELECT sd.subject FROM search_docs sd WHERE sd.words @@ ?::tsquery)}}`
}

// number is a document's place in the order of time: the milliseconds of its
// matter's id (UUIDv7) and what follows them, 42 and 21 bits. Numbers order as
// the ids do, until the year 2109.
func number(subject string) int64 {
	raw, err := hex.DecodeString(strings.ReplaceAll(subject, "-", ""))
	if err != nil || len(raw) != 16 {
		return 0
	}
	ms := int64(binary.BigEndian.Uint64(raw[:8]) >> 16)
	rest := int64(raw[6]&0x0f)<<17 | int64(raw[7])<<9 | int64(raw[8]&0x3f)<<3 | int64(raw[9]>>5)
	return (ms&(1<<42-1))<<21 | rest
}

func get(ctx context.Context, q db.Queryer, subject string) (row, bool, error) {
	var r row
	err := q.Get(ctx, &r, `SELECT `+plain+` FROM search_docs d WHERE d.subject = ?`, subject)
	if errors.Is(err, db.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, err
}

// insert keeps a new document under the first free number from its own on: two
// ids of one millisecond may agree in the 21 bits that are left of them.
func insert(ctx context.Context, tx *db.Tx, d *document, version int64) error {
	for n := number(d.subject); ; n++ {
		args := []any{n, d.kind, d.subject, d.place, d.title, d.at, version, d.sum()}
		if tx.Engine() == db.Postgres {
			args = append(args, d.vector())
		}
		done, err := tx.Exec(ctx, `INSERT INTO search_docs (doc, kind, subject, place, title, at, version, sum{{pg , words}})
			VALUES (?, ?, ?, ?, ?, ?, ?, ?{{pg , ?::tsvector}}) ON CONFLICT (doc) DO NOTHING`, args...)
		if err != nil {
			return err
		}
		if done == 1 {
			return tokens(ctx, tx, n, d)
		}
	}
}

func update(ctx context.Context, tx *db.Tx, old row, d *document, version int64) error {
	if old.Sum == d.sum() {
		_, err := tx.Exec(ctx, `UPDATE search_docs SET version = ? WHERE doc = ?`, version, old.Doc)
		return err
	}
	args := []any{d.kind, d.place, d.title, d.at, version, d.sum()}
	if tx.Engine() == db.Postgres {
		args = append(args, d.vector())
	}
	if _, err := tx.Exec(ctx, `UPDATE search_docs SET kind = ?, place = ?, title = ?, at = ?, version = ?, sum = ?{{pg , words = ?::tsvector}} WHERE doc = ?`,
		append(args, old.Doc)...); err != nil {
		return err
	}
	if err := untoken(ctx, tx, old.Doc); err != nil {
		return err
	}
	return tokens(ctx, tx, old.Doc, d)
}

func remove(ctx context.Context, tx *db.Tx, doc int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM search_docs WHERE doc = ?`, doc); err != nil {
		return err
	}
	return untoken(ctx, tx, doc)
}

// tokens writes a document's tokens where they lie in a table of their own.
func tokens(ctx context.Context, tx *db.Tx, doc int64, d *document) error {
	if tx.Engine() != db.SQLite {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO search_fts (rowid, words, scope) VALUES (?, ?, ?)`, doc, bigram.Document(d.text), strings.Join(d.scope(), " "))
	return err
}

func untoken(ctx context.Context, tx *db.Tx, doc int64) error {
	if tx.Engine() != db.SQLite {
		return nil
	}
	_, err := tx.Exec(ctx, `DELETE FROM search_fts WHERE rowid = ?`, doc)
	return err
}

// vector is words and scope as one literal of type tsvector.
func (d *document) vector() string {
	return bigram.TSVector(d.text) + " '" + scopeSign + strings.Join(d.scope(), "' '"+scopeSign) + "'"
}

// reset empties the index.
func reset(ctx context.Context, tx *db.Tx) error {
	if tx.Engine() == db.SQLite {
		if _, err := tx.Exec(ctx, `INSERT INTO search_fts (search_fts) VALUES ('delete-all')`); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM search_docs`)
	return err
}
