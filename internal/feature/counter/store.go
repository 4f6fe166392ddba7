package counter

import (
	"context"
	"errors"

	"linli/internal/platform/db"
)

const columns = `k.id, k.community, k.elder, k.guardian, k.relation, k.how, k.state, k.version, k.asked_by, k.asked_at, k.decided_by, k.decided_at, k.ended_at`

// insert reports whether the consent is new: of one elder and one guardian
// there is one that waits or holds.
func insert(ctx context.Context, tx *db.Tx, k Consent) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO counter_consents (id, community, elder, guardian, relation, how, state, version, asked_by, asked_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		k.ID, k.Community, k.Elder, k.Guardian, k.Relation, k.How, k.State, k.Version, k.AskedBy, k.AskedAt)
	return n == 1, err
}

func save(ctx context.Context, tx *db.Tx, k Consent) error {
	_, err := tx.Exec(ctx, `UPDATE counter_consents SET state = ?, version = ?, decided_by = ?, decided_at = ?, ended_at = ? WHERE id = ?`,
		k.State, k.Version, k.DecidedBy, k.DecidedAt, k.EndedAt, k.ID)
	return err
}

func byID(ctx context.Context, q db.Queryer, consent, suffix string) (k Consent, ok bool, err error) {
	err = q.Get(ctx, &k, `SELECT `+columns+` FROM counter_consents k WHERE k.id = ?`+suffix, consent)
	if errors.Is(err, db.ErrNoRows) {
		return k, false, nil
	}
	return k, err == nil, err
}

// at lists the consents of a community in a state, newest first.
func at(ctx context.Context, q db.Queryer, community, state string, limit int) (ks []Consent, err error) {
	return ks, q.Select(ctx, &ks, `SELECT `+columns+` FROM counter_consents k WHERE k.community = ? AND k.state = ? ORDER BY k.id DESC LIMIT ?`, community, state, limit)
}

// of lists the consents an account has given or stands in.
func of(ctx context.Context, q db.Queryer, account string) (ks []Consent, err error) {
	return ks, q.Select(ctx, &ks, `SELECT `+columns+` FROM counter_consents k WHERE k.elder = ? OR k.guardian = ? ORDER BY k.id`, account, account)
}

func erase(ctx context.Context, tx *db.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM counter_consents WHERE elder = ? OR guardian = ?`, account, account)
	return err
}

// faults names consents that the register of consents does not know, and those
// confirmed by who wrote them down.
func faults(ctx context.Context, q db.Queryer) (fs []string, err error) {
	return fs, q.Select(ctx, &fs, `SELECT 'counter ' || k.id || ': no consent of the elder on record' FROM counter_consents k
		WHERE k.state IN ('done', 'ended') AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.account = k.elder AND c.purpose = 'guardian' AND c.party = k.guardian)
		UNION ALL SELECT 'counter ' || k.id || ': confirmed by who wrote it down' FROM counter_consents k WHERE k.decided_by = k.asked_by`)
}
