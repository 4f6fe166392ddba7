package award

import (
	"slices"
	"strconv"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/core/page"
	"linli/internal/feature/place"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// pages are the doors for people.
func (s *Service) pages() []web.Route {
	public := []string{"award", "member", "group", "place", "service"}
	where := []flow.Field{{Name: "place", Kind: flow.Text, Max: 20}}
	after := func(out any) string { return out.(JSON).URL }
	routes := []web.Route{
		{Method: "GET", Path: "/honours", Name: "page-honours", Public: public, Query: where, Do: s.pageRoll},
		{Method: "GET", Path: "/honours/{id}", Name: "page-honour", Public: public, Do: s.pageStory},
		{Method: "GET", Path: "/honours/{id}/certificate", Name: "page-honour-certificate", Public: public, Do: s.pagePaper},
		{Method: "GET", Path: "/awards", Name: "page-awards", Public: public, Query: append(where, web.Paging()...), Do: s.pageList},
		{Method: "GET", Path: "/awards/new", Name: "page-award-new", SignedIn: true, Do: func(c *web.Call) (any, error) {
			if !mayCreate(c.Actor) {
				return nil, fault.New(fault.Denied, "award.reason.who_opens")
			}
			return s.newForm(c, nil), nil
		}},
		{Method: "POST", Path: "/awards", Name: "page-award-create", SignedIn: true, After: after, Do: func(c *web.Call) (any, error) {
			out, err := s.create(c.Context(), c)
			if f := fault.Of(err); err != nil && (f.Kind == fault.Invalid || f.Kind == fault.Malformed) {
				return s.newForm(c, &ui.Sent{Values: c.Form(), Fault: f}), err
			}
			return out, err
		}},
		{Method: "GET", Path: "/awards/{id}", Name: "page-award", Public: public, Do: func(c *web.Call) (any, error) {
			w, err := s.Kind.Read(c)
			if err != nil {
				return nil, err
			}
			return s.one(c, w, nil)
		}},
	}
	for _, do := range Life.Names() {
		routes = append(routes, web.Route{Method: "POST", Path: "/awards/{id}/" + do, Name: "page-award-" + do, SignedIn: true, After: after,
			Do: func(c *web.Call) (any, error) {
				c.Form().Del(web.VersionField) // nominations arrive meanwhile
				out, err := s.Kind.Move(c, do)
				if f := fault.Of(err); err != nil && (f.Kind == fault.Invalid || f.Kind == fault.Conflict || f.Kind == fault.Denied || f.Kind == fault.Malformed) {
					if w, rerr := s.Kind.Read(c); rerr == nil {
						if pg, perr := s.one(c, w, &ui.Sent{Do: do, Values: c.Form(), Fault: f}); perr == nil {
							return pg, err
						}
					}
				}
				return out, err
			}})
	}
	return routes
}

func (s *Service) placeOf(c *web.Call, p ui.Page) string {
	if in, err := c.Query(); err == nil {
		if code := place.Trim(in.Text("place")); s.Places.Known(code) {
			return code
		}
	}
	return p.Community.Code
}

// rollView is the honour roll with the boards of teams.
type rollView struct {
	Cards  []ui.Card
	Rounds []ui.Card
	Board  ui.Table
}

// rollMost bounds the roll on one page.
const rollMost = 60

func (s *Service) pageRoll(c *web.Call) (any, error) {
	p := s.Page(c, c.T("award.roll"), ui.Honours)
	code := s.placeOf(c, p)
	hs, err := roll(c.Context(), s.Journal.DB, code, rollMost)
	if err != nil {
		return nil, err
	}
	var v rollView
	for _, h := range hs {
		name, err := s.nameOf(c, h)
		if err != nil {
			return nil, err
		}
		v.Cards = append(v.Cards, ui.Card{Title: name, URL: "/honours/" + h.ID, Text: h.Reason, Facts: []string{h.Title, text.Date(p.Lang, time.UnixMilli(h.When))}})
	}
	for _, state := range []flow.State{Notice, Open} {
		ws, err := list(c.Context(), s.Journal.DB, access.Up(code, access.District), string(state), "", "", page.Ask{Limit: 5}, c.Now())
		if err != nil {
			return nil, err
		}
		for _, w := range ws[:min(len(ws), 5)] {
			c.ShownUntil(w.DueAt)
			v.Rounds = append(v.Rounds, s.card(p, w))
		}
	}
	teams, err := s.Hours.Teams(c.Context(), s.Journal.DB, access.Up(code, access.Street), c.Now()-366*24*3600*1000)
	if err != nil {
		return nil, err
	}
	v.Board = ui.Table{Caption: p.T("award.board"), Hidden: true, Columns: []ui.Column{{Label: p.T("award.team")}, {Label: p.T("award.hours"), Number: true}, {Label: p.T("award.times"), Number: true}}}
	for _, t := range teams {
		v.Board.Rows = append(v.Board.Rows, ui.Row{Cells: []ui.Cell{{Text: s.Groups.Name(t.Group)}, {Text: strconv.FormatInt(t.Minutes/60, 10)}, {Text: strconv.FormatInt(t.Times, 10)}}})
	}
	return s.rollScreen(p, v), nil
}

func (s *Service) nameOf(c *web.Call, h honoured) (string, error) {
	if h.Account == "" {
		return h.Name, nil
	}
	return s.Members.PublicName(c.Context(), s.Journal.DB, h.Account)
}

// storyView is one name on the roll with its story.
type storyView struct {
	H     honoured
	Name  string
	Place string
}

func (s *Service) story(c *web.Call) (storyView, error) {
	if !id.Valid(c.Path("id")) {
		return storyView{}, fault.Absent()
	}
	h, err := honouredOne(c.Context(), s.Journal.DB, c.Path("id"))
	if err != nil {
		return storyView{}, fault.Absent()
	}
	name, err := s.nameOf(c, h)
	return storyView{h, name, s.Places.Name(h.Place)}, err
}

func (s *Service) pageStory(c *web.Call) (any, error) {
	v, err := s.story(c)
	if err != nil {
		return nil, err
	}
	p := s.Page(c, v.Name, ui.Honours)
	p.Back = ui.Link{Label: c.T("award.roll"), URL: "/honours"}
	return s.storyScreen(p, v), nil
}

func (s *Service) pagePaper(c *web.Call) (any, error) {
	v, err := s.story(c)
	if err != nil {
		return nil, err
	}
	p := s.Page(c, v.Name, ui.Honours)
	p.Path = "/honours/" + v.H.ID
	return s.paperScreen(p, v, c.Base()+"/honours/"+v.H.ID), nil
}

func (s *Service) card(p ui.Page, w *Award) ui.Card {
	tone := map[flow.State]ui.Tone{Open: ui.Wait, Review: ui.Busy, Notice: ui.Warn, Confirmed: ui.Good, Ended: ui.Off}[w.State]
	until := w.Closes
	if w.State == Notice {
		until = w.NoticeUntil
	}
	facts := []string{s.Places.Name(w.Place)}
	if w.Issuer != "" && w.Issuer != facts[0] {
		facts = append(facts, w.Issuer)
	}
	return ui.Card{
		Title: w.Title, URL: "/awards/" + w.ID, Tag: ui.Tag{State: string(w.State), Label: p.T("award.state." + string(w.State)), Tone: tone},
		Facts: facts, Due: p.T("award.until", "at", text.Moment(p.Lang, time.UnixMilli(until), p.Now)),
	}
}

func (s *Service) pageList(c *web.Call) (any, error) {
	p := s.Page(c, c.T("award.title"), ui.Honours)
	ask := page.Ask{Limit: page.Default}
	if in, err := c.Query(); err == nil {
		if a, err := web.PageOf(in); err == nil {
			ask = a
		}
	}
	ws, err := list(c.Context(), s.Journal.DB, access.Up(s.placeOf(c, p), access.District), "", "", "", ask, c.Now())
	if err != nil {
		return nil, err
	}
	cut := page.Cut(ws, ask, func(w *Award) string { return w.ID })
	var cards []ui.Card
	for _, w := range cut.Items {
		c.ShownUntil(w.DueAt)
		cards = append(cards, s.card(p, w))
	}
	next := ""
	if cut.Next != nil {
		next = "/awards?cursor=" + *cut.Next
	}
	return s.listScreen(p, cards, next, mayCreate(c.Actor)), nil
}

func (s *Service) newForm(c *web.Call, sent *ui.Sent) any {
	p := s.Page(c, c.T("award.new"), ui.Honours)
	p.Back = ui.Link{Label: c.T("award.title"), URL: "/awards"}
	fields := ui.FieldsOf(p, "award", createFields, sent)
	for i := range fields {
		f := &fields[i]
		switch {
		case f.Name == "place":
			f.Type = ui.SelectField
			for _, level := range []int{access.Community, access.Street, access.District} {
				if code := access.Up(p.Community.Code, level); code != "" {
					f.Options = append(f.Options, ui.Option{Value: code, Label: s.Places.Name(code)})
				}
			}
			if f.Value == "" {
				f.Value = p.Community.Code
			}
		case f.Name == "opens" && f.Value == "":
			f.Value = p.Now.In(text.Zone).Format("2006-01-02T15:04")
		case f.Name == "closes" && f.Value == "":
			f.Value = p.Now.In(text.Zone).AddDate(0, 0, 14).Format("2006-01-02T15:04")
		case f.Name == "notice_days" && f.Value == "":
			f.Value = "5"
		}
	}
	return s.newScreen(p, fields, ui.Errors(fields))
}

// oneView is the page of a round.
type oneView struct {
	J        JSON
	Steps    []ui.Step
	Moves    []ui.Action
	Timeline []ui.Entry
	Errors   []ui.FieldError
	Sent     *ui.Sent
}

func (s *Service) one(c *web.Call, w *Award, sent *ui.Sent) (any, error) {
	c.ShownUntil(w.DueAt)
	if w.State == Notice {
		c.ShownUntil(w.NoticeUntil)
	}
	p := s.Page(c, w.Title, ui.Honours)
	p.Back = ui.Link{Label: c.T("award.roll"), URL: "/honours"}
	view := matter.ViewOf(c)
	j, err := s.json(c.Context(), s.Journal.DB, w, view)
	if err != nil {
		return nil, err
	}
	v := oneView{J: j, Sent: sent, Steps: steps(p, w)}
	v.Moves = ui.Moves(p, "award", j.URL, w.Version, Life.Actions(w, c.Actor, c.Now()), sent)
	for i := range v.Moves {
		for k := range v.Moves[i].Fields {
			if f := &v.Moves[i].Fields[k]; f.Name == "nominee" {
				f.Type, f.Required = ui.SelectField, true
				f.Options = nominees(p, j, v.Moves[i].Do)
			}
		}
	}
	items, err := s.Kind.Timeline(c.Context(), s.Journal.DB, w, view)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		if slices.Contains([]string{"create", "close", "publish", "confirm", "end"}, it.Do) {
			v.Timeline = append(v.Timeline, ui.Entry{At: it.At, Title: p.T("award.do." + it.Do), Who: it.By, Note: it.Note})
		}
	}
	slices.Reverse(v.Timeline)
	for _, a := range v.Moves {
		v.Errors = append(v.Errors, ui.Errors(a.Fields)...)
	}
	return s.oneScreen(p, v), nil
}

// nominees are those a move may be about.
func nominees(p ui.Page, j JSON, do string) []ui.Option {
	states := map[string][]string{"vote": {Nominated, Passed}, "object": {Passed}, "review": {Nominated, Passed, NotPassed}}[do]
	if do == "review" && j.State == string(Notice) {
		states = []string{Objected}
	}
	out := []ui.Option{{Value: "", Label: p.T("award.choose")}}
	for _, n := range j.Nominees {
		if slices.Contains(states, n.State) {
			out = append(out, ui.Option{Value: n.ID, Label: n.Name})
		}
	}
	return out
}

func steps(p ui.Page, w *Award) []ui.Step {
	order := []flow.State{Open, Review, Notice, Confirmed}
	at := slices.Index(order, w.State)
	var out []ui.Step
	for i, st := range order {
		step := ui.Step{Label: p.T("award.state." + string(st)), State: ui.StepAhead}
		switch {
		case i < at || w.State == Confirmed:
			step.State = ui.StepDone
		case i == at:
			step.State = ui.StepHere
		case at < 0:
			step.State = ui.StepSkipped
		}
		out = append(out, step)
	}
	out[0].When = text.Day(p.Lang, time.UnixMilli(w.Closes))
	if w.NoticeUntil != 0 {
		out[2].When = text.Day(p.Lang, time.UnixMilli(w.NoticeUntil))
	}
	return out
}

func evidence(p ui.Page, minutes, wishes *int64) string {
	if minutes == nil {
		return ""
	}
	if *wishes == 0 {
		return p.T("award.evidence_hours", "hours", *minutes/60)
	}
	return p.T("award.evidence", "hours", *minutes/60, "wishes", *wishes)
}
