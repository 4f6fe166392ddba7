package post

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/channel"
	"linli/internal/feature/place"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// editorQuery prefills the editor: for which channel, under which heading.
var editorQuery = []flow.Field{placeQuery[0], {Name: "channel", Kind: flow.Enum, Values: Channels}, headingField, topicField}

func replayed(err error) bool {
	var r *journal.Replayed
	return errors.As(err, &r)
}

func moment(p ui.Page, ms int64) string { return text.Moment(p.Lang, time.UnixMilli(ms), p.Now) }

func day(p ui.Page, t time.Time) string { return text.Day(p.Lang, t) }

func ways(links []ui.Link) templ.Component {
	var b strings.Builder
	b.WriteString(`<ul class="channel-ways">`)
	for _, l := range links {
		b.WriteString(`<li><a href="` + templ.EscapeString(string(templ.URL(l.URL))) + `">` + templ.EscapeString(l.Label) + `</a></li>`)
	}
	b.WriteString(`</ul>`)
	return templ.Raw(b.String())
}

// createPage makes a draft from the editor's form.
func (s *Service) createPage(c *web.Call) (any, error) {
	out, err := s.create(c.Context(), c)
	if err == nil || replayed(err) {
		return out, err
	}
	if form, ferr := s.newPage(c, ui.Back(c, "", err)); ferr == nil {
		return form, err
	}
	return nil, err
}

// newPage is the editor. Which channel is a choice of places and columns in
// one, so that a post has no more than three questions.
func (s *Service) newPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	if !mayWrite(c.Actor) {
		return nil, fault.New(fault.Denied, "post.reason.who_writes")
	}
	p := s.frame(c, c.T("post.write"))
	p.Path, p.Back = "/posts/new", ui.Link{Label: p.T("post.desk"), URL: "/staff/posts"}
	in := flow.Input{}
	if sent == nil {
		in, _ = c.Query()
	}
	code := place.Trim(in.Text("place"))
	if code == "" || !s.writesAt(c.Actor, code) {
		code = s.ownPlace(c.Actor)
	}
	channel := in.Text("channel")
	if channel == "" {
		channel = levelOf(code)
	}
	sheet := ui.Sheet{
		Kind: "post", Action: "/posts", Button: p.T("post.keep_draft"), Fields: createFields, Sent: sent, Files: true,
		Dress: map[string]ui.Field{
			"body":        {Hint: p.T("post.hint.body"), MaxLen: bodyMost},
			"place":       {Type: ui.SelectField, Options: s.placesOf(c.Actor), Value: code},
			"channel":     {Type: ui.SelectField, Options: channelOptions(p), Value: channel},
			"heading":     {Type: ui.SelectField, Options: s.headingOptions(p, code), Value: in.Text("heading")},
			"topic":       {Type: ui.SelectField, Options: topicOptions(p), Value: in.Text("topic")},
			"attachments": {Type: ui.FileField, Hint: p.T("post.hint.attachments"), Accept: attachable},
		},
	}
	summary, form := sheet.Draw(p)
	return ui.Bench(p, summary, ui.Heading(p.Title, p.T("post.write_lead")), form), nil
}

// attachable are the kinds of files that may be attached.
const attachable = "image/*,.pdf,.docx,.xlsx,.csv,.txt"

// editPage changes a post that is not public.
func (s *Service) editPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	m, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	if !m.editor(c.Actor) {
		return nil, fault.Absent()
	}
	if m.State == Published {
		return nil, fault.New(fault.Conflict, "post.reason.public")
	}
	p := s.frame(c, c.T("post.do.edit"))
	p.Path, p.Back = "/posts/"+m.ID+"/edit", ui.Link{Label: m.Title, URL: "/posts/" + m.ID}
	hour := ""
	if m.PublishAt != 0 {
		hour = time.UnixMilli(m.PublishAt).In(text.Zone).Format("2006-01-02T15:04")
	}
	sheet := ui.Sheet{
		Kind: "post", Action: "/posts/" + m.ID + "/edit", Button: p.T("post.keep"), Fields: editFields, Sent: sent, Files: true, Version: m.Version,
		Dress: map[string]ui.Field{
			"title":       {Value: m.Title},
			"body":        {Value: m.Body, Hint: p.T("post.hint.body"), MaxLen: bodyMost},
			"heading":     {Type: ui.SelectField, Options: s.headingOptions(p, m.Place), Value: m.Heading},
			"topic":       {Type: ui.SelectField, Options: topicOptions(p), Value: m.Topic},
			"publish_at":  {Value: hour},
			"pinned":      {Value: strconv.FormatBool(m.Pinned)},
			"attachments": {Type: ui.FileField, Hint: p.T("post.hint.attachments"), Accept: attachable},
		},
	}
	summary, form := sheet.Draw(p)
	return ui.Bench(p, summary, ui.Heading(p.Title, m.Title), form), nil
}

// ownPlace is where an actor writes by default: the place of the first role as
// staff, else of the first group.
func (s *Service) ownPlace(a actor.Actor) string {
	for _, r := range a.Roles {
		if r.Name == actor.Staff && r.Place != "" {
			return access.Up(r.Place, min(len(r.Place), access.Community))
		}
	}
	for _, r := range a.Agencies() {
		if g, ok := s.Groups.Get(r.Group); ok {
			return g.Place
		}
	}
	return ""
}

// placesOf are the channels an actor may write for.
func (s *Service) placesOf(a actor.Actor) []ui.Option {
	var out []ui.Option
	add := func(code string) {
		if len(code) >= access.District && len(code) <= access.Community && s.Places.Known(code) &&
			!slices.ContainsFunc(out, func(o ui.Option) bool { return o.Value == code }) {
			out = append(out, ui.Option{Value: code, Label: s.Places.Name(code)})
		}
	}
	for _, r := range a.Roles {
		if r.Name == actor.Staff && r.Place != "" {
			for _, pl := range s.Places.Below(r.Place, "") {
				add(pl.Code)
			}
		}
	}
	for _, r := range a.Agencies() {
		if g, ok := s.Groups.Get(r.Group); ok {
			add(g.Place)
		}
	}
	return out
}

func channelOptions(p ui.Page) []ui.Option {
	var out []ui.Option
	for _, c := range Channels {
		out = append(out, ui.Option{Value: c, Label: p.T("post.channel." + c)})
	}
	return out
}

func topicOptions(p ui.Page) []ui.Option {
	out := []ui.Option{{Label: p.T("post.no_topic")}}
	for _, t := range Topics {
		out = append(out, ui.Option{Value: t, Label: p.T("post.topic." + t)})
	}
	return out
}

func (s *Service) headingOptions(p ui.Page, code string) []ui.Option {
	out := []ui.Option{{Label: p.T("post.no_heading")}}
	for _, h := range s.Looks.Headings(code) {
		out = append(out, ui.Option{Value: h.Name, Label: p.T("post.channel."+h.Column) + " · " + h.Name})
	}
	return out
}

// deskMost bounds the lists of the editor's desk.
const deskMost = 30

// deskPage shows staff what waits: drafts and submitted posts, comments that
// were reported or appealed, disclosure that is overdue.
func (s *Service) deskPage(c *web.Call) (any, error) {
	if !mayWrite(c.Actor) {
		return nil, fault.New(fault.Denied, "post.reason.who_writes")
	}
	p := s.frame(c, c.T("post.desk"))
	p.NoIndex = true
	ctx, q := c.Context(), s.Journal.DB
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	ask, err := web.PageOf(in)
	if err != nil {
		return nil, err
	}
	code := s.ownPlace(c.Actor)
	rows, err := list(ctx, q, c.Actor, Filter{Place: "", Work: true}, ask)
	if err != nil {
		return nil, err
	}
	cut := page.Cut(rows, ask, func(p *Post) string { return p.ID })
	var cards []templ.Component
	for _, m := range cut.Items {
		j, err := s.json(ctx, q, m, matter.View{Actor: c.Actor, Brief: true})
		if err != nil {
			return nil, err
		}
		cards = append(cards, ui.CardItem(p, s.Card(p, j)))
	}
	next := ""
	if cut.Next != nil {
		next = "/staff/posts?" + query("cursor", *cut.Next)
	}
	drafts := ui.With(ui.CardList(), cards...)
	if len(cards) == 0 {
		drafts = ui.Paragraph(p.T("post.no_drafts"))
	}
	parts := []templ.Component{
		ui.Heading(p.Title, p.T("post.desk_lead")),
		ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: p.T("post.write"), URL: "/posts/new?" + query("place", code)}, false)),
		ui.With(ui.Block(p.T("post.drafts"), ui.Link{}), drafts, ui.Pager(p, next)),
	}
	if c.Actor.Holds(actor.Staff) {
		waiting, err := s.waitingTable(c, p, code)
		if err != nil {
			return nil, err
		}
		due, err := s.Overdue(ctx, q, code, c.Now())
		if err != nil {
			return nil, err
		}
		parts = append(parts, waiting, ui.With(ui.Block(p.T("post.overdue", "n", len(due)), ui.Link{Label: p.T("post.disclosure"), URL: "/disclosure?" + query("place", code)}), s.Looks.DutyTable(p, due[:min(len(due), deskMost)], c.Now(), true)))
	}
	return ui.Bench(p, parts...), nil
}

// waitingTable lists comments to look at.
func (s *Service) waitingTable(c *web.Call, p ui.Page, code string) (templ.Component, error) {
	ks, err := waitingComments(c.Context(), s.Journal.DB, code, deskMost)
	if err != nil {
		return nil, err
	}
	block := ui.Block(p.T("post.waiting_comments", "n", len(ks)), ui.Link{Label: p.T("post.log"), URL: "/posts/moderation?" + query("place", code)})
	if len(ks) == 0 {
		return ui.With(block, ui.Paragraph(p.T("post.no_waiting"))), nil
	}
	t := ui.Table{Caption: p.T("post.waiting_comments", "n", len(ks)), Hidden: true, Columns: []ui.Column{{Label: p.T("post.field.body")}, {Label: p.T("post.comment.reported"), Number: true}, {Label: p.T("post.comment.appeal")}}}
	for _, k := range ks {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: k.Body, URL: "/posts/" + k.Post + "#c-" + k.ID}, {Text: strconv.FormatInt(k.Reports, 10)}, {Text: k.Appeal}}})
	}
	return ui.With(block, ui.DataTable(p, t)), nil
}

// disclosurePage shows the three columns of a place.
func (s *Service) disclosurePage(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	p := s.frame(c, c.T("post.disclosure"))
	code := s.here(p, in)
	p.Back = ui.Link{Label: s.Look(code).Name, URL: "/posts?" + query("place", code)}
	ds, err := s.Duties(c.Context(), s.Journal.DB, code)
	if err != nil {
		return nil, err
	}
	parts := []templ.Component{ui.Heading(p.Title, p.T("post.disclosure_lead", "place", s.Places.Name(code))), ui.Tabs(p, p.T("post.levels"), s.disclosureTabs(p, code))}
	for _, column := range channel.Columns {
		var own []channel.Duty
		for _, d := range ds {
			if d.Column == column {
				own = append(own, d)
				c.ShownUntil(ahead(d.Due, c.Now()))
			}
		}
		parts = append(parts, ui.With(ui.Block(p.T("post.channel."+column), ui.Link{Label: p.T("post.all"), URL: "/posts?" + query("place", code, "channel", column)}), s.Looks.DutyTable(p, own, c.Now(), false)))
	}
	return ui.Whole(p, parts...), nil
}

func (s *Service) disclosureTabs(p ui.Page, code string) []ui.Tab {
	out := s.levels(p, code)
	for i := range out {
		out[i].URL = strings.Replace(out[i].URL, "/posts?", "/disclosure?", 1)
	}
	return out
}

// logPage is the public moderation log.
func (s *Service) logPage(c *web.Call) (any, error) {
	p := s.frame(c, c.T("post.log"))
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	ask, perr := web.PageOf(in)
	if perr != nil {
		ask = page.Ask{Limit: page.Default}
	}
	code := s.here(p, in)
	p.Back = ui.Link{Label: s.Look(code).Name, URL: "/posts?" + query("place", code)}
	rows, err := s.moderationLog(c.Context(), s.Journal.DB, code, ask)
	if err != nil {
		return nil, err
	}
	parts := []templ.Component{ui.Heading(p.Title, p.T("post.log_lead"))}
	if len(rows.Items) == 0 {
		parts = append(parts, ui.EmptyState(p, ui.Empty{Title: p.T("post.log_none"), Next: ui.Link{Label: p.T("post.log_read"), URL: "/posts?" + query("place", code)}}))
	} else {
		t := ui.Table{Caption: p.Title, Hidden: true, Columns: []ui.Column{{Label: p.T("post.log_what")}, {Label: p.T("post.field.reason")}, {Label: p.T("post.kind")}, {Label: p.T("post.log_when")}}}
		for _, m := range rows.Items {
			t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: p.T("post.did." + m.Did)}, {Text: m.Reason}, {Text: m.Title, URL: "/posts/" + m.Post}, {Text: text.Date(p.Lang, time.UnixMilli(m.At))}}})
		}
		parts = append(parts, ui.DataTable(p, t))
	}
	next := ""
	if rows.Next != nil {
		next = "/posts/moderation?" + query("place", code, "cursor", *rows.Next)
	}
	return ui.Whole(p, append(parts, ui.Pager(p, next))...), nil
}

// commentForm asks for a comment, or for an answer to one.
func commentForm(p ui.Page, v postView, parent string) templ.Component {
	id, label := "comment", "post.comment.write"
	var hidden []ui.Option
	if parent != "" {
		id, label, hidden = "answer-"+parent, "post.comment.answer", []ui.Option{{Label: "parent", Value: parent}}
	}
	sheet := ui.Sheet{Kind: "post.comment", ID: id, Action: v.J.URL + "/comments", Button: p.T(label), Quiet: true, Fields: commentFields[:1], Hidden: hidden}
	if v.sent != nil && v.sent.Do == "comment" {
		if got := v.sent.Values["parent"]; parent == "" && (len(got) == 0 || got[0] == "") || len(got) > 0 && got[0] == parent {
			sheet.Sent = v.sent
		}
	}
	_, form := sheet.Draw(p)
	return form
}

// commentForms are what the reader may do with one comment, each behind a line.
func (v postView) commentForms(p ui.Page, k CommentJSON) []templ.Component {
	var out []templ.Component
	if k.State == shown && k.Parent == "" && p.Me.SignedIn {
		out = append(out, ui.With(ui.Details(p.T("post.comment.answer")), commentForm(p, v, k.ID)))
	}
	for _, act := range commentActs {
		if !slices.Contains(k.May, act.do) {
			continue
		}
		sheet := ui.Sheet{Kind: "post.comment", ID: act.do + "-" + k.ID, Action: v.J.URL + "/comments/" + k.ID + "/" + act.do, Button: p.T("post.did." + act.do), Fields: act.fields,
			Quiet: true, Danger: act.do == "hide"}
		if v.sent != nil && v.sent.Do == act.do+"-"+k.ID {
			sheet.Sent = v.sent
		}
		_, form := sheet.Draw(p)
		out = append(out, ui.With(ui.Details(p.T("post.did."+act.do)), form))
	}
	return out
}

func reactionsOf(p ui.Page, j JSON) []reaction {
	out := []reaction{
		{"react", "value", "like", p.T("post.like", "n", j.Likes), j.Reaction == "like"},
		{"react", "value", "dislike", p.T("post.dislike", "n", j.Dislikes), j.Reaction == "dislike"},
		{"follow", "on", "true", p.T("post.follow"), j.Following},
	}
	for i := range out {
		if out[i].On && out[i].Do == "react" {
			out[i].Value = "none"
		}
	}
	if j.Following {
		out[2].Value, out[2].Label = "false", p.T("post.unfollow")
	}
	return out
}

// Waits is how much waits for staff: posts to publish, comments to look at,
// disclosure that is overdue.
type Waits struct{ Publish, Comments, Overdue int }

// Waiting counts what waits for a member of staff at the own place.
func (s *Service) Waiting(ctx context.Context, a actor.Actor, now int64) (Waits, error) {
	var w Waits
	if !a.Holds(actor.Staff) {
		return w, nil
	}
	code, q := s.ownPlace(a), s.Journal.DB
	rows, err := list(ctx, q, a, Filter{Place: code, State: string(Submitted)}, page.Ask{Limit: page.Most})
	if err != nil {
		return w, err
	}
	for _, p := range rows {
		if !p.released() && access.Covers(code, p.Place) {
			w.Publish++
		}
	}
	ks, err := waitingComments(ctx, q, code, page.Most)
	if err != nil {
		return w, err
	}
	w.Comments = len(ks)
	due, err := s.Duties(ctx, q, code) // its own; those below have staff of theirs
	for _, d := range due {
		if d.Overdue(now) {
			w.Overdue++
		}
	}
	return w, err
}
