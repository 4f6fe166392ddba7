package vote

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/ballot"
	"linli/internal/feature/tally"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// pages are the doors for people.
func (s *Service) pages() []web.Route {
	const one = "/polls/{id}"
	query := append([]flow.Field{ballot.ListFields[0], ballot.ListFields[1]}, web.Paging()...)
	moved := func(out any) string { return out.(ballot.JSON).URL }
	return []web.Route{
		{Method: "GET", Path: "/polls", Name: "page-polls", Summary: "Polls", Query: query, Public: ballot.Public, Do: s.listPage},
		{Method: "GET", Path: "/polls/new", Name: "page-new-poll", Summary: "Announce a poll", SignedIn: true, Do: s.newPage},
		{Method: "POST", Path: "/polls", Name: "page-create-poll", Summary: "Announce a poll", SignedIn: true, After: moved, Do: s.createPage},
		{Method: "GET", Path: one, Name: "page-poll", Summary: "One poll, and the ballot", Public: ballot.Public, Do: func(c *web.Call) (any, error) { return s.pollPage(c, nil) }},
		{Method: "POST", Path: one + "/check", Name: "page-check-ballot", Summary: "Check the ballot", SignedIn: true, Quiet: true, Do: s.checkPage},
		{Method: "POST", Path: one + "/vote", Name: "page-vote", Summary: "Put the ballot in", SignedIn: true, Quiet: true,
			After: func(out any) string { return "/polls/" + out.(string) + "/receipt" }, Do: s.votePage},
		{Method: "GET", Path: one + "/receipt", Name: "page-ballot-receipt", Summary: "The receipt, while the poll is open", SignedIn: true, Do: s.receiptPage},
		{Method: "GET", Path: one + "/result", Name: "page-poll-result", Summary: "The result", Public: ballot.Public, Do: func(c *web.Call) (any, error) { return s.resultPage(c, nil) }},
		{Method: "POST", Path: one + "/mine", Name: "page-my-share", Summary: "What my share paid for, by receipt", Quiet: true, Do: s.minePage},
		{Method: "GET", Path: one + "/ballots.csv", Name: "page-poll-ballots", Summary: "All ballots", Public: ballot.Public, Do: s.DownloadCSV},
		{Method: "GET", Path: one + "/ballots.pb", Name: "page-poll-pabulib", Summary: "The poll as a Pabulib file", Public: ballot.Public, Do: s.DownloadPB},
		{Method: "GET", Path: one + "/paper", Name: "page-poll-paper", Summary: "Enter paper and telephone ballots", SignedIn: true,
			Do: func(c *web.Call) (any, error) { return s.paperPage(c, nil, nil) }},
		{Method: "POST", Path: one + "/paper", Name: "page-enter-paper", Summary: "One of two entries", SignedIn: true, Quiet: true, Do: s.enterPage},
		{Method: "POST", Path: one + "/paper/withdraw", Name: "page-withdraw-paper", Summary: "Take a first entry back", SignedIn: true, Quiet: true,
			After: func(out any) string { return "/polls/" + out.(string) + "/paper" }, Do: s.withdrawPage},
		{Method: "POST", Path: one + "/open", Name: "page-open-poll", Summary: "Open", SignedIn: true, After: moved, Do: func(c *web.Call) (any, error) { return s.movePage(c, "open") }},
		{Method: "POST", Path: one + "/correct", Name: "page-correct-poll", Summary: "Ask for a correction of the roll", SignedIn: true, After: moved, Do: s.correctPage},
		{Method: "POST", Path: one + "/countersign", Name: "page-countersign-poll", Summary: "Correct the roll as the second person", SignedIn: true, After: moved, Do: func(c *web.Call) (any, error) { return s.movePage(c, "countersign") }},
		{Method: "POST", Path: one + "/drop", Name: "page-drop-poll", Summary: "Drop a request for a correction", SignedIn: true, After: moved, Do: func(c *web.Call) (any, error) { return s.movePage(c, "drop") }},
		{Method: "POST", Path: one + "/close", Name: "page-close-poll", Summary: "Close early", SignedIn: true, After: moved, Do: func(c *web.Call) (any, error) { return s.movePage(c, "close") }},
	}
}

func (s *Service) frame(c *web.Call, title string) ui.Page {
	p := s.Page(c, title, ui.Projects)
	p.CSS = append(p.CSS, "ballot.css")
	return p
}

// polled is what the pages of one poll show.
type polled struct {
	ui.Page
	Poll     *ballot.Poll
	Place    string
	Turnout  *ballot.Turnout
	Eligible ballot.EligibilityJSON
	SignedIn bool
	Remedy   ui.Link
	Voted    bool
	Staff    bool
	Moves    []ui.Action
	Options  []ballot.Option // in this voter's order
	Chosen   []ballot.Choice // from the draft or the ballot in the box
	Fault    string          // what is wrong with the ballot
	OpID     string
	Timeline []matter.TimelineItem
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
	p := s.frame(c, c.T("poll.list"))
	state, place := in.Text("state"), in.Text("place")
	if state == "" {
		state = string(ballot.Open)
	}
	if place == "" && len(p.Community.Code) >= 6 {
		place = p.Community.Code[:6] // a street's or the district's polls are the reader's too
	}
	ps, err := ballot.List(c.Context(), s.Journal.DB, ballot.Filter{Place: place, State: state}, ask, c.Now())
	if err != nil {
		return nil, err
	}
	cut := page.Cut(ps, ask, func(p *ballot.Poll) string { return p.ID })
	v := listView{Page: p, State: state, New: c.Actor.Holds(actor.Staff)}
	for _, o := range cut.Items {
		c.ShownUntil(o.DueAt)
		v.Cards = append(v.Cards, s.card(p, o))
	}
	if cut.Next != nil {
		v.Next = "/polls?state=" + state + "&cursor=" + *cut.Next
	}
	if c.Actor.Known() && state == string(ballot.Open) {
		if v.Unfinished, err = s.Unfinished(c.Context(), s.Journal.DB, c.Actor.ID, c.Now()); err != nil {
			return nil, err
		}
	}
	return pollsPage(v), nil
}

type listView struct {
	ui.Page
	State      string
	Cards      []ui.Card
	Next       string
	New        bool
	Unfinished []*ballot.Poll
}

func (s *Service) card(p ui.Page, o *ballot.Poll) ui.Card {
	c := ui.Card{
		Title: o.Question, URL: "/polls/" + o.ID, Tag: tag(p, o),
		Facts: []string{s.Places.Name(o.RollPlace), p.T("poll.nature." + o.Nature), p.T("poll.n_options", "n", len(o.Options))},
	}
	switch {
	case o.Running(p.Now.UnixMilli()):
		c.Due = p.T("poll.closes_at", "at", text.Moment(p.Lang, matter.Time(o.Closes), p.Now))
	case o.State == ballot.Draft:
		c.Due = p.T("poll.opens_at", "at", text.Moment(p.Lang, matter.Time(o.Opens), p.Now))
	default:
		c.URL += "/result"
	}
	return c
}

func tag(p ui.Page, o *ballot.Poll) ui.Tag {
	t := ui.Tag{State: string(o.State), Label: p.T("poll.state." + string(o.State))}
	switch o.State {
	case ballot.Draft:
		t.Tone = ui.Wait
	case ballot.Open:
		t.Tone = ui.Busy
	default:
		t.Tone = ui.Good
	}
	return t
}

// view gathers what the pages of a poll show to this caller.
func (s *Service) view(c *web.Call, sent *ui.Sent) (polled, error) {
	o, err := s.Kind.Read(c)
	if err != nil {
		return polled{}, err
	}
	c.ShownUntil(o.DueAt)
	if o.State == ballot.Draft {
		c.ShownUntil(o.Opens)
	}
	ctx, q := c.Context(), s.Journal.DB
	v := polled{Page: s.frame(c, o.Question), Poll: o, Place: s.Places.Name(o.RollPlace), SignedIn: c.Actor.Known(), OpID: ui.NewOperation()}
	v.Back = ui.Link{Label: c.T("poll.list"), URL: "/polls"}
	v.JS = append(v.JS, "ballot.js")
	v.Staff = ballot.Staff.Is(c.Actor, o).OK()
	if v.Turnout, err = s.TurnoutOf(ctx, q, o); err != nil {
		return v, err
	}
	e, err := s.Eligible(ctx, q, o, c.Actor, c.Now())
	if err != nil {
		return v, err
	}
	v.Eligible, v.Voted = s.Explain(o, e, c.T), e.Voted
	if !v.SignedIn {
		v.Remedy = ui.Link{Label: c.T("shell.signin"), URL: "/signin?next=" + url.QueryEscape("/polls/"+o.ID)}
	}
	v.Options = shuffled(o, c.Actor.ID)
	if v.Chosen, err = s.chosen(c, o, e); err != nil {
		return v, err
	}
	v.Moves = ui.Moves(v.Page, "poll", "/polls/"+o.ID, o.Version, ballot.Life.Actions(o, c.Actor, c.Now()), sent)
	return v, s.dress(c, &v)
}

// chosen is what the voter marked last: the draft, else the ballot in the box.
func (s *Service) chosen(c *web.Call, o *ballot.Poll, e ballot.Eligibility) ([]ballot.Choice, error) {
	if !e.Eligible || o.State != ballot.Open {
		return nil, nil
	}
	draft, err := s.Draft(c.Context(), o.ID, c.Actor.ID)
	if err != nil || len(draft) > 0 {
		return draft, err
	}
	b, err := s.OwnBallot(c.Context(), o.ID, c.Actor)
	if err != nil || b == nil {
		return nil, err
	}
	return ballot.DecodeChoices(b.Choices), nil
}

// shuffled puts the options in an order of each voter's own, the same at every
// look, so that no option gains by standing first.
func shuffled(o *ballot.Poll, voter string) []ballot.Option {
	out := slices.Clone(o.Options)
	if voter == "" {
		return out
	}
	sum := sha256.Sum256([]byte(voter + " " + o.ID))
	r := rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func (s *Service) pollPage(c *web.Call, sent *ui.Sent) (any, error) {
	v, err := s.view(c, sent)
	if err != nil {
		return nil, err
	}
	if v.Timeline, err = s.Kind.Timeline(c.Context(), s.Journal.DB, v.Poll, matter.ViewOf(c)); err != nil {
		return nil, err
	}
	return pollPage(v), nil
}

// correctPage asks for a correction of the roll, of a resident as staff write her.
func (s *Service) correctPage(c *web.Call) (any, error) {
	o, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	if v := c.Form().Get("voter"); v != "" {
		c.Form().Set("voter", s.elector(c, o, "voter", v))
	}
	return s.movePage(c, "correct")
}

func (s *Service) movePage(c *web.Call, do string) (any, error) {
	out, err := s.Kind.Move(c, do)
	if err == nil || !mendable(err) {
		return out, err
	}
	again, verr := s.pollPage(c, &ui.Sent{Do: do, Values: c.Form(), Fault: fault.Of(err)})
	if verr != nil {
		return nil, err
	}
	return again, err
}

func mendable(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Late) || fault.Is(err, fault.Malformed)
}

// marks reads a ballot's form: checkboxes, ranks or points.
func marks(o *ballot.Poll, form url.Values) (any, error) {
	switch {
	case o.Ranked():
		rank := map[int]string{}
		for _, x := range o.Options {
			at := strings.TrimSpace(form.Get("rank." + x.ID))
			if at == "" {
				continue
			}
			n, err := strconv.Atoi(at)
			if err != nil || n < 1 || n > len(o.Options) {
				return nil, fault.Field1("choices", "fault.number")
			}
			if rank[n] != "" {
				return nil, fault.Field1("choices", "poll.fault.rank")
			}
			rank[n] = x.ID
		}
		var out []string
		for n := 1; n <= len(o.Options); n++ {
			if rank[n] != "" {
				out = append(out, rank[n])
			}
		}
		if len(out) > 0 {
			return out, nil
		}
	case o.Scored():
		var out []string
		for _, x := range o.Options {
			if p := strings.TrimSpace(form.Get("points." + x.ID)); p != "" && p != "0" {
				out = append(out, x.ID+":"+p)
			}
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return form["choices"], nil // also of the check page, whatever the rule
}

// checkPage shows the ballot once more before it is put in.
func (s *Service) checkPage(c *web.Call) (any, error) {
	v, err := s.view(c, nil)
	if err != nil {
		return nil, err
	}
	raw, err := marks(v.Poll, c.Form())
	if err == nil {
		_, v.Chosen, err = s.Keep(c.Context(), v.Poll.ID, raw)
	}
	if err != nil {
		return s.ballotAgain(c, v, err)
	}
	v.Title = c.T("poll.check_title")
	return checkPage(v), nil
}

// ballotAgain shows the ballot with what is to be mended.
func (s *Service) ballotAgain(c *web.Call, v polled, err error) (any, error) {
	if !mendable(err) {
		return nil, err
	}
	f := fault.Of(err)
	v.Fault = c.TextOf(f.Key, f.Args)
	if len(f.Fields) > 0 {
		v.Fault = c.TextOf(f.Fields[0].Key, f.Fields[0].Args)
	}
	if raw, merr := marks(v.Poll, c.Form()); merr == nil {
		v.Chosen = nil
		if list, ok := raw.([]string); ok {
			for _, m := range list {
				if x, ok := ballot.ReadChoice(m, v.Poll.Scored()); ok {
					v.Chosen = append(v.Chosen, x)
				}
			}
		}
	}
	return pollPage(v), err
}

func (s *Service) votePage(c *web.Call) (any, error) {
	id := c.Path("id")
	_, err := s.Vote(c.Context(), id, func() (any, error) { return []string(c.Form()["choices"]), nil })
	if err != nil {
		v, verr := s.view(c, nil)
		if verr != nil {
			return nil, err
		}
		return s.ballotAgain(c, v, err)
	}
	return id, nil
}

func (s *Service) receiptPage(c *web.Call) (any, error) {
	v, err := s.view(c, nil)
	if err != nil {
		return nil, err
	}
	r, err := s.Receipt(c.Context(), v.Poll.ID, c.Actor)
	if fault.Is(err, fault.Conflict) {
		return web.Redirect("/polls/" + v.Poll.ID), nil
	}
	if err != nil {
		return nil, err
	}
	v.Title = c.T("poll.receipt_title")
	return receiptPage(v, spaced(r)), nil
}

// spaced groups a receipt so that it can be read aloud and copied by hand.
func spaced(r string) string {
	var parts []string
	for len(r) > 4 {
		parts, r = append(parts, r[:4]), r[4:]
	}
	return strings.Join(append(parts, r), " ")
}

// costs is the options' costs for the script that sums them.
func costs(o *ballot.Poll) string {
	m := map[string]int64{}
	for _, x := range o.Options {
		m[x.ID] = x.Cost
	}
	b, _ := json.Marshal(m) // a map of numbers always encodes
	return string(b)
}

// sumWords is the sticky bar's line with places for what is chosen and used.
func (v polled) sumWords(chosen, used string) string {
	most := len(v.Poll.Options)
	if v.Poll.MaxChoices > 0 {
		most = v.Poll.MaxChoices
	}
	s := v.T("poll.chosen", "n", chosen, "max", most)
	if v.Poll.Rule == tally.Knapsack {
		s += " · " + v.T("poll.used", "used", used, "budget", text.Money(v.Poll.Budget))
	} else if v.Poll.Budget > 0 {
		s += " · " + v.T("poll.used_of", "used", used, "budget", text.Money(v.Poll.Budget))
	}
	return s
}

// sum is the bar's line as the page is sent.
func (v polled) sum() string {
	var used int64
	for _, c := range v.Chosen {
		if o := v.Poll.Option(c.Option); o != nil {
			used += o.Cost
		}
	}
	return v.sumWords(strconv.Itoa(len(v.Chosen)), text.Money(used))
}

func (v polled) strict() string {
	if v.Poll.Rule == tally.Knapsack {
		return "1"
	}
	return ""
}

// choicesField is the ballot as checkboxes, in the voter's own order.
func (v polled) choicesField() ui.Field {
	f := ui.Field{Name: "choices", Type: ui.ChecksField, Label: v.T("poll.choose"), Required: true, Error: v.Fault}
	if v.Poll.MaxChoices > 0 {
		f.Hint = v.T("poll.choose_max", "max", v.Poll.MaxChoices)
	}
	for _, o := range v.Options {
		f.Options = append(f.Options, ui.Option{Value: o.ID, Label: o.Title, Hint: v.cost(o)})
	}
	for _, c := range v.Chosen {
		f.Values = append(f.Values, c.Option)
	}
	return f
}

func (v polled) cost(o ballot.Option) string {
	if o.Cost == 0 {
		return ""
	}
	return text.Money(o.Cost)
}

// levels are selects beside each option: ranks, or points.
func (v polled) levels() []ui.Field {
	var out []ui.Field
	for _, o := range v.Options {
		f := ui.Field{Label: o.Title, Hint: v.cost(o), Type: ui.SelectField, Required: true}
		if v.Poll.Ranked() {
			f.Name = "rank." + o.ID
			f.Options = []ui.Option{{Label: v.T("poll.no_rank")}}
			for n := range v.Options {
				f.Options = append(f.Options, ui.Option{Value: strconv.Itoa(n + 1), Label: v.T("poll.rank", "n", n+1)})
			}
		} else {
			f.Name = "points." + o.ID
			for n := range ballot.MaxPoints + 1 {
				f.Options = append(f.Options, ui.Option{Value: strconv.Itoa(n), Label: v.T("poll.points", "n", n)})
			}
		}
		for i, c := range v.Chosen {
			switch {
			case c.Option != o.ID:
			case v.Poll.Ranked():
				f.Value = strconv.Itoa(i + 1)
			default:
				f.Value = strconv.FormatInt(c.Points, 10)
			}
		}
		out = append(out, f)
	}
	return out
}

// answers lists the marks of a ballot for checking.
func (v polled) answers() []ui.Answer {
	var out []ui.Answer
	for i, c := range v.Chosen {
		o := v.Poll.Option(c.Option)
		a := ui.Answer{Label: v.T("poll.your_choice"), Value: o.Title}
		switch {
		case v.Poll.Ranked():
			a.Label = v.T("poll.rank", "n", i+1)
		case v.Poll.Scored():
			a.Label = v.T("poll.points", "n", c.Points)
		}
		if o.Cost > 0 {
			a.Value += "　" + text.Money(o.Cost)
		}
		out = append(out, a)
	}
	return out
}

func (v polled) encoded(c ballot.Choice) string { return ballot.Encode([]ballot.Choice{c}) }
