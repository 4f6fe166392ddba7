package notify

import (
	"context"
	"errors"

	"linli/internal/platform/db"
	"linli/internal/platform/wechat"
)

// Tokens keeps the access token of a WeChat account for all nodes.
type Tokens struct{ DB *db.DB }

var _ wechat.TokenStore = Tokens{}

// Load implements wechat.TokenStore.
func (t Tokens) Load(ctx context.Context, app string) (wechat.Token, error) {
	var row struct {
		Value string `db:"value"`
		Until int64  `db:"until"`
	}
	err := t.DB.Get(ctx, &row, `SELECT value, until FROM wechat_tokens WHERE app = ?`, app)
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return wechat.Token{Value: row.Value, Until: row.Until}, err
}

// Claim implements wechat.TokenStore: the row count is the verdict.
func (t Tokens) Claim(ctx context.Context, app, old string, now, until int64) (mine bool, err error) {
	err = t.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO wechat_tokens (app, value, until) VALUES (?, '', 0) ON CONFLICT DO NOTHING`, app); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE wechat_tokens SET claimed_to = ? WHERE app = ? AND value = ? AND claimed_to <= ?`, until, app, old, now)
		mine = n == 1
		return err
	})
	return mine, err
}

// Save implements wechat.TokenStore.
func (t Tokens) Save(ctx context.Context, app string, k wechat.Token) error {
	return t.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO wechat_tokens (app, value, until) VALUES (?, ?, ?)
			ON CONFLICT (app) DO UPDATE SET value = excluded.value, until = excluded.until, claimed_to = 0`, app, k.Value, k.Until)
		return err
	})
}
