package post

import (
	"context"
	"errors"
	"slices"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/channel"
	"linli/internal/feature/file"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/markdown"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// Finder finds posts by words; the search feature implements it.
type Finder interface {
	// Where returns a condition on the SQL expression id and its values.
	Where(kind, id, query string) (cond string, args []any)
}

// Service is the use-cases of posts and the only writer of their tables.
type Service struct {
	Journal *journal.Journal
	Machine *journal.Machine[*Post]
	Kind    *matter.Kind[*Post]
	Members *member.Service
	Groups  *group.Service
	Places  *place.Service
	Files   *file.Service
	Looks   *channel.Service
	Finder  Finder
	Page    ui.Shell
}

// New returns the service; Finder and Page are wired by app.
func New(j *journal.Journal, members *member.Service, groups *group.Service, places *place.Service, files *file.Service, looks *channel.Service) *Service {
	s := &Service{Journal: j, Members: members, Groups: groups, Places: places, Files: files, Looks: looks}
	places.Define(Settings...)
	two := func(place string) bool { return places.Bool(place, "post.two_persons") }
	s.Machine = &journal.Machine[*Post]{Journal: j, Life: Life, Store: store{two}, Sees: Sees, Prepare: s.prepare}
	s.Kind = &matter.Kind[*Post]{
		Plural: "posts", Machine: s.Machine, Names: members, Fields: createFields, Filter: listFields,
		Create: s.create, List: s.list, Show: s.show, Out: JSON{}, Public: shownKinds,
	}
	return s
}

// shownKinds are the kinds of events that anonymous pages of posts depend on.
var shownKinds = []string{"post", "post_comment", "member", "group", "place"}

var listFields = []flow.Field{
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "state", Kind: flow.Enum, Values: []string{string(Draft), string(Submitted), string(Published), string(Retracted)}},
	topicField,
	{Name: "channel", Kind: flow.Enum, Values: Channels},
	{Name: "q", Kind: flow.Text, Max: 100},
	{Name: "mine", Kind: flow.Bool},
}

// create writes a draft for the caller.
func (s *Service) create(ctx context.Context, c *web.Call) (any, error) {
	return s.write(ctx, c.Raw, matter.View{Say: c.T})
}

// Write makes a draft from plain values for the actor of ctx, as POST /posts
// does, and returns its id. It is for filling and imports.
func (s *Service) Write(ctx context.Context, raw map[string]any) (string, error) {
	out, err := s.write(ctx, func() (map[string]any, error) { return raw, nil }, matter.View{Brief: true})
	if err != nil {
		return "", err
	}
	return out.(JSON).ID, nil
}

// Do makes a move from plain values for the actor of ctx.
func (s *Service) Do(ctx context.Context, id, do string, raw map[string]any) error {
	if do == "publish" {
		ctx = s.inspect(ctx, actor.From(ctx), id)
	}
	_, err := s.Machine.Do(ctx, journal.Request{ID: id, Do: do, Read: journal.Reading(raw)}, func(*db.Tx, *Post, actor.Actor, int64) (any, error) {
		return nil, nil
	})
	return err
}

func (s *Service) write(ctx context.Context, raw func() (map[string]any, error), v matter.View) (any, error) {
	var out JSON
	err := s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		p, in, now, err := s.enter(ctx, tx, a, raw)
		if err != nil {
			return nil, err
		}
		if err := s.attach(ctx, tx, a, p, in); err != nil {
			return nil, err
		}
		v.Actor, v.Now = a, now
		if out, err = s.json(ctx, tx, p, v); err == nil && !v.Brief {
			out.Warnings = s.warnings(p, v.Say)
		}
		return out, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Enter makes a draft in tx in the name of a, as POST /posts does: one row of an import.
func (s *Service) Enter(ctx context.Context, tx *db.Tx, a actor.Actor, raw map[string]any) (string, error) {
	p, _, _, err := s.enter(ctx, tx, a, func() (map[string]any, error) { return raw, nil })
	if err != nil {
		return "", err
	}
	return p.ID, nil
}

func (s *Service) enter(ctx context.Context, tx *db.Tx, a actor.Actor, raw func() (map[string]any, error)) (*Post, flow.Input, int64, error) {
	if !mayWrite(a) {
		return nil, nil, 0, fault.New(fault.Denied, "post.reason.who_writes")
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	given, err := raw()
	if err != nil {
		return nil, nil, 0, err
	}
	in, err := flow.Decode(createFields, canonical(given))
	if err != nil {
		return nil, nil, 0, err
	}
	p, err := s.draft(a, in)
	if err != nil {
		return nil, nil, 0, err
	}
	p.ShownAt = now
	c := &flow.Change{Actor: a, At: now}
	c.Code("channel", p.Channel)
	return p, in, now, s.Machine.Born(ctx, tx, p, Draft, c)
}

// canonical takes the forms in which people name a channel: its level, the
// place it belongs to, or a topic of that place.
func canonical(raw map[string]any) map[string]any {
	ch, ok := raw["channel"].(string)
	pl, _ := raw["place"].(string)
	if !ok {
		return raw
	}
	out := map[string]any{}
	for k, v := range raw {
		out[k] = v
	}
	switch code := place.Trim(pl); {
	case code != "" && place.Trim(ch) == code:
		out["channel"] = levelOf(code)
	case code != "" && slices.Contains(Topics, ch):
		out["channel"] = levelOf(code)
		if _, has := raw["topic"]; !has {
			out["topic"] = ch
		}
	}
	return out
}

// mayWrite: staff anywhere, and whoever acts for a group (party branch,
// residents' committee, organisation), whose posts staff publish.
func mayWrite(a actor.Actor) bool { return a.Holds(actor.Staff) || len(a.Agencies()) > 0 }

// writesAt reports whether the actor may write for the channel of a place.
func (s *Service) writesAt(a actor.Actor, code string) bool {
	if a.StaffReaching(code) {
		return true
	}
	return slices.ContainsFunc(a.Agencies(), func(r actor.Role) bool {
		g, ok := s.Groups.Get(r.Group)
		return ok && g.Place == code
	})
}

func (s *Service) draft(a actor.Actor, in flow.Input) (*Post, error) {
	p := &Post{
		Title: in.Text("title"), Body: in.Text("body"), Channel: in.Text("channel"), Topic: in.Text("topic"), Heading: in.Text("heading"),
		PublishAt: in.Moment("publish_at"), Pinned: in.Bool("pinned"),
	}
	p.Author, p.Summary = a.ID, summary(p.Body)
	var faults fault.Fields
	code := place.Trim(in.Text("place"))
	if len(code) > access.Community {
		code = code[:access.Community]
	}
	switch {
	case len(code) < access.District || !s.Places.Known(code):
		faults.Add("place", "post.no_place")
		return nil, faults.Err()
	case !s.writesAt(a, code):
		return nil, fault.New(fault.Denied, "post.reason.not_your_channel")
	}
	p.Locate(code)
	p.Reach = code
	if !slices.Contains(channel.Columns, p.Channel) && p.Channel != levelOf(code) {
		faults.Add("channel", "post.other_level", "level", levelOf(code))
	}
	s.checkHeading(p, &faults)
	return p, faults.Err()
}

// attach ties uploaded files to a post.
func (s *Service) attach(ctx context.Context, tx *db.Tx, a actor.Actor, p *Post, in flow.Input) error {
	ids := in.List("attachments")
	if len(ids) == 0 {
		return nil
	}
	err := s.Files.Attach(ctx, tx, a, ids, "post", p.ID)
	if f := new(fault.Error); errors.As(err, &f) { // the files feature calls its field by its own name
		for i := range f.Fields {
			f.Fields[i].Name = "attachments"
		}
	}
	return err
}

// prepare checks what a move needs before its effect.
func (s *Service) prepare(ctx context.Context, tx *db.Tx, p *Post, c *flow.Change) error {
	switch c.Do {
	case "edit":
		if err := s.attach(ctx, tx, c.Actor, p, c.In); err != nil {
			return err
		}
		next := *p
		if h := c.In.Text("heading"); h != "" {
			next.Heading = h
		}
		var faults fault.Fields
		s.checkHeading(&next, &faults)
		return faults.Err()
	case "publish":
		c.Code("communities", len(s.Places.Below(p.Reach, place.Community)))
		return s.pass(ctx, tx, p, c)
	case "lift":
		c.Code("communities", len(s.Places.Below(above(p.Reach), place.Community)))
	}
	return nil
}

func (s *Service) list(ctx context.Context, q db.Queryer, v matter.View, in flow.Input, ask page.Ask) ([]*Post, error) {
	f := Filter{Place: place.Trim(in.Text("place")), State: in.Text("state"), Topic: in.Text("topic"), Channel: in.Text("channel"), Mine: in.Bool("mine")}
	if f.Mine && !v.Actor.Known() {
		return nil, fault.New(fault.SignIn, "fault.sign_in")
	}
	if text := in.Text("q"); text != "" {
		if s.Finder == nil {
			return nil, nil
		}
		if f.Where, f.Args = s.Finder.Where("post", "p.id", text); f.Where == "" {
			return nil, nil
		}
	}
	return list(ctx, q, v.Actor, f, ask)
}

// MaySee reports whether an actor may see a post, for its files and other doors.
func (s *Service) MaySee(ctx context.Context, a actor.Actor, id string) (bool, error) {
	_, err := s.Machine.Read(ctx, s.Journal.DB, a, id, s.now())
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s *Service) now() int64 { return s.Journal.DB.Clock().Now().UnixMilli() }

// Document is the text a post is found by; nothing for one that is not public.
func (s *Service) Document(ctx context.Context, q db.Queryer, id string) (title, text, place string, at int64, public bool, err error) {
	p, err := s.Machine.Store.Load(ctx, q, id, "")
	if err != nil {
		return "", "", "", 0, false, err
	}
	return p.Title, strings.Join([]string{p.Title, markdown.Plain(p.Body), p.Heading}, "\n"), p.Place, p.PublishedAt, p.State == Published, nil
}

// TitleOf is what a post is called in messages; nothing for one that was
// retracted, whose words are gone from wherever they were read.
func (s *Service) TitleOf(ctx context.Context, q db.Queryer, id string) (string, error) {
	p, err := s.Machine.Store.Load(ctx, q, id, "")
	if err != nil || p.State == Retracted {
		return "", err
	}
	return p.Title, nil
}

// Look is how the channel of a place shows itself.
func (s *Service) Look(code string) channel.Look { return s.Looks.Look(code) }

// FollowersOf lists accounts that at a moment follow a post, or a channel at or
// below a place, after a given account, in order: for who tells them of news.
func (s *Service) FollowersOf(ctx context.Context, q db.Queryer, target, after string, at int64, limit int) ([]string, error) {
	return followers(ctx, q, target, after, at, limit)
}

// event of a comment, in the transaction of what it tells.
func (s *Service) say(ctx context.Context, tx *db.Tx, e event.Event, tell []event.Tell, words event.Words) error {
	data, err := encode(tell)
	if err != nil {
		return err
	}
	e.Kind, e.Data = "post_comment", data
	return s.Journal.AppendEvent(ctx, tx, e, words)
}
