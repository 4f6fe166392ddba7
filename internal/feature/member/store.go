package member

import (
	"context"

	"linli/internal/core/actor"
	"linli/internal/platform/db"
)

// roleRow is one role of an account beside the account itself; Role is "" for
// an account without roles and "ward" for a person it guards.
type roleRow struct {
	Name         string      `db:"name"`
	Level        actor.Level `db:"level"`
	Home         string      `db:"home"`
	State        string      `db:"state"`
	SessionsFrom int64       `db:"sessions_from"`
	Role         string      `db:"role"`
	Place        string      `db:"place"`
	Group        string      `db:"grp"`
	FromAt       int64       `db:"from_at"`
	ToAt         int64       `db:"to_at"`
}

func rolesOf(ctx context.Context, q db.Queryer, account string) ([]roleRow, error) {
	var rows []roleRow
	return rows, q.Select(ctx, &rows, `
		SELECT a.name, a.level, a.home, a.state, a.sessions_from, coalesce(r.role, '') AS role, coalesce(r.place, '') AS place,
			coalesce(r.grp, '') AS grp, coalesce(r.from_at, 0) AS from_at, coalesce(r.to_at, 0) AS to_at
		FROM accounts a LEFT JOIN roles r ON r.account = a.id WHERE a.id = ?
		UNION ALL
		SELECT a.name, a.level, a.home, a.state, a.sessions_from, 'ward', '', g.ward, g.from_at, g.to_at
		FROM accounts a JOIN guardians g ON g.account = a.id WHERE a.id = ?
		ORDER BY from_at, grp, role, place`, account, account)
}

const accountColumns = `id, name, public_name, real_name, phone, email, level, home, dwelling, password, totp, totp_step, state,
	demo, has_channel, sessions_from, born, version, created_at`

func insert(ctx context.Context, tx *db.Tx, a Account) error {
	_, err := tx.Exec(ctx, `INSERT INTO accounts (`+accountColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ID, a.Name, a.PublicName, a.RealName, a.Phone, a.Email, a.Level, a.Home, a.Dwelling, a.Password, a.TOTP, a.TOTPStep, a.State,
		number(a.Demo), number(a.HasChannel), a.SessionsFrom, a.Born, a.Version, a.CreatedAt)
	return err
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func byID(ctx context.Context, q db.Queryer, account string) (a Account, err error) {
	return a, q.Get(ctx, &a, `SELECT `+accountColumns+` FROM accounts WHERE id = ?`, account)
}

func byName(ctx context.Context, q db.Queryer, name string) (a Account, err error) {
	return a, q.Get(ctx, &a, `SELECT `+accountColumns+` FROM accounts WHERE name = ?`, name)
}

func byPhone(ctx context.Context, q db.Queryer, phone string) (a Account, err error) {
	return a, q.Get(ctx, &a, `SELECT `+accountColumns+` FROM accounts WHERE phone = ?`, phone)
}

func grant(ctx context.Context, tx *db.Tx, g Grant) error {
	_, err := tx.Exec(ctx, `INSERT INTO roles (id, account, role, place, grp, post, letter, from_at, to_at, granted_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, g.ID, g.Account, g.Role, g.Place, g.Group, g.Post, g.Letter, g.FromAt, g.ToAt, g.GrantedBy)
	return err
}

func endGrant(ctx context.Context, tx *db.Tx, account, role string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE roles SET to_at = ? WHERE account = ? AND role = ? AND (to_at = 0 OR to_at > ?)`, now, account, role, now)
	return err
}

func bump(ctx context.Context, tx *db.Tx, account string) (version int64, home string, err error) {
	var row struct {
		Version int64  `db:"version"`
		Home    string `db:"home"`
	}
	err = tx.Get(ctx, &row, `UPDATE accounts SET version = version + 1 WHERE id = ? RETURNING version, home`, account)
	return row.Version, row.Home, err
}

func tokenByHash(ctx context.Context, q db.Queryer, hash string) (account string, expires int64, err error) {
	var row struct {
		Account string `db:"account"`
		Expires int64  `db:"expires_at"`
	}
	err = q.Get(ctx, &row, `SELECT account, expires_at FROM tokens WHERE hash = ?`, hash)
	return row.Account, row.Expires, err
}

func insertToken(ctx context.Context, tx *db.Tx, hash, account, label string, now, expires int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO tokens (hash, account, label, created_at, expires_at) VALUES (?, ?, ?, ?, ?)`, hash, account, label, now, expires)
	return err
}

func guard(ctx context.Context, tx *db.Tx, guardian, ward, how, by string, from, to int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO guardians (account, ward, how, by_whom, from_at, to_at) VALUES (?, ?, ?, ?, ?, ?)`, guardian, ward, how, by, from, to)
	return err
}

// agentsOf lists who acts for a group now.
func agentsOf(ctx context.Context, q db.Queryer, group string, now int64) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT DISTINCT account FROM roles WHERE grp = ? AND role = 'agent' AND from_at <= ? AND (to_at = 0 OR to_at > ?)`, group, now, now)
}

func insertLook(ctx context.Context, tx *db.Tx, l Look, since int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO looks (viewer, subject, field, matter, reason, at)
		SELECT a.id, ?, ?, ?, ?, ? FROM accounts a WHERE a.id = ? AND NOT EXISTS (
			SELECT 1 FROM looks l WHERE l.subject = ? AND l.viewer = ? AND l.field = ? AND l.matter = ? AND l.at >= ?)`,
		l.Subject, l.Field, l.Matter, l.Reason, l.At, l.Viewer, l.Subject, l.Viewer, l.Field, l.Matter, since)
	return err
}

func looksAt(ctx context.Context, q db.Queryer, subject string, before int64, limit int) (ls []Look, err error) {
	if before == 0 {
		before = 1 << 62
	}
	return ls, q.Select(ctx, &ls, `SELECT seq, viewer, subject, field, matter, reason, at FROM looks WHERE subject = ? AND seq < ? ORDER BY seq DESC LIMIT ?`, subject, before, limit)
}

func saveDraft(ctx context.Context, tx *db.Tx, operation, account, path, form string, now int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO drafts (operation, account, path, form, at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (operation) DO UPDATE SET form = excluded.form, at = excluded.at WHERE drafts.account = excluded.account`, operation, account, path, form, now)
	return err
}

func readDraft(ctx context.Context, q db.Queryer, account, operation string) (path, form string, err error) {
	var d struct{ Path, Form string }
	err = q.Get(ctx, &d, `SELECT path, form FROM drafts WHERE operation = ? AND (account = ? OR account = '')`, operation, account)
	return d.Path, d.Form, err
}

func purge(ctx context.Context, tx *db.Tx, drafts int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM drafts WHERE at < ?`, drafts)
	return err
}

func count(ctx context.Context, q db.Queryer) (all, demo int, err error) {
	var n struct{ Every, Demo int }
	err = q.Get(ctx, &n, `SELECT count(*) AS every, coalesce(sum(demo), 0) AS demo FROM accounts WHERE state = 'active'`)
	return n.Every, n.Demo, err
}
