package project

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/ballot"
	"linli/internal/feature/place"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	words "linli/internal/ui/text"
)

var public = []string{"project", "poll", "member", "group", "place"}

// pages are the doors for people.
func (s *Service) pages() []web.Route {
	const one = "/projects/{id}"
	query := append([]flow.Field{listFields[0], {Name: "view", Kind: flow.Enum, Values: viewNames()}, listFields[2]}, web.Paging()...)
	routes := []web.Route{
		{Method: "GET", Path: "/projects", Name: "page-projects", Summary: "Livelihood projects", Query: query, Public: public, Do: s.listPage},
		{Method: "GET", Path: "/projects/new", Name: "page-new-project", Summary: "Propose a project", SignedIn: true, Do: s.newPage},
		{Method: "POST", Path: "/projects", Name: "page-create-project", Summary: "Propose a project", SignedIn: true,
			After: func(out any) string { return out.(JSON).URL + "?sent=1" }, Do: s.createPage},
		{Method: "GET", Path: one, Name: "page-project", Summary: "A project, from the first wish to the rating", Public: public,
			Do: func(c *web.Call) (any, error) { return s.projectPage(c, nil) }},
		{Method: "GET", Path: "/staff/projects", Name: "page-staff-projects", Summary: "Projects that wait for staff", SignedIn: true, Do: s.staffPage},
	}
	for _, do := range Life.Names() {
		routes = append(routes, web.Route{Method: "POST", Path: one + "/" + do, Name: "page-" + do + "-project", Summary: "Move: " + do, SignedIn: true,
			After: func(out any) string { return out.(JSON).URL + "#story" }, Do: func(c *web.Call) (any, error) { return s.movePage(c, do) }})
	}
	return routes
}

func (s *Service) frame(c *web.Call, title string) ui.Page {
	p := s.Page(c, title, ui.Projects)
	p.CSS = append(p.CSS, "project.css")
	return p
}

// views are the tabs of the list: where on the way a project is.
var views = []struct {
	Name   string
	States []flow.State
}{
	{"all", nil},
	{"talk", flow.In(Proposed, Returned, Study, Screened, Council, Summarised)},
	{"vote", flow.In(Polling, Notice, Panel)},
	{"build", flow.In(Selected, Building, Acceptance)},
	{"done", flow.In(Accepted, Done)},
}

func viewNames() []string {
	var out []string
	for _, v := range views {
		out = append(out, v.Name)
	}
	return out
}

type listView struct {
	ui.Page
	View, Place, Text string
	Cards             []ui.Card
	Next              string
}

func (s *Service) listPage(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	ask, err := web.PageOf(in)
	if err != nil {
		return nil, err
	}
	p := s.frame(c, c.T("project.list"))
	v := listView{Page: p, View: in.Text("view"), Place: in.Text("place"), Text: in.Text("q")}
	if v.View == "" {
		v.View = "all"
	}
	f := Filter{Place: v.Place}
	if f.Place == "" && len(p.Community.Code) >= 9 {
		f.Place = p.Community.Code[:9]
	}
	for _, w := range views {
		if w.Name == v.View {
			for _, st := range w.States {
				f.States = append(f.States, string(st))
			}
		}
	}
	var ps []*Project
	if v.Text != "" {
		f.Where, f.Args = s.Finder.Where("project", "p.id", v.Text)
	}
	if v.Text == "" || f.Where != "" {
		if ps, err = list(c.Context(), s.Journal.DB, c.Actor, f, ask, c.Now()); err != nil {
			return nil, err
		}
	}
	cut := page.Cut(ps, ask, func(p *Project) string { return p.ID })
	for _, o := range cut.Items {
		c.ShownUntil(o.DueAt)
		v.Cards = append(v.Cards, s.card(p, o))
	}
	if cut.Next != nil {
		v.Next = "/projects?" + url.Values{"view": {v.View}, "place": {v.Place}, "q": {v.Text}, "cursor": {*cut.Next}}.Encode()
	}
	return listPage(v), nil
}

func (s *Service) card(p ui.Page, o *Project) ui.Card {
	c := ui.Card{Title: o.Title, URL: "/projects/" + o.ID, Text: o.Body, Tag: tag(p, o.State), Facts: []string{s.Places.Name(o.Scope())}}
	if o.Cost > 0 {
		c.Facts = append(c.Facts, words.Money(max(o.Cost, o.Budget)))
	}
	switch {
	case o.Due > 0 && (o.State == Selected || o.State == Building):
		c.Due = p.T("project.built_by", "at", words.Date(p.Lang, matter.Time(o.Due)))
	case o.DueAt > 0 && o.State == Notice:
		c.Due = p.T("project.notice_until", "at", words.Date(p.Lang, matter.Time(o.DueAt)))
	}
	return c
}

func tag(p ui.Page, s flow.State) ui.Tag {
	t := ui.Tag{State: string(s), Label: p.T("project.state." + string(s)), Tone: ui.Busy}
	switch s {
	case Proposed, Returned, Notice, Acceptance:
		t.Tone = ui.Wait
	case Accepted, Done:
		t.Tone = ui.Good
	case Merged, Referred, Deferred:
		t.Tone = ui.Off
	}
	return t
}

// creation is the form of a proposal.
type creation struct {
	ui.Page
	Fields  []ui.Field
	Similar []ui.Card
	OpID    string
}

func (s *Service) newPage(c *web.Call) (any, error) {
	p := s.frame(c, c.T("project.propose"))
	p.Back = ui.Link{Label: c.T("project.list"), URL: "/projects"}
	q := c.R.URL.Query()
	sent := &ui.Sent{Values: url.Values{"place": {cmp.Or(place.Trim(q.Get("place")), p.Community.Code)}, "title": {q.Get("title")}}}
	return createPage(s.creation(p, sent)), nil
}

// creation asks few things: what and where; the rest can be completed later.
func (s *Service) creation(p ui.Page, sent *ui.Sent) creation {
	fields := slices.DeleteFunc(slices.Clone(createFields), func(f flow.Field) bool { return f.Name == "wish" || f.Name == "request" })
	v := creation{Page: p, Fields: ui.FieldsOf(p, "project", fields, sent), OpID: ui.NewOperation()}
	for i := range v.Fields {
		f := &v.Fields[i]
		switch f.Name {
		case "place":
			f.Type = ui.SelectField
			for _, n := range []int{12, 9} {
				if code := p.Community.Code; len(code) >= n {
					f.Options = append(f.Options, ui.Option{Value: code[:n], Label: s.Places.Name(code[:n])})
				}
			}
			if len(f.Options) == 0 {
				f.Options = []ui.Option{{Value: p.Community.Code, Label: p.Community.Name}}
			}
		case "cost":
			yuan(p, f)
		case "body":
			f.Rows = 5
		}
	}
	return v
}

// yuan lets people write an amount in yuan; the API's are 分.
func yuan(p ui.Page, f *ui.Field) {
	f.Type, f.Min, f.Max, f.Unit = ui.TextField, "", "", p.T("project.yuan")
	f.MaxLen = 20
}

// fen turns the amounts of a form into 分 before they are decoded, and keeps
// what was typed for showing it again.
func fen(form url.Values, names ...string) url.Values {
	typed := url.Values{}
	for k, v := range form {
		typed[k] = slices.Clone(v)
	}
	for _, name := range names {
		if v := form.Get(name); v != "" {
			if n, ok := ballot.Fen(v).(int64); ok {
				form.Set(name, strconv.FormatInt(n, 10))
			} else {
				form.Set(name, "?")
			}
		}
	}
	return typed
}

func amountFaults(f *fault.Error, names ...string) *fault.Error {
	for i, e := range f.Fields {
		if slices.Contains(names, e.Name) && e.Key == "fault.number" {
			f.Fields[i].Key = "project.fault.amount"
		}
	}
	return f
}

// createPage shows similar proposals first, once.
func (s *Service) createPage(c *web.Call) (any, error) {
	form := c.Form()
	p := s.frame(c, c.T("project.propose"))
	if form.Get("_seen") == "" && form.Get("title") != "" && s.Finder != nil {
		cards, err := s.similar(c, p, form.Get("place"), form.Get("title")+"\n"+form.Get("body"))
		if err != nil {
			return nil, err
		}
		if len(cards) > 0 {
			v := s.creation(p, &ui.Sent{Values: form})
			v.Similar = cards
			return createPage(v), nil
		}
	}
	typed := fen(form, "cost")
	out, err := s.create(c.Context(), c)
	if err == nil || !mendable(err) {
		return out, err
	}
	return createPage(s.creation(p, &ui.Sent{Values: typed, Fault: amountFaults(fault.Of(err), "cost")})), err
}

func (s *Service) similar(c *web.Call, p ui.Page, place, text string) ([]ui.Card, error) {
	ids, err := s.Finder.Similar(c.Context(), s.Journal.DB, "project", place, text, 3)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	ps, err := list(c.Context(), s.Journal.DB, c.Actor, Filter{IDs: ids}, page.Ask{Limit: 3}, c.Now())
	if err != nil {
		return nil, err
	}
	var out []ui.Card
	for _, o := range ps {
		out = append(out, s.card(p, o))
	}
	return out, nil
}

func mendable(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) || fault.Is(err, fault.Malformed)
}

// viewed is what the page of a project shows.
type viewed struct {
	ui.Page
	P       *Project
	J       JSON
	Moves   []ui.Action
	Story   []ui.Entry
	Poll    *ballot.Outcome
	WishURL string
	Message string // what stood in the way of a move
}

func (s *Service) projectPage(c *web.Call, sent *ui.Sent) (any, error) {
	o, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	c.ShownUntil(o.DueAt)
	ctx, q := c.Context(), s.Journal.DB
	v := viewed{Page: s.frame(c, o.Title), P: o}
	v.Back = ui.Link{Label: c.T("project.list"), URL: "/projects"}
	if c.R.URL.Query().Get("sent") != "" {
		v.Flash = c.T("project.sent", "number", o.Number())
	}
	if v.J, err = s.json(ctx, q, o, matter.ViewOf(c)); err != nil {
		return nil, err
	}
	if o.Poll != "" {
		out, err := s.Ballots.OutcomeOf(ctx, q, o.Poll)
		if err != nil {
			return nil, err
		}
		c.ShownUntil(out.Closes)
		v.Poll = &out
	}
	if o.Wish != "" && s.Wishes != nil {
		if sees, err := s.Wishes.MaySee(ctx, c.Actor, o.Wish); err != nil {
			return nil, err
		} else if sees {
			v.WishURL = "/wishes/" + o.Wish
		}
	}
	if v.Story, err = s.story(c, o, v.Page); err != nil {
		return nil, err
	}
	v.Moves = ui.Moves(v.Page, "project", "/projects/"+o.ID, o.Version, Life.Actions(o, c.Actor, c.Now()), sent)
	for i := range v.Moves {
		if err := s.dress(c, v, &v.Moves[i]); err != nil {
			return nil, err
		}
	}
	if sent != nil && sent.Fault != nil && len(sent.Fault.Fields) == 0 {
		v.Message = c.TextOf(sent.Fault.Key, sent.Fault.Args)
	}
	return projectPage(v), nil
}

// money are the fields of moves that people fill in yuan.
var money = []string{"cost", "budget", "amount"}

// dress turns references and amounts of a move's form into what people can choose and write.
func (s *Service) dress(c *web.Call, v viewed, a *ui.Action) error {
	choose := func(f *ui.Field, options []ui.Option) {
		if !f.Required {
			options = append([]ui.Option{{Label: c.T("project.none_chosen")}}, options...)
		}
		f.Type, f.Options = ui.SelectField, options
	}
	for i := range a.Fields {
		f := &a.Fields[i]
		switch {
		case slices.Contains(money, f.Name):
			yuan(v.Page, f)
		case f.Name == "quotes" || f.Name == "receipts": // as papers, too
			f.Accept = "image/*,application/pdf"
		case f.Name == "ok":
			f.Type, f.Options = ui.RadioField, []ui.Option{{Value: "true", Label: c.T("project.ok." + a.Do + ".true")}, {Value: "false", Label: c.T("project.ok." + a.Do + ".false")}}
		case f.Name == "voice":
			var options []ui.Option
			for _, w := range v.P.of(Suggest, Worry, Object) {
				if w.Answer == "" && (w.Kind == Object) == (v.P.State == Notice) {
					options = append(options, ui.Option{Value: w.ID, Label: c.T("project.voice."+w.Kind) + "：" + shorten(w.Body, 40)})
				}
			}
			choose(f, options)
		case f.Name == "spending":
			var options []ui.Option
			for _, w := range v.P.Spending {
				if w.Signed == "" && w.Keyed != c.Actor.ID {
					options = append(options, ui.Option{Value: w.ID, Label: words.Money(w.Amount) + " " + w.What})
				}
			}
			choose(f, options)
		case f.Name == "milestone":
			var options []ui.Option
			for _, m := range v.P.Milestones {
				if m.DoneAt == 0 {
					options = append(options, ui.Option{Value: strconv.Itoa(m.N), Label: m.Title})
				}
			}
			choose(f, options)
		case f.Name == "milestones":
			f.Type, f.Rows, f.MaxLen, f.Hint = ui.AreaField, 4, 0, c.T("project.one_a_line") // Max counts lines
			f.Value = strings.Join(f.Values, "\n")
		case f.Name == "experts":
			es, err := s.Members.ExpertsAround(c.Context(), s.Journal.DB, v.P.Place, c.Now())
			if err != nil {
				return err
			}
			f.Type = ui.ChecksField
			for _, e := range es {
				f.Options = append(f.Options, ui.Option{Value: e.ID, Label: e.Name, Hint: e.Post})
			}
		case f.Name == "into":
			ps, err := list(c.Context(), s.Journal.DB, c.Actor, Filter{Place: v.P.Scope(), States: []string{string(Proposed), string(Study), string(Screened), string(Council), string(Summarised)}}, page.Ask{Limit: 50}, c.Now())
			if err != nil {
				return err
			}
			var options []ui.Option
			for _, o := range ps {
				if o.ID != v.P.ID {
					options = append(options, ui.Option{Value: o.ID, Label: o.Title})
				}
			}
			choose(f, options)
		case f.Name == "poll":
			ps, err := s.Ballots.Kind.List(c.Context(), s.Journal.DB, matter.ViewOf(c), flow.Input{"place": v.P.Scope(), "state": string(ballot.Draft)}, page.Ask{Limit: 50})
			if err != nil {
				return err
			}
			var options []ui.Option
			for _, o := range ps {
				options = append(options, ui.Option{Value: o.ID, Label: o.Question})
			}
			choose(f, options)
		}
	}
	return nil
}

func (s *Service) movePage(c *web.Call, do string) (any, error) {
	form := c.Form()
	typed := fen(form, money...)
	if lines, ok := form["milestones"]; ok { // one a line
		var each []string
		for line := range strings.SplitSeq(strings.Join(lines, "\n"), "\n") {
			if line = strings.TrimSpace(line); line != "" {
				each = append(each, line)
			}
		}
		form["milestones"] = each
	}
	if es, ok := form["experts"]; ok && len(es) == 1 {
		form["experts"] = []string{es[0]}
	}
	out, err := s.Kind.Move(c, do)
	if err == nil || !mendable(err) {
		return out, err
	}
	again, verr := s.projectPage(c, &ui.Sent{Do: do, Values: typed, Fault: amountFaults(fault.Of(err), money...)})
	if verr != nil {
		return nil, err
	}
	return again, err
}

// story tells the whole way, newest first: the wish it grew from as far as
// everybody may read it, the project, and its poll.
func (s *Service) story(c *web.Call, o *Project, p ui.Page) ([]ui.Entry, error) {
	var out []ui.Entry
	for _, part := range []struct{ kind, id string }{{"wish", o.Wish}, {"project", o.ID}, {"poll", o.Poll}} {
		if part.id == "" {
			continue
		}
		told, err := s.Journal.Timeline(c.Context(), s.Journal.DB, part.id)
		if err != nil {
			return nil, err
		}
		for _, e := range told {
			if part.kind != "project" && e.Audience != event.Public || e.Audience == event.Staff && !c.Actor.StaffReaching(o.Place) {
				continue
			}
			who, err := s.Members.Label(c.Context(), s.Journal.DB, e.Event, c.T)
			if err != nil {
				return nil, err
			}
			w := e.Texts()
			n := ui.Entry{At: matter.Time(e.At), Who: who, Title: p.T("project.did." + part.kind + "." + e.Do)}
			if part.kind == "wish" {
				n.Title = p.T("project.did.wish", "do", p.T("wish.do."+e.Do))
			}
			for _, name := range []string{"note", "reason", "text"} {
				if n.Note == "" {
					n.Note = w[name]
				}
			}
			switch e.ToState {
			case string(Selected), string(Accepted), string(Done):
				n.Tone = ui.Good
			}
			if e.Do == "remind" || e.Do == "delay" {
				n.Tone = ui.Warn
			}
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, func(a, b ui.Entry) int { return a.At.Compare(b.At) })
	slices.Reverse(out)
	return out, nil
}
