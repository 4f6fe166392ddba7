package member

import (
	"context"
	"errors"

	"linli/internal/core/actor"
	"linli/internal/platform/db"
)

func electors(ctx context.Context, q db.Queryer, place string, level actor.Level, bornUntil int64) (es []Elector, err error) {
	return es, q.Select(ctx, &es, `SELECT id, dwelling FROM accounts
		WHERE home >= ? AND home < ? AND level >= ? AND state = 'active' AND (born = 0 OR born <= ?) ORDER BY id`,
		place, place+":", level, bornUntil)
}

func electorsNamed(ctx context.Context, q db.Queryer, place, name string, limit int) (as []Account, err error) {
	return as, q.Select(ctx, &as, `SELECT `+accountColumns+` FROM accounts
		WHERE home >= ? AND home < ? AND state = 'active' AND (public_name = ? OR real_name = ? OR phone = ? OR name = ?) ORDER BY id LIMIT ?`,
		place, place+":", name, name, name, name, limit)
}

func postOf(ctx context.Context, q db.Queryer, account, role string) (post string, err error) {
	err = q.Get(ctx, &post, `SELECT post FROM roles WHERE account = ? AND role = ? ORDER BY from_at DESC, id LIMIT 1`, account, role)
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return post, err
}

func staffAround(ctx context.Context, q db.Queryer, place string, at int64) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT DISTINCT account FROM roles WHERE role = 'staff' AND place <> ''
		AND (? LIKE place || '%' OR place >= ? AND place < ?) AND from_at <= ? AND (to_at = 0 OR to_at > ?)`, place, place, place+":", at, at)
}

func expertsAround(ctx context.Context, q db.Queryer, place string, at int64) (es []Expert, err error) {
	return es, q.Select(ctx, &es, `SELECT DISTINCT a.id, a.public_name AS name, r.post FROM roles r JOIN accounts a ON a.id = r.account
		WHERE r.role = 'expert' AND r.place <> '' AND ? LIKE r.place || '%' AND a.state = 'active' AND r.from_at <= ? AND (r.to_at = 0 OR r.to_at > ?)
		ORDER BY r.post, a.id`, place, at, at)
}

func inGroup(ctx context.Context, q db.Queryer, group string, at int64) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT DISTINCT account FROM roles WHERE grp = ? AND grp <> '' AND from_at <= ? AND (to_at = 0 OR to_at > ?)`, group, at, at)
}
