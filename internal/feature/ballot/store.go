package ballot

import (
	"context"
	"encoding/json"
	"errors"

	"linli/internal/core/access"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

const columns = `p.id, p.state, p.version, p.since, p.due_at, p.due_do, p.place, p.community, p.street, p.author, p.created_at,
	p.question, p.rule, p.nature, p.unit, p.basis, p.budget, p.max_choices, p.opens, p.closes, p.roll_place, p.roll_level,
	p.roll_size, p.roll_salt, p.roll_hash, p.asked, p.corrected, p.early, p.voters, p.invalid, p.changed, p.paper, p.counted, p.ballots_hash`

// store is the SQL of polls as matters; it implements journal.Store.
type store struct{}

func (store) Load(ctx context.Context, q db.Queryer, id, suffix string) (*Poll, error) {
	p := &Poll{}
	if err := q.Get(ctx, p, `SELECT `+columns+` FROM polls p WHERE p.id = ?`+suffix, id); err != nil {
		return nil, err
	}
	return p, q.Select(ctx, &p.Options, `SELECT poll, id, title, cost, project FROM poll_options WHERE poll = ? ORDER BY length(id), id`, id)
}

func (store) Insert(ctx context.Context, tx *db.Tx, p *Poll) error {
	_, err := tx.Exec(ctx, `INSERT INTO polls (id, state, version, since, due_at, due_do, place, community, street, author, created_at,
		question, rule, nature, unit, basis, budget, max_choices, opens, closes, roll_place, roll_level,
		roll_size, roll_salt, roll_hash, early, voters, invalid, changed, paper, counted, ballots_hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', '', 0, 0, 0, 0, 0, 0, '')`,
		p.ID, p.State, p.Version, p.Since, p.DueAt, p.DueDo, p.Place, p.Community, p.Street, p.Author, p.CreatedAt,
		p.Question, p.Rule, p.Nature, p.Unit, p.Basis, p.Budget, p.MaxChoices, p.Opens, p.Closes, p.RollPlace, p.RollLevel)
	if err != nil {
		return err
	}
	for i := range p.Options {
		o := &p.Options[i]
		o.Poll = p.ID
		if err := insertOption(ctx, tx, *o); err != nil {
			return err
		}
	}
	return nil
}

func insertOption(ctx context.Context, tx *db.Tx, o Option) error {
	_, err := tx.Exec(ctx, `INSERT INTO poll_options (poll, id, title, cost, project) VALUES (?, ?, ?, ?, ?)`, o.Poll, o.ID, o.Title, o.Cost, o.Project)
	return err
}

func (store) Save(ctx context.Context, tx *db.Tx, p *Poll, was int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE polls SET state = ?, version = ?, since = ?, due_at = ?, due_do = ?, roll_size = ?, roll_salt = ?, roll_hash = ?,
		asked = ?, corrected = ?, early = ?, counted = ?, ballots_hash = ? WHERE id = ? AND version = ?`,
		p.State, p.Version, p.Since, p.DueAt, p.DueDo, p.RollSize, p.RollSalt, p.RollHash, p.Asked, p.Corrected, flag(p.Early), flag(p.Counted), p.BallotsHash, p.ID, was)
	return n == 1, err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (store) Due(ctx context.Context, q db.Queryer, now int64, limit int) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM polls WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
}

// toOpen lists announced polls whose time has come, toCount closed ones without a result.
func toOpen(ctx context.Context, q db.Queryer, now int64) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM polls WHERE state = 'draft' AND opens <= ? ORDER BY id LIMIT 50`, now)
}

func toCount(ctx context.Context, q db.Queryer) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM polls WHERE state = 'closed' AND counted = 0 ORDER BY id LIMIT 50`)
}

// Filter narrows a list of polls.
type Filter struct {
	Place, State, Text string
	Mine               string // account whose own polls: made by or on whose roll
}

// List reads polls, newest first, one row more than asked.
func List(ctx context.Context, q db.Queryer, f Filter, ask page.Ask, now int64) ([]*Poll, error) {
	where, args := `1 = 1`, []any{}
	and := func(cond string, vs ...any) { where, args = where+` AND `+cond, append(args, vs...) }
	switch len(f.Place) {
	case 0:
	case access.Community:
		and(`p.community = ?`, f.Place)
	case access.Street:
		and(`p.street = ?`, f.Place)
	default:
		and(`p.place >= ? AND p.place < ?`, f.Place, f.Place+":")
	}
	switch f.State {
	case "":
	case string(Open):
		and(`p.state = 'open' AND p.due_at > ?`, now)
	case string(Closed):
		and(`(p.state = 'closed' OR p.state = 'open' AND p.due_at <= ?)`, now)
	default:
		and(`p.state = ?`, f.State)
	}
	if f.Text != "" {
		cond, args := db.Contains(f.Text, "p.question")
		and(cond, args...)
	}
	if f.Mine != "" {
		and(`(p.author = ? OR p.id IN (SELECT r.poll FROM poll_roll r WHERE r.voter = ?))`, f.Mine, f.Mine)
	}
	if ask.After != "" {
		and(`p.id < ?`, ask.After)
	}
	var ps []*Poll
	if err := q.Select(ctx, &ps, `SELECT `+columns+` FROM polls p WHERE `+where+` ORDER BY p.id DESC LIMIT ?`, append(args, ask.Limit+1)...); err != nil {
		return nil, err
	}
	for _, p := range ps {
		if err := q.Select(ctx, &p.Options, `SELECT poll, id, title, cost, project FROM poll_options WHERE poll = ? ORDER BY length(id), id`, p.ID); err != nil {
			return nil, err
		}
	}
	return ps, nil
}

// unfinished lists open polls for which the voter has a checked ballot that was never put in.
func unfinished(ctx context.Context, q db.Queryer, voter string, now int64) (ps []*Poll, err error) {
	return ps, q.Select(ctx, &ps, `SELECT `+columns+` FROM polls p JOIN poll_drafts d ON d.poll = p.id
		WHERE d.voter = ? AND p.state = 'open' AND p.closes > ? ORDER BY p.closes`, voter, now)
}

// waiting lists open polls on whose roll the voter stands without having voted, soonest closing first.
func waiting(ctx context.Context, q db.Queryer, voter string, now int64, limit int) (ps []*Poll, err error) {
	return ps, q.Select(ctx, &ps, `SELECT `+columns+` FROM polls p JOIN poll_roll r ON r.poll = p.id AND r.voter = ?
		WHERE p.state = 'open' AND p.closes > ? AND r.voted = 0 ORDER BY p.closes LIMIT ?`, voter, now, limit)
}

func saveResult(ctx context.Context, tx *db.Tx, poll string, r Result) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO poll_results (poll, result) VALUES (?, ?)`, poll, string(b))
	return err
}

// storedResult returns the result of a counted poll; ok is false before the count.
func storedResult(ctx context.Context, q db.Queryer, poll string) (r Result, ok bool, err error) {
	var text string
	err = q.Get(ctx, &text, `SELECT result FROM poll_results WHERE poll = ?`, poll)
	if errors.Is(err, db.ErrNoRows) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	return r, true, json.Unmarshal([]byte(text), &r)
}
