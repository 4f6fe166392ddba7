package notify

import (
	"context"
	"errors"

	"linli/internal/core/page"
	"linli/internal/platform/db"
)

// Pref is how an account hears of a kind ("" = every kind) on a channel.
type Pref struct {
	Account string `db:"account"`
	Kind    string `db:"kind"`
	Channel string `db:"channel"`
	How     string `db:"how"`
}

func prefsOf(ctx context.Context, q db.Queryer, account string) (ps []Pref, err error) {
	return ps, q.Select(ctx, &ps, `SELECT account, kind, channel, how FROM notify_prefs WHERE account = ? ORDER BY kind, channel`, account)
}

// savePref keeps a preference; how "" forgets it.
func savePref(ctx context.Context, tx *db.Tx, p Pref) error {
	if p.How == "" {
		_, err := tx.Exec(ctx, `DELETE FROM notify_prefs WHERE account = ? AND kind = ? AND channel = ?`, p.Account, p.Kind, p.Channel)
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO notify_prefs (account, kind, channel, how) VALUES (?, ?, ?, ?)
		ON CONFLICT (account, kind, channel) DO UPDATE SET how = excluded.how`, p.Account, p.Kind, p.Channel, p.How)
	return err
}

func hoursOf(ctx context.Context, q db.Queryer, account string) (Hours, error) {
	h := usualHours
	err := q.Get(ctx, &h, `SELECT quiet_from, quiet_to, digest_at FROM notify_hours WHERE account = ?`, account)
	if errors.Is(err, db.ErrNoRows) {
		return usualHours, nil
	}
	return h, err
}

func saveHours(ctx context.Context, tx *db.Tx, account string, h Hours) error {
	_, err := tx.Exec(ctx, `INSERT INTO notify_hours (account, quiet_from, quiet_to, digest_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (account) DO UPDATE SET quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, digest_at = excluded.digest_at`,
		account, h.QuietFrom, h.QuietTo, h.DigestAt)
	return err
}

type address struct {
	ID      string `db:"id"`
	Account string `db:"account"`
	Channel string `db:"channel"`
	Address string `db:"address"`
	At      int64  `db:"at"`
}

func addressesOf(ctx context.Context, q db.Queryer, account, channel string) (as []address, err error) {
	return as, q.Select(ctx, &as, `SELECT id, account, channel, address, at FROM notify_addresses WHERE account = ? AND channel = ? ORDER BY at DESC LIMIT 10`, account, channel)
}

// saveAddress keeps an address; one that another account had before is moved:
// a browser belongs to who signed in last.
func saveAddress(ctx context.Context, tx *db.Tx, a address) error {
	_, err := tx.Exec(ctx, `INSERT INTO notify_addresses (id, account, channel, address, at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET account = excluded.account, address = excluded.address, at = excluded.at`, a.ID, a.Account, a.Channel, a.Address, a.At)
	return err
}

func dropAddress(ctx context.Context, tx *db.Tx, account, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM notify_addresses WHERE id = ? AND account = ?`, id, account)
	return err
}

func dropAddresses(ctx context.Context, tx *db.Tx, account, channel string) error {
	_, err := tx.Exec(ctx, `DELETE FROM notify_addresses WHERE account = ? AND channel = ?`, account, channel)
	return err
}

// Delivery is one message on its way, or gone.
type Delivery struct {
	ID         string `db:"id"`
	Account    string `db:"account"`
	Channel    string `db:"channel"`
	Item       string `db:"item"`
	State      string `db:"state"`
	Tries      int    `db:"tries"`
	NextAt     int64  `db:"next_at"`
	LeaseUntil int64  `db:"lease_until"`
	CreatedAt  int64  `db:"created_at"`
	EndedAt    int64  `db:"ended_at"`
	Fault      string `db:"fault"`
}

const deliveryColumns = `id, account, channel, item, state, tries, next_at, lease_until, created_at, ended_at, fault`

// addDelivery plans a delivery; one of the same item by the same channel stays the only one.
func addDelivery(ctx context.Context, tx *db.Tx, d Delivery) error {
	_, err := tx.Exec(ctx, `INSERT INTO deliveries (id, account, channel, item, state, next_at, created_at) VALUES (?, ?, ?, ?, 'waiting', ?, ?) ON CONFLICT DO NOTHING`,
		d.ID, d.Account, d.Channel, d.Item, d.NextAt, d.CreatedAt)
	return err
}

func dueDeliveries(ctx context.Context, q db.Queryer, now int64, limit int) (ds []Delivery, err error) {
	return ds, q.Select(ctx, &ds, `SELECT `+deliveryColumns+` FROM deliveries WHERE state = 'waiting' AND next_at <= ? AND lease_until <= ? ORDER BY next_at, id LIMIT ?`, now, now, limit)
}

// lease gives the caller alone the right to send until the moment until.
func lease(ctx context.Context, tx *db.Tx, id string, now, until int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE deliveries SET lease_until = ?, tries = tries + 1 WHERE id = ? AND state = 'waiting' AND next_at <= ? AND lease_until <= ?`, until, id, now, now)
	return n == 1, err
}

// finish writes what became of a try, if the caller's lease still holds.
func finish(ctx context.Context, tx *db.Tx, d Delivery, leased int64) error {
	_, err := tx.Exec(ctx, `UPDATE deliveries SET state = ?, next_at = ?, lease_until = 0, ended_at = ?, fault = ? WHERE id = ? AND lease_until = ?`,
		d.State, d.NextAt, d.EndedAt, d.Fault, d.ID, leased)
	return err
}

func deliveriesOf(ctx context.Context, q db.Queryer, account string, ask page.Ask) (ds []Delivery, err error) {
	after := ask.After
	if after == "" {
		after = "g"
	}
	return ds, q.Select(ctx, &ds, `SELECT `+deliveryColumns+` FROM deliveries WHERE account = ? AND id < ? ORDER BY id DESC LIMIT ?`, account, after, ask.Limit+1)
}

func forgetDeliveries(ctx context.Context, tx *db.Tx, before int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM deliveries WHERE state <> 'waiting' AND created_at < ?`, before)
	return err
}

// Call is a line of the call list.
type Call struct {
	ID        string `db:"id"`
	Account   string `db:"account"`
	Community string `db:"community"`
	At        int64  `db:"at"`
	Kind      string `db:"kind"`
	Subject   string `db:"subject"`
	Version   int64  `db:"version"`
	Do        string `db:"move"`
	ToState   string `db:"to_state"`
	Place     string `db:"place"`
	Audience  string `db:"audience"`
	Why       string `db:"why"`
	Act       bool   `db:"act"`
	State     string `db:"state"`
	Tries     int    `db:"tries"`
	TriedAt   int64  `db:"tried_at"`
	How       string `db:"how"`
	ToldBy    string `db:"told_by"`
	ToldAt    int64  `db:"told_at"`
}

const callColumns = `id, account, community, at, kind, subject, version, move, to_state, place, audience, why, act, state, tries, tried_at, how, told_by, told_at`

// addCall writes a line once; older lines about the same matter that nobody
// has read out yet are replaced by it.
func addCall(ctx context.Context, tx *db.Tx, c Call) error {
	n, err := tx.Exec(ctx, `INSERT INTO calls (id, account, community, at, kind, subject, version, move, to_state, place, audience, why, act, state)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting') ON CONFLICT DO NOTHING`,
		c.ID, c.Account, c.Community, c.At, c.Kind, c.Subject, c.Version, c.Do, c.ToState, c.Place, c.Audience, c.Why, number(c.Act))
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE calls SET state = 'replaced' WHERE account = ? AND subject = ? AND version < ? AND state = 'waiting'`, c.Account, c.Subject, c.Version)
	return err
}

// callsAt lists what waits in a community, the longest waiting first; account
// "" is everybody.
func callsAt(ctx context.Context, q db.Queryer, community, account string) (cs []Call, err error) {
	if account != "" {
		return cs, q.Select(ctx, &cs, `SELECT `+callColumns+` FROM calls WHERE community = ? AND state = 'waiting' AND account = ? ORDER BY at, id LIMIT 100`, community, account)
	}
	return cs, q.Select(ctx, &cs, `SELECT `+callColumns+` FROM calls WHERE community = ? AND state = 'waiting' ORDER BY at, id LIMIT 500`, community)
}

// calledAt lists who was told last, newest first.
func calledAt(ctx context.Context, q db.Queryer, community string, limit int) (cs []Call, err error) {
	return cs, q.Select(ctx, &cs, `SELECT `+callColumns+` FROM calls WHERE community = ? AND state = 'told' ORDER BY told_at DESC, id LIMIT ?`, community, limit)
}

func countCalls(ctx context.Context, q db.Queryer, community string) (n int, err error) {
	return n, q.Get(ctx, &n, `SELECT count(*) FROM calls WHERE community = ? AND state = 'waiting'`, community)
}

// tick marks the lines of a person that were read out: those up to the moment
// the page was made, so that what came since still waits.
func tick(ctx context.Context, tx *db.Tx, community, account string, upto int64, how, by string, now int64) (int64, error) {
	return tx.Exec(ctx, `UPDATE calls SET state = 'told', how = ?, told_by = ?, told_at = ?, tries = tries + 1, tried_at = ?
		WHERE community = ? AND account = ? AND state = 'waiting' AND at <= ?`, how, by, now, now, community, account, upto)
}

func tried(ctx context.Context, tx *db.Tx, community, account string, now int64) (int64, error) {
	return tx.Exec(ctx, `UPDATE calls SET tries = tries + 1, tried_at = ? WHERE community = ? AND account = ? AND state = 'waiting'`, now, community, account)
}

// eraseAccount takes a person out of everything here.
func eraseAccount(ctx context.Context, tx *db.Tx, account string) error {
	for _, table := range []string{"notify_prefs", "notify_hours", "notify_addresses", "deliveries", "calls", "inbox_reads", "inbox"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE account = ?`, account); err != nil {
			return err
		}
	}
	return nil
}
