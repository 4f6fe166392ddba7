package app

import (
	"context"
	"slices"

	"linli/internal/feature/post"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// latestMost are the latest posts that the home page shows.
const latestMost = 15

// latestPosts are the newest but for the one that stands pinned above them.
func (h *House) latestPosts(ctx context.Context, place string) ([]post.JSON, error) {
	pinned, err := h.Post.Pinned(ctx, place)
	if err != nil {
		return nil, err
	}
	latest, err := h.Post.Latest(ctx, place, latestMost+1)
	return slices.DeleteFunc(latest, func(j post.JSON) bool { return len(pinned) > 0 && j.ID == pinned[0].ID }), err
}

// postCards shows posts on the home page.
func (h *House) postCards(read func(ctx context.Context, place string) ([]post.JSON, error)) homeCards {
	return func(c *web.Call, p ui.Page, place string) ([]ui.Card, error) {
		posts, err := read(c.Context(), place)
		if err != nil {
			return nil, err
		}
		var cards []ui.Card
		for _, j := range posts {
			cards = append(cards, h.Post.Card(p, j))
		}
		return cards, nil
	}
}
