package app

import (
	"context"

	"linli/internal/core/actor"
	"linli/internal/feature/project"
	"linli/internal/feature/wish"
	"linli/internal/platform/db"
)

// projectFromWish makes a project out of a wish 一事一线.
type projectFromWish struct{ projects *project.Service }

// FromWish implements wish.Converter.
func (p projectFromWish) FromWish(ctx context.Context, tx *db.Tx, by actor.Actor, w *wish.Wish) (string, error) {
	return p.projects.FromWish(ctx, tx, by, w.ID, w.Author, w.Title, w.Body, w.Place, w.Visibility == wish.Public)
}
