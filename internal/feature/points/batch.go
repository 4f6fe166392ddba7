package points

import (
	"context"
	"errors"
	"slices"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
)

// States of a batch.
const (
	Proposed  flow.State = "proposed"  // 待复核
	Agreed    flow.State = "agreed"    // 已入账
	Refused   flow.State = "refused"   // 未通过
	Withdrawn flow.State = "withdrawn" // 已撤回
)

// Batch is points keyed by hand for some people, or the reversal of one entry.
// It is booked when a second person has agreed.
type Batch struct {
	flow.Head
	Book     string   `db:"book"`
	Reason   string   `db:"reason"`
	Entry    string   `db:"entry"`  // what it reverses, "" for an award
	Amount   int64    `db:"amount"` // for each person
	AgreedBy string   `db:"agreed_by"`
	People   []string `db:"-"`
}

// Sees is the one rule of who may know of a batch: all once it is booked,
// before that its author, staff and auditors of the place. listBatches says
// the same in SQL.
func Sees(a actor.Actor, b *Batch) bool {
	return b.State == Agreed || a.Known() && (a.ID == b.Author || a.StaffReaching(b.Place) || a.Has(actor.Auditor, b.Place))
}

var (
	second = flow.By("second", func(a actor.Actor, b *Batch) access.Decision {
		switch {
		case !a.StaffReaching(b.Place):
			return access.Hidden
		case a.ID == b.Author:
			return access.No("points.reason.two_persons")
		case slices.Contains(b.People, a.ID):
			return access.No("points.reason.own_points")
		}
		return access.Yes
	})
	author = flow.By("author", func(a actor.Actor, b *Batch) access.Decision { return access.When(a.Known() && a.ID == b.Author) })
)

// Life is everything that can happen to points keyed by hand.
var Life = &flow.Table[*Batch]{
	Name:  "pointsbatch",
	Start: Proposed,
	Ends:  []flow.State{Agreed, Refused, Withdrawn},
	Moves: []flow.Move[*Batch]{
		{Do: "agree", From: flow.In(Proposed), To: Agreed, By: second, Effect: agree, Primary: true},
		{Do: "refuse", From: flow.In(Proposed), To: Refused, By: second, Takes: []flow.Field{flow.Reason()}, Tells: authorHears},
		{Do: "withdraw", From: flow.In(Proposed), To: Withdrawn, By: author},
	},
	Audience: func(b *Batch) string {
		if b.State == Agreed {
			return event.Public
		}
		return event.Staff
	},
}

func agree(b *Batch, c *flow.Change) error {
	b.AgreedBy = c.Actor.ID
	c.Code("amount", b.Amount)
	c.Code("people", len(b.People))
	c.Code("entry", b.Entry)
	return nil
}

func authorHears(b *Batch, _ *flow.Change) []event.Tell {
	return []event.Tell{event.ToAccount(b.Author, "author")}
}

var batchFields = []flow.Field{
	{Name: "reason", Kind: flow.Long, Required: true, Max: 2000},
	{Name: "book", Kind: flow.Enum, Values: Books},
	{Name: "people", Kind: flow.Refs, Max: 200},
	{Name: "amount", Kind: flow.Int, Min: 1, Max: 1000},
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "entry", Kind: flow.Ref},
}

// propose keys points by hand, or asks to take an entry back.
func (s *Service) propose(ctx context.Context, c *web.Call) (any, error) {
	return s.file(ctx, func() (flow.Input, error) { return c.Body(batchFields) }, c.T)
}

// File proposes a batch from decoded values for the actor of ctx, as POST
// /points-batches does, and returns its id. It is for filling and imports.
func (s *Service) File(ctx context.Context, in flow.Input) (string, error) {
	out, err := s.file(ctx, func() (flow.Input, error) { return in, nil }, silent)
	if err != nil {
		return "", err
	}
	return out.(BatchJSON).ID, nil
}

// Do makes a move without fields for the actor of ctx.
func (s *Service) Do(ctx context.Context, id, do string) error {
	_, err := s.Machine.Do(ctx, journal.Request{ID: id, Do: do, Read: journal.Reading(nil)}, func(*db.Tx, *Batch, actor.Actor, int64) (any, error) { return nil, nil })
	return err
}

func silent(key string, _ ...any) string { return key }

func (s *Service) file(ctx context.Context, read func() (flow.Input, error), say matter.Say) (any, error) {
	var out BatchJSON
	err := s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		if !a.Holds(actor.Staff) {
			return nil, fault.New(fault.Denied, "points.reason.staff_keys")
		}
		in, err := read()
		if err != nil {
			return nil, err
		}
		b, err := s.batch(ctx, tx, a, in)
		if err != nil {
			return nil, err
		}
		change := &flow.Change{Do: "propose", Actor: a, Tell: []event.Tell{event.Asks(event.ToRole(actor.Staff, b.Scope(), "staff"))}}
		change.Code("amount", b.Amount)
		change.Code("people", len(b.People))
		change.Say("reason", b.Reason)
		if err := s.Machine.Born(ctx, tx, b, Proposed, change); err != nil {
			return nil, err
		}
		out, err = s.batchJSON(ctx, tx, b, matter.View{Actor: a, Now: change.At, Say: say})
		return out, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) batch(ctx context.Context, tx *db.Tx, a actor.Actor, in flow.Input) (*Batch, error) {
	b := &Batch{Book: in.Text("book"), Reason: in.Text("reason"), Entry: in.Text("entry")}
	b.Author = a.ID
	b.Amount, _ = in.Int("amount")
	if b.Book == "" {
		b.Book = Residents
	}
	if b.Entry != "" {
		e, err := entry(ctx, tx, b.Entry)
		if err != nil || !a.StaffReaching(e.Place) {
			if err != nil && !errors.Is(err, db.ErrNoRows) {
				return nil, err
			}
			return nil, fault.Field1("entry", "points.no_entry")
		}
		done, err := reversed(ctx, tx, e.ID)
		if err != nil {
			return nil, err
		}
		if done || e.Kind == Reversal {
			return nil, fault.New(fault.Conflict, "points.reason.reversed")
		}
		b.Book, b.Amount = e.Book, e.Amount
		b.Locate(e.Place)
		return b, nil
	}
	var faults fault.Fields
	code := place.Trim(in.Text("place"))
	if code == "" {
		for _, r := range a.Roles {
			if r.Name == actor.Staff {
				code = r.Place
			}
		}
	}
	if !s.Places.Known(code) || !a.StaffReaching(code) {
		faults.Add("place", "points.no_place")
	}
	b.Locate(code)
	if b.Amount == 0 {
		faults.Add("amount", "fault.required")
	}
	for _, ref := range in.List("people") {
		acc, err := s.Members.Find(ctx, tx, ref)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		may := false
		if err == nil {
			if may, err = s.mayHold(ctx, tx, b.Book, acc.ID); err != nil {
				return nil, err
			}
		}
		switch {
		case !may || !access.Covers(access.Up(code, access.District), acc.Home):
			faults.Add("people", "points.no_person", "name", ref)
		case acc.ID == a.ID:
			faults.Add("people", "points.reason.own_points")
		case !slices.Contains(b.People, acc.ID):
			b.People = append(b.People, acc.ID)
		}
	}
	if len(b.People) == 0 && len(faults) == 0 {
		faults.Add("people", "fault.required")
	}
	return b, faults.Err()
}

// book writes the entries of a batch that two have agreed on.
func (s *Service) book(ctx context.Context, tx *db.Tx, b *Batch, c *flow.Change) error {
	if c.Do != "agree" {
		return nil
	}
	if b.Entry != "" {
		e, err := entry(ctx, tx, b.Entry)
		if err != nil {
			return err
		}
		if done, err := reversed(ctx, tx, e.ID); err != nil || done {
			return errors.Join(err, fault.New(fault.Conflict, "points.reason.reversed"))
		}
		u := e.undo(c.At)
		u.KeyedBy, u.AgreedBy, u.Batch = b.Author, b.AgreedBy, b.ID
		return s.post(ctx, tx, "reverse", u)
	}
	for _, p := range b.People {
		e := Entry{
			Book: b.Book, Payer: Source(b.Book), Payee: Account(b.Book, p), Amount: b.Amount, At: c.At, Kind: ByHand, Cause: b.ID, Version: b.Version,
			KeyedBy: b.Author, AgreedBy: b.AgreedBy, Batch: b.ID, Place: b.Place,
		}
		e.ID = entryID(b.ID, "", ByHand, e.Payee)
		if err := s.post(ctx, tx, "hand", e); err != nil {
			return err
		}
	}
	return nil
}

// BatchJSON is a batch as others read it: who keyed and who agreed by their
// unit, why, for how many; who got it only for staff.
type BatchJSON struct {
	ID        string          `json:"id"`
	State     string          `json:"state"`
	Version   int64           `json:"version"`
	DueAt     *time.Time      `json:"due_at"`
	Book      string          `json:"book"`
	ByHand    bool            `json:"by_hand"`
	Reason    string          `json:"reason"`
	Reverses  string          `json:"reverses"`
	Amount    int64           `json:"amount" doc:"for each person"`
	Count     int             `json:"count"`
	People    []string        `json:"people,omitempty" doc:"public names, for staff"`
	Place     string          `json:"place"`
	PlaceName string          `json:"place_name"`
	KeyedBy   string          `json:"keyed_by"`
	AgreedBy  string          `json:"agreed_by"`
	CreatedAt time.Time       `json:"created_at"`
	Actions   []matter.Action `json:"actions,omitzero"`
}

// Location is the address of a proposed batch.
func (j BatchJSON) Location() string { return "/api/v1/points-batches/" + j.ID }

func (s *Service) showBatch(ctx context.Context, q db.Queryer, b *Batch, v matter.View) (any, error) {
	return s.batchJSON(ctx, q, b, v)
}

func (s *Service) batchJSON(ctx context.Context, q db.Queryer, b *Batch, v matter.View) (BatchJSON, error) {
	j := BatchJSON{
		ID: b.ID, State: string(b.State), Version: b.Version, Book: b.Book, ByHand: true, Reason: b.Reason, Reverses: b.Entry, Amount: b.Amount,
		Count: len(b.People), Place: b.Place, PlaceName: s.Places.Name(b.Place), CreatedAt: matter.Time(b.CreatedAt),
	}
	label := func(account string) (string, error) {
		if account == "" {
			return "", nil
		}
		return s.Members.Label(ctx, q, event.Event{Actor: account}, v.Say)
	}
	var err error
	if j.KeyedBy, err = label(b.Author); err != nil {
		return j, err
	}
	if j.AgreedBy, err = label(b.AgreedBy); err != nil {
		return j, err
	}
	if v.Brief {
		return j, nil
	}
	if v.Actor.StaffReaching(b.Place) || v.Actor.Has(actor.Auditor, b.Place) {
		for _, p := range b.People {
			name, err := s.Members.PublicName(ctx, q, p)
			if err != nil {
				return j, err
			}
			j.People = append(j.People, name)
		}
	}
	j.Actions = s.Kind.Actions(b, v)
	return j, nil
}

func (s *Service) listBatches(ctx context.Context, q db.Queryer, v matter.View, in flow.Input, ask page.Ask) ([]*Batch, error) {
	bs, err := listBatches(ctx, q, v.Actor, place.Trim(in.Text("place")), in.Text("state"), ask)
	for _, b := range bs {
		if err == nil {
			err = q.Select(ctx, &b.People, batchPeople, b.ID)
		}
	}
	return bs, err
}
