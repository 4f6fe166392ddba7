package member

import (
	"context"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	when "linli/internal/ui/text"
)

// Documents are the kinds of paper seen at the counter; their numbers are
// never written down.
var Documents = []string{"id_card", "household_book", "property_deed", "lease", "known"}

// Fields of a person that staff see masked, and whole only with a reason.
var revealed = []string{"phone", "real_name", "dwelling"}

var (
	revealFields = []flow.Field{{Name: "field", Kind: flow.Enum, Values: revealed, Required: true}, {Name: "reason", Kind: flow.Text, Max: 200, Required: true}}
	checkFields  = []flow.Field{
		{Name: "level", Kind: flow.Enum, Values: []string{"2", "3"}, Required: true},
		{Name: "how", Kind: flow.Enum, Values: Documents, Required: true},
		text("real_name", 20, true), text("dwelling", 17, false),
	}
	searchFields = []flow.Field{text("q", 20, false)}
)

func (s *Service) staffRoutes() []web.Route {
	return append([]web.Route{
		{Method: "GET", Path: "/staff/people", Name: "page-people", SignedIn: true, Query: searchFields, Do: s.peoplePage},
		{Method: "GET", Path: "/staff/people/{id}", Name: "page-person", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.personPage(c, "", nil) }},
		{Method: "POST", Path: "/staff/people/{id}/reveal", Name: "reveal-field", SignedIn: true, Do: s.reveal},
		{Method: "POST", Path: "/staff/people/{id}/check", Name: "check-level", SignedIn: true, Do: s.checkLevel},
		{Method: "GET", Path: "/staff/checks", Name: "page-checks", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.checksPage(c, nil) }},
		{Method: "POST", Path: "/staff/checks/{id}/confirm", Name: "confirm-check", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.decide(c, true) }},
		{Method: "POST", Path: "/staff/checks/{id}/refuse", Name: "refuse-check", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.decide(c, false) }},
	}, s.roleRoutes()...)
}

// bench is the frame of a page of the workbench.
func (s *Service) bench(c *web.Call, key string) ui.Page {
	p := s.Page(c, c.T(key), "people")
	p.NoIndex = true
	if done := c.R.URL.Query().Get("done"); done != "" && p.Has("member.done."+done) {
		p.Flash = c.T("member.done." + done)
	}
	return p
}

// communities are those whose people the actor looks after: of exactly these,
// never of all below a street or district.
func communities(a actor.Actor) []string {
	var out []string
	for _, r := range a.Roles {
		if r.Name == actor.Staff && len(r.Place) == access.Community {
			out = append(out, r.Place)
		}
	}
	return out
}

// peoplePage finds people of one's own community by name. There is no list
// without a name, no saved search and no export: nobody is watched here.
func (s *Service) peoplePage(c *web.Call) (any, error) {
	mine := communities(c.Actor)
	if len(mine) == 0 {
		return s.notHere(c)
	}
	p := s.bench(c, "member.people")
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	parts := []templ.Component{head(p, c.T("member.people_lead", "place", s.places.Name(mine[0]))), ui.PeopleTabs(p, "people"),
		ui.FilterForm(p, ui.Filter{Action: "/staff/people", Fields: []ui.Field{{Name: "q", Label: c.T("member.people_name"), Value: in.Text("q"), MaxLen: 20}}})}
	name := in.Text("q")
	if name == "" {
		return ui.Bench(p, append(parts, ui.With(ui.Inset(), ui.Paragraph(c.T("member.people_hint"))))...), nil
	}
	t := ui.Table{Caption: c.T("member.people"), Hidden: true, Columns: []ui.Column{{Label: c.T("member.people_name")}, {Label: c.T("member.field.real_name")}, {Label: c.T("member.level")}}}
	for _, home := range mine {
		found, err := findPeople(c.Context(), s.journal.DB, home, name)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if f.RealName != "" {
				s.Looked(c.Actor.ID, f.ID, "real_name", "", c.Now())
			}
			t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: f.PublicName, URL: "/staff/people/" + f.ID}, {Text: orNone(c, maskName(f.RealName))},
				{Text: c.T("member.level." + actor.Level(f.Level).String())}}})
		}
	}
	if len(t.Rows) == 0 {
		return ui.Bench(p, append(parts, ui.EmptyState(p, ui.Empty{Title: c.T("member.people_none"), Reason: c.T("member.people_none_why")}))...), nil
	}
	return ui.Bench(p, append(parts, ui.DataTable(p, t))...), nil
}

// notHere is the page for who has a workbench but no people to look after, and
// absence for everybody else.
func (s *Service) notHere(c *web.Call) (any, error) {
	if !c.Actor.Holds(actor.Staff) && !c.Actor.Holds(actor.Admin) {
		return nil, fault.Absent()
	}
	p := s.bench(c, "member.people")
	return ui.Bench(p, head(p, ""), ui.PeopleTabs(p, "people"), ui.EmptyState(p, ui.Empty{Title: c.T("member.people_not_yours"), Reason: c.T("member.people_not_yours_why"),
		Next: ui.Link{Label: c.T("tab.roles"), URL: "/staff/roles"}})), nil
}

// person is an account the caller looks after, else absent.
func (s *Service) person(ctx context.Context, q db.Queryer, a actor.Actor, account string) (Account, error) {
	acc, err := s.Find(ctx, q, account)
	if err != nil {
		return acc, err
	}
	if acc.ID != account || acc.State != "active" || acc.Home == "" || !a.StaffOf(access.Up(acc.Home, access.Community)) {
		return acc, fault.Absent()
	}
	return acc, nil
}

// personPage shows one person masked; show names the field just revealed.
func (s *Service) personPage(c *web.Call, show string, sent *ui.Sent) (templ.Component, error) {
	ctx := c.Context()
	acc, err := s.person(ctx, s.journal.DB, c.Actor, c.Path("id"))
	if err != nil {
		return nil, err
	}
	p := s.bench(c, "member.person")
	p.Title = acc.PublicName
	p.Back = ui.Link{Label: c.T("member.people"), URL: "/staff/people"}
	values := map[string]string{"phone": Mask(acc.Phone), "real_name": maskName(acc.RealName), "dwelling": ""}
	if acc.Dwelling != "" {
		values["dwelling"] = c.T("member.on_record")
	}
	for f, v := range values {
		if v != "" && f != show {
			s.Looked(c.Actor.ID, acc.ID, f+"_masked", "", c.Now())
		}
	}
	switch show {
	case "phone":
		values[show] = acc.Phone
	case "real_name":
		values[show] = acc.RealName
	case "dwelling":
		values[show] = s.places.Name(acc.Dwelling)
	}
	facts := []ui.Fact{{Label: c.T("member.level"), Value: c.T("member.level." + acc.Level.String())}, {Label: c.T("member.home"), Value: s.places.Name(acc.Home)}}
	for _, f := range revealed {
		facts = append(facts, ui.Fact{Label: c.T("member.field." + f), Value: orNone(c, values[f])})
	}
	here := func(do string) *ui.Sent {
		if sent != nil && sent.Do == do {
			return sent
		}
		return nil
	}
	sum1, reveal := ui.Sheet{Kind: "member", ID: "reveal", Action: "/staff/people/" + acc.ID + "/reveal", Button: c.T("member.button.reveal"), Fields: revealFields, Sent: here("reveal"), Quiet: true}.Draw(p)
	homes := s.places.Choices(acc.Home, "building", "unit")
	if len(homes) > 0 {
		homes = append([]ui.Option{{Label: "—"}}, homes...)
	}
	sum2, check := ui.Sheet{Kind: "member", ID: "check", Action: "/staff/people/" + acc.ID + "/check", Button: c.T("member.button.check"), Fields: checkFields, Sent: here("check"), Quiet: true,
		Dress: map[string]ui.Field{"dwelling": ui.Choose("", homes)}}.Draw(p)
	open, err := openAsks(ctx, s.journal.DB, "level", acc.ID)
	if err != nil {
		return nil, err
	}
	parts := []templ.Component{sum1, sum2, head(p, ""), ui.With(ui.Inset(), ui.Paragraph(c.T("member.person_seen"))), ui.FactList(facts), ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("member.counter"), URL: "/staff/counter/" + acc.ID}, true)),
		ui.With(ui.Details(c.T("member.reveal")), ui.Paragraph(c.T("member.reveal_text")), reveal)}
	if len(open) > 0 {
		parts = append(parts, ui.With(ui.Notice(ui.Busy, c.T("member.check_waits")), ui.Paragraph(c.T("member.check_waits_text"))))
	} else {
		parts = append(parts, ui.With(ui.Details(c.T("member.check")), ui.Paragraph(c.T("member.check_text")), check))
	}
	return ui.Bench(p, parts...), nil
}

// reveal notes who looks at what and why, in one durable write, and only then
// shows the field.
func (s *Service) reveal(c *web.Call) (any, error) {
	ctx := c.Context()
	if _, err := s.person(ctx, s.journal.DB, c.Actor, c.Path("id")); err != nil {
		return nil, err
	}
	in, err := c.Body(revealFields)
	if err == nil {
		err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
			a, err := s.Fresh(ctx, tx, c.Actor)
			if err != nil {
				return err
			}
			acc, err := s.person(ctx, tx, a, c.Path("id"))
			if err != nil {
				return err
			}
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			return insertLookNow(ctx, tx, Look{Viewer: a.ID, Subject: acc.ID, Field: in.Text("field"), Reason: in.Text("reason"), At: now})
		})
	}
	if err != nil {
		return s.again(c, nil, err, func(sent *ui.Sent) (templ.Component, error) { sent.Do = "reveal"; return s.personPage(c, "", sent) })
	}
	return s.personPage(c, in.Text("field"), nil)
}

// checkLevel is the first of two staff at the counter: the document was seen.
func (s *Service) checkLevel(c *web.Call) (any, error) {
	out, err := s.Act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		acc, err := s.person(ctx, tx, a, c.Path("id"))
		if err != nil {
			return "", err
		}
		if acc.ID == a.ID {
			return "", fault.New(fault.Denied, "member.not_oneself")
		}
		open, err := openAsks(ctx, tx, "level", acc.ID)
		if err != nil {
			return "", err
		}
		if len(open) > 0 {
			return "", fault.New(fault.Conflict, "member.check_waits")
		}
		in, err := c.Body(checkFields)
		if err != nil {
			return "", err
		}
		ask := Asked{Level: int(in.Text("level")[0] - '0'), How: in.Text("how"), Dwelling: in.Text("dwelling")}
		if actor.Level(ask.Level) <= acc.Level {
			return "", fault.Field1("level", "member.level_already")
		}
		if ask.Level == 3 && (!access.Covers(acc.Home, ask.Dwelling) || !s.places.Known(ask.Dwelling) || len(ask.Dwelling) < 15) {
			return "", fault.Field1("dwelling", "member.no_dwelling")
		}
		if err := saveRealName(ctx, tx, acc.ID, in.Text("real_name")); err != nil {
			return "", err
		}
		r := Request{ID: id.New(), Kind: "level", Account: acc.ID, Place: access.Up(acc.Home, access.Community), Data: encodeAsked(ask), State: "open", AskedBy: a.ID, AskedAt: now}
		if err := insertAsk(ctx, tx, r); err != nil {
			return "", err
		}
		return "/staff/people/" + acc.ID + "?done=check", s.touch(ctx, tx, now, a.ID, acc.ID, "check")
	})
	return s.again(c, out, err, func(sent *ui.Sent) (templ.Component, error) { sent.Do = "check"; return s.personPage(c, "", sent) })
}

// checksPage lists what waits for a second person.
func (s *Service) checksPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	if !c.Actor.Holds(actor.Staff) && !c.Actor.Holds(actor.Admin) {
		return nil, fault.Absent()
	}
	ctx := c.Context()
	p := s.bench(c, "member.checks")
	parts := []templ.Component{head(p, c.T("member.checks_lead")), ui.PeopleTabs(p, "checks")}
	if sent != nil {
		parts = append([]templ.Component{ui.FaultSummary(p, sent.Fault)}, parts...)
	}
	list, err := s.waiting(ctx, c.Actor)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		who, err := s.PublicName(ctx, s.journal.DB, r.Account)
		if err != nil {
			return nil, err
		}
		first, err := s.PublicName(ctx, s.journal.DB, r.AskedBy)
		if err != nil {
			return nil, err
		}
		ask := r.Asked()
		words := c.T("member.check_line", "who", who, "level", c.T("member.level."+actor.Level(ask.Level).String()), "how", c.T("member.how."+ask.How))
		if r.Kind == "role" {
			words = c.T("member.role_line", "who", who, "role", c.T("member.role."+ask.Role), "place", s.where(r.Place, ask.Group))
		}
		words += c.T("member.asked_line", "who", first, "at", when.Moment(p.Lang, time.UnixMilli(r.AskedAt), p.Now))
		switch {
		case r.AskedBy == c.Actor.ID || r.Account == c.Actor.ID:
			parts = append(parts, ui.Line(words, ui.Paragraph(c.T("member.needs_another"))))
		default:
			parts = append(parts, ui.Line(words, templ.Join(ui.Press(p, "/staff/checks/"+r.ID+"/confirm", c.T("member.confirm"), who), ui.Press(p, "/staff/checks/"+r.ID+"/refuse", c.T("member.send_back"), who))))
		}
	}
	if len(list) == 0 {
		parts = append(parts, ui.EmptyState(p, ui.Empty{Title: c.T("member.checks_none"), Reason: c.T("member.checks_none_why")}))
	}
	return ui.Bench(p, parts...), nil
}

// waiting lists the requests an actor may decide, or has asked.
func (s *Service) waiting(ctx context.Context, a actor.Actor) ([]Request, error) {
	var out []Request
	seen := map[string]bool{}
	for _, role := range a.Roles {
		if role.Name != actor.Staff && role.Name != actor.Admin || role.Place == "" {
			continue
		}
		list, err := asksAt(ctx, s.journal.DB, role.Place)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if !seen[r.ID] && (mayDecide(a, r) || r.AskedBy == a.ID) {
				seen[r.ID] = true
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// mayDecide: a level by staff of the same community, a role by who may grant it.
func mayDecide(a actor.Actor, r Request) bool {
	if r.Kind == "level" {
		return a.StaffOf(r.Place)
	}
	return mayGrant(a, r.Asked().Role, r.Place)
}

// decide is the second person's word.
func (s *Service) decide(c *web.Call, yes bool) (any, error) {
	out, err := s.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		r, err := s.openAsk(ctx, tx, c.Path("id"))
		if err != nil {
			return "", err
		}
		if r.Kind == "guardian" || !mayDecide(a, r) {
			return "", fault.Absent()
		}
		if r.AskedBy == a.ID || r.Account == a.ID {
			return "", fault.New(fault.Denied, "member.needs_another")
		}
		if err := decideAsk(ctx, tx, r.ID, a.ID, yes, now); err != nil {
			return "", err
		}
		if !yes {
			return "/staff/checks?done=refused", s.touch(ctx, tx, now, a.ID, r.Account, "check_refused")
		}
		ask := r.Asked()
		if r.Kind == "role" {
			return "/staff/checks?done=confirmed", s.Give(ctx, tx, r.AskedBy, r.Account, Grant{Role: ask.Role, Place: r.Place, Group: ask.Group, Post: ask.Post, ToAt: ask.Until})
		}
		if err := saveLevel(ctx, tx, r.Account, ask.Level, r.Place, ask.Dwelling, ""); err != nil {
			return "", err
		}
		if err := s.consent(ctx, tx, r.Account, "level", r.Place, "counter", a.ID, now); err != nil {
			return "", err
		}
		return "/staff/checks?done=confirmed", s.touch(ctx, tx, now, a.ID, r.Account, "level")
	})
	return s.again(c, out, err, func(sent *ui.Sent) (templ.Component, error) { return s.checksPage(c, sent) })
}

// where names a place or a group.
func (s *Service) where(place, group string) string {
	if group != "" {
		return s.groups.Name(group)
	}
	return s.places.Name(place)
}

// maskName keeps the family name: 张*.
func maskName(name string) string {
	r := []rune(strings.TrimSpace(name))
	if len(r) == 0 {
		return ""
	}
	return string(r[0]) + "*"
}
