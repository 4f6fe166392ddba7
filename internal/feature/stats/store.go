package stats

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linli/internal/core/event"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

func loadMatter(ctx context.Context, q db.Queryer, subject string) (*matter, error) {
	m := &matter{}
	err := q.Get(ctx, m, `SELECT subject, kind, place, state, category, shown, answered FROM stats_matters WHERE subject = ?`, subject)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	return m, err
}

// atOnce is how many rows one statement writes.
const atOnce = 24

func rows(columns int) (one, many string) {
	one = "(?" + strings.Repeat(", ?", columns-1) + ")"
	return one, one + strings.Repeat(", "+one, atOnce-1)
}

// upsert writes rows, some at once, with two texts of statement only.
func upsert(ctx context.Context, tx *db.Tx, into string, columns int, conflict string, args []any) error {
	one, many := rows(columns)
	for len(args) > 0 {
		n, values := columns, one
		if len(args) >= columns*atOnce {
			n, values = columns*atOnce, many
		}
		if _, err := tx.Exec(ctx, into+values+conflict, args[:n]...); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}

func save(ctx context.Context, tx *db.Tx, t *tally) error {
	var args []any
	for _, c := range t.sorted() {
		args = append(args, c.Kind, c.What, c.Place, c.Day, t.counts[c])
	}
	err := upsert(ctx, tx, `INSERT INTO stats_counts (kind, what, place, day, n) VALUES `, 5,
		` ON CONFLICT (kind, what, place, day) DO UPDATE SET n = stats_counts.n + excluded.n`, args)
	if err != nil {
		return err
	}
	args = args[:0]
	for _, subject := range slices.Sorted(maps.Keys(t.matters)) {
		m := t.matters[subject]
		args = append(args, m.Subject, m.Kind, m.Place, m.State, m.Category, flag(m.Shown), flag(m.Answered))
	}
	return upsert(ctx, tx, `INSERT INTO stats_matters (subject, kind, place, state, category, shown, answered) VALUES `, 7,
		` ON CONFLICT (subject) DO UPDATE SET place = excluded.place, state = excluded.state, category = excluded.category,
			shown = excluded.shown, answered = excluded.answered`, args)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func reset(ctx context.Context, tx *db.Tx) error {
	for _, query := range []string{`DELETE FROM stats_counts`, `DELETE FROM stats_matters`} {
		if _, err := tx.Exec(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// sum is a counter over a month or over all time.
type sum struct {
	Kind  string `db:"kind"`
	What  string `db:"what"`
	Month string `db:"month"` // 2026-11; "" for what is now
	N     int64  `db:"n"`
}

// sums adds up the counters of a place by month, and what is now. Days are inclusive.
func sums(ctx context.Context, q db.Queryer, place, from, to string) (rows []sum, err error) {
	return rows, q.Select(ctx, &rows, `SELECT kind, what, substr(day, 1, 7) AS month, sum(n) AS n FROM stats_counts
		WHERE place = ? AND (day = '' OR day >= ? AND day <= ?) GROUP BY kind, what, substr(day, 1, 7) ORDER BY kind, what, month`, place, from, to)
}

// spread is a counter by place, below a place, over a time; from "" is what is now.
func spread(ctx context.Context, q db.Queryer, kind, what, below, from, to string) (map[string]int64, error) {
	var rows []struct {
		Place string `db:"place"`
		N     int64  `db:"n"`
	}
	err := q.Select(ctx, &rows, `SELECT place, sum(n) AS n FROM stats_counts WHERE kind = ? AND what = ? AND place >= ? AND place < ?
		AND day >= ? AND day <= ? GROUP BY place`, kind, what, below, below+":", from, to)
	by := make(map[string]int64, len(rows))
	for _, r := range rows {
		by[r.Place] = r.N
	}
	return by, err
}

// check counts all events up to where the reader stands anew and names each
// counter and matter that does not agree.
func check(ctx context.Context, q db.Queryer) ([]string, error) {
	var end struct {
		XID int64 `db:"xid"`
		Seq int64 `db:"seq"`
	}
	err := q.Get(ctx, &end, `SELECT xid, seq FROM cursors WHERE name = ?`, readerName)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil // has never read anything
	}
	if err != nil {
		return nil, err
	}
	var counts []struct {
		cell
		N int64 `db:"n"`
	}
	if err := q.Select(ctx, &counts, `SELECT kind, what, place, day, n FROM stats_counts`); err != nil {
		return nil, err
	}
	t := newTally()
	at := struct{ xid, seq int64 }{xid: -1}
	for {
		var events []event.Event
		err := q.Select(ctx, &events, `SELECT e.seq, e.xid, e.at, e.kind, e.subject, e.version, e.move, e.from_state, e.to_state, e.actor, e.as_group,
			e.place, e.audience, e.data, e.words_hash, e.hash FROM events e
			WHERE `+journal.After+` AND `+journal.UpTo+` ORDER BY `+journal.InOrder+` LIMIT 2000`, at.xid, at.seq, end.XID, end.Seq)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			at.xid, at.seq = e.XID, e.Seq
			if err := t.add(e); err != nil {
				return []string{fmt.Sprintf("figures: event %d cannot be read", e.Seq)}, nil
			}
		}
	}
	var faults []string
	for _, c := range counts {
		if t.counts[c.cell] != c.N {
			faults = append(faults, fmt.Sprintf("figure %s %s of %s %s: is %d, events say %d", c.Kind, c.What, c.Place, c.Day, c.N, t.counts[c.cell]))
		}
		delete(t.counts, c.cell)
	}
	for _, c := range t.sorted() {
		faults = append(faults, fmt.Sprintf("figure %s %s of %s %s: is missing, events say %d", c.Kind, c.What, c.Place, c.Day, t.counts[c]))
	}
	var later struct {
		XID int64 `db:"xid"`
		Seq int64 `db:"seq"`
	}
	if err := q.Get(ctx, &later, `SELECT xid, seq FROM cursors WHERE name = ?`, readerName); err != nil {
		return nil, err
	}
	if later != end { // the reader went on meanwhile: nothing can be said
		return nil, nil
	}
	return faults, nil
}
