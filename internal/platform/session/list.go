package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"linli/internal/platform/db"
)

// seenEvery is how often at most it is written that a session is in use.
const seenEvery = 10 * time.Minute

// Info is one session of a person, for the list of where one is signed in.
type Info struct {
	ID     string `db:"token"` // of the stored session: a hash, good for nothing but ending it
	Agent  string `db:"agent"`
	Seen   int64  `db:"seen"` // UTC ms
	Expiry int64  `db:"expiry"`
	Here   bool   `db:"-"` // the session that asks
}

// stored is the form in which a token lies in the store (scs, HashTokenInStore).
func stored(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// List returns where an account is signed in, the latest first.
func (m *Manager) List(ctx context.Context, q db.Queryer, account string) ([]Info, error) {
	var list []Info
	err := q.Select(ctx, &list, `SELECT token, agent, seen, expiry FROM sessions WHERE account = ? AND expiry > ? ORDER BY seen DESC, token`,
		account, m.db.Clock().Now().UnixMilli())
	here := stored(m.scs.Token(ctx))
	for i := range list {
		list[i].Here = list[i].ID == here
	}
	return list, err
}

// EndOthers ends all sessions of an account but the one that asks.
func (m *Manager) EndOthers(ctx context.Context, tx *db.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE account = ? AND token <> ?`, account, stored(m.scs.Token(ctx)))
	return err
}

// EndOne ends one session of an account by the id that List gave.
func (m *Manager) EndOne(ctx context.Context, tx *db.Tx, account, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE account = ? AND token = ?`, account, id)
	return err
}

// EndAll ends every session of an account.
func (m *Manager) EndAll(ctx context.Context, tx *db.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE account = ?`, account)
	return err
}
