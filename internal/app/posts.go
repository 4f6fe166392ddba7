package app

import (
	"context"

	"linli/internal/app/workbench"
	"linli/internal/core/actor"
	"linli/internal/feature/channel"
	"linli/internal/feature/feed"
	"linli/internal/feature/post"
	"linli/internal/platform/markdown"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// wirePosts puts the channels together: posts, their files, search, feeds,
// and what of them stands on the home page and the workbench.
func (h *House) wirePosts() {
	h.Channel = channel.New(h.Journal, h.Place, h.File)
	h.Channel.Page = h.page
	h.Post = post.New(h.Journal, h.Member, h.Group, h.Place, h.File, h.Channel)
	h.Post.Page, h.Post.Finder = h.page, h.Search
	h.File.View("post", h.Post)
	h.File.View("channel", h.Channel)
	h.Search.Register("post", "posts", h.Post)
	h.Feed = feed.New(h.Post, h.Place, markdown.Render)
	h.Feed.Default = h.Default
	h.Calendar = feed.NewCalendar(h.Journal, h.Member, h.Place, h.Activity)
	h.Calendar.Page, h.Calendar.Secret = h.page, h.Config.Secret
	h.OnHome(HomePinned, "/posts", 1, h.postCards(func(ctx context.Context, place string) ([]post.JSON, error) { return h.Post.Pinned(ctx, place) }), "post")
	h.OnHome(HomeLatest, "/posts", 15, h.postCards(func(ctx context.Context, place string) ([]post.JSON, error) { return h.Post.Latest(ctx, place, 15) }), "post")
	h.Workbench.On(workbench.Desk{Name: "rail.posts", Waits: func(ctx context.Context, a actor.Actor, now int64) (workbench.Waits, error) {
		w, err := h.Post.Waiting(ctx, a, now)
		return workbench.Waits{Sign: w.Publish + w.Comments, Late: w.Overdue, URL: "/staff/posts"}, err
	}})
}

func (h *House) postCards(read func(ctx context.Context, place string) ([]post.JSON, error)) HomeCards {
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
