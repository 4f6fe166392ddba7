package handover

import (
	"context"
	"errors"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// shown bounds the list of hand-overs.
const shown = 30

func (s *Service) routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/staff/handovers", Name: "page-handovers", Summary: "Hand-overs 离岗交接", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.page(c, nil) }},
		{Method: "POST", Path: "/staff/handovers", Name: "leave-posts", Summary: "A worker leaves", SignedIn: true, Do: s.leaveForm},
		{Method: "POST", Path: "/staff/handovers/{id}/name", Name: "name-successor", Summary: "Name who goes on", SignedIn: true, Do: s.nameForm},
	}
}

// page shows who may let workers go the hand-overs of the own places, and a
// successor what has passed to them.
func (s *Service) page(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	ctx, q := c.Context(), s.journal.DB
	places := bases(c.Actor)
	passed, err := mine(ctx, q, c.Actor.ID, shown)
	if err != nil {
		return nil, err
	}
	if len(places) == 0 && len(passed) == 0 {
		return nil, fault.Absent()
	}
	p := s.Page(c, c.T("handover.title"), "people")
	p.NoIndex = true
	if len(places) > 0 {
		p.Back = ui.Link{Label: p.T("tab.roles"), URL: "/staff/roles"}
	}
	if done := c.R.URL.Query().Get("done"); done != "" && p.Has("handover.done."+done) {
		p.Flash = p.T("handover.done." + done)
	}
	colleagues, err := s.members.Colleagues(ctx, q, p.T, c.Now(), places...)
	if err != nil {
		return nil, err
	}
	from := ui.Field{Hint: p.T("handover.account_hint"), Options: colleagues}
	parts := []templ.Component{ui.Heading(p.Title, p.T("handover.lead"))}
	seen := map[string]bool{}
	records := []Record{}
	for _, place := range places {
		list, err := at(ctx, q, place, shown)
		if err != nil {
			return nil, err
		}
		records = append(records, list...)
	}
	for _, r := range append(records, passed...) {
		if seen[r.ID] {
			continue
		}
		seen[r.ID] = true
		summary, block, err := s.draw(c, p, r, from, sent)
		if err != nil {
			return nil, err
		}
		parts = append([]templ.Component{summary}, append(parts, block)...)
	}
	if len(places) > 0 {
		sheet := ui.Sheet{Kind: "handover", ID: "leave", Action: "/staff/handovers", Button: p.T("handover.leave"), Fields: leaveFields, Danger: true,
			Dress: map[string]ui.Field{"account": from, "successor": from}}
		if sent != nil && sent.Do == "leave" {
			sheet.Sent = sent
		}
		summary, form := sheet.Draw(p)
		parts = append([]templ.Component{summary}, append(parts, ui.With(ui.Block(p.T("handover.new"), ui.Link{}), ui.Paragraph(p.T("handover.new_text")), form))...)
	}
	return ui.Bench(p, parts...), nil
}

// draw shows one hand-over: what was held, who goes on with it, and the form
// to name somebody for what has nobody.
func (s *Service) draw(c *web.Call, p ui.Page, r Record, from ui.Field, sent *ui.Sent) (summary, block templ.Component, err error) {
	ctx, q := c.Context(), s.journal.DB
	items, err := itemsOf(ctx, q, r.ID)
	if err != nil {
		return nil, nil, err
	}
	leaver, err := s.members.PublicName(ctx, q, r.Account)
	if err != nil {
		return nil, nil, err
	}
	t := ui.Table{Caption: p.T("handover.of", "who", leaver), Hidden: true, Columns: []ui.Column{{Label: p.T("handover.what")}, {Label: p.T("handover.kind")}, {Label: p.T("handover.who")}}}
	left := 0
	for _, i := range items {
		cell, kind, err := s.cell(ctx, q, p, i)
		if err != nil {
			return nil, nil, err
		}
		row := ui.Row{Cells: []ui.Cell{cell, {Text: kind}, {}}}
		if i.Successor == "" {
			left++
			row.Tone, row.Cells[2] = ui.Warn, ui.Cell{Body: ui.StateTag(ui.Tag{Label: p.T("handover.nobody"), Tone: ui.Warn})}
		} else {
			name, err := s.members.PublicName(ctx, q, i.Successor)
			if err != nil {
				return nil, nil, err
			}
			row.Cells[2].Text = name
		}
		t.Rows = append(t.Rows, row)
	}
	title := p.T("handover.head", "who", leaver, "day", text.Date(p.Lang, time.UnixMilli(r.At)))
	parts := []templ.Component{ui.DataTable(p, t)}
	summary = ui.Nothing
	if left > 0 && keeps(c.Actor, r.Place) {
		sheet := ui.Sheet{Kind: "handover", ID: "name-" + r.ID, Action: "/staff/handovers/" + r.ID + "/name", Button: p.T("handover.name"), Fields: nameFields, Quiet: true,
			Dress: map[string]ui.Field{"successor": from}}
		if sent != nil && sent.Do == r.ID {
			sheet.Sent = sent
		}
		sum, form := sheet.Draw(p)
		summary, parts = sum, append(parts, ui.Paragraph(p.T("handover.left", "n", left)), form)
	}
	return summary, ui.With(ui.Block(title, ui.Link{}), parts...), nil
}

// cell is what an item is called, with the way to it.
func (s *Service) cell(ctx context.Context, q db.Queryer, p ui.Page, i Item) (ui.Cell, string, error) {
	if i.Kind == Office {
		where := s.places.Name(i.Place)
		if i.Group != "" {
			where = s.groups.Name(i.Group)
		}
		return ui.Cell{Text: where + " · " + p.T("member.role."+i.Role)}, p.T("handover.office"), nil
	}
	title, err := s.Names.TitleOf(ctx, q, i.Kind, i.Ref)
	if err != nil {
		return ui.Cell{}, "", err
	}
	path, err := s.Names.PathOf(ctx, q, i.Kind, i.Ref)
	if title == "" {
		return ui.Cell{Text: p.T("handover.gone")}, p.T(i.Kind + ".kind"), err
	}
	return ui.Cell{Text: title, URL: path}, p.T(i.Kind + ".kind"), err
}

func (s *Service) form(c *web.Call, do string, fn func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error)) (any, error) {
	out, err := s.members.Act(c, fn)
	if err == nil || !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
		return out, err
	}
	page, perr := s.page(c, ui.Back(c, do, err))
	if perr != nil {
		return nil, errors.Join(perr, err)
	}
	return page, err
}

func (s *Service) leaveForm(c *web.Call) (any, error) {
	return s.form(c, "leave", func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		if len(bases(a)) == 0 {
			return "", fault.Absent()
		}
		in, err := c.Body(leaveFields)
		if err != nil {
			return "", err
		}
		_, err = s.leave(ctx, tx, a, in, now)
		return "/staff/handovers?done=leave", err
	})
}

func (s *Service) nameForm(c *web.Call) (any, error) {
	return s.form(c, c.Path("id"), func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		if _, err := s.record(ctx, tx, a, c.Path("id")); err != nil {
			return "", err
		}
		in, err := c.Body(nameFields)
		if err != nil {
			return "", err
		}
		_, err = s.name(ctx, tx, a, c.Path("id"), in, now)
		return "/staff/handovers?done=name", err
	})
}
