package webhook

import (
	"context"

	"linli/internal/core/event"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

const hookColumns = `h.id, h.owner, h.place, h.url, h.kinds, h.state, h.reason, h.rotation, h.hold_until, h.failing_at, h.created_at, h.active_at, h.changed_at`

func insertHook(ctx context.Context, tx *db.Tx, h Hook) error {
	_, err := tx.Exec(ctx, `INSERT INTO webhooks (id, owner, place, url, kinds, state, rotation, created_at, active_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		h.ID, h.Owner, h.Place, h.URL, h.Kinds, h.State, h.Rotation, h.CreatedAt, h.ActiveAt, h.ChangedAt)
	return err
}

func hookByID(ctx context.Context, q db.Queryer, id, suffix string) (h Hook, err error) {
	return h, q.Get(ctx, &h, `SELECT `+hookColumns+` FROM webhooks h WHERE h.id = ?`+suffix, id)
}

func saveHook(ctx context.Context, tx *db.Tx, h Hook) error {
	_, err := tx.Exec(ctx, `UPDATE webhooks SET state = ?, reason = ?, rotation = ?, hold_until = ?, failing_at = ?, active_at = ?, changed_at = ? WHERE id = ?`,
		h.State, h.Reason, h.Rotation, h.HoldUntil, h.FailingAt, h.ActiveAt, h.ChangedAt, h.ID)
	return err
}

// dropWaiting takes back what has not gone out.
func dropWaiting(ctx context.Context, tx *db.Tx, hook string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE webhook_deliveries SET state = 'dropped', ended_at = ?, lease_until = 0 WHERE webhook = ? AND state = 'waiting'`, now, hook)
	return err
}

func activeHooks(ctx context.Context, q db.Queryer) (hs []Hook, err error) {
	return hs, q.Select(ctx, &hs, `SELECT `+hookColumns+` FROM webhooks h WHERE h.state = 'active' ORDER BY h.id`)
}

func countActive(ctx context.Context, q db.Queryer, place string) (n int, err error) {
	return n, q.Get(ctx, &n, `SELECT count(*) FROM webhooks WHERE place = ? AND state = 'active'`, place)
}

// hooksBelow lists the subscriptions at or below a place, the newest first.
func hooksBelow(ctx context.Context, q db.Queryer, place string) (hs []Hook, err error) {
	return hs, q.Select(ctx, &hs, `SELECT `+hookColumns+` FROM webhooks h WHERE h.place >= ? AND h.place < ? ORDER BY h.id DESC LIMIT 200`, place, place+":")
}

// Delivery is one message on its way, or gone.
type Delivery struct {
	ID         string `db:"id"`
	Webhook    string `db:"webhook"`
	Seq        int64  `db:"seq"`
	State      string `db:"state"`
	Tries      int    `db:"tries"`
	NextAt     int64  `db:"next_at"`
	LeaseUntil int64  `db:"lease_until"`
	CreatedAt  int64  `db:"created_at"`
	EndedAt    int64  `db:"ended_at"`
	Status     int    `db:"status"` // HTTP status of the last answer, 0 for none
	Fault      string `db:"fault"`
}

const deliveryColumns = `d.id, d.webhook, d.seq, d.state, d.tries, d.next_at, d.lease_until, d.created_at, d.ended_at, d.status, d.fault`

func addDelivery(ctx context.Context, tx *db.Tx, d Delivery) error {
	_, err := tx.Exec(ctx, `INSERT INTO webhook_deliveries (id, webhook, seq, state, next_at, created_at) VALUES (?, ?, ?, 'waiting', ?, ?) ON CONFLICT DO NOTHING`,
		d.ID, d.Webhook, d.Seq, d.NextAt, d.CreatedAt)
	return err
}

// due lists what may go out now, the oldest event first; subscriptions whose
// address has just failed are left alone for a while.
func due(ctx context.Context, q db.Queryer, now int64, limit int) (ds []Delivery, err error) {
	return ds, q.Select(ctx, &ds, `SELECT `+deliveryColumns+` FROM webhook_deliveries d JOIN webhooks h ON h.id = d.webhook
		WHERE d.state = 'waiting' AND d.next_at <= ? AND d.lease_until <= ? AND h.state = 'active' AND h.hold_until <= ? ORDER BY d.next_at, d.seq LIMIT ?`, now, now, now, limit)
}

// lease gives the caller alone the right to send until the moment until.
func lease(ctx context.Context, tx *db.Tx, id string, now, until int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE webhook_deliveries SET lease_until = ?, tries = tries + 1 WHERE id = ? AND state = 'waiting' AND next_at <= ? AND lease_until <= ?`, until, id, now, now)
	return n == 1, err
}

// finish writes what became of a try, if the caller's lease still holds.
func finish(ctx context.Context, tx *db.Tx, d Delivery, leased int64) error {
	_, err := tx.Exec(ctx, `UPDATE webhook_deliveries SET state = ?, next_at = ?, lease_until = 0, ended_at = ?, status = ?, fault = ? WHERE id = ? AND lease_until = ?`,
		d.State, d.NextAt, d.EndedAt, d.Status, d.Fault, d.ID, leased)
	return err
}

type sent struct {
	Delivery
	Kind string `db:"kind"`
	Do   string `db:"move"`
}

// log lists the messages of a subscription, newest first.
func logOf(ctx context.Context, q db.Queryer, hook string, ask page.Ask) (ds []sent, err error) {
	after := ask.After
	if after == "" {
		after = "g" // behind every id
	}
	return ds, q.Select(ctx, &ds, `SELECT `+deliveryColumns+`, e.kind, e.move FROM webhook_deliveries d JOIN events e ON e.seq = d.seq
		WHERE d.webhook = ? AND d.id < ? ORDER BY d.id DESC LIMIT ?`, hook, after, ask.Limit+1)
}

func eventAt(ctx context.Context, q db.Queryer, seq int64) (e event.Event, err error) {
	return e, q.Get(ctx, &e, `SELECT seq, xid, at, kind, subject, version, move, from_state, to_state, actor, as_group, place, audience, data, words_hash, hash FROM events WHERE seq = ?`, seq)
}

func forget(ctx context.Context, tx *db.Tx, before int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM webhook_deliveries WHERE state <> 'waiting' AND created_at < ?`, before)
	return err
}

// faultsOf names messages that should never have been written.
func faultsOf(ctx context.Context, q db.Queryer) (faults []string, err error) {
	return faults, q.Select(ctx, &faults, `SELECT 'webhook delivery ' || d.id || ': its event is not public, or not of its place' FROM webhook_deliveries d
		JOIN webhooks h ON h.id = d.webhook LEFT JOIN events e ON e.seq = d.seq
		WHERE e.seq IS NULL OR e.audience <> 'public' OR substr(e.place, 1, length(h.place)) <> h.place ORDER BY d.id`)
}
