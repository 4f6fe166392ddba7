package points

import (
	"strconv"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// pages are the doors for people.
func (s *Service) pages() []web.Route {
	list := func(any) string { return "/points/hand" }
	routes := []web.Route{
		{Method: "GET", Path: "/points", Name: "page-points", Public: []string{"points_rule", "place"}, Do: s.pageRules},
		{Method: "GET", Path: "/me/points", Name: "page-my-points", SignedIn: true, Query: append([]flow.Field{{Name: "book", Kind: flow.Enum, Values: Books}, {Name: "account", Kind: flow.Text, Max: 80}}, web.Paging()...), Do: s.pageMine},
		{Method: "GET", Path: "/points/hand", Name: "page-points-hand", Public: []string{"pointsbatch", "member", "place"}, Query: web.Paging(), Do: s.pageHand},
		{Method: "POST", Path: "/points/hand", Name: "page-points-propose", SignedIn: true, After: list, Do: s.proposePage},
		{Method: "GET", Path: "/staff/points", Name: "page-staff-points", SignedIn: true, Do: s.pageStaff},
		{Method: "POST", Path: "/staff/points/rules", Name: "page-points-rule", SignedIn: true, After: func(any) string { return "/points" }, Do: s.rulePage},
	}
	for _, do := range Life.Names() {
		routes = append(routes, web.Route{Method: "POST", Path: "/points/hand/{id}/" + do, Name: "page-pointsbatch-" + do, SignedIn: true, After: list,
			Do: func(c *web.Call) (any, error) {
				out, err := s.Kind.Move(c, do)
				if f := fault.Of(err); err != nil && (f.Kind == fault.Conflict || f.Kind == fault.Denied || f.Kind == fault.Invalid) {
					if pg, perr := s.hand(c, &ui.Sent{Do: do, Values: c.Form(), Fault: f}, c.Path("id")); perr == nil {
						return pg, err
					}
				}
				return out, err
			}})
	}
	return routes
}

func (s *Service) pageRules(c *web.Call) (any, error) {
	items, err := s.Rules(c.Context(), s.Journal.DB, c.Now())
	if err != nil {
		return nil, err
	}
	p := s.Page(c, c.T("points.title"), ui.Honours)
	return s.rulesScreen(p, ruleTables(p, items)), nil
}

// ruleTables are one table a book: what gives how much, with every version.
func ruleTables(p ui.Page, items []RuleJSON) []ui.Table {
	var out []ui.Table
	for _, book := range Books {
		t := ui.Table{Caption: p.T("points.book." + book), Columns: []ui.Column{
			{Label: p.T("points.what")}, {Label: p.T("points.how_much")}, {Label: p.T("points.caps")}, {Label: p.T("points.evidence")}, {Label: p.T("points.since")},
		}}
		for _, r := range items {
			if r.Book != book {
				continue
			}
			since := p.T("points.from_start")
			if r.From != nil {
				since = text.Date(p.Lang, *r.From)
			}
			if r.InForce {
				since += " · " + p.T("points.in_force")
			}
			caps := p.T("points.no_cap")
			if r.CapDay > 0 || r.CapMonth > 0 {
				caps = p.T("points.cap", "day", r.CapDay, "month", r.CapMonth)
			}
			row := ui.Row{Cells: []ui.Cell{
				{Text: p.T("points.rule." + r.Code)}, {Text: p.T("points.per."+r.Per, "n", r.Points)}, {Text: caps}, {Text: p.T("points.evidence." + r.Code)}, {Text: since + " · " + p.T("points.line_rule", "n", r.Version)},
			}}
			if r.InForce {
				row.Tone = ui.Good
			}
			t.Rows = append(t.Rows, row)
		}
		out = append(out, t)
	}
	return out
}

// mineView is what 我的积分 shows.
type mineView struct {
	Me    MeJSON
	L     LedgerJSON
	Lines []ui.Row
	Next  string
	Tabs  []ui.Tab
}

func (s *Service) pageMine(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	p := s.Page(c, c.T("points.mine"), ui.Mine)
	p.Back = ui.Link{Label: c.T("nav.me"), URL: "/me"}
	p.NoIndex = true
	book := in.Text("book")
	if book == "" {
		book = Residents
	}
	var v mineView
	if v.Me, err = s.Mine(c.Context(), s.Journal.DB, c.Actor); err != nil {
		return nil, err
	}
	in["account"] = Account(book, c.Actor.ID)
	if v.L, err = s.ledgerOf(c, in); err != nil {
		return nil, err
	}
	if len(v.Me.Accounts) > 1 {
		for _, b := range Books {
			v.Tabs = append(v.Tabs, ui.Tab{Label: p.T("points.book." + b), URL: "/me/points?book=" + b, Here: b == book})
		}
	}
	for _, l := range v.L.Items {
		what := p.T("points.kind." + l.Kind)
		if l.Rule != "" {
			what = p.T("points.rule." + l.Rule)
		}
		if l.Kind == Reversal {
			what = p.T("points.kind.reversal") + " · " + what
		}
		by := l.KeyedBy
		if l.AgreedBy != "" {
			by += " / " + l.AgreedBy
		}
		amount := strconv.FormatInt(l.Amount, 10)
		if l.Amount > 0 {
			amount = "+" + amount
		}
		row := ui.Row{Cells: []ui.Cell{{Text: text.Date(p.Lang, l.At)}, {Text: what}, {Text: amount}, {Text: by}, {Text: p.T("points.line_rule", "n", l.RuleVersion)}}}
		if l.RuleVersion == 0 {
			row.Cells[4].Text = p.T("points.kind." + l.Kind)
		}
		if l.ReversedBy != "" {
			row.Cells[1].Text += " · " + p.T("points.taken_back")
		}
		v.Lines = append(v.Lines, row)
	}
	if v.L.Next != nil {
		v.Next = "/me/points?book=" + book + "&cursor=" + *v.L.Next
	}
	return s.mineScreen(p, v), nil
}

func (v mineView) table(p ui.Page) ui.Table {
	return ui.Table{Caption: p.T("points.mine"), Hidden: true, Rows: v.Lines, Columns: []ui.Column{
		{Label: p.T("points.at")}, {Label: p.T("points.what")}, {Label: p.T("points.amount"), Number: true}, {Label: p.T("points.keyed_by")}, {Label: p.T("points.by_rule")},
	}}
}

// handView is what the public list of hand-keyed points shows.
type handView struct {
	Items  []batchView
	Next   string
	Fields []ui.Field // of a new one, for staff
	OpID   string
	Sent   *ui.Sent
	Errors []ui.FieldError
}

type batchView struct {
	J     BatchJSON
	Moves []ui.Action
}

func (s *Service) pageHand(c *web.Call) (any, error) { return s.hand(c, nil, "") }

func (s *Service) hand(c *web.Call, sent *ui.Sent, about string) (any, error) {
	p := s.Page(c, c.T("points.hand"), ui.Honours)
	p.Back = ui.Link{Label: c.T("points.title"), URL: "/points"}
	ask := page.Ask{Limit: page.Default}
	if in, err := c.Query(); err == nil {
		if a, err := web.PageOf(in); err == nil {
			ask = a
		}
	}
	view := matter.ViewOf(c)
	bs, err := s.listBatches(c.Context(), s.Journal.DB, view, flow.Input{}, ask)
	if err != nil {
		return nil, err
	}
	cut := page.Cut(bs, ask, func(b *Batch) string { return b.ID })
	v := handView{Sent: sent, OpID: ui.NewOperation()}
	for _, b := range cut.Items {
		j, err := s.batchJSON(c.Context(), s.Journal.DB, b, view)
		if err != nil {
			return nil, err
		}
		var mine *ui.Sent
		if b.ID == about {
			mine = sent
		}
		v.Items = append(v.Items, batchView{j, ui.Moves(p, "pointsbatch", "/points/hand/"+b.ID, b.Version, Life.Actions(b, c.Actor, c.Now()), mine)})
	}
	if cut.Next != nil {
		v.Next = "/points/hand?cursor=" + *cut.Next
	}
	if c.Actor.Holds(actor.Staff) {
		var form *ui.Sent
		if sent != nil && sent.Do == "" {
			form = sent
		}
		v.Fields = ui.FieldsOf(p, "pointsbatch", batchFields[:4], form)
		v.Errors = ui.Errors(v.Fields)
	}
	return s.handScreen(p, v), nil
}

func (s *Service) proposePage(c *web.Call) (any, error) {
	out, err := s.propose(c.Context(), c)
	if f := fault.Of(err); err != nil && (f.Kind == fault.Invalid || f.Kind == fault.Conflict || f.Kind == fault.Denied) {
		if pg, perr := s.hand(c, &ui.Sent{Values: c.Form(), Fault: f}, ""); perr == nil {
			return pg, err
		}
	}
	return out, err
}

// staffView is what the workbench shows of points.
type staffView struct {
	Anomalies ui.Table
	Fields    []ui.Field
	Preview   *Preview
	OpID      string
	Errors    []ui.FieldError
	Sent      *ui.Sent
}

func (s *Service) pageStaff(c *web.Call) (any, error) { return s.staff(c, nil, nil) }

func (s *Service) staff(c *web.Call, sent *ui.Sent, preview *Preview) (any, error) {
	where := ""
	for _, r := range c.Actor.Roles {
		if r.Name == actor.Staff || r.Name == actor.Auditor {
			where = r.Place
		}
	}
	as, err := s.Anomalies(c.Context(), s.Journal.DB, c.Actor, where, c.Now())
	if err != nil {
		return nil, err
	}
	p := s.Page(c, c.T("points.staff"), ui.Staff)
	v := staffView{Sent: sent, Preview: preview, OpID: ui.NewOperation(), Anomalies: ui.Table{Caption: p.T("points.anomalies"), Columns: []ui.Column{
		{Label: p.T("points.anomaly")}, {Label: p.T("points.who")}, {Label: p.T("points.count"), Number: true}, {Label: p.T("points.amount"), Number: true}, {Label: p.T("points.at")},
	}}}
	for _, a := range as {
		who, err := s.who(c, a.Account)
		if err != nil {
			return nil, err
		}
		if a.Kind == "device" {
			who = a.Title
		} else if a.Other != "" {
			other, err := s.label(c.Context(), s.Journal.DB, a.Other, c.T)
			if err != nil {
				return nil, err
			}
			who = strings.TrimPrefix(who+" ↔ "+other, " ↔ ")
		}
		v.Anomalies.Rows = append(v.Anomalies.Rows, ui.Row{Tone: ui.Warn, Cells: []ui.Cell{
			{Text: p.T("points.anomaly." + a.Kind)}, {Text: who}, {Text: strconv.FormatInt(a.Count, 10)}, {Text: strconv.FormatInt(a.Amount, 10)}, {Text: text.Date(p.Lang, matter.Time(a.At))},
		}})
	}
	if governs(c.Actor) {
		v.Fields = ui.FieldsOf(p, "points", ruleFields[:6], sent)
		v.Errors = ui.Errors(v.Fields)
	}
	return s.staffScreen(p, v), nil
}

// who names the person behind an account; a batch has none.
func (s *Service) who(c *web.Call, account string) (string, error) {
	person := personOf(account)
	if person == "" {
		return "", nil
	}
	return s.Members.Label(c.Context(), s.Journal.DB, event.Event{Actor: person}, c.T)
}

// rulePage shows first what the change would have given, then makes it.
func (s *Service) rulePage(c *web.Call) (any, error) {
	form := c.Form()
	again := func(err error, p *Preview) (any, error) {
		sent := &ui.Sent{Values: form}
		if err != nil {
			sent.Fault = fault.Of(err)
			if sent.Fault.Kind != fault.Invalid && sent.Fault.Kind != fault.Conflict && sent.Fault.Kind != fault.Malformed {
				return nil, err
			}
		}
		pg, perr := s.staff(c, sent, p)
		if perr != nil {
			return nil, perr
		}
		return pg, err
	}
	if form.Get("sure") == "" {
		out, err := s.previewRule(c)
		if err != nil {
			return again(err, nil)
		}
		p := out.(Preview)
		return again(nil, &p)
	}
	form.Del("sure")
	out, err := s.changeRule(c)
	if err != nil {
		return again(err, nil)
	}
	return out, nil
}
