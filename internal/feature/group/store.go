package group

import (
	"context"

	"linli/internal/platform/db"
)

func all(ctx context.Context, q db.Queryer) ([]Group, error) {
	var gs []Group
	return gs, q.Select(ctx, &gs, `SELECT * FROM groups`)
}

func save(ctx context.Context, tx *db.Tx, g Group) (version int64, err error) {
	err = tx.Get(ctx, &version, `INSERT INTO groups (id, kind, name, place, registered, about, rules, phone, state, from_at, to_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, place = excluded.place, registered = excluded.registered, about = excluded.about,
			rules = excluded.rules, phone = excluded.phone, state = excluded.state, from_at = excluded.from_at, to_at = excluded.to_at,
			version = groups.version + 1
		RETURNING version`,
		g.ID, g.Kind, g.Name, g.Place, g.Registered, g.About, g.Rules, g.Phone, g.State, g.FromAt, g.ToAt, g.CreatedAt)
	return version, err
}
