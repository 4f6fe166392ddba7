package group

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"

	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

func (s *Service) bench(c *web.Call, key string) ui.Page {
	p := s.frame(c, key, "people")
	p.NoIndex = true
	return p
}

// bases are the places whose groups an actor keeps in order.
func bases(a actor.Actor) []string {
	var out []string
	for _, r := range a.Roles {
		if (r.Name == actor.Staff || r.Name == actor.Admin) && r.Place != "" && !slices.Contains(out, r.Place) {
			out = append(out, r.Place)
		}
	}
	return out
}

// placeField chooses among the places whose groups an actor keeps in order.
func (s *Service) placeField(a actor.Actor) ui.Field {
	mine := bases(a)
	var places []ui.Option
	for _, code := range mine {
		places = append(places, s.Names.Choices(code, "district", "street", "community")...)
	}
	return ui.Choose(mine[0], places)
}

// Applied lists organisations at or below a place that wait to be verified,
// oldest first.
func (s *Service) Applied(place string) []Group {
	var out []Group
	for _, g := range s.now().groups {
		if g.State == "applied" && strings.HasPrefix(g.Place, place) {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b Group) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (s *Service) staffPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	mine := bases(c.Actor)
	if len(mine) == 0 {
		return nil, fault.Absent()
	}
	p := s.bench(c, "group.staff")
	sum, form := ui.Sheet{Kind: "group", Action: "/staff/groups", Button: c.T("group.create"), Fields: editFields, Sent: sent, Quiet: true,
		Dress: map[string]ui.Field{"place": s.placeField(c.Actor), "kind": {Type: ui.SelectField}, "from": {Type: ui.DateField}, "to": {Type: ui.DateField}}}.Draw(p)
	parts := []templ.Component{sum, ui.Heading(p.Title, c.T("group.staff_lead")), ui.PeopleTabs(p, "groups")}
	var waits []templ.Component
	t := ui.Table{Caption: c.T("group.list"), Columns: []ui.Column{{Label: c.T("group.field.name")}, {Label: c.T("group.field.kind")}, {Label: c.T("group.where")}, {Label: c.T("group.term")}}}
	for _, place := range mine {
		for _, g := range s.Applied(place) {
			waits = append(waits, ui.CardItem(p, ui.Card{Title: g.Name, URL: "/staff/groups/" + g.ID, Text: g.About, Tag: ui.Tag{State: g.State, Label: c.T("group.state.applied"), Tone: ui.Wait}, Level: 3}))
		}
		for _, g := range s.At(place, "") {
			if row := (ui.Row{Cells: []ui.Cell{{Text: g.Name, URL: "/staff/groups/" + g.ID}, {Text: c.T("group.kind." + g.Kind)}, {Text: s.Names.Name(g.Place)}, {Text: orDash(term(c, p, g.FromAt, g.ToAt))}}}); len(t.Rows) < 500 {
				t.Rows = append(t.Rows, row)
			}
		}
	}
	if len(waits) > 0 {
		parts = append(parts, ui.With(ui.Block(c.T("group.waiting"), ui.Link{}), ui.With(ui.CardList(), waits...)))
	}
	return ui.Bench(p, append(parts, ui.DataTable(p, t), ui.With(ui.Details(c.T("group.create")), form))...), nil
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// kept is a group the caller keeps in order as staff, else absent.
func (s *Service) kept(a actor.Actor, group string) (Group, error) {
	g, ok := s.Get(group)
	if !ok || !staffOf(a, g.Place) {
		return g, fault.Absent()
	}
	return g, nil
}

func (s *Service) editPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	g, err := s.kept(c.Actor, c.Path("id"))
	if err != nil {
		return nil, err
	}
	p := s.bench(c, "group.staff")
	p.Title, p.Back = g.Name, ui.Link{Label: c.T("group.staff"), URL: "/staff/groups"}
	date := func(ms int64) string {
		if ms == 0 {
			return ""
		}
		return time.UnixMilli(ms).In(clock.China).Format(time.DateOnly)
	}
	last := g.ToAt
	if last != 0 {
		last--
	}
	holders, err := s.Posts.In(c.Context(), s.journal.DB, g.ID)
	if err != nil {
		return nil, err
	}
	facts := []ui.Fact{{Label: c.T("group.state"), Value: c.T("group.state." + g.State)}}
	for _, h := range holders {
		f := ui.Fact{Label: c.T("group.role." + h.Role), Value: h.Name}
		if h.Letter != "" {
			f.Body = ui.ButtonLink(p, ui.Link{Label: h.Name + " · " + c.T("group.field.letter"), URL: "/files/" + h.Letter}, true)
		}
		facts = append(facts, f)
	}
	var parts []templ.Component
	if g.State == "applied" {
		sum, form := ui.Sheet{Kind: "group", ID: "verify", Action: "/staff/groups/" + g.ID + "/verify", Button: c.T("group.verify"), Fields: verifyFields, Sent: of(sent, "verify"), Dress: map[string]ui.Field{"to": {Type: ui.DateField}}}.Draw(p)
		return ui.Bench(p, sum, ui.Heading(g.Name, g.About), ui.FactList(append(facts, ui.Fact{Label: c.T("group.field.registered"), Value: orDash(g.Registered)}, ui.Fact{Label: c.T("group.field.phone"), Value: orDash(g.Phone)})),
			ui.Paragraph(c.T("group.verify_text")), form, ui.Press(p, "/staff/groups/"+g.ID+"/refuse", c.T("group.send_back"), g.Name)), nil
	}
	sum, form := ui.Sheet{Kind: "group", ID: "edit", Action: "/staff/groups/" + g.ID, Button: c.T("group.save"), Fields: editFields, Sent: of(sent, "edit"), Version: g.Version,
		Dress: map[string]ui.Field{"name": {Value: g.Name}, "kind": {Type: ui.SelectField, Value: g.Kind}, "place": {Value: g.Place}, "registered": {Value: g.Registered}, "about": {Value: g.About}, "rules": {Value: g.Rules},
			"phone": {Value: g.Phone}, "from": {Type: ui.DateField, Value: date(g.FromAt)}, "to": {Type: ui.DateField, Value: date(last)}}}.Draw(p)
	parts = append(parts, sum, ui.Heading(g.Name, g.About), ui.FactList(facts), ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("group.posts"), URL: "/groups/" + g.ID}, true)),
		ui.With(ui.Details(c.T("group.edit")), form))
	if g.State == "active" {
		parts = append(parts, ui.Press(p, "/staff/groups/"+g.ID+"/end", c.T("group.end"), g.Name))
	}
	return ui.Bench(p, parts...), nil
}

func of(sent *ui.Sent, do string) *ui.Sent {
	if sent != nil && sent.Do == do {
		return sent
	}
	return nil
}

// fill reads the fields of a group, for its creation and its change.
func (s *Service) fill(c *web.Call, a actor.Actor, g *Group) error {
	in, err := c.Body(editFields)
	if err != nil {
		return err
	}
	g.Name, g.Place, g.Registered, g.About, g.Rules, g.Phone = in.Text("name"), in.Text("place"), in.Text("registered"), in.Text("about"), in.Text("rules"), in.Text("phone")
	if g.ID == "" {
		g.Kind = in.Text("kind")
	} else if g.Kind != in.Text("kind") {
		return fault.Field1("kind", "group.kind_stays") // what it may do hangs on it
	}
	if !s.Names.Known(g.Place) || !staffOf(a, g.Place) {
		return fault.Field1("place", "group.no_place")
	}
	if g.FromAt, err = day(in, "from", false); err != nil {
		return err
	}
	if g.ToAt, err = day(in, "to", true); err != nil {
		return err
	}
	if g.ToAt != 0 && g.ToAt <= g.FromAt {
		return fault.Field1("to", "group.bad_day")
	}
	return nil
}

func (s *Service) create(c *web.Call) (any, error) {
	out, err := s.act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		if len(bases(a)) == 0 {
			return "", fault.Absent()
		}
		var g Group
		if err := s.fill(c, a, &g); err != nil {
			return "", err
		}
		if err := s.Put(ctx, tx, a.ID, &g); err != nil {
			return "", err
		}
		return "/staff/groups/" + g.ID + "?done=saved", nil
	})
	return again(c, "", out, err, s.staffPage)
}

func (s *Service) change(c *web.Call) (any, error) {
	out, err := s.act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		g, err := s.locked(ctx, tx, a, c.Path("id"))
		if err != nil {
			return "", err
		}
		if v, err := c.Version(); err != nil || v != 0 && v != g.Version {
			return "", fault.New(fault.Conflict, "fault.version")
		}
		if err := s.fill(c, a, &g); err != nil {
			return "", err
		}
		return "/staff/groups/" + g.ID + "?done=saved", s.Put(ctx, tx, a.ID, &g)
	})
	return again(c, "edit", out, err, s.editPage)
}

// locked reads a group for change, as staff.
func (s *Service) locked(ctx context.Context, tx *db.Tx, a actor.Actor, group string) (Group, error) {
	g, ok, err := lock(ctx, tx, group)
	if err == nil && (!ok || !staffOf(a, g.Place)) {
		err = fault.Absent()
	}
	return g, err
}

// verify lets an organisation act from now on: staff have seen its register
// entry and the letter of its 经办人.
func (s *Service) verify(c *web.Call) (any, error) {
	out, err := s.act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		g, err := s.locked(ctx, tx, a, c.Path("id"))
		if err != nil {
			return "", err
		}
		if g.State != "applied" {
			return "", fault.New(fault.Conflict, "fault.state")
		}
		if a.ActsFor(g.ID) || s.agent(ctx, tx, g.ID, a.ID) {
			return "", fault.New(fault.Denied, "group.not_oneself")
		}
		in, err := c.Body(verifyFields)
		if err != nil {
			return "", err
		}
		if g.ToAt, err = day(in, "to", true); err != nil {
			return "", err
		}
		if g.ToAt != 0 && g.ToAt <= now {
			return "", fault.Field1("to", "group.past_day")
		}
		g.State, g.FromAt = "active", now
		return "/staff/groups?done=verified", s.Put(ctx, tx, a.ID, &g)
	})
	return again(c, "verify", out, err, s.editPage)
}

// agent reports whether an account is named to act for a group, in force or not yet.
func (s *Service) agent(ctx context.Context, q db.Queryer, group, account string) bool {
	holders, err := s.Posts.In(ctx, q, group)
	return err != nil || slices.ContainsFunc(holders, func(h Holder) bool { return h.Account == account && h.Role == actor.Agent })
}

// end refuses an application or ends a group; its agents lose their say at once.
func (s *Service) end(c *web.Call, state string) (any, error) {
	return s.press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		g, err := s.locked(ctx, tx, a, c.Path("id"))
		if err != nil {
			return "", err
		}
		if state == "refused" && g.State != "applied" || state == "ended" && g.State != "active" {
			return "", fault.New(fault.Conflict, "fault.state")
		}
		g.State = state
		if state == "ended" {
			g.ToAt = now
		}
		return "/staff/groups?done=" + state, s.Put(ctx, tx, a.ID, &g)
	})
}

func (s *Service) staffDuties(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	mine := bases(c.Actor)
	if len(mine) == 0 {
		return nil, fault.Absent()
	}
	p := s.bench(c, "group.duties")
	var groups []ui.Option
	for _, g := range s.At("", "") {
		if staffOf(c.Actor, g.Place) || strings.HasPrefix(mine[0], g.Place) {
			groups = append(groups, ui.Option{Value: g.ID, Label: g.Name})
		}
	}
	sum, form := ui.Sheet{Kind: "group", ID: "duty", Action: "/staff/responsibilities", Button: c.T("group.duty_add"), Fields: dutyFields, Sent: sent,
		Dress: map[string]ui.Field{"group": {Type: ui.SelectField, Options: groups}, "category": {Type: ui.SelectField}, "place": s.placeField(c.Actor)}}.Draw(p)
	parts := []templ.Component{sum, ui.Heading(p.Title, c.T("group.duties_staff")), ui.PeopleTabs(p, "duties")}
	if list := s.Duties(mine[0], c.Now()); len(list) > 0 {
		parts = append(parts, ui.DataTable(p, s.dutyTable(c, list, func(d Duty) ui.Cell {
			if !staffOf(c.Actor, d.Place) {
				return ui.Cell{Text: "—"}
			}
			return ui.Cell{Body: ui.PressRow(p, "/staff/responsibilities/"+d.ID+"/end", c.T("group.duty_end"), category(c, d.Category))}
		})))
	} else {
		parts = append(parts, ui.EmptyState(p, ui.Empty{Title: c.T("group.duties_none"), Reason: c.T("group.duties_none_why")}))
	}
	return ui.Bench(p, append(parts, ui.With(ui.Block(c.T("group.duty_add"), ui.Link{}), form))...), nil
}

func (s *Service) addDuty(c *web.Call) (any, error) {
	out, err := s.act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		if len(bases(a)) == 0 {
			return "", fault.Absent()
		}
		in, err := c.Body(dutyFields)
		if err != nil {
			return "", err
		}
		if place := in.Text("place"); !s.Names.Known(place) || !staffOf(a, place) {
			return "", fault.Field1("place", "group.no_place")
		}
		d := Duty{Group: in.Text("group"), Place: in.Text("place"), Category: in.Text("category"), Part: in.Text("part"), Basis: in.Text("basis")}
		return "/staff/responsibilities?done=saved", s.AddDuty(ctx, tx, a.ID, d)
	})
	return again(c, "", out, err, s.staffDuties)
}

func (s *Service) closeDuty(c *web.Call) (any, error) {
	return s.press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		i := slices.IndexFunc(s.now().duties, func(d Duty) bool { return d.ID == c.Path("id") })
		if i < 0 || !staffOf(a, s.now().duties[i].Place) {
			return "", fault.Absent()
		}
		return "/staff/responsibilities?done=saved", s.EndDuty(ctx, tx, a.ID, c.Path("id"))
	})
}
