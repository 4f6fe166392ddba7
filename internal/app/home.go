package app

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/flow"
	"linli/internal/feature/place"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// homeBlock is a block of the home page.
type homeBlock struct {
	name  string // of the text "home.block.NAME"
	more  string // address of all of them
	most  int    // how many are shown
	care  bool   // shown in care mode too
	cards homeCards
}

// homeCards gives the cards of a block for a place, the most urgent first.
// What is given to somebody not signed in must not differ by person: the page
// is cached.
type homeCards func(c *web.Call, p ui.Page, place string) ([]ui.Card, error)

// homeBlocks are the blocks of the home page in the order they are shown.
func (h *House) homeBlocks() []homeBlock {
	return []homeBlock{
		h.mineBlock(),
		{"votes", "/polls", 3, true, h.openVotes},
		{"today", "/activities", 3, true, h.nextActivities},
		{"pinned", "/posts", 1, true, h.postCards(h.Post.Pinned)},
		{"latest", "/posts", latestMost, false, h.postCards(h.latestPosts)},
		{"wishes", "/wishes?state=open", 6, false, h.openWishes},
	}
}

// mineBlock is what a person has under way, for who is signed in.
func (h *House) mineBlock() homeBlock {
	return homeBlock{"mine", "/wishes?mine=true", 3, true, h.myWishes}
}

// homeKinds are the events the home page depends on.
var homeKinds = []string{"place", "group", "member", "wish", "poll", "activity", "post"}

func (h *House) homeRoutes() []web.Route {
	get := func(path, name string, do func(c *web.Call) (any, error)) web.Route {
		return web.Route{Method: "GET", Path: path, Name: name, Public: homeKinds, Do: do}
	}
	return []web.Route{
		get("/{$}", "page-home", h.homePage),
		{Method: "GET", Path: "/say", Name: "page-say", Public: homeKinds, Query: []flow.Field{{Name: "place", Kind: flow.Text, Max: 20}}, Do: h.sayPage},
		get("/services", "page-services", h.servicesPage),
		get("/about", "page-about", h.aboutPage),
		get("/help", "page-help", h.helpPage),
		get("/retention", "page-retention", h.retentionPage),
		{Method: "GET", Path: "/me", Name: "page-me", SignedIn: true, Do: h.mePage},
	}
}

// sayPage is ＋我要说. Who comes from a poster's code finds its place filled in,
// signed in or not.
func (h *House) sayPage(c *web.Call) (any, error) {
	p := h.page(c, c.T("say.title"), ui.Say)
	lead := c.T("say.lead")
	if in, err := c.Query(); err == nil {
		if pl, err := h.Place.Get(place.Trim(in.Text("place"))); err == nil {
			p.Scanned, p.Community = pl.Code, ui.Community{Name: h.Place.Name(access.Up(pl.Code, min(len(pl.Code), access.Community))), Code: pl.Code}
			p.Community.Phone, p.Community.Hours = h.Place.Phone(pl.Code)
			return ui.Whole(p, ui.Heading(p.Title, lead), ui.With(ui.Inset(), ui.Paragraph(c.T("say.scanned", "place", h.Place.Path(pl.Code)))), ui.SayChoices(p)), nil
		}
	}
	return ui.Whole(p, ui.Heading(p.Title, lead), ui.SayChoices(p)), nil
}

// block draws the cards of one block; nil when there are none.
func (h *House) block(c *web.Call, p ui.Page, b homeBlock, place string) (templ.Component, error) {
	cards, err := b.cards(c, p, place)
	if err != nil || len(cards) == 0 {
		return nil, err
	}
	var list []templ.Component
	for _, card := range cards[:min(len(cards), b.most)] {
		card.Level = 3
		list = append(list, ui.CardItem(p, card))
	}
	more := ui.Link{}
	if b.more != "" {
		more = ui.Link{Label: c.T("home.more"), URL: b.more}
	}
	return ui.With(ui.Block(c.T("home.block."+b.name), more), ui.With(ui.CardList(), list...)), nil
}

// homePage is the first thing a neighbour sees: what is mine, what can be
// voted on, what is on today, one notice, the latest, and the trust line.
func (h *House) homePage(c *web.Call) (any, error) {
	p := h.page(c, c.T("home.title"), ui.Home)
	p.Description = c.T("home.description", "place", p.Community.Name)
	place := p.Community.Code
	var parts []templ.Component
	if c.Care {
		parts = append(parts, ui.Heading(c.T("home.hello", "place", p.Community.Name), ""), ui.CareTiles(p))
	} else {
		act := ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("home.say"), URL: "/say"}, false), ui.ButtonLink(p, ui.Link{Label: c.T("home.help_others"), URL: "/wishes?state=open"}, true))
		parts = append(parts, ui.With(ui.Banner(c.T("home.hello", "place", p.Community.Name), c.T("home.lead")), act))
	}
	for _, b := range h.homeBlocks() {
		if b.name == "mine" && !c.Actor.Known() || c.Care && !b.care {
			continue
		}
		part, err := h.block(c, p, b, place)
		if err != nil {
			return nil, err
		}
		if part != nil {
			parts = append(parts, part)
		}
	}
	if !c.Care {
		stats, err := h.Stats.Trust(c.Context(), p, place)
		if err != nil {
			return nil, err
		}
		if len(stats) > 0 {
			parts = append(parts, ui.With(ui.Block(c.T("home.trust"), ui.Link{Label: c.T("nav.stats"), URL: "/stats"}), ui.StatRow(p, stats)))
		}
	}
	return ui.Whole(p, parts...), nil
}

func (h *House) servicesPage(c *web.Call) (any, error) {
	p := h.page(c, c.T("services.title"), ui.Services)
	items := append(ui.ServiceNav(p),
		ui.ServiceItem{Label: c.T("home.volunteer"), Hint: c.T("home.volunteer_hint"), URL: "/me/volunteer", Icon: "hand"},
		ui.ServiceItem{Label: c.T("home.groups"), Hint: c.T("home.groups_hint"), URL: "/groups", Icon: "people"},
		ui.ServiceItem{Label: c.T("home.duties"), Hint: c.T("home.duties_hint"), URL: "/responsibilities", Icon: "desk"},
		ui.ServiceItem{Label: c.T("home.about"), Hint: c.T("home.about_hint"), URL: "/about", Icon: "info"},
	)
	items = slices.DeleteFunc(items, func(i ui.ServiceItem) bool { return !h.serves(i.URL) })
	return ui.Whole(p, ui.Heading(p.Title, c.T("services.lead")), ui.ServiceIndex(p, items)), nil
}

// aboutPage is 谁在办: who runs things in this community, with posts and dates.
func (h *House) aboutPage(c *web.Call) (any, error) {
	ctx, now := c.Context(), c.Now()
	p := h.page(c, c.T("about.title"), ui.Services)
	code := p.Community.Code
	facts := []ui.Fact{{Label: c.T("about.place"), Value: h.Place.Path(code)}}
	if p.Community.Phone != "" {
		facts = append(facts, ui.Fact{Label: c.T("shell.help_phone"), Value: p.Community.Phone}, ui.Fact{Label: c.T("about.hours"), Value: p.Community.Hours})
	}
	if p.Site.Organiser != "" {
		facts = append(facts, ui.Fact{Label: c.T("about.organiser"), Value: p.Site.Organiser})
	}
	parts := []templ.Component{ui.Heading(p.Title, c.T("about.lead", "place", p.Community.Name)), ui.FactList(facts)}
	staff, err := h.Member.PostsAt(ctx, h.DB, code, now)
	if err != nil {
		return nil, err
	}
	since := func(from, to int64) string {
		if to == 0 {
			return c.T("about.since", "day", text.Date(p.Lang, time.UnixMilli(from)))
		}
		return c.T("about.from_to", "from", text.Date(p.Lang, time.UnixMilli(from)), "to", text.Date(p.Lang, time.UnixMilli(to-1)))
	}
	columns := []ui.Column{{Label: c.T("about.post")}, {Label: c.T("about.who")}, {Label: c.T("about.where")}, {Label: c.T("about.term")}}
	t := ui.Table{Caption: c.T("about.staff"), Columns: columns}
	for _, s := range staff {
		post := s.Post
		if post == "" {
			post = c.T("member.role." + s.Role)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: post}, {Text: s.Name}, {Text: h.Place.Name(s.Place)}, {Text: since(s.FromAt, s.ToAt)}}})
	}
	if len(t.Rows) > 0 {
		parts = append(parts, ui.DataTable(p, t))
	}
	t = ui.Table{Caption: c.T("home.groups"), Columns: []ui.Column{{Label: c.T("about.group")}, {Label: c.T("group.field.kind")}, {Label: c.T("about.posts")}}}
	for _, g := range h.Group.At(access.Up(code, access.Community), "") {
		holders, err := h.Member.HeldIn(ctx, h.DB, g.ID)
		if err != nil {
			return nil, err
		}
		var posts []string
		for _, s := range holders {
			if s.Post != "" {
				posts = append(posts, s.Post+" "+s.Name)
			}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: g.Name, URL: "/groups/" + g.ID}, {Text: c.T("group.kind." + g.Kind)}, {Text: dash(strings.Join(posts, "、"))}}})
	}
	if len(t.Rows) > 0 && len(code) >= access.Community {
		parts = append(parts, ui.DataTable(p, t))
	}
	return ui.Whole(p, append(parts, ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("home.duties"), URL: "/responsibilities"}, true), ui.ButtonLink(p, ui.Link{Label: c.T("shell.help_page"), URL: "/help"}, true)))...), nil
}

func dash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func (h *House) helpPage(c *web.Call) (any, error) {
	p := h.page(c, c.T("shell.help_page"), ui.Services)
	parts := []templ.Component{ui.Heading(p.Title, c.T("help.lead"))}
	for i := 1; p.Has("help.q" + strconv.Itoa(i)); i++ {
		n := strconv.Itoa(i)
		parts = append(parts, ui.With(ui.Details(c.T("help.q"+n)), ui.With(ui.Prose(), ui.Paragraph(c.T("help.a"+n)))))
	}
	if p.Community.Phone != "" {
		parts = append(parts, ui.With(ui.Inset(), ui.Paragraph(c.T("help.call", "phone", p.Community.Phone, "hours", p.Community.Hours))))
	}
	return ui.Whole(p, parts...), nil
}

// mePage is 我的: my matters with every step, drafts, and the ways to what is
// about me.
func (h *House) mePage(c *web.Call) (any, error) {
	p := h.page(c, c.T("nav.me"), ui.Mine)
	p.NoIndex = true
	parts := []templ.Component{ui.Heading(c.T("me.hello", "name", p.Me.Name), c.T("me.lead"))}
	left, err := h.ballotsLeft(c, p)
	if err != nil {
		return nil, err
	}
	found := len(left) > 0
	if found {
		parts = append(parts, ui.With(ui.Block(c.T("me.ballots"), ui.Link{}), cardList(p, left)))
	}
	mine := h.mineBlock()
	mine.most = 50
	part, err := h.block(c, p, mine, p.Community.Code)
	if err != nil {
		return nil, err
	}
	if part != nil {
		found = true
		parts = append(parts, part)
	}
	if !found {
		parts = append(parts, ui.EmptyState(p, ui.Empty{Title: c.T("me.none"), Reason: c.T("me.none_why"), Next: ui.Link{Label: c.T("home.say"), URL: "/say"}}))
	}
	drafts, err := h.Member.Drafts(c.Context(), h.DB, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	var list []templ.Component
	for _, d := range drafts {
		list = append(list, ui.CardItem(p, ui.Card{Title: c.T("me.draft", "at", text.Moment(p.Lang, time.UnixMilli(d.At), p.Now)), URL: "/drafts/" + d.Operation, Level: 3}))
	}
	if len(list) > 0 {
		parts = append(parts, ui.With(ui.Block(c.T("me.drafts"), ui.Link{}), ui.With(ui.CardList(), list...)))
	}
	var items []ui.ServiceItem
	for _, i := range [][2]string{{"inbox", "bell"}, {"me/profile", "person"}, {"me/family", "people"}, {"me/level", "check"}, {"me/volunteer", "hand"},
		{"me/service", "clock"}, {"me/points", "star"}, {"me/calendar", "activity"}, {"me/looks", "search"}, {"me/consents", "edit"}, {"me/security", "lock"}, {"me/data", "download"}, {"me/tokens", "settings"}} {
		if key := strings.ReplaceAll(i[0], "/", "."); h.serves("/" + i[0]) {
			items = append(items, ui.ServiceItem{Label: c.T("me.link." + key), Hint: c.T("me.hint." + key), URL: "/" + i[0], Icon: i[1]})
		}
	}
	out := ui.With(ui.FormFor(p, ui.Form{Action: "/signout", OpID: ui.NewOperation()}), ui.SubmitButton(p, ui.Button{Label: c.T("me.signout"), Quiet: true}))
	return ui.Whole(p, append(parts, ui.With(ui.Block(c.T("me.about_me"), ui.Link{}), ui.ServiceIndex(p, items)), out)...), nil
}

// cardList draws cards below a heading of the second level.
func cardList(p ui.Page, cards []ui.Card) templ.Component {
	var list []templ.Component
	for _, card := range cards {
		card.Level = 3
		list = append(list, ui.CardItem(p, card))
	}
	return ui.With(ui.CardList(), list...)
}
