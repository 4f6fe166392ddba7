package member

import (
	"context"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// routes are the doors of people: who am I, what is mine,
// and the pages by which staff look after accounts.
func (s *Service) routes() []web.Route {
	rs := []web.Route{
		{Method: "GET", Path: "/api/v1/me", Name: "me", Summary: "Who am I", SignedIn: true, Out: MeJSON{}, Do: s.me},
	}
	rs = append(rs, s.mineRoutes()...)
	rs = append(rs, s.familyRoutes()...)
	return append(rs, s.staffRoutes()...)
}

// Act runs fn as the caller in one write under the form's operation id, and
// goes where fn says.
func (s *Service) Act(c *web.Call, fn func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error)) (any, error) {
	var to web.Redirect
	ctx := c.Context()
	err := s.journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		path, err := fn(ctx, tx, a, now)
		to = web.Redirect(path)
		return to, err
	})
	if err != nil {
		return nil, err
	}
	return to, nil
}

// Press is Act for a form of nothing but its button.
func (s *Service) Press(c *web.Call, fn func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error)) (any, error) {
	return s.Act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		to, err := fn(ctx, tx, a, now)
		if err == nil {
			_, err = c.Body(nil)
		}
		return to, err
	})
}

// page is the frame of one of the pages about oneself.
func (s *Service) page(c *web.Call, key string) ui.Page {
	p := s.Page(c, c.T(key), ui.Mine)
	p.NoIndex = true
	if done := c.R.URL.Query().Get("done"); done != "" && p.Has("member.done."+done) {
		p.Flash = c.T("member.done." + done)
	}
	if c.Actor.Known() {
		p.Back = ui.Link{Label: c.T("member.back_me"), URL: "/me"}
	}
	return p
}

// head opens a page by its title and a lead.
func head(p ui.Page, lead string) templ.Component { return ui.Heading(p.Title, lead) }

// text declares a field of one line.
func text(name string, most int64, required bool) flow.Field {
	return flow.Field{Name: name, Kind: flow.Text, Max: most, Required: required}
}
