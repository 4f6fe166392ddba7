package post

import (
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/channel"
	"linli/internal/feature/file"
	"linli/internal/feature/place"
	"linli/internal/platform/markdown"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// pages are the doors for people.
func (s *Service) pages() []web.Route {
	query := append(slices.Clone(listFields), web.Paging()...)
	toPost := func(out any) string { return out.(JSON).URL }
	toComment := func(out any) string { k := out.(CommentJSON); return "/posts/" + k.post + "#c-" + k.ID }
	rs := []web.Route{
		{Method: "GET", Path: "/posts", Name: "page-posts", Summary: "A channel 微平台", Query: query, Public: shownKinds, Do: s.channelPage},
		{Method: "GET", Path: "/posts/new", Name: "page-post-new", Summary: "Write a post", Query: editorQuery, SignedIn: true, Do: func(c *web.Call) (any, error) { return s.newPage(c, nil) }},
		{Method: "POST", Path: "/posts", Name: "page-post-create", Summary: "Write a post", SignedIn: true, Do: s.createPage, After: toPost},
		{Method: "GET", Path: "/posts/moderation", Name: "page-moderation", Summary: "Public moderation log 管理记录", Query: append(slices.Clone(placeQuery), web.Paging()...), Public: shownKinds, Do: s.logPage},
		{Method: "GET", Path: "/posts/{id}", Name: "page-post", Summary: "A post", Public: shownKinds, Do: func(c *web.Call) (any, error) { return s.screen(c, nil) }},
		{Method: "GET", Path: "/posts/{id}/edit", Name: "page-post-edit", Summary: "Edit a post", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.editPage(c, nil) }},
		{Method: "GET", Path: "/disclosure", Name: "page-disclosure", Summary: "党务、政务、居务公开", Query: placeQuery, Public: shownKinds, Do: s.disclosurePage},
		{Method: "GET", Path: "/staff/posts", Name: "page-staff-posts", Summary: "The editor's desk 内容发布", Query: web.Paging(), SignedIn: true, Do: s.deskPage},
		{Method: "POST", Path: "/posts/{id}/react", Name: "page-react-post", Summary: "Like or dislike", SignedIn: true, Do: s.react, After: toPost},
		{Method: "POST", Path: "/posts/{id}/follow", Name: "page-follow-post", Summary: "Follow a post", SignedIn: true, Do: s.follow, After: toPost},
		{Method: "POST", Path: "/channels/{place}/follow", Name: "page-follow-channel", Summary: "Follow a channel", SignedIn: true, Do: s.followChannelPage},
		{Method: "POST", Path: "/posts/{id}/comments", Name: "page-comment-post", Summary: "Comment", SignedIn: true, After: toComment,
			Do: func(c *web.Call) (any, error) { return s.again(c, "comment", s.comment) }},
	}
	for _, do := range Life.Names() {
		rs = append(rs, web.Route{Method: "POST", Path: "/posts/{id}/" + do, Name: "page-" + do + "-post", Summary: "Move: " + do, SignedIn: true, After: toPost,
			Do: func(c *web.Call) (any, error) {
				if do != "edit" {
					return s.again(c, do, func(c *web.Call) (any, error) { return s.move(c, do) })
				}
				out, err := s.move(c, do)
				if err == nil || replayed(err) {
					return out, err
				}
				if form, ferr := s.editPage(c, ui.Back(c, "", err)); ferr == nil {
					return form, err
				}
				return nil, err
			}})
	}
	for _, k := range commentActs {
		rs = append(rs, web.Route{Method: "POST", Path: "/posts/{id}/comments/{comment}/" + k.do, Name: "page-" + k.do + "-comment", Summary: "Comment: " + k.do, SignedIn: true,
			After: toComment, Do: func(c *web.Call) (any, error) {
				return s.again(c, k.do+"-"+c.Path("comment"), func(c *web.Call) (any, error) { return s.act(c, k.do, k.fields) })
			}})
	}
	return rs
}

// again runs an act of a post's page; refused, the page comes back with the form.
func (s *Service) again(c *web.Call, do string, act func(*web.Call) (any, error)) (any, error) {
	out, err := act(c)
	if err == nil || replayed(err) {
		return out, err
	}
	screen, serr := s.screen(c, ui.Back(c, do, err))
	if serr != nil {
		return nil, err
	}
	return screen, err
}

var tones = map[string]ui.Tone{string(Draft): ui.Plain, string(Submitted): ui.Wait, string(Published): ui.Good, string(Retracted): ui.Off}

func stateTag(p ui.Page, state string) ui.Tag {
	return ui.Tag{State: state, Label: p.T("post.state." + state), Tone: tones[state]}
}

// frame is a page of this feature.
func (s *Service) frame(c *web.Call, title string) ui.Page {
	p := s.Page(c, title, ui.Home)
	p.CSS = append(p.CSS, "post.css")
	return p
}

// here is the place whose channel is asked for; the reader's own by default.
func (s *Service) here(p ui.Page, in flow.Input) string {
	if code := place.Trim(in.Text("place")); s.Places.Known(code) {
		return code
	}
	return p.Community.Code
}

func (s *Service) channelPage(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil && !fault.Is(err, fault.Invalid) {
		return nil, err
	}
	var errs []ui.FieldError
	if err != nil { // an address typed by hand: say what is wrong, show no list
		in = flow.Input{}
		for _, f := range fault.Of(err).Fields {
			errs = append(errs, ui.FieldError{ID: "f-" + f.Name, Message: c.TextOf(f.Key, f.Args)})
		}
	}
	ask, perr := web.PageOf(in)
	if perr != nil {
		ask = page.Ask{Limit: page.Default}
		err = perr
	}
	p := s.frame(c, c.T("post.list"))
	code := s.here(p, in)
	look := s.Look(code)
	p.Title, p.Description = look.Name, c.T("post.lead."+levelOf(code))
	topic, channel, text := in.Text("topic"), in.Text("channel"), in.Text("q")
	p.Feed = "/feeds/posts.atom?" + query("place", code, "topic", topic)
	f := Filter{Place: code, Topic: topic, Channel: channel, State: string(Published)}
	if text != "" && s.Finder != nil {
		f.Where, f.Args = s.Finder.Where("post", "p.id", text)
	}
	var rows []*Post
	if len(errs) == 0 && (text == "" || f.Where != "") {
		var lerr error
		if rows, lerr = list(c.Context(), s.Journal.DB, actor.Actor{}, f, ask); lerr != nil {
			return nil, lerr
		}
	}
	cut := page.Cut(rows, ask, func(p *Post) string { return p.ID })
	next := ""
	if cut.Next != nil {
		next = "/posts?" + query("place", code, "topic", topic, "channel", channel, "q", text, "cursor", *cut.Next)
	}
	var cards []templ.Component
	if ask.After == "" && text == "" {
		pinned, err := s.Pinned(c.Context(), code)
		if err != nil {
			return nil, err
		}
		for _, j := range pinned {
			if topic == "" || j.Topic == topic {
				cards = append(cards, ui.CardItem(p, s.Card(p, j)))
			}
		}
	}
	for _, row := range cut.Items {
		if row.Pinned && len(cards) > 0 && ask.After == "" && text == "" && slices.Contains([]string{"", row.Topic}, topic) && channel == "" {
			continue // stands above
		}
		j, err := s.json(c.Context(), s.Journal.DB, row, matter.View{Brief: true})
		if err != nil {
			return nil, err
		}
		cards = append(cards, ui.CardItem(p, s.Card(p, j)))
	}
	body := ui.With(ui.CardList(), cards...)
	if len(cards) == 0 {
		body = ui.EmptyState(p, ui.Empty{Title: p.T("post.none"), Reason: p.T("post.none_reason"), Next: ui.Link{Label: p.T("post.all"), URL: "/posts?" + query("place", code)}})
	}
	return ui.Whole(p, ui.ErrorSummary(p, errs), ui.With(channelHead(p, look, p.Description), s.channelWays(p, c, code)),
		ui.Tabs(p, p.T("post.levels"), s.levels(p, code)), ui.Tabs(p, p.T("post.field.topic"), topics(p, code, topic)), body, ui.Pager(p, next)), err
}

// levels leads to the channels above and the reader's own.
func (s *Service) levels(p ui.Page, code string) []ui.Tab {
	var out []ui.Tab
	own := p.Community.Code
	if !access.Covers(code, own) {
		own = code
	}
	for _, n := range []int{access.Community, access.Street, access.District} {
		if up := access.Up(own, n); up != "" && s.Places.Known(up) {
			out = append(out, ui.Tab{Label: s.Places.Name(up), URL: "/posts?" + query("place", up), Here: up == code})
		}
	}
	return out
}

func topics(p ui.Page, code, chosen string) []ui.Tab {
	out := []ui.Tab{{Label: p.T("post.all"), URL: "/posts?" + query("place", code), Here: chosen == ""}}
	for _, t := range Topics {
		out = append(out, ui.Tab{Label: p.T("post.topic." + t), URL: "/posts?" + query("place", code, "topic", t), Here: t == chosen})
	}
	return out
}

// channelWays are links and forms at the head of a channel.
func (s *Service) channelWays(p ui.Page, c *web.Call, code string) templ.Component {
	links := []ui.Link{
		{Label: p.T("post.disclosure"), URL: "/disclosure?" + query("place", code)},
		{Label: p.T("post.log"), URL: "/posts/moderation?" + query("place", code)},
		{Label: p.T("post.feed"), URL: p.Feed},
	}
	if c.Actor.Known() && s.writesAt(c.Actor, code) {
		links = append([]ui.Link{{Label: p.T("post.write"), URL: "/posts/new?" + query("place", code)}}, links...)
	}
	if c.Actor.StaffReaching(code) {
		links = append(links, ui.Link{Label: p.T("post.look"), URL: "/channels/" + code + "/look"})
	}
	parts := []templ.Component{ways(links)}
	if c.Actor.Known() {
		on, err := follows(c.Context(), s.Journal.DB, code, c.Actor.ID)
		if err == nil {
			label, value := "post.follow_channel", "true"
			if on {
				label, value = "post.unfollow_channel", "false"
			}
			parts = append(parts, ui.Ask(p, ui.Asking{Form: ui.Form{ID: "follow", Action: "/channels/" + code + "/follow", Hidden: []ui.Option{{Label: "on", Value: value}}},
				Button: ui.Button{Label: p.T(label), Quiet: true}}))
		}
	}
	return templ.Join(parts...)
}

func (s *Service) followChannelPage(c *web.Call) (any, error) {
	in, err := c.Body(followFields)
	if err != nil {
		return nil, err
	}
	code := c.Path("place")
	return web.Redirect("/posts?" + query("place", code)), s.FollowChannel(c.Context(), code, !in.Has("on") || in.Bool("on"))
}

func query(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q.Encode()
}

// postView is what a post's page shows.
type postView struct {
	J         JSON
	Look      channel.Look
	Photos    []ui.Photo
	Papers    []file.Meta
	Reactions []reaction
	Thread    []CommentJSON
	sent      *ui.Sent
}

type reaction struct {
	Do, Name, Value, Label string
	On                     bool
}

// screen shows a post's page; sent is a form that came back.
func (s *Service) screen(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	m, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	c.ShownUntil(m.DueAt)
	ctx, v := c.Context(), matter.ViewOf(c)
	j, err := s.json(ctx, s.Journal.DB, m, v)
	if err != nil {
		return nil, err
	}
	p := s.frame(c, m.Title)
	p.Path = j.URL // the language and care switches must not make a POST's address a GET
	p.Back = ui.Link{Label: s.Look(m.Place).Name, URL: "/posts?" + query("place", m.Place)}
	if p.NoIndex = m.State != Published; !p.NoIndex {
		p.Description, p.Canonical = j.Summary, c.Base()+j.URL
	}
	out := postView{J: j, Look: s.Look(m.Place), sent: sent}
	for _, f := range j.Attachments {
		if f.Thumbnail != nil {
			out.Photos = append(out.Photos, ui.Photo{URL: *f.Thumbnail, Full: f.URL, Alt: p.T("post.photo", "n", len(out.Photos)+1)})
		} else {
			out.Papers = append(out.Papers, f)
		}
	}
	parts := []templ.Component{}
	if sent != nil {
		parts = append(parts, ui.FaultSummary(p, sent.Fault))
	}
	if j.Returned != "" {
		parts = append(parts, ui.With(ui.Notice(ui.Warn, p.T("post.returned")), ui.Paragraph(j.Returned)))
	}
	if m.released() {
		parts = append(parts, ui.With(ui.Notice(ui.Wait, p.T("post.waits_hour")), ui.Paragraph(moment(p, m.PublishAt))))
	}
	parts = append(parts, article(p, out))
	if m.editor(c.Actor) {
		var work []templ.Component
		if m.State != Published {
			work = append(work, ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: p.T("post.do.edit"), URL: j.URL + "/edit"}, true)))
		}
		parts = append(parts, ui.With(ui.Block(p.T("post.actions"), ui.Link{}), append(work, ui.ActionForms(p, s.moves(p, m, v, sent)))...))
	}
	if m.State == Published {
		parts = append(parts, forGroups(p, s.words(c, p, j)))
		if c.Actor.Known() {
			out.Reactions = reactionsOf(p, j)
			parts = append(parts, reactions(p, out))
		}
		talk, err := s.talk(c, p, m, &out)
		if err != nil {
			return nil, err
		}
		parts = append(parts, talk)
	}
	return ui.Whole(p, parts...), nil
}

// talk is the comments and the form below them.
func (s *Service) talk(c *web.Call, p ui.Page, m *Post, out *postView) (templ.Component, error) {
	var err error
	if out.Thread, err = s.thread(c.Context(), s.Journal.DB, m, c.Actor); err != nil {
		return nil, err
	}
	parts := []templ.Component{threadOf(p, *out)}
	switch {
	case !s.Places.Bool(m.Place, "post.comments"):
		parts = append(parts, ui.Paragraph(p.T("post.reason.comments_off")))
	case !c.Actor.Known():
		parts = append(parts, ui.ButtonLink(p, ui.Link{Label: p.T("post.comment.sign_in"), URL: "/signin?next=" + url.QueryEscape(out.J.URL)}, true))
	default:
		parts = append(parts, commentForm(p, *out, ""))
	}
	title := p.T("post.comments", "n", m.Comments)
	return ui.With(ui.Block(title, ui.Link{Label: p.T("post.log"), URL: "/posts/moderation?" + query("place", m.Place)}), parts...), nil
}

// moves are the forms of what the reader may do with the post. An edit has a
// page of its own.
func (s *Service) moves(p ui.Page, m *Post, v matter.View, sent *ui.Sent) []ui.Action {
	offered := Life.Actions(m, v.Actor, v.Now)
	acts := ui.Moves(p, "post", "/posts/"+m.ID, m.Version, slices.DeleteFunc(slices.Clone(offered), func(a flow.Action) bool { return a.Do == "edit" }), sent)
	acts = slices.DeleteFunc(acts, func(a ui.Action) bool { return !a.Enabled && (a.Do == "pin" || a.Do == "unpin") }) // one of the two is enough
	for i := range acts {
		if key := "post.explain." + acts[i].Do; p.Has(key) {
			acts[i].Hint = p.T(key)
		}
		acts[i].Fields = slices.DeleteFunc(acts[i].Fields, func(f ui.Field) bool {
			return f.Name == "override_reason" && (m.Author == v.Actor.ID || !s.stopped(m) && (sent == nil || sent.Do != "publish"))
		})
	}
	return acts
}

// stopped reports whether the words of a post would stop at the gate, or it
// has attachments that may.
func (s *Service) stopped(m *Post) bool {
	allow := s.official(m.Place)
	return len(find("", m.Title, allow))+len(find("", m.Body, allow)) > 0
}

// words is the post as plain text for a chat group.
func (s *Service) words(c *web.Call, p ui.Page, j JSON) string {
	return "【" + s.Look(j.Place).Name + "】" + j.Title + "\n\n" + markdown.Plain(j.Body) + "\n\n" + p.T("post.copy_more") + " " + c.Base() + j.URL
}

// Card shows a post in a list.
func (s *Service) Card(p ui.Page, j JSON) ui.Card {
	c := ui.Card{Title: j.Title, URL: j.URL, Text: j.Summary, Pin: j.Pinned, Facts: []string{s.Look(j.Place).Name}}
	if j.Topic != "" {
		c.Facts = append(c.Facts, p.T("post.topic."+j.Topic))
	}
	if j.Heading != "" {
		c.Facts = append(c.Facts, p.T("post.channel."+j.Channel)+" "+j.Heading)
	}
	if j.PublishedAt != nil {
		c.Facts = append(c.Facts, day(p, *j.PublishedAt))
	}
	if j.State != string(Published) {
		c.Tag = stateTag(p, j.State)
	}
	return c
}
