package project

import (
	"context"
	"errors"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

const columns = `p.id, p.state, p.version, p.since, p.due_at, p.due_do, p.place, p.community, p.street, p.author, p.created_at,
	p.title, p.body, p.cost, p.ownership, p.fund, p.upkeep, p.consent, p.serves, p.wish, p.request, p.shown, p.studied, p.refer_to,
	p.merged_into, p.heard, p.doing, p.poll, p.votes, p.voters, p.roll, p.chosen, p.line, p.experts, p.convened_at, p.reminded,
	p.verdict, p.verdict_text, p.alone, p.due, p.budget, p.contractor, p.warranty, p.seed, p.oversight, p.accepted_at, p.asked`

// store is all SQL of projects; it implements journal.Store.
type store struct{}

func (store) Load(ctx context.Context, q db.Queryer, id, suffix string) (*Project, error) {
	p := &Project{}
	if err := q.Get(ctx, p, `SELECT `+columns+` FROM projects p WHERE p.id = ?`+suffix, id); err != nil {
		return nil, err
	}
	if err := q.Select(ctx, &p.Voices, `SELECT id, project, kind, account, body, verdict, interest, post, answer, reason, at
		FROM project_voices WHERE project = ? ORDER BY id`, id); err != nil {
		return nil, err
	}
	if err := q.Select(ctx, &p.Milestones, `SELECT project, n, title, done_at, note FROM project_milestones WHERE project = ? ORDER BY n`, id); err != nil {
		return nil, err
	}
	if err := q.Select(ctx, &p.Spending, `SELECT id, project, amount, what, keyed, signed, at FROM project_spending WHERE project = ? ORDER BY id`, id); err != nil {
		return nil, err
	}
	return p, q.Select(ctx, &p.Backers, `SELECT DISTINCT author FROM projects WHERE merged_into = ? AND merged_into <> '' ORDER BY author`, id)
}

func (p *Project) values() []any {
	return []any{p.State, p.Version, p.Since, p.DueAt, p.DueDo, p.Title, p.Body, p.Cost, p.Ownership, p.Fund, p.Upkeep, p.Consent, p.Serves,
		flag(p.Shown), flag(p.Studied), p.ReferTo, p.MergedInto, p.Heard, p.Doing, p.Poll, p.Votes, p.Voters, p.Roll, flag(p.Chosen), p.Line,
		p.Experts, p.ConvenedAt, p.Reminded, p.Verdict, p.VerdictText, flag(p.Alone), p.Due, p.Budget, p.Contractor, p.Warranty, p.Seed,
		p.Oversight, p.AcceptedAt, flag(p.Asked)}
}

const changing = `state, version, since, due_at, due_do, title, body, cost, ownership, fund, upkeep, consent, serves,
	shown, studied, refer_to, merged_into, heard, doing, poll, votes, voters, roll, chosen, line,
	experts, convened_at, reminded, verdict, verdict_text, alone, due, budget, contractor, warranty, seed, oversight, accepted_at, asked`

var (
	insertSQL = `INSERT INTO projects (id, place, community, street, author, created_at, wish, request, ` + changing + `) VALUES (?` +
		strings.Repeat(`, ?`, 7+strings.Count(changing, ",")+1) + `)`
	updateSQL = `UPDATE projects SET ` + strings.ReplaceAll(changing, ",", " = ?,") + ` = ? WHERE id = ? AND version = ?`
)

func (store) Insert(ctx context.Context, tx *db.Tx, p *Project) error {
	_, err := tx.Exec(ctx, insertSQL, append([]any{p.ID, p.Place, p.Community, p.Street, p.Author, p.CreatedAt, p.Wish, p.Request}, p.values()...)...)
	return err
}

func (store) Save(ctx context.Context, tx *db.Tx, p *Project, was int64) (bool, error) {
	n, err := tx.Exec(ctx, updateSQL, append(p.values(), p.ID, was)...)
	if err != nil || n == 0 {
		return false, err
	}
	return true, saveParts(ctx, tx, p)
}

// saveParts writes what belongs to the project; voices that a move took away go.
func saveParts(ctx context.Context, tx *db.Tx, p *Project) error {
	var kept []string
	if err := tx.Select(ctx, &kept, `SELECT id FROM project_voices WHERE project = ?`, p.ID); err != nil {
		return err
	}
	for _, id := range kept {
		if p.voice(id) == nil {
			if _, err := tx.Exec(ctx, `DELETE FROM project_voices WHERE id = ?`, id); err != nil {
				return err
			}
		}
	}
	for _, v := range p.Voices {
		if _, err := tx.Exec(ctx, `INSERT INTO project_voices (id, project, kind, account, body, verdict, interest, post, answer, reason, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET account = excluded.account, body = excluded.body,
				verdict = excluded.verdict, interest = excluded.interest, post = excluded.post, answer = excluded.answer, reason = excluded.reason, at = excluded.at
			WHERE project_voices.at <> excluded.at OR project_voices.answer <> excluded.answer OR project_voices.verdict <> excluded.verdict`,
			v.ID, v.Project, v.Kind, v.Account, v.Body, v.Verdict, v.Interest, v.Post, v.Answer, v.Reason, v.At); err != nil {
			return err
		}
	}
	for _, m := range p.Milestones {
		if _, err := tx.Exec(ctx, `INSERT INTO project_milestones (project, n, title, done_at, note) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (project, n) DO UPDATE SET title = excluded.title, done_at = excluded.done_at, note = excluded.note`,
			m.Project, m.N, m.Title, m.DoneAt, m.Note); err != nil {
			return err
		}
	}
	for _, s := range p.Spending {
		if _, err := tx.Exec(ctx, `INSERT INTO project_spending (id, project, amount, what, keyed, signed, at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET signed = excluded.signed`, s.ID, s.Project, s.Amount, s.What, s.Keyed, s.Signed, s.At); err != nil {
			return err
		}
	}
	return nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (store) Due(ctx context.Context, q db.Queryer, now int64, limit int) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM projects WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
}

// polling lists projects whose poll is over and counted but not published yet.
func polling(ctx context.Context, q db.Queryer) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM projects WHERE state = 'polling' ORDER BY id LIMIT 200`)
}

// lastHash is the hash of the last thing that happened to a project.
func lastHash(ctx context.Context, q db.Queryer, project string) (hash string, err error) {
	err = q.Get(ctx, &hash, `SELECT hash FROM events WHERE subject = ? ORDER BY version DESC LIMIT 1`, project)
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return hash, err
}

// Filter narrows a list of projects.
type Filter struct {
	Place  string
	States []string
	Mine   bool
	Where  string // a search's condition on p.id, with Args
	Args   []any
	IDs    []string
}

// visible is Sees in SQL. TestSeesSQL compares both.
func visible(a actor.Actor, now int64) (string, []any) {
	or, args := []string{`p.shown = 1`}, []any{}
	if a.Known() {
		or, args = append(or, `p.author = ?`), append(args, a.ID)
	}
	if len(a.Wards) > 0 {
		or = append(or, `p.author IN (SELECT g.ward FROM guardians g WHERE g.account = ? AND g.from_at <= ? AND (g.to_at = 0 OR g.to_at > ?))`)
		args = append(args, a.ID, now, now)
	}
	for _, r := range a.Roles {
		if r.Name == actor.Staff && r.Place != "" {
			or, args = append(or, `p.place >= ? AND p.place < ?`), append(args, r.Place, r.Place+":")
		}
	}
	return `(` + strings.Join(or, ` OR `) + `)`, args
}

// list reads projects a may see, newest first, one row more than asked. What is
// said to them is not read.
func list(ctx context.Context, q db.Queryer, a actor.Actor, f Filter, ask page.Ask, now int64) ([]*Project, error) {
	where, args := visible(a, now)
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
	in := func(column string, values []string) {
		if len(values) > 0 {
			vs := make([]any, len(values))
			for i, v := range values {
				vs[i] = v
			}
			and(column+` IN (?`+strings.Repeat(`, ?`, len(values)-1)+`)`, vs...)
		}
	}
	in(`p.state`, f.States)
	in(`p.id`, f.IDs)
	if f.Mine {
		and(`(p.author = ? OR p.id IN (SELECT v.project FROM project_voices v WHERE v.account = ?))`, a.ID, a.ID)
	}
	if f.Where != "" {
		and(f.Where, f.Args...)
	}
	if ask.After != "" {
		and(`p.id < ?`, ask.After)
	}
	var ps []*Project
	return ps, q.Select(ctx, &ps, `SELECT `+columns+` FROM projects p WHERE `+where+` ORDER BY p.id DESC LIMIT ?`, append(args, ask.Limit+1)...)
}

// faultsOf recomputes what the rows must agree on: money within the budget and
// signed by two, votes within voters, and the state with the last event.
func faultsOf(ctx context.Context, q db.Queryer) (faults []string, err error) {
	return faults, q.Select(ctx, &faults, `
		SELECT 'project ' || p.id || ': more is spent than its budget' FROM projects p
			WHERE p.budget > 0 AND (SELECT coalesce(sum(s.amount), 0) FROM project_spending s WHERE s.project = p.id) > p.budget
		UNION ALL
		SELECT 'project ' || p.id || ': votes, voters and roll disagree' FROM projects p WHERE p.votes > p.voters OR p.voters > p.roll
		UNION ALL
		SELECT 'project ' || p.id || ': its poll does not know it' FROM projects p WHERE p.poll <> ''
			AND NOT EXISTS (SELECT 1 FROM poll_options o WHERE o.poll = p.poll AND o.project = p.id)
		UNION ALL
		SELECT 'project ' || p.id || ': state ' || p.state || ' version ' || p.version || ' disagree with its last event' FROM projects p
			WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = p.id AND e.version = p.version AND e.to_state = p.state)
				OR EXISTS (SELECT 1 FROM events e WHERE e.subject = p.id AND e.version > p.version)`)
}
