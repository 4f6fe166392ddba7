package webhook

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// JSON is a subscription as its keepers know it. Secret is shown to its owner alone.
type JSON struct {
	ID        string    `json:"id"`
	URL       string    `json:"url"`
	Place     string    `json:"place"`
	PlaceName string    `json:"place_name"`
	Kinds     []string  `json:"kinds" doc:"empty for all"`
	State     string    `json:"state"`
	Reason    string    `json:"reason" doc:"why it is not active: failing, gone, right, owner"`
	CreatedAt time.Time `json:"created_at"`
	Secret    string    `json:"secret,omitempty" doc:"to check signatures; for its owner only"`
}

// Location is the address of a created subscription.
func (j JSON) Location() string { return "/api/v1/webhooks/" + j.ID }

// List is all subscriptions a caller keeps.
type List struct {
	Items []JSON `json:"items"`
}

func (s *Service) json(h Hook, a actor.Actor) JSON {
	j := JSON{ID: h.ID, URL: h.URL, Place: h.Place, PlaceName: s.places.Name(h.Place), Kinds: []string{}, State: h.State, Reason: h.Reason, CreatedAt: time.UnixMilli(h.CreatedAt).UTC()}
	j.Kinds = append(j.Kinds, strings.Fields(h.Kinds)...)
	if h.Owner == a.ID {
		j.Secret = s.SigningSecret(h)
	}
	return j
}

func (s *Service) routes() []web.Route {
	const api, pages = "/api/v1/webhooks", "/staff/webhooks"
	rs := []web.Route{
		{Method: "GET", Path: api, Name: "list-webhooks", Summary: "Subscriptions of the caller's places", SignedIn: true, Out: List{}, Do: s.list},
		{Method: "POST", Path: api, Name: "create-webhook", Summary: "Subscribe an address to public events of a place", SignedIn: true, Status: 201, Body: createFields, Out: JSON{}, Do: s.create},
		{Method: "GET", Path: api + "/{id}", Name: "read-webhook", Summary: "One subscription", SignedIn: true, Out: JSON{}, Do: s.read},
		{Method: "GET", Path: pages, Name: "page-webhooks", Summary: "Webhooks 事件推送", SignedIn: true, Query: []flow.Field{{Name: "done", Kind: flow.Text, Max: 20}},
			Do: func(c *web.Call) (any, error) { return s.listPage(c, nil) }},
		{Method: "POST", Path: pages, Name: "page-create-webhook", Summary: "Subscribe", SignedIn: true, Body: createFields, Do: s.createPage,
			After: func(out any) string { return pages + "/" + out.(JSON).ID }},
		{Method: "GET", Path: pages + "/{id}", Name: "page-webhook", Summary: "One subscription and its log", SignedIn: true, Query: web.Paging(), Do: s.page},
	}
	for _, do := range []string{"end", "enable", "rotate"} {
		act := func(c *web.Call) (any, error) { return s.act(c, do) }
		rs = append(rs,
			web.Route{Method: "POST", Path: api + "/{id}/" + do, Name: do + "-webhook", Summary: "Webhook: " + do, SignedIn: true, Out: JSON{}, Do: act},
			web.Route{Method: "POST", Path: pages + "/{id}/" + do, Name: "page-" + do + "-webhook", Summary: "Webhook: " + do, SignedIn: true, Do: act,
				After: func(out any) string { return pages + "/" + out.(JSON).ID }})
	}
	return rs
}

// caller is who acts, read anew, and when.
func (s *Service) caller(ctx context.Context, tx *db.Tx) (actor.Actor, int64, error) {
	a, err := s.people.Fresh(ctx, tx, actor.From(ctx))
	if err != nil {
		return a, 0, err
	}
	now, err := tx.Now(ctx)
	return a, now, err
}

// hooks lists what the actor keeps: the subscriptions at or below its places.
func (s *Service) hooks(ctx context.Context, q db.Queryer, a actor.Actor) ([]Hook, error) {
	var out []Hook
	seen := map[string]bool{}
	for _, place := range placesOf(a) {
		below, err := hooksBelow(ctx, q, place)
		if err != nil {
			return nil, err
		}
		for _, h := range below {
			if !seen[h.ID] {
				seen[h.ID] = true
				out = append(out, h)
			}
		}
	}
	slices.SortFunc(out, func(a, b Hook) int { return strings.Compare(b.ID, a.ID) })
	return out, nil
}

// hook is the one of the path, for who keeps it; else absent.
func (s *Service) hook(ctx context.Context, q db.Queryer, a actor.Actor, hook, suffix string) (Hook, error) {
	if !id.Valid(hook) {
		return Hook{}, fault.Absent()
	}
	h, err := hookByID(ctx, q, hook, suffix)
	if errors.Is(err, db.ErrNoRows) || err == nil && !may(a, h.Place) {
		return Hook{}, fault.Absent()
	}
	return h, err
}

func (s *Service) list(c *web.Call) (any, error) {
	if len(placesOf(c.Actor)) == 0 {
		return nil, fault.New(fault.Denied, "webhook.reason.who")
	}
	hs, err := s.hooks(c.Context(), s.journal.DB, c.Actor)
	out := List{Items: []JSON{}}
	for _, h := range hs {
		out.Items = append(out.Items, s.json(h, c.Actor))
	}
	return out, err
}

func (s *Service) read(c *web.Call) (any, error) {
	h, err := s.hook(c.Context(), s.journal.DB, c.Actor, c.Path("id"), "")
	if err != nil {
		return nil, err
	}
	return s.json(h, c.Actor), nil
}

// create makes a subscription: who may is asked before what is in the form.
func (s *Service) create(c *web.Call) (any, error) {
	var out JSON
	ctx := c.Context()
	err := s.journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, now, err := s.caller(ctx, tx)
		if err != nil {
			return nil, err
		}
		if len(placesOf(a)) == 0 {
			return nil, fault.New(fault.Denied, "webhook.reason.who")
		}
		in, err := c.Body(createFields)
		if err != nil {
			return nil, err
		}
		h, err := s.checked(in)
		if err != nil {
			return nil, err
		}
		if !may(a, h.Place) {
			return nil, fault.Field1("place", "webhook.bad_place")
		}
		n, err := countActive(ctx, tx, h.Place)
		if err != nil {
			return nil, err
		}
		if n >= most {
			return nil, fault.New(fault.Conflict, "webhook.reason.most", "n", most)
		}
		h.ID, h.Owner, h.Rotation, h.CreatedAt, h.ActiveAt, h.ChangedAt = id.New(), a.ID, 1, now, now, now
		if err := insertHook(ctx, tx, h); err != nil {
			return nil, err
		}
		out = s.json(h, a)
		kept := out
		kept.Secret = "" // replies of operation keys are stored; secrets are not
		return kept, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// act ends a subscription, turns one on again, or changes its secret.
func (s *Service) act(c *web.Call, do string) (any, error) {
	var out JSON
	ctx := c.Context()
	err := s.journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, now, err := s.caller(ctx, tx)
		if err != nil {
			return nil, err
		}
		h, err := s.hook(ctx, tx, a, c.Path("id"), tx.Lock())
		if err != nil {
			return nil, err
		}
		if do != "end" && h.Owner != a.ID {
			return nil, fault.New(fault.Denied, "webhook.reason.owner")
		}
		if h.State == Ended || do == "enable" && h.State != Disabled {
			return nil, fault.New(fault.Conflict, "webhook.reason.state")
		}
		if _, err := c.Body(nil); err != nil {
			return nil, err
		}
		switch do {
		case "end":
			if err := stop(ctx, tx, h, Ended, becauseOwner, now); err != nil {
				return nil, err
			}
			h.State, h.Reason = Ended, becauseOwner
		case "enable":
			h.State, h.Reason, h.HoldUntil, h.FailingAt, h.ActiveAt, h.ChangedAt = Active, "", 0, 0, now, now
			err = saveHook(ctx, tx, h)
		case "rotate":
			h.Rotation, h.ChangedAt = h.Rotation+1, now
			err = saveHook(ctx, tx, h)
		}
		out = s.json(h, a)
		kept := out
		kept.Secret = ""
		return kept, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) createPage(c *web.Call) (any, error) {
	out, err := s.create(c)
	if err != nil && len(placesOf(c.Actor)) > 0 && (fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict)) {
		form, perr := s.listPage(c, ui.Back(c, "", err))
		if perr != nil {
			return nil, perr
		}
		return form, err
	}
	return out, err
}

var tones = map[string]ui.Tone{Active: ui.Good, Disabled: ui.Warn, Ended: ui.Off}

func (s *Service) listPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	places := placesOf(c.Actor)
	if len(places) == 0 {
		return nil, fault.Absent()
	}
	p := s.Page(c, c.T("webhook.title"), "settings")
	p.NoIndex = true
	hs, err := s.hooks(c.Context(), s.journal.DB, c.Actor)
	if err != nil {
		return nil, err
	}
	dress := map[string]ui.Field{"url": {Hint: p.T("webhook.url_hint")}, "place": {Type: ui.SelectField, Value: places[0]}, "kinds": {Type: ui.ChecksField, Hint: p.T("webhook.kinds_hint")}}
	at, kinds := dress["place"], dress["kinds"]
	for _, code := range places {
		at.Options = append(at.Options, ui.Option{Value: code, Label: s.places.Name(code)})
	}
	for _, k := range s.Kinds {
		kinds.Options = append(kinds.Options, ui.Option{Value: k, Label: s.kindName(p, k)})
	}
	dress["place"], dress["kinds"] = at, kinds
	sum, form := ui.Sheet{Kind: "webhook", ID: "new", Action: "/staff/webhooks", Button: p.T("webhook.create"), Fields: createFields, Dress: dress, Sent: sent}.Draw(p)
	parts := []templ.Component{sum, ui.Heading(p.Title, p.T("webhook.lead"))}
	if len(hs) == 0 {
		parts = append(parts, ui.With(ui.Inset(), ui.Paragraph(p.T("webhook.none"))))
	} else {
		var cards []templ.Component
		for _, h := range hs {
			cards = append(cards, ui.CardItem(p, ui.Card{Title: hostOf(h.URL), URL: "/staff/webhooks/" + h.ID, Text: s.kindNames(p, h),
				Tag: ui.Tag{State: h.State, Label: p.T("webhook.state." + h.State), Tone: tones[h.State]}, Facts: []string{s.places.Name(h.Place), text.Date(p.Lang, time.UnixMilli(h.CreatedAt))}}))
		}
		parts = append(parts, ui.With(ui.CardList(), cards...))
	}
	return ui.Bench(p, append(parts, ui.With(ui.Block(p.T("webhook.new"), ui.Link{}), form))...), nil
}

// hostOf shows where a subscription goes without what may be secret in its path.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

func (s *Service) kindName(p ui.Page, kind string) string {
	if p.Has(kind + ".kind") {
		return p.T(kind + ".kind")
	}
	return kind
}

func (s *Service) kindNames(p ui.Page, h Hook) string {
	var names []string
	for _, k := range strings.Fields(h.Kinds) {
		names = append(names, s.kindName(p, k))
	}
	if len(names) == 0 {
		return p.T("webhook.every_kind")
	}
	return strings.Join(names, " · ")
}

func (s *Service) page(c *web.Call) (any, error) {
	ctx, q := c.Context(), s.journal.DB
	h, err := s.hook(ctx, q, c.Actor, c.Path("id"), "")
	if err != nil {
		return nil, err
	}
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	ask, err := web.PageOf(in)
	if err != nil {
		ask = page.Ask{Limit: page.Default}
	}
	p := s.Page(c, hostOf(h.URL), "settings")
	p.NoIndex = true
	p.Back = ui.Link{Label: p.T("webhook.title"), URL: "/staff/webhooks"}
	owner, err := s.people.PublicName(ctx, q, h.Owner)
	if err != nil {
		return nil, err
	}
	mine := h.Owner == c.Actor.ID
	state := p.T("webhook.state." + h.State)
	if h.Reason != "" {
		state += " · " + p.T("webhook.because."+h.Reason)
	}
	facts := []ui.Fact{{Label: p.T("webhook.state"), Value: state}, {Label: p.T("webhook.field.place"), Value: s.places.Name(h.Place)}, {Label: p.T("webhook.field.kinds"), Value: s.kindNames(p, h)}, {Label: p.T("webhook.by"), Value: owner}}
	if mine {
		facts = append(facts, ui.Fact{Label: p.T("webhook.field.url"), Value: h.URL}, ui.Fact{Label: p.T("webhook.secret"), Value: s.SigningSecret(h)})
	}
	parts := []templ.Component{ui.Heading(p.Title, p.T("webhook.page_lead")), ui.FactList(facts)}
	button := func(do string, danger bool) templ.Component {
		return ui.With(ui.FormFor(p, ui.Form{Action: "/staff/webhooks/" + h.ID + "/" + do, OpID: ui.NewOperation()}), ui.SubmitButton(p, ui.Button{Label: p.T("webhook.do." + do), Quiet: !danger, Danger: danger}))
	}
	if mine && h.State == Disabled {
		parts = append(parts, button("enable", false))
	}
	if mine && h.State != Ended {
		parts = append(parts, button("rotate", false))
	}
	if h.State != Ended {
		parts = append(parts, button("end", true))
	}
	rows, err := logOf(ctx, q, h.ID, ask)
	if err != nil {
		return nil, err
	}
	cut := page.Cut(rows, ask, func(d sent) string { return d.ID })
	t := ui.Table{Caption: p.T("webhook.log"), Columns: []ui.Column{{Label: p.T("webhook.col.what")}, {Label: p.T("webhook.state")}, {Label: p.T("webhook.col.tries"), Number: true}, {Label: p.T("webhook.col.at")}}}
	for _, d := range cut.Items {
		words := p.T("webhook.delivery." + d.State)
		if d.Fault != "" {
			words += " · " + p.T("webhook.fault."+d.Fault)
		}
		if d.Status != 0 {
			words += " · HTTP " + strconv.Itoa(d.Status)
		}
		at := d.NextAt
		if d.EndedAt != 0 {
			at = d.EndedAt
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: d.Kind + "." + d.Do}, {Text: words}, {Text: strconv.Itoa(d.Tries)}, {Text: text.Moment(p.Lang, time.UnixMilli(at), p.Now)}}})
	}
	if len(t.Rows) > 0 {
		parts = append(parts, ui.DataTable(p, t))
	} else {
		parts = append(parts, ui.With(ui.Inset(), ui.Paragraph(p.T("webhook.log_none"))))
	}
	if cut.Next != nil {
		parts = append(parts, ui.Pager(p, "/staff/webhooks/"+h.ID+"?cursor="+url.QueryEscape(*cut.Next)))
	}
	return ui.Bench(p, parts...), nil
}
