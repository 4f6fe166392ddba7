package wish

import (
	"context"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

const columns = `w.id, w.state, w.version, w.since, w.due_at, w.due_do, w.place, w.community, w.street, w.author, w.created_at,
	w.title, w.body, w.category, w.location_note, w.price_note, w.total, w.unit, w.claimed, w.delivered, w.visibility, w.wanted_by,
	w.tier, w.tier_at, w.rank, w.offered_to, w.helped, w.helped_name, w.helped_phone, w.consent_how, w.consent_by, w.consent_at,
	w.outcome, w.satisfied, w.channel, w.disputes, w.on_spot, w.same_hand, w.reviewer, w.urged_at, w.origin, w.became`

// brief is what an item of a list shows; scanning the rest costs a third of a list.
const brief = `w.id, w.state, w.version, w.due_at, w.place, w.community, w.street, w.author, w.created_at,
	w.title, w.body, w.category, w.location_note, w.price_note, w.total, w.unit, w.claimed, w.delivered, w.visibility, w.wanted_by,
	w.tier, w.rank, w.offered_to, w.helped, w.helped_name, w.outcome, w.satisfied, w.channel, w.on_spot, w.same_hand, w.origin, w.became`

// store is all SQL of wishes; it implements journal.Store.
type store struct{}

func (store) Load(ctx context.Context, q db.Queryer, id, suffix string) (*Wish, error) {
	w := &Wish{}
	if err := q.Get(ctx, w, `SELECT `+columns+` FROM wishes w WHERE w.id = ?`+suffix, id); err != nil {
		return nil, err
	}
	return w, q.Select(ctx, &w.Claims, `SELECT id, wish, account, grp, amount, delivered, state, lead, until, at
		FROM wish_claims WHERE wish = ? ORDER BY id`, id)
}

func (store) Insert(ctx context.Context, tx *db.Tx, w *Wish) error {
	_, err := tx.Exec(ctx, `INSERT INTO wishes (id, state, version, since, due_at, due_do, place, community, street, author, created_at,
		title, body, category, location_note, price_note, total, unit, claimed, delivered, visibility, wanted_by,
		tier, tier_at, rank, offered_to, helped, helped_name, helped_phone, consent_how, consent_by, consent_at,
		outcome, satisfied, channel, disputes, on_spot, same_hand, reviewer, urged_at, origin, became)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		w.ID, w.State, w.Version, w.Since, w.DueAt, w.DueDo, w.Place, w.Community, w.Street, w.Author, w.CreatedAt,
		w.Title, w.Body, w.Category, w.LocationNote, w.PriceNote, w.Total, w.Unit, w.Taken, w.Done, w.Visibility, w.WantedBy,
		w.Tier, w.TierAt, w.Rank, w.OfferedTo, w.Helped, w.HelpedName, w.HelpedPhone, w.ConsentHow, w.ConsentBy, w.ConsentAt,
		w.Outcome, w.Satisfied, w.Channel, w.Disputes, flag(w.OnSpot), flag(w.SameHand), w.Reviewer, w.UrgedAt, w.Origin, w.Became)
	if err != nil {
		return err
	}
	return saveClaims(ctx, tx, w)
}

func (store) Save(ctx context.Context, tx *db.Tx, w *Wish, was int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE wishes SET state = ?, version = ?, since = ?, due_at = ?, due_do = ?, title = ?, body = ?, category = ?,
		price_note = ?, total = ?, unit = ?, claimed = ?, delivered = ?, wanted_by = ?, tier = ?, tier_at = ?, rank = ?, offered_to = ?,
		outcome = ?, satisfied = ?, channel = ?, disputes = ?, same_hand = ?, reviewer = ?, urged_at = ?, became = ?
		WHERE id = ? AND version = ?`,
		w.State, w.Version, w.Since, w.DueAt, w.DueDo, w.Title, w.Body, w.Category,
		w.PriceNote, w.Total, w.Unit, w.Taken, w.Done, w.WantedBy, w.Tier, w.TierAt, w.Rank, w.OfferedTo,
		w.Outcome, w.Satisfied, w.Channel, w.Disputes, flag(w.SameHand), w.Reviewer, w.UrgedAt, w.Became, w.ID, was)
	if err != nil || n == 0 {
		return false, err
	}
	return true, saveClaims(ctx, tx, w)
}

// saveClaims writes the claims; only state and what was delivered ever change.
func saveClaims(ctx context.Context, tx *db.Tx, w *Wish) error {
	for _, c := range w.Claims {
		_, err := tx.Exec(ctx, `INSERT INTO wish_claims (id, wish, account, grp, amount, delivered, state, lead, until, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET delivered = excluded.delivered, state = excluded.state`,
			c.ID, w.ID, c.Account, c.Group, c.Amount, c.Delivered, c.State, flag(c.Lead), c.Until, c.At)
		if err != nil {
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
	return ids, q.Select(ctx, &ids, `SELECT id FROM wishes WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
}

// Filter narrows a list of wishes.
type Filter struct {
	Place    string
	State    string
	Category string
	Mine     bool
	Where    string // a search's condition on w.id, with Args
	Args     []any
}

const shown = `w.visibility = 'public' AND w.state IN ('open', 'claimed', 'delivered', 'fulfilled', 'disputed', 'lapsed', 'expired', 'converted')`

// visible is Sees in SQL. TestSeesSQL compares both.
func visible(a actor.Actor) (string, []any) {
	if !a.Known() {
		return shown, nil
	}
	or := []string{
		shown, `w.author = ?`, `w.helped = ?`, `w.offered_to = ?`,
		`w.id IN (SELECT c.wish FROM wish_claims c WHERE c.account = ? AND c.state IN ('held', 'delivered'))`,
	}
	args := []any{a.ID, a.ID, a.ID, a.ID}
	for _, ward := range a.Wards {
		or = append(or, `w.author = ?`, `w.helped = ?`)
		args = append(args, ward, ward)
	}
	for _, r := range a.Roles {
		if r.Group != "" {
			or = append(or, `w.id IN (SELECT c.wish FROM wish_claims c WHERE c.grp = ? AND c.state IN ('held', 'delivered'))`)
			args = append(args, r.Group)
		}
		if r.Name != actor.Staff || r.Place == "" {
			continue
		}
		switch len(r.Place) {
		case access.Community:
			or = append(or, `w.community = ?`)
			args = append(args, r.Place)
		case access.Street:
			or = append(or, `w.street = ? AND (w.visibility = 'public' OR w.rank <> 'community')`)
			args = append(args, r.Place)
		case access.District:
			or = append(or, `w.place >= ? AND w.place < ? AND (w.visibility = 'public' OR w.rank = 'district')`)
			args = append(args, r.Place, r.Place+":")
		default:
			or = append(or, `w.place >= ? AND w.place < ? AND w.visibility = 'public'`)
			args = append(args, r.Place, r.Place+":")
		}
	}
	return `(` + strings.Join(or, ` OR `) + `)`, args
}

// list reads wishes a may see, newest first, one row more than asked.
func list(ctx context.Context, q db.Queryer, a actor.Actor, f Filter, ask page.Ask, now int64) ([]*Wish, error) {
	where, args := visible(a)
	and := func(cond string, vs ...any) { where, args = where+` AND `+cond, append(args, vs...) }
	there, in := inside(f.Place)
	where, args = where+there, append(args, in...)
	if f.State != "" {
		and(`w.state = ? AND (w.due_at = 0 OR w.due_at > ?)`, flow.State(f.State), now)
	}
	if f.Category != "" {
		and(`w.category = ?`, f.Category)
	}
	if f.Mine {
		and(`w.id IN (SELECT id FROM wishes WHERE author = ? UNION SELECT id FROM wishes WHERE helped = ? AND helped <> ''
			UNION SELECT wish FROM wish_claims WHERE account = ?)`, a.ID, a.ID, a.ID)
	}
	if f.Where != "" {
		and(f.Where, f.Args...)
	}
	if ask.After != "" {
		and(`w.id < ?`, ask.After)
	}
	var ws []*Wish
	err := q.Select(ctx, &ws, `SELECT `+brief+` FROM wishes w WHERE `+where+` ORDER BY w.id DESC LIMIT ?`, append(args, ask.Limit+1)...)
	return ws, err
}

// waitingMost bounds what a workbench counts and lists.
const waitingMost = 500

// waiting lists what the staff of a place has to act on: reviews, disputes,
// private wishes without a helper, what only the street is left to do, and
// people without an account to call back; soonest due first.
func waiting(ctx context.Context, q db.Queryer, a actor.Actor) ([]*Wish, error) {
	where, args := visible(a)
	var places []string
	for _, r := range a.Roles {
		rank := map[int]string{access.Community: AtCommunity, access.Street: AtStreet, access.District: AtDistrict}[len(r.Place)]
		if r.Name != actor.Staff || rank == "" {
			continue
		}
		places = append(places, `w.place >= ? AND w.place < ? AND w.rank = ?`)
		args = append(args, r.Place, r.Place+":", rank)
	}
	if len(places) == 0 {
		return nil, nil
	}
	var ws []*Wish
	err := q.Select(ctx, &ws, `SELECT `+columns+` FROM wishes w WHERE `+where+` AND (`+strings.Join(places, ` OR `)+`)
		AND (w.state IN ('review', 'disputed') OR w.state = 'open' AND w.visibility = 'private' AND w.offered_to = ''
			OR w.state = 'open' AND w.tier = 3 OR w.state = 'delivered' AND w.helped_name <> '')
		ORDER BY w.due_at, w.id LIMIT ?`, append(args, waitingMost)...)
	return ws, err
}

// openTitles lists the newest open wishes at or below a place that anybody may read.
func openTitles(ctx context.Context, d *db.DB, code string) (out []Alike, err error) {
	where, args := inside(code)
	return out, d.Select(ctx, &out, `SELECT w.id, w.title, w.due_at FROM wishes w WHERE w.visibility = 'public' AND w.state = 'open'
		AND (w.due_at = 0 OR w.due_at > ?)`+where+` ORDER BY w.id DESC LIMIT ?`, append(append([]any{d.Clock().Now().UnixMilli()}, args...), alikeAmong)...)
}

// inside is the condition that a wish lies at or below a place, none for "".
func inside(code string) (string, []any) {
	switch len(code) {
	case 0:
		return "", nil
	case access.Community:
		return ` AND w.community = ?`, []any{code}
	case access.Street:
		return ` AND w.street = ?`, []any{code}
	}
	return ` AND w.place >= ? AND w.place < ?`, []any{code, code + ":"}
}

// helpersOf lists accounts that took wishes of a community lately, newest first.
func helpersOf(ctx context.Context, q db.Queryer, community string, limit int) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT c.account FROM wish_claims c JOIN wishes w ON w.id = c.wish
		WHERE w.community = ? GROUP BY c.account ORDER BY max(c.id) DESC LIMIT ?`, community, limit)
}

// faultsOf recomputes what the rows must agree on: sums with claims, and the
// state and version with the last event.
func faultsOf(ctx context.Context, q db.Queryer) ([]string, error) {
	var faults []string
	err := q.Select(ctx, &faults, `
		SELECT 'wish ' || w.id || ': claimed ' || w.claimed || ' and delivered ' || w.delivered || ' disagree with its claims' FROM wishes w
		WHERE w.claimed <> coalesce((SELECT sum(CASE c.state WHEN 'held' THEN c.amount WHEN 'delivered' THEN c.delivered ELSE 0 END) FROM wish_claims c WHERE c.wish = w.id), 0)
			OR w.delivered <> coalesce((SELECT sum(c.delivered) FROM wish_claims c WHERE c.wish = w.id AND c.state = 'delivered'), 0)
		UNION ALL
		SELECT 'wish ' || w.id || ': state ' || w.state || ' version ' || w.version || ' disagree with its last event' FROM wishes w
		WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = w.id AND e.version = w.version AND e.to_state = w.state)
			OR EXISTS (SELECT 1 FROM events e WHERE e.subject = w.id AND e.version > w.version)`)
	return faults, err
}

// blank replaces what an account wrote and returns the wishes it was.
func blank(ctx context.Context, tx *db.Tx, account, words string) (ws []*Wish, err error) {
	return ws, tx.Select(ctx, &ws, `UPDATE wishes SET version = version + 1, title = ?, body = ?, location_note = '', price_note = '',
		helped_name = '', helped_phone = '', consent_by = '' WHERE author = ? RETURNING id, version, state, place, community, street, visibility`, words, words, account)
}
