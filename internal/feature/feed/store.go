package feed

import (
	"context"

	"linli/internal/platform/db"
)

// secretOf returns the number of an account's calendar address, 0 for none.
func secretOf(ctx context.Context, q db.Queryer, account string) (n int64, err error) {
	return n, q.Get(ctx, &n, `SELECT coalesce((SELECT number FROM calendar_secrets WHERE account = ?), 0)`, account)
}

func renewSecret(ctx context.Context, tx *db.Tx, account string) (n int64, err error) {
	return n, tx.Get(ctx, &n, `INSERT INTO calendar_secrets (account, number) VALUES (?, 1)
		ON CONFLICT (account) DO UPDATE SET number = calendar_secrets.number + 1 RETURNING number`, account)
}
