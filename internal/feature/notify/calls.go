package notify

import (
	"context"
	"slices"
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
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// Ways a person was told.
var callHows = []string{"phone", "visit", "family"}

var (
	tickFields  = []flow.Field{{Name: "how", Kind: flow.Enum, Values: callHows, Required: true}, {Name: "upto", Kind: flow.Int, Required: true, Max: 1 << 53}}
	callQuery   = []flow.Field{{Name: "place", Kind: flow.Text, Max: 12}, {Name: "done", Kind: flow.Text, Max: 20}}
	callsPageAt = "/staff/calls"
)

func (s *Service) callRoutes() []web.Route {
	after := func(any) string { return callsPageAt + "?done=ticked" }
	return []web.Route{
		{Method: "GET", Path: callsPageAt, Name: "page-calls", Summary: "Call list 待电话告知", SignedIn: true, Query: callQuery, Do: s.callsPage},
		{Method: "GET", Path: callsPageAt + "/{id}", Name: "page-call", Summary: "What to read out to one person", SignedIn: true,
			Do: func(c *web.Call) (any, error) { return s.callPage(c, nil) }},
		{Method: "GET", Path: callsPageAt + "/{id}/slip", Name: "page-call-slip", Summary: "The same to print in large type", SignedIn: true, Do: s.callSlip},
		{Method: "POST", Path: callsPageAt + "/{id}/tick", Name: "tick-call", Summary: "The person was told", SignedIn: true, Body: tickFields, Do: s.tickCall, After: after},
		{Method: "POST", Path: callsPageAt + "/{id}/missed", Name: "miss-call", Summary: "Nobody answered", SignedIn: true, Do: s.missCall,
			After: func(any) string { return callsPageAt + "?done=missed" }},
	}
}

// communities are those whose call list the actor keeps: its own staff. Streets
// and districts see no private matter of a community, so they call nobody.
func communities(a actor.Actor) []string {
	var out []string
	for _, r := range a.Roles {
		if r.Name == actor.Staff && len(r.Place) == access.Community && !slices.Contains(out, r.Place) {
			out = append(out, r.Place)
		}
	}
	slices.Sort(out)
	return out
}

// called is a person of the call list with all there is to say.
type called struct {
	member.Reach
	Lines []Call
}

// person of the path, for who keeps the list of the person's community; else absent.
func (s *Service) calledPerson(ctx context.Context, q db.Queryer, a actor.Actor, account string) (called, error) {
	out := called{}
	if !id.Valid(account) {
		return out, fault.Absent()
	}
	var err error
	for _, community := range communities(a) {
		if out.Lines, err = callsAt(ctx, q, community, account); err != nil {
			return out, err
		}
		if len(out.Lines) > 0 {
			out.Reach, err = s.people.Reach(ctx, q, account)
			return out, err
		}
	}
	return out, fault.Absent()
}

// sentences is what to read out. A title is said when anybody may read the
// matter, or when it belongs to the caller's own community.
func (s *Service) sentences(ctx context.Context, q db.Queryer, lang string, lines []Call) ([]string, error) {
	var out []string
	for _, l := range lines {
		title := ""
		if l.Audience == event.Public || access.Covers(l.Community, l.Place) {
			var err error
			if title, err = s.title(ctx, q, l.Kind, l.Subject); err != nil {
				return nil, err
			}
		}
		words := stopped(lang, Sentence(lang, l.Kind, l.Do, l.Why, l.ToState, title))
		if l.Act {
			words += text.T(lang, "notify.call_act")
		}
		out = append(out, words)
	}
	return out, nil
}

// stopped ends a sentence that is read out among others.
func stopped(lang, sentence string) string {
	switch {
	case strings.HasSuffix(sentence, "?"):
		return sentence
	case lang != text.Chinese:
		return sentence + "."
	case strings.HasSuffix(sentence, "吗"):
		return sentence + "？"
	}
	return sentence + "。"
}

func (s *Service) callsPage(c *web.Call) (any, error) {
	ctx, q := c.Context(), s.journal.DB
	places := communities(c.Actor)
	if len(places) == 0 {
		return nil, fault.Absent()
	}
	in, err := c.Query()
	if err != nil {
		in = flow.Input{} // an address typed by hand shows the first
	}
	here := places[0]
	if slices.Contains(places, in.Text("place")) {
		here = in.Text("place")
	}
	p := s.Page(c, c.T("notify.calls"), "todo")
	p.NoIndex, p.CSS = true, []string{"notify.css"}
	if key := "notify.done." + in.Text("done"); in.Text("done") != "" && p.Has(key) {
		p.Flash = p.T(key)
	}
	waiting, err := callsAt(ctx, q, here, "")
	if err != nil {
		return nil, err
	}
	parts := []templ.Component{ui.Heading(p.Title, p.T("notify.calls_lead"))}
	if len(places) > 1 {
		var tabs []ui.Tab
		for _, code := range places {
			n, err := countCalls(ctx, q, code)
			if err != nil {
				return nil, err
			}
			tabs = append(tabs, ui.Tab{Label: s.places.Name(code), URL: callsPageAt + "?place=" + code, Count: n, Here: code == here})
		}
		parts = append(parts, ui.Tabs(p, p.Title, tabs))
	}
	if len(waiting) == 0 {
		parts = append(parts, ui.EmptyState(p, ui.Empty{Title: p.T("notify.calls_none"), Reason: p.T("notify.calls_none_why"), Next: ui.Link{Label: p.T("notify.workbench"), URL: "/staff"}}))
	} else {
		table, err := s.callTable(ctx, q, p, waiting)
		if err != nil {
			return nil, err
		}
		parts = append(parts, ui.DataTable(p, table))
	}
	told, err := calledAt(ctx, q, here, 20)
	if err != nil {
		return nil, err
	}
	if len(told) > 0 {
		table, err := s.toldTable(ctx, q, p, told)
		if err != nil {
			return nil, err
		}
		parts = append(parts, ui.With(ui.Details(p.T("notify.called")), ui.DataTable(p, table)))
	}
	return ui.Bench(p, parts...), nil
}

// callTable has a line for each person, the longest waiting first.
func (s *Service) callTable(ctx context.Context, q db.Queryer, p ui.Page, waiting []Call) (ui.Table, error) {
	t := ui.Table{Caption: p.T("notify.calls"), Hidden: true, Columns: []ui.Column{
		{Label: p.T("notify.col.person")}, {Label: p.T("notify.col.phone")}, {Label: p.T("notify.col.lines"), Number: true}, {Label: p.T("notify.col.since")}, {Label: p.T("notify.col.tries")},
	}}
	var order []string
	by := map[string][]Call{}
	for _, l := range waiting {
		if by[l.Account] == nil {
			order = append(order, l.Account)
		}
		by[l.Account] = append(by[l.Account], l)
	}
	for _, account := range order {
		who, err := s.people.Reach(ctx, q, account)
		if err != nil {
			return t, err
		}
		lines := by[account]
		row := ui.Row{Cells: []ui.Cell{
			{Text: nameOf(p, who), URL: callsPageAt + "/" + account}, {Text: mask(who.Phone)}, {Text: strconv.Itoa(len(lines))},
			{Text: text.Moment(p.Lang, time.UnixMilli(lines[0].At), p.Now)}, {Text: p.T("notify.tries", "n", lines[0].Tries)},
		}}
		if slices.ContainsFunc(lines, func(l Call) bool { return l.Act }) {
			row.Tone = ui.Wait
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func (s *Service) toldTable(ctx context.Context, q db.Queryer, p ui.Page, told []Call) (ui.Table, error) {
	t := ui.Table{Caption: p.T("notify.called"), Hidden: true, Columns: []ui.Column{
		{Label: p.T("notify.col.person")}, {Label: p.T("notify.col.what")}, {Label: p.T("notify.field.how")}, {Label: p.T("notify.col.by")}, {Label: p.T("notify.col.at")},
	}}
	for _, l := range told {
		who, err := s.people.Reach(ctx, q, l.Account)
		if err != nil {
			return t, err
		}
		by, err := s.people.PublicName(ctx, q, l.ToldBy)
		if err != nil {
			return t, err
		}
		words, err := s.sentences(ctx, q, p.Lang, []Call{l})
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: nameOf(p, who)}, {Text: words[0]}, {Text: p.T("notify.how." + l.How)}, {Text: by},
			{Text: text.Moment(p.Lang, time.UnixMilli(l.ToldAt), p.Now)}}})
	}
	return t, nil
}

func nameOf(p ui.Page, r member.Reach) string {
	if r.Name == "" {
		return p.T("notify.unnamed")
	}
	return r.Name
}

// mask shows of a phone what tells two people apart.
func mask(phone string) string {
	switch n := len(phone); {
	case n == 0:
		return "—"
	case n < 8:
		return "****"
	default:
		return phone[:3] + "****" + phone[n-4:]
	}
}

// callPage shows the whole phone number; that is written down for the person to see.
func (s *Service) callPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	ctx, q := c.Context(), s.journal.DB
	who, err := s.calledPerson(ctx, q, c.Actor, c.Path("id"))
	if err != nil {
		return nil, err
	}
	s.people.Looked(c.Actor.ID, who.ID, "phone", who.Lines[0].Kind+":"+who.Lines[0].Subject, c.Now())
	p := s.Page(c, c.T("notify.call", "who", who.Name), "todo")
	p.NoIndex, p.CSS = true, []string{"notify.css"}
	p.Back = ui.Link{Label: p.T("notify.calls"), URL: callsPageAt}
	say, err := s.sentences(ctx, q, text.Chinese, who.Lines) // read out in the language of the place
	if err != nil {
		return nil, err
	}
	at := callsPageAt + "/" + who.ID
	sum, form := ui.Sheet{
		Kind: "notify", ID: "tick", Action: at + "/tick", Button: p.T("notify.tick"), Fields: tickFields[:1], Sent: sent,
		Hidden: []ui.Option{{Label: "upto", Value: strconv.FormatInt(who.Lines[len(who.Lines)-1].At, 10)}},
		Dress:  map[string]ui.Field{"how": {Value: "phone"}},
	}.Draw(p)
	facts := []ui.Fact{{Label: p.T("notify.col.phone"), Value: "—"}, {Label: p.T("notify.col.tries"), Value: p.T("notify.tries", "n", who.Lines[0].Tries)}}
	if who.Phone != "" {
		facts[0].Body = dial(who.Phone)
	}
	return ui.Bench(p, sum, ui.Heading(p.Title, p.T("notify.call_lead")), ui.FactList(facts), script(s.hello(who), say, s.bye(p)), form,
		ui.With(ui.FormFor(p, ui.Form{Action: at + "/missed", OpID: ui.NewOperation()}), ui.SubmitButton(p, ui.Button{Label: p.T("notify.missed"), Quiet: true})),
		ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: p.T("notify.slip"), URL: at + "/slip"}, true))), nil
}

func (s *Service) hello(who called) string {
	return text.T(text.Chinese, "notify.hello", "who", who.Name, "place", s.places.Name(who.Lines[0].Community))
}

func (s *Service) bye(p ui.Page) string {
	return text.T(text.Chinese, "notify.bye", "phone", p.Community.Phone)
}

func (s *Service) callSlip(c *web.Call) (any, error) {
	ctx, q := c.Context(), s.journal.DB
	who, err := s.calledPerson(ctx, q, c.Actor, c.Path("id"))
	if err != nil {
		return nil, err
	}
	p := s.Page(c, c.T("notify.slip_title"), "")
	p.NoIndex, p.CSS = true, []string{"notify.css"}
	p.Back = ui.Link{Label: p.T("notify.calls"), URL: callsPageAt + "/" + who.ID}
	say, err := s.sentences(ctx, q, text.Chinese, who.Lines)
	if err != nil {
		return nil, err
	}
	return ui.With(ui.PrintLayout(p), ui.Heading(p.Title, text.Date(p.Lang, p.Now)), script(s.hello(who), say, s.bye(p))), nil
}

// mark runs fn on the lines of the path's person in one write.
func (s *Service) mark(c *web.Call, fn func(ctx context.Context, tx *db.Tx, a actor.Actor, who called, now int64) error) (any, error) {
	ctx := c.Context()
	out := map[string]string{"id": c.Path("id")}
	err := s.journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, now, err := s.caller(ctx, tx)
		if err != nil {
			return nil, err
		}
		who, err := s.calledPerson(ctx, tx, a, c.Path("id"))
		if err != nil {
			return nil, err
		}
		return out, fn(ctx, tx, a, who, now)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) tickCall(c *web.Call) (any, error) {
	out, err := s.mark(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, who called, now int64) error {
		in, err := c.Body(tickFields)
		if err != nil {
			return err
		}
		upto, _ := in.Int("upto")
		_, err = tick(ctx, tx, who.Lines[0].Community, who.ID, upto, in.Text("how"), a.ID, now)
		return err
	})
	if fault.Is(err, fault.Invalid) {
		form, perr := s.callPage(c, ui.Back(c, "", err))
		if perr != nil {
			return nil, perr
		}
		return form, err
	}
	return out, err
}

func (s *Service) missCall(c *web.Call) (any, error) {
	return s.mark(c, func(ctx context.Context, tx *db.Tx, _ actor.Actor, who called, now int64) error {
		_, err := tried(ctx, tx, who.Lines[0].Community, who.ID, now)
		return err
	})
}

// Waiting is how many lines wait to be read out by the actor's communities;
// keeps is false for who keeps no call list.
func (s *Service) Waiting(ctx context.Context, a actor.Actor) (n int, keeps bool, err error) {
	for _, community := range communities(a) {
		one, err := countCalls(ctx, s.journal.DB, community)
		if err != nil {
			return 0, true, err
		}
		n, keeps = n+one, true
	}
	return n, keeps, nil
}
