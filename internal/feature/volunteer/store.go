package volunteer

import (
	"context"
	"errors"
	"slices"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

const columns = `s.id, s.state, s.version, s.since, s.due_at, s.due_do, s.place, s.community, s.street, s.author, s.created_at,
	s.source, s.title, s.kind, s.grp, s.note, s.served_at, s.minutes, s.attended, s.owner, s.host, s.confirmed_by, s.confirmed_at, s.reminded`

// store is all SQL of service hours; it implements journal.Store.
type store struct{}

func (store) Load(ctx context.Context, q db.Queryer, id, suffix string) (*Record, error) {
	r := &Record{}
	return r, q.Get(ctx, r, `SELECT `+columns+` FROM services s WHERE s.id = ?`+suffix, id)
}

const intoServices = `INSERT INTO services (id, state, version, since, due_at, due_do, place, community, street, author, created_at,
	source, title, kind, grp, note, served_at, minutes, attended, owner, host, confirmed_by, confirmed_at, reminded)
	VALUES ` + serviceValues

const serviceValues = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r *Record) values() []any {
	return []any{
		r.ID, r.State, r.Version, r.Since, r.DueAt, r.DueDo, r.Place, r.Community, r.Street, r.Author, r.CreatedAt,
		r.Source, r.Title, r.Kind, r.Group, r.Note, r.ServedAt, r.Minutes, r.Attended, r.Owner, r.Host, r.ConfirmedBy, r.ConfirmedAt, r.Reminded,
	}
}

func (store) Insert(ctx context.Context, tx *db.Tx, r *Record) error {
	_, err := tx.Exec(ctx, intoServices, r.values()...)
	return err
}

// insertAll inserts many records with a fraction of the statements.
func insertAll(ctx context.Context, tx *db.Tx, rs []*Record) error {
	const rows = 30
	for part := range slices.Chunk(rs, rows) {
		if len(part) < rows { // two texts only: the database keeps them prepared
			for _, r := range part {
				if err := (store{}).Insert(ctx, tx, r); err != nil {
					return err
				}
			}
			break
		}
		args := make([]any, 0, rows*24)
		for _, r := range part {
			args = append(args, r.values()...)
		}
		if _, err := tx.Exec(ctx, intoServices+strings.Repeat(`, `+serviceValues, rows-1), args...); err != nil {
			return err
		}
	}
	return nil
}

func (store) Save(ctx context.Context, tx *db.Tx, r *Record, was int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE services SET state = ?, version = ?, since = ?, due_at = ?, due_do = ?, minutes = ?, confirmed_by = ?, confirmed_at = ?, reminded = ?
		WHERE id = ? AND version = ?`, r.State, r.Version, r.Since, r.DueAt, r.DueDo, r.Minutes, r.ConfirmedBy, r.ConfirmedAt, r.Reminded, r.ID, was)
	return n == 1, err
}

func (store) Due(ctx context.Context, q db.Queryer, now int64, limit int) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM services WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
}

// bySource finds the record of a person at an occasion.
func bySource(ctx context.Context, q db.Queryer, source, account string) (id string, err error) {
	return id, q.Get(ctx, &id, `SELECT id FROM services WHERE source = ? AND author = ?`, source, account)
}

// visible is Sees in SQL. TestSeesSQL compares both.
func visible(a actor.Actor, now int64) (string, []any) {
	if !a.Known() {
		return `1 = 0`, nil
	}
	or, args := []string{`s.author = ?`, `s.owner = ?`}, []any{a.ID, a.ID}
	if len(a.Wards) > 0 {
		wards := ` IN (SELECT g.ward FROM guardians g WHERE g.account = ? AND g.from_at <= ? AND (g.to_at = 0 OR g.to_at > ?))`
		or = append(or, `s.owner`+wards, `s.author`+wards)
		args = append(args, a.ID, now, now, a.ID, now, now)
	}
	for _, r := range a.Roles {
		switch r.Name {
		case actor.Agent:
			or, args = append(or, `s.host = ?`), append(args, r.Group)
		case actor.Staff:
			or, args = append(or, `s.place >= ? AND s.place < ?`), append(args, r.Place, r.Place+":")
		}
	}
	return `(` + strings.Join(or, ` OR `) + `)`, args
}

type filter struct {
	Place, State string
	Mine         bool // what the actor served
	ToConfirm    bool // what others served and the actor may confirm
}

func list(ctx context.Context, q db.Queryer, a actor.Actor, f filter, ask page.Ask, now int64) (rs []*Record, err error) {
	where, args := visible(a, now)
	and := func(cond string, vs ...any) { where, args = where+` AND `+cond, append(args, vs...) }
	if f.Place != "" {
		and(`s.place >= ? AND s.place < ?`, f.Place, f.Place+":")
	}
	if f.State != "" {
		and(`s.state = ?`, f.State)
	}
	if f.Mine {
		and(`s.author = ?`, a.ID)
	}
	if f.ToConfirm {
		and(`s.author <> ? AND s.state = 'stated'`, a.ID)
	}
	if ask.After != "" {
		and(`s.id < ?`, ask.After)
	}
	return rs, q.Select(ctx, &rs, `SELECT `+columns+` FROM services s WHERE `+where+` ORDER BY s.id DESC LIMIT ?`, append(args, ask.Limit+1)...)
}

// confirmedOf lists the confirmed hours of a person, or in the name of a
// group, in [from, to), oldest first. project narrows to a title.
func confirmedOf(ctx context.Context, q db.Queryer, account, group, project string, from, to int64) (rs []*Record, err error) {
	where, args := `s.author = ?`, []any{account}
	if group != "" {
		where, args = `(s.grp = ? OR s.host = ?)`, []any{group, group}
	}
	if project != "" {
		where, args = where+` AND s.title = ?`, append(args, project)
	}
	args = append(args, from, to)
	return rs, q.Select(ctx, &rs, `SELECT `+columns+` FROM services s WHERE `+where+` AND s.state = 'confirmed' AND s.served_at >= ? AND s.served_at < ?
		ORDER BY s.served_at, s.id LIMIT 2000`, args...)
}

// minutesOf sums the confirmed minutes of a person since a moment.
func minutesOf(ctx context.Context, q db.Queryer, account string, since int64) (n int64, err error) {
	return n, q.Get(ctx, &n, `SELECT coalesce(sum(minutes), 0) FROM services WHERE author = ? AND state = 'confirmed' AND served_at >= ?`, account, since)
}

const certificateColumns = `serial, code, account, grp, project, from_at, to_at, minutes, lines, place, in_charge, handler, contact,
	issued_by, issued_at, revoked_by, revoked_at, version`

func insertCertificate(ctx context.Context, tx *db.Tx, c Certificate) error {
	_, err := tx.Exec(ctx, `INSERT INTO certificates (`+certificateColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Serial, c.Code, c.Account, c.Group, c.Project, c.From, c.To, c.Minutes, c.Lines, c.Place, c.InCharge, c.Handler, c.Contact,
		c.IssuedBy, c.IssuedAt, c.RevokedBy, c.RevokedAt, c.Version)
	return err
}

func certificate(ctx context.Context, q db.Queryer, serial, suffix string) (c Certificate, err error) {
	return c, q.Get(ctx, &c, `SELECT `+certificateColumns+` FROM certificates WHERE serial = ?`+suffix, serial)
}

func revokeCertificate(ctx context.Context, tx *db.Tx, c Certificate) error {
	_, err := tx.Exec(ctx, `UPDATE certificates SET revoked_by = ?, revoked_at = ?, version = ? WHERE serial = ?`, c.RevokedBy, c.RevokedAt, c.Version, c.Serial)
	return err
}

// certificatesOf lists those of an account and of the groups it acts for.
func certificatesOf(ctx context.Context, q db.Queryer, account string, groups []actor.Role) (cs []Certificate, err error) {
	where, args := `account = ?`, []any{account}
	for _, g := range groups {
		where, args = where+` OR grp = ?`, append(args, g.Group)
	}
	return cs, q.Select(ctx, &cs, `SELECT `+certificateColumns+` FROM certificates WHERE `+where+` ORDER BY issued_at DESC LIMIT 50`, args...)
}

func profile(ctx context.Context, q db.Queryer, account string) (p Profile, err error) {
	return p, q.Get(ctx, &p, `SELECT account, place, skills, free, radius, on_call, version, changed_at FROM volunteers WHERE account = ?`, account)
}

func saveProfile(ctx context.Context, tx *db.Tx, p Profile) (version int64, err error) {
	on := 0
	if p.OnCall {
		on = 1
	}
	return version, tx.Get(ctx, &version, `INSERT INTO volunteers (account, place, skills, free, radius, on_call, version, changed_at) VALUES (?, ?, ?, ?, ?, ?, 1, ?)
		ON CONFLICT (account) DO UPDATE SET place = excluded.place, skills = excluded.skills, free = excluded.free, radius = excluded.radius,
			on_call = excluded.on_call, version = volunteers.version + 1, changed_at = excluded.changed_at RETURNING version`,
		p.Account, p.Place, p.Skills, p.Free, p.Radius, on, p.ChangedAt)
}

// onCall lists those on call whose radius may reach a place.
func onCall(ctx context.Context, q db.Queryer, district string, limit int) (ps []Profile, err error) {
	return ps, q.Select(ctx, &ps, `SELECT account, place, skills, free, radius, on_call, version, changed_at FROM volunteers
		WHERE on_call = 1 AND place >= ? AND place < ? ORDER BY changed_at DESC LIMIT ?`, district, district+":", limit)
}

// faultsOf recomputes what rows must agree on: state and version with the last
// event, hours confirmed by another than who served.
func faultsOf(ctx context.Context, q db.Queryer) ([]string, error) {
	var faults []string
	err := q.Select(ctx, &faults, `
		SELECT 'service ' || s.id || ': state ' || s.state || ' version ' || s.version || ' disagree with its last event' FROM services s
		WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = s.id AND e.version = s.version AND e.to_state = s.state)
			OR EXISTS (SELECT 1 FROM events e WHERE e.subject = s.id AND e.version > s.version)
		UNION ALL
		SELECT 'service ' || s.id || ': confirmed by who served' FROM services s WHERE s.confirmed_by = s.author AND s.state = 'confirmed'`)
	return faults, err
}

// afterCertificate lists certificates in order of their serials, for a check in parts.
func afterCertificate(ctx context.Context, q db.Queryer, serial string) (cs []Certificate, err error) {
	return cs, q.Select(ctx, &cs, `SELECT `+certificateColumns+` FROM certificates WHERE serial > ? ORDER BY serial LIMIT 500`, serial)
}

// Team is what the members of a group served in its name.
type Team struct {
	Group   string `db:"grp"`
	Minutes int64  `db:"minutes"`
	Times   int64  `db:"times"`
}

// teams sums confirmed service by the group in whose name, or which held the
// activity, below a place since a moment. Boards are of teams, never of persons.
func teams(ctx context.Context, q db.Queryer, place string, since int64) (ts []Team, err error) {
	return ts, q.Select(ctx, &ts, `SELECT CASE WHEN s.grp <> '' THEN s.grp ELSE s.host END AS grp, sum(s.minutes) AS minutes, count(*) AS times FROM services s
		WHERE s.state = 'confirmed' AND s.place >= ? AND s.place < ? AND s.served_at >= ? AND (s.grp <> '' OR s.host <> '')
		GROUP BY CASE WHEN s.grp <> '' THEN s.grp ELSE s.host END ORDER BY 2 DESC, 1 LIMIT 20`, place, place+":", since)
}

// lastCall returns the last event of a call, and whether it already answers the
// wish's event of that version.
func lastCall(ctx context.Context, q db.Queryer, subject string, version int64) (last event.Event, read bool, err error) {
	err = q.Get(ctx, &last, `SELECT version, to_state, data FROM events WHERE subject = ? ORDER BY version DESC LIMIT 1`, subject)
	if errors.Is(err, db.ErrNoRows) {
		return last, false, nil
	}
	if err != nil {
		return last, false, err
	}
	p, err := last.Decode()
	n, _ := p.Codes["version"].(float64)
	return last, int64(n) >= version, err
}
