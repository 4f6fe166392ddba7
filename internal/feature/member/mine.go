package member

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	when "linli/internal/ui/text"
)

// Consent is one thing a person agreed to 授权; ended when EndedAt is set.
type Consent struct {
	ID      string `db:"id" json:"id"`
	Account string `db:"account" json:"-"`
	Purpose string `db:"purpose" json:"purpose"` // "guardian", "volunteer", "level"
	Party   string `db:"party" json:"party"`     // account or group it was given to
	How     string `db:"how" json:"how"`
	By      string `db:"by_whom" json:"by"`
	GivenAt int64  `db:"given_at" json:"given_at"`
	EndedAt int64  `db:"ended_at" json:"ended_at"`
}

func (s *Service) mineRoutes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/me/looks", Name: "page-looks", SignedIn: true, Query: []flow.Field{{Name: "before", Kind: flow.Int, Max: 1 << 62}}, Do: s.looksPage},
		{Method: "GET", Path: "/me/consents", Name: "page-consents", SignedIn: true, Do: s.consentsPage},
		{Method: "POST", Path: "/me/consents/{id}/end", Name: "end-consent", SignedIn: true, Do: s.endConsent},
		{Method: "GET", Path: "/me/level", Name: "page-level", SignedIn: true, Do: s.levelPage},
		{Method: "GET", Path: "/me/profile", Name: "page-profile", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.profilePage(c, nil) }},
		{Method: "POST", Path: "/me/profile", Name: "change-profile", SignedIn: true, Do: s.changeProfile},
		{Method: "GET", Path: "/me/volunteer", Name: "page-volunteer", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.volunteerPage(c, nil) }},
		{Method: "POST", Path: "/me/volunteer", Name: "become-volunteer", SignedIn: true, Do: s.becomeVolunteer},
		{Method: "POST", Path: "/me/volunteer/end", Name: "end-volunteer", SignedIn: true, Do: s.endVolunteer},
		{Method: "GET", Path: "/me/data", Name: "page-data", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.dataPage(c, nil) }},
		{Method: "GET", Path: "/me/data.zip", Name: "export-me", SignedIn: true, Do: s.exportMe},
		{Method: "POST", Path: "/me/erase", Name: "erase-me", SignedIn: true, Do: s.eraseMe},
	}
}

// looksShown is how many lines of who-looked one page has.
const looksShown = 50

// looksPage is 谁看过我: who looked at which field, for which matter, when and why.
func (s *Service) looksPage(c *web.Call) (any, error) {
	ctx := c.Context()
	p := s.page(c, "member.looks")
	before, _ := strconv.ParseInt(c.R.URL.Query().Get("before"), 10, 64)
	list, err := s.LooksAt(ctx, s.journal.DB, c.Actor.ID, max(0, before), looksShown)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return ui.Whole(p, head(p, c.T("member.looks_lead")), ui.EmptyState(p, ui.Empty{Title: c.T("member.looks_none"), Reason: c.T("member.looks_none_why")})), nil
	}
	t := ui.Table{Caption: c.T("member.looks"), Hidden: true, Columns: []ui.Column{
		{Label: c.T("member.looks_who")}, {Label: c.T("member.looks_what")}, {Label: c.T("member.looks_why")}, {Label: c.T("member.looks_when")},
	}}
	for _, l := range list {
		who, err := s.Label(ctx, s.journal.DB, event.Event{Actor: l.Viewer}, c.T)
		if err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: who}, {Text: c.T("member.personal." + l.Field)}, lookedFor(c, l), {Text: when.Moment(p.Lang, time.UnixMilli(l.At), p.Now)},
		}})
	}
	next := ""
	if len(list) == looksShown {
		next = "/me/looks?before=" + strconv.FormatInt(list[len(list)-1].Seq, 10)
	}
	return ui.Whole(p, head(p, c.T("member.looks_lead")), ui.DataTable(p, t), ui.Pager(p, next)), nil
}

// lookedFor is the matter looked at, as a link, or the reason that was given.
func lookedFor(c *web.Call, l Look) ui.Cell {
	if kind, subject, ok := strings.Cut(l.Matter, ":"); ok {
		return ui.Cell{Text: c.T("member.looks_matter." + kind), URL: "/" + kind + "es/" + subject}
	}
	if l.Reason != "" {
		return ui.Cell{Text: l.Reason}
	}
	return ui.Cell{Text: c.T("member.looks_service")}
}

func (s *Service) consentsPage(c *web.Call) (any, error) {
	ctx := c.Context()
	p := s.page(c, "member.consents")
	list, err := consentsOf(ctx, s.journal.DB, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	parts := []templ.Component{head(p, c.T("member.consents_lead"))}
	if len(list) == 0 {
		parts = append(parts, ui.EmptyState(p, ui.Empty{Title: c.T("member.consents_none"), Reason: c.T("member.consents_none_why")}))
	}
	for _, k := range list {
		party, err := s.partyName(ctx, k.Party)
		if err != nil {
			return nil, err
		}
		words := c.T("member.consent."+k.Purpose, "party", party) + c.T("member.consent_when", "day", when.Date(p.Lang, time.UnixMilli(k.GivenAt)), "how", c.T("member.how."+k.How))
		act := ui.Press(p, "/me/consents/"+k.ID+"/end", c.T("member.consent_end"), party)
		if k.EndedAt != 0 {
			words += c.T("member.consent_ended", "day", when.Date(p.Lang, time.UnixMilli(k.EndedAt)))
			act = ui.Nothing
		}
		parts = append(parts, ui.Line(words, act))
	}
	return ui.Whole(p, parts...), nil
}

func (s *Service) partyName(ctx context.Context, party string) (string, error) {
	if party == "" {
		return "", nil
	}
	if name := s.groups.Name(party); name != "" {
		return name, nil
	}
	if s.places.Known(party) {
		return s.places.Name(party), nil
	}
	return s.PublicName(ctx, s.journal.DB, party)
}

// endConsent takes a consent back; what leaned on it ends at once.
func (s *Service) endConsent(c *web.Call) (any, error) {
	return s.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		k, ok, err := endConsent(ctx, tx, a.ID, c.Path("id"), now)
		if err != nil {
			return "", err
		}
		if !ok {
			return "", fault.Absent()
		}
		switch k.Purpose {
		case "guardian":
			if err := endGuard(ctx, tx, k.Party, a.ID, now); err != nil {
				return "", err
			}
		case "volunteer":
			if err := endGrant(ctx, tx, a.ID, actor.Volunteer, now); err != nil {
				return "", err
			}
		}
		return "/me/consents?done=consent_ended", s.touch(ctx, tx, now, a.ID, a.ID, "consent_end")
	})
}

func (s *Service) consent(ctx context.Context, tx *db.Tx, account, purpose, party, how, by string, now int64) error {
	return insertConsent(ctx, tx, Consent{ID: id.New(), Account: account, Purpose: purpose, Party: party, How: how, By: by, GivenAt: now})
}

func (s *Service) levelPage(c *web.Call) (any, error) {
	p := s.page(c, "member.level")
	open, err := openAsks(c.Context(), s.journal.DB, "level", c.Actor.ID)
	if err != nil {
		return nil, err
	}
	var steps []ui.Step
	for _, l := range []actor.Level{actor.V1, actor.V2, actor.V3} {
		st := ui.Step{Label: c.T("member.level." + l.String()), State: ui.StepAhead}
		if c.Actor.Level >= l {
			st.State = ui.StepDone
		}
		if c.Actor.Level == l && l != actor.V3 {
			st.State = ui.StepHere
		}
		steps = append(steps, st)
	}
	parts := []templ.Component{head(p, c.T("member.level_lead")), ui.Stepper(p, steps)}
	if len(open) > 0 {
		parts = append(parts, ui.With(ui.Notice(ui.Busy, c.T("member.level_waits")), ui.Paragraph(c.T("member.level_waits_text"))))
	}
	if c.Actor.Level == actor.V3 {
		return ui.Whole(p, append(parts, ui.With(ui.Prose(), ui.Paragraph(c.T("member.level_whole")), ui.Paragraph(c.T("member.level_what"))))...), nil
	}
	phone := p.Community.Phone
	if phone == "" {
		phone = c.T("member.none")
	}
	parts = append(parts, ui.With(ui.Prose(), ui.Paragraph(c.T("member.level_how")), ui.Paragraph(c.T("member.level_what")), ui.Paragraph(c.T("member.level_call", "phone", phone))))
	return ui.Whole(p, parts...), nil
}

func (s *Service) profilePage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	p := s.page(c, "member.profile")
	a, err := byID(c.Context(), s.journal.DB, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	summary, form := ui.Sheet{
		Kind: "member", Action: "/me/profile", Button: c.T("member.save"), Fields: profileFields, Sent: sent,
		Dress: map[string]ui.Field{"public_name": {Value: a.PublicName, Complete: "nickname"}},
	}.Draw(p)
	home := a.Home
	if home != "" {
		home = s.places.Name(home)
	}
	facts := ui.FactList([]ui.Fact{
		{Label: c.T("member.field.name"), Value: a.Name}, {Label: c.T("member.level"), Value: c.T("member.level." + a.Level.String())},
		{Label: c.T("member.home"), Value: orNone(c, home)},
	})
	return ui.Whole(p, summary, head(p, c.T("member.profile_lead")), form, facts), nil
}

func (s *Service) changeProfile(c *web.Call) (any, error) {
	out, err := s.Act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		in, err := c.Body(profileFields)
		if err != nil {
			return "", err
		}
		if err := savePublicName(ctx, tx, a.ID, in.Text("public_name")); err != nil {
			return "", err
		}
		return "/me/profile?done=saved", s.touch(ctx, tx, now, a.ID, a.ID, "profile")
	})
	return s.again(c, out, err, func(sent *ui.Sent) (templ.Component, error) { return s.profilePage(c, sent) })
}

// again answers a form: where to go next, or the form with its fault.
func (s *Service) again(c *web.Call, out any, err error, form func(sent *ui.Sent) (templ.Component, error)) (any, error) {
	switch {
	case err == nil:
		return out, nil
	case fault.Of(err).Kind == fault.Internal, fault.Is(err, fault.NotFound), fault.Is(err, fault.SignIn), fault.Is(err, fault.Unavailable):
		return nil, err
	}
	page, perr := form(ui.Back(c, "", err))
	if perr != nil {
		return nil, perr
	}
	return page, err
}

func (s *Service) volunteerPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	p := s.page(c, "member.volunteer")
	parts := []templ.Component{head(p, c.T("member.volunteer_lead"))}
	if sent != nil {
		parts = append([]templ.Component{ui.FaultSummary(p, sent.Fault)}, parts...)
	}
	if c.Actor.Holds(actor.Volunteer) {
		parts = append(parts, ui.With(ui.Notice(ui.Good, c.T("member.volunteer_is")), ui.Paragraph(c.T("member.volunteer_is_text"))),
			ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("member.volunteer_wishes"), URL: "/wishes?state=open"}, false)),
			ui.Press(p, "/me/volunteer/end", c.T("member.volunteer_end"), ""))
		return ui.Whole(p, parts...), nil
	}
	parts = append(parts, ui.With(ui.Prose(), ui.Paragraph(c.T("member.volunteer_text")), ui.Paragraph(c.T("member.volunteer_promise"))),
		ui.Ask(p, ui.Asking{Form: ui.Form{Action: "/me/volunteer"}, Button: ui.Button{Label: c.T("member.volunteer_become"), Icon: "hand"}}))
	return ui.Whole(p, parts...), nil
}

// becomeVolunteer gives the role at once: one click, no approval.
func (s *Service) becomeVolunteer(c *web.Call) (any, error) {
	home := access.Up(s.Page(c, "", "").Community.Code, access.Community)
	out, err := s.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		if a.Home != "" {
			home = a.Home
		}
		if home == "" || !s.places.Known(home) {
			return "", fault.New(fault.Conflict, "member.choose_community")
		}
		if !a.Holds(actor.Volunteer) {
			if err := s.insertGrant(ctx, tx, a.ID, a.ID, Grant{Role: actor.Volunteer, Place: access.Up(home, access.Community)}, now); err != nil {
				return "", err
			}
			if err := s.consent(ctx, tx, a.ID, "volunteer", home, "self", a.ID, now); err != nil {
				return "", err
			}
		}
		return "/me/volunteer?done=volunteer", s.touch(ctx, tx, now, a.ID, a.ID, "role")
	})
	return s.again(c, out, err, func(sent *ui.Sent) (templ.Component, error) { return s.volunteerPage(c, sent) })
}

func (s *Service) endVolunteer(c *web.Call) (any, error) {
	return s.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		if err := endConsents(ctx, tx, a.ID, "volunteer", now); err != nil {
			return "", err
		}
		return "/me/volunteer?done=volunteer_end", s.End(ctx, tx, a.ID, a.ID, actor.Volunteer)
	})
}
