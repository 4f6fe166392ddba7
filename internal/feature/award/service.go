package award

import (
	"context"
	"embed"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/feature/volunteer"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

//go:embed locale
var texts embed.FS

// Wishes tells how many wishes a person helped fulfil; app wires the wish feature.
type Wishes interface {
	Fulfilled(ctx context.Context, q db.Queryer, account string) (int64, error)
}

// Service is the use-cases of awards and the only writer of their tables.
type Service struct {
	Journal *journal.Journal
	Machine *journal.Machine[*Award]
	Kind    *matter.Kind[*Award]
	Members *member.Service
	Groups  *group.Service
	Places  *place.Service
	Hours   *volunteer.Service
	Wishes  Wishes
	Page    ui.Shell
}

// New returns the service; Wishes and Page are wired by app.
func New(j *journal.Journal, members *member.Service, groups *group.Service, places *place.Service, hours *volunteer.Service) *Service {
	s := &Service{Journal: j, Members: members, Groups: groups, Places: places, Hours: hours}
	s.Machine = &journal.Machine[*Award]{Journal: j, Life: Life, Store: store{}, Sees: func(actor.Actor, *Award) bool { return true }, Prepare: s.prepare}
	s.Kind = &matter.Kind[*Award]{
		Plural: "awards", Machine: s.Machine, Names: names{members}, Fields: createFields, Filter: listFields,
		Create: s.create, List: s.list, Show: s.show, Out: JSON{}, Public: []string{"award", "member", "group", "place"},
	}
	return s
}

// Part is what awards hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "award", Texts: texts, Routes: append(s.Kind.API(), s.pages()...), Lives: []part.Life{Life},
		Works: []part.Work{{Name: "award deadlines", Every: time.Second, Do: func(ctx context.Context) error {
			_, err := s.Machine.Sweep(ctx)
			return err
		}}},
		Checks: []part.Check{{Name: "awards: states against events, two persons, votes", Do: faultsOf}},
	}
}

var createFields = []flow.Field{
	{Name: "title", Kind: flow.Text, Required: true, Max: 80},
	{Name: "place", Kind: flow.Text, Required: true, Max: 20},
	{Name: "criteria", Kind: flow.Long, Required: true, Max: 5000},
	{Name: "opens", Kind: flow.Moment, Required: true},
	{Name: "closes", Kind: flow.Moment, Required: true},
	{Name: "issuer", Kind: flow.Text, Max: 80},
	{Name: "basis", Kind: flow.Text, Max: 80},
	{Name: "notice_days", Kind: flow.Int, Min: 1, Max: 30},
	{Name: "advisory_vote", Kind: flow.Bool},
}

var listFields = []flow.Field{
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "state", Kind: flow.Enum, Values: []string{"open", "review", "notice", "confirmed", "ended"}},
	{Name: "q", Kind: flow.Text, Max: 100},
	{Name: "mine", Kind: flow.Bool},
}

// create opens a round: staff of the place, or who acts for its party
// organisation or residents' committee.
func (s *Service) create(ctx context.Context, c *web.Call) (any, error) {
	return s.file(ctx, func() (flow.Input, error) { return c.Body(createFields) }, c.T)
}

// File opens a round from decoded values for the actor of ctx, as POST /awards
// does, and returns its id. It is for filling and imports.
func (s *Service) File(ctx context.Context, in flow.Input) (string, error) {
	out, err := s.file(ctx, func() (flow.Input, error) { return in, nil }, func(key string, _ ...any) string { return key })
	if err != nil {
		return "", err
	}
	return out.(JSON).ID, nil
}

func (s *Service) file(ctx context.Context, read func() (flow.Input, error), say matter.Say) (any, error) {
	var out JSON
	err := s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		if !mayCreate(a) {
			return nil, fault.New(fault.Denied, "award.reason.who_opens")
		}
		in, err := read()
		if err != nil {
			return nil, err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		w, err := s.draft(a, in, now)
		if err != nil {
			return nil, err
		}
		if err := s.Machine.Born(ctx, tx, w, Open, &flow.Change{Actor: a, At: now}); err != nil {
			return nil, err
		}
		out, err = s.json(ctx, tx, w, matter.View{Actor: a, Now: now, Say: say})
		return out, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func mayCreate(a actor.Actor) bool {
	if a.Holds(actor.Staff) {
		return true
	}
	for _, r := range a.Agencies() {
		if r.GroupKind == actor.Party || r.GroupKind == actor.Committee {
			return true
		}
	}
	return false
}

func (s *Service) draft(a actor.Actor, in flow.Input, now int64) (*Award, error) {
	w := &Award{
		Title: in.Text("title"), Criteria: in.Text("criteria"), Opens: in.Moment("opens"), Closes: in.Moment("closes"), Issuer: in.Text("issuer"),
		Basis: in.Text("basis"), AdvisoryVote: in.Bool("advisory_vote"), NoticeDays: 5,
	}
	w.Author = a.ID
	if n, ok := in.Int("notice_days"); ok {
		w.NoticeDays = n
	}
	var faults fault.Fields
	code := place.Trim(in.Text("place"))
	if len(code) < access.District || !s.Places.Known(code) || !s.reaches(a, code) {
		faults.Add("place", "award.no_place")
	} else {
		w.Locate(code)
	}
	switch {
	case w.Closes <= w.Opens:
		faults.Add("closes", "award.closes_first")
	case w.Closes <= now:
		faults.Add("closes", "award.past")
	}
	if needsBasis(w.Title, w.Basis) {
		faults.Add("basis", "award.needs_basis")
	}
	if w.Issuer == "" {
		w.Issuer = s.Places.Name(code)
	}
	return w, faults.Err()
}

func (s *Service) reaches(a actor.Actor, code string) bool {
	if a.StaffReaching(code) {
		return true
	}
	for _, r := range a.Agencies() {
		if g, ok := s.Groups.Get(r.Group); ok && (r.GroupKind == actor.Party || r.GroupKind == actor.Committee) && access.Covers(g.Place, code) {
			return true
		}
	}
	return false
}

// prepare looks up what a move needs before its effect.
func (s *Service) prepare(ctx context.Context, tx *db.Tx, w *Award, c *flow.Change) error {
	switch c.Do {
	case "nominate":
		if as := c.In.Text("as"); as != "" && as != "self" && as != c.Actor.ID {
			if !c.Actor.ActsFor(as) {
				return fault.Field1("as", "award.not_your_group")
			}
			c.AsGroup = as
		}
		acc, err := s.Members.Find(ctx, tx, c.In.Text("person"))
		if fault.Is(err, fault.NotFound) {
			return nil // a person without an account; whether there is one is told to nobody
		}
		if err != nil {
			return err
		}
		c.In["account"] = acc.ID
		minutes, err := s.Hours.Minutes(ctx, tx, acc.ID, c.At-366*24*3600*1000)
		if err != nil {
			return err
		}
		c.In["minutes"] = minutes
		if s.Wishes != nil {
			n, err := s.Wishes.Fulfilled(ctx, tx, acc.ID)
			if err != nil {
				return err
			}
			c.In["wishes"] = n
		}
	case "vote":
		ok, err := castVote(ctx, tx, w.ID, c.Actor.ID, c.In.Text("nominee"))
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Conflict, "award.reason.voted")
		}
	}
	return nil
}

func (s *Service) list(ctx context.Context, q db.Queryer, v matter.View, in flow.Input, ask page.Ask) ([]*Award, error) {
	account := ""
	if in.Bool("mine") {
		if account = v.Actor.ID; account == "" {
			return nil, fault.New(fault.SignIn, "fault.sign_in")
		}
	}
	return list(ctx, q, place.Trim(in.Text("place")), in.Text("state"), in.Text("q"), account, ask, v.Now)
}

// JSON is a round as the API and the pages know it, for one viewer.
type JSON struct {
	ID           string          `json:"id"`
	Title        string          `json:"title"`
	Criteria     string          `json:"criteria"`
	Place        string          `json:"place"`
	PlaceName    string          `json:"place_name"`
	Issuer       string          `json:"issuer"`
	Basis        string          `json:"basis"`
	State        string          `json:"state"`
	Version      int64           `json:"version"`
	DueAt        *time.Time      `json:"due_at"`
	CreatedAt    time.Time       `json:"created_at"`
	Opens        time.Time       `json:"opens"`
	Closes       time.Time       `json:"closes"`
	NoticeDays   int64           `json:"notice_days"`
	NoticeUntil  *time.Time      `json:"notice_until"`
	AdvisoryVote bool            `json:"advisory_vote"`
	URL          string          `json:"url"`
	Nominees     []NomineeJSON   `json:"nominees,omitzero"`
	Actions      []matter.Action `json:"actions,omitzero"`
}

// Location is the address of an opened round.
func (j JSON) Location() string { return "/api/v1/awards/" + j.ID }

// NomineeJSON is a nominee as the viewer may know it.
type NomineeJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	State       string `json:"state"`
	Reason      string `json:"reason"`
	NominatedBy string `json:"nominated_by"`
	Opinion     string `json:"opinion"`
	Objection   string `json:"objection,omitempty" doc:"for the panel"`
	Consent     bool   `json:"consent"`
	Minutes     *int64 `json:"minutes" doc:"confirmed service in the year before, with consent"`
	Wishes      *int64 `json:"wishes" doc:"wishes helped, with consent"`
	Votes       *int64 `json:"votes" doc:"advisory votes, for the panel"`
	Mine        bool   `json:"mine"`
}

func (s *Service) show(ctx context.Context, q db.Queryer, w *Award, v matter.View) (any, error) {
	return s.json(ctx, q, w, v)
}

func (s *Service) json(ctx context.Context, q db.Queryer, w *Award, v matter.View) (JSON, error) {
	j := JSON{
		ID: w.ID, Title: w.Title, Criteria: w.Criteria, Place: w.Place, PlaceName: s.Places.Name(w.Place), Issuer: w.Issuer, Basis: w.Basis,
		State: string(w.State), Version: w.Version, DueAt: matter.TimeOrNull(w.DueAt), CreatedAt: matter.Time(w.CreatedAt), Opens: matter.Time(w.Opens),
		Closes: matter.Time(w.Closes), NoticeDays: w.NoticeDays, NoticeUntil: matter.TimeOrNull(w.NoticeUntil), AdvisoryVote: w.AdvisoryVote, URL: "/awards/" + w.ID,
	}
	if v.Brief {
		return j, nil
	}
	j.Nominees = []NomineeJSON{}
	for _, n := range w.Nominees {
		if !w.shows(v.Actor, n) {
			continue
		}
		o, err := s.nomineeJSON(ctx, q, w, n, v)
		if err != nil {
			return j, err
		}
		j.Nominees = append(j.Nominees, o)
	}
	j.Actions = s.Kind.Actions(w, v)
	return j, nil
}

// shows is who may know of a nominee: the panel, the person and the nominator
// at any time, voters while a vote is on, everybody from the notice on.
func (w *Award) shows(a actor.Actor, n *Nominee) bool {
	if w.panel(a) || a.Known() && (a.ID == n.Account || a.ID == n.By) {
		return true
	}
	switch n.State {
	case Honoured:
		return true
	case Passed, Objected:
		return w.State == Notice || w.AdvisoryVote && a.Known()
	}
	return w.AdvisoryVote && n.State == Nominated && a.Known() && (w.State == Open || w.State == Review)
}

func (s *Service) nomineeJSON(ctx context.Context, q db.Queryer, w *Award, n *Nominee, v matter.View) (NomineeJSON, error) {
	o := NomineeJSON{ID: n.ID, Name: n.Name, State: n.State, Reason: n.Reason, Consent: n.Consent, Mine: v.Actor.ID != "" && v.Actor.ID == n.Account}
	panel := w.panel(v.Actor)
	var err error
	open := panel || w.State == Notice || w.State == Confirmed || o.Mine
	if n.Account != "" && open { // before that the nominator reads what the nominator wrote
		if o.Name, err = s.Members.PublicName(ctx, q, n.Account); err != nil {
			return o, err
		}
	}
	if !panel && n.State == Objected {
		o.State = Passed // that somebody objected is the panel's to know
	}
	if open {
		o.Opinion = n.Opinion
		if o.NominatedBy, err = s.Members.Label(ctx, q, event.Event{Actor: n.By, AsGroup: n.ByGroup}, v.Say); err != nil {
			return o, err
		}
		if n.ByGroup == "" && !panel {
			o.NominatedBy = v.Say("award.neighbour")
			if n.By == n.Account {
				o.NominatedBy = v.Say("award.oneself")
			}
		}
	}
	if n.Account != "" && (n.Consent && open || o.Mine) {
		o.Minutes, o.Wishes = &n.Minutes, &n.Wishes
	}
	if panel {
		o.Objection = n.Objection
		if w.AdvisoryVote {
			o.Votes = &n.Votes
		}
	}
	return o, nil
}

// names says who did what; who nominates, votes or objects is told to nobody
// but the reader.
type names struct{ *member.Service }

// Label implements matter.Names.
func (n names) Label(ctx context.Context, q db.Queryer, e event.Event, say func(key string, pairs ...any) string) (string, error) {
	if e.Audience == event.Private && e.Actor != actor.From(ctx).ID && e.Do != "review" {
		return say("award.somebody"), nil
	}
	return n.Service.Label(ctx, q, e, say)
}
