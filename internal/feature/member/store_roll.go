package member

import (
	"context"

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
