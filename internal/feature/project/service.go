package project

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/gate"
	"linli/internal/core/page"
	"linli/internal/feature/ballot"
	"linli/internal/feature/file"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	words "linli/internal/ui/text"
)

// Finder finds projects by words; the search feature implements it.
type Finder interface {
	Where(kind, id, query string) (cond string, args []any)
	Similar(ctx context.Context, q db.Queryer, kind, place, text string, limit int) ([]string, error)
}

// Origins tells whether an actor may see the wish or request a project grew from.
type Origins interface {
	MaySee(ctx context.Context, a actor.Actor, id string) (bool, error)
}

// Service is the use-cases of projects and the only writer of their tables.
type Service struct {
	Journal *journal.Journal
	Machine *journal.Machine[*Project]
	Kind    *matter.Kind[*Project]
	Members *member.Service
	Groups  *group.Service
	Places  *place.Service
	Files   *file.Service
	Ballots *ballot.Service
	Finder  Finder
	Wishes  Origins
	Page    ui.Shell
}

// New returns the service; Finder, Wishes and Page are wired by app.
func New(j *journal.Journal, members *member.Service, groups *group.Service, places *place.Service, files *file.Service, ballots *ballot.Service) *Service {
	s := &Service{Journal: j, Members: members, Groups: groups, Places: places, Files: files, Ballots: ballots}
	places.Define(Settings...)
	s.Machine = &journal.Machine[*Project]{Journal: j, Life: Life, Store: store{}, Sees: Sees, Prepare: s.prepare}
	s.Kind = &matter.Kind[*Project]{
		Plural: "projects", Machine: s.Machine, Names: members, Fields: createFields, Filter: listFields,
		Create: s.create, List: s.list, Show: s.show, Out: JSON{}, Public: []string{"project", "poll", "member", "group", "place"},
	}
	ballots.Projects = s
	return s
}

var createFields = []flow.Field{
	{Name: "title", Kind: flow.Text, Required: true, Max: 80},
	{Name: "body", Kind: flow.Long, Required: true, Max: 5000},
	{Name: "place", Kind: flow.Text, Required: true, Max: 20},
	costField, ownershipField, fundField, upkeepField, servesField,
	{Name: "wish", Kind: flow.Ref},
	{Name: "request", Kind: flow.Ref},
	{Name: "photos", Kind: flow.Files, Max: 9},
}

var listFields = []flow.Field{
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "state", Kind: flow.Enum, Values: stateNames()},
	{Name: "q", Kind: flow.Text, Max: 100},
	{Name: "mine", Kind: flow.Bool},
}

func stateNames() []string {
	var out []string
	for _, s := range Life.States() {
		out = append(out, string(s))
	}
	return out
}

// create proposes a project.
func (s *Service) create(ctx context.Context, c *web.Call) (any, error) {
	var out JSON
	err := s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		if a.Level < actor.V1 {
			return nil, fault.New(fault.Denied, "project.reason.residents")
		}
		in, err := c.Body(createFields)
		if err != nil {
			return nil, err
		}
		p := &Project{Title: in.Text("title"), Body: in.Text("body"), Ownership: in.Text("ownership"), Fund: in.Text("fund"),
			Upkeep: in.Text("upkeep"), Serves: in.Text("serves"), Wish: in.Text("wish"), Request: in.Text("request")}
		p.Cost, _ = in.Int("cost")
		if err := s.propose(ctx, tx, a, p, in.Text("place"), nil); err != nil {
			return nil, err
		}
		if photos := in.List("photos"); len(photos) > 0 {
			if err := s.Files.AttachPhotos(ctx, tx, a, photos, "project", p.ID); err != nil {
				return nil, err
			}
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		out, err = s.json(ctx, tx, p, matter.View{Actor: a, Now: now, Say: c.T})
		return out, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// propose checks a new project and begins its life. The proposal of a resident
// known by address is public at once, that of others when it is screened; one
// that grew from a wish is as public as the wish (open).
func (s *Service) propose(ctx context.Context, tx *db.Tx, a actor.Actor, p *Project, code string, open *bool) error {
	var faults fault.Fields
	code = place.Trim(code)
	if len(code) < access.District || !s.Places.Known(code) {
		faults.Add("place", "project.fault.place")
	}
	p.Locate(code)
	if p.Request != "" { // requests come with release 2: none is there to see
		faults.Add("request", "project.fault.request")
	}
	if p.Ownership == "" {
		p.Ownership = Unclear
	}
	if p.Author == "" {
		p.Author = a.ID
	}
	p.Shown = open == nil && (a.Level >= actor.V3 || a.StaffReaching(p.Place)) || open != nil && *open
	p.Studied = s.Places.Bool(p.Place, "project.study")
	p.Line = s.number(p.Place, "project.line")
	if p.Wish != "" && open == nil {
		sees := false
		if s.Wishes != nil {
			var err error
			if sees, err = s.Wishes.MaySee(ctx, a, p.Wish); err != nil {
				return err
			}
		}
		if !sees {
			faults.Add("wish", "project.fault.wish")
		}
	}
	for name, text := range map[string]string{"title": p.Title, "body": p.Body} {
		if hits := gate.Money(text); len(hits) > 0 {
			faults.Add(name, "project.fault.money", "word", hits[0].Word)
		}
	}
	if err := faults.Err(); err != nil {
		return err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	c := &flow.Change{Actor: a, At: now}
	c.Code("ownership", p.Ownership)
	if p.Wish != "" {
		c.Code("wish", p.Wish)
	}
	c.Tell = staffActs(p, c)
	return s.Machine.Born(ctx, tx, p, "", c)
}

// Propose begins the life of a project that a proposes, inside tx.
func (s *Service) Propose(ctx context.Context, tx *db.Tx, a actor.Actor, p *Project, place string) error {
	return s.propose(ctx, tx, a, p, place, nil)
}

// FromWish makes a project of a wish in the transaction that converts it; open
// says that everybody may read the wish.
func (s *Service) FromWish(ctx context.Context, tx *db.Tx, by actor.Actor, wish, author, title, body, place string, open bool) (string, error) {
	p := &Project{Title: title, Body: body, Wish: wish}
	p.Author = author
	if err := s.propose(ctx, tx, by, p, place, &open); err != nil {
		return "", err
	}
	return "project:" + p.ID, nil
}

func (s *Service) number(place, key string) int {
	n, err := strconv.Atoi(s.Places.Text(place, key))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// noMoney refuses collection codes and card numbers.
func noMoney(title, body string) error {
	for i, text := range []string{title, body} {
		if hits := gate.Money(text); len(hits) > 0 {
			return fault.Field1([]string{"title", "body"}[i], "project.fault.money", "word", hits[0].Word)
		}
	}
	return nil
}

type pollKey struct{}

// Polled takes projects into a poll that is being made with them among its
// options; it refuses those that are not ready. It implements ballot.Projects.
func (s *Service) Polled(ctx context.Context, tx *db.Tx, by actor.Actor, poll string, projects []string) error {
	for _, id := range projects {
		_, err := s.Machine.Step(context.WithValue(ctx, pollKey{}, poll), tx, by, journal.Request{ID: id, Do: "poll"})
		if fault.Is(err, fault.NotFound) {
			return fault.Field1("options", "poll.fault.no_project")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// prepare looks up what a move needs before its effect.
func (s *Service) prepare(ctx context.Context, tx *db.Tx, p *Project, c *flow.Change) error {
	for _, name := range []string{"photos", "quotes", "receipts"} {
		ids := c.In.List(name)
		if len(ids) == 0 {
			continue
		}
		attach := s.Files.Attach
		if name == "photos" {
			attach = s.Files.AttachPhotos
		}
		if err := attach(ctx, tx, c.Actor, ids, "project", p.ID); err != nil {
			return err
		}
	}
	switch {
	case c.Do == "merge":
		return s.intoWhat(ctx, tx, p, c)
	case c.Do == "study":
		return s.partyOf(p, c)
	case c.Do == "poll":
		return s.makePoll(ctx, tx, p, c)
	case c.Do == "notice":
		return s.fared(ctx, tx, p)
	case c.Do == "panel":
		return s.call(ctx, tx, p, c)
	case c.Do == "opinion":
		post, err := s.Members.Post(ctx, tx, c.Actor.ID, actor.Expert)
		if post == "" {
			post = "专家"
		}
		c.Code("post", post)
		return err
	case c.Do == "milestone" && len(slices.DeleteFunc(slices.Clone(p.Milestones), func(m *Milestone) bool { return m.DoneAt != 0 })) == 1:
		return s.pool(ctx, tx, p, c)
	}
	return nil
}

func (s *Service) intoWhat(ctx context.Context, tx *db.Tx, p *Project, c *flow.Change) error {
	into, err := store{}.Load(ctx, tx, c.In.Text("into"), "")
	switch {
	case errors.Is(err, db.ErrNoRows), err == nil && (!Sees(c.Actor, into) || into.ID == p.ID || slices.Contains(Life.Ends, into.State)):
		return fault.Field1("into", "project.fault.into")
	case err != nil:
		return err
	}
	return nil
}

// partyOf asks whether the actor acts for the party organisation of the place.
func (s *Service) partyOf(p *Project, c *flow.Change) error {
	for _, r := range c.Actor.Agencies() {
		if g, ok := s.Groups.Active(r.Group, c.At); ok && g.Kind == actor.Party && access.Covers(g.Place, p.Place) {
			c.AsGroup = g.ID
			return nil
		}
	}
	return fault.New(fault.Denied, "project.reason.party_place")
}

// makePoll makes a poll for the project alone, joins one that is announced, or
// takes over the one that is just being made.
func (s *Service) makePoll(ctx context.Context, tx *db.Tx, p *Project, c *flow.Change) error {
	p.Line = s.number(p.Place, "project.line")
	if poll, ok := ctx.Value(pollKey{}).(string); ok {
		c.In["poll"] = poll
		c.Code("poll", poll)
		return nil
	}
	if poll := c.In.Text("poll"); poll != "" {
		return s.Ballots.Join(ctx, tx, c.Actor, poll, ballot.Option{Title: p.Title, Cost: p.Cost, Project: p.ID})
	}
	opens, closes := c.In.Moment("opens"), c.In.Moment("closes")
	if opens == 0 {
		opens = c.At
	}
	if closes == 0 {
		closes = s.Places.After(p.Scope(), "project.poll_span", max(opens, c.At))
	}
	say := func(key string) string { return words.T(words.Chinese, key, "title", p.Title) }
	made, err := s.Ballots.Make(ctx, tx, c.Actor, map[string]any{
		"question": shorten(say("project.poll_question"), 80), "rule": "approval", "max_choices": int64(1), "place": p.Scope(),
		"roll": map[string]any{"place": p.Scope(), "level": "V3"}, "opens": matter.Time(opens).Format("2006-01-02T15:04:05.000Z07:00"),
		"closes": matter.Time(closes).Format("2006-01-02T15:04:05.000Z07:00"), "basis": say("project.poll_basis"),
		"options": []any{map[string]any{"title": p.Title, "cost": p.Cost, "project": p.ID}, say("project.poll_wait")},
	})
	if err != nil {
		return err
	}
	c.In["poll"] = made.ID
	c.Code("poll", made.ID)
	return nil
}

func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// fared asks the poll how the project did.
func (s *Service) fared(ctx context.Context, tx *db.Tx, p *Project) error {
	o, err := s.Ballots.OutcomeOf(ctx, tx, p.Poll)
	if err != nil {
		return err
	}
	if !o.Done {
		return fault.New(fault.Conflict, "project.reason.poll_runs")
	}
	p.Votes, p.Voters, p.Roll, p.Chosen = o.Votes[p.ID], o.Voters, o.Roll, o.Selected[p.ID]
	return nil
}

// call turns the experts that are convened into account ids.
func (s *Service) call(ctx context.Context, tx *db.Tx, p *Project, c *flow.Change) error {
	var ids []string
	for _, name := range c.In.List("experts") {
		acc, err := s.Members.Find(ctx, tx, name)
		if fault.Is(err, fault.NotFound) {
			return fault.Field1("experts", "project.fault.expert", "name", name)
		}
		if err != nil {
			return err
		}
		a, err := s.Members.Fresh(ctx, tx, actor.Actor{ID: acc.ID})
		if err != nil || !a.Has(actor.Expert, p.Place) {
			return fault.Field1("experts", "project.fault.expert", "name", name)
		}
		if !slices.Contains(ids, acc.ID) {
			ids = append(ids, acc.ID)
		}
	}
	c.In["experts"] = ids
	return nil
}

// Work publishes the result of polls that are counted and sweeps deadlines.
func (s *Service) Work(ctx context.Context) error {
	ids, err := polling(ctx, s.Journal.DB)
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := s.Journal.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := s.Machine.Step(ctx, tx, actor.Clock, journal.Request{ID: id, Do: "notice"})
			return err
		})
		if err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	_, err = s.Machine.Sweep(ctx)
	return err
}

func (s *Service) list(ctx context.Context, q db.Queryer, v matter.View, in flow.Input, ask page.Ask) ([]*Project, error) {
	f := Filter{Place: place.Trim(in.Text("place")), Mine: in.Bool("mine")}
	if st := in.Text("state"); st != "" {
		f.States = []string{st}
	}
	if f.Mine && !v.Actor.Known() {
		return nil, fault.New(fault.SignIn, "fault.sign_in")
	}
	if text := in.Text("q"); text != "" {
		if s.Finder == nil {
			return nil, nil
		}
		if f.Where, f.Args = s.Finder.Where("project", "p.id", text); f.Where == "" {
			return nil, nil
		}
	}
	return list(ctx, q, v.Actor, f, ask, v.Now)
}

// MaySee reports whether an actor may see a project, for its files and other doors.
func (s *Service) MaySee(ctx context.Context, a actor.Actor, id string) (bool, error) {
	_, err := s.Machine.Read(ctx, s.Journal.DB, a, id, s.Journal.DB.Clock().Now().UnixMilli())
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Document is the text a project is found by; nothing for one that not everybody may read.
func (s *Service) Document(ctx context.Context, q db.Queryer, id string) (title, text, place string, at int64, public bool, err error) {
	p, err := store{}.Load(ctx, q, id, "")
	if err != nil {
		return "", "", "", 0, false, err
	}
	return p.Title, strings.Join([]string{p.Title, p.Body, p.Serves}, "\n"), p.Place, p.CreatedAt, p.Shown, nil
}
