package ballot

import (
	"context"
	"errors"
	"slices"
	"strings"

	"linli/internal/platform/db"
)

// RollLine is one voter on a frozen roll.
type RollLine struct {
	Poll      string `db:"poll"`
	Voter     string `db:"voter"`
	Household string `db:"household"` // whose ballot it is: the voter's own id in a poll by person
	Voted     bool   `db:"voted"`
}

// rollSlice is how many lines one statement writes.
const rollSlice = 500

func insertRoll(ctx context.Context, tx *db.Tx, lines []RollLine) error {
	for len(lines) > 0 {
		n := min(rollSlice, len(lines))
		args := make([]any, 0, 4*n)
		for _, l := range lines[:n] {
			args = append(args, l.Poll, l.Voter, l.Household, flag(l.Voted))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO poll_roll (poll, voter, household, voted) VALUES (?, ?, ?, ?)`+
			strings.Repeat(`, (?, ?, ?, ?)`, n-1), args...); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

// rollLine returns the voter's line, nil when the voter is not on the roll.
func rollLine(ctx context.Context, q db.Queryer, poll, voter string) (*RollLine, error) {
	l := &RollLine{}
	err := q.Get(ctx, l, `SELECT poll, voter, household, voted FROM poll_roll WHERE poll = ? AND voter = ?`, poll, voter)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	return l, err
}

// share loads a poll and holds its row so that it cannot be closed before this
// transaction ends; other ballots may hold it too. SQLite's writer is alone.
func share(ctx context.Context, tx *db.Tx, id string) (*Poll, error) {
	return store{}.Load(ctx, tx, id, `{{pg  FOR SHARE}}`)
}

// Cast is the ballot of a household while the poll is open.
type Cast struct {
	Poll      string `db:"poll"`
	Household string `db:"household"`
	Voter     string `db:"voter"`
	Receipt   string `db:"receipt"`
	Choices   string `db:"choices"`
	Changes   int    `db:"changes"`
	Paper     bool   `db:"paper"`
	Invalid   bool   `db:"invalid"`
}

// fillBox puts in the ballots of an imported poll.
func fillBox(ctx context.Context, tx *db.Tx, bs []Cast) error {
	for part := range slices.Chunk(bs, rollSlice) {
		args := make([]any, 0, 5*len(part))
		for _, b := range part {
			args = append(args, b.Poll, b.Household, b.Voter, b.Receipt, b.Choices)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO poll_box (poll, household, voter, receipt, choices, changes, paper, invalid) VALUES (?, ?, ?, ?, ?, 0, 0, 0)`+
			strings.Repeat(`, (?, ?, ?, ?, ?, 0, 0, 0)`, len(part)-1), args...); err != nil {
			return err
		}
	}
	return nil
}

// newestPublished finds the poll closed last with enough ballots to publish them.
func newestPublished(ctx context.Context, q db.Queryer) (id string, err error) {
	err = q.Get(ctx, &id, `SELECT id FROM polls WHERE state = 'closed' AND voters - invalid >= ? ORDER BY since DESC, id DESC LIMIT 1`, PublishFrom)
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return id, err
}

// putOnline puts a ballot in or changes the voter's own; the receipt stays what
// it was first. ok is false when the ballot is on paper or another's of the household.
func putOnline(ctx context.Context, tx *db.Tx, b Cast) (receipt string, ok bool, err error) {
	err = tx.Get(ctx, &receipt, `INSERT INTO poll_box (poll, household, voter, receipt, choices, changes, paper, invalid) VALUES (?, ?, ?, ?, ?, 0, 0, 0)
		ON CONFLICT (poll, household) DO UPDATE SET choices = excluded.choices,
			changes = poll_box.changes + CASE WHEN poll_box.choices = excluded.choices THEN 0 ELSE 1 END
			WHERE poll_box.voter = excluded.voter AND poll_box.paper = 0
		RETURNING receipt`, b.Poll, b.Household, b.Voter, b.Receipt, b.Choices)
	if errors.Is(err, db.ErrNoRows) {
		return "", false, nil
	}
	return receipt, err == nil, err
}

// putPaper puts a ballot in that has been entered twice; never over another.
func putPaper(ctx context.Context, tx *db.Tx, b Cast) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO poll_box (poll, household, voter, receipt, choices, changes, paper, invalid) VALUES (?, ?, ?, ?, ?, 0, 1, ?)
		ON CONFLICT (poll, household) DO NOTHING`, b.Poll, b.Household, b.Voter, b.Receipt, b.Choices, flag(b.Invalid))
	return n == 1, err
}

func markVoted(ctx context.Context, tx *db.Tx, poll, voter string) error {
	if _, err := tx.Exec(ctx, `UPDATE poll_roll SET voted = 1 WHERE poll = ? AND voter = ? AND voted = 0`, poll, voter); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM poll_drafts WHERE poll = ? AND voter = ?`, poll, voter)
	return err
}

// inBox returns the ballot of a household while the poll is open, nil for none.
func inBox(ctx context.Context, q db.Queryer, poll, household string) (*Cast, error) {
	b := &Cast{}
	err := q.Get(ctx, b, `SELECT poll, household, voter, receipt, choices, changes, paper, invalid FROM poll_box WHERE poll = ? AND household = ?`, poll, household)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	return b, err
}

// turnout counts who has voted so far.
func turnout(ctx context.Context, q db.Queryer, poll string) (n int64, err error) {
	return n, q.Get(ctx, &n, `SELECT count(*) FROM poll_box WHERE poll = ?`, poll)
}

// Paper is the first of two entries of a paper or telephone ballot.
type Paper struct {
	Poll      string `db:"poll"`
	Household string `db:"household"`
	Voter     string `db:"voter"`
	Staff     string `db:"staff"`
	Choices   string `db:"choices"`
	Invalid   bool   `db:"invalid"`
}

func paperOf(ctx context.Context, q db.Queryer, poll, household, suffix string) (*Paper, error) {
	p := &Paper{}
	err := q.Get(ctx, p, `SELECT poll, household, voter, staff, choices, invalid FROM poll_papers WHERE poll = ? AND household = ?`+suffix, poll, household)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	return p, err
}

// keepPaper writes a first entry, or lets its own clerk correct it.
func keepPaper(ctx context.Context, tx *db.Tx, p Paper) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO poll_papers (poll, household, voter, staff, choices, invalid) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (poll, household) DO UPDATE SET choices = excluded.choices, invalid = excluded.invalid, voter = excluded.voter
			WHERE poll_papers.staff = excluded.staff`, p.Poll, p.Household, p.Voter, p.Staff, p.Choices, flag(p.Invalid))
	return n == 1, err
}

func dropPaper(ctx context.Context, tx *db.Tx, poll, household string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM poll_papers WHERE poll = ? AND household = ?`, poll, household)
	return n == 1, err
}

func papersWaiting(ctx context.Context, q db.Queryer, poll string) (ps []Paper, err error) {
	return ps, q.Select(ctx, &ps, `SELECT poll, household, voter, staff, '' AS choices, 0 AS invalid FROM poll_papers WHERE poll = ? ORDER BY voter LIMIT 200`, poll)
}

func saveDraft(ctx context.Context, tx *db.Tx, poll, voter, choices string) error {
	_, err := tx.Exec(ctx, `INSERT INTO poll_drafts (poll, voter, choices) VALUES (?, ?, ?)
		ON CONFLICT (poll, voter) DO UPDATE SET choices = excluded.choices`, poll, voter, choices)
	return err
}

func readDraft(ctx context.Context, q db.Queryer, poll, voter string) (choices string, err error) {
	err = q.Get(ctx, &choices, `SELECT choices FROM poll_drafts WHERE poll = ? AND voter = ?`, poll, voter)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return choices, err
}

func insertCorrection(ctx context.Context, tx *db.Tx, w Correction) error {
	_, err := tx.Exec(ctx, `INSERT INTO poll_corrections (id, poll, voter, household, change, asked_by, asked_at, signed_by, signed_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, '', 0)`, w.ID, w.Poll, w.Voter, w.Household, w.Change, w.AskedBy, w.AskedAt)
	return err
}

func signCorrection(ctx context.Context, tx *db.Tx, w Correction) error {
	_, err := tx.Exec(ctx, `UPDATE poll_corrections SET signed_by = ?, signed_at = ? WHERE id = ?`, w.SignedBy, w.SignedAt, w.ID)
	return err
}

func dropCorrection(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM poll_corrections WHERE id = ?`, id)
	return err
}

// correctionsOf lists a poll's corrections: those made, in their order, or those that wait.
func correctionsOf(ctx context.Context, q db.Queryer, poll string, made bool) (ws []Correction, err error) {
	return ws, q.Select(ctx, &ws, `SELECT id, poll, voter, household, change, asked_by, asked_at, signed_by, signed_at FROM poll_corrections
		WHERE poll = ? AND (signed_at > 0) = (? = 1) ORDER BY signed_at, id`, poll, flag(made))
}

// strike takes a voter off the roll, with what she has put in or had put in for her.
func strike(ctx context.Context, tx *db.Tx, w Correction) error {
	for _, do := range []string{
		`DELETE FROM poll_box WHERE poll = ? AND voter = ?`,
		`DELETE FROM poll_papers WHERE poll = ? AND voter = ?`,
		`DELETE FROM poll_drafts WHERE poll = ? AND voter = ?`,
		`DELETE FROM poll_roll WHERE poll = ? AND voter = ?`,
	} {
		if _, err := tx.Exec(ctx, do, w.Poll, w.Voter); err != nil {
			return err
		}
	}
	return nil
}

// emptyBox counts what is in the box, writes the ballots anew in the order of
// their random receipts and forgets whose they were. First entries on paper
// that nobody confirmed are no ballots.
func emptyBox(ctx context.Context, tx *db.Tx, p *Poll) error {
	var sum struct{ Voters, Invalid, Changed, Paper int64 }
	if err := tx.Get(ctx, &sum, `SELECT count(*) AS voters, coalesce(sum(invalid), 0) AS invalid,
		coalesce(sum(CASE WHEN changes > 0 THEN 1 ELSE 0 END), 0) AS changed, coalesce(sum(paper), 0) AS paper FROM poll_box WHERE poll = ?`, p.ID); err != nil {
		return err
	}
	p.Voters, p.Invalid, p.Changed, p.Paper, p.Asked = sum.Voters, sum.Invalid, sum.Changed, sum.Paper, 0
	if _, err := tx.Exec(ctx, `UPDATE polls SET voters = ?, invalid = ?, changed = ?, paper = ?, asked = 0 WHERE id = ?`,
		p.Voters, p.Invalid, p.Changed, p.Paper, p.ID); err != nil {
		return err
	}
	for _, do := range []string{
		`INSERT INTO poll_ballots (poll, receipt, choices) SELECT poll, receipt, choices FROM poll_box WHERE poll = ? AND invalid = 0 ORDER BY receipt`,
		`DELETE FROM poll_box WHERE poll = ?`,
		`DELETE FROM poll_papers WHERE poll = ?`,
		`DELETE FROM poll_drafts WHERE poll = ?`,
		`DELETE FROM poll_corrections WHERE poll = ? AND signed_at = 0`,
	} {
		if _, err := tx.Exec(ctx, do, p.ID); err != nil {
			return err
		}
	}
	return nil
}

// Sealed is a ballot as published.
type Sealed struct {
	Receipt string `db:"receipt"`
	Choices string `db:"choices"`
}

func ballotsOf(ctx context.Context, q db.Queryer, poll string) (bs []Sealed, err error) {
	return bs, q.Select(ctx, &bs, `SELECT receipt, choices FROM poll_ballots WHERE poll = ? ORDER BY receipt`, poll)
}

func rollOf(ctx context.Context, q db.Queryer, poll string) (ls []RollLine, err error) {
	return ls, q.Select(ctx, &ls, `SELECT poll, voter, household, voted FROM poll_roll WHERE poll = ? ORDER BY voter`, poll)
}

func pollIDs(ctx context.Context, q db.Queryer, after string) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM polls WHERE id > ? ORDER BY id LIMIT 100`, after)
}

// strays lists what is left of a voter's tie to a ballot in polls that are over,
// and polls whose state disagrees with their last event.
func strays(ctx context.Context, q db.Queryer) (faults []string, err error) {
	return faults, q.Select(ctx, &faults, `
		SELECT 'poll ' || p.id || ': the box was not emptied at the close' FROM polls p WHERE p.state = 'closed'
			AND (EXISTS (SELECT 1 FROM poll_box b WHERE b.poll = p.id) OR EXISTS (SELECT 1 FROM poll_papers b WHERE b.poll = p.id)
				OR EXISTS (SELECT 1 FROM poll_drafts b WHERE b.poll = p.id))
		UNION ALL
		SELECT 'poll ' || p.id || ': ballots are published before the close' FROM polls p WHERE p.state <> 'closed'
			AND (EXISTS (SELECT 1 FROM poll_ballots b WHERE b.poll = p.id) OR EXISTS (SELECT 1 FROM poll_results b WHERE b.poll = p.id))
		UNION ALL
		SELECT 'poll ' || b.poll || ': somebody in the box is not on the roll, or not marked as having voted' FROM poll_box b
			LEFT JOIN poll_roll r ON r.poll = b.poll AND r.voter = b.voter WHERE r.voted IS NULL OR r.voted = 0 OR r.household <> b.household
		UNION ALL
		SELECT 'poll ' || p.id || ': state ' || p.state || ' version ' || p.version || ' disagree with its last event' FROM polls p
			WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = p.id AND e.version = p.version AND e.to_state = p.state)
				OR EXISTS (SELECT 1 FROM events e WHERE e.subject = p.id AND e.version > p.version)`)
}

// eventData returns the data of the last event of a poll that did something.
func eventData(ctx context.Context, q db.Queryer, poll, do string) (data string, err error) {
	err = q.Get(ctx, &data, `SELECT data FROM events WHERE subject = ? AND move = ? ORDER BY version DESC LIMIT 1`, poll, do)
	if errors.Is(err, db.ErrNoRows) {
		return "{}", nil
	}
	return data, err
}
