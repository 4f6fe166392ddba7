package app

import (
	"context"
	"errors"

	"linli/internal/core/fault"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/feature/notify"
	"linli/internal/platform/db"
)

// posts lets groups ask the member feature who holds what in them.
type posts struct{ *member.Service }

// In implements group.Posts.
func (p posts) In(ctx context.Context, q db.Queryer, g string) ([]group.Holder, error) {
	held, err := p.HeldIn(ctx, q, g)
	out := make([]group.Holder, len(held))
	for i, h := range held {
		out[i] = group.Holder{Grant: h.ID, Account: h.Account, Name: h.Name, Role: h.Role, Post: h.Post, Letter: h.Letter, FromAt: h.FromAt, ToAt: h.ToAt}
	}
	return out, err
}

// Appoint implements group.Posts.
func (p posts) Appoint(ctx context.Context, tx *db.Tx, by, g string, h group.Holder) error {
	return p.Give(ctx, tx, by, h.Account, member.Grant{Role: h.Role, Group: g, Post: h.Post, Letter: h.Letter, ToAt: h.ToAt})
}

// Dismiss implements group.Posts.
func (p posts) Dismiss(ctx context.Context, tx *db.Tx, by, g, grant string) error {
	held, err := p.Grant(ctx, tx, grant)
	if errors.Is(err, db.ErrNoRows) || err == nil && held.Group != g {
		return fault.Absent()
	}
	if err != nil {
		return err
	}
	return p.EndGrant(ctx, tx, by, held)
}

// AccountOf implements group.Posts.
func (p posts) AccountOf(ctx context.Context, q db.Queryer, name string) (string, error) {
	a, err := p.Named(ctx, q, name)
	return a.ID, err
}

var _ group.Posts = posts{}

// tied lets WeChat bring messages to who signs in by it. The openid is kept in
// the clear only where messages go out by WeChat, which need it.
func (h *House) tied(ctx context.Context, tx *db.Tx, provider, subject, account string, now int64) error {
	switch {
	case provider != notify.WeChat:
		return nil
	case subject == "":
		return h.Notify.Unlink(ctx, tx, account, provider)
	case !h.Notify.Has(provider):
		return nil
	}
	return h.Notify.Link(ctx, tx, account, provider, subject, subject, now)
}
