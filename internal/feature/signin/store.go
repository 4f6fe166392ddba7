package signin

import (
	"context"
	"encoding/base64"

	"linli/internal/platform/db"
)

func keyID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

func passkeysOf(ctx context.Context, q db.Queryer, account string) (ks []Passkey, err error) {
	return ks, q.Select(ctx, &ks, `SELECT id, account, credential, label, at, used_at FROM passkeys WHERE account = ? ORDER BY at, id`, account)
}

func insertPasskey(ctx context.Context, tx *db.Tx, k Passkey) error {
	_, err := tx.Exec(ctx, `INSERT INTO passkeys (id, account, credential, label, at) VALUES (?, ?, ?, ?, ?)`, k.ID, k.Account, k.Credential, k.Label, k.At)
	return err
}

func usedPasskey(ctx context.Context, tx *db.Tx, id, account, credential string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE passkeys SET credential = ?, used_at = ? WHERE id = ? AND account = ?`, credential, now, id, account)
	return err
}

func deletePasskey(ctx context.Context, tx *db.Tx, account, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM passkeys WHERE id = ? AND account = ?`, id, account)
	return err
}

func identity(ctx context.Context, q db.Queryer, provider, subject string) (account string, err error) {
	return account, q.Get(ctx, &account, `SELECT account FROM identities WHERE provider = ? AND subject = ?`, provider, subject)
}

func insertIdentity(ctx context.Context, tx *db.Tx, provider, subject, account string, now int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO identities (provider, subject, account, at) VALUES (?, ?, ?, ?)`, provider, subject, account, now)
	return err
}

// tie is a house by which an account signs in.
type tie struct {
	Provider string `db:"provider"`
	At       int64  `db:"at"`
}

func tiesOf(ctx context.Context, q db.Queryer, account string) (ts []tie, err error) {
	return ts, q.Select(ctx, &ts, `SELECT provider, at FROM identities WHERE account = ? ORDER BY provider`, account)
}

func deleteTie(ctx context.Context, tx *db.Tx, account, provider string) error {
	_, err := tx.Exec(ctx, `DELETE FROM identities WHERE account = ? AND provider = ?`, account, provider)
	return err
}

func keepRecovery(ctx context.Context, tx *db.Tx, account, hash string, now int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO recovery_codes (account, hash, at) VALUES (?, ?, ?)`, account, hash, now)
	return err
}

// spendRecovery uses a code up; the row count is the verdict.
func spendRecovery(ctx context.Context, tx *db.Tx, account, hash string, now int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE recovery_codes SET used_at = ? WHERE account = ? AND hash = ? AND used_at = 0`, now, account, hash)
	return n == 1, err
}

func forgetRecovery(ctx context.Context, tx *db.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE account = ?`, account)
	return err
}

func countRecovery(ctx context.Context, q db.Queryer, account string) (n int, err error) {
	return n, q.Get(ctx, &n, `SELECT count(*) FROM recovery_codes WHERE account = ? AND used_at = 0`, account)
}

// erase takes a person's passkeys, recovery codes and ties to other houses out.
func erase(ctx context.Context, tx *db.Tx, account string) error {
	if err := forgetRecovery(ctx, tx, account); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM passkeys WHERE account = ?`, account); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM identities WHERE account = ?`, account)
	return err
}

func saveCode(ctx context.Context, tx *db.Tx, target, purpose, hash string, now int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO codes (target, purpose, hash, at, tries) VALUES (?, ?, ?, ?, 0)
		ON CONFLICT (target, purpose) DO UPDATE SET hash = excluded.hash, at = excluded.at, tries = 0`, target, purpose, hash, now)
	return err
}

// useCode deletes the code if it is the right one and counts a try if not.
func useCode(ctx context.Context, tx *db.Tx, target, purpose, hash string, since int64, tries int) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM codes WHERE target = ? AND purpose = ? AND hash = ? AND at > ? AND tries < ?`, target, purpose, hash, since, tries)
	if err != nil || n == 1 {
		return n == 1, err
	}
	_, err = tx.Exec(ctx, `UPDATE codes SET tries = tries + 1 WHERE target = ? AND purpose = ?`, target, purpose)
	return false, err
}

func purge(ctx context.Context, tx *db.Tx, before int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM codes WHERE at < ?`, before)
	return err
}

// tokenRow is an API token as its owner sees it.
type tokenRow struct {
	Hash      string `db:"hash"`
	Label     string `db:"label"`
	CreatedAt int64  `db:"created_at"`
	ExpiresAt int64  `db:"expires_at"`
}

func tokensOf(ctx context.Context, q db.Queryer, account string) (ts []tokenRow, err error) {
	return ts, q.Select(ctx, &ts, `SELECT hash, label, created_at, expires_at FROM tokens WHERE account = ? ORDER BY created_at DESC, hash`, account)
}

func deleteToken(ctx context.Context, tx *db.Tx, account, hash string) error {
	_, err := tx.Exec(ctx, `DELETE FROM tokens WHERE account = ? AND hash = ?`, account, hash)
	return err
}
