// Package member is the people (居民、账号): accounts with their identity
// levels, the roles they hold from a date to a date, their guardians, how they
// sign in, and who looked at their data. There is no national ID number here:
// a level stands for what was checked, never for the document.
//
// What an actor may do is kept in memory until the next member or group event;
// a move reads it again inside its transaction (Fresh).
package member

import (
	"context"
	"errors"
	"strings"
	"sync"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/part"
	"linli/internal/ui"
)

// Account is one person's account. Times are UTC ms.
type Account struct {
	ID           string      `db:"id"`
	Name         string      `db:"name"` // to sign in with
	PublicName   string      `db:"public_name"`
	RealName     string      `db:"real_name"`
	Phone        string      `db:"phone"`
	Email        string      `db:"email"`
	Level        actor.Level `db:"level"`
	Home         string      `db:"home"`     // community code
	Dwelling     string      `db:"dwelling"` // building or unit code, never shown publicly
	Password     string      `db:"password"` // argon2id
	TOTP         string      `db:"totp"`
	TOTPStep     int64       `db:"totp_step"`
	State        string      `db:"state"`
	Demo         bool        `db:"demo"`
	HasChannel   bool        `db:"has_channel"` // false: nothing but a phone call or a visit reaches them 待电话告知
	SessionsFrom int64       `db:"sessions_from"`
	Born         int64       `db:"born"`
	Version      int64       `db:"version"`
	CreatedAt    int64       `db:"created_at"`
}

// Grant is a role held from a date to a date.
type Grant struct {
	ID        string `db:"id"`
	Account   string `db:"account"`
	Role      string `db:"role"`
	Place     string `db:"place"`
	Group     string `db:"grp"`
	Post      string `db:"post"`   // title of the post: 主任
	Letter    string `db:"letter"` // file id of the 经办人's letter
	FromAt    int64  `db:"from_at"`
	ToAt      int64  `db:"to_at"`
	GrantedBy string `db:"granted_by"`
}

// Groups tells a group's kind, term and name; the group feature implements it.
type Groups interface {
	KindOf(group string, at int64) (kind string, active bool)
	Term(group string) (from, to int64) // 0 for an open end
	Name(group string) string
	PlaceOf(group string) string
}

// Places tells a place's name, its settings and whether a code is known.
type Places interface {
	Name(code string) string
	Known(code string) bool
	Choices(code string, levels ...string) []ui.Option
	After(place, key string, from int64) int64
	Define(defs ...part.Setting)
}

// Service knows who is who.
type Service struct {
	journal *journal.Journal
	groups  Groups
	places  Places
	session Sessions
	Page    ui.Shell
	// Exports give what other features hold of a person, by the name of the file in the archive.
	Exports map[string]func(ctx context.Context, q db.Queryer, account string) (any, error)
	// Erasers take a person out of other features, in the transaction of the erasure.
	Erasers []func(ctx context.Context, tx *db.Tx, account string) error

	mu     sync.Mutex
	gen    uint64
	actors map[string]known // by account id
	tokens map[string]token // by hash
	names  map[string]named // by account id

	looks looks
}

type known struct {
	actor actor.Actor
	until int64 // a role, or the term of its group, begins or ends then; 0 for never
	since int64 // sessions begun before it are void
}

// Settings are the rules of people's data, with their defaults.
var Settings = []part.Setting{
	{Key: "member.looks_kept", Default: "730d", Kind: "span"}, // how long it is kept who looked
}

type token struct {
	account string
	expires int64
}

type named struct{ public, unit string }

// Sessions keeps people signed in; platform/session implements it.
type Sessions interface {
	Account(ctx context.Context) (account string, begun int64)
	End(ctx context.Context) error
	EndAll(ctx context.Context, tx *db.Tx, account string) error
}

// New returns the service.
func New(j *journal.Journal, groups Groups, places Places, sessions Sessions) *Service {
	places.Define(Settings...)
	return &Service{
		journal: j, groups: groups, places: places, session: sessions,
		Exports: map[string]func(context.Context, db.Queryer, string) (any, error){},
	}
}

// fresh empties memory when a member or group event was noticed. Callers hold mu.
func (s *Service) fresh() {
	if gen := s.journal.Generation("member", "group"); s.actors == nil || gen != s.gen {
		s.actors, s.tokens, s.names, s.gen = map[string]known{}, map[string]token{}, map[string]named{}, gen
	}
}

// memory bounds what is kept of each map; beyond it all is forgotten at once.
const memory = 50_000

// Actor returns who an account is now, from memory.
func (s *Service) Actor(ctx context.Context, account string) (actor.Actor, int64, error) {
	now := s.journal.DB.Clock().Now().UnixMilli()
	s.mu.Lock()
	s.fresh()
	k, ok := s.actors[account]
	gen := s.gen
	s.mu.Unlock()
	if ok && (k.until == 0 || now < k.until) {
		return k.actor, k.since, nil
	}
	k, err := s.load(ctx, s.journal.DB, account, now)
	if err != nil {
		return actor.Actor{}, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh(); s.gen == gen {
		if len(s.actors) >= memory {
			s.actors = map[string]known{}
		}
		s.actors[account] = k
	}
	return k.actor, k.since, nil
}

// Fresh re-reads an actor inside a transaction. An account that was closed in
// the meantime is a SignIn fault.
func (s *Service) Fresh(ctx context.Context, q db.Queryer, a actor.Actor) (actor.Actor, error) {
	if !a.Known() || a.ID == actor.Clock.ID {
		return a, nil
	}
	k, err := s.load(ctx, q, a.ID, s.journal.DB.Clock().Now().UnixMilli())
	return k.actor, err
}

func (s *Service) load(ctx context.Context, q db.Queryer, account string, now int64) (known, error) {
	rows, err := rolesOf(ctx, q, account)
	if err != nil {
		return known{}, err
	}
	if len(rows) == 0 || rows[0].State != "active" {
		return known{}, fault.New(fault.SignIn, "fault.sign_in")
	}
	first := rows[0]
	k := known{since: first.SessionsFrom, actor: actor.Actor{ID: account, Name: first.Name, Level: first.Level, Home: first.Home}}
	soon := func(from, to int64) {
		for _, at := range []int64{from, to} {
			if at > now && (k.until == 0 || at < k.until) {
				k.until = at
			}
		}
	}
	for _, r := range rows {
		if r.Role == "" {
			continue
		}
		soon(r.FromAt, r.ToAt)
		if r.FromAt > now || r.ToAt != 0 && r.ToAt <= now {
			continue
		}
		if r.Role == "ward" {
			k.actor.Wards = append(k.actor.Wards, r.Group)
			continue
		}
		role := actor.Role{Name: r.Role, Place: r.Place, Group: r.Group}
		if r.Group != "" {
			soon(s.groups.Term(r.Group))
			kind, active := s.groups.KindOf(r.Group, now)
			if !active {
				continue
			}
			role.GroupKind = kind
		}
		k.actor.Roles = append(k.actor.Roles, role)
	}
	return k, nil
}

// Create makes an account with its roles and its event.
func (s *Service) Create(ctx context.Context, tx *db.Tx, by string, a *Account, roles ...Grant) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	if a.ID == "" {
		a.ID = id.New()
	}
	if a.Name == "" {
		a.Name = "u-" + a.ID
	}
	if a.State == "" {
		a.State = "active"
	}
	if a.CreatedAt == 0 {
		a.CreatedAt = now
	}
	a.Version = 1
	if err := insert(ctx, tx, *a); err != nil {
		return err
	}
	for _, g := range roles {
		if err := s.insertGrant(ctx, tx, by, a.ID, g, now); err != nil {
			return err
		}
	}
	return s.say(ctx, tx, now, by, a.ID, a.Version, "create", a.Home, nil)
}

// Give grants a role and tells it as an event.
func (s *Service) Give(ctx context.Context, tx *db.Tx, by, account string, g Grant) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	if err := s.insertGrant(ctx, tx, by, account, g, now); err != nil {
		return err
	}
	return s.touch(ctx, tx, now, by, account, "role")
}

func (s *Service) insertGrant(ctx context.Context, tx *db.Tx, by, account string, g Grant, now int64) error {
	g.ID, g.Account, g.GrantedBy = id.New(), account, by
	if g.FromAt == 0 {
		g.FromAt = now
	}
	return grant(ctx, tx, g)
}

// End ends a role now: sessions, tokens and subscriptions that lean on it lose it at once.
func (s *Service) End(ctx context.Context, tx *db.Tx, by, account, role string) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	if err := endGrant(ctx, tx, account, role, now); err != nil {
		return err
	}
	return s.touch(ctx, tx, now, by, account, "role_end")
}

// touch raises the account's version and writes the event of what was done.
func (s *Service) touch(ctx context.Context, tx *db.Tx, now int64, by, account, do string) error {
	version, home, err := bump(ctx, tx, account)
	if errors.Is(err, db.ErrNoRows) {
		return fault.Absent()
	}
	if err != nil {
		return err
	}
	return s.say(ctx, tx, now, by, account, version, do, home, nil)
}

// say writes an event about an account. It is private: that somebody joined,
// moved or lost a role is nobody else's news.
func (s *Service) say(ctx context.Context, tx *db.Tx, now int64, by, account string, version int64, do, home string, words event.Words) error {
	return s.journal.AppendEvent(ctx, tx, event.Event{
		At: now, Kind: "member", Subject: account, Version: version, Do: do, Actor: by, Place: home, Audience: event.Private,
	}, words)
}

// PublicName is how others read an account's name.
func (s *Service) PublicName(ctx context.Context, q db.Queryer, account string) (string, error) {
	n, err := s.name(ctx, q, account)
	return n.public, err
}

func (s *Service) name(ctx context.Context, q db.Queryer, account string) (named, error) {
	s.mu.Lock()
	s.fresh()
	n, ok := s.names[account]
	gen := s.gen
	s.mu.Unlock()
	if ok {
		return n, nil
	}
	a, err := byID(ctx, q, account)
	if errors.Is(err, db.ErrNoRows) {
		return named{}, nil
	}
	if err != nil {
		return named{}, err
	}
	n.public = a.PublicName
	rows, err := rolesOf(ctx, q, account)
	if err != nil {
		return named{}, err
	}
	for _, r := range rows {
		if r.Role == actor.Staff && r.Place != "" {
			n.unit = s.places.Name(r.Place)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh(); s.gen == gen {
		if len(s.names) >= memory {
			s.names = map[string]named{}
		}
		s.names[account] = n
	}
	return n, nil
}

// Label says who did an event, as others may read it: the group in whose name,
// the unit of staff, else the public name.
func (s *Service) Label(ctx context.Context, q db.Queryer, e event.Event, say func(key string, pairs ...any) string) (string, error) {
	switch {
	case e.AsGroup != "":
		return s.groups.Name(e.AsGroup), nil
	case e.Actor == actor.Clock.ID:
		return say("member.by_time"), nil
	case e.Actor == "":
		return say("member.by_system"), nil
	}
	n, err := s.name(ctx, q, e.Actor)
	if err != nil {
		return "", err
	}
	if n.unit != "" {
		return n.unit, nil
	}
	if strings.TrimSpace(n.public) == "" {
		return say("member.unnamed"), nil
	}
	return n.public, nil
}

// Find returns the account with an id or an account name; Absent when there is none.
func (s *Service) Find(ctx context.Context, q db.Queryer, idOrName string) (Account, error) {
	a, err := byID(ctx, q, idOrName)
	if errors.Is(err, db.ErrNoRows) {
		a, err = byName(ctx, q, idOrName)
	}
	if errors.Is(err, db.ErrNoRows) {
		return a, fault.Absent()
	}
	return a, err
}

// Count counts active accounts, and among them those of the demo, whose password everybody knows.
func (s *Service) Count(ctx context.Context) (all, demo int, err error) {
	return count(ctx, s.journal.DB)
}
