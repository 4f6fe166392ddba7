package counter

import (
	"context"
	"errors"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// shown bounds each list of the page.
const shown = 50

func (s *Service) routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/staff/counter", Name: "page-counter", Summary: "Service window 办事窗口", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.page(c, nil) }},
		{Method: "POST", Path: "/staff/counter", Name: "register-elder", Summary: "Register a person without a phone", SignedIn: true, Do: s.registerElder},
		{Method: "GET", Path: "/staff/counter/{id}", Name: "page-counter-person", Summary: "Who acts for a person", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.personPage(c, nil) }},
		{Method: "POST", Path: "/staff/counter/{id}", Name: "record-consent", Summary: "Write down a consent given at the counter", SignedIn: true, Do: s.recordConsent},
		{Method: "GET", Path: "/staff/counter/consents/{id}/slip", Name: "page-consent-slip", Summary: "The consent to sign and keep", SignedIn: true, Do: s.slip},
		{Method: "POST", Path: "/staff/counter/consents/{id}/confirm", Name: "confirm-consent", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.answer(c, true) }},
		{Method: "POST", Path: "/staff/counter/consents/{id}/refuse", Name: "refuse-consent", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.answer(c, false) }},
		{Method: "POST", Path: "/staff/counter/consents/{id}/end", Name: "end-counter-consent", SignedIn: true, Do: s.takeBack},
	}
}

func (s *Service) bench(c *web.Call, title string) ui.Page {
	p := s.Page(c, title, "people")
	p.NoIndex = true
	if done := c.R.URL.Query().Get("done"); done != "" && p.Has("counter.done."+done) {
		p.Flash = c.T("counter.done." + done)
	}
	return p
}

// line says one consent in a sentence.
func (s *Service) line(c *web.Call, p ui.Page, k Consent) (string, error) {
	var names [3]string
	for i, account := range []string{k.Elder, k.Guardian, k.AskedBy} {
		name, err := s.members.PublicName(c.Context(), s.journal.DB, account)
		if err != nil {
			return "", err
		}
		if names[i] = name; name == "" {
			names[i] = c.T("counter.unnamed")
		}
	}
	return c.T("counter.line", "elder", names[0], "guardian", names[1], "relation", c.T("member.how."+k.Relation), "how", c.T("counter.how."+k.How),
		"by", names[2], "at", text.Moment(p.Lang, time.UnixMilli(k.AskedAt), p.Now)), nil
}

func (s *Service) page(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	mine := communities(c.Actor)
	if len(mine) == 0 && !c.Actor.Holds(actor.Staff) && !c.Actor.Holds(actor.Admin) {
		return nil, fault.Absent()
	}
	p := s.bench(c, c.T("counter.title"))
	if len(mine) == 0 { // streets and districts have a workbench, but their people come to the communities
		return ui.Bench(p, ui.Heading(p.Title, ""), ui.PeopleTabs(p, "counter"), ui.EmptyState(p, ui.Empty{Title: c.T("counter.not_yours"), Reason: c.T("counter.not_yours_why"),
			Next: ui.Link{Label: c.T("tab.roles"), URL: "/staff/roles"}})), nil
	}
	home := ui.Field{Hint: c.T("counter.hint_code")}
	if homes := s.places.Choices(mine[0], "building", "unit"); homes != nil {
		home = ui.Field{Type: ui.SelectField, Options: append([]ui.Option{{Label: c.T("counter.no_building")}}, homes...)}
	}
	sum, form := ui.Sheet{Kind: "counter", ID: "elder", Action: "/staff/counter", Button: c.T("counter.register"), Fields: elderFields, Sent: sent,
		Dress: map[string]ui.Field{"phone": {Type: ui.PhoneField}, "dwelling": home}}.Draw(p)
	parts := []templ.Component{sum, ui.Heading(p.Title, c.T("counter.lead")), ui.PeopleTabs(p, "counter")}
	var waits, holds []templ.Component
	for _, community := range mine {
		for _, state := range []string{Waiting, Done} {
			list, err := at(c.Context(), s.journal.DB, community, state, shown)
			if err != nil {
				return nil, err
			}
			for _, k := range list {
				words, err := s.line(c, p, k)
				if err != nil {
					return nil, err
				}
				if state == Done {
					if still, err := s.holds(c.Context(), s.journal.DB, k, c.Now()); err != nil {
						return nil, err
					} else if !still {
						continue
					}
					holds = append(holds, ui.Line(words, ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("counter.open"), URL: "/staff/counter/" + k.Elder}, true))))
					continue
				}
				waits = append(waits, ui.Line(words, s.second(c, p, k)))
			}
		}
	}
	if len(waits) > 0 {
		parts = append(parts, ui.With(ui.Block(c.T("counter.waiting"), ui.Link{}), waits...))
	}
	parts = append(parts, ui.With(ui.Block(c.T("counter.find"), ui.Link{}), ui.Paragraph(c.T("counter.find_text")),
		ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("counter.find_go"), URL: "/staff/people"}, false))),
		ui.With(ui.Block(c.T("counter.new"), ui.Link{}), ui.Paragraph(c.T("counter.new_text")), form))
	if len(holds) > 0 {
		parts = append(parts, ui.With(ui.Details(c.T("counter.holding")), holds...))
	}
	return ui.Bench(p, parts...), nil
}

// second is what the second person may do with a consent that waits.
func (s *Service) second(c *web.Call, p ui.Page, k Consent) templ.Component {
	at := "/staff/counter/consents/" + k.ID
	slip := ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("counter.slip"), URL: at + "/slip"}, true))
	if k.AskedBy == c.Actor.ID || k.Guardian == c.Actor.ID || k.Elder == c.Actor.ID {
		return templ.Join(ui.Paragraph(c.T("counter.needs_another")), slip)
	}
	return templ.Join(ui.Press(p, at+"/confirm", c.T("counter.confirm"), ""), ui.Press(p, at+"/refuse", c.T("counter.refuse"), ""), slip)
}

// personPage shows who acts for a person and writes down a further consent.
func (s *Service) personPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	ctx, q := c.Context(), s.journal.DB
	acc, err := s.person(ctx, q, c.Actor, c.Path("id"))
	if err != nil {
		return nil, err
	}
	p := s.bench(c, acc.PublicName)
	p.Back = ui.Link{Label: c.T("counter.title"), URL: "/staff/counter"}
	sum, form := ui.Sheet{Kind: "counter", ID: "consent", Action: "/staff/counter/" + acc.ID, Button: c.T("counter.record"), Fields: consentFields, Sent: sent}.Draw(p)
	list, err := of(ctx, q, acc.ID)
	if err != nil {
		return nil, err
	}
	parts := []templ.Component{sum, ui.Heading(p.Title, s.places.Name(acc.Home))}
	if !acc.HasChannel {
		parts = append(parts, ui.With(ui.Inset(), ui.Paragraph(c.T("counter.by_call"))))
	}
	var rows []templ.Component
	for _, k := range list {
		if k.Elder != acc.ID {
			continue
		}
		words, err := s.line(c, p, k)
		if err != nil {
			return nil, err
		}
		if still, err := s.holds(ctx, q, k, c.Now()); err != nil {
			return nil, err
		} else if k.State == Done && !still {
			k.State = Ended
		}
		act := templ.Component(ui.Paragraph(c.T("counter.state." + k.State)))
		switch k.State {
		case Waiting:
			act = s.second(c, p, k)
		case Done:
			act = templ.Join(ui.Press(p, "/staff/counter/consents/"+k.ID+"/end", c.T("counter.end"), ""),
				ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("counter.slip"), URL: "/staff/counter/consents/" + k.ID + "/slip"}, true)))
		}
		rows = append(rows, ui.Line(words, act))
	}
	if len(rows) == 0 {
		rows = append(rows, ui.Paragraph(c.T("counter.nobody")))
	}
	parts = append(parts, ui.With(ui.Block(c.T("counter.acting"), ui.Link{}), rows...),
		ui.With(ui.Block(c.T("counter.consent"), ui.Link{}), ui.Paragraph(c.T("counter.consent_text")), form))
	return ui.Bench(p, parts...), nil
}

// act runs fn as the caller and shows the form again with its fault.
func (s *Service) act(c *web.Call, fn func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error), form func(*ui.Sent) (templ.Component, error)) (any, error) {
	out, err := s.members.Act(c, fn)
	if err == nil || !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Denied) {
		return out, err
	}
	page, perr := form(ui.Back(c, "", err))
	if perr != nil {
		return nil, errors.Join(perr, err)
	}
	return page, err
}

func (s *Service) registerElder(c *web.Call) (any, error) {
	return s.act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, _ int64) (string, error) {
		if len(communities(a)) == 0 {
			return "", fault.Absent()
		}
		in, err := c.Body(elderFields)
		if err != nil {
			return "", err
		}
		elder, err := s.register(ctx, tx, a, in)
		return "/staff/counter/" + elder + "?done=registered", err
	}, func(sent *ui.Sent) (templ.Component, error) { return s.page(c, sent) })
}

func (s *Service) recordConsent(c *web.Call) (any, error) {
	return s.act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		elder, err := s.person(ctx, tx, a, c.Path("id"))
		if err != nil {
			return "", err
		}
		in, err := c.Body(consentFields)
		if err != nil {
			return "", err
		}
		k, err := s.record(ctx, tx, a, elder, in, now)
		done := "recorded"
		if k.State == Done {
			done = "confirmed"
		}
		return "/staff/counter/" + elder.ID + "?done=" + done, err
	}, func(sent *ui.Sent) (templ.Component, error) { return s.personPage(c, sent) })
}

func (s *Service) answer(c *web.Call, yes bool) (any, error) {
	return s.press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		_, err := s.decide(ctx, tx, a, c.Path("id"), yes, now)
		if yes {
			return "/staff/counter?done=confirmed", err
		}
		return "/staff/counter?done=refused", err
	})
}

func (s *Service) takeBack(c *web.Call) (any, error) {
	return s.press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		k, err := s.end(ctx, tx, a, c.Path("id"), now)
		return "/staff/counter/" + k.Elder + "?done=ended", err
	})
}

func (s *Service) press(c *web.Call, fn func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error)) (any, error) {
	return s.act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		to, err := fn(ctx, tx, a, now)
		if err == nil {
			_, err = c.Body([]flow.Field{})
		}
		return to, err
	}, func(sent *ui.Sent) (templ.Component, error) { return s.page(c, sent) })
}

// slip is the consent on paper: to sign, and for the elder to keep.
func (s *Service) slip(c *web.Call) (any, error) {
	ctx, q := c.Context(), s.journal.DB
	k, ok, err := byID(ctx, q, c.Path("id"), "")
	if err == nil && (!ok || !c.Actor.StaffOf(k.Community)) {
		err = fault.Absent()
	}
	if err != nil {
		return nil, err
	}
	var who [2]member.Account
	for i, account := range []string{k.Elder, k.Guardian} {
		if who[i], err = s.members.ByID(ctx, q, account); err != nil {
			return nil, err
		}
	}
	name := func(a member.Account) string {
		if a.RealName != "" {
			s.members.Looked(c.Actor.ID, a.ID, "real_name", "", c.Now())
			return a.RealName
		}
		return a.PublicName
	}
	p := s.Page(c, c.T("counter.slip_title"), "")
	p.NoIndex, p.Back = true, ui.Link{Label: c.T("counter.title"), URL: "/staff/counter/" + k.Elder}
	return ui.With(ui.PrintLayout(p), ui.Heading(p.Title, s.places.Name(k.Community)), ui.With(ui.Prose(),
		ui.Paragraph(c.T("counter.slip_text", "elder", name(who[0]), "guardian", name(who[1]), "relation", c.T("member.how."+k.Relation))),
		ui.Paragraph(c.T("counter.slip_may")), ui.Paragraph(c.T("counter.slip_not")), ui.Paragraph(c.T("counter.slip_end", "phone", p.Community.Phone)),
		ui.Paragraph(c.T("counter.slip_sign"))), ui.Paragraph(text.Date(p.Lang, time.UnixMilli(k.AskedAt)))), nil
}
