package vote

import (
	"net/url"
	"slices"
	"strconv"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/ballot"
	"linli/internal/feature/tally"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/chart"
	"linli/internal/ui/text"
)

// resulted is what the result page shows.
type resulted struct {
	polled
	Result ballot.Result
	Mine   *mineView
}

// mineView is one ballot found by its receipt.
type mineView struct {
	Receipt string
	Fault   string
	Choices []ui.Answer
	Paid    []ballot.Share
	Found   bool
}

func (s *Service) resultPage(c *web.Call, mine *mineView) (any, error) {
	_, r, err := s.ResultOf(c.Context(), c.Path("id"), c.Now())
	if fault.Is(err, fault.Conflict) { // the poll's own page says when
		return web.Redirect("/polls/" + c.Path("id")), nil
	}
	if err != nil {
		return nil, err
	}
	v, err := s.view(c, nil)
	if err != nil {
		return nil, err
	}
	v.Title = c.T("poll.result_title", "question", v.Poll.Question)
	return resultPage(resulted{polled: v, Result: r, Mine: mine}), nil
}

// minePage finds a ballot by the receipt its voter types. The receipt travels
// in the body, never in an address that a log or a history keeps.
func (s *Service) minePage(c *web.Call) (any, error) {
	n, err := s.Published(c.Context(), c.Path("id"), c.Now())
	if err != nil {
		return nil, err
	}
	m := &mineView{Receipt: c.Form().Get("receipt")}
	choices, paid, ok := n.Mine(m.Receipt)
	m.Found, m.Paid = ok, paid
	if ok {
		m.Choices = polled{Page: s.frame(c, ""), Poll: n.Poll, Chosen: choices}.answers()
	} else {
		m.Fault = c.T("poll.receipt_unknown")
	}
	return s.resultPage(c, m)
}

// ranked lists the options as the result orders them: selected first in their
// order, then by votes.
func (v resulted) rows() []ballot.OptionResult {
	rows := slices.Clone(v.Result.Options)
	order := v.Result.Order
	if v.Poll.Ranked() {
		order = v.Result.Ranking
	}
	place := func(o ballot.OptionResult) int {
		if i := slices.Index(order, o.ID); i >= 0 {
			return i
		}
		return len(rows)
	}
	slices.SortStableFunc(rows, func(a, b ballot.OptionResult) int {
		if d := place(a) - place(b); d != 0 {
			return d
		}
		return int(v.weight(b) - v.weight(a))
	})
	return rows
}

// weight is the figure that an option is shown with: votes, points, or how many rank it first.
func (v resulted) weight(o ballot.OptionResult) int64 {
	switch {
	case v.Poll.Scored():
		return o.Points
	case v.Poll.Ranked():
		return o.Firsts
	}
	return o.Votes
}

// pairs compares each two options of a ranked poll.
func (v resulted) pairs() ui.Table {
	t := ui.Table{Caption: v.T("poll.pairs"), Columns: []ui.Column{{Label: v.T("poll.option")}}}
	for _, o := range v.Poll.Options {
		t.Columns = append(t.Columns, ui.Column{Label: o.Title, Number: true})
	}
	for i, o := range v.Poll.Options {
		row := ui.Row{Cells: []ui.Cell{{Text: o.Title}}}
		for j, n := range v.Result.Pairwise[i] {
			if i == j {
				row.Cells = append(row.Cells, ui.Cell{Text: "—"})
			} else {
				row.Cells = append(row.Cells, ui.Cell{Text: text.Number(n)})
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (v resulted) table() ui.Table {
	t := ui.Table{Caption: v.T("poll.table"), Columns: []ui.Column{{Label: v.T("poll.option")}}}
	if v.Poll.Budget > 0 {
		t.Columns = append(t.Columns, ui.Column{Label: v.T("poll.cost"), Number: true})
	}
	t.Columns = append(t.Columns, ui.Column{Label: v.votesLabel(), Number: true}, ui.Column{Label: v.T("poll.outcome")})
	for i, o := range v.rows() {
		op := v.Poll.Option(o.ID)
		row := ui.Row{Cells: []ui.Cell{{Text: op.Title}}}
		if op.Project != "" {
			row.Cells[0].URL = "/projects/" + op.Project
		}
		if v.Poll.Budget > 0 {
			row.Cells = append(row.Cells, ui.Cell{Text: text.Money(op.Cost)})
		}
		outcome := ui.Cell{Text: v.T("poll.behind")}
		if v.Poll.Ranked() {
			outcome.Text = v.T("poll.rank", "n", i+1)
		}
		if o.Selected {
			row.Tone, outcome = ui.Good, ui.Cell{Text: v.T("poll.selected")}
		}
		row.Cells = append(row.Cells, ui.Cell{Text: text.Number(v.weight(o))}, outcome)
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (v resulted) votesLabel() string {
	switch {
	case v.Poll.Scored():
		return v.T("poll.sum_points")
	case v.Poll.Ranked():
		return v.T("poll.firsts")
	}
	return v.T("poll.votes")
}

func (v resulted) chart() chart.Chart {
	c := chart.Chart{ID: "votes", Unit: v.T("poll.unit_votes"), Source: v.T("poll.source"), Series: []chart.Series{{Name: v.votesLabel()}}}
	if v.Poll.Scored() {
		c.Unit = v.T("poll.unit_points")
	}
	rows := v.rows()
	for _, o := range rows {
		c.Labels = append(c.Labels, v.Poll.Option(o.ID).Title)
		c.Series[0].Values = append(c.Series[0].Values, float64(v.weight(o)))
	}
	most := slices.MaxFunc(rows, func(a, b ballot.OptionResult) int { return int(v.weight(a) - v.weight(b)) })
	c.Title = v.T("poll.finding", "option", v.Poll.Option(most.ID).Title, "n", text.Number(v.weight(most)), "unit", c.Unit)
	if v.Poll.Ranked() {
		c.Title = v.T("poll.rank_finding", "option", v.Poll.Option(most.ID).Title, "n", text.Number(v.weight(most)))
	}
	if v.Result.Published {
		c.CSV = "/polls/" + v.Poll.ID + "/ballots.csv"
	}
	return c
}

func (v resulted) stats() []ui.Stat {
	r := v.Result
	out := []ui.Stat{{Label: v.T("poll.turnout"), Value: rate(r.Voters, r.Roll), Note: text.Number(r.Voters) + " / " + text.Number(r.Roll)}}
	out = append(out,
		ui.Stat{Label: v.T("poll.on_paper"), Value: text.Number(r.Paper), Unit: v.T("poll.unit_ballots"), Note: rate(r.Paper, r.Voters)},
		ui.Stat{Label: v.T("poll.changed"), Value: text.Number(r.Changed), Unit: v.T("poll.unit_ballots")},
		ui.Stat{Label: v.T("poll.invalid"), Value: text.Number(r.Invalid), Unit: v.T("poll.unit_ballots")})
	if r.Corrections > 0 {
		out = append(out, ui.Stat{Label: v.T("poll.corrections"), Value: text.Number(r.Corrections), Unit: v.T("poll.unit_corrections")})
	}
	if v.Poll.Budget > 0 {
		out = append(out, ui.Stat{Label: v.T("poll.spent"), Value: text.Money(r.Cost), Note: v.T("poll.of_budget", "budget", text.Money(r.Budget))})
	}
	return out
}

// rate is a percentage with one decimal; of nothing there is none.
func rate(part, whole int64) string {
	if whole == 0 {
		return "—"
	}
	return strconv.FormatFloat(float64(part*1000/whole)/10, 'f', -1, 64) + "%"
}

// command is how anybody counts again.
func (v resulted) command() string {
	s := "linli count poll-" + v.Poll.ID + ".pb --rule " + string(v.Poll.Rule)
	if slices.Contains([]tally.Rule{tally.MESCostAdd1, tally.MESCostPlain, tally.MESCostAdd1U}, v.Poll.Rule) {
		s += " --increment " + strconv.FormatInt(v.Result.Increment, 10)
	}
	return s
}

// shares reports whether voters pay for what is selected under the rule.
func (v resulted) shares() bool {
	return slices.Contains([]tally.Rule{tally.MESCost, tally.MESCard, tally.MESCostU, tally.MESCostAdd1, tally.MESCostPlain, tally.MESCostAdd1U, tally.Phragmen}, v.Poll.Rule)
}

// Staff.

// formFields are the fields of a new poll as a page asks for them.
func formFields() []flow.Field {
	var out []flow.Field
	for _, f := range ballot.CreateFields {
		switch f.Name {
		case "options":
			f.Kind, f.Max = flow.Long, 5000
		case "budget":
			f = flow.Field{Name: "budget", Kind: flow.Text, Max: 20}
		}
		out = append(out, f)
	}
	return out
}

func (s *Service) newPage(c *web.Call) (any, error) {
	if !c.Actor.Holds(actor.Staff) {
		return nil, fault.New(fault.Denied, "poll.reason.staff")
	}
	p := s.frame(c, c.T("poll.do.create"))
	p.Back = ui.Link{Label: c.T("poll.list"), URL: "/polls"}
	sent := &ui.Sent{Values: url.Values{"place": {p.Community.Code}, "roll.place": {p.Community.Code}, "roll.level": {"V3"}, "nature": {ballot.Ranking}, "unit": {ballot.Person}, "rule": {string(tally.MESCost)}}}
	for _, r := range c.Actor.Roles {
		if r.Name == actor.Staff {
			sent.Values["place"], sent.Values["roll.place"] = []string{r.Place}, []string{r.Place}
		}
	}
	return createPage(s.creation(p, sent)), nil
}

type creation struct {
	ui.Page
	Fields []ui.Field
	Fault  string
	OpID   string
}

func (s *Service) creation(p ui.Page, sent *ui.Sent) creation {
	v := creation{Page: p, Fields: ui.FieldsOf(p, "poll", formFields(), sent), OpID: ui.NewOperation()}
	for i := range v.Fields {
		f := &v.Fields[i]
		switch f.Name {
		case "rule":
			f.Type = ui.SelectField
		case "roll.level":
			for j, o := range f.Options {
				f.Options[j].Label = p.T("poll.level." + o.Value)
			}
		case "options":
			f.Rows = 6
		case "place", "roll.place":
			f.Type, f.Options = ui.SelectField, s.placeOptions(f.Value)
		}
	}
	if sent.Fault != nil {
		v.Fault = p.TArgs(sent.Fault.Key, sent.Fault.Args)
		for _, e := range sent.Fault.Fields { // those of single options belong to the one box they are typed into
			if i := slices.IndexFunc(v.Fields, func(f ui.Field) bool { return f.Name == "options" }); len(e.Name) > 8 && e.Name[:8] == "options." {
				v.Fields[i].Error = e.Name[8:] + ": " + p.TArgs(e.Key, e.Args)
			}
		}
	}
	return v
}

// placeOptions are the places at and around one: its district, street and community.
func (s *Service) placeOptions(code string) []ui.Option {
	var out []ui.Option
	for _, n := range []int{12, 9, 6} {
		if len(code) >= n && s.Places.Known(code[:n]) {
			out = append(out, ui.Option{Value: code[:n], Label: s.Places.Name(code[:n])})
		}
	}
	return out
}

func (s *Service) createPage(c *web.Call) (any, error) {
	form := c.Form()
	typed := url.Values{}
	for k, v := range form {
		typed[k] = slices.Clone(v)
	}
	if b := form.Get("budget"); b != "" {
		if n, ok := ballot.Fen(b).(int64); ok {
			form.Set("budget", strconv.FormatInt(n, 10))
		} else {
			form.Set("budget", "x")
		}
	}
	out, err := s.Create(c.Context(), c)
	if err == nil || !mendable(err) {
		return out, err
	}
	f := fault.Of(err)
	for i, e := range f.Fields {
		if e.Name == "budget.amount" {
			f.Fields[i].Name, f.Fields[i].Key = "budget", "poll.fault.money"
		}
	}
	return createPage(s.creation(s.frame(c, c.T("poll.do.create")), &ui.Sent{Values: typed, Fault: f})), err
}

type paperView struct {
	polled
	Fields  []ui.Field
	Waiting []waitingEntry
	Entry   *ballot.Entry
	Message string
}

type waitingEntry struct{ Voter, Name string }

func (s *Service) paperPage(c *web.Call, entry *ballot.Entry, bad error) (any, error) {
	v, err := s.view(c, nil)
	if err != nil {
		return nil, err
	}
	if !v.Staff {
		return nil, fault.New(fault.Denied, "poll.reason.staff")
	}
	v.Title = c.T("poll.paper_title")
	p := paperView{polled: v, Entry: entry}
	sent := &ui.Sent{}
	if bad != nil {
		f := fault.Of(bad)
		sent = &ui.Sent{Values: c.Form(), Fault: f}
		p.Message = c.TextOf(f.Key, f.Args)
		for _, e := range f.Fields {
			if e.Name == "choices" {
				p.Fault = c.TextOf(e.Key, e.Args)
			}
		}
		for _, m := range c.Form()["choices"] {
			p.Chosen = append(p.Chosen, ballot.Choice{Option: m})
		}
	} else {
		p.Chosen = nil
	}
	p.Options = p.Poll.Options // as they stand on the sheet
	p.Fields = ui.FieldsOf(v.Page, "poll", ballot.PaperFields, sent)
	ws, err := s.PapersWaiting(c.Context(), v.Poll.ID)
	if err != nil {
		return nil, err
	}
	for _, w := range ws {
		name, err := s.Members.PublicName(c.Context(), s.Journal.DB, w.Voter)
		if err != nil {
			return nil, err
		}
		p.Waiting = append(p.Waiting, waitingEntry{w.Voter, name})
	}
	return paperPage(p), nil
}

func (s *Service) enterPage(c *web.Call) (any, error) {
	o, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	e, err := s.Enter(c.Context(), o.ID, func() (map[string]any, error) {
		raw, err := marks(o, c.Form())
		if err != nil {
			return nil, err
		}
		m := map[string]any{"choices": raw}
		for _, f := range ballot.PaperFields {
			if v := c.Form().Get(f.Name); v != "" {
				m[f.Name] = s.elector(c, o, f.Name, v)
			}
		}
		return m, nil
	})
	if err != nil {
		if !mendable(err) {
			return nil, err
		}
		again, perr := s.paperPage(c, nil, err)
		if perr != nil {
			return nil, err
		}
		return again, err
	}
	return s.paperPage(c, &e, nil)
}

// elector turns the name or phone that stands on a sheet into an account when
// it is of one resident only; the look is written down for the resident to read.
func (s *Service) elector(c *web.Call, o *ballot.Poll, field, value string) string {
	if field != "voter" {
		return value
	}
	as, err := s.Members.ElectorsNamed(c.Context(), s.Journal.DB, o.RollPlace, value)
	if err != nil || len(as) != 1 {
		return value
	}
	s.Members.Looked(c.Actor.ID, as[0].ID, "name", "poll:"+o.ID, c.Now())
	return as[0].ID
}

func (s *Service) withdrawPage(c *web.Call) (any, error) {
	return c.Path("id"), s.Withdraw(c.Context(), c.Path("id"), c.Form().Get("voter"))
}
