package notify

import (
	"bytes"
	"context"
	"strings"
	"time"

	"linli/internal/core/event"
	"linli/internal/core/id"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

const rowColumns = `i.id, i.account, i.seq, i.at, i.kind, i.subject, i.version, i.move, i.to_state, i.place, i.audience, i.target, i.why, i.act, i.done_at, i.planned`

// put writes a row; one that stands is left as it is. An older ask about the
// same matter is replaced, so that a matter counts once, and who follows hears
// of a matter once, however far it is lifted.
func put(ctx context.Context, tx *db.Tx, r Row) error {
	if strings.HasPrefix(r.Target, followed) {
		var n int
		err := tx.Get(ctx, &n, `SELECT count(*) FROM inbox WHERE account = ? AND subject = ? AND target >= '`+followed+`' AND target < 'follow;'`, r.Account, r.Subject)
		if err != nil || n > 0 {
			return err
		}
	}
	n, err := tx.Exec(ctx, `INSERT INTO inbox (id, account, seq, at, kind, subject, version, move, to_state, place, audience, target, why, act, done_at, planned)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING`,
		r.ID, r.Account, r.Seq, r.At, r.Kind, r.Subject, r.Version, r.Do, r.ToState, r.Place, r.Audience, r.Target, r.Why, number(r.Act), r.DoneAt)
	if err != nil || n == 0 || !r.Act {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE inbox SET done_at = ? WHERE subject = ? AND account = ? AND act = 1 AND done_at = 0 AND version < ?`, r.At, r.Subject, r.Account, r.Version)
	return err
}

// followed begins the target of who is told as a follower.
const followed = "follow:"

// untell takes back what followers were told of a matter, or would be.
func untell(ctx context.Context, tx *db.Tx, subject string) error {
	for _, table := range []string{"inbox", "inbox_fanouts"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE subject = ? AND target >= '`+followed+`' AND target < 'follow;'`, subject); err != nil {
			return err
		}
	}
	return nil
}

func settleAll(ctx context.Context, tx *db.Tx, subject string, seq, at int64) error {
	if _, err := tx.Exec(ctx, `UPDATE inbox SET done_at = ? WHERE subject = ? AND act = 1 AND done_at = 0 AND seq <> ?`, at, subject, seq); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE inbox_fanouts SET done_at = ? WHERE subject = ? AND done_at = 0 AND seq <> ?`, at, subject, seq)
	return err
}

func settleOf(ctx context.Context, tx *db.Tx, subject, account string, seq, at int64) error {
	_, err := tx.Exec(ctx, `UPDATE inbox SET done_at = ? WHERE subject = ? AND act = 1 AND done_at = 0 AND seq <> ? AND (account = ? OR target NOT LIKE 'account:%' AND target IN (
		SELECT o.target FROM inbox o WHERE o.subject = ? AND o.account = ? AND o.act = 1 AND o.done_at = 0))`, at, subject, seq, account, subject, account)
	return err
}

func reset(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM inbox`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM inbox_fanouts`)
	return err
}

// forgetRows drops old rows that ask for nothing, with the marks of reading
// them, at most n; it returns how many.
func forgetRows(ctx context.Context, tx *db.Tx, before int64, n int) (int64, error) {
	var ids []string
	err := tx.Select(ctx, &ids, `SELECT id FROM inbox WHERE id < ? AND at < ? AND (act = 0 OR done_at > 0) ORDER BY id LIMIT ?`, idBefore(before), before, n)
	for _, id := range ids {
		for _, table := range []string{"inbox", "inbox_reads"} {
			if err == nil {
				_, err = tx.Exec(ctx, `DELETE FROM `+table+` WHERE id = ?`, id)
			}
		}
	}
	return int64(len(ids)), err
}

// idBefore is an id behind all rows of events before a moment: ids begin with
// the time of their event, so that the index of ids finds the old ones.
func idBefore(at int64) string {
	made, _ := id.At(time.UnixMilli(at), bytes.NewReader(make([]byte, 32)))
	return made
}

type fanout struct {
	Seq     int64  `db:"seq"`
	Target  string `db:"target"`
	Subject string `db:"subject"`
	After   string `db:"after"`
	Act     bool   `db:"act"`
	Why     string `db:"why"`
	DoneAt  int64  `db:"done_at"`
}

func keepFanout(ctx context.Context, tx *db.Tx, e event.Event, t event.Tell, after string) error {
	_, err := tx.Exec(ctx, `INSERT INTO inbox_fanouts (seq, target, subject, after, act, why) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		e.Seq, t.To, e.Subject, after, number(t.Act), t.Why)
	return err
}

func fanouts(ctx context.Context, q db.Queryer) (fs []fanout, err error) {
	return fs, q.Select(ctx, &fs, `SELECT seq, target, subject, after, act, why, done_at FROM inbox_fanouts ORDER BY seq, target LIMIT 1`)
}

func moveFanout(ctx context.Context, tx *db.Tx, f fanout, after string) error {
	if after == "" {
		_, err := tx.Exec(ctx, `DELETE FROM inbox_fanouts WHERE seq = ? AND target = ?`, f.Seq, f.Target)
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE inbox_fanouts SET after = ? WHERE seq = ? AND target = ?`, after, f.Seq, f.Target)
	return err
}

const eventColumns = `seq, xid, at, kind, subject, version, move, from_state, to_state, actor, as_group, place, audience, data, words_hash, hash`

func eventAt(ctx context.Context, q db.Queryer, seq int64) (e event.Event, err error) {
	return e, q.Get(ctx, &e, `SELECT `+eventColumns+` FROM events WHERE seq = ?`, seq)
}

type askCount struct {
	Target string `db:"target"`
	N      int    `db:"n"`
}

func openAsks(ctx context.Context, q db.Queryer, account string) (cs []askCount, err error) {
	return cs, q.Select(ctx, &cs, `SELECT target, count(*) AS n FROM inbox WHERE account = ? AND act = 1 AND done_at = 0 GROUP BY target`, account)
}

const withReads = `SELECT ` + rowColumns + `, coalesce(r.at, 0) AS read_at FROM inbox i LEFT JOIN inbox_reads r ON r.id = i.id`

// asksOf are the rows that wait for the account, newest first, at most 100.
func asksOf(ctx context.Context, q db.Queryer, account string) (rs []Row, err error) {
	return rs, q.Select(ctx, &rs, withReads+` WHERE i.account = ? AND i.act = 1 AND i.done_at = 0 ORDER BY i.id DESC LIMIT 100`, account)
}

// Filters of the inbox.
const (
	unreadOnly = "unread"
	actOnly    = "act"
)

func rowsOf(ctx context.Context, q db.Queryer, account, filter string, ask page.Ask) (rs []Row, err error) {
	where, after := ` WHERE i.account = ?`, ask.After
	switch filter {
	case unreadOnly:
		where += ` AND r.at IS NULL`
	case actOnly:
		where += ` AND i.act = 1 AND i.done_at = 0`
	}
	if after == "" {
		after = "g" // behind every id
	}
	return rs, q.Select(ctx, &rs, withReads+where+` AND i.id < ? ORDER BY i.id DESC LIMIT ?`, account, after, ask.Limit+1)
}

// markRead marks one row, or all up to the newest one shown, as read.
func markRead(ctx context.Context, tx *db.Tx, account, id string, now int64) (int64, error) {
	return tx.Exec(ctx, `INSERT INTO inbox_reads (id, account, at) SELECT id, account, ? FROM inbox WHERE account = ? AND id = ? ON CONFLICT DO NOTHING`, now, account, id)
}

func markAll(ctx context.Context, tx *db.Tx, account, upto string, now int64) (int64, error) {
	return tx.Exec(ctx, `INSERT INTO inbox_reads (id, account, at) SELECT id, account, ? FROM inbox WHERE account = ? AND id <= ? ON CONFLICT DO NOTHING`, now, account, upto)
}

func rowByID(ctx context.Context, q db.Queryer, account, id string) (r Row, err error) {
	return r, q.Get(ctx, &r, withReads+` WHERE i.id = ? AND i.account = ?`, id, account)
}

// unplanned are rows of which nobody has thought yet how they go out.
func unplanned(ctx context.Context, q db.Queryer, limit int) (rs []Row, err error) {
	return rs, q.Select(ctx, &rs, `SELECT `+rowColumns+` FROM inbox i WHERE i.planned = 0 ORDER BY i.id LIMIT ?`, limit)
}

func setPlanned(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `UPDATE inbox SET planned = 1 WHERE id = ?`, id)
	return err
}

// digested are unread rows of a day that the digest tells: what was not told at once.
func digested(ctx context.Context, q db.Queryer, account, channel string, from, to int64) (rs []Row, err error) {
	return rs, q.Select(ctx, &rs, withReads+` WHERE i.account = ? AND i.at >= ? AND i.at < ? AND r.at IS NULL AND (i.act = 0 OR i.done_at = 0)
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.account = i.account AND d.channel = ? AND d.item = i.id) ORDER BY i.id DESC LIMIT 30`, account, from, to, channel)
}

type place struct {
	XID int64 `db:"xid"`
	Seq int64 `db:"seq"`
}

func position(ctx context.Context, q db.Queryer) (p place, err error) {
	return p, q.Get(ctx, &p, `SELECT xid, seq FROM cursors WHERE name = ?`, reader)
}

// alone keeps the reader and other nodes from the inbox until tx ends: who adds
// rows beside the reader adds them to what it has just settled or taken back.
func alone(ctx context.Context, tx *db.Tx) error {
	var at []place
	return tx.Select(ctx, &at, `SELECT xid, seq FROM cursors WHERE name = ?`+tx.Lock(), reader)
}

// telling are events up to a position that tell somebody, by their number.
func telling(ctx context.Context, q db.Queryer, upto place, after int64, limit int) (es []event.Event, err error) {
	return es, q.Select(ctx, &es, `SELECT `+eventColumns+` FROM events WHERE seq > ? AND (xid, seq) <= (?, ?) AND data LIKE '%"tell"%' ORDER BY seq LIMIT ?`,
		after, upto.XID, upto.Seq, limit)
}

func rowsBySeq(ctx context.Context, q db.Queryer, seq int64) (rs []Row, err error) {
	return rs, q.Select(ctx, &rs, `SELECT `+rowColumns+` FROM inbox i WHERE i.subject = (SELECT e.subject FROM events e WHERE e.seq = ?) AND i.seq = ?`, seq, seq)
}

// strays names rows of no event.
func strays(ctx context.Context, q db.Queryer) (faults []string, err error) {
	return faults, q.Select(ctx, &faults, `SELECT 'inbox ' || i.id || ': belongs to no event' FROM inbox i
		WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.seq = i.seq AND e.subject = i.subject AND e.version = i.version)`)
}
