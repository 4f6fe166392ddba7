package signin

import (
	"context"
	"errors"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	when "linli/internal/ui/text"
)

var tokenFields = []flow.Field{text("label", 40, true), {Name: "days", Kind: flow.Enum, Values: []string{"30", "90", "365"}, Required: true}}

func (s *Service) tokenRoutes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/me/tokens", Name: "page-tokens", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.tokensPage(c, "", nil) }},
		{Method: "POST", Path: "/me/tokens", Name: "create-token", SignedIn: true, Do: s.createToken},
		{Method: "POST", Path: "/me/tokens/{id}/end", Name: "end-token", SignedIn: true, Do: s.endToken},
	}
}

func (s *Service) tokensPage(c *web.Call, fresh string, sent *ui.Sent) (templ.Component, error) {
	p := s.page(c, "member.tokens")
	rows, err := tokensOf(c.Context(), s.journal.DB, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	summary, form := ui.Sheet{Kind: "member", Action: "/me/tokens", Button: c.T("member.button.token"), Fields: tokenFields, Sent: sent}.Draw(p)
	parts := []templ.Component{summary, ui.Heading(p.Title, c.T("member.tokens_lead"))}
	if fresh != "" {
		parts = append(parts, ui.With(ui.Notice(ui.Good, c.T("member.token_once")), ui.Paragraph(fresh)))
	}
	for _, t := range rows {
		line := c.T("member.token_line_open", "label", t.Label)
		if t.ExpiresAt != 0 {
			line = c.T("member.token_line", "label", t.Label, "until", when.Date(p.Lang, time.UnixMilli(t.ExpiresAt)))
		}
		parts = append(parts, ui.Line(line, ui.Press(p, "/me/tokens/"+t.Hash+"/end", c.T("member.remove"), t.Label)))
	}
	return ui.Whole(p, append(parts, form)...), nil
}

// createToken shows a new token once; it is not remembered under the form's
// operation id, which would keep it.
func (s *Service) createToken(c *web.Call) (any, error) {
	ctx := c.Context()
	in, err := c.Body(tokenFields)
	if err != nil {
		page, perr := s.tokensPage(c, "", ui.Back(c, "", err))
		return page, errors.Join(perr, err)
	}
	days := map[string]int{"30": 30, "90": 90, "365": 365}[in.Text("days")]
	var tok string
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) (err error) {
		tok, err = s.members.NewToken(ctx, tx, c.Actor.ID, in.Text("label"), time.UnixMilli(c.Now()).AddDate(0, 0, days).UnixMilli())
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.tokensPage(c, tok, nil)
}

func (s *Service) endToken(c *web.Call) (any, error) {
	return s.members.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		if err := deleteToken(ctx, tx, a.ID, c.Path("id")); err != nil {
			return "", err
		}
		return "/me/tokens?done=removed", s.members.Touch(ctx, tx, now, a.ID, a.ID, "token_end")
	})
}
