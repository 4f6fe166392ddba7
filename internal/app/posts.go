package app

import (
	"context"

	"linli/internal/feature/post"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

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
