package notify

import (
	"context"
	"errors"
	"net/url"
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

// Item is a row of the inbox in JSON, for the person it belongs to.
type Item struct {
	ID        string     `json:"id"`
	At        time.Time  `json:"at"`
	Text      string     `json:"text" doc:"what happened, in one sentence"`
	Kind      string     `json:"kind"`
	Subject   string     `json:"subject"`
	Do        string     `json:"do"`
	State     string     `json:"state" doc:"of the matter after it"`
	Why       string     `json:"why" doc:"in which part the person is told: author, staff, asked …"`
	Place     string     `json:"place"`
	PlaceName string     `json:"place_name"`
	Act       bool       `json:"act" doc:"an act of the person is needed"`
	Done      bool       `json:"done" doc:"the act is not needed any more"`
	ReadAt    *time.Time `json:"read_at"`
	URL       string     `json:"url"`
}

// InboxJSON is a page of the inbox and what the badge shows.
type InboxJSON struct {
	Badge int     `json:"badge" doc:"matters that need the caller's own act"`
	Items []Item  `json:"items"`
	Next  *string `json:"next"`
}

var filters = []string{"all", unreadOnly, actOnly}

func (s *Service) inboxRoutes() []web.Route {
	list := append([]flow.Field{{Name: "show", Kind: flow.Enum, Values: filters}}, web.Paging()...)
	done := append([]flow.Field{{Name: "done", Kind: flow.Text, Max: 20}}, list...)
	upto := []flow.Field{{Name: "upto", Kind: flow.Ref, Required: true}}
	return []web.Route{
		{Method: "GET", Path: "/api/v1/inbox", Name: "inbox", Summary: "What the caller was told, newest first", SignedIn: true, Query: list, Out: InboxJSON{}, Do: s.inboxAPI},
		{Method: "POST", Path: "/api/v1/inbox/{id}/read", Name: "read-inbox", Summary: "Mark one as read", SignedIn: true, Out: Item{}, Do: s.readAPI},
		{Method: "POST", Path: "/api/v1/inbox/read", Name: "read-all-inbox", Summary: "Mark all up to one as read", SignedIn: true, Body: upto,
			Out: struct {
				Read int64 `json:"read"`
			}{}, Do: func(c *web.Call) (any, error) { return s.readAll(c, upto) }},
		{Method: "GET", Path: "/inbox", Name: "page-inbox", Summary: "Inbox 收件箱", SignedIn: true, Query: done, Do: s.inboxPage},
		{Method: "POST", Path: "/inbox/{id}/open", Name: "page-open-inbox", Summary: "Mark one as read and go to its matter", SignedIn: true, Do: s.open,
			After: func(out any) string { return out.(Item).URL }},
		{Method: "POST", Path: "/inbox/read", Name: "page-read-inbox", Summary: "Mark all as read", SignedIn: true, Body: upto,
			Do: func(c *web.Call) (any, error) { return s.readAll(c, upto) }, After: func(any) string { return "/inbox?done=read" }},
	}
}

// item shows a row to its person.
func (s *Service) item(ctx context.Context, q db.Queryer, lang string, r Row) (Item, error) {
	title, err := s.title(ctx, q, r.Kind, r.Subject)
	if err != nil {
		return Item{}, err
	}
	at, err := s.path(ctx, q, r.Kind, r.Subject)
	if err != nil {
		return Item{}, err
	}
	i := Item{
		ID: r.ID, At: time.UnixMilli(r.At).UTC(), Text: Sentence(lang, r.Kind, r.Do, r.Why, r.ToState, title), Kind: r.Kind, Subject: r.Subject, Do: r.Do,
		State: r.ToState, Why: r.Why, Place: r.Place, PlaceName: s.places.Name(r.Place), Act: r.Act, Done: r.Act && r.DoneAt != 0, URL: at,
	}
	if r.ReadAt != 0 {
		at := time.UnixMilli(r.ReadAt).UTC()
		i.ReadAt = &at
	}
	return i, nil
}

// items shows rows; what came by a role that has ended is left out.
func (s *Service) items(ctx context.Context, q db.Queryer, a actor.Actor, lang string, rows []Row) ([]Item, error) {
	out := make([]Item, 0, len(rows))
	for _, r := range rows {
		if !holds(a, r.Target) {
			continue
		}
		i, err := s.item(ctx, q, lang, r)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

func (s *Service) inboxAPI(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	ask, err := web.PageOf(in)
	if err != nil {
		return nil, err
	}
	out := InboxJSON{}
	if out.Badge, err = s.Badge(c.Context(), c.Actor); err != nil {
		return nil, err
	}
	rows, err := rowsOf(c.Context(), s.journal.DB, c.Actor.ID, in.Text("show"), ask)
	if err != nil {
		return nil, err
	}
	cut := page.Cut(rows, ask, func(r Row) string { return r.ID })
	out.Next = cut.Next
	out.Items, err = s.items(c.Context(), s.journal.DB, c.Actor, c.Lang, cut.Items)
	return out, err
}

// read marks one row as read in one write and returns it. fields checks the
// body when it is its turn, after visibility.
func (s *Service) read(c *web.Call, fields func() error) (Item, error) {
	var out Item
	ctx := c.Context()
	err := s.journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, now, err := s.caller(ctx, tx)
		if err != nil {
			return nil, err
		}
		if !id.Valid(c.Path("id")) {
			return nil, fault.Absent()
		}
		r, err := rowByID(ctx, tx, a.ID, c.Path("id"))
		if errors.Is(err, db.ErrNoRows) || err == nil && !holds(a, r.Target) {
			return nil, fault.Absent()
		}
		if err != nil {
			return nil, err
		}
		if err := fields(); err != nil {
			return nil, err
		}
		if _, err := markRead(ctx, tx, a.ID, r.ID, now); err != nil {
			return nil, err
		}
		if r.ReadAt == 0 {
			r.ReadAt = now
		}
		out, err = s.item(ctx, tx, c.Lang, r)
		return out, err
	})
	return out, err
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

func (s *Service) readAPI(c *web.Call) (any, error) {
	return s.answer(s.read(c, func() error { _, err := c.Body(nil); return err }))
}

func (s *Service) open(c *web.Call) (any, error) {
	return s.answer(s.read(c, func() error { return nil }))
}

// answer keeps an error from travelling with a value.
func (s *Service) answer(i Item, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return i, nil
}

func (s *Service) readAll(c *web.Call, fields []flow.Field) (any, error) {
	in, err := c.Body(fields)
	if err != nil {
		return nil, err
	}
	var n int64
	ctx := c.Context()
	err = s.journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, now, err := s.caller(ctx, tx)
		if err != nil {
			return nil, err
		}
		n, err = markAll(ctx, tx, a.ID, in.Text("upto"), now)
		return map[string]int64{"read": n}, err
	})
	return map[string]int64{"read": n}, err
}

// line is a row as the page shows it.
type line struct {
	ID, Sentence, Why, Place, When string
	At                             time.Time
	Open, Read                     bool
}

func lineOf(p ui.Page, i Item) line {
	l := line{
		ID: i.ID, Sentence: i.Text, Place: i.PlaceName, At: i.At, When: text.Moment(p.Lang, i.At, p.Now), Open: i.Act && !i.Done, Read: i.ReadAt != nil,
		Why: p.T("notify.why.other"),
	}
	if key := "notify.why." + i.Why; p.Has(key) {
		l.Why = p.T(key)
	}
	return l
}

func (s *Service) inboxPage(c *web.Call) (any, error) {
	ctx, q := c.Context(), s.journal.DB
	p := s.Page(c, c.T("notify.inbox"), ui.Mine)
	p.NoIndex, p.CSS = true, []string{"notify.css"}
	in, err := c.Query()
	if err != nil {
		in = flow.Input{} // an address typed by hand shows all
	}
	ask, err := web.PageOf(in)
	if err != nil {
		ask = page.Ask{Limit: page.Default}
	}
	if in.Text("done") == "read" {
		p.Flash = p.T("notify.done.read")
	}
	show := in.Text("show")
	if show == "all" {
		show = ""
	}
	parts := []templ.Component{ui.Heading(p.Title, p.T("notify.lead"))}
	badge, err := s.Badge(ctx, c.Actor)
	if err != nil {
		return nil, err
	}
	tabs := []ui.Tab{
		{Label: p.T("notify.all"), URL: "/inbox", Here: show == ""},
		{Label: p.T("notify.act"), URL: "/inbox?show=act", Count: badge, Here: show == actOnly},
		{Label: p.T("notify.unread"), URL: "/inbox?show=unread", Here: show == unreadOnly},
	}
	parts = append(parts, ui.Tabs(p, p.T("notify.inbox"), tabs))
	if s.Left != nil && show != unreadOnly && ask.After == "" {
		left, err := s.Left(c, p)
		if err != nil {
			return nil, err
		}
		var cards []templ.Component
		for _, card := range left {
			card.Level = 3
			cards = append(cards, ui.CardItem(p, card))
		}
		if len(cards) > 0 {
			parts = append(parts, ui.With(ui.Block(p.T("notify.left"), ui.Link{}), ui.With(ui.CardList(), cards...)))
		}
	}
	if show == "" && ask.After == "" && badge > 0 { // what needs an act stands first
		rows, err := asksOf(ctx, q, c.Actor.ID)
		if err != nil {
			return nil, err
		}
		items, err := s.items(ctx, q, c.Actor, c.Lang, rows)
		if err != nil {
			return nil, err
		}
		parts = append(parts, ui.With(ui.Block(p.T("notify.act_first"), ui.Link{}), lines(p, linesOf(p, items))))
	}
	rows, err := rowsOf(ctx, q, c.Actor.ID, show, ask)
	if err != nil {
		return nil, err
	}
	cut := page.Cut(rows, ask, func(r Row) string { return r.ID })
	items, err := s.items(ctx, q, c.Actor, c.Lang, cut.Items)
	if err != nil {
		return nil, err
	}
	var rest []line
	unread := false
	for _, i := range items {
		l := lineOf(p, i)
		unread = unread || !l.Read
		if show == "" && ask.After == "" && l.Open {
			continue // stands above
		}
		rest = append(rest, l)
	}
	if len(rest) > 0 {
		parts = append(parts, ui.With(ui.Block(p.T("notify.told"), ui.Link{}), lines(p, rest)))
	} else if len(items) == 0 && badge == 0 || len(items) == 0 && show != "" {
		parts = append(parts, ui.EmptyState(p, ui.Empty{Title: p.T("notify.none"), Reason: p.T("notify.none_why"), Next: ui.Link{Label: p.T("notify.home"), URL: "/"}}))
	}
	if cut.Next != nil {
		v := url.Values{"cursor": {*cut.Next}}
		if show != "" {
			v.Set("show", show)
		}
		parts = append(parts, ui.Pager(p, "/inbox?"+v.Encode()))
	}
	if unread {
		parts = append(parts, ui.With(ui.FormFor(p, ui.Form{Action: "/inbox/read", OpID: ui.NewOperation(), Hidden: []ui.Option{{Label: "upto", Value: items[0].ID}}}),
			ui.SubmitButton(p, ui.Button{Label: p.T("notify.read_all"), Quiet: true})))
	}
	parts = append(parts, ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: p.T("notify.settings"), URL: "/inbox/settings"}, true),
		ui.ButtonLink(p, ui.Link{Label: p.T("notify.log"), URL: "/inbox/log"}, true)))
	return ui.Whole(p, parts...), nil
}

func linesOf(p ui.Page, items []Item) []line {
	out := make([]line, len(items))
	for i, it := range items {
		out[i] = lineOf(p, it)
	}
	return out
}

// Erase takes a person out of everything here, in the transaction of the erasure.
func (s *Service) Erase(ctx context.Context, tx *db.Tx, account string) error {
	return eraseAccount(ctx, tx, account)
}

// Export is what is kept here of a person: settings and the last thousand rows
// of the inbox and of what was sent, as codes.
func (s *Service) Export(ctx context.Context, q db.Queryer, account string) (any, error) {
	rows, err := rowsOf(ctx, q, account, "", page.Ask{Limit: 1000})
	if err != nil {
		return nil, err
	}
	sent, err := deliveriesOf(ctx, q, account, page.Ask{Limit: 1000})
	if err != nil {
		return nil, err
	}
	prefs, err := prefsOf(ctx, q, account)
	if err != nil {
		return nil, err
	}
	hours, err := hoursOf(ctx, q, account)
	return map[string]any{"inbox": rows, "deliveries": sent, "preferences": prefs, "hours": hours}, err
}
