// Package counter is the service window (办事窗口) for people without a phone.
// Staff register an elder and write down the elder's consent that a member of
// the family acts for them: how it was given, before whom and when. A second
// member of staff confirms it; the elder then hears of it by a phone call or a
// visit (待电话告知), apart from who was at the counter, and can take it back
// at the counter at any time, which needs one person.
package counter

import (
	"context"
	"embed"
	"encoding/json"
	"slices"

	"linli/internal/core/access"
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

// States of a consent given at the counter.
const (
	Waiting = "waiting" // for a second member of staff
	Done    = "done"
	Refused = "refused"
	Ended   = "ended" // taken back by the elder, at the counter
)

// Hows are the ways a consent is given: on paper, by word of mouth at the
// counter, or at a visit. Relations are the family's.
var (
	Hows      = []string{"signed", "spoken", "visit"}
	Relations = []string{"child", "spouse", "sibling", "parent", "other"}
)

// Settings are the rules of the counter. With two_staff off one member of
// staff is enough; levels of identity take two always.
var Settings = []part.Setting{{Key: "counter.two_staff", Default: "true", Kind: "bool"}}

// Consent is one consent written down at the counter. Times are UTC ms.
type Consent struct {
	ID        string `db:"id" json:"id"`
	Community string `db:"community" json:"community"`
	Elder     string `db:"elder" json:"elder"`
	Guardian  string `db:"guardian" json:"guardian"`
	Relation  string `db:"relation" json:"relation"`
	How       string `db:"how" json:"how"`
	State     string `db:"state" json:"state"`
	Version   int64  `db:"version" json:"-"`
	AskedBy   string `db:"asked_by" json:"asked_by"`
	AskedAt   int64  `db:"asked_at" json:"asked_at"`
	DecidedBy string `db:"decided_by" json:"decided_by"`
	DecidedAt int64  `db:"decided_at" json:"decided_at"`
	EndedAt   int64  `db:"ended_at" json:"ended_at"`
}

// Places tells settings and names of places.
type Places interface {
	Bool(place, key string) bool
	Name(code string) string
	Known(code string) bool
	Choices(code string, levels ...string) []ui.Option
	Define(defs ...part.Setting)
}

// Service is the counter and the only writer of its table.
type Service struct {
	Page ui.Shell // wired by app

	journal *journal.Journal
	members *member.Service
	places  Places
}

// New returns the service.
func New(j *journal.Journal, members *member.Service, places Places) *Service {
	places.Define(Settings...)
	s := &Service{journal: j, members: members, places: places}
	members.Erasers = append(members.Erasers, erase)
	members.Exports["counter"] = func(ctx context.Context, q db.Queryer, account string) (any, error) { return of(ctx, q, account) }
	return s
}

// Part is what the counter hands to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "counter", Texts: texts, Routes: s.routes(),
		Checks: []part.Check{{Name: "counter: consents against the register", Do: faults}},
	}
}

var (
	elderFields = []flow.Field{
		{Name: "real_name", Kind: flow.Text, Max: 20, Required: true}, {Name: "public_name", Kind: flow.Text, Max: 20, Required: true},
		{Name: "phone", Kind: flow.Text, Max: 20}, {Name: "dwelling", Kind: flow.Text, Max: 17},
	}
	consentFields = []flow.Field{
		{Name: "guardian", Kind: flow.Text, Max: 60, Required: true}, {Name: "relation", Kind: flow.Enum, Values: Relations, Required: true},
		{Name: "how", Kind: flow.Enum, Values: Hows, Required: true},
	}
)

// communities are those at whose counter the actor sits.
func communities(a actor.Actor) []string {
	var out []string
	for _, r := range a.Roles {
		if r.Name == actor.Staff && len(r.Place) == access.Community {
			out = append(out, r.Place)
		}
	}
	return out
}

// person is an account of a community at whose counter the actor sits; else absent.
func (s *Service) person(ctx context.Context, q db.Queryer, a actor.Actor, account string) (member.Account, error) {
	acc, err := s.members.Find(ctx, q, account)
	if err != nil {
		return acc, err
	}
	if acc.ID != account || acc.State != "active" || acc.Home == "" || !a.StaffOf(access.Up(acc.Home, access.Community)) {
		return acc, fault.Absent()
	}
	return acc, nil
}

// register makes the account of an elder whom nothing but a call or a visit reaches.
func (s *Service) register(ctx context.Context, tx *db.Tx, a actor.Actor, in flow.Input) (string, error) {
	mine := communities(a)
	if len(mine) == 0 {
		return "", fault.Absent()
	}
	acc := member.Account{PublicName: in.Text("public_name"), RealName: in.Text("real_name"), Level: actor.V1, Home: mine[0], Dwelling: in.Text("dwelling")}
	if typed := in.Text("phone"); typed != "" {
		phone, ok := callable(typed)
		if !ok {
			return "", fault.Field1("phone", "counter.bad_phone")
		}
		acc.Phone = phone
	}
	if acc.Dwelling != "" && (!access.Covers(acc.Home, acc.Dwelling) || !s.places.Known(acc.Dwelling)) {
		return "", fault.Field1("dwelling", "counter.no_dwelling")
	}
	if acc.Phone != "" {
		_, err := s.members.WithPhone(ctx, tx, acc.Phone)
		if err == nil {
			err = fault.Field1("phone", "counter.phone_taken")
		}
		if !fault.Is(err, fault.NotFound) {
			return "", err
		}
	}
	if err := s.members.Create(ctx, tx, a.ID, &acc); err != nil {
		return "", err
	}
	return acc.ID, nil
}

// record writes down that an elder lets a member of the family act.
func (s *Service) record(ctx context.Context, tx *db.Tx, a actor.Actor, elder member.Account, in flow.Input, now int64) (Consent, error) {
	guardian, err := s.guardian(ctx, tx, in.Text("guardian"))
	if err != nil {
		return Consent{}, err
	}
	switch {
	case guardian.ID == elder.ID:
		return Consent{}, fault.Field1("guardian", "counter.same_person")
	case elder.ID == a.ID || guardian.ID == a.ID: // staff never approve themselves
		return Consent{}, fault.New(fault.Denied, "counter.not_oneself")
	}
	k := Consent{ID: id.New(), Community: access.Up(elder.Home, access.Community), Elder: elder.ID, Guardian: guardian.ID, Relation: in.Text("relation"), How: in.Text("how"),
		State: Waiting, Version: 1, AskedBy: a.ID, AskedAt: now}
	if err := s.lapse(ctx, tx, elder.ID, now); err != nil {
		return k, err
	}
	fresh, err := insert(ctx, tx, k)
	if err != nil {
		return k, err
	}
	if !fresh {
		return k, fault.New(fault.Conflict, "counter.already")
	}
	if !s.places.Bool(k.Community, "counter.two_staff") {
		if err := s.say(ctx, tx, k, "record", "", a.ID, now, nil); err != nil {
			return k, err
		}
		return k, s.settle(ctx, tx, &k, "", a.ID, Done, now)
	}
	return k, s.say(ctx, tx, k, "record", "", a.ID, now, []event.Tell{event.Asks(event.ToRole(actor.Staff, k.Community, "staff"))})
}

// holds reports whether the family still acts: it may have ended on the pages
// of either.
func (s *Service) holds(ctx context.Context, q db.Queryer, k Consent, now int64) (bool, error) {
	acting, err := s.members.GuardiansOf(ctx, q, k.Elder, now)
	return k.State == Done && slices.Contains(acting, k.Guardian), err
}

// lapse marks an elder's consents that have ended elsewhere, so that they may
// be given anew.
func (s *Service) lapse(ctx context.Context, tx *db.Tx, elder string, now int64) error {
	list, err := of(ctx, tx, elder)
	if err != nil {
		return err
	}
	for _, k := range list {
		still, err := s.holds(ctx, tx, k, now)
		if err != nil {
			return err
		}
		if k.Elder != elder || k.State != Done || still {
			continue
		}
		k.State, k.EndedAt = Ended, now
		k.Version++
		if err := save(ctx, tx, k); err != nil {
			return err
		}
		if err := s.say(ctx, tx, k, "end", Done, "", now, nil); err != nil {
			return err
		}
	}
	return nil
}

// guardian finds the family's account by its name to sign in with, or by its phone.
func (s *Service) guardian(ctx context.Context, q db.Queryer, typed string) (member.Account, error) {
	acc, err := s.members.Named(ctx, q, typed)
	if fault.Is(err, fault.NotFound) {
		if phone, ok := member.Mobile(typed); ok {
			acc, err = s.members.WithPhone(ctx, q, phone)
		}
	}
	if fault.Is(err, fault.NotFound) {
		err = fault.Field1("guardian", "counter.no_guardian")
	}
	return acc, err
}

// decide is the second person's word.
func (s *Service) decide(ctx context.Context, tx *db.Tx, a actor.Actor, consent string, yes bool, now int64) (Consent, error) {
	k, err := s.kept(ctx, tx, a, consent)
	if err != nil {
		return k, err
	}
	switch {
	case k.State != Waiting:
		return k, fault.New(fault.Conflict, "counter.decided")
	case k.AskedBy == a.ID || k.Guardian == a.ID || k.Elder == a.ID:
		return k, fault.New(fault.Denied, "counter.needs_another")
	}
	to := Refused
	if yes {
		to = Done
	}
	return k, s.settle(ctx, tx, &k, a.ID, a.ID, to, now)
}

// settle ends the waiting. When it is done the guardian acts from now on, and
// both hear of it.
func (s *Service) settle(ctx context.Context, tx *db.Tx, k *Consent, decider, by, to string, now int64) error {
	from := k.State
	k.State, k.DecidedBy, k.DecidedAt = to, decider, now
	k.Version++
	if err := save(ctx, tx, *k); err != nil {
		return err
	}
	if to == Refused {
		return s.say(ctx, tx, *k, "refuse", from, by, now, []event.Tell{event.ToAccount(k.AskedBy, "staff")})
	}
	if err := s.members.Guard(ctx, tx, k.Guardian, k.Elder, "counter_"+k.How, k.AskedBy, now, 0); err != nil {
		return err
	}
	return s.say(ctx, tx, *k, "confirm", from, by, now, []event.Tell{event.ToAccount(k.Elder, "elder"), event.ToAccount(k.Guardian, "guardian")})
}

// end takes a consent back, as the elder wishes.
func (s *Service) end(ctx context.Context, tx *db.Tx, a actor.Actor, consent string, now int64) (Consent, error) {
	k, err := s.kept(ctx, tx, a, consent)
	if err != nil {
		return k, err
	}
	if k.State != Done {
		return k, fault.New(fault.Conflict, "counter.decided")
	}
	k.State, k.EndedAt = Ended, now
	k.Version++
	if err := save(ctx, tx, k); err != nil {
		return k, err
	}
	if err := s.members.Unguard(ctx, tx, k.Guardian, k.Elder, a.ID, now); err != nil {
		return k, err
	}
	return k, s.say(ctx, tx, k, "end", Done, a.ID, now, []event.Tell{event.ToAccount(k.Guardian, "guardian")})
}

// kept is a consent of a community at whose counter the actor sits, locked.
func (s *Service) kept(ctx context.Context, tx *db.Tx, a actor.Actor, consent string) (Consent, error) {
	if !id.Valid(consent) {
		return Consent{}, fault.Absent()
	}
	k, ok, err := byID(ctx, tx, consent, tx.Lock())
	if err == nil && (!ok || !a.StaffOf(k.Community)) {
		err = fault.Absent()
	}
	return k, err
}

// say writes the event of a step. It is private: who acts for whom is the family's.
func (s *Service) say(ctx context.Context, tx *db.Tx, k Consent, do, from, by string, now int64, tell []event.Tell) error {
	data, err := json.Marshal(event.Payload{Tell: event.Unique(tell), Codes: map[string]any{"how": k.How}})
	if err != nil {
		return err
	}
	return s.journal.AppendEvent(ctx, tx, event.Event{At: now, Kind: "counter", Subject: k.ID, Version: k.Version, Do: do, FromState: from, ToState: k.State,
		Actor: by, Place: k.Community, Audience: event.Private, Data: string(data)}, nil)
}

// Waits counts what waits for the actor as the second person.
func (s *Service) Waits(ctx context.Context, a actor.Actor) (n int, err error) {
	for _, community := range communities(a) {
		list, err := at(ctx, s.journal.DB, community, Waiting, 200)
		if err != nil {
			return n, err
		}
		for _, k := range list {
			if k.AskedBy != a.ID && k.Guardian != a.ID {
				n++
			}
		}
	}
	return n, nil
}

// callable is a phone one can call: a mobile, or a fixed line in its digits.
func callable(typed string) (string, bool) {
	if phone, ok := member.Mobile(typed); ok {
		return phone, true
	}
	var digits []rune
	for _, r := range typed {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, r)
		case r != '-' && r != ' ' && r != '－':
			return "", false
		}
	}
	return string(digits), len(digits) >= 7 && len(digits) <= 12
}

// Title is empty: whose consent it is, is told on the page alone.
func (s *Service) Title(context.Context, db.Queryer, string) (string, error) { return "", nil }

// Path is where a consent is read by its staff while it waits; family reads of
// it among its own.
func (s *Service) Path(ctx context.Context, q db.Queryer, consent string) (string, error) {
	k, _, err := byID(ctx, q, consent, "")
	if k.State == Waiting || k.State == Refused {
		return "/staff/counter", err
	}
	return "", err
}
