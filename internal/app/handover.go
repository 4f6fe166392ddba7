package app

import (
	"context"
	"slices"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/activity"
	"linli/internal/feature/award"
	"linli/internal/feature/ballot"
	"linli/internal/feature/handover"
	"linli/internal/feature/post"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
)

// begun lists what somebody has begun in office and not ended: articles not
// published, polls, activities and award rounds. What a person asks for as a
// neighbour is not among it.
func (h *House) begun(ctx context.Context, q db.Queryer, a actor.Actor, now int64) ([]handover.Item, error) {
	posts, err := begunOf(ctx, q, a, now, h.Post.Kind, "post", post.Draft, post.Submitted)
	if err != nil {
		return nil, err
	}
	polls, err := begunOf(ctx, q, a, now, h.Ballot.Kind, "poll", ballot.Draft, ballot.Open)
	if err != nil {
		return nil, err
	}
	activities, err := begunOf(ctx, q, a, now, h.Activity.Kind, "activity", activity.Draft, activity.Published, activity.Running, activity.Finished)
	if err != nil {
		return nil, err
	}
	awards, err := begunOf(ctx, q, a, now, h.Award.Kind, "award", award.Open, award.Review, award.Notice)
	return slices.Concat(posts, polls, activities, awards), err
}

func begunOf[T flow.Matter](ctx context.Context, q db.Queryer, a actor.Actor, now int64, k *matter.Kind[T], kind string, states ...flow.State) ([]handover.Item, error) {
	list, err := k.List(ctx, q, matter.View{Actor: a, Now: now, Brief: true}, flow.Input{"mine": true}, page.Ask{Limit: page.Most})
	if err != nil {
		return nil, err
	}
	var out []handover.Item
	for _, m := range list {
		if m := m.Header(); m.Author == a.ID && slices.Contains(states, m.State) {
			out = append(out, handover.Item{Kind: kind, Ref: m.ID, Place: m.Place})
		}
	}
	return out, nil
}
