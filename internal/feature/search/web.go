package search

import (
	"net/url"
	"slices"

	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/place"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// routes are the doors of search. They are not kept as anonymous renderings:
// the index follows events a moment later, and a page made in between would
// stay for a minute.
func (s *Service) routes() []web.Route {
	var kinds []string
	for _, src := range s.sources {
		kinds = append(kinds, src.plural)
	}
	slices.Sort(kinds)
	fields := func(required bool) []flow.Field {
		return append([]flow.Field{
			{Name: "q", Kind: flow.Text, Max: 100, Required: required},
			{Name: "place", Kind: flow.Text, Max: 20},
			{Name: "kind", Kind: flow.Enum, Values: kinds},
		}, web.Paging()...)
	}
	return []web.Route{
		{
			Method: "GET", Path: "/api/v1/search", Name: "search", Query: fields(true), Out: page.Of[Hit]{},
			Summary: "Matters that anybody may read, by words, newest first", Do: func(c *web.Call) (any, error) { return s.answer(c) },
		},
		{Method: "GET", Path: "/search", Name: "page-search", Query: fields(false), Do: s.show},
	}
}

func (s *Service) answer(c *web.Call) (page.Of[Hit], error) {
	in, err := c.Query()
	if err != nil {
		return page.Of[Hit]{}, err
	}
	return s.ask(c, in)
}

func (s *Service) ask(c *web.Call, in flow.Input) (page.Of[Hit], error) {
	ask, err := web.PageOf(in)
	if err != nil {
		return page.Of[Hit]{}, err
	}
	return s.Search(c.Context(), s.journal.DB, in.Text("q"), place.Trim(in.Text("place")), s.kindOf(in.Text("kind")), ask)
}

// show is the page. What is wrong with an address typed by hand is said at the form; the page never fails for it.
func (s *Service) show(c *web.Call) (any, error) {
	p := s.Page(c, c.T("search.title"), "")
	p.NoIndex = true
	in, err := c.Query()
	v := view{Query: in.Text("q"), Place: in.Text("place"), Kind: in.Text("kind"), Hits: page.Of[Hit]{Items: []Hit{}}}
	if err == nil && v.Query != "" {
		v.Hits, err = s.ask(c, in)
	}
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			return nil, err
		}
		if v.Query == "" {
			v.Query = c.R.URL.Query().Get("q")
		}
		for _, f := range fault.Of(err).Fields {
			if f.Name != "kind" && f.Name != "place" {
				f.Name = "q" // limit and cursor have no field of their own
			}
			v.Errors = append(v.Errors, ui.FieldError{ID: "f-" + f.Name, Message: c.TextOf(f.Key, f.Args)})
		}
	}
	v.Again = in.Text("cursor") != ""
	return s.screen(p, v), err
}

// view is what the page shows.
type view struct {
	Query, Place, Kind string
	Hits               page.Of[Hit]
	Errors             []ui.FieldError
	Again              bool // a further part of the list
}

func (s *Service) fields(p ui.Page, v view) []ui.Field {
	kinds := []ui.Option{{Value: "", Label: p.T("search.every_kind")}}
	for _, k := range s.kinds() {
		plural := s.sources[k].plural
		kinds = append(kinds, ui.Option{Value: plural, Label: p.T("search.kind." + plural)})
	}
	places := []ui.Option{{Value: "", Label: p.T("search.everywhere")}}
	if p.Community.Code != "" {
		places = append(places, ui.Option{Value: p.Community.Code, Label: p.Community.Name})
	}
	if v.Place != "" && v.Place != p.Community.Code {
		places = append(places, ui.Option{Value: v.Place, Label: s.places.Name(v.Place)})
	}
	fields := []ui.Field{
		{Name: "q", Label: p.T("search.words"), Value: v.Query, MaxLen: 100, Wide: true},
		{Name: "kind", Label: p.T("search.kind"), Type: ui.SelectField, Value: v.Kind, Options: kinds},
		{Name: "place", Label: p.T("search.place"), Type: ui.SelectField, Value: v.Place, Options: places},
	}
	for i := range fields {
		for _, e := range v.Errors {
			if e.ID == "f-"+fields[i].Name {
				fields[i].Error = e.Message
			}
		}
	}
	return fields
}

func card(p ui.Page, h Hit) ui.Card {
	facts := []string{p.T("search.kind." + h.Kind)}
	if h.PlaceName != "" {
		facts = append(facts, h.PlaceName)
	}
	return ui.Card{Title: h.Title, URL: h.URL, Facts: append(facts, text.Date(p.Lang, h.At))}
}

// next is the address of what follows, "" at the end.
func (v view) next() string {
	if v.Hits.Next == nil {
		return ""
	}
	q := url.Values{"q": {v.Query}, "cursor": {*v.Hits.Next}}
	if v.Kind != "" {
		q.Set("kind", v.Kind)
	}
	if v.Place != "" {
		q.Set("place", v.Place)
	}
	return "/search?" + q.Encode()
}
