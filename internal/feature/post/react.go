package post

import (
	"context"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
)

// reactionFields: like, dislike, or none to take it back.
var reactionFields = []flow.Field{{Name: "value", Kind: flow.Enum, Required: true, Values: []string{"like", "dislike", "none"}}}

// React notes the caller's like or dislike of a post; the last counts. It
// leaves no event: what a person likes is nobody's news, only the figure is.
func (s *Service) React(ctx context.Context, post string, read func() (flow.Input, error)) (JSON, error) {
	return s.alter(ctx, post, func(tx *db.Tx, p *Post, a actor.Actor, now int64) error {
		in, err := read()
		if err != nil {
			return err
		}
		value := map[string]int{"like": 1, "dislike": -1, "none": 0}[in.Text("value")]
		if err := react(ctx, tx, p.ID, a.ID, value); err != nil {
			return err
		}
		return counted(ctx, tx, p)
	})
}

var followFields = []flow.Field{{Name: "on", Kind: flow.Bool}}

// Follow follows a post, or with on=false no longer.
func (s *Service) Follow(ctx context.Context, post string, read func() (flow.Input, error)) (JSON, error) {
	return s.alter(ctx, post, func(tx *db.Tx, p *Post, a actor.Actor, now int64) error {
		in, err := read()
		if err != nil {
			return err
		}
		return follow(ctx, tx, p.ID, a.ID, !in.Has("on") || in.Bool("on"), now)
	})
}

// FollowChannel follows the channel of a place.
func (s *Service) FollowChannel(ctx context.Context, code string, on bool) error {
	return s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		if !s.Places.Known(code) {
			return nil, fault.Absent()
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		return web.Redirect("/posts?place=" + code), follow(ctx, tx, code, a.ID, on, now)
	})
}

func (s *Service) alter(ctx context.Context, post string, fn func(tx *db.Tx, p *Post, a actor.Actor, now int64) error) (out JSON, err error) {
	err = s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		p, err := s.lockPost(ctx, tx, a, post)
		if err != nil {
			return nil, err
		}
		if p.State != Published {
			return nil, fault.New(fault.Conflict, "post.reason.not_public")
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		if err := fn(tx, p, a, now); err != nil {
			return nil, err
		}
		out, err = s.json(ctx, tx, p, matter.View{Actor: a, Now: now, Say: func(k string, _ ...any) string { return k }})
		return out, err
	})
	return out, err
}

// Like notes a like of the actor of ctx, or a dislike.
func (s *Service) Like(ctx context.Context, post string, like bool) error {
	value := "dislike"
	if like {
		value = "like"
	}
	_, err := s.React(ctx, post, func() (flow.Input, error) { return flow.Decode(reactionFields, map[string]any{"value": value}) })
	return err
}
