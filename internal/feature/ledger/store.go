package ledger

import (
	"context"
	"errors"
	"strings"

	"linli/internal/core/event"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/tlog"
)

// row is one log as it stands. Size and Root are what it has reached, Signed
// the size of its published checkpoint.
type row struct {
	Number     int64  `db:"number"`
	Origin     string `db:"origin"`
	Before     string `db:"before"` // the last checkpoint of the log before
	Size       int64  `db:"size"`
	Root       string `db:"root"`
	Rules      string `db:"rules"`
	Public     string `db:"public"` // verifier key
	Signed     int64  `db:"signed"`
	SignedAt   int64  `db:"signed_at"`
	Checkpoint string `db:"checkpoint"`
}

const logColumns = `number, origin, before, size, root, rules, public, signed, signed_at, checkpoint`

// last reads the log that is written now; db.ErrNoRows before the first.
func last(ctx context.Context, q db.Queryer, suffix string) (row, error) {
	var r row
	err := q.Get(ctx, &r, `SELECT `+logColumns+` FROM ledger_logs ORDER BY number DESC LIMIT 1`+suffix)
	return r, err
}

func get(ctx context.Context, q db.Queryer, number int64) (row, error) {
	var r row
	err := q.Get(ctx, &r, `SELECT `+logColumns+` FROM ledger_logs WHERE number = ?`, number)
	return r, err
}

func logs(ctx context.Context, q db.Queryer) ([]row, error) {
	var rs []row
	err := q.Select(ctx, &rs, `SELECT `+logColumns+` FROM ledger_logs ORDER BY number`)
	return rs, err
}

// add begins a log. Two nodes that begin the first at once meet at its number.
func add(ctx context.Context, tx *db.Tx, r row) error {
	_, err := tx.Exec(ctx, `INSERT INTO ledger_logs (`+logColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		r.Number, r.Origin, r.Before, r.Size, r.Root, r.Rules, r.Public, r.Signed, r.SignedAt, r.Checkpoint)
	return err
}

func grow(ctx context.Context, tx *db.Tx, r row) error {
	_, err := tx.Exec(ctx, `UPDATE ledger_logs SET size = ?, root = ?, rules = ? WHERE number = ?`, r.Size, r.Root, r.Rules, r.Number)
	return err
}

func sign(ctx context.Context, tx *db.Tx, r row) error {
	_, err := tx.Exec(ctx, `UPDATE ledger_logs SET public = ?, signed = ?, signed_at = ? WHERE number = ?`, r.Public, r.Signed, r.SignedAt, r.Number)
	return err
}

// resources are the files of one log; tlog reads and writes them by path.
type resources struct {
	q   db.Queryer
	tx  *db.Tx // nil when only read
	log int64
}

func (s resources) Read(ctx context.Context, path string) ([]byte, error) {
	var data []byte
	var err error
	if path == tlog.CheckpointPath {
		var text string
		if err = s.q.Get(ctx, &text, `SELECT checkpoint FROM ledger_logs WHERE number = ?`, s.log); err == nil && text == "" {
			return nil, tlog.ErrAbsent
		}
		data = []byte(text)
	} else {
		err = s.q.Get(ctx, &data, `SELECT data FROM ledger_tiles WHERE log = ? AND path = ?`, s.log, path)
	}
	if errors.Is(err, db.ErrNoRows) {
		return nil, tlog.ErrAbsent
	}
	return data, err
}

func (s resources) Write(ctx context.Context, path string, data []byte) error {
	if path == tlog.CheckpointPath {
		_, err := s.tx.Exec(ctx, `UPDATE ledger_logs SET checkpoint = ? WHERE number = ?`, string(data), s.log)
		return err
	}
	_, err := s.tx.Exec(ctx, `INSERT INTO ledger_tiles (log, path, data) VALUES (?, ?, ?) ON CONFLICT (log, path) DO UPDATE SET data = excluded.data`, s.log, path, data)
	return err
}

// forget deletes a tile; dropAll all below a prefix that ends in a slash.
func (s resources) forget(ctx context.Context, path string) error {
	_, err := s.tx.Exec(ctx, `DELETE FROM ledger_tiles WHERE log = ? AND path = ?`, s.log, path)
	return err
}

func (s resources) dropAll(ctx context.Context, prefix string) error {
	_, err := s.tx.Exec(ctx, `DELETE FROM ledger_tiles WHERE log = ? AND path >= ? AND path < ?`, s.log, prefix, strings.TrimSuffix(prefix, "/")+"0")
	return err
}

// leaf ties an entry to its event.
type leaf struct {
	Log  int64  `db:"log"`
	Idx  int64  `db:"idx"`
	Seq  *int64 `db:"seq"`
	Hash string `db:"hash"`
}

func keepLeaf(ctx context.Context, tx *db.Tx, l leaf) error {
	_, err := tx.Exec(ctx, `INSERT INTO ledger_leaves (log, idx, seq, hash) VALUES (?, ?, ?, ?)`, l.Log, l.Idx, l.Seq, l.Hash)
	return err
}

// leafOf finds the entry of an event by its hash.
func leafOf(ctx context.Context, q db.Queryer, hash string) (leaf, error) {
	var l leaf
	err := q.Get(ctx, &l, `SELECT log, idx, seq, hash FROM ledger_leaves WHERE hash = ? AND hash <> '' ORDER BY log DESC LIMIT 1`, hash)
	return l, err
}

// told is an entry about a matter, for who looks one up.
type told struct {
	Log int64 `db:"log"`
	Idx int64 `db:"idx"`
	event.Event
}

// leavesOf lists the entries about a matter that anybody may know of.
func leavesOf(ctx context.Context, q db.Queryer, subject string) ([]told, error) {
	var ls []told
	err := q.Select(ctx, &ls, `SELECT l.log, l.idx, `+eventColumns+` FROM events e JOIN ledger_leaves l ON l.seq = e.seq AND l.hash <> ''
		WHERE e.subject = ? AND e.audience = 'public' ORDER BY e.version`, subject)
	return ls, err
}

const eventColumns = `e.seq, e.xid, e.at, e.kind, e.subject, e.version, e.move, e.from_state, e.to_state, e.actor, e.as_group, e.place, e.audience, e.data, e.words_hash, e.hash`

// pair is a leaf and its event, which is nil for entries without one.
type pair struct {
	Idx  int64  `db:"idx"`
	Leaf string `db:"leaf"`
	event.Event
}

// pairs reads leaves with their events from an index on.
func pairs(ctx context.Context, q db.Queryer, log, from int64, limit int) ([]pair, error) {
	var ps []pair
	err := q.Select(ctx, &ps, `SELECT l.idx, l.hash AS leaf, coalesce(e.seq, 0) AS seq, coalesce(e.xid, 0) AS xid, coalesce(e.at, 0) AS at, coalesce(e.kind, '') AS kind,
		coalesce(e.subject, '') AS subject, coalesce(e.version, 0) AS version, coalesce(e.move, '') AS move, coalesce(e.from_state, '') AS from_state,
		coalesce(e.to_state, '') AS to_state, coalesce(e.actor, '') AS actor, coalesce(e.as_group, '') AS as_group, coalesce(e.place, '') AS place,
		coalesce(e.audience, '') AS audience, coalesce(e.data, '') AS data, coalesce(e.words_hash, '') AS words_hash, coalesce(e.hash, '') AS hash
		FROM ledger_leaves l LEFT JOIN events e ON e.seq = l.seq WHERE l.log = ? AND l.idx >= ? ORDER BY l.idx LIMIT ?`, log, from, limit)
	return ps, err
}

// position is a place in the order in which readers read.
type position struct {
	XID int64 `db:"xid"`
	Seq int64 `db:"seq"`
}

func (p position) before(o position) bool { return p.XID < o.XID || p.XID == o.XID && p.Seq < o.Seq }

// read says how far the ledger has come.
func read(ctx context.Context, q db.Queryer) (position, error) {
	var p position
	err := q.Get(ctx, &p, `SELECT xid, seq FROM cursors WHERE name = ?`, Reader)
	if errors.Is(err, db.ErrNoRows) {
		return p, nil
	}
	return p, err
}

// left lists events after a position that no entry tells of.
func left(ctx context.Context, q db.Queryer, after, until position, limit int) ([]event.Event, error) {
	var es []event.Event
	err := q.Select(ctx, &es, `SELECT `+eventColumns+` FROM events e WHERE `+journal.After+` AND `+journal.UpTo+`
		AND NOT EXISTS (SELECT 1 FROM ledger_leaves l WHERE l.seq = e.seq AND l.hash <> '') ORDER BY `+journal.InOrder+` LIMIT ?`, after.XID, after.Seq, until.XID, until.Seq, limit)
	return es, err
}
