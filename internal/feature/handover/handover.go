// Package handover is what happens when a worker leaves (离岗交接). The offices
// end at once; they, and the matters the worker had begun, pass to a successor
// by name, or stand on a list as without one until somebody is named. Nothing a
// worker held is lost, and nothing of the worker's own life is listed.
package handover

import (
	"context"
	"embed"
	"encoding/json"
	"slices"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/part"
	"linli/internal/ui"
)

//go:embed locale
var texts embed.FS

// Office is the kind of an item that is a role; others are kinds of matters.
const Office = "office"

// Item is one thing a worker held. Ref is the role's or the matter's id.
type Item struct {
	Handover  string `db:"handover"`
	Kind      string `db:"kind"`
	Ref       string `db:"ref"`
	Role      string `db:"role"` // of an office
	Place     string `db:"place"`
	Group     string `db:"grp"`
	Successor string `db:"successor"` // account, "" for nobody yet
}

// Record is one leaving. At is UTC ms.
type Record struct {
	ID      string `db:"id"`
	Account string `db:"account"`
	Place   string `db:"place"`
	By      string `db:"by_whom"`
	At      int64  `db:"at"`
	Version int64  `db:"version"`
}

// Matters lists what an actor has begun in office and not ended; app asks the
// features.
type Matters func(ctx context.Context, q db.Queryer, a actor.Actor, now int64) ([]Item, error)

// Names tells what a matter is called and where it is read; notify knows.
type Names interface {
	TitleOf(ctx context.Context, q db.Queryer, kind, id string) (string, error)
	PathOf(ctx context.Context, q db.Queryer, kind, id string) (string, error)
}

// Where names places and groups.
type Where interface{ Name(id string) string }

// Service is the hand-over and the only writer of its tables.
type Service struct {
	Page    ui.Shell // these are wired by app
	Matters Matters
	Names   Names

	journal *journal.Journal
	members *member.Service
	places  Where
	groups  Where
}

// New returns the service.
func New(j *journal.Journal, members *member.Service, places, groups Where) *Service {
	return &Service{journal: j, members: members, places: places, groups: groups}
}

// Part is what hand-overs hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{Name: "handover", Texts: texts, Routes: s.routes()}
}

var (
	leaveFields = []flow.Field{{Name: "account", Kind: flow.Text, Max: 60, Required: true}, {Name: "successor", Kind: flow.Text, Max: 60}}
	nameFields  = []flow.Field{{Name: "successor", Kind: flow.Text, Max: 60, Required: true}}
)

// bases are the places whose workers an actor may let go.
func bases(a actor.Actor) []string {
	var out []string
	for _, r := range a.Roles {
		if (r.Name == actor.Staff || r.Name == actor.Admin) && r.Place != "" && !slices.Contains(out, r.Place) {
			out = append(out, r.Place)
		}
	}
	return out
}

// named is the account of a successor typed by name; it is not the leaver.
func (s *Service) named(ctx context.Context, q db.Queryer, name, leaver string) (member.Account, error) {
	acc, err := s.members.Named(ctx, q, name)
	if fault.Is(err, fault.NotFound) || err == nil && acc.ID == leaver {
		return acc, fault.Field1("successor", "member.no_account")
	}
	return acc, err
}

// leave lets a worker go and writes down what passes to whom.
func (s *Service) leave(ctx context.Context, tx *db.Tx, a actor.Actor, in flow.Input, now int64) (Record, error) {
	leaver, err := s.members.Named(ctx, tx, in.Text("account"))
	if fault.Is(err, fault.NotFound) {
		err = fault.Field1("account", "member.no_account")
	}
	if err == nil && leaver.ID == a.ID {
		err = fault.Field1("account", "member.not_oneself")
	}
	var next member.Account
	if err == nil && in.Text("successor") != "" {
		next, err = s.named(ctx, tx, in.Text("successor"), leaver.ID)
	}
	if err != nil {
		return Record{}, err
	}
	was, err := s.members.Fresh(ctx, tx, actor.Actor{ID: leaver.ID})
	if err != nil {
		return Record{}, err
	}
	items, err := s.Matters(ctx, tx, was, now)
	if err != nil {
		return Record{}, err
	}
	ended, err := s.members.HandOver(ctx, tx, a, leaver.ID, next.ID, now)
	if err != nil {
		return Record{}, err
	}
	r := Record{ID: id.New(), Account: leaver.ID, By: a.ID, At: now, Version: 1}
	for _, g := range ended {
		if g.Place != "" && (r.Place == "" || len(g.Place) < len(r.Place)) { // the highest of the offices
			r.Place = g.Place
		}
		items = append(items, Item{Kind: Office, Ref: g.ID, Role: g.Role, Place: g.Place, Group: g.Group})
	}
	if r.Place == "" { // acted for groups alone
		r.Place = bases(a)[0]
	}
	if err := insert(ctx, tx, r); err != nil {
		return r, err
	}
	for _, i := range items {
		i.Handover, i.Successor = r.ID, next.ID
		if err := insertItem(ctx, tx, i); err != nil {
			return r, err
		}
	}
	tells := []event.Tell{event.ToAccount(next.ID, "successor")}
	if next.ID == "" {
		tells = []event.Tell{event.ToRole(actor.Staff, r.Place, "staff")}
	}
	return r, s.say(ctx, tx, r, "leave", a.ID, now, len(items), tells)
}

// name gives what has no successor to somebody. Offices pass by the rules of
// roles: at once, or once a second person agrees.
func (s *Service) name(ctx context.Context, tx *db.Tx, a actor.Actor, record string, in flow.Input, now int64) (Record, error) {
	r, err := s.record(ctx, tx, a, record)
	if err != nil {
		return r, err
	}
	next, err := s.named(ctx, tx, in.Text("successor"), r.Account)
	if err != nil {
		return r, err
	}
	items, err := itemsOf(ctx, tx, r.ID)
	if err != nil {
		return r, err
	}
	n := 0
	for _, i := range items {
		if i.Successor != "" {
			continue
		}
		n++
		if i.Kind == Office {
			if err := s.members.Pass(ctx, tx, a, i.Ref, next.ID, now); err != nil {
				return r, err
			}
		}
	}
	if n == 0 {
		return r, fault.New(fault.Conflict, "handover.nothing_left")
	}
	if err := pass(ctx, tx, r.ID, next.ID); err != nil {
		return r, err
	}
	if r.Version, err = bump(ctx, tx, r.ID); err != nil {
		return r, err
	}
	return r, s.say(ctx, tx, r, "name", a.ID, now, n, []event.Tell{event.ToAccount(next.ID, "successor")})
}

// record is a hand-over of a place the actor keeps, else absent.
func (s *Service) record(ctx context.Context, tx *db.Tx, a actor.Actor, record string) (Record, error) {
	if !id.Valid(record) {
		return Record{}, fault.Absent()
	}
	r, ok, err := byID(ctx, tx, record, tx.Lock())
	if err == nil && (!ok || !keeps(a, r.Place)) {
		err = fault.Absent()
	}
	return r, err
}

func keeps(a actor.Actor, place string) bool {
	return a.StaffReaching(place) || a.Has(actor.Admin, place)
}

func (s *Service) say(ctx context.Context, tx *db.Tx, r Record, do, by string, now int64, n int, tells []event.Tell) error {
	data, err := json.Marshal(event.Payload{Tell: event.Unique(tells), Codes: map[string]any{"items": n}})
	if err != nil {
		return err
	}
	return s.journal.AppendEvent(ctx, tx, event.Event{At: now, Kind: "handover", Subject: r.ID, Version: r.Version, Do: do, Actor: by, Place: r.Place,
		Audience: event.Staff, Data: string(data)}, nil)
}
