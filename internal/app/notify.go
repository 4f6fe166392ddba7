package app

import (
	"context"
	"strings"

	"linli/internal/feature/notify"
	"linli/internal/feature/search"
	"linli/internal/platform/db"
)

// documented gives the titles of a kind that search can find too.
func documented(s search.Source) notify.Title {
	return notify.TitleFunc(func(ctx context.Context, q db.Queryer, id string) (string, error) {
		title, _, _, _, _, err := s.Document(ctx, q, id)
		return title, err
	})
}

// wireNotify tells the inbox where matters are read and what they are called.
func (h *House) wireNotify() {
	n := notify.New(h.Journal, h.Member, h.Group, h.Place)
	n.Page, n.Base = h.page, strings.TrimSuffix(h.Config.BaseURL, "/")
	n.Register("wish", "/wishes/{id}", documented(h.Wish))
	n.Register("activity", "/activities/{id}", documented(h.Activity))
	n.Register("poll", "/polls/{id}", notify.TitleFunc(func(ctx context.Context, q db.Queryer, id string) (string, error) {
		p, err := h.Ballot.Machine.Store.Load(ctx, q, id, "")
		if err != nil {
			return "", err
		}
		return p.Question, nil
	}))
	n.Register("post", "/posts/{id}", documented(h.Post))
	n.Register("post_comment", "/posts", nil)
	n.Register("member", "/me/family", nil)
	n.Register("service", "/me/service", nil)
	n.Register("certificate", "/me/service", nil)
	h.Member.Erasers = append(h.Member.Erasers, n.Erase)
	h.Member.Exports["inbox"] = n.Export
	h.Notify = n
}
