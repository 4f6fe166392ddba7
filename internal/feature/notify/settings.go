package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/push"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

var (
	pushFields = []flow.Field{{Name: "endpoint", Kind: flow.Text, Max: 1000, Required: true}, {Name: "p256dh", Kind: flow.Text, Max: 200, Required: true}, {Name: "auth", Kind: flow.Text, Max: 100, Required: true}}
	endFields  = pushFields[:1]
)

func (s *Service) settingsRoutes() []web.Route {
	kept := struct {
		Kept bool `json:"kept"`
	}{}
	after := func(any) string { return "/inbox/settings?done=saved" }
	return []web.Route{
		{Method: "GET", Path: "/inbox/settings", Name: "page-notify-settings", Summary: "How I hear", SignedIn: true, Query: []flow.Field{{Name: "done", Kind: flow.Text, Max: 20}},
			Do: func(c *web.Call) (any, error) { return s.settingsPage(c, nil) }},
		{Method: "POST", Path: "/inbox/settings", Name: "set-notify", Summary: "Set how I hear", SignedIn: true, Do: s.saveSettings, After: after},
		{Method: "POST", Path: "/inbox/settings/kind", Name: "set-notify-kind", Summary: "Set how I hear of one kind", SignedIn: true, Do: s.saveKind, After: after},
		{Method: "GET", Path: "/inbox/log", Name: "page-deliveries", Summary: "What was sent to me", SignedIn: true, Query: web.Paging(), Do: s.logPage},
		{Method: "POST", Path: "/api/v1/push", Name: "subscribe-push", Summary: "Let a browser be notified", SignedIn: true, Body: pushFields, Out: kept, Do: s.subscribe},
		{Method: "POST", Path: "/api/v1/push/end", Name: "unsubscribe-push", Summary: "Notify a browser no more", SignedIn: true, Body: endFields, Out: kept, Do: s.unsubscribe},
		{Method: "GET", Path: "/sw.js", Name: "service-worker", Summary: "Service worker", Do: serviceWorker},
	}
}

// hourValues are the hours of a day as a form sends them.
func hourValues() []string {
	var out []string
	for h := range 24 {
		out = append(out, fmt.Sprintf("%02d:00", h))
	}
	return out
}

func hourText(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func minutes(s string) int {
	var h, m int
	_, _ = fmt.Sscanf(s, "%d:%d", &h, &m) // one of hourValues
	return h*60 + m
}

// settingFields are the form: a line for each channel there is, and the hours.
func (s *Service) settingFields() []flow.Field {
	var out []flow.Field
	for _, c := range s.Channels {
		out = append(out, flow.Field{Name: c.Name(), Kind: flow.Enum, Values: Hows})
	}
	for _, name := range []string{"quiet_from", "quiet_to", "digest_at"} {
		out = append(out, flow.Field{Name: name, Kind: flow.Enum, Values: hourValues()})
	}
	return out
}

func (s *Service) kindFields() []flow.Field {
	kinds, channels := []string{}, []string{}
	for k := range s.kinds {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, c := range s.Channels {
		channels = append(channels, c.Name())
	}
	return []flow.Field{
		{Name: "kind", Kind: flow.Enum, Values: kinds, Required: true}, {Name: "channel", Kind: flow.Enum, Values: channels, Required: true},
		{Name: "how", Kind: flow.Enum, Values: append([]string{"usual"}, Hows...), Required: true},
	}
}

func (s *Service) settingsPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	ctx, q := c.Context(), s.journal.DB
	p := s.Page(c, c.T("notify.settings"), ui.Mine)
	p.NoIndex, p.CSS = true, []string{"notify.css"}
	p.Back = ui.Link{Label: p.T("notify.inbox"), URL: "/inbox"}
	if c.R.URL.Query().Get("done") == "saved" {
		p.Flash = p.T("notify.done.saved")
	}
	me, err := s.person(ctx, q, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	if me.hours, err = hoursOf(ctx, q, c.Actor.ID); err != nil {
		return nil, err
	}
	here := func(do string) *ui.Sent {
		if sent != nil && sent.Do == do {
			return sent
		}
		return nil
	}
	options := func(values []string) []ui.Option {
		var out []ui.Option
		for _, v := range values {
			out = append(out, ui.Option{Value: v, Label: p.T("notify.way." + v)})
		}
		return out
	}
	dress := map[string]ui.Field{
		"quiet_from": {Type: ui.SelectField, Value: hourText(me.hours.QuietFrom)}, "quiet_to": {Type: ui.SelectField, Value: hourText(me.hours.QuietTo)},
		"digest_at": {Type: ui.SelectField, Value: hourText(me.hours.DigestAt)},
	}
	for _, ch := range s.Channels {
		f := ui.Field{Type: ui.SelectField, Label: p.T("notify.channel." + ch.Name()), Value: how(me.prefs, "", ch), Options: options(Hows)}
		if !slices.ContainsFunc(me.on, func(o Channel) bool { return o.Name() == ch.Name() }) {
			f.Hint = p.T("notify.no_address." + ch.Name())
		}
		dress[ch.Name()] = f
	}
	sum, form := ui.Sheet{Kind: "notify", ID: "set", Action: "/inbox/settings", Button: p.T("notify.save"), Fields: s.settingFields(), Dress: dress, Sent: here("set")}.Draw(p)
	parts := []templ.Component{sum, ui.Heading(p.Title, p.T("notify.settings_lead"))}
	if len(s.Channels) == 0 {
		return ui.Whole(p, append(parts, ui.With(ui.Notice(ui.Plain, p.T("notify.inbox_only")), ui.Paragraph(p.T("notify.inbox_only_text"))))...), nil
	}
	parts = append(parts, form)
	fields := s.kindFields()
	kindOptions := []ui.Option{}
	for _, k := range fields[0].Values {
		kindOptions = append(kindOptions, ui.Option{Value: k, Label: kindName(p, k)})
	}
	channelOptions := []ui.Option{}
	for _, ch := range s.Channels {
		channelOptions = append(channelOptions, ui.Option{Value: ch.Name(), Label: p.T("notify.channel." + ch.Name())})
	}
	sum2, byKind := ui.Sheet{Kind: "notify", ID: "kind", Action: "/inbox/settings/kind", Button: p.T("notify.save"), Fields: fields, Sent: here("kind"), Quiet: true,
		Dress: map[string]ui.Field{
			"kind":    {Type: ui.SelectField, Label: p.T("notify.one_kind"), Options: kindOptions},
			"channel": {Type: ui.SelectField, Label: p.T("notify.one_channel"), Options: channelOptions},
			"how":     {Type: ui.SelectField, Label: p.T("notify.one_how"), Options: options(fields[2].Values)},
		}}.Draw(p)
	var facts []ui.Fact
	for _, pref := range me.prefs {
		if pref.Kind != "" {
			facts = append(facts, ui.Fact{Label: kindName(p, pref.Kind) + " · " + p.T("notify.channel."+pref.Channel), Value: p.T("notify.way." + pref.How)})
		}
	}
	parts = append([]templ.Component{sum2}, parts...)
	parts = append(parts, ui.With(ui.Details(p.T("notify.by_kind")), ui.If(len(facts) > 0, func() templ.Component { return ui.FactList(facts) }), byKind))
	if s.PushKey != "" {
		p.JS = []string{"notify.js"}
		parts = append(parts, ui.With(ui.Block(p.T("notify.channel.push"), ui.Link{}), pushSwitch(p, s.PushKey, "/sw.js")))
	}
	return ui.Whole(p, parts...), nil
}

// kindName is what people call a kind: as the feature says, or as is said here
// of kinds that have no page of their own.
func kindName(p ui.Page, kind string) string {
	if key := "notify.kind." + kind; p.Has(key) {
		return p.T(key)
	}
	if p.Has(kind + ".kind") {
		return p.T(kind + ".kind")
	}
	return p.T("notify.plain_kind")
}

// change runs fn as the caller in one write.
func (s *Service) change(c *web.Call, fn func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) error) error {
	ctx := c.Context()
	return s.journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, now, err := s.caller(ctx, tx)
		if err != nil {
			return nil, err
		}
		return map[string]bool{"kept": true}, fn(ctx, tx, a, now)
	})
}

// back shows the form again with what is wrong.
func (s *Service) back(c *web.Call, do string, err error) (any, error) {
	if !fault.Is(err, fault.Invalid) {
		return nil, err
	}
	form, perr := s.settingsPage(c, ui.Back(c, do, err))
	if perr != nil {
		return nil, errors.Join(perr, err)
	}
	return form, err
}

func (s *Service) saveSettings(c *web.Call) (any, error) {
	err := s.change(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, _ int64) error {
		in, err := c.Body(s.settingFields())
		if err != nil {
			return err
		}
		for _, ch := range s.Channels {
			if !in.Has(ch.Name()) {
				continue
			}
			p := Pref{Account: a.ID, Channel: ch.Name(), How: in.Text(ch.Name())}
			if p.How == ch.Usual() {
				p.How = ""
			}
			if err := savePref(ctx, tx, p); err != nil {
				return err
			}
		}
		h, err := hoursOf(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		for name, to := range map[string]*int{"quiet_from": &h.QuietFrom, "quiet_to": &h.QuietTo, "digest_at": &h.DigestAt} {
			if in.Has(name) {
				*to = minutes(in.Text(name))
			}
		}
		return saveHours(ctx, tx, a.ID, h)
	})
	if err != nil {
		return s.back(c, "set", err)
	}
	return true, nil
}

func (s *Service) saveKind(c *web.Call) (any, error) {
	err := s.change(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, _ int64) error {
		in, err := c.Body(s.kindFields())
		if err != nil {
			return err
		}
		p := Pref{Account: a.ID, Kind: in.Text("kind"), Channel: in.Text("channel"), How: in.Text("how")}
		if p.How == "usual" {
			p.How = ""
		}
		return savePref(ctx, tx, p)
	})
	if err != nil {
		return s.back(c, "kind", err)
	}
	return true, nil
}

// subscribe keeps a browser's address. What cannot be a push service of a known
// browser is refused here, before anything is ever sent.
func (s *Service) subscribe(c *web.Call) (any, error) {
	err := s.change(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) error {
		if s.PushTest == nil {
			return fault.New(fault.Conflict, "notify.reason.no_push")
		}
		in, err := c.Body(pushFields)
		if err != nil {
			return err
		}
		sub := push.Subscription{Endpoint: in.Text("endpoint"), P256dh: in.Text("p256dh"), Auth: in.Text("auth")}
		if err := s.PushTest(sub.Endpoint, sub.P256dh, sub.Auth); err != nil {
			return fault.Field1("endpoint", "notify.reason.endpoint")
		}
		addr, err := json.Marshal(sub)
		if err != nil {
			return err
		}
		return s.Link(ctx, tx, a.ID, Push, sub.Endpoint, string(addr), now)
	})
	return map[string]bool{"kept": true}, err
}

func (s *Service) unsubscribe(c *web.Call) (any, error) {
	err := s.change(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, _ int64) error {
		in, err := c.Body(endFields)
		if err != nil {
			return err
		}
		return dropAddress(ctx, tx, a.ID, addressID(Push, in.Text("endpoint")))
	})
	return map[string]bool{"kept": true}, err
}

// logPage shows a person what was sent, by which channel, and what became of it.
func (s *Service) logPage(c *web.Call) (any, error) {
	ctx, q := c.Context(), s.journal.DB
	p := s.Page(c, c.T("notify.log"), ui.Mine)
	p.NoIndex = true
	p.Back = ui.Link{Label: p.T("notify.inbox"), URL: "/inbox"}
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	ask, err := web.PageOf(in)
	if err != nil {
		ask = page.Ask{Limit: page.Default}
	}
	ds, err := deliveriesOf(ctx, q, c.Actor.ID, ask)
	if err != nil {
		return nil, err
	}
	cut := page.Cut(ds, ask, func(d Delivery) string { return d.ID })
	parts := []templ.Component{ui.Heading(p.Title, p.T("notify.log_lead"))}
	if len(cut.Items) == 0 {
		reason := "notify.log_none_why"
		return ui.Whole(p, append(parts, ui.EmptyState(p, ui.Empty{Title: p.T("notify.log_none"), Reason: p.T(reason), Next: ui.Link{Label: p.T("notify.settings"), URL: "/inbox/settings"}}))...), nil
	}
	t := ui.Table{Caption: p.Title, Hidden: true, Columns: []ui.Column{{Label: p.T("notify.col.what")}, {Label: p.T("notify.one_channel")}, {Label: p.T("notify.col.state")}, {Label: p.T("notify.col.at")}}}
	for _, d := range cut.Items {
		what := p.T("notify.digest")
		if !strings.HasPrefix(d.Item, digestItem) {
			r, err := rowByID(ctx, q, c.Actor.ID, d.Item)
			if err != nil && !errors.Is(err, db.ErrNoRows) {
				return nil, err
			}
			if what = p.T("notify.plain"); err == nil && holds(c.Actor, r.Target) {
				i, err := s.item(ctx, q, c.Lang, r)
				if err != nil {
					return nil, err
				}
				what = i.Text
			}
		}
		state := p.T("notify.delivery." + d.State)
		if d.Fault != "" {
			state += " · " + p.T("notify.fault."+d.Fault)
		}
		at := d.NextAt
		if d.EndedAt != 0 {
			at = d.EndedAt
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: what}, {Text: p.T("notify.channel." + d.Channel)}, {Text: state}, {Text: text.Moment(p.Lang, time.UnixMilli(at), p.Now)}}})
	}
	parts = append(parts, ui.DataTable(p, t))
	if cut.Next != nil {
		parts = append(parts, ui.Pager(p, "/inbox/log?cursor="+url.QueryEscape(*cut.Next)))
	}
	return ui.Whole(p, parts...), nil
}
