package workbench

import (
	"net/url"
	"slices"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/core/qr"
	"linli/internal/feature/place"
	"linli/internal/feature/wish"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// viewFields narrow the list of matters; none of them names a person.
var viewFields = []flow.Field{
	{Name: "state", Kind: flow.Enum, Values: stateNames()},
	{Name: "category", Kind: flow.Enum, Values: wish.Categories},
	{Name: "place", Kind: flow.Text, Max: 20},
}

func stateNames() []string {
	var out []string
	for _, s := range wish.Life.States() {
		out = append(out, string(s))
	}
	return out
}

// batchMoves are what staff may do to many wishes at once. What asks for a
// judgement of each, such as a conversion, is not among them.
var batchMoves = []string{"approve", "return"}

// batchMost bounds one batch, as many as a page shows.
const batchMost = 100

// Routes are the doors of the desk, of the lists that staff work through, and the poster of a place.
func (s *Service) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/staff", Name: "page-staff", SignedIn: true, Do: s.staffPage},
		{Method: "GET", Path: "/staff/todo", Name: "page-todo", SignedIn: true, Query: todoFields, Do: s.todoPage},
		{Method: "GET", Path: "/staff/matters", Name: "page-matters", SignedIn: true, Query: append(viewFields, web.Paging()...), Do: s.mattersPage},
		{Method: "POST", Path: "/staff/matters", Name: "batch-matters", SignedIn: true, Do: s.batch},
		{Method: "POST", Path: "/staff/matters/views", Name: "keep-view", SignedIn: true, Do: s.keepView, After: func(out any) string { return out.(string) }},
		{Method: "GET", Path: "/staff/reports", Name: "page-reports", SignedIn: true, Do: s.reportsPage},
		{Method: "GET", Path: "/poster/{code}", Name: "page-poster", Public: []string{"place"}, Do: s.poster},
	}
}

// staffPlace is the place of a member of staff; others may not.
func staffPlace(a actor.Actor) (string, error) {
	for _, r := range a.Roles {
		if r.Name == actor.Staff && len(r.Place) >= access.District {
			return r.Place, nil
		}
	}
	return "", fault.New(fault.Denied, "transfer.staff_only")
}

func (s *Service) mattersPage(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	return s.matters(c, in, ui.Nothing)
}

// matters is the list of wishes as this member of staff sees them, with the
// views kept, a choice at each row and the moves for all that are chosen.
func (s *Service) matters(c *web.Call, in flow.Input, above templ.Component) (any, error) {
	at, err := staffPlace(c.Actor)
	if err != nil {
		return nil, err
	}
	where := place.Trim(in.Text("place"))
	if where == "" || !access.Covers(at, where) {
		where = at
	}
	ask, err := web.PageOf(in)
	if err != nil {
		return nil, err
	}
	ask.Limit = batchMost
	v := matter.ViewOf(c)
	list, err := s.Wishes.Kind.List(c.Context(), s.Journal.DB, v, flow.Input{"place": where, "state": in.Text("state"), "category": in.Text("category")}, ask)
	if err != nil {
		return nil, err
	}
	cut := page.Cut(list, ask, func(w *wish.Wish) string { return w.ID })
	p := s.Page(c, c.T("workbench.matters"), "matters")
	p.Back = ui.Link{Label: c.T("wish.staff"), URL: "/staff/wishes"}
	here := url.Values{"place": {where}, "state": {in.Text("state")}, "category": {in.Text("category")}}
	kept, err := s.keptViews(c.Context(), c.Actor.ID)
	if err != nil {
		return nil, err
	}
	tabs := []ui.Tab{{Label: c.T("workbench.all"), URL: "/staff/matters", Here: in.Text("state") == "" && in.Text("category") == ""}}
	for _, s := range []string{"review", "open", "disputed", "delivered"} {
		tabs = append(tabs, ui.Tab{Label: c.T("wish.state." + s), URL: "/staff/matters?state=" + s, Here: in.Text("state") == s && in.Text("category") == ""})
	}
	for _, k := range kept {
		tabs = append(tabs, ui.Tab{Label: k.Name, URL: "/staff/matters?" + k.query().Encode(), Here: k.query().Encode() == here.Encode()})
	}
	parts := []templ.Component{
		ui.Heading(c.T("workbench.matters"), ""), above, ui.Tabs(p, c.T("workbench.views"), tabs),
		ui.FilterForm(p, ui.Filter{Action: "/staff/matters", Clear: "/staff/matters", Fields: s.viewInputs(c, at, where, in)}),
	}
	if len(cut.Items) == 0 {
		return ui.Bench(p, append(parts, ui.EmptyState(p, ui.Empty{Title: c.T("workbench.none")}))...), nil
	}
	t := ui.Table{Caption: c.T("workbench.matters"), Hidden: true, Select: "wish", FormID: "batch", Columns: []ui.Column{
		{Label: c.T("workbench.title")}, {Label: c.T("workbench.state")}, {Label: c.T("workbench.place"), Short: true}, {Label: c.T("workbench.due"), Short: true},
	}}
	for _, w := range cut.Items {
		due := ui.Cell{Text: "—"}
		if w.DueAt != 0 {
			due.Text = text.Deadline(p.Lang, time.UnixMilli(w.DueAt), p.Now)
		}
		t.Rows = append(t.Rows, ui.Row{ID: w.ID, Cells: []ui.Cell{
			{Text: w.Title, URL: "/wishes/" + w.ID}, {Text: c.T("wish.state." + string(w.State))}, {Text: s.Places.Name(w.Place)}, due,
		}})
	}
	parts = append(parts, ui.DataTable(p, t), s.batchForm(c, p, nil, "", nil))
	if cut.Next != nil {
		here.Set("cursor", *cut.Next)
		parts = append(parts, ui.Pager(p, "/staff/matters?"+here.Encode()))
		here.Del("cursor")
	}
	parts = append(parts, ui.With(ui.Details(c.T("workbench.keep")), ui.Ask(p, ui.Asking{
		Form: ui.Form{ID: "keep", Action: "/staff/matters/views", Hidden: []ui.Option{
			{Label: "place", Value: where}, {Label: "state", Value: in.Text("state")}, {Label: "category", Value: in.Text("category")},
		}},
		Fields: []ui.Field{{Name: "name", Label: c.T("workbench.keep_name"), MaxLen: 20, Required: true}},
		Button: ui.Button{Label: c.T("workbench.keep"), Quiet: true},
	})))
	return ui.Bench(p, parts...), nil
}

func (s *Service) viewInputs(c *web.Call, at, where string, in flow.Input) []ui.Field {
	states := []ui.Option{{Value: "", Label: c.T("workbench.all")}}
	for _, s := range stateNames() {
		states = append(states, ui.Option{Value: s, Label: c.T("wish.state." + s)})
	}
	categories := []ui.Option{{Value: "", Label: c.T("workbench.all")}}
	for _, k := range wish.Categories {
		categories = append(categories, ui.Option{Value: k, Label: c.T("wish.category." + k)})
	}
	var places []ui.Option
	for _, level := range []string{place.District, place.Street, place.Community} {
		for _, pl := range s.Places.Below(at, level) {
			places = append(places, ui.Option{Value: pl.Code, Label: pl.Name})
		}
	}
	return []ui.Field{
		{Name: "state", Label: c.T("workbench.state"), Type: ui.SelectField, Value: in.Text("state"), Options: states},
		{Name: "category", Label: c.T("workbench.category"), Type: ui.SelectField, Value: in.Text("category"), Options: categories},
		{Name: "place", Label: c.T("workbench.place"), Type: ui.SelectField, Value: where, Options: places},
	}
}

// batchForm asks what to do with what is chosen; ids are those already chosen, for the confirmation.
func (s *Service) batchForm(c *web.Call, p ui.Page, ids []string, do string, form url.Values) templ.Component {
	a := ui.Asking{Form: ui.Form{ID: "batch", Action: "/staff/matters"}, Button: ui.Button{Label: c.T("workbench.preview")}}
	for _, id := range ids {
		a.Form.Hidden = append(a.Form.Hidden, ui.Option{Label: "wish", Value: id})
	}
	if ids != nil {
		a.Form.Hidden = append(a.Form.Hidden, ui.Option{Label: "do", Value: do}, ui.Option{Label: "reason", Value: form.Get("reason")}, ui.Option{Label: "sure", Value: "true"})
		a.Button.Label = c.T("workbench.do", "n", len(ids))
		return ui.Ask(p, a)
	}
	var moves []ui.Option
	for _, m := range batchMoves {
		moves = append(moves, ui.Option{Value: m, Label: c.T("wish.do." + m)})
	}
	a.Fields = []ui.Field{
		{Name: "do", Label: c.T("workbench.move"), Type: ui.SelectField, Options: moves, Value: form.Get("do")},
		{Name: "reason", Label: c.T("workbench.reason"), Hint: c.T("workbench.reason_hint"), MaxLen: 2000, Value: form.Get("reason")},
	}
	return ui.Ask(p, a)
}

var batchFields = []flow.Field{
	{Name: "wish", Kind: flow.Refs, Required: true, Max: batchMost},
	{Name: "do", Kind: flow.Enum, Required: true, Values: batchMoves},
	{Name: "reason", Kind: flow.Long, Max: 2000},
	{Name: "sure", Kind: flow.Bool},
}

// batch shows what a move would change, and with the word of the person makes
// it, each wish by its own lifecycle: nothing is possible here that is not
// possible on the wish's page.
func (s *Service) batch(c *web.Call) (any, error) {
	if _, err := staffPlace(c.Actor); err != nil {
		return nil, err
	}
	in, err := c.Body(batchFields)
	if err == nil && in.Text("do") == "return" && in.Text("reason") == "" {
		err = fault.Field1("reason", "fault.required")
	}
	p := s.Page(c, c.T("workbench.matters"), "matters")
	p.Back = ui.Link{Label: c.T("wish.staff"), URL: "/staff/wishes"}
	if err != nil {
		shown, fail := s.matters(c, nil, ui.FaultSummary(p, fault.Of(err)))
		if fail != nil {
			return nil, fail
		}
		return shown, err
	}
	do := in.Text("do")
	var can, titles []string
	cannot := 0
	for _, id := range slices.Compact(slices.Sorted(slices.Values(in.List("wish")))) {
		w, err := s.Wishes.Machine.Read(c.Context(), s.Journal.DB, c.Actor, id, c.Now())
		if err == nil {
			_, err = wish.Life.May(w, c.Actor, do, c.Now())
		}
		switch {
		case err == nil:
			can, titles = append(can, id), append(titles, w.Title)
		case fault.Is(err, fault.Unavailable), fault.Is(err, fault.Internal):
			return nil, err
		default:
			cannot++
		}
	}
	if !in.Bool("sure") {
		var facts []ui.Fact
		for i, title := range titles[:min(len(titles), 10)] {
			facts = append(facts, ui.Fact{Label: text.Number(int64(i + 1)), Value: title})
		}
		parts := []templ.Component{
			ui.Heading(c.T("workbench.will", "n", len(can)), c.T("wish.do."+do)), ui.FactList(facts),
			ui.If(cannot > 0, func() templ.Component { return ui.Paragraph(c.T("workbench.cannot", "n", cannot)) }),
			ui.If(len(can) > 0, func() templ.Component { return s.batchForm(c, p, can, do, c.Form()) }),
		}
		p.Back = ui.Link{Label: c.T("workbench.matters"), URL: "/staff/matters"}
		return ui.Bench(p, parts...), nil
	}
	fields := map[string]any{}
	if r := in.Text("reason"); r != "" {
		fields[map[string]string{"approve": "note", "return": "reason"}[do]] = r
	}
	ctx := journal.WithAct(c.Context(), nil) // each move is an act of its own; done twice it finds nothing to do
	done := 0
	for _, id := range can {
		switch err := s.Wishes.Do(ctx, id, do, fields); {
		case err == nil:
			done++
		case fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound), fault.Is(err, fault.Denied):
			cannot++ // somebody was faster
		default:
			return nil, err
		}
	}
	note := c.T("workbench.done", "n", done)
	if cannot > 0 {
		note += " " + c.T("workbench.cannot", "n", cannot)
	}
	return s.matters(c, nil, ui.With(ui.Notice(ui.Good, note)))
}

func (s *Service) keepView(c *web.Call) (any, error) {
	if _, err := staffPlace(c.Actor); err != nil {
		return nil, err
	}
	in, err := c.Body(append([]flow.Field{{Name: "name", Kind: flow.Text, Required: true, Max: 20}}, viewFields...))
	if err != nil {
		return nil, err
	}
	v := view{Account: c.Actor.ID, Name: in.Text("name"), State: in.Text("state"), Category: in.Text("category"), Place: place.Trim(in.Text("place"))}
	return "/staff/matters?" + v.query().Encode(), s.saveView(c.Context(), v)
}

func (v view) query() url.Values {
	return url.Values{"place": {v.Place}, "state": {v.State}, "category": {v.Category}}
}

// reportsPage leads to tables in and out, and to the figures.
func (s *Service) reportsPage(c *web.Call) (any, error) {
	at, err := staffPlace(c.Actor)
	if err != nil {
		return nil, err
	}
	p := s.Page(c, c.T("workbench.reports"), "reports")
	return ui.Bench(p, ui.Heading(c.T("workbench.reports"), ""), ui.With(ui.CardList(),
		ui.CardItem(p, ui.Card{Title: c.T("transfer.export"), URL: "/staff/export", Text: c.T("transfer.lead_export")}),
		ui.CardItem(p, ui.Card{Title: c.T("transfer.import"), URL: "/staff/import", Text: c.T("transfer.lead_import")}),
		ui.CardItem(p, ui.Card{Title: c.T("stats.title"), URL: "/stats?place=" + access.Up(at, min(len(at), access.Community)), Text: c.T("services.stats")}),
		ui.CardItem(p, ui.Card{Title: c.T("workbench.poster"), URL: "/poster/" + at, Text: c.T("workbench.poster_lead")}),
	)), nil
}

// poster is a sheet for the door: the place's name, its code to scan and the
// number to call, for who does not scan.
func (s *Service) poster(c *web.Call) (any, error) {
	pl, err := s.Places.Get(c.Path("code"))
	if err != nil {
		return nil, err
	}
	address := c.Base() + "/say?place=" + pl.Code
	svg, err := qr.SVG(address, 420, c.T("workbench.poster_code", "place", pl.Name))
	if err != nil {
		return nil, err
	}
	p := s.Page(c, c.T("workbench.poster"), "")
	p.Community = ui.Community{Name: pl.Name, Code: pl.Code}
	p.Community.Phone, p.Community.Hours = s.Places.Phone(pl.Code)
	return ui.With(ui.PrintLayout(p), ui.Heading(c.T("workbench.poster_head"), s.Places.Path(pl.Code)),
		templ.Raw(svg), ui.Paragraph(c.T("workbench.poster_how")), ui.Paragraph(address)), nil
}
