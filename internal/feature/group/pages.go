package group

import (
	"context"
	"slices"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	when "linli/internal/ui/text"
)

// Categories of matters a group may be responsible for: those of wishes, and all.
var Categories = []string{Every, "政策宣传", "医疗健康", "家政清洁", "扶老护幼", "解难纾困", "文化体育", "矛盾调处", "治安巡逻", "环境设施", "其他"}

// open kinds may apply by themselves; the others are set up by staff.
var openKinds = []string{actor.Society, actor.Unit, actor.Club}

var (
	applyFields = []flow.Field{
		{Name: "name", Kind: flow.Text, Max: 60, Required: true}, {Name: "kind", Kind: flow.Enum, Values: openKinds, Required: true},
		{Name: "registered", Kind: flow.Text, Max: 60}, {Name: "about", Kind: flow.Long, Max: 2000, Required: true},
		{Name: "phone", Kind: flow.Text, Max: 30}, {Name: "letter", Kind: flow.Files, Max: 1},
	}
	editFields = []flow.Field{
		{Name: "name", Kind: flow.Text, Max: 60, Required: true}, {Name: "kind", Kind: flow.Enum, Values: Kinds, Required: true},
		{Name: "place", Kind: flow.Text, Max: 20, Required: true}, {Name: "registered", Kind: flow.Text, Max: 60},
		{Name: "about", Kind: flow.Long, Max: 2000}, {Name: "rules", Kind: flow.Long, Max: 5000}, {Name: "phone", Kind: flow.Text, Max: 30},
		{Name: "from", Kind: flow.Text, Max: 10}, {Name: "to", Kind: flow.Text, Max: 10},
	}
	verifyFields = []flow.Field{{Name: "to", Kind: flow.Text, Max: 10}}
	postFields   = []flow.Field{
		{Name: "account", Kind: flow.Text, Max: 60, Required: true}, {Name: "role", Kind: flow.Enum, Values: []string{actor.Member, actor.Agent}, Required: true},
		{Name: "post", Kind: flow.Text, Max: 20}, {Name: "to", Kind: flow.Text, Max: 10}, {Name: "letter", Kind: flow.Files, Max: 1},
	}
	dutyFields = []flow.Field{
		{Name: "group", Kind: flow.Ref, Required: true}, {Name: "category", Kind: flow.Enum, Values: Categories, Required: true},
		{Name: "place", Kind: flow.Text, Max: 20, Required: true}, {Name: "part", Kind: flow.Enum, Values: []string{Responsible, Supporting}, Required: true},
		{Name: "basis", Kind: flow.Text, Max: 200},
	}
	listFields = []flow.Field{{Name: "place", Kind: flow.Text, Max: 20}, {Name: "kind", Kind: flow.Enum, Values: Kinds}}
)

func (s *Service) pages() []web.Route {
	get := func(path, name string, do func(c *web.Call) (any, error)) web.Route {
		return web.Route{Method: "GET", Path: path, Name: name, SignedIn: true, Do: do}
	}
	post := func(path, name string, do func(c *web.Call) (any, error)) web.Route {
		return web.Route{Method: "POST", Path: path, Name: name, SignedIn: true, Do: do}
	}
	public := []string{"group", "member", "place"}
	return []web.Route{
		{Method: "GET", Path: "/groups", Name: "page-groups", Query: listFields, Public: public, Do: s.listPage},
		{Method: "GET", Path: "/groups/{id}", Name: "page-group", Public: public, Do: func(c *web.Call) (any, error) { return s.groupPage(c, nil) }},
		{Method: "GET", Path: "/responsibilities", Name: "page-responsibilities", Query: listFields[:1], Public: public, Do: s.dutiesPage},
		get("/groups/apply", "page-apply", func(c *web.Call) (any, error) { return s.applyPage(c, nil) }),
		post("/groups", "apply-group", s.apply),
		post("/groups/{id}/posts", "appoint", s.appoint),
		post("/groups/{id}/posts/{grant}/end", "dismiss", s.dismiss),
		get("/staff/groups", "page-staff-groups", func(c *web.Call) (any, error) { return s.staffPage(c, nil) }),
		post("/staff/groups", "create-group", s.create),
		get("/staff/groups/{id}", "page-edit-group", func(c *web.Call) (any, error) { return s.editPage(c, nil) }),
		post("/staff/groups/{id}", "change-group", s.change),
		post("/staff/groups/{id}/verify", "verify-group", s.verify),
		post("/staff/groups/{id}/refuse", "refuse-group", func(c *web.Call) (any, error) { return s.end(c, "refused") }),
		post("/staff/groups/{id}/end", "end-group", func(c *web.Call) (any, error) { return s.end(c, "ended") }),
		get("/staff/responsibilities", "page-staff-duties", func(c *web.Call) (any, error) { return s.staffDuties(c, nil) }),
		post("/staff/responsibilities", "add-duty", s.addDuty),
		post("/staff/responsibilities/{id}/end", "end-duty", s.closeDuty),
	}
}

func (s *Service) frame(c *web.Call, key, section string) ui.Page {
	p := s.Page(c, c.T(key), section)
	if done := c.R.URL.Query().Get("done"); c.Actor.Known() && p.Has("group.done."+done) {
		p.Flash = c.T("group.done." + done)
	}
	return p
}

// public reports whether anybody may read of the group.
func (g Group) public() bool { return g.State == "active" || g.State == "ended" }

func (s *Service) listPage(c *web.Call) (any, error) {
	p := s.frame(c, "group.list", ui.Services)
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	place := in.Text("place")
	if place == "" {
		place = p.Community.Code
	}
	kinds := []ui.Option{{Label: c.T("group.every_kind")}}
	for _, k := range Kinds {
		kinds = append(kinds, ui.Option{Value: k, Label: c.T("group.kind." + k)})
	}
	var cards []templ.Component
	for _, g := range s.At(place, in.Text("kind")) {
		cards = append(cards, ui.CardItem(p, ui.Card{Title: g.Name, URL: "/groups/" + g.ID, Text: g.About, Facts: []string{c.T("group.kind." + g.Kind), s.Names.Name(g.Place)}}))
	}
	parts := []templ.Component{
		ui.Heading(p.Title, c.T("group.list_lead", "place", s.Names.Name(place))),
		ui.FilterForm(p, ui.Filter{Action: "/groups", Fields: []ui.Field{{Name: "kind", Label: c.T("group.field.kind"), Type: ui.SelectField, Value: in.Text("kind"), Options: kinds}}}),
	}
	if len(cards) == 0 {
		parts = append(parts, ui.EmptyState(p, ui.Empty{Title: c.T("group.none"), Reason: c.T("group.none_why")}))
	} else {
		parts = append(parts, ui.With(ui.CardList(), cards...))
	}
	return ui.Whole(p, append(parts, ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("group.apply"), URL: "/groups/apply"}, true),
		ui.ButtonLink(p, ui.Link{Label: c.T("group.duties"), URL: "/responsibilities"}, true)))...), nil
}

// groupPage is a group's public face: what it is, its term and rules, who holds
// which post until when, what it answers for. Who runs it also appoints here.
func (s *Service) groupPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	ctx := c.Context()
	g, ok := s.Get(c.Path("id"))
	if !ok || !g.public() && !runs(c.Actor, g) {
		return nil, fault.Absent()
	}
	p := s.frame(c, "group.list", ui.Services)
	p.Title, p.Back = g.Name, ui.Link{Label: c.T("group.list"), URL: "/groups"}
	facts := []ui.Fact{{Label: c.T("group.field.kind"), Value: c.T("group.kind." + g.Kind)}, {Label: c.T("group.where"), Value: s.Names.Name(g.Place)}}
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, ui.Fact{Label: c.T(key), Value: value})
		}
	}
	add("group.field.registered", g.Registered)
	add("group.field.phone", g.Phone)
	add("group.term", term(c, p, g.FromAt, g.ToAt))
	if g.State != "active" {
		add("group.state", c.T("group.state."+g.State))
	}
	holders, err := s.Posts.In(ctx, s.journal.DB, g.ID)
	if err != nil {
		return nil, err
	}
	mine := runs(c.Actor, g)
	t := ui.Table{Caption: c.T("group.posts"), Columns: []ui.Column{{Label: c.T("group.field.post")}, {Label: c.T("group.who")}, {Label: c.T("group.term")}}}
	if mine {
		t.Columns = append(t.Columns, ui.Column{Label: c.T("group.act")})
	}
	for _, h := range holders {
		if h.Post == "" && !mine { // who merely belongs is nobody else's business
			continue
		}
		post := h.Post
		if post == "" {
			post = c.T("group.role." + h.Role)
		}
		row := ui.Row{Cells: []ui.Cell{{Text: post}, {Text: h.Name}, {Text: term(c, p, h.FromAt, h.ToAt)}}}
		if mine {
			row.Cells = append(row.Cells, ui.Cell{Body: ui.PressRow(p, "/groups/"+g.ID+"/posts/"+h.Grant+"/end", c.T("group.dismiss"), h.Name)})
		}
		t.Rows = append(t.Rows, row)
	}
	var summary templ.Component = ui.Nothing
	parts := []templ.Component{ui.Heading(g.Name, g.About), ui.FactList(facts)}
	if len(t.Rows) > 0 {
		parts = append(parts, ui.DataTable(p, t))
	}
	if g.Rules != "" {
		parts = append(parts, ui.With(ui.Block(c.T("group.field.rules"), ui.Link{}), ui.With(ui.Prose(), ui.Paragraph(g.Rules))))
	}
	var lines []templ.Component
	for _, d := range s.Duties("", c.Now()) {
		if d.Group == g.ID {
			lines = append(lines, ui.Paragraph(s.dutyWords(c, d)))
		}
	}
	if len(lines) > 0 {
		parts = append(parts, ui.With(ui.Block(c.T("group.duties"), ui.Link{Label: c.T("group.all_duties"), URL: "/responsibilities"}), ui.With(ui.Prose(), lines...)))
	}
	if mine {
		sum, form := ui.Sheet{Kind: "group", ID: "post", Action: "/groups/" + g.ID + "/posts", Button: c.T("group.appoint"), Fields: postFields, Sent: sent, Quiet: true, Files: true,
			Dress: map[string]ui.Field{"to": {Type: ui.DateField}, "letter": {Type: ui.FileField, Accept: "image/*,application/pdf"}}}.Draw(p)
		summary = sum
		parts = append(parts, ui.With(ui.Details(c.T("group.appoint")), ui.Paragraph(c.T("group.appoint_text")), form))
	}
	return ui.Whole(p, append([]templ.Component{summary}, parts...)...), nil
}

// runs reports whether an actor looks after a group: who acts for it, and the
// staff of its place.
func runs(a actor.Actor, g Group) bool { return a.ActsFor(g.ID) || staffOf(a, g.Place) }

func staffOf(a actor.Actor, place string) bool {
	return a.StaffReaching(place) || a.Has(actor.Admin, place)
}

func term(c *web.Call, p ui.Page, from, to int64) string {
	day := func(ms int64) string { return when.Date(p.Lang, time.UnixMilli(ms)) }
	switch {
	case from == 0 && to == 0:
		return ""
	case to == 0:
		return c.T("group.since", "from", day(from))
	case from == 0:
		return c.T("group.until", "to", day(to-1))
	}
	return c.T("group.from_to", "from", day(from), "to", day(to-1))
}

func (s *Service) dutyWords(c *web.Call, d Duty) string {
	words := c.T("group.duty_line", "place", s.Names.Name(d.Place), "category", category(c, d.Category), "part", c.T("group.part."+d.Part))
	if d.Basis != "" {
		words += c.T("group.duty_basis", "basis", d.Basis)
	}
	return words
}

func category(c *web.Call, name string) string {
	if name == Every {
		return c.T("group.category.*")
	}
	return c.T("group.category." + name)
}

// dutiesPage is the public 权责清单 of a place.
func (s *Service) dutiesPage(c *web.Call) (any, error) {
	p := s.frame(c, "group.duties", ui.Services)
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	place := in.Text("place")
	if place == "" {
		place = p.Community.Code
	}
	list := s.Duties(place, c.Now())
	parts := []templ.Component{ui.Heading(p.Title, c.T("group.duties_lead", "place", s.Names.Name(place)))}
	if len(list) == 0 {
		return ui.Whole(p, append(parts, ui.EmptyState(p, ui.Empty{Title: c.T("group.duties_none"), Reason: c.T("group.duties_none_why")}))...), nil
	}
	return ui.Whole(p, append(parts, ui.DataTable(p, s.dutyTable(c, list, nil)))...), nil
}

func (s *Service) dutyTable(c *web.Call, list []Duty, act func(d Duty) ui.Cell) ui.Table {
	t := ui.Table{Caption: c.T("group.duties"), Hidden: true, Columns: []ui.Column{{Label: c.T("group.field.category"), Short: true}, {Label: c.T("group.who")}, {Label: c.T("group.field.part"), Short: true}, {Label: c.T("group.where"), Short: true}, {Label: c.T("group.field.basis")}}}
	if act != nil {
		t.Columns = append(t.Columns, ui.Column{Label: c.T("group.act")})
	}
	for _, d := range list {
		basis := d.Basis
		if basis == "" {
			basis = "—"
		}
		row := ui.Row{Cells: []ui.Cell{{Text: category(c, d.Category)}, {Text: s.Name(d.Group), URL: "/groups/" + d.Group}, {Text: c.T("group.part." + d.Part)}, {Text: s.Names.Name(d.Place)}, {Text: basis}}}
		if act != nil {
			row.Cells = append(row.Cells, act(d))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// act runs a change in one write as the caller and goes where fn says.
func (s *Service) act(c *web.Call, fn func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error)) (any, error) {
	ctx := c.Context()
	var to web.Redirect
	err := s.journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Posts.Fresh(ctx, tx, c.Actor)
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

// press is act for a form of nothing but its button.
func (s *Service) press(c *web.Call, fn func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error)) (any, error) {
	return s.act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		to, err := fn(ctx, tx, a, now)
		if err == nil {
			_, err = c.Body(nil)
		}
		return to, err
	})
}

// again shows the form that came back with what there is to mend.
func again(c *web.Call, do string, out any, err error, page func(c *web.Call, sent *ui.Sent) (templ.Component, error)) (any, error) {
	if err == nil || !slices.Contains([]fault.Kind{fault.Malformed, fault.Denied, fault.Conflict, fault.Late, fault.Invalid}, fault.Of(err).Kind) {
		return out, err
	}
	body, perr := page(c, ui.Back(c, do, err))
	if perr != nil {
		return nil, perr
	}
	return body, err
}

// day reads a date; end takes the moment after its last second. 0 for none.
func day(in flow.Input, name string, end bool) (int64, error) {
	if in.Text(name) == "" {
		return 0, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, in.Text(name), clock.China)
	if err != nil {
		return 0, fault.Field1(name, "group.bad_day")
	}
	if end {
		t = t.AddDate(0, 0, 1)
	}
	return t.UnixMilli(), nil
}

func (s *Service) applyPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	p := s.frame(c, "group.apply", ui.Services)
	p.Back = ui.Link{Label: c.T("group.list"), URL: "/groups"}
	sum, form := ui.Sheet{Kind: "group", Action: "/groups", Button: c.T("group.send", "place", p.Community.Name), Fields: applyFields, Sent: sent, Files: true,
		Dress: map[string]ui.Field{"phone": {Type: ui.PhoneField}, "letter": {Type: ui.FileField, Accept: "image/*,application/pdf"}}}.Draw(p)
	return ui.Whole(p, sum, ui.Heading(p.Title, c.T("group.apply_lead")), form), nil
}

// apply files an organisation, which waits for staff to verify it; the
// applicant is its first 经办人, without effect until then.
func (s *Service) apply(c *web.Call) (any, error) {
	place := access.Up(s.Page(c, "", "").Community.Code, access.Community)
	out, err := s.act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		if a.Level < actor.V1 {
			return "", fault.New(fault.Denied, "group.confirm_phone")
		}
		in, err := c.Body(applyFields)
		if err != nil {
			return "", err
		}
		if place == "" {
			return "", fault.New(fault.Conflict, "group.choose_community")
		}
		g := Group{ID: id.New(), Kind: in.Text("kind"), Name: in.Text("name"), Place: place, Registered: in.Text("registered"), About: in.Text("about"), Phone: in.Text("phone"), State: "applied"}
		if err := s.Put(ctx, tx, a.ID, &g); err != nil {
			return "", err
		}
		letter, err := s.letter(ctx, tx, a, in, g.ID)
		if err != nil {
			return "", err
		}
		return "/groups/apply?done=applied", s.Posts.Appoint(ctx, tx, a.ID, g.ID, Holder{Account: a.ID, Role: actor.Agent, Post: c.T("group.role.agent"), Letter: letter})
	})
	return again(c, "", out, err, s.applyPage)
}

func (s *Service) letter(ctx context.Context, tx *db.Tx, a actor.Actor, in flow.Input, group string) (string, error) {
	ids := in.List("letter")
	if len(ids) == 0 {
		return "", nil
	}
	return ids[0], s.Files.Attach(ctx, tx, a, ids, "group", group)
}

// MaySee reports whether an actor may see a group's letters: who runs it.
func (s *Service) MaySee(_ context.Context, a actor.Actor, group string) (bool, error) {
	g, ok := s.Get(group)
	return ok && runs(a, g), nil
}

// appoint gives a post or membership. Who acts for the group is named by staff
// alone, with a letter and an end date.
func (s *Service) appoint(c *web.Call) (any, error) {
	out, err := s.act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		g, ok := s.Get(c.Path("id"))
		if !ok || !runs(a, g) {
			return "", fault.Absent()
		}
		in, err := c.Body(postFields)
		if err != nil {
			return "", err
		}
		role := in.Text("role")
		to, err := day(in, "to", true)
		if err != nil {
			return "", err
		}
		if to != 0 && to <= now {
			return "", fault.Field1("to", "group.past_day")
		}
		if role == actor.Agent {
			switch {
			case !staffOf(a, g.Place):
				return "", fault.Field1("role", "group.agent_by_staff")
			case to == 0:
				return "", fault.Field1("to", "group.agent_until")
			}
		}
		account, err := s.Posts.AccountOf(ctx, tx, in.Text("account"))
		if fault.Is(err, fault.NotFound) {
			return "", fault.Field1("account", "group.no_account")
		}
		if err != nil {
			return "", err
		}
		if role == actor.Agent && account == a.ID {
			return "", fault.Field1("account", "group.not_oneself")
		}
		letter, err := s.letter(ctx, tx, a, in, g.ID)
		if err != nil {
			return "", err
		}
		if err := s.Posts.Appoint(ctx, tx, a.ID, g.ID, Holder{Account: account, Role: role, Post: in.Text("post"), Letter: letter, ToAt: to}); err != nil {
			return "", err
		}
		return "/groups/" + g.ID + "?done=appointed", s.changed(ctx, tx, now, a.ID, g, "appoint")
	})
	return again(c, "", out, err, s.groupPage)
}

func (s *Service) dismiss(c *web.Call) (any, error) {
	return s.press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		g, ok := s.Get(c.Path("id"))
		if !ok || !runs(a, g) {
			return "", fault.Absent()
		}
		if err := s.Posts.Dismiss(ctx, tx, a.ID, g.ID, c.Path("grant")); err != nil {
			return "", err
		}
		return "/groups/" + g.ID + "?done=dismissed", s.changed(ctx, tx, now, a.ID, g, "dismiss")
	})
}
