package award

import (
	"context"

	"linli/internal/core/access"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

const columns = `w.id, w.state, w.version, w.since, w.due_at, w.due_do, w.place, w.community, w.street, w.author, w.created_at,
	w.title, w.criteria, w.opens, w.closes, w.issuer, w.basis, w.notice_days, w.notice_until, w.advisory_vote, w.published_by, w.confirmed_by`

const nomineeColumns = `n.id, n.award, n.account, n.name, n.by_account, n.by_group, n.reason, n.state, n.consent, n.reviewer, n.opinion, n.objection, n.objector, n.minutes, n.wishes, n.votes, n.at`

// store is all SQL of awards; it implements journal.Store.
type store struct{}

func (store) Load(ctx context.Context, q db.Queryer, id, suffix string) (*Award, error) {
	w := &Award{}
	if err := q.Get(ctx, w, `SELECT `+columns+` FROM awards w WHERE w.id = ?`+suffix, id); err != nil {
		return nil, err
	}
	return w, q.Select(ctx, &w.Nominees, `SELECT `+nomineeColumns+` FROM award_nominees n WHERE n.award = ? ORDER BY n.id`, id)
}

func (store) Insert(ctx context.Context, tx *db.Tx, w *Award) error {
	_, err := tx.Exec(ctx, `INSERT INTO awards (id, state, version, since, due_at, due_do, place, community, street, author, created_at,
		title, criteria, opens, closes, issuer, basis, notice_days, notice_until, advisory_vote, published_by, confirmed_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		w.ID, w.State, w.Version, w.Since, w.DueAt, w.DueDo, w.Place, w.Community, w.Street, w.Author, w.CreatedAt,
		w.Title, w.Criteria, w.Opens, w.Closes, w.Issuer, w.Basis, w.NoticeDays, w.NoticeUntil, bit(w.AdvisoryVote), w.PublishedBy, w.ConfirmedBy)
	return err
}

func (store) Save(ctx context.Context, tx *db.Tx, w *Award, was int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE awards SET state = ?, version = ?, since = ?, due_at = ?, due_do = ?, notice_until = ?, published_by = ?, confirmed_by = ?
		WHERE id = ? AND version = ?`, w.State, w.Version, w.Since, w.DueAt, w.DueDo, w.NoticeUntil, w.PublishedBy, w.ConfirmedBy, w.ID, was)
	if err != nil || n == 0 {
		return false, err
	}
	for _, m := range w.Nominees {
		_, err := tx.Exec(ctx, `INSERT INTO award_nominees (id, award, account, name, by_account, by_group, reason, state, consent, reviewer, opinion, objection, objector, minutes, wishes, votes, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET state = excluded.state, consent = excluded.consent, reviewer = excluded.reviewer, opinion = excluded.opinion,
				objection = excluded.objection, objector = excluded.objector, votes = excluded.votes`,
			m.ID, w.ID, m.Account, m.Name, m.By, m.ByGroup, m.Reason, m.State, bit(m.Consent), m.Reviewer, m.Opinion, m.Objection, m.Objector, m.Minutes, m.Wishes, m.Votes, m.At)
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (store) Due(ctx context.Context, q db.Queryer, now int64, limit int) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM awards WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
}

// castVote keeps that a person has voted; false when there was a vote already.
// The caller holds the award's row.
func castVote(ctx context.Context, tx *db.Tx, award, account, nominee string) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO award_votes (award, account, nominee) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, award, account, nominee)
	return n == 1, err
}

// list reads rounds, newest first, one more than asked. A round is everybody's to see.
func list(ctx context.Context, q db.Queryer, where, state, text, account string, ask page.Ask, now int64) (ws []*Award, err error) {
	cond, args := `1 = 1`, []any{}
	and := func(c string, vs ...any) { cond, args = cond+` AND `+c, append(args, vs...) }
	switch len(where) {
	case 0:
	case access.Community:
		and(`w.community = ?`, where)
	case access.Street:
		and(`w.street = ?`, where)
	default:
		and(`w.place >= ? AND w.place < ?`, where, where+":")
	}
	if state != "" {
		and(`w.state = ? AND (w.due_at = 0 OR w.due_at > ?)`, state, now)
	}
	if text != "" {
		cond, args := db.Contains(text, "w.title", "w.criteria")
		and(cond, args...)
	}
	if account != "" {
		and(`w.id IN (SELECT id FROM awards WHERE author = ? UNION SELECT award FROM award_nominees WHERE account = ? UNION SELECT award FROM award_nominees WHERE by_account = ?)`, account, account, account)
	}
	if ask.After != "" {
		and(`w.id < ?`, ask.After)
	}
	return ws, q.Select(ctx, &ws, `SELECT `+columns+` FROM awards w WHERE `+cond+` ORDER BY w.id DESC LIMIT ?`, append(args, ask.Limit+1)...)
}

// honoured is one name on the roll.
type honoured struct {
	Nominee
	Title  string `db:"title"`
	Issuer string `db:"issuer"`
	Place  string `db:"place"`
	When   int64  `db:"since"`
	Round  string `db:"round"`
	Basis  string `db:"basis"`
}

const honouredColumns = nomineeColumns + `, w.title, w.issuer, w.place, w.since, w.id AS round, w.basis`

// roll lists the honoured of a place and below, and of what lies above a
// community, newest first: the order of the years, never of merit.
func roll(ctx context.Context, q db.Queryer, where string, limit int) (hs []honoured, err error) {
	return hs, q.Select(ctx, &hs, `SELECT `+honouredColumns+` FROM award_nominees n JOIN awards w ON w.id = n.award
		WHERE n.state = 'honoured' AND (w.place >= ? AND w.place < ? OR w.place IN (?, ?)) ORDER BY w.since DESC, n.id LIMIT ?`,
		where, where+":", access.Up(where, access.Street), access.Up(where, access.District), limit)
}

func honouredOne(ctx context.Context, q db.Queryer, id string) (h honoured, err error) {
	return h, q.Get(ctx, &h, `SELECT `+honouredColumns+` FROM award_nominees n JOIN awards w ON w.id = n.award WHERE n.id = ? AND n.state = 'honoured'`, id)
}

// faultsOf recomputes what the rows must agree on.
func faultsOf(ctx context.Context, q db.Queryer) ([]string, error) {
	var faults []string
	err := q.Select(ctx, &faults, `
		SELECT 'award ' || w.id || ': state ' || w.state || ' version ' || w.version || ' disagree with its last event' FROM awards w
		WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = w.id AND e.version = w.version AND e.to_state = w.state)
			OR EXISTS (SELECT 1 FROM events e WHERE e.subject = w.id AND e.version > w.version)
		UNION ALL
		SELECT 'award ' || n.award || ': ' || n.id || ' is honoured without a confirmed round' FROM award_nominees n JOIN awards w ON w.id = n.award
		WHERE n.state = 'honoured' AND w.state <> 'confirmed'
		UNION ALL
		SELECT 'award ' || n.award || ': ' || n.id || ' was reviewed by the person or the nominator' FROM award_nominees n
		WHERE n.reviewer <> '' AND (n.reviewer = n.account OR n.reviewer = n.by_account)
		UNION ALL
		SELECT 'award ' || w.id || ': its votes disagree with who voted' FROM awards w
		WHERE (SELECT count(*) FROM award_votes v WHERE v.award = w.id) <> coalesce((SELECT sum(n.votes) FROM award_nominees n WHERE n.award = w.id), 0)`)
	return faults, err
}
