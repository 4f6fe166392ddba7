package wish

import (
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/place"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// pages are the doors for people.
func (s *Service) pages() []web.Route {
	list := append(slices.Clone(listFields), web.Paging()...)
	done := []flow.Field{{Name: "done", Kind: flow.Enum, Values: Life.Names()}}
	routes := []web.Route{
		{Method: "GET", Path: "/wishes", Name: "page-wishes", Summary: "Wishes 心愿", Query: list, Public: s.Kind.Public, Do: s.listPage},
		{Method: "GET", Path: "/wishes/{id}", Name: "page-wish", Summary: "A wish", Query: done, Public: s.Kind.Public, Do: func(c *web.Call) (any, error) { return s.screen(c, nil) }},
		{Method: "GET", Path: "/staff/wishes", Name: "page-staff-wishes", Summary: "What waits for staff", Query: staffQuery, SignedIn: true, Do: s.staffPage},
	}
	for _, do := range Life.Names() {
		routes = append(routes, web.Route{Method: "POST", Path: "/wishes/{id}/" + do, Name: "page-" + do + "-wish", Summary: "Move: " + do, SignedIn: true,
			Do:    func(c *web.Call) (any, error) { return s.move(c, do) },
			After: func(out any) string { return out.(JSON).URL + "?done=" + do }})
	}
	return routes
}

// listView is what the list shows.
type listView struct {
	Cards  []ui.Card
	Filter ui.Filter
	Errors []ui.FieldError
	Next   string
	Asked  bool // some filter is set
	May    bool // the reader may record wishes met on the spot
}

func (s *Service) listPage(c *web.Call) (any, error) {
	p := s.Page(c, c.T("wish.list"), ui.Wishes)
	p.Description = c.T("wish.list_lead")
	in, err := c.Query()
	if err == nil && in.Bool("mine") && !c.Actor.Known() {
		return web.Redirect("/signin?next=" + url.QueryEscape(c.R.URL.RequestURI())), nil
	}
	v := listView{May: c.Actor.Known() && MayFile(c.Actor)}
	var found page.Of[any]
	if err == nil {
		found, err = s.Kind.Listing(c)
	}
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			return nil, err
		}
		in = flow.Input{} // an address typed by hand: say what is wrong, show no list
		for _, f := range fault.Of(err).Fields {
			v.Errors = append(v.Errors, ui.FieldError{ID: "f-" + f.Name, Message: c.TextOf(f.Key, f.Args)})
		}
	}
	v.Cards = make([]ui.Card, 0, len(found.Items))
	for _, it := range found.Items {
		v.Cards = append(v.Cards, card(p, it.(JSON)))
	}
	q := url.Values{}
	for _, f := range listFields {
		if t := in.Text(f.Name); t != "" {
			q.Set(f.Name, t)
		}
	}
	if in.Bool("mine") {
		q.Set("mine", "true")
	}
	v.Asked = len(q) > 0
	v.Filter = s.filter(p, c, in)
	if v.Asked {
		v.Filter.Clear = "/wishes"
	}
	if found.Next != nil {
		q.Set("cursor", *found.Next)
		v.Next = "/wishes?" + q.Encode()
	}
	return s.listScreen(p, v), err
}

func (s *Service) filter(p ui.Page, c *web.Call, in flow.Input) ui.Filter {
	all := ui.Option{Label: p.T("wish.all")}
	states := []ui.Option{all}
	for _, st := range Shown {
		states = append(states, ui.Option{Value: string(st), Label: p.T("wish.state." + string(st))})
	}
	for _, st := range []flow.State{Review, Returned, Withdrawn} { // only who files sees these
		if c.Actor.Known() {
			states = append(states, ui.Option{Value: string(st), Label: p.T("wish.state." + string(st))})
		}
	}
	categories := []ui.Option{all}
	for _, k := range Categories {
		categories = append(categories, ui.Option{Value: k, Label: p.T("wish.category." + k)})
	}
	places := []ui.Option{all}
	here := p.Community.Code
	for _, code := range []string{here, access.Up(here, access.Street), access.Up(here, access.District), place.Trim(in.Text("place"))} {
		if code != "" && s.Places.Known(code) && !slices.ContainsFunc(places, func(o ui.Option) bool { return o.Value == code }) {
			places = append(places, ui.Option{Value: code, Label: s.Places.Name(code)})
		}
	}
	f := ui.Filter{Action: "/wishes", Fields: []ui.Field{
		{Name: "q", Label: p.T("wish.filter.q"), Value: in.Text("q"), MaxLen: 100},
		{Name: "state", Label: p.T("wish.filter.state"), Type: ui.SelectField, Value: in.Text("state"), Options: states},
		{Name: "category", Label: p.T("wish.field.category"), Type: ui.SelectField, Value: in.Text("category"), Options: categories},
		{Name: "place", Label: p.T("wish.filter.place"), Type: ui.SelectField, Value: place.Trim(in.Text("place")), Options: places},
	}}
	if in.Bool("mine") {
		f.Fields = append(f.Fields, ui.Field{Name: "mine", Type: ui.HiddenField, Value: "true"})
	}
	return f
}

// wishView is what a wish's page shows.
type wishView struct {
	W       JSON
	Steps   []ui.Step
	Facts   []ui.Fact
	Claim   *ui.Claim
	Main    []ui.Action // what most people come for
	Rest    []ui.Action
	Noted   bool   // that the contact was looked at is noted
	SignIn  string // address of the sign-in, when that is what is missing to claim
	Photos  []ui.Photo
	Story   []ui.Entry
	Errors  []ui.FieldError
	Alert   string // what stood in the way of a move
	Others  []Alike
	Receipt string
	Origin  []ui.Fact
}

// screen shows a wish's page; sent is a form that came back.
func (s *Service) screen(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	w, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	c.ShownUntil(w.DueAt)
	ctx, v := c.Context(), matter.ViewOf(c)
	j, err := s.json(ctx, s.Journal.DB, w, v)
	if err != nil {
		return nil, err
	}
	story, err := s.Kind.Timeline(ctx, s.Journal.DB, w, v)
	if err != nil {
		return nil, err
	}
	p := s.Page(c, w.Title, ui.Wishes)
	p.Path = j.URL // the language and care switches must not make a POST's address a GET
	p.Back = ui.Link{Label: p.T("wish.list"), URL: "/wishes"}
	if w.open() {
		p.Description, p.Canonical = cut(w.Body, 100), c.Base()+j.URL
	}
	p.NoIndex = !w.open()
	if done := c.R.URL.Query().Get("done"); sent == nil && p.Has("wish.done."+done) {
		p.Flash = p.T("wish.done." + done)
	}
	acts, err := s.moves(ctx, p, w, j, v, sent)
	if err != nil {
		return nil, err
	}
	out := wishView{W: j, Steps: steps(p, j, story), Facts: s.facts(p, w, j), Photos: photos(p, j), Story: entries(p, j, story), Origin: links(p, j)}
	out.Errors, out.Alert = errorsOf(p, acts, sent), FaultOf(p, sent)
	if sent != nil && sent.Do == "claim" && sent.Fault.Kind == fault.Conflict && w.State != Open {
		if w.Total == 0 && len(w.Claims) > 0 {
			who, err := s.claimer(ctx, s.Journal.DB, w.Claims[len(w.Claims)-1])
			if err != nil {
				return nil, err
			}
			out.Alert = p.T("wish.lost", "who", who)
		}
		if out.Others, err = s.others(c, w); err != nil {
			return nil, err
		}
	}
	var claim *ui.Action
	for _, a := range acts {
		if a.Do == "claim" {
			claim = &a
			continue
		}
		if a.Primary && a.Enabled {
			out.Main = append(out.Main, a)
		} else {
			out.Rest = append(out.Rest, a)
		}
	}
	out.Noted = !j.Mine && (w.Helped != "" || !w.OnBehalf())
	out.Claim = claimCard(p, w, j, claim)
	if !c.Actor.Known() && w.State == Open {
		out.SignIn = "/signin?next=" + url.QueryEscape(j.URL)
	}
	if w.Followed(c.Actor) {
		out.Receipt = j.URL + "/receipt"
	}
	return s.wishScreen(p, out), nil
}

// links tell where a wish came from and what became of it 一事一线.
func links(p ui.Page, j JSON) []ui.Fact {
	var out []ui.Fact
	for _, l := range []struct{ key, ref string }{{"wish.fact.origin", j.Origin}, {"wish.fact.became", j.Became}} {
		kind, id, ok := cutRef(l.ref)
		if ok {
			out = append(out, ui.Fact{Label: p.T(l.key), Body: refLink("/"+kind+"/"+id, p.T("wish.ref."+kind))})
		}
	}
	return out
}

// others are open wishes for a helper who came too late: alike first, else of
// the same category nearby.
func (s *Service) others(c *web.Call, w *Wish) (out []Alike, err error) {
	if out = s.Similar(c.Context(), w.Title, w.Scope(), w.ID); len(out) > 0 {
		return out, nil
	}
	f := Filter{Place: w.Scope(), State: string(Open), Category: w.Category}
	ws, err := list(c.Context(), s.Journal.DB, actor.Actor{}, f, page.Ask{Limit: alikeMost}, c.Now())
	for _, o := range ws[:min(alikeMost, len(ws))] {
		if o.ID != w.ID {
			out = append(out, Alike{ID: o.ID, Title: o.Title})
		}
	}
	return out, err
}
