package ballot

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/core/page"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/feature/tally"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
)

// Projects are what options may stand for; the project feature implements it.
type Projects interface {
	// Polled is told, in the transaction that makes the poll, which projects
	// it is about; it refuses those that are not ready to be voted on.
	Polled(ctx context.Context, tx *db.Tx, by actor.Actor, poll string, projects []string) error
}

// Service is the use-cases of polls and the only writer of their tables.
type Service struct {
	Journal  *journal.Journal
	Machine  *journal.Machine[*Poll]
	Kind     *matter.Kind[*Poll]
	Members  *member.Service
	Places   *place.Service
	Projects Projects

	mu     sync.Mutex
	counts map[string]*Count // of closed polls, for results and shares
}

// New returns the service; Projects is wired by app.
func New(j *journal.Journal, members *member.Service, places *place.Service) *Service {
	s := &Service{Journal: j, Members: members, Places: places, counts: map[string]*Count{}}
	s.Machine = &journal.Machine[*Poll]{Journal: j, Life: Life, Store: store{}, Sees: Sees, Prepare: s.prepare, Done: s.done}
	s.Kind = &matter.Kind[*Poll]{
		Plural: "polls", Machine: s.Machine, Names: members, Fields: CreateFields, Filter: ListFields,
		Create: s.Create, List: s.list, Show: s.show, Out: JSON{}, Public: []string{"poll", "member", "group", "place"},
	}
	return s
}

var ListFields = []flow.Field{
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "state", Kind: flow.Enum, Values: []string{string(Draft), string(Open), string(Closed)}},
	{Name: "q", Kind: flow.Text, Max: 100},
	{Name: "mine", Kind: flow.Bool},
}

// Create makes a poll for the calling staff.
func (s *Service) Create(ctx context.Context, c *web.Call) (any, error) {
	var out JSON
	err := s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		if !a.Holds(actor.Staff) {
			return nil, fault.New(fault.Denied, "poll.reason.staff")
		}
		raw, err := c.Raw()
		if err != nil {
			return nil, err
		}
		in, options, err := readCreate(raw)
		if err != nil {
			return nil, err
		}
		p, err := s.make(ctx, tx, a, in, options)
		if err != nil {
			return nil, err
		}
		if err := s.tellProjects(ctx, tx, a, p); err != nil {
			return nil, err
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

func (s *Service) tellProjects(ctx context.Context, tx *db.Tx, a actor.Actor, p *Poll) error {
	var ids []string
	for _, o := range p.Options {
		if o.Project != "" {
			ids = append(ids, o.Project)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if s.Projects == nil {
		return fault.Field1("options", "poll.fault.no_project")
	}
	return s.Projects.Polled(ctx, tx, a, p.ID, ids)
}

// Make makes a poll inside tx in the name of staff, as another feature asks
// for it with the fields of a create, and opens it when its time has come.
func (s *Service) Make(ctx context.Context, tx *db.Tx, a actor.Actor, fields map[string]any) (*Poll, error) {
	in, options, err := readCreate(fields)
	if err != nil {
		return nil, err
	}
	return s.make(ctx, tx, a, in, options)
}

func (s *Service) make(ctx context.Context, tx *db.Tx, a actor.Actor, in flow.Input, options []Option) (*Poll, error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return nil, err
	}
	var faults fault.Fields
	p := newPoll(in, options, &faults)
	p.Author = a.ID
	code := place.Trim(in.Text("place"))
	if len(code) < access.District || !s.Places.Known(code) {
		faults.Add("place", "poll.fault.place")
	}
	p.Locate(code)
	p.RollPlace = place.Trim(p.RollPlace)
	if len(p.RollPlace) < access.District || !s.Places.Known(p.RollPlace) {
		faults.Add("roll.place", "poll.fault.place")
	}
	if p.Closes <= now {
		faults.Add("closes", "poll.fault.past")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if d := Staff.Is(a, p); !d.OK() {
		return nil, fault.New(fault.Denied, "poll.reason.staff")
	}
	c := &flow.Change{Actor: a, At: now}
	c.Code("rule", string(p.Rule))
	c.Code("closes", p.Closes)
	if err := s.Machine.Born(ctx, tx, p, "", c); err != nil {
		return nil, err
	}
	if p.Opens > now {
		return p, nil
	}
	return s.Machine.Step(ctx, tx, a, journal.Request{ID: p.ID, Do: "open"})
}

// prepare freezes the roll for an opening and takes over the count for a counting.
func (s *Service) prepare(ctx context.Context, tx *db.Tx, p *Poll, c *flow.Change) error {
	switch c.Do {
	case "open":
		return s.freeze(ctx, tx, p, c.At)
	case "correct":
		return s.askCorrection(ctx, tx, p, c)
	case "countersign":
		return s.sign(ctx, tx, p, c)
	case "drop":
		if err := s.choose(ctx, tx, p, c); err != nil {
			return err
		}
		return dropCorrection(ctx, tx, p.correcting.ID)
	case "count":
		n, _ := ctx.Value(countKey{}).(*Count)
		if n == nil {
			return fault.New(fault.Conflict, "poll.reason.not_counted")
		}
		p.BallotsHash = n.Result.BallotsHash
		return saveResult(ctx, tx, p.ID, n.Result)
	}
	return nil
}

// freeze draws up the roll. From here on nobody joins or leaves it but by a correction of two persons.
func (s *Service) freeze(ctx context.Context, tx *db.Tx, p *Poll, now int64) error {
	if e, ok := ctx.Value(importKey{}).(*tally.Election); ok {
		return insertRoll(ctx, tx, importedRoll(p, e))
	}
	electors, err := s.Members.Electors(ctx, tx, p.RollPlace, p.RollLevel, now)
	if err != nil {
		return err
	}
	var salt [16]byte
	rand.Read(salt[:])
	p.RollSalt = hex.EncodeToString(salt[:])
	lines := make([]RollLine, len(electors))
	for i, e := range electors {
		lines[i] = RollLine{Poll: p.ID, Voter: e.ID, Household: e.ID}
		if p.Unit == Household {
			lines[i].Household = e.Household()
		}
	}
	p.RollSize, p.RollHash = int64(len(lines)), rollHash(p.RollSalt, lines)
	return insertRoll(ctx, tx, lines)
}

// Roll is the frozen roll of a poll, in order of voters; empty before it opens.
func (s *Service) Roll(ctx context.Context, poll string) ([]RollLine, error) {
	return rollOf(ctx, s.Journal.DB, poll)
}

// rollHash is hex SHA-256 over the salt and each voter with its household, in
// order of voters, each on a line of its own.
func rollHash(salt string, lines []RollLine) string {
	h := sha256.New()
	h.Write([]byte(salt + "\n"))
	for _, l := range lines {
		h.Write([]byte(l.Voter + " " + l.Household + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// done empties the box at the close, in the transaction that closes.
func (s *Service) done(ctx context.Context, tx *db.Tx, p *Poll, c *flow.Change) error {
	if c.Do != "close" {
		return nil
	}
	return emptyBox(ctx, tx, p)
}

func (s *Service) list(ctx context.Context, q db.Queryer, v matter.View, in flow.Input, ask page.Ask) ([]*Poll, error) {
	f := Filter{Place: place.Trim(in.Text("place")), State: in.Text("state"), Text: in.Text("q")}
	if in.Bool("mine") {
		if !v.Actor.Known() {
			return nil, fault.New(fault.SignIn, "fault.sign_in")
		}
		f.Mine = v.Actor.ID
	}
	return List(ctx, q, f, ask, v.Now)
}

// Work opens what is due, closes by the sweep and counts what is closed. Any
// number of nodes may do it at once: the row's lock and its state decide.
func (s *Service) Work(ctx context.Context) error {
	now := s.Journal.DB.Clock().Now().UnixMilli()
	due, err := toOpen(ctx, s.Journal.DB, now)
	if err != nil {
		return err
	}
	for _, id := range due {
		if err := s.step(ctx, id, "open"); err != nil {
			return err
		}
	}
	if _, err := s.Machine.Sweep(ctx); err != nil {
		return err
	}
	closed, err := toCount(ctx, s.Journal.DB)
	if err != nil {
		return err
	}
	for _, id := range closed {
		n, err := s.count(ctx, id)
		if err != nil {
			return err
		}
		if err := s.step(context.WithValue(ctx, countKey{}, n), id, "count"); err != nil {
			return err
		}
	}
	return nil
}

// step lets the clock make a move; that another node was first is well.
func (s *Service) step(ctx context.Context, id, do string) error {
	err := s.Journal.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := s.Machine.Step(ctx, tx, actor.Clock, journal.Request{ID: id, Do: do})
		return err
	})
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// opening lets staff open a poll; one that is open already stays as it is, for
// the clock or a colleague may have been quicker.
func (s *Service) opening(c *web.Call) (any, error) {
	p, err := s.Kind.Read(c)
	if err == nil && p.State == Open && Staff.Is(c.Actor, p).OK() {
		return s.Kind.Show(c.Context(), s.Journal.DB, p, matter.ViewOf(c))
	}
	return s.Kind.Move(c, "open")
}

// Join adds an option to a poll that is announced but not open yet, inside the
// transaction of the feature it stands for.
func (s *Service) Join(ctx context.Context, tx *db.Tx, a actor.Actor, poll string, o Option) error {
	if !id.Valid(poll) {
		return fault.Field1("poll", "poll.fault.no_poll")
	}
	p, err := store{}.Load(ctx, tx, poll, tx.Lock())
	switch {
	case errors.Is(err, db.ErrNoRows):
		return fault.Field1("poll", "poll.fault.no_poll")
	case err != nil:
		return err
	case !Staff.Is(a, p).OK():
		return fault.New(fault.Denied, "poll.reason.staff")
	case p.State != Draft:
		return fault.Field1("poll", "poll.fault.not_draft")
	case len(p.Options) >= MaxOptions, budgeted(p.Rule) && o.Cost == 0:
		return fault.Field1("poll", "poll.fault.no_room")
	}
	o.Poll, o.ID = poll, p.nextOption()
	return insertOption(ctx, tx, o)
}

// nextOption is the number after the last.
func (p *Poll) nextOption() string {
	return fmt.Sprintf("%0*d", len(p.Options[0].ID), len(p.Options)+1)
}
