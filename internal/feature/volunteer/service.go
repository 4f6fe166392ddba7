package volunteer

import (
	"context"
	"errors"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/core/page"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// Help is a wish as far as hours and on-call volunteers need it.
type Help struct {
	ID, Title, Place, Kind string
	Owner                  string // who may confirm
	Group                  string // in whose name the helper served
	Brought                bool   // the helper has delivered a part
	URL                    string
}

// Wishes tells of wishes; app wires the wish feature.
type Wishes interface {
	// Help returns a wish as helper sees it; Absent when not visible.
	Help(ctx context.Context, q db.Queryer, helper actor.Actor, wish string) (Help, error)
	// Called returns a wish that anybody may help with now; ok is false for one
	// that is private, not open, or not there.
	Called(ctx context.Context, q db.Queryer, wish string) (h Help, ok bool, err error)
	// Open lists open wishes below place that the actor may claim, newest first.
	Open(ctx context.Context, q db.Queryer, a actor.Actor, place string, limit int) ([]Help, error)
}

// Service is the use-cases of hours, certificates and on-call volunteers.
type Service struct {
	Journal *journal.Journal
	Machine *journal.Machine[*Record]
	Kind    *matter.Kind[*Record]
	Members *member.Service
	Groups  *group.Service
	Places  *place.Service
	Wishes  Wishes
	Page    ui.Shell
}

// New returns the service; Wishes and Page are wired by app.
func New(j *journal.Journal, members *member.Service, groups *group.Service, places *place.Service) *Service {
	s := &Service{Journal: j, Members: members, Groups: groups, Places: places}
	places.Define(Settings...)
	s.Machine = &journal.Machine[*Record]{Journal: j, Life: Life, Store: store{}, Sees: Sees}
	s.Kind = &matter.Kind[*Record]{
		Plural: "services", Machine: s.Machine, Names: members, Fields: stateFields, Filter: listFields,
		Create: s.create, List: s.list, Show: s.show, Out: JSON{}, Public: []string{"service", "member", "group", "place"},
	}
	return s
}

var stateFields = []flow.Field{
	{Name: "minutes", Kind: flow.Int, Required: true, Min: 1, Max: 24 * 60},
	{Name: "wish", Kind: flow.Ref},
	{Name: "title", Kind: flow.Text, Max: 80},
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "served_at", Kind: flow.Moment},
	flow.Note(),
}

var listFields = []flow.Field{
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "state", Kind: flow.Enum, Values: []string{"stated", "confirmed", "refused", "withdrawn", "revoked"}},
	{Name: "mine", Kind: flow.Bool},
	{Name: "to_confirm", Kind: flow.Bool},
}

// create states the caller's own hours for a wish, or for a visit.
func (s *Service) create(ctx context.Context, c *web.Call) (any, error) {
	var out JSON
	err := s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		in, err := c.Body(stateFields)
		if err != nil {
			return nil, err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		r, err := s.draft(ctx, tx, a, in, now)
		if err != nil {
			return nil, err
		}
		change := &flow.Change{Do: "state", Actor: a, At: now, Tell: asks(r, nil)}
		change.Code("minutes", r.Minutes)
		change.Code("source", r.Source)
		if err := s.Machine.Born(ctx, tx, r, Stated, change); err != nil {
			return nil, err
		}
		out, err = s.json(ctx, tx, r, matter.View{Actor: a, Now: now, Say: c.T})
		return out, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) draft(ctx context.Context, tx *db.Tx, a actor.Actor, in flow.Input, now int64) (*Record, error) {
	minutes, _ := in.Int("minutes")
	r := &Record{Minutes: minutes, Attended: minutes, Note: in.Text("note"), ServedAt: in.Moment("served_at"), Title: in.Text("title")}
	r.Author, r.ID = a.ID, id.New()
	if r.ServedAt == 0 {
		r.ServedAt = now
	}
	if r.ServedAt > now || r.ServedAt < now-366*day {
		return nil, fault.Field1("served_at", "service.not_then")
	}
	where := in.Text("place")
	if wish := in.Text("wish"); wish != "" {
		h, err := s.Wishes.Help(ctx, tx, a, wish)
		if err != nil {
			if fault.Is(err, fault.NotFound) {
				return nil, fault.Field1("wish", "service.no_wish")
			}
			return nil, err
		}
		if !h.Brought {
			return nil, fault.New(fault.Conflict, "service.reason.not_brought")
		}
		r.Source, r.Title, r.Kind, r.Owner, r.Group, where = "wish:"+wish, h.Title, h.Kind, h.Owner, h.Group, h.Place
		if _, err := bySource(ctx, tx, r.Source, a.ID); err == nil {
			return nil, fault.New(fault.Conflict, "service.reason.stated")
		} else if !errors.Is(err, db.ErrNoRows) {
			return nil, err
		}
	} else {
		if r.Title == "" {
			return nil, fault.Field1("title", "fault.required")
		}
		if !a.Holds(actor.Volunteer) && !a.Holds(actor.PartyMember) && !a.Holds(actor.GridWorker) && len(a.Agencies()) == 0 {
			return nil, fault.New(fault.Denied, "service.reason.volunteers")
		}
		r.Source, r.Kind = "visit:"+r.ID, "扶老护幼"
		if where == "" {
			where = a.Home
		}
	}
	where = place.Trim(where)
	if !s.Places.Known(where) {
		return nil, fault.Field1("place", "service.no_place")
	}
	r.Locate(where)
	return r, nil
}

const day = 24 * 60 * 60 * 1000 // ms

// Certify records attendance that an organiser has confirmed, inside the
// organiser's transaction. Who served never confirms.
func (s *Service) Certify(ctx context.Context, tx *db.Tx, by actor.Actor, r *Record, reason string, now int64) error {
	if r.Author == "" || r.Author == by.ID {
		return fault.New(fault.Denied, "service.reason.own")
	}
	return s.Machine.Born(ctx, tx, r, Confirmed, Attest(by, r, reason, now))
}

// Attest is the change by which by confirms attendance at a moment.
func Attest(by actor.Actor, r *Record, reason string, now int64) *flow.Change {
	c := &flow.Change{Do: "confirm", Actor: by, At: now}
	r.ConfirmedBy, r.ConfirmedAt = by.ID, now
	c.Say("reason", reason)
	if reason != "" {
		c.Code("was", r.Attended)
	}
	c.Tell = helperHears(r, c)
	r.tell(c)
	return c
}

// Keep stores records that were made in memory: for data to test under load.
// Their events are the caller's to write.
func (s *Service) Keep(ctx context.Context, tx *db.Tx, rs []*Record) error {
	return insertAll(ctx, tx, rs)
}

// Correct changes hours of a person at an occasion, inside the caller's transaction.
func (s *Service) Correct(ctx context.Context, tx *db.Tx, by actor.Actor, source, account string, minutes int64, reason string) error {
	ref, err := bySource(ctx, tx, source, account)
	if errors.Is(err, db.ErrNoRows) {
		return fault.Absent()
	}
	if err != nil {
		return err
	}
	_, err = s.Machine.Step(ctx, tx, by, journal.Request{ID: ref, Do: "correct", Read: func([]flow.Field) (flow.Input, error) {
		return flow.Input{"minutes": minutes, "reason": reason}, nil
	}})
	return err
}

// Of returns the hours of a person at an occasion, nil when there are none.
func (s *Service) Of(ctx context.Context, q db.Queryer, source, account string) (*Record, error) {
	ref, err := bySource(ctx, q, source, account)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return (store{}).Load(ctx, q, ref, "")
}

// Minutes sums what a person has confirmed since a moment.
func (s *Service) Minutes(ctx context.Context, q db.Queryer, account string, since int64) (int64, error) {
	return minutesOf(ctx, q, account, since)
}

func (s *Service) list(ctx context.Context, q db.Queryer, v matter.View, in flow.Input, ask page.Ask) ([]*Record, error) {
	f := filter{Place: place.Trim(in.Text("place")), State: in.Text("state"), Mine: in.Bool("mine"), ToConfirm: in.Bool("to_confirm")}
	if (f.Mine || f.ToConfirm) && !v.Actor.Known() {
		return nil, fault.New(fault.SignIn, "fault.sign_in")
	}
	return list(ctx, q, v.Actor, f, ask, v.Now)
}

// JSON is service hours as the API and the pages know them.
type JSON struct {
	ID        string          `json:"id"`
	State     string          `json:"state"`
	Version   int64           `json:"version"`
	DueAt     *time.Time      `json:"due_at"`
	Source    string          `json:"source"`
	Title     string          `json:"title"`
	Kind      string          `json:"kind"`
	Place     string          `json:"place"`
	ServedAt  time.Time       `json:"served_at"`
	Minutes   int64           `json:"minutes"`
	Attended  int64           `json:"attended"`
	Note      string          `json:"note"`
	Helper    string          `json:"helper" doc:"public name"`
	Group     string          `json:"as"`
	Mine      bool            `json:"mine"`
	CreatedAt time.Time       `json:"created_at"`
	Actions   []matter.Action `json:"actions,omitzero"`
}

// Location is the address of stated hours.
func (j JSON) Location() string { return "/api/v1/services/" + j.ID }

func (s *Service) show(ctx context.Context, q db.Queryer, r *Record, v matter.View) (any, error) {
	return s.json(ctx, q, r, v)
}

func (s *Service) json(ctx context.Context, q db.Queryer, r *Record, v matter.View) (JSON, error) {
	j := JSON{
		ID: r.ID, State: string(r.State), Version: r.Version, DueAt: matter.TimeOrNull(r.DueAt), Source: r.Source, Title: r.Title, Kind: r.Kind,
		Place: r.Place, ServedAt: matter.Time(r.ServedAt), Minutes: r.Minutes, Attended: r.Attended, Note: r.Note, Mine: r.Author == v.Actor.ID,
		CreatedAt: matter.Time(r.CreatedAt), Group: s.Groups.Name(r.Group),
	}
	var err error
	if j.Helper, err = s.Members.PublicName(ctx, q, r.Author); err != nil {
		return j, err
	}
	if !v.Brief {
		j.Actions = s.Kind.Actions(r, v)
	}
	return j, nil
}

// Teams is the board of groups by confirmed service below a place.
func (s *Service) Teams(ctx context.Context, q db.Queryer, place string, since int64) ([]Team, error) {
	return teams(ctx, q, place, since)
}
