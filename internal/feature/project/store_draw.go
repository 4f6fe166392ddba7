package project

import (
	"context"
	"errors"

	"linli/internal/platform/db"
)

func insertDraw(ctx context.Context, tx *db.Tx, d draw) error {
	_, err := tx.Exec(ctx, `INSERT INTO project_draws (project, version, seed, size, pool) VALUES (?, ?, ?, ?, ?)`, d.Project, d.Version, d.Seed, d.Size, d.Pool)
	return err
}

// drawsOf lists the draws of a project, oldest first.
func drawsOf(ctx context.Context, q db.Queryer, project string) (ds []draw, err error) {
	return ds, q.Select(ctx, &ds, `SELECT project, version, seed, size, pool FROM project_draws WHERE project = ? ORDER BY version`, project)
}

// drawn lists the projects for which there was a draw.
func drawn(ctx context.Context, q db.Queryer) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT DISTINCT project FROM project_draws ORDER BY project`)
}

// eventAt returns hash and data of the event by which a project came to a version.
func eventAt(ctx context.Context, q db.Queryer, project string, version int64) (hash, data string, err error) {
	var e struct{ Hash, Data string }
	err = q.Get(ctx, &e, `SELECT hash, data FROM events WHERE subject = ? AND version = ?`, project, version)
	if errors.Is(err, db.ErrNoRows) {
		return "", "{}", nil
	}
	return e.Hash, e.Data, err
}
