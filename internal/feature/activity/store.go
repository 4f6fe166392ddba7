package activity

import (
	"context"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

const columns = `a.id, a.state, a.version, a.since, a.due_at, a.due_do, a.place, a.community, a.street, a.author, a.created_at,
	a.title, a.body, a.kind, a.location_note, a.starts, a.ends, a.cutoff, a.capacity, a.reserved, a.taken, a.kept, a.waiting, a.came, a.confirmed,
	a.next_line, a.minimum_age, a.audience, a.skills, a.insurance, a.bring, a.rule, a.skips, a.series, a.sequence, a.changed_at, a.reminded, a.called_up, a.origin`

const entryColumns = `e.id, e.activity, e.account, e.grp, e.names, e.party, e.shift, e.kept, e.state, e.line, e.until, e.in_at, e.out_at, e.how, e.device, e.confirmed, e.at`

// headOfLine bounds how many of the waiting line are at hand at once.
const headOfLine = 100

// store is all SQL of activities; it implements journal.Store.
type store struct{}

// Load reads the row, hosts, shifts and the entries at hand: those of the caller and of the caller's wards,
// those with an offered place, and the head of the line.
func (store) Load(ctx context.Context, q db.Queryer, id, suffix string) (*Activity, error) {
	m := &Activity{}
	if err := q.Get(ctx, m, `SELECT `+columns+` FROM activities a WHERE a.id = ?`+suffix, id); err != nil {
		return nil, err
	}
	if err := q.Select(ctx, &m.Hosts, `SELECT activity, grp, part, position FROM activity_hosts WHERE activity = ? ORDER BY position`, id); err != nil {
		return nil, err
	}
	if err := q.Select(ctx, &m.Shifts, `SELECT activity, number, title, starts, ends, capacity, taken FROM activity_shifts WHERE activity = ? ORDER BY number`, id); err != nil {
		return nil, err
	}
	if m.State == Draft {
		return m, nil
	}
	a := actor.From(ctx)
	query, args := `SELECT `+entryColumns+` FROM activity_entries e WHERE e.activity = ? AND e.account <> '' AND e.account IN (?`+strings.Repeat(`, ?`, len(a.Wards))+`)`, []any{id, a.ID}
	for _, w := range a.Wards {
		args = append(args, w)
	}
	if m.State == Published || m.State == Running {
		query += ` UNION SELECT ` + entryColumns + ` FROM activity_entries e WHERE e.activity = ? AND e.state = 'offered'`
		args = append(args, id)
		if m.Waiting > 0 {
			query += ` UNION SELECT * FROM (SELECT ` + entryColumns + ` FROM activity_entries e WHERE e.activity = ? AND e.state = 'waiting' ORDER BY e.line LIMIT ?) w`
			args = append(args, id, headOfLine)
		}
	}
	return m, q.Select(ctx, &m.Entries, query, args...)
}

// gather adds entries that are not at hand yet: those with the ids, or all who came.
func gather(ctx context.Context, q db.Queryer, m *Activity, ids []string, came bool) error {
	var more []*Entry
	query, args := `SELECT `+entryColumns+` FROM activity_entries e WHERE e.activity = ?`, []any{m.ID}
	if came {
		query += ` AND e.in_at > 0`
	} else {
		if len(ids) == 0 {
			return nil
		}
		query += ` AND e.id IN (?` + strings.Repeat(`, ?`, len(ids)-1) + `)`
		for _, id := range ids {
			args = append(args, id)
		}
	}
	if err := q.Select(ctx, &more, query+` ORDER BY e.id`, args...); err != nil {
		return err
	}
	for _, e := range more {
		if m.byID(e.ID) == nil {
			m.Entries = append(m.Entries, e)
		}
	}
	return nil
}

func (store) Insert(ctx context.Context, tx *db.Tx, m *Activity) error {
	_, err := tx.Exec(ctx, `INSERT INTO activities (id, state, version, since, due_at, due_do, place, community, street, author, created_at,
		title, body, kind, location_note, starts, ends, cutoff, capacity, reserved, taken, kept, waiting, came, confirmed,
		next_line, minimum_age, audience, skills, insurance, bring, rule, skips, series, sequence, changed_at, reminded, called_up, origin)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.ID, m.State, m.Version, m.Since, m.DueAt, m.DueDo, m.Place, m.Community, m.Street, m.Author, m.CreatedAt,
		m.Title, m.Body, m.Kind, m.LocationNote, m.Starts, m.Ends, m.Cutoff, m.Capacity, m.Reserved, m.Taken, m.Kept, m.Waiting, m.Came, m.Confirmed,
		m.NextLine, m.MinimumAge, m.Audience, m.Skills, m.Insurance, m.Bring, m.Rule, m.Except, m.Series, m.Sequence, m.ChangedAt, m.Reminded, m.CalledUp, m.Origin)
	if err != nil {
		return err
	}
	for _, h := range m.Hosts {
		if _, err := tx.Exec(ctx, `INSERT INTO activity_hosts (activity, grp, part, position) VALUES (?, ?, ?, ?)`, m.ID, h.Group, h.Part, h.Position); err != nil {
			return err
		}
	}
	for _, s := range m.Shifts {
		_, err := tx.Exec(ctx, `INSERT INTO activity_shifts (activity, number, title, starts, ends, capacity, taken) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			m.ID, s.Number, s.Title, s.Starts, s.Ends, s.Capacity, s.Taken)
		if err != nil {
			return err
		}
	}
	return nil
}

func (store) Save(ctx context.Context, tx *db.Tx, m *Activity, was int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE activities SET state = ?, version = ?, since = ?, due_at = ?, due_do = ?, location_note = ?, starts = ?, ends = ?,
		cutoff = ?, capacity = ?, taken = ?, kept = ?, waiting = ?, came = ?, confirmed = ?, next_line = ?, series = ?, sequence = ?, changed_at = ?,
		reminded = ?, called_up = ? WHERE id = ? AND version = ?`,
		m.State, m.Version, m.Since, m.DueAt, m.DueDo, m.LocationNote, m.Starts, m.Ends,
		m.Cutoff, m.Capacity, m.Taken, m.Kept, m.Waiting, m.Came, m.Confirmed, m.NextLine, m.Series, m.Sequence, m.ChangedAt,
		m.Reminded, m.CalledUp, m.ID, was)
	if err != nil || n == 0 {
		return false, err
	}
	for _, s := range m.Shifts {
		if _, err := tx.Exec(ctx, `UPDATE activity_shifts SET taken = ? WHERE activity = ? AND number = ? AND taken <> ?`, s.Taken, m.ID, s.Number, s.Taken); err != nil {
			return false, err
		}
	}
	for _, e := range m.Entries {
		if !e.dirty {
			continue
		}
		if err := saveEntry(ctx, tx, e); err != nil {
			return false, err
		}
		e.dirty = false
	}
	if m.sweep { // one statement for hundreds of entries that need not be at hand
		m.sweep = false
		_, err := tx.Exec(ctx, `UPDATE activity_entries SET state = CASE state WHEN 'in' THEN 'absent' ELSE 'cancelled' END, until = 0
			WHERE activity = ? AND (state IN ('waiting', 'offered') OR state = 'in' AND in_at = 0)`, m.ID)
		if err == nil && m.endedAt != 0 {
			_, err = tx.Exec(ctx, `UPDATE activity_entries SET out_at = CASE WHEN in_at > ? THEN in_at ELSE ? END WHERE activity = ? AND in_at > 0 AND out_at = 0`,
				m.endedAt, m.endedAt, m.ID)
		}
		return err == nil, err
	}
	return true, nil
}

func saveEntry(ctx context.Context, tx *db.Tx, e *Entry) error {
	_, err := tx.Exec(ctx, `INSERT INTO activity_entries (id, activity, account, grp, names, party, shift, kept, state, line, until, in_at, out_at, how, device, confirmed, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET grp = excluded.grp, names = excluded.names, party = excluded.party, shift = excluded.shift, kept = excluded.kept,
			state = excluded.state, line = excluded.line, until = excluded.until, in_at = excluded.in_at, out_at = excluded.out_at, how = excluded.how, device = excluded.device,
			confirmed = excluded.confirmed, at = excluded.at`,
		e.ID, e.Activity, e.Account, e.Group, e.Names, e.Party, e.Shift, bit(e.Kept), e.State, e.Line, e.Until, e.InAt, e.OutAt, e.How, e.Device, bit(e.Confirmed), e.At)
	return err
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (store) Due(ctx context.Context, q db.Queryer, now int64, limit int) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM activities WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
}

// roster lists all entries: those in, then the offered and waiting in their order, then the others.
func roster(ctx context.Context, q db.Queryer, activity string) (es []*Entry, err error) {
	return es, q.Select(ctx, &es, `SELECT `+entryColumns+` FROM activity_entries e WHERE e.activity = ?
		ORDER BY CASE e.state WHEN 'in' THEN 0 WHEN 'offered' THEN 1 WHEN 'waiting' THEN 2 WHEN 'absent' THEN 3 ELSE 4 END,
			CASE e.state WHEN 'in' THEN 0 ELSE e.line END, e.at, e.id`, activity)
}

// ahead counts who waits before a place in the line.
func ahead(ctx context.Context, q db.Queryer, activity string, line int64) (n int64, err error) {
	return n, q.Get(ctx, &n, `SELECT count(*) FROM activity_entries WHERE activity = ? AND state = 'waiting' AND line < ?`, activity, line)
}

// accountsOf lists who is to be told of a change of the whole: those whose entry is in one of the states.
func accountsOf(ctx context.Context, q db.Queryer, activity string, states ...string) (ids []string, err error) {
	args := []any{activity}
	for _, s := range states {
		args = append(args, s)
	}
	return ids, q.Select(ctx, &ids, `SELECT account FROM activity_entries WHERE activity = ? AND account <> '' AND state IN (?`+strings.Repeat(`, ?`, len(states)-1)+`) ORDER BY account`, args...)
}

// seriesOf lists what is left of a series after a moment.
func seriesOf(ctx context.Context, q db.Queryer, series string, after int64) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM activities WHERE series = ? AND starts > ? AND state IN ('draft', 'published') ORDER BY id`, series, after)
}

// Filter narrows a list of activities.
type Filter struct {
	Place, State, Kind string
	Home               string // a community together with what its street and district hold for all
	From, To           int64  // starts in [From, To)
	Free, Mine         bool
	Soonest            bool // by start instead of newest first; After is then a start
	AfterStart         int64
	Where              string
	Args               []any
}

// visible is Sees in SQL. TestSeesSQL compares both.
func visible(a actor.Actor) (string, []any) {
	or, args := []string{`a.state <> 'draft'`}, []any{}
	if !a.Known() {
		return or[0], nil
	}
	or, args = append(or, `a.author = ?`), append(args, a.ID)
	for _, r := range a.Roles {
		switch {
		case r.Name == actor.Agent:
			or, args = append(or, `a.id IN (SELECT h.activity FROM activity_hosts h WHERE h.grp = ?)`), append(args, r.Group)
		case r.Name == actor.Staff:
			or, args = append(or, `a.place >= ? AND a.place < ?`), append(args, r.Place, r.Place+":")
		}
	}
	return `(` + strings.Join(or, ` OR `) + `)`, args
}

// list reads activities the actor may see, one row more than asked.
func list(ctx context.Context, q db.Queryer, a actor.Actor, f Filter, ask page.Ask, now int64) ([]*Activity, error) {
	where, args := visible(a)
	and := func(cond string, vs ...any) { where, args = where+` AND `+cond, append(args, vs...) }
	switch len(f.Place) {
	case 0:
	case access.Community:
		and(`a.community = ?`, f.Place)
	case access.Street:
		and(`a.street = ?`, f.Place)
	default:
		and(`a.place >= ? AND a.place < ?`, f.Place, f.Place+":")
	}
	if f.Home != "" {
		and(`(a.community = ? OR a.community = '' AND a.place IN (?, ?))`, f.Home, access.Up(f.Home, access.Street), access.Up(f.Home, access.District))
	}
	if f.State != "" {
		and(`a.state = ? AND (a.due_at = 0 OR a.due_at > ?)`, f.State, now)
	}
	if f.Kind != "" {
		and(`a.kind = ?`, f.Kind)
	}
	if f.From != 0 {
		and(`a.starts >= ?`, f.From)
	}
	if f.To != 0 {
		and(`a.starts < ?`, f.To)
	}
	if f.Free {
		and(`a.state IN ('published', 'running') AND a.ends > ? AND a.capacity - a.taken - (CASE WHEN a.reserved > a.kept THEN a.reserved - a.kept ELSE 0 END) > 0`, now)
	}
	if f.Mine {
		and(`a.id IN (SELECT id FROM activities WHERE author = ? UNION SELECT activity FROM activity_entries WHERE account = ?)`, a.ID, a.ID)
	}
	if f.Where != "" {
		and(f.Where, f.Args...)
	}
	order := `a.id DESC`
	if f.Soonest {
		order = `a.starts, a.id`
		if ask.After != "" {
			and(`(a.starts, a.id) > (SELECT b.starts, b.id FROM activities b WHERE b.id = ?)`, ask.After)
		}
	} else if ask.After != "" {
		and(`a.id < ?`, ask.After)
	}
	var ms []*Activity
	if err := q.Select(ctx, &ms, `SELECT `+columns+` FROM activities a WHERE `+where+` ORDER BY `+order+` LIMIT ?`, append(args, ask.Limit+1)...); err != nil {
		return nil, err
	}
	if err := hostsOf(ctx, q, ms); err != nil {
		return nil, err
	}
	return ms, own(ctx, q, a, ms)
}

// hostsOf puts the hosts beside the activities of a list.
func hostsOf(ctx context.Context, q db.Queryer, ms []*Activity) error {
	if len(ms) == 0 {
		return nil
	}
	args := make([]any, 0, len(ms))
	byID := map[string]*Activity{}
	for _, m := range ms {
		args = append(args, m.ID)
		byID[m.ID] = m
	}
	var hs []Host
	err := q.Select(ctx, &hs, `SELECT activity, grp, part, position FROM activity_hosts WHERE activity IN (?`+strings.Repeat(`, ?`, len(ms)-1)+`) ORDER BY activity, position`, args...)
	for _, h := range hs {
		byID[h.Activity].Hosts = append(byID[h.Activity].Hosts, h)
	}
	return err
}

// own puts the caller's own entries beside the activities of a list.
func own(ctx context.Context, q db.Queryer, a actor.Actor, ms []*Activity) error {
	if !a.Known() || len(ms) == 0 {
		return nil
	}
	args := []any{a.ID}
	byID := map[string]*Activity{}
	for _, m := range ms {
		args = append(args, m.ID)
		byID[m.ID] = m
	}
	var es []*Entry
	err := q.Select(ctx, &es, `SELECT `+entryColumns+` FROM activity_entries e WHERE e.account = ? AND e.activity IN (?`+strings.Repeat(`, ?`, len(ms)-1)+`)`, args...)
	for _, e := range es {
		m := byID[e.Activity]
		m.Entries = append(m.Entries, e)
	}
	return err
}

// OfAccount lists what an account signed up for that ends after a moment, for its calendar.
func (s *Service) OfAccount(ctx context.Context, q db.Queryer, account string, since int64) (ms []*Activity, err error) {
	return ms, q.Select(ctx, &ms, `SELECT `+columns+` FROM activities a JOIN activity_entries e ON e.activity = a.id
		WHERE e.account = ? AND a.ends > ? AND a.state <> 'draft' AND (a.state = 'cancelled' OR e.state IN ('in', 'offered'))
		ORDER BY a.starts, a.id LIMIT 500`, account, since)
}

// faultsOf recomputes what the rows must agree on: counters with entries and
// shifts, and the state and version with the last event.
func faultsOf(ctx context.Context, q db.Queryer) ([]string, error) {
	var faults []string
	err := q.Select(ctx, &faults, `
		SELECT 'activity ' || a.id || ': its counters disagree with its entries' FROM activities a
		LEFT JOIN (SELECT activity, sum(CASE WHEN state IN ('in', 'offered', 'absent') THEN party ELSE 0 END) AS taken,
			sum(CASE WHEN state IN ('in', 'offered', 'absent') AND kept = 1 THEN party ELSE 0 END) AS kept,
			sum(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) AS waiting, sum(CASE WHEN in_at > 0 THEN 1 ELSE 0 END) AS came,
			sum(confirmed) AS confirmed FROM activity_entries GROUP BY activity) e ON e.activity = a.id
		WHERE a.state NOT IN ('cancelled', 'finished', 'closed') AND (a.taken <> coalesce(e.taken, 0) OR a.kept <> coalesce(e.kept, 0) OR a.waiting <> coalesce(e.waiting, 0))
			OR a.came <> coalesce(e.came, 0) OR a.confirmed <> coalesce(e.confirmed, 0)
		UNION ALL
		SELECT 'activity ' || s.activity || ': shift ' || s.number || ' disagrees with its entries' FROM activity_shifts s JOIN activities a ON a.id = s.activity
		WHERE a.state IN ('published', 'running') AND s.taken <> coalesce((SELECT sum(e.party) FROM activity_entries e
			WHERE e.activity = s.activity AND e.shift = s.number AND e.state IN ('in', 'offered', 'absent')), 0)
		UNION ALL
		SELECT 'activity ' || a.id || ': state ' || a.state || ' version ' || a.version || ' disagree with its last event' FROM activities a
		WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = a.id AND e.version = a.version AND e.to_state = a.state)
			OR EXISTS (SELECT 1 FROM events e WHERE e.subject = a.id AND e.version > a.version)`)
	return faults, err
}

// SameDevice lists where one browser checked in more people than share a phone,
// below a place since a moment, the latest first.
func (s *Service) SameDevice(ctx context.Context, q db.Queryer, place string, since int64) (ds []OneDevice, err error) {
	return ds, q.Select(ctx, &ds, `SELECT e.activity, a.title, count(*) AS n, max(e.in_at) AS at FROM activity_entries e JOIN activities a ON a.id = e.activity
		WHERE e.device <> '' AND e.in_at >= ? AND a.place >= ? AND a.place < ? GROUP BY e.activity, a.title, e.device HAVING count(*) > ?
		ORDER BY max(e.in_at) DESC LIMIT 100`, since, place, place+":", deviceMost)
}

// setSeries marks the first of a series after it was saved.
func setSeries(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `UPDATE activities SET series = id WHERE id = ?`, id)
	return err
}
