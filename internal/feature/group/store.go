package group

import (
	"context"
	"errors"

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

func bump(ctx context.Context, tx *db.Tx, group string) (g Group, err error) {
	return g, tx.Get(ctx, &g, `UPDATE groups SET version = version + 1 WHERE id = ? RETURNING *`, group)
}

func allDuties(ctx context.Context, q db.Queryer) (ds []Duty, err error) {
	return ds, q.Select(ctx, &ds, `SELECT id, grp, place, category, part, basis, from_at, to_at FROM responsibilities`)
}

func insertDuty(ctx context.Context, tx *db.Tx, d Duty) error {
	_, err := tx.Exec(ctx, `INSERT INTO responsibilities (id, grp, place, category, part, basis, from_at, to_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ID, d.Group, d.Place, d.Category, d.Part, d.Basis, d.FromAt, d.ToAt)
	return err
}

func endDuty(ctx context.Context, tx *db.Tx, duty string, now int64) (group string, ok bool, err error) {
	err = tx.Get(ctx, &group, `UPDATE responsibilities SET to_at = ? WHERE id = ? AND (to_at = 0 OR to_at > ?) RETURNING grp`, now, duty, now)
	if errors.Is(err, db.ErrNoRows) {
		return "", false, nil
	}
	return group, err == nil, err
}

func lock(ctx context.Context, tx *db.Tx, group string) (g Group, ok bool, err error) {
	err = tx.Get(ctx, &g, `SELECT * FROM groups WHERE id = ?`+tx.Lock(), group)
	if errors.Is(err, db.ErrNoRows) {
		return g, false, nil
	}
	return g, err == nil, err
}
