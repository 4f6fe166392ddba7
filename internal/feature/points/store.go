package points

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

const ruleColumns = `book, code, version, cause, title, points, per, cap_day, cap_month, evidence, from_at, made_by, made_at`

const entryColumns = `id, book, payer, payee, amount, at, kind, cause, version, rule, rule_version, minutes, keyed_by, agreed_by, batch, reverses, place`

func rules(ctx context.Context, q db.Queryer) (rs []Rule, err error) {
	return rs, q.Select(ctx, &rs, `SELECT `+ruleColumns+` FROM points_rules ORDER BY book, code, version`)
}

func insertRule(ctx context.Context, tx *db.Tx, r Rule) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO points_rules (`+ruleColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		r.Book, r.Code, r.Version, r.Cause, r.Title, r.Points, r.Per, r.CapDay, r.CapMonth, r.Evidence, r.FromAt, r.MadeBy, r.MadeAt)
	return n == 1, err
}

// eventsOf is the version of a subject's last event, 0 while there is none: the
// first version of a rule came with the schema and no event tells of it.
func eventsOf(ctx context.Context, q db.Queryer, subject string) (n int64, err error) {
	return n, q.Get(ctx, &n, `SELECT coalesce(max(version), 0) FROM events WHERE subject = ?`, subject)
}

func has(ctx context.Context, q db.Queryer, id string) (bool, error) {
	var n int
	err := q.Get(ctx, &n, `SELECT count(*) FROM points_entries WHERE id = ?`, id)
	return n > 0, err
}

// spent sums what an account got under a rule on the day and in the month of a
// moment, less what was reversed. The account's balance row is locked first, so
// that two nodes cannot both see the same room below a cap.
func spent(ctx context.Context, tx *db.Tx, account, rule string, at int64) (today, month int64, err error) {
	if _, err := tx.Exec(ctx, `INSERT INTO points_balances (account, book, received, given, balance) VALUES (?, ?, 0, 0, 0) ON CONFLICT DO NOTHING`,
		account, bookOf(account)); err != nil {
		return 0, 0, err
	}
	var held int64
	if err := tx.Get(ctx, &held, `SELECT balance FROM points_balances WHERE account = ?`+tx.Lock(), account); err != nil {
		return 0, 0, err
	}
	day, tomorrow, first, next := dayAndMonth(at)
	var row struct{ Today, Month int64 }
	err = tx.Get(ctx, &row, `SELECT coalesce(sum(CASE WHEN e.at >= ? AND e.at < ? THEN e.amount ELSE 0 END), 0) AS today, coalesce(sum(e.amount), 0) AS month
		FROM points_entries e WHERE e.payee = ? AND e.at >= ? AND e.at < ? AND e.rule = ? AND e.kind = 'rule'
		AND NOT EXISTS (SELECT 1 FROM points_entries r WHERE r.reverses = e.id AND r.reverses <> '')`, day, tomorrow, account, first, next, rule)
	return row.Today, row.Month, err
}

func bookOf(account string) string {
	book, _, _ := strings.Cut(account, ":")
	return book
}

// standing lists what a subject gave a person by rule and was not reversed.
func standing(ctx context.Context, q db.Queryer, cause, person string) (es []Entry, err error) {
	return es, q.Select(ctx, &es, `SELECT `+entryColumns+` FROM points_entries e WHERE e.cause = ? AND e.kind = 'rule' AND e.payee IN (?, ?)
		AND NOT EXISTS (SELECT 1 FROM points_entries r WHERE r.reverses = e.id AND r.reverses <> '') ORDER BY e.version, e.id`, cause, Account(Residents, person), Account(Party, person))
}

func entry(ctx context.Context, q db.Queryer, id string) (e Entry, err error) {
	return e, q.Get(ctx, &e, `SELECT `+entryColumns+` FROM points_entries WHERE id = ?`, id)
}

func reversed(ctx context.Context, q db.Queryer, id string) (bool, error) {
	var n int
	err := q.Get(ctx, &n, `SELECT count(*) FROM points_entries WHERE reverses = ? AND reverses <> ''`, id)
	return n > 0, err
}

func balance(ctx context.Context, q db.Queryer, account string) (b Balance, err error) {
	err = q.Get(ctx, &b, `SELECT account, book, received, given, balance FROM points_balances WHERE account = ?`, account)
	if errors.Is(err, db.ErrNoRows) {
		return Balance{Account: account, Book: bookOf(account)}, nil
	}
	return b, err
}

// post writes entries and moves the balances with them. It is the only writer
// of both. An account that would fall below zero is a Conflict; nothing of the
// transaction stands then.
func post(ctx context.Context, tx *db.Tx, es []Entry) error {
	const rows = 100 // 17 values each stay below SQLite's bound of a statement
	for part := range slices.Chunk(es, rows) {
		args := make([]any, 0, len(part)*17)
		for _, e := range part {
			args = append(args, e.ID, e.Book, e.Payer, e.Payee, e.Amount, e.At, e.Kind, e.Cause, e.Version, e.Rule, e.RuleVersion, e.Minutes,
				e.KeyedBy, e.AgreedBy, e.Batch, e.Reverses, e.Place)
		}
		n, err := tx.Exec(ctx, `INSERT INTO points_entries (`+entryColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`+
			strings.Repeat(`, (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, len(part)-1)+` ON CONFLICT DO NOTHING`, args...)
		if err != nil {
			return err
		}
		if n != int64(len(part)) { // an id or a reversal that is there already
			return fault.New(fault.Conflict, "points.reason.twice")
		}
	}
	type moved struct{ received, given int64 }
	by := map[string]moved{}
	for _, e := range es {
		p, r := by[e.Payer], by[e.Payee]
		p.given += e.Amount
		by[e.Payer] = p
		r = by[e.Payee]
		r.received += e.Amount
		by[e.Payee] = r
	}
	for _, account := range slices.Sorted(maps.Keys(by)) { // in one order, so that two transactions never wait for each other
		m := by[account]
		if _, err := tx.Exec(ctx, `INSERT INTO points_balances (account, book, received, given, balance) VALUES (?, ?, 0, 0, 0) ON CONFLICT DO NOTHING`, account, bookOf(account)); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE points_balances SET received = received + ?, given = given + ?, balance = balance + ?
			WHERE account = ? AND (balance + ? >= 0 OR account = ? OR account = ?)`,
			m.received, m.given, m.received-m.given, account, m.received-m.given, Source(Residents), Source(Party))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "points.reason.below_zero")
		}
	}
	return nil
}

// line is one side of an entry with the running balance, newest first.
type line struct {
	Entry
	Signed   int64  `db:"signed"`
	Reversed string `db:"reversed"` // id of the entry that took it back
}

// ledger lists the lines of an account, newest first, one more than asked: what
// it got and what it gave, each by a walk of its own index. (The index on what
// is reversed holds reversals alone: a query has to say so.)
//
// A side on which nothing ever stood is not walked: for most people that leaves
// one walk, which PostgreSQL plans in a third of the time.
func ledger(ctx context.Context, q db.Queryer, b Balance, ask page.Ask, after Entry) (ls []line, err error) {
	account := b.Account
	var sides, walks []string
	if b.Received > 0 {
		sides = append(sides, `payee`)
	}
	if b.Given > 0 {
		sides = append(sides, `payer`)
	}
	if len(sides) == 0 {
		return nil, nil
	}
	var args []any
	for _, side := range sides {
		cond := side + ` = ?`
		args = append(args, account)
		if after.ID != "" {
			cond += ` AND (at, id) < (?, ?)`
			args = append(args, after.At, after.ID)
		}
		walks = append(walks, `SELECT * FROM (SELECT `+entryColumns+` FROM points_entries WHERE `+cond+` ORDER BY at DESC, id DESC LIMIT ?) AS `+side+`s`)
		args = append(args, ask.Limit+1)
	}
	return ls, q.Select(ctx, &ls, `SELECT e.*, CASE WHEN e.payee = ? THEN e.amount ELSE -e.amount END AS signed,
		coalesce((SELECT r.id FROM points_entries r WHERE r.reverses = e.id AND r.reverses <> ''), '') AS reversed
		FROM (`+strings.Join(walks, ` UNION ALL `)+`) AS e ORDER BY e.at DESC, e.id DESC LIMIT ?`, append(append([]any{account}, args...), ask.Limit+1)...)
}

// lastEvents reads the events of a kind since a moment, oldest first, at most most.
func lastEvents(ctx context.Context, q db.Queryer, kind string, since int64, most int) (es []event.Event, complete bool, err error) {
	err = q.Select(ctx, &es, `SELECT seq, xid, at, kind, subject, version, move, from_state, to_state, actor, as_group, place, audience, data, words_hash, hash
		FROM events WHERE kind = ? AND at >= ? ORDER BY seq LIMIT ?`, kind, since, most)
	return es, len(es) < most, err
}

// Anomaly is something an auditor should look at.
type Anomaly struct {
	Kind    string `db:"kind" json:"kind"` // burst, day, circle, hand, device
	Account string `db:"account" json:"account"`
	Other   string `db:"other" json:"other"`
	Count   int64  `db:"n" json:"count"`
	Amount  int64  `db:"amount" json:"amount"`
	At      int64  `db:"at" json:"at"`
	Title   string `db:"-" json:"title,omitempty" doc:"of the activity, for one device that checked in many"`
}

// anomalies lists what is unusual since a moment below a place: many entries
// on one day, more hours than a day has, two who confirm each other, and every
// hand-keyed batch.
func anomalies(ctx context.Context, q db.Queryer, place string, since int64) (as []Anomaly, err error) {
	below, to := place, place+":"
	day := `(e.at + 28800000) / 86400000`
	return as, q.Select(ctx, &as, `
		SELECT 'burst' AS kind, e.payee AS account, '' AS other, count(*) AS n, sum(e.amount) AS amount, max(e.at) AS at FROM points_entries e
		WHERE e.kind = 'rule' AND e.at >= ? AND e.place >= ? AND e.place < ? GROUP BY e.payee, `+day+` HAVING count(*) >= 10
		UNION ALL
		SELECT 'day', e.payee, '', sum(e.minutes), sum(e.amount), max(e.at) FROM points_entries e
		WHERE e.kind = 'rule' AND e.book = 'residents' AND e.at >= ? AND e.place >= ? AND e.place < ? GROUP BY e.payee, `+day+` HAVING sum(e.minutes) > 840
		UNION ALL
		SELECT 'circle', a.payee, a.keyed_by, a.n, a.amount, a.at FROM
			(SELECT payee, keyed_by, count(*) AS n, sum(amount) AS amount, max(at) AS at FROM points_entries
				WHERE kind = 'rule' AND book = 'residents' AND at >= ? AND place >= ? AND place < ? GROUP BY payee, keyed_by HAVING count(*) >= 3) a
			JOIN (SELECT payee, keyed_by, count(*) AS n FROM points_entries
				WHERE kind = 'rule' AND book = 'residents' AND at >= ? AND place >= ? AND place < ? GROUP BY payee, keyed_by HAVING count(*) >= 3) b
			ON a.payee = 'residents:' || b.keyed_by AND b.payee = 'residents:' || a.keyed_by
		UNION ALL
		SELECT 'hand', e.batch, e.keyed_by, count(*), sum(e.amount), max(e.at) FROM points_entries e
		WHERE e.kind = 'hand' AND e.at >= ? AND e.place >= ? AND e.place < ? GROUP BY e.batch, e.keyed_by
		ORDER BY 6 DESC, 1, 2 LIMIT 200`,
		since, below, to, since, below, to, since, below, to, since, below, to, since, below, to)
}

const batchColumns = `b.id, b.state, b.version, b.since, b.due_at, b.due_do, b.place, b.community, b.street, b.author, b.created_at, b.book, b.reason, b.entry, b.amount, b.agreed_by`

// batches is all SQL of hand-keyed batches; it implements journal.Store.
type batches struct{}

func (batches) Load(ctx context.Context, q db.Queryer, id, suffix string) (*Batch, error) {
	b := &Batch{}
	if err := q.Get(ctx, b, `SELECT `+batchColumns+` FROM points_batches b WHERE b.id = ?`+suffix, id); err != nil {
		return nil, err
	}
	return b, q.Select(ctx, &b.People, `SELECT account FROM points_batch_people WHERE batch = ? ORDER BY account`, id)
}

func (batches) Insert(ctx context.Context, tx *db.Tx, b *Batch) error {
	_, err := tx.Exec(ctx, `INSERT INTO points_batches (id, state, version, since, due_at, due_do, place, community, street, author, created_at, book, reason, entry, amount, agreed_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		b.ID, b.State, b.Version, b.Since, b.DueAt, b.DueDo, b.Place, b.Community, b.Street, b.Author, b.CreatedAt, b.Book, b.Reason, b.Entry, b.Amount, b.AgreedBy)
	for _, p := range b.People {
		if err == nil {
			_, err = tx.Exec(ctx, `INSERT INTO points_batch_people (batch, account) VALUES (?, ?)`, b.ID, p)
		}
	}
	return err
}

func (batches) Save(ctx context.Context, tx *db.Tx, b *Batch, was int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE points_batches SET state = ?, version = ?, since = ?, due_at = ?, due_do = ?, agreed_by = ? WHERE id = ? AND version = ?`,
		b.State, b.Version, b.Since, b.DueAt, b.DueDo, b.AgreedBy, b.ID, was)
	return n == 1, err
}

func (batches) Due(context.Context, db.Queryer, int64, int) ([]string, error) { return nil, nil }

// listBatches lists batches: what was agreed is everybody's to read, the rest
// that of the staff. TestSeesSQL compares with Sees.
func listBatches(ctx context.Context, q db.Queryer, a actor.Actor, place, state string, ask page.Ask) (bs []*Batch, err error) {
	or, args := []string{`b.state = 'agreed'`}, []any{}
	if a.Known() {
		or, args = append(or, `b.author = ?`), append(args, a.ID)
	}
	for _, r := range a.Roles {
		if r.Name == actor.Staff || r.Name == actor.Auditor {
			or, args = append(or, `b.place >= ? AND b.place < ?`), append(args, r.Place, r.Place+":")
		}
	}
	where := `(` + strings.Join(or, ` OR `) + `)`
	if place != "" {
		where, args = where+` AND b.place >= ? AND b.place < ?`, append(args, place, place+":")
	}
	if state != "" {
		where, args = where+` AND b.state = ?`, append(args, state)
	}
	if ask.After != "" {
		where, args = where+` AND b.id < ?`, append(args, ask.After)
	}
	return bs, q.Select(ctx, &bs, `SELECT `+batchColumns+` FROM points_batches b WHERE `+where+` ORDER BY b.id DESC LIMIT ?`, append(args, ask.Limit+1)...)
}

// faultsOf recomputes the ledger: balances from entries, the sum of a book,
// reversals against their originals, two persons for what was keyed by hand,
// a cause for every entry.
func faultsOf(ctx context.Context, q db.Queryer) ([]string, error) {
	var faults []string
	err := q.Select(ctx, &faults, `
		SELECT 'points account ' || b.account || ': holds ' || b.balance || ', its entries say otherwise' FROM points_balances b
		WHERE b.received <> coalesce((SELECT sum(amount) FROM points_entries WHERE payee = b.account), 0)
			OR b.given <> coalesce((SELECT sum(amount) FROM points_entries WHERE payer = b.account), 0)
		UNION ALL
		SELECT 'points: the balances of book ' || book || ' do not sum to zero' FROM points_balances GROUP BY book HAVING sum(balance) <> 0
		UNION ALL
		SELECT 'points: the entries touch an account without a balance: ' || e.payee FROM points_entries e WHERE NOT EXISTS (SELECT 1 FROM points_balances b WHERE b.account = e.payee)
		UNION ALL
		SELECT 'points entry ' || r.id || ': does not mirror what it reverses' FROM points_entries r LEFT JOIN points_entries e ON e.id = r.reverses
		WHERE r.kind = 'reversal' AND (e.id IS NULL OR e.kind = 'reversal' OR e.payer <> r.payee OR e.payee <> r.payer OR e.amount <> r.amount)
		UNION ALL
		SELECT 'points entry ' || e.id || ': no event tells of it' FROM points_entries e WHERE NOT EXISTS (SELECT 1 FROM events v WHERE v.subject = e.id AND v.version = 1)
		UNION ALL
		SELECT 'points entry ' || e.id || ': its cause is not there' FROM points_entries e
		WHERE e.kind = 'rule' AND NOT EXISTS (SELECT 1 FROM events v WHERE v.subject = e.cause AND v.version = e.version)
		UNION ALL
		SELECT 'points entry ' || e.id || ': another book than its accounts' FROM points_entries e WHERE e.payer NOT LIKE e.book || ':%' OR e.payee NOT LIKE e.book || ':%'`)
	return faults, err
}

const batchPeople = `SELECT account FROM points_batch_people WHERE batch = ? ORDER BY account`

// Fulfilled counts the wishes for which a person was given points.
func (s *Service) Fulfilled(ctx context.Context, q db.Queryer, account string) (n int64, err error) {
	return n, q.Get(ctx, &n, `SELECT count(*) FROM points_entries e WHERE e.payee = ? AND e.rule = 'wish' AND e.kind = 'rule'
		AND NOT EXISTS (SELECT 1 FROM points_entries r WHERE r.reverses = e.id AND r.reverses <> '')`, Account(Residents, account))
}
